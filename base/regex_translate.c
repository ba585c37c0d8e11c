/* SPDX-License-Identifier: ISC */
/*
 * Rust's regex syntax, rewritten for PCRE2. Everything is taken apart and
 * spelled out again, so that nothing that only PCRE2 knows gets through.
 * What is Unicode in Rust (\w, \b, \s) is spelled by properties, because
 * PCRE2's own classes differ in detail.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/regex_priv.h"
#include "base/utf8.h"

#define REPEAT_MOST 65535

#define WORD "[\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}]"
/* Not folded, or (?i) would let K and s stand for more than ASCII. */
#define ASCII_WORD "(?-i:[0-9A-Za-z_])"

int
regex_fail(struct regex_translator *t, int err, const char *at,
    const char *sentence)
{
	if (t->sentence == NULL) {
		t->sentence = xstrdup(sentence);
		t->offset = (size_t)(at - t->pattern);
	}
	return (err);
}

uint32_t
regex_next_char(struct regex_translator *t)
{
	uint32_t c = 0;

	t->p += utf8_decode(t->p, (size_t)(t->end - t->p), &c);
	return (c);
}

void
regex_append_char(struct buf *out, uint32_t c)
{
	char text[4];

	if (c < 0x80 && ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	    (c >= 'a' && c <= 'z')))
		buf_append_char(out, (char)c);
	else if (c < 0x80)
		buf_printf(out, "\\x{%x}", (unsigned int)c);
	else
		buf_append(out, text, utf8_encode(c, text));
}

/* Rust's Pattern_White_Space, near enough: what verbose mode skips. */
static bool
is_blank(uint32_t c)
{
	return ((c >= 9 && c <= 13) || c == ' ' || c == 0x85 ||
	    c == 0x200e || c == 0x200f || c == 0x2028 || c == 0x2029);
}

void
regex_skip_blanks(struct regex_translator *t)
{
	const char *before;

	while (t->flags.is_verbose && t->p < t->end) {
		before = t->p;
		if (*t->p == '#') {
			while (t->p < t->end && *t->p != '\n')
				t->p++;
		} else if (!is_blank(regex_next_char(t))) {
			t->p = before;
			return;
		}
	}
}

/* Hex digits: exactly n, or with n = 0 any number of them in braces. */
static int
hex_char(struct regex_translator *t, int n, uint32_t *out)
{
	const char *start = t->p;
	bool has_braces = t->p < t->end && *t->p == '{';
	uint32_t c = 0;
	int digit, count = 0;

	if (has_braces)
		t->p++;
	for (; t->p < t->end && (has_braces || count < n); t->p++, count++) {
		if (*t->p >= '0' && *t->p <= '9')
			digit = *t->p - '0';
		else if ((*t->p | 32) >= 'a' && (*t->p | 32) <= 'f')
			digit = (*t->p | 32) - 'a' + 10;
		else
			break;
		c = c > 0x10ffff ? c : c * 16 + (uint32_t)digit;
	}
	if (has_braces && count > 0 && t->p < t->end && *t->p == '}')
		t->p++;
	else if (has_braces || count < n)
		return (regex_fail(t, ERR_SYNTAX, start,
		    "hex digits of a character are missing"));
	if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return (regex_fail(t, ERR_SYNTAX, start,
		    "this is no Unicode character"));
	*out = c;
	return (0);
}

int
regex_escaped_char(struct regex_translator *t, uint32_t *out)
{
	static const char names[] = "aftnrv", chars[] = "\a\f\t\n\r\v";
	const char *start = t->p, *at;
	char c = *t->p++;

	switch (c) {
	case 'x':
		return (hex_char(t, 2, out));
	case 'u':
		return (hex_char(t, 4, out));
	case 'U':
		return (hex_char(t, 8, out));
	default:
		break;
	}
	if (c != '\0' && (at = strchr(names, c)) != NULL) {
		*out = (unsigned char)chars[at - names];
		return (0);
	}
	if (c >= '0' && c <= '9')
		return (regex_fail(t, ERR_UNSUPPORTED, start - 1,
		    "back-references and octal escapes are not supported"));
	if ((c & 0x80) != 0 || ((c | 32) >= 'a' && (c | 32) <= 'z') ||
	    c == '<' || c == '>')
		return (regex_fail(t, ERR_SYNTAX, start - 1,
		    "unknown escape"));
	*out = (unsigned char)c;
	return (0);
}

static void
begin_atom(struct regex_translator *t)
{
	t->atom = t->out->len;
	t->has_atom = true;
	t->needs_group = false;
}

/* Append an assertion, which PCRE2 does not repeat unless in a group. */
static void
assertion(struct regex_translator *t, const char *text)
{
	begin_atom(t);
	t->needs_group = true;
	buf_append_str(t->out, text);
}

static const char *
word_set(const struct regex_translator *t)
{
	return (t->flags.is_ascii ? ASCII_WORD : WORD);
}

enum boundary {
	BOUNDARY, NO_BOUNDARY, WORD_START, WORD_END, HALF_START, HALF_END
};

static void
boundary(struct regex_translator *t, enum boundary which)
{
	static const char *const formats[] = {
		[BOUNDARY] = "(?:(?<=%1$s)(?!%1$s)|(?<!%1$s)(?=%1$s))",
		[NO_BOUNDARY] = "(?:(?<=%1$s)(?=%1$s)|(?<!%1$s)(?!%1$s))",
		[WORD_START] = "(?:(?<!%1$s)(?=%1$s))",
		[WORD_END] = "(?:(?<=%1$s)(?!%1$s))",
		[HALF_START] = "(?:(?<!%1$s))",
		[HALF_END] = "(?:(?!%1$s))",
	};

	begin_atom(t);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	buf_printf(t->out, formats[which], word_set(t));
#pragma GCC diagnostic pop
}

/* \b, or \b{start} and its kin; behind the b. */
static int
word_boundary(struct regex_translator *t)
{
	static const struct {
		const char *name;
		enum boundary which;
	} special[] = {
		{"{start}", WORD_START}, {"{end}", WORD_END},
		{"{start-half}", HALF_START}, {"{end-half}", HALF_END},
	};
	size_t i, n;

	for (i = 0; i < NELEMS(special); i++) {
		n = strlen(special[i].name);
		if ((size_t)(t->end - t->p) >= n &&
		    memcmp(t->p, special[i].name, n) == 0) {
			t->p += n;
			boundary(t, special[i].which);
			return (0);
		}
	}
	boundary(t, BOUNDARY);
	return (0);
}

/* A class of its own from items: \d, \PL. */
static int
class_escape(struct regex_translator *t, bool is_property)
{
	struct buf items;
	bool is_negated;
	int err = 0;

	buf_init(&items, 4096);
	if (is_property)
		err = regex_property(t, &items, &is_negated);
	else
		err = regex_perl_class(t, &items, &is_negated);
	if (err == 0) {
		begin_atom(t);
		buf_printf(t->out, "%s[%s%s]%s", t->flags.is_ascii ? "(?-i:" :
		    "", is_negated ? "^" : "", buf_str(&items),
		    t->flags.is_ascii ? ")" : "");
	}
	buf_fini(&items);
	return (err);
}

/* At a backslash, outside of a class. */
static int
escape(struct regex_translator *t)
{
	uint32_t c;
	int err;

	if (++t->p == t->end)
		return (regex_fail(t, ERR_SYNTAX, t->p - 1,
		    "the escape is not complete"));
	switch (*t->p) {
	case 'd': case 'D': case 's': case 'S': case 'w': case 'W':
		return (class_escape(t, false));
	case 'p': case 'P':
		return (class_escape(t, true));
	case 'b':
		t->p++;
		return (word_boundary(t));
	case 'B':
		t->p++;
		boundary(t, NO_BOUNDARY);
		return (0);
	case '<':
	case '>':
		boundary(t, *t->p++ == '<' ? WORD_START : WORD_END);
		return (0);
	case 'A':
	case 'z':
		assertion(t, *t->p++ == 'A' ? "\\A" : "\\z");
		return (0);
	default:
		break;
	}
	if ((err = regex_escaped_char(t, &c)) != 0)
		return (err);
	begin_atom(t);
	regex_append_char(t->out, c);
	return (0);
}

static void
wrap_atom(struct regex_translator *t)
{
	size_t len = t->out->len - t->atom;
	char *text = xmemdup(buf_str(t->out) + t->atom, len + 1);

	t->out->len = t->atom;
	buf_append_str(t->out, "(?:");
	buf_append(t->out, text, len);
	buf_append_char(t->out, ')');
	free(text);
}

/* Digits of a bound; -1 when there are none. */
static int
bound_digits(struct regex_translator *t, int *out)
{
	const char *start;
	int n = 0;

	regex_skip_blanks(t);
	start = t->p;
	for (; t->p < t->end && *t->p >= '0' && *t->p <= '9'; t->p++)
		n = n > REPEAT_MOST ? n : n * 10 + (*t->p - '0');
	*out = t->p > start ? n : -1;
	regex_skip_blanks(t);
	if (n > REPEAT_MOST)
		return (regex_fail(t, ERR_UNSUPPORTED, start,
		    "a repetition of more than 65535 is not supported"));
	return (0);
}

/* {n} {n,} {n,m}; {,m} is none in either dialect. */
static int
bounds(struct regex_translator *t)
{
	const char *start = t->p++;
	int least, most, err;
	bool has_comma;

	if ((err = bound_digits(t, &least)) != 0)
		return (err);
	has_comma = t->p < t->end && *t->p == ',';
	most = least;
	if (has_comma) {
		t->p++;
		if ((err = bound_digits(t, &most)) != 0)
			return (err);
	}
	if (t->p == t->end || *t->p != '}' || least < 0)
		return (regex_fail(t, ERR_SYNTAX, start, "the repetition is "
		    "not complete; a brace itself is written \\{"));
	t->p++;
	if (most >= 0 && least > most)
		return (regex_fail(t, ERR_SYNTAX, start,
		    "the repetition's bounds are in the wrong order"));
	buf_printf(t->out, "{%d", least);
	if (has_comma)
		buf_append_char(t->out, ',');
	if (has_comma && most >= 0)
		buf_printf(t->out, "%d", most);
	buf_append_char(t->out, '}');
	return (0);
}

/* A quantifier; one more on top of it repeats the repetition. */
static int
repetition(struct regex_translator *t)
{
	int err = 0;

	if (!t->has_atom)
		return (regex_fail(t, ERR_SYNTAX, t->p,
		    "there is nothing before it to repeat"));
	if (t->needs_group)
		wrap_atom(t);
	if (*t->p == '{')
		err = bounds(t);
	else
		buf_append_char(t->out, *t->p++);
	regex_skip_blanks(t);
	if (err == 0 && t->p < t->end && *t->p == '?')
		buf_append_char(t->out, *t->p++);
	t->needs_group = true;
	return (err);
}

static int
dot(struct regex_translator *t)
{
	if (t->flags.is_ascii)
		return (regex_fail(t, ERR_UNSUPPORTED, t->p,
		    ". without Unicode could match half a character"));
	begin_atom(t);
	t->p++;
	if (t->flags.is_crlf && !t->flags.is_dotall)
		buf_append_str(t->out, "[^\\r\\n]");
	else
		buf_append_char(t->out, '.');
	return (0);
}

static int
anchor(struct regex_translator *t)
{
	bool is_start = *t->p++ == '^';

	if (!t->flags.is_multiline || !t->flags.is_crlf)
		assertion(t, is_start ? "^" : "$");
	else if (is_start)
		assertion(t, "(?:\\A|(?<=\\n)|(?<=\\r)(?!\\n))");
	else
		assertion(t, "(?:\\z|(?=\\r)|(?<!\\r)(?=\\n))");
	return (0);
}

static int
one_item(struct regex_translator *t)
{
	int err = 0;

	switch (*t->p) {
	case '\\':
		return (escape(t));
	case '(':
		return (regex_group(t));
	case ')':
		return (regex_close_group(t));
	case '|':
		buf_append_char(t->out, *t->p++);
		t->has_atom = false;
		return (0);
	case '[':
		begin_atom(t);
		err = regex_class(t);
		return (err);
	case '*': case '+': case '?': case '{':
		return (repetition(t));
	case '.':
		return (dot(t));
	case '^': case '$':
		return (anchor(t));
	default:
		begin_atom(t);
		regex_append_char(t->out, regex_next_char(t));
		return (0);
	}
}

int
regex_translate(struct regex_translator *t)
{
	int err = 0;

	if ((size_t)(t->end - t->p) > REGEX_MOST_PATTERN)
		return (regex_fail(t, ERR_UNSUPPORTED, t->p,
		    "the regex is too long"));
	for (;;) {
		regex_skip_blanks(t);
		if (t->p == t->end)
			break;
		if ((err = one_item(t)) != 0)
			return (err);
		if (t->out->is_full)
			return (regex_fail(t, ERR_UNSUPPORTED, t->p,
			    "the regex is too big"));
	}
	if (t->depth > 0)
		return (regex_fail(t, ERR_SYNTAX, t->pattern +
		    t->groups[t->depth - 1].at, "the group is not closed"));
	return (0);
}
