/* SPDX-License-Identifier: ISC */
/*
 * Parentheses: captures and their names, flags, and the refusal of all that
 * only PCRE2 knows. Flags that PCRE2 has not (x, u, R) stay with us.
 */
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/regex_priv.h"

#define GROUPS_MOST 10000

static const char look_around[] =
    "look-around, such as (?=...) and (?<=...), is not supported";

/* One flag letter; *is_own when PCRE2 is told of it. */
static int
set_flag(struct regex_translator *t, struct regex_flags *flags, char c,
    bool is_on, bool *is_own)
{
	*is_own = true;
	switch (c) {
	case 'i':
		flags->is_caseless = is_on;
		return (0);
	case 'm':
		flags->is_multiline = is_on;
		return (0);
	case 's':
		flags->is_dotall = is_on;
		return (0);
	case 'U':
		return (0);
	default:
		break;
	}
	*is_own = false;
	if (c == 'x')
		flags->is_verbose = is_on;
	else if (c == 'R')
		flags->is_crlf = is_on;
	else if (c == 'u')
		flags->is_ascii = !is_on;
	else
		return (regex_fail(t, ERR_SYNTAX, t->p, "unknown flag"));
	return (0);
}

/*
 * Letters of (?flags) or (?flags:...), up to the ) or the colon. PCRE2's
 * share of them goes to text.
 */
static int
read_flags(struct regex_translator *t, struct regex_flags *flags,
    struct buf *text)
{
	const char *start = t->p;
	bool is_on = true, is_own;
	int err;

	for (; t->p < t->end && *t->p != ')' && *t->p != ':'; t->p++) {
		if (memchr(start, *t->p, (size_t)(t->p - start)) != NULL)
			return (regex_fail(t, ERR_SYNTAX, t->p,
			    "a flag stands there twice"));
		if (*t->p == '-' && is_on) {
			is_on = false;
			buf_append_char(text, '-');
			continue;
		}
		if ((err = set_flag(t, flags, *t->p, is_on, &is_own)) != 0)
			return (err);
		if (is_own)
			buf_append_char(text, *t->p);
	}
	if (t->p == t->end || t->p == start || t->p[-1] == '-')
		return (regex_fail(t, ERR_SYNTAX, start,
		    "the flags are not complete"));
	return (0);
}

static int
open_group(struct regex_translator *t, const char *at)
{
	struct regex_group *g;

	if (t->depth == REGEX_MOST_NESTING)
		return (regex_fail(t, ERR_UNSUPPORTED, at,
		    "the groups are nested too deeply"));
	g = &t->groups[t->depth++];
	g->start = t->out->len;
	g->at = (size_t)(at - t->pattern);
	g->flags = t->flags;
	t->has_atom = false;
	return (0);
}

static bool
is_name_start(uint32_t c)
{
	return (c == '_' || (c | 32) - 'a' < 26u || c >= 0x80);
}

/* The name of (?<name>...), behind the <. */
static int
group_name(struct regex_translator *t)
{
	const char *start = t->p;
	size_t i, len;
	uint32_t c;

	while (t->p < t->end && *t->p != '>') {
		c = regex_next_char(t);
		if (!is_name_start(c) && (t->p == start + 1 ||
		    ((c < '0' || c > '9') && c != '.' && c != '[' &&
		    c != ']')))
			return (regex_fail(t, ERR_SYNTAX, t->p - 1,
			    "a group's name has letters, digits and _"));
	}
	len = (size_t)(t->p - start);
	if (t->p == t->end || len == 0)
		return (regex_fail(t, ERR_SYNTAX, start,
		    "the group's name is not complete"));
	for (i = 0; i < t->name_count; i++)
		if (strlen(t->names[i].name) == len &&
		    memcmp(t->names[i].name, start, len) == 0)
			return (regex_fail(t, ERR_SYNTAX, start,
			    "two groups have the same name"));
	t->names = xreallocarray(t->names, t->name_count + 1,
	    sizeof(*t->names));
	t->names[t->name_count].name = xstrndup(start, len);
	t->names[t->name_count++].group = t->capture_count;
	t->p++;
	return (0);
}

static int
capture(struct regex_translator *t, const char *at, bool has_name)
{
	int err;

	if ((err = open_group(t, at)) != 0)
		return (err);
	if (++t->capture_count > GROUPS_MOST)
		return (regex_fail(t, ERR_UNSUPPORTED, at,
		    "there are too many groups"));
	buf_append_char(t->out, '(');
	return (has_name ? group_name(t) : 0);
}

/* (?flags) goes on to the end of the group it stands in. */
static int
flag_group(struct regex_translator *t, const char *at)
{
	struct regex_flags flags = t->flags;
	struct buf text;
	int err;

	buf_init(&text, 64);
	err = read_flags(t, &flags, &text);
	if (err == 0 && *t->p == ':')
		err = open_group(t, at);
	if (err == 0) {
		if (text.len > 0 && text.data[text.len - 1] == '-')
			text.data[--text.len] = '\0';
		t->flags = flags;
		t->has_atom = false;
		if (*t->p == ':' || text.len > 0)
			buf_printf(t->out, "(?%s%c", buf_str(&text), *t->p);
		t->p++;
	}
	buf_fini(&text);
	return (err);
}

int
regex_group(struct regex_translator *t)
{
	const char *at = t->p++, *p;
	size_t left;

	regex_skip_blanks(t);
	if (t->p == t->end || *t->p != '?')
		return (capture(t, at, false));
	p = ++t->p;
	left = (size_t)(t->end - p);
	if ((left > 0 && (*p == '=' || *p == '!')) || (left > 1 &&
	    *p == '<' && (p[1] == '=' || p[1] == '!')))
		return (regex_fail(t, ERR_UNSUPPORTED, at, look_around));
	if (left > 0 && *p == '<') {
		t->p++;
		return (capture(t, at, true));
	}
	if (left > 1 && *p == 'P' && p[1] == '<') {
		t->p += 2;
		return (capture(t, at, true));
	}
	if (left > 0 && *p == ':') {
		t->p++;
		if (open_group(t, at) != 0)
			return (ERR_UNSUPPORTED);
		buf_append_str(t->out, "(?:");
		return (0);
	}
	if (left > 0 && strchr(">|#(&+-0123456789PC", *p) != NULL &&
	    !(*p == '-' && left > 1 && strchr("imsUuxR", p[1]) != NULL))
		return (regex_fail(t, ERR_UNSUPPORTED, at, "atomic groups, "
		    "recursion, conditionals and comments are not supported"));
	return (flag_group(t, at));
}

int
regex_close_group(struct regex_translator *t)
{
	struct regex_group *g;

	if (t->depth == 0)
		return (regex_fail(t, ERR_SYNTAX, t->p,
		    "there is no open group to close"));
	g = &t->groups[--t->depth];
	t->flags = g->flags;
	buf_append_char(t->out, ')');
	t->atom = g->start;
	t->has_atom = true;
	t->needs_group = false;
	t->p++;
	return (0);
}
