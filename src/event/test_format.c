/* The parsers of log lines against the examples of their own documents, what devices really send, and what nobody should. */
#include "base/arena.h"
#include "base/error.h"
#include "event/format.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static struct event_pairs pairs;
static struct arena *arena;

/* "name=value|name=value" as the parser gave them, in order. */
static struct str told(void)
{
	struct str all = STR("");
	for (size_t i = 0; i < pairs.count; i++)
		all = arena_format(arena, "%.*s%s%.*s=%.*s", STR_ARG(all), i ? "|" : "", STR_ARG(pairs.items[i].name), STR_ARG(pairs.items[i].value));
	return all;
}

struct line_case {
	const char *line, *want; /* want: pairs, or "!" and the words of the fault */
};

static void check(enum event_format format, const struct line_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct error e;
		error_init(&e, arena);
		enum code code = event_format_parse(format, str_of(cases[i].line), &pairs, &e);
		struct str is = code == OK ? told() : arena_format(arena, "!%.*s", STR_ARG(error_text(&e, arena)));
		if (!str_is(is, cases[i].want))
			fail_msg("%s\n  gave   %.*s\n  wanted %s", cases[i].line, STR_ARG(is), cases[i].want);
		assert_int_equal(event_format_parse(format, str_of(cases[i].line), &pairs, NULL), code);
	}
}
#define CHECK(format, cases) check(format, cases, sizeof cases / sizeof *cases)

/* RFC 5424, 6.5 */
static void rfc5424_test(void **state)
{
	static const struct line_case cases[] = {
		{ "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \xEF\xBB\xBF'su root' failed for lonvick on /dev/pts/8",
		  "pri=34|facility=auth|severity=crit|version=1|timestamp=2003-10-11T22:14:15.003Z|hostname=mymachine.example.com|app_name=su|"
		  "msg_id=ID47|message='su root' failed for lonvick on /dev/pts/8" },
		{ "<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It's time to make the do-nuts.",
		  "pri=165|facility=local4|severity=notice|version=1|timestamp=2003-08-24T05:14:15.000003-07:00|hostname=192.0.2.1|"
		  "app_name=myproc|proc_id=8710|message=%% It's time to make the do-nuts." },
		{ "<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [exampleSDID@32473 iut=\"3\" "
		  "eventSource=\"Application\" eventID=\"1011\"] \xEF\xBB\xBF"
		  "An application event log entry...",
		  "pri=165|facility=local4|severity=notice|version=1|timestamp=2003-10-11T22:14:15.003Z|hostname=mymachine.example.com|"
		  "app_name=evntslog|msg_id=ID47|exampleSDID@32473.iut=3|exampleSDID@32473.eventSource=Application|"
		  "exampleSDID@32473.eventID=1011|message=An application event log entry..." },
		{ "<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [exampleSDID@32473 iut=\"3\" "
		  "eventSource=\"Application\" eventID=\"1011\"][examplePriority@32473 class=\"high\"]",
		  "pri=165|facility=local4|severity=notice|version=1|timestamp=2003-10-11T22:14:15.003Z|hostname=mymachine.example.com|"
		  "app_name=evntslog|msg_id=ID47|exampleSDID@32473.iut=3|exampleSDID@32473.eventSource=Application|"
		  "exampleSDID@32473.eventID=1011|examplePriority@32473.class=high" },
		/* 6.3.5: the second of its valid examples, an element without parameters */
		{ "<0>1 - - - - - [a@1]", "pri=0|facility=kern|severity=emerg|version=1" },
		/* 6.3.3: only " \ ] are escaped, a backslash before anything else is itself */
		{ "<191>1 - h - - - [x p=\"a\\\"b\\\\c\\]d\\e\" p=\"\"] m",
		  "pri=191|facility=local7|severity=debug|version=1|hostname=h|x.p=a\"b\\c]d\\e|x.p=|message=m" },
		/* 6.2.3's time with nine digits is against the grammar; the line is not lost for it */
		{ "<1>1 2003-08-24T05:14:15.000000003-07:00 h a p m - x",
		  "pri=1|facility=kern|severity=alert|version=1|timestamp=2003-08-24T05:14:15.000000003-07:00|hostname=h|app_name=a|proc_id=p|"
		  "msg_id=m|message=x" },
		{ "<34>1 - - - - -", "!Not syslog: SP expected at byte 15" },
		{ "<34>1 - - - - - ", "!Not syslog: STRUCTURED-DATA expected at byte 16" },
		{ "<34>1 -  - - - - x", "!Not syslog: HOSTNAME expected at byte 8" },
		{ "<34>1 - - - - - x", "!Not syslog: STRUCTURED-DATA expected at byte 16" },
		/* 6.3.5: a blank before the name is not well-formed */
		{ "<34>1 - - - - - [ a@1 b=\"c\"]", "!Not syslog: SD-ID expected at byte 17" },
		{ "<34>1 - - - - - [a b=\"c]", "!Not syslog: \" expected at byte 24" },
		{ "<34>1 - - - - - [a b=c]", "!Not syslog: \" expected at byte 21" },
		{ "<34>1 - - - - - [a b]", "!Not syslog: = expected at byte 20" },
		{ "<34>1 - - - - - [a b=\"c\"", "!Not syslog: ] expected at byte 24" },
		{ "<34>1 - - - - - [a =\"c\"]", "!Not syslog: PARAM-NAME expected at byte 19" },
		{ "<34>1 - - - - - -x", "!Not syslog: SP expected at byte 17" },
		{ "", "!Not syslog: syslog expected at byte 0" },
	};
	CHECK(EVENT_SYSLOG, cases);
}

/* RFC 3164, 5.4, and what is sent under its name */
static void rfc3164_test(void **state)
{
	static const struct line_case cases[] = {
		{ "<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8",
		  "pri=34|facility=auth|severity=crit|timestamp=Oct 11 22:14:15|hostname=mymachine|app_name=su|"
		  "message='su root' failed for lonvick on /dev/pts/8" },
		{ "Use the BFG!", "message=Use the BFG!" },
		{ "<13>Feb  5 17:32:18 10.0.0.99 Use the BFG!",
		  "pri=13|facility=user|severity=notice|timestamp=Feb  5 17:32:18|hostname=10.0.0.99|message=Use the BFG!" },
		{ "<165>Aug 24 05:34:00 CST 1987 mymachine myproc[10]: %% It's time to make the do-nuts.  %%",
		  "pri=165|facility=local4|severity=notice|timestamp=Aug 24 05:34:00|hostname=CST|"
		  "message=1987 mymachine myproc[10]: %% It's time to make the do-nuts.  %%" },
		{ "<0>1990 Oct 22 10:52:01 TZ-6 scapegoat.dmz.example.org 10.1.2.3 sched[0]: That's All Folks!",
		  "pri=0|facility=kern|severity=emerg|message=1990 Oct 22 10:52:01 TZ-6 scapegoat.dmz.example.org 10.1.2.3 sched[0]: "
		  "That's All Folks!" },
		/* 4.3.3: a priority that cannot be made out belongs to the message */
		{ "<00>Use the BFG!", "message=<00>Use the BFG!" },
		{ "<192>x", "message=<192>x" },
		{ "<1234>x", "message=<1234>x" },
		{ "<>x", "message=<>x" },
		{ "<13", "message=<13" },
		{ "Jan  1 00:00:00 host sshd[4721]: Failed password for root from 10.0.0.5 port 22 ssh2",
		  "timestamp=Jan  1 00:00:00|hostname=host|app_name=sshd|proc_id=4721|message=Failed password for root from 10.0.0.5 port 22 ssh2" },
		{ "2023-10-11T22:14:15.003921+02:00 host CRON[1]: (root) CMD (x)",
		  "timestamp=2023-10-11T22:14:15.003921+02:00|hostname=host|app_name=CRON|proc_id=1|message=(root) CMD (x)" },
		{ "<30>Oct 11 22:14:15 dnsmasq[12]: query[A] x",
		  "pri=30|facility=daemon|severity=info|timestamp=Oct 11 22:14:15|app_name=dnsmasq|proc_id=12|message=query[A] x" },
		{ "<30>Oct 11 22:14:15.123 h last message repeated",
		  "pri=30|facility=daemon|severity=info|timestamp=Oct 11 22:14:15.123|hostname=h|message=last message repeated" },
		{ "<30>Oct 11 22:14:15", "pri=30|facility=daemon|severity=info|timestamp=Oct 11 22:14:15" },
		{ "<30>Oct 11 22:14:15 h kernel[: x", "pri=30|facility=daemon|severity=info|timestamp=Oct 11 22:14:15|hostname=h|message=kernel[: x" },
		/* a byte that is not UTF-8 does not hide the line */
		{ "Jan  1 00:00:00 host a: b\xff\xc3", "timestamp=Jan  1 00:00:00|hostname=host|app_name=a|message=b\xEF\xBF\xBD\xEF\xBF\xBD" },
	};
	CHECK(EVENT_SYSLOG, cases);
}

/* The examples of the Common Event Format's own description, and lines around them */
static void cef_test(void **state)
{
	static const struct line_case cases[] = {
		{ "Sep 19 08:26:10 host CEF:0|Security|threatmanager|1.0|100|worm successfully stopped|10|src=10.0.0.1 dst=2.1.2.2 spt=1232",
		  "timestamp=Sep 19 08:26:10|hostname=host|cefVersion=0|deviceVendor=Security|deviceProduct=threatmanager|deviceVersion=1.0|"
		  "deviceEventClassId=100|name=worm successfully stopped|severity=10|src=10.0.0.1|dst=2.1.2.2|spt=1232" },
		{ "CEF:0|security|threatmanager|1.0|100|detected a \\| in message|10|src=10.0.0.1 act=blocked a | dst=1.1.1.1",
		  "cefVersion=0|deviceVendor=security|deviceProduct=threatmanager|deviceVersion=1.0|deviceEventClassId=100|"
		  "name=detected a | in message|severity=10|src=10.0.0.1|act=blocked a ||dst=1.1.1.1" },
		{ "CEF:0|security|threatmanager|1.0|100|detected a \\\\ in packet|10|src=10.0.0.1 act=blocked a \\\\ dst=1.1.1.1",
		  "cefVersion=0|deviceVendor=security|deviceProduct=threatmanager|deviceVersion=1.0|deviceEventClassId=100|"
		  "name=detected a \\ in packet|severity=10|src=10.0.0.1|act=blocked a \\|dst=1.1.1.1" },
		{ "CEF:0|security|threatmanager|1.0|100|detected a = in message|10|src=10.0.0.1 act=blocked a \\= dst=1.1.1.1",
		  "cefVersion=0|deviceVendor=security|deviceProduct=threatmanager|deviceVersion=1.0|deviceEventClassId=100|"
		  "name=detected a = in message|severity=10|src=10.0.0.1|act=blocked a =|dst=1.1.1.1" },
		{ "CEF:0|security|threatmanager|1.0|100|Detected a threat. No action needed.|10|src=10.0.0.1 msg=Detected a threat.\\n No action needed.",
		  "cefVersion=0|deviceVendor=security|deviceProduct=threatmanager|deviceVersion=1.0|deviceEventClassId=100|"
		  "name=Detected a threat. No action needed.|severity=10|src=10.0.0.1|msg=Detected a threat.\n No action needed." },
		/* of several blanks before a key all but the last belong to the value */
		{ "CEF:1|v|p|1|id|n|Low|a=b   c=d ", "cefVersion=1|deviceVendor=v|deviceProduct=p|deviceVersion=1|deviceEventClassId=id|name=n|"
						      "severity=Low|a=b  |c=d " },
		/* an '=' in a value that nobody escaped, where what is before it is no key */
		{ "CEF:0|v|p|1|id|n|1|request=http://x/?q=1&r=2 cs1Label=Rule Name cs1=a b",
		  "cefVersion=0|deviceVendor=v|deviceProduct=p|deviceVersion=1|deviceEventClassId=id|name=n|severity=1|request=http://x/?q=1&r=2|"
		  "cs1Label=Rule Name|cs1=a b" },
		{ "<134>1 2020-01-01T00:00:00Z fw app - - - CEF:0|v|p|1|id|n|1|",
		  "pri=134|facility=local0|pri_severity=info|version=1|timestamp=2020-01-01T00:00:00Z|hostname=fw|app_name=app|cefVersion=0|"
		  "deviceVendor=v|deviceProduct=p|deviceVersion=1|deviceEventClassId=id|name=n|severity=1" },
		{ "CEF:0|v|p|1|id|n|1", "cefVersion=0|deviceVendor=v|deviceProduct=p|deviceVersion=1|deviceEventClassId=id|name=n|severity=1" },
		{ "CEF:0|v|p|1|id|n|1|a=", "cefVersion=0|deviceVendor=v|deviceProduct=p|deviceVersion=1|deviceEventClassId=id|name=n|severity=1|a=" },
		{ "CEF:0|v|p|1|id|n", "!Not cef: | expected at byte 16" },
		/* the escaped '|' ends nothing */
		{ "CEF:0|v|p|1|id|n\\|1|", "cefVersion=0|deviceVendor=v|deviceProduct=p|deviceVersion=1|deviceEventClassId=id|name=n|1" },
		{ "CEF:0|v|p|1|id|n|1|words only", "!Not cef: key=value expected at byte 19" },
		{ "LEEF:1.0|", "!Not cef: CEF: expected at byte 0" },
	};
	CHECK(EVENT_CEF, cases);
}

static void logfmt_test(void **state)
{
	static const struct line_case cases[] = {
		{ "at=info method=GET path=/ host=mutelight.org fwd=\"124.133.52.161\" dyno=web.2 connect=4ms service=8ms status=200 bytes=1653",
		  "at=info|method=GET|path=/|host=mutelight.org|fwd=124.133.52.161|dyno=web.2|connect=4ms|service=8ms|status=200|bytes=1653" },
		{ "foo=bar a=14 baz=\"hello kitty\" cool%story=bro f %^asdf",
		  "foo=bar|a=14|baz=hello kitty|cool%story=bro|f=true|%^asdf=true" },
		{ "a= b=\"\" c=\"q\\\"\\\\\\n\\t\\u00e9\\ud83d\\ude00\\ud83d\"", "a=|b=|c=q\"\\\n\t\xC3\xA9\xF0\x9F\x98\x80\xEF\xBF\xBD" },
		{ "a=x=y", "a=x=y" },
		{ "  a=1\t\tb=2  ", "a=1|b=2" },
		{ "a=1 a=2", "a=1|a=2" },
		{ "a=\"open", "!Not logfmt: \" expected at byte 7" },
		{ "a=\"open\\", "!Not logfmt: \" expected at byte 8" },
		{ "a=\"x\"y", "!Not logfmt: SP expected at byte 5" },
		{ "=x", "!Not logfmt: key expected at byte 0" },
		{ "a \"b\"", "!Not logfmt: key expected at byte 2" },
		{ "   ", "!Not logfmt: logfmt expected at byte 0" },
	};
	CHECK(EVENT_LOGFMT, cases);
}

static void key_value_test(void **state)
{
	static const struct line_case cases[] = {
		{ "date=2019-05-10 time=11:37:47 logid=\"0000000013\" type=\"traffic\" srcintfrole=\"undefined\" dstport=443",
		  "date=2019-05-10|time=11:37:47|logid=0000000013|type=traffic|srcintfrole=undefined|dstport=443" },
		{ "kernel: [ 12.3] DROP IN=eth0 OUT= MAC=00:11 SRC=10.0.0.1 LEN=60 DF PROTO=TCP SPT=4",
		  "IN=eth0|OUT=|MAC=00:11|SRC=10.0.0.1|LEN=60|PROTO=TCP|SPT=4" },
		{ "a=1, b='two words'; c=\"x, y\",d=4;e=5", "a=1|b=two words|c=x, y|d=4|e=5" },
		{ "ports=80,443 next=1", "ports=80,443|next=1" },
		{ "a=\"esc \\\"q\\\" C:\\\\x C:\\y\"", "a=esc \"q\" C:\\x C:\\y" },
		{ "a=\"never closed b=2", "a=\"never|b=2" },
		{ "a=it's b=2", "a=it's|b=2" },
		{ "(user=bob) [id=7]", "user=bob)|id=7]" },
		{ "no pairs here", "!Not key-value: key=value expected at byte 0" },
		{ "==", "!Not key-value: key=value expected at byte 0" },
	};
	CHECK(EVENT_KEY_VALUE, cases);
}

/* Records as the daemon's documentation and the kernel show them */
static void auditd_test(void **state)
{
	static const struct line_case cases[] = {
		{ "type=SYSCALL msg=audit(1364481363.243:24287): arch=c000003e syscall=2 success=no exit=-13 a0=7fffd19c5592 a1=0 ppid=2686 "
		  "auid=500 tty=pts0 ses=1 comm=\"cat\" exe=\"/bin/cat\" subj=unconfined_u:unconfined_r:unconfined_t:s0 key=\"sshd_config\"",
		  "type=SYSCALL|timestamp=1364481363.243|serial=24287|arch=c000003e|syscall=2|success=no|exit=-13|a0=7fffd19c5592|a1=0|ppid=2686|"
		  "auid=500|tty=pts0|ses=1|comm=cat|exe=/bin/cat|subj=unconfined_u:unconfined_r:unconfined_t:s0|key=sshd_config" },
		{ "type=CWD msg=audit(1364481363.243:24287):  cwd=\"/home/shadowman\"",
		  "type=CWD|timestamp=1364481363.243|serial=24287|cwd=/home/shadowman" },
		{ "type=PROCTITLE msg=audit(1364481363.243:24287): proctitle=636174002F6574632F7373682F737368645F636F6E666967",
		  "type=PROCTITLE|timestamp=1364481363.243|serial=24287|proctitle=cat /etc/ssh/sshd_config" },
		{ "type=USER_AUTH msg=audit(1364475353.159:24270): user pid=3280 uid=500 auid=500 ses=1 subj=x msg='op=PAM:authentication "
		  "acct=\"root\" exe=\"/bin/su\" hostname=? addr=? terminal=pts/0 res=failed'",
		  "type=USER_AUTH|timestamp=1364475353.159|serial=24270|pid=3280|uid=500|auid=500|ses=1|subj=x|op=PAM:authentication|acct=root|"
		  "exe=/bin/su|hostname=?|addr=?|terminal=pts/0|res=failed" },
		/* a blank makes the kernel write hexadecimal; a number in EXECVE that is quoted stays what it is */
		{ "type=EXECVE msg=audit(1.2:3): argc=4 a0=\"sh\" a1=2D63 a2=6563686F2061 a3=\"4141\"",
		  "type=EXECVE|timestamp=1.2|serial=3|argc=4|a0=sh|a1=-c|a2=echo a|a3=4141" },
		/* the numbers of SYSCALL are not texts */
		{ "type=SYSCALL msg=audit(1.2:3): a0=4141 name=(null) key=(null)", "type=SYSCALL|timestamp=1.2|serial=3|a0=4141" },
		/* a long argument in pieces */
		{ "type=EXECVE msg=audit(1.2:3): argc=2 a0=\"x\" a1_len=10 a1[0]=6162 a1[1]=\"cd\" a1[2]=6566",
		  "type=EXECVE|timestamp=1.2|serial=3|argc=2|a0=x|a1_len=10|a1=abcdef" },
		/* enriched by the daemon, sent through syslog */
		{ "<14>Oct 11 22:14:15 h audispd: node=h.example type=SYSCALL msg=audit(1.2:3): uid=0\x1dUID=\"root\" SYSCALL=openat",
		  "pri=14|facility=user|severity=info|timestamp=Oct 11 22:14:15|hostname=h|app_name=audispd|node=h.example|type=SYSCALL|"
		  "timestamp=1.2|serial=3|uid=0|UID=root|SYSCALL=openat" },
		{ "type=PATH msg=audit(1.2:3): item=0 name=2F746D702FFF name=2F74 nametype=NORMAL",
		  "type=PATH|timestamp=1.2|serial=3|item=0|name=/tmp/\xEF\xBF\xBD|name=/t|nametype=NORMAL" },
		/* lower case, odd digits: not the kernel's hexadecimal */
		{ "type=PATH msg=audit(1.2:3): name=2f746d70 cwd=ABC exe=\"open", "type=PATH|timestamp=1.2|serial=3|name=2f746d70|cwd=ABC|exe=\"open" },
		{ "type=X msg=audit(1.2)", "!Not auditd: seconds.milliseconds:serial) expected at byte 17" },
		{ "type=X", "!Not auditd: type=… msg=audit(…) expected at byte 0" },
	};
	CHECK(EVENT_AUDITD, cases);
}

static void guess_test(void **state)
{
	static const struct {
		const char *line;
		enum event_format want;
	} cases[] = {
		{ "{\"a\":1}", EVENT_JSON },
		{ " \xEF\xBB\xBF {", EVENT_JSON },
		{ "<34>1 2003-10-11T22:14:15.003Z h su - ID47 - x=1", EVENT_SYSLOG },
		{ "Oct 11 22:14:15 h su: x=1", EVENT_SYSLOG },
		{ "2023-10-11T22:14:15Z h a: m", EVENT_SYSLOG },
		{ "Use the BFG!", EVENT_SYSLOG },
		{ "Sep 19 08:26:10 host CEF:0|S|t|1|100|w|10|", EVENT_CEF },
		{ "CEF:0|S|t|1|100|w|10|", EVENT_CEF },
		{ "type=CWD msg=audit(1.2:3): cwd=\"/\"", EVENT_AUDITD },
		{ "node=a type=CWD msg=audit(1.2:3): cwd=\"/\"", EVENT_AUDITD },
		{ "<14>Oct 11 22:14:15 h audispd: type=CWD msg=audit(1.2:3): a=b", EVENT_AUDITD },
		{ "at=info method=GET path=\"/a, b\"", EVENT_LOGFMT },
		{ "a=1, b=2", EVENT_KEY_VALUE },
		{ "a='x y'", EVENT_KEY_VALUE },
		{ "DROP IN=eth0", EVENT_KEY_VALUE },
		{ "", EVENT_SYSLOG },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (event_format_guess(str_of(cases[i].line)) != cases[i].want)
			fail_msg("%s: guessed %s", cases[i].line, event_format_name(event_format_guess(str_of(cases[i].line))));
	for (int i = 0; i < EVENT_FORMATS; i++) {
		enum event_format format;
		assert_true(event_format_named(str_of(event_format_name((enum event_format)i)), &format));
		assert_int_equal(format, i);
	}
	enum event_format format;
	assert_false(event_format_named(STR("leef"), &format));
}

/* Ceilings are errors; work and memory stay in proportion to the line. */
static void hostile_test(void **state)
{
	static const char *const pieces[] = { "a=\"\\", "[a b=\"\"]", "a1[0]=41", "CEF:0|", " type= msg=audit(", "\xff", "a='b=\"", ",", "a,=", "<" };
	size_t size = (size_t)1 << 20;
	char *text = arena_alloc(arena, size);
	assert_non_null(text);
	for (size_t p = 0; p < sizeof pieces / sizeof *pieces; p++) {
		size_t len = strlen(pieces[p]);
		for (size_t i = 0; i < size; i++)
			text[i] = pieces[p][i % len];
		for (int f = 0; f < EVENT_FORMATS; f++) {
			enum code code = event_format_parse((enum event_format)f, (struct str){ text, size }, &pairs, NULL);
			assert_true(code == OK || code == E_INVALID || code == E_LIMIT);
		}
		(void)event_format_guess((struct str){ text, size });
	}
	for (size_t i = 0; i < size; i++)
		text[i] = "a=1 "[i % 4];
	assert_int_equal(event_format_parse(EVENT_LOGFMT, (struct str){ text, (size_t)EVENT_PAIRS_MOST * 4 }, &pairs, NULL), OK);
	assert_int_equal(pairs.count, EVENT_PAIRS_MOST);
	assert_int_equal(event_format_parse(EVENT_LOGFMT, (struct str){ text, size }, &pairs, NULL), E_LIMIT);
	assert_int_equal(event_format_parse(EVENT_SYSLOG, (struct str){ text, EVENT_LINE_MOST + 1 }, &pairs, NULL), E_LIMIT);
}

static int begin(void **state)
{
	arena = arena_new(0);
	event_pairs_init(&pairs);
	return arena ? 0 : -1;
}

static int end(void **state)
{
	event_pairs_done(&pairs);
	arena_free(arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc5424_test), cmocka_unit_test(rfc3164_test),	  cmocka_unit_test(cef_test),   cmocka_unit_test(logfmt_test),
		cmocka_unit_test(key_value_test), cmocka_unit_test(auditd_test), cmocka_unit_test(guess_test), cmocka_unit_test(hostile_test),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
