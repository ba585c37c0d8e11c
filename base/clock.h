/* SPDX-License-Identifier: ISC */
/*
 * Time. Durations and schedules use monotonic time, records use wall time;
 * both are integer microseconds. Only these functions read a clock, so that
 * a test may install its own and run a day in a moment.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

typedef int64_t mono_us; /* since an arbitrary start, never steps */
typedef int64_t wall_us; /* since 1970-01-01T00:00:00Z, may step */
typedef int64_t span_us; /* a duration */

#define SPAN_MS  ((span_us)1000)
#define SPAN_S   ((span_us)1000000)
#define SPAN_MIN (60 * SPAN_S)
#define SPAN_H   (60 * SPAN_MIN)
#define SPAN_DAY (24 * SPAN_H)

struct clock {
	mono_us (*mono)(void);
	wall_us (*wall)(void);
};

/* Read the clocks. */
mono_us clock_mono(void);
wall_us clock_wall(void);

/*
 * Wall time less monotonic time: by as much as it changes, the wall clock was
 * stepped, or the machine slept. Exact to a millisecond, unless the machine
 * is so busy that this process is put aside each time it looks.
 */
span_us clock_offset(void);

/* CPU time of this process and of its children that ended. */
span_us clock_cpu(void);

/* Install another clock, or the real one again with NULL. */
void clock_install(const struct clock *clock);

/*
 * Parse a duration: digits, then one of us ms s m h d; a bare number is in
 * units of default_unit. Returns 0 or ERR_SYNTAX, ERR_LIMIT past 100 years.
 */
int clock_parse_span(const char *s, span_us default_unit, span_us *out);

/* Format as 2026-11-20T21:55:41.123456Z. Room for CLOCK_TEXT_SIZE. */
#define CLOCK_TEXT_SIZE 40
void clock_format_wall(wall_us t, char out[static CLOCK_TEXT_SIZE]);

/* Parse RFC 3339 in UTC ("Z") or a date alone. Returns 0 or ERR_SYNTAX. */
int clock_parse_wall(const char *s, wall_us *out);

/* Format a duration for people: 812us, 4.2ms, 1.30s, 2m05s, 3h04m. */
#define CLOCK_SPAN_SIZE 24
void clock_format_span(span_us t, char out[static CLOCK_SPAN_SIZE]);

#endif
