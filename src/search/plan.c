/* What is searched, read off the model: the number, and every field marked `search`. Neighbours: follow.c indexes by it,
 * find.c weighs by it; its digest says whether an index was made by the same plan. */
#include "base/arena.h"
#include "base/buf.h"
#include "internal.h"
#include <stdio.h>
#include <string.h>

#define WEIGHT_HIGH 3.0f

static enum code plan_one(struct plan *p, const struct kind *k, struct searched *s, struct buf *told, struct error *e)
{
	s->kind = k;
	s->fields = ARENA_ARRAY(p->arena, INDEX_FIELDS_MOST, const struct field *);
	s->wanted = ARENA_ARRAY(p->arena, k->field_count + 1, bool);
	if (!s->fields || !s->wanted)
		return error_nomem(e);
	s->count = 1;
	s->weights[NUMBER_FIELD] = WEIGHT_HIGH;
	buf_format(told, "%s\n", k->name);
	for (const struct field *f = k->fields; f->name; f++) {
		if (!(f->flags & FIELD_SEARCH) || s->count == INDEX_FIELDS_MOST)
			continue;
		buf_format(told, " %s %d\n", f->name, (int)f->type);
		s->weights[s->count] = f->flags & (FIELD_SEARCH_HIGH | FIELD_TITLE) ? WEIGHT_HIGH : 1.0f;
		s->fields[s->count++] = f;
		s->wanted[f->index] = true;
	}
	s->wanted[k->title_field] = true;
	return OK;
}

enum code plan_make(const struct model *m, struct plan *ret, struct error *e)
{
	CLEAN_BUF struct buf told;
	buf_init(&told, 1 << 20);
	*ret = (struct plan){ .model = model_ref(m), .arena = arena_new(0) };
	if (!ret->arena)
		return error_nomem(e);
	ret->kinds = ARENA_ARRAY(ret->arena, m->kind_count + 1, struct searched);
	ret->weights = ARENA_ARRAY(ret->arena, m->kind_count + 1, const float *);
	if (!ret->kinds || !ret->weights)
		return error_nomem(e);
	buf_add_text(&told, "search 1\n");
	for (size_t i = 0; i < m->kind_count; i++) {
		const struct kind *k = m->kinds[i];
		if (k->flags & KIND_VIEW) /* shows rows of other kinds, and is not in the journal */
			continue;
		ret->weights[ret->count] = ret->kinds[ret->count].weights;
		TRY(plan_one(ret, k, &ret->kinds[ret->count++], &told, e));
	}
	if (!buf_ok(&told))
		return error_nomem(e);
	sha256(told.data, told.len, ret->digest);
	return OK;
}

void plan_done(struct plan *p)
{
	model_unref(p->model);
	arena_free(p->arena);
}

int64_t plan_kind(const struct plan *p, struct str name)
{
	for (size_t i = 0; i < p->count; i++)
		if (str_is(name, p->kinds[i].kind->name))
			return (int64_t)i;
	return -1;
}

static enum code local_texts(unsigned field, struct str text, struct arena *arena, struct field_text *ret, size_t *ret_count,
			     struct error *e)
{
	const struct json *j;
	TRY(json_parse(arena, text, NULL, &j, e));
	for (size_t i = 0; j->type == JSON_OBJECT && i < j->object.count && *ret_count < FIELD_TEXTS_MOST; i++) {
		const struct json_member *m = &j->object.members[i];
		enum lang lang = LANG_COUNT;
		lang_parse(m->name, &lang);
		if (m->value.type == JSON_TEXT)
			ret[(*ret_count)++] = (struct field_text){ field, lang, m->value.text };
	}
	return OK;
}

enum code field_texts(const struct searched *s, unsigned field, const struct record_seen *row, struct arena *arena,
		      struct field_text ret[FIELD_TEXTS_MOST], size_t *ret_count, struct error *e)
{
	*ret_count = 0;
	if (field == NUMBER_FIELD) {
		if (row->number.len)
			ret[(*ret_count)++] = (struct field_text){ field, LANG_COUNT, row->number };
		return OK;
	}
	const struct value *v = &row->values[s->fields[field]->index];
	if (!v->set || v->null || !v->text.len)
		return OK;
	if (s->fields[field]->type == FIELD_LOCAL)
		return local_texts(field, v->text, arena, ret, ret_count, e);
	ret[(*ret_count)++] = (struct field_text){ field, LANG_COUNT, v->text };
	return OK;
}
