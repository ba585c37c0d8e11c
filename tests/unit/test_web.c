/* SPDX-License-Identifier: ISC */
/* The web room's plain parts: addresses, filters, text, the waterfall. */
#include "tests/unit/unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/html.h"
#include "web/answer.h"
#include "web/server.h"
#include "web/style.h"
#include "web/text.h"
#include "web/waterfall.h"

#define NOW (1800000000 * SPAN_S)

static void
only_the_loopback_may_be_listened_on(void **state)
{
	static const struct {
		const char *text;
		int rc;
		const char *address;
		uint16_t port;
	} rows[] = {{"127.0.0.1:0", 0, "127.0.0.1", 0},
	    {"127.8.9.1:65535", 0, "127.8.9.1", 65535},
	    {"localhost:80", 0, "127.0.0.1", 80}, {"[::1]:8080", 0, "::1",
	    8080}, {"0.0.0.0:80", ERR_UNSUPPORTED, NULL, 0},
	    {"192.168.1.1:80", ERR_UNSUPPORTED, NULL, 0},
	    {"[::]:80", ERR_UNSUPPORTED, NULL, 0},
	    {"[::ffff:10.0.0.1]:80", ERR_UNSUPPORTED, NULL, 0},
	    {"127.0.0.1", ERR_SYNTAX, NULL, 0}, {"127.0.0.1:", ERR_SYNTAX,
	    NULL, 0}, {"127.0.0.1:65536", ERR_SYNTAX, NULL, 0},
	    {"127.0.0.1:-1", ERR_SYNTAX, NULL, 0}, {"example.com:80",
	    ERR_SYNTAX, NULL, 0}, {"[::1:80", ERR_SYNTAX, NULL, 0},
	    {":80", ERR_SYNTAX, NULL, 0}, {"", ERR_SYNTAX, NULL, 0}};
	char address[46];
	uint16_t port;
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(rows); i++) {
		if (server_parse_listen(rows[i].text, address, &port) !=
		    rows[i].rc)
			fail_msg("%s", rows[i].text);
		if (rows[i].rc != 0)
			continue;
		assert_string_equal(address, rows[i].address);
		assert_int_equal(port, rows[i].port);
	}
}

/* Read one parameter into a filter; the sentence or NULL. */
static char *
filter(const char *name, const char *value, struct query_runs *f)
{
	struct answer a;
	char *wrong;

	answer_init(&a, NOW);
	a.params[a.param_count++] = (struct answer_param){name, value};
	wrong = answer_filter(&a, 1000, f);
	answer_fini(&a);
	return (wrong);
}

static void
a_filter_takes_outcomes_times_and_bounds(void **state)
{
	struct query_runs f;

	(void)state;
	assert_null(filter("outcome", "bad", &f));
	assert_int_equal(f.outcomes, 1u << OUTCOME_FAILED |
	    1u << OUTCOME_UNREACHABLE | 1u << OUTCOME_UNKNOWN);
	assert_null(filter("outcome", "passed,lost", &f));
	assert_int_equal(f.outcomes, 1u << OUTCOME_PASSED |
	    1u << OUTCOME_LOST);
	assert_null(filter("since", "90m", &f));
	assert_true(f.since == NOW - 90 * SPAN_MIN);
	assert_null(filter("until", "2027-01-15T08:00:00Z", &f));
	assert_true(f.until == 1800000000 * SPAN_S);
	assert_null(filter("limit", "1000", &f));
	assert_int_equal(f.limit, 1000);
	assert_null(filter("check", "payments/*", &f));
	assert_string_equal(f.which.check, "payments/*");
	assert_null(filter("check", "", &f));
	assert_null(f.which.check);
}

static void
a_wrong_filter_is_told_in_a_sentence(void **state)
{
	static const char *const rows[][2] = {{"outcome", "good"},
	    {"outcome", "passed,"  "x"}, {"since", "yesterday"},
	    {"until", "2026-13-01"}, {"limit", "0"}, {"limit", "1001"},
	    {"limit", "x"}, {"cursor", "nonsense"}};
	struct query_runs f;
	char *wrong;
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(rows); i++) {
		wrong = filter(rows[i][0], rows[i][1], &f);
		if (wrong == NULL || strstr(wrong, rows[i][0]) == NULL)
			fail_msg("%s=%s", rows[i][0], rows[i][1]);
		free(wrong);
	}
}

static void
text_never_becomes_markup(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	html_escape(&b, "<a href='x' b=\"y\">&\xc3\xa9\r\n\t");
	assert_string_equal(b.data, "&lt;a href=&#39;x&#39; b=&quot;y&quot;"
	    "&gt;&amp;\xc3\xa9\r\n\t");
	buf_reset(&b);
	html_escape_n(&b, "a\0b\xff\x1b\xc2\x85", 7);
	assert_string_equal(b.data, "a\xef\xbf\xbd" "b\xef\xbf\xbd"
	    "\xef\xbf\xbd\xef\xbf\xbd");
	buf_reset(&b);
	text_url(&b, "a b/\"<c>?&=%");
	assert_string_equal(b.data, "a%20b/%22%3Cc%3E%3F%26%3D%25");
	buf_fini(&b);
}

static void
numbers_are_written_for_people(void **state)
{
	static const struct {
		span_us t;
		const char *text;
	} rows[] = {{0, "0&nbsp;&micro;s"}, {999, "999&nbsp;&micro;s"},
	    {4210, "4.2&nbsp;ms"}, {129900, "130&nbsp;ms"},
	    {1300000, "1.30&nbsp;s"}, {30000000, "30&nbsp;s"},
	    {600 * SPAN_S, "10&nbsp;min"}, {90 * SPAN_MIN, "90&nbsp;min"},
	    {5 * SPAN_H, "5&nbsp;h"}, {28 * SPAN_DAY, "28&nbsp;days"},
	    {QUERY_NONE, "<span class=\"dim\">&ndash;</span>"}};
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 1000);
	for (i = 0; i < NELEMS(rows); i++) {
		buf_reset(&b);
		text_span(&b, rows[i].t);
		assert_string_equal(b.data, rows[i].text);
	}
	buf_reset(&b);
	text_time(&b, 1795211741123456);
	assert_string_equal(b.data, "2026-11-20 21:55:41.123&nbsp;UTC");
	buf_reset(&b);
	text_share(&b, 0.99999); /* never rounded up to all */
	text_share(&b, 57.0 / 100);
	text_share(&b, 1);
	text_share(&b, NAN);
	assert_string_equal(b.data, "99.99&nbsp;%57.00&nbsp;%100&nbsp;%"
	    "<span class=\"dim\">&ndash;</span>");
	buf_fini(&b);
}

static char *
waterfall(const char *steps, span_us whole)
{
	struct json_doc *doc;
	struct buf b;

	assert_int_equal(json_parse(steps, strlen(steps),
	    &json_limits_default, &doc, NULL), 0);
	buf_init(&b, 1 << 20);
	waterfall_write(&b, json_root(doc), whole, "flow.hurl");
	json_free(&doc);
	return (buf_take(&b, NULL));
}

static void
a_waterfall_shows_where_the_time_went(void **state)
{
	char *html = waterfall("[{\"entry\":1,\"method\":\"POST\",\"url\":"
	    "\"https://x.example/v1/a\",\"status\":200,\"outcome\":"
	    "\"passed\",\"start_us\":0,\"connect_us\":100,\"wait_us\":400,"
	    "\"total_us\":500},{\"entry\":2,\"method\":\"GET\",\"url\":"
	    "\"https://x.example/v1/b\",\"status\":500,\"outcome\":"
	    "\"failed\",\"start_us\":500,\"wait_us\":500,\"total_us\":500,"
	    "\"attempt\":2,\"failures\":[{\"line\":7,\"column\":1,"
	    "\"message\":\"no\",\"expected\":\"200\",\"actual\":\"500\"}]}]",
	    1000);

	(void)state;
	assert_non_null(strstr(html, "<rect class=\"connect\" x=\"0.000%\" "
	    "y=\"3\" width=\"10.000%\""));
	assert_non_null(strstr(html, "<rect class=\"wait\" x=\"10.000%\" "
	    "y=\"3\" width=\"40.000%\""));
	assert_non_null(strstr(html, "<rect class=\"wait\" x=\"50.000%\" "
	    "y=\"3\" width=\"50.000%\""));
	assert_non_null(strstr(html, "</strong> /v1/b</div>"));
	assert_non_null(strstr(html, "attempt 2"));
	assert_non_null(strstr(html, "flow.hurl:7:1"));
	assert_non_null(strstr(html, "<dt>expected</dt><dd class=\"mono\">"
	    "200</dd>"));
	free(html);
}

static void
hostile_steps_stay_inside_their_place(void **state)
{
	char *html = waterfall("[{\"url\":\"<script>\",\"method\":\"\\\"><q>"
	    "\",\"total_us\":9e99,\"start_us\":-5,\"wait_us\":"
	    "9223372036854775807,\"failures\":[{\"message\":\"<i>\","
	    "\"expected\":\"<u>\"},3,null]},7,null,\"x\",[],"
	    "{\"failures\":{}}]", 0);

	(void)state;
	assert_null(strstr(html, "<script>"));
	assert_null(strstr(html, "<q>"));
	assert_null(strstr(html, "<i>"));
	assert_null(strstr(html, "<u>"));
	assert_non_null(strstr(html, "&lt;script&gt;"));
	free(html);
	html = waterfall("{}", 0);
	assert_non_null(strstr(html, "No request was sent."));
	free(html);
	html = waterfall("[{\"start_us\":9223372036854775807,\"total_us\":"
	    "9223372036854775807}]", 5);
	free(html);
}

static void
no_style_but_the_sheet_is_allowed(void **state)
{
	struct buf b;

	(void)state;
	assert_non_null(strstr(style_policy(), "default-src 'none'; "
	    "style-src 'sha256-"));
	buf_init(&b, 1 << 20);
	style_begin(&b, "<x>", 0);
	style_end(&b);
	assert_null(strstr(b.data, "style=\""));
	assert_null(strstr(b.data, "<script"));
	assert_non_null(strstr(b.data, "<title>&lt;x&gt;"));
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(only_the_loopback_may_be_listened_on),
	    cmocka_unit_test(a_filter_takes_outcomes_times_and_bounds),
	    cmocka_unit_test(a_wrong_filter_is_told_in_a_sentence),
	    cmocka_unit_test(text_never_becomes_markup),
	    cmocka_unit_test(numbers_are_written_for_people),
	    cmocka_unit_test(a_waterfall_shows_where_the_time_went),
	    cmocka_unit_test(hostile_steps_stay_inside_their_place),
	    cmocka_unit_test(no_style_but_the_sheet_is_allowed)};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
