/* SPDX-License-Identifier: ISC */
/*
 * Classes in brackets. A class is a union of plain items and of sets that
 * PCRE2 cannot write as items; those, and the set operations of Rust, become
 * look-aheads in front of one character: a--b is (?!b)a.
 */
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/regex_priv.h"

#define SET_MOST_BYTES (256u << 10)
#define NESTING_MOST 20

struct set {
	struct buf items; /* of one PCRE2 class */
	struct buf sets;  /* alternatives beside it, each begins with | */
};

static int class_at(struct regex_translator *t, struct buf *out,
    unsigned int depth);

static void
set_init(struct set *s)
{
	buf_init(&s->items, SET_MOST_BYTES);
	buf_init(&s->sets, SET_MOST_BYTES);
}

static void
set_fini(struct set *s)
{
	buf_fini(&s->items);
	buf_fini(&s->sets);
}

/* Append a matcher of one character of the set. */
static void
set_write(const struct set *s, bool is_negated, struct buf *out)
{
	const char *items = buf_str(&s->items), *sets = buf_str(&s->sets);

	if (s->sets.len == 0 && s->items.len > 0) {
		buf_printf(out, "[%s%s]", is_negated ? "^" : "", items);
		return;
	}
	if (s->sets.len == 0) { /* the empty set, and all there is */
		buf_append_str(out, is_negated ? "(?s:.)" : "(?!)");
		return;
	}
	if (is_negated)
		buf_append_str(out, "(?:(?!");
	buf_append_str(out, "(?:");
	if (s->items.len > 0)
		buf_printf(out, "[%s]%s", items, sets);
	else
		buf_append_str(out, sets + 1);
	buf_append_char(out, ')');
	if (is_negated)
		buf_append_str(out, ")(?s:.))");
	if (s->items.is_full || s->sets.is_full)
		out->is_full = true;
}

/* Items of \d or [:alpha:], or of all but them. */
static void
add_items(struct set *s, const struct buf *items, bool is_negated)
{
	if (is_negated)
		buf_printf(&s->sets, "|[^%s]", buf_str(items));
	else
		buf_append(&s->items, buf_str(items), items->len);
}

/* [:name:] or [:^name:] inside of a class; 0 bytes when it is none. */
static size_t
posix_class(const char *p, size_t len, struct set *s)
{
	static const struct {
		const char *name, *items;
	} classes[] = {
		{"alnum", "0-9A-Za-z"}, {"alpha", "A-Za-z"},
		{"ascii", "\\x{0}-\\x{7f}"}, {"blank", "\\x{9}\\x{20}"},
		{"cntrl", "\\x{0}-\\x{1f}\\x{7f}"}, {"digit", "0-9"},
		{"graph", "\\x{21}-\\x{7e}"}, {"lower", "a-z"},
		{"print", "\\x{20}-\\x{7e}"}, {"punct",
		    "\\x{21}-\\x{2f}\\x{3a}-\\x{40}\\x{5b}-\\x{60}"
		    "\\x{7b}-\\x{7e}"},
		{"space", "\\x{9}-\\x{d}\\x{20}"}, {"upper", "A-Z"},
		{"word", "0-9A-Za-z_"}, {"xdigit", "0-9A-Fa-f"},
	};
	bool is_negated = len > 2 && p[2] == '^';
	size_t i, n, skip = is_negated ? 3 : 2;

	for (i = 0; i < NELEMS(classes); i++) {
		n = strlen(classes[i].name);
		if (len < skip + n + 2 ||
		    memcmp(p + skip, classes[i].name, n) != 0 ||
		    memcmp(p + skip + n, ":]", 2) != 0)
			continue;
		if (is_negated)
			buf_printf(&s->sets, "|[^%s]", classes[i].items);
		else
			buf_append_str(&s->items, classes[i].items);
		return (skip + n + 2);
	}
	return (0);
}

/* \d \pL and the like inside of a class; behind the backslash. */
static int
class_of_escape(struct regex_translator *t, struct set *s)
{
	struct buf items;
	bool is_negated;
	int err = 0;

	buf_init(&items, 4096);
	if (*t->p == 'p' || *t->p == 'P')
		err = regex_property(t, &items, &is_negated);
	else
		err = regex_perl_class(t, &items, &is_negated);
	if (err == 0)
		add_items(s, &items, is_negated);
	buf_fini(&items);
	return (err);
}

/* One character, escaped or not. */
static int
class_char(struct regex_translator *t, uint32_t *out)
{
	if (*t->p != '\\') {
		*out = regex_next_char(t);
		return (0);
	}
	if (++t->p == t->end)
		return (regex_fail(t, ERR_SYNTAX, t->p - 1,
		    "the escape is not complete"));
	if (*t->p == 'b' || *t->p == 'B')
		return (regex_fail(t, ERR_SYNTAX, t->p - 1,
		    "a word boundary is no character"));
	return (regex_escaped_char(t, out));
}

static const char no_range[] = "a range goes from a character to a character";

/* At \d, \PL and the like. */
static bool
is_class_escape(const struct regex_translator *t)
{
	return (*t->p == '\\' && t->p + 1 < t->end && t->p[1] != '\0' &&
	    strchr("dDsSwWpP", t->p[1]) != NULL);
}

static bool
is_at(const struct regex_translator *t, const char *text)
{
	size_t n = strlen(text);

	return ((size_t)(t->end - t->p) >= n && memcmp(t->p, text, n) == 0);
}

/* At a dash that makes a range, which that of a--b and of a-] does not. */
static bool
is_range(struct regex_translator *t)
{
	const char *dash = t->p;
	bool is_one;

	if (t->p == t->end || *t->p != '-')
		return (false);
	t->p++;
	regex_skip_blanks(t);
	is_one = t->p == t->end || (*t->p != '-' && *t->p != ']');
	t->p = dash;
	return (is_one);
}

static int
class_range(struct regex_translator *t, struct set *s)
{
	const char *start = t->p;
	uint32_t from, to;
	int err;

	if ((err = class_char(t, &from)) != 0)
		return (err);
	regex_append_char(&s->items, from);
	regex_skip_blanks(t);
	if (!is_range(t))
		return (0);
	t->p++;
	regex_skip_blanks(t);
	if (t->p == t->end)
		return (0);
	if (is_class_escape(t))
		return (regex_fail(t, ERR_SYNTAX, start, no_range));
	if ((err = class_char(t, &to)) != 0)
		return (err);
	if (from > to)
		return (regex_fail(t, ERR_SYNTAX, start,
		    "the range's ends are in the wrong order"));
	buf_append_char(&s->items, '-');
	regex_append_char(&s->items, to);
	return (0);
}

/* One item of a union. */
static int
class_item(struct regex_translator *t, struct set *s, unsigned int depth)
{
	size_t n;
	int err;

	if (is_at(t, "[:") && (n = posix_class(t->p,
	    (size_t)(t->end - t->p), s)) > 0) {
		t->p += n;
		return (0);
	}
	if (*t->p == '[') {
		buf_append_char(&s->sets, '|');
		err = class_at(t, &s->sets, depth + 1);
		return (err);
	}
	if (!is_class_escape(t))
		return (class_range(t, s));
	t->p++;
	if ((err = class_of_escape(t, s)) != 0)
		return (err);
	regex_skip_blanks(t);
	if (is_range(t))
		return (regex_fail(t, ERR_SYNTAX, t->p, no_range));
	return (0);
}

/* Items up to an operator or the closing bracket. */
static int
class_union(struct regex_translator *t, struct set *s, const char *open,
    unsigned int depth)
{
	int err;

	for (;;) {
		regex_skip_blanks(t);
		if (t->p == t->end || s->items.is_full || s->sets.is_full)
			return (regex_fail(t, ERR_SYNTAX, open,
			    "the class is not closed"));
		if (*t->p == ']' || is_at(t, "&&") || is_at(t, "--") ||
		    is_at(t, "~~"))
			return (0);
		if ((err = class_item(t, s, depth)) != 0)
			return (err);
	}
}

/* left = left op right, as one alternative. */
static void
combine(struct set *left, char op, const struct set *right)
{
	struct buf l, r, both;

	buf_init(&l, SET_MOST_BYTES);
	buf_init(&r, SET_MOST_BYTES);
	buf_init(&both, SET_MOST_BYTES);
	set_write(left, false, &l);
	set_write(right, false, &r);
	if (op == '&')
		buf_printf(&both, "|(?:(?=%s)%s)", buf_str(&r), buf_str(&l));
	else if (op == '-')
		buf_printf(&both, "|(?:(?!%s)%s)", buf_str(&r), buf_str(&l));
	else
		buf_printf(&both, "|(?:(?!%s)%s|(?!%s)%s)", buf_str(&r),
		    buf_str(&l), buf_str(&l), buf_str(&r));
	if (l.is_full || r.is_full || both.is_full)
		both.is_full = true;
	buf_fini(&l);
	buf_fini(&r);
	buf_fini(&left->items);
	buf_fini(&left->sets);
	left->sets = both;
}

/* Operators have one rank and bind to the left. */
static int
class_operators(struct regex_translator *t, struct set *left,
    const char *open, unsigned int depth)
{
	struct set right;
	char op;
	int err = 0;

	while (err == 0 && *t->p != ']') {
		op = *t->p;
		t->p += 2;
		set_init(&right);
		err = class_union(t, &right, open, depth);
		if (err == 0)
			combine(left, op, &right);
		set_fini(&right);
	}
	return (err);
}

static int
class_at(struct regex_translator *t, struct buf *out, unsigned int depth)
{
	const char *open = t->p++;
	struct set s;
	bool is_negated;
	int err = 0;

	if (depth > NESTING_MOST)
		return (regex_fail(t, ERR_UNSUPPORTED, open,
		    "the classes are nested too deeply"));
	regex_skip_blanks(t);
	is_negated = t->p < t->end && *t->p == '^';
	if (is_negated)
		t->p++;
	if (is_negated && t->flags.is_ascii)
		return (regex_fail(t, ERR_UNSUPPORTED, open, "a negated class "
		    "without Unicode could match half a character"));
	set_init(&s);
	regex_skip_blanks(t);
	while (t->p < t->end && *t->p == '-') { /* [-a] [--a] */
		t->p++;
		regex_append_char(&s.items, '-');
		regex_skip_blanks(t);
	}
	if (s.items.len == 0 && t->p < t->end && *t->p == ']')
		/* []a]: by itself, begins no range */
		regex_append_char(&s.items, regex_next_char(t));
	err = class_union(t, &s, open, depth);
	if (err == 0)
		err = class_operators(t, &s, open, depth);
	if (err == 0) {
		set_write(&s, is_negated, out);
		t->p++;
	}
	set_fini(&s);
	return (err);
}

int
regex_class(struct regex_translator *t)
{
	return (class_at(t, t->out, 0));
}
