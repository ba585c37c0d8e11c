/* SPDX-License-Identifier: ISC */
/* store/sketch: accuracy, merging, coding. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/must.h"
#include "store/sketch.h"

#define N 20000

static uint64_t seed = 88172645463325252u;

static double
uniform(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return ((double)(seed >> 11) / 9007199254740992.0);
}

/* Shapes of latency: constant, uniform, lognormal-like, two humps, Pareto. */
static int64_t
draw(int shape)
{
	double u = uniform();

	switch (shape) {
	case 0:
		return (777);
	case 1:
		return ((int64_t)(u * 1e6));
	case 2:
		return ((int64_t)(20000 * exp(u + uniform() + uniform())));
	case 3:
		return (u < 0.85 ? 200000 + (int64_t)(uniform() * 5000) :
		    800000 + (int64_t)(uniform() * 90000));
	default:
		return ((int64_t)(1000 * pow(1 - u, -1 / 1.1)));
	}
}

static int
compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return ((x > y) - (x < y));
}

static void
expect_near(const struct sketch *s, const int64_t *sorted, size_t n)
{
	static const double qs[] = {0, .01, .25, .5, .75, .9, .99, .999, 1};
	size_t i;

	for (i = 0; i < NELEMS(qs); i++) {
		int64_t truth = sorted[(size_t)(qs[i] * (double)(n - 1))];
		int64_t got = sketch_quantile(s, qs[i]);

		if (llabs(got - truth) > truth / 100 + 1)
			fail_msg("q %g: %lld, but %lld was expected", qs[i],
			    (long long)got, (long long)truth);
	}
}

static void
every_quantile_is_within_one_percent(void **state)
{
	static int64_t values[N];
	struct sketch s;
	int shape, i;

	(void)state;
	for (shape = 0; shape < 5; shape++) {
		sketch_init(&s);
		for (i = 0; i < N; i++)
			sketch_add(&s, values[i] = draw(shape));
		qsort(values, N, sizeof(*values), compare);
		assert_int_equal(s.count, N);
		expect_near(&s, values, N);
		sketch_fini(&s);
	}
}

static void
extreme_values_keep_their_place(void **state)
{
	struct sketch s;

	(void)state;
	sketch_init(&s);
	assert_int_equal(sketch_quantile(&s, 0.5), 0);
	sketch_add(&s, -5);
	sketch_add(&s, 0);
	sketch_add(&s, 1);
	sketch_add(&s, INT64_MAX);
	assert_int_equal(s.zero_count, 2);
	assert_int_equal(sketch_quantile(&s, 0), 0);
	assert_int_equal(sketch_quantile(&s, 0.67), 1);
	assert_true(sketch_quantile(&s, 1) > INT64_MAX / 100 * 98);
	assert_true(s.len <= SKETCH_BINS_MOST);
	sketch_fini(&s);
}

/* Through the coded form, in pieces, as rollups are read. */
static void
merged_pieces_equal_the_whole(void **state)
{
	static int64_t values[N];
	struct sketch whole, piece, merged;
	struct buf coded, other;
	int i;

	(void)state;
	sketch_init(&whole);
	sketch_init(&merged);
	buf_init(&coded, 1 << 20);
	sketch_init(&piece);
	for (i = 0; i < N; i++) {
		sketch_add(&whole, values[i] = draw(i % 5));
		sketch_add(&piece, values[i]);
		if (i % 97 != 96 && i != N - 1)
			continue;
		buf_reset(&coded);
		sketch_encode(&piece, &coded);
		assert_int_equal(sketch_merge_coded(&merged, coded.data,
		    coded.len), 0);
		sketch_fini(&piece);
	}
	qsort(values, N, sizeof(*values), compare);
	expect_near(&merged, values, N);
	assert_int_equal(merged.count, whole.count);
	buf_reset(&coded);
	sketch_encode(&whole, &coded);
	buf_init(&other, 1 << 20);
	sketch_encode(&merged, &other);
	assert_int_equal(other.len, coded.len);
	assert_memory_equal(other.data, coded.data, coded.len);
	buf_fini(&other);
	buf_fini(&coded);
	sketch_fini(&whole);
	sketch_fini(&merged);
}

static void
a_minute_of_runs_takes_few_bytes(void **state)
{
	struct sketch s;
	struct buf coded;
	int i;

	(void)state;
	sketch_init(&s);
	buf_init(&coded, 1 << 20);
	for (i = 0; i < 60; i++)
		sketch_add(&s, 120000 + (int64_t)(uniform() * 30000));
	sketch_encode(&s, &coded);
	assert_true(coded.len < 40);
	buf_fini(&coded);
	sketch_fini(&s);
}

static void
bytes_that_are_no_sketch_are_refused_and_change_nothing(void **state)
{
	static const struct {
		const char *what;
		const char *bytes;
		size_t len;
	} bad[] = {
		{"other version", "\2\0\0", 3},
		{"nothing after the version", "\1", 1},
		{"bins missing", "\1\0\2\5\1", 5},
		{"a bin counted zero", "\1\0\1\5\0", 5},
		{"the same bin twice", "\1\0\2\5\1\0\1", 7},
		{"a bin too high", "\1\0\1\377\177\1", 6},
		{"too many bins", "\1\0\377\177", 4},
		{"bytes left over", "\1\0\1\5\1\1", 6},
		{"an endless varint", "\1\200\200\200\200\200\200\200\200\200"
		    "\200\200", 12},
		{"a count over int64", "\1\0\2\1\377\377\377\377\377\377\377"
		    "\377\177\1\1", 15},
	};
	struct sketch s;
	size_t i;

	(void)state;
	sketch_init(&s);
	sketch_add(&s, 1000);
	for (i = 0; i < NELEMS(bad); i++) {
		if (sketch_merge_coded(&s, bad[i].bytes, bad[i].len) !=
		    ERR_CORRUPT)
			fail_msg("%s was taken", bad[i].what);
		assert_int_equal(s.count, 1);
		assert_int_equal(s.len, 1);
	}
	assert_int_equal(sketch_merge_coded(&s, "", 0), 0);
	sketch_fini(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_quantile_is_within_one_percent),
		cmocka_unit_test(extreme_values_keep_their_place),
		cmocka_unit_test(merged_pieces_equal_the_whole),
		cmocka_unit_test(a_minute_of_runs_takes_few_bytes),
		cmocka_unit_test(
		    bytes_that_are_no_sketch_are_refused_and_change_nothing),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
