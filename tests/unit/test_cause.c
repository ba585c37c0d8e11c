/* SPDX-License-Identifier: ISC */
#include "tests/unit/unit.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cause.h"

static char *
printed(struct cause *c)
{
	char *text = NULL;
	size_t len;
	FILE *fp = open_memstream(&text, &len);

	assert_non_null(fp);
	cause_print(c, fp);
	fclose(fp);
	return (text);
}

static void
mistakes_are_printed_in_order_with_line_and_caret(void **state)
{
	const char *text = "first\n\tsecond \xc3\xa9vry\r\nthird";
	struct cause c;
	char *out;

	(void)state;
	cause_init(&c);
	cause_add_at(&c, "f", (struct place){3, 1, 5}, text, strlen(text),
	    "bad %s", "third");
	cause_add_at(&c, "f", (struct place){2, 9, 4}, text, strlen(text),
	    "odd word");
	cause_warn_at(&c, "a", (struct place){0}, NULL, 0, "unused");
	cause_add(&c, "no place");
	out = printed(&c);
	assert_string_equal(out,
	    "no place\n"
	    "a: warning: unused\n"
	    "f:2:9: odd word\n"
	    "    2 | \tsecond \xc3\xa9vry\n"
	    "      | \t       ^~~~\n"
	    "f:3:1: bad third\n"
	    "    3 | third\n"
	    "      | ^~~~~\n");
	assert_int_equal(c.error_count, 3);
	free(out);
	cause_fini(&c);
}

static void
a_caret_stands_below_letters_of_two_columns_and_of_none(void **state)
{
	const char *text = "\xe6\x97\xa5 e\xcc\x81 \xe6\x9c\xac\xe8\xaa\x9e x";
	struct cause c;
	char *out;

	(void)state;
	setlocale(LC_CTYPE, "C.UTF-8");
	cause_init(&c);
	cause_add_at(&c, "f", (struct place){1, 5, 3}, text, strlen(text),
	    "wide");
	out = printed(&c);
	assert_string_equal(strstr(out, "\n      | "),
	    "\n      |      ^~~~~\n");
	free(out);
	cause_fini(&c);
	setlocale(LC_CTYPE, "C");
}

/* The caret stands below the X, wherever in a line of 30,000 letters. */
static void
look_into_a_long_line(uint32_t column)
{
	static char letters[30000];
	const char *line, *caret;
	struct cause c;
	char *out;

	memset(letters, 'a', sizeof(letters));
	letters[column - 1] = 'X';
	cause_init(&c);
	cause_add_at(&c, "f", (struct place){1, column, 3}, letters,
	    sizeof(letters), "odd");
	out = printed(&c);
	line = out + strcspn(out, "\n") + 1;
	if (column > 20001) {
		assert_string_equal(line, "");
	} else {
		caret = line + strcspn(line, "\n") + 1;
		assert_int_equal(strcspn(line, "X"), strcspn(caret, "^"));
		assert_in_range(strlen(line), 400, 1000);
	}
	free(out);
	cause_fini(&c);
}

static void
of_a_long_line_what_is_around_the_place_is_shown(void **state)
{
	static const uint32_t columns[] = {1, 100, 201, 202, 203, 399, 400, 401,
	    402, 1000, 19999, 20001, 20002, 29999, 30000};
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(columns); i++)
		look_into_a_long_line(columns[i]);
}

static void
a_place_past_the_end_prints_no_source(void **state)
{
	struct cause c;
	char *out;

	(void)state;
	cause_init(&c);
	cause_add_at(&c, "f", (struct place){9, 1, 1}, "one\n", 4, "gone");
	out = printed(&c);
	assert_string_equal(out, "f:9:1: gone\n");
	free(out);
	cause_fini(&c);
}

static void
mistakes_past_the_bound_are_counted_only(void **state)
{
	struct cause c;
	char *out;
	int i;

	(void)state;
	cause_init(&c);
	for (i = 0; i < CAUSE_MOST + 7; i++)
		cause_add(&c, "mistake %d", i);
	assert_int_equal(c.count, CAUSE_MOST);
	assert_int_equal(c.error_count, CAUSE_MOST + 7);
	out = printed(&c);
	assert_non_null(strstr(out, "and 7 more mistakes\n"));
	free(out);
	cause_fini(&c);
}

static void
no_mistake_is_dropped_for_a_warning(void **state)
{
	struct place at = {.line = 1, .column = 1, .width = 1};
	struct cause c;
	char *out;
	int i;

	(void)state;
	cause_init(&c);
	for (i = 0; i < CAUSE_MOST + 2; i++)
		cause_warn_at(&c, "f", at, "x", 1, "warning %d", i);
	cause_add_at(&c, "f", at, "x", 1, "the mistake");
	cause_add(&c, "the other");
	assert_int_equal(c.count, CAUSE_MOST);
	assert_int_equal(c.error_count, 2);
	assert_int_equal(c.dropped, 4);
	out = printed(&c);
	assert_non_null(strstr(out, "f:1:1: the mistake\n    1 | x\n"));
	assert_non_null(strstr(out, "the other\n"));
	assert_null(strstr(out, "more mistakes"));
	assert_non_null(strstr(out, "and 4 more warnings\n"));
	free(out);
	for (i = 0; i < CAUSE_MOST; i++)
		cause_add(&c, "mistake %d", i);
	out = printed(&c);
	assert_non_null(strstr(out, "and 2 more mistakes\n"));
	assert_non_null(strstr(out, "and 1002 more warnings\n"));
	free(out);
	cause_fini(&c);
}

static void
bytes_that_are_no_text_do_not_reach_a_terminal(void **state)
{
	static const char text[] = "a\377\033[1m\303\251 b";
	struct place place = {.line = 1, .column = 2, .width = 1};
	struct cause c;
	char *out;

	(void)state;
	cause_init(&c);
	cause_add_at(&c, "f\033", place, text, sizeof(text) - 1,
	    "wrong\033[1m\n\303\251");
	out = printed(&c);
	assert_string_equal(out, "f\357\277\275:1:2: wrong\357\277\275[1m"
	    "\357\277\275\303\251\n    1 | a\357\277\275"
	    "\357\277\275[1m\303\251 b\n      |  ^\n");
	free(out);
	cause_fini(&c);
}

static void
the_nearest_word_is_suggested(void **state)
{
	static const char *const words[] = {"every", "timeout", "name",
	    "environment"};
	char longest[100] = "";

	(void)state;
	assert_string_equal(cause_suggest("evry", words, 4), "every");
	assert_string_equal(cause_suggest("Timeout", words, 4), "timeout");
	assert_string_equal(cause_suggest("enviroment", words, 4),
	    "environment");
	assert_null(cause_suggest("zebra", words, 4));
	assert_null(cause_suggest("x", words, 4));
	memset(longest, 'x', sizeof(longest) - 1);
	assert_null(cause_suggest(longest, words, 4));
}

static void
the_same_mistake_of_a_file_is_told_once(void **state)
{
	struct place at = {.line = 2, .column = 3, .width = 1};
	struct cause c;

	(void)state;
	cause_init(&c);
	cause_add_at(&c, "a", at, NULL, 0, "wrong");
	cause_add_at(&c, "a", at, NULL, 0, "wrong");
	cause_warn_at(&c, "a", at, NULL, 0, "wrong");
	cause_add_at(&c, "a", at, NULL, 0, "also wrong");
	cause_add_at(&c, "b", at, NULL, 0, "wrong");
	at.column = 4;
	cause_add_at(&c, "a", at, NULL, 0, "wrong");
	cause_add(&c, "no file");
	cause_add(&c, "no file");
	assert_int_equal(c.count, 7);
	assert_int_equal(c.error_count, 6);
	assert_int_equal(c.dropped, 0);
	cause_fini(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
	        mistakes_are_printed_in_order_with_line_and_caret),
	    cmocka_unit_test(
	        of_a_long_line_what_is_around_the_place_is_shown),
	    cmocka_unit_test(
	        a_caret_stands_below_letters_of_two_columns_and_of_none),
	    cmocka_unit_test(a_place_past_the_end_prints_no_source),
	    cmocka_unit_test(mistakes_past_the_bound_are_counted_only),
	    cmocka_unit_test(no_mistake_is_dropped_for_a_warning),
	    cmocka_unit_test(bytes_that_are_no_text_do_not_reach_a_terminal),
	    cmocka_unit_test(the_nearest_word_is_suggested),
	    cmocka_unit_test(the_same_mistake_of_a_file_is_told_once),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
