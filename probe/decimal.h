/* SPDX-License-Identifier: ISC */
/*
 * Numbers as their decimal text: [-]digits[.digits][e[+-]digits]. Compared
 * digit by digit, so that no size and no precision is too much.
 */
#ifndef PROBE_DECIMAL_H
#define PROBE_DECIMAL_H

#include <stddef.h>

#include "base/buf.h"

/* Return -1, 0 or 1. Both texts must be numbers. */
int decimal_compare(const char *a, size_t a_len, const char *b, size_t b_len);

/*
 * Append a double in plain digits, shortest that reads back as the same,
 * with ".0" when there is no fraction: 1.5, 1000.0, 0.00000001, -2.0. Not
 * finite: inf, -inf, NaN. Returns 0 or ERR_LIMIT.
 */
int decimal_format(double d, struct buf *out);

#endif
