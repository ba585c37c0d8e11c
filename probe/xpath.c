/* SPDX-License-Identifier: ISC */
/*
 * The one door to libxml2's trees. Entity declarations are not taken in at
 * all, so that no document can grow in memory beyond its own size.
 */
#include "probe/xpath.h"

#include <string.h>

#include <libxml/HTMLparser.h>
#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"

#define EXPRESSION_MOST_BYTES 65536

/*
 * Bounds of one evaluation. libxml2 counts steps, but a step may look at the
 * text of a whole document: the functions that do so are held to CPU time.
 */
#define STEPS_MOST 3000000
#define CPU_MOST (250 * SPAN_MS)

struct xpath_doc {
	xmlDoc *doc;
	bool is_html;
};

static void
ignore_error(void *arg, xmlError *error)
{
	(void)arg;
	(void)error;
}

static void
ignore_text(void *arg, const char *fmt, ...)
{
	(void)arg;
	(void)fmt;
}

static xmlDoc *
parse_xml(const char *text, int len)
{
	xmlParserCtxt *ctxt = xmlNewParserCtxt();
	xmlDoc *doc;

	if (ctxt == NULL)
		return (NULL);
	ctxt->sax->serror = ignore_error;
	ctxt->sax->entityDecl = NULL;
	ctxt->sax->resolveEntity = NULL;
	doc = xmlCtxtReadMemory(ctxt, text, len, NULL, "utf-8",
	    XML_PARSE_RECOVER | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
	    XML_PARSE_NONET);
	xmlFreeParserCtxt(ctxt);
	return (doc);
}

static xmlDoc *
parse_html(const char *text, int len)
{
	htmlParserCtxt *ctxt = htmlNewParserCtxt();
	xmlDoc *doc;

	if (ctxt == NULL)
		return (NULL);
	ctxt->sax->serror = ignore_error;
	doc = htmlCtxtReadMemory(ctxt, text, len, NULL, "utf-8",
	    HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
	    HTML_PARSE_NONET);
	htmlFreeParserCtxt(ctxt);
	return (doc);
}

int
xpath_doc_parse(const char *text, size_t len, bool is_html,
    struct xpath_doc **out)
{
	struct xpath_doc *d;
	xmlDoc *doc;

	if (len > XPATH_MOST_BYTES)
		return (ERR_LIMIT);
	if (len == 0)
		return (ERR_SYNTAX);
	xmlSetStructuredErrorFunc(NULL, ignore_error);
	xmlSetGenericErrorFunc(NULL, ignore_text); /* unknown functions */
	doc = is_html ? parse_html(text, (int)len) :
	    parse_xml(text, (int)len);
	if (doc == NULL)
		return (ERR_SYNTAX);
	if (xmlDocGetRootElement(doc) == NULL) {
		xmlFreeDoc(doc);
		return (ERR_SYNTAX);
	}
	d = xcalloc(1, sizeof(*d));
	d->doc = doc;
	d->is_html = is_html;
	*out = d;
	return (0);
}

void
xpath_doc_free(struct xpath_doc **dp)
{
	if (*dp == NULL)
		return;
	xmlFreeDoc((*dp)->doc);
	free(*dp);
	*dp = NULL;
}

/* The node after this one in document order, NULL past the last. */
static const xmlNode *
next_node(const xmlNode *node)
{
	if (node->type == XML_ELEMENT_NODE && node->children != NULL)
		return (node->children);
	while (node != NULL && node->next == NULL)
		node = node->parent != NULL &&
		    node->parent->type == XML_ELEMENT_NODE ? node->parent :
		    NULL;
	return (node != NULL ? node->next : NULL);
}

static void
register_namespaces(xmlXPathContext *ctxt, xmlDoc *doc)
{
	const xmlNode *node;
	const xmlNs *ns;
	bool has_default = false;

	for (node = xmlDocGetRootElement(doc); node != NULL;
	    node = next_node(node)) {
		if (node->type != XML_ELEMENT_NODE)
			continue;
		for (ns = node->nsDef; ns != NULL; ns = ns->next) {
			if (ns->prefix != NULL)
				xmlXPathRegisterNs(ctxt, ns->prefix, ns->href);
			else if (!has_default)
				xmlXPathRegisterNs(ctxt, (const xmlChar *)"_",
				    ns->href);
			has_default = has_default || ns->prefix == NULL;
		}
	}
}

/* The functions of XPath 1.0 that read strings of any length. */
static const struct {
	const char *name;
	xmlXPathFunction function;
} string_functions[] = {
	{"string", xmlXPathStringFunction},
	{"concat", xmlXPathConcatFunction},
	{"contains", xmlXPathContainsFunction},
	{"starts-with", xmlXPathStartsWithFunction},
	{"substring", xmlXPathSubstringFunction},
	{"substring-before", xmlXPathSubstringBeforeFunction},
	{"substring-after", xmlXPathSubstringAfterFunction},
	{"string-length", xmlXPathStringLengthFunction},
	{"normalize-space", xmlXPathNormalizeFunction},
	{"translate", xmlXPathTranslateFunction},
	{"number", xmlXPathNumberFunction},
	{"sum", xmlXPathSumFunction},
};

/* Call the function by its name, unless the time is up. */
static void
timed_function(xmlXPathParserContext *p, int arg_count)
{
	const span_us *deadline = p->context->userData;
	const char *name = (const char *)p->context->function;
	size_t i;

	if (clock_cpu() > *deadline) {
		xmlXPathErr(p, XPATH_OP_LIMIT_EXCEEDED);
		p->error = XPATH_OP_LIMIT_EXCEEDED;
		return;
	}
	for (i = 0; i < NELEMS(string_functions); i++)
		if (strcmp(name, string_functions[i].name) == 0) {
			string_functions[i].function(p, arg_count);
			return;
		}
}

/* Take the place of libxml2's own entries. */
static void
register_functions(xmlXPathContext *ctxt)
{
	const xmlChar *name;
	size_t i;

	for (i = 0; i < NELEMS(string_functions); i++) {
		name = (const xmlChar *)string_functions[i].name;
		xmlXPathRegisterFunc(ctxt, name, NULL);
		xmlXPathRegisterFunc(ctxt, name, timed_function);
	}
}

static int
take_result(const xmlXPathObject *result, struct value *out)
{
	const char *text;

	switch (result->type) {
	case XPATH_NODESET:
		*out = value_nodes(result->nodesetval == NULL ? 0 :
		    (size_t)result->nodesetval->nodeNr);
		return (0);
	case XPATH_BOOLEAN:
		*out = value_bool(result->boolval != 0);
		return (0);
	case XPATH_NUMBER:
		*out = value_float(result->floatval);
		return (0);
	case XPATH_STRING:
		text = (const char *)result->stringval;
		*out = value_string(text, strlen(text));
		return (0);
	default:
		return (ERR_SYNTAX);
	}
}

int
xpath_eval(struct xpath_doc *doc, const char *expression, struct value *out)
{
	xmlXPathContext *ctxt;
	xmlXPathObject *result;
	span_us deadline = clock_cpu() + CPU_MOST;
	int err;

	if (strlen(expression) > EXPRESSION_MOST_BYTES)
		return (ERR_LIMIT);
	ctxt = xmlXPathNewContext(doc->doc);
	must(ctxt != NULL);
	ctxt->error = ignore_error;
	ctxt->userData = &deadline;
	ctxt->opLimit = STEPS_MOST;
	register_functions(ctxt);
	if (!doc->is_html)
		register_namespaces(ctxt, doc->doc);
	result = xmlXPathEvalExpression((const xmlChar *)expression, ctxt);
	if (result != NULL)
		err = take_result(result, out);
	else
		err = ctxt->lastError.code == XML_XPATH_EXPRESSION_OK +
		    XPATH_OP_LIMIT_EXCEEDED ? ERR_LIMIT : ERR_SYNTAX;
	xmlXPathFreeObject(result);
	xmlXPathFreeContext(ctxt);
	return (err);
}
