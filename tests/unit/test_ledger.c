/* SPDX-License-Identifier: ISC */
/* A map on disk, read again after an end of every kind. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "scheduler/ledger.h"

struct bench {
	char dir[64];
	char path[80];
	struct ledger *ledger;
};

static void
setup(struct bench *b)
{
	strcpy(b->dir, "/tmp/test-ledger-XXXXXX");
	assert_non_null(mkdtemp(b->dir));
	snprintf(b->path, sizeof(b->path), "%s/ledger", b->dir);
	b->ledger = ledger_open(b->path);
}

static void
teardown(struct bench *b)
{
	ledger_close(&b->ledger);
	unlink(b->path);
	assert_int_equal(rmdir(b->dir), 0);
}

static char *
read_text(const struct bench *b, size_t *len)
{
	char *text;

	assert_int_equal(file_read(b->path, 1 << 20, &text, len), 0);
	return (text);
}

/* Another process opens what is on disk now. */
static void
open_again(struct bench *b)
{
	size_t len;
	char *text = read_text(b, &len);

	ledger_close(&b->ledger);
	assert_int_equal(file_replace(b->path, text, len), 0);
	free(text);
	b->ledger = ledger_open(b->path);
}

static void
what_was_flushed_is_there_again(void **state)
{
	struct bench b;
	const char *odd = "a\tb\n\"c\"";

	(void)state;
	setup(&b);
	ledger_put(b.ledger, "one", "{\"n\":1}");
	ledger_put(b.ledger, "two", "[1, 2]");
	ledger_put(b.ledger, odd, "\"text\"");
	ledger_put(b.ledger, "one", "{\"n\":2}");
	ledger_remove(b.ledger, "two");
	ledger_remove(b.ledger, "never");
	ledger_flush(b.ledger);
	ledger_put(b.ledger, "late", "0");
	open_again(&b);
	assert_string_equal(ledger_find(b.ledger, "one"), "{\"n\":2}");
	assert_string_equal(ledger_find(b.ledger, odd), "\"text\"");
	assert_null(ledger_find(b.ledger, "two"));
	assert_null(ledger_find(b.ledger, "late"));
	assert_string_equal(ledger_next(b.ledger, NULL), "one");
	assert_string_equal(ledger_next(b.ledger, "one"), odd);
	assert_null(ledger_next(b.ledger, odd));
	teardown(&b);
}

static void
a_torn_or_foreign_line_is_passed_over(void **state)
{
	static const char text[] = "{\"name\":\"a\",\"value\":1}\n"
	    "nonsense\n[]\n\n{\"value\":3}\n{\"name\":7,\"value\":3}\n"
	    "{\"name\":\"b\",\"value\":2}\n{\"name\":\"a\"";
	struct bench b;

	(void)state;
	setup(&b);
	ledger_close(&b.ledger);
	assert_int_equal(file_replace(b.path, text, sizeof(text) - 1), 0);
	b.ledger = ledger_open(b.path);
	assert_string_equal(ledger_find(b.ledger, "a"), "1");
	assert_string_equal(ledger_find(b.ledger, "b"), "2");
	/* What follows the torn one must not be torn with it. */
	ledger_put(b.ledger, "c", "3");
	ledger_flush(b.ledger);
	open_again(&b);
	assert_string_equal(ledger_find(b.ledger, "c"), "3");
	assert_string_equal(ledger_next(b.ledger, "b"), "c");
	teardown(&b);
}

static void
the_file_stays_small_whatever_happens(void **state)
{
	struct bench b;
	struct stat st;
	char value[32];
	int i;

	(void)state;
	setup(&b);
	for (i = 0; i < 100000; i++) {
		snprintf(value, sizeof(value), "%d", i);
		ledger_put(b.ledger, "streak", value);
		ledger_flush(b.ledger);
	}
	assert_int_equal(stat(b.path, &st), 0);
	assert_in_range(st.st_size, 30, 300000);
	open_again(&b);
	assert_string_equal(ledger_find(b.ledger, "streak"), "99999");
	teardown(&b);
}

static void
what_could_not_be_written_is_written_later(void **state)
{
	struct bench b;
	char moved[80];

	(void)state;
	setup(&b);
	ledger_close(&b.ledger);
	snprintf(moved, sizeof(moved), "%s.away", b.dir);
	assert_int_equal(rename(b.dir, moved), 0);
	b.ledger = ledger_open(b.path);
	ledger_put(b.ledger, "a", "1");
	ledger_flush(b.ledger);
	assert_string_equal(ledger_find(b.ledger, "a"), "1");
	assert_int_equal(rename(moved, b.dir), 0);
	ledger_put(b.ledger, "b", "2");
	ledger_flush(b.ledger);
	open_again(&b);
	assert_string_equal(ledger_find(b.ledger, "a"), "1");
	assert_string_equal(ledger_find(b.ledger, "b"), "2");
	teardown(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_was_flushed_is_there_again),
	    cmocka_unit_test(a_torn_or_foreign_line_is_passed_over),
	    cmocka_unit_test(the_file_stays_small_whatever_happens),
	    cmocka_unit_test(what_could_not_be_written_is_written_later),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
