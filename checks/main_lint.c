/* SPDX-License-Identifier: ISC */
/*
 * e2e-lint: report every mistake in flows and manifests, all at once. It
 * reads files and touches no network.
 */
#include <stdio.h>

#include "base/err.h"
#include "base/options.h"
#include "base/proc.h"
#include "checks/lint.h"
#include "checks/manifest.h"

struct lint_options {
	int format;
	bool is_strict;
	bool wants_schema;
	bool wants_manual;
};

/* By the order of enum format; the first two print the same. */
static const char *const formats[] = {"", "table", "json", NULL};

static const struct option_row rows[] = {
	{.name = "format", .type = OPTION_CHOICE, .arg = "FORMAT",
	    .offset = OPTION_AT(struct lint_options, format),
	    .choices = formats, .help = "Print a table or json"},
	{.name = "strict", .type = OPTION_FLAG,
	    .offset = OPTION_AT(struct lint_options, is_strict),
	    .help = "Let warnings fail too"},
	{.name = "schema", .type = OPTION_FLAG,
	    .offset = OPTION_AT(struct lint_options, wants_schema),
	    .help = "Print the JSON Schema of a manifest, for editors",
	    .env = ""},
	{.name = "manual", .type = OPTION_FLAG,
	    .offset = OPTION_AT(struct lint_options, wants_manual),
	    .help = "Print the page e2e-manifest(5) in man(7) format",
	    .env = ""},
	OPTION_END
};

static const struct option_text texts[] = {
	{"DESCRIPTION", "Look at flows (*.hurl) and manifests (*.yaml, "
	    "*.yml); directories are\nread with all below them, names that "
	    "begin with a dot are passed over.\nEvery mistake is printed at "
	    "once, with its place, its line and a caret:\n"
	    "\n"
	    "\tpayments.yaml:12:5: unknown key 'evry' in a check, did you "
	    "mean 'every'?\n"
	    "\t   12 |     evry: 30s\n"
	    "\t      |     ^~~~\n"
	    "\n"
	    "The last line counts what was read and found. Warnings (an "
	    "unused environment,\na flow that no check uses, no hosts, a "
	    "timeout longer than the interval, a\nnotification that reads "
	    "what no alert sets) do not fail, unless --strict."},
	{"EXIT STATUS", "0 when there is no mistake, 78 when there is one, "
	    "64 for wrong options."},
	{"EXAMPLES", "\te2e-lint checks/\n"
	    "\te2e-lint --strict --format=json checks/ extra/login.hurl\n"
	    "\te2e-lint --schema > e2e-manifest.schema.json"},
	{"SEE ALSO", "e2e-manifest(5), e2e-run(1), e2e-scheduler(8)"},
	{NULL, NULL}
};

static const struct program program = {
	.name = "e2e-lint",
	.section = 1,
	.summary = "report every mistake in flows and manifests",
	.synopsis = "[options] PATH...",
	.rows = rows,
	.texts = texts
};

static int
lint(const struct lint_options *o, const char *const *paths, size_t count)
{
	struct lint_counts counts;
	struct cause cause;

	cause_init(&cause);
	lint_paths(paths, count, &cause, &counts);
	if (o->format == FORMAT_JSON)
		lint_print_json(&cause, &counts, stdout);
	else
		lint_print_table(&cause, &counts, stdout);
	cause_fini(&cause);
	return (counts.errors > 0 || (o->is_strict && counts.warnings > 0) ?
	    EXIT_DEFINITION : EXIT_GOOD);
}

int
main(int argc, char **argv)
{
	struct lint_options o = {0};
	int first, code = EXIT_GOOD;

	proc_init(0);
	first = options_parse(&program, argc, argv, &o);
	if (o.wants_schema)
		manifest_print_schema(stdout);
	else if (o.wants_manual)
		manifest_print_man(stdout);
	else if (first == argc)
		options_fail(&program, "name a directory, a manifest or a "
		    "flow");
	else
		code = lint(&o, (const char *const *)argv + first,
		    (size_t)(argc - first));
	return (fflush(stdout) == 0 ? code : EXIT_UNMEASURED);
}
