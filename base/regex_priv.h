/* SPDX-License-Identifier: ISC */
/* The translator from Rust's syntax to PCRE2's, used by regex.c alone. */
#ifndef BASE_REGEX_PRIV_H
#define BASE_REGEX_PRIV_H

#include "base/buf.h"

#define REGEX_MOST_PATTERN (64u << 10)

/*
 * Append the PCRE2 spelling of a valid UTF-8 pattern. Returns 0, or
 * ERR_SYNTAX / ERR_UNSUPPORTED with *sentence (freed by the caller) and the
 * *offset of the mistake, or ERR_LIMIT.
 */
int regex_translate(const char *pattern, size_t len, struct buf *out,
    char **sentence, size_t *offset);

#endif
