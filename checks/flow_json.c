/* SPDX-License-Identifier: ISC */
/*
 * JSON with {{placeholders}}, kept as it is written: the request's bytes and
 * the comparison of a response are textual. Only an exponent's E becomes e.
 * The variables of GraphQL are the exception: they lose their white space.
 */
#include "checks/flow_priv.h"

#include "base/must.h"

#define JSON_MOST_DEPTH 1000

struct json_body {
	struct parser *p;
	struct builder b;
	bool is_compact;
};

static enum parse json_value(struct json_body *j);

static void
keep(struct json_body *j, struct cursor from)
{
	builder_bytes(&j->b, j->p->source + from.at,
	    j->p->cur.at - from.at);
}

static void
spaces(struct json_body *j)
{
	struct cursor start = j->p->cur;

	reader_json_spaces(j->p);
	if (!j->is_compact)
		keep(j, start);
}

static enum parse
punctuation(struct json_body *j, const char *literal)
{
	enum parse r = reader_expect(j->p, literal);

	if (r == PARSE_OK)
		builder_bytes(&j->b, literal, 1);
	return (r);
}

static enum parse
closing(struct json_body *j, const char *literal, struct cursor since)
{
	enum parse r = reader_close(j->p, literal,
	    literal[0] == ']' ? "',' or ']'" : "',' or '}'", since);

	if (r == PARSE_OK)
		builder_bytes(&j->b, literal, 1);
	return (r);
}

/*
 * Names of members are rendered as plain text, even their escapes, unlike
 * values: the reference program does so, and sends the broken JSON that an
 * escape or a quote in a name makes.
 */
static enum parse
string_text(struct json_body *j, bool is_name, struct cursor start,
    struct cursor end)
{
	struct parser *p = j->p;
	struct cursor after = p->cur;
	enum parse r;

	p->cur = start;
	builder_char(&j->b, '"');
	r = text_feed(&j->b, TEXT_JSON,
	    is_name ? FLOW_PLAIN : FLOW_JSON_STRING, !is_name, end);
	if (r != PARSE_OK)
		return (r);
	builder_char(&j->b, '"');
	p->cur = after;
	return (PARSE_OK);
}

static enum parse
string(struct json_body *j, bool is_name)
{
	struct parser *p = j->p;
	struct cursor start, end;
	enum parse r;

	if ((r = reader_try(p, "\"")) != PARSE_OK)
		return (r);
	start = p->cur;
	if ((r = text_skip(p, TEXT_JSON)) != PARSE_OK)
		return (r);
	end = p->cur;
	if (!reader_is_end(p) && !reader_sees(p, "\"")) {
		r = reader_soft(p, end, MISTAKE_SENTENCE,
		    "a JSON string cannot hold this character as it is; "
		    "write \\n, \\t or another escape");
		p->hint = p->error;
		p->has_hint = true;
		return (r);
	}
	if ((r = reader_expect(p, "\"")) != PARSE_OK)
		return (r);
	return (string_text(j, is_name, start, end));
}

static enum parse
number(struct json_body *j)
{
	struct parser *p = j->p;
	struct cursor start = p->cur;

	reader_try(p, "-");
	if (reader_try(p, "0") != PARSE_OK && reader_skip_digits(p) == 0)
		return (reader_soft(p, p->cur, MISTAKE_EXPECTED, "a number"));
	if (reader_try(p, ".") == PARSE_OK && reader_skip_digits(p) == 0)
		return (reader_hard(p, p->cur, MISTAKE_EXPECTED, "digits"));
	keep(j, start);
	if (!reader_sees(p, "e") && !reader_sees(p, "E"))
		return (PARSE_OK);
	reader_read(p);
	builder_char(&j->b, 'e');
	start = p->cur;
	if (reader_try(p, "-") != PARSE_OK)
		reader_try(p, "+");
	reader_skip_digits(p);
	keep(j, start);
	return (PARSE_OK);
}

static enum parse
placeholder(struct json_body *j)
{
	struct flow_part part;
	enum parse r;

	if ((r = placeholder_parse(j->p, &part)) != PARSE_OK)
		return (r);
	part.context = FLOW_JSON_VALUE;
	builder_part(&j->b, &part);
	return (PARSE_OK);
}

/* A value where there must be one: nothing is soft in here. */
static enum parse
inner_value(struct json_body *j)
{
	struct cursor start = j->p->cur;
	enum parse r;

	if (reader_sees(j->p, ","))
		return (reader_hard(j->p, start, MISTAKE_EXPECTED,
		    "a JSON value before the comma"));
	if ((r = json_value(j)) == PARSE_SOFT)
		return (reader_hard(j->p, start, MISTAKE_EXPECTED,
		    "a JSON value: a string, a number, true, false, null, "
		    "[...], {...} or {{variable}}"));
	return (r);
}

static enum parse
element(struct json_body *j)
{
	enum parse r;

	spaces(j);
	if ((r = inner_value(j)) != PARSE_OK)
		return (r);
	spaces(j);
	return (PARSE_OK);
}

static enum parse
member(struct json_body *j)
{
	struct cursor after_colon;
	enum parse r;

	spaces(j);
	if ((r = string(j, true)) != PARSE_OK) {
		if (r == PARSE_SOFT && j->p->error.mistake ==
		    MISTAKE_EXPECTED)
			j->p->error.what = "the name of a member in quotes";
		return (PARSE_HARD);
	}
	spaces(j);
	if ((r = punctuation(j, ":")) != PARSE_OK)
		return (r);
	after_colon = j->p->cur;
	spaces(j);
	if (reader_is_end(j->p) || reader_sees(j->p, "}"))
		return (reader_hard(j->p, after_colon, MISTAKE_EXPECTED,
		    "a JSON value after the colon"));
	if ((r = inner_value(j)) != PARSE_OK)
		return (r);
	spaces(j);
	return (PARSE_OK);
}

static bool
is_trailing_comma(struct json_body *j, const char *close)
{
	struct cursor start = j->p->cur;
	bool is_last;

	reader_json_spaces(j->p);
	is_last = reader_sees(j->p, close);
	j->p->cur = start;
	return (is_last);
}

static enum parse
sequence(struct json_body *j, const char *open, const char *close,
    enum parse (*item)(struct json_body *))
{
	struct parser *p = j->p;
	struct cursor start = p->cur, comma;
	enum parse r;

	if ((r = reader_try(p, open)) != PARSE_OK)
		return (r);
	builder_bytes(&j->b, open, 1);
	spaces(j);
	if (reader_sees(p, close))
		return (punctuation(j, close));
	for (;;) {
		if ((r = item(j)) != PARSE_OK)
			return (r);
		if (!reader_sees(p, ","))
			return (closing(j, close, start));
		comma = p->cur;
		if ((r = punctuation(j, ",")) != PARSE_OK)
			return (r);
		if (is_trailing_comma(j, close))
			return (reader_hard(p, comma, MISTAKE_SENTENCE,
			    "JSON has no comma after the last element"));
	}
}

static enum parse
nested(struct json_body *j)
{
	struct parser *p = j->p;
	enum parse r;

	if (p->depth == JSON_MOST_DEPTH)
		return (reader_hard(p, p->cur, MISTAKE_SENTENCE,
		    "this JSON is nested more than 1000 levels deep"));
	p->depth++;
	if ((r = sequence(j, "[", "]", element)) == PARSE_SOFT)
		r = sequence(j, "{", "}", member);
	p->depth--;
	return (r);
}

static enum parse
word(struct json_body *j)
{
	static const char *const words[] = {"null", "true", "false"};
	struct cursor start = j->p->cur;
	size_t i;

	for (i = 0; i < NELEMS(words); i++) {
		if (reader_try(j->p, words[i]) == PARSE_OK) {
			keep(j, start);
			return (PARSE_OK);
		}
	}
	return (PARSE_SOFT);
}

static enum parse
json_value(struct json_body *j)
{
	struct cursor start = j->p->cur;
	enum parse r;

	if ((r = word(j)) != PARSE_SOFT)
		return (r);
	r = string(j, false);
	if (r == PARSE_SOFT) {
		j->p->cur = start;
		r = number(j);
	}
	if (r == PARSE_SOFT) {
		j->p->cur = start;
		r = placeholder(j);
	}
	return (r == PARSE_SOFT ? nested(j) : r);
}

enum parse
body_json_value(struct parser *p, struct flow_template *out)
{
	struct json_body j = {.p = p};
	struct cursor start = p->cur;
	enum parse r;

	builder_init(&j.b, p);
	p->depth = 0;
	if ((r = json_value(&j)) != PARSE_OK)
		return (r);
	builder_fini(&j.b, start, p->cur, out);
	return (PARSE_OK);
}

enum parse
body_json_object(struct parser *p, struct flow_template *out)
{
	struct json_body j = {.p = p, .is_compact = true};
	struct cursor start = p->cur;
	enum parse r;

	builder_init(&j.b, p);
	p->depth = 0;
	if ((r = sequence(&j, "{", "}", member)) != PARSE_OK)
		return (r);
	builder_fini(&j.b, start, p->cur, out);
	return (PARSE_OK);
}
