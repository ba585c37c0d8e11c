/* SPDX-License-Identifier: ISC */
/*
 * JSONPath by RFC 9535, in full, on the trees of base/json. Members of an
 * object are visited sorted by name, and of a repeated name only the last.
 */
#ifndef PROBE_JSONPATH_H
#define PROBE_JSONPATH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"

struct jsonpath;

#define JSONPATH_MOST_BYTES (64u << 10)

/*
 * Parse a path. A lenient one may have a dash inside of a name ($.a-b), as
 * flows do. Returns 0, or ERR_SYNTAX / ERR_LIMIT with a static *sentence and
 * the *offset of the mistake.
 */
int jsonpath_parse(const char *path, size_t len, bool is_lenient,
    struct jsonpath **out, const char **sentence, size_t *offset);
void jsonpath_free(struct jsonpath **path);

struct jsonpath_nodes {
	const struct json **items; /* nodes of the document */
	size_t count;
};

/*
 * Select nodes in order. Returns 0, or ERR_LIMIT when that takes too much
 * work; nodes are the caller's to finish in any case.
 */
int jsonpath_select(const struct jsonpath *path, const struct json *root,
    struct jsonpath_nodes *nodes);
void jsonpath_nodes_fini(struct jsonpath_nodes *nodes);

#endif
