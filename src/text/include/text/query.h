/* What people type into the search box:  laptop nairobi "data centre" -printer serv*
 * All words must be there; a word in quotes as it is written, several in that order; what begins with '-' must not be
 * there; the last word, and one that ends in '*', may go on (prefix as one types). Reading it is pure; compiling it
 * makes of each word the ways it may be found. */
#pragma once
#include "text/words.h"

struct arena;

#define QUERY_BYTES_MOST 1000
#define QUERY_PARTS_MOST 64
#define QUERY_GROUPS_MOST 32

struct query_part {
	struct str text; /* a view into what was typed */
	bool quoted, excluded;
	bool open; /* its last word may go on */
};
/* Answers how many; what is past `most` is left out. Any bytes that are valid UTF-8. */
size_t query_parts(struct str typed, struct query_part *ret, size_t most);

enum match_how { MATCH_WHOLE, MATCH_START, MATCH_NEAR };
struct search_term {
	struct str form;
	enum match_how how;
};
struct search_way { /* one way to find a word: all these forms in one field */
	const struct search_term *terms;
	size_t count;
	float weight;
};
struct search_group { /* one word: found in any of these ways */
	const struct search_way *ways;
	size_t count;
	bool excluded;
	unsigned distance; /* misspellings allowed when it is found in no other way (MATCH_NEAR stands last); 0: none */
	bool near;         /* was found in no other way: set by index_find() */
};
struct search_query {
	struct search_group groups[QUERY_GROUPS_MOST];
	size_t count;
	size_t wanted;             /* groups that are not excluded */
	const struct str *phrases; /* as phrase_text() writes them */
	size_t phrase_count;
};
/* E_INVALID when no word is left to search for, and E_LIMIT when there are too many. */
enum code query_compile(struct analyser *a, struct str typed, struct arena *arena, struct search_query *ret, struct error *e);

/* Edits (insert, delete, replace, swap neighbours) between two texts, or most + 1 when there are more. */
unsigned edit_distance(struct str a, struct str b, unsigned most);

/* Where a text has what is asked for. */
struct match_range {
	size_t start, end; /* bytes */
};
struct match {
	uint64_t groups;  /* bit i: groups[i] is found here */
	uint64_t phrases; /* bit i: phrases[i] */
	struct match_range *ranges; /* sorted, apart; in the arena */
	size_t count;
};
enum code query_match(struct analyser *a, const struct search_query *q, struct str text, enum lang lang, struct arena *arena,
		      struct match *ret, struct error *e);
/* A text's words as written, folded, with one space between: what phrases are looked for in. */
enum code phrase_text(struct analyser *a, struct str text, struct arena *arena, struct str *ret, struct error *e);
