/* Policies: SELECTs in files of their own, policies/<policy>.sql. What is said about one stands in the comment at the
 * head of its file, which is YAML behind the dashes, so that tables of keys and places of faults are those of every other
 * file. The SQL itself is judged by who can read SQL (query/), when all kinds are known.
 * Neighbours: internal.h says who reads what, load.c puts the model together. */
#include "base/buf.h"
#include "internal.h"
#include <string.h>

#define CONTROLS_MOST 100
#define SQL_MOST 65536

const char *const policy_mode_names[POLICY_MODE_COUNT + 1] = { "report", "approval", "enforce", NULL };
const char *const severity_names[SEVERITY_COUNT + 1] = { "low", "medium", "high", "critical", NULL };

/* The head with its dashes made blanks, so that lines and columns stay; *ret_lines of them. */
static struct str head_text(struct loader *l, struct str file, size_t *ret_lines, struct str *ret_sql)
{
	struct str rest = file, line;
	char *text = arena_alloc(l->scratch, file.len + 1);
	size_t len = 0;
	*ret_lines = 0;
	*ret_sql = file;
	if (!text) {
		l->failed = true;
		return STR_NONE;
	}
	while (str_starts(*ret_sql, STR("--")) && str_cut(&rest, '\n', &line)) {
		memcpy(text + len, line.data, line.len);
		text[len] = text[len + 1] = ' ';
		len += line.len;
		text[len++] = '\n';
		(*ret_lines)++;
		*ret_sql = rest.data ? rest : STR("");
	}
	return (struct str){ text, len };
}

/* One of some words; faults are told, and then it answers `otherwise`. */
static int read_word(struct loader *l, const struct yaml *root, const char *key, const char *const *words, int otherwise)
{
	const struct yaml *y = yaml_key(root, key);
	struct nearest near = { .word = y ? y->text : STR_NONE };
	if (!y)
		return otherwise;
	for (int i = 0; words[i]; i++) {
		if (str_is(y->text, words[i]))
			return i;
		nearest_offer(&near, words[i]);
	}
	loader_fault_unknown(l, y, N_("{name} is not known here"), N_("{name} is not known here; did you mean {near}?"), y->text, &near);
	return otherwise;
}

/* "nist-800-53/SA-22": a catalogue and a control of it. */
static bool control_good(struct str s)
{
	int64_t slash = str_find(s, '/');
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.data[i] <= ' ' || (unsigned char)s.data[i] > '~')
			return false;
	return slash > 0 && (size_t)slash + 1 < s.len && s.len <= 120;
}

static const char *const *read_controls(struct loader *l, const struct yaml *y)
{
	size_t count = !y || yaml_is_null(y) ? 0 : y->type == YAML_LIST ? y->count : 1, n = 0;
	const char **controls = LOADER_NEW(l, count + 1, const char *);
	if (count > CONTROLS_MOST) {
		loader_fault(l, y, N_("at most 100 controls"));
		return controls;
	}
	for (size_t i = 0; controls && i < count; i++) {
		const struct yaml *item = y->type == YAML_LIST ? yaml_nth(y, i) : y;
		if (item->type == YAML_TEXT && control_good(item->text))
			controls[n++] = loader_copy(l, item->text);
		else
			loader_fault(l, item, N_("expected a control as catalogue/control, such as nist-800-53/SA-22"));
	}
	return controls;
}

/* "policies/old_laptop.sql" → "old_laptop" */
static const char *policy_name(struct loader *l, struct pack_draft *pack, const struct source_file *file)
{
	struct str name = str_slice(file->name, strlen("policies/"), file->name.len - strlen(".sql"));
	const struct pack_draft *other = map_get(l->policy_names, name);
	if (!name_valid(name)) {
		loader_fault(l, NULL, N_("expected a name: a small letter, then small letters, digits and _, at most 40 in all"));
		return NULL;
	}
	if (other) {
		loader_fault(l, NULL, N_("the pack {name} has a policy of that name already"), { "name", str_of(other->pack.name) });
		return NULL;
	}
	const char *copy = loader_copy(l, name);
	if (!copy || !map_put(l->policy_names, str_of(copy), pack))
		l->failed = true;
	return copy;
}

/* Findings name records, so what a policy is about must have some of its own. */
static void check_about(struct loader *l, const struct yaml *at)
{
	const struct kind_draft *k = map_get(l->kind_names, at->text);
	struct nearest near = { .word = at->text };
	for (size_t i = 0; !k && i < l->kinds.count; i++)
		nearest_offer(&near, l->kinds.items[i]->kind.name);
	if (!k)
		loader_fault_unknown(l, at, N_("there is no kind {name}"), N_("there is no kind {name}; did you mean {near}?"), at->text, &near);
	else if (k->kind.flags & KIND_VIEW)
		loader_fault(l, at, N_("{name} is a view; a policy is about records"), { "name", at->text });
}

void policy_read(struct loader *l, struct pack_draft *pack, const struct source_file *file)
{
	static const struct key keys[] = { { "title", SHAPE_TEXT, true },	{ "about", SHAPE_NAME, true },	 { "mode", SHAPE_NAME, false },
					   { "severity", SHAPE_NAME, false }, { "controls", SHAPE_ANY, false }, { "remedy", SHAPE_TEXT, false },
					   { "fixed", SHAPE_BOOL, false },    { 0 } };
	struct source_file head = *file;
	const struct yaml *root = NULL;
	struct str sql;
	size_t lines;
	l->file = file->path;
	head.data = head_text(l, file->data, &lines, &sql);
	const char *name = policy_name(l, pack, file);
	if (l->failed || !name || !loader_parse(l, &head, &root) || !read_map(l, root, keys))
		return;
	if (str_empty(str_trim(sql)) || sql.len > SQL_MOST) {
		loader_fault(l, NULL, N_("expected a SELECT below the comment, of at most 64 KiB"));
		return;
	}
	check_about(l, yaml_get(root, "about"));
	struct policy *p = LOADER_ADD(l, &l->policies);
	if (!p)
		return;
	*p = (struct policy){
		.name = name,
		.pack = pack->pack.name,
		.title = read_text(l, root, "title"),
		.remedy = read_text(l, root, "remedy"),
		.about = read_text(l, root, "about"),
		.mode = (enum policy_mode)read_word(l, root, "mode", policy_mode_names, POLICY_REPORT),
		.severity = (enum severity)read_word(l, root, "severity", severity_names, SEVERITY_MEDIUM),
		.controls = read_controls(l, yaml_key(root, "controls")),
		.fixed = read_bool(root, "fixed", false),
		.sql = loader_copy(l, sql),
		.file = loader_copy(l, file->path),
		.line = (unsigned)lines + 1,
	};
}
