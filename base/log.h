/* SPDX-License-Identifier: ISC */
/*
 * The log: one line per event on stderr, "time program[pid] level event
 * key=value ...". Units stand in the key (latency_us=812). Secrets and bodies
 * never reach it.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stddef.h>

#include "base/must.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* Name the program and choose what is written; until then LOG_WARN. */
void log_init(const char *program, enum log_level level);

/* What the levels are called, by enum log_level; ends with NULL. */
extern const char *const log_level_names[];

/*
 * Call cb before each line: who has drawn on the terminal can make room for
 * it. NULL: nobody has.
 */
typedef void log_before_cb(void *arg);
void log_before(log_before_cb *cb, void *arg);

/*
 * Write one event; event is part.noun.verb, fmt the key=value pairs (may be
 * ""). Text values go through log_quote.
 */
void log_event(enum log_level level, const char *event, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

#define log_error(event, ...) log_event(LOG_ERROR, event, __VA_ARGS__)
#define log_warn(event, ...)  log_event(LOG_WARN, event, __VA_ARGS__)
#define log_info(event, ...)  log_event(LOG_INFO, event, __VA_ARGS__)
#define log_debug(event, ...) log_event(LOG_DEBUG, event, __VA_ARGS__)

/*
 * Return text as a value: quoted where it has blanks, control characters
 * escaped, cut at 200 bytes. The result lives until the eighth next call.
 */
const char *log_quote(const char *text);

#endif
