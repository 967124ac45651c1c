/* Correlations of Sigma 2.1.0: what rules found, counted over time by group. One stream in the order of time; whoever reads events with
 * several threads joins their hits in order first. State is bounded: at most 65,536 events a group and 200,000 groups a
 * correlation, the oldest go first and are counted. Neighbours: sigma.h has the rules. */
#pragma once
#include "event/sigma.h"

struct correlations;

/* NULL when out of memory. */
struct correlations *correlations_new(const struct sigma_rules *s);
void correlations_free(struct correlations *c);
/* How many fields of the event correlations need when `rule` holds; SIZE_MAX: none looks at it. Thread-safe, as the next. */
size_t correlations_captures(const struct correlations *c, unsigned rule);
/* The text of each of them for the event at hand, in the arena; STR_NONE where it has none. */
enum code correlations_capture(const struct correlations *c, struct sigma_scratch *x, unsigned rule, struct arena *arena, struct str *ret,
			       struct error *e);
/* `rule` held at `time` (microseconds). `fired` is called for each correlation that fires with it, those of correlations included. */
typedef enum code correlation_fired(void *data, unsigned correlation, struct error *e);
enum code correlations_feed(struct correlations *c, unsigned rule, int64_t time, const struct str *captured, correlation_fired *fired, void *data,
			    struct error *e);
/* Events and groups that had to be forgotten before their time. */
size_t correlations_forgotten(const struct correlations *c);
