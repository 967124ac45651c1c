/* A set of rules: files into documents, documents into rules, correlations and filters; then everything is joined and made ready.
 * Neighbours: item.c, condition.c and correlate.c read the parts, requirement.c prepares the search for candidates. */
#include "base/mem.h"
#include "event/pipeline.h"
#include "internal.h"
#include <string.h>

#define RULES_BYTES ((size_t)1 << 30)

enum code sigma_rules_new(struct sigma_rules **ret, struct error *e)
{
	/* the first is SLOT_EVERYTHING; the others tell the log source and the time */
	static const char *const always[] = { "", "Channel", "EventID", "Provider_Name", "SourceName", "@timestamp", "UtcTime", "TimeCreated_SystemTime",
					      "TimeCreated", "EventTime", "eventTime", "timestamp", "time" };
	struct sigma_rules *s = mem_new(sizeof *s);
	unsigned slot;
	if (!s)
		return error_nomem(e);
	s->arena = arena_new(RULES_BYTES);
	s->slots = map_new();
	s->dotted = map_new();
	s->item_keys = map_new();
	s->atom_keys = map_new();
	bool good = s->arena && s->slots && s->dotted && s->item_keys && s->atom_keys;
	for (size_t i = 0; good && i < sizeof always / sizeof *always; i++)
		good = slot_of(s, str_of(always[i]), &slot, e) == OK;
	if (!good) {
		sigma_rules_free(s);
		return error_nomem(e);
	}
	*ret = s;
	return OK;
}

void sigma_rules_free(struct sigma_rules *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->regexes.count; i++)
		pcre2_code_free(s->regexes.items[i]);
	VEC_DONE(&s->regexes);
	VEC_DONE(&s->names);
	VEC_DONE(&s->items);
	VEC_DONE(&s->rules);
	VEC_DONE(&s->sources);
	VEC_DONE(&s->filters);
	VEC_DONE(&s->faults);
	VEC_DONE(&s->atoms);
	map_free(s->slots);
	map_free(s->dotted);
	map_free(s->item_keys);
	map_free(s->atom_keys);
	arena_free(s->arena);
	mem_free(s);
}

enum code refuse(struct reading *r, const struct yaml *at, const char *msgid, struct str what)
{
	struct str place = arena_format(r->set->arena, "%.*s:%u:%u", STR_ARG(r->file), at ? at->line : 1, at ? at->column : 1);
	error_fail(r->e, E_INVALID, msgid, { "what", what });
	return error_while(r->e, N_("{place}"), { "place", place });
}

static enum code dotted_add(struct sigma_rules *s, struct str name, unsigned slot, struct error *e)
{
	for (size_t i = 1; i + 1 < name.len; i++) {
		if (name.data[i] != '.')
			continue;
		struct dotted *d = ARENA_NEW(s->arena, struct dotted);
		if (!d)
			return error_nomem(e);
		struct str first = str_slice(name, 0, i);
		*d = (struct dotted){ slot, str_slice(name, i + 1, name.len), map_get(s->dotted, first) };
		if (!map_put(s->dotted, first, d))
			return error_nomem(e);
	}
	return OK;
}

enum code slot_of(struct sigma_rules *s, struct str name, unsigned *ret, struct error *e)
{
	uintptr_t known = (uintptr_t)map_get(s->slots, name);
	if (!known) {
		struct str kept = arena_copy(s->arena, name), *place = VEC_ADD(&s->names);
		if (!kept.data || !place)
			return error_nomem(e);
		*place = kept;
		known = s->names.count;
		if (!map_put(s->slots, kept, (void *)known))
			return error_nomem(e);
		TRY(dotted_add(s, kept, (unsigned)known - 1, e));
	}
	*ret = (unsigned)known - 1;
	return OK;
}

/* --- documents -------------------------------------------------------------------------------------------------------- */

static struct str text_at(struct sigma_rules *s, const struct yaml *map, const char *name)
{
	const struct yaml *y = map && map->type == YAML_MAP ? yaml_get(map, name) : NULL;
	struct str copy = y && y->type == YAML_TEXT && !yaml_is_null(y) ? arena_copy(s->arena, y->text) : STR("");
	return copy.data ? copy : STR("");
}

static struct str lower_at(struct sigma_rules *s, const struct yaml *map, const char *name)
{
	struct str text = text_at(s, map, name);
	char *out = arena_alloc(s->arena, text.len * 3 + 1);
	return out ? (struct str){ out, fold_text(text, out) } : STR("");
}

enum code logsource_read(struct sigma_rules *s, const struct yaml *y, struct logsource *ret, struct error *e)
{
	*ret = (struct logsource){ lower_at(s, y, "product"), lower_at(s, y, "category"), lower_at(s, y, "service") };
	return OK;
}

static enum code source_of(struct reading *r, const struct yaml *y, unsigned *ret)
{
	struct sigma_rules *s = r->set;
	struct logsource source;
	TRY(logsource_read(s, y, &source, r->e));
	for (*ret = 0; *ret < s->sources.count; (*ret)++) {
		const struct logsource *known = &s->sources.items[*ret];
		if (str_eq(known->product, source.product) && str_eq(known->category, source.category) && str_eq(known->service, source.service))
			return OK;
	}
	struct logsource *kept = VEC_ADD(&s->sources);
	if (!kept)
		return error_nomem(r->e);
	*kept = source;
	return OK;
}

static enum code texts_read(struct sigma_rules *s, const struct yaml *y, const struct str **ret, size_t *ret_count, struct error *e)
{
	size_t count = !y ? 0 : y->type == YAML_LIST ? y->count : 1, n = 0;
	struct str *out = ARENA_ARRAY(s->arena, count + 1, struct str);
	if (!out)
		return error_nomem(e);
	for (const struct yaml *one = y && y->type == YAML_LIST ? y->first : y; n < count; one = one->next) {
		if (one->type == YAML_TEXT)
			out[n] = arena_copy(s->arena, one->text);
		if (!out[n].data)
			out[n] = STR("");
		n++;
	}
	*ret = out;
	*ret_count = n;
	return OK;
}

static enum code told_read(struct reading *r, const struct yaml *doc, struct sigma_rule *ret)
{
	struct sigma_rules *s = r->set;
	*ret = (struct sigma_rule){ .id = text_at(s, doc, "id"), .name = text_at(s, doc, "name"), .title = text_at(s, doc, "title"),
				    .level = text_at(s, doc, "level"), .file = r->file, .line = doc->line };
	return texts_read(s, yaml_get(doc, "tags"), &ret->tags, &ret->tag_count, r->e);
}

static enum code searches_read(struct reading *r, const struct yaml *detection)
{
	for (const struct yaml *y = detection->first; y; y = y->next) {
		const struct node *node;
		if (str_is(y->name, "condition") || str_is(y->name, "timeframe") || str_is(y->name, "rules"))
			continue;
		TRY(search_read(r, y, &node));
		struct str name = arena_copy(r->set->arena, y->name);
		if (!name.data || !map_put(r->searches, name, (void *)(uintptr_t)node))
			return error_nomem(r->e);
	}
	return OK;
}

/* One condition, or a list of which any may hold. */
static enum code conditions_read(struct reading *r, const struct yaml *detection, const struct node **ret)
{
	const struct yaml *y = yaml_get(detection, "condition");
	if (!y || y->type == YAML_MAP || (y->type == YAML_LIST && !y->count))
		return refuse(r, detection, N_("a detection needs its condition"), STR(""));
	size_t count = y->type == YAML_LIST ? y->count : 1, n = 0;
	const struct node **all = ARENA_ARRAY(r->set->arena, count + 1, const struct node *);
	if (!all)
		return error_nomem(r->e);
	for (const struct yaml *one = y->type == YAML_LIST ? y->first : y; n < count; one = one->next, n++) {
		if (one->type != YAML_TEXT)
			return refuse(r, one, N_("expected a condition as text"), STR(""));
		TRY(condition_read(r, one, one->text, &all[n]));
	}
	return node_join(r->set, NODE_OR, all, n, ret, r->e);
}

static enum code detection_read(struct reading *r, const struct yaml *detection, const struct node **ret)
{
	r->searches = map_new();
	if (!r->searches)
		return error_nomem(r->e);
	enum code code = searches_read(r, detection);
	if (code == OK)
		code = conditions_read(r, detection, ret);
	map_free(r->searches);
	r->searches = NULL;
	return code;
}

static enum code filter_read(struct reading *r, const struct yaml *doc, const struct yaml *body)
{
	struct filter f = { .name = text_at(r->set, doc, "title") };
	const struct yaml *rules = yaml_get(body, "rules");
	if (body->type != YAML_MAP)
		return refuse(r, body, N_("expected a map under filter"), STR(""));
	TRY(detection_read(r, body, &f.root));
	TRY(logsource_read(r->set, yaml_get(doc, "logsource"), &f.source, r->e));
	if (rules && !(rules->type == YAML_TEXT && str_is(rules->text, "any")))
		TRY(texts_read(r->set, rules, &f.rules, &f.rule_count, r->e));
	struct filter *kept = VEC_ADD(&r->set->filters);
	if (!kept)
		return error_nomem(r->e);
	*kept = f;
	return OK;
}

static enum code document_read(struct reading *r, const struct yaml *doc)
{
	const struct yaml *detection = doc->type == YAML_MAP ? yaml_get(doc, "detection") : NULL;
	const struct yaml *correlation = doc->type == YAML_MAP ? yaml_get(doc, "correlation") : NULL;
	const struct yaml *filter = doc->type == YAML_MAP ? yaml_get(doc, "filter") : NULL;
	struct rule rule = { .root = NULL };
	if (filter)
		return filter_read(r, doc, filter);
	if (!correlation && (!detection || detection->type != YAML_MAP))
		return refuse(r, doc, N_("expected a map with detection, correlation or filter"), STR(""));
	TRY(told_read(r, doc, &rule.told));
	if (correlation) {
		rule.told.correlation = true;
		TRY(correlation_read(r, doc, &rule.correlation));
	} else {
		TRY(source_of(r, yaml_get(doc, "logsource"), &rule.source));
		TRY(detection_read(r, detection, &rule.root));
	}
	struct rule *kept = VEC_ADD(&r->set->rules);
	if (!kept)
		return error_nomem(r->e);
	*kept = rule;
	kept->told.index = (unsigned)r->set->rules.count - 1;
	return OK;
}

static enum code note_fault(struct sigma_rules *s, const struct error *e)
{
	struct sigma_fault *fault = VEC_ADD(&s->faults);
	struct str place = STR(""), what = STR("");
	if (!fault)
		return E_NOMEM;
	for (const struct error_frame *f = e->frame; f; f = f->next) {
		struct str text = arena_copy(s->arena, error_text(&(struct error){ .arena = s->arena, .code = e->code, .frame = &(struct error_frame){ .msgid = f->msgid, .args = f->args } }, s->arena));
		if (f == e->frame)
			what = text;
		else
			place = text;
	}
	fault->text = place.len ? arena_format(s->arena, "%.*s: %.*s", STR_ARG(place), STR_ARG(what)) : what;
	return fault->text.data ? OK : E_NOMEM;
}

/* A document keeps the lines it has in its file: as many empty lines stand before it. */
static enum code document_add(struct sigma_rules *s, struct str file, struct str text, size_t line, const struct pipeline *pipeline, struct error *e)
{
	CLEAN_ARENA struct arena *arena = arena_new((size_t)64 << 20);
	const struct yaml *doc;
	struct error own;
	if (!arena)
		return error_nomem(e);
	error_init(&own, arena);
	char *padded = arena_alloc(arena, line + text.len + 1);
	if (!padded)
		return error_nomem(e);
	memset(padded, '\n', line);
	memcpy(padded + line, text.data, text.len);
	struct reading r = { .set = s, .scratch = arena, .file = file, .e = &own };
	enum code code = yaml_parse(arena, file, (struct str){ padded, line + text.len }, &doc, &own);
	if (code == OK && doc->type == YAML_MAP && doc->count == 0)
		return OK; /* nothing between two separators */
	if (code == OK && pipeline)
		code = pipeline_apply(pipeline, doc, arena, &doc, &own);
	if (code == OK)
		code = document_read(&r, doc);
	if (code == E_NOMEM)
		return error_nomem(e);
	return code == OK || note_fault(s, &own) == OK ? OK : error_nomem(e);
}

enum code sigma_rules_add(struct sigma_rules *s, struct str file, struct str text, const struct pipeline *pipeline, struct error *e)
{
	struct str name = arena_copy(s->arena, file);
	size_t start = 0, line = 0, first_line = 0, documents = 0;
	if (!name.data)
		return error_nomem(e);
	for (size_t i = 0; i <= text.len;) {
		int64_t end = str_find(str_slice(text, i, text.len), '\n');
		size_t next = end < 0 ? text.len : i + (size_t)end + 1;
		struct str row = str_slice(text, i, next);
		bool separator = str_starts(row, STR("---")) && (row.len == 3 || row.data[3] == '\n' || row.data[3] == '\r' || row.data[3] == ' ');
		if (separator || next == text.len) {
			struct str part = str_slice(text, start, separator ? i : text.len);
			if (str_trim(part).len || (documents == 0 && !separator)) {
				TRY(document_add(s, name, part, first_line, pipeline, e));
				documents++;
			}
			start = next;
			first_line = line + 1;
		}
		line++;
		if (next == text.len)
			break;
		i = next;
	}
	return OK;
}

/* --- ready --------------------------------------------------------------------------------------------------------------- */

static bool names_rule(const struct filter *f, const struct sigma_rule *rule)
{
	for (size_t i = 0; i < f->rule_count; i++)
		if (str_eq(f->rules[i], rule->id) || (rule->name.len && str_eq(f->rules[i], rule->name)))
			return true;
	return !f->rules;
}

static bool attribute_fits(struct str wanted, struct str has)
{
	return !wanted.len || str_eq(wanted, has);
}

static enum code filters_apply(struct sigma_rules *s, struct rule *rule, struct error *e)
{
	for (size_t i = 0; i < s->filters.count && rule->root; i++) {
		const struct filter *f = &s->filters.items[i];
		const struct logsource *source = &s->sources.items[rule->source];
		if (!names_rule(f, &rule->told) || !attribute_fits(f->source.product, source->product) ||
		    !attribute_fits(f->source.category, source->category) || !attribute_fits(f->source.service, source->service))
			continue;
		TRY(node_join(s, NODE_AND, (const struct node *[]){ rule->root, f->root }, 2, &rule->root, e));
	}
	return OK;
}

enum code sigma_rules_ready(struct sigma_rules *s, struct error *e)
{
	for (size_t i = 0; i < s->rules.count; i++)
		TRY(filters_apply(s, &s->rules.items[i], e));
	for (size_t i = 0; i < s->rules.count; i++)
		if (s->rules.items[i].correlation && correlation_resolve(s, &s->rules.items[i], e) != OK) {
			if (e->code == E_NOMEM || note_fault(s, e) != OK)
				return error_nomem(e);
			error_clear(e);
		}
	s->ready = true;
	return requirements_make(s, e);
}

size_t sigma_rules_count(const struct sigma_rules *s)
{
	return s->rules.count;
}

const struct sigma_rule *sigma_rules_at(const struct sigma_rules *s, size_t i)
{
	return &s->rules.items[i].told;
}

size_t sigma_faults_count(const struct sigma_rules *s)
{
	return s->faults.count;
}

const struct sigma_fault *sigma_faults_at(const struct sigma_rules *s, size_t i)
{
	return &s->faults.items[i];
}
