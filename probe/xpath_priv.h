/* SPDX-License-Identifier: ISC */
/* The work of reading a document, told before it is done. */
#ifndef PROBE_XPATH_PRIV_H
#define PROBE_XPATH_PRIV_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Whether reading a document takes time in proportion to its length. False:
 * it has an element with thousands of attributes, or declares as many.
 */
bool xpath_cost_fits(const char *text, size_t len);

#endif
