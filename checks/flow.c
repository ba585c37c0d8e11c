/* SPDX-License-Identifier: ISC */
/*
 * Flows as others see them: made from a text, shared, and read. The parser
 * proper is in the files beside this one, entry by entry.
 */
#include "checks/flow_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/must.h"
#include "base/utf8.h"

#define MISTAKES_MOST 20 /* of one flow */
#define LINES_PER_MARK 64

#define X(upper, name, arg) name,
const char *const flow_query_names[] = {FLOW_QUERY_TABLE(X)};
const char *const flow_filter_names[] = {FLOW_FILTER_TABLE(X)};
const char *const flow_predicate_names[] = {FLOW_PREDICATE_TABLE(X)};
const char *const flow_option_names[] = {FLOW_OPTION_TABLE(X)};
#undef X

static void
arena_free(struct flow_arena **store)
{
	struct flow_regex *regex, *next;

	HASH_ITER(hh, (*store)->regexes, regex, next) {
		HASH_DEL((*store)->regexes, regex);
		regex_free(&regex->re);
	}
	arena_fini(&(*store)->arena);
	free(*store);
	*store = NULL;
}

static void
parser_init(struct parser *p, const char *path, const char *source,
    size_t len, struct cause *cause)
{
	*p = (struct parser){.path = path, .source = source,
	    .source_len = len, .end = len, .cur = {0, 1, 1},
	    .cause = cause};
	p->store = xcalloc(1, sizeof(*p->store));
	arena_init(&p->store->arena, 0);
	/* Every byte of a source becomes at most four of a text. */
	buf_init(&p->scratch, 4 * FLOW_MOST_BYTES);
}

/* What is left of the parser once the tree is taken. */
static void
parser_fini(struct parser *p)
{
	buf_fini(&p->scratch);
	if (p->letters != NULL)
		regex_free(&p->letters);
	if (p->store != NULL)
		arena_free(&p->store);
}

struct entries {
	const struct flow_entry *items;
	size_t count;
};

static enum parse
file_parse(struct parser *p, struct entries *entries)
{
	enum parse r;

	entries->items = parse_items(p, sizeof(struct flow_entry),
	    entry_parse, &entries->count, &r);
	if (r != PARSE_OK)
		return (r);
	if (entries->count > FLOW_MOST_ENTRIES) {
		p->is_over_limit = true;
		return (reader_hard(p, p->cur, MISTAKE_SENTENCE,
		    "this flow has more than 100000 entries"));
	}
	reader_blank_lines(p);
	if (!reader_is_end(p))
		return (reader_hard(p, p->cur, MISTAKE_EXPECTED,
		    "a request or the end of the file"));
	if (entries->count == 0)
		cause_warn_at(p->cause, p->path, (struct place){0}, NULL, 0,
		    "this flow has no request");
	return (PARSE_OK);
}

static uint32_t
count_lines(const char *s, size_t len)
{
	const char *end = s + len;
	uint32_t lines = len > 0 ? 1 : 0;

	while ((s = memchr(s, '\n', (size_t)(end - s))) != NULL &&
	    ++s < end)
		lines++;
	return (lines);
}

static const uint32_t *
mark_lines(struct parser *p, const char *s, uint32_t lines, size_t len)
{
	uint32_t *marks = parse_alloc(p, lines / LINES_PER_MARK + 1,
	    sizeof(*marks)), line;
	const char *at = s;

	for (line = 0; line < lines; line++) {
		if (line % LINES_PER_MARK == 0)
			marks[line / LINES_PER_MARK] = (uint32_t)(at - s);
		at = memchr(at, '\n', (size_t)(s + len - at));
		at = at == NULL ? s + len : at + 1;
	}
	return (marks);
}

static struct flow *
flow_new(struct parser *p, const struct entries *entries)
{
	struct flow *flow = xcalloc(1, sizeof(*flow));

	flow->path = xstrdup(p->path);
	flow->source = xstrndup(p->source, p->source_len);
	flow->source_len = p->source_len;
	flow->entries = entries->items;
	flow->entry_count = entries->count;
	flow->line_count = count_lines(flow->source, flow->source_len);
	flow->line_marks = mark_lines(p, flow->source, flow->line_count,
	    flow->source_len);
	flow->holds = 1;
	flow->arena = p->store;
	p->store = NULL;
	return (flow);
}

/* The first byte that is not UTF-8, as a mistake with its place. */
static void
refuse_encoding(struct cause *cause, const char *path, const char *source,
    size_t len, size_t bad)
{
	const char *line = source, *eol;
	struct place place = {.line = 1, .width = 1};

	while ((eol = memchr(line, '\n', (size_t)(source + bad - line))) !=
	    NULL) {
		line = eol + 1;
		place.line++;
	}
	place.column = (uint32_t)utf8_count(line,
	    (size_t)(source + bad - line)) + 1;
	cause_add_at(cause, path, place, source, len,
	    "this byte (0x%02X) is not UTF-8; flows are written in UTF-8",
	    (unsigned char)source[bad]);
}

/* Of a part of a flow with mistakes only what it includes is looked into. */
static void
keep_includes(struct parser *p, struct entries *kept,
    const struct entries *part)
{
	struct flow_entry *items;
	size_t i, count = 0;

	for (i = 0; i < part->count; i++)
		count += part->items[i].include_count > 0;
	if (count == 0)
		return;
	items = parse_alloc(p, kept->count + count, sizeof(*items));
	if (kept->count > 0)
		memcpy(items, kept->items, kept->count * sizeof(*items));
	kept->items = items;
	for (i = 0; i < part->count; i++)
		if (part->items[i].include_count > 0)
			items[kept->count++] = part->items[i];
}

/*
 * Report the mistake at hand, and those of the requests after it: nobody
 * wants to mend a flow one mistake at a time. part is what was read before.
 */
static struct entries
report_mistakes(struct parser *p, struct entries part)
{
	struct entries kept = {0};
	int left = MISTAKES_MOST;
	enum parse r;

	do {
		mistake_report(p);
		keep_includes(p, &kept, &part);
		if (p->is_over_limit || --left == 0 || !mistake_resume(p))
			return (kept);
		r = file_parse(p, &part);
	} while (r != PARSE_OK);
	keep_includes(p, &kept, &part);
	return (kept);
}

int
flow_parse_file(const char *path, const char *source, size_t len,
    struct cause *cause, struct flow **out)
{
	struct entries entries;
	struct parser p;
	size_t bad;
	char *text;
	int err = 0;

	if (len > FLOW_MOST_BYTES) {
		cause_add_at(cause, path, (struct place){0}, NULL, 0,
		    "a flow has at most 8 MiB, this one has %zu bytes", len);
		return (ERR_LIMIT);
	}
	if (len >= 3 && memcmp(source, "\xef\xbb\xbf", 3) == 0) {
		source += 3;
		len -= 3;
	}
	if ((bad = utf8_check(source, len)) < len) {
		refuse_encoding(cause, path, source, len, bad);
		return (ERR_SYNTAX);
	}
	text = xstrndup(source, len);
	parser_init(&p, path, text, len, cause);
	if (file_parse(&p, &entries) != PARSE_OK) {
		entries = report_mistakes(&p, entries);
		err = p.is_over_limit ? ERR_LIMIT : ERR_SYNTAX;
	}
	if (err != ERR_LIMIT)
		*out = flow_new(&p, &entries);
	parser_fini(&p);
	free(text);
	return (err);
}

int
flow_parse_text(const struct flow_text *text, struct cause *cause,
    struct flow **out)
{
	struct flow *flow = NULL;
	int err, compose_err;

	err = flow_parse_file(text->path, text->source, text->len, cause,
	    &flow);
	if (flow == NULL)
		return (err);
	compose_err = flow_compose(text, cause, flow);
	if (err == 0)
		err = compose_err;
	if (err == 0)
		*out = flow;
	else
		flow_release(&flow);
	return (err);
}

int
flow_parse(const char *path, const char *source, size_t len,
    struct cause *cause, struct flow **out)
{
	const struct flow_text text = {.path = path, .source = source,
	    .len = len};

	return (flow_parse_text(&text, cause, out));
}

struct flow *
flow_hold(struct flow *flow)
{
	flow->holds++;
	return (flow);
}

void
flow_release(struct flow **flow)
{
	struct flow *f = *flow;

	*flow = NULL;
	if (f == NULL || --f->holds > 0)
		return;
	flow_compose_free(f);
	arena_free(&f->arena);
	free(f->path);
	free(f->source);
	free(f);
}

const char *
flow_line(const struct flow_file *file, uint32_t line, size_t *len)
{
	const char *s = file->source, *end = s + file->source_len, *eol;

	if (line == 0 || line > file->line_count)
		return (NULL);
	s += file->line_marks[(line - 1) / LINES_PER_MARK];
	for (line = (line - 1) % LINES_PER_MARK; line > 0; line--)
		s = (const char *)memchr(s, '\n', (size_t)(end - s)) + 1;
	eol = memchr(s, '\n', (size_t)(end - s));
	if (eol == NULL)
		eol = end;
	if (eol > s && eol[-1] == '\r')
		eol--;
	*len = (size_t)(eol - s);
	return (s);
}

const char *
flow_query_name(enum flow_query_kind kind)
{
	return (flow_query_names[kind]);
}

const char *
flow_filter_name(enum flow_filter_kind kind)
{
	return (flow_filter_names[kind]);
}

const char *
flow_predicate_name(enum flow_predicate_kind kind)
{
	return (flow_predicate_names[kind]);
}

const char *
flow_option_name(enum flow_option_kind kind)
{
	return (flow_option_names[kind]);
}
