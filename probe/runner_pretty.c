/* SPDX-License-Identifier: ISC */
/*
 * Answers for people. Tokens stay as they were received, only blanks between
 * them change; the colours are those of the real program.
 */
#include "probe/runner_pretty.h"

#include <string.h>

#include "base/json.h"

#define PRETTY_MOST_DEPTH 1000
#define BLANKS " \t\r\n"
#define SIGNS "{}[],:"

/* A line begins in JSON that is indented. */
static void
break_line(struct buf *out, size_t depth)
{
	buf_append_char(out, '\n');
	while (depth-- > 0 && !out->is_full)
		buf_append_str(out, "  ");
}

/* An array or object without anything in it stays as it is. */
static size_t
empty_len(const char *s, const char *end)
{
	const char *p = s + 1;

	while (p < end && strchr(" \t\r\n", *p) != NULL && *p != '\0')
		p++;
	return (p < end && (*p == '}' || *p == ']') ?
	    (size_t)(p - s) + 1 : 0);
}

/* JSON with its tokens as they were and other blanks between them. */
static void
indent_json(const char *s, const char *end, struct buf *out)
{
	size_t depth = 0, skip;
	bool in_string = false;

	for (; s < end; s++) {
		if (in_string || strchr("{}[],: \t\r\n\"", *s) == NULL ||
		    *s == '\0') {
			buf_append_char(out, *s);
			if (in_string && *s == '\\' && s + 1 < end)
				buf_append_char(out, *++s);
			else if (*s == '"')
				in_string = false;
		} else if (*s == '"') {
			buf_append_char(out, *s);
			in_string = true;
		} else if (*s == '{' || *s == '[') {
			buf_append_char(out, *s);
			if ((skip = empty_len(s, end)) > 0) {
				s += skip - 1;
				buf_append_char(out, *s);
			} else {
				break_line(out, ++depth);
			}
		} else if (*s == '}' || *s == ']') {
			break_line(out, depth > 0 ? --depth : 0);
			buf_append_char(out, *s);
		} else if (*s == ',') {
			buf_append_char(out, *s);
			break_line(out, depth);
		} else if (*s == ':') {
			buf_append_str(out, ": ");
		}
	}
}

bool
runner_pretty_indent(const char *body, size_t len, struct buf *out)
{
	const char *end = body + len;

	body += strspn(body, BLANKS);
	len = json_scan(body, (size_t)(end - body), PRETTY_MOST_DEPTH);
	if (len == 0 || strspn(body + len, BLANKS) !=
	    (size_t)(end - body) - len)
		return (false);
	indent_json(body, body + len, out);
	buf_append_char(out, '\n');
	return (true);
}

static void
put_colored(struct buf *out, const char *color, const char *s, size_t len)
{
	buf_printf(out, "\033[%sm", color);
	buf_append(out, s, len);
	buf_append_str(out, "\033[0m");
}

/* Length of the string at s with both quotes; one may have been masked. */
static size_t
string_len(const char *s)
{
	size_t n = 1;

	while ((n += strcspn(s + n, "\"\\\n")), s[n] == '\\')
		n += s[n + 1] != '\0' ? 2 : 1;
	return (s[n] == '"' ? n + 1 : n);
}

static size_t
token_len(const char *s)
{
	if (*s == '"')
		return (string_len(s));
	if (strchr(SIGNS, *s) != NULL) /* an empty object is one */
		return ((s[0] == '{' && s[1] == '}') ||
		    (s[0] == '[' && s[1] == ']') ? 2 : 1);
	return (strcspn(s, SIGNS BLANKS "\""));
}

static const char *
token_color(const char *s, size_t len)
{
	if (*s == '"')
		return (s[len] == ':' ? "1;34" : "0;32");
	if (strchr(SIGNS, *s) != NULL)
		return ("1;39");
	return (*s == 't' || *s == 'f' ? "0;33" : *s == 'n' ? "0;35" :
	    "0;36");
}

static void
color_json(const char *s, struct buf *out)
{
	size_t len;

	for (;;) {
		len = strspn(s, BLANKS);
		buf_append(out, s, len);
		s += len;
		if (*s == '\0')
			return;
		len = token_len(s);
		put_colored(out, token_color(s, len), s, len);
		s += len;
	}
}

/* The status line, then names; what follows the head is returned. */
static const char *
color_head(const char *s, struct buf *out)
{
	size_t len = strcspn(s, "\n"), name;

	put_colored(out, "1;32", s, len + (s[len] == '\n'));
	for (s += len + (s[len] == '\n'); *s != '\n' && *s != '\0';
	    s += len + (s[len] == '\n')) {
		len = strcspn(s, "\n");
		name = strcspn(s, ":\n");
		put_colored(out, "1;36", s, name);
		buf_append(out, s + name, len - name + (s[len] == '\n'));
	}
	return (s);
}

void
runner_pretty_color(const struct buf *answer, bool has_head, bool is_json,
    struct buf *out)
{
	const char *s = buf_str(answer), *end = s + answer->len;

	if (has_head)
		s = color_head(s, out);
	if (is_json)
		color_json(s, out);
	else
		buf_append(out, s, (size_t)(end - s));
}
