/* SPDX-License-Identifier: ISC */
/* The calendar, and the fixed forms of dates. */
#include "probe/date.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "probe/date_priv.h"

const char *const date_months[12] = {"January", "February", "March", "April",
    "May", "June", "July", "August", "September", "October", "November",
    "December"};
const char *const date_weekdays[7] = {"Sunday", "Monday", "Tuesday",
    "Wednesday", "Thursday", "Friday", "Saturday"};

int
date_is_leap(int64_t year)
{
	return ((year % 4 == 0 && year % 100 != 0) || year % 400 == 0);
}

int
date_month_length(int64_t year, int month)
{
	static const int lengths[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30,
	    31, 30, 31};

	return (lengths[month - 1] + (month == 2 && date_is_leap(year)));
}

int64_t
date_floor_div(int64_t a, int64_t b)
{
	return (a / b - (a % b < 0));
}

/*
 * Years are counted from March, so that the leap day is the last one; an era
 * is 400 years of 146097 days.
 */
int64_t
date_days(int64_t year, int month, int day)
{
	int64_t era, of_era, of_year;

	year -= month <= 2;
	era = date_floor_div(year, 400);
	of_era = year - era * 400;
	of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return (era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 +
	    of_year - 719468);
}

static void
split_days(int64_t days, struct date_fields *f)
{
	int64_t era, of_era, year, of_year, m;

	days += 719468;
	era = date_floor_div(days, 146097);
	of_era = days - era * 146097;
	year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) /
	    365;
	of_year = of_era - (365 * year + year / 4 - year / 100);
	m = (5 * of_year + 2) / 153;
	f->day = (int)(of_year - (153 * m + 2) / 5 + 1);
	f->month = (int)(m < 10 ? m + 3 : m - 9);
	f->year = year + era * 400 + (f->month <= 2);
}

/* The ISO year is that of the week's Thursday. */
static void
split_iso_week(int64_t days, struct date_fields *f)
{
	int from_monday = (f->weekday + 6) % 7;
	struct date_fields thursday;
	int64_t first;

	split_days(days - from_monday + 3, &thursday);
	first = date_days(thursday.year, 1, 1);
	f->iso_year = thursday.year;
	f->iso_week = (int)((days - from_monday + 3 - first) / 7 + 1);
}

void
date_split(wall_us t, struct date_fields *f)
{
	int64_t seconds = date_floor_div(t, SPAN_S), days;
	int in_day;

	f->micros = (int)(t - seconds * SPAN_S);
	days = date_floor_div(seconds, DAY_SECONDS);
	in_day = (int)(seconds - days * DAY_SECONDS);
	split_days(days, f);
	f->hour = in_day / 3600;
	f->minute = in_day / 60 % 60;
	f->second = in_day % 60;
	f->weekday = (int)(((days + 4) % 7 + 7) % 7);
	f->ordinal = (int)(days - date_days(f->year, 1, 1) + 1);
	split_iso_week(days, f);
}

const char *
date_expand(char conversion)
{
	switch (conversion) {
	case 'D':
	case 'x':
		return ("%m/%d/%y");
	case 'F':
		return ("%Y-%m-%d");
	case 'v':
		return ("%e-%b-%Y");
	case 'R':
		return ("%H:%M");
	case 'T':
	case 'X':
		return ("%H:%M:%S");
	case 'r':
		return ("%I:%M:%S %p");
	case 'c':
		return ("%a %b %e %H:%M:%S %Y");
	default:
		return (NULL);
	}
}

void
date_describe(wall_us t, struct buf *out)
{
	date_format(t, "%F %T%.f UTC", out);
}

/* Exactly n digits. */
static bool
take_digits(const char **p, int n, int *out)
{
	*out = 0;
	for (; n > 0; n--, (*p)++) {
		if (!isdigit((unsigned char)**p))
			return (false);
		*out = *out * 10 + (**p - '0');
	}
	return (true);
}

static bool
take_char(const char **p, const char *any)
{
	if (**p == '\0' || strchr(any, **p) == NULL)
		return (false);
	(*p)++;
	return (true);
}

/* Z or +hh:mm, in seconds. */
static bool
take_offset(const char **p, int *seconds)
{
	int hour, minute;
	bool is_west = **p == '-';

	*seconds = 0;
	if (take_char(p, "Zz"))
		return (true);
	if (!take_char(p, "+-") || !take_digits(p, 2, &hour) ||
	    !take_char(p, ":") || !take_digits(p, 2, &minute) ||
	    hour > 23 || minute > 59)
		return (false);
	*seconds = (hour * 60 + minute) * 60 * (is_west ? -1 : 1);
	return (true);
}

static bool
take_fraction(const char **p, int *micros)
{
	int scale = 100000;

	*micros = 0;
	if (!take_char(p, "."))
		return (true);
	if (!isdigit((unsigned char)**p))
		return (false);
	for (; isdigit((unsigned char)**p); (*p)++, scale /= 10)
		*micros += (**p - '0') * scale;
	return (true);
}

int
date_parse_rfc3339(const char *p, wall_us *out)
{
	int year, month, day, hour, minute, second, micros, offset;

	if (!take_digits(&p, 4, &year) || !take_char(&p, "-") ||
	    !take_digits(&p, 2, &month) || !take_char(&p, "-") ||
	    !take_digits(&p, 2, &day) || !take_char(&p, "Tt ") ||
	    !take_digits(&p, 2, &hour) || !take_char(&p, ":") ||
	    !take_digits(&p, 2, &minute) || !take_char(&p, ":") ||
	    !take_digits(&p, 2, &second) || !take_fraction(&p, &micros) ||
	    !take_offset(&p, &offset) || *p != '\0')
		return (ERR_SYNTAX);
	if (month < 1 || month > 12 || day < 1 ||
	    day > date_month_length(year, month) || hour > 23 ||
	    minute > 59 || second > 60)
		return (ERR_SYNTAX);
	*out = (date_days(year, month, day) * DAY_SECONDS +
	    hour * 3600 + minute * 60 + second - offset) * SPAN_S + micros;
	return (0);
}

int
date_parse_cookie(const char *text, wall_us *out)
{
	static const char *const patterns[] = {
		"%a, %d %b %Y %H:%M:%S GMT", "%a, %d %b %Y %H:%M:%S %z",
		"%d %b %Y %H:%M:%S GMT", "%d %b %Y %H:%M:%S %z",
		"%a, %d %b %Y %H:%M:%S UTC", "%a, %d %b %Y %H:%M GMT",
		"%a, %d-%b-%Y %H:%M:%S%.3f GMT",
		"%a, %d-%b-%y %H:%M:%S%.3f GMT",
	};
	size_t i;

	for (i = 0; i < NELEMS(patterns); i++)
		if (date_parse(text, patterns[i], out) == 0)
			return (0);
	return (ERR_SYNTAX);
}
