/* SPDX-License-Identifier: ISC */
/*
 * Dates by the patterns of Rust's chrono crate, which are those of strftime
 * with their own corners: %+, %.f, %3f, %:z, %#z and strict parsing.
 */
#ifndef PROBE_DATE_H
#define PROBE_DATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/clock.h"

/* Append as chrono shows a UTC date: 2000-01-01 12:00:00.123 UTC. */
void date_describe(wall_us t, struct buf *out);

/*
 * Append t by a pattern. Returns 0, ERR_SYNTAX for a pattern that has no
 * meaning, or ERR_LIMIT.
 */
int date_format(wall_us t, const char *pattern, struct buf *out);

/*
 * Parse all of text by a pattern. A text without an offset is in UTC.
 * Returns 0, or ERR_SYNTAX when the text does not fit the pattern, is no
 * date, or the pattern does not say enough.
 */
int date_parse(const char *text, const char *pattern, wall_us *out);

/* Parse as RFC 3339, as chrono does. Returns 0 or ERR_SYNTAX. */
int date_parse_rfc3339(const char *text, wall_us *out);

/* Parse the date of a cookie: RFC 2822, or 13-Jan-2021 with dashes. */
int date_parse_cookie(const char *text, wall_us *out);

#endif
