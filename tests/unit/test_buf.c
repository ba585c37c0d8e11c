/* SPDX-License-Identifier: ISC */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"

static void
a_buffer_grows_and_stays_terminated(void **state)
{
	struct buf b;
	int i;

	(void)state;
	buf_init(&b, 100000);
	assert_string_equal(buf_str(&b), "");
	for (i = 0; i < 10000; i++)
		assert_int_equal(buf_printf(&b, "%d,", i % 10), 0);
	assert_int_equal(b.len, 20000);
	assert_int_equal(strlen(b.data), 20000);
	buf_fini(&b);
	assert_null(b.data);
}

static void
an_append_past_the_maximum_fails_softly_and_for_good(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 8);
	assert_int_equal(buf_append(&b, "12345678", 8), 0);
	assert_int_equal(buf_append(&b, "9", 1), ERR_LIMIT);
	assert_string_equal(b.data, "12345678");
	assert_true(b.is_full);
	assert_int_equal(buf_append(&b, "", 0), ERR_LIMIT);
	buf_reset(&b);
	assert_int_equal(buf_printf(&b, "%s", "123456789"), ERR_LIMIT);
	assert_int_equal(b.len, 0);
	buf_fini(&b);
}

static void
draining_keeps_the_rest_and_taking_empties(void **state)
{
	struct buf b;
	char *s;
	size_t len;

	(void)state;
	buf_init(&b, 100);
	buf_append_str(&b, "hello world");
	buf_drain(&b, 6);
	assert_string_equal(b.data, "world");
	s = buf_take(&b, &len);
	assert_string_equal(s, "world");
	assert_int_equal(len, 5);
	assert_int_equal(b.len, 0);
	free(s);
	s = buf_take(&b, NULL);
	assert_string_equal(s, "");
	free(s);
	buf_fini(&b);
}

static void
an_arena_aligns_limits_and_resets(void **state)
{
	struct arena a;
	char *p, *q;
	int i;

	(void)state;
	arena_init(&a, 1 << 20);
	for (i = 0; i < 1000; i++) {
		p = arena_alloc(&a, (size_t)i % 37);
		assert_non_null(p);
		assert_int_equal((uintptr_t)p % 16, 0);
		memset(p, 0xaa, (size_t)i % 37);
	}
	assert_null(arena_alloc(&a, 2 << 20));
	assert_null(arena_alloc(&a, SIZE_MAX));
	assert_null(arena_calloc(&a, SIZE_MAX / 2, 4));
	q = arena_strndup(&a, "abc", 2);
	assert_string_equal(q, "ab");
	arena_reset(&a);
	assert_int_equal(a.used_bytes, 0);
	assert_non_null(arena_alloc(&a, 1000));
	arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_buffer_grows_and_stays_terminated),
	    cmocka_unit_test(
	        an_append_past_the_maximum_fails_softly_and_for_good),
	    cmocka_unit_test(draining_keeps_the_rest_and_taking_empties),
	    cmocka_unit_test(an_arena_aligns_limits_and_resets),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
