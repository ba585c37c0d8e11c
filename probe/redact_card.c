/* SPDX-License-Identifier: ISC */
/* Recognising card numbers, and the escapes that text comes in. */
#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "base/utf8.h"
#include "probe/redact_priv.h"

#define DIGITS_LEAST 13
#define DIGITS_MOST 19
#define GROUPS_MOST 8
#define GROUP_LEAST 2 /* digits of a group, where there are several */
#define GROUP_MOST 6  /* so that no part of a UUID is one */
#define SEPARATORS_MOST 3
/* Dots also group amounts, versions and addresses: less is taken then. */
#define DOTTED_FIRST 4
#define DOTTED_LEAST 3
#define HEX_ID_LEAST 24 /* so long a hexadecimal word is an id */

/* Issuer prefixes and lengths by scheme (ISO/IEC 7812 number ranges). */
static const struct scheme {
	uint32_t low, high; /* of the first digits, as many as high has */
	uint8_t prefix_len;
	uint8_t least, most;
} schemes[] = {
	{4, 4, 1, 13, 13},          /* Visa */
	{4, 4, 1, 16, 16},
	{4, 4, 1, 18, 19},
	{51, 55, 2, 16, 16},        /* Mastercard */
	{2221, 2720, 4, 16, 16},
	{34, 34, 2, 15, 15},        /* American Express */
	{37, 37, 2, 15, 15},
	{300, 305, 3, 14, 19},      /* Diners Club */
	{3095, 3095, 4, 14, 19},
	{36, 36, 2, 14, 19},
	{38, 39, 2, 14, 19},
	{3528, 3589, 4, 16, 19},    /* JCB */
	{60, 69, 2, 13, 19},        /* Discover, UnionPay, Maestro, RuPay */
	{50, 50, 2, 13, 19},        /* Maestro, Verve */
	{56, 58, 2, 13, 19},
	{81, 82, 2, 16, 19},        /* UnionPay, RuPay */
	{2200, 2205, 4, 16, 19},    /* Mir */
	{8600, 8600, 4, 16, 16},    /* Uzcard */
	{9792, 9792, 4, 16, 16},    /* Troy */
	{9860, 9860, 4, 16, 16}     /* Humo */
};

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return (c - '0');
	if (c >= 'a' && c <= 'f')
		return (c - 'a' + 10);
	if (c >= 'A' && c <= 'F')
		return (c - 'A' + 10);
	return (-1);
}

/* Read count hexadecimal digits; -1 when they are not there. */
static int32_t
hex_number(const struct redact_view *v, size_t i, size_t count)
{
	int32_t n = 0;
	int digit;

	if (i > v->len || v->len - i < count)
		return (-1);
	for (; count > 0; count--) {
		if ((digit = hex_value(v->p[i++])) < 0)
			return (-1);
		n = n * 16 + digit;
	}
	return (n);
}

static void
set_code_point(struct redact_unit *u, int32_t cp, size_t len)
{
	u->len = len;
	u->out_len = utf8_encode((uint32_t)cp, u->out);
}

/* \uXXXX, with a second one for what is beyond the basic plane. */
static void
json_unicode(const struct redact_view *v, size_t i, struct redact_unit *u)
{
	int32_t high = hex_number(v, i + 2, 4), low;

	if (high < 0)
		return;
	if (high < 0xd800 || high > 0xdfff) {
		set_code_point(u, high, 6);
		return;
	}
	if (high > 0xdbff || v->len - i < 12 || v->p[i + 6] != '\\' ||
	    v->p[i + 7] != 'u')
		return;
	low = hex_number(v, i + 8, 4);
	if (low >= 0xdc00 && low <= 0xdfff)
		set_code_point(u, 0x10000 + ((high - 0xd800) << 10) +
		    (low - 0xdc00), 12);
}

static void
json_escape_at(const struct redact_view *v, size_t i, struct redact_unit *u)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at;

	if (i + 1 >= v->len)
		return;
	if (v->p[i + 1] == 'u') {
		json_unicode(v, i, u);
		return;
	}
	at = memchr(from, v->p[i + 1], sizeof(from) - 1);
	if (at != NULL)
		set_code_point(u, to[at - from], 2);
}

/* &#39; and &#x27;, for Latin-1. */
static void
html_number(const struct redact_view *v, size_t i, struct redact_unit *u)
{
	size_t at = i + 2;
	int base = 10, digit;
	int32_t n = 0;

	if (at < v->len && (v->p[at] | 32) == 'x') {
		base = 16;
		at++;
	}
	for (; at < v->len && at < i + 7 && v->p[at] != ';'; at++) {
		digit = hex_value(v->p[at]);
		if (digit < 0 || digit >= base || n > 0x7f)
			return;
		n = n * base + digit;
	}
	if (at < v->len && v->p[at] == ';' && n > 0 && n < 0x100)
		set_code_point(u, n, at + 1 - i);
}

static void
html_escape_at(const struct redact_view *v, size_t i, struct redact_unit *u)
{
	static const struct {
		const char *text;
		int32_t cp;
	} names[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'},
	    {"&quot;", '"'}, {"&apos;", '\''}, {"&nbsp;", 0xa0}};
	size_t n, len;

	if (i + 1 < v->len && v->p[i + 1] == '#') {
		html_number(v, i, u);
		return;
	}
	for (n = 0; n < NELEMS(names); n++) {
		len = strlen(names[n].text);
		if (v->len - i >= len &&
		    memcmp(v->p + i, names[n].text, len) == 0) {
			set_code_point(u, names[n].cp, len);
			return;
		}
	}
}

void
redact_unit_at(const struct redact_view *v, size_t i, unsigned int escapes,
    struct redact_unit *u)
{
	char c = v->p[i];
	int32_t n;

	u->len = u->out_len = 1;
	u->out[0] = c;
	if (c == '%' && (escapes & REDACT_PERCENT) &&
	    (n = hex_number(v, i + 1, 2)) >= 0) {
		u->len = 3;
		u->out[0] = (char)n;
	} else if (c == '\\' && (escapes & REDACT_JSON))
		json_escape_at(v, i, u);
	else if (c == '&' && (escapes & REDACT_HTML))
		html_escape_at(v, i, u);
}

size_t
redact_escape_before(const struct redact_view *v, size_t i)
{
	if (i >= 3 && v->p[i - 3] == '%' && hex_number(v, i - 2, 2) >= 0)
		return (3);
	if (i >= 6 && v->p[i - 6] == '\\' && v->p[i - 5] == 'u' &&
	    hex_number(v, i - 4, 4) >= 0)
		return (6);
	return (0);
}

static bool
is_digit(char c)
{
	return (c >= '0' && c <= '9');
}

static bool
digit_at(const struct redact_view *v, size_t i, struct redact_unit *u)
{
	if (i >= v->len)
		return (false);
	redact_unit_at(v, i, REDACT_ANY, u);
	return (u->out_len == 1 && is_digit(u->out[0]));
}

/* Blanks and dashes: those of ASCII, and what typesetters put for them. */
static const char *const separators[] = {" ", "-", "+",
    "\xc2\xa0",                                  /* no-break space */
    "\xe2\x80\x87", "\xe2\x80\x89", "\xe2\x80\xaf", /* of digits, thin */
    "\xe2\x80\x90", "\xe2\x80\x91", "\xe2\x80\x93"  /* hyphens, dash */
};

/* Length of the separator at i, 0: there is none. */
static size_t
separator_at(const struct redact_view *v, size_t i)
{
	struct redact_unit u;
	size_t n, len;

	redact_unit_at(v, i, REDACT_ANY, &u);
	for (n = 0; n < NELEMS(separators); n++) {
		len = strlen(separators[n]);
		if (u.out_len == len && memcmp(u.out, separators[n], len) == 0)
			return (u.len);
		if (v->len - i >= len &&
		    memcmp(v->p + i, separators[n], len) == 0)
			return (len);
	}
	return (0);
}

/* Skip one dot, or up to SEPARATORS_MOST others; returns where they end. */
static size_t
skip_separators(const struct redact_view *v, size_t i, bool *is_dot)
{
	struct redact_unit u;
	size_t len;
	int n;

	*is_dot = false;
	if (i == v->len)
		return (i);
	redact_unit_at(v, i, REDACT_ANY, &u);
	if (u.out_len == 1 && u.out[0] == '.') {
		*is_dot = true;
		return (i + u.len);
	}
	for (n = 0; n < SEPARATORS_MOST && i < v->len; n++) {
		if ((len = separator_at(v, i)) == 0)
			break;
		i += len;
	}
	return (i);
}

/* Digits from a place on: the groups and where each ends. */
struct digits {
	char digit[DIGITS_MOST + 1];
	size_t at[DIGITS_MOST + 1]; /* where each digit begins */
	size_t count;
	size_t group_count[GROUPS_MOST]; /* digits up to the group's end */
	size_t group_end[GROUPS_MOST];   /* byte after the group */
	bool is_dotted[GROUPS_MOST];     /* a dot is behind it */
	size_t groups;
	bool is_too_long;  /* the last group goes on */
	bool ends_the_text;
};

static void
collect(const struct redact_view *v, size_t i, struct digits *d)
{
	struct redact_unit u;
	size_t next;

	d->count = d->groups = 0;
	d->is_too_long = d->ends_the_text = false;
	while (d->groups < GROUPS_MOST) {
		while (digit_at(v, i, &u)) {
			if (d->count == DIGITS_MOST) {
				d->is_too_long = true;
				return;
			}
			d->at[d->count] = i;
			d->digit[d->count++] = u.out[0];
			i += u.len;
		}
		d->group_count[d->groups] = d->count;
		d->group_end[d->groups++] = i;
		d->ends_the_text = i == v->len;
		next = skip_separators(v, i,
		    &d->is_dotted[d->groups - 1]);
		if (next == i || !digit_at(v, next, &u))
			return;
		i = next;
	}
}

static bool
luhn_holds(const char *digit, size_t count)
{
	unsigned int sum = 0, n;
	size_t i;

	for (i = 0; i < count; i++) {
		n = (unsigned int)(digit[i] - '0');
		if ((count - i) % 2 == 0 && (n *= 2) > 9)
			n -= 9;
		sum += n;
	}
	return (sum % 10 == 0);
}

static bool
scheme_fits(const char *digit, size_t count, bool is_begun)
{
	const struct scheme *s;
	uint32_t prefix;
	size_t i;

	for (s = schemes; s < schemes + NELEMS(schemes); s++) {
		if (!is_begun && (count < s->least || count > s->most))
			continue;
		prefix = 0;
		for (i = 0; i < s->prefix_len && i < count; i++)
			prefix = prefix * 10 + (uint32_t)(digit[i] - '0');
		if (i == s->prefix_len && prefix >= s->low &&
		    prefix <= s->high)
			return (true);
	}
	return (false);
}

/* May a number begin at i, or is i in the middle of something? */
static bool
is_beginning(const struct redact_view *v, size_t i)
{
	size_t escape = redact_escape_before(v, i);
	struct redact_unit u;

	if (escape > 0) {
		redact_unit_at(v, i - escape, REDACT_ANY, &u);
		return (u.out_len != 1 || !is_digit(u.out[0]));
	}
	if (i > 0 && is_digit(v->p[i - 1]))
		return (false);
	/* The two hexadecimal digits of %34, say, are no digits. */
	if (i > 0 && v->p[i - 1] == '%' && hex_number(v, i, 2) >= 0)
		return (false);
	return (!(i > 1 && v->p[i - 2] == '\\' && v->p[i - 1] == 'u'));
}

/* 0.4111111111111111 */
static bool
is_fraction(const struct redact_view *v, size_t i)
{
	return (i > 1 && v->p[i - 1] == '.' && is_digit(v->p[i - 2]));
}

/* A long word of hexadecimal digits with letters in it is an id. */
static bool
is_in_hex_id(const struct redact_view *v, size_t i, size_t end)
{
	size_t from = i, to = end;

	if (redact_escape_before(v, i) == 0)
		while (from > 0 && i - from < REDACT_BACK_BYTES &&
		    hex_value(v->p[from - 1]) >= 0)
			from--;
	while (to < v->len && to - end < REDACT_BACK_BYTES &&
	    hex_value(v->p[to]) >= 0)
		to++;
	return (to - from >= HEX_ID_LEAST && to - from > end - i);
}

/* All groups are apart by dots, or none. The last one may be cut off. */
static bool
groups_fit(const struct digits *d, size_t groups, bool is_begun)
{
	size_t g, count, before = 0;
	bool is_dotted = d->is_dotted[0];
	size_t least = is_dotted ? DOTTED_LEAST : GROUP_LEAST;

	if (groups == 1)
		return (true);
	if (is_dotted && d->group_count[0] != DOTTED_FIRST)
		return (false);
	for (g = 0; g < groups; g++) {
		count = d->group_count[g] - before;
		if ((count < least && (g + 1 < groups || !is_begun)) ||
		    count > GROUP_MOST ||
		    (g + 1 < groups && d->is_dotted[g] != is_dotted))
			return (false);
		before = d->group_count[g];
	}
	return (true);
}

static void
set_card(const struct redact_view *v, size_t i, const struct digits *d,
    size_t groups, struct redact_card *card)
{
	size_t count = d->group_count[groups - 1];
	size_t end = d->group_end[groups - 1];

	card->len = end - i;
	card->last[0] = '\0';
	/* Only as they stand: what is joined might spell something else. */
	if (end - d->at[count - 4] == 4) {
		memcpy(card->last, v->p + end - 4, 4);
		card->last[4] = '\0';
	}
}

bool
redact_card_at(const struct redact_view *v, size_t i,
    struct redact_card *card)
{
	struct redact_unit u;
	struct digits d;
	size_t g, count, least;

	if (!digit_at(v, i, &u) || !is_beginning(v, i))
		return (false);
	collect(v, i, &d);
	/* A fraction is one group, and not a card number. */
	least = is_fraction(v, i) ? 2 : 1;
	if (least > 1 && !d.is_dotted[0])
		return (false);
	for (g = d.groups; g >= least; g--) {
		count = d.group_count[g - 1];
		if (count >= DIGITS_LEAST && groups_fit(&d, g, false) &&
		    scheme_fits(d.digit, count, false) &&
		    luhn_holds(d.digit, count) &&
		    !is_in_hex_id(v, i, d.group_end[g - 1])) {
			set_card(v, i, &d, g, card);
			return (true);
		}
	}
	/* Cut off: digits that may well be the first of a card number. */
	if (v->is_cut && d.ends_the_text && !d.is_too_long && d.count > 6 &&
	    d.groups >= least && groups_fit(&d, d.groups, true) &&
	    scheme_fits(d.digit, d.count, true)) {
		card->len = v->len - i;
		card->last[0] = '\0';
		return (true);
	}
	return (false);
}
