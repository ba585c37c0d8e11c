/* SPDX-License-Identifier: ISC */
/* What of XPath's work is told before it is done. */
#ifndef PROBE_XPATH_PRIV_H
#define PROBE_XPATH_PRIV_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Whether reading a document takes time in proportion to its length. False:
 * it has an element with thousands of attributes, or declares as many.
 */
bool xpath_cost_fits(const char *text, size_t len);

/*
 * Whether an expression may take time in proportion to the square of the
 * nodes that it meets. False for what only walks down: then it may not.
 */
bool xpath_cost_is_square(const char *expression);

#endif
