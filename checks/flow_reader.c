/* SPDX-License-Identifier: ISC */
/*
 * The parser's hands: a cursor over valid UTF-8 that counts lines and
 * columns, the smallest pieces of the language, and memory for the tree.
 * Columns are code points, combining marks not counted, as the reference
 * program counts them.
 */
#include "checks/flow_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "base/utf8.h"

/* Memory of a tree; small sources can ask for a lot of it. */
#define TREE_MOST_BYTES (256u << 20)

/* Items of a list that are gathered on the stack; at least one of any. */
#define FIRST_BYTES 1280
/* And all of them: enough for FLOW_MOST_ENTRIES entries. */
#define LIST_MOST_BYTES (64u << 20)

static uint32_t
decode(const struct parser *p, size_t *len)
{
	unsigned char c = (unsigned char)p->source[p->cur.at];
	uint32_t cp = c;

	*len = 1;
	if (c >= 0x80)
		*len = utf8_decode(p->source + p->cur.at,
		    p->source_len - p->cur.at, &cp);
	return (cp);
}

uint32_t
reader_peek_slow(const struct parser *p)
{
	size_t len;

	return (decode(p, &len));
}

uint32_t
reader_read_slow(struct parser *p)
{
	size_t len;
	uint32_t c = decode(p, &len);

	p->cur.at += len;
	if (c == '\n') {
		p->cur.line++;
		p->cur.column = 1;
	} else if (c <= 0x300 || c >= 0x36f) {
		p->cur.column++;
	}
	return (c);
}

/* Skip what is itself in every kind of text, up to end; how many bytes. */
size_t
reader_skip_plain(struct parser *p, size_t end)
{
	static const bool is_plain[256] = {
	    ['0'] = 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	    ['A'] = 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	    ['a'] = 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	    ['-'] = 1, ['_'] = 1, ['.'] = 1, ['/'] = 1, [':'] = 1,
	    ['$'] = 1, ['@'] = 1, ['*'] = 1, [','] = 1, ['='] = 1,
	    ['?'] = 1, ['&'] = 1, ['+'] = 1, ['('] = 1, [')'] = 1};
	size_t at = p->cur.at, len;

	if (end > p->end)
		end = p->end;
	while (at < end && is_plain[(unsigned char)p->source[at]])
		at++;
	len = at - p->cur.at;
	p->cur.at = at;
	p->cur.column += (uint32_t)len;
	return (len);
}

/*
 * Unicode's Alphabetic property and numbers; asked of the regex library, so
 * that there is one table of Unicode in the house.
 */
static bool
is_letter_beyond_ascii(struct parser *p, uint32_t c)
{
	static const char pattern[] = "[\\p{Alphabetic}\\p{N}]";
	struct regex_match m;
	char text[4], *sentence = NULL;
	size_t offset;

	if (p->letters == NULL) {
		if (regex_compile(pattern, sizeof(pattern) - 1, &p->letters,
		    &sentence, &offset) != 0) {
			free(sentence);
			return (false);
		}
	}
	return (regex_search(p->letters, text, utf8_encode(c, text), 0,
	    &m) == 1);
}

bool
reader_is_word(struct parser *p, uint32_t c)
{
	if (c < 0x80)
		return ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
		    (c >= 'A' && c <= 'Z'));
	return (c != READER_END && is_letter_beyond_ascii(p, c));
}

size_t
reader_skip_digits(struct parser *p)
{
	size_t start = p->cur.at;

	while (p->cur.at < p->end && p->source[p->cur.at] >= '0' &&
	    p->source[p->cur.at] <= '9')
		reader_read(p);
	return (p->cur.at - start);
}

size_t
reader_skip_spaces(struct parser *p)
{
	size_t start = p->cur.at;

	while (p->cur.at < p->end && (p->source[p->cur.at] == ' ' ||
	    p->source[p->cur.at] == '\t'))
		reader_read(p);
	return (p->cur.at - start);
}

static void
set_error(struct parser *p, struct cursor at, enum parse_mistake mistake,
    const char *what)
{
	p->error = (struct parse_error){.at = at, .mistake = mistake,
	    .what = what};
}

enum parse
reader_soft(struct parser *p, struct cursor at, enum parse_mistake mistake,
    const char *what)
{
	set_error(p, at, mistake, what);
	return (PARSE_SOFT);
}

enum parse
reader_hard(struct parser *p, struct cursor at, enum parse_mistake mistake,
    const char *what)
{
	set_error(p, at, mistake, what);
	return (PARSE_HARD);
}

enum parse
reader_expect(struct parser *p, const char *literal)
{
	if (reader_try(p, literal) == PARSE_OK)
		return (PARSE_OK);
	return (reader_hard(p, p->cur, MISTAKE_EXPECTED, literal));
}

/* What closes something that began at since; what names it in a sentence. */
enum parse
reader_close(struct parser *p, const char *literal, const char *what,
    struct cursor since)
{
	if (reader_try(p, literal) == PARSE_OK)
		return (PARSE_OK);
	(void)reader_hard(p, p->cur, MISTAKE_EXPECTED, what);
	p->error.since = since;
	return (PARSE_HARD);
}

enum parse
reader_some_spaces(struct parser *p, const char *what)
{
	if (reader_skip_spaces(p) > 0)
		return (PARSE_OK);
	return (reader_hard(p, p->cur, MISTAKE_EXPECTED, what));
}

static bool
skip_newline(struct parser *p)
{
	if (reader_sees(p, "\r\n"))
		reader_read(p);
	else if (!reader_sees(p, "\n"))
		return (false);
	reader_read(p);
	return (true);
}

enum parse
reader_line_end(struct parser *p)
{
	reader_skip_spaces(p);
	if (reader_sees(p, "#"))
		while (!reader_is_end(p) && !reader_sees(p, "\n") &&
		    !reader_sees(p, "\r\n"))
			reader_read(p);
	if (reader_is_end(p) || skip_newline(p))
		return (PARSE_OK);
	return (reader_hard(p, p->cur, MISTAKE_EXPECTED,
	    "the end of the line"));
}

enum parse
reader_blank_lines(struct parser *p)
{
	struct cursor start;

	do {
		start = p->cur;
		if (reader_is_end(p))
			return (PARSE_OK);
	} while (reader_line_end(p) == PARSE_OK);
	p->cur = start;
	return (PARSE_OK);
}

enum parse
reader_json_spaces(struct parser *p)
{
	uint32_t c;

	while ((c = reader_peek(p)) == ' ' || c == '\t' || c == '\n' ||
	    c == '\r')
		reader_read(p);
	return (PARSE_OK);
}

struct place
reader_place(struct cursor from, struct cursor to)
{
	struct place place = {.line = from.line, .column = from.column,
	    .width = 1};

	if (to.line == from.line && to.column > from.column)
		place.width = to.column - from.column;
	return (place);
}

char *
reader_text(struct parser *p, struct cursor from, struct cursor to)
{
	return (arena_strndup(&p->store->arena, p->source + from.at,
	    to.at - from.at));
}

void *
parse_alloc(struct parser *p, size_t count, size_t size)
{
	void *mem = arena_calloc(&p->store->arena, count, size);

	must(mem != NULL);
	return (mem);
}

void
parse_list_init(struct parse_list *l, size_t item_bytes)
{
	*l = (struct parse_list){.item_bytes = item_bytes};
}

void *
parse_list_add(struct parser *p, struct parse_list *l)
{
	char *items;

	if (l->count == l->cap) {
		l->cap = l->cap == 0 ? 1 : l->cap * 2;
		items = parse_alloc(p, l->cap, l->item_bytes);
		if (l->count > 0)
			memcpy(items, l->items, l->count * l->item_bytes);
		l->items = items;
	}
	items = l->items + l->item_bytes * l->count++;
	memset(items, 0, l->item_bytes);
	return (items);
}

/*
 * Stand before every item of a list: false when the list ends here, at the
 * end of the text or past the bound of memory, which is set to *r.
 */
bool
parse_item_is_due(struct parser *p, enum parse *r)
{
	*r = PARSE_OK;
	if (reader_is_end(p))
		return (false);
	if (p->store->arena.used_bytes <= TREE_MOST_BYTES)
		return (true);
	p->is_over_limit = true;
	*r = reader_hard(p, p->cur, MISTAKE_SENTENCE,
	    "this flow needs too much memory; split it");
	return (false);
}

/*
 * Items are gathered outside of the arena, so that lists that turn out empty
 * and arrays that were outgrown leave nothing behind in it.
 */
struct gathered {
	_Alignas(max_align_t) char first[FIRST_BYTES];
	char *items; /* first, or from the heap */
	size_t count, cap;
};

static enum parse
gathered_grow(struct parser *p, struct gathered *g, size_t item_bytes)
{
	bool is_first = g->items == g->first;

	if (g->cap * item_bytes > LIST_MOST_BYTES) {
		p->is_over_limit = true;
		return (reader_hard(p, p->cur, MISTAKE_SENTENCE,
		    "this list is too long; split the flow"));
	}
	g->cap *= 2;
	g->items = xreallocarray(is_first ? NULL : g->items, g->cap,
	    item_bytes);
	if (is_first)
		memcpy(g->items, g->first, g->count * item_bytes);
	return (PARSE_OK);
}

/*
 * Parse items until one is not an item; the cursor is then before it. The
 * array that is returned is the arena's; NULL when it has none.
 */
const void *
parse_items(struct parser *p, size_t item_bytes,
    enum parse (*item_parse)(struct parser *, void *), size_t *count,
    enum parse *result)
{
	void *items = NULL;
	struct cursor before = p->cur;
	struct gathered g;
	enum parse r;

	g.items = g.first;
	g.count = 0;
	g.cap = sizeof(g.first) / item_bytes;
	while (parse_item_is_due(p, &r)) {
		before = p->cur;
		if (g.count == g.cap &&
		    (r = gathered_grow(p, &g, item_bytes)) != PARSE_OK)
			break;
		memset(g.items + g.count * item_bytes, 0, item_bytes);
		r = item_parse(p, g.items + g.count * item_bytes);
		if (r != PARSE_OK)
			break;
		g.count++;
	}
	if (g.count > 0) {
		items = parse_alloc(p, g.count, item_bytes);
		memcpy(items, g.items, g.count * item_bytes);
	}
	if (g.items != g.first)
		free(g.items);
	if (r == PARSE_SOFT)
		p->cur = before;
	*count = g.count;
	*result = r == PARSE_SOFT ? PARSE_OK : r;
	return (items);
}
