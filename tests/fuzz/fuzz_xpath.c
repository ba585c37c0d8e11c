/* SPDX-License-Identifier: ISC */
/*
 * XPath: an expression, a newline, a document; read as XML and as HTML. What
 * is counted and bounded gives the same as libxml2 by itself.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/xpath.h>

#include "base/err.h"
#include "base/mem.h"
#include "probe/xpath.h"

/* Some expressions look at every text below every element. */
#define SIZE_MOST 1500
#define STEPS_MOST 3000000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
is_same_number(double a, double b)
{
	return (a == b || (a != a && b != b));
}

static void
must_be_same(const struct value *v, const xmlXPathObject *o)
{
	size_t len;

	switch (v->kind) {
	case VALUE_NODESET:
		must(o->type == XPATH_NODESET && v->nodes ==
		    (size_t)xmlXPathNodeSetGetLength(o->nodesetval));
		break;
	case VALUE_BOOL:
		must(o->type == XPATH_BOOLEAN && v->boolean == o->boolval);
		break;
	case VALUE_FLOAT:
		must(o->type == XPATH_NUMBER &&
		    is_same_number(v->number, o->floatval));
		break;
	default:
		must(v->kind == VALUE_STRING && o->type == XPATH_STRING);
		must(strcmp(value_text(v, &len),
		    (const char *)o->stringval) == 0);
		break;
	}
}

static void
ignore_error(void *arg, xmlError *error)
{
	(void)arg;
	(void)error;
}

/* Of documents without entities and prefixes, which are read otherwise. */
static void
compare(const char *path, const char *text, size_t len, int err,
    const struct value *v)
{
	xmlXPathObject *result;
	xmlXPathContext *ctxt;
	xmlDoc *doc;

	if (err == ERR_LIMIT || memmem(text, len, "<!", 2) != NULL ||
	    memmem(text, len, "xmlns", 5) != NULL)
		return;
	doc = xmlReadMemory(text, (int)len, NULL, "utf-8", XML_PARSE_RECOVER |
	    XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NONET);
	must(doc != NULL);
	ctxt = xmlXPathNewContext(doc);
	must(ctxt != NULL);
	ctxt->error = ignore_error;
	ctxt->opLimit = 2 * STEPS_MOST;
	result = xmlXPathEvalExpression((const xmlChar *)path, ctxt);
	must((result != NULL) == (err == 0));
	if (err == 0)
		must_be_same(v, result);
	xmlXPathFreeObject(result);
	xmlXPathFreeContext(ctxt);
	xmlFreeDoc(doc);
}

static void
evaluate(const char *path, const char *text, size_t len, bool is_html)
{
	struct xpath_doc *doc;
	struct value v;
	int err;

	if (xpath_doc_parse(text, len, is_html, &doc) != 0)
		return;
	err = xpath_eval(doc, path, 1, &v);
	if (!is_html)
		compare(path, text, len, err, &v);
	if (err == 0)
		value_release(&v);
	xpath_doc_free(&doc);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *newline;
	char *path;

	newline = size > 0 ? memchr(text, '\n', size) : NULL;
	if (newline == NULL || size > SIZE_MOST)
		return (0);
	path = xstrndup(text, (size_t)(newline - text));
	evaluate(path, newline + 1, size - (size_t)(newline + 1 - text),
	    false);
	evaluate(path, newline + 1, size - (size_t)(newline + 1 - text),
	    true);
	free(path);
	return (0);
}
