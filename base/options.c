/* SPDX-License-Identifier: ISC */
/* Command lines as tables: parsing and help. */
#include "base/options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/cause.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "config.h"

#define HELP_COLUMN 31 /* where the sentences of --help begin */
#define HELP_WIDTH 79
#define NEGATED 0x10000 /* getopt's value for --no-name: this plus the row */
#define PLAIN 0x20000
#define OPT_HELP 0x40000
#define OPT_VERSION 0x40001
#define OPT_MAN 0x40002

static size_t
row_count(const struct program *p)
{
	size_t n = 0;

	while (p->rows[n].name != NULL)
		n++;
	return (n);
}

_Noreturn void
options_fail(const struct program *p, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s: ", p->name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\nTry '%s --help'.\n", p->name);
	exit(p->usage_code != 0 ? p->usage_code : EXIT_USAGE);
}

static void
set_int(const struct program *p, const struct option_row *row,
    const char *from, const char *text, int64_t *out)
{
	char *end;
	long long n;

	errno = 0;
	n = strtoll(text, &end, 10);
	if (*text == '\0' || *end != '\0' || errno != 0)
		options_fail(p, "%s wants a whole number, not '%s'", from,
		    text);
	if ((row->min != 0 || row->max != 0) &&
	    (n < row->min || n > row->max))
		options_fail(p, "%s wants a number from %lld to %lld", from,
		    (long long)row->min, (long long)row->max);
	*out = n;
}

static void
set_double(const struct program *p, const struct option_row *row,
    const char *from, const char *text, double *out)
{
	char *end;
	double d = strtod(text, &end);

	if (*text == '\0' || *end != '\0' || d != d)
		options_fail(p, "%s wants a number, not '%s'", from, text);
	if ((row->min != 0 || row->max != 0) &&
	    (d < (double)row->min || d > (double)row->max))
		options_fail(p, "%s wants a number from %lld to %lld", from,
		    (long long)row->min, (long long)row->max);
	*out = d;
}

/* text is a variable's value; NULL: the option stands on the command line. */
static void
set_flag(const struct program *p, const char *from, const char *text,
    bool *out)
{
	static const char *const words[] = {"", "0", "false", "no", "off",
	    "1", "true", "yes", "on"};
	size_t i;

	for (i = 0; text != NULL && i < NELEMS(words); i++)
		if (strcasecmp(text, words[i]) == 0) {
			*out = i > 4;
			return;
		}
	if (text != NULL)
		options_fail(p, "%s wants 1 or 0, not '%s'", from, text);
	*out = true;
}

static void
set_choice(const struct program *p, const struct option_row *row,
    const char *from, const char *text, int *out)
{
	struct buf all;
	int i;

	buf_init(&all, 1000);
	for (i = 0; row->choices[i] != NULL; i++) {
		if (strcmp(text, row->choices[i]) == 0) {
			*out = i;
			buf_fini(&all);
			return;
		}
		if (row->choices[i][0] != '\0')
			buf_printf(&all, "%s%s", all.len > 0 ? ", " : "",
			    row->choices[i]);
	}
	options_fail(p, "%s wants one of %s, not '%s'", from, buf_str(&all),
	    text);
}

static void
list_add(struct option_list *l, const char *item)
{
	l->items = xreallocarray(l->items, l->count + 1, sizeof(*l->items));
	l->items[l->count++] = item;
}

/* from names the option or variable in messages; text may be NULL (flag). */
static void
set_value(const struct program *p, const struct option_row *row,
    const char *from, const char *text, void *values)
{
	void *at = (char *)values + row->offset;

	switch (row->type) {
	case OPTION_FLAG:
		set_flag(p, from, text, at);
		break;
	case OPTION_STR:
		*(const char **)at = text;
		break;
	case OPTION_LIST:
		list_add(at, text);
		break;
	case OPTION_INT:
		set_int(p, row, from, text, at);
		break;
	case OPTION_SPAN:
		if (clock_parse_span(text, SPAN_S, at) != 0)
			options_fail(p, "%s wants a duration such as 500ms, "
			    "30s or 5m, not '%s'", from, text);
		break;
	case OPTION_DOUBLE:
		set_double(p, row, from, text, at);
		break;
	case OPTION_CHOICE:
		set_choice(p, row, from, text, at);
		break;
	}
}

static void
default_env(const char *name, char out[static 64])
{
	size_t i, n = (size_t)snprintf(out, 64, "E2E_%s", name);

	for (i = 0; i < n && i < 63; i++)
		out[i] = out[i] == '-' ? '_' : (char)toupper(out[i]);
}

static void
read_environment(const struct program *p, void *values)
{
	const struct option_row *row;
	char name[64];
	const char *env, *text;

	for (row = p->rows; row->name != NULL; row++) {
		if (row->env != NULL && row->env[0] == '\0')
			continue;
		default_env(row->name, name);
		env = row->env != NULL ? row->env : name;
		text = getenv(env);
		if (text == NULL && row->env2 != NULL)
			text = getenv(env = row->env2);
		if (text != NULL)
			set_value(p, row, env, text, values);
	}
}

static void
print_version(const struct program *p)
{
	printf("%s %s\n", p->name, PACKAGE_VERSION);
}

struct parse {
	struct option *longs;
	char *shorts;
	char **negated; /* "no-name" strings, to free */
	size_t long_count, negated_count;
	bool *list_seen;
};

static void
add_long(struct parse *ps, const char *name, int has_arg, int value)
{
	ps->longs[ps->long_count++] =
	    (struct option){name, has_arg, NULL, value};
}

static void
parse_init(struct parse *ps, const struct program *p)
{
	size_t i, n = row_count(p), at = 0;

	ps->longs = xcalloc(2 * n + 4, sizeof(*ps->longs));
	ps->shorts = xcalloc(2 * n + 5, 1);
	ps->negated = xcalloc(n, sizeof(*ps->negated));
	ps->list_seen = xcalloc(n, sizeof(*ps->list_seen));
	ps->long_count = ps->negated_count = 0;
	ps->shorts[at++] = p->stops_at_operand ? '+' : ':';
	if (p->stops_at_operand)
		ps->shorts[at++] = ':';
	for (i = 0; i < n; i++) {
		const struct option_row *row = &p->rows[i];
		bool is_flag = row->type == OPTION_FLAG;

		add_long(ps, row->name, is_flag ? no_argument :
		    required_argument, PLAIN + (int)i);
		if (is_flag) {
			char *no = xasprintf("no-%s", row->name);

			ps->negated[ps->negated_count++] = no;
			add_long(ps, no, no_argument, NEGATED + (int)i);
		}
		if (row->letter != '\0') {
			ps->shorts[at++] = row->letter;
			if (!is_flag)
				ps->shorts[at++] = ':';
		}
	}
	ps->shorts[at++] = 'h'; /* no row has these */
	ps->shorts[at++] = 'V';
	add_long(ps, "help", no_argument, OPT_HELP);
	add_long(ps, "version", no_argument, OPT_VERSION);
	add_long(ps, "man", no_argument, OPT_MAN);
}

static void
parse_fini(struct parse *ps)
{
	while (ps->negated_count > 0)
		free(ps->negated[--ps->negated_count]);
	free(ps->negated);
	free(ps->longs);
	free(ps->shorts);
	free(ps->list_seen);
}

static size_t
row_of_letter(const struct program *p, int letter)
{
	size_t i;

	for (i = 0; p->rows[i].letter != letter; i++)
		must(p->rows[i].name != NULL);
	return (i);
}

static void
take_option(const struct program *p, struct parse *ps, int c,
    const char *argument, void *values)
{
	const struct option_row *row;
	char from[80];
	size_t i;

	if (c >= NEGATED && c < PLAIN) {
		row = &p->rows[c - NEGATED];
		*(bool *)((char *)values + row->offset) = false;
		return;
	}
	i = c >= PLAIN ? (size_t)(c - PLAIN) : row_of_letter(p, c);
	row = &p->rows[i];
	if (row->type == OPTION_LIST && !ps->list_seen[i]) {
		((struct option_list *)((char *)values + row->offset))->count =
		    0;
		ps->list_seen[i] = true;
	}
	snprintf(from, sizeof(from), "--%s", row->name);
	set_value(p, row, from, argument, values);
}

static _Noreturn void
fail_long(const struct program *p, const struct parse *ps, const char *word)
{
	const char *const *names, *near;
	const char **all = xcalloc(ps->long_count, sizeof(*all));
	size_t i, len = strcspn(word, "="), count = 0;
	char *name = xstrndup(word, len);

	for (i = 0; i < ps->long_count; i++)
		if (strncmp(ps->longs[i].name, name, len) == 0)
			count++;
	if (count > 1)
		options_fail(p, "option '--%s' is ambiguous", name);
	for (i = 0; i < ps->long_count; i++)
		all[i] = ps->longs[i].name;
	names = all;
	near = cause_suggest(name, names, ps->long_count);
	if (near != NULL)
		options_fail(p, "unknown option '--%s', did you mean '--%s'?",
		    name, near);
	options_fail(p, "unknown option '--%s'", name);
}

size_t
options_find_command(const struct program *p, const char *word)
{
	const char *names[32], *near;
	struct buf all;
	size_t i;

	buf_init(&all, 1024);
	for (i = 0; p->commands[i].name != NULL; i++) {
		if (strcmp(p->commands[i].name, word) == 0) {
			buf_fini(&all);
			return (i);
		}
		must(i < sizeof(names) / sizeof(names[0]));
		names[i] = p->commands[i].name;
		buf_printf(&all, "%s%s", i > 0 ? ", " : "", names[i]);
	}
	near = cause_suggest(word, names, i);
	if (near != NULL)
		options_fail(p, "unknown command '%s', did you mean '%s'?",
		    word, near);
	options_fail(p, "unknown command '%s'; the commands are %s", word,
	    buf_str(&all));
}

/* What getopt refused, c being its answer: ? or : . */
static _Noreturn void
fail_option(const struct program *p, const struct parse *ps, int c,
    const char *word)
{
	bool is_long = optopt == 0 || optopt >= NEGATED;

	if (c == ':' && is_long)
		options_fail(p, "'%s' wants an argument", word);
	if (c == ':')
		options_fail(p, "'-%c' wants an argument", optopt);
	if (optopt >= NEGATED)
		options_fail(p, "'%.*s' takes no argument",
		    (int)strcspn(word, "="), word);
	if (is_long)
		fail_long(p, ps, word + 2);
	options_fail(p, "unknown option '-%c'", optopt);
}

/* An argument glued to its letter may have = before it: -m=10 is -m10. */
static const char *
argument_of(int c, char *const *argv)
{
	const char *word = argv[optind - 1];

	if (c < NEGATED && optarg != NULL && *optarg == '=' &&
	    optarg > word && optarg < word + strlen(word))
		return (optarg + 1);
	return (optarg);
}

int
options_parse(const struct program *p, int argc, char **argv, void *values)
{
	struct parse ps;
	int c;

	read_environment(p, values);
	parse_init(&ps, p);
	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ps.shorts, ps.longs, NULL)) !=
	    -1) {
		if (c == '?' || c == ':')
			fail_option(p, &ps, c, argv[optind - 1]);
		if (c == OPT_HELP || c == 'h')
			options_print_help(p);
		else if (c == OPT_VERSION || c == 'V')
			print_version(p);
		else if (c == OPT_MAN)
			options_print_man(p);
		else {
			take_option(p, &ps, c, argument_of(c, argv), values);
			continue;
		}
		parse_fini(&ps);
		exit(fflush(stdout) == 0 ? EXIT_GOOD : EXIT_UNMEASURED);
	}
	parse_fini(&ps);
	return (optind);
}

void
options_fini(const struct program *p, void *values)
{
	const struct option_row *row;

	for (row = p->rows; row->name != NULL; row++)
		if (row->type == OPTION_LIST)
			free(((struct option_list *)((char *)values +
			    row->offset))->items);
}

/* left, then the text from HELP_COLUMN on, in lines of HELP_WIDTH. */
static void
print_entry(const char *left, const char *text)
{
	size_t column = (size_t)printf("  %s", left), len;

	if (column >= HELP_COLUMN) {
		putchar('\n');
		column = 0;
	}
	for (; *text != '\0'; text += len + strspn(text + len, " ")) {
		len = strcspn(text, " ");
		if (column > HELP_COLUMN && column + 1 + len > HELP_WIDTH) {
			putchar('\n');
			column = 0;
		}
		if (column < HELP_COLUMN)
			column += (size_t)printf("%*s",
			    (int)(HELP_COLUMN - column), "");
		else
			column += (size_t)printf(" ");
		column += (size_t)printf("%.*s", (int)len, text);
	}
	putchar('\n');
}

static void
print_row(const struct option_row *row)
{
	char left[80];

	snprintf(left, sizeof(left), "%c%c%s --%s%s%s",
	    row->letter != '\0' ? '-' : ' ',
	    row->letter != '\0' ? row->letter : ' ',
	    row->letter != '\0' ? "," : " ", row->name,
	    row->arg != NULL ? "=" : "", row->arg != NULL ? row->arg : "");
	print_entry(left, row->help);
}

static void
print_command(const struct option_command *c)
{
	char left[80];

	snprintf(left, sizeof(left), "%s %s", c->name, c->args);
	print_entry(left, c->help);
}

void
options_print_help(const struct program *p)
{
	const struct option_command *c;
	const struct option_row *row;

	printf("%s - %s\n\nUsage: %s %s\n", p->name, p->summary, p->name,
	    p->synopsis);
	if (p->commands != NULL)
		printf("\nCommands:\n");
	for (c = p->commands; c != NULL && c->name != NULL; c++)
		print_command(c);
	if (p->rows->group == NULL)
		printf("\nOptions:\n");
	for (row = p->rows; row->name != NULL; row++) {
		if (row->group != NULL)
			printf("\n%s:\n", row->group);
		print_row(row);
	}
	if (p->rows->group != NULL)
		printf("\nAbout the program:\n");
	printf("  -h, --help                   Print this help\n"
	    "  -V, --version                Print the version\n");
	if (p->section != 0)
		printf("\nThe manual has it all: man %s\n", p->name);
}
