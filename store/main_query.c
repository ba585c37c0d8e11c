/* SPDX-License-Identifier: ISC */
/* e2e-query: on-call's questions to the store. */
#include <stdio.h>

#include "base/err.h"
#include "base/log.h"
#include "base/proc.h"
#include "store/query_command.h"

#define AT(member) .offset = OPTION_AT(struct query_values, member)

static const char *const formats[] = {"", "table", "json", "csv", NULL};

static const struct option_row rows[] = {
	{.name = "store", .letter = 's', .type = OPTION_STR, AT(store),
	    .arg = "DIR", .help = "Directory of the store"},
	{.name = "check", .letter = 'c', .type = OPTION_STR, AT(check),
	    .arg = "NAME", .env = "",
	    .help = "Only this check, payments/card-payment say; * and ? "
		"match anything"},
	{.name = "service", .type = OPTION_STR, AT(service), .arg = "NAME",
	    .env = "", .help = "Only checks, or gates, of this service"},
	{.name = "location", .type = OPTION_STR, AT(location),
	    .arg = "NAME", .env = "", .help = "Only runs at this location"},
	{.name = "environment", .type = OPTION_STR, AT(environment),
	    .arg = "NAME", .env = "",
	    .help = "Only runs against this environment"},
	{.name = "outcome", .letter = 'o', .type = OPTION_LIST,
	    AT(outcomes), .arg = "OUTCOME", .env = "",
	    .help = "Only runs that ended so; may be repeated"},
	{.name = "trigger", .type = OPTION_STR, AT(trigger),
	    .arg = "TRIGGER", .env = "",
	    .help = "Only runs started by schedule, manual, gate or alert"},
	{.name = "since", .type = OPTION_STR, AT(since), .arg = "WHEN",
	    .env = "", .help = "Begin of the window: 90m, 7d, or "
		"2026-11-20T12:00:00Z (checks: 24h)"},
	{.name = "until", .type = OPTION_STR, AT(until), .arg = "WHEN",
	    .env = "", .help = "End of the window (now)"},
	{.name = "limit", .letter = 'n', .type = OPTION_INT, AT(limit),
	    .arg = "COUNT", .min = 1, .max = 1000000, .env = "",
	    .help = "At most so many rows of runs or gates (20)"},
	{.name = "all", .letter = 'a', .type = OPTION_FLAG, AT(has_all),
	    .env = "", .help = "Also checks that left the plan"},
	{.name = "format", .letter = 'f', .type = OPTION_CHOICE, AT(format),
	    .arg = "FORMAT", .choices = formats,
	    .help = "table, json or csv (table)"},
	{.name = "log-level", .type = OPTION_CHOICE, AT(log_level),
	    .arg = "LEVEL", .choices = log_level_names,
	    .help = "error, warn, info or debug (warn)"},
	OPTION_END
};

static const struct option_command commands[] = {
	{"checks", "", "Each check's state, success rate, p50, p95, p99 and "
	    "coverage in the window"},
	{"failures", "", "What is failing now: since when, how often, "
	    "where in the flow, why; with --since also what failed since "
	    "then and passes again"},
	{"runs", "", "The latest runs"},
	{"show", "RUN", "One run: its requests as a waterfall, what failed, "
	    "and what differs from the last good run. RUN is its id or the "
	    "beginning of it"},
	{"gates", "", "The latest verdicts of e2e-gate"},
	{"sql", "STATEMENT", "One SELECT over main.db and the newest days"},
	{NULL, NULL, NULL}
};

static const struct option_text texts[] = {
	{"DESCRIPTION",
	    "e2e-query answers questions about a store, also while it is "
	    "being written. It never changes anything.\n\n"
	    "Rates, latencies and coverage are of scheduled runs. Success "
	    "is passed runs among those that measured the service (passed, "
	    "failed, unreachable, unknown); coverage is runs that measured "
	    "among slots that were due. Latencies are of runs that passed: "
	    "exact for up to 8 checks and 24 hours, else within 1 %.\n\n"
	    "After the table, checks and failures say on stderr what it does "
	    "not: that checks are stale (without a record for longer than "
	    "twice their interval), that the manifests were refused, that "
	    "none is failing.\n\n"
	    "JSON and CSV hold exact values: times and durations in "
	    "microseconds."},
	{"SQL",
	    "The tables checks, definition, check_state, rollup_minute, "
	    "rollup_hour, rollup_day, gate and gate_round are those of "
	    "main.db; run, run_text and step span the newest 9 days. The "
	    "schema is installed with the documentation. For example:\n\n"
	    "\tSELECT url, count(*), avg(wait_us) FROM step\n"
	    "\tWHERE due_us > (unixepoch() - 3600) * 1000000 GROUP BY url"},
	{"EXAMPLES",
	    "\te2e-query failures\n"
	    "\te2e-query runs --check=payments/card-payment --outcome=failed\n"
	    "\te2e-query show 3f9a21c0\n"
	    "\te2e-query checks --since=28d --format=json"},
	{"EXIT STATUS",
	    "0 answered; 30 there is no store, it cannot be read, or nothing "
	    "in it has the name; 64 wrong options."},
	{"SEE ALSO",
	    "e2e-scheduler(8), e2e-store(8), e2e-web(8), e2e-gate(1)"},
	{NULL, NULL}
};

static const struct program program = {
	.name = "e2e-query",
	.section = 1,
	.summary = "ask what a fleet of checks has seen",
	.synopsis = "[options] checks|failures|runs|show|gates|sql ...",
	.rows = rows,
	.commands = commands,
	.texts = texts,
};

int
main(int argc, char **argv)
{
	struct query_values v = {.limit = 20, .log_level = LOG_WARN};
	struct cause c;
	int first, rc;

	first = options_parse(&program, argc, argv, &v);
	proc_init(0);
	log_init(program.name, (enum log_level)v.log_level);
	if (first == argc)
		options_fail(&program, "what should be asked? checks, "
		    "failures, runs, show, gates or sql");
	options_find_command(&program, argv[first]);
	if (v.store == NULL)
		options_fail(&program, "where is the store? Give --store, or "
		    "E2E_STORE in the environment");
	proc_sandbox();
	cause_init(&c);
	rc = query_command_run(argv[first], argv + first + 1,
	    argc - first - 1, &v, &c);
	cause_print(&c, stderr);
	cause_fini(&c);
	options_fini(&program, &v);
	if (rc == EXIT_GOOD && (fflush(stdout) != 0 || ferror(stdout)))
		rc = EXIT_UNMEASURED;
	return (rc);
}
