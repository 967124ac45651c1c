/* One log after another: notices that going on would contradict what was published (a restored backup, a new origin,
 * a new key) and opens the next generation, which names the last checkpoint of the one before.
 * Neighbours: state.c calls this at opening; head.c keeps the file; verify.c checks the link. */
#include "base/arena.h"
#include "base/json_write.h"
#include "internal.h"
#include "journal.sql.h"

struct str generation_origin(struct str base, int64_t generation, struct arena *arena)
{
	return generation <= 1 ? base : arena_format(arena, "%.*s/%lld", STR_ARG(base), (long long)generation);
}

int64_t origin_generation(struct str origin)
{
	size_t i = origin.len;
	int64_t n;
	while (i > 0 && origin.data[i - 1] >= '0' && origin.data[i - 1] <= '9')
		i--;
	if (i == 0 || i == origin.len || origin.data[i - 1] != '/' || !str_int(str_slice(origin, i, origin.len), &n))
		return 1;
	return n < INT64_MAX ? n : INT64_MAX - 1;
}

enum code new_log_payload(struct buf *out, struct str origin, struct str previous, struct error *e)
{
	struct json_writer w;
	json_writer_init(&w, out);
	json_object(&w);
	json_member_text(&w, "operation", STR(NEW_LOG_OPERATION));
	json_member_text(&w, "origin", origin);
	json_member_text(&w, "previous", previous);
	json_object_end(&w);
	return buf_ok(out) ? OK : error_nomem(e);
}

/* Its id is the generation: no id made of a time is that small, and each generation is opened once. */
static enum code new_log_entry(struct journal *j, struct conn *c, int64_t generation, struct str origin, struct str previous,
			       struct error *e)
{
	CLEAN_BUF struct buf payload;
	buf_init(&payload, 0);
	TRY(new_log_payload(&payload, origin, previous, e));
	struct journal_entry entry = { .id = generation, .leaf = -1, .time = clock_now(j->options.clock),
				       .operation = STR(NEW_LOG_OPERATION), .payload = buf_str(&payload) };
	return journal_append(j, c, &entry, e);
}

/* The tree goes on as it is; its head is signed anew under the new name. */
static enum code succeed(struct journal *j, struct conn *c, struct state *s, int64_t generation, struct str previous,
			 struct arena *arena, struct error *e)
{
	struct str origin = generation_origin(j->options.origin, generation, arena);
	CLEAN_BUF struct buf note;
	int64_t changed;
	buf_init(&note, NOTE_MAX);
	if (!origin.data)
		return error_nomem(e);
	if (s->size > 0)
		note_write(&note, origin, s->size, s->root, j->options.public_key, j->options.secret);
	if (!buf_ok(&note))
		return error_nomem(e);
	TRY(new_log_entry(j, c, generation, origin, previous, e));
	TRY(sql_exec(c, SQL_STATE_SUCCEED,
		     SQL_PARAMS(SQL_I(s->generation), SQL_I(generation), SQL_T(origin), SQL_T(buf_str(&note)),
				SQL_T(previous)), &changed, e));
	if (changed != 1)
		return error_fail(e, E_BUSY, N_("Another server is opening the journal; try again"));
	s->generation = generation;
	s->origin = origin;
	s->previous = previous;
	s->checkpoint = arena_copy(arena, buf_str(&note));
	return s->checkpoint.data ? OK : error_nomem(e);
}

/* Does the database's tree contain the published one? */
static enum code continues(struct conn *c, const struct state *s, const struct note *head, bool *ret, struct error *e)
{
	uint8_t root[SHA256_SIZE];
	*ret = false;
	if (head->size > s->size)
		return OK;
	if (head->size == 0)
		sha256("", 0, root);
	else
		TRY(tile_range_root(c, (struct tree_range){ 0, head->size }, root, e));
	*ret = secret_equal(root, head->root, SHA256_SIZE);
	return OK;
}

/* Was the database behind or beside what the head file says was published? */
static enum code restored(struct conn *c, const struct state *s, const struct note *head, struct str text, bool *ret,
			  struct error *e)
{
	int64_t published = origin_generation(head->origin);
	*ret = false;
	if (str_eq(text, s->previous) || published < s->generation)
		return OK; /* the new log was opened, and the file not yet written */
	if (published > s->generation || !str_eq(head->origin, s->origin)) {
		*ret = true;
		return OK;
	}
	TRY(continues(c, s, head, ret, e));
	*ret = !*ret;
	return OK;
}

static bool signed_by_us(const struct journal *j, const struct state *s)
{
	struct note note;
	return s->checkpoint.len == 0 ||
	       (note_parse(s->checkpoint, &note) && note_signed_by(&note, s->origin, j->options.public_key));
}

static enum code renamed(struct journal *j, struct conn *c, struct state *s, struct arena *arena, struct error *e)
{
	if (s->size > 0)
		return succeed(j, c, s, s->generation + 1, s->checkpoint, arena, e);
	/* nothing was published under the old name */
	s->origin = generation_origin(j->options.origin, s->generation, arena);
	if (!s->origin.data)
		return error_nomem(e);
	return sql_exec(c, SQL_STATE_RENAME, SQL_PARAMS(SQL_T(s->origin)), NULL, e);
}

enum code succession_check(struct journal *j, struct conn *c, struct state *s, struct arena *arena, struct error *e)
{
	struct str text;
	struct note head;
	bool found, behind = false;
	TRY(head_file_read(&j->options, arena, &text, &head, &found, e));
	if (found)
		TRY(restored(c, s, &head, text, &behind, e));
	struct str expected = generation_origin(j->options.origin, s->generation, arena);
	if (!expected.data)
		return error_nomem(e);
	bool ours = signed_by_us(j, s);
	if (!ours && !j->options.key_replaced)
		return error_fail(e, E_INVALID, N_("The journal was signed with another key; give this server the key file of "
						   "the servers before it, or say that the key was replaced"));
	if (behind) {
		int64_t published = origin_generation(head.origin);
		TRY(succeed(j, c, s, (published > s->generation ? published : s->generation) + 1, text, arena, e));
	} else if (!ours) {
		TRY(succeed(j, c, s, s->generation + 1, s->checkpoint, arena, e));
	} else if (!str_eq(expected, s->origin)) {
		TRY(renamed(j, c, s, arena, e));
	}
	if (s->checkpoint.len == 0 || (found && str_eq(text, s->checkpoint)))
		return OK;
	return head_file_note(j, s->checkpoint) ? OK : error_nomem(e);
}
