/* SPDX-License-Identifier: ISC */
/*
 * Templates: text and {{placeholders}} in turn, as they are built up by what
 * reads texts, names and JSON, and what stands inside of the braces.
 */
#include "checks/flow_priv.h"

#include <string.h>

#include "base/must.h"
#include "base/utf8.h"

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

bool
flow_is_function(const char *name)
{
	static const char *const names[] = {"getEnv", "newDate", "newUuid"};
	size_t i;

	for (i = 0; i < NELEMS(names); i++)
		if (strcmp(name, names[i]) == 0)
			return (true);
	return (false);
}

/* What stands inside of the braces; what follows the name is not read. */
enum parse
placeholder_inside(struct parser *p, struct flow_part *part)
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
	if ((r = placeholder_inside(p, part)) != PARSE_OK)
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
