/* SPDX-License-Identifier: ISC */
/*
 * \d \s \w and \p{...}, spelled with what PCRE2 knows. A name alone is a
 * general category, a script (not its extensions) or a binary property.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/err.h"
#include "base/regex_priv.h"

#define NAME_MOST 64

int
regex_perl_class(struct regex_translator *t, struct buf *items,
    bool *is_negated)
{
	bool is_ascii = t->flags.is_ascii;
	char c = *t->p++;

	*is_negated = c < 'a';
	if (*is_negated && is_ascii)
		return (regex_fail(t, ERR_UNSUPPORTED, t->p - 2, "a negated "
		    "class without Unicode could match half a character"));
	switch (c | 32) {
	case 'd':
		buf_append_str(items, is_ascii ? "0-9" : "\\p{Nd}");
		break;
	case 's': /* White_Space; PCRE2's own has U+180E, too */
		buf_append_str(items, is_ascii ? "\\x{9}-\\x{d}\\x{20}" :
		    "\\x{9}-\\x{d}\\x{20}\\x{85}\\x{a0}\\x{1680}\\x{2000}-"
		    "\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}");
		break;
	default:
		buf_append_str(items, is_ascii ? "0-9A-Za-z_" :
		    "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}");
		break;
	}
	return (0);
}

static const struct {
	const char *name, *alias; /* without case, blanks, _ and - */
} categories[] = {
	{"Lu", "uppercaseletter"}, {"Ll", "lowercaseletter"},
	{"Lt", "titlecaseletter"}, {"L&", "casedletter"}, {"L&", "lc"},
	{"Lm", "modifierletter"}, {"Lo", "otherletter"}, {"L", "letter"},
	{"Mn", "nonspacingmark"}, {"Mc", "spacingmark"},
	{"Me", "enclosingmark"}, {"M", "mark"}, {"M", "combiningmark"},
	{"Nd", "decimalnumber"}, {"Nd", "digit"}, {"Nl", "letternumber"},
	{"No", "othernumber"}, {"N", "number"},
	{"Pc", "connectorpunctuation"}, {"Pd", "dashpunctuation"},
	{"Ps", "openpunctuation"}, {"Pe", "closepunctuation"},
	{"Pi", "initialpunctuation"}, {"Pf", "finalpunctuation"},
	{"Po", "otherpunctuation"}, {"P", "punctuation"}, {"P", "punct"},
	{"Sm", "mathsymbol"}, {"Sc", "currencysymbol"},
	{"Sk", "modifiersymbol"}, {"So", "othersymbol"}, {"S", "symbol"},
	{"Zs", "spaceseparator"}, {"Zl", "lineseparator"},
	{"Zp", "paragraphseparator"}, {"Z", "separator"},
	{"Cc", "control"}, {"Cc", "cntrl"}, {"Cf", "format"},
	{"Cs", "surrogate"}, {"Co", "privateuse"}, {"Cn", "unassigned"},
	{"C", "other"},
};

/*
 * Lower case without blanks, dashes and underscores, as names compare; empty
 * when it is no name at all.
 */
static void
loosen(const char *p, size_t len, char out[static NAME_MOST])
{
	size_t i, n = 0;
	char c;

	for (i = 0; i < len && n < NAME_MOST - 1; i++) {
		c = p[i];
		if (c == ' ' || c == '_' || c == '-')
			continue;
		if (c >= 'A' && c <= 'Z')
			c |= 32;
		if ((c < 'a' || c > 'z') && (c < '0' || c > '9')) {
			n = 0;
			break;
		}
		out[n++] = c;
	}
	out[n] = '\0';
}

static bool
is_known(const char *items)
{
	char text[NAME_MOST + 16];
	pcre2_code *re;
	PCRE2_SIZE at;
	int code;

	snprintf(text, sizeof(text), "[%s]", items);
	re = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
	    PCRE2_UTF | PCRE2_UCP, &code, &at, NULL);
	pcre2_code_free(re);
	return (re != NULL);
}

/* PCRE2's short name of a general category; NULL when it is none. */
static const char *
category(const char *name)
{
	size_t i;

	for (i = 0; i < NELEMS(categories); i++)
		if (strcmp(name, categories[i].alias) == 0 ||
		    strcasecmp(name, categories[i].name) == 0)
			return (categories[i].name);
	return (NULL);
}

/* Ignoring case, letters of one case stand for those of all. */
static const char *
fold(const struct regex_translator *t, const char *name)
{
	if (t->flags.is_caseless && (strcmp(name, "Lu") == 0 ||
	    strcmp(name, "Ll") == 0 || strcmp(name, "Lt") == 0))
		return ("L&");
	return (name);
}

/* The items of \p{name}; false for a name that nobody knows. */
static bool
items_of_name(const struct regex_translator *t, const char *name,
    struct buf *items)
{
	char text[NAME_MOST + 8];
	const char *short_name = category(name);

	if (short_name != NULL)
		snprintf(text, sizeof(text), "\\p{%s}", fold(t, short_name));
	else if (strcmp(name, "any") == 0)
		snprintf(text, sizeof(text), "\\p{Any}");
	else if (strcmp(name, "ascii") == 0)
		snprintf(text, sizeof(text), "\\x{0}-\\x{7f}");
	else if (strcmp(name, "assigned") == 0)
		snprintf(text, sizeof(text), "\\P{Cn}");
	else {
		snprintf(text, sizeof(text), "\\p{sc:%s}", name);
		if (!is_known(text))
			snprintf(text, sizeof(text), "\\p{%s}", name);
	}
	if (!is_known(text))
		return (false);
	buf_append_str(items, text);
	return (true);
}

/* The items of \p{key=value}. */
static bool
items_of_pair(const struct regex_translator *t, const char *key,
    const char *value, struct buf *items)
{
	char text[NAME_MOST + 8];
	const char *short_name;

	if (strcmp(key, "gc") == 0 || strcmp(key, "generalcategory") == 0) {
		if ((short_name = category(value)) == NULL)
			return (false);
		buf_printf(items, "\\p{%s}", fold(t, short_name));
		return (true);
	}
	if (strcmp(key, "sc") == 0 || strcmp(key, "script") == 0)
		snprintf(text, sizeof(text), "\\p{sc:%s}", value);
	else if (strcmp(key, "scx") == 0 ||
	    strcmp(key, "scriptextensions") == 0)
		snprintf(text, sizeof(text), "\\p{scx:%s}", value);
	else
		return (false);
	if (!is_known(text))
		return (false);
	buf_append_str(items, text);
	return (true);
}

static bool
items_of_text(const struct regex_translator *t, const char *p, size_t len,
    struct buf *items, bool *is_negated)
{
	char key[NAME_MOST], value[NAME_MOST];
	const char *sign;

	for (sign = p; sign < p + len && strchr("=:!", *sign) == NULL; sign++)
		;
	loosen(p, (size_t)(sign - p), key);
	if (sign == p + len)
		return (items_of_name(t, key, items) ||
		    (strncmp(key, "is", 2) == 0 &&
		    items_of_name(t, key + 2, items)));
	if (*sign == '!') {
		*is_negated = !*is_negated;
		sign++;
		if (sign == p + len || *sign != '=')
			return (false);
	}
	sign++;
	loosen(sign, (size_t)(p + len - sign), value);
	return (items_of_pair(t, key, value, items));
}

int
regex_property(struct regex_translator *t, struct buf *items,
    bool *is_negated)
{
	const char *start = t->p - 1, *name, *close;
	size_t len;

	*is_negated = *t->p++ == 'P';
	if (t->flags.is_ascii)
		return (regex_fail(t, ERR_UNSUPPORTED, start,
		    "a Unicode property needs Unicode to be on"));
	if (t->p == t->end)
		return (regex_fail(t, ERR_SYNTAX, start,
		    "the property's name is missing"));
	name = t->p;
	if (*name == '{') {
		name++;
		close = memchr(name, '}', (size_t)(t->end - name));
		if (close == NULL)
			return (regex_fail(t, ERR_SYNTAX, start,
			    "the property's name is not complete"));
		t->p = close + 1;
	} else {
		regex_next_char(t);
		close = t->p;
	}
	len = (size_t)(close - name);
	if (len == 0 || len >= NAME_MOST ||
	    !items_of_text(t, name, len, items, is_negated))
		return (regex_fail(t, ERR_UNSUPPORTED, start,
		    "this Unicode property is not known"));
	return (0);
}
