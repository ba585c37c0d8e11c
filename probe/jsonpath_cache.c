/* SPDX-License-Identifier: ISC */
/* Parsed JSONPaths in a hash table by the address of their template. */
#include "probe/jsonpath_cache.h"

#include <stdlib.h>
#include <uthash.h>

#include "base/mem.h"

struct item {
	UT_hash_handle hh;
	const struct flow_template *key;
	struct jsonpath *path;
};

struct jsonpath_cache {
	struct item *items;
};

struct jsonpath_cache *
jsonpath_cache_new(void)
{
	return (xcalloc(1, sizeof(struct jsonpath_cache)));
}

void
jsonpath_cache_free(struct jsonpath_cache **cache)
{
	struct item *item, *next;

	if (*cache == NULL)
		return;
	HASH_ITER(hh, (*cache)->items, item, next) {
		HASH_DEL((*cache)->items, item);
		jsonpath_free(&item->path);
		free(item);
	}
	free(*cache);
	*cache = NULL;
}

const struct jsonpath *
jsonpath_cache_find(const struct jsonpath_cache *cache,
    const struct flow_template *t)
{
	struct item *item;

	HASH_FIND_PTR(cache->items, &t, item);
	return (item != NULL ? item->path : NULL);
}

void
jsonpath_cache_add(struct jsonpath_cache *cache,
    const struct flow_template *t, struct jsonpath *path)
{
	struct item *item = xcalloc(1, sizeof(*item));

	item->key = t;
	item->path = path;
	HASH_ADD_PTR(cache->items, key, item);
}
