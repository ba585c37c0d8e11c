/* SPDX-License-Identifier: ISC */
/* Two answers side by side, with the lines that only one of them has. */
#ifndef GATE_REPORT_DIFF_H
#define GATE_REPORT_DIFF_H

#include "base/buf.h"

/*
 * Append two <pre> elements of escaped text; lines that the other side lacks
 * are in <mark>. A body that is JSON is laid out member by member. Either
 * may be NULL: there is none.
 */
void report_diff(const char *left, const char *right, struct buf *out);

#endif
