/* SPDX-License-Identifier: ISC */
#include "tests/unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "base/must.h"
#include "checks/hosts.h"

static void
hosts_are_covered_exactly_as_their_patterns_say(void **state)
{
	static const struct {
		const char *pattern;
		const char *host;
		int port;
		bool is_covered;
	} rows[] = {
		{"api.example.com", "api.example.com", 443, true},
		{"api.example.com", "API.Example.COM", 443, true},
		{"API.example.com", "api.example.com.", 80, true},
		{"api.example.com", "xapi.example.com", 443, false},
		{"api.example.com", "api.example.com.evil.net", 443, false},
		{"api.example.com", "example.com", 443, false},
		{"*.example.com", "a.example.com", 443, true},
		{"*.example.com", "a.b.Example.com", 443, true},
		{"*.example.com", "example.com", 443, false},
		{"*.example.com", ".example.com", 443, false},
		{"*.example.com", "badexample.com", 443, false},
		{"*.example.com", "a.example.com.evil.net", 443, false},
		{"api.example.com:8443", "api.example.com", 8443, true},
		{"api.example.com:8443", "api.example.com", 443, false},
		{"*.example.com:81", "a.example.com", 81, true},
		{"*.example.com:81", "a.example.com", 82, false},
		{"127.0.0.1", "127.0.0.1", 80, true},
		{"127.0.0.1", "127.0.0.10", 80, false},
		{"127.0.0.1:80", "127.0.0.1", 81, false},
		{"127.0.0.1", "127.1", 80, false},
		{"127.0.0.1", "2130706433", 80, false},
		{"::1", "::1", 80, true},
		{"[::1]", "0:0:0:0:0:0:0:1", 80, true},
		{"[::1]:81", "[::1]", 81, true},
		{"[::1]:81", "::1", 80, false},
		{"::1", "::2", 80, false},
		{"*.0.0.1", "127.0.0.1", 80, false},
		{"*", "anything.at.all", 1, true},
		{"*", "::1", 1, true},
		{"*:443", "a", 443, true},
		{"*:443", "a", 80, false},
		{"*", "", 80, false},
		{"a.com", "", 80, false}
	};
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(rows); i++)
		if (hosts_match(&rows[i].pattern, 1, rows[i].host,
		    rows[i].port) != rows[i].is_covered)
			fail_msg("%s against %s:%d", rows[i].pattern,
			    rows[i].host, rows[i].port);
}

static void
any_pattern_may_cover_and_none_covers_all(void **state)
{
	static const char *const two[] = {"a.example.com", "*.b.example.com"};

	(void)state;
	assert_true(hosts_match(two, 2, "a.example.com", 1));
	assert_true(hosts_match(two, 2, "x.b.example.com", 1));
	assert_false(hosts_match(two, 2, "c.example.com", 1));
	assert_true(hosts_match(NULL, 0, "c.example.com", 1));
}

static void
a_malformed_pattern_is_refused_with_the_reason(void **state)
{
	static const char *const good[] = {"a", "a.b-c_d.e", "*.x.y", "*",
	    "*:80", "1.2.3.4", "1.2.3.4:5", "::1", "[::1]:5", "a:65535",
	    "xn--bcher-kva.example", "4u.example"};
	static const char *const bad[] = {"", "https://a", "a/b", "a..b",
	    ".a", "a b", "*a.b", "a.*.b", "*.", "a:0", "a:65536", "a:",
	    "a:1x", "[a]:1", "[::1", "[::1]x", "1.2.3", "1.2.3.4.5",
	    "*.1", ("b\xc3\xbc" "cher.example")};
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(good); i++)
		if (hosts_check_pattern(good[i]) != NULL)
			fail_msg("%s: %s", good[i],
			    hosts_check_pattern(good[i]));
	for (i = 0; i < NELEMS(bad); i++)
		if (hosts_check_pattern(bad[i]) == NULL)
			fail_msg("'%s' was accepted", bad[i]);
}

static void
the_host_of_a_url_is_the_one_that_is_called(void **state)
{
	static const struct {
		const char *url;
		const char *host; /* NULL: no such URL */
		int port;
	} rows[] = {
		{"http://a.example/x", "a.example", 80},
		{"HTTPS://a.example", "a.example", 443},
		{"https://a.example:8443?x=1", "a.example", 8443},
		{"https://user:pw@a.example/", "a.example", 443},
		{"https://good.example@evil.example/", "evil.example", 443},
		{"https://a.example#@b.example", "a.example", 443},
		{"https://a.example\\@b.example", "a.example", 443},
		{"http://[::1]:81/", "::1", 81},
		{"http://127.0.0.1:8080", "127.0.0.1", 8080},
		{"ftp://a.example", NULL, 0},
		{"https://", NULL, 0},
		{"https://a:99999/", NULL, 0},
		{"a.example", NULL, 0}
	};
	char host[64];
	size_t i;
	int port, rc;

	(void)state;
	for (i = 0; i < NELEMS(rows); i++) {
		rc = hosts_parse_url(rows[i].url, host, sizeof(host), &port);
		if (rows[i].host == NULL) {
			assert_int_equal(rc, ERR_SYNTAX);
			continue;
		}
		assert_int_equal(rc, 0);
		assert_string_equal(host, rows[i].host);
		assert_int_equal(port, rows[i].port);
	}
	assert_int_equal(hosts_parse_url("http://abcdef/", host, 6, &port),
	    ERR_SYNTAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    hosts_are_covered_exactly_as_their_patterns_say),
		cmocka_unit_test(any_pattern_may_cover_and_none_covers_all),
		cmocka_unit_test(
		    a_malformed_pattern_is_refused_with_the_reason),
		cmocka_unit_test(the_host_of_a_url_is_the_one_that_is_called)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
