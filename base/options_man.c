/* SPDX-License-Identifier: ISC */
/* The manual page of a program, in man(7) format, from its tables. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/options.h"
#include "config.h"

/* Text for troff: backslashes and dashes escaped, no line starts a request. */
static void
put(const char *s)
{
	bool at_start = true;

	for (; *s != '\0'; s++) {
		if (at_start && (*s == '.' || *s == '\''))
			fputs("\\&", stdout);
		at_start = *s == '\n';
		if (*s == '\\')
			fputs("\\e", stdout);
		else if (*s == '-')
			fputs("\\-", stdout);
		else
			putchar(*s);
	}
}

/*
 * A line of text, with what must stand before it: a literal line begins with
 * a tab.
 */
static void
put_line(const char *line, bool is_paragraph, bool *is_literal)
{
	if (*is_literal && line[0] != '\t') {
		puts(".RE\n.fi");
		*is_literal = false;
	}
	if (is_paragraph)
		puts(".PP");
	if (!*is_literal && line[0] == '\t') {
		puts(".nf\n.RS 4");
		*is_literal = true;
	}
	put(line + *is_literal);
	putchar('\n');
}

/* An empty line starts a paragraph; lines that begin with a tab stay as is. */
static void
put_paragraphs(const char *text)
{
	const char *eol;
	bool is_literal = false, is_first = true, is_paragraph = false;
	char line[1024];
	size_t len;

	for (; *text != '\0'; text = *eol != '\0' ? eol + 1 : eol) {
		eol = strchrnul(text, '\n');
		len = (size_t)(eol - text);
		if (len >= sizeof(line))
			len = sizeof(line) - 1;
		memcpy(line, text, len);
		line[len] = '\0';
		if (len == 0) {
			is_paragraph = true;
			continue;
		}
		if ((line[0] == '\t') != is_literal)
			is_paragraph = true;
		put_line(line, is_paragraph && !is_first, &is_literal);
		is_first = is_paragraph = false;
	}
	if (is_literal)
		puts(".RE\n.fi");
}

static void
put_bounds(const struct option_row *row)
{
	if ((row->type != OPTION_INT && row->type != OPTION_DOUBLE) ||
	    (row->min == 0 && row->max == 0))
		return;
	printf("From %lld to %lld.\n", (long long)row->min,
	    (long long)row->max);
}

static void
put_row(const struct option_row *row)
{
	size_t i;

	puts(".TP");
	fputs(".B ", stdout);
	if (row->letter != '\0')
		printf("\\-%c\\fR, \\fB", row->letter);
	fputs("\\-\\-", stdout);
	put(row->name);
	if (row->arg != NULL) {
		fputs("\\fR=\\fI", stdout);
		put(row->arg);
	}
	putchar('\n');
	put(row->help);
	puts(".");
	put_bounds(row);
	if (row->env != NULL && row->env[0] == '\0')
		return;
	fputs("Environment: ", stdout);
	if (row->env != NULL)
		fputs(row->env, stdout);
	else
		fputs("E2E_", stdout);
	for (i = 0; row->env == NULL && row->name[i] != '\0'; i++)
		putchar(row->name[i] == '-' ? '_' : toupper(row->name[i]));
	if (row->env2 != NULL)
		printf(", %s", row->env2);
	puts(".");
}

void
options_print_man(const struct program *p)
{
	const struct option_command *c;
	const struct option_row *row;
	const struct option_text *t;
	const char *s;

	fputs(".TH ", stdout);
	for (s = p->name; *s != '\0'; s++)
		if (*s == '-')
			fputs("\\-", stdout);
		else
			putchar(toupper(*s));
	printf(" %d \"%s\" \"e2e %s\" \"e2e manual\"\n.SH NAME\n", p->section,
	    PACKAGE_DATE, PACKAGE_VERSION);
	put(p->name);
	fputs(" \\- ", stdout);
	put(p->summary);
	printf("\n.SH SYNOPSIS\n.B ");
	put(p->name);
	putchar('\n');
	put(p->synopsis);
	putchar('\n');
	for (t = p->texts; t != NULL && t->title != NULL; t++)
		if (strcmp(t->title, "DESCRIPTION") == 0) {
			puts(".SH DESCRIPTION");
			put_paragraphs(t->text);
		}
	if (p->commands != NULL)
		puts(".SH COMMANDS");
	for (c = p->commands; c != NULL && c->name != NULL; c++) {
		printf(".TP\n.B %s\\fR \\fI", c->name);
		put(c->args);
		putchar('\n');
		put(c->help);
		puts(".");
	}
	puts(".SH OPTIONS");
	for (row = p->rows; row->name != NULL; row++) {
		if (row->group != NULL)
			printf(".SS %s\n", row->group);
		put_row(row);
	}
	if (p->rows->group != NULL)
		puts(".SS About the program");
	puts(".TP\n.B \\-h, \\-\\-help\nPrint a short help.\n"
	    ".TP\n.B \\-V, \\-\\-version\nPrint the version.\n"
	    ".TP\n.B \\-\\-man\nPrint this page in man(7) format.");
	for (t = p->texts; t != NULL && t->title != NULL; t++)
		if (strcmp(t->title, "DESCRIPTION") != 0) {
			printf(".SH ");
			put(t->title);
			putchar('\n');
			put_paragraphs(t->text);
		}
}
