/* SPDX-License-Identifier: ISC */
/*
 * Texts with escapes and {{placeholders}}: values, quoted strings, blocks. A
 * text is read twice: once to find where it ends (its escapes must be right
 * and its end must be there), once more to take it apart, so that mistakes
 * are found in the order in which the reference program finds them.
 */
#include "checks/flow_priv.h"

/* Braces count only as written: \u{7b} is text. */
enum state {
	STATE_TEXT,
	STATE_OPENING, /* after { */
	STATE_INSIDE,  /* after {{ */
	STATE_CLOSING  /* inside, after } */
};

struct feed {
	struct builder *b;
	enum flow_context context;
	bool keeps_source;
	enum state state;
	struct cursor inside; /* first character after {{ */
	bool has_inside;
};

/* One character of a text; soft where the text ends. */
static enum parse
text_next(struct parser *p, enum text_style style, uint32_t *c)
{
	static const uint32_t delimiter[] = {
	    [TEXT_VALUE] = '#', [TEXT_QUOTED] = '"', [TEXT_BACKTICK] = '`',
	    [TEXT_JSON] = '"'};

	*c = reader_peek(p);
	if (*c == READER_END)
		return (PARSE_SOFT);
	if (style == TEXT_MULTILINE) {
		if (reader_sees(p, "```"))
			return (PARSE_SOFT);
		reader_read(p);
		return (PARSE_OK);
	}
	if (*c == '\\')
		return (escape_parse(p, style == TEXT_JSON ? "\"\\/" :
		    "#\"`\\/", style == TEXT_JSON, c));
	if (*c == delimiter[style] || *c == '\b' || *c == '\n' ||
	    *c == '\f' || *c == '\r' || *c == '\t')
		return (PARSE_SOFT);
	reader_read(p);
	return (PARSE_OK);
}

/* Move to the end of a text; hard when an escape in it is wrong. */
enum parse
text_skip(struct parser *p, enum text_style style)
{
	enum parse r;
	uint32_t c;

	do {
		reader_skip_plain(p, p->end);
	} while ((r = text_next(p, style, &c)) == PARSE_OK);
	return (r == PARSE_SOFT ? PARSE_OK : r);
}

static enum parse
feed_placeholder(struct feed *f, struct cursor close)
{
	struct parser *p = f->b->p;
	struct cursor after = p->cur;
	size_t end = p->end;
	struct flow_part part;
	enum parse r;

	p->cur = f->inside;
	p->end = close.at;
	r = placeholder_inside(p, &part);
	p->cur = after;
	p->end = end;
	if (r != PARSE_OK)
		return (r);
	part.context = f->context;
	builder_part(f->b, &part);
	f->state = STATE_TEXT;
	f->has_inside = false;
	return (PARSE_OK);
}

static void
feed_text(struct feed *f, struct cursor at, uint32_t c)
{
	struct parser *p = f->b->p;

	if (f->keeps_source)
		builder_bytes(f->b, p->source + at.at, p->cur.at - at.at);
	else
		builder_char(f->b, c);
}

/* One character, which began at at and ended at the parser's cursor. */
static enum parse
feed_char(struct feed *f, struct cursor at, uint32_t c)
{
	const char *raw = f->b->p->source + at.at;
	bool is_single = f->b->p->cur.at - at.at == 1;

	switch (f->state) {
	case STATE_TEXT:
		if (is_single && *raw == '{')
			f->state = STATE_OPENING;
		else
			feed_text(f, at, c);
		break;
	case STATE_OPENING:
		if (is_single && *raw == '{') {
			f->state = STATE_INSIDE;
			break;
		}
		builder_char(f->b, '{');
		feed_text(f, at, c);
		f->state = STATE_TEXT;
		break;
	case STATE_INSIDE:
	case STATE_CLOSING:
		if (!f->has_inside)
			f->inside = at;
		f->has_inside = true;
		if (!is_single || *raw != '}')
			break;
		if (f->state == STATE_CLOSING)
			return (feed_placeholder(f, at));
		f->state = STATE_CLOSING;
		break;
	}
	return (PARSE_OK);
}

enum parse
text_feed(struct builder *b, enum text_style style,
    enum flow_context context, bool keeps_source, struct cursor end)
{
	struct feed f = {.b = b, .context = context,
	    .keeps_source = keeps_source};
	struct parser *p = b->p;
	struct cursor at;
	enum parse r;
	uint32_t c;

	while (p->cur.at < end.at) {
		at = p->cur;
		if (f.state == STATE_TEXT &&
		    reader_skip_plain(p, end.at) > 0) {
			builder_bytes(b, p->source + at.at,
			    p->cur.at - at.at);
			continue;
		}
		if ((r = text_next(p, style, &c)) != PARSE_OK)
			return (r);
		if ((r = feed_char(&f, at, c)) != PARSE_OK)
			return (r);
	}
	if (f.state == STATE_OPENING)
		builder_char(b, '{');
	if (f.state == STATE_INSIDE || f.state == STATE_CLOSING)
		return (reader_hard(p, end, MISTAKE_EXPECTED, "}}"));
	return (PARSE_OK);
}

static enum parse
text_between(struct parser *p, enum text_style style, struct cursor start,
    struct cursor end, struct flow_template *out)
{
	struct cursor after = p->cur;
	struct builder b;
	enum parse r;

	p->cur = start;
	builder_init(&b, p);
	if ((r = text_feed(&b, style, FLOW_PLAIN, false, end)) != PARSE_OK)
		return (r);
	builder_fini(&b, start, end, out);
	p->cur = after;
	return (PARSE_OK);
}

/* The end without trailing spaces; a tab ends a value all the same. */
enum parse
text_value(struct parser *p, struct flow_template *out)
{
	struct cursor start = p->cur, end = start;
	enum parse r;
	uint32_t c;

	for (;;) {
		bool is_space;

		if (reader_skip_plain(p, p->end) > 0)
			end = p->cur;
		is_space = reader_sees(p, " ");

		if ((r = text_next(p, TEXT_VALUE, &c)) == PARSE_HARD)
			return (r);
		if (r == PARSE_SOFT)
			break;
		if (!is_space)
			end = p->cur;
	}
	p->cur = end;
	return (text_between(p, TEXT_VALUE, start, end, out));
}

static enum parse
text_delimited(struct parser *p, enum text_style style, const char *delimiter,
    struct flow_template *out)
{
	struct cursor open = p->cur, start, end;
	enum parse r;

	if ((r = reader_try(p, delimiter)) != PARSE_OK)
		return (r);
	start = p->cur;
	if ((r = text_skip(p, style)) != PARSE_OK)
		return (r);
	end = p->cur;
	if ((r = reader_close(p, delimiter, delimiter, open)) != PARSE_OK)
		return (r);
	if ((r = text_between(p, style, start, end, out)) != PARSE_OK)
		return (r);
	out->place = reader_place(open, p->cur);
	return (PARSE_OK);
}

enum parse
text_quoted(struct parser *p, struct flow_template *out)
{
	return (text_delimited(p, TEXT_QUOTED, "\"", out));
}

enum parse
text_quoted_hard(struct parser *p, struct flow_template *out)
{
	enum parse r = text_quoted(p, out);

	if (r == PARSE_SOFT)
		return (reader_hard(p, p->cur, MISTAKE_EXPECTED,
		    "text in quotes"));
	return (r);
}

enum parse
text_backtick(struct parser *p, struct flow_template *out)
{
	return (text_delimited(p, TEXT_BACKTICK, "`", out));
}

/* From behind the opening line to behind the closing ```. */
enum parse
text_multiline(struct parser *p, bool is_raw, struct cursor open,
    struct flow_template *out)
{
	struct cursor start = p->cur, end;
	struct builder b;
	enum parse r;

	if ((r = text_skip(p, TEXT_MULTILINE)) != PARSE_OK)
		return (r);
	end = p->cur;
	if ((r = reader_close(p, "```", "```", open)) != PARSE_OK)
		return (r);
	if (!is_raw)
		return (text_between(p, TEXT_MULTILINE, start, end, out));
	builder_init(&b, p);
	builder_bytes(&b, p->source + start.at, end.at - start.at);
	builder_fini(&b, start, end, out);
	return (PARSE_OK);
}
