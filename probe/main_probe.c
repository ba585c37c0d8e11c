/* SPDX-License-Identifier: ISC */
/* e2e-probe: runs flows for the scheduler or a gate. */
#include <signal.h>
#include <stddef.h>

#include "base/log.h"
#include "base/options.h"
#include "base/proc.h"
#include "probe/probe.h"

#define MAX_IN_FLIGHT 4000

struct values {
	bool is_child;
	const char *name;
	const char *location;
	int64_t max_in_flight;
	const char *limits;
	int log_level;
};

static const char *const levels[] = {"error", "warn", "info", "debug", NULL};

static const struct option_row rows[] = {
	{.name = "child", .type = OPTION_FLAG,
	    .offset = OPTION_AT(struct values, is_child), .env = "",
	    .help = "Serve the parent on descriptor 3 and end with it"},
	{.name = "name", .type = OPTION_STR,
	    .offset = OPTION_AT(struct values, name), .arg = "NAME",
	    .help = "Name of this probe in results (local-1)"},
	{.name = "location", .type = OPTION_STR,
	    .offset = OPTION_AT(struct values, location), .arg = "NAME",
	    .help = "Location of jobs that name none (local)"},
	{.name = "max-in-flight", .type = OPTION_INT,
	    .offset = OPTION_AT(struct values, max_in_flight),
	    .arg = "COUNT", .min = 1, .max = 100000,
	    .help = "Runs at once; what comes beyond is skipped (4000)"},
	{.name = "limits", .type = OPTION_STR,
	    .offset = OPTION_AT(struct values, limits),
	    .arg = "NAME=N,...",
	    .help = "The most that a manifest's limits may ask for, where "
	    "it is not the default"},
	{.name = "log-level", .type = OPTION_CHOICE,
	    .offset = OPTION_AT(struct values, log_level), .arg = "LEVEL",
	    .choices = levels, .help = "error, warn, info or debug (warn)"},
	OPTION_END
};

static const struct option_text texts[] = {
	{"DESCRIPTION",
	    "e2e-probe takes definitions and jobs from its parent, "
	    "e2e-scheduler(8) or e2e-gate(1), over a socket on descriptor 3, "
	    "runs thousands of flows at once in one thread, and hands back "
	    "one run event for each. It opens no database and no listener, "
	    "and ends when its parent is gone.\n\n"
	    "Secrets are read here, from the environment or from files that "
	    "a definition names, and again some seconds later, so that a "
	    "rotated secret is picked up. They never leave the process but "
	    "in requests: results are masked, as are card numbers.\n\n"
	    "No run goes beyond the limits of e2e-manifest(5): a manifest may "
	    "lower them; only --limits here, or E2E_LIMITS in the environment "
	    "of whoever starts the probes, raises them, as in "
	    "body_bytes=64MiB,steps=5000.\n\n"
	    "A flow reaches only the hosts of its manifest, reads files only "
	    "below its own directory, and writes none."},
	{"SIGNALS",
	    "SIGINT and SIGTERM are ignored: the parent asks a probe to stop, "
	    "so that runs in flight can end."},
	{"EXIT STATUS",
	    "0 asked to stop, or the parent is gone; 30 the parent broke the "
	    "protocol; 64 wrong options."},
	{"SEE ALSO",
	    "e2e-scheduler(8), e2e-gate(1), e2e-manifest(5)"},
	{NULL, NULL}
};

static const struct program program = {
	.name = "e2e-probe",
	.section = 8,
	.summary = "run flows for an e2e fleet",
	.synopsis = "--child [options]",
	.rows = rows,
	.texts = texts,
};

int
main(int argc, char **argv)
{
	struct values v = {.name = "local-1", .location = "local",
	    .max_in_flight = MAX_IN_FLIGHT, .log_level = LOG_WARN};
	struct probe_options options = {.fd = PROC_CHILD_FD,
	    .caps = definition_limits_default};
	char *sentence;
	struct loop *loop;
	int exit_code;

	if (options_parse(&program, argc, argv, &v) < argc)
		options_fail(&program, "takes no operands");
	if (!v.is_child)
		options_fail(&program, "is started by e2e-scheduler or "
		    "e2e-gate, with --child");
	if (v.limits != NULL && definition_limits_parse(v.limits,
	    &options.caps, &sentence) != 0)
		options_fail(&program, "--limits: %s", sentence);
	proc_init(1);
	log_init(program.name, (enum log_level)v.log_level);
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	options.name = v.name;
	options.location = v.location;
	options.max_in_flight = v.max_in_flight;
	if (options.max_in_flight > proc_connections_most()) {
		options.max_in_flight = proc_connections_most();
		log_warn("probe.descriptors.few", "max_in_flight=%lld "
		    "wanted=%lld", (long long)options.max_in_flight,
		    (long long)v.max_in_flight);
	}
	loop = loop_new();
	exit_code = probe_serve(loop, &options);
	loop_free(&loop);
	options_fini(&program, &v);
	return (exit_code);
}
