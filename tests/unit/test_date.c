/* SPDX-License-Identifier: ISC */
/* Dates by chrono's patterns; both tables were checked with Hurl. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "probe/date.h"

static const struct {
	const char *text, *pattern, *expected; /* NULL: does not fit */
} parses[] = {
	{"2023-01-02T03:04:05Z", "%+", "2023-01-02 03:04:05 UTC"},
	{"2023-01-02T03:04:05.123456789+02:00", "%+", "2023-01-02 01:04:05.123456 UTC"},
	{"2023-01-02 03:04:05Z", "%+", "2023-01-02 03:04:05 UTC"},
	{"2023-01-02T03:04:05", "%+", NULL},
	{"2023-01-02T03:04Z", "%+", NULL},
	{"2023-01-02", "%Y-%m-%d", "2023-01-02 00:00:00 UTC"},
	{"2023-01", "%Y-%m", NULL},
	{"2023-01-02 03", "%Y-%m-%d %H", "2023-01-02 00:00:00 UTC"},
	{"2023-01-02 03:04", "%Y-%m-%d %H:%M", "2023-01-02 03:04:00 UTC"},
	{"2023-01-02 03:04:05 +0200", "%Y-%m-%d %H:%M:%S %z", "2023-01-02 01:04:05 UTC"},
	{"2023-01-02 03:04:05 +02:00", "%Y-%m-%d %H:%M:%S %z", "2023-01-02 01:04:05 UTC"},
	{"2023-01-02 03:04:05+02", "%Y-%m-%d %H:%M:%S%#z", "2023-01-02 01:04:05 UTC"},
	{"2023-01-02 03:04:05Z", "%Y-%m-%d %H:%M:%S%#z", "2023-01-02 03:04:05 UTC"},
	{"2023-01-02 03:04:05Z", "%Y-%m-%d %H:%M:%S%z", NULL},
	{"2023-01-02 03:04:05 CET", "%Y-%m-%d %H:%M:%S %Z", "2023-01-02 03:04:05 UTC"},
	{"2023-01-02T03:04:05Z", "%Y-%m-%dT%H:%M:%SZ", "2023-01-02 03:04:05 UTC"},
	{"2023-1-2T3:4:5", "%Y-%m-%dT%H:%M:%S", "2023-01-02 03:04:05 UTC"},
	{"  2023-01-02 03:04:05", "%Y-%m-%d %H:%M:%S", "2023-01-02 03:04:05 UTC"},
	{"2023-01-02 03:04:05 ", "%Y-%m-%d %H:%M:%S", NULL},
	{"2023-01-02   03:04:05", "%Y-%m-%d %H:%M:%S", "2023-01-02 03:04:05 UTC"},
	{"2023-01-0203:04:05", "%Y-%m-%d %H:%M:%S", "2023-01-02 03:04:05 UTC"},
	{"2023-01-02 03:04:05.5", "%Y-%m-%d %H:%M:%S%.f", "2023-01-02 03:04:05.500 UTC"},
	{"2023-01-02 03:04:05", "%Y-%m-%d %H:%M:%S%.f", "2023-01-02 03:04:05 UTC"},
	{"2023-01-02 03:04:05.123", "%Y-%m-%d %H:%M:%S%.3f", "2023-01-02 03:04:05.123 UTC"},
	{"2023-01-02 03:04:05.123456", "%Y-%m-%d %H:%M:%S%.3f", NULL},
	{"2023-01-02 03:04:05123", "%Y-%m-%d %H:%M:%S%3f", "2023-01-02 03:04:05.123 UTC"},
	{"2023-01-02 03:04:0512", "%Y-%m-%d %H:%M:%S%3f", NULL},
	{"2023-01-02 03:04:05.123", "%Y-%m-%d %H:%M:%S.%f", "2023-01-02 03:04:05 UTC"},
	{"Mon Jan  2 03:04:05 2023", "%c", "2023-01-02 03:04:05 UTC"},
	{"Tue Jan  2 03:04:05 2023", "%c", NULL},
	{"mon, 02 january 2023 03:04 pm", "%a, %d %B %Y %I:%M %p", "2023-01-02 15:04:00 UTC"},
	{"Monday 02 Jan 2023 12:04 AM", "%A %d %b %Y %I:%M %p", "2023-01-02 00:04:00 UTC"},
	{"1672628645", "%s", "2023-01-02 03:04:05 UTC"},
	{"-1", "%s", NULL},
	{"01/02/23 03:04:05", "%D %T", "2023-01-02 03:04:05 UTC"},
	{"02-Jan-2023 03:04", "%v %R", "2023-01-02 03:04:00 UTC"},
	{"2023 002 03:04", "%Y %j %R", "2023-01-02 03:04:00 UTC"},
	{"2023-W01-1 03:04", "%G-W%V-%u %R", "2023-01-02 03:04:00 UTC"},
	{"69-01-02 03:04", "%y-%m-%d %R", "2069-01-02 03:04:00 UTC"},
	{"70-01-02 03:04", "%y-%m-%d %R", "1970-01-02 03:04:00 UTC"},
	{"2023-02-30 00:00", "%F %R", NULL},
	{"2023-01-02 24:00", "%F %R", NULL},
	{"2023-01-02 23:59:60", "%F %T", "2023-01-03 00:00:00 UTC"},
	{"2023-01-02 03:04:05 100%", "%F %T 100%%", "2023-01-02 03:04:05 UTC"},
	{"x", "%Q", NULL},
	{"x", "%", NULL},
	{"+12023-01-02 03:04", "%F %R", "+12023-01-02 03:04:00 UTC"},
	{"12023-01-02 03:04", "%F %R", NULL},
	{"-0001-01-02 03:04", "%F %R", "-0001-01-02 03:04:00 UTC"},
	{"2023-01-02 03:04 -00:30", "%F %R %:z", "2023-01-02 03:34:00 UTC"},
	{"2023-01-02 03:04 PM", "%F %H:%M %p", NULL},
	{"03:04", "%R", NULL},
	{"2023-W01 03:04", "%G-W%V %R", NULL},
	{"Jan 2023", "%b %Y", NULL},
	{"2023 01 1 03:04", "%Y %U %w %R", "2023-01-02 03:04:00 UTC"},
	{"2023-01-02 03:04:05 +0200 1672628645", "%F %T %z %s", "2023-01-02 03:04:05 UTC"},
	{"20 23-01-02 03:04", "%C %y-%m-%d %R", "2023-01-02 03:04:00 UTC"},
	{"2023-01-02\01103:04", "%F%t%R", "2023-01-02 03:04:00 UTC"},
	{"2023-01-02 3:04", "%F %k:%M", "2023-01-02 03:04:00 UTC"},
	{"2023-01-02 03:04", "%F %-H:%M", "2023-01-02 03:04:00 UTC"},
	{"2023-01-02 03:04", "%F %_H:%M", "2023-01-02 03:04:00 UTC"},
	{"2023-01-02 03:04:05 +02:00:30", "%F %T %::z", NULL},
	{"20230102030405", "%Y%m%d%H%M%S", "2023-01-02 03:04:05 UTC"},
	{"2023-01-02T03:04:05 GMT", "%FT%T GMT", "2023-01-02 03:04:05 UTC"},
	{"1 2023-02-01 00:00", "%q %F %R", "2023-02-01 00:00:00 UTC"},
	{"2024-02-30", "%F", NULL}, {"x", "%.", NULL}, {"x", "%:", NULL},
	{"x", "%#", NULL}, {"x", "%-", NULL}, {"x", "%3", NULL},
	{"", "%F", NULL},
	{"2024-01-01 x", "%F", NULL},
	{"2024-01-01 00:00:00 +25:00", "%F %T %z", NULL},
	{"2024-01-01 00:00:00 +01:60", "%F %T %z", NULL},
	{"2024 2025-01-01", "%Y %F", NULL},
	{"99999999999999999999", "%s", NULL},
	{"262143-01-01", "%F", NULL},
	{"03:04:05 2023-01-02", "%-T %F", NULL},
	{"Jan 02 2023", "%_b %d %Y", NULL},
	{"2023-01-02T03:04:05Z", "%-+", NULL},
	{"2023-01-02 23", "%F %g", "2023-01-02 00:00:00 UTC"},
	{"2023-01-02 99", "%F %g", NULL},
	{"-0050-01-03 50", "%F %g", NULL},
	/* The time contradicts the timestamp: what is left is the day. */
	{"1969-12-31 23:59:59.5 0", "%F %T%.f %s", "1969-12-31 00:00:00 UTC"},
};

static void
text_is_parsed_as_chrono_does(void **state)
{
	struct buf out;
	wall_us t;
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(parses); i++) {
		buf_init(&out, 1000);
		if (date_parse(parses[i].text, parses[i].pattern, &t) == 0)
			date_describe(t, &out);
		if (strcmp(buf_str(&out), parses[i].expected != NULL ?
		    parses[i].expected : "") != 0)
			fail_msg("'%s' by '%s' is '%s', not '%s'",
			    parses[i].text, parses[i].pattern, buf_str(&out),
			    parses[i].expected);
		buf_fini(&out);
	}
}

/* The first date is 2023-01-02T15:04:05.120Z, the second 0987-11-29T00:00Z. */
static const struct {
	const char *pattern, *first, *second; /* NULL: no pattern at all */
} formats[] = {
	{"%Y", "2023", "0987"},
	{"%C", "20", "09"},
	{"%y", "23", "87"},
	{"%q", "1", "4"},
	{"%m", "01", "11"},
	{"%b", "Jan", "Nov"},
	{"%B", "January", "November"},
	{"%h", "Jan", "Nov"},
	{"%d", "02", "29"},
	{"%e", " 2", "29"},
	{"%a", "Mon", "Thu"},
	{"%A", "Monday", "Thursday"},
	{"%w", "1", "4"},
	{"%u", "1", "4"},
	{"%U", "01", "47"},
	{"%W", "01", "48"},
	{"%G", "2023", "0987"},
	{"%g", "23", "87"},
	{"%V", "01", "48"},
	{"%j", "002", "333"},
	{"%D", "01/02/23", "11/29/87"},
	{"%x", "01/02/23", "11/29/87"},
	{"%F", "2023-01-02", "0987-11-29"},
	{"%v", " 2-Jan-2023", "29-Nov-0987"},
	{"%H", "15", "00"},
	{"%k", "15", " 0"},
	{"%I", "03", "12"},
	{"%l", " 3", "12"},
	{"%P", "pm", "am"},
	{"%p", "PM", "AM"},
	{"%M", "04", "00"},
	{"%S", "05", "00"},
	{"%f", "120000000", "000000000"},
	{"%.f", ".120", ""},
	{"%.3f", ".120", ".000"},
	{"%.6f", ".120000", ".000000"},
	{"%.9f", ".120000000", ".000000000"},
	{"%3f", "120", "000"},
	{"%6f", "120000", "000000"},
	{"%9f", "120000000", "000000000"},
	{"%R", "15:04", "00:00"},
	{"%T", "15:04:05", "00:00:00"},
	{"%X", "15:04:05", "00:00:00"},
	{"%r", "03:04:05 PM", "12:00:00 AM"},
	{"%Z", "UTC", "UTC"},
	{"%z", "+0000", "+0000"},
	{"%:z", "+00:00", "+00:00"},
	{"%::z", "+00:00:00", "+00:00:00"},
	{"%:::z", "+00", "+00"},
	{"%#z", NULL, NULL},
	{"%c", "Mon Jan  2 15:04:05 2023", "Thu Nov 29 00:00:00 0987"},
	{"%+", "2023-01-02T15:04:05.120+00:00", "0987-11-29T00:00:00+00:00"},
	{"%s", "1672671845", "-30991766400"},
	{"%t", "\011", "\011"},
	{"%n", "\012", "\012"},
	{"%%", "%", "%"},
	{"%-d", "2", "29"},
	{"%_d", " 2", "29"},
	{"%0e", "02", "29"},
	{"%-H", "15", "0"},
	{"%-y", "23", "87"},
	{"%_j", "  2", "333"},
	{"%-Y", "2023", "987"},
	{"%E", NULL, NULL},
	{"%Q", NULL, NULL},
	{"%-Z", NULL, NULL},
	{"%.2f", NULL, NULL},
	{"%5f", NULL, NULL},
	{"%-e", "2", "29"},
	{"%_m", " 1", "11"},
	{"%0k", "15", "00"},
	{"%L", NULL, NULL},
	{"%-b", NULL, NULL},
	{"%-%", NULL, NULL},
};

static void
a_pattern_may_not_end_in_its_middle(void **state)
{
	static const char *const patterns[] = {"%", "%-", "%.", "%:", "%3",
	    "%.3", "x%", "%::"};
	struct buf out;
	char *pattern;
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(patterns); i++) {
		buf_init(&out, 100);
		pattern = xstrdup(patterns[i]); /* exactly as long */
		assert_int_equal(date_format(0, pattern, &out), ERR_SYNTAX);
		free(pattern);
		buf_fini(&out);
	}
}

static void
dates_are_formatted_as_chrono_does(void **state)
{
	wall_us dates[2];
	const char *expected;
	struct buf out;
	size_t i, j;

	(void)state;
	assert_int_equal(date_parse_rfc3339("2023-01-02T15:04:05.120Z",
	    &dates[0]), 0);
	assert_int_equal(date_parse_rfc3339("0987-11-29T00:00:00Z",
	    &dates[1]), 0);
	for (i = 0; i < 2 * NELEMS(formats); i++) {
		j = i / 2;
		expected = i % 2 == 0 ? formats[j].first : formats[j].second;
		buf_init(&out, 1000);
		if (date_format(dates[i % 2], formats[j].pattern, &out) != 0)
			assert_null(expected);
		else if (expected == NULL ||
		    strcmp(buf_str(&out), expected) != 0)
			fail_msg("'%s' gives '%s'", formats[j].pattern,
			    buf_str(&out));
		buf_fini(&out);
	}
}

static void
rfc_3339_is_strict(void **state)
{
	static const struct {
		const char *text;
		bool is_valid;
	} rows[] = {
		{"2024-01-01T00:00:00Z", true},
		{"2024-01-01 00:00:00Z", true},
		{"2024-01-01t00:00:00z", true},
		{"2024-01-01T00:00:00.1234567891Z", true},
		{"2024-01-01T00:00:60Z", true},
		{"2024-01-01T00:00:00-00:00", true},
		{"2024-01-01", false},
		{"2024-01-01T00:00:00", false},
		{"2024-01-01T00:00:00+0200", false},
		{"2024-01-01T24:00:00Z", false},
		{"2024-13-01T00:00:00Z", false},
		{"2024-02-30T00:00:00Z", false},
		{"2024-01-01T00:00Z", false},
		{"2024-01-01T00:00:00.Z", false},
		{"2024-01-01T00:00:00Z ", false},
		{"24-01-01T00:00:00Z", false},
		{"", false},
	};
	wall_us t;
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(rows); i++)
		if ((date_parse_rfc3339(rows[i].text, &t) == 0) !=
		    rows[i].is_valid)
			fail_msg("%s", rows[i].text);
}

static void
cookies_have_their_own_dates(void **state)
{
	static const char *const good[] = {
		"Wed, 13 Jan 2021 22:23:01 GMT", "Wed, 13-Jan-2021 22:23:01 GMT",
		"13 Jan 2021 22:23:01 +0000", "Wed, 13 Jan 2021 23:23:01 +0100",
	};
	wall_us t;
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(good); i++) {
		assert_int_equal(date_parse_cookie(good[i], &t), 0);
		assert_true(t == 1610576581 * SPAN_S);
	}
	assert_int_equal(date_parse_cookie("Thu, 13 Jan 2021 22:23:01 GMT",
	    &t), ERR_SYNTAX);
	assert_int_equal(date_parse_cookie("foo", &t), ERR_SYNTAX);
}

/* Every day of eight centuries, there and back. */
static void
the_calendar_reads_back_what_it_writes(void **state)
{
	wall_us t, again;
	struct buf out;

	(void)state;
	for (t = -11676096000 * SPAN_S; t < 13569465600 * SPAN_S;
	    t += 17 * SPAN_DAY + 12345678901) {
		buf_init(&out, 100);
		assert_int_equal(date_format(t, "%+ %j %G-W%V-%u %U %W %a",
		    &out), 0);
		assert_int_equal(date_parse(out.data,
		    "%+ %j %G-W%V-%u %U %W %a", &again), 0);
		assert_true(t == again);
		buf_fini(&out);
	}
}

static void
no_year_before_the_first_reads_as_one_after_it(void **state)
{
	wall_us t, again;
	struct buf out;

	(void)state;
	assert_int_equal(date_parse("-0050-03-01", "%F", &t), 0);
	buf_init(&out, 100);
	assert_int_equal(date_format(t, "%C %y %h %d %T%.f %z", &out), 0);
	assert_int_equal(date_parse(buf_str(&out), "%C %y %h %d %T%.f %z",
	    &again), ERR_SYNTAX);
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_parsed_as_chrono_does),
		cmocka_unit_test(a_pattern_may_not_end_in_its_middle),
		cmocka_unit_test(dates_are_formatted_as_chrono_does),
		cmocka_unit_test(rfc_3339_is_strict),
		cmocka_unit_test(cookies_have_their_own_dates),
		cmocka_unit_test(the_calendar_reads_back_what_it_writes),
		cmocka_unit_test(no_year_before_the_first_reads_as_one_after_it),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
