/* Records of wtmp, utmp and lastlog: C structs on disk, in this machine's own layout.
 * Neighbours: use.c makes sessions of them, people.c reads the files. */
#include "base/clock.h"
#include "parse/parse.h"
#include <assert.h>
#include <lastlog.h>
#include <string.h>
#include <utmp.h>

static_assert(sizeof(struct lastlog) == LASTLOG_SIZE, "lastlog's layout");

/* A field is padded with NUL, but need not have any. */
static struct str field(const char *start, size_t room)
{
	return (struct str){ start, strnlen(start, room) };
}

/* 32 bits on disk, unsigned, so that it lasts past 2038. */
static int64_t moment(int64_t seconds, int64_t micros)
{
	int64_t time = (int64_t)(uint32_t)seconds * SECOND;
	return micros >= 0 && micros < SECOND ? time + micros : time;
}

static enum login_type type_of(const struct utmp *u, struct str user)
{
	switch (u->ut_type) {
	case USER_PROCESS:
		return user.len ? LOGIN_BEGIN : LOGIN_END;
	case DEAD_PROCESS:
		return LOGIN_END;
	case BOOT_TIME:
		return LOGIN_BOOT;
	case RUN_LVL:
		return str_is(user, "shutdown") ? LOGIN_SHUTDOWN : LOGIN_OTHER;
	default:
		return LOGIN_OTHER;
	}
}

bool login_next(struct str *rest, struct login *ret)
{
	struct utmp u;
	if (rest->len < sizeof u)
		return false;
	memcpy(&u, rest->data, sizeof u);
	ret->line = field(rest->data + offsetof(struct utmp, ut_line), sizeof u.ut_line);
	ret->user = field(rest->data + offsetof(struct utmp, ut_user), sizeof u.ut_user);
	ret->time = moment(u.ut_tv.tv_sec, u.ut_tv.tv_usec);
	ret->type = type_of(&u, ret->user);
	*rest = str_slice(*rest, sizeof u, rest->len);
	return true;
}

int64_t lastlog_parse(struct str record)
{
	struct lastlog l;
	if (record.len < sizeof l)
		return 0;
	memcpy(&l, record.data, sizeof l);
	return moment(l.ll_time, 0);
}
