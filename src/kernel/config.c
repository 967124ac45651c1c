/* The settings and their reading. Neighbours: kernel/config.h (contract); app/main.c reads the command line. */
#include "kernel/config.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/yaml.h"
#include <assert.h>
#include <string.h>

const struct setting settings[] = {
	{ "listen", SETTING_TEXT, "127.0.0.1:8080", N_("Address and port to serve on") },
	{ "url", SETTING_TEXT, "", N_("The address people use, for links; empty: made from listen") },
	{ "origin", SETTING_TEXT, "mandate.local/log", N_("Name of the journal in its checkpoints, a domain you own and a path") },
	{ "node", SETTING_INT, "1", N_("Number of this node, 0 to 1023, different for every node of a federation") },
	{ "currency", SETTING_TEXT, "USD", N_("The organisation's own currency") },
	{ "organisation", SETTING_TEXT, "Organisation", N_("Name of the root entity that an empty estate starts with") },
	{ "threads", SETTING_INT, "0", N_("Threads that serve requests; 0: as many as there are cores") },
	{ "writers", SETTING_INT, "8", N_("Write connections on PostgreSQL") },
	{ "tls-certificate", SETTING_TEXT, "", N_("File with the certificate chain (PEM); with it the server speaks HTTPS") },
	{ "tls-key", SETTING_TEXT, "", N_("File with the certificate's private key (PEM)") },
	{ "max-body", SETTING_BYTES, "8 MiB", N_("Largest request body") },
	{ "max-answer", SETTING_BYTES, "64 MiB", N_("Largest answer") },
	{ "max-queue", SETTING_INT, "10000", N_("Writes that may wait; more are told to come again") },
	{ "max-held", SETTING_BYTES, "512 MiB", N_("Bytes of requests and answers in memory at one time; more are told to come again") },
	{ "max-connections", SETTING_INT, "4096", N_("Open connections at one time") },
	{ "max-connections-per-address", SETTING_INT, "1024", N_("Open connections of one client address at one time; 0: no limit of their own") },
	{ "read-timeout", SETTING_PERIOD, "10 seconds", N_("Longest time one query may take") },
	{ "idle-timeout", SETTING_PERIOD, "60 seconds", N_("Connections that say nothing for so long, or go on more slowly than 512 bytes a second after it, are closed") },
	{ "session-life", SETTING_PERIOD, "12 hours", N_("How long a sign-in lasts") },
	{ "link-life", SETTING_PERIOD, "24 hours", N_("How long a one-time sign-in link works") },
	{ "lockout-after", SETTING_INT, "10", N_("Wrong passwords in a row that lock an account") },
	{ "lockout-time", SETTING_PERIOD, "15 minutes", N_("How long a locked account stays locked") },
	{ "sign-in-rate", SETTING_INT, "20", N_("Sign-in attempts a minute from one address") },
	{ "inventory-rate", SETTING_INT, "3000", N_("Inventories a minute with one token; 0: no limit") },
	{ "inventory-every", SETTING_PERIOD, "24 hours", N_("How often other programs' inventory agents are told to report") },
	{ "rate", SETTING_INT, "0", N_("Requests a minute from one address; 0: no limit") },
	{ 0 },
};
#define SETTINGS (sizeof settings / sizeof *settings - 1)

struct config {
	struct arena *arena;
	struct str texts[SETTINGS];
	int64_t numbers[SETTINGS];
};

static enum code setting_number(const struct setting *s, struct str text, int64_t *ret)
{
	struct str part = STR_NONE, rest = str_trim(text);
	static const struct {
		const char *unit;
		int64_t factor;
	} units[] = { { "", 1 },          { "B", 1 },           { "KiB", 1 << 10 },    { "MiB", 1 << 20 },
		      { "GiB", 1 << 30 }, { "second", SECOND }, { "seconds", SECOND }, { "minute", 60 * SECOND },
		      { "minutes", 60 * SECOND }, { "hour", 3600 * SECOND }, { "hours", 3600 * SECOND },
		      { "day", DAY },     { "days", DAY } };
	int64_t number = 0;
	part = str_take(&rest, ' ');
	rest = str_trim(rest);
	if (!str_int(part, &number))
		return E_INVALID;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		bool time = units[i].factor % SECOND == 0;
		if (!str_is(rest, units[i].unit) || (i > 0 && time != (s->type == SETTING_PERIOD)))
			continue;
		if (s->type == SETTING_INT && i > 0)
			return E_INVALID;
		return __builtin_mul_overflow(number, units[i].factor, ret) ? E_INVALID : OK;
	}
	return E_INVALID;
}

static enum code setting_put(struct config *c, size_t i, struct str value, struct str origin, struct error *e)
{
	int64_t number = 0;
	enum code code = OK;
	if (settings[i].type == SETTING_BOOL) {
		if (!str_is(value, "yes") && !str_is(value, "no"))
			code = E_INVALID;
		number = str_is(value, "yes");
	} else if (settings[i].type != SETTING_TEXT) {
		code = setting_number(&settings[i], value, &number);
	}
	if (code != OK)
		return error_fail(e, E_INVALID, N_("{origin}: {value} is no good value for {name} (example: {example})"),
				  { "origin", origin }, { "value", value }, { "name", str_of(settings[i].name) },
				  { "example", str_of(settings[i].otherwise) });
	struct str copy = arena_copy(c->arena, value);
	if (!copy.data)
		return error_nomem(e);
	c->texts[i] = copy;
	c->numbers[i] = number;
	return OK;
}

struct config *config_new(void)
{
	struct config *c = mem_new(sizeof *c);
	if (!c)
		return NULL;
	c->arena = arena_new(0);
	for (size_t i = 0; c->arena && i < SETTINGS; i++) {
		if (setting_put(c, i, str_of(settings[i].otherwise), STR("default"), NULL) != OK) {
			config_free(c);
			return NULL;
		}
	}
	if (!c->arena) {
		config_free(c);
		return NULL;
	}
	return c;
}

void config_free(struct config *c)
{
	if (c)
		arena_free(c->arena);
	mem_free(c);
}

enum code config_set(struct config *c, struct str name, struct str value, struct str origin, struct error *e)
{
	for (size_t i = 0; i < SETTINGS; i++)
		if (str_is(name, settings[i].name))
			return setting_put(c, i, value, origin, e);
	return error_fail(e, E_INVALID, N_("{origin}: there is no setting {name}"), { "origin", origin }, { "name", name });
}

enum code config_read_file(struct config *c, struct arena *arena, struct str path, struct error *e)
{
	struct str text;
	const struct yaml *root;
	if (!file_exists(path))
		return OK;
	TRY(file_read(arena, path, 1 << 20, &text, e));
	TRY(yaml_parse(arena, path, text, &root, e));
	if (root->type != YAML_MAP)
		return yaml_expected(e, path, root, "name: value");
	for (const struct yaml *y = root->first; y; y = y->next) {
		struct str origin = arena_format(arena, "%.*s:%u", STR_ARG(path), y->line);
		if (y->type != YAML_TEXT)
			return yaml_expected(e, path, y, "name: value");
		TRY(config_set(c, y->name, y->text, origin, e));
	}
	return OK;
}

enum code config_read_environment(struct config *c, char **environment, struct error *e)
{
	static const char prefix[] = "MANDATE_";
	for (char **entry = environment; entry && *entry; entry++) {
		struct str name, rest = str_of(*entry);
		char lower[64];
		if (!str_starts(rest, STR("MANDATE_")) || !str_cut(&rest, '=', &name))
			continue;
		name = str_slice(name, sizeof prefix - 1, name.len);
		if (name.len >= sizeof lower)
			continue;
		for (size_t i = 0; i < name.len; i++) {
			char ch = name.data[i];
			lower[i] = ch == '_' ? '-' : (ch >= 'A' && ch <= 'Z') ? (char)(ch + 32) : ch;
		}
		/* other programs' variables may share the prefix; only declared names count here */
		for (size_t i = 0; i < SETTINGS; i++)
			if (str_is((struct str){ lower, name.len }, settings[i].name))
				TRY(setting_put(c, i, rest.data ? rest : STR(""), str_of("MANDATE_*"), e));
	}
	return OK;
}

static size_t setting_place(const char *name)
{
	for (size_t i = 0; i < SETTINGS; i++)
		if (strcmp(settings[i].name, name) == 0)
			return i;
	assert(!"undeclared setting");
	return 0;
}

struct str config_text(const struct config *c, const char *name)
{
	return c->texts[setting_place(name)];
}

int64_t config_int(const struct config *c, const char *name)
{
	return c->numbers[setting_place(name)];
}

bool config_bool(const struct config *c, const char *name)
{
	return c->numbers[setting_place(name)] != 0;
}
