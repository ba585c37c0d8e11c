/* SPDX-License-Identifier: ISC */
/* Character references: the table, numbers, and what is none. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/must.h"
#include "probe/html.h"

static void
references_are_resolved_as_html_5_says(void **state)
{
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{"no references", "no references"},
		{"&lt;a&gt; &amp;amp; &quot;", "<a> &amp; \""},
		{"&eacute;&eacute&Eacute;", "\xc3\xa9\xc3\xa9\xc3\x89"},
		{"&notit; &notin; &not", "\xc2\xacit; \xe2\x88\x89 \xc2\xac"},
		{"&rlarr;", "\xe2\x87\x84"}, {"&nbsp;x", "\xc2\xa0x"},
		{"&foo; &Aacute &; & &", "&foo; \xc3\x81 &; & &"},
		{"&#65;&#65 &#065;&#x41;&#X41", "AA AAA"},
		{"&#x1F600;", "\xf0\x9f\x98\x80"},
		{"&#128;&#x99;&#x81;", "\xe2\x82\xac\xe2\x84\xa2\xc2\x81"},
		{"&#0;&#xD800;&#x110000;&#99999999999;",
		    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
		{"[&#1;&#x7f;&#xfffe;&#xfdd0;]", "[]"},
		{"&#;&#x;&#y", "&#;&#x;&#y"}, {"&\n&\t& &&", "&\n&\t& &&"},
		{"&#13;", "\r"}, {"&amp", "&"}, {"&", "&"}, {"", ""},
		{"&ThickSpace;", "\xe2\x81\x9f\xe2\x80\x8a"},
		{"&CounterClockwiseContourIntegral;", "\xe2\x88\xb3"},
	};
	struct buf out;
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(rows); i++) {
		buf_init(&out, 1000);
		assert_int_equal(html_text_unescape(rows[i].text,
		    strlen(rows[i].text), &out), 0);
		if (strcmp(buf_str(&out), rows[i].expected) != 0)
			fail_msg("%s: %s", rows[i].text, buf_str(&out));
		buf_fini(&out);
	}
}

static void
the_whole_table_is_found(void **state)
{
	char text[64];
	struct buf out;
	size_t i;

	(void)state;
	assert_int_equal(html_entity_count, 2231);
	for (i = 0; i < html_entity_count; i++) {
		if (i > 0)
			assert_true(strcmp(html_entities[i - 1].name,
			    html_entities[i].name) < 0);
		buf_init(&out, 1000);
		snprintf(text, sizeof(text), "&%s", html_entities[i].name);
		assert_int_equal(html_text_unescape(text, strlen(text), &out), 0);
		assert_string_equal(out.data, html_entities[i].text);
		buf_fini(&out);
	}
}

static void
five_characters_are_escaped(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 100);
	assert_int_equal(html_text_escape("a<b>&\"'\xc3\xa9", 9, &out), 0);
	assert_string_equal(out.data,
	    "a&lt;b&gt;&amp;&quot;&#x27;\xc3\xa9");
	assert_int_equal(html_text_escape("&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&", 32,
	    &out), ERR_LIMIT);
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(references_are_resolved_as_html_5_says),
		cmocka_unit_test(the_whole_table_is_found),
		cmocka_unit_test(five_characters_are_escaped),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
