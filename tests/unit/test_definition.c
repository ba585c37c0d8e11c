/* SPDX-License-Identifier: ISC */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/message.h"
#include "checks/definition_priv.h"

static const struct definition_variable variables[] = {
	{"amount", DEFINITION_NUMBER, "10.50"},
	{"base_url", DEFINITION_STRING, "https://a.example"},
	{"is_live", DEFINITION_BOOL, "false"}
};
static const struct definition_secret secrets[] = {
	{"api_key", DEFINITION_SECRET_ENV, "TEST_DEFINITION_KEY"},
	{"pem", DEFINITION_SECRET_FILE, "/run/secrets/pem"}
};
static const char *const hosts[] = {"*.a.example", "a.example:8443"};

static const struct definition_include included[] = {
	{"login.hurl", "GET {{base_url}}/login\n", 23},
	{"steps/end.hurl", "", 0}
};
static const struct definition_includes includes = {included, 2};

static struct definition *
make(void)
{
	static const char source[] = "GET {{base_url}}/\nHTTP 200\n";
	struct definition *d = definition_new();

	d->check = "payments/card";
	d->service = "payments";
	d->environment = "canary";
	definition_set_flow(d, "card.hurl", "/srv/checks", source,
	    sizeof(source) - 1);
	definition_set_includes(d, &includes);
	memset(d->flow_digest, 'a', DEFINITION_HASH_SIZE - 1);
	definition_set_variables(d, variables, NELEMS(variables));
	definition_set_secrets(d, secrets, NELEMS(secrets));
	definition_set_hosts(d, hosts, NELEMS(hosts));
	d->timeout = 20 * SPAN_S;
	definition_hash(d);
	return (d);
}

static void
limits_are_read_from_text_and_capped(void **state)
{
	static const struct {
		const char *text, *sentence;
	} rows[] = {
		{"stepz=1", "there is no limit 'stepz', did you mean "
		    "'steps'?"},
		{"steps", "the limit 'steps' is a number from 1 to 100000"},
		{"steps=0", "the limit 'steps' is a number from 1 to 100000"},
		{"body_bytes=2GiB", "the limit 'body_bytes' is a number from "
		    "1024 to 1073741824"},
		{"retries=5,headers=1x", "the limit 'headers' is a number "
		    "from 1 to 10000"},
		{"body_bytes=9999999999GiB", "the limit 'body_bytes' is a "
		    "number from 1024 to 1073741824"},
		{"body_bytes=9999999999PiB", "the limit 'body_bytes' is a "
		    "number from 1024 to 1073741824"},
		{"steps=99999999999", "the limit 'steps' is a number from 1 "
		    "to 100000"},
	};
	struct definition_limits l = definition_limits_default;
	char *sentence = NULL;
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(rows); i++) {
		assert_int_not_equal(definition_limits_parse(rows[i].text, &l,
		    &sentence), 0);
		assert_string_equal(sentence, rows[i].sentence);
		free(sentence);
		assert_memory_equal(&l, &definition_limits_default,
		    sizeof(l));
	}
	assert_int_equal(definition_limits_parse("body_bytes=64MiB,"
	    "steps=5000,json_depth=3,evidence_bytes=0", &l, &sentence), 0);
	assert_int_equal(l.body_bytes, 64 << 20);
	assert_int_equal(l.steps, 5000);
	assert_int_equal(l.json_depth, 3);
	assert_int_equal(l.evidence_bytes, 0);
	assert_int_equal(l.headers, definition_limits_default.headers);
	definition_limits_cap(&l, &definition_limits_default);
	assert_int_equal(l.body_bytes, definition_limits_default.body_bytes);
	assert_int_equal(l.steps, definition_limits_default.steps);
	assert_int_equal(l.json_depth, 3);
	assert_int_equal(l.evidence_bytes, 0);
}

static char *
encoded(const struct definition *d, size_t *len)
{
	struct buf b;

	buf_init(&b, MESSAGE_MOST_BYTES);
	assert_int_equal(definition_encode(d, &b), 0);
	return (buf_take(&b, len));
}

static void
a_definition_survives_the_wire_whole(void **state)
{
	struct definition *d = make(), *back = NULL;
	char *doc, *again, *sentence = NULL;
	size_t len, again_len;

	(void)state;
	doc = encoded(d, &len);
	assert_int_equal(definition_decode(doc, len, &back, &sentence), 0);
	again = encoded(back, &again_len);
	assert_string_equal(again, doc);
	assert_string_equal(back->check, "payments/card");
	assert_string_equal(back->hash, d->hash);
	assert_int_equal(back->flow_len, d->flow_len);
	assert_string_equal(back->flow_source, d->flow_source);
	assert_int_equal(back->includes.count, 2);
	assert_string_equal(back->includes.items[0].name, "login.hurl");
	assert_string_equal(back->includes.items[0].source,
	    included[0].source);
	assert_int_equal(back->includes.items[0].len, included[0].len);
	assert_int_equal(back->includes.items[1].len, 0);
	assert_int_equal(back->variable_count, 3);
	assert_int_equal(back->variables[0].kind, DEFINITION_NUMBER);
	assert_string_equal(back->variables[0].text, "10.50");
	assert_int_equal(back->variables[2].kind, DEFINITION_BOOL);
	assert_int_equal(back->secrets[1].source, DEFINITION_SECRET_FILE);
	assert_string_equal(back->hosts[1], "a.example:8443");
	assert_int_equal(back->timeout, 20 * SPAN_S);
	assert_int_equal(back->limits.steps,
	    definition_limits_default.steps);
	free(again);
	free(doc);
	definition_free(&back);
	definition_free(&d);
}

static void
every_cut_or_changed_document_is_refused_or_still_whole(void **state)
{
	struct definition *d = make(), *back;
	char *doc, *sentence;
	size_t len, i;

	(void)state;
	doc = encoded(d, &len);
	for (i = 0; i < len; i++) {
		sentence = NULL;
		assert_int_not_equal(definition_decode(doc, i, &back,
		    &sentence), 0);
		assert_non_null(sentence);
		free(sentence);
	}
	for (i = 0; i < len; i++) {
		char was = doc[i];

		doc[i] = was == '1' ? '2' : '1';
		sentence = NULL;
		back = NULL;
		if (definition_decode(doc, len, &back, &sentence) == 0)
			assert_null(sentence);
		else
			assert_non_null(sentence);
		free(sentence);
		definition_free(&back);
		doc[i] = was;
	}
	free(doc);
	definition_free(&d);
}

/* Replace the first "from" of the document and expect the refusal. */
static void
refuses(const char *from, const char *to, const char *why)
{
	struct definition *d = make(), *back = NULL;
	char *doc, *changed, *at, *sentence = NULL;
	size_t len;

	doc = encoded(d, &len);
	at = strstr(doc, from);
	assert_non_null(at);
	changed = xasprintf("%.*s%s%s", (int)(at - doc), doc, to,
	    at + strlen(from));
	assert_int_equal(definition_decode(changed, strlen(changed), &back,
	    &sentence), ERR_SYNTAX);
	assert_string_equal(sentence, why);
	free(sentence);
	free(changed);
	free(doc);
	definition_free(&d);
}

static void
a_document_with_anything_odd_is_refused_with_the_reason(void **state)
{
	(void)state;
	refuses("\"check\":", "\"chekc\":",
	    "the definition's 'check' is missing");
	refuses("{\"check\":", "{\"more\":1,\"check\":",
	    "the definition's 'document' has members that are not known");
	refuses("\"/srv/checks\"", "\"srv\"",
	    "the definition's 'root' is not an absolute path");
	refuses("\"payments/card\"", "7",
	    "the definition's 'check' is not a plain text");
	refuses("\"payments/card\"", "\"a\\u0000b\"",
	    "the definition's 'check' is not a plain text");
	refuses("\"aaaa", "\"Aaaa",
	    "the definition's 'digest' is not 64 hexadecimal digits");
	refuses("\"amount\"", "\"zmount\"", "the definition's 'variables' "
	    "has a name that is not usable or not in order");
	refuses("10.50", "null", "the definition's 'amount' is neither text, "
	    "number nor true or false");
	refuses("\"api_key\"", "\"amount\"",
	    "the definition's 'amount' is a variable and a secret");
	refuses("\"env\":\"TEST", "\"env\":\"A\",\"file\":\"TEST",
	    "the definition's 'api_key' has members that are not known");
	refuses("\"*.a.example\"", "\"a/b\"",
	    "the definition's 'hosts' holds what is no host");
	refuses("20000000", "-1",
	    "the definition's 'timeout_us' is not a count");
	refuses("\"steps\":", "\"step\":",
	    "the definition's 'limits' has members that are not known");
}

static void
the_hash_changes_with_meaning_and_with_nothing_else(void **state)
{
	struct definition *d = make();
	char before[DEFINITION_HASH_SIZE];

	(void)state;
	memcpy(before, d->hash, sizeof(before));
	d->check = "other/name";
	d->environment = "other";
	d->flow_path = "elsewhere.hurl";
	d->flow_root = "/other";
	definition_hash(d);
	assert_string_equal(d->hash, before);
	d->timeout++;
	definition_hash(d);
	assert_string_not_equal(d->hash, before);
	d->timeout--;
	d->flow_digest[0] = 'b';
	definition_hash(d);
	assert_string_not_equal(d->hash, before);
	d->flow_digest[0] = 'a';
	d->host_count--;
	definition_hash(d);
	assert_string_not_equal(d->hash, before);
	d->host_count++;
	d->secret_count--;
	definition_hash(d);
	assert_string_not_equal(d->hash, before);
	d->secret_count++;
	d->limits.steps--;
	definition_hash(d);
	assert_string_not_equal(d->hash, before);
	definition_free(&d);
}

static void
an_override_replaces_or_adds_but_never_a_secret(void **state)
{
	static const struct definition_variable over[] = {
		{"new", DEFINITION_STRING, "x"},
		{"base_url", DEFINITION_STRING, "https://b.example"}
	};
	static const struct definition_variable bad = {"api_key",
	    DEFINITION_STRING, "x"};
	struct definition *d = make(), *n = NULL;
	char *sentence = NULL;

	(void)state;
	assert_int_equal(definition_override(d, over, 2, &n, &sentence), 0);
	assert_int_equal(n->variable_count, 4);
	assert_string_equal(definition_find_variable(n->variables, 4,
	    "base_url")->text, "https://b.example");
	assert_string_equal(definition_find_variable(n->variables, 4,
	    "new")->text, "x");
	assert_string_equal(n->variables[0].name, "amount");
	assert_string_not_equal(n->hash, d->hash);
	definition_free(&n);
	assert_int_equal(definition_override(d, NULL, 0, &n, &sentence), 0);
	assert_string_equal(n->hash, d->hash);
	definition_free(&n);
	assert_int_equal(definition_override(d, &bad, 1, &n, &sentence),
	    ERR_EXISTS);
	assert_string_equal(sentence, "'api_key' is a secret of "
	    "payments/card and cannot be given as a variable");
	free(sentence);
	definition_free(&d);
}

static void
a_variable_from_text_gets_its_type_by_its_form(void **state)
{
	static const struct {
		const char *text;
		int kind; /* -1: refused */
		const char *value;
	} rows[] = {
		{"a=b", DEFINITION_STRING, "b"},
		{"a=", DEFINITION_STRING, ""},
		{"a=b=c", DEFINITION_STRING, "b=c"},
		{"a=1", DEFINITION_NUMBER, "1"},
		{"a=-0.10e5", DEFINITION_NUMBER, "-0.10e5"},
		{"a=123456789012345678901234567890", DEFINITION_NUMBER,
		    "123456789012345678901234567890"},
		{"a=01", DEFINITION_STRING, "01"},
		{"a=1 ", DEFINITION_STRING, "1 "},
		{"a=true", DEFINITION_BOOL, "true"},
		{"a=True", DEFINITION_STRING, "True"},
		{"a=\"1\"", DEFINITION_STRING, "1"},
		{"a=\"", DEFINITION_STRING, "\""},
		{"_a-b_2=x", DEFINITION_STRING, "x"},
		{"a", -1, NULL},
		{"=x", -1, NULL},
		{"1a=x", -1, NULL},
		{"a b=x", -1, NULL},
		{"a=\xff", -1, NULL}
	};
	struct definition_variable v;
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(rows); i++) {
		if (rows[i].kind < 0) {
			assert_int_equal(definition_parse_variable(
			    rows[i].text, &v), ERR_SYNTAX);
			continue;
		}
		assert_int_equal(definition_parse_variable(rows[i].text, &v),
		    0);
		assert_int_equal(v.kind, rows[i].kind);
		assert_string_equal(v.text, rows[i].value);
		definition_variable_fini(&v);
	}
}

static void
a_secret_comes_from_the_environment(void **state)
{
	char *value = NULL, *sentence = NULL;

	(void)state;
	setenv("TEST_DEFINITION_KEY", "s3cret", 1);
	assert_int_equal(definition_resolve_secret(&secrets[0], &value,
	    &sentence), 0);
	assert_string_equal(value, "s3cret");
	free(value);
	setenv("TEST_DEFINITION_KEY", "", 1);
	assert_int_equal(definition_resolve_secret(&secrets[0], &value,
	    &sentence), ERR_NOT_FOUND);
	assert_string_equal(sentence, "secret 'api_key': the environment "
	    "variable TEST_DEFINITION_KEY is empty");
	free(sentence);
	unsetenv("TEST_DEFINITION_KEY");
	assert_int_equal(definition_resolve_secret(&secrets[0], &value,
	    &sentence), ERR_NOT_FOUND);
	assert_string_equal(sentence, "secret 'api_key': the environment "
	    "variable TEST_DEFINITION_KEY is not set");
	free(sentence);
}

static int
resolve_content(const void *content, size_t len, char **value,
    char **sentence)
{
	char path[] = "/tmp/test-definition.XXXXXX";
	struct definition_secret s = {"pem", DEFINITION_SECRET_FILE, path};
	int fd = mkstemp(path), rc;

	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(file_replace(path, content, len), 0);
	rc = definition_resolve_secret(&s, value, sentence);
	unlink(path);
	if (rc != 0)
		assert_non_null(strstr(*sentence, path));
	return (rc);
}

static void
a_secret_comes_from_a_file_without_its_last_newline(void **state)
{
	char *value = NULL, *sentence = NULL, *big;

	(void)state;
	assert_int_equal(resolve_content("k\n", 2, &value, &sentence), 0);
	assert_string_equal(value, "k");
	free(value);
	assert_int_equal(resolve_content("a\nb\r\n", 5, &value, &sentence),
	    0);
	assert_string_equal(value, "a\nb");
	free(value);
	assert_int_equal(resolve_content("k\n\n", 3, &value, &sentence), 0);
	assert_string_equal(value, "k\n");
	free(value);
	assert_int_equal(resolve_content("\n", 1, &value, &sentence),
	    ERR_NOT_FOUND);
	free(sentence);
	assert_int_equal(resolve_content("a\0b", 3, &value, &sentence),
	    ERR_SYNTAX);
	assert_non_null(strstr(sentence, " holds a NUL byte"));
	free(sentence);
	big = xcalloc(1, DEFINITION_SECRET_MOST_BYTES + 1);
	memset(big, 'x', DEFINITION_SECRET_MOST_BYTES + 1);
	assert_int_equal(resolve_content(big,
	    DEFINITION_SECRET_MOST_BYTES + 1, &value, &sentence), ERR_LIMIT);
	free(sentence);
	free(big);
}

static void
a_missing_secret_file_is_named(void **state)
{
	static const struct definition_secret gone = {"pem",
	    DEFINITION_SECRET_FILE, "/nonexistent/pem"};
	static const struct definition_secret dir = {"pem",
	    DEFINITION_SECRET_FILE, "/tmp"};
	char *value = NULL, *sentence = NULL;

	(void)state;
	assert_int_equal(definition_resolve_secret(&gone, &value, &sentence),
	    ERR_NOT_FOUND);
	assert_string_equal(sentence, "secret 'pem': cannot read "
	    "/nonexistent/pem: No such file or directory");
	free(sentence);
	assert_int_equal(definition_resolve_secret(&dir, &value, &sentence),
	    ERR_IO);
	assert_string_equal(sentence, "secret 'pem': /tmp is not a regular "
	    "file");
	free(sentence);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_are_read_from_text_and_capped),
		cmocka_unit_test(a_definition_survives_the_wire_whole),
		cmocka_unit_test(
		    every_cut_or_changed_document_is_refused_or_still_whole),
		cmocka_unit_test(
		    a_document_with_anything_odd_is_refused_with_the_reason),
		cmocka_unit_test(
		    the_hash_changes_with_meaning_and_with_nothing_else),
		cmocka_unit_test(
		    an_override_replaces_or_adds_but_never_a_secret),
		cmocka_unit_test(
		    a_variable_from_text_gets_its_type_by_its_form),
		cmocka_unit_test(a_secret_comes_from_the_environment),
		cmocka_unit_test(
		    a_secret_comes_from_a_file_without_its_last_newline),
		cmocka_unit_test(a_missing_secret_file_is_named)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
