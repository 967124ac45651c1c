/* What the model's own files share: the loader while packs are read, and the drafts it checks before anything is
 * handed out. source.c finds and reads files, reader.c reads YAML by tables of keys, kind_read.c, field_read.c and
 * state_read.c build kinds, policy_read.c policies, check.c judges what needs all kinds, load.c puts the model together. */
#pragma once
#include "base/arena.h"
#include "base/map.h"
#include "base/vec.h"
#include "base/yaml.h"
#include "model/nearest.h"
#include "model/model.h"
#include <stdatomic.h>

#define NAME_MAX_BYTES 40
#define TEXT_MAX_DEFAULT 4000
#define TEXT_MAX_MOST 262144
#define REFS_MOST 1000
#define JSON_FIELD_BYTES 65536
#define JSON_FIELD_DEPTH 16
#define FIELD_BROKEN (1u << 31) /* while loading: its type was not understood, so judge nothing by it */

struct model_held { /* a model with what only its keeper needs; `model` is what callers see */
	struct model model;
	_Atomic unsigned refs;
	struct arena *arena;
	struct map *kinds; /* name → const struct kind */
	struct catalog *catalog;
};

struct source_file {
	struct str path; /* as named in errors */
	struct str name; /* below the pack's folder: "kinds/device.yaml" */
	struct str data;
};

struct pack_draft {
	struct pack pack;
	const struct pack_source *source;
	struct source_file *files;
	size_t file_count;
	struct str file;         /* pack.yaml */
	const struct yaml *root; /* NULL: could not be read */
	unsigned mark;           /* while ordering: 0 unseen, 1 under way, 2 placed */
	struct pack_draft *next; /* in loading order */
};

struct kind_draft {
	struct kind kind;
	struct field *fields; /* the same as kind.fields, while it may be changed */
	struct transition *transitions;
	struct pack_draft *pack;
	struct str file;
	const struct yaml *root;
};

struct function_draft {
	struct function function;
	bool extra; /* named by an operation only; a pack may give it a better title */
};

struct role_place {
	struct str file, place; /* place: "file:line" */
	const struct yaml *at;
};

/* Faults are collected, so that an author sees all at once; running out of memory is sticky in `failed`. */
struct loader {
	struct arena *arena;   /* the model's memory */
	struct arena *scratch; /* YAML trees and file texts; gone after loading */
	struct error *e;
	size_t faults;
	bool failed;
	enum code hard; /* a file that could not be read at all: ends the loading */
	struct str file; /* the one being read, for faults */
	VEC(struct pack_draft *) packs;
	struct map *pack_names; /* name → struct pack_draft */
	VEC(struct kind_draft *) kinds;
	struct map *kind_names; /* name → struct kind_draft */
	VEC(struct function_draft *) functions;
	struct map *function_names; /* name → struct function_draft */
	bool functions_open; /* operations' functions are not known: unknown names are let pass */
	VEC(struct role_def) roles;
	VEC(struct role_place) role_places; /* where each was read */
	VEC(struct policy) policies;
	struct map *policy_names; /* name → struct pack_draft that has it */
	VEC(struct placement_def) placements;
	VEC(struct role_place) placement_places;
	struct catalog *catalog;
};

/* --- model.c --- */
/* Empty, with one reference; NULL when out of memory. */
struct model_held *model_held_new(void);

/* --- source.c --- */
/* All files of a pack that the model is made of, sorted by name. */
enum code source_read(const struct pack_source *source, struct arena *arena, struct source_file **ret,
		      size_t *ret_count, struct error *e);

/* --- names.c --- */
bool name_valid(struct str name);
/* A word that would need quoting in SQL. */
bool name_reserved_sql(struct str name);
/* A column every record has, or a word of list queries. */
bool name_reserved_field(struct str name);
/* A column that lists, views and indexes may name beside the fields. */
bool name_system_column(struct str name);
/* "stock_take" → "Stock take"; NULL when out of memory. */
const char *name_title(struct arena *arena, struct str name);

/* --- reader.c --- */
/* Notes a fault at a place of the file being read. */
void loader_fault_(struct loader *l, const struct yaml *at, const char *msgid, const struct error_arg *args);
#define loader_fault(l, at, msgid, ...) loader_fault_((l), (at), (msgid), ERROR_ARGS_(__VA_ARGS__))
/* "expected one of …, found …", or "did you mean" when something is near. */
void loader_fault_unknown(struct loader *l, const struct yaml *at, const char *msgid, const char *msgid_near,
			  struct str word, const struct nearest *near);
/* Zeroed memory of the model's; NULL sets l->failed. */
void *loader_alloc(struct loader *l, size_t count, size_t size);
#define LOADER_NEW(l, count, type) ((type *)loader_alloc((l), (count), sizeof(type)))
const char *loader_copy(struct loader *l, struct str s);
/* Appends to a VEC; NULL sets l->failed. */
#define LOADER_ADD(l, v) ((__typeof__((v)->items))loader_added((l), VEC_ADD(v)))
void *loader_added(struct loader *l, void *item);

enum shape { SHAPE_TEXT, SHAPE_NAME, SHAPE_NAMES, SHAPE_BOOL, SHAPE_INT, SHAPE_MAP, SHAPE_ANY };
struct key {
	const char *name; /* NULL ends a table */
	enum shape shape;
	bool required;
};
/* Checks a map against its keys: unknown ones, missing ones, wrong shapes. False when a fault was noted. */
bool read_map(struct loader *l, const struct yaml *map, const struct key *keys);
bool read_shape(struct loader *l, const struct yaml *y, enum shape shape);
/* Readers of what read_map() let pass; they answer NULL (or the given value) when the key is not there. */
const char *read_text(struct loader *l, const struct yaml *map, const char *key);
bool read_bool(const struct yaml *map, const char *key, bool otherwise);
int64_t read_int(const struct yaml *map, const char *key, int64_t otherwise);
/* A list of names, or one name, as a NULL-ended array; never NULL unless out of memory. */
const char *const *read_names(struct loader *l, const struct yaml *y);
/* The title at `key`, or one made from `name`. */
const char *read_title(struct loader *l, const struct yaml *map, const char *key, struct str name);
/* The child of a map or list by number; for telling the place of a list's item. */
const struct yaml *yaml_nth(const struct yaml *y, size_t n);
/* The value at a key when `map` is a map, else NULL. */
const struct yaml *yaml_key(const struct yaml *map, const char *key);

/* Parses a file; a fault in the YAML itself is noted like any other. False when there is nothing to read. */
bool loader_parse(struct loader *l, const struct source_file *file, const struct yaml **ret);

/* --- kind_read.c, field_read.c, state_read.c --- */
void kind_read(struct loader *l, struct pack_draft *pack, const struct source_file *file);
void fields_read(struct loader *l, struct kind_draft *k, const struct yaml *map);
void states_read(struct loader *l, struct kind_draft *k, const struct yaml *states, const struct yaml *transitions);
void view_read(struct loader *l, struct kind_draft *k, const struct yaml *views);
struct field *draft_field(const struct kind_draft *k, struct str name);
/* A fault for a word that is no field of the kind. */
void fault_no_field(struct loader *l, const struct kind_draft *k, const struct yaml *at, struct str word);

/* --- function_read.c --- */
/* Declares an authority; the first title stays. */
void function_declare(struct loader *l, struct str name, const char *title, const char *pack);
void functions_of_kind(struct loader *l, struct kind_draft *k);
void functions_read(struct loader *l, struct pack_draft *pack, const struct source_file *file);
void roles_read(struct loader *l, struct pack_draft *pack, const struct source_file *file);
/* A list of patterns, or one, as a NULL-ended array; never NULL unless out of memory. */
const char *const *patterns_read(struct loader *l, const struct yaml *y);
/* "device.write_off": two to four names with dots between. */
bool function_name_valid(struct str name);
/* A whole name, "prefix.*", "*.suffix" or "*". */
bool function_pattern_valid(struct str s);

/* --- policy_read.c --- */
void policy_read(struct loader *l, struct pack_draft *pack, const struct source_file *file);

/* --- placement_read.c --- */
void placements_read(struct loader *l, const struct source_file *file);

/* --- check.c --- */
void check_kinds(struct loader *l);
/* That patterns of roles and placements cover something. */
void check_roles(struct loader *l);
