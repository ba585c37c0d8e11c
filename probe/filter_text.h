/* SPDX-License-Identifier: ISC */
/* Text into text, as filters do it: no variables, no findings. */
#ifndef PROBE_FILTER_TEXT_H
#define PROBE_FILTER_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "checks/flow.h"
#include "probe/value.h"

/* htmlEscape, htmlUnescape, urlEncode, urlDecode. 0 or ERR_LIMIT. */
int text_filter(enum flow_filter_kind kind, const char *text, size_t len,
    struct buf *out);

/*
 * Replace every old by with. An empty old is before each character and at
 * the end. Returns 0 or ERR_LIMIT.
 */
int text_replace(const char *text, size_t len, const struct buf *old,
    const struct buf *with, struct buf *out);

/*
 * Append with one U+FFFD for each sequence that is not UTF-8, as long as it
 * could have been the beginning of one. Returns 0 or ERR_LIMIT.
 */
int text_append_lossy(const char *p, size_t len, struct buf *out);

/* A piece may be empty, and take a hundred bytes of memory. */
#define TEXT_PIECES_MOST 1000000

/* The pieces between separators, as a list. Returns 0 or ERR_LIMIT. */
int text_split(const char *text, size_t len, const struct buf *separator,
    struct value *out);

/* An integer of 64 bits as Rust reads one: a sign, digits, no blanks. */
bool text_integer(const char *text, int64_t *out);

/* A float as Rust reads one: no blanks, no hex, but inf and NaN. */
bool text_float(const char *text, double *out);

/* What is wrong with an absolute http URL; NULL: nothing. */
const char *text_url_mistake(const char *url);

/* The first query parameter of that name, decoded; false: there is none. */
bool text_query_param(const char *url, const char *name, struct buf *out);

#endif
