/* mandate agent. Neighbour: agent/ does the work and includes base only. */
#include "agent/agent.h"
#include "base/arena.h"
#include "base/file.h"
#include "command.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Root's agent keeps its reports in the system's place, others in their own. */
static struct str default_spool(struct command_line *l)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	if (geteuid() == 0)
		return STR("/var/lib/mandate-agent");
	if (state && *state)
		return arena_format(l->arena, "%s/mandate-agent", state);
	return arena_format(l->arena, "%s/.local/state/mandate-agent", home ? home : ".");
}

static enum code say_outcome(struct command_line *l, const struct agent_outcome *o)
{
	struct str sent = arena_format(l->arena, "%u", o->sent), kept = arena_format(l->arena, "%u", o->kept);
	command_say(l, N_("Sent {sent} reports; {kept} wait to be sent"), { "sent", sent }, { "kept", kept });
	return OK;
}

static enum code print_report(const struct agent_options *o, struct error *e)
{
	CLEAN_BUF struct buf report;
	buf_init(&report, 0);
	TRY(agent_collect(o, &report, e));
	fwrite(report.data, 1, report.len, stdout);
	putchar('\n');
	return OK;
}

enum code command_agent(struct command_line *l, struct error *e)
{
	struct agent_options o = { .server = str_of(getenv("MANDATE_SERVER")) };
	struct agent_outcome outcome;
	struct str interval = STR_NONE;
	bool once = command_flag(l, "once"), print = command_flag(l, "print");
	int64_t minutes;
	o.daemon = command_flag(l, "daemon");
	command_option(l, "server", &o.server);
	command_option(l, "ca-file", &o.ca_file);
	command_option(l, "token-file", &o.token_file);
	o.spool = default_spool(l);
	command_option(l, "spool", &o.spool);
	command_option(l, "root", &o.root);
	if (command_option(l, "interval", &interval)) {
		if (!str_int(interval, &minutes) || minutes < 1 || minutes > 10080)
			return error_fail(e, E_INVALID, N_("--interval takes minutes, 1 to 10080"));
		o.interval = minutes * 60 * SECOND;
	}
	TRY(command_end(l, e));
	if (print)
		return print_report(&o, e);
	if (once == o.daemon)
		return error_fail(e, E_INVALID, N_("Say --once or --daemon (or --print to see the report without sending it)"));
	enum code code = agent_run(&o, &outcome, e);
	say_outcome(l, &outcome);
	return code;
}
