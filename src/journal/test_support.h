/* What the journal's tests share: a log in a temporary database with a clock and randomness of its own.
 * Neighbours: test_journal.c, test_verify.c, test_succession.c, test_torture.c, test_postgres.c. */
#pragma once
#include "base/arena.h"
#include "base/buf.h"
#include "journal/journal.h"
#include "journal/tree.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

struct fixture {
	struct arena *arena;
	struct error e;
	struct str folder; /* temporary; removed at the end */
	struct str path;   /* of the database */
	struct store *store;
	struct conn *c;
	struct journal_options options;
	struct random_seeded seeded;
	struct random_source random;
	struct clock clock;
	int64_t time;
	struct journal *j;
	int64_t next_id;
};

/* A fresh SQLite file; `head` makes the journal keep a head file in the folder. */
struct fixture *fixture_new(bool head);
/* The same over a store that is open already; the fixture closes it. */
struct fixture *fixture_over(struct store *store);
void fixture_free(struct fixture *f);
/* Opens or closes the journal; the connection stays. */
void fixture_open(struct fixture *f);
void fixture_close(struct fixture *f);
/* Closes and opens the database file again, perhaps another one put in its place. */
void fixture_reopen(struct fixture *f);

/* Appends `count` entries in one transaction. */
void append_many(struct fixture *f, size_t count);
/* Integrates until nothing is left. */
void integrate_all(struct fixture *f, size_t batch);
void fill(struct fixture *f, size_t count);
struct journal_head head_of(struct fixture *f);
struct str resource(struct fixture *f, const char *path);
void run_sql(struct fixture *f, const char *sql);
int64_t ask_int(struct fixture *f, const char *sql);
#define assert_ok(f, expr) assert_ok_((f), (expr), #expr, __FILE__, __LINE__)
void assert_ok_(struct fixture *f, enum code code, const char *what, const char *file, int line);
