/* Operations: the only way anything happens. One row says everything: its name, what it takes and gives, the
 * authority it needs, the C function that runs it. HTTP routes, command-line verbs, OpenAPI, man pages and
 * automations are all read off this table. Kinds bring theirs (kind_operations.c), modules theirs. */
#pragma once
#include "model/value.h"

struct call;

enum op_access { OP_READ, OP_WRITE };

enum op_flags {
	OP_PUBLIC = 1 << 0,  /* needs no sign-in */
	OP_TARGET = 1 << 1,  /* is about one record: {id} in the path */
	OP_PATCH = 1 << 2,   /* input is a JSON merge patch (RFC 7396): every field optional */
	OP_QUERY = 1 << 3,   /* takes list parameters (record/query.h) */
	OP_SLOW = 1 << 4,    /* `prepare` is heavy: runs on the slow pool, never on a request thread */
	OP_ROOT = 1 << 5,    /* the function must be held for the whole organisation */
	OP_NO_PROPOSAL = 1 << 6, /* cannot be stored to run later (sign-in, proposals themselves) */
	OP_SECRET = 1 << 7,  /* input or output holds secrets: no idempotency store, no cache */
	OP_OWN_ENTRY = 1 << 8, /* journaled even when no record changed (sign-in) */
};

struct operation {
	const char *name;     /* "graph.impact", "device.create" */
	const char *help;     /* msgid */
	const char *function; /* authority; NULL: any signed-in caller (or the record layer decides) */
	enum op_access access;
	unsigned flags;
	const struct field *input;  /* ends with name == NULL; NULL: takes nothing */
	const struct field *output; /* the same; NULL with a kind: the kind's record */
	/* On a request (or slow) thread, before the write queue; may be NULL. Must not touch the writer. */
	enum code (*prepare)(struct call *c, struct error *e);
	enum code (*run)(struct call *c, struct error *e);
	/* Frees what prepare left in c->scratch beyond the arena; may be NULL. */
	void (*release)(struct call *c);
	const struct kind *kind;             /* for operations of a kind */
	const struct transition *transition; /* for its transitions */
	/* Filled by the registry when NULL: POST /api/<name with '/' for '.'> */
	const char *method, *path;
	/* Filled by the registry. */
	int function_index;  /* dense index in the model, -1: none */
	unsigned index;      /* place in the registry, for metrics */
};

/* Is its input read from the address, a parameter a field? Operations by GET that are not lists. */
bool operation_input_in_address(const struct operation *op);

/* The operations in force: those of all modules and of all kinds of a model. Immutable. */
struct registry;
struct registry *registry_ref(struct registry *r);
void registry_unref(struct registry *r);
size_t registry_count(const struct registry *r);
const struct operation *registry_at(const struct registry *r, size_t i); /* sorted by name */
const struct operation *registry_find(const struct registry *r, struct str name);
const struct model *registry_model(const struct registry *r);
/* Matches a request; *ret_target gets {id}. NULL with *ret_path_known telling 404 from 405. */
const struct operation *registry_route(const struct registry *r, struct str method, struct str path,
				       int64_t *ret_target, bool *ret_path_known);
/* From modules' tables and a model (referenced). */
struct module;
enum code registry_build(const struct module *const *modules, const struct model *m, struct registry **ret,
			 struct error *e);
/* NULL-ended names of all functions that modules' operations need, for model_load's `extra`. */
enum code registry_functions(const struct module *const *modules, struct arena *arena, const char *const **ret,
			     struct error *e);
