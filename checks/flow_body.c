/* SPDX-License-Identifier: ISC */
/*
 * Bodies of requests and responses. Nothing announces a body: it is what
 * begins like one.
 */
#include "checks/flow_priv.h"

#include "base/must.h"

/* Behind the tag on the opening line there is nothing more. */
static enum parse
multiline_open(struct parser *p)
{
	struct cursor start;
	uint32_t c;

	reader_skip_spaces(p);
	start = p->cur;
	while ((c = reader_peek(p)) != READER_END && c != '\n' && c != '\r' &&
	    c != '`')
		reader_read(p);
	if (p->cur.at > start.at)
		return (reader_hard(p, start, MISTAKE_LANGUAGE, NULL));
	if (reader_try(p, "\r\n") == PARSE_OK ||
	    reader_try(p, "\n") == PARSE_OK)
		return (PARSE_OK);
	return (reader_hard(p, p->cur, MISTAKE_EXPECTED,
	    "the end of the line after ```"));
}

static enum parse
graphql_variables(struct parser *p, struct flow_body *out)
{
	struct cursor start;
	enum parse r;

	if ((r = reader_try(p, "variables")) != PARSE_OK)
		return (r);
	reader_skip_spaces(p);
	start = p->cur;
	if (body_json_object(p, &out->variables) != PARSE_OK)
		return (reader_hard(p, start, MISTAKE_EXPECTED,
		    "a JSON object: the variables of this query"));
	out->has_variables = true;
	return (reader_json_spaces(p));
}

/* The query, up to ``` or a line that begins with the word variables. */
static enum parse
graphql(struct parser *p, struct cursor open, struct flow_body *out)
{
	struct cursor start, end, close;
	struct builder b;
	enum parse r;

	reader_try(p, ",");
	if ((r = multiline_open(p)) != PARSE_OK)
		return (r);
	start = p->cur;
	while (!reader_is_end(p) && !reader_sees(p, "```") &&
	    !out->has_variables) {
		if (reader_read(p) != '\n')
			continue;
		end = p->cur;
		if (reader_sees(p, "variables") &&
		    (r = graphql_variables(p, out)) != PARSE_OK)
			return (r);
	}
	if (!out->has_variables)
		end = p->cur;
	if ((r = reader_close(p, "```", "```", open)) != PARSE_OK)
		return (r);
	close = p->cur;
	p->cur = start;
	builder_init(&b, p);
	if ((r = text_feed(&b, TEXT_MULTILINE, FLOW_PLAIN, false, end)) !=
	    PARSE_OK)
		return (r);
	builder_fini(&b, start, end, &out->template);
	p->cur = close;
	return (PARSE_OK);
}

enum parse
body_multiline(struct parser *p, struct flow_body *out)
{
	static const struct {
		const char *tag;
		enum flow_language language;
	} tags[] = {{"json", FLOW_LANGUAGE_JSON}, {"xml", FLOW_LANGUAGE_XML},
	    {"raw", FLOW_LANGUAGE_RAW}};
	struct cursor open = p->cur;
	enum parse r;
	size_t i;

	if ((r = reader_try(p, "```")) != PARSE_OK)
		return (r);
	if (reader_try(p, "graphql") == PARSE_OK) {
		out->kind = FLOW_BODY_GRAPHQL;
		return (graphql(p, open, out));
	}
	out->kind = FLOW_BODY_MULTILINE;
	out->language = FLOW_LANGUAGE_TEXT;
	for (i = 0; i < NELEMS(tags); i++) {
		if (reader_try(p, tags[i].tag) == PARSE_OK) {
			out->language = tags[i].language;
			break;
		}
	}
	if ((r = multiline_open(p)) != PARSE_OK)
		return (r);
	return (text_multiline(p, out->language == FLOW_LANGUAGE_RAW, open,
	    &out->template));
}

static enum parse
body_oneline(struct parser *p, struct flow_body *out)
{
	out->kind = FLOW_BODY_ONELINE;
	return (text_backtick(p, &out->template));
}

static enum parse
body_json(struct parser *p, struct flow_body *out)
{
	out->kind = FLOW_BODY_JSON;
	return (body_json_value(p, &out->template));
}

static enum parse
body_base64(struct parser *p, struct flow_body *out)
{
	out->kind = FLOW_BODY_BYTES;
	return (operand_base64(p, &out->bytes, &out->bytes_len));
}

static enum parse
body_hex(struct parser *p, struct flow_body *out)
{
	out->kind = FLOW_BODY_BYTES;
	return (operand_hex(p, &out->bytes, &out->bytes_len));
}

static enum parse
body_file(struct parser *p, struct flow_body *out)
{
	out->kind = FLOW_BODY_FILE;
	return (operand_file(p, &out->template));
}

enum parse
body_parse(struct parser *p, struct flow_body *out)
{
	static enum parse (*const forms[])(struct parser *,
	    struct flow_body *) = {body_multiline, body_oneline, body_json,
	    body_xml, body_base64, body_hex, body_file};
	struct cursor before = p->cur, start;
	enum parse r = PARSE_SOFT;
	size_t i;

	reader_blank_lines(p);
	reader_skip_spaces(p);
	start = p->cur;
	/* Not the beginning of a JSON array. */
	for (i = reader_sees(p, "[Include]") ? NELEMS(forms) : 0;
	    i < NELEMS(forms) && r == PARSE_SOFT; i++) {
		*out = (struct flow_body){0};
		p->cur = start;
		r = forms[i](p, out);
	}
	out->place = reader_place(start, p->cur);
	if (r == PARSE_OK)
		return (reader_line_end(p));
	if (r == PARSE_SOFT) {
		*out = (struct flow_body){0};
		p->cur = before;
		r = PARSE_OK;
	}
	return (r);
}
