/* SPDX-License-Identifier: ISC */
/*
 * The one door to libxml2's trees. Entity declarations are not taken in at
 * all, so that no document can grow in memory beyond its own size.
 *
 * Work is counted, not timed, so that a result does not depend on the
 * machine: nodes walked over by libxml2, bytes of strings here. Nobody counts
 * the pairs of nodes that libxml2 compares to find duplicates, their number
 * squared: a large document is looked into by a process of its own, which is
 * held to CPU time.
 */
#include "probe/xpath.h"

#include <errno.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libxml/HTMLparser.h>
#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "probe/xpath_priv.h"

#define EXPRESSION_MOST_BYTES 65536

/* Bounds of one evaluation, some tenths of a second each. */
#define STEPS_MOST 3000000
#define STRING_BYTES_MOST (64u << 20)
#define APART_MOST (500 * SPAN_MS) /* of CPU */
#define CALL_BYTES 64 /* that a call takes at least */

/* The square of so many nodes is little. */
#define FEW_NODES 10000

struct xpath_doc {
	xmlDoc *doc;
	size_t len;   /* of its text */
	size_t nodes;
	bool is_html;
};

/* What an evaluation may still do. */
struct work {
	const struct xpath_doc *doc;
	size_t bytes_left;
	bool is_over; /* libxml2 still asks for every node */
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

static size_t
count_nodes(xmlDoc *doc)
{
	const xmlNode *node;
	const xmlAttr *attribute;
	size_t count = 0;

	for (node = xmlDocGetRootElement(doc); node != NULL;
	    node = next_node(node)) {
		count++;
		if (node->type != XML_ELEMENT_NODE)
			continue;
		for (attribute = node->properties; attribute != NULL;
		    attribute = attribute->next)
			count++;
	}
	return (count);
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
	if (!xpath_cost_fits(text, len))
		return (ERR_LIMIT);
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
	d->len = len;
	d->nodes = count_nodes(doc);
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

static void
give_up(xmlXPathParserContext *p)
{
	xmlXPathErr(p, XPATH_OP_LIMIT_EXCEEDED);
	p->error = XPATH_OP_LIMIT_EXCEEDED;
}

/* Count what the arguments hold, which are made strings for that. */
static size_t
count_arguments(xmlXPathParserContext *p, int count)
{
	size_t bytes = CALL_BYTES;
	int i;

	for (i = p->valueNr - count; i < p->valueNr; i++) {
		if (p->valueTab[i]->type == XPATH_NODESET)
			p->valueTab[i] =
			    xmlXPathConvertString(p->valueTab[i]);
		if (p->valueTab[i]->type == XPATH_STRING)
			bytes += strlen((const char *)
			    p->valueTab[i]->stringval);
	}
	p->value = p->valueTab[p->valueNr - 1];
	return (bytes);
}

/* Call the function by its name, unless there was too much of it. */
static void
counted_function(xmlXPathParserContext *p, int count)
{
	struct work *work = p->context->userData;
	const char *name = (const char *)p->context->function;
	size_t bytes, i;

	if (work->is_over) {
		give_up(p);
		return;
	}
	/* Without arguments they take the node at hand, where there is one. */
	if (count == 0 && p->context->node != NULL &&
	    strcmp(name, "sum") != 0) {
		xmlXPathStringFunction(p, 0);
		count = 1;
	}
	if (count < 1 || count > p->valueNr || p->error != 0)
		bytes = 0; /* their mistake to find */
	else
		bytes = strcmp(name, "sum") == 0 ? work->doc->len :
		    count_arguments(p, count);
	if (bytes > work->bytes_left) {
		work->is_over = true;
		give_up(p);
		return;
	}
	work->bytes_left -= bytes;
	for (i = 0; i < NELEMS(string_functions); i++)
		if (strcmp(name, string_functions[i].name) == 0) {
			string_functions[i].function(p, count);
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
		xmlXPathRegisterFunc(ctxt, name, counted_function);
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

static int
eval_here(struct xpath_doc *doc, const char *expression, unsigned int factor,
    struct value *out)
{
	struct work work = {doc, (size_t)STRING_BYTES_MOST * factor, false};
	xmlXPathContext *ctxt;
	xmlXPathObject *result;
	int err;

	ctxt = xmlXPathNewContext(doc->doc);
	must(ctxt != NULL);
	ctxt->error = ignore_error;
	ctxt->userData = &work;
	ctxt->opLimit = (unsigned long)STEPS_MOST * factor;
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

/* Evaluation in a process of its own: what it tells. */

struct told {
	int err;
	struct value value; /* without its text, which follows */
	size_t len;
};

static bool
tell(int fd, const void *data, size_t len)
{
	const char *p = data;
	ssize_t n;

	for (; len > 0; p += n, len -= (size_t)n)
		if ((n = write(fd, p, len)) <= 0)
			return (false);
	return (true);
}

static bool
hear(int fd, void *data, size_t len)
{
	char *p = data;
	ssize_t n;

	for (; len > 0; p += n, len -= (size_t)n) {
		n = read(fd, p, len);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n <= 0)
			return (false);
	}
	return (true);
}

static void
tell_result(int fd, struct xpath_doc *doc, const char *expression,
    unsigned int factor)
{
	struct itimerval most = {.it_value = {
	    .tv_sec = (time_t)(APART_MOST * factor / SPAN_S),
	    .tv_usec = (suseconds_t)(APART_MOST * factor % SPAN_S)}};
	struct value v = value_none();
	struct told told = {.err = 0};
	const char *text = "";

	/* Its signal ends the process. */
	setitimer(ITIMER_VIRTUAL, &most, NULL);
	told.err = eval_here(doc, expression, factor, &v);
	told.value = v;
	told.value.shared = NULL;
	if (told.err == 0 && v.kind == VALUE_STRING)
		text = value_text(&v, &told.len);
	if (tell(fd, &told, sizeof(told)))
		tell(fd, text, told.len);
}

static int
hear_result(int fd, struct value *out)
{
	struct told told;
	char *text;
	bool is_whole;

	if (!hear(fd, &told, sizeof(told)))
		return (ERR_LIMIT); /* it was ended */
	if (told.err != 0)
		return (told.err);
	if (told.value.kind != VALUE_STRING) {
		*out = told.value;
		return (0);
	}
	text = xmalloc(told.len + 1);
	is_whole = hear(fd, text, told.len);
	if (is_whole)
		*out = value_string(text, told.len);
	free(text);
	return (is_whole ? 0 : ERR_LIMIT);
}

static int
eval_apart(struct xpath_doc *doc, const char *expression,
    unsigned int factor, struct value *out)
{
	int fds[2], err;
	pid_t pid;

	if (pipe(fds) != 0)
		return (ERR_LIMIT);
	pid = fork();
	if (pid == 0) {
		tell_result(fds[1], doc, expression, factor);
		_exit(0);
	}
	close(fds[1]);
	err = pid < 0 ? ERR_LIMIT : hear_result(fds[0], out);
	close(fds[0]);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return (err);
}

int
xpath_eval(struct xpath_doc *doc, const char *expression, unsigned int factor,
    struct value *out)
{
	if (strlen(expression) > EXPRESSION_MOST_BYTES)
		return (ERR_LIMIT);
	if (factor == 0)
		factor = 1;
	if (doc->nodes > FEW_NODES)
		return (eval_apart(doc, expression, factor, out));
	return (eval_here(doc, expression, factor, out));
}
