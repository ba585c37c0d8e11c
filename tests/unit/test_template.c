/* SPDX-License-Identifier: ISC */
/* Templates in every context, request bodies, functions and files. */
#include "tests/unit/unit.h"

#include "tests/unit/evaluate_fixture.h"

#include <stdio.h>

#include "base/err.h"
#include "probe/template.h"

static void
set_variables(struct evaluate_fixture *f)
{
	struct value list = value_list(xcalloc(1, sizeof(struct value)), 0);

	variables_set_text(f->scope.variables, "v", "a\"b\\c/d\xc3\xa9");
	variables_set_text(f->scope.variables, "n", "1.50");
	variables_set_text(f->scope.variables, "q", "\"12\"");
	variables_set_text(f->scope.variables, "t", "true");
	variables_set_text(f->scope.variables, "z", "null");
	variables_set(f->scope.variables, "l", &list);
	value_release(&list);
}

/* The request's body, or the first finding with its place. */
static char *
body_of(struct evaluate_fixture *f, const char *source, const char **type)
{
	struct cause cause;
	struct flow *flow = NULL;
	struct buf out;
	char *text;

	cause_init(&cause);
	if (flow_parse("t.hurl", source, strlen(source), &cause, &flow) != 0)
		fail_msg("%s: %s", source, cause.entries[0].sentence);
	findings_fini(&f->findings);
	buf_init(&out, 2000);
	if (template_body(&flow->entries[0].request.body, &f->scope, &out,
	    type, &f->findings) == 0) {
		assert_int_equal(f->findings.count, 0);
		text = xstrdup(buf_str(&out));
	} else {
		assert_int_equal(f->findings.count, 1);
		assert_int_equal(f->findings.items[0].kind,
		    FINDING_DEFINITION);
		text = xasprintf("%u:%u %s", f->findings.items[0].place.line,
		    f->findings.items[0].place.column,
		    f->findings.items[0].message);
	}
	buf_fini(&out);
	flow_release(&flow);
	cause_fini(&cause);
	return (text);
}

static void
every_kind_of_body_is_rendered(void **state)
{
	static const struct {
		const char *body, *expected, *type;
	} rows[] = {
		{"{\"a\":\"x{{v}}\\u00e9y\\/\", \"b\": {{n}}}",
		    "{\"a\":\"xa\\\"b\\\\c/d\xc3\xa9\\u00e9y\\/\", \"b\": "
		    "1.5}", "application/json"},
		{"{\"a\":{{q}}, \"b\" : {{t}}, \"c\":[{{z}} ]}",
		    "{\"a\":12, \"b\" : true, \"c\":[null ]}",
		    "application/json"},
		{"[ 1.00 , 1e2,\ttrue ]", "[ 1.00 , 1e2,\ttrue ]",
		    "application/json"},
		{"\"{{q}}\"", "\"12\"", "application/json"},
		{"{\"a\":{{v}}}", "2:8 Invalid JSON: {{v}} is no JSON value",
		    NULL},
		{"{\"a\":\"{{l}}\"}", "2:9 Unrenderable expression", NULL},
		{"{\"a\":\"{{zz}}\"}", "2:9 Undefined variable: you must set "
		    "the variable zz", NULL},
		{"<a>x</a>", "<a>x</a>", "application/xml"},
		{"`x{{v}}`", "xa\"b\\c/d\xc3\xa9", NULL},
		{"```\nx{{q}}\n```", "x12\n", NULL},
		{"```json\n{\"x\":{{q}}}\n```", "{\"x\":12}\n",
		    "application/json"},
		{"```xml\n<a>{{q}}</a>\n```", "<a>12</a>\n",
		    "application/xml"},
		{"```raw\n{{q}}\n```", "{{q}}\n", NULL},
		{"```graphql\n query { a\n b \"c {{v}}\" }\nvariables {\n"
		    " \"a\" : \"{{v}}\" ,  \"b c\" : [ 1 , 2 ]\n}\n```",
		    "{\"query\":\"query { a\\n b \\\"c a\\\"b\\\\c/d\xc3\xa9"
		    "\\\" }\",\"variables\":{\"a\":\"a\\\"b\\\\c/d\xc3\xa9\","
		    "\"b c\":[1,2]}}", "application/json"},
		{"```graphql\n query { a }\n\n```",
		    "{\"query\":\"query { a }\"}", "application/json"},
		{"base64,eHk=;", "xy", NULL},
		{"hex,7879;", "xy", NULL},
		{"file,x;", "2:6 Unauthorized file access: x is not below the "
		    "folder of the flow", NULL},
	};
	struct evaluate_fixture f;
	const char *type;
	char *source, *got;
	size_t i;

	(void)state;
	evaluate_fixture_init(&f, "", "");
	set_variables(&f);
	for (i = 0; i < NELEMS(rows); i++) {
		source = xasprintf("POST http://a\n%s\n", rows[i].body);
		got = body_of(&f, source, &type);
		if (strcmp(got, rows[i].expected) != 0)
			fail_msg("%s\n got: %s\nnot: %s", source, got,
			    rows[i].expected);
		if (f.findings.count == 0 && (type == NULL ?
		    rows[i].type != NULL : rows[i].type == NULL ||
		    strcmp(type, rows[i].type) != 0))
			fail_msg("%s: type %s", source, type);
		free(got);
		free(source);
	}
	evaluate_fixture_fini(&f);
}

static void
functions_make_a_new_value_each_time(void **state)
{
	struct evaluate_fixture f;
	const char *type;
	char *got;

	(void)state;
	evaluate_fixture_init(&f, "", "");
	got = body_of(&f, "POST http://a\n`{{newUuid}} {{newUuid}}`\n", &type);
	assert_int_equal(strlen(got), 73);
	assert_int_equal(got[14], '4');
	assert_non_null(strchr("89ab", got[19]));
	assert_memory_not_equal(got, got + 37, 36);
	free(got);
	got = body_of(&f, "POST http://a\n`{{newDate}}`\n", &type);
	assert_string_equal(got, "2026-01-01T12:00:00.000000Z");
	free(got);
	evaluate_fixture_fini(&f);
}

static void
a_single_placeholder_keeps_its_type(void **state)
{
	struct evaluate_fixture f;

	(void)state;
	evaluate_fixture_init(&f, "", "");
	set_variables(&f);
	evaluate_fixture_run(&f, "GET http://a\nHTTP 200\n[Asserts]\n"
	    "variable \"n\" == {{n}}\nvariable \"n\" != \"{{n}}\"\n"
	    "variable \"l\" == {{l}}\nvariable \"t\" == {{t}}\n"
	    "variable \"n\" toString == \"{{n}}\"\n");
	assert_int_equal(f.findings.count, 0);
	evaluate_fixture_fini(&f);
}

static void
text_that_grows_past_the_buffer_is_refused(void **state)
{
	struct evaluate_fixture f;
	const char *type;
	char *got, *big = xmalloc(3000);

	(void)state;
	memset(big, 'x', 2999);
	big[2999] = '\0';
	evaluate_fixture_init(&f, "", "");
	variables_set_text(f.scope.variables, "big", big);
	got = body_of(&f, "POST http://a\n`{{big}}`\n", &type);
	assert_string_equal(got, "2:4 the rendered text is too long");
	free(got);
	evaluate_fixture_fini(&f);
	free(big);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_body_is_rendered),
		cmocka_unit_test(functions_make_a_new_value_each_time),
		cmocka_unit_test(a_single_placeholder_keeps_its_type),
		cmocka_unit_test(text_that_grows_past_the_buffer_is_refused),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
