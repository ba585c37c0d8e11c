/* SPDX-License-Identifier: ISC */
/* gate/transcript, gate/replay: a recorded gate gives its verdict again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "base/json_out.h"
#include "gate/replay.h"
#include "tests/unit/gate_fixture.h"

static const struct {
	struct fixture_gate gate;
	enum engine_verdict verdict;
	int exit_code;
} table[] = {
    {{500, 0, 1, 0, false}, ENGINE_PASS, EXIT_GOOD},
    {{500, 0, 1, 0, true}, ENGINE_PASS, EXIT_GOOD},
    {{500, .3, 1, 0, true}, ENGINE_BLOCK, EXIT_BAD},
    {{500, 0, 2, 11, true}, ENGINE_BLOCK, EXIT_BAD},
    {{20, 0, 1, 0, false}, ENGINE_INCONCLUSIVE, EXIT_INCONCLUSIVE},
    {{50, 0, 1, 3, true}, ENGINE_INCONCLUSIVE, EXIT_UNMEASURED},
};

static int
replay_text(const char *text, size_t len, struct replay *out)
{
	struct transcript t;
	struct cause cause;
	int rc;

	cause_init(&cause);
	rc = transcript_read(text, len, &t, &cause);
	assert_true((rc == 0) == (cause.error_count == 0));
	cause_fini(&cause);
	if (rc != 0)
		return (rc);
	replay_run(&t, out);
	transcript_fini(&t);
	return (0);
}

static void
every_verdict_comes_again_to_the_last_bit(void **state)
{
	struct fixture f;
	struct replay r;
	struct buf doc;
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(table); i++) {
		fixture_init(&f, &table[i].gate);
		buf_init(&doc, REPORT_MOST_BYTES);
		fixture_document(&f, &doc);
		assert_int_equal(replay_text(doc.data, doc.len, &r), 0);
		assert_int_equal(r.verdict, table[i].verdict);
		assert_true(r.log_e == engine_log_evidence(f.session.engine));
		assert_int_equal(r.differing, 0);
		assert_int_equal(r.streams, 7);
		assert_true(r.agrees);
		assert_int_equal(replay_exit_code(&r), table[i].exit_code);
		buf_fini(&doc);
		fixture_fini(&f);
	}
}

/* Replace the first from by to of the same length. */
static void
change(struct buf *doc, const char *from, const char *to)
{
	char *at = strstr(doc->data, from);

	assert_non_null(at);
	assert_int_equal(strlen(from), strlen(to));
	memcpy(at, to, strlen(to));
}

static void
what_was_changed_afterwards_does_not_agree(void **state)
{
	static const struct {
		const char *from, *to;
		bool is_broken;
	} changes[] = {
	    {"\"verdict\":\"block\"", "\"verdict\":\"clock\"", false},
	    {"\"outcome\":\"failed\"", "\"outcome\":\"passed\"", false},
	    {"\"alpha\":0.01", "\"alpha\":0.09", false},
	    {"\"runs\":5000.125", "\"runs\":5000.126", false},
	    {"\"alpha\":0.01", "\"alpha\":9.01", true},
	    {"\"guard\":", "\"guar_\":", true},
	    {"\"pair\":2,", "\"pair\":3,", true},
	    {"\"outcome\":\"failed\"", "\"outcome\":\"fooled\"", true},
	    {"\"kind\":\"warmup\"", "\"kind\":\"normal\"", true},
	    {"\"rounds\":[", "\"rouxds\":[", true},
	    {"\"version\":1", "\"version\":2", true},
	    {"\"latency_ns\":[", "\"latency_n_\":[", true},
	    {"\"phi0\":[[0.1", "\"phi0\":[[\"1\"", true},
	};
	struct fixture f;
	struct replay r;
	struct buf doc;
	size_t i;
	int rc;

	(void)state;
	fixture_init(&f, &table[2].gate);
	for (i = 0; i < NELEMS(changes); i++) {
		buf_init(&doc, REPORT_MOST_BYTES);
		fixture_document(&f, &doc);
		change(&doc, changes[i].from, changes[i].to);
		rc = replay_text(doc.data, doc.len, &r);
		assert_int_equal(rc, changes[i].is_broken ? ERR_SYNTAX : 0);
		if (rc == 0) {
			assert_false(r.agrees);
			assert_int_equal(replay_exit_code(&r),
			    EXIT_UNMEASURED);
		}
		buf_fini(&doc);
	}
	fixture_fini(&f);
}

static void
a_document_cut_anywhere_is_broken(void **state)
{
	struct fixture f;
	struct replay r;
	struct buf doc;
	size_t len;

	(void)state;
	fixture_init(&f, &table[4].gate);
	buf_init(&doc, REPORT_MOST_BYTES);
	fixture_document(&f, &doc);
	for (len = 0; len < doc.len - 2; len += 17)
		assert_int_equal(replay_text(doc.data, len, &r), ERR_SYNTAX);
	buf_fini(&doc);
	fixture_fini(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_verdict_comes_again_to_the_last_bit),
	    cmocka_unit_test(what_was_changed_afterwards_does_not_agree),
	    cmocka_unit_test(a_document_cut_anywhere_is_broken),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
