/* A correlation as it was read, then as it is joined with the rules it names. Neighbours: correlate_read.c fills it,
 * correlate.c runs it. */
#pragma once
#include "internal.h"

enum correlation_type { EVENT_COUNT, VALUE_COUNT, TEMPORAL, TEMPORAL_ORDERED, VALUE_SUM, VALUE_AVG, VALUE_PERCENTILE };
enum { TEST_EQ, TEST_NEQ, TEST_LT, TEST_LTE, TEST_GT, TEST_GTE };
struct measure_test {
	int how;
	double number;
};
struct correlation_input { /* a rule it names */
	struct str name;
	unsigned rule;
	const unsigned *group; /* slots of group-by; UINT_MAX: the alias does not know this rule, so its events have no group */
};
struct correlation {
	enum correlation_type type;
	struct correlation_input *inputs;
	size_t input_count;
	const struct str *group;
	size_t group_count;
	const unsigned *fields; /* slots of condition's field */
	size_t field_count;
	int64_t span; /* microseconds */
	struct measure_test tests[6];
	size_t test_count;
	double percentile;
	bool generate;
	unsigned **aliases; /* by group field, by input: slot; or NULL */
	unsigned index;     /* its own rule */
};
struct follower { /* a correlation that looks at a rule, and as which of its inputs */
	const struct correlation *correlation;
	size_t input;
	struct follower *next;
};
struct captures { /* of a rule: the slots that correlations above it need */
	struct follower *followers;
	unsigned *slots;
	size_t count;
};
