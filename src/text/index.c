/* The index as a whole: its segments, what is dead in them, commits, views. Neighbours: manifest.c is its memory, build.c
 * and merge.c make segments, find.c asks views. */
#include "base/arena.h"
#include "base/file.h"
#include "base/mem.h"
#include "manifest.h"
#include "view.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MANIFEST_MOST ((size_t)256 << 20)
#define MERGE_WIDTH 4                     /* segments of like size that become one */
#define MERGE_BYTES_MOST ((size_t)512 << 20)
#define FIRST_TIER 64                     /* documents */
#define TIERS 16

struct index {
	struct str folder;
	char *folder_text;
	uint8_t layout[32];
	struct index_progress progress;
	int64_t next_number;
	struct builder *builder;
	struct analyser *analyser;
	/* the writer's own; `changed` when its dead bits differ from what views have */
	struct writing {
		struct part part;
		bool changed;
	} parts[SEGMENTS_MOST];
	size_t count;
	/* merged into others, or thrown away: their files stay until no manifest names them */
	struct part retired[SEGMENTS_MOST * 2];
	size_t retired_count;
	pthread_mutex_t lock; /* guards shown */
	struct part shown[SEGMENTS_MOST];
	size_t shown_count;
};

/* --- dead documents ------------------------------------------------------------------------------- */

struct dead *dead_new(const struct dead *like, uint64_t documents)
{
	size_t bytes = (size_t)(documents + 7) / 8;
	struct dead *d = mem_new(sizeof *d + bytes);
	if (!d)
		return NULL;
	d->refs = 1;
	if (like) {
		d->count = like->count;
		d->words = like->words;
		memcpy(d->bits, like->bits, bytes);
	}
	return d;
}

static void dead_add(struct dead *d, const struct segment *s, uint64_t document)
{
	d->count += !bit_get(d->bits, document);
	d->words += bit_get(d->bits, document) ? 0 : s->lengths[document];
	bit_set(d->bits, document);
}

void dead_unref(struct dead *d)
{
	if (d && atomic_fetch_sub(&d->refs, 1) == 1)
		mem_free(d);
}

static struct part part_ref(const struct part *p)
{
	if (p->dead)
		atomic_fetch_add(&p->dead->refs, 1);
	return (struct part){ segment_ref(p->segment), p->dead };
}

static void part_unref(struct part *p)
{
	segment_unref(p->segment);
	dead_unref(p->dead);
	*p = (struct part){ 0 };
}

static uint64_t alive(const struct part *p)
{
	return p->segment->head->documents - (p->dead ? p->dead->count : 0);
}

/* --- opening -------------------------------------------------------------------------------------- */

static void drop_parts(struct index *ix)
{
	for (size_t i = 0; i < ix->count; i++)
		part_unref(&ix->parts[i].part);
	ix->count = 0;
}

/* Past the room (commits that failed again and again) files stay; the next opening removes them. */
static void retire(struct index *ix, struct part *p)
{
	if (ix->retired_count < sizeof ix->retired / sizeof *ix->retired)
		ix->retired[ix->retired_count++] = *p;
	else
		part_unref(p);
}

static enum code open_part(struct index *ix, const struct manifest_segment *m, struct error *e)
{
	struct part p = { 0 };
	TRY(segment_open(ix->folder, m->number, m->digest, &p.segment, e));
	if (m->dead_count) {
		p.dead = dead_new(NULL, p.segment->head->documents);
		if (!p.dead) {
			part_unref(&p);
			return error_nomem(e);
		}
		for (size_t i = 0; i < m->dead_count; i++)
			if (m->dead[i] < p.segment->head->documents)
				dead_add(p.dead, p.segment, m->dead[i]);
	}
	ix->parts[ix->count++] = (struct writing){ p, false };
	return OK;
}

/* E_INVALID: what is there is not whole, or of another layout. */
static enum code read_manifest(struct index *ix, struct arena *arena, struct error *e)
{
	struct str path = arena_format(arena, "%s/manifest", ix->folder_text), bytes;
	struct manifest *m = ARENA_NEW(arena, struct manifest);
	if (!path.data || !m)
		return error_nomem(e);
	TRY(file_read(arena, path, MANIFEST_MOST, &bytes, e));
	if (!manifest_read(bytes, arena, m))
		return error_fail(e, E_INVALID, N_("{path} is damaged"), { "path", path });
	if (memcmp(m->layout, ix->layout, sizeof m->layout) != 0)
		return error_fail(e, E_INVALID, N_("The kinds have changed"));
	for (size_t i = 0; i < m->count; i++)
		TRY(open_part(ix, &m->segments[i], e));
	ix->progress = m->progress;
	ix->next_number = m->next_number;
	return OK;
}

static bool is_ours(const struct index *ix, int64_t number)
{
	for (size_t i = 0; i < ix->count; i++)
		if (ix->parts[i].part.segment->number == number)
			return true;
	return false;
}

/* Files that no manifest names: of a commit that did not come about, or of an index thrown away. */
static enum code remove_strays(struct index *ix, struct arena *arena, struct error *e)
{
	struct str *names;
	size_t count;
	TRY(folder_list(arena, ix->folder, &names, &count, e));
	for (size_t i = 0; i < count; i++) {
		int64_t number;
		struct str stem = names[i];
		if (!str_ends(stem, STR(".segment")))
			continue;
		stem.len -= sizeof ".segment" - 1;
		if (!str_int(stem, &number) || is_ours(ix, number))
			continue;
		struct str path = arena_format(arena, "%s/%.*s", ix->folder_text, STR_ARG(names[i]));
		if (path.data)
			unlink(path.data);
		if (number >= ix->next_number)
			ix->next_number = number + 1;
	}
	return OK;
}

static void show(struct index *ix);

static enum code load(struct index *ix, const char **ret_fault, struct error *e)
{
	CLEAN_ARENA struct arena *arena = arena_new(MANIFEST_MOST * 2);
	struct error fault;
	if (!arena)
		return error_nomem(e);
	TRY(folder_make(ix->folder, 0700, e));
	struct str path = arena_format(arena, "%s/manifest", ix->folder_text);
	error_init(&fault, arena);
	*ret_fault = NULL;
	if (path.data && file_exists(path)) {
		enum code code = read_manifest(ix, arena, &fault);
		if (code == E_NOMEM)
			return error_nomem(e);
		if (code != OK) {
			drop_parts(ix);
			ix->progress = (struct index_progress){ 0 };
			*ret_fault = fault.frame ? fault.frame->msgid : N_("The search index could not be read");
		}
	}
	TRY(remove_strays(ix, arena, e));
	show(ix);
	return OK;
}

enum code index_open(const struct index_options *o, struct index **ret, const char **ret_fault, struct error *e)
{
	struct index *ix = mem_new(sizeof *ix);
	if (!ix)
		return error_nomem(e);
	pthread_mutex_init(&ix->lock, NULL);
	ix->next_number = 1;
	memcpy(ix->layout, o->layout, sizeof ix->layout);
	ix->folder_text = mem_copy_text(o->folder.data, o->folder.len);
	ix->folder = (struct str){ ix->folder_text, o->folder.len };
	ix->builder = builder_new();
	enum code code = ix->folder_text && ix->builder ? analyser_new(&ix->analyser, e) : error_nomem(e);
	if (code == OK)
		code = load(ix, ret_fault, e);
	if (code != OK) {
		index_close(ix);
		return code;
	}
	*ret = ix;
	return OK;
}

void index_close(struct index *ix)
{
	if (!ix)
		return;
	drop_parts(ix);
	for (size_t i = 0; i < ix->retired_count; i++)
		part_unref(&ix->retired[i]);
	for (size_t i = 0; i < ix->shown_count; i++)
		part_unref(&ix->shown[i]);
	builder_free(ix->builder);
	analyser_free(ix->analyser);
	pthread_mutex_destroy(&ix->lock);
	mem_free(ix->folder_text);
	mem_free(ix);
}

struct index_progress index_progress(const struct index *ix)
{
	return ix->progress;
}

int64_t index_bytes(const struct index *ix)
{
	int64_t bytes = 0;
	for (size_t i = 0; i < ix->count; i++)
		bytes += (int64_t)ix->parts[i].part.segment->size;
	return bytes;
}

/* --- changing ------------------------------------------------------------------------------------- */

static enum code add_part(struct index *ix, int64_t number, struct error *e)
{
	struct part p = { 0 };
	if (ix->count == SEGMENTS_MOST)
		return error_fail(e, E_LIMIT, N_("The search index is full"));
	TRY(segment_open(ix->folder, number, NULL, &p.segment, e));
	ix->parts[ix->count++] = (struct writing){ p, false };
	return OK;
}

static enum code flush(struct index *ix, struct error *e)
{
	if (!builder_documents(ix->builder)) {
		builder_clear(ix->builder);
		return OK;
	}
	TRY(builder_write(ix->builder, ix->folder, ix->next_number, e));
	return add_part(ix, ix->next_number++, e);
}

/* Marks it dead; the bits are copied first when a view shares them. False when memory is short. */
static bool kill_in(struct writing *w, int64_t document)
{
	if (bit_get(w->part.dead ? w->part.dead->bits : NULL, (uint64_t)document))
		return true;
	if (!w->changed) {
		struct dead *own = dead_new(w->part.dead, w->part.segment->head->documents);
		if (!own)
			return false;
		dead_unref(w->part.dead);
		w->part.dead = own;
		w->changed = true;
	}
	dead_add(w->part.dead, w->part.segment, (uint64_t)document);
	return true;
}

static enum code remove_document(struct index *ix, int64_t id, struct error *e)
{
	builder_remove(ix->builder, id);
	for (size_t i = 0; i < ix->count; i++) {
		int64_t document = segment_document(ix->parts[i].part.segment, id);
		if (document >= 0 && !kill_in(&ix->parts[i], document))
			return error_nomem(e);
	}
	return OK;
}

enum code index_remove(struct index *ix, int64_t id, struct error *e)
{
	return remove_document(ix, id, e);
}

enum code index_put(struct index *ix, const struct document *d, struct error *e)
{
	TRY(remove_document(ix, d->id, e));
	if (builder_full(ix->builder))
		TRY(flush(ix, e));
	return builder_add(ix->builder, ix->analyser, d, e);
}

void index_clear(struct index *ix)
{
	builder_clear(ix->builder);
	for (size_t i = 0; i < ix->count; i++)
		retire(ix, &ix->parts[i].part);
	ix->count = 0;
	ix->progress = (struct index_progress){ 0 };
}

/* --- merging -------------------------------------------------------------------------------------- */

static unsigned tier(const struct part *p)
{
	unsigned t = 0;
	for (uint64_t n = alive(p) / FIRST_TIER; n; n /= MERGE_WIDTH)
		t++;
	return t < TIERS ? t : TIERS - 1;
}

/* Replaces the chosen parts by one. What lived in them is found in the new one, so no document is lost between. */
static enum code merge(struct index *ix, const bool *chosen, struct error *e)
{
	struct merge_part parts[SEGMENTS_MOST];
	size_t count = 0, kept = 0, documents = 0;
	int64_t number = ix->next_number++;
	for (size_t i = 0; i < ix->count; i++)
		if (chosen[i])
			parts[count++] = (struct merge_part){ ix->parts[i].part.segment, ix->parts[i].part.dead ? ix->parts[i].part.dead->bits : NULL };
	TRY(segments_merge(parts, count, ix->folder, number, &documents, e));
	struct segment *merged = NULL;
	if (documents)
		TRY(segment_open(ix->folder, number, NULL, &merged, e));
	for (size_t i = 0; i < ix->count; i++) {
		if (!chosen[i]) {
			ix->parts[kept++] = ix->parts[i];
			continue;
		}
		retire(ix, &ix->parts[i].part);
	}
	ix->count = kept;
	if (merged)
		ix->parts[ix->count++] = (struct writing){ { merged, NULL }, false };
	return OK;
}

static bool choose_dead(const struct index *ix, bool *chosen, bool forget)
{
	bool any = false;
	for (size_t i = 0; i < ix->count; i++) {
		const struct part *p = &ix->parts[i].part;
		chosen[i] = p->dead && (forget ? p->dead->count > 0 : p->dead->count * 3 > p->segment->head->documents);
		any |= chosen[i];
	}
	return any;
}

/* As many of one tier as make a merge worth it. */
static bool choose_tier(const struct index *ix, bool *chosen)
{
	for (unsigned t = 0; t < TIERS; t++) {
		size_t n = 0, bytes = 0;
		for (size_t i = 0; i < ix->count; i++) {
			chosen[i] = tier(&ix->parts[i].part) == t;
			n += chosen[i];
			bytes += chosen[i] ? ix->parts[i].part.segment->size : 0;
		}
		if (n >= MERGE_WIDTH && bytes <= MERGE_BYTES_MOST)
			return true;
	}
	return false;
}

static enum code tidy(struct index *ix, bool forget, struct error *e)
{
	bool chosen[SEGMENTS_MOST];
	if (choose_dead(ix, chosen, forget))
		TRY(merge(ix, chosen, e));
	while (choose_tier(ix, chosen))
		TRY(merge(ix, chosen, e));
	return OK;
}

/* --- committing ----------------------------------------------------------------------------------- */

static bool list_dead(const struct part *p, struct arena *arena, struct manifest_segment *ret)
{
	if (!p->dead || !p->dead->count)
		return true;
	uint32_t *dead = ARENA_ARRAY(arena, p->dead->count, uint32_t);
	for (uint64_t d = 0; dead && d < p->segment->head->documents; d++)
		if (bit_get(p->dead->bits, d) && ret->dead_count < p->dead->count)
			dead[ret->dead_count++] = (uint32_t)d;
	ret->dead = dead;
	return dead != NULL;
}

static enum code write_manifest(struct index *ix, const struct index_progress *progress, struct error *e)
{
	CLEAN_ARENA struct arena *arena = arena_new(MANIFEST_MOST * 2);
	CLEAN_BUF struct buf out;
	struct manifest *m = arena ? ARENA_NEW(arena, struct manifest) : NULL;
	buf_init(&out, MANIFEST_MOST);
	if (!m)
		return error_nomem(e);
	memcpy(m->layout, ix->layout, sizeof m->layout);
	m->progress = *progress;
	m->next_number = ix->next_number;
	for (size_t i = 0; i < ix->count; i++) {
		struct manifest_segment *s = &m->segments[m->count++];
		s->number = ix->parts[i].part.segment->number;
		memcpy(s->digest, ix->parts[i].part.segment->digest, sizeof s->digest);
		if (!list_dead(&ix->parts[i].part, arena, s))
			return error_nomem(e);
	}
	manifest_write(m, &out);
	struct str path = arena_format(arena, "%s/manifest", ix->folder_text);
	if (!buf_ok(&out) || !path.data)
		return error_nomem(e);
	return file_replace(path, buf_str(&out), 0600, e);
}

/* Gives readers what was committed. */
static void show(struct index *ix)
{
	struct part old[SEGMENTS_MOST];
	size_t old_count;
	pthread_mutex_lock(&ix->lock);
	old_count = ix->shown_count;
	memcpy(old, ix->shown, sizeof old);
	for (size_t i = 0; i < ix->count; i++) {
		ix->shown[i] = part_ref(&ix->parts[i].part);
		ix->parts[i].changed = false; /* shared now */
	}
	ix->shown_count = ix->count;
	pthread_mutex_unlock(&ix->lock);
	for (size_t i = 0; i < old_count; i++)
		part_unref(&old[i]);
}

enum code index_publish(struct index *ix, struct error *e)
{
	TRY(flush(ix, e));
	TRY(tidy(ix, false, e));
	show(ix);
	return OK;
}

enum code index_commit(struct index *ix, const struct index_progress *p, bool forget, struct error *e)
{
	TRY(flush(ix, e));
	TRY(tidy(ix, forget, e));
	for (size_t i = 0; i < ix->count; i++) /* a manifest names only what is on disk */
		TRY(segment_sync(ix->parts[i].part.segment, e));
	TRY(write_manifest(ix, p, e));
	ix->progress = *p;
	for (size_t i = 0; i < ix->retired_count; i++) {
		atomic_store(&ix->retired[i].segment->unwanted, true);
		part_unref(&ix->retired[i]);
	}
	ix->retired_count = 0;
	show(ix);
	return OK;
}

/* --- views ---------------------------------------------------------------------------------------- */

struct index_view *index_view(struct index *ix)
{
	pthread_mutex_lock(&ix->lock);
	struct index_view *v = mem_new(sizeof *v + ix->shown_count * sizeof *v->parts);
	for (size_t i = 0; v && i < ix->shown_count; i++) {
		v->parts[v->count++] = part_ref(&ix->shown[i]);
		v->documents += (int64_t)alive(&ix->shown[i]);
		v->words += ix->shown[i].segment->words - (ix->shown[i].dead ? ix->shown[i].dead->words : 0);
	}
	pthread_mutex_unlock(&ix->lock);
	return v;
}

void index_view_free(struct index_view *v)
{
	for (size_t i = 0; v && i < v->count; i++)
		part_unref(&v->parts[i]);
	mem_free(v);
}

int64_t index_documents(const struct index_view *v)
{
	return v->documents;
}
