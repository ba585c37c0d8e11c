/* SPDX-License-Identifier: ISC */
/* Shared by runner_json.c and runner_json_call.c. */
#ifndef PROBE_RUNNER_JSON_PRIV_H
#define PROBE_RUNNER_JSON_PRIV_H

#include "base/json_out.h"
#include "probe/run.h"
#include "probe/runner_json.h"

#define RUNNER_JSON_TEXT_MOST_BYTES (4u << 20)
#define RUNNER_JSON_MASK "***"

struct runner_json {
	struct buf entries;   /* elements of the array */
	struct json_out out;
	char *store;
	struct buf curl;      /* of the entry at hand */
	bool is_open;         /* its calls are being written */
	span_us time;
	bool has_failed;      /* to write a body */
};

/* Append a key and its text, masked; is_cut: it was cut off at its end. */
void runner_json_put(struct runner_json *j, const struct run *run,
    const char *key, const char *s);
void runner_json_put_n(struct runner_json *j, const struct run *run,
    const char *key, const char *s, size_t len, bool is_cut);

/* Append a call: a request that was sent, its answer and its times. */
void runner_json_call(struct runner_json *j, const struct run *run,
    const struct run_step *step, struct response *response);

#endif
