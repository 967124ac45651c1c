/* Puts a report together: each section is written by itself, its digest taken, and left out when the server has it.
 * Neighbours: the write_… functions of host.h; agent.c stores what comes out. */
#include "base/crypto.h"
#include "base/json.h"
#include "host.h"
#include "report.h"

#define REPORT_FORMAT 1
#define REPORT_MOST ((size_t)64 << 20)
#define MEMORY_MOST ((size_t)512 << 20)

const struct section sections[] = {
	{ "identity", write_identity, true },
	{ "os", write_os },
	{ "cpu", write_cpu },
	{ "memory", write_memory },
	{ "disks", write_disks },
	{ "filesystems", write_filesystems },
	{ "network", write_network, true },
	{ "packages", write_packages },
	{ "users", write_users },
	{ "use", write_use },
	{ "state", write_state },
	{ 0 },
};
#define SECTIONS (sizeof sections / sizeof *sections - 1)

struct part {
	struct str json;
	char digest[2 * SHA256_SIZE + 1];
};

static struct part write_part(struct host *h, const struct section *s)
{
	CLEAN_BUF struct buf b;
	struct json_writer w;
	struct part p = { 0 };
	uint8_t digest[SHA256_SIZE];
	bool has_digest = false;
	buf_init(&b, REPORT_MOST);
	json_writer_init(&w, &b);
	if (!s->write(h, &w, digest, &has_digest))
		return p;
	if (!has_digest && buf_ok(&b))
		sha256(b.data, b.len, digest);
	p.json = buf_ok(&b) ? arena_copy(h->arena, buf_str(&b)) : STR_NONE;
	h->failed |= !p.json.data;
	hex_encode(digest, sizeof digest, p.digest);
	return p;
}

static void write_head(const struct agent_options *o, int64_t now, struct json_writer *w)
{
	uint8_t id[16];
	char hex[2 * sizeof id + 1];
	random_fill(o->random ? o->random : &random_system, id, sizeof id);
	hex_encode(id, sizeof id, hex);
	json_member_int(w, "format", REPORT_FORMAT);
	json_member_text(w, "id", str_of(hex));
	json_name(w, STR("agent"));
	json_object(w);
	json_member_text(w, "name", STR("mandate"));
	json_member_text(w, "version", STR(AGENT_VERSION));
	json_object_end(w);
	put_time(w, "taken", now);
}

static void write_document(const struct part parts[SECTIONS], const struct json *known, struct json_writer *w)
{
	json_name(w, STR("digests"));
	json_object(w);
	for (size_t i = 0; i < SECTIONS; i++)
		if (parts[i].json.len)
			put_text(w, sections[i].name, str_of(parts[i].digest));
	json_object_end(w);
	for (size_t i = 0; i < SECTIONS; i++) {
		struct str name = str_of(sections[i].name);
		bool has = known && !sections[i].always && str_is(json_text(known, name), parts[i].digest);
		if (has || !parts[i].json.len)
			continue;
		json_name(w, name);
		json_put_raw(w, parts[i].json);
	}
}

enum code report_write(const struct agent_options *o, const struct json *known, struct arena *arena, struct buf *ret,
		       struct error *e)
{
	struct part parts[SECTIONS];
	struct json_writer w;
	struct host h = { .root = o->root, .rpm = o->rpm, .arena = arena, .now = clock_now(o->clock ? o->clock : &clock_system) };
	if (!h.rpm.len && !h.root.len)
		h.rpm = STR("rpm");
	for (size_t i = 0; i < SECTIONS; i++)
		parts[i] = write_part(&h, &sections[i]);
	json_writer_init(&w, ret);
	json_object(&w);
	write_head(o, h.now, &w);
	write_document(parts, known, &w);
	json_object_end(&w);
	return h.failed || !buf_ok(ret) ? error_nomem(e) : OK;
}

enum code agent_collect(const struct agent_options *o, struct buf *ret, struct error *e)
{
	CLEAN_ARENA struct arena *arena = arena_new(MEMORY_MOST);
	return arena ? report_write(o, NULL, arena, ret, e) : error_nomem(e);
}
