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
#include "scheduler/journal.h"

struct bench {
	char dir[64];
	char path[80];
	struct journal *journal;
};

static void
setup(struct bench *b)
{
	strcpy(b->dir, "/tmp/test-journal-XXXXXX");
	assert_non_null(mkdtemp(b->dir));
	snprintf(b->path, sizeof(b->path), "%s/journal", b->dir);
	b->journal = journal_open(b->path);
}

static void
teardown(struct bench *b)
{
	journal_close(&b->journal);
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

	journal_close(&b->journal);
	assert_int_equal(file_replace(b->path, text, len), 0);
	free(text);
	b->journal = journal_open(b->path);
}

static void
what_was_flushed_is_there_again(void **state)
{
	struct bench b;
	const char *odd = "a\tb\n\"c\"";

	(void)state;
	setup(&b);
	journal_put(b.journal, "one", "{\"n\":1}");
	journal_put(b.journal, "two", "[1, 2]");
	journal_put(b.journal, odd, "\"text\"");
	journal_put(b.journal, "one", "{\"n\":2}");
	journal_remove(b.journal, "two");
	journal_remove(b.journal, "never");
	journal_flush(b.journal);
	journal_put(b.journal, "late", "0");
	open_again(&b);
	assert_string_equal(journal_find(b.journal, "one"), "{\"n\":2}");
	assert_string_equal(journal_find(b.journal, odd), "\"text\"");
	assert_null(journal_find(b.journal, "two"));
	assert_null(journal_find(b.journal, "late"));
	assert_string_equal(journal_next(b.journal, NULL), "one");
	assert_string_equal(journal_next(b.journal, "one"), odd);
	assert_null(journal_next(b.journal, odd));
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
	journal_close(&b.journal);
	assert_int_equal(file_replace(b.path, text, sizeof(text) - 1), 0);
	b.journal = journal_open(b.path);
	assert_string_equal(journal_find(b.journal, "a"), "1");
	assert_string_equal(journal_find(b.journal, "b"), "2");
	/* What follows the torn one must not be torn with it. */
	journal_put(b.journal, "c", "3");
	journal_flush(b.journal);
	open_again(&b);
	assert_string_equal(journal_find(b.journal, "c"), "3");
	assert_string_equal(journal_next(b.journal, "b"), "c");
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
		journal_put(b.journal, "streak", value);
		journal_flush(b.journal);
	}
	assert_int_equal(stat(b.path, &st), 0);
	assert_in_range(st.st_size, 30, 300000);
	open_again(&b);
	assert_string_equal(journal_find(b.journal, "streak"), "99999");
	teardown(&b);
}

static void
what_could_not_be_written_is_written_later(void **state)
{
	struct bench b;
	char moved[80];

	(void)state;
	setup(&b);
	journal_close(&b.journal);
	snprintf(moved, sizeof(moved), "%s.away", b.dir);
	assert_int_equal(rename(b.dir, moved), 0);
	b.journal = journal_open(b.path);
	journal_put(b.journal, "a", "1");
	journal_flush(b.journal);
	assert_string_equal(journal_find(b.journal, "a"), "1");
	assert_int_equal(rename(moved, b.dir), 0);
	journal_put(b.journal, "b", "2");
	journal_flush(b.journal);
	open_again(&b);
	assert_string_equal(journal_find(b.journal, "a"), "1");
	assert_string_equal(journal_find(b.journal, "b"), "2");
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
