/* Configuration declared once: name, type, default, help. Read in this order, later wins: defaults, the file
 * <data>/mandate.yaml, MANDATE_<NAME> in the environment, --name on the command line. */
#pragma once
#include "base/error.h"

struct arena;

enum setting_type { SETTING_TEXT, SETTING_INT, SETTING_BYTES, SETTING_PERIOD, SETTING_BOOL };

struct setting {
	const char *name; /* "max-body" */
	enum setting_type type;
	const char *otherwise;
	const char *help; /* msgid */
};
extern const struct setting settings[]; /* ends with name == NULL */

struct config;
struct config *config_new(void);
void config_free(struct config *c);
/* `origin` is named in errors ("mandate.yaml:3", "--max-body"). E_INVALID for unknown names and bad values. */
enum code config_set(struct config *c, struct str name, struct str value, struct str origin, struct error *e);
enum code config_read_file(struct config *c, struct arena *arena, struct str path, struct error *e);
enum code config_read_environment(struct config *c, char **environment, struct error *e);
struct str config_text(const struct config *c, const char *name); /* asserts that the name is declared */
int64_t config_int(const struct config *c, const char *name);     /* INT, BYTES, PERIOD in microseconds */
bool config_bool(const struct config *c, const char *name);
