/* SPDX-License-Identifier: ISC */
/* URLs as text. */
#ifndef PROBE_URL_TEXT_H
#define PROBE_URL_TEXT_H

#include "base/buf.h"

/*
 * Append an http or https URL as the WHATWG URL standard spells it: the host
 * in lower case, no default port, no dot segments, what may not stand in a
 * URL percent-encoded. Returns 0 or ERR_LIMIT.
 */
int url_format(const char *url, struct buf *out);

#endif
