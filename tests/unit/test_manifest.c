/* SPDX-License-Identifier: ISC */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "checks/manifest.h"

/* A text being read; every test begins with one and ends with done. */
struct reading {
	struct cause cause;
	struct arena arena;
	struct manifest_source source;
	const struct manifest_node *root;
};

static void
parse_n(struct reading *r, const char *text, size_t len)
{
	cause_init(&r->cause);
	arena_init(&r->arena, 0);
	r->source = (struct manifest_source){"m.yaml", text, len, &r->cause,
	    &r->arena};
	r->root = manifest_parse(&r->source);
}

static void
parse(struct reading *r, const char *text)
{
	parse_n(r, text, strlen(text));
}

static void
done(struct reading *r)
{
	cause_fini(&r->cause);
	arena_fini(&r->arena);
}

/* The cause holds exactly this: "line:column: sentence", lines of them. */
static void
found(struct reading *r, const char *expected)
{
	const struct cause_entry *e;
	struct buf b;
	size_t i;

	buf_init(&b, 1 << 20);
	cause_sort(&r->cause);
	for (i = 0; i < r->cause.count; i++) {
		e = &r->cause.entries[i];
		buf_printf(&b, "%u:%u: %s\n", e->place.line, e->place.column,
		    e->sentence);
	}
	assert_string_equal(buf_str(&b), expected);
	buf_fini(&b);
}

static void
refuses(const char *text, const char *expected)
{
	struct reading r;

	parse(&r, text);
	found(&r, expected);
	done(&r);
}

static void
a_tree_has_places_and_exact_text(void **state)
{
	const struct manifest_node *n;
	struct reading r;

	(void)state;
	parse(&r, "\xef\xbb\xbf" "a: 0.10\n\"b\": [x, 'y z']\n# c\nd:\n"
	    "  \xc3\xa9: \"1\"\n");
	found(&r, "");
	assert_int_equal(r.root->kind, MANIFEST_MAP);
	assert_int_equal(r.root->count, 3);
	n = r.root->first;
	assert_string_equal(n->text, "0.10");
	assert_true(n->is_plain);
	assert_int_equal(n->place.column, 4);
	assert_int_equal(n->place.width, 4);
	n = n->next;
	assert_string_equal(n->key->text, "b");
	assert_int_equal(n->kind, MANIFEST_LIST);
	assert_string_equal(n->last->text, "y z");
	assert_false(n->last->is_plain);
	assert_int_equal(n->last->place.line, 2);
	assert_int_equal(n->last->place.column, 10);
	assert_int_equal(n->last->place.width, 5);
	n = n->next->first;
	assert_string_equal(n->key->text, "\xc3\xa9");
	assert_int_equal(n->place.line, 5);
	assert_int_equal(n->place.column, 6);
	done(&r);
}

static void
what_could_grow_in_memory_is_refused(void **state)
{
	struct reading r;
	struct buf b;
	size_t i;

	(void)state;
	refuses("a: &x [1]\nb: [*x, *x]\n",
	    "1:4: anchors (&x) are not allowed in a manifest\n"
	    "2:5: aliases (*x) are not allowed in a manifest\n"
	    "2:9: aliases (*x) are not allowed in a manifest\n");
	refuses("a: !!binary aGk=\n", "1:4: tags (tag:yaml.org,2002:binary) "
	    "are not allowed in a manifest\n");
	refuses("a: 1\n---\nb: 2\n", "2:1: a second document begins here; a "
	    "manifest is one document\n");
	buf_init(&b, 1 << 20);
	for (i = 0; i < 40; i++)
		buf_append_char(&b, '[');
	refuses(buf_str(&b), "1:33: nested too deeply\n");
	buf_reset(&b);
	buf_append_char(&b, '[');
	for (i = 0; i < MANIFEST_MOST_EVENTS; i++)
		buf_append_str(&b, "1,");
	parse(&r, buf_str(&b));
	assert_null(r.root);
	assert_int_equal(r.cause.count, 1);
	assert_string_equal(r.cause.entries[0].sentence,
	    "the manifest has too many parts");
	done(&r);
	buf_fini(&b);
}

static void
what_is_not_yaml_is_refused_with_its_place(void **state)
{
	struct reading r;

	(void)state;
	refuses("", "0:0: the manifest is empty\n");
	refuses("# only a comment\n", "0:0: the manifest is empty\n");
	refuses("a: [1\nb: 2\n", "2:2: this is not YAML: did not find "
	    "expected ',' or ']' (while parsing a flow sequence that began "
	    "in line 1)\n");
	refuses("a: b: c\n", "1:5: this is not YAML: mapping values are not "
	    "allowed in this context\n");
	refuses("\tb: 1\n", "1:1: this is not YAML: found character that "
	    "cannot start any token (while scanning for the next token)\n");
	refuses("a: \"x\n", "2:1: this is not YAML: found unexpected end of "
	    "stream (while scanning a quoted scalar that began in line "
	    "1)\n");
	refuses("? [a]\n: b\n", "1:3: a key must be a plain text\n");
	refuses("a: \"x\\0y\"\n", "1:4: a NUL byte cannot stand in a "
	    "text\n");
	refuses("a: 1\nb: \xc3\xa9\xff\n", "2:5: the byte 0xff is not valid "
	    "UTF-8\n");
	refuses("a: 1\nb: \xc3\xa9 \x01\n", "2:6: this is not YAML: control "
	    "characters are not allowed\n");
	refuses("\xef\xbb\xbf""a: 1\r\nb: \x7f\n", "2:4: this is not YAML: "
	    "control characters are not allowed\n");
	parse_n(&r, "a: 1\n\0b", 7);
	assert_int_equal(r.cause.error_count, 1);
	assert_int_equal(r.cause.entries[0].place.line, 2);
	assert_int_equal(r.cause.entries[0].place.column, 1);
	done(&r);
}

/* As editors number them, whatever ends a line to libyaml. */
static void
lines_end_where_they_end_to_everybody(void **state)
{
	(void)state;
	refuses("\xef\xbb\xbf""a: \"\xc2\x85 \xe2\x80\xa8 \xe2\x80\xa9\"\r\n"
	    "b: {c: 1, d: 2, c: 3}\na: 4\n",
	    "2:17: the key 'c' stands already in line 2\n"
	    "3:1: the key 'a' stands already in line 1\n");
	refuses("# \xe2\x80\xa8 \na: b\nc: [1,\n\n2\n", "6:1: this is not YAML: "
	    "did not find expected ',' or ']' (while parsing a flow sequence "
	    "that began in line 3)\n");
}

static void
a_key_that_stands_twice_is_found_in_any_map(void **state)
{
	refuses("a: 1\nb: {c: 1, d: 2, c: 3}\na: 2\na: 3\n",
	    "2:17: the key 'c' stands already in line 2\n"
	    "3:1: the key 'a' stands already in line 1\n"
	    "4:1: the key 'a' stands already in line 3\n");
	(void)state;
}

/* Read text by a table, and compare the mistakes. */
static void
reads(const struct manifest_table *t, const char *text, void *values,
    const char *expected)
{
	struct reading r;

	parse(&r, text);
	assert_non_null(r.root);
	manifest_read(&r.source, t, r.root, values);
	found(&r, expected);
	done(&r);
}

static void
absent_keys_have_their_documented_defaults(void **state)
{
	struct manifest_check_values c;
	struct manifest_limits_values l;
	struct manifest_alert_values a;
	struct manifest_slo_values s;

	(void)state;
	reads(&manifest_table_check, "{name: a, flow: a.hurl}", &c, "");
	assert_int_equal(c.every.number, SPAN_MIN);
	assert_int_equal(c.timeout.number, 30 * SPAN_S);
	assert_int_equal(c.paused.number, 0);
	assert_null(c.locations.node);
	reads(&manifest_table_alert, "{notify: [a]}", &a, "");
	assert_int_equal(a.after.number, 3);
	reads(&manifest_table_slo, "{success: 99.5%}", &s, "");
	assert_int_equal(s.window.number, 28 * SPAN_DAY);
	reads(&manifest_table_limits, "{}", &l, "");
	assert_int_equal(l.body_bytes.number, 16 << 20);
	assert_int_equal(l.steps.number, 1000);
	assert_int_equal(l.redirects.number, 50);
	assert_int_equal(l.evidence_bytes.number, 64 << 10);
}

static void
every_key_of_a_check_is_read(void **state)
{
	struct manifest_check_values c;

	(void)state;
	reads(&manifest_table_check, "name: a.b_c-9\nflow: x/y.hurl\n"
	    "environment: production\nevery: 30s\ntimeout: 1500ms\n"
	    "locations: [local, eu-1]\nslo: {}\nalert: {}\n"
	    "variables: {a: 1, b: x, c: true, d: ''}\ntags: [card]\n"
	    "owner: the team\npaused: true\nlimits: {}\n", &c, "");
	assert_non_null(c.name.node);
	assert_non_null(c.flow.node);
	assert_non_null(c.environment.node);
	assert_int_equal(c.every.number, 30 * SPAN_S);
	assert_int_equal(c.timeout.number, 1500 * SPAN_MS);
	assert_non_null(c.locations.node);
	assert_non_null(c.slo.node);
	assert_non_null(c.alert.node);
	assert_non_null(c.variables.node);
	assert_non_null(c.tags.node);
	assert_non_null(c.owner.node);
	assert_int_equal(c.paused.number, 1);
	assert_non_null(c.limits.node);
}

static void
every_key_of_a_manifest_is_read(void **state)
{
	struct manifest_notify_values n;
	struct manifest_secret_values s;
	struct manifest_values v;

	(void)state;
	reads(&manifest_table_top, "service: payments\nowner: team\n"
	    "environments: {a: {x: 1}, b: {}}\nsecrets: {k: {env: K}}\n"
	    "hosts: [a.example]\nchecks: []\nnotify: {p: {}}\n", &v, "");
	assert_non_null(v.service.node);
	assert_non_null(v.owner.node);
	assert_non_null(v.environments.node);
	assert_non_null(v.secrets.node);
	assert_non_null(v.hosts.node);
	assert_non_null(v.checks.node);
	assert_non_null(v.notify.node);
	reads(&manifest_table_notify, "flow: a.hurl\nvariables: {a: b}\n"
	    "secrets: {k: {file: /k}}\nhosts: [h]\ntimeout: 5s\n", &n, "");
	assert_non_null(n.secrets.node);
	assert_int_equal(n.timeout.number, 5 * SPAN_S);
	reads(&manifest_table_secret, "env: K\n", &s, "");
	assert_non_null(s.env.node);
	assert_null(s.file.node);
}

static void
percentages_are_exact(void **state)
{
	static const struct {
		const char *text;
		int permyriad;
	} rows[] = {{"99.9%", 9990}, {"99.95%", 9995}, {"99%", 9900},
	    {"99.99%", 9999}, {"0.01%", 1}, {"50.5%", 5050}};
	struct manifest_slo_values s;
	char text[64];
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(rows); i++) {
		snprintf(text, sizeof(text), "success: %s", rows[i].text);
		reads(&manifest_table_slo, text, &s, "");
		assert_int_equal(s.success.number, rows[i].permyriad);
	}
}

static void
sizes_and_counts_are_exact(void **state)
{
	struct manifest_limits_values l;

	(void)state;
	reads(&manifest_table_limits, "{body_bytes: 1MiB, steps: 5, "
	    "redirects: 0, evidence_bytes: 100}", &l, "");
	assert_int_equal(l.body_bytes.number, 1 << 20);
	assert_int_equal(l.steps.number, 5);
	assert_int_equal(l.redirects.number, 0);
	assert_int_equal(l.evidence_bytes.number, 100);
	reads(&manifest_table_limits, "{body_bytes: 64KiB}", &l, "");
	assert_int_equal(l.body_bytes.number, 64 << 10);
}

#define SPAN_WANTED "a duration such as 500ms, 30s, 5m or 28d\n"
#define NAME_WANTED "a name of letters, digits, '.', '_' and '-', at most " \
    "100\n"
#define PERCENT_WANTED "a percentage such as 99.9%, with at most two digits " \
    "after the point\n"

static const struct {
	const struct manifest_table *t;
	const char *text;
	const char *expected;
} wrong_values[] = {
	{&manifest_table_top, "service: [a]",
	    "1:10: 'service' wants " NAME_WANTED},
	{&manifest_table_top, "service: a b",
	    "1:10: 'service' wants " NAME_WANTED},
	{&manifest_table_top, "service:",
	    "1:1: 'service' has no value; it wants " NAME_WANTED},
	{&manifest_table_top, "service: a/b",
	    "1:10: 'service' wants " NAME_WANTED},
	{&manifest_table_top, "{service: a, owner: ''}",
	    "1:21: 'owner' wants a text\n"},
	{&manifest_table_top, "{service: a, owner: \"b\\nc\"}",
	    "1:21: 'owner' wants a text of one line\n"},
	{&manifest_table_top, "{service: a, checks: {}}",
	    "1:22: 'checks' wants a list, each item with its keys\n"},
	{&manifest_table_top, "{service: a, notify: []}",
	    "1:22: 'notify' wants names with a value each\n"},
	{&manifest_table_top, "{service: a, hosts: a.example}",
	    "1:21: 'hosts' wants a list such as [api.example.com, "
	    "\"*.example.com\"]\n"},
	{&manifest_table_top, "{service: a, hosts: [a/b, c, c, []]}",
	    "1:22: the host 'a/b' has a '/'; write the host alone\n"
	    "1:30: 'c' stands twice\n"
	    "1:33: 'hosts' wants a list of hosts\n"},
	{&manifest_table_top, "{service: a, environments: {e: 1}}",
	    "1:32: 'e' wants variables such as {base_url: "
	    "\"https://example.com\"}\n"},
	{&manifest_table_top,
	    "{service: a, environments: {e: {1x: 1, y: [], z: }}}",
	    "1:33: '1x' is no name for a variable: a letter or '_', "
	    "then letters, digits, '_' and '-'\n"
	    "1:43: the variable 'y' must be a text, a number, true "
	    "or false\n"
	    "1:47: the variable 'z' has no value; write \"\" for an "
	    "empty text\n"},
	{&manifest_table_top,
	    "{service: a, environments: {e: {newDate: 1}}, "
	    "secrets: {getEnv: {env: A}}}",
	    "1:33: 'newDate' is the name of a function; name the variable "
	    "otherwise\n"
	    "1:57: 'getEnv' is the name of a function; name the variable "
	    "otherwise\n"},
	{&manifest_table_top, "{service: a, environments: {'a b': {}}}",
	    "1:29: 'a b' is no name: letters, digits, '.', '_' and "
	    "'-'\n"},
	{&manifest_table_check, "{name: a, flow: b, every: 30}",
	    "1:27: 'every' wants " SPAN_WANTED},
	{&manifest_table_check, "{name: a, flow: b, every: fast}",
	    "1:27: 'every' wants " SPAN_WANTED},
	{&manifest_table_check, "{name: a, flow: b, every: 1ms}",
	    "1:27: 'every' must be from 100ms to 31d\n"},
	{&manifest_table_check,
	    "{name: a, flow: b, timeout: 99999999999999999999s}",
	    "1:29: 'timeout' must be from 10ms to 1d\n"},
	{&manifest_table_check, "{name: a, flow: b, paused: 'true'}",
	    "1:28: 'paused' wants true or false\n"},
	{&manifest_table_check, "{name: a, flow: b, locations: here}",
	    "1:31: 'locations' wants a list of names such as [one, "
	    "two]\n"},
	{&manifest_table_check, "{name: a, flow: b, locations: []}",
	    "1:31: 'locations' wants at least one; leave the key out "
	    "when there is none\n"},
	{&manifest_table_check, "{name: a, flow: b, tags: [x, x]}",
	    "1:30: 'x' stands twice\n"},
	{&manifest_table_check, "{name: a, flow: b, slo: 99%}",
	    "1:25: 'slo' wants keys of its own, with a value each\n"},
	{&manifest_table_check, "{name: a, flow: b, variables: 1}",
	    "1:31: 'variables' wants variables such as {base_url: "
	    "\"https://example.com\"}\n"},
	{&manifest_table_check, "[]",
	    "1:1: a check must be keys with a value each\n"},
	{&manifest_table_check, "{flwo: b}",
	    "1:1: a check wants the key 'flow'\n"
	    "1:1: a check wants the key 'name'\n"
	    "1:2: unknown key 'flwo' in a check, did you mean "
	    "'flow'?\n"},
	{&manifest_table_check, "{name: a, flow: b, zzzzzzzzzzz: b}",
	    "1:20: unknown key 'zzzzzzzzzzz' in a check\n"},
	{&manifest_table_slo, "{success: 99.9}",
	    "1:11: 'success' wants " PERCENT_WANTED},
	{&manifest_table_slo, "{success: 99.999%}",
	    "1:11: 'success' wants " PERCENT_WANTED},
	{&manifest_table_slo, "{success: 99.%}",
	    "1:11: 'success' wants " PERCENT_WANTED},
	{&manifest_table_slo, "{success: -1%}",
	    "1:11: 'success' wants " PERCENT_WANTED},
	{&manifest_table_slo, "{success: 100%}",
	    "1:11: 'success' of 100% leaves no room for any failure; "
	    "write 99.99% at most\n"},
	{&manifest_table_gate, "{margin: 100%, failure_margin: 100%}",
	    "1:10: 'margin' must be from 0.01% to 99.99%\n"
	    "1:32: 'failure_margin' must be from 0.01% to 69%\n"},
	{&manifest_table_slo, "{success: 0%}",
	    "1:11: 'success' must be from 0.01% to 99.99%\n"},
	{&manifest_table_slo, "{success: 99999999999999999999%}",
	    "1:11: 'success' must be from 0.01% to 99.99%\n"},
	{&manifest_table_slo, "{success: 99%, window: 1m}",
	    "1:24: 'window' must be from 1h to 366d\n"},
	{&manifest_table_slo, "{}",
	    "1:1: an objective wants the key 'success'\n"},
	{&manifest_table_alert, "{after: 0, notify: [a]}",
	    "1:9: 'after' must be from 1 to 1000\n"},
	{&manifest_table_alert, "{after: 1.5, notify: [a]}",
	    "1:9: 'after' wants a whole number\n"},
	{&manifest_table_alert, "{after: 1}",
	    "1:1: an alert wants the key 'notify'\n"},
	{&manifest_table_limits, "{body_bytes: 5GB}",
	    "1:14: 'body_bytes' wants a size such as 4096, 64KiB or "
	    "16MiB\n"},
	{&manifest_table_limits, "{body_bytes: 99999999999999MiB}",
	    "1:14: 'body_bytes' must be from 1KiB to 1024MiB\n"},
	{&manifest_table_limits, "{body_bytes: 1}",
	    "1:14: 'body_bytes' must be from 1KiB to 1024MiB\n"},
	{&manifest_table_limits, "{steps: 0}",
	    "1:9: 'steps' must be from 1 to 100000\n"}
};

static void
a_value_of_the_wrong_kind_is_told_what_is_wanted(void **state)
{
	char values[sizeof(struct manifest_check_values) * 2];
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(wrong_values); i++)
		reads(wrong_values[i].t, wrong_values[i].text, values,
		    wrong_values[i].expected);
}

/* Every property of the schema is a row of the table, and the reverse. */
static void
agrees(const struct manifest_table *t, const struct json *schema)
{
	const struct json *properties = json_get(schema, "properties"), *p;
	size_t i;

	assert_non_null(properties);
	assert_int_equal(properties->count, t->count);
	assert_false(json_get_bool(schema, "additionalProperties", true));
	for (i = 0; i < t->count; i++) {
		p = json_get(properties, t->rows[i].name);
		assert_non_null(p);
		assert_string_equal(json_get_str(p, "description", ""),
		    t->rows[i].help);
		if (t->rows[i].type == MANIFEST_TABLE)
			agrees(t->rows[i].table, p);
		if (t->rows[i].type == MANIFEST_TABLES)
			agrees(t->rows[i].table, json_get(p, "items"));
		if (t->rows[i].type == MANIFEST_TABLES_BY_NAME ||
		    t->rows[i].type == MANIFEST_SECRETS)
			agrees(t->rows[i].table,
			    json_get(p, "additionalProperties"));
	}
}

static void
the_schema_and_the_manual_say_what_the_tables_say(void **state)
{
	struct json_doc *doc = NULL;
	char *schema = NULL, *man = NULL;
	size_t len, i;
	FILE *fp;

	(void)state;
	fp = open_memstream(&schema, &len);
	manifest_print_schema(fp);
	fclose(fp);
	assert_int_equal(json_parse(schema, len, &json_limits_default, &doc,
	    NULL), 0);
	agrees(&manifest_table_top, json_root(doc));
	fp = open_memstream(&man, &len);
	manifest_print_man(fp);
	fclose(fp);
	for (i = 0; i < manifest_table_check.count; i++) {
		char line[64];

		snprintf(line, sizeof(line), ".B %s\n",
		    manifest_table_check.rows[i].name);
		assert_non_null(strstr(man, line));
	}
	json_free(&doc);
	free(schema);
	free(man);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tree_has_places_and_exact_text),
		cmocka_unit_test(what_could_grow_in_memory_is_refused),
		cmocka_unit_test(what_is_not_yaml_is_refused_with_its_place),
		cmocka_unit_test(lines_end_where_they_end_to_everybody),
		cmocka_unit_test(a_key_that_stands_twice_is_found_in_any_map),
		cmocka_unit_test(absent_keys_have_their_documented_defaults),
		cmocka_unit_test(every_key_of_a_check_is_read),
		cmocka_unit_test(every_key_of_a_manifest_is_read),
		cmocka_unit_test(percentages_are_exact),
		cmocka_unit_test(sizes_and_counts_are_exact),
		cmocka_unit_test(
		    a_value_of_the_wrong_kind_is_told_what_is_wanted),
		cmocka_unit_test(
		    the_schema_and_the_manual_say_what_the_tables_say)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
