/* A module: what a folder of src/ contributes to the running program. app/modules.c holds the only list. */
#pragma once
#include "kernel/operation.h"
#include "store/schema.h"

struct kernel;
struct kernel_job;

struct job_spec { /* background work; one runner for the whole program */
	const char *name;
	const char *help;
	int64_t every;    /* microseconds between runs; 0: whenever something was committed */
	bool leased;      /* one process at a time (PostgreSQL) */
	bool writes;      /* needs a write connection */
	/* *ret_again: there is more to do at once. */
	enum code (*run)(struct kernel *k, struct conn *c, void *state, bool *ret_again, struct error *e);
};

struct module {
	const char *name;
	const struct operation *operations;         /* ends with name == NULL */
	const struct table_def *const *tables;      /* ends with NULL; tables of its own in the estate's store */
	const struct job_spec *jobs;                /* ends with name == NULL */
	/* Once, after the tables are there; *ret_state is passed to jobs and found by kernel_state(). */
	enum code (*start)(struct kernel *k, void **ret_state, struct error *e);
	void (*stop)(void *state);
	/* Asked about every row just written, inside the call's savepoint; not OK refuses the call. May be NULL. */
	enum code (*judge)(struct call *c, void *state, const struct kind *k, int64_t id, struct error *e);
};

/* The kernel's own modules and the given ones as one NULL-ended list in the arena; NULL when out of memory. For those
 * who build a registry without starting a kernel (man pages, completion). */
struct arena;
const struct module *const *kernel_all_modules(struct arena *arena, const struct module *const *given);
