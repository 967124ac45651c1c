/* Detection rules of Sigma 2.1.0: read once into an immutable set, then matched against events by any number of threads, each
 * with a scratch of its own. Neighbours: format.h and JSON give events, pipeline.h rewrites rules before they are read,
 * correlate.h follows what the rules found over time.
 * Source: Sigma specification 2.1.0 (rules, modifiers, correlations, filters, taxonomy). Where it leaves a choice, README.md says
 * which was taken. */
#pragma once
#include "base/error.h"
#include "base/vec.h"

struct arena;
struct event_pairs;
struct json;
struct json_writer;
struct pipeline;
struct sigma_rules;
struct sigma_scratch;

struct sigma_rule { /* what is told of a rule */
	struct str id, name, title, level;
	const struct str *tags;
	size_t tag_count;
	struct str file;
	unsigned line;
	bool correlation; /* not matched against events: fed with what others find */
	bool silent;      /* only there for a correlation, which does not `generate` it */
	unsigned index;
};

struct sigma_fault { /* a document that was not loaded */
	struct str text; /* "file:line:column: …", English */
};

/* A set that is being filled. `pipeline` may be NULL and must outlive the loading. */
enum code sigma_rules_new(struct sigma_rules **ret, struct error *e);
void sigma_rules_free(struct sigma_rules *s);
/* All documents of a file; what is wrong with one is noted as a fault and does not stop the others. E_NOMEM only. */
enum code sigma_rules_add(struct sigma_rules *s, struct str file, struct str text, const struct pipeline *pipeline, struct error *e);
/* Resolves correlations and filters and makes it ready; nothing can be added after. */
enum code sigma_rules_ready(struct sigma_rules *s, struct error *e);
size_t sigma_rules_count(const struct sigma_rules *s);
const struct sigma_rule *sigma_rules_at(const struct sigma_rules *s, size_t i);
size_t sigma_faults_count(const struct sigma_rules *s);
const struct sigma_fault *sigma_faults_at(const struct sigma_rules *s, size_t i);

/* One per thread. `all_sources`: log sources of rules are not looked at. */
struct sigma_scratch *sigma_scratch_new(const struct sigma_rules *s, bool all_sources);
void sigma_scratch_free(struct sigma_scratch *x);

/* The event at hand: all later calls are about it, until the next one. Views into `j` or `pairs` are kept until then. */
enum code sigma_event_json(struct sigma_scratch *x, const struct json *j, struct error *e);
enum code sigma_event_pairs(struct sigma_scratch *x, const struct event_pairs *pairs, struct error *e);
/* The rules that hold, by index, ascending; the list belongs to the scratch. */
enum code sigma_match(struct sigma_scratch *x, const unsigned **ret, size_t *ret_count, struct error *e);
/* The first value of a field as text; STR_NONE when the event has none. The field must have been asked for by a rule. */
struct str sigma_event_field(struct sigma_scratch *x, struct str field);
/* When it happened, microseconds since 1970, by the usual names ("@timestamp", UtcTime, TimeCreated …); false: it does not say. */
bool sigma_event_time(struct sigma_scratch *x, int64_t *ret);
/* Regular expressions that were given up because they would not end, so far. */
size_t sigma_given_up(const struct sigma_scratch *x);
/* Which part of a rule's condition holds for the event and which does not, as JSON. */
enum code sigma_explain(struct sigma_scratch *x, const struct sigma_rule *rule, struct json_writer *w, struct error *e);
