/* Processing pipelines of Sigma, in the YAML that pySigma reads: they fit rules to the names and shapes one's own events have.
 * A pipeline rewrites the document of a rule before it is compiled; what follows never knows that there was one.
 *
 * Understood: transformations field_name_mapping, field_name_prefix_mapping, field_name_prefix, field_name_suffix,
 * drop_detection_item, hashes_fields, extract_fields, wildcard_placeholders, value_placeholders, add_condition, change_logsource,
 * add_field, remove_field, set_field, replace_string, map_string, set_value, convert_type, case, regex, set_state,
 * set_custom_attribute, rule_failure, detection_item_failure, strict_field_mapping_failure, nest; all conditions on rules, items and
 * field names, with their operators, negations and expressions; vars; priorities. What writes queries (postprocessing, finalizers)
 * has nothing to act on here and is passed over; what needs a query language or fetches from outside
 * (query_expression_placeholders, file_placeholders, http_placeholders, command_placeholders) is refused.
 *
 * A field mapped to several stands for any of them: its map of a rule becomes a list of maps. A map can then name a field twice. */
#pragma once
#include "base/error.h"

struct arena;
struct pipeline;
struct yaml;

struct pipeline_source {
	struct str file; /* named in errors */
	struct str text;
};

/* Reads pipelines and joins them in the order of their priorities, equal ones as given. Immutable, for any number of threads;
 * owned by the caller. E_INVALID with file, line and what was expected. */
enum code pipeline_new(const struct pipeline_source *sources, size_t count, struct pipeline **ret, struct error *e);
void pipeline_free(struct pipeline *p);
/* A rewritten copy of one document (rule, correlation or filter), in `arena`; both keep nothing of each other. E_INVALID when the
 * pipeline refuses the rule or leaves nothing of it, E_LIMIT when it would grow past bounds. */
enum code pipeline_apply(const struct pipeline *p, const struct yaml *document, struct arena *arena, const struct yaml **ret,
			 struct error *e);

static inline void pipeline_cleanup_(struct pipeline **p) { pipeline_free(*p); }
#define CLEAN_PIPELINE __attribute__((cleanup(pipeline_cleanup_)))
