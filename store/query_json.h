/* SPDX-License-Identifier: ISC */
/* Answers as JSON: the same documents from e2e-query and from e2e-web. */
#ifndef STORE_QUERY_JSON_H
#define STORE_QUERY_JSON_H

#include "base/json_out.h"
#include "store/query.h"

/* Write one object. Unknown numbers and texts are null. */
void query_check_json(const struct query_check *c, struct json_out *o);
void query_gate_json(const struct query_gate *g, struct json_out *o);

/* A run; steps and evidence when the run has them. */
void query_run_json(const struct query_run *r, struct json_out *o);

#endif
