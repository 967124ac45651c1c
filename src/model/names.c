/* Names: which are allowed, which are taken, what a text for people is made from when none is given, and which
 * known name is nearest to a misspelt one. Neighbours: every reader of packs. */
#include "internal.h"
#include <stdlib.h>
#include <string.h>

/* Reserved in PostgreSQL 15 (Appendix C) or refused as a bare column name by SQLite. Sorted. */
static const char *const sql_words[] = {
	"add", "all", "alter", "analyse", "analyze", "and", "any", "array", "as", "asc", "asymmetric", "authorization",
	"autoincrement", "between", "binary", "both", "case", "cast", "check", "collate", "collation", "column", "commit",
	"concurrently", "constraint", "create", "cross", "current_catalog", "current_date", "current_role",
	"current_schema", "current_time", "current_timestamp", "current_user", "default", "deferrable", "delete", "desc",
	"distinct", "do", "drop", "else", "end", "escape", "except", "exists", "false", "fetch", "for", "foreign", "freeze",
	"from", "full", "grant", "group", "having", "ilike", "in", "index", "initially", "inner", "insert", "intersect",
	"into", "is", "isnull", "join", "lateral", "leading", "left", "like", "limit", "localtime", "localtimestamp",
	"natural", "not", "notnull", "null", "offset", "on", "only", "or", "order", "outer", "overlaps", "placing",
	"primary", "references", "returning", "right", "rowid", "select", "session_user", "set", "similar", "some",
	"symmetric", "table", "tablesample", "then", "to", "trailing", "transaction", "true", "union", "unique", "update",
	"user", "using", "values", "variadic", "verbose", "when", "where", "window", "with",
};

/* Columns every record and every link table has, members of a record's JSON, and parameters of lists. Sorted. */
static const char *const field_words[] = {
	"after", "archived", "as_of", "by", "count", "entity", "entry", "expand", "forgotten", "id", "kind", "known_at", "limit",
	"masked", "number", "order", "position", "select", "since", "state", "target", "unkept", "until", "until_entry", "version",
	"within",
};

static const char *const columns[] = { "archived", "entity", "id", "number", "since", "state", "version" };

static int word_compare(const void *key, const void *item)
{
	return str_cmp(*(const struct str *)key, str_of(*(const char *const *)item));
}

static bool word_in(struct str word, const char *const *words, size_t count)
{
	return bsearch(&word, words, count, sizeof *words, word_compare) != NULL;
}

bool name_valid(struct str name)
{
	if (name.len == 0 || name.len > NAME_MAX_BYTES || name.data[0] < 'a' || name.data[0] > 'z')
		return false;
	for (size_t i = 1; i < name.len; i++) {
		char c = name.data[i];
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'))
			return false;
	}
	return true;
}

bool name_reserved_sql(struct str name)
{
	return word_in(name, sql_words, sizeof sql_words / sizeof *sql_words);
}

bool name_reserved_field(struct str name)
{
	return word_in(name, field_words, sizeof field_words / sizeof *field_words);
}

bool name_system_column(struct str name)
{
	return word_in(name, columns, sizeof columns / sizeof *columns);
}

const char *name_title(struct arena *arena, struct str name)
{
	char *text = arena_alloc(arena, name.len + 1);
	if (!text)
		return NULL;
	for (size_t i = 0; i < name.len; i++)
		text[i] = name.data[i] == '_' || name.data[i] == '-' ? ' ' : name.data[i];
	if (text[0] >= 'a' && text[0] <= 'z')
		text[0] = (char)(text[0] - 'a' + 'A');
	return text;
}

/* Edit distance with neighbouring letters swapped as one edit (optimal string alignment). */
static unsigned edit_distance(struct str a, struct str b)
{
	unsigned rows[3][NAME_MAX_BYTES + 1];
	unsigned *before = rows[0], *last = rows[1], *now = rows[2];
	for (size_t j = 0; j <= b.len; j++)
		last[j] = (unsigned)j;
	for (size_t i = 1; i <= a.len; i++) {
		now[0] = (unsigned)i;
		for (size_t j = 1; j <= b.len; j++) {
			unsigned best = last[j - 1] + (a.data[i - 1] != b.data[j - 1]);
			if (last[j] + 1 < best)
				best = last[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 && a.data[i - 1] == b.data[j - 2] && a.data[i - 2] == b.data[j - 1] &&
			    before[j - 2] + 1 < best)
				best = before[j - 2] + 1;
			now[j] = best;
		}
		unsigned *spare = before;
		before = last;
		last = now;
		now = spare;
	}
	return last[b.len];
}

void nearest_offer(struct nearest *n, const char *candidate)
{
	struct str c = str_of(candidate);
	if (c.len > NAME_MAX_BYTES || n->word.len > NAME_MAX_BYTES || n->word.len == 0)
		return;
	unsigned distance = edit_distance(n->word, c);
	unsigned most = n->word.len <= 4 ? 1 : n->word.len <= 8 ? 2 : 3;
	if (distance > most || (n->best && distance >= n->distance))
		return;
	n->best = candidate;
	n->distance = distance;
}
