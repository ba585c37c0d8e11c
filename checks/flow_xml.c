/* SPDX-License-Identifier: ISC */
/*
 * XML bodies. Nothing marks their end but the XML itself: libxml2's push
 * parser says when the root element is closed.
 */
#include "checks/flow_priv.h"

#include <libxml/parser.h>
#include <string.h>

#include "base/utf8.h"

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

/*
 * Feed the source from its cursor until the root is closed, step bytes of
 * it at a time or up to every >. Returns the number of bytes, 0 for wrong
 * XML, with *bad at the piece in which it is.
 */
static size_t
xml_feed(struct parser *p, bool is_by_character, size_t *bad,
    const char **why)
{
	const char *start = p->source + p->cur.at, *gt;
	size_t len = p->end - p->cur.at, at = 0, step;
	xmlParserCtxtPtr ctx;
	struct xml_state s;
	uint32_t c;

	ctx = xml_open(&s);
	if (ctx == NULL)
		return (0);
	while (at < len && !s.is_at_end) {
		gt = memchr(start + at, '>', len - at);
		step = gt == NULL ? len - at : (size_t)(gt - start) - at + 1;
		if (is_by_character)
			step = utf8_decode(start + at, len - at, &c);
		if (step > 1 << 20)
			step = 1 << 20;
		*bad = at;
		if (xmlParseChunk(ctx, start + at, (int)step,
		    at + step == len) != 0) {
			*why = xml_mistake(p, ctx);
			break;
		}
		at += step;
	}
	xml_close(ctx);
	return (s.is_at_end ? at : 0);
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
	const char *why = "this is not well-formed XML";
	size_t len, bad = 0;
	struct builder b;

	if (!reader_sees(p, "<"))
		return (reader_soft(p, p->cur, MISTAKE_EXPECTED, "XML"));
	out->kind = FLOW_BODY_XML;
	len = xml_feed(p, false, &bad, &why);
	if (len == 0) {
		/* Once more, to say at which character it went wrong. */
		len = xml_feed(p, true, &bad, &why);
	}
	if (len == 0) {
		advance(p, bad);
		return (reader_hard(p, p->cur, MISTAKE_SENTENCE, why));
	}
	builder_init(&b, p);
	builder_bytes(&b, p->source + start.at, len);
	advance(p, len);
	builder_fini(&b, start, p->cur, &out->template);
	return (PARSE_OK);
}
