/* SPDX-License-Identifier: ISC */
/* An entry: a request, and what is expected of its response. */
#include "checks/flow_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/must.h"

/* The text of a comment behind a word, without blanks around it. */
static char *
comment_after(struct parser *p, const char *line, size_t len,
    const char *word)
{
	const char *found = memmem(line, len, word, strlen(word));

	if (found == NULL)
		return (NULL);
	len -= (size_t)(found - line) + strlen(word);
	found += strlen(word);
	for (; len > 0 && (*found == ' ' || *found == '\t'); len--)
		found++;
	while (len > 0 && (found[len - 1] == ' ' || found[len - 1] == '\t' ||
	    found[len - 1] == '\r'))
		len--;
	return (arena_strndup(&p->store->arena, found, len));
}

/* In a comment blanks may stand for the tabs between the seven fields. */
static void
fields_join(char *line)
{
	char *from = line, *to = line;
	int field;

	for (field = 1; field < 7 && *from != '\0'; field++) {
		while (*from != '\0' && *from != ' ' && *from != '\t')
			*to++ = *from++;
		from += strspn(from, " \t");
		if (*from != '\0')
			*to++ = '\t';
	}
	memmove(to, from, strlen(from) + 1);
}

/*
 * Commands to the cookie store in the comments before a request; only the
 * first set counts, as in the reference program.
 */
static void
comments_read(struct parser *p, struct cursor from, struct flow_entry *out)
{
	const char *line = p->source + from.at;
	const char *end = p->source + p->cur.at, *eol, *hash;
	const char **set;
	char *text;

	for (; line < end; line = eol + 1) {
		eol = memchr(line, '\n', (size_t)(end - line));
		if (eol == NULL)
			eol = end;
		hash = memchr(line, '#', (size_t)(eol - line));
		if (hash == NULL)
			continue;
		if (memmem(hash, (size_t)(eol - hash),
		    "@cookie_storage_clear", 21) != NULL)
			out->clears_cookies = true;
		text = comment_after(p, hash, (size_t)(eol - hash),
		    "@cookie_storage_set:");
		if (text == NULL || out->set_cookie_count > 0)
			continue;
		fields_join(text);
		set = parse_alloc(p, 1, sizeof(*set));
		*set = text;
		out->set_cookies = set;
		out->set_cookie_count = 1;
	}
}

static enum parse
method_parse(struct parser *p, struct flow_entry *out)
{
	struct cursor start = p->cur;
	bool has_lower = false;
	uint32_t c;

	if (reader_is_end(p))
		return (reader_soft(p, start, MISTAKE_EXPECTED, "a request"));
	while ((c = reader_peek(p)) < 0x80 && reader_is_word(p, c) &&
	    c > '9') {
		has_lower = has_lower || c >= 'a';
		reader_read(p);
	}
	if (p->cur.at == start.at || has_lower)
		return (reader_hard(p, start, MISTAKE_METHOD, NULL));
	out->request.method = reader_text(p, start, p->cur);
	out->request.method_place = reader_place(start, p->cur);
	out->place = out->request.method_place;
	return (PARSE_OK);
}

static enum parse
request_parse(struct parser *p, struct flow_entry *out)
{
	struct cursor start = p->cur;
	enum parse r;

	reader_blank_lines(p);
	comments_read(p, start, out);
	reader_skip_spaces(p);
	if ((r = method_parse(p, out)) != PARSE_OK)
		return (r);
	p->has_hint = false;
	if ((r = reader_some_spaces(p, "a space and a URL")) != PARSE_OK)
		return (r);
	if ((r = text_value(p, &out->request.url)) != PARSE_OK)
		return (r);
	if ((r = reader_line_end(p)) != PARSE_OK)
		return (r);
	if ((r = section_pairs(p, &out->request.headers)) != PARSE_OK)
		return (r);
	return (section_request(p, &out->request));
}

static enum parse
version_parse(struct parser *p, struct flow_response *out)
{
	static const char *const versions[] = {
	    [FLOW_VERSION_10] = "/1.0", [FLOW_VERSION_11] = "/1.1",
	    [FLOW_VERSION_2] = "/2", [FLOW_VERSION_3] = "/3"};
	struct cursor start = p->cur;
	enum parse r;
	size_t i;

	if ((r = reader_try(p, "HTTP")) != PARSE_OK)
		return (r);
	out->version = FLOW_VERSION_ANY;
	if (reader_sees(p, " ") || reader_sees(p, "\t")) {
		out->version_place = reader_place(start, p->cur);
		return (PARSE_OK);
	}
	for (i = FLOW_VERSION_10; i < NELEMS(versions); i++) {
		if (reader_try(p, versions[i]) == PARSE_OK) {
			out->version = (enum flow_version)i;
			out->version_place = reader_place(start, p->cur);
			return (PARSE_OK);
		}
	}
	return (reader_hard(p, start, MISTAKE_EXPECTED,
	    "HTTP, HTTP/1.0, HTTP/1.1, HTTP/2 or HTTP/3"));
}

static enum parse
status_parse(struct parser *p, struct flow_response *out)
{
	struct cursor start = p->cur;

	out->is_any_status = reader_try(p, "*") == PARSE_OK;
	if (!out->is_any_status) {
		if (reader_skip_digits(p) == 0)
			return (reader_hard(p, start, MISTAKE_EXPECTED,
			    "a status such as 200, or *"));
		errno = 0;
		out->status = strtoll(p->source + start.at, NULL, 10);
		if (errno != 0)
			return (reader_hard(p, start, MISTAKE_SENTENCE,
			    "this status is too large"));
	}
	out->status_place = reader_place(start, p->cur);
	return (PARSE_OK);
}

static enum parse
response_parse(struct parser *p, struct flow_response *out)
{
	enum parse r;

	reader_blank_lines(p);
	reader_skip_spaces(p);
	if ((r = version_parse(p, out)) != PARSE_OK)
		return (r);
	if ((r = reader_some_spaces(p, "a space and a status")) != PARSE_OK)
		return (r);
	if ((r = status_parse(p, out)) != PARSE_OK)
		return (r);
	if ((r = reader_line_end(p)) != PARSE_OK)
		return (r);
	if ((r = section_pairs(p, &out->headers)) != PARSE_OK)
		return (r);
	return (section_response(p, out));
}

/* The last one counts. */
static bool
is_always(const struct flow_request *r)
{
	bool is_on = false;
	size_t i;

	for (i = 0; i < r->option_count; i++)
		if (r->options[i].kind == FLOW_OPTION_ALWAYS)
			is_on = r->options[i].boolean;
	return (is_on);
}

enum parse
entry_parse(struct parser *p, void *item)
{
	struct flow_entry *out = item;
	struct cursor before = p->cur;
	enum parse r;

	if ((r = section_include(p, out)) != PARSE_SOFT)
		return (r);
	p->cur = before;
	if ((r = request_parse(p, out)) != PARSE_OK)
		return (r);
	out->is_always = is_always(&out->request);
	before = p->cur;
	r = response_parse(p, &out->response);
	out->has_response = r == PARSE_OK;
	if (r == PARSE_SOFT)
		p->cur = before;
	return (r == PARSE_HARD ? r : PARSE_OK);
}
