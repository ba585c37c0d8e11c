/* SPDX-License-Identifier: ISC */
/* The only reader of the system's clocks, and the text forms of time. */
#include "base/clock.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/err.h"
#include "base/must.h"

#define OFFSET_TRIES 8

static int64_t
read_clock(clockid_t id)
{
	struct timespec ts;

	must(clock_gettime(id, &ts) == 0);
	return ((int64_t)ts.tv_sec * SPAN_S + ts.tv_nsec / 1000);
}

static mono_us
real_mono(void)
{
	return (read_clock(CLOCK_MONOTONIC));
}

static wall_us
real_wall(void)
{
	return (read_clock(CLOCK_REALTIME));
}

static const struct clock real_clock = {real_mono, real_wall};
static const struct clock *installed = &real_clock;

mono_us
clock_mono(void)
{
	return (installed->mono());
}

wall_us
clock_wall(void)
{
	return (installed->wall());
}

span_us
clock_offset(void)
{
	mono_us before, after;
	span_us offset = 0, best = INT64_MAX;
	wall_us wall;
	int tries;

	for (tries = 0; tries < OFFSET_TRIES && best > SPAN_MS; tries++) {
		before = clock_mono();
		wall = clock_wall();
		after = clock_mono();
		if (after - before < best) {
			best = after - before;
			offset = wall - before;
		}
	}
	return (offset);
}

static span_us
timeval_span(const struct timeval *t)
{
	return (t->tv_sec * SPAN_S + t->tv_usec);
}

span_us
clock_cpu(void)
{
	struct rusage children;

	must(getrusage(RUSAGE_CHILDREN, &children) == 0);
	return (read_clock(CLOCK_PROCESS_CPUTIME_ID) +
	    timeval_span(&children.ru_utime) +
	    timeval_span(&children.ru_stime));
}

void
clock_install(const struct clock *clock)
{
	installed = clock != NULL ? clock : &real_clock;
}

int
clock_parse_span(const char *s, span_us default_unit, span_us *out)
{
	static const struct {
		const char *name;
		span_us us;
	} units[] = {{"us", 1}, {"ms", SPAN_MS}, {"s", SPAN_S},
	    {"m", SPAN_MIN}, {"h", SPAN_H}, {"d", SPAN_DAY}};
	const span_us most = 36500 * SPAN_DAY;
	span_us unit = default_unit;
	unsigned long long n = 0;
	size_t i;

	if (*s < '0' || *s > '9')
		return (ERR_SYNTAX);
	for (; *s >= '0' && *s <= '9'; s++)
		if ((n = n * 10 + (unsigned)(*s - '0')) > (1ULL << 53))
			return (ERR_LIMIT);
	for (i = 0; *s != '\0' && i < NELEMS(units); i++)
		if (strcmp(s, units[i].name) == 0)
			break;
	if (i == NELEMS(units))
		return (ERR_SYNTAX);
	if (*s != '\0')
		unit = units[i].us;
	if (n > (unsigned long long)(most / unit))
		return (ERR_LIMIT);
	*out = (span_us)n * unit;
	return (0);
}

void
clock_format_wall(wall_us t, char out[static CLOCK_TEXT_SIZE])
{
	int64_t us = t % SPAN_S;
	time_t s;
	struct tm tm;
	int n;

	if (us < 0)
		us += SPAN_S;
	s = (time_t)((t - us) / SPAN_S);
	gmtime_r(&s, &tm);
	n = snprintf(out, CLOCK_TEXT_SIZE, "%04d", tm.tm_year + 1900);
	n += (int)strftime(out + n, CLOCK_TEXT_SIZE - (size_t)n,
	    "-%m-%dT%H:%M:%S", &tm);
	snprintf(out + n, CLOCK_TEXT_SIZE - (size_t)n, ".%06dZ", (int)us);
}

/* Whether s begins as shape, in which a 0 stands for a digit. */
static bool
has_shape(const char *s, const char *shape)
{
	for (; *shape != '\0'; s++, shape++)
		if (*shape == '0' ? *s < '0' || *s > '9' : *s != *shape)
			return (false);
	return (true);
}

/* A day that its month does not have becomes one of the next month's. */
static bool
is_day(const struct tm *tm)
{
	struct tm date = {.tm_year = tm->tm_year, .tm_mon = tm->tm_mon,
	    .tm_mday = tm->tm_mday};

	timegm(&date);
	return (date.tm_mday == tm->tm_mday);
}

int
clock_parse_wall(const char *s, wall_us *out)
{
	struct tm tm = {0};
	int64_t us = 0, scale = 100000;
	const char *p = has_shape(s, "0000-00-00") ?
	    strptime(s, "%Y-%m-%d", &tm) : NULL;

	if (p != NULL && (*p == 'T' || *p == ' ')) {
		p = has_shape(p + 1, "00:00:00") ?
		    strptime(p + 1, "%H:%M:%S", &tm) : NULL;
		if (p != NULL && *p == '.' && p[1] >= '0' && p[1] <= '9')
			for (p++; *p >= '0' && *p <= '9'; p++, scale /= 10)
				us += (*p - '0') * scale;
		if (p != NULL && *p == 'Z')
			p++;
	}
	if (p == NULL || *p != '\0' || !is_day(&tm))
		return (ERR_SYNTAX);
	*out = (wall_us)timegm(&tm) * SPAN_S + us;
	return (0);
}

void
clock_format_span(span_us t, char out[static CLOCK_SPAN_SIZE])
{
	if (t < 0) { /* of a clock that went back */
		*out++ = '-';
		t = t > -INT64_MAX ? -t : INT64_MAX;
	}
	if (t < SPAN_MS)
		snprintf(out, CLOCK_SPAN_SIZE - 1, "%dus", (int)t);
	else if (t < SPAN_S)
		snprintf(out, CLOCK_SPAN_SIZE - 1, "%.1fms", (double)t / 1e3);
	else if (t < SPAN_MIN)
		snprintf(out, CLOCK_SPAN_SIZE - 1, "%.2fs", (double)t / 1e6);
	else if (t < SPAN_H)
		snprintf(out, CLOCK_SPAN_SIZE - 1, "%dm%02ds",
		    (int)(t / SPAN_MIN), (int)(t % SPAN_MIN / SPAN_S));
	else
		snprintf(out, CLOCK_SPAN_SIZE - 1, "%lldh%02dm",
		    (long long)(t / SPAN_H), (int)(t % SPAN_H / SPAN_MIN));
}
