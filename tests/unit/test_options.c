/* SPDX-License-Identifier: ISC */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/options.h"

struct values {
	bool quiet;
	const char *name;
	struct option_list header;
	int64_t jobs;
	span_us time;
	double alpha;
	int format;
};

static const char *const formats[] = {"auto", "table", "json", NULL};

static const struct option_row rows[] = {
    {"quiet", 'q', OPTION_FLAG, OPTION_AT(struct values, quiet), NULL, 0, 0,
        NULL, "Say less, but never so little that a mistake would go unseen",
        NULL, NULL, NULL},
    {"name", 'n', OPTION_STR, OPTION_AT(struct values, name), "NAME", 0, 0,
        NULL, "Set the name", NULL, "OTHER_NAME", NULL},
    {"header", 'H', OPTION_LIST, OPTION_AT(struct values, header), "LINE", 0,
        0, NULL, "Add a header", NULL, NULL, NULL},
    {"jobs", 'j', OPTION_INT, OPTION_AT(struct values, jobs), "N", 1, 100,
        NULL, "Run N at once", NULL, NULL, NULL},
    {"time", 0, OPTION_SPAN, OPTION_AT(struct values, time), "TIME", 0, 0,
        NULL, "Stop after TIME", NULL, NULL, NULL},
    {"alpha", 0, OPTION_DOUBLE, OPTION_AT(struct values, alpha), "P", 0, 1,
        NULL, "Set the error rate", NULL, NULL, NULL},
    {"format", 0, OPTION_CHOICE, OPTION_AT(struct values, format), "FORMAT",
        0, 0, formats, "Choose the format", NULL, NULL, NULL},
    OPTION_END,
};

static const struct program program = {
    .name = "e2e-test", .section = 1, .summary = "be tested",
    .synopsis = "[options] FILE...", .rows = rows};

/* Split words at blanks into argv, which points into *line. */
static int
split(const char *words, char **line, char **argv)
{
	char *p, *word;
	int argc = 0;

	*line = p = xstrdup(words);
	while ((word = strsep(&p, " ")) != NULL)
		argv[argc++] = word;
	argv[argc] = NULL;
	return (argc);
}

static void
rows_fill_the_struct_and_operands_stand_last(void **state)
{
	struct values v = {0};
	char *argv[20], *line;
	int argc, first;

	(void)state;
	argc = split("e2e-test one -q -n x --header=a two -Hb --jobs 7 "
	    "--time 250ms --alpha=0.05 --format=json -- -three", &line, argv);
	first = options_parse(&program, argc, argv, &v);
	assert_int_equal(first, 13);
	assert_string_equal(argv[13], "one");
	assert_string_equal(argv[14], "two");
	assert_string_equal(argv[15], "-three");
	assert_true(v.quiet);
	assert_string_equal(v.name, "x");
	assert_int_equal(v.header.count, 2);
	assert_string_equal(v.header.items[1], "b");
	assert_int_equal(v.jobs, 7);
	assert_int_equal(v.time, 250 * SPAN_MS);
	assert_true(v.alpha == 0.05);
	assert_int_equal(v.format, 2);
	options_fini(&program, &v);
	free(line);
}

static void
the_environment_is_read_and_the_command_line_wins(void **state)
{
	struct values v = {0};
	char *argv[8], *line;
	int argc;

	(void)state;
	setenv("E2E_JOBS", "9", 1);
	setenv("E2E_QUIET", "1", 1);
	setenv("E2E_HEADER", "env", 1);
	setenv("OTHER_NAME", "second", 1);
	argc = split("e2e-test --jobs=3 --no-quiet -Hcli", &line, argv);
	options_parse(&program, argc, argv, &v);
	assert_int_equal(v.jobs, 3);
	assert_false(v.quiet);
	assert_string_equal(v.name, "second");
	assert_int_equal(v.header.count, 1);
	assert_string_equal(v.header.items[0], "cli");
	options_fini(&program, &v);
	setenv("E2E_QUIET", "Yes", 1);
	free(line);
	argc = split("e2e-test", &line, argv);
	v.header = (struct option_list){0};
	options_parse(&program, argc, argv, &v);
	assert_true(v.quiet);
	options_fini(&program, &v);
	unsetenv("E2E_JOBS");
	unsetenv("E2E_QUIET");
	unsetenv("E2E_HEADER");
	unsetenv("OTHER_NAME");
	free(line);
}

/* Run options_parse in a child, for it exits; returns the exit code. */
static int
exit_code(const char *words, char *out, size_t size)
{
	struct values v = {0};
	char *argv[8], *line;
	int fd[2], status, argc = split(words, &line, argv);
	ssize_t n;
	size_t len = 0;
	pid_t pid;

	assert_int_equal(pipe(fd), 0);
	fflush(NULL);
	if ((pid = fork()) == 0) {
		dup2(fd[1], 1);
		dup2(fd[1], 2);
		options_parse(&program, argc, argv, &v);
		_exit(99);
	}
	free(line);
	close(fd[1]);
	while ((n = read(fd[0], out + len, size - 1 - len)) > 0)
		len += (size_t)n;
	out[len] = '\0';
	close(fd[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return (WEXITSTATUS(status));
}

static void
mistakes_are_sentences_and_exit_64(void **state)
{
	static const char *const bad[][2] = {
	    {"e2e-test --jobs=0", "--jobs wants a number from 1 to 100"},
	    {"e2e-test --jobs=99999999999999999999", "whole number"},
	    {"e2e-test --jobs=x", "--jobs wants a whole number, not 'x'"},
	    {"e2e-test --time=1w", "--time wants a duration"},
	    {"e2e-test --alpha=2", "--alpha wants a number from 0 to 1"},
	    {"e2e-test --format=xml", "--format wants one of auto, table, json"},
	    {"e2e-test --n", "option '--n' is ambiguous"},
	    {"e2e-test --zebra", "unknown option '--zebra'\n"},
	    {"e2e-test --quite", "did you mean '--quiet'?"},
	    {"e2e-test --haeder=x", "'--haeder', did you mean '--header'?"},
	    {"e2e-test --quiet=1", "'--quiet' takes no argument"},
	    {"e2e-test -qZ one", "unknown option '-Z'"},
	    {"e2e-test --jobs", "'--jobs' wants an argument"},
	    {"e2e-test -n", "'-n' wants an argument"}};
	char out[8192];
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(bad); i++) {
		assert_int_equal(exit_code(bad[i][0], out, sizeof(out)), EXIT_USAGE);
		if (strstr(out, bad[i][1]) == NULL)
			fail_msg("%s: %s", bad[i][0], out);
	}
	setenv("E2E_QUIET", "maybe", 1);
	assert_int_equal(exit_code("e2e-test", out, sizeof(out)), EXIT_USAGE);
	assert_non_null(strstr(out, "E2E_QUIET wants 1 or 0, not 'maybe'"));
	unsetenv("E2E_QUIET");
}

static void
letters_stand_together_and_may_have_an_equals_sign(void **state)
{
	static const char *const good[] = {"e2e-test -qn=x -j=7",
	    "e2e-test -qnx -j7", "e2e-test -qn x -j 7", "e2e-test -j07 -qnx"};
	struct values v;
	char *argv[8], *line;
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(good); i++) {
		v = (struct values){0};
		options_parse(&program, split(good[i], &line, argv), argv, &v);
		assert_true(v.quiet);
		assert_string_equal(v.name, "x");
		assert_int_equal(v.jobs, 7);
		options_fini(&program, &v);
		free(line);
	}
	/* An argument of its own is taken as it stands. */
	v = (struct values){0};
	options_parse(&program, split("e2e-test -n =x", &line, argv), argv,
	    &v);
	assert_string_equal(v.name, "=x");
	free(line);
}

static void
a_program_may_have_its_own_code_for_mistakes(void **state)
{
	struct program other = program;
	struct values v = {0};
	char *argv[8], *line;
	int status, argc = split("e2e-test --zebra", &line, argv);
	pid_t pid;

	(void)state;
	other.usage_code = 7;
	fflush(NULL);
	if ((pid = fork()) == 0) {
		must(freopen("/dev/null", "w", stderr) != NULL);
		options_parse(&other, argc, argv, &v);
		_exit(99);
	}
	free(line);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 7);
}

static void
rows_of_a_group_stand_under_its_title(void **state)
{
	static const struct option_row grouped[] = {
	    {.name = "one", .type = OPTION_FLAG, .help = "First",
	        .group = "What is run"},
	    {.name = "two", .type = OPTION_FLAG, .help = "Second"},
	    {.name = "three", .type = OPTION_FLAG, .help = "Third",
	        .group = "Time"}, OPTION_END};
	const struct program other = {.name = "e2e-test", .section = 1,
	    .summary = "be tested", .synopsis = "FILE", .rows = grouped};
	char *out = NULL;
	size_t size;
	FILE *f = open_memstream(&out, &size), *old = stdout;

	(void)state;
	stdout = f;
	options_print_help(&other);
	options_print_man(&other);
	stdout = old;
	fclose(f);
	assert_non_null(strstr(out, "\n\nWhat is run:\n      --one "));
	assert_non_null(strstr(out, "Second\n\nTime:\n      --three "));
	assert_null(strstr(out, "Options:"));
	assert_non_null(strstr(out, ".SS What is run\n.TP\n.B \\-\\-one\n"));
	assert_non_null(strstr(out, ".SS Time\n.TP\n"));
	free(out);
}

static void
help_and_the_manual_name_every_option(void **state)
{
	char out[8192];
	size_t i;

	(void)state;
	assert_int_equal(exit_code("e2e-test --help", out, sizeof(out)), 0);
	for (i = 0; rows[i].name != NULL; i++)
		assert_non_null(strstr(out, rows[i].name));
	assert_non_null(strstr(out, "  -q, --quiet                  Say less, "
	    "but never so little that a mistake\n"
	    "                               would go unseen\n"));
	assert_int_equal(exit_code("e2e-test --man", out, sizeof(out)), 0);
	for (i = 0; rows[i].name != NULL; i++)
		assert_non_null(strstr(out, rows[i].help));
	assert_non_null(strstr(out, "E2E_JOBS"));
	assert_int_equal(exit_code("e2e-test -qh", out, sizeof(out)), 0);
	assert_non_null(strstr(out, "Usage: e2e-test"));
	assert_int_equal(exit_code("e2e-test -V", out, sizeof(out)), 0);
	assert_int_equal(exit_code("e2e-test --version", out, sizeof(out)), 0);
	assert_non_null(strstr(out, "e2e-test 0."));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rows_fill_the_struct_and_operands_stand_last),
	    cmocka_unit_test(
	        the_environment_is_read_and_the_command_line_wins),
	    cmocka_unit_test(mistakes_are_sentences_and_exit_64),
	    cmocka_unit_test(
	        letters_stand_together_and_may_have_an_equals_sign),
	    cmocka_unit_test(a_program_may_have_its_own_code_for_mistakes),
	    cmocka_unit_test(rows_of_a_group_stand_under_its_title),
	    cmocka_unit_test(help_and_the_manual_name_every_option),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
