/* SPDX-License-Identifier: ISC */
/*
 * Equality and order of values. Where a double cannot hold a number, it is
 * compared by its decimal digits, never by an approximation.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "probe/decimal.h"
#include "probe/value.h"

static bool
is_number(const struct value *v)
{
	return (v->kind == VALUE_INTEGER || v->kind == VALUE_BIG_INTEGER ||
	    v->kind == VALUE_FLOAT);
}

/* The number's text; short holds what has none of its own. */
static const char *
number_text(const struct value *v, char *small, size_t size, size_t *len)
{
	if (v->shared != NULL)
		return (value_text(v, len));
	if (v->kind == VALUE_INTEGER)
		*len = (size_t)snprintf(small, size, "%lld",
		    (long long)v->integer);
	else
		*len = (size_t)snprintf(small, size, "%.17g", v->number);
	return (small);
}

static int
order_of(double a, double b)
{
	if (isnan(a) || isnan(b))
		return (2);
	return (a < b ? -1 : a > b);
}

static int
compare_numbers(const struct value *a, const struct value *b)
{
	char small_a[40], small_b[40];
	const char *text_a, *text_b;
	size_t len_a, len_b;

	if (a->kind == VALUE_INTEGER && b->kind == VALUE_INTEGER)
		return (a->integer < b->integer ? -1 :
		    a->integer > b->integer);
	if (a->kind != VALUE_BIG_INTEGER && b->kind != VALUE_BIG_INTEGER)
		return (order_of(
		    a->kind == VALUE_FLOAT ? a->number : (double)a->integer,
		    b->kind == VALUE_FLOAT ? b->number : (double)b->integer));
	if (a->kind == VALUE_FLOAT && !isfinite(a->number))
		return (isnan(a->number) ? 2 : a->number > 0 ? 1 : -1);
	if (b->kind == VALUE_FLOAT && !isfinite(b->number))
		return (isnan(b->number) ? 2 : b->number > 0 ? -1 : 1);
	text_a = number_text(a, small_a, sizeof(small_a), &len_a);
	text_b = number_text(b, small_b, sizeof(small_b), &len_b);
	return (decimal_compare(text_a, len_a, text_b, len_b));
}

static int
compare_text(const struct value *a, const struct value *b)
{
	size_t len_a, len_b, n;
	const char *text_a = value_text(a, &len_a);
	const char *text_b = value_text(b, &len_b);
	int c;

	n = len_a < len_b ? len_a : len_b;
	c = memcmp(text_a, text_b, n);
	if (c != 0)
		return (c < 0 ? -1 : 1);
	return (len_a < len_b ? -1 : len_a > len_b);
}

static bool
equal_elements(const struct value *a, const struct value *b)
{
	size_t i, n = value_count(a);

	if (n != value_count(b))
		return (false);
	for (i = 0; i < n; i++) {
		if (a->kind == VALUE_OBJECT && compare_text(
		    &a->shared->names[i], &b->shared->names[i]) != 0)
			return (false);
		if (!value_equal(&a->shared->items[i], &b->shared->items[i]))
			return (false);
	}
	return (true);
}

bool
value_equal(const struct value *a, const struct value *b)
{
	if (is_number(a) && is_number(b))
		return (compare_numbers(a, b) == 0);
	if (a->kind != b->kind)
		return (false);
	switch (a->kind) {
	case VALUE_NULL:
	case VALUE_UNIT:
		return (true);
	case VALUE_BOOL:
		return (a->boolean == b->boolean);
	case VALUE_STRING:
	case VALUE_BYTES:
		return (compare_text(a, b) == 0);
	case VALUE_DATE:
		return (a->date == b->date);
	case VALUE_NODESET:
		return (a->nodes == b->nodes);
	case VALUE_LIST:
	case VALUE_OBJECT:
		return (equal_elements(a, b));
	default:
		return (false);
	}
}

int
value_compare(const struct value *a, const struct value *b, int *order)
{
	if (is_number(a) && is_number(b))
		*order = compare_numbers(a, b);
	else if (a->kind == VALUE_STRING && b->kind == VALUE_STRING)
		*order = compare_text(a, b);
	else if (a->kind == VALUE_DATE && b->kind == VALUE_DATE)
		*order = a->date < b->date ? -1 : a->date > b->date;
	else
		return (ERR_TYPE);
	return (0);
}
