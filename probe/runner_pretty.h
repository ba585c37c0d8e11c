/* SPDX-License-Identifier: ISC */
/* An answer as it is printed: its JSON indented, in the colours of Hurl. */
#ifndef PROBE_RUNNER_PRETTY_H
#define PROBE_RUNNER_PRETTY_H

#include <stdbool.h>

#include "base/buf.h"

/*
 * Append a body of len bytes with its JSON indented. Returns false, and
 * appends nothing, when it is not JSON as a whole.
 */
bool runner_pretty_indent(const char *body, size_t len, struct buf *out);

/*
 * Append an answer in colours. has_head: it begins with a head, which ends
 * with an empty line; is_json: its body is JSON, but for what is masked.
 */
void runner_pretty_color(const struct buf *answer, bool has_head,
    bool is_json, struct buf *out);

#endif
