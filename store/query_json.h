/* SPDX-License-Identifier: ISC */
/* A run as JSON: the same document from e2e-query and from e2e-web. */
#ifndef STORE_QUERY_JSON_H
#define STORE_QUERY_JSON_H

#include "base/json_out.h"
#include "store/query.h"

/*
 * Write a run as doc/run-event.md has it, without its version, as far as it
 * was kept; what is not known is absent. Steps and evidence when they were
 * asked for.
 */
void query_run_json(const struct query_run *r, struct json_out *o);

#endif
