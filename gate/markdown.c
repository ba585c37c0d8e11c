/* SPDX-License-Identifier: ISC */
/* Escapes of Markdown. */
#include "gate/markdown.h"

#include <string.h>

#define FENCE_LEAST 3

void
markdown_escape(struct buf *out, const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s == '\n' || *s == '\r')
			buf_append_char(out, ' ');
		else if (*s == '&')
			buf_append_str(out, "&amp;");
		else if (*s == '@' || *s == '#')
			/* What follows is a name or a number no more: a
			 * backslash would be gone when they are looked for. */
			buf_printf(out, "%c&#8203;", *s);
		else if (strchr("\\`*_{}[]<>|~$", *s) != NULL)
			buf_printf(out, "\\%c", *s);
		else
			buf_append_char(out, *s);
	}
}

/* The longest run of backticks. */
static size_t
longest_run(const char *s)
{
	size_t most = 0, run = 0;

	for (; *s != '\0'; s++) {
		run = *s == '`' ? run + 1 : 0;
		most = run > most ? run : most;
	}
	return (most);
}

static void
append_ticks(struct buf *out, size_t count)
{
	while (count-- > 0)
		buf_append_char(out, '`');
}

void
markdown_code(struct buf *out, const char *s)
{
	size_t len = strlen(s), ticks = longest_run(s) + 1;
	bool is_padded = len > 0 && (s[0] == '`' || s[len - 1] == '`' ||
	    (s[0] == ' ' && s[len - 1] == ' '));

	/* There is no empty code. */
	if (s[strspn(s, " \r\n")] == '\0')
		return;
	append_ticks(out, ticks);
	buf_append_str(out, is_padded ? " " : "");
	for (; *s != '\0'; s++)
		buf_append_char(out, *s == '\n' || *s == '\r' ? ' ' : *s);
	buf_append_str(out, is_padded ? " " : "");
	append_ticks(out, ticks);
}

void
markdown_block(struct buf *out, const char *language, const char *s)
{
	size_t len = strlen(s), ticks = longest_run(s) + 1;

	ticks = ticks < FENCE_LEAST ? FENCE_LEAST : ticks;
	append_ticks(out, ticks);
	buf_printf(out, "%s\n%s%s", language, s, len > 0 && s[len - 1] ==
	    '\n' ? "" : "\n");
	append_ticks(out, ticks);
	buf_append_char(out, '\n');
}
