/* SPDX-License-Identifier: ISC */
/* A run's steps as a waterfall: when each began, and where its time went. */
#ifndef WEB_WATERFALL_H
#define WEB_WATERFALL_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"

/*
 * Write the table of steps, the array of a run event; whole is the run's
 * duration. What is not as it should be is left out, never trusted.
 */
void waterfall_write(struct buf *out, const struct json *steps,
    span_us whole, const char *file);

#endif
