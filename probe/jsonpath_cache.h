/* SPDX-License-Identifier: ISC */
/*
 * Parsed JSONPaths of one flow, by the place in its tree where they stand, so
 * that its runs parse each only once. Only for paths without placeholders.
 */
#ifndef PROBE_JSONPATH_CACHE_H
#define PROBE_JSONPATH_CACHE_H

#include "probe/jsonpath.h"

struct flow_template;
struct jsonpath_cache;

/* Make an empty cache; it lives no longer than the flow. */
struct jsonpath_cache *jsonpath_cache_new(void);
void jsonpath_cache_free(struct jsonpath_cache **cache);

/* The path of a template; NULL when it is not known yet. */
const struct jsonpath *jsonpath_cache_find(const struct jsonpath_cache *cache,
    const struct flow_template *t);

/* Keep a path, taking it over. */
void jsonpath_cache_add(struct jsonpath_cache *cache,
    const struct flow_template *t, struct jsonpath *path);

#endif
