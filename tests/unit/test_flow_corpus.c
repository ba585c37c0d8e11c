/* SPDX-License-Identifier: ISC */
/*
 * The corpus of tests/differential/parse.json: texts with the answers that
 * the real hurlfmt gave (parse.py --record).
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "checks/flow.h"

#define CORPUS_MOST_BYTES (4u << 20)

static struct json_doc *corpus;

static const struct json *
load_cases(void)
{
	const char *top = getenv("top_srcdir");
	struct json_error error;
	char *path, *text;
	size_t len;

	path = file_join(top != NULL ? top : ".",
	    "tests/differential/parse.json");
	assert_int_equal(file_read(path, CORPUS_MOST_BYTES, &text, &len), 0);
	assert_int_equal(json_parse(text, len, &json_limits_default, &corpus,
	    &error), 0);
	free(text);
	free(path);
	return (json_get(json_root(corpus), "cases"));
}

/* What this parser answers to a text: "ok" or line:column. */
static void
answer(const struct json *text, char *out, size_t size)
{
	struct flow *flow = NULL;
	struct cause cause;
	size_t i;

	cause_init(&cause);
	snprintf(out, size, "ok");
	if (flow_parse("f.hurl", text->text, text->len, &cause, &flow) != 0)
		for (i = 0; i < cause.count; i++)
			if (!cause.entries[i].is_warning)
				snprintf(out, size, "%u:%u",
				    cause.entries[i].place.line,
				    cause.entries[i].place.column);
	flow_release(&flow);
	cause_fini(&cause);
}

static void
every_text_is_accepted_or_refused_where_hurl_does(void **state)
{
	const struct json *cases = load_cases(), *c;
	const char *want;
	char got[64];
	size_t i, wrong = 0;

	(void)state;
	assert_true(cases->count > 1000);
	for (i = 0; i < cases->count; i++) {
		c = &cases->items[i];
		want = json_get_str(c, "here", json_get_str(c, "hurl", ""));
		answer(json_get(c, "text"), got, sizeof(got));
		if (strcmp(got, want) == 0)
			continue;
		wrong++;
		fprintf(stderr, "want %s, got %s: %s\n", want, got,
		    json_get(c, "text")->text);
	}
	json_free(&corpus);
	assert_int_equal(wrong, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    every_text_is_accepted_or_refused_where_hurl_does)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
