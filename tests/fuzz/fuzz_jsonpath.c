/* SPDX-License-Identifier: ISC */
/*
 * JSONPath: a path, a newline, a document. What a strict parser accepts a
 * lenient one accepts, too, and the nodes lie inside the document.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "probe/jsonpath.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
select_from(const struct jsonpath *path, const char *json, size_t len)
{
	static const struct json_limits limits = {1u << 16, 10000, 64};
	struct jsonpath_nodes nodes;
	struct json_doc *doc;
	size_t i;

	if (json_parse(json, len, &limits, &doc, NULL) != 0)
		return;
	(void)jsonpath_select(path, json_root(doc), &nodes);
	for (i = 0; i < nodes.count; i++)
		must(nodes.items[i]->start < nodes.items[i]->end &&
		    nodes.items[i]->end <= len);
	jsonpath_nodes_fini(&nodes);
	json_free(&doc);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *newline, *sentence = NULL;
	struct jsonpath *strict = NULL, *lenient = NULL;
	size_t len, offset = 0;
	int err;

	newline = size > 0 ? memchr(text, '\n', size) : NULL;
	len = newline != NULL ? (size_t)(newline - text) : size;
	if (size > 10000)
		return (0);
	err = jsonpath_parse(text, len, false, &strict, &sentence, &offset);
	must((err == 0) == (strict != NULL) && offset <= len);
	must(err == 0 || sentence != NULL);
	if (jsonpath_parse(text, len, true, &lenient, &sentence,
	    &offset) == 0 && newline != NULL)
		select_from(lenient, newline + 1, size - len - 1);
	must(err != 0 || lenient != NULL);
	jsonpath_free(&strict);
	jsonpath_free(&lenient);
	return (0);
}
