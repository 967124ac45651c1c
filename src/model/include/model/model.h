/* The model: everything the packs declare, as plain immutable structs. Kinds become tables, operations,
 * permissions, forms and translation keys elsewhere; here they are only read, checked and held.
 *
 * A pack is a folder:  pack.yaml  kinds/<kind>.yaml  functions.yaml  roles.yaml  placements.yaml  po/<lang>.po
 * A model is loaded whole and replaced whole; struct model is reference-counted (model_ref/unref) and
 * everything inside lives as long as it. All texts for people are English msgids (catalog.h). */
#pragma once
#include "base/catalog.h"
#include "base/clock.h"
#include "base/embed.h"

struct arena;
struct kind;

enum field_type {
	FIELD_TEXT,
	FIELD_INT,
	FIELD_DECIMAL, /* scaled integer, see field.scale */
	FIELD_MONEY,   /* two columns: <name> (minor units), <name>_currency (ISO 4217) */
	FIELD_DATE,    /* days since 1970-01-01 */
	FIELD_TIME,    /* microseconds since 1970-01-01T00:00Z */
	FIELD_BOOL,
	FIELD_CHOICE, /* one of field.choices, stored as its name */
	FIELD_REF,    /* id of a record of field.to */
	FIELD_REFS,   /* ordered ids, in the link table <kind>_<field>(id, position, target) */
	FIELD_GEO,    /* GeoJSON geometry (RFC 7946), stored as text */
	FIELD_FILE,   /* {"name","type","size","sha256"}, stored as JSON text */
	FIELD_JSON,
	FIELD_LOCAL, /* translated text: {"en": "…", "fr": "…"}, stored as JSON text */
	/* only in the inputs and outputs of operations: */
	FIELD_ID,     /* any record's id */
	FIELD_OBJECT, /* members in field.fields */
	FIELD_LIST,   /* items shaped like field.fields[0] */
};

enum field_flags {
	FIELD_REQUIRED = 1 << 0,
	FIELD_UNIQUE = 1 << 1,      /* among records that are not archived */
	FIELD_INDEXED = 1 << 2,     /* references always are */
	FIELD_TITLE = 1 << 3,       /* what the record is called: exactly one per kind */
	FIELD_NO_HISTORY = 1 << 4,  /* journal and history hold a digest only */
	FIELD_READ_ONLY = 1 << 5,   /* set by the program (collected, computed); values_from_json() refuses it from callers */
	FIELD_FACET = 1 << 6,       /* offered as a facet; choices and states always are */
	FIELD_MULTILINE = 1 << 7,
	FIELD_SEARCH = 1 << 8,
	FIELD_SEARCH_HIGH = 1 << 10, /* counts more when records are found by it; titles do anyway */
	FIELD_TREE = 1 << 9,        /* a reference to the same kind that must not make a cycle */
};

enum classification { CLASS_PUBLIC, CLASS_INTERNAL, CLASS_CONFIDENTIAL, CLASS_STRICT };

struct choice {
	const char *name;
	const char *title; /* msgid */
};

struct personal { /* the field holds data about a person */
	const char *purpose; /* msgid */
	struct period keep;  /* after archiving */
	const char *subject; /* "self", or the reference field that names the person */
};

struct field {
	const char *name; /* NULL ends an array of fields */
	enum field_type type;
	unsigned flags;
	const char *title; /* msgid */
	const char *help;  /* msgid, may be NULL */
	const char *to;    /* FIELD_REF, FIELD_REFS: kind name */
	const struct choice *choices; /* ends with name == NULL */
	const struct field *fields;   /* FIELD_OBJECT, FIELD_LIST */
	int scale;                    /* FIELD_DECIMAL: fraction digits, 0–9 */
	int64_t min, max;             /* numbers: range when either is non-zero (an open end is INT64_MIN or INT64_MAX);
	                                 texts, LOCAL: max bytes (0: 4,000); JSON: max bytes (0: 64 KiB) */
	const char *pattern;          /* FIELD_TEXT: "email", "hostname", "mac", "ip", "cidr", "uri", "currency",
	                                 "country", "lang", "uuid", "hex", or NULL */
	const char *otherwise;        /* default as text, or NULL; "today" and "now" for dates and times */
	enum classification classification;
	const struct personal *personal; /* NULL: not personal */
	const char *function;            /* needed to read it besides <kind>.read; NULL: none. Set from
	                                    classification ("<kind>.read_confidential") or personal
	                                    ("<kind>.read_personal") unless the pack names one */
	unsigned index;                  /* place in kind.fields */
};

struct transition {
	const char *name;
	const char *title;
	const char *const *from; /* state names, ends with NULL */
	const char *to;
	const char *function;        /* "device.write_off" */
	const char *ceiling;         /* money field whose amount the authority must cover, or NULL */
	const char *const *evidence; /* fields that must be set (before, or in the call), ends with NULL */
	const char *const *approvals; /* bodies or roles; ends with NULL (enforced by the authority issue's workflow) */
	struct period within;         /* deadline after entering `from`; zero: none */
};

struct state {
	const char *name;
	const char *title;
	bool final; /* no transition leads out */
};

struct kind_view {
	const char *const *list;   /* columns */
	const char *board_by;      /* field, or NULL */
	const char *calendar_at;   /* date field, or NULL */
	const char *map_at;        /* geometry field or "ref.field", or NULL */
};

enum kind_flags {
	KIND_ENTITY_TREE = 1 << 0, /* the kind whose records are the entities */
	KIND_SUBJECT = 1 << 1,     /* its records are persons: each has a key of its own */
	KIND_VIEW = 1 << 2,        /* read-only, defined by `select` */
	KIND_SYSTEM = 1 << 3,      /* made and changed by the program only; read like any other */
	KIND_SHARED = 1 << 4,      /* reference data: every signed-in caller may read it */
};

struct kind {
	const char *name; /* table name too: [a-z][a-z0-9_]{0,39} */
	const char *title, *plural, *help; /* msgids */
	const char *pack;
	const char *number; /* "DEV-{seq:6}", or NULL */
	unsigned flags;
	const struct field *fields; /* ends with name == NULL */
	size_t field_count;
	const struct state *states; /* NULL: stateless; the first is the initial one */
	size_t state_count;
	const struct transition *transitions;
	size_t transition_count;
	const char *const *const *identify; /* NULL-ended list of NULL-ended lists of field names */
	const char *owner;                  /* reference to a person who may see it as own, or NULL */
	struct kind_view view;
	const char *select;      /* KIND_VIEW: SELECT in the store's common subset; columns id, entity, then fields */
	const char *const *ask_by; /* KIND_VIEW: a list must name one of these fields by eq or in; NULL: may be asked for whole */
	const char *const *indexes; /* further indexes: "class, state", ends with NULL */
	unsigned title_field;    /* index of the FIELD_TITLE field */
	unsigned index;          /* place in model.kinds */
};

struct function { /* an authority one may hold */
	const char *name;  /* "device.write_off" */
	const char *title; /* msgid; for a kind's own just the verb ("Read", "Write off"): show it beside kind.plural */
	const char *pack;  /* "" when only an operation names it */
	unsigned index;    /* dense, for bit sets */
};

struct role_def { /* a role a pack ships; becomes a record of kind `role` */
	const char *name;
	const char *title;
	const char *const *grants; /* function patterns: "device.*", "*.read"; ends with NULL */
	const char *const *own;    /* the same, only on records whose owner field is the holder */
};

enum policy_mode { /* from loose to strict */
	POLICY_REPORT,   /* a record out of line becomes a finding */
	POLICY_APPROVAL, /* a change that brings it out of line waits for consent */
	POLICY_ENFORCE,  /* such a change is refused */
	POLICY_MODE_COUNT
};
enum severity { SEVERITY_LOW, SEVERITY_MEDIUM, SEVERITY_HIGH, SEVERITY_CRITICAL, SEVERITY_COUNT };
extern const char *const policy_mode_names[POLICY_MODE_COUNT + 1], *const severity_names[SEVERITY_COUNT + 1]; /* end with NULL */

struct policy { /* a question that names the records out of line */
	const char *name;            /* of its file; no two packs have the same */
	const char *pack;
	const char *title, *remedy;  /* msgids; remedy may be NULL */
	const char *about;           /* the kind whose records it names */
	enum policy_mode mode;       /* where no entity has another */
	enum severity severity;
	const char *const *controls; /* what it satisfies: "nist-800-53/SA-22"; ends with NULL */
	bool fixed;                  /* no entity may have a looser mode than `mode` */
	const char *sql;             /* a SELECT of `id` and, if there is more to say, `why` (query.h) */
	const char *file;            /* where it stands, for faults: the first line of `sql` is line `line` there */
	unsigned line;
};

struct placement_def { /* a row of the framework a pack ships; becomes a record of kind `placement` */
	const char *name;
	const char *mode;             /* "central", "delegated" or "local" */
	const char *const *functions; /* patterns; ends with NULL */
	const char *reason, *paragraph; /* paragraph NULL: none said */
};

struct pack {
	const char *name, *title, *version;
	const char *const *needs; /* packs that must be there */
};

struct model {
	const struct pack *packs;
	size_t pack_count;
	const struct kind *const *kinds; /* sorted by pack order, then name */
	size_t kind_count;
	const struct function *functions; /* sorted by name */
	size_t function_count;
	const struct role_def *roles;
	size_t role_count;
	const struct policy *policies; /* sorted by pack order, then name */
	size_t policy_count;
	const struct placement_def *placements;
	size_t placement_count;
	const struct catalog *catalog; /* program and pack translations */
	uint8_t digest[32];            /* SHA-256 over all sources, in order */
};

/* A place packs come from: the files built in, or folders. */
struct pack_source {
	struct str name;                     /* "core" */
	struct str folder;                   /* on disk, or empty: built in below "packs/<name>/" */
	const struct embedded *files;        /* when built in */
};

/* Finds the packs below a folder (each subfolder with a pack.yaml) or among built-in files. */
enum code pack_sources_find(struct arena *arena, struct str folder, const struct embedded *files,
			    struct pack_source **ret, size_t *ret_count, struct error *e);
/* Loads and checks everything; any fault refuses the whole with "file:line:column: expected …", several faults
 * at once as error items (pointer: "file:line:column", in the order found, at most 100). Function names beyond the
 * kinds' own come from functions.yaml and `extra` (the operations' functions, ends with NULL); with `extra` NULL
 * they are unknown here, so roles and fields may name any. po/<lang>.po among the built-in files are the program's
 * own texts. The language: docs/packs.md. */
enum code model_load(const struct pack_source *sources, size_t count, const char *const *extra,
		     const struct model **ret, struct error *e);
const struct model *model_ref(const struct model *m);
void model_unref(const struct model *m);

const struct kind *model_kind(const struct model *m, struct str name);
const struct field *kind_field(const struct kind *k, struct str name);
const struct state *kind_state(const struct kind *k, struct str name);
const struct transition *kind_transition(const struct kind *k, struct str name);
const struct function *model_function(const struct model *m, struct str name);
const struct policy *model_policy(const struct model *m, struct str name);
/* "device.*", "*.read", "*": does the pattern cover the function? */
bool function_matches(struct str pattern, struct str function);
