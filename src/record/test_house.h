/* A small organisation for the tests: a house with two wings, people with different rights, and a pack that has one kind
 * for each thing that can go wrong. Neighbours: test_write.c, test_erase.c. */
#pragma once
#include "test_rig.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

struct house {
	struct rig *r;
	int64_t root, east, west;         /* entities; the wings below the root */
	int64_t ann, bob, cyd, dan, eve;  /* ann: everything in the east; bob: the same in the west; cyd: own things;
	                                     dan: reads in the east, no confidential or personal fields; eve: like ann, with a
	                                     ceiling of 500.00 for scrapping */
	int64_t desk;                     /* a site in the east */
};

extern const struct embedded house_pack[];
/* `postgres` as for rig_new(). */
struct house *house_new(const char *postgres);
void house_free(struct house *h);
/* Adds `extra` (ends with person 0, may be NULL) to what the people of the house may do. */
void house_world(struct house *h, const struct rig_grant *extra);

/* Values as JSON with ' for " and ids by %: house_create(h, h->ann, "thing", h->east, &ref, "{'site':'%lld'}", h->desk). */
enum code house_create(struct house *h, int64_t person, const char *kind, int64_t entity, struct record_ref *ret, const char *format, ...)
	__attribute__((format(printf, 6, 7)));
enum code house_update(struct house *h, int64_t person, const char *kind, int64_t id, struct record_ref *ret, const char *format, ...)
	__attribute__((format(printf, 6, 7)));
enum code house_step(struct house *h, int64_t person, const char *kind, int64_t id, const char *transition, const char *format, ...)
	__attribute__((format(printf, 6, 7)));
enum code house_archive(struct house *h, int64_t person, const char *kind, int64_t id, bool back);
enum code house_erase(struct house *h, int64_t person, int64_t id);
/* The program makes it; fails the test when it cannot. */
int64_t house_make(struct house *h, const char *kind, int64_t entity, const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The call must answer the code; of a refusal, its text must contain `part`. */
#define expect(h, expr, code, part) expect_((h), (expr), (code), (part), __FILE__, __LINE__)
void expect_(struct house *h, enum code is, enum code should, const char *part, const char *file, int line);
/* The first column of a query, whose places are ids. */
#define expect_sql(h, value, ...) expect_sql_((h), (value), __FILE__, __LINE__, __VA_ARGS__)
void expect_sql_(struct house *h, const char *value, const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
#define expect_part(text, part) expect_part_((text), (part), true, __FILE__, __LINE__)
#define expect_no_part(text, part) expect_part_((text), (part), false, __FILE__, __LINE__)
void expect_part_(struct str text, const char *part, bool there, const char *file, int line);
