/* SPDX-License-Identifier: ISC */
/* Content codings of HTTP bodies: gzip, deflate, br, identity. */
#ifndef PROBE_CONTENT_CODING_H
#define PROBE_CONTENT_CODING_H

#include <stddef.h>

#include "base/buf.h"

/*
 * Undo one coding, named as in Content-Encoding, into out, whose maximum
 * bounds what a bomb may grow to. Returns 0, or ERR_LIMIT, ERR_CORRUPT,
 * ERR_UNSUPPORTED with a static *sentence.
 */
int content_decode(const char *name, size_t name_len, const char *data,
    size_t len, struct buf *out, const char **sentence);

#endif
