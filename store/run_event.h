/* SPDX-License-Identifier: ISC */
/*
 * A run event (doc/run-event.md) taken apart for storing. Nested values stay
 * what they are, slices of the document's own text.
 */
#ifndef STORE_RUN_EVENT_H
#define STORE_RUN_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "base/message.h"

#define EVENT_VERSION 1

/* len bytes; text is NULL when the member was absent. */
struct slice {
	const char *text;
	size_t len;
};

#define EVENT_ABSENT INT64_MIN /* of an integer member */

struct run_event {
	uint8_t id[MESSAGE_ID_SIZE];
	uint8_t trace[16];
	bool has_trace;
	struct slice run, trace_hex;
	struct slice check, service, location, environment;
	struct slice definition, probe, reason;
	struct slice outcome_name, trigger_name;
	struct slice place_file;
	enum outcome outcome;
	enum trigger trigger;
	int64_t version, due_us, started_us, late_us, duration_us, lag_us;
	int64_t place_line, place_column;
	struct slice steps, evidence; /* JSON, out of the document */
	struct json_doc *json;        /* owns what is not in the document */
};

/*
 * Take apart len bytes of a document. On success the event points into the
 * document, which must outlive it; run_event_fini gives it back. Returns 0, or
 * ERR_SYNTAX or ERR_LIMIT with a static sentence.
 */
int run_event_decode(const char *doc, size_t len, struct run_event *e,
    const char **sentence);
/* The same, always through the JSON reader: what the other must equal. */
int run_event_decode_by_reader(const char *doc, size_t len,
    struct run_event *e, const char **sentence);
void run_event_fini(struct run_event *e);

#endif
