/* SPDX-License-Identifier: ISC */
/* base/table: aligned for people, exact for programs, safe for terminals. */
#include "tests/unit/unit.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "base/table.h"

static const struct table_column columns[] = {
	{"check", "check", TABLE_TEXT},
	{"runs", "runs", TABLE_INT},
	{"p99_us", "p99", TABLE_SPAN},
	{"success", "ok", TABLE_RATIO},
	{"hidden", NULL, TABLE_JSON},
	{"due_us", "due", TABLE_TIME},
	{"reason", "reason", TABLE_TEXT},
};

static struct table *
sample(void)
{
	struct table *t = table_new(columns, NELEMS(columns));

	table_text(t, "pay/card");
	table_int(t, 12);
	table_int(t, 4200);
	table_double(t, 0.99999);
	table_text(t, "{\"a\":1}");
	table_int(t, INT64_C(1795176000123456));
	table_text(t, "said \"no\", twice");
	table_text(t, "pay/r\xc3\xbc" "ck");
	table_int(t, -3);
	table_none(t);
	table_double(t, NAN);
	table_none(t);
	table_none(t);
	table_text(t, NULL);
	return (t);
}

static char *
printed(const struct table *t, enum format format, struct table_style style)
{
	size_t len;
	char *text;
	FILE *fp = open_memstream(&text, &len);

	table_print(t, format, &style, fp);
	fclose(fp);
	return (text);
}

static void
columns_are_aligned_also_with_wide_characters(void **state)
{
	struct table *t = sample();
	char *text = printed(t, FORMAT_TABLE, (struct table_style){0});

	(void)state;
	assert_string_equal(text,
	    "check     runs    p99      ok  due                  reason\n"
	    "pay/card    12  4.2ms  99.99%  2026-11-20 12:00:00  "
	    "said \"no\", twice\n"
	    "pay/r\xc3\xbc" "ck    -3      -       -  -                    "
	    "-\n");
	free(text);
	table_free(&t);
}

static void
json_and_csv_hold_the_exact_values(void **state)
{
	struct table *t = sample();
	char *json = printed(t, FORMAT_JSON, (struct table_style){0});
	char *csv = printed(t, FORMAT_CSV, (struct table_style){0});

	(void)state;
	assert_string_equal(json, "[{\"check\":\"pay/card\",\"runs\":12,"
	    "\"p99_us\":4200,\"success\":0.99999,\"hidden\":{\"a\":1},"
	    "\"due_us\":1795176000123456,\"reason\":\"said \\\"no\\\", "
	    "twice\"},{\"check\":\"pay/r\xc3\xbc" "ck\",\"runs\":-3,"
	    "\"p99_us\":null,\"success\":null,\"hidden\":null,"
	    "\"due_us\":null,\"reason\":null}]\n");
	assert_string_equal(csv, "check,runs,p99_us,success,hidden,due_us,"
	    "reason\r\npay/card,12,4200,0.99999,\"{\"\"a\"\":1}\","
	    "1795176000123456,\"said \"\"no\"\", twice\"\r\n"
	    "pay/r\xc3\xbc" "ck,-3,,,,,\r\n");
	free(json);
	free(csv);
	table_free(&t);
}

static void
ratios_are_rounded_down_and_no_further(void **state)
{
	static const struct table_column one[] = {{"a", "a", TABLE_RATIO}};
	struct table *t = table_new(one, 1);
	char *text;

	(void)state;
	table_double(t, 57.0 / 100);
	table_double(t, 9999999.0 / 10000000);
	table_double(t, 1);
	text = printed(t, FORMAT_TABLE, (struct table_style){.width = 0});
	assert_string_equal(text, "      a\n 57.00%\n 99.99%\n100.00%\n");
	free(text);
	table_free(&t);
}

static void
last_column_is_cut_at_the_terminals_edge(void **state)
{
	static const struct table_column two[] = {
	    {"a", "a", TABLE_TEXT}, {"b", "b", TABLE_TEXT}};
	struct table *t = table_new(two, 2);
	char *text;

	(void)state;
	table_text(t, "x");
	table_text(t, "\xe6\xbc\xa2\xe5\xad\x97 0123456789 0123456789 0123");
	text = printed(t, FORMAT_TABLE, (struct table_style){.width = 24});
	assert_string_equal(text, "a  b\nx  \xe6\xbc\xa2\xe5\xad\x97 "
	    "0123456789 0123\xe2\x80\xa6\n");
	free(text);
	table_free(&t);
}

static void
rows_wider_than_the_terminal_are_broken_between_columns(void **state)
{
	struct table *t = sample();
	char *text = printed(t, FORMAT_TABLE, (struct table_style){.width = 40});

	(void)state;
	assert_string_equal(text,
	    "check     runs    p99      ok\n"
	    "    due             reason\n"
	    "pay/card    12  4.2ms  99.99%\n"
	    "    11-20 12:00:00  said \"no\", twice\n"
	    "pay/r\xc3\xbc" "ck    -3      -       -\n"
	    "    -               -\n");
	free(text);
	table_free(&t);
}

static void
text_from_outside_cannot_steer_the_terminal(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"plain", "plain"},
		{"\033[31mred", "\xef\xbf\xbd[31mred"},
		{"a\nb\tc\r", "a b c "},
		{"\x7f\x01", "\xef\xbf\xbd\xef\xbf\xbd"},
		{"\xff\xfe!", "\xef\xbf\xbd\xef\xbf\xbd!"},
		{"\xe2\x80\xaegnp", "\xef\xbf\xbdgnp"},
		{"\xc2\x9b" "2J", "\xef\xbf\xbd" "2J"},
	};
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 1000);
	for (i = 0; i < NELEMS(cases); i++) {
		buf_reset(&b);
		table_safe(&b, cases[i].in, strlen(cases[i].in));
		assert_string_equal(buf_str(&b), cases[i].out);
	}
	buf_fini(&b);
}

static void
colour_surrounds_the_text_and_not_the_padding(void **state)
{
	static const struct table_column two[] = {
	    {"a", "long title", TABLE_TEXT}, {"b", "b", TABLE_INT}};
	struct table *t = table_new(two, 2);
	char *text;

	(void)state;
	table_text(t, "x");
	table_colour(t, TABLE_BAD);
	table_int(t, 1);
	text = printed(t, FORMAT_AUTO,
	    (struct table_style){.has_colour = true});
	assert_non_null(strstr(text, "\033[31mx\033[0m           1\n"));
	free(text);
	table_free(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(columns_are_aligned_also_with_wide_characters),
	    cmocka_unit_test(json_and_csv_hold_the_exact_values),
	    cmocka_unit_test(ratios_are_rounded_down_and_no_further),
	    cmocka_unit_test(last_column_is_cut_at_the_terminals_edge),
	    cmocka_unit_test(
	        rows_wider_than_the_terminal_are_broken_between_columns),
	    cmocka_unit_test(text_from_outside_cannot_steer_the_terminal),
	    cmocka_unit_test(colour_surrounds_the_text_and_not_the_padding),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
