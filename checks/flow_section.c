/* SPDX-License-Identifier: ISC */
/*
 * Sections of requests and responses, and the name: value lines that most of
 * them and the headers are made of. A section may stand once; its two
 * spellings count as two, and then the first is used.
 */
#include "checks/flow_priv.h"

#include <string.h>

#include "base/must.h"

enum section {
	SECTION_QUERY,
	SECTION_QUERY_STRING_PARAMS,
	SECTION_FORM,
	SECTION_FORM_PARAMS,
	SECTION_MULTIPART,
	SECTION_MULTIPART_FORM_DATA,
	SECTION_COOKIES,
	SECTION_BASIC_AUTH,
	SECTION_OPTIONS,
	SECTION_CAPTURES,
	SECTION_ASSERTS,
	SECTION_INCLUDE, /* belongs to no entry */
	SECTION_COUNT
};

static const char *const section_names[] = {"Query", "QueryStringParams",
    "Form", "FormParams", "Multipart", "MultipartFormData", "Cookies",
    "BasicAuth", "Options", "Captures", "Asserts",
    "Include"};

/* Where each section that stands there began; line 0: it does not. */
struct sections {
	struct cursor at[SECTION_COUNT];
};

/* From the start of a line to behind the colon and the spaces after it. */
static enum parse
key_parse(struct parser *p, struct flow_template *key, struct place *place)
{
	struct cursor start;
	enum parse r;

	reader_blank_lines(p);
	reader_skip_spaces(p);
	start = p->cur;
	if ((r = name_key(p, key)) != PARSE_OK)
		return (r);
	*place = reader_place(start, p->cur);
	reader_skip_spaces(p);
	if ((r = reader_try(p, ":")) != PARSE_OK) {
		p->hint = p->error;
		p->hint.mistake = MISTAKE_COLON;
		p->has_hint = true;
		return (r);
	}
	reader_skip_spaces(p);
	return (PARSE_OK);
}

static enum parse
pair_parse(struct parser *p, void *item)
{
	struct flow_pair *out = item;
	enum parse r;

	if ((r = key_parse(p, &out->key, &out->place)) != PARSE_OK)
		return (r);
	if ((r = text_value(p, &out->value)) != PARSE_OK)
		return (r);
	return (reader_line_end(p));
}

enum parse
section_pairs(struct parser *p, struct flow_pairs *out)
{
	enum parse r;

	out->items = parse_items(p, sizeof(struct flow_pair),
	    pair_parse, &out->count, &r);
	return (r);
}

static enum parse
auth_parse(struct parser *p, struct flow_pairs *out)
{
	struct flow_pair *item = parse_alloc(p, 1, sizeof(*item));
	struct cursor before = p->cur;
	enum parse r;

	if ((r = pair_parse(p, item)) == PARSE_OK)
		*out = (struct flow_pairs){.items = item, .count = 1};
	if (r != PARSE_SOFT)
		return (r);
	p->cur = before;
	return (PARSE_OK);
}

/* file,name; and then a content type, or the end of the line. */
static enum parse
part_file(struct parser *p, struct flow_part_file *out)
{
	struct cursor after;
	enum parse r;

	if ((r = reader_try(p, "file,")) != PARSE_OK)
		return (r);
	out->is_file = true;
	reader_skip_spaces(p);
	if ((r = name_file(p, &out->value)) != PARSE_OK)
		return (r);
	reader_skip_spaces(p);
	if ((r = reader_close(p, ";", "';' after the name of the file",
	    p->cur)) != PARSE_OK)
		return (r);
	after = p->cur;
	r = reader_line_end(p);
	p->cur = after;
	if (r == PARSE_OK)
		return (r);
	reader_skip_spaces(p);
	after = p->cur;
	if (text_value(p, &out->content_type) != PARSE_OK)
		return (reader_hard(p, after, MISTAKE_EXPECTED,
		    "a content type"));
	return (PARSE_OK);
}

static enum parse
part_parse(struct parser *p, void *item)
{
	struct flow_part_file *out = item;
	struct cursor value;
	enum parse r;

	if ((r = key_parse(p, &out->key, &out->place)) != PARSE_OK)
		return (r);
	value = p->cur;
	if ((r = part_file(p, out)) == PARSE_SOFT) {
		p->cur = value;
		r = text_value(p, &out->value);
	}
	return (r == PARSE_OK ? reader_line_end(p) : r);
}

static enum parse
multipart_parse(struct parser *p, struct flow_request *out)
{
	enum parse r;

	out->multipart = parse_items(p, sizeof(struct flow_part_file),
	    part_parse, &out->multipart_count, &r);
	return (r);
}

static enum parse
options_parse(struct parser *p, struct flow_request *out)
{
	enum parse r;

	out->options = parse_items(p, sizeof(struct flow_option),
	    option_parse, &out->option_count, &r);
	return (r);
}

/* Remember why an item was not one, for the sentence about what follows. */
static enum parse
query_or_hint(struct parser *p, struct flow_query *out)
{
	enum parse r = query_parse(p, out);

	if (r == PARSE_SOFT) {
		p->hint = p->error;
		p->has_hint = true;
	}
	return (r);
}

static void
redact_parse(struct parser *p, struct flow_capture *out)
{
	struct cursor before = p->cur;

	reader_skip_spaces(p);
	out->is_redacted = reader_try(p, "redact") == PARSE_OK;
	if (!out->is_redacted)
		p->cur = before;
}

static enum parse
capture_parse(struct parser *p, void *item)
{
	struct flow_capture *out = item;
	enum parse r;

	if ((r = key_parse(p, &out->name, &out->place)) != PARSE_OK)
		return (r);
	if ((r = query_or_hint(p, &out->query)) != PARSE_OK)
		return (r);
	if ((r = query_filters(p, &out->filters)) != PARSE_OK)
		return (r);
	redact_parse(p, out);
	return (reader_line_end(p));
}

static enum parse
captures_parse(struct parser *p, struct flow_response *out)
{
	enum parse r;

	out->captures = parse_items(p, sizeof(struct flow_capture),
	    capture_parse, &out->capture_count, &r);
	return (r);
}

static enum parse
assert_parse(struct parser *p, void *item)
{
	struct flow_assert *out = item;
	enum parse r;

	reader_blank_lines(p);
	reader_skip_spaces(p);
	if ((r = query_or_hint(p, &out->query)) != PARSE_OK)
		return (r);
	out->place = out->query.place;
	if ((r = query_filters(p, &out->filters)) != PARSE_OK)
		return (r);
	if ((r = reader_some_spaces(p, "a space and a predicate")) !=
	    PARSE_OK)
		return (r);
	if ((r = query_predicate(p, &out->predicate)) != PARSE_OK)
		return (r);
	return (reader_line_end(p));
}

static enum parse
asserts_parse(struct parser *p, struct flow_response *out)
{
	enum parse r;

	out->asserts = parse_items(p, sizeof(struct flow_assert),
	    assert_parse, &out->assert_count, &r);
	return (r);
}

/* Read [Name]; soft when it is not that, such as the [] of a JSON body. */
static enum parse
header_parse(struct parser *p, struct cursor *start, enum section *out)
{
	struct cursor name;
	enum parse r;
	size_t i, len;

	reader_blank_lines(p);
	reader_skip_spaces(p);
	*start = p->cur;
	if ((r = reader_try(p, "[")) != PARSE_OK)
		return (r);
	name = p->cur;
	while (reader_is_word(p, reader_peek(p)))
		reader_read(p);
	len = p->cur.at - name.at;
	if (len == 0)
		return (PARSE_SOFT);
	if ((r = reader_try(p, "]")) != PARSE_OK)
		return (r);
	if ((r = reader_line_end(p)) != PARSE_OK)
		return (r);
	for (i = 0; i < SECTION_COUNT; i++)
		if (len == strlen(section_names[i]) && memcmp(
		    section_names[i], p->source + name.at, len) == 0)
			break;
	*out = (enum section)i;
	p->error.at = name;
	return (PARSE_OK);
}

/* A second section of a kind is parsed, to find its mistakes, and dropped. */
static bool
is_second(const struct sections *s, enum section a, enum section b)
{
	return (s->at[a].line != 0 || s->at[b].line != 0);
}

static enum parse
pairs_once(struct parser *p, const struct sections *s, enum section a,
    struct flow_pairs *out)
{
	struct flow_pairs dropped = {0};

	/* Spellings of one section stand beside each other in the enum. */
	return (section_pairs(p, is_second(s, a, a + 1) ? &dropped : out));
}

static enum parse
request_content(struct parser *p, const struct sections *s,
    enum section section, struct flow_request *out)
{
	struct flow_request dropped = {0};
	struct cursor name = p->error.at;

	switch (section) {
	case SECTION_QUERY:
	case SECTION_QUERY_STRING_PARAMS:
		return (pairs_once(p, s, SECTION_QUERY, &out->query));
	case SECTION_FORM:
	case SECTION_FORM_PARAMS:
		out->has_form = true;
		return (pairs_once(p, s, SECTION_FORM, &out->form));
	case SECTION_MULTIPART:
	case SECTION_MULTIPART_FORM_DATA:
		out->has_multipart = true;
		return (multipart_parse(p, is_second(s, SECTION_MULTIPART,
		    SECTION_MULTIPART_FORM_DATA) ? &dropped : out));
	case SECTION_COOKIES:
		return (section_pairs(p, &out->cookies));
	case SECTION_BASIC_AUTH:
		return (auth_parse(p, &out->basic_auth));
	case SECTION_OPTIONS:
		return (options_parse(p, out));
	default:
		return (reader_hard(p, name, MISTAKE_REQUEST_SECTION, NULL));
	}
}

static enum parse
response_content(struct parser *p, enum section section,
    struct flow_response *out)
{
	struct cursor name = p->error.at;

	switch (section) {
	case SECTION_CAPTURES:
		return (captures_parse(p, out));
	case SECTION_ASSERTS:
		return (asserts_parse(p, out));
	default:
		return (reader_hard(p, name, MISTAKE_RESPONSE_SECTION, NULL));
	}
}

/*
 * A repeated section is a mistake, but one that is told only when all of the
 * sections are right.
 */
static void
note_section(struct parser *p, struct sections *s, enum section section,
    struct cursor start, struct cursor *twice)
{
	static const enum section other[SECTION_COUNT] = {
	    [SECTION_QUERY] = SECTION_QUERY_STRING_PARAMS,
	    [SECTION_QUERY_STRING_PARAMS] = SECTION_QUERY,
	    [SECTION_FORM] = SECTION_FORM_PARAMS,
	    [SECTION_FORM_PARAMS] = SECTION_FORM,
	    [SECTION_MULTIPART] = SECTION_MULTIPART_FORM_DATA,
	    [SECTION_MULTIPART_FORM_DATA] = SECTION_MULTIPART};
	struct cursor end = start;

	end.column += 2 + (uint32_t)strlen(section_names[section]);
	if (s->at[section].line != 0 && twice->line == 0)
		*twice = start;
	else if (section <= SECTION_MULTIPART_FORM_DATA &&
	    s->at[other[section]].line != 0)
		cause_warn_at(p->cause, p->path,
		    reader_place(start, end), p->source, p->source_len,
		    "[%s] is another name for [%s], which stands above; "
		    "only the first is used", section_names[section],
		    section_names[other[section]]);
	if (s->at[section].line == 0)
		s->at[section] = start;
}

static enum parse
include_parse(struct parser *p, void *item)
{
	struct flow_include *out = item;
	struct flow_template name;
	struct cursor start;
	enum parse r;

	reader_blank_lines(p);
	reader_skip_spaces(p);
	start = p->cur;
	if (!reader_sees(p, "file,"))
		return (reader_soft(p, start, MISTAKE_EXPECTED,
		    "a file such as file,login.hurl;"));
	if ((r = operand_file(p, &name)) != PARSE_OK)
		return (r);
	out->place = name.place;
	if (name.count != 1 || name.parts[0].is_placeholder)
		return (reader_hard(p, start, MISTAKE_SENTENCE,
		    "an included file is named without {{placeholders}}: "
		    "it is read before anything runs"));
	out->name = name.parts[0].text;
	return (reader_line_end(p));
}

/* [Include] and its files; soft when it does not stand here. */
enum parse
section_include(struct parser *p, struct flow_entry *out)
{
	struct cursor start;
	enum section section;
	enum parse r;

	reader_blank_lines(p);
	reader_skip_spaces(p);
	if (!reader_sees(p, "[Include]"))
		return (PARSE_SOFT);
	if ((r = header_parse(p, &start, &section)) != PARSE_OK)
		return (r);
	out->includes = parse_items(p, sizeof(struct flow_include),
	    include_parse, &out->include_count, &r);
	if (r == PARSE_OK && out->include_count == 0) {
		reader_blank_lines(p);
		reader_skip_spaces(p);
		r = reader_hard(p, p->cur, MISTAKE_EXPECTED,
		    "a file such as file,login.hurl;");
	}
	return (r);
}

static enum parse
sections_parse(struct parser *p, struct flow_request *request,
    struct flow_response *response, struct cursor *twice)
{
	struct sections s = {0};
	struct cursor before = p->cur, start;
	enum section section;
	enum parse r;

	while (parse_item_is_due(p, &r)) {
		before = p->cur;
		if ((r = header_parse(p, &start, &section)) != PARSE_OK)
			break;
		if (section == SECTION_INCLUDE) {
			r = PARSE_SOFT;
			break;
		}
		r = request != NULL ?
		    request_content(p, &s, section, request) :
		    response_content(p, section, response);
		if (r != PARSE_OK)
			break;
		note_section(p, &s, section, start, twice);
	}
	if (r == PARSE_SOFT)
		p->cur = before;
	return (r == PARSE_HARD ? r : PARSE_OK);
}

/* The body behind the sections; then it is told that one stood there twice. */
static enum parse
body_after(struct parser *p, struct cursor twice, struct flow_body *out)
{
	enum parse r;

	if ((r = body_parse(p, out)) != PARSE_OK)
		return (r);
	if (twice.line != 0)
		return (reader_hard(p, twice, MISTAKE_DUPLICATE_SECTION,
		    NULL));
	return (PARSE_OK);
}

enum parse
section_request(struct parser *p, struct flow_request *out)
{
	struct cursor twice = {0};
	enum parse r;

	if ((r = sections_parse(p, out, NULL, &twice)) != PARSE_OK)
		return (r);
	return (body_after(p, twice, &out->body));
}

enum parse
section_response(struct parser *p, struct flow_response *out)
{
	struct cursor twice = {0};
	enum parse r;

	if ((r = sections_parse(p, NULL, out, &twice)) != PARSE_OK)
		return (r);
	return (body_after(p, twice, &out->body));
}
