/* SPDX-License-Identifier: ISC */
/* Decimal text as sign, digits that count, and the first one's power of ten. */
#include "probe/decimal.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

#define EXPONENT_MOST 1000000000LL

struct decimal {
	bool is_negative, is_zero;
	const char *digits;  /* from the first that is not 0; may hold a dot */
	const char *end;     /* past the last that is not 0 */
	long long power;     /* of the first digit: 0 for 1.5, 1 for 15 */
};

static long long
read_exponent(const char *p, const char *end)
{
	bool is_negative = false;
	long long n = 0;

	if (p < end && (*p == '+' || *p == '-'))
		is_negative = *p++ == '-';
	for (; p < end && *p >= '0' && *p <= '9'; p++)
		if (n < EXPONENT_MOST)
			n = n * 10 + (*p - '0');
	return (is_negative ? -n : n);
}

static void
decimal_read(struct decimal *d, const char *text, size_t len)
{
	const char *p = text, *end = text + len, *mantissa_end, *dot;
	long long before; /* digits before the dot, from the first non-zero */

	memset(d, 0, sizeof(*d));
	if (p < end && (*p == '-' || *p == '+'))
		d->is_negative = *p++ == '-';
	for (mantissa_end = p; mantissa_end < end && *mantissa_end != 'e' &&
	    *mantissa_end != 'E'; mantissa_end++)
		;
	dot = memchr(p, '.', (size_t)(mantissa_end - p));
	if (dot == NULL)
		dot = mantissa_end;
	while (p < mantissa_end && (*p == '0' || *p == '.'))
		p++;
	d->digits = p;
	if (p == mantissa_end) {
		d->is_zero = true;
		return;
	}
	before = p < dot ? (long long)(dot - p) : -(long long)(p - dot - 1);
	d->power = before - 1;
	if (mantissa_end < end)
		d->power += read_exponent(mantissa_end + 1, end);
	d->end = mantissa_end;
	while (d->end > p && (d->end[-1] == '0' || d->end[-1] == '.'))
		d->end--;
}

/* Next digit, skipping the dot; 0 past the end. */
static int
next_digit(const char **p, const char *end)
{
	if (*p < end && **p == '.')
		(*p)++;
	return (*p < end ? *(*p)++ : '0');
}

static int
compare_magnitude(const struct decimal *a, const struct decimal *b)
{
	const char *p = a->digits, *q = b->digits;
	int x, y;

	if (a->power != b->power)
		return (a->power < b->power ? -1 : 1);
	while (p < a->end || q < b->end) {
		x = next_digit(&p, a->end);
		y = next_digit(&q, b->end);
		if (x != y)
			return (x < y ? -1 : 1);
	}
	return (0);
}

int
decimal_compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
	struct decimal x, y;
	int c;

	decimal_read(&x, a, a_len);
	decimal_read(&y, b, b_len);
	if (x.is_zero || y.is_zero) {
		if (x.is_zero && y.is_zero)
			return (0);
		if (x.is_zero)
			return (y.is_negative ? 1 : -1);
		return (x.is_negative ? -1 : 1);
	}
	if (x.is_negative != y.is_negative)
		return (x.is_negative ? -1 : 1);
	c = compare_magnitude(&x, &y);
	return (x.is_negative ? -c : c);
}

/* Digits of the shortest text that reads back; returns their count. */
static int
shortest_digits(double d, char digits[static 20], int *power)
{
	char text[40];
	int precision, n = 0;
	const char *p;

	for (precision = 0; precision < 17; precision++) {
		snprintf(text, sizeof(text), "%.*e", precision, d);
		if (strtod(text, NULL) == d)
			break;
	}
	for (p = text; *p != 'e'; p++)
		if (*p >= '0' && *p <= '9')
			digits[n++] = *p;
	*power = (int)strtol(p + 1, NULL, 10);
	while (n > 1 && digits[n - 1] == '0')
		n--;
	digits[n] = '\0';
	return (n);
}

static int
append_zeros(struct buf *out, int count)
{
	int err = 0;

	while (count-- > 0 && err == 0)
		err = buf_append_char(out, '0');
	return (err);
}

int
decimal_format(double d, struct buf *out)
{
	char digits[20];
	int n, power, whole;

	if (isnan(d))
		return (buf_append_str(out, "NaN"));
	if (isinf(d))
		return (buf_append_str(out, d > 0 ? "inf" : "-inf"));
	if (signbit(d))
		buf_append_char(out, '-');
	n = shortest_digits(fabs(d), digits, &power);
	if (power < 0) {
		buf_append_str(out, "0.");
		append_zeros(out, -power - 1);
		return (buf_append_str(out, digits));
	}
	whole = power + 1 < n ? power + 1 : n;
	buf_append(out, digits, (size_t)whole);
	append_zeros(out, power + 1 - n);
	buf_append_char(out, '.');
	return (buf_append_str(out, n > whole ? digits + whole : "0"));
}
