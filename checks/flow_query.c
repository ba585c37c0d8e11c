/* SPDX-License-Identifier: ISC */
/*
 * Queries, filters and predicates: rows of a table that are matched by their
 * beginning, in the order of the table, which is why >= stands before > and
 * replaceRegex before replace.
 */
#include "checks/flow_priv.h"

#include <string.h>

#include "base/must.h"

struct row {
	const char *name;
	enum flow_argument argument;
};

#define X(upper, name, arg) {name, FLOW_ARG_##arg},
static const struct row queries[] = {FLOW_QUERY_TABLE(X)};
static const struct row filters[] = {FLOW_FILTER_TABLE(X)};
static const struct row predicates[] = {FLOW_PREDICATE_TABLE(X)};
#undef X

/* Read the name of one of the rows; soft when it is none of them. */
static enum parse
row_parse(struct parser *p, const struct row *rows, size_t count, size_t *out)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (reader_try(p, rows[i].name) == PARSE_OK) {
			*out = i;
			return (PARSE_OK);
		}
	}
	return (PARSE_SOFT);
}

/* A "quoted" expression, or /one/ that is compiled here. */
static enum parse
regex_argument(struct parser *p, struct flow_template *text,
    const struct regex **re)
{
	struct cursor start = p->cur;
	enum parse r;

	if ((r = text_quoted(p, text)) == PARSE_SOFT)
		r = operand_regex(p, re);
	if (r == PARSE_SOFT)
		return (reader_hard(p, start, MISTAKE_EXPECTED,
		    "a regular expression: \"text\" or /text/"));
	return (r);
}

static enum parse
cookie_attribute(struct parser *p, enum flow_cookie_attribute *out)
{
	static const char *const names[] = {"value", "expires", "max-age",
	    "domain", "path", "secure", "httponly", "samesite"};
	struct cursor start;
	size_t i, len;
	uint32_t c;

	reader_read(p);
	reader_skip_spaces(p);
	start = p->cur;
	while ((c = reader_peek(p)) == '-' || (c < 0x80 &&
	    reader_is_word(p, c) && c > '9'))
		reader_read(p);
	len = p->cur.at - start.at;
	for (i = 0; i < NELEMS(names); i++)
		if (len == strlen(names[i]) && strncasecmp(names[i],
		    p->source + start.at, len) == 0)
			break;
	if (i == NELEMS(names))
		return (reader_hard(p, start, MISTAKE_ATTRIBUTE, NULL));
	*out = (enum flow_cookie_attribute)i;
	reader_skip_spaces(p);
	return (reader_expect(p, "]"));
}

/* name or name[attribute]; between the quotes there are no escapes of ". */
static enum parse
cookie_argument(struct parser *p, struct flow_query *out)
{
	const char *bracket;
	struct cursor start, close;
	size_t end = p->end;
	enum parse r;
	uint32_t c;

	if ((r = reader_expect(p, "\"")) != PARSE_OK)
		return (r);
	start = p->cur;
	while ((c = reader_peek(p)) != '"' && c != '\n' && c != READER_END)
		reader_read(p);
	close = p->cur;
	if ((r = reader_expect(p, "\"")) != PARSE_OK)
		return (r);
	bracket = memchr(p->source + start.at, '[', close.at - start.at);
	p->cur = start;
	p->end = bracket != NULL ? (size_t)(bracket - p->source) : close.at;
	r = text_value(p, &out->argument);
	if (r == PARSE_OK && bracket != NULL) {
		while (!reader_is_end(p))
			reader_read(p);
		p->end = close.at;
		r = cookie_attribute(p, &out->attribute);
	}
	p->end = end;
	if (r != PARSE_OK)
		return (r);
	p->cur = close;
	return (reader_expect(p, "\""));
}

static enum parse
certificate_argument(struct parser *p, enum flow_certificate_field *out)
{
	static const char *const names[] = {"Subject\"", "Issuer\"",
	    "Start-Date\"", "Expire-Date\"", "Serial-Number\"",
	    "Subject-Alt-Name\"", "Value\""};
	enum parse r;
	size_t i;

	if ((r = reader_expect(p, "\"")) != PARSE_OK)
		return (r);
	for (i = 0; i < NELEMS(names); i++) {
		if (reader_try(p, names[i]) == PARSE_OK) {
			*out = (enum flow_certificate_field)i;
			return (PARSE_OK);
		}
	}
	return (reader_hard(p, p->cur, MISTAKE_FIELD, NULL));
}

static enum parse
query_argument(struct parser *p, enum flow_argument kind,
    struct flow_query *out)
{
	enum parse r;

	if (kind == FLOW_ARG_NONE)
		return (PARSE_OK);
	if ((r = reader_some_spaces(p, "a space before the argument")) !=
	    PARSE_OK)
		return (r);
	switch (kind) {
	case FLOW_ARG_REGEX:
		return (regex_argument(p, &out->argument, &out->regex));
	case FLOW_ARG_COOKIE:
		return (cookie_argument(p, out));
	case FLOW_ARG_FIELD:
		return (certificate_argument(p, &out->field));
	default:
		return (text_quoted_hard(p, &out->argument));
	}
}

enum parse
query_parse(struct parser *p, struct flow_query *out)
{
	struct cursor start = p->cur;
	enum parse r;
	size_t row;

	if (row_parse(p, queries, NELEMS(queries), &row) != PARSE_OK)
		return (reader_soft(p, start, MISTAKE_QUERY, NULL));
	out->kind = (enum flow_query_kind)row;
	r = query_argument(p, queries[row].argument, out);
	out->place = reader_place(start, p->cur);
	return (r);
}

static enum parse
nth_argument(struct parser *p, struct flow_filter *out)
{
	struct cursor start = p->cur;

	if (operand_integer(p, &out->integer) == PARSE_OK)
		return (PARSE_OK);
	p->cur = start;
	out->is_placeholder = true;
	switch (placeholder_template(p, &out->argument)) {
	case PARSE_OK:
		return (PARSE_OK);
	case PARSE_SOFT:
		return (reader_hard(p, start, MISTAKE_EXPECTED,
		    "an integer or {{variable}}"));
	default:
		return (PARSE_HARD);
	}
}

static enum parse
filter_second(struct parser *p, struct flow_filter *out)
{
	enum parse r;

	if ((r = reader_some_spaces(p, "a space and the replacement")) !=
	    PARSE_OK)
		return (r);
	return (text_quoted_hard(p, &out->replacement));
}

/*
 * The arguments of these are soft in the reference program: without a quoted
 * string the filter's name is read as something else.
 */
static bool
is_soft_argument(enum flow_filter_kind kind)
{
	return (kind == FLOW_FILTER_CHARSET_DECODE ||
	    kind == FLOW_FILTER_DECODE || kind == FLOW_FILTER_FORMAT ||
	    kind == FLOW_FILTER_DATE_FORMAT || kind == FLOW_FILTER_TO_DATE);
}

static enum parse
filter_argument(struct parser *p, enum flow_argument kind,
    struct flow_filter *out)
{
	enum parse r;

	if (kind == FLOW_ARG_NONE)
		return (PARSE_OK);
	if ((r = reader_some_spaces(p, "a space before the argument")) !=
	    PARSE_OK)
		return (r);
	switch (kind) {
	case FLOW_ARG_INTEGER:
		return (nth_argument(p, out));
	case FLOW_ARG_REGEX:
	case FLOW_ARG_REGEX_STRING:
		r = regex_argument(p, &out->argument, &out->regex);
		break;
	default:
		r = is_soft_argument(out->kind) ?
		    text_quoted(p, &out->argument) :
		    text_quoted_hard(p, &out->argument);
		break;
	}
	if (r == PARSE_OK && (kind == FLOW_ARG_TWO_STRINGS ||
	    kind == FLOW_ARG_REGEX_STRING))
		return (filter_second(p, out));
	return (r);
}

static enum parse
filter_parse(struct parser *p, struct flow_filter *out)
{
	struct cursor start = p->cur;
	enum parse r;
	size_t row;

	if ((r = row_parse(p, filters, NELEMS(filters), &row)) != PARSE_OK)
		return (r);
	out->kind = (enum flow_filter_kind)row;
	r = filter_argument(p, filters[row].argument, out);
	out->place = reader_place(start, p->cur);
	if (r == PARSE_SOFT) {
		p->hint = p->error;
		p->hint.what = "the filter's argument in quotes";
		p->has_hint = true;
	}
	return (r);
}

enum parse
query_filters(struct parser *p, struct flow_filters *out)
{
	struct flow_filter filter;
	struct parse_list list;
	struct cursor before;
	enum parse r = PARSE_OK;

	parse_list_init(&list, sizeof(struct flow_filter));
	for (;;) {
		before = p->cur;
		filter = (struct flow_filter){0};
		if (!parse_item_is_due(p, &r) || reader_skip_spaces(p) == 0)
			break;
		if ((r = filter_parse(p, &filter)) != PARSE_OK)
			break;
		*(struct flow_filter *)parse_list_add(p, &list) = filter;
	}
	out->items = (const struct flow_filter *)(void *)list.items;
	out->count = list.count;
	if (r == PARSE_HARD)
		return (r);
	p->cur = before;
	return (PARSE_OK);
}

static bool
argument_fits(enum flow_argument argument, const struct flow_value *v)
{
	bool is_string = v->kind == FLOW_VALUE_STRING;

	switch (argument) {
	case FLOW_ARG_ORDERED:
		return (is_string || v->kind == FLOW_VALUE_PLACEHOLDER ||
		    v->kind == FLOW_VALUE_INTEGER ||
		    v->kind == FLOW_VALUE_BIG_INTEGER ||
		    v->kind == FLOW_VALUE_FLOAT);
	case FLOW_ARG_PREFIX:
		return (is_string || v->kind == FLOW_VALUE_BYTES);
	case FLOW_ARG_REGEX:
		return (is_string || v->kind == FLOW_VALUE_REGEX);
	default:
		return (true);
	}
}

static const char *
argument_name(enum flow_argument argument)
{
	switch (argument) {
	case FLOW_ARG_ORDERED:
		return ("a number, \"text\" or {{variable}}");
	case FLOW_ARG_PREFIX:
		return ("\"text\", hex,...; or base64,...;");
	case FLOW_ARG_REGEX:
		return ("a regular expression: \"text\" or /text/");
	default:
		return ("a value: a number, \"text\", `text`, /regex/, true, "
		    "false, null, {{variable}}, hex,...;, base64,...; or "
		    "file,...;");
	}
}

static enum parse
predicate_argument(struct parser *p, const struct row *row,
    struct flow_predicate *out)
{
	bool is_operator = strchr("=!<>", row->name[0]) != NULL;
	struct cursor start;
	enum parse r;

	if (row->argument == FLOW_ARG_NONE)
		return (PARSE_OK);
	if (is_operator)
		reader_skip_spaces(p);
	else if ((r = reader_some_spaces(p, "a space before the value")) !=
	    PARSE_OK)
		return (r);
	start = p->cur;
	r = operand_predicate(p, argument_name(row->argument), &out->value);
	out->value_place = out->value.place;
	if (r != PARSE_OK)
		return (r);
	if (!argument_fits(row->argument, &out->value))
		return (reader_hard(p, start, MISTAKE_EXPECTED,
		    argument_name(row->argument)));
	return (PARSE_OK);
}

static bool
not_parse(struct parser *p)
{
	struct cursor start = p->cur;

	if (reader_try(p, "not") == PARSE_OK && reader_skip_spaces(p) > 0)
		return (true);
	p->cur = start;
	return (false);
}

enum parse
query_predicate(struct parser *p, struct flow_predicate *out)
{
	struct cursor start = p->cur, name;
	enum parse r;
	size_t row;

	out->is_negated = not_parse(p);
	name = p->cur;
	if (row_parse(p, predicates, NELEMS(predicates), &row) != PARSE_OK)
		return (reader_hard(p, name, MISTAKE_PREDICATE, NULL));
	out->kind = (enum flow_predicate_kind)row;
	r = predicate_argument(p, &predicates[row], out);
	out->place = reader_place(start, p->cur);
	return (r);
}
