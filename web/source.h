/* SPDX-License-Identifier: ISC */
/*
 * The store as the web process sees it: read-only, opened when it is there,
 * opened anew when another stands in its place.
 */
#ifndef WEB_SOURCE_H
#define WEB_SOURCE_H

#include "base/cause.h"
#include "store/query.h"

struct source;

/* dir need not exist yet. */
struct source *source_new(const char *dir);
void source_free(struct source **s);

/*
 * The open store, good until the next call, or NULL with *err and a
 * sentence in c; ERR_NOT_FOUND: there is none yet.
 */
struct query *source_get(struct source *s, int *err, struct cause *c);

#endif
