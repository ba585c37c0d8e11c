/* SPDX-License-Identifier: ISC */
/*
 * Character sets by their WHATWG labels (Encoding Standard, section 4.2),
 * decoded strictly to UTF-8 with the C library's iconv.
 */
#ifndef PROBE_CHARSET_H
#define PROBE_CHARSET_H

#include <stddef.h>

#include "base/buf.h"

struct charset;

/* Find by label, any case, blanks around it ignored; NULL when unknown. */
const struct charset *charset_find(const char *label, size_t len);

/* The standard's name: "windows-1252" for "latin1". */
const char *charset_name(const struct charset *charset);

/*
 * Append the text as UTF-8; nothing is replaced, a byte order mark is kept.
 * Returns 0, ERR_CORRUPT for bytes that are not in the charset, ERR_LIMIT,
 * or ERR_UNSUPPORTED when this system cannot convert from it.
 */
int charset_decode(const struct charset *charset, const char *data,
    size_t len, struct buf *out);

#endif
