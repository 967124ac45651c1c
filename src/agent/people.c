/* Who may log on here, and how much the machine is used. Only what planning needs: account names and times; no full
 * names, no addresses. Neighbours: parse/wtmp.c, parse/accounts.c, use.c. */
#include "base/clock.h"
#include "base/vec.h"
#include "host.h"
#include "parse/parse.h"
#include "use.h"
#include <fcntl.h>
#include <unistd.h>

#define FIRST_PERSON 1000 /* as Debian and most others give them out */
#define LAST_PERSON 60000

static bool is_person_id(int64_t uid)
{
	return uid == 0 || (uid >= FIRST_PERSON && uid < LAST_PERSON) || (uid > 65535 && uid < INT32_MAX);
}

/* lastlog is sparse and may look as large as a disk: only the account's own record is read. */
static int64_t last_logon(struct host *h, int64_t uid)
{
	char record[LASTLOG_SIZE];
	const char *path = host_path(h, "/var/log/lastlog");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0)
		return 0;
	ssize_t n = pread(fd, record, sizeof record, uid * LASTLOG_SIZE);
	close(fd);
	return n == LASTLOG_SIZE ? lastlog_parse((struct str){ record, sizeof record }) : 0;
}

/* --- log-on records -------------------------------------------------------------------------------- */

typedef VEC(struct login) logins;

/* A month is in two files where logs are turned over monthly. */
static void read_logins(struct host *h, logins *list)
{
	const struct str files[] = { host_file(h, "/var/log/wtmp.1"), host_file(h, "/var/log/wtmp") };
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		struct str rest = files[i];
		struct login l;
		while (login_next(&rest, &l)) {
			struct login *place = VEC_ADD(list);
			h->failed |= !place;
			if (!place)
				return;
			*place = l;
		}
	}
}

static bool is_person(void *data, struct str user)
{
	struct str rest = *(const struct str *)data;
	struct account a;
	while (account_next(&rest, &a))
		if (str_eq(a.name, user))
			return is_person_id(a.uid);
	return true; /* not a local account: from a directory of people */
}

static int64_t last_of(const logins *list, struct str user)
{
	int64_t last = 0;
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].type == LOGIN_BEGIN && list->items[i].time > last && str_eq(list->items[i].user, user))
			last = list->items[i].time;
	return last;
}

#define MOST 1000 /* accounts; more are a directory's, not this machine's */

bool write_users(struct host *h, struct json_writer *w, uint8_t digest[32], bool *ret_has_digest)
{
	struct str rest = host_file(h, "/etc/passwd");
	logins list = { 0 };
	struct account a;
	size_t written = 0;
	read_logins(h, &list);
	json_object(w);
	json_name(w, STR("list"));
	json_list(w);
	while (written < MOST && account_next(&rest, &a)) {
		if (!is_person_id(a.uid))
			continue;
		int64_t last = last_logon(h, a.uid), recorded = last_of(&list, a.name);
		json_object(w);
		put_text(w, "name", host_clean(h, a.name, 120));
		put_int(w, "uid", a.uid);
		json_member_bool(w, "can_log_in", !str_ends(a.shell, STR("/nologin")) && !str_ends(a.shell, STR("/false")));
		put_time(w, "last_logon", last > recorded ? last : recorded);
		json_object_end(w);
		written++;
	}
	json_list_end(w);
	json_object_end(w);
	VEC_DONE(&list);
	return written > 0;
}

/* --- use ------------------------------------------------------------------------------------------- */

static void write_days(struct json_writer *w, const struct use *u)
{
	int64_t total = 0, in_use = 0;
	int64_t known = date_of_time(u->known_from), days = USE_DAYS;
	if (known > u->first_day)
		days -= known - u->first_day;
	json_name(w, STR("days"));
	json_list(w);
	for (int64_t i = 0; i < USE_DAYS; i++) {
		char date[16];
		if (!u->minutes[i])
			continue;
		total += u->minutes[i];
		in_use++;
		json_list(w);
		json_put_text(w, (struct str){ date, date_format(u->first_day + i, date) });
		json_put_int(w, u->minutes[i]);
		json_list_end(w);
	}
	json_list_end(w);
	put_int(w, "days_known", days > 0 ? days : 0);
	put_int(w, "days_in_use", in_use);
	put_int(w, "minutes_per_day", days > 0 ? total / days : 0);
}

bool write_use(struct host *h, struct json_writer *w, uint8_t digest[32], bool *ret_has_digest)
{
	struct str accounts = host_file(h, "/etc/passwd");
	logins list = { 0 };
	struct use u;
	read_logins(h, &list);
	bool measured = use_measure(list.items, list.count, (struct use_people){ is_person, &accounts }, h->now, h->arena, &u);
	h->failed |= !measured;
	/* no record is no use known, which is not the same as no use */
	bool known = measured && u.known_from && u.known_from <= h->now;
	if (known) {
		json_object(w);
		write_days(w, &u);
		put_time(w, "known_from", u.known_from);
		put_time(w, "last_logon", u.last_logon);
		put_text(w, "last_user", host_clean(h, u.last_user, 120));
		json_object_end(w);
	}
	VEC_DONE(&list);
	return known;
}
