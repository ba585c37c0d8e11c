/* SPDX-License-Identifier: ISC */
/* The decisions of a run, apart from its mechanics: pure, and tested so. */
#ifndef PROBE_RUN_RULES_H
#define PROBE_RUN_RULES_H

#include <stdbool.h>

#include "base/message.h"
#include "probe/findings.h"
#include "probe/http.h"

/*
 * The outcome of a transfer without a usable answer. A request that may have
 * changed something, and may not be sent twice, leaves the outcome unknown
 * once it went out.
 */
enum outcome run_rules_transfer(enum http_verdict verdict, bool was_sent,
    bool is_idempotent);

/*
 * The outcome of an answer by its findings: one about the answer makes it
 * failed; one about the definition alone, invalid.
 */
enum outcome run_rules_findings(const struct findings *findings);

/*
 * Whether another attempt follows the attempt'th (from 1) with this outcome;
 * retry is the option's value, -1 endless. Any mistake is tried again, as in
 * Hurl, but never an unknown outcome: money may have moved.
 */
bool run_rules_retries(enum outcome outcome, uint32_t attempt, int64_t retry);

/*
 * The time that a run has for its clean-up, besides its timeout: 10 s, or
 * the timeout when that is less.
 */
span_us run_rules_clean_up(span_us timeout);

/*
 * Return NULL when everything that a request connects to is covered by the
 * patterns: the URL's host, and what resolve, connect-to and proxy lead to.
 * Else the host that is not, as text in out.
 */
const char *run_rules_refused_host(const char *const *patterns, size_t count,
    const struct http_request *request, char *out, size_t out_size);

#endif
