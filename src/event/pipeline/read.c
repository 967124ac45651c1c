/* Pipelines from YAML, checked as a whole: types, parameters, regular expressions, the names in expressions.
 * Neighbours: pipeline_internal.h says what comes out. */
#include "base/arena.h"
#include "base/mem.h"
#include "pipeline/pipeline_internal.h"
#include <string.h>

struct reading {
	struct pipeline *p;
	struct str file;
	struct error *error;
};

static enum code expected(struct reading *r, const struct yaml *at, const char *what)
{
	return yaml_expected(r->error, r->file, at, what);
}

/* Whether `name` is one of the words of `list`, with or without the '!' of what must be there. */
static bool listed(const char *list, struct str name)
{
	struct str rest = str_of(list), word;
	while (str_cut(&rest, ' ', &word)) {
		if (word.len && word.data[word.len - 1] == '!')
			word.len--;
		if (word.len && str_eq(word, name))
			return true;
	}
	return false;
}

static const char common[] = "type id rule_conditions rule_cond_op rule_cond_not rule_cond_expr detection_item_conditions "
			     "detection_item_cond_op detection_item_cond_not detection_item_cond_expr field_name_conditions "
			     "field_name_cond_op field_name_cond_not field_name_cond_expr";

static enum code check_parameters(struct reading *r, const struct yaml *at, const char *allowed, const char *also)
{
	struct str rest = str_of(allowed), word;
	for (const struct yaml *y = at->first; y; y = y->next)
		if (!listed(allowed, y->name) && !listed(also, y->name))
			return expected(r, y, N_("a parameter of this transformation or condition"));
	while (str_cut(&rest, ' ', &word)) {
		if (!word.len || word.data[word.len - 1] != '!')
			continue;
		word.len--;
		bool found = false;
		for (const struct yaml *y = at->first; y; y = y->next)
			found = found || str_eq(y->name, word);
		if (!found)
			return error_fail(r->error, E_INVALID, N_("{file}: {type} needs {parameter}"), { "file", r->file },
					  { "type", parameter(at, "type", "") }, { "parameter", word });
	}
	return OK;
}

static enum code compile(struct reading *r, const struct yaml *at, struct str source, pcre2_code **ret)
{
	int fault;
	PCRE2_SIZE place;
	pcre2_code **kept = VEC_ADD(&r->p->codes);
	if (!kept)
		return error_nomem(r->error);
	*kept = pcre2_compile((PCRE2_SPTR)(source.len ? source.data : ""), source.len, PCRE2_UTF, &fault, &place, NULL);
	if (!*kept)
		return expected(r, at, N_("a regular expression"));
	*ret = *kept;
	return OK;
}

/* The regular expressions of a condition: of the field names with mode re, of a string. */
static enum code read_patterns(struct reading *r, struct condition *c)
{
	bool fields = str_is(parameter(c->at, "mode", "plain"), "re");
	bool string = str_is(str_of(c->kind->name), "match_string");
	size_t count;
	if (!fields && !string)
		return OK;
	const struct yaml *source = parameter_list(c->at, string ? "pattern" : "fields", &count);
	c->patterns = arena_array(r->p->arena, count + 1, sizeof *c->patterns);
	if (!c->patterns)
		return error_nomem(r->error);
	for (; source && c->pattern_count < count; source = source->next)
		TRY(compile(r, source, source->text, &c->patterns[c->pattern_count++]));
	return OK;
}

static const char *const where_keys[3][4] = {
	{ "rule_conditions", "rule_cond_op", "rule_cond_not", "rule_cond_expr" },
	{ "detection_item_conditions", "detection_item_cond_op", "detection_item_cond_not", "detection_item_cond_expr" },
	{ "field_name_conditions", "field_name_cond_op", "field_name_cond_not", "field_name_cond_expr" },
};

static enum code read_conditions(struct reading *r, const struct yaml *at, enum where where, struct conditions *ret)
{
	const char *const *keys = where_keys[where];
	const struct yaml *list = yaml_get(at, keys[0]);
	ret->any = str_is(parameter(at, keys[1], "and"), "or");
	ret->negated = parameter_true(at, keys[2]);
	ret->expression = parameter(at, keys[3], "");
	if (!list)
		return ret->expression.len ? expected(r, at, N_("the conditions its expression names")) : OK;
	if (list->type == YAML_TEXT || (ret->expression.len && list->type != YAML_MAP))
		return expected(r, list, N_("a list of conditions, or a map of them for an expression"));
	ret->items = arena_array(r->p->arena, list->count + 1, sizeof *ret->items);
	if (!ret->items)
		return error_nomem(r->error);
	for (const struct yaml *y = list->first; y; y = y->next) {
		struct condition *c = &ret->items[ret->count++];
		if (y->type != YAML_MAP)
			return expected(r, y, N_("a condition with its type"));
		*c = (struct condition){ .kind = condition_find(where, parameter(y, "type", "")), .at = y, .name = y->name };
		if (!c->kind)
			return expected(r, y, N_("a known type of condition"));
		TRY(check_parameters(r, y, c->kind->parameters, "type"));
		TRY(read_patterns(r, c));
	}
	return expression_good(ret) ? OK : expected(r, at, N_("an expression of its conditions with and, or, not"));
}

static enum code read_items(struct reading *r, const struct yaml *list, unsigned depth, struct item **ret, size_t *ret_count);

static enum code read_item(struct reading *r, const struct yaml *at, unsigned depth, struct item *item)
{
	if (at->type != YAML_MAP)
		return expected(r, at, N_("a transformation with its type"));
	*item = (struct item){ .kind = transformation_find(parameter(at, "type", "")), .file = r->file, .at = at, .id = parameter(at, "id", "") };
	if (!item->kind)
		return expected(r, at, N_("a transformation that works on rules"));
	if (r->p->numbered >= ITEMS_MOST)
		return expected(r, at, N_("fewer transformations"));
	item->number = r->p->numbered++;
	item->self.word[item->number / 64] |= 1ull << (item->number % 64);
	TRY(check_parameters(r, at, item->kind->parameters, common));
	for (enum where where = ON_RULE; where <= ON_FIELD; where++)
		TRY(read_conditions(r, at, where, &item->on[where]));
	struct str regex = parameter(at, "regex", "");
	if (regex.len)
		TRY(compile(r, yaml_get(at, "regex"), regex, &item->pattern));
	const struct yaml *mapping = yaml_get(at, "mapping");
	if (mapping && mapping->type != YAML_MAP)
		return expected(r, mapping, N_("a map"));
	const struct yaml *nested = str_is(str_of(item->kind->name), "nest") ? yaml_get(at, "items") : NULL;
	if (nested)
		TRY(read_items(r, nested, depth + 1, &item->nested, &item->nested_count));
	return OK;
}

static enum code read_items(struct reading *r, const struct yaml *list, unsigned depth, struct item **ret, size_t *ret_count)
{
	if (list->type != YAML_LIST || depth > DEPTH_MOST)
		return expected(r, list, N_("a list of transformations"));
	*ret = arena_array(r->p->arena, list->count + 1, sizeof **ret);
	if (!*ret)
		return error_nomem(r->error);
	for (const struct yaml *y = list->first; y; y = y->next)
		TRY(read_item(r, y, depth, &(*ret)[(*ret_count)++]));
	return OK;
}

/* One source as far as it is needed to put it in its place. */
struct source {
	struct str file;
	const struct yaml *root;
	int64_t priority;
};

static enum code read_source(struct reading *r, const struct pipeline_source *from, struct source *ret)
{
	static const char known[] = "name priority vars transformations postprocessing finalizers allowed_backends";
	struct str file = arena_copy(r->p->arena, from->file);
	if (!file.data)
		return error_nomem(r->error);
	r->file = file;
	*ret = (struct source){ .file = file };
	TRY(yaml_parse(r->p->arena, file, from->text, &ret->root, r->error));
	if (ret->root->type != YAML_MAP)
		return expected(r, ret->root, N_("a map"));
	for (const struct yaml *y = ret->root->first; y; y = y->next)
		if (!listed(known, y->name))
			return expected(r, y, N_("name, priority, vars, transformations, postprocessing or finalizers"));
	const struct yaml *priority = yaml_get(ret->root, "priority");
	if (priority && !str_int(priority->text, &ret->priority))
		return expected(r, priority, N_("a whole number"));
	const struct yaml *vars = yaml_get(ret->root, "vars");
	return vars && vars->type != YAML_MAP ? expected(r, vars, N_("a map")) : OK;
}

/* Which items a condition processing_item_applied means: all with that id, in any of the joined pipelines. */
static void resolve_ids(const struct item *all, size_t all_count, struct str id, struct bits *to)
{
	for (size_t i = 0; i < all_count; i++) {
		if (str_eq(all[i].id, id) && id.len)
			bits_add(to, &all[i].self);
		resolve_ids(all[i].nested, all[i].nested_count, id, to);
	}
}

static void resolve(struct pipeline *p, struct item *items, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		for (enum where where = ON_RULE; where <= ON_FIELD; where++)
			for (size_t c = 0; c < items[i].on[where].count; c++)
				resolve_ids(p->items, p->count, parameter(items[i].on[where].items[c].at, "processing_item_id", ""),
					    &items[i].on[where].items[c].applied);
		resolve(p, items[i].nested, items[i].nested_count);
	}
}

static enum code join(struct reading *r, struct source *sources, size_t count)
{
	struct pipeline *p = r->p;
	p->items = arena_array(p->arena, ITEMS_MOST + 1, sizeof *p->items);
	p->vars = arena_array(p->arena, count + 1, sizeof *p->vars);
	if (!p->items || !p->vars)
		return error_nomem(r->error);
	for (size_t i = 1; i < count; i++) /* few: by insertion, equal ones keep their order */
		for (size_t k = i; k > 0 && sources[k - 1].priority > sources[k].priority; k--) {
			struct source swapped = sources[k];
			sources[k] = sources[k - 1];
			sources[k - 1] = swapped;
		}
	for (size_t i = 0; i < count; i++) {
		const struct yaml *list = yaml_get(sources[i].root, "transformations"), *vars = yaml_get(sources[i].root, "vars");
		struct item *items = NULL;
		size_t n = 0;
		r->file = sources[i].file;
		if (vars)
			p->vars[p->var_count++] = vars;
		if (!list || yaml_is_null(list))
			continue;
		TRY(read_items(r, list, 0, &items, &n));
		memcpy(p->items + p->count, items, n * sizeof *items);
		p->count += n;
	}
	resolve(p, p->items, p->count);
	return OK;
}

enum code pipeline_new(const struct pipeline_source *sources, size_t count, struct pipeline **ret, struct error *e)
{
	CLEAN_PIPELINE struct pipeline *p = mem_new(sizeof *p);
	if (!p)
		return error_nomem(e);
	p->arena = arena_new(0);
	struct source *read = p->arena ? arena_array(p->arena, count + 1, sizeof *read) : NULL;
	if (!read)
		return error_nomem(e);
	struct reading r = { .p = p, .error = e };
	for (size_t i = 0; i < count; i++)
		TRY(read_source(&r, &sources[i], &read[i]));
	TRY(join(&r, read, count));
	*ret = TAKE(p);
	return OK;
}

void pipeline_free(struct pipeline *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->codes.count; i++)
		pcre2_code_free(p->codes.items[i]);
	VEC_DONE(&p->codes);
	arena_free(p->arena);
	mem_free(p);
}
