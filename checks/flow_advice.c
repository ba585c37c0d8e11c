/* SPDX-License-Identifier: ISC */
/*
 * What the author of a flow may have meant: words of other languages and
 * tools, quotes of the other kind, names that were written on. Every function
 * adds the end of a sentence, or nothing.
 */
#include "checks/flow_priv.h"

#include <string.h>

#include "base/must.h"

#define SHOWN_MOST_BYTES 32

/* A word that others have for one of ours. */
struct foreign {
	const char *theirs, *ours;
};

static const struct foreign predicates[] = {
	{"eq", "=="}, {"equal", "=="}, {"equals", "=="}, {"is", "=="},
	{"ne", "!="}, {"notEquals", "!="}, {"gt", ">"}, {"gte", ">="},
	{"ge", ">="}, {"lt", "<"}, {"lte", "<="}, {"le", "<="},
	{"length", "count"}, {"len", "count"}, {"size", "count"},
	{"isArray", "isList"}, {"isBool", "isBoolean"},
	{"isInt", "isInteger"}, {"isMap", "isObject"},
	{"isNull", "== null"}, {"like", "matches"}, {"has", "contains"},
	{"defined", "exists"}, {"present", "exists"}, {"parseInt", "toInt"},
	{"toDateTime", "toDate"}, {"upper", NULL}, {"lower", NULL},
	{"in", NULL}, {"and", NULL}, {"or", NULL}
};
static const struct foreign queries[] = {
	{"json", "jsonpath"}, {"code", "status"}, {"statusCode", "status"},
	{"status_code", "status"}, {"text", "body"}, {"content", "body"},
	{"time", "duration"}, {"responseTime", "duration"},
	{"var", "variable"}, {"html", "xpath"}, {"xml", "xpath"},
	{"hash", "sha256"}
};
static const struct foreign values[] = {
	{"True", "true"}, {"TRUE", "true"}, {"yes", "true"},
	{"False", "false"}, {"FALSE", "false"}, {"no", "false"},
	{"None", "null"}, {"NULL", "null"}, {"nil", "null"},
	{"undefined", "null"}
};

static const struct foreign *
foreign_find(const struct foreign *words, size_t count, const char *word)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (strcmp(words[i].theirs, word) == 0)
			return (&words[i]);
	return (NULL);
}

const char *
advice_predicate(const char *word)
{
	const struct foreign *f = foreign_find(predicates,
	    NELEMS(predicates), word);
	const char *near;

	if (f != NULL)
		return (f->ours);
	near = cause_suggest(word, flow_predicate_names,
	    FLOW_PREDICATE_KIND_COUNT);
	return (near != NULL ? near : cause_suggest(word, flow_filter_names,
	    FLOW_FILTER_KIND_COUNT));
}

const char *
advice_query(const char *word)
{
	const struct foreign *f = foreign_find(queries, NELEMS(queries),
	    word);

	return (f != NULL ? f->ours : cause_suggest(word, flow_query_names,
	    FLOW_QUERY_KIND_COUNT));
}

static const char *
advice_value(const char *word)
{
	static const char *const names[] = {"true", "false", "null"};
	const struct foreign *f = foreign_find(values, NELEMS(values), word);

	return (f != NULL ? f->ours :
	    cause_suggest(word, names, NELEMS(names)));
}

static bool
is_predicate(const char *word)
{
	size_t i;

	for (i = 0; i < FLOW_PREDICATE_KIND_COUNT; i++)
		if (strcmp(flow_predicate_names[i], word) == 0)
			return (true);
	return (false);
}

/* What stands there up to a space, for a text without its quotes. */
static size_t
bare_text(const struct parser *p, struct cursor at)
{
	const char *s = p->source + at.at;
	size_t len = 0;

	while (at.at + len < p->source_len &&
	    strchr(" \t\r\n#\"`", s[len]) == NULL)
		len++;
	while (len > 0 && strchr(":,;", s[len - 1]) != NULL)
		len--;
	return (len);
}

/* Text was expected, or a value that may be text. */
static void
advise_text(struct buf *out, const struct parser *p,
    const struct parse_error *e, const char *word)
{
	const char *near, *s = p->source + e->at.at;
	size_t len = bare_text(p, e->at);

	bool is_value = strstr(e->what, "true") != NULL;

	if (*s == '\'') {
		buf_append_str(out, "; quotes are double: \"text\"");
		return;
	}
	if (is_value && (near = advice_value(word)) !=
	    NULL) {
		buf_printf(out, ", did you mean '%s'?", near);
		return;
	}
	if (len == 0 || len > SHOWN_MOST_BYTES || is_predicate(word) ||
	    (strstr(e->what, "\"text\"") == NULL &&
	    strstr(e->what, "in quotes") == NULL))
		return;
	if (*s == '=') {
		if (is_value)
			buf_append_str(out, "; equality is '=='");
	} else if (*s == '[' || *s == '{')
		buf_append_str(out, "; a list or object is no value here: "
		    "count it, or compare what it holds");
	else
		buf_printf(out, "; text stands in quotes: \"%.*s\"",
		    (int)len, s);
}

static bool
is_letter(const struct parser *p, size_t at)
{
	return (at < p->source_len && ((p->source[at] | 32) >= 'a' &&
	    (p->source[at] | 32) <= 'z'));
}

/* A known word goes on: headers, counts. */
static bool
advise_word(struct buf *out, const struct parser *p, struct cursor at)
{
	size_t from = at.at, to = at.at;
	const char *near;
	char word[SHOWN_MOST_BYTES];

	while (from > 0 && is_letter(p, from - 1))
		from--;
	while (is_letter(p, to))
		to++;
	if (from == at.at || to == at.at || to - from >= sizeof(word))
		return (false);
	memcpy(word, p->source + from, to - from);
	word[to - from] = '\0';
	if ((near = advice_query(word)) == NULL &&
	    (near = advice_predicate(word)) == NULL)
		return (false);
	buf_printf(out, "unknown word '%s', did you mean '%s'?", word, near);
	return (true);
}

bool
advice_instead(struct buf *out, const struct parser *p,
    const struct parse_error *e)
{
	return (strncmp(e->what, "a space", 7) == 0 &&
	    advise_word(out, p, e->at));
}

void
advice_expected(struct buf *out, const struct parser *p,
    const struct parse_error *e, const char *word)
{
	if (e->since.line != 0 && e->since.line != e->at.line)
		buf_printf(out, "; what it closes begins in line %u",
		    (unsigned int)e->since.line);
	else if (is_letter(p, e->at.at) && e->at.at > 0 &&
	    p->source[e->at.at - 1] >= '0' && p->source[e->at.at - 1] <= '9')
		buf_append_str(out, "; a number has no unit or letters here");
	else
		advise_text(out, p, e, word);
}

bool
advice_line(struct buf *out, const struct parser *p, struct cursor at)
{
	const char *s = p->source + at.at;
	size_t left = p->source_len - at.at;
	int len = (int)bare_text(p, at);

	if (left > 2 && memcmp(s, "//", 2) == 0)
		buf_append_str(out, "a comment begins with '#'");
	else if (left > 8 && (memcmp(s, "http://", 7) == 0 ||
	    memcmp(s, "https://", 8) == 0) && len <= SHOWN_MOST_BYTES)
		buf_printf(out, "expected a request, did you mean "
		    "'GET %.*s'?", len, s);
	else if (left > 4 && strncasecmp(s, "http", 4) == 0 && (s[4] == ' ' ||
	    s[4] == '/'))
		buf_append_str(out, "expected a request or the HTTP line, "
		    "did you mean 'HTTP'?");
	else
		return (false);
	return (true);
}

const char *
advice_section(const char *name)
{
	if (strcasecmp(name, "Header") == 0 ||
	    strcasecmp(name, "Headers") == 0)
		return ("headers stand right below the request or the HTTP "
		    "line, in no section");
	if (strcasecmp(name, "Body") == 0 || strcasecmp(name, "Json") == 0)
		return ("a body stands last, in no section");
	return (NULL);
}
