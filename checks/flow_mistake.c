/* SPDX-License-Identifier: ISC */
/*
 * From the place at which the parser gave up to a sentence for the author of
 * the flow: what was expected there, what stands there, what was meant.
 */
#include "checks/flow_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "base/utf8.h"

#define WORD_MOST_BYTES 40

static const char *const methods[] = {"GET", "HEAD", "POST", "PUT", "DELETE",
    "CONNECT", "OPTIONS", "TRACE", "PATCH"};
static const char *const request_sections[] = {"Query", "Form", "Multipart",
    "Cookies", "BasicAuth", "Options", "QueryStringParams", "FormParams",
    "MultipartFormData"};
static const char *const response_sections[] = {"Captures", "Asserts"};
static const char *const units[] = {"ms", "s", "m", "h"};
static const char *const languages[] = {"json", "xml", "graphql", "raw"};
static const char *const attributes[] = {"Value", "Expires", "Max-Age",
    "Domain", "Path", "Secure", "HttpOnly", "SameSite"};
static const char *const fields[] = {"Subject", "Issuer", "Start-Date",
    "Expire-Date", "Serial-Number", "Subject-Alt-Name", "Value"};

struct word {
	char text[WORD_MOST_BYTES + 1];
	uint32_t width; /* code points */
};

static bool
is_word_byte(unsigned char c, bool is_first)
{
	return (c >= 0x80 || (c >= '0' && c <= '9') ||
	    ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_' ||
	    (!is_first && (c == '-' || c == '.')));
}

/* The word, or else the one character, that stands at a place. */
static void
word_at(const struct parser *p, struct cursor at, struct word *w)
{
	const char *s = p->source + at.at;
	size_t left = p->source_len - at.at, len = 0, n;
	uint32_t c;

	while (len < left && is_word_byte((unsigned char)s[len], len == 0) &&
	    len < WORD_MOST_BYTES - 4) {
		n = utf8_decode(s + len, left - len, &c);
		len += n;
	}
	if (len == 0 && left > 0 && (unsigned char)*s > ' ')
		len = utf8_decode(s, left, &c);
	memcpy(w->text, s, len);
	w->text[len] = '\0';
	w->width = len > 0 ? (uint32_t)utf8_count(s, len) : 1;
}

static const char *
found_text(const struct parser *p, struct cursor at, const struct word *w,
    char *buf, size_t size)
{
	if (at.at >= p->source_len)
		return ("the end of the file");
	if (strcmp(w->text, "'") == 0)
		return ("a single quote");
	if (w->text[0] != '\0')
		snprintf(buf, size, "'%s'", w->text);
	else if (strchr("\r\n", p->source[at.at]) != NULL)
		return ("the end of the line");
	else if (p->source[at.at] == ' ')
		return ("a space");
	else if (p->source[at.at] == '\t')
		return ("a tab");
	else
		snprintf(buf, size, "the character U+%04X",
		    (unsigned int)p->source[at.at]);
	return (buf);
}

static bool
is_one_of(const char *word, const char *const *names, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (strcmp(word, names[i]) == 0)
			return (true);
	return (false);
}

static bool
is_method(const char *word)
{
	size_t i;

	for (i = 0; i < NELEMS(methods); i++)
		if (strcasecmp(word, methods[i]) == 0)
			return (true);
	return (false);
}

/* What the sentence says after the comma. */
static void
suggest(struct buf *out, const char *word, const char *const *names,
    size_t count, const char *otherwise)
{
	const char *near = cause_suggest(word, names, count);

	if (near != NULL)
		buf_printf(out, ", did you mean '%s'?", near);
	else if (otherwise != NULL)
		buf_printf(out, "; %s", otherwise);
}

static void
list(struct buf *out, const char *const *names, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		buf_printf(out, "%s%s", i == 0 ? "" :
		    i + 1 == count ? " or " : ", ", names[i]);
}

/* One of these names was expected. */
static void
say_name(struct buf *out, const struct word *w, const char *kind,
    const char *const *names, size_t count)
{
	const char *near = cause_suggest(w->text, names, count);

	buf_printf(out, "unknown %s '%s'", kind, w->text);
	if (near != NULL) {
		buf_printf(out, ", did you mean '%s'?", near);
		return;
	}
	buf_append_str(out, "; there is ");
	list(out, names, count);
}

static void
say_escape(struct buf *out, const char *literals, const struct word *w)
{
	bool is_json = strchr(literals, '#') == NULL;
	uint32_t c;

	buf_printf(out, "there is no escape sequence '\\%.*s'; there are",
	    (int)utf8_decode(w->text, sizeof(w->text), &c), w->text);
	for (; *literals != '\0'; literals++)
		buf_printf(out, " \\%c", *literals);
	buf_printf(out, " \\b \\f \\n \\r \\t and %s",
	    is_json ? "\\u00e9" : "\\u{e9}");
}

static void
say_method(struct buf *out, const struct parser *p, struct cursor at,
    const struct word *w)
{
	static const char *const sections[] = {"Query", "Form", "Multipart",
	    "Cookies", "BasicAuth", "Options", "Captures", "Asserts"};

	if (advice_line(out, p, at))
		return;
	if (is_one_of(w->text, flow_query_names, FLOW_QUERY_KIND_COUNT))
		buf_printf(out, "'%s' is a query, which stands below "
		    "[Asserts] or behind a capture's name", w->text);
	else if (strcmp(w->text, "[") == 0 || strcmp(w->text, "]") == 0) {
		buf_printf(out, "expected a section such as ");
		list(out, sections, NELEMS(sections));
	} else {
		buf_printf(out, "expected a request: a method in capital "
		    "letters and a URL");
		suggest(out, w->text, methods, NELEMS(methods), NULL);
	}
}

static void
say_section(struct buf *out, const struct word *w, bool is_request)
{
	const char *const *here = is_request ? request_sections :
	    response_sections;
	const char *const *there = is_request ? response_sections :
	    request_sections;
	size_t here_count = is_request ? NELEMS(request_sections) :
	    NELEMS(response_sections);
	size_t there_count = is_request ? NELEMS(response_sections) :
	    NELEMS(request_sections);

	static const char *const include = "Include";

	if (is_one_of(w->text, there, there_count)) {
		buf_printf(out, is_request ?
		    "[%s] belongs to a response: an HTTP line such as "
		    "'HTTP 200' stands before it" :
		    "[%s] belongs to a request and stands before its HTTP "
		    "line", w->text);
		return;
	}
	buf_printf(out, "unknown section [%s]", w->text);
	if (cause_suggest(w->text, here, here_count) != NULL) {
		suggest(out, w->text, here, here_count, NULL);
		return;
	}
	if (cause_suggest(w->text, &include, 1) != NULL) {
		suggest(out, w->text, &include, 1, NULL);
		return;
	}
	if (advice_section(w->text) != NULL) {
		buf_printf(out, "; %s", advice_section(w->text));
		return;
	}
	buf_printf(out, "; a %s has ", is_request ? "request" : "response");
	list(out, here, is_request ? 6 : here_count);
}

static void
say_predicate(struct buf *out, const struct word *w)
{
	const char *near;

	if (w->text[0] == '=') {
		buf_printf(out, "expected a predicate; equality is '=='");
		return;
	}
	near = advice_predicate(w->text);
	if (w->text[0] == '\0' || (near == NULL && !is_word_byte(
	    (unsigned char)w->text[0], true)))
		buf_printf(out, "expected a predicate such as ==, contains, "
		    "matches or exists");
	else if (is_one_of(w->text, flow_filter_names,
	    FLOW_FILTER_KIND_COUNT))
		buf_printf(out, "expected the argument of the filter '%s' "
		    "in quotes", w->text);
	else if (near != NULL)
		buf_printf(out, "'%s' is neither a filter nor a predicate, "
		    "did you mean '%s'?", w->text, near);
	else
		buf_printf(out, "'%s' is neither a filter nor a predicate; "
		    "a predicate is ==, contains, matches, exists or "
		    "another", w->text);
}

static void
say_query(struct buf *out, const struct word *w)
{
	const char *near;

	if (w->text[0] == '\0' || !is_word_byte((unsigned char)w->text[0],
	    true))
		buf_printf(out, "expected a query such as status, header, "
		    "body or jsonpath");
	else {
		near = advice_query(w->text);
		buf_printf(out, "unknown query '%s'", w->text);
		if (near != NULL)
			buf_printf(out, ", did you mean '%s'?", near);
		else
			buf_append_str(out, "; a query is status, header, "
			    "body, jsonpath or another");
	}
}

static void
say_expected(struct buf *out, const struct parser *p,
    const struct parse_error *e, const struct word *w)
{
	char found[WORD_MOST_BYTES + 16];
	bool is_symbol = strlen(e->what) <= 3 &&
	    strpbrk(e->what, "abcdefghijklmnopqrstuwxyz") == NULL;

	if (advice_instead(out, p, e))
		return;
	buf_printf(out, is_symbol ? "expected '%s', found %s" :
	    "expected %s, found %s", e->what,
	    found_text(p, e->at, w, found, sizeof(found)));
	advice_expected(out, p, e, w->text);
}

static void
say(struct buf *out, const struct parser *p, const struct parse_error *e,
    const struct word *w)
{
	char found[WORD_MOST_BYTES + 16];

	switch (e->mistake) {
	case MISTAKE_EXPECTED:
		say_expected(out, p, e, w);
		break;
	case MISTAKE_SENTENCE:
		buf_printf(out, "%s", e->what);
		break;
	case MISTAKE_METHOD:
		say_method(out, p, e->at, w);
		break;
	case MISTAKE_REQUEST_SECTION:
	case MISTAKE_RESPONSE_SECTION:
		say_section(out, w, e->mistake == MISTAKE_REQUEST_SECTION);
		break;
	case MISTAKE_OPTION:
		buf_printf(out, "unknown option '%s'", w->text);
		suggest(out, w->text, flow_option_names,
		    FLOW_OPTION_KIND_COUNT, NULL);
		break;
	case MISTAKE_QUERY:
		say_query(out, w);
		break;
	case MISTAKE_PREDICATE:
		say_predicate(out, w);
		break;
	case MISTAKE_UNIT:
		buf_printf(out, "unknown unit '%s'", w->text);
		suggest(out, w->text, units, 0, "a duration has ms, s, m or h");
		break;
	case MISTAKE_LANGUAGE:
		buf_printf(out, "unknown language '%s' after ```", w->text);
		suggest(out, w->text, languages, NELEMS(languages),
		    "it may be json, xml, graphql or raw");
		break;
	case MISTAKE_ATTRIBUTE:
		say_name(out, w, "attribute of a cookie", attributes,
		    NELEMS(attributes));
		break;
	case MISTAKE_FIELD:
		say_name(out, w, "field of a certificate", fields,
		    NELEMS(fields));
		break;
	case MISTAKE_COLON:
		buf_printf(out, "expected ':' after the name, found %s",
		    found_text(p, e->at, w, found, sizeof(found)));
		break;
	case MISTAKE_ESCAPE:
		say_escape(out, e->what, w);
		break;
	case MISTAKE_DUPLICATE_SECTION:
		buf_printf(out, "this section stands here a second time");
		break;
	}
}

/* A name and its value without a colon, rather than a request or query. */
static bool
is_pair(const struct parser *p, const struct word *w)
{
	const char *s = p->source + p->hint.at.at;
	size_t left = p->source_len - p->hint.at.at;

	return (p->error.mistake == MISTAKE_METHOD && w->text[0] != '[' &&
	    strcasecmp(w->text, "http") != 0 &&
	    !is_one_of(w->text, flow_query_names, FLOW_QUERY_KIND_COUNT) &&
	    left > 0 && *s != '\n' && *s != '\r' && (left < 4 ||
	    (memcmp(s, "http", 4) != 0 && memcmp(s, "{{", 2) != 0)));
}

/*
 * Add the parser's mistake to its cause. A line that was given up as an item
 * of a section fails again as the next request: the first reason is the
 * better one.
 */
void
mistake_report(struct parser *p)
{
	const struct parse_error *e = &p->error;
	struct place place;
	struct word w;
	struct buf text;

	word_at(p, e->at, &w);
	if (p->has_hint && p->hint.at.line == e->at.line &&
	    p->hint.at.at >= e->at.at && !is_method(w.text) &&
	    (p->hint.mistake != MISTAKE_COLON || is_pair(p, &w))) {
		e = &p->hint;
		word_at(p, e->at, &w);
	}
	place = (struct place){.line = e->at.line, .column = e->at.column,
	    .width = w.width};
	buf_init(&text, 4096);
	say(&text, p, e, &w);
	cause_add_at(p->cause, p->path, place, p->source, p->source_len,
	    "%s", buf_str(&text));
	buf_fini(&text);
}

/* A method, which may be anyone's own, and what a URL begins with. */
static bool
begins_request(const char *line, const char *end)
{
	static const char include[] = "[Include]";
	const char *s = line;

	if ((size_t)(end - s) >= sizeof(include) - 1 &&
	    memcmp(s, include, sizeof(include) - 1) == 0)
		return (true);
	while (s < end && *s >= 'A' && *s <= 'Z')
		s++;
	return (s > line && end - s > 2 && *s == ' ' &&
	    (memcmp(s + 1, "{{", 2) == 0 || memcmp(s + 1, "ht", 2) == 0));
}

bool
mistake_resume(struct parser *p)
{
	const char *end = p->source + p->source_len, *eol;
	const struct cursor *at = p->has_hint &&
	    p->hint.at.at > p->error.at.at ? &p->hint.at : &p->error.at;
	const char *line = p->source + at->at;
	uint32_t number = at->line;

	while ((eol = memchr(line, '\n', (size_t)(end - line))) != NULL) {
		line = eol + 1;
		number++;
		if (!begins_request(line, end))
			continue;
		p->cur = (struct cursor){(size_t)(line - p->source), number,
		    1};
		p->has_hint = false;
		p->depth = 0;
		return (true);
	}
	return (false);
}
