/* SPDX-License-Identifier: ISC */
/* Values as people read them, into HTML: all escaped. */
#ifndef WEB_TEXT_H
#define WEB_TEXT_H

#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/message.h"

/* 812 µs, 4.2 ms, 1.30 s; a dash when unknown. */
void text_span(struct buf *out, span_us t);

/* "12 s ago" with the exact time as title; a dash when unknown. */
void text_ago(struct buf *out, wall_us t, wall_us now);

/* 2026-11-20 21:55:41.123 UTC; a dash when unknown. */
void text_time(struct buf *out, wall_us t);

/* 99.95 % of a share in [0, 1]; a dash when it is not a number. */
void text_share(struct buf *out, double share);

/* A coloured word. */
void text_outcome(struct buf *out, enum outcome o);

/* A string as part of a URL's path or query. */
void text_url(struct buf *out, const char *s);

#endif
