/* SPDX-License-Identifier: ISC */
/* store/client: finds the store of a directory, or starts one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "base/proc.h"
#include "store/client.h"
#include "tests/unit/store_fixture.h"

static char *dir;

static int
set_up(void **state)
{
	(void)state;
	dir = fixture_dir();
	clock_install(NULL);
	return (0);
}

static int
tear_down(void **state)
{
	(void)state;
	fixture_remove(dir);
	return (0);
}

static const char gate[] = "{\"version\":1,\"service\":\"payments\","
    "\"verdict\":\"pass\",\"rounds\":[{\"round\":1}]}";

static int
send(struct store_client *sc, const char *doc, struct cause *c)
{
	const struct message m = {.type = MESSAGE_GATE, .id = {1, 2},
	    .doc = doc, .doc_len = strlen(doc)};

	return (store_client_send(sc, &m, 20 * SPAN_S, c));
}

static struct store_client *
open_client(struct cause *c)
{
	struct store_client *sc = NULL;
	int rc = store_client_open(dir, 20 * SPAN_S, &sc, c);

	if (rc != 0)
		cause_print(c, stderr);
	assert_int_equal(rc, 0);
	return (sc);
}

static void
store_is_started_for_as_long_as_it_is_needed(void **state)
{
	struct store_client *sc;
	struct store_writer *w;
	struct cause c;

	(void)state;
	cause_init(&c);
	sc = open_client(&c);
	assert_int_equal(send(sc, gate, &c), 0);
	assert_int_equal(send(sc, gate, &c), 0);
	store_client_close(&sc);
	assert_int_equal(fixture_int(dir, "main.db",
	    "SELECT count(*) FROM gate_round"), 1);
	/* It has ended: the lock is free. */
	w = fixture_open(dir);
	store_writer_close(&w);
	cause_fini(&c);
}

static void
running_store_is_shared_by_several_clients(void **state)
{
	struct store_client *first, *second;
	struct cause c;

	(void)state;
	cause_init(&c);
	first = open_client(&c);
	second = open_client(&c);
	assert_int_equal(send(second, gate, &c), 0);
	assert_int_equal(send(first, gate, &c), 0);
	store_client_close(&second);
	assert_int_equal(send(first, gate, &c), 0);
	store_client_close(&first);
	cause_fini(&c);
}

static void
refused_document_is_told_with_the_reason(void **state)
{
	struct store_client *sc;
	struct cause c;

	(void)state;
	cause_init(&c);
	sc = open_client(&c);
	assert_int_equal(send(sc, "[1]", &c), ERR_IO);
	assert_int_equal(c.count, 1);
	assert_non_null(strstr(c.entries[0].sentence, "refused"));
	assert_int_equal(send(sc, gate, &c), 0);
	store_client_close(&sc);
	cause_fini(&c);
}

static void
place_that_cannot_be_a_store_is_told_in_time(void **state)
{
	struct store_client *sc = NULL;
	mono_us start = clock_mono();
	struct cause c;

	(void)state;
	cause_init(&c);
	assert_int_not_equal(store_client_open("/proc/none", 300 * SPAN_MS,
	    &sc, &c), 0);
	assert_null(sc);
	assert_true(c.count > 0);
	assert_true(clock_mono() - start < 20 * SPAN_S);
	cause_fini(&c);
}

static void
store_that_cannot_start_is_not_started_for_ever(void **state)
{
	char *path = file_join(dir, "main.db");
	struct store_client *sc = NULL;
	struct cause c;

	(void)state;
	assert_int_equal(mkdir(path, 0700), 0); /* in the way */
	free(path);
	cause_init(&c);
	assert_int_equal(store_client_open(dir, 10 * SPAN_H, &sc, &c),
	    ERR_BUSY);
	assert_null(sc);
	cause_fini(&c);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(store_is_started_for_as_long_as_it_is_needed),
		TEST(running_store_is_shared_by_several_clients),
		TEST(refused_document_is_told_with_the_reason),
		TEST(place_that_cannot_be_a_store_is_told_in_time),
		TEST(store_that_cannot_start_is_not_started_for_ever),
	};
	char *bin = proc_sibling("../..");

	setenv("E2E_BIN", bin, 1);
	free(bin);
	signal(SIGPIPE, SIG_IGN);
	log_init("test", LOG_ERROR);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
