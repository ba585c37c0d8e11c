/* SPDX-License-Identifier: ISC */
/*
 * A run as Hurl's --json and --report-json have it, written step by step.
 * Everything is masked; credentials are left out.
 */
#ifndef PROBE_RUNNER_JSON_H
#define PROBE_RUNNER_JSON_H

#include "probe/run.h"

struct runner_json;

/* store is the folder for bodies of answers, or NULL; it is copied. */
struct runner_json *runner_json_new(const char *store);
void runner_json_free(struct runner_json **json);

/* Add a step, from its hook. */
void runner_json_step(struct runner_json *json, struct run *run,
    const struct run_step *step, struct response *response);

/*
 * Append the whole document to out, from the done hook. Returns 0, or
 * ERR_IO when a body could not be written.
 */
int runner_json_end(struct runner_json *json, struct run *run,
    const struct run_result *result, struct buf *out);

#endif
