/* SPDX-License-Identifier: ISC */
/* e2e-scheduler: options, then the daemon. */
#include "base/err.h"
#include "base/log.h"
#include "base/options.h"
#include "base/proc.h"
#include "scheduler/daemon.h"
#include "scheduler/fleet.h"

struct values {
	struct daemon_options daemon;
	int log_level;
};

#define AT(member) OPTION_AT(struct values, member)

static const struct option_row rows[] = {
	{.name = "checks", .letter = 'c', .type = OPTION_STR,
	    .offset = AT(daemon.checks), .arg = "DIR",
	    .help = "Directory of manifests, or one manifest"},
	{.name = "store", .letter = 's', .type = OPTION_STR,
	    .offset = AT(daemon.store), .arg = "DIR",
	    .help = "Directory of the store, made when missing"},
	{.name = "probes", .letter = 'p', .type = OPTION_INT,
	    .offset = AT(daemon.probe_count), .arg = "N", .min = 1,
	    .max = FLEET_PROBES_MOST,
	    .help = "How many probes to start (1)"},
	{.name = "web", .type = OPTION_STR, .offset = AT(daemon.web),
	    .arg = "ADDRESS:PORT",
	    .help = "Start the page on this address; port 0 is any free one"},
	{.name = "location", .letter = 'l', .type = OPTION_STR,
	    .offset = AT(daemon.location), .arg = "NAME",
	    .help = "Run the checks of this location (local)"},
	{.name = "spool", .type = OPTION_STR, .offset = AT(daemon.spool),
	    .arg = "DIR", .help = "Where run events wait on disk while the "
	    "store is away, and alerts are remembered (spool below the "
	    "store)"},
	{.name = "stop-timeout", .type = OPTION_SPAN,
	    .offset = AT(daemon.stop_timeout), .arg = "SPAN",
	    .help = "How long runs in flight may take when stopping (30s)"},
	{.name = "max-per-host", .type = OPTION_INT,
	    .offset = AT(daemon.max_per_host), .arg = "N", .min = 0,
	    .max = 1000000,
	    .help = "Runs at the same time against one host (16); 0: no "
	    "bound"},
	{.name = "max-per-probe", .type = OPTION_INT,
	    .offset = AT(daemon.max_per_probe), .arg = "N", .min = 1,
	    .max = 100000, .help = "Runs at the same time in one probe (4000)"},
	{.name = "idle-share", .type = OPTION_INT,
	    .offset = AT(daemon.idle_share), .arg = "PERCENT", .min = 0,
	    .max = 100, .help = "Share of the time in which one run of a "
	    "check against itself may be in flight beside the schedule, for "
	    "checks that allow it (50); 0: never"},
	{.name = "log-level", .type = OPTION_CHOICE,
	    .offset = AT(log_level), .arg = "LEVEL", .choices = log_level_names,
	    .help = "error, warn, info or debug (info)"},
	OPTION_END,
};

static const struct option_text texts[] = {
	{"DESCRIPTION",
	    "Loads the checks, and runs each one when it is due, until it is "
	    "told to stop. Starts the probes (e2e-probe), the only writer of "
	    "the store (e2e-store) and, with --web, the page (e2e-web), and "
	    "starts them again when they end. Prints one line that begins "
	    "with \"ready\" once all of them work, and ends with the address "
	    "of the page when there is one.\n\n"
	    "Every slot (a check, a location, a due time) leaves exactly one "
	    "record. What could not be run is recorded as skipped or lost, "
	    "with the reason; also the slots that were due while no scheduler "
	    "was running, up to 1,000 of a check and 100,000 in all.\n\n"
	    "When the store cannot write, probing goes on: run events wait in "
	    "the spool directory and are stored when it can write again."},
	{"NOTIFICATIONS",
	    "When a check has not passed as often in a row as its alert says, "
	    "and when it passes again, the flows that it names under notify "
	    "are run by the probes, once each, and recorded as runs of "
	    "\"service/!name\". Skipped runs neither count nor end a row, nor "
	    "do slots that passed while no scheduler ran. A "
	    "notification that reached nobody is tried again, up to six times "
	    "in some minutes. The folder notify of the documentation has flows "
	    "to copy.\n\n"
	    "What is failing, and who was not told of it yet, outlives the "
	    "scheduler: it stands in the file alerts.journal of the spool "
	    "directory. A restart, or a kill, neither tells an alert again "
	    "nor loses one; only a notification that was just under way is "
	    "sent once more.\n\n"
	    "Such a flow has the variables state (firing, resolved), "
	    "is_firing, is_resolved, check, service, environment, owner, "
	    "outcome, reason, run, count (runs in a row) and since (when the "
	    "first of them was due)."},
	{"IDLE TIME",
	    "A check with gate: {aa: idle} in its manifest is also run beside "
	    "its schedule, in pairs, until there are 300 rounds of its "
	    "service against itself; gates judge latencies by them (see "
	    "e2e-gate(1), A/A). They are gathered anew after 30 days, or when "
	    "the steps have changed. At most one such run is in flight. It "
	    "starts only while nothing waits, half of the places of its host "
	    "(--max-per-host) and of the probes are free, and no probe was "
	    "late or used half of its processor in the last second, and not "
	    "when the check itself is running or about to. After each pair "
	    "there is a pause (--idle-share), and at most five pairs begin in "
	    "a second; with --idle-share 100 neither holds. These runs are "
	    "recorded under the trigger gate: they count for no rate, "
	    "objective or alert. e2e-gate aa --child gathers them."},
	{"SIGNALS",
	    "HUP: load the checks anew, while the running plan goes on. When "
	    "they have a mistake it is logged, e2e-query and the page tell "
	    "it, and the running plan stays. A "
	    "check that is in both keeps its rhythm.\n\n"
	    "TERM, INT: dispatch no more, wait for the runs in flight up to "
	    "--stop-timeout, record the rest as lost, flush the store, end. A "
	    "second one does not wait."},
	{"ENVIRONMENT",
	    "The programs that it starts have its environment. In it probes "
	    "find the secrets that manifests name, and E2E_LIMITS "
	    "(e2e-probe(8)); the store's writer E2E_RETAIN_DAYS "
	    "(e2e-store(8)); the page E2E_WEB_HOST (e2e-web(8)). Proxies that "
	    "it names are not used.\n\n"
	    "NOTIFY_SOCKET: a service manager is told there when all of them "
	    "work, and when it stops."},
	{"EXIT STATUS",
	    "0 stopped by a signal; 30 the spool cannot be used, or another "
	    "scheduler uses it; 64 wrong "
	    "options; 78 a mistake in the checks."},
	{"EXAMPLES",
	    "\te2e-scheduler --checks checks/ --store store/ --probes 2 \\\n"
	    "\t    --web 127.0.0.1:8642\n\n"
	    "As a service: operating.md in the documentation, and its unit "
	    "for systemd."},
	{"SEE ALSO",
	    "e2e-manifest(5), e2e-lint(1), e2e-query(1), e2e-probe(8), "
	    "e2e-store(8), e2e-web(8)"},
	{0},
};

static const struct program program = {
	.name = "e2e-scheduler",
	.section = 8,
	.summary = "run checks when they are due",
	.synopsis = "--checks DIR --store DIR [options]",
	.rows = rows,
	.texts = texts,
};

int
main(int argc, char **argv)
{
	struct values v = {
		.daemon = {.location = "local", .probe_count = 1,
		    .max_per_host = 16, .max_per_probe = 4000,
		    .idle_share = 50,
		    .stop_timeout = 30 * SPAN_S},
		.log_level = LOG_INFO,
	};
	int first, rc;

	proc_init(0);
	first = options_parse(&program, argc, argv, &v);
	if (first < argc)
		options_fail(&program, "unexpected argument '%s'",
		    argv[first]);
	if (v.daemon.checks == NULL)
		options_fail(&program, "--checks is missing: where are "
		    "the manifests?");
	if (v.daemon.store == NULL)
		options_fail(&program, "--store is missing: where shall "
		    "the results go?");
	log_init("e2e-scheduler", (enum log_level)v.log_level);
	rc = daemon_run(&v.daemon);
	options_fini(&program, &v);
	return (rc);
}
