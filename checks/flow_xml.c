/* SPDX-License-Identifier: ISC */
/*
 * XML bodies. Nothing marks their end but the XML itself: libxml2's push
 * parser says when the root element is closed.
 */
#include "checks/flow_priv.h"

#include <libxml/parser.h>
#include <string.h>

#include "base/must.h"
#include "base/utf8.h"

/* Of a piece that is read once more by characters. */
#define SLOW_MOST_BYTES 16384

struct xml_state {
	size_t depth;
	bool is_at_end; /* the last event closed an element */
};

static void
xml_start_cb(void *arg, const xmlChar *name, const xmlChar *prefix,
    const xmlChar *uri, int namespace_count, const xmlChar **namespaces,
    int attribute_count, int defaulted_count, const xmlChar **attributes)
{
	struct xml_state *s = arg;

	(void)name, (void)prefix, (void)uri, (void)namespace_count;
	(void)namespaces, (void)attribute_count, (void)defaulted_count;
	(void)attributes;
	s->depth++;
	s->is_at_end = false;
}

static void
xml_end_cb(void *arg, const xmlChar *name, const xmlChar *prefix,
    const xmlChar *uri)
{
	struct xml_state *s = arg;

	(void)name, (void)prefix, (void)uri;
	s->depth--;
	s->is_at_end = s->depth == 0;
}

static xmlParserCtxtPtr
xml_open(struct xml_state *s)
{
	static xmlSAXHandler handler = {.initialized = XML_SAX2_MAGIC,
	    .startElementNs = xml_start_cb, .endElementNs = xml_end_cb};

	*s = (struct xml_state){0};
	return (xmlCreatePushParserCtxt(&handler, s, NULL, 0, NULL));
}

/* An entity that the XML declares makes a document, which is ours. */
static void
xml_close(xmlParserCtxtPtr ctx)
{
	xmlFreeDoc(ctx->myDoc);
	ctx->myDoc = NULL;
	xmlFreeParserCtxt(ctx);
}

/* The first sentence that the library has, without its line numbers. */
static const char *
xml_mistake(struct parser *p, xmlParserCtxtPtr ctx)
{
	const xmlError *e = xmlCtxtGetLastError(ctx);
	char *text, *out;

	if (e == NULL || e->message == NULL)
		return ("this is not well-formed XML");
	if (e->code == XML_ERR_TAG_NAME_MISMATCH && e->str1 != NULL)
		text = xasprintf("this is not well-formed XML: <%.100s> is "
		    "not closed", (const char *)e->str1);
	else
		text = xasprintf("this is not well-formed XML: %.*s",
		    (int)strcspn(e->message, "\n"), e->message);
	out = arena_strndup(&p->store->arena, text, strlen(text));
	free(text);
	return (out);
}

/* At a <: the place behind the tag; NULL when it does not end. */
static const char *
tag_end(const char *p, const char *end)
{
	for (; p < end && *p != '>'; p++) {
		if (*p != '"' && *p != '\'')
			continue;
		p = memchr(p + 1, *p, (size_t)(end - p) - 1);
		if (p == NULL)
			return (NULL);
	}
	return (p < end ? p + 1 : NULL);
}

/*
 * Length of a piece: up to a > that may close the root. Inside of the root
 * that of a comment, of CDATA, of an instruction or a value does not, and
 * libxml2 would look back through all of it each time.
 */
static size_t
piece_length(const char *s, size_t len, bool is_inside)
{
	static const struct {
		const char *open, *close;
	} forms[] = {{"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}};
	const char *end = s + len, *p = memchr(s, is_inside ? '<' : '>', len);
	size_t i, n;

	if (p == NULL)
		return (len);
	if (!is_inside)
		return ((size_t)(p - s) + 1);
	for (i = 0; i < NELEMS(forms); i++) {
		n = strlen(forms[i].open);
		if ((size_t)(end - p) < n || memcmp(p, forms[i].open, n) != 0)
			continue;
		n = strlen(forms[i].close);
		p = memmem(p, (size_t)(end - p), forms[i].close, n);
		return (p == NULL ? len : (size_t)(p - s) + n);
	}
	p = tag_end(p, end);
	return (p == NULL ? len : (size_t)(p - s));
}

struct xml_feed {
	size_t at;      /* bytes that were taken */
	size_t piece;   /* length of the one behind them, which is wrong */
	const char *why; /* NULL: nothing is */
};

/*
 * Feed len bytes of the source from its cursor, piece by piece and from slow
 * on by characters, until the root is closed. Returns whether it is.
 */
static bool
xml_feed(struct parser *p, size_t len, size_t slow, struct xml_feed *f)
{
	const char *start = p->source + p->cur.at;
	bool is_all = len == p->end - p->cur.at;
	xmlParserCtxtPtr ctx;
	struct xml_state s;
	uint32_t c;

	*f = (struct xml_feed){0};
	ctx = xml_open(&s);
	while (ctx != NULL && f->at < len && !s.is_at_end) {
		f->piece = f->at >= slow ? utf8_decode(start + f->at,
		    len - f->at, &c) : piece_length(start + f->at,
		    len - f->at, s.depth > 0);
		if (xmlParseChunk(ctx, start + f->at, (int)f->piece,
		    is_all && f->at + f->piece == len) != 0) {
			f->why = xml_mistake(p, ctx);
			break;
		}
		f->at += f->piece;
	}
	if (ctx != NULL)
		xml_close(ctx);
	return (s.is_at_end && f->why == NULL);
}

/* The edge of a character in the middle; bad when there is none. */
static size_t
edge(const char *s, size_t good, size_t bad)
{
	size_t at = good + (bad - good) / 2;

	while (at > good && ((unsigned char)s[at] & 0xc0) == 0x80)
		at--;
	while (at == good || (at < bad &&
	    ((unsigned char)s[at] & 0xc0) == 0x80))
		at++;
	return (at);
}

/* Halve the wrong piece until the character is found that makes it so. */
static void
xml_halve(struct parser *p, struct xml_feed *f)
{
	const char *start = p->source + p->cur.at;
	size_t good = f->at, bad = f->at + f->piece, half;
	struct xml_feed part;

	while ((half = edge(start, good, bad)) < bad) {
		xml_feed(p, half, half, &part);
		if (part.why == NULL)
			good = half;
		else {
			bad = half;
			f->why = part.why;
		}
	}
	f->at = good;
}

/*
 * The whole XML; false with a mistake, whose place is that of the character
 * at which the reference program finds it, which reads one by one.
 */
static bool
xml_read(struct parser *p, struct xml_feed *f)
{
	size_t len = p->end - p->cur.at;

	if (xml_feed(p, len, len, f))
		return (true);
	if (f->why != NULL && f->piece > SLOW_MOST_BYTES)
		xml_halve(p, f);
	else if (f->why != NULL)
		return (xml_feed(p, len, f->at, f));
	return (false);
}

/* Move the cursor count bytes on. */
static void
advance(struct parser *p, size_t count)
{
	size_t to = p->cur.at + count;

	while (p->cur.at < to)
		reader_read(p);
}

enum parse
body_xml(struct parser *p, struct flow_body *out)
{
	struct cursor start = p->cur;
	struct xml_feed feed;
	struct builder b;

	if (!reader_sees(p, "<"))
		return (reader_soft(p, p->cur, MISTAKE_EXPECTED, "XML"));
	out->kind = FLOW_BODY_XML;
	if (!xml_read(p, &feed)) {
		advance(p, feed.at);
		return (reader_hard(p, p->cur, MISTAKE_SENTENCE,
		    feed.why != NULL ? feed.why :
		    "this is not well-formed XML"));
	}
	builder_init(&b, p);
	builder_bytes(&b, p->source + start.at, feed.at);
	advance(p, feed.at);
	builder_fini(&b, start, p->cur, &out->template);
	return (PARSE_OK);
}
