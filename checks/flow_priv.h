/* SPDX-License-Identifier: ISC */
/*
 * Inside of the flow parser, shared by flow*.c only. A backtracking recursive
 * descent: the language has no grammar that looks ahead would decide, headers,
 * sections, body and the next request are told apart by trial. A parse
 * function therefore says one of three things: it is this (the cursor stands
 * behind it), it is not this (another form may be tried from where it began),
 * or the file is wrong.
 */
#ifndef CHECKS_FLOW_PRIV_H
#define CHECKS_FLOW_PRIV_H

#include <string.h>
#include <uthash.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/regex.h"
#include "checks/flow.h"
#include "checks/flow_include.h"
#include "checks/flow_visit.h"

enum parse {
	PARSE_OK,
	PARSE_SOFT, /* not this: the caller seeks back and tries another */
	PARSE_HARD  /* the file is wrong, parser.error says where and why */
};

struct cursor {
	size_t at; /* byte of the source */
	uint32_t line, column;
};

#define READER_END UINT32_MAX

/* What a sentence about a mistake is made of; made only for a hard one. */
enum parse_mistake {
	MISTAKE_EXPECTED,        /* what names it */
	MISTAKE_SENTENCE,        /* what is the whole sentence */
	MISTAKE_METHOD,          /* the words from here on name it */
	MISTAKE_REQUEST_SECTION,
	MISTAKE_RESPONSE_SECTION,
	MISTAKE_OPTION,
	MISTAKE_QUERY,
	MISTAKE_PREDICATE,
	MISTAKE_UNIT,
	MISTAKE_LANGUAGE,
	MISTAKE_ATTRIBUTE,       /* of a cookie */
	MISTAKE_FIELD,           /* of a certificate */
	MISTAKE_COLON,           /* after the name of a pair */
	MISTAKE_ESCAPE,          /* what has those that stand for themselves */
	MISTAKE_DUPLICATE_SECTION
};

struct parse_error {
	struct cursor at;
	enum parse_mistake mistake;
	const char *what;
	struct cursor since; /* where what is not closed begins; line 0: none */
};

struct flow_regex {
	struct regex *re;
	const char *text;
	UT_hash_handle hh;
};

/* Everything of a flow that is not in the arena but dies with it. */
struct flow_arena {
	struct arena arena;
	struct flow_regex *regexes; /* by their text; equal ones are shared */
};

struct parser {
	const char *path;
	const char *source;
	size_t source_len;
	size_t end;               /* reading stops here */
	struct cursor cur;
	struct flow_arena *store;
	struct cause *cause;
	struct parse_error error;
	struct parse_error hint;  /* an item given up for a near reason */
	bool has_hint;
	bool is_over_limit;
	unsigned int depth;       /* of a JSON body */
	struct regex *letters;    /* made when a letter is not ASCII */
	struct buf scratch;       /* of the one template being built */
};

/* A growing array in the arena. */
struct parse_list {
	char *items;
	size_t count, cap, item_bytes;
};

/* A template being built; one at a time, as they share parser.scratch. */
struct builder {
	struct parser *p;
	struct parse_list parts;
};

enum text_style {
	TEXT_VALUE,     /* to the end of the line or # */
	TEXT_QUOTED,
	TEXT_BACKTICK,
	TEXT_MULTILINE, /* to ```, no escapes */
	TEXT_JSON
};

/* flow_reader.c */
uint32_t reader_peek_slow(const struct parser *p);
uint32_t reader_read_slow(struct parser *p);
size_t reader_skip_plain(struct parser *p, size_t end);
bool reader_is_word(struct parser *p, uint32_t c); /* letter, digit */
size_t reader_skip_digits(struct parser *p);
size_t reader_skip_spaces(struct parser *p);
enum parse reader_soft(struct parser *p, struct cursor at,
    enum parse_mistake mistake, const char *what);
enum parse reader_hard(struct parser *p, struct cursor at,
    enum parse_mistake mistake, const char *what);
enum parse reader_expect(struct parser *p, const char *literal);
enum parse reader_close(struct parser *p, const char *literal,
    const char *what, struct cursor since);
enum parse reader_some_spaces(struct parser *p, const char *after);
enum parse reader_line_end(struct parser *p);
enum parse reader_blank_lines(struct parser *p);
enum parse reader_json_spaces(struct parser *p);
struct place reader_place(struct cursor from, struct cursor to);
char *reader_text(struct parser *p, struct cursor from, struct cursor to);
void *parse_alloc(struct parser *p, size_t count, size_t size);
void parse_list_init(struct parse_list *l, size_t item_bytes);
void *parse_list_add(struct parser *p, struct parse_list *l);
bool parse_item_is_due(struct parser *p, enum parse *r);
const void *parse_items(struct parser *p, size_t item_bytes,
    enum parse (*item_parse)(struct parser *, void *), size_t *count,
    enum parse *result);

/* The inner loops: nearly all of a flow is ASCII on one line. */

static inline bool
reader_is_end(const struct parser *p)
{
	return (p->cur.at >= p->end);
}

static inline uint32_t
reader_peek(const struct parser *p)
{
	unsigned char c;

	if (reader_is_end(p))
		return (READER_END);
	c = (unsigned char)p->source[p->cur.at];
	return (c < 0x80 ? c : reader_peek_slow(p));
}

static inline uint32_t
reader_read(struct parser *p)
{
	unsigned char c;

	if (reader_is_end(p))
		return (READER_END);
	c = (unsigned char)p->source[p->cur.at];
	if (c >= 0x80 || c == '\n')
		return (reader_read_slow(p));
	p->cur.at++;
	p->cur.column++;
	return (c);
}

static inline bool
reader_sees(const struct parser *p, const char *literal)
{
	size_t len = strlen(literal);

	return (p->cur.at <= p->end && p->end - p->cur.at >= len &&
	    memcmp(p->source + p->cur.at, literal, len) == 0);
}

static inline enum parse
reader_try(struct parser *p, const char *literal)
{
	size_t len = strlen(literal);

	if (!reader_sees(p, literal))
		return (reader_soft(p, p->cur, MISTAKE_EXPECTED, literal));
	for (; len > 0; len--)
		reader_read(p);
	return (PARSE_OK);
}

/*
 * flow_mistake.c. mistake_resume goes to the next line after the mistake that
 * begins as a request does, so that what follows can be looked at too; false
 * when there is none.
 */
void mistake_report(struct parser *p);
bool mistake_resume(struct parser *p);

/*
 * flow_advice.c: what was meant. A name of ours instead of a word, or NULL;
 * or a sentence, or its end, which is added to out. The word is what stands
 * at the error; true when advice_instead or advice_line had a sentence.
 */
const char *advice_predicate(const char *word);
const char *advice_query(const char *word);
const char *advice_section(const char *name);
bool advice_instead(struct buf *out, const struct parser *p,
    const struct parse_error *e);
void advice_expected(struct buf *out, const struct parser *p,
    const struct parse_error *e, const char *word);
bool advice_line(struct buf *out, const struct parser *p, struct cursor at);

/* flow_template.c */
void builder_init(struct builder *b, struct parser *p);
void builder_char(struct builder *b, uint32_t c);
void builder_bytes(struct builder *b, const char *s, size_t len);
void builder_part(struct builder *b, const struct flow_part *part);
void builder_fini(struct builder *b, struct cursor from, struct cursor to,
    struct flow_template *out);
enum parse placeholder_inside(struct parser *p, struct flow_part *part);
enum parse placeholder_parse(struct parser *p, struct flow_part *part);
enum parse placeholder_template(struct parser *p, struct flow_template *out);

/* flow_escape.c */
enum parse escape_parse(struct parser *p, const char *literals, bool is_json,
    uint32_t *out);

/* flow_text.c */
enum parse text_skip(struct parser *p, enum text_style style);
enum parse text_feed(struct builder *b, enum text_style style,
    enum flow_context context, bool keeps_source, struct cursor end);
enum parse text_value(struct parser *p, struct flow_template *out);
enum parse text_quoted(struct parser *p, struct flow_template *out);
enum parse text_quoted_hard(struct parser *p, struct flow_template *out);
enum parse text_backtick(struct parser *p, struct flow_template *out);
enum parse text_multiline(struct parser *p, bool is_raw,
    struct cursor open, struct flow_template *out);

/* flow_name.c */
enum parse name_key(struct parser *p, struct flow_template *out);
enum parse name_file(struct parser *p, struct flow_template *out);
enum parse name_file_password(struct parser *p, struct flow_template *name,
    struct flow_template *password);

/* flow_operand.c */
enum parse operand_bool(struct parser *p, bool *out);
enum parse operand_integer(struct parser *p, int64_t *out);
enum parse operand_natural(struct parser *p, int64_t *out);
enum parse operand_number(struct parser *p, struct flow_value *out);
enum parse operand_hex(struct parser *p, const char **bytes, size_t *len);
enum parse operand_base64(struct parser *p, const char **bytes, size_t *len);
enum parse operand_file(struct parser *p, struct flow_template *name);
enum parse operand_regex(struct parser *p, const struct regex **out);
enum parse operand_predicate(struct parser *p, const char *what,
    struct flow_value *out);
enum parse operand_variable(struct parser *p, struct flow_value *out);

/* flow_body.c, flow_json.c, flow_xml.c */
enum parse body_multiline(struct parser *p, struct flow_body *out);
enum parse body_xml(struct parser *p, struct flow_body *out);
enum parse body_parse(struct parser *p, struct flow_body *out);
enum parse body_json_value(struct parser *p, struct flow_template *out);
enum parse body_json_object(struct parser *p, struct flow_template *out);

/* flow_query.c */
enum parse query_parse(struct parser *p, struct flow_query *out);
enum parse query_filters(struct parser *p, struct flow_filters *out);
enum parse query_predicate(struct parser *p, struct flow_predicate *out);

/* flow_option.c */
enum parse option_parse(struct parser *p, void *item);

/* flow_section.c */
enum parse section_pairs(struct parser *p, struct flow_pairs *out);
enum parse section_include(struct parser *p, struct flow_entry *out);
enum parse section_request(struct parser *p, struct flow_request *out);
enum parse section_response(struct parser *p, struct flow_response *out);

/* flow.c: one file by itself, its includes unresolved. With mistakes *out is
 * what it includes, or left alone. */
int flow_parse_file(const char *path, const char *source, size_t len,
    struct cause *cause, struct flow **out);

/* flow_include.c */
int flow_compose(const struct flow_text *text, struct cause *cause,
    struct flow *flow);
void flow_compose_free(struct flow *flow);

/* flow_entry.c */
enum parse entry_parse(struct parser *p, void *item);

extern const char *const flow_query_names[FLOW_QUERY_KIND_COUNT];
extern const char *const flow_filter_names[FLOW_FILTER_KIND_COUNT];
extern const char *const flow_predicate_names[FLOW_PREDICATE_KIND_COUNT];
extern const char *const flow_option_names[FLOW_OPTION_KIND_COUNT];

#endif
