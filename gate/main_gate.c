/* SPDX-License-Identifier: ISC */
/*
 * e2e-gate: judge a release. Starts local probes, runs the checks of a
 * service against candidate and baseline in turn, and says pass, block or
 * inconclusive with stated error rates.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/table.h"
#include "gate/archive.h"
#include "gate/command.h"
#include "gate/earlier.h"
#include "gate/lease.h"
#include "gate/override.h"
#include "gate/policy.h"
#include "gate/report.h"
#include "gate/session.h"
#include "gate/settings.h"
#include "gate/suite.h"

/* Returns 0, or EXIT_UNMEASURED when a report could not be written. */
static int
write_file(const struct report *r, const char *file)
{
	struct buf out;
	int rc;

	buf_init(&out, REPORT_MOST_BYTES);
	report_format(r, settings_report_format(file), &out);
	rc = out.is_full ? ERR_LIMIT : file_write(file, out.data, out.len);
	if (rc != 0)
		fprintf(stderr, "e2e-gate: %s: %s\n", file, rc == ERR_IO ?
		    strerror(errno) : err_text(rc));
	buf_fini(&out);
	return (rc == 0 ? 0 : EXIT_UNMEASURED);
}

static int
write_stdout(const struct report *report)
{
	struct report r = *report;
	struct buf out;
	int code;

	r.has_colour = table_style_for(stdout).has_colour;
	buf_init(&out, REPORT_MOST_BYTES);
	report_format(&r, (enum format)r.session->settings->format, &out);
	code = command_print(&out, (enum format)r.session->settings->format);
	buf_fini(&out);
	return (code);
}

/* A pass that nobody can read is none: its exit code becomes 30. */
static int
write_reports(const struct report *r)
{
	const struct option_list *files = &r->session->settings->reports;
	int trouble = write_stdout(r);
	size_t i;

	for (i = 0; i < files->count; i++)
		if (write_file(r, files->items[i]) != 0)
			trouble = EXIT_UNMEASURED;
	return (r->exit_code == EXIT_GOOD ? trouble : r->exit_code);
}

/* Without the program of the probes nothing can be measured. */
static bool
has_probe(void)
{
	char *path = proc_sibling("e2e-probe");
	bool is_there = access(path, X_OK) == 0;

	if (!is_there)
		fprintf(stderr, "e2e-gate: %s: %s: nothing can be measured\n",
		    path, strerror(errno));
	free(path);
	return (is_there);
}

/* Judge, tell and record. settings and suite are the gate's own. */
static int
judge(struct settings *settings, struct suite *suite,
    const struct transcript *earlier, const char *aged)
{
	struct override_list overrides = {.count = 0};
	struct session_help help = {.earlier = NULL,
	    .overrides = &overrides,
	    .aged = aged[0] != '\0' ? aged : NULL};
	char identity[DEFINITION_HASH_SIZE];
	struct session session;
	struct report report;
	int code;

	if (earlier->doc != NULL) {
		earlier_adopt(earlier, settings, suite);
		help.earlier = earlier;
	} else if (settings->store != NULL)
		archive_read_history(suite, settings->store, clock_wall());
	policy_warn_of_history(suite);
	if (settings->store != NULL) {
		earlier_identity(settings, suite, identity);
		override_read(settings->store, earlier->doc != NULL ?
		    earlier->id_hex : "", identity, clock_wall(),
		    &overrides);
		help.archive = archive_open(settings->store);
	}
	session_run(&session, settings, suite, &help);
	report_init(&report, &session);
	code = write_reports(&report);
	if (settings->store != NULL)
		archive_store(help.archive, &report, settings->store);
	archive_close(&help.archive);
	report_fini(&report);
	session_fini(&session);
	override_fini(&overrides);
	return (code);
}

/* Nobody else judges this candidate now: look for its evidence. */
static int
continue_and_judge(struct settings *settings, struct suite *suite)
{
	char aged[2 * MESSAGE_ID_SIZE + 1];
	struct transcript earlier;
	int code = earlier_load(settings, suite, &earlier, aged);

	if (code == 0) {
		code = judge(settings, suite, &earlier, aged);
		transcript_fini(&earlier);
	}
	return (code);
}

static int
judge_alone(struct settings *settings, struct suite *suite)
{
	char key[DEFINITION_HASH_SIZE] = "";
	struct lease lease = {.fd = -1};
	int code = has_probe() ? 0 : EXIT_UNMEASURED;

	if (code == 0 && settings->store != NULL) {
		code = earlier_key(settings, suite, key);
		if (code == 0)
			code = lease_take(&lease, settings->store, key,
			    settings->time);
	}
	if (code == 0)
		code = continue_and_judge(settings, suite);
	lease_release(&lease);
	return (code);
}

static int
command_judge(const struct settings *settings)
{
	struct settings own = *settings;
	struct suite suite;
	int code = suite_load(settings, &suite);

	if (code != 0)
		return (code);
	code = policy_take(&suite, &own);
	if (code == 0)
		code = judge_alone(&own, &suite);
	suite_fini(&suite);
	return (code);
}

int
main(int argc, char **argv)
{
	static int (*const commands[COMMAND_COUNT])(const struct settings *) =
	    {
		[COMMAND_JUDGE] = command_judge,
		[COMMAND_REPLAY] = command_replay,
		[COMMAND_AA] = command_aa,
		[COMMAND_PLAN] = command_plan,
		[COMMAND_MARK] = command_mark,
		[COMMAND_STATUS] = command_status,
		[COMMAND_OVERRIDE] = command_override,
	    };
	struct settings settings;
	int code;

	settings_read(&settings, argc, argv);
	proc_init(settings.is_child);
	log_init("e2e-gate", settings.is_child ? LOG_INFO : LOG_WARN);
	code = commands[settings.command](&settings);
	settings_fini(&settings);
	return (code);
}
