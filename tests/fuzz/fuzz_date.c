/* SPDX-License-Identifier: ISC */
/*
 * Dates: eight bytes of a time, a pattern, a newline, a text. What was
 * parsed is a date in range that can be formatted; what was formatted by a
 * pattern that says everything is the same date when it is parsed again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "probe/date.h"

#define MOST 20000
/* -262144-01-01 to 262144-01-01: chrono's years, and offsets of a day. */
#define EARLIEST (-INT64_C(8334632851200000000))
#define LATEST INT64_C(8210298412800000000)
#define YEAR_US (366 * 86400 * (uint64_t)SPAN_S)
#define YEAR_0 (-INT64_C(62167219200000000))
#define YEAR_1 (-INT64_C(62135596800000000))
#define YEAR_10000 INT64_C(253402300800000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Patterns that say all of a date down to the microsecond. */
static const char *const whole[] = {
	"%Y-%m-%dT%H:%M:%S%.f%:z", "%+", "%F %T%.6f", "%c %6f",
	"%A, %e %B %Y %l:%M:%S%.9f %p %z", "%a %v %r %f",
	"%G-W%V-%u %k:%M:%S %9f", "%Y/%j %R:%S%.f %Z", "%Y %U %w %X %6f",
	"%Y %W %A %I.%M.%S.%f %P", "%C %y %h %d %T%.f %%%n%t%z",
	"%-Y_%-m_%-d_%-H_%-M_%-S_%6f", "%_d %b %_Y %_I %p %_M %_S %6f %q",
	"%G %g %V %a %T%.6f %:z",
};

static wall_us
time_of(const uint8_t *data, bool is_usual)
{
	uint64_t n = 0;
	int i;

	for (i = 0; i < 8; i++)
		n = n << 8 | data[i];
	if (is_usual)
		return (YEAR_1 + (wall_us)(n % (uint64_t)(YEAR_10000 -
		    YEAR_1)));
	/* Two years off both ends, which are not whole. */
	return ((wall_us)((uint64_t)EARLIEST + 2 * YEAR_US + n %
	    ((uint64_t)LATEST - (uint64_t)EARLIEST - 4 * YEAR_US)));
}

/* t by the pattern reads back as t; a year of more digits, if at all. */
static void
and_back(wall_us t, const char *pattern, bool must_parse)
{
	struct buf out;
	wall_us again;
	int err;

	buf_init(&out, MOST);
	must(date_format(t, pattern, &out) == 0);
	err = date_parse(buf_str(&out), pattern, &again);
	must(err == 0 || !must_parse);
	must(err != 0 || again == t);
	buf_fini(&out);
}

/*
 * A pattern before one that says everything cannot change what is said; but
 * where %:::z takes digits that follow it for minutes, and so the timestamp
 * contradicts the time, the day is what is left.
 */
static void
behind(wall_us t, const char *pattern)
{
	char *all = xasprintf("%s\001%%F %%T%%.6f", pattern);
	struct buf out;
	wall_us again;

	buf_init(&out, MOST);
	if (date_format(t, all, &out) == 0 &&
	    date_parse(buf_str(&out), all, &again) == 0)
		must(again == t || (again % SPAN_DAY == 0 && again <= t &&
		    t - again < SPAN_DAY));
	must(out.len <= MOST);
	buf_fini(&out);
	free(all);
}

/* What a pattern parses it formats; %#z is for parsing alone. */
static void
by_pattern(const char *text, const char *pattern)
{
	struct buf out;
	wall_us t;
	int err;

	if (date_parse(text, pattern, &t) != 0)
		return;
	must(t > EARLIEST && t < LATEST);
	buf_init(&out, MOST);
	date_describe(t, &out);
	must(out.len > 0 && !out.is_full);
	buf_reset(&out);
	err = date_format(t, pattern, &out);
	must(err == 0 || err == ERR_LIMIT || strstr(pattern, "%#z") != NULL);
	buf_fini(&out);
}

static void
by_rfc3339(const char *text)
{
	struct buf out;
	wall_us t, again;

	if (date_parse_rfc3339(text, &t) != 0)
		return;
	must(t >= YEAR_0 - 86400 * SPAN_S && t < YEAR_10000 + 86400 * SPAN_S);
	if (t < YEAR_0 || t >= YEAR_10000)
		return;
	buf_init(&out, MOST);
	must(date_format(t, "%+", &out) == 0);
	must(date_parse_rfc3339(buf_str(&out), &again) == 0 && again == t);
	must(date_parse(text, "%+", &again) == 0 && again == t);
	buf_fini(&out);
}

static void
by_cookie(const char *text)
{
	struct buf out;
	wall_us t, again;

	if (date_parse_cookie(text, &t) != 0)
		return;
	must(t > EARLIEST && t < LATEST);
	if (t < YEAR_0 || t >= YEAR_10000)
		return;
	buf_init(&out, MOST);
	must(date_format(t, "%a, %d-%b-%Y %H:%M:%S%.3f GMT", &out) == 0);
	must(date_parse_cookie(buf_str(&out), &again) == 0 && again == t);
	buf_fini(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *pattern, *newline;
	wall_us usual, any;

	if (size < 9 || size > 1000)
		return (0);
	usual = time_of(data, true);
	any = time_of(data, false);
	pattern = xstrndup((const char *)data + 8, size - 8);
	if ((newline = strchr(pattern, '\n')) != NULL) {
		*newline = '\0';
		by_pattern(newline + 1, pattern);
		by_rfc3339(newline + 1);
		by_cookie(newline + 1);
	}
	and_back(usual, whole[data[8] % NELEMS(whole)], true);
	and_back(any, whole[data[8] % NELEMS(whole)], false);
	behind(usual, pattern);
	behind(any, pattern);
	free(pattern);
	return (0);
}
