/* SPDX-License-Identifier: ISC */
/*
 * What libxml2 may cost, told beforehand: it counts the nodes that an
 * expression walks over, but looks in vain for duplicates in some sets, pair
 * by pair, and so it does for the attributes of an element. Nothing can stop
 * it then, so that such work is bounded before it begins.
 */
#include <string.h>

#include "base/must.h"
#include "probe/xpath_priv.h"

/* Attributes of one element, and declared ones of the whole document. */
#define ATTRIBUTES_MOST 4096

/* Documents. */

struct cursor {
	const char *at, *end;
};

static bool
is_space(char c)
{
	return (c == ' ' || c == '\t' || c == '\r' || c == '\n');
}

static bool
is_name(char c)
{
	return ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' ||
	    (unsigned char)c >= 0x80);
}

static void
skip_spaces(struct cursor *c)
{
	while (c->at < c->end && is_space(*c->at))
		c->at++;
}

/* At a quote: behind the one that ends it. */
static void
skip_quoted(struct cursor *c)
{
	const char *close = memchr(c->at + 1, *c->at,
	    (size_t)(c->end - c->at - 1));

	c->at = close == NULL ? c->end : close + 1;
}

/* Count what stands between blanks in a tag; a value belongs to its name. */
static size_t
count_attributes(struct cursor *c)
{
	size_t count = 0;

	while (c->at < c->end && *c->at != '>') {
		if (*c->at == '=') {
			c->at++;
			skip_spaces(c);
			if (c->at < c->end && (*c->at == '"' ||
			    *c->at == '\''))
				skip_quoted(c);
		} else if (is_space(*c->at)) {
			skip_spaces(c);
			count++;
		} else
			c->at++;
	}
	return (count);
}

static size_t
count_declared(struct cursor *c)
{
	size_t count = 0;

	while (c->at < c->end && *c->at != '>') {
		if (*c->at == '"' || *c->at == '\'')
			skip_quoted(c);
		else if (is_space(*c->at)) {
			skip_spaces(c);
			count++;
		} else
			c->at++;
	}
	return (count);
}

bool
xpath_cost_fits(const char *text, size_t len)
{
	static const char declaration[] = "!ATTLIST";
	struct cursor c = {text, text + len};
	size_t n = sizeof(declaration) - 1, declared = 0;

	while (c.at < c.end && (c.at = memchr(c.at, '<',
	    (size_t)(c.end - c.at))) != NULL) {
		c.at++;
		if ((size_t)(c.end - c.at) > n &&
		    memcmp(c.at, declaration, n) == 0)
			declared += count_declared(&c);
		else if (c.at < c.end && is_name(*c.at) &&
		    count_attributes(&c) > ATTRIBUTES_MOST)
			return (false);
		if (declared > ATTRIBUTES_MOST)
			return (false);
	}
	return (true);
}

/* Expressions. */

static bool
has_prefix(const struct cursor *c, const char *word)
{
	size_t len = strlen(word);

	return ((size_t)(c->end - c->at) >= len &&
	    memcmp(c->at, word, len) == 0);
}

/* Axes that lead to one node from many, and id(), which collects. */
static bool
is_wide(const struct cursor *c)
{
	static const char *const words[] = {"..", "parent", "ancestor",
	    "following", "preceding", "descendant", "id("};
	size_t i;

	for (i = 0; i < NELEMS(words); i++)
		if (has_prefix(c, words[i]))
			return (true);
	return (false);
}

/* A literal, a number, or a function other than id(). */
static bool
is_scalar(struct cursor c)
{
	static const char *const nodes[] = {"id", "node", "text", "comment",
	    "processing-instruction"};
	const char *name;
	size_t i, len;

	skip_spaces(&c);
	if (c.at == c.end || *c.at == '\0')
		return (true);
	if (*c.at == '"' || *c.at == '\'' || *c.at == '-' ||
	    (*c.at >= '0' && *c.at <= '9'))
		return (true);
	for (name = c.at; c.at < c.end && is_name(*c.at); c.at++)
		;
	len = (size_t)(c.at - name);
	skip_spaces(&c);
	for (i = 0; i < NELEMS(nodes); i++)
		if (strlen(nodes[i]) == len && memcmp(name, nodes[i],
		    len) == 0)
			return (false);
	return (len > 0 && c.at < c.end && *c.at == '(');
}

/* A literal or a number ends before at. */
static bool
is_behind_scalar(const char *text, const char *at)
{
	const char *word;

	while (at > text && is_space(at[-1]))
		at--;
	if (at > text && (at[-1] == '"' || at[-1] == '\''))
		return (true);
	for (word = at; word > text && is_name(word[-1]); word--)
		;
	return (word < at && *word >= '0' && *word <= '9');
}

/* "//" that starts at many nodes: at neither the root nor a single dot. */
static bool
is_deep(const char *text, const char *at)
{
	if (at[0] != '/' || at[1] != '/')
		return (false);
	while (at > text && is_space(at[-1]))
		at--;
	if (at > text && at[-1] == '.')
		return (at - 1 > text && !is_space(at[-2]) &&
		    strchr("([,|=<>", at[-2]) == NULL);
	return (at > text && (is_name(at[-1]) ||
	    strchr("])*", at[-1]) != NULL));
}

/* A comparison of paths, node by node; not one with a constant. */
static bool
is_pairing(const char *text, const struct cursor *c)
{
	struct cursor next = *c;
	const char *before = c->at;

	before -= before > text && before[-1] == '!';
	next.at += has_prefix(c, "<=") || has_prefix(c, ">=") ? 2 : 1;
	return (!is_scalar(next) && !is_behind_scalar(text, before));
}

bool
xpath_cost_is_square(const char *expression)
{
	struct cursor c = {expression, expression + strlen(expression)};

	while (c.at < c.end) {
		if (*c.at == '"' || *c.at == '\'') {
			skip_quoted(&c);
			continue;
		}
		if (*c.at == '|' || is_deep(expression, c.at) ||
		    (strchr("=<>", *c.at) != NULL &&
		    is_pairing(expression, &c)) ||
		    ((c.at == expression || !is_name(c.at[-1]) ||
		    c.at[-1] == '.') && is_wide(&c)))
			return (true);
		c.at++;
	}
	return (false);
}
