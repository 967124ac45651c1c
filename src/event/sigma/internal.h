/* What the files of sigma/ share: rules as they are matched. Everything is immutable once sigma_rules_ready() has run.
 * item.c reads, condition.c joins, rule.c makes rules of documents; match.c and its helpers judge events. */
#pragma once
#define PCRE2_CODE_UNIT_WIDTH 8
#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/yaml.h"
#include "event/sigma.h"
#include <pcre2.h>

/* --- strings of rules: code points, and these (item.c makes them, pattern.c compiles them) ----------------------- */
enum { PART_ANY = -1, PART_ONE = -2, PART_DASH = -3 };
typedef VEC(int32_t) parts_t;

struct piece { /* literal bytes, or one character of a class */
	int32_t special; /* 0, PART_ONE or PART_DASH */
	struct str text;
};
struct segment { /* what stands between stars */
	const struct piece *pieces;
	size_t count;
};
struct pattern {
	const struct segment *segments;
	size_t count;
	bool any_first, any_last; /* a star before the first and after the last segment */
	bool exact;               /* no wildcard at all */
	struct str longest;       /* its longest literal; empty: it has none */
};
enum code pattern_make(const int32_t *parts, size_t count, bool cased, struct arena *arena, struct pattern *ret, struct error *e);
bool pattern_matches(const struct pattern *p, struct str value);

/* Simple case folding, character by character (Unicode, CaseFolding.txt, C and S). `out` has room for 3 * len + 1 bytes. */
size_t fold_text(struct str s, char *out);
int32_t fold_point(int32_t c);
bool is_word(int32_t c);

/* --- numbers and dates (number.c) --------------------------------------------------------------------------------- */
#define DIGITS_MOST 48
struct decimal_text { /* ± 0.d1d2d3… × 10^exponent; no digits: zero */
	bool negative;
	int64_t exponent;
	size_t count;
	char digits[DIGITS_MOST];
};
bool decimal_text_parse(struct str s, struct decimal_text *ret);
int decimal_text_cmp(const struct decimal_text *a, const struct decimal_text *b);
enum time_part { TIME_NONE, TIME_MINUTE, TIME_HOUR, TIME_DAY, TIME_WEEK, TIME_MONTH, TIME_YEAR };
bool time_part_of(struct str text, enum time_part part, int64_t *ret);
/* Microseconds since 1970 of a date and time as logs write them (RFC 3339 and its like), or of a number of seconds,
 * milliseconds, microseconds or nanoseconds. */
bool time_of_text(struct str text, int64_t *ret);

/* --- what one wanted value is ------------------------------------------------------------------------------------- */
enum test_kind { TEST_STRING, TEST_NULL, TEST_REGEX, TEST_CIDR, TEST_NUMBER, TEST_TIME, TEST_REFERENCE };
enum comparison { CMP_EQ, CMP_LT, CMP_LTE, CMP_GT, CMP_GTE };
struct test {
	enum test_kind kind;
	bool cased;
	union {
		struct pattern pattern;
		pcre2_code *regex;
		struct {
			unsigned char address[16];
			unsigned bits;
			bool six;
		} network;
		struct {
			enum comparison how;
			enum time_part part;
			struct decimal_text number;
		} compared;
		struct {
			unsigned slot;
			bool any_first, any_last;
		} reference;
	};
};
bool network_parse(struct str s, struct test *ret);
bool network_has(const struct test *t, struct str address);

struct wanted { /* one value of a rule, and all that it stands for: any of them will do */
	const struct test *tests;
	size_t count;
};
enum { SLOT_EVERYTHING = 0 };
struct item {
	unsigned slot;
	bool all, neq, keyword;
	int exists; /* -1: not asked */
	const struct wanted *wanted;
	size_t count;
	unsigned cost;
	struct str key; /* as written, for explanations */
};

enum node_kind { NODE_ITEM, NODE_AND, NODE_OR, NODE_NOT };
struct node {
	enum node_kind kind;
	unsigned item; /* NODE_ITEM */
	const struct node *const *parts;
	size_t count;
	unsigned cost;
	struct str name; /* of a search identifier, for explanations; else empty */
};

struct logsource {
	struct str product, category, service; /* lower case; empty: not given */
};

struct rule {
	struct sigma_rule told;
	unsigned source; /* place in sources */
	const struct node *root; /* NULL: a correlation */
	const struct correlation *correlation;
};

/* Something a rule cannot hold without: a text that a value of a field has inside, or is. */
struct atom {
	unsigned slot;
	bool exact;
	struct str text; /* folded */
};
struct requirement { /* one of these atoms must be there; none: nothing is required */
	unsigned *atoms;
	size_t count;
	double cost;
	bool known;
};

struct sigma_rules {
	struct arena *arena;
	struct map *slots;     /* field name → slot + 1 */
	VEC(struct str) names; /* by slot */
	struct map *dotted;    /* first part of a dotted name → struct dotted */
	struct map *item_keys; /* canonical text → item + 1 */
	VEC(struct item) items;
	VEC(struct rule) rules;
	VEC(struct logsource) sources; /* different ones */
	VEC(struct filter) filters;
	VEC(struct sigma_fault) faults;
	struct map *atom_keys;
	VEC(struct atom) atoms;
	struct requirement *required; /* by rule */
	VEC(pcre2_code *) regexes;
	bool ready;
};
struct dotted { /* a field further down */
	unsigned slot;
	struct str rest;
	struct dotted *next;
};

struct filter {
	struct str name;
	const struct str *rules; /* ids or names; NULL: any */
	size_t rule_count;
	struct logsource source;
	const struct node *root;
};

/* The document at hand. */
struct reading {
	struct sigma_rules *set;
	struct arena *scratch; /* as long as the document */
	struct str file;
	const struct yaml *at; /* the value being read, for its line */
	struct map *searches;  /* name → const struct node */
	struct error *e;
};
enum code refuse(struct reading *r, const struct yaml *at, const char *msgid, struct str what);
enum code slot_of(struct sigma_rules *s, struct str name, unsigned *ret, struct error *e);
/* A scalar as YAML 1.1 means it. */
enum scalar_type { SCALAR_NULL, SCALAR_BOOL, SCALAR_TEXT };
enum code scalar_read(struct sigma_rules *s, const struct yaml *y, enum scalar_type *ret_type, struct str *ret_text, struct error *e);
/* `field|modifier…: values`. `keyword`: a bare value, looked for in the whole event. */
enum code item_read(struct reading *r, const struct yaml *y, bool keyword, const struct node **ret);
enum code search_read(struct reading *r, const struct yaml *y, const struct node **ret);
enum code condition_read(struct reading *r, const struct yaml *at, struct str text, const struct node **ret);
enum code node_join(struct sigma_rules *s, enum node_kind kind, const struct node **parts, size_t count, const struct node **ret, struct error *e);
enum code requirements_make(struct sigma_rules *s, struct error *e);
enum code logsource_read(struct sigma_rules *s, const struct yaml *y, struct logsource *ret, struct error *e);

/* --- correlations (correlate.c) ----------------------------------------------------------------------------------- */
enum code correlation_read(struct reading *r, const struct yaml *y, const struct correlation **ret);
enum code correlation_resolve(struct sigma_rules *s, struct rule *rule, struct error *e);

/* --- the taxonomy (sources.c) --------------------------------------------------------------------------------------- */
bool source_fits(const struct logsource *wanted, struct str channel, struct str number, struct str provider);

/* --- many literals at once (scan.c) ---------------------------------------------------------------------------------- */
struct scanner;
struct literal {
	struct str text;
	unsigned atom;
};
struct scanner *scanner_new(const struct literal *literals, size_t count);
void scanner_free(struct scanner *s);
typedef void scan_found(void *data, unsigned atom);
void scanner_run(const struct scanner *s, struct str text, scan_found *found, void *data);
