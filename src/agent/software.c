/* The operating system and the packages on it. The list of packages is put into one order and its digest is defined
 * here (and told in docs/inventory-report.md), since many devices share one list and the server keeps it once.
 * Neighbours: parse/dpkg.c, parse/rpm.c. */
#include "base/clock.h"
#include "base/crypto.h"
#include "base/vec.h"
#include "host.h"
#include "parse/parse.h"
#include "program.h"
#include <stdlib.h>
#include <sys/utsname.h>

static struct str time_zone(struct host *h)
{
	struct str named = host_text(h, "/etc/timezone"), target;
	if (named.len)
		return named;
	const char *link = host_path(h, "/etc/localtime");
	char *real = link ? realpath(link, NULL) : NULL;
	target = arena_copy(h->arena, str_of(real));
	free(real); /* realpath's own memory */
	int64_t at = str_find_str(target, STR("/zoneinfo/"));
	return at >= 0 ? host_clean(h, str_slice(target, (size_t)at + 10, target.len), 60) : STR_NONE;
}

bool write_os(struct host *h, struct json_writer *w, uint8_t digest[32], bool *ret_has_digest)
{
	struct os_release os = { 0 };
	struct utsname u;
	struct str text = host_file(h, "/etc/os-release");
	if (!text.data)
		text = host_file(h, "/usr/lib/os-release");
	h->failed |= !os_release_parse(text, h->arena, &os);
	struct str architecture = host_text(h, "/proc/sys/kernel/arch");
	if (!architecture.len && !h->root.len && uname(&u) == 0)
		architecture = host_clean(h, str_of(u.machine), 40);
	/* Debian's os-release has only the release's first number */
	struct str debian = str_is(os.id, "debian") ? host_text(h, "/etc/debian_version") : STR_NONE;
	json_object(w);
	put_text(w, "id", host_clean(h, os.id, 60));
	put_text(w, "name", host_clean(h, os.name, 200));
	put_text(w, "version", debian.len ? debian : host_clean(h, os.version, 120));
	put_text(w, "codename", host_clean(h, os.codename, 120));
	put_text(w, "build", host_clean(h, os.build, 120));
	put_text(w, "title", host_clean(h, os.pretty, 200));
	put_text(w, "kernel", host_text(h, "/proc/sys/kernel/osrelease"));
	put_text(w, "architecture", architecture);
	put_text(w, "time_zone", time_zone(h));
	json_object_end(w);
	return true;
}

/* --- packages -------------------------------------------------------------------------------------- */

typedef VEC(struct package) packages;

static void clean_package(struct host *h, struct package *p)
{
	p->name = host_clean(h, p->name, 300);
	p->version = host_clean(h, p->version, 200);
	p->architecture = host_clean(h, p->architecture, 40);
	p->publisher = host_clean(h, p->publisher, 300);
	p->source = host_clean(h, p->source, 300);
	p->source_version = host_clean(h, p->source_version, 200);
	/* told only where it says something new */
	if (str_eq(p->source, p->name) && str_eq(p->source_version, p->version))
		p->source = p->source_version = STR_NONE;
}

static bool add(struct host *h, packages *list, struct package p)
{
	clean_package(h, &p);
	struct package *place = VEC_ADD(list);
	h->failed |= !place;
	if (place)
		*place = p;
	return place != NULL;
}

static void read_dpkg(struct host *h, packages *list)
{
	struct str rest = host_file(h, "/var/lib/dpkg/status");
	struct package p;
	while (dpkg_next(&rest, &p))
		if (!add(h, list, p))
			return;
}

static void read_rpm(struct host *h, packages *list)
{
	struct str rest;
	struct package p;
	if (!h->rpm.len)
		return;
	struct str program = arena_copy(h->arena, h->rpm);
	const char *const argv[] = { program.data, "-qa", "--qf", RPM_FORMAT, NULL };
	if (!program.data || !program_output(argv, (size_t)64 << 20, 120 * SECOND, h->arena, &rest))
		return;
	while (rpm_next(&rest, h->arena, &p))
		if (!add(h, list, p))
			return;
}

static int by_name(const void *a, const void *b)
{
	const struct package *x = a, *y = b;
	const struct str left[] = { x->name, x->version, x->architecture, x->publisher };
	const struct str right[] = { y->name, y->version, y->architecture, y->publisher };
	int order = 0;
	for (size_t i = 0; !order && i < 4; i++)
		order = str_cmp(left[i], right[i]);
	return order;
}

/* SHA-256 over "format LF", then "name TAB version TAB architecture TAB publisher LF" for each package. */
static bool digest_of(const packages *list, struct str format, uint8_t digest[32])
{
	CLEAN_BUF struct buf b;
	buf_init(&b, (size_t)256 << 20);
	buf_add_str(&b, format);
	buf_add_char(&b, '\n');
	for (size_t i = 0; i < list->count; i++) {
		const struct package *p = &list->items[i];
		const struct str fields[] = { p->name, p->version, p->architecture, p->publisher };
		for (size_t f = 0; f < 4; f++) {
			buf_add_str(&b, fields[f]);
			buf_add_char(&b, f < 3 ? '\t' : '\n');
		}
	}
	if (buf_ok(&b))
		sha256(b.data, b.len, digest);
	return buf_ok(&b);
}

static void write_package(struct json_writer *w, const struct package *p)
{
	json_list(w);
	json_put_text(w, p->name);
	json_put_text(w, p->version);
	json_put_text(w, p->architecture);
	json_put_text(w, p->publisher);
	if (p->source.len) {
		json_put_text(w, p->source);
		json_put_text(w, p->source_version);
	}
	json_list_end(w);
}

static void drop_doubles(packages *list)
{
	size_t kept = 0;
	for (size_t i = 0; i < list->count; i++)
		if (!kept || by_name(&list->items[kept - 1], &list->items[i]) != 0)
			list->items[kept++] = list->items[i];
	list->count = kept;
}

bool write_packages(struct host *h, struct json_writer *w, uint8_t digest[32], bool *ret_has_digest)
{
	packages list = { 0 };
	struct str format = STR("deb");
	read_dpkg(h, &list);
	if (!list.count) {
		format = STR("rpm");
		read_rpm(h, &list);
	}
	bool any = list.count > 0;
	if (any) {
		qsort(list.items, list.count, sizeof *list.items, by_name);
		drop_doubles(&list);
		h->failed |= !digest_of(&list, format, digest);
		*ret_has_digest = true;
		json_object(w);
		put_text(w, "format", format);
		json_name(w, STR("list"));
		json_list(w);
		for (size_t i = 0; i < list.count; i++)
			write_package(w, &list.items[i]);
		json_list_end(w);
		json_object_end(w);
	}
	VEC_DONE(&list);
	return any;
}
