/* SPDX-License-Identifier: ISC */
#include "tests/unit/unit.h"

#include "base/mem.h"
#include "probe/run_rules.h"

static void
a_request_without_an_answer_is_unknown_when_money_may_have_moved(void **state)
{
	static const struct {
		enum http_verdict verdict;
		bool was_sent, is_idempotent;
		enum outcome outcome;
	} rows[] = {
		{HTTP_ANSWERED, true, false, OUTCOME_PASSED},
		{HTTP_NO_ANSWER, false, false, OUTCOME_UNREACHABLE},
		{HTTP_NO_ANSWER, false, true, OUTCOME_UNREACHABLE},
		{HTTP_NO_ANSWER, true, true, OUTCOME_UNREACHABLE},
		{HTTP_NO_ANSWER, true, false, OUTCOME_UNKNOWN},
		{HTTP_TOO_BIG, true, false, OUTCOME_FAILED},
		{HTTP_IMPOSSIBLE, false, true, OUTCOME_INVALID},
	};
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(rows); i++)
		assert_int_equal(run_rules_transfer(rows[i].verdict,
		    rows[i].was_sent, rows[i].is_idempotent),
		    rows[i].outcome);
}

static void
findings_about_the_answer_outweigh_those_about_the_definition(void **state)
{
	struct findings f;

	(void)state;
	findings_init(&f);
	assert_int_equal(run_rules_findings(&f), OUTCOME_PASSED);
	findings_add(&f, FINDING_DEFINITION, (struct place){0}, NULL, NULL,
	    "undefined");
	assert_int_equal(run_rules_findings(&f), OUTCOME_INVALID);
	findings_add(&f, FINDING_ASSERT, (struct place){0}, NULL, NULL,
	    "failed");
	assert_int_equal(run_rules_findings(&f), OUTCOME_FAILED);
	findings_fini(&f);
}

static void
clean_up_has_ten_seconds_or_the_timeout_when_that_is_less(void **state)
{
	(void)state;
	assert_int_equal(run_rules_clean_up(SPAN_MIN), 10 * SPAN_S);
	assert_int_equal(run_rules_clean_up(10 * SPAN_S), 10 * SPAN_S);
	assert_int_equal(run_rules_clean_up(SPAN_S), SPAN_S);
}

static void
nothing_is_retried_that_must_not_be_sent_twice(void **state)
{
	(void)state;
	assert_false(run_rules_retries(OUTCOME_FAILED, 1, 0));
	assert_true(run_rules_retries(OUTCOME_FAILED, 1, 1));
	assert_false(run_rules_retries(OUTCOME_FAILED, 2, 1));
	assert_true(run_rules_retries(OUTCOME_UNREACHABLE, 9, -1));
	assert_false(run_rules_retries(OUTCOME_UNKNOWN, 1, -1));
	assert_true(run_rules_retries(OUTCOME_INVALID, 1, -1));
	assert_false(run_rules_retries(OUTCOME_PASSED, 1, -1));
}

static void
hosts_outside_the_patterns_are_refused_by_every_way_to_them(void **state)
{
	static const char *const patterns[] = {"*.ok.test", "127.0.0.1"};
	static const struct {
		const char *url, *resolve, *connect, *proxy;
		const char *refused; /* NULL: allowed */
	} rows[] = {
		{"http://a.ok.test/", NULL, NULL, NULL, NULL},
		{"http://127.0.0.1:81/", NULL, NULL, NULL, NULL},
		{"http://127.1/", NULL, NULL, NULL, NULL},
		{"https://evil.test/", NULL, NULL, NULL, "evil.test:443"},
		{"http://a.ok.test@evil.test/", NULL, NULL, NULL,
		 "evil.test:80"},
		{"http://evil.test#@a.ok.test/", NULL, NULL, NULL,
		 "evil.test:80"},
		{"http://evil.test/?a.ok.test", NULL, NULL, NULL,
		 "evil.test:80"},
		{"http://[::1]:9/", NULL, NULL, NULL, "::1:9"},
		{"http://a.ok.test/", "a.ok.test:80:127.0.0.1", NULL, NULL,
		 NULL},
		{"http://a.ok.test/", "a.ok.test:80:127.0.0.1,10.0.0.1",
		 NULL, NULL, "10.0.0.1:80"},
		{"http://a.ok.test/", "+a.ok.test:80:[::1]", NULL, NULL,
		 "::1:80"},
		{"http://a.ok.test/", "-a.ok.test:80", NULL, NULL, NULL},
		{"http://a.ok.test/", NULL, "a.ok.test:80:b.ok.test:81",
		 NULL, NULL},
		{"http://a.ok.test/", NULL, "::evil.test:81", NULL,
		 "evil.test:81"},
		{"http://a.ok.test/", NULL, "::[::1]:", NULL, "::1:80"},
		{"http://a.ok.test/", NULL, ":::81", NULL, NULL},
		{"http://a.ok.test/", NULL, NULL, "http://p.ok.test:3128",
		 NULL},
		{"http://a.ok.test/", NULL, NULL, "evil.test:3128",
		 "evil.test:3128"},
		{"http://a.ok.test/", NULL, NULL, "socks5h://evil.test",
		 "evil.test:1080"},
	};
	struct http_request r;
	char out[300];
	const char *refused;
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(rows); i++) {
		r = (struct http_request){.method = "GET",
		    .url = rows[i].url};
		r.options.resolves = &rows[i].resolve;
		r.options.resolve_count = rows[i].resolve != NULL;
		r.options.connects = &rows[i].connect;
		r.options.connect_count = rows[i].connect != NULL;
		r.options.proxy = rows[i].proxy;
		refused = run_rules_refused_host(patterns, NELEMS(patterns),
		    &r, out, sizeof(out));
		if (rows[i].refused == NULL) {
			assert_null(refused);
			continue;
		}
		assert_non_null(refused);
		assert_string_equal(refused, rows[i].refused);
		assert_null(run_rules_refused_host(NULL, 0, &r, out,
		    sizeof(out)));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_request_without_an_answer_is_unknown_when_money_may_have_moved),
		cmocka_unit_test(
		    findings_about_the_answer_outweigh_those_about_the_definition),
		cmocka_unit_test(
		    clean_up_has_ten_seconds_or_the_timeout_when_that_is_less),
		cmocka_unit_test(
		    nothing_is_retried_that_must_not_be_sent_twice),
		cmocka_unit_test(
		    hosts_outside_the_patterns_are_refused_by_every_way_to_them),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
