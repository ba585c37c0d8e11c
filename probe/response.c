/* SPDX-License-Identifier: ISC */
/*
 * Responses, and the parts of them that are decoded on first use and kept:
 * a flow with thirty jsonpath asserts parses its body once.
 */
#include "probe/response.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "probe/charset.h"
#include "probe/content_coding.h"
#include "probe/xpath.h"

#define JSON_MOST_NODES (4u << 20)
#define JSON_MOST_DEPTH 128 /* unless told otherwise, as all of these */
#define HEADERS_MOST 512
#define HEADERS_FIRST 8
#define ARENA_FIRST_BYTES 960 /* enough for most heads */

/* A decoding done once: its outcome is kept, good or bad. */
struct decoded {
	bool is_done;
	int err;
	const char *sentence;
};

struct response_parsed {
	struct decoded bytes, text, json, xml;
	struct buf bytes_buf, text_buf; /* empty when the form before fits */
	const char *bytes_data, *text_data;
	size_t bytes_len, text_len;
	struct json_doc *json_doc;
	struct xpath_doc *xml_doc;
};

struct response *
response_new(size_t max_body_bytes)
{
	struct response *r = xcalloc(1, sizeof(*r));

	buf_init(&r->body, max_body_bytes);
	r->arena.first_bytes = ARENA_FIRST_BYTES;
	r->headers_most = HEADERS_MOST;
	r->json_depth_most = JSON_MOST_DEPTH;
	r->version = "1.1";
	r->timing.dns = r->timing.connect = r->timing.tls = -1;
	r->timing.wait = r->timing.transfer = -1;
	return (r);
}

static void
certificate_free(struct response_certificate *c)
{
	if (c == NULL)
		return;
	free(c->subject);
	free(c->issuer);
	free(c->serial_number);
	free(c->subject_alt_name);
	free(c->pem);
	free(c);
}

static void
parsed_free(struct response_parsed *p)
{
	if (p == NULL)
		return;
	buf_fini(&p->bytes_buf);
	buf_fini(&p->text_buf);
	json_free(&p->json_doc);
	xpath_doc_free(&p->xml_doc);
	free(p);
}

void
response_free(struct response **rp)
{
	struct response *r = *rp;
	size_t i;

	if (r == NULL)
		return;
	for (i = 0; i < r->redirect_count; i++)
		response_free(&r->redirects[i]);
	free(r->redirects);
	certificate_free(r->certificate);
	parsed_free(r->parsed);
	buf_fini(&r->body);
	arena_fini(&r->arena);
	free(r);
	*rp = NULL;
}

void
response_add_header(struct response *r, const char *name, size_t name_len,
    const char *value, size_t value_len)
{
	struct response_header *h;
	size_t n = r->header_count;

	/* Room for 8, 16, 32, ... */
	if (n == 0 || (n >= HEADERS_FIRST && (n & (n - 1)) == 0)) {
		h = arena_alloc(&r->arena, (n == 0 ? HEADERS_FIRST : n * 2) *
		    sizeof(*h));
		if (n > 0)
			memcpy(h, r->headers, n * sizeof(*h));
		r->headers = h;
	}
	h = &r->headers[r->header_count++];
	h->name = arena_strndup(&r->arena, name, name_len);
	h->value = arena_strndup(&r->arena, value, value_len);
}

void
response_clear_headers(struct response *r)
{
	arena_reset(&r->arena);
	r->headers = NULL;
	r->header_count = 0;
}

const char *
response_next_header(const struct response *r, const char *name, size_t *at)
{
	for (; *at < r->header_count; (*at)++)
		if (strcasecmp(r->headers[*at].name, name) == 0)
			return (r->headers[(*at)++].value);
	return (NULL);
}

static bool
is_space(char c)
{
	return (c == ' ' || c == '\t' || c == '\r' || c == '\n');
}

static void
trim(const char **s, size_t *len)
{
	while (*len > 0 && is_space((*s)[*len - 1]))
		(*len)--;
	while (*len > 0 && is_space(**s)) {
		(*s)++;
		(*len)--;
	}
}

/* Bytes that are not UTF-8 are Latin-1, as RFC 9110 5.5 remembers it. */
static char *
from_latin1(const char *s, size_t *len)
{
	char *out = xmalloc(*len * 2 + 1);
	size_t i, n = 0;

	for (i = 0; i < *len; i++)
		n += utf8_encode((unsigned char)s[i], out + n);
	*len = n;
	return (out);
}

void
response_read_header(struct response *r, const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len), *name = line, *value;
	char *text = NULL;
	size_t name_len, value_len;

	if (colon == NULL || colon == line || *line == ' ' || *line == '\t')
		return;
	name_len = (size_t)(colon - line);
	value = colon + 1;
	value_len = len - name_len - 1;
	trim(&name, &name_len);
	trim(&value, &value_len);
	if (utf8_check(value, value_len) != value_len)
		value = text = from_latin1(value, &value_len);
	response_add_header(r, name, name_len, value, value_len);
	free(text);
}

const char *
response_header(const struct response *r, const char *name)
{
	size_t at = 0;

	return (response_next_header(r, name, &at));
}

static struct response_parsed *
parsed_of(struct response *r)
{
	if (r->parsed == NULL) {
		r->parsed = xcalloc(1, sizeof(*r->parsed));
		buf_init(&r->parsed->bytes_buf, 1);
		buf_init(&r->parsed->text_buf, 1);
	}
	return (r->parsed);
}

/* Undo the coding [name, name + len), from what bytes_data has now. */
static int
undo_coding(struct response_parsed *p, const char *name, size_t len,
    size_t max_bytes)
{
	struct buf out;
	int err;

	buf_init(&out, max_bytes);
	err = content_decode(name, len, p->bytes_data, p->bytes_len, &out,
	    &p->bytes.sentence);
	if (err != 0) {
		buf_fini(&out);
		return (err);
	}
	buf_fini(&p->bytes_buf);
	p->bytes_buf = out;
	p->bytes_data = buf_str(&p->bytes_buf);
	p->bytes_len = p->bytes_buf.len;
	return (0);
}

/* All codings of one header value, in the order that Hurl takes: as listed. */
static int
undo_codings(struct response_parsed *p, const char *value, size_t max_bytes)
{
	size_t len;
	int err;

	do {
		value += strspn(value, " \t");
		len = strcspn(value, ",");
		while (len > 0 && strchr(" \t", value[len - 1]) != NULL)
			len--;
		err = undo_coding(p, value, len, max_bytes);
		value += strcspn(value, ",");
	} while (err == 0 && *value++ == ',');
	return (err);
}

static int
decode_bytes(struct response *r, size_t max_bytes)
{
	struct response_parsed *p = r->parsed;
	const char *value;
	size_t at = 0;
	int err = 0;

	if (r->is_truncated) {
		p->bytes.sentence = "the body is longer than the limit";
		return (ERR_LIMIT);
	}
	p->bytes_data = buf_str(&r->body);
	p->bytes_len = r->body.len;
	while (err == 0 && (value = response_next_header(r,
	    "Content-Encoding", &at)) != NULL)
		err = undo_codings(p, value, max_bytes);
	return (err);
}

int
response_bytes(struct response *r, size_t max_bytes, const char **data,
    size_t *len, const char **sentence)
{
	struct response_parsed *p = parsed_of(r);

	if (!p->bytes.is_done) {
		p->bytes.err = decode_bytes(r, max_bytes);
		p->bytes.is_done = true;
	}
	if (p->bytes.err != 0) {
		*sentence = p->bytes.sentence;
		return (p->bytes.err);
	}
	*data = p->bytes_data;
	*len = p->bytes_len;
	return (0);
}

/*
 * The label in "type/subtype; charset=label", which may be quoted; "utf-8"
 * when there is none.
 */
static const char *
declared_charset(const struct response *r, size_t *len)
{
	const char *p = response_header(r, "Content-Type");

	while (p != NULL && (p = strchr(p, ';')) != NULL) {
		p += 1 + strspn(p + 1, " \t");
		if (strncasecmp(p, "charset", 7) != 0)
			continue;
		p += 7 + strspn(p + 7, " \t");
		if (*p++ != '=')
			continue;
		p += strspn(p, " \t\"");
		*len = strcspn(p, "; \t\"");
		return (p);
	}
	*len = 5;
	return ("utf-8");
}

/* UTF-8 needs no copy, only a look. */
static int
decode_charset(struct response_parsed *p, const struct charset *charset,
    const char *data, size_t len, size_t max_bytes)
{
	int err;

	if (strcmp(charset_name(charset), "UTF-8") == 0) {
		p->text_data = data;
		p->text_len = len;
		return (utf8_check(data, len) == len ? 0 : ERR_CORRUPT);
	}
	buf_fini(&p->text_buf);
	buf_init(&p->text_buf, max_bytes);
	err = charset_decode(charset, data, len, &p->text_buf);
	p->text_data = buf_str(&p->text_buf);
	p->text_len = p->text_buf.len;
	return (err);
}

static int
decode_text(struct response *r, size_t max_bytes)
{
	struct response_parsed *p = r->parsed;
	const struct charset *charset;
	const char *label, *data;
	size_t len, label_len;
	int err;

	err = response_bytes(r, max_bytes, &data, &len, &p->text.sentence);
	if (err != 0)
		return (err);
	label = declared_charset(r, &label_len);
	charset = charset_find(label, label_len);
	if (charset == NULL) {
		p->text.sentence = "the charset of the response is not valid";
		return (ERR_UNSUPPORTED);
	}
	err = decode_charset(p, charset, data, len, max_bytes);
	if (err == ERR_LIMIT)
		p->text.sentence = "the decoded body is longer than the limit";
	else if (err != 0)
		p->text.sentence =
		    "could not decode response body with its charset";
	return (err);
}

int
response_text(struct response *r, size_t max_bytes, const char **text,
    size_t *len, const char **sentence)
{
	struct response_parsed *p = parsed_of(r);

	if (!p->text.is_done) {
		p->text.err = decode_text(r, max_bytes);
		p->text.is_done = true;
	}
	if (p->text.err != 0) {
		*sentence = p->text.sentence;
		return (p->text.err);
	}
	*text = p->text_data;
	*len = p->text_len;
	return (0);
}

struct json_limits
response_json_limits(const struct response *r)
{
	return ((struct json_limits){1u << 30, JSON_MOST_NODES,
	    r->json_depth_most});
}

static int
decode_json(struct response *r, size_t max_bytes)
{
	struct response_parsed *p = r->parsed;
	const struct json_limits limits = response_json_limits(r);
	const char *text;
	size_t len;
	int err;

	err = response_text(r, max_bytes, &text, &len, &p->json.sentence);
	if (err != 0)
		return (err);
	err = json_parse(text, len, &limits, &p->json_doc, NULL);
	if (err == ERR_LIMIT)
		p->json.sentence = "the JSON of the HTTP response is too big";
	else if (err != 0)
		p->json.sentence = "HTTP response is not a valid JSON";
	return (err);
}

int
response_json(struct response *r, size_t max_bytes, const struct json **json,
    const char **sentence)
{
	struct response_parsed *p = parsed_of(r);

	if (!p->json.is_done) {
		p->json.err = decode_json(r, max_bytes);
		p->json.is_done = true;
	}
	if (p->json.err != 0) {
		*sentence = p->json.sentence;
		return (p->json.err);
	}
	*json = json_root(p->json_doc);
	return (0);
}

/* XHTML goes to the XML parser. */
static bool
is_html(const struct response *r)
{
	const char *type = response_header(r, "Content-Type");

	return (type != NULL && strncasecmp(type, "text/html", 9) == 0);
}

static int
decode_xml(struct response *r, size_t max_bytes)
{
	struct response_parsed *p = r->parsed;
	const char *text;
	size_t len;
	int err;

	err = response_text(r, max_bytes, &text, &len, &p->xml.sentence);
	if (err != 0)
		return (err);
	err = xpath_doc_parse(text, len, is_html(r), &p->xml_doc);
	if (err == ERR_LIMIT)
		p->xml.sentence = "the XML of the HTTP response is too big";
	else if (err != 0)
		p->xml.sentence = "HTTP response is not a valid XML";
	return (err);
}

int
response_xml(struct response *r, size_t max_bytes, struct xpath_doc **doc,
    const char **sentence)
{
	struct response_parsed *p = parsed_of(r);

	if (!p->xml.is_done) {
		p->xml.err = decode_xml(r, max_bytes);
		p->xml.is_done = true;
	}
	if (p->xml.err != 0) {
		*sentence = p->xml.sentence;
		return (p->xml.err);
	}
	*doc = p->xml_doc;
	return (0);
}
