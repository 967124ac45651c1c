/* The small file beside the database that remembers the last published checkpoint, so that a database restored
 * from a backup is noticed. Neighbours: succession.c compares it; integrate.c publishes. */
#include "base/arena.h"
#include "base/file.h"
#include "internal.h"

#define HEAD_EVERY SECOND

enum code head_file_read(const struct journal_options *o, struct arena *arena, struct str *ret_text, struct note *ret,
			 bool *ret_found, struct error *e)
{
	struct str text;
	*ret_found = false;
	if (o->head_path.len == 0 || !file_exists(o->head_path))
		return OK;
	TRY(file_read(arena, o->head_path, NOTE_MAX, &text, e));
	if (!note_parse(text, ret))
		return error_fail(e, E_INVALID, N_("{path} should hold the journal's last checkpoint but does not; put it back "
						   "from a backup, or move it away if you are sure that this database is the "
						   "newest"), { "path", o->head_path });
	*ret_text = text;
	*ret_found = true;
	return OK;
}

bool head_file_note(struct journal *j, struct str checkpoint)
{
	if (j->options.head_path.len == 0)
		return true;
	buf_clear(&j->head);
	buf_add_str(&j->head, checkpoint);
	return buf_ok(&j->head);
}

enum code head_file_write(struct journal *j, bool now, struct error *e)
{
	if (j->head.len == 0)
		return OK;
	int64_t time = clock_now(j->options.clock);
	if (!now && time >= j->head_written && time - j->head_written < HEAD_EVERY)
		return OK;
	TRY(file_replace(j->options.head_path, buf_str(&j->head), 0600, e));
	buf_clear(&j->head);
	j->head_written = time;
	return OK;
}
