/* SPDX-License-Identifier: ISC */
/* Two texts side by side. */
#include "tests/unit/unit.h"

#include <string.h>

#include "base/html_diff.h"

static void
assert_shows(const char *left, const char *right, const char *part)
{
	struct buf out;

	buf_init(&out, 1 << 20);
	html_diff(&out, &(struct html_side){"L", left, "no left"},
	    &(struct html_side){"R", right, "no right"});
	if (strstr(buf_str(&out), part) == NULL)
		fail_msg("'%s' is not in:\n%s", part, buf_str(&out));
	buf_fini(&out);
}

static void
lines_of_one_side_are_marked(void **state)
{
	(void)state;
	assert_shows("a\nb\nc\r\n", "a\nx\nc\n",
	    ">a\n<mark>b</mark>\nc\n</pre>");
	assert_shows("a\nb\nc\r\n", "a\nx\nc\n",
	    ">a\n<mark>x</mark>\nc\n</pre>");
	assert_shows("a\nb\nc\nd", "b\nd", "><mark>a</mark>\nb\n"
	    "<mark>c</mark>\nd\n</pre>");
	assert_shows("same", "same", ">same\n</pre>");
	assert_shows("<i>", "&", "><mark>&lt;i&gt;</mark>\n</pre>");
}

static void
a_side_that_is_not_there_is_said(void **state)
{
	(void)state;
	assert_shows(NULL, "only\n", "<p class=\"dim\">no left</p>");
	assert_shows(NULL, "only\n", ">only\n</pre>");
	assert_shows("only\n", NULL, "<p class=\"dim\">no right</p>");
	assert_shows("", "", "<h4>L</h4>");
}

static void
a_body_of_json_is_laid_out(void **state)
{
	static const char one[] = "HTTP/1.1 200\nA: b\n\n{\"a\":{\"b\":[1,2],"
	    "\"c\":{}},\"d\":\"<\"}";
	static const char two[] = "HTTP/1.1 200\nA: b\n\n{\"a\":{\"b\":[1,3],"
	    "\"c\":{}},\"d\":\"<\"}";

	(void)state;
	assert_shows(one, two, "HTTP/1.1 200\nA: b\n\n{\n"
	    "  &quot;a&quot;: {\n    &quot;b&quot;: [\n      1,\n"
	    "<mark>      2</mark>\n    ],\n    &quot;c&quot;: {}\n  },\n"
	    "  &quot;d&quot;: &quot;&lt;&quot;\n}\n");
	/* What only looks like it stays as it is. */
	assert_shows("H\n\n{\"a\":", "H\n\n", "<mark>{&quot;a&quot;:</mark>");
}

static void
too_many_lines_are_shown_without_marks(void **state)
{
	char many[1200];
	size_t i;

	(void)state;
	for (i = 0; i + 1 < sizeof(many); i++)
		many[i] = i % 2 == 0 ? 'x' : '\n';
	many[sizeof(many) - 1] = '\0';
	assert_shows(many, "y\n", ">y\n</pre>");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_one_side_are_marked),
		cmocka_unit_test(a_side_that_is_not_there_is_said),
		cmocka_unit_test(a_body_of_json_is_laid_out),
		cmocka_unit_test(too_many_lines_are_shown_without_marks),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
