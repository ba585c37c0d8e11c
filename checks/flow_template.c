/* SPDX-License-Identifier: ISC */
/*
 * Text with {{placeholders}}: values, quoted strings, keys, file names. A
 * text is read twice: once to find where it ends (its escapes must be right
 * and its end must be there), once more to take it apart, so that mistakes
 * are found in the order in which the reference program finds them.
 */
#include "checks/flow_priv.h"

#include <string.h>

#include "base/must.h"
#include "base/utf8.h"

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

void
builder_init(struct builder *b, struct parser *p)
{
	b->p = p;
	parse_list_init(&b->parts, sizeof(struct flow_part));
	buf_reset(&p->scratch);
}

void
builder_bytes(struct builder *b, const char *s, size_t len)
{
	/* The scratch holds more than any source can make of itself. */
	must(buf_append(&b->p->scratch, s, len) == 0);
}

void
builder_char(struct builder *b, uint32_t c)
{
	char text[4];

	builder_bytes(b, text, utf8_encode(c, text));
}

static void
flush(struct builder *b)
{
	struct buf *text = &b->p->scratch;
	struct flow_part *part;

	if (text->len == 0)
		return;
	part = parse_list_add(b->p, &b->parts);
	part->text = arena_strndup(&b->p->store->arena, text->data,
	    text->len);
	part->len = text->len;
	buf_reset(text);
}

void
builder_part(struct builder *b, const struct flow_part *part)
{
	flush(b);
	*(struct flow_part *)parse_list_add(b->p, &b->parts) = *part;
}

void
builder_fini(struct builder *b, struct cursor from, struct cursor to,
    struct flow_template *out)
{
	flush(b);
	*out = (struct flow_template){
	    .parts = (const struct flow_part *)(void *)b->parts.items,
	    .count = b->parts.count,
	    .source = reader_text(b->p, from, to),
	    .source_len = to.at - from.at,
	    .place = reader_place(from, to)};
}

/* What stands inside of the braces; what follows the name is not read. */
static enum parse
expression(struct parser *p, struct flow_part *part)
{
	struct cursor start;
	uint32_t c;

	reader_skip_spaces(p);
	start = p->cur;
	while ((c = reader_peek(p)) == '_' || c == '-' ||
	    reader_is_word(p, c))
		reader_read(p);
	if (p->cur.at == start.at)
		return (reader_hard(p, start, MISTAKE_EXPECTED,
		    "the name of a variable"));
	*part = (struct flow_part){.is_placeholder = true,
	    .text = reader_text(p, start, p->cur),
	    .len = p->cur.at - start.at,
	    .place = reader_place(start, p->cur)};
	if (strcmp(part->text, "newUuid") == 0)
		part->function = FLOW_NEW_UUID;
	else if (strcmp(part->text, "newDate") == 0)
		part->function = FLOW_NEW_DATE;
	return (PARSE_OK);
}

enum parse
placeholder_parse(struct parser *p, struct flow_part *part)
{
	enum parse r;

	if ((r = reader_try(p, "{{")) != PARSE_OK)
		return (r);
	if ((r = expression(p, part)) != PARSE_OK)
		return (r);
	reader_skip_spaces(p);
	return (reader_expect(p, "}}"));
}

enum parse
placeholder_template(struct parser *p, struct flow_template *out)
{
	struct cursor start = p->cur;
	struct flow_part part;
	struct builder b;
	enum parse r;

	if ((r = placeholder_parse(p, &part)) != PARSE_OK)
		return (r);
	builder_init(&b, p);
	builder_part(&b, &part);
	builder_fini(&b, start, p->cur, out);
	return (PARSE_OK);
}

static enum parse
escape_unicode(struct parser *p, uint32_t *out)
{
	enum parse r;
	uint32_t c, v = 0;
	size_t digits;

	if ((r = reader_expect(p, "{")) != PARSE_OK)
		return (r);
	for (digits = 0;; digits++) {
		c = reader_peek(p);
		if (c >= '0' && c <= '9')
			v = v * 16 + c - '0';
		else if ((c | 32) >= 'a' && (c | 32) <= 'f' && c < 0x80)
			v = v * 16 + (c | 32) - 'a' + 10;
		else
			break;
		reader_read(p);
	}
	if (digits == 0)
		return (reader_hard(p, p->cur, MISTAKE_EXPECTED,
		    "a hexadecimal digit"));
	if (v > 0x10ffff || (v >= 0xd800 && v < 0xe000) || digits > 8)
		return (reader_hard(p, p->cur, MISTAKE_SENTENCE,
		    "there is no such Unicode character"));
	*out = v;
	return (reader_expect(p, "}"));
}

static enum parse
json_hex4(struct parser *p, uint32_t *out)
{
	struct cursor at;
	uint32_t c, v = 0;
	int i;

	for (i = 0; i < 4; i++) {
		at = p->cur;
		c = reader_read(p);
		if (c >= '0' && c <= '9')
			v = v * 16 + c - '0';
		else if (c < 0x80 && (c | 32) >= 'a' && (c | 32) <= 'f')
			v = v * 16 + (c | 32) - 'a' + 10;
		else
			return (reader_hard(p, at, MISTAKE_EXPECTED,
			    "a hexadecimal digit"));
	}
	*out = v;
	return (PARSE_OK);
}

static enum parse
escape_json_unicode(struct parser *p, uint32_t *out)
{
	struct cursor at;
	uint32_t low;
	enum parse r;

	if ((r = json_hex4(p, out)) != PARSE_OK)
		return (r);
	if (*out < 0xd800 || *out >= 0xe000)
		return (PARSE_OK);
	if ((r = reader_expect(p, "\\u")) != PARSE_OK)
		return (r);
	at = p->cur;
	if ((r = json_hex4(p, &low)) != PARSE_OK)
		return (r);
	if (*out >= 0xdc00 || low < 0xdc00 || low >= 0xe000)
		return (reader_hard(p, at, MISTAKE_SENTENCE,
		    "this is not the second half of a surrogate pair"));
	*out = 0x10000 + ((*out - 0xd800) << 10) + (low - 0xdc00);
	return (PARSE_OK);
}

/*
 * Read an escape sequence; the cursor stands on the backslash. literals are
 * the characters that stand for themselves.
 */
static enum parse
escape(struct parser *p, const char *literals, bool is_json, uint32_t *out)
{
	static const char letters[] = "bfnrt", values[] = "\b\f\n\r\t";
	struct cursor at;
	const char *found;
	uint32_t c;

	reader_read(p);
	at = p->cur;
	c = reader_read(p);
	if (c == 'u')
		return (is_json ? escape_json_unicode(p, out) :
		    escape_unicode(p, out));
	if (c > 0 && c < 0x80 && strchr(literals, (int)c) != NULL) {
		*out = c;
		return (PARSE_OK);
	}
	if (c > 0 && c < 0x80 && (found = strchr(letters, (int)c)) != NULL) {
		*out = (uint32_t)values[found - letters];
		return (PARSE_OK);
	}
	return (reader_hard(p, at, MISTAKE_SENTENCE,
	    "there is no such escape sequence"));
}

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
		return (escape(p, style == TEXT_JSON ? "\"\\/" : "#\"`\\/",
		    style == TEXT_JSON, c));
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
	r = expression(p, &part);
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
	if ((r = reader_expect(p, delimiter)) != PARSE_OK)
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
text_multiline(struct parser *p, bool is_raw, struct flow_template *out)
{
	struct cursor start = p->cur, end;
	struct builder b;
	enum parse r;

	if ((r = text_skip(p, TEXT_MULTILINE)) != PARSE_OK)
		return (r);
	end = p->cur;
	if ((r = reader_expect(p, "```")) != PARSE_OK)
		return (r);
	if (!is_raw)
		return (text_between(p, TEXT_MULTILINE, start, end, out));
	builder_init(&b, p);
	builder_bytes(&b, p->source + start.at, end.at - start.at);
	builder_fini(&b, start, end, out);
	return (PARSE_OK);
}

/* What keys and file names are made of. */
struct name_kind {
	const char *literals; /* escaped, they stand for themselves */
	const char *ends;     /* what ends it unescaped; NULL: see is_key */
	const char *what;
	bool keeps_colon;     /* \: stays as written */
};

static const struct name_kind key_kind = {"#:\\/", NULL, "a name", false};
static const struct name_kind file_kind = {"\\#; {}", "#;{} \n\r\\",
    "a file name", false};
static const struct name_kind cert_kind = {"\\#; {}:", "#;{} \n\r\\:",
    "a file name", false};
static const struct name_kind password_kind = {"\\#; {}:", "#;{} \n\r\\",
    "a password", true};

static bool
name_has(struct parser *p, const struct name_kind *kind, uint32_t c)
{
	if (c == READER_END)
		return (false);
	if (kind->ends != NULL)
		return (c >= 0x80 || c == 0 ||
		    strchr(kind->ends, (int)c) == NULL);
	return ((c > 0 && c < 0x80 && strchr("_-.[]@$", (int)c) != NULL) ||
	    reader_is_word(p, c));
}

static enum parse
name_text(struct parser *p, const struct name_kind *kind, struct builder *b)
{
	enum parse r;
	uint32_t c;

	for (;;) {
		c = reader_peek(p);
		if (c == '\\') {
			if ((r = escape(p, kind->literals, false, &c)) !=
			    PARSE_OK)
				return (r);
			if (c == ':' && kind->keeps_colon)
				builder_char(b, '\\');
		} else if (name_has(p, kind, c)) {
			reader_read(p);
		} else {
			return (PARSE_OK);
		}
		builder_char(b, c);
	}
}

/* Placeholders and text in turn, at least one of them. */
static enum parse
name_parse(struct parser *p, const struct name_kind *kind,
    struct flow_template *out)
{
	struct cursor start = p->cur, at;
	struct flow_part part;
	struct builder b;
	enum parse r;

	builder_init(&b, p);
	if (reader_sees(p, "["))
		return (reader_hard(p, start, MISTAKE_EXPECTED, kind->what));
	do {
		at = p->cur;
		r = placeholder_parse(p, &part);
		if (r == PARSE_OK)
			builder_part(&b, &part);
		else if (r == PARSE_SOFT)
			r = name_text(p, kind, &b);
		if (r != PARSE_OK)
			return (r);
	} while (p->cur.at > at.at);
	builder_fini(&b, start, p->cur, out);
	if (out->count == 0)
		return (reader_hard(p, start, MISTAKE_EXPECTED, kind->what));
	return (PARSE_OK);
}

/* Every mistake in a key is soft: the line may be something else. */
enum parse
text_key(struct parser *p, struct flow_template *out)
{
	return (name_parse(p, &key_kind, out) == PARSE_OK ? PARSE_OK :
	    PARSE_SOFT);
}

enum parse
text_file_name(struct parser *p, struct flow_template *out)
{
	return (name_parse(p, &file_kind, out));
}

enum parse
text_file_password(struct parser *p, struct flow_template *name,
    struct flow_template *password)
{
	enum parse r;

	if ((r = name_parse(p, &cert_kind, name)) != PARSE_OK)
		return (r);
	if (reader_try(p, ":") != PARSE_OK)
		return (PARSE_OK);
	r = name_parse(p, &password_kind, password);
	if (r == PARSE_HARD && password->count == 0 &&
	    (reader_is_end(p) || reader_sees(p, "\n") ||
	    reader_sees(p, "\r") || reader_sees(p, " ") ||
	    reader_sees(p, "#")))
		return (PARSE_OK);
	return (r);
}
