/* SPDX-License-Identifier: ISC */
/* What formatting and parsing of dates share: the calendar and the names. */
#ifndef PROBE_DATE_PRIV_H
#define PROBE_DATE_PRIV_H

#include "base/clock.h"

#define DAY_SECONDS 86400

struct date_fields { /* proleptic Gregorian, UTC */
	int64_t year;
	int month, day;       /* from 1 */
	int hour, minute, second;
	int micros;
	int weekday;          /* 0: Sunday */
	int ordinal;          /* day of the year, from 1 */
	int64_t iso_year;     /* ISO 8601 */
	int iso_week;
};

extern const char *const date_months[12], *const date_weekdays[7];

void date_split(wall_us t, struct date_fields *out);

/* Rounded down, where / rounds towards zero. */
int64_t date_floor_div(int64_t a, int64_t b);

/* Days since 1970-01-01; month and day may be out of range. */
int64_t date_days(int64_t year, int month, int day);
int date_month_length(int64_t year, int month);
int date_is_leap(int64_t year);

/* Shorthands such as %T and %D as what they stand for; NULL for others. */
const char *date_expand(char conversion);

#endif
