/* SPDX-License-Identifier: ISC */
/* Dates as text, conversion by conversion. */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "probe/date.h"
#include "probe/date_priv.h"

struct conversion {
	char pad;  /* 0: the conversion's own; '-', '_' or '0' as written */
	char name;
};

static int
week_of(const struct date_fields *f, int weekday)
{
	return ((f->ordinal - 1 + 7 - weekday) / 7);
}

/* Append n with its width; fill is ' ' or '0' unless pad says otherwise. */
static int
number(struct buf *out, struct conversion c, int64_t n, int width, char fill)
{
	if (c.pad == '-')
		width = 0;
	else if (c.pad != 0)
		fill = c.pad == '_' ? ' ' : '0';
	if (fill == '0')
		return (buf_printf(out, "%0*lld", width, (long long)n));
	return (buf_printf(out, "%*lld", width, (long long)n));
}

static int
year(struct buf *out, struct conversion c, int64_t n)
{
	if (n > 9999)
		return (buf_printf(out, "+%lld", (long long)n));
	return (number(out, c, n, n < 0 ? 5 : 4, '0'));
}

static int
append_number(const struct date_fields *f, wall_us t, struct conversion c,
    struct buf *out)
{
	int hour12 = f->hour % 12 == 0 ? 12 : f->hour % 12;

	switch (c.name) {
	case 'Y': return (year(out, c, f->year));
	case 'G': return (year(out, c, f->iso_year));
	case 'C': return (number(out, c, date_floor_div(f->year, 100), 2,
	    '0'));
	case 'y': return (number(out, c, (f->year % 100 + 100) % 100, 2, '0'));
	case 'g': return (number(out, c, (f->iso_year % 100 + 100) % 100, 2,
	    '0'));
	case 'q': return (number(out, c, (f->month + 2) / 3, 1, '0'));
	case 'm': return (number(out, c, f->month, 2, '0'));
	case 'd': return (number(out, c, f->day, 2, '0'));
	case 'e': return (number(out, c, f->day, 2, ' '));
	case 'w': return (number(out, c, f->weekday, 1, '0'));
	case 'u': return (number(out, c, (f->weekday + 6) % 7 + 1, 1, '0'));
	case 'U': return (number(out, c, week_of(f, f->weekday), 2, '0'));
	case 'W': return (number(out, c, week_of(f, (f->weekday + 6) % 7), 2,
	    '0'));
	case 'V': return (number(out, c, f->iso_week, 2, '0'));
	case 'j': return (number(out, c, f->ordinal, 3, '0'));
	case 'H': return (number(out, c, f->hour, 2, '0'));
	case 'k': return (number(out, c, f->hour, 2, ' '));
	case 'I': return (number(out, c, hour12, 2, '0'));
	case 'l': return (number(out, c, hour12, 2, ' '));
	case 'M': return (number(out, c, f->minute, 2, '0'));
	case 'S': return (number(out, c, f->second, 2, '0'));
	case 'f': return (number(out, c, f->micros * (int64_t)1000, 9, '0'));
	case 's': return (number(out, c, (t - f->micros) / SPAN_S, 1, '0'));
	default: return (ERR_SYNTAX);
	}
}

static int
append_word(const struct date_fields *f, char name, struct buf *out)
{
	switch (name) {
	case 'b':
	case 'h':
		return (buf_printf(out, "%.3s", date_months[f->month - 1]));
	case 'B':
		return (buf_append_str(out, date_months[f->month - 1]));
	case 'a':
		return (buf_printf(out, "%.3s", date_weekdays[f->weekday]));
	case 'A':
		return (buf_append_str(out, date_weekdays[f->weekday]));
	case 'P':
		return (buf_append_str(out, f->hour < 12 ? "am" : "pm"));
	case 'p':
		return (buf_append_str(out, f->hour < 12 ? "AM" : "PM"));
	case 'Z':
		return (buf_append_str(out, "UTC"));
	case 'z':
		return (buf_append_str(out, "+0000"));
	case 't':
		return (buf_append_char(out, '\t'));
	case 'n':
		return (buf_append_char(out, '\n'));
	case '%':
		return (buf_append_char(out, '%'));
	default:
		return (ERR_SYNTAX);
	}
}

/* The fraction with 3, 6 or 9 digits; 0: as many as it needs, or nothing. */
static int
append_fraction(const struct date_fields *f, int digits, bool has_dot,
    struct buf *out)
{
	char text[16];

	if (digits == 0 && f->micros == 0)
		return (0);
	if (digits == 0)
		digits = f->micros % 1000 == 0 ? 3 : 6;
	snprintf(text, sizeof(text), "%06d000", f->micros);
	return (buf_printf(out, "%s%.*s", has_dot ? "." : "", digits, text));
}

/*
 * Conversions of more than one letter: %.f %.3f %3f %:z %::z %:::z. Returns
 * the bytes taken of the pattern behind the %, 0 when it is none of them.
 */
static size_t
append_long(const struct date_fields *f, const char *p, struct buf *out)
{
	bool has_dot = *p == '.';
	size_t colons = strspn(p, ":");
	const char *q = p + has_dot;

	if (*q != '\0' && strchr("369", *q) != NULL && q[1] == 'f') {
		append_fraction(f, *q - '0', has_dot, out);
		return ((size_t)(q - p) + 2);
	}
	if (has_dot && *q == 'f') {
		append_fraction(f, 0, true, out);
		return (2);
	}
	if (colons >= 1 && colons <= 3 && p[colons] == 'z') {
		buf_append_str(out, colons == 1 ? "+00:00" :
		    colons == 2 ? "+00:00:00" : "+00");
		return (colons + 1);
	}
	return (0);
}

static int
append_single(const struct date_fields *f, wall_us t, struct conversion c,
    struct buf *out)
{
	const char *expanded = date_expand(c.name);
	int err;

	if (c.pad == 0 && expanded != NULL)
		return (date_format(t, expanded, out));
	if (c.pad == 0 && c.name == '+')
		return (date_format(t, "%Y-%m-%dT%H:%M:%S%.f%:z", out));
	err = append_number(f, t, c, out);
	if (err == ERR_SYNTAX && c.pad == 0)
		err = append_word(f, c.name, out);
	return (err);
}

int
date_format(wall_us t, const char *p, struct buf *out)
{
	struct date_fields f;
	struct conversion c;
	size_t n;
	int err = 0;

	date_split(t, &f);
	while (err == 0 && *p != '\0') {
		if (*p != '%') {
			n = strcspn(p, "%");
			err = buf_append(out, p, n);
			p += n;
			continue;
		}
		if ((n = append_long(&f, ++p, out)) > 0) {
			p += n;
			continue;
		}
		c.pad = *p != '\0' && strchr("-_0", *p) != NULL ? *p++ : 0;
		if ((c.name = *p) == '\0')
			return (ERR_SYNTAX);
		err = append_single(&f, t, c, out);
		p++;
	}
	return (err != 0 ? err : out->is_full ? ERR_LIMIT : 0);
}
