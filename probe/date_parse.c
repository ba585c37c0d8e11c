/* SPDX-License-Identifier: ISC */
/*
 * Dates from text. A pattern fills fields; afterwards the fields have to say
 * enough for a date, and must not contradict one another.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "probe/date.h"
#include "probe/date_priv.h"

enum field {
	YEAR, CENTURY, YEAR_OF_CENTURY, ISO_YEAR, ISO_YEAR_OF_CENTURY,
	QUARTER, MONTH, DAY, ORDINAL, WEEK_SUNDAY, WEEK_MONDAY, ISO_WEEK,
	WEEKDAY, HALF, HOUR12, MINUTE, SECOND, NANOS, TIMESTAMP, OFFSET,
	FIELD_COUNT
};

struct parsed {
	int64_t values[FIELD_COUNT];
	bool is_set[FIELD_COUNT];
};

/* Two mentions of a field must agree. */
static bool
set(struct parsed *d, enum field field, int64_t value)
{
	if (d->is_set[field])
		return (d->values[field] == value);
	d->is_set[field] = true;
	d->values[field] = value;
	return (true);
}

static const struct number {
	char name;
	int width;       /* most digits; 0: any */
	int64_t least, most;
	bool is_signed;
	enum field field;
} numbers[] = {
	{'Y', 4, -262143, 262142, true, YEAR},
	{'C', 2, 0, 99, false, CENTURY},
	{'y', 2, 0, 99, false, YEAR_OF_CENTURY},
	{'G', 4, -262143, 262142, true, ISO_YEAR},
	{'g', 2, 0, 99, false, ISO_YEAR_OF_CENTURY},
	{'q', 1, 1, 4, false, QUARTER},
	{'m', 2, 1, 12, false, MONTH},
	{'d', 2, 1, 31, false, DAY},
	{'e', 2, 1, 31, false, DAY},
	{'j', 3, 1, 366, false, ORDINAL},
	{'U', 2, 0, 53, false, WEEK_SUNDAY},
	{'W', 2, 0, 53, false, WEEK_MONDAY},
	{'V', 2, 1, 53, false, ISO_WEEK},
	{'M', 2, 0, 59, false, MINUTE},
	{'S', 2, 0, 60, false, SECOND},
	{'f', 9, 0, 999999999, false, NANOS},
	{'s', 0, 0, INT64_MAX / SPAN_S - 1, false, TIMESTAMP},
};

static const char *
skip_blanks(const char *p)
{
	while (isspace((unsigned char)*p))
		p++;
	return (p);
}

static const char *
take_number(const char *p, int width, bool is_signed, int64_t *out)
{
	bool is_negative = false;
	int n = 0;

	p = skip_blanks(p);
	if (is_signed && (*p == '-' || *p == '+')) {
		is_negative = *p++ == '-';
		width = 0;
	}
	*out = 0;
	for (; isdigit((unsigned char)*p) && (width == 0 || n < width); n++) {
		if (*out > INT64_MAX / 10 - 1)
			return (NULL);
		*out = *out * 10 + (*p++ - '0');
	}
	if (is_negative)
		*out = -*out;
	return (n > 0 ? p : NULL);
}

static const char *
parse_number(struct parsed *d, const struct number *n, const char *p)
{
	int64_t value;

	p = take_number(p, n->width, n->is_signed, &value);
	if (p == NULL || value < n->least || value > n->most ||
	    !set(d, n->field, value))
		return (NULL);
	return (p);
}

static const char *
parse_hour(struct parsed *d, bool is_half, const char *p)
{
	int64_t hour;

	p = take_number(p, 2, false, &hour);
	if (p == NULL || hour > (is_half ? 12 : 23) ||
	    (is_half && hour == 0))
		return (NULL);
	if (!is_half && !set(d, HALF, hour / 12))
		return (NULL);
	return (set(d, HOUR12, hour % 12) ? p : NULL);
}

static const char *
parse_weekday_number(struct parsed *d, bool from_monday, const char *p)
{
	int64_t n;

	p = take_number(p, 1, false, &n);
	if (p == NULL || n > (from_monday ? 7 : 6) || (from_monday && n == 0))
		return (NULL);
	return (set(d, WEEKDAY, n % 7) ? p : NULL);
}

/* A name by its first three letters, or whole when may_be_long. */
static const char *
parse_name(struct parsed *d, const char *const *names, int count,
    bool may_be_long, const char *p)
{
	bool is_month = count == 12;
	size_t len;
	int i;

	for (i = 0; i < count; i++)
		if (strncasecmp(p, names[i], 3) == 0)
			break;
	if (i == count || !set(d, is_month ? MONTH : WEEKDAY, i + is_month))
		return (NULL);
	len = strlen(names[i]);
	if (may_be_long && strncasecmp(p, names[i], len) == 0)
		return (p + len);
	return (p + 3);
}

static const char *
parse_half(struct parsed *d, const char *p)
{
	if (strncasecmp(p, "am", 2) != 0 && strncasecmp(p, "pm", 2) != 0)
		return (NULL);
	return (set(d, HALF, tolower((unsigned char)*p) == 'p') ? p + 2 :
	    NULL);
}

/* Digits after a dot; fixed: exactly so many, 0: 1 to 9, more are lost. */
static const char *
parse_fraction(struct parsed *d, int fixed, const char *p)
{
	int64_t nanos = 0;
	int n;

	for (n = 0; n < (fixed > 0 ? fixed : 9) &&
	    isdigit((unsigned char)*p); n++)
		nanos = nanos * 10 + (*p++ - '0');
	if (n == 0 || (fixed > 0 && n < fixed))
		return (NULL);
	for (; n < 9; n++)
		nanos *= 10;
	while (fixed == 0 && isdigit((unsigned char)*p))
		p++;
	return (set(d, NANOS, nanos) ? p : NULL);
}

static const char *
two_digits(const char *p, int *out)
{
	if (!isdigit((unsigned char)p[0]) || !isdigit((unsigned char)p[1]))
		return (NULL);
	*out = (p[0] - '0') * 10 + p[1] - '0';
	return (p + 2);
}

/* +hhmm, +hh:mm, and when it is lenient Z and +hh. */
static const char *
parse_offset(struct parsed *d, bool is_lenient, const char *p)
{
	bool is_west;
	int hour, minute = 0;
	const char *q;

	p = skip_blanks(p);
	if (is_lenient && (*p == 'Z' || *p == 'z'))
		return (set(d, OFFSET, 0) ? p + 1 : NULL);
	if (*p != '+' && *p != '-')
		return (NULL);
	is_west = *p++ == '-';
	if ((p = two_digits(p, &hour)) == NULL || hour > 23)
		return (NULL);
	q = p;
	while (*q == ':' || isspace((unsigned char)*q))
		q++;
	if ((q = two_digits(q, &minute)) == NULL && !is_lenient)
		return (NULL);
	if (minute > 59)
		return (NULL);
	return (set(d, OFFSET, (hour * 60 + minute) * 60 * (is_west ? -1 :
	    1)) ? (q != NULL ? q : p) : NULL);
}

static const char *walk(struct parsed *d, const char *pattern, const char *p);

/* %+: the date and time of RFC 3339, a little relaxed. */
static const char *
parse_iso(struct parsed *d, const char *p)
{
	if ((p = walk(d, "%Y -%m -%d", p)) == NULL ||
	    (*p != 'T' && *p != 't' && *p != ' '))
		return (NULL);
	p = walk(d, "%H :%M :%S%.f", skip_blanks(p + 1));
	if (p == NULL)
		return (NULL);
	p = skip_blanks(p);
	if (strncasecmp(p, "UTC", 3) == 0)
		return (set(d, OFFSET, 0) ? p + 3 : NULL);
	return (parse_offset(d, true, p));
}

/* What may be padded, as in %-d: a number by itself. */
static bool
is_number(char name)
{
	size_t i;

	for (i = 0; i < NELEMS(numbers); i++)
		if (numbers[i].name == name)
			return (true);
	return (name != '\0' && strchr("HkIlwu", name) != NULL);
}

static const char *
parse_single(struct parsed *d, char name, const char *p)
{
	const char *expanded = date_expand(name);
	size_t i;

	for (i = 0; i < NELEMS(numbers); i++)
		if (numbers[i].name == name)
			return (parse_number(d, &numbers[i], p));
	if (expanded != NULL)
		return (walk(d, expanded, p));
	switch (name) {
	case 'H':
	case 'k':
		return (parse_hour(d, false, p));
	case 'I':
	case 'l':
		return (parse_hour(d, true, p));
	case 'w':
	case 'u':
		return (parse_weekday_number(d, name == 'u', p));
	case 'b':
	case 'h':
	case 'B':
		return (parse_name(d, date_months, 12, name == 'B', p));
	case 'a':
	case 'A':
		return (parse_name(d, date_weekdays, 7, name == 'A', p));
	case 'P':
	case 'p':
		return (parse_half(d, p));
	case 'z':
		return (parse_offset(d, false, p));
	case 'Z':
		while (*p != '\0' && !isspace((unsigned char)*p))
			p++;
		return (p);
	case 't':
	case 'n':
		return (skip_blanks(p));
	case '%':
		return (*p == '%' ? p + 1 : NULL);
	case '+':
		return (parse_iso(d, p));
	default:
		return (NULL);
	}
}

/* One conversion; *pattern, behind the %, is moved past it. */
static const char *
parse_conversion(struct parsed *d, const char **pattern, const char *p)
{
	const char *q = *pattern;
	bool has_dot = *q == '.';
	size_t colons = strspn(q, ":");
	const char *digit = q + has_dot;

	if (*digit != '\0' && strchr("369", *digit) != NULL &&
	    digit[1] == 'f') {
		*pattern = digit + 2;
		if (has_dot && *p != '.')
			return (p);
		return (parse_fraction(d, *digit - '0', p + has_dot));
	}
	if (has_dot) {
		*pattern = q + 2;
		if (q[1] != 'f')
			return (NULL);
		return (*p == '.' ? parse_fraction(d, 0, p + 1) : p);
	}
	if (q[0] == '#' || colons > 0) {
		*pattern = q + (colons > 0 ? colons : 1) + 1;
		if (colons > 3 || (*pattern)[-1] != 'z')
			return (NULL);
		return (parse_offset(d, colons == 0, p));
	}
	if (*q != '\0' && strchr("-_0", *q) != NULL && !is_number(*++q))
		return (NULL);
	if (*q == '\0')
		return (NULL);
	*pattern = q + 1;
	return (parse_single(d, *q, p));
}

/* Match the text against the pattern; returns what is left of the text. */
static const char *
walk(struct parsed *d, const char *pattern, const char *p)
{
	while (p != NULL && *pattern != '\0') {
		if (*pattern == '%') {
			pattern++;
			p = parse_conversion(d, &pattern, p);
		} else if (isspace((unsigned char)*pattern)) {
			pattern++;
			p = skip_blanks(p);
		} else if (*pattern++ != *p++)
			return (NULL);
	}
	return (p);
}

/* The year from its parts, or from its last two digits. */
static bool
resolve_year(const struct parsed *d, int64_t *out)
{
	const int64_t *v = d->values;

	if (d->is_set[YEAR])
		*out = v[YEAR];
	else if (d->is_set[YEAR_OF_CENTURY] && d->is_set[CENTURY])
		*out = v[CENTURY] * 100 + v[YEAR_OF_CENTURY];
	else if (d->is_set[YEAR_OF_CENTURY])
		*out = v[YEAR_OF_CENTURY] +
		    (v[YEAR_OF_CENTURY] < 70 ? 2000 : 1900);
	else
		return (false);
	return (true);
}

static bool
resolve_iso_year(const struct parsed *d, int64_t *out)
{
	const int64_t *v = d->values;

	if (d->is_set[ISO_YEAR])
		*out = v[ISO_YEAR];
	else if (d->is_set[ISO_YEAR_OF_CENTURY])
		*out = v[ISO_YEAR_OF_CENTURY] +
		    (v[ISO_YEAR_OF_CENTURY] < 70 ? 2000 : 1900);
	else
		return (false);
	return (true);
}

/* Day of the first week's day zero, by weekday of January the first. */
static int64_t
week_days(int64_t year, int64_t week, int64_t weekday, int first_weekday)
{
	int64_t january = date_days(year, 1, 1);
	int64_t start = ((january + 4) % 7 + 7) % 7; /* 0: Sunday */
	int64_t until = (first_weekday - start + 7) % 7;

	return (january + until + (week - 1) * 7 +
	    (weekday - first_weekday + 7) % 7);
}

static int64_t
iso_week_days(int64_t year, int64_t week, int64_t weekday)
{
	int64_t january4 = date_days(year, 1, 4);
	int64_t monday = january4 - ((january4 + 3) % 7 + 7) % 7;

	return (monday + (week - 1) * 7 + (weekday + 6) % 7);
}

/* The day that the fields name in one way or another. */
static bool
resolve_days(const struct parsed *d, int64_t *days)
{
	const int64_t *v = d->values;
	const bool *has = d->is_set;
	int64_t year;
	bool has_year = resolve_year(d, &year);

	if (has_year && has[MONTH] && has[DAY]) {
		if (v[DAY] > date_month_length(year, (int)v[MONTH]))
			return (false);
		*days = date_days(year, (int)v[MONTH], (int)v[DAY]);
	} else if (has_year && has[ORDINAL]) {
		if (v[ORDINAL] > 365 + date_is_leap(year))
			return (false);
		*days = date_days(year, 1, 1) + v[ORDINAL] - 1;
	} else if (has_year && has[WEEK_SUNDAY] && has[WEEKDAY])
		*days = week_days(year, v[WEEK_SUNDAY], v[WEEKDAY], 0);
	else if (has_year && has[WEEK_MONDAY] && has[WEEKDAY])
		*days = week_days(year, v[WEEK_MONDAY], v[WEEKDAY], 1);
	else if (resolve_iso_year(d, &year) && has[ISO_WEEK] && has[WEEKDAY])
		*days = iso_week_days(year, v[ISO_WEEK], v[WEEKDAY]);
	else
		return (false);
	return (true);
}

static bool
agrees(const struct parsed *d, enum field field, int64_t value)
{
	return (!d->is_set[field] || d->values[field] == value);
}

/* Everything that was said of the date must be true of it. */
static bool
is_consistent(const struct parsed *d, int64_t days)
{
	struct date_fields f;
	bool has_parts = d->is_set[CENTURY] || d->is_set[YEAR_OF_CENTURY];
	bool has_iso_part = d->is_set[ISO_YEAR_OF_CENTURY];
	int monday;

	date_split(days * DAY_SECONDS * SPAN_S, &f);
	monday = (f.weekday + 6) % 7;
	if (has_parts && (f.year < 0 || !agrees(d, CENTURY, f.year / 100) ||
	    !agrees(d, YEAR_OF_CENTURY, f.year % 100)))
		return (false);
	if (has_iso_part && (f.iso_year < 0 ||
	    !agrees(d, ISO_YEAR_OF_CENTURY, f.iso_year % 100)))
		return (false);
	return (agrees(d, YEAR, f.year) && agrees(d, MONTH, f.month) &&
	    agrees(d, DAY, f.day) && agrees(d, ORDINAL, f.ordinal) &&
	    agrees(d, QUARTER, (f.month + 2) / 3) &&
	    agrees(d, WEEKDAY, f.weekday) &&
	    agrees(d, ISO_YEAR, f.iso_year) &&
	    agrees(d, ISO_WEEK, f.iso_week) &&
	    agrees(d, WEEK_SUNDAY, (f.ordinal + 6 - f.weekday) / 7) &&
	    agrees(d, WEEK_MONDAY, (f.ordinal + 6 - monday) / 7));
}

/* Microseconds of the day; false when hour or minute is not known. */
static bool
resolve_time(const struct parsed *d, int64_t *micros)
{
	const int64_t *v = d->values;

	if (!d->is_set[HALF] || !d->is_set[HOUR12] || !d->is_set[MINUTE] ||
	    (d->is_set[NANOS] && !d->is_set[SECOND]))
		return (false);
	*micros = ((v[HALF] * 12 + v[HOUR12]) * 3600 + v[MINUTE] * 60 +
	    v[SECOND]) * SPAN_S + v[NANOS] / 1000;
	return (true);
}

/* Date and time at an offset; a timestamp stands alone, or must agree. */
static bool
resolve_datetime(const struct parsed *d, int64_t offset, wall_us *out)
{
	int64_t days, micros;

	if (resolve_days(d, &days) && is_consistent(d, days) &&
	    resolve_time(d, &micros)) {
		*out = days * DAY_SECONDS * SPAN_S + micros - offset * SPAN_S;
		return (!d->is_set[TIMESTAMP] ||
		    date_floor_div(*out, SPAN_S) == d->values[TIMESTAMP]);
	}
	if (!d->is_set[TIMESTAMP] || d->is_set[DAY] || d->is_set[HOUR12])
		return (false);
	*out = d->values[TIMESTAMP] * SPAN_S + d->values[NANOS] / 1000;
	return (true);
}

int
date_parse(const char *text, const char *pattern, wall_us *out)
{
	struct parsed d;
	int64_t days;
	const char *end;

	memset(&d, 0, sizeof(d));
	end = walk(&d, pattern, text);
	if (end == NULL || *end != '\0')
		return (ERR_SYNTAX);
	if (d.is_set[OFFSET] && resolve_datetime(&d, d.values[OFFSET], out))
		return (0);
	if (resolve_datetime(&d, 0, out))
		return (0);
	if (!resolve_days(&d, &days) || !is_consistent(&d, days))
		return (ERR_SYNTAX);
	*out = days * DAY_SECONDS * SPAN_S;
	return (0);
}
