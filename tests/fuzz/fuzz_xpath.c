/* SPDX-License-Identifier: ISC */
/* XPath: an expression, a newline, a document; read as XML and as HTML. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "probe/xpath.h"

/* Some expressions look at every text below every element. */
#define SIZE_MOST 1500

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
evaluate(const char *path, const char *text, size_t len, bool is_html)
{
	struct xpath_doc *doc;
	struct value v;

	if (xpath_doc_parse(text, len, is_html, &doc) != 0)
		return;
	if (xpath_eval(doc, path, 1, &v) == 0)
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
