/* SPDX-License-Identifier: ISC */
/*
 * What libxml2's parser may cost, told beforehand: it looks for duplicates
 * among the attributes of an element pair by pair, and nothing can stop it.
 */
#include <string.h>

#include "probe/xpath_priv.h"

/* Attributes of one element, and declared ones of the whole document. */
#define ATTRIBUTES_MOST 4096

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
