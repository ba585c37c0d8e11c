/* SPDX-License-Identifier: ISC */
/* What all commands of e2e-gate end with: to fit, and was it printed? */
#include "gate/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/table.h"
#include "base/utf8.h"

#define WIDTH_LEAST 20
#define INDENT 4

int
command_flush(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return (0);
	fprintf(stderr, "e2e-gate: stdout: %s\n", strerror(errno));
	return (EXIT_UNMEASURED);
}

/* The columns of a letter, or of an escape; n gets its bytes. */
static size_t
letter(const char *s, size_t len, size_t *n)
{
	const char *end;

	if (*s == '\033' && (end = memchr(s, 'm', len)) != NULL) {
		*n = (size_t)(end - s) + 1;
		return (0);
	}
	*n = utf8_letters(s, len, 1);
	return (utf8_columns(s, *n));
}

static const char *
skip_blanks(const char *s, const char *end)
{
	while (s < end && *s == ' ')
		s++;
	return (s);
}

static size_t
word(const char *s, const char *end)
{
	const char *blank = memchr(s, ' ', (size_t)(end - s));

	return ((size_t)((blank != NULL ? blank : end) - s));
}

/* Without its end; what follows a break stands further right. */
static void
print_line(const char *s, const char *end, size_t width)
{
	const char *text = skip_blanks(s, end), *blank = NULL, *at, *next;
	size_t indent = (size_t)(text - s) + INDENT, column, n;

	if (indent > width / 2)
		indent = INDENT;
	column = (size_t)(text - s);
	for (at = text; at < end; at += n) {
		if (*at == ' ' && at > text && at[-1] != ' ')
			blank = at;
		column += letter(at, (size_t)(end - at), &n);
		if (column <= width || blank == NULL)
			continue;
		next = skip_blanks(blank, end);
		if (next == end || word(next, end) > width - indent) {
			blank = NULL; /* nothing would be won */
			continue;
		}
		fwrite(s, 1, (size_t)(blank - s), stdout);
		printf("\n%*s", (int)indent, "");
		s = text = at = next;
		n = 0;
		column = indent;
		blank = NULL;
	}
	fwrite(s, 1, (size_t)(end - s), stdout);
}

static void
print_lines(const char *s, size_t width)
{
	const char *end;

	for (; (end = strchr(s, '\n')) != NULL; s = end + 1) {
		print_line(s, end, width);
		putchar('\n');
	}
	fputs(s, stdout);
}

int
command_print(const struct buf *out, enum format format)
{
	size_t width = table_style_for(stdout).width;

	if (out->is_full) {
		fprintf(stderr, "e2e-gate: stdout: what is to be said is too "
		    "long\n");
		return (EXIT_UNMEASURED);
	}
	if (format == FORMAT_TABLE && width >= WIDTH_LEAST)
		print_lines(buf_str(out), width);
	else
		fwrite(buf_str(out), 1, out->len, stdout);
	return (command_flush());
}
