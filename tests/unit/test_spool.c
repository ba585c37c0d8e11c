/* SPDX-License-Identifier: ISC */
/* The spool on a real directory, with what a crash or a full disk leaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/proc.h"
#include "scheduler/spool.h"

static char dir[64];

static int
setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/test-spool-XXXXXX");
	return (mkdtemp(dir) == NULL ? -1 : 0);
}

static size_t
count_files(char *last)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	size_t n = 0;

	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		n++;
		if (last != NULL)
			sprintf(last, "%s/%s", dir, e->d_name);
	}
	closedir(d);
	return (n);
}

static int
teardown(void **state)
{
	char path[400];

	(void)state;
	while (count_files(path) > 0)
		unlink(path);
	return (rmdir(dir));
}

static int
append(struct spool *s, int i, size_t pad)
{
	char doc[4096];
	struct message m = {.type = MESSAGE_RESULT, .code = OUTCOME_FAILED,
	    .doc = doc};
	int rc;

	m.doc_len = (size_t)snprintf(doc, sizeof(doc), "{\"n\":%d,\"pad\":"
	    "\"%0*d\"}", i, (int)pad, 0);
	memset(m.id, i, sizeof(m.id));
	rc = spool_append(s, &m, NULL);
	return (rc);
}

static void
assert_reads(struct spool *s, int i, uint64_t *segment)
{
	struct message m;
	char want[32];
	uint64_t g;

	assert_int_equal(spool_read(s, &m, &g), 0);
	snprintf(want, sizeof(want), "{\"n\":%d,", i);
	assert_memory_equal(m.doc, want, strlen(want));
	assert_int_equal(m.code, OUTCOME_FAILED);
	assert_int_equal(m.id[3], (uint8_t)i);
	if (segment != NULL)
		*segment = g;
}

static void
assert_all_read(struct spool *s)
{
	struct message m;
	uint64_t g;

	assert_int_equal(spool_read(s, &m, &g), ERR_NOT_FOUND);
	assert_true(spool_is_read(s));
}

static void
events_come_back_in_order_and_leave_the_disk_when_done(void **state)
{
	enum { EVENTS = 20000 };
	struct spool *s;
	uint64_t *segments = xcalloc(EVENTS, sizeof(*segments));
	int i;

	(void)state;
	assert_int_equal(spool_open(dir, &s), 0);
	assert_true(spool_is_read(s));
	for (i = 0; i < EVENTS; i++)
		assert_int_equal(append(s, i, 2000), 0);
	assert_true(count_files(NULL) > 2);
	for (i = 0; i < EVENTS; i++)
		assert_reads(s, i, &segments[i]);
	assert_all_read(s);
	assert_true(count_files(NULL) > 2);
	for (i = 0; i < EVENTS; i++)
		spool_done(s, segments[i]);
	assert_int_equal(count_files(NULL), 0);
	assert_int_equal(spool_bytes(s), 0);
	spool_close(&s);
	free(segments);
}

static void
what_was_not_done_is_found_again(void **state)
{
	struct spool *s;
	uint64_t segment;
	int i;

	(void)state;
	assert_int_equal(spool_open(dir, &s), 0);
	for (i = 0; i < 10; i++)
		append(s, i, 10);
	for (i = 0; i < 5; i++) {
		assert_reads(s, i, &segment);
		spool_done(s, segment);
	}
	spool_close(&s);
	assert_int_equal(spool_open(dir, &s), 0);
	assert_false(spool_is_read(s));
	append(s, 10, 10);
	for (i = 0; i < 11; i++) {
		assert_reads(s, i, &segment);
		spool_done(s, segment);
	}
	assert_all_read(s);
	assert_int_equal(count_files(NULL), 0);
	spool_close(&s);
}

static void
a_torn_end_loses_only_itself(void **state)
{
	struct spool *s;
	char path[400];
	uint64_t segment;
	int cut, fd;
	off_t size;

	(void)state;
	for (cut = 1; cut < 120; cut += 7) {
		assert_int_equal(spool_open(dir, &s), 0);
		append(s, 1, 10);
		append(s, 2, 60);
		spool_close(&s);
		assert_int_equal(count_files(path), 1);
		fd = open(path, O_RDWR);
		size = lseek(fd, 0, SEEK_END);
		assert_int_equal(ftruncate(fd, size - cut), 0);
		close(fd);
		assert_int_equal(spool_open(dir, &s), 0);
		append(s, 3, 10);
		assert_reads(s, 1, &segment);
		spool_done(s, segment);
		assert_reads(s, 3, &segment);
		spool_done(s, segment);
		assert_all_read(s);
		assert_int_equal(count_files(NULL), 0);
		spool_close(&s);
	}
}

static void
a_changed_byte_is_noticed(void **state)
{
	struct spool *s;
	char path[400], byte;
	int fd, at;

	(void)state;
	for (at = 0; at < 60; at++) {
		assert_int_equal(spool_open(dir, &s), 0);
		append(s, 1, 10);
		spool_close(&s);
		assert_int_equal(count_files(path), 1);
		fd = open(path, O_RDWR);
		assert_int_equal(pread(fd, &byte, 1, at), 1);
		byte ^= 0x10;
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		close(fd);
		assert_int_equal(spool_open(dir, &s), 0);
		assert_all_read(s);
		assert_int_equal(count_files(NULL), 0);
		spool_close(&s);
	}
}

static void
a_full_disk_refuses_whole_events_and_keeps_the_others(void **state)
{
	struct rlimit old, small = {1000, 0};
	struct spool *s;
	int i, n = 0;

	(void)state;
	proc_init(0); /* ignores SIGXFSZ */
	getrlimit(RLIMIT_FSIZE, &old);
	small.rlim_max = old.rlim_max;
	assert_int_equal(spool_open(dir, &s), 0);
	setrlimit(RLIMIT_FSIZE, &small);
	while (append(s, n, 100) == 0)
		n++;
	setrlimit(RLIMIT_FSIZE, &old);
	assert_in_range(n, 4, 8);
	assert_int_equal(append(s, n++, 100), 0);
	for (i = 0; i < n; i++)
		assert_reads(s, i, NULL);
	assert_all_read(s);
	spool_close(&s);
}

/* With the folder of the store, say. */
static void
a_removed_directory_is_made_again(void **state)
{
	struct spool *s;

	(void)state;
	assert_int_equal(spool_open(dir, &s), 0);
	assert_int_equal(rmdir(dir), 0);
	assert_int_equal(append(s, 1, 10), 0);
	assert_int_equal(count_files(NULL), 1);
	assert_reads(s, 1, NULL);
	spool_close(&s);
}

/* As with no descriptor to spare for a moment. */
static void
events_wait_for_a_descriptor(void **state)
{
	struct rlimit old, none = {0, 0};
	struct message m;
	struct spool *s;
	uint64_t g;

	(void)state;
	assert_int_equal(spool_open(dir, &s), 0);
	assert_int_equal(append(s, 1, 10), 0);
	spool_close(&s);
	assert_int_equal(spool_open(dir, &s), 0);
	getrlimit(RLIMIT_NOFILE, &old);
	none.rlim_max = old.rlim_max;
	setrlimit(RLIMIT_NOFILE, &none);
	assert_int_equal(spool_read(s, &m, &g), ERR_BUSY);
	setrlimit(RLIMIT_NOFILE, &old);
	assert_false(spool_is_read(s));
	assert_reads(s, 1, &g);
	spool_done(s, g);
	assert_int_equal(count_files(NULL), 0);
	spool_close(&s);
}

static void
a_segment_that_the_disk_does_not_give_is_kept(void **state)
{
	char path[400], aside[80];
	struct spool *s;
	uint64_t g;

	(void)state;
	snprintf(aside, sizeof(aside), "%s.aside", dir);
	assert_int_equal(spool_open(dir, &s), 0);
	assert_int_equal(append(s, 1, 10), 0);
	spool_close(&s);
	assert_int_equal(spool_open(dir, &s), 0);
	assert_int_equal(append(s, 2, 10), 0);
	/* A link to itself cannot be opened. */
	snprintf(path, sizeof(path), "%s/events-%020d.spool", dir, 1);
	assert_int_equal(rename(path, aside), 0);
	assert_int_equal(symlink(path, path), 0);
	assert_reads(s, 2, &g);
	spool_done(s, g);
	assert_all_read(s);
	spool_close(&s);
	assert_int_equal(rename(aside, path), 0);
	assert_int_equal(spool_open(dir, &s), 0);
	assert_reads(s, 1, NULL);
	spool_close(&s);
}

static void
what_is_skipped_is_on_disk_but_not_read(void **state)
{
	struct message m = {.type = MESSAGE_RESULT, .doc = "{}", .doc_len = 2};
	struct spool *s;
	uint64_t a, b;

	(void)state;
	assert_int_equal(spool_open(dir, &s), 0);
	assert_int_equal(spool_append(s, &m, &a), 0);
	assert_int_equal(spool_append(s, &m, &b), 0);
	spool_skip(s);
	assert_all_read(s);
	append(s, 7, 10);
	assert_int_equal(count_files(NULL), 2);
	spool_done(s, a);
	spool_done(s, b);
	assert_int_equal(count_files(NULL), 1);
	assert_reads(s, 7, NULL);
	spool_close(&s);
}

static void
a_directory_serves_one_process(void **state)
{
	struct spool *s, *other;

	(void)state;
	assert_int_equal(spool_open(dir, &s), 0);
	assert_int_equal(spool_open(dir, &other), ERR_BUSY);
	spool_close(&s);
	assert_int_equal(spool_open(dir, &other), 0);
	spool_close(&other);
}

static void
count_cb(const struct message *m, void *arg)
{
	int *count = arg;
	char want[32];

	snprintf(want, sizeof(want), "{\"n\":%d,", (*count)++);
	assert_memory_equal(m->doc, want, strlen(want));
}

static void
a_scan_shows_what_is_left_and_leaves_it(void **state)
{
	struct spool *s;
	int i, count = 0;

	(void)state;
	assert_int_equal(spool_open(dir, &s), 0);
	for (i = 0; i < 10; i++)
		append(s, i, 10);
	spool_close(&s);
	assert_int_equal(spool_open(dir, &s), 0);
	spool_scan(s, 1 << 20, count_cb, &count);
	assert_int_equal(count, 10);
	count = 0;
	spool_scan(s, 1, count_cb, &count);
	assert_int_equal(count, 1);
	for (i = 0; i < 10; i++)
		assert_reads(s, i, NULL);
	assert_all_read(s);
	spool_close(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	    TEST(events_come_back_in_order_and_leave_the_disk_when_done),
	    TEST(what_was_not_done_is_found_again),
	    TEST(a_torn_end_loses_only_itself),
	    TEST(a_changed_byte_is_noticed),
	    TEST(a_full_disk_refuses_whole_events_and_keeps_the_others),
	    TEST(events_wait_for_a_descriptor),
	    TEST(a_segment_that_the_disk_does_not_give_is_kept),
	    TEST(what_is_skipped_is_on_disk_but_not_read),
	    TEST(a_removed_directory_is_made_again),
	    TEST(a_directory_serves_one_process),
	    TEST(a_scan_shows_what_is_left_and_leaves_it),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
