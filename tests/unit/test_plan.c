/* SPDX-License-Identifier: ISC */
#include "tests/unit/unit.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/message.h"
#include "checks/lint.h"
#include "checks/plan.h"

#define FLOW "GET {{base_url}}/v1\nX-Key: {{api_key}}\nHTTP 200\n"
#define HEAD "service: pay\nenvironments: {prod: {base_url: " \
    "\"https://a.example\"}}\nsecrets: {api_key: {env: K}}\nhosts: " \
    "[a.example]\n"

static char dir[] = "/tmp/test-plan.XXXXXX";

static int
remove_cb(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return (remove(path));
}

/* Every test begins with an empty directory, and is in it. */
static int
setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/test-plan.XXXXXX");
	return (mkdtemp(dir) == NULL || chdir(dir) != 0);
}

static int
teardown(void **state)
{
	(void)state;
	return (chdir("/") != 0 ||
	    nftw(dir, remove_cb, 16, FTW_DEPTH | FTW_PHYS) != 0);
}

static void
put_n(const char *path, const void *text, size_t len)
{
	char *parent = file_dir(path);

	assert_int_equal(file_make_dirs(parent), 0);
	assert_int_equal(file_replace(path, text, len), 0);
	free(parent);
}

static void
put(const char *path, const char *text)
{
	put_n(path, text, strlen(text));
}

static char *
mistakes(struct cause *c)
{
	const struct cause_entry *e;
	struct buf b;
	size_t i;

	buf_init(&b, 1 << 20);
	buf_append_str(&b, "");
	cause_sort(c);
	for (i = 0; i < c->count; i++) {
		e = &c->entries[i];
		buf_printf(&b, "%s:%u:%u: %s%s\n", e->file, e->place.line,
		    e->place.column, e->is_warning ? "warning: " : "",
		    e->sentence);
	}
	return (buf_take(&b, NULL));
}

/* Load, and expect exactly these mistakes and no plan. */
static void
refuses(const char *path, const char *expected)
{
	struct plan *plan = NULL;
	struct cause c;
	char *text;

	cause_init(&c);
	assert_int_equal(plan_load(path, &c, &plan), ERR_SYNTAX);
	assert_null(plan);
	text = mistakes(&c);
	assert_string_equal(text, expected);
	free(text);
	cause_fini(&c);
}

static struct plan *
loads(const char *path)
{
	struct plan *plan = NULL;
	struct cause c;
	char *text;

	cause_init(&c);
	plan_load(path, &c, &plan);
	text = mistakes(&c);
	assert_string_equal(text, "");
	free(text);
	cause_fini(&c);
	return (plan);
}

static void
a_tree_of_manifests_becomes_one_plan(void **state)
{
	const struct plan_check *c;
	struct plan *plan;

	(void)state;
	put("b/card.hurl", FLOW);
	put("b/notify/pager.hurl", "POST https://p.example/\n{{text}}\n");
	put("b/pay.yaml", HEAD
	    "owner: team\n"
	    "checks:\n"
	    "  - name: card\n    flow: card.hurl\n    environment: prod\n"
	    "    every: 30s\n    timeout: 20s\n    locations: [eu, us]\n"
	    "    slo: {success: 99.9%, window: 7d}\n"
	    "    alert: {after: 2, notify: [pager]}\n"
	    "    variables: {amount: 10.50, n: \"1\"}\n    tags: [card]\n"
	    "    paused: true\n    limits: {steps: 9}\n"
	    "    gate: {tolerance: 7.5%, policy: advisory, alpha: 0.1%,\n"
	    "      beta: 2%, rounds: 40, time: 2m, on_inconclusive: pass,\n"
	    "      quarantine:\n"
	    "      {owner: ada, reason: flaky, until: 2026-12-24}}\n"
	    "gate: {alpha: 0.5%, time: 5m, on_inconclusive: block}\n"
	    "notify:\n"
	    "  pager: {flow: notify/pager.hurl, hosts: [p.example],\n"
	    "    secrets: {k: {file: /run/k}}, variables: {text: x}}\n");
	put("a.yml", "service: alone\nchecks: [{name: x, flow: x.hurl}]\n");
	put("x.hurl", "GET http://x.example/\n");
	put(".hidden.yaml", "not: [a manifest\n");
	put(".git/x.yaml", "not: [a manifest\n");
	put("README", "not: [a manifest\n");
	plan = loads(".");
	assert_int_equal(plan->manifest_count, 2);
	assert_int_equal(plan->check_count, 2);
	assert_string_equal(plan->checks[0]->id, "alone/x");
	assert_string_equal(plan->checks[0]->environment_name, "default");
	assert_null(plan->checks[0]->environment);
	assert_string_equal(plan->checks[0]->locations[0], "local");
	assert_int_equal(plan->checks[0]->every, SPAN_MIN);
	assert_int_equal(plan->checks[0]->alert_after, 0);
	c = plan->checks[1];
	assert_string_equal(c->id, "pay/card");
	assert_string_equal(c->name, "card");
	assert_string_equal(c->service, "pay");
	assert_string_equal(c->owner, "team");
	assert_string_equal(c->environment_name, "prod");
	assert_int_equal(c->every, 30 * SPAN_S);
	assert_int_equal(c->timeout, 20 * SPAN_S);
	assert_int_equal(c->location_count, 2);
	assert_string_equal(c->locations[1], "us");
	assert_int_equal(c->slo_success_permyriad, 9990);
	assert_int_equal(c->slo_window, 7 * SPAN_DAY);
	assert_int_equal(c->gate->tolerance_permyriad, 750);
	assert_int_equal(c->gate->margin_permyriad, -1);
	assert_int_equal(c->gate->policy, 1);
	assert_int_equal(c->gate->alpha_permyriad, 10);
	assert_int_equal(c->gate->beta_permyriad, 200);
	assert_int_equal(c->gate->rounds, 40);
	assert_int_equal(c->gate->time, 2 * SPAN_MIN);
	assert_int_equal(c->gate->on_inconclusive, 1);
	assert_true(c->gate->is_quarantined);
	assert_int_equal(c->gate->quarantine_until, 20811 * SPAN_DAY);
	assert_string_equal(c->gate->quarantine_owner, "ada");
	assert_int_equal(c->manifest->gate->alpha_permyriad, 50);
	assert_int_equal(c->manifest->gate->beta_permyriad, -1);
	assert_int_equal(c->manifest->gate->time, 5 * SPAN_MIN);
	assert_int_equal(c->manifest->gate->on_inconclusive, 2);
	assert_int_equal(plan->checks[0]->gate->policy, -1);
	assert_int_equal(plan->checks[0]->manifest->gate->rounds, -1);
	assert_int_equal(c->alert_after, 2);
	assert_int_equal(c->notify_count, 1);
	assert_string_equal(c->notifies[0]->name, "pager");
	assert_string_equal(c->notifies[0]->flow->path, "notify/pager.hurl");
	assert_string_equal(c->notifies[0]->secrets[0].reference, "/run/k");
	assert_int_equal(c->variables[0].kind, DEFINITION_NUMBER);
	assert_string_equal(c->variables[0].text, "10.50");
	assert_int_equal(c->variables[1].kind, DEFINITION_STRING);
	assert_string_equal(c->tags[0], "card");
	assert_true(c->is_paused);
	assert_int_equal(c->limits.steps, 9);
	assert_int_equal(c->limits.redirects, 50);
	assert_string_equal(c->flow->source, FLOW);
	assert_ptr_equal(plan_find_check(plan, "pay/card"), c);
	assert_ptr_equal(plan_find_check(plan, "card"), c);
	assert_null(plan_find_check(plan, "pay/x"));
	assert_null(plan_find_check(plan, "y"));
	assert_true(plan_has_service(plan, "pay"));
	assert_false(plan_has_service(plan, "card"));
	plan_free(&plan);
	assert_null(plan);
}

static void
a_name_that_two_services_use_is_not_unique(void **state)
{
	struct plan *plan;

	(void)state;
	put("x.hurl", "GET http://x.example/\n");
	put("a.yaml", "service: a\nchecks: [{name: x, flow: x.hurl}]\n");
	put("b.yaml", "service: b\nchecks: [{name: x, flow: x.hurl}]\n");
	plan = loads(".");
	assert_null(plan_find_check(plan, "x"));
	assert_non_null(plan_find_check(plan, "a/x"));
	assert_ptr_equal(plan->checks[0]->flow, plan->checks[1]->flow);
	plan_free(&plan);
}

static void
everything_that_is_referred_to_must_be_there(void **state)
{
	(void)state;
	put("card.hurl", FLOW);
	put("m.yaml", HEAD
	    "checks:\n"
	    "  - {name: a, flow: card.hurl, environment: prd}\n"
	    "  - {name: b, flow: crad.hurl}\n"
	    "  - {name: c, flow: card.hurl, alert: {notify: [pgaer, x]}}\n"
	    "notify: {pager: {flow: card.hurl}}\n");
	refuses(".",
	    "m.yaml:6:45: the environment 'prd' is not defined, did you mean "
	    "'prod'?\n"
	    "m.yaml:7:21: cannot use the flow 'crad.hurl': there is no such "
	    "file\n"
	    "m.yaml:8:49: the notification 'pgaer' is not defined, did you "
	    "mean 'pager'?\n"
	    "m.yaml:8:56: the notification 'x' is not defined in this "
	    "manifest\n");
}

static void
a_check_says_which_of_several_environments(void **state)
{
	(void)state;
	put("card.hurl", "GET http://x.example/\n");
	put("m.yaml", "service: s\nenvironments: {a: {}, b: {}}\n"
	    "checks: [{name: c, flow: card.hurl}]\n");
	refuses(".", "m.yaml:3:10: a check wants the key 'environment' when "
	    "there are several: a, b\n");
}

static void
many_environments_are_not_all_named(void **state)
{
	struct cause c;
	struct plan *plan = NULL;
	struct buf b;
	int i;

	(void)state;
	put("f.hurl", "GET http://a\n");
	buf_init(&b, 4096);
	buf_append_str(&b, "service: s\nenvironments:\n");
	for (i = 0; i < 99; i++)
		buf_printf(&b, "  e%d: {}\n", i);
	buf_append_str(&b, "checks: [{name: a, flow: f.hurl}]\n");
	put("m.yaml", b.data);
	buf_fini(&b);
	cause_init(&c);
	assert_int_equal(plan_load(".", &c, &plan), ERR_SYNTAX);
	assert_non_null(strstr(c.entries[0].sentence, "several: e0, e1, "));
	assert_non_null(strstr(c.entries[0].sentence, ", ..."));
	cause_fini(&c);
}

static void
a_check_stands_once_in_the_whole_tree(void **state)
{
	(void)state;
	put("x.hurl", "GET http://x.example/\n");
	put("a.yaml", "service: s\nchecks:\n  - {name: x, flow: x.hurl}\n"
	    "  - {name: x, flow: x.hurl}\n");
	put("b.yaml", "service: s\nchecks: [{name: x, flow: x.hurl}]\n");
	put("c.yaml", "service: t\nchecks: [{name: x, flow: x.hurl}]\n");
	refuses(".",
	    "a.yaml:4:12: the check 's/x' stands already in a.yaml:3\n"
	    "b.yaml:2:17: the check 's/x' stands already in a.yaml:3\n");
}

static void
a_flow_stays_in_the_manifests_folder(void **state)
{
	(void)state;
	put("outside.hurl", "GET http://x.example/\n");
	put("sub/m.yaml", "service: s\nchecks:\n"
	    "  - {name: a, flow: ../outside.hurl}\n"
	    "  - {name: b, flow: /etc/passwd}\n"
	    "  - {name: c, flow: link.hurl}\n"
	    "  - {name: d, flow: fine.hurl}\n"
	    "  - {name: e, flow: .}\n");
	put("sub/deep/real.hurl", "GET http://x.example/\n");
	assert_int_equal(symlink("../outside.hurl", "sub/link.hurl"), 0);
	assert_int_equal(symlink("deep/real.hurl", "sub/fine.hurl"), 0);
	refuses("sub",
	    "sub/m.yaml:3:21: cannot use the flow '../outside.hurl': it is "
	    "not in the manifest's folder or below\n"
	    "sub/m.yaml:4:21: cannot use the flow '/etc/passwd': it is not "
	    "in the manifest's folder or below\n"
	    "sub/m.yaml:5:21: cannot use the flow 'link.hurl': it is not in "
	    "the manifest's folder or below\n"
	    "sub/m.yaml:7:21: cannot read the flow sub/.: it is not a regular "
	    "file\n");
}

static void
a_flows_mistakes_are_told_once_beside_the_others(void **state)
{
	(void)state;
	put("sub/bad.hurl", "GET http://x.example/\nHTTP 2x0\n");
	put("sub/m.yaml", "service: s\nchecks:\n"
	    "  - {name: a, flow: bad.hurl}\n"
	    "  - {name: b, flow: bad.hurl, evry: 1s}\n");
	put("big.hurl", "");
	assert_int_equal(truncate("big.hurl", 10 << 20), 0);
	put("z.yaml", "service: z\nchecks: [{name: a, flow: big.hurl}]\n");
	{
		struct plan *plan = NULL;
		struct cause c;

		cause_init(&c);
		assert_int_equal(plan_load(".", &c, &plan), ERR_SYNTAX);
		cause_sort(&c);
		assert_int_equal(c.error_count, 3);
		assert_string_equal(c.entries[0].file, "sub/bad.hurl");
		assert_int_equal(c.entries[0].place.line, 2);
		assert_string_equal(c.entries[1].sentence, "unknown key "
		    "'evry' in a check, did you mean 'every'?");
		assert_string_equal(c.entries[2].sentence,
		    "the flow big.hurl is larger than 8 MiB");
		assert_int_equal(c.entries[2].place.line, 2);
		assert_int_equal(c.entries[2].place.column, 26);
		cause_fini(&c);
	}
}

static void
files_that_a_flow_names_must_be_below_it(void **state)
{
	(void)state;
	put("outside.txt", "x");
	put("sub/there.txt", "x");
	put("sub/a.hurl", "POST http://x.example/\nfile,there.txt;\n\n"
	    "POST http://x.example/\nfile,gone.txt;\n\n"
	    "POST http://x.example/\nfile,../outside.txt;\n");
	put("sub/m.yaml", "service: s\nchecks: [{name: a, flow: a.hurl}]\n");
	refuses(".",
	    "sub/a.hurl:5:6: cannot use the file 'gone.txt': there is no "
	    "such file\n"
	    "sub/a.hurl:8:6: cannot use the file '../outside.txt': it is not "
	    "below the flow's folder\n");
}

static void
hosts_bound_what_flows_may_reach(void **state)
{
	(void)state;
	put("lit.hurl", "GET https://a.example/x\n\n"
	    "GET https://evil.example/\n");
	put("var.hurl", "GET {{base_url}}/x\n");
	put("m.yaml", "service: s\nhosts: [a.example]\n"
	    "environments:\n"
	    "  good: {base_url: https://a.example, other: https://b.x}\n"
	    "  bad: {base_url: \"https://a.example@b.example/\"}\n"
	    "checks:\n"
	    "  - {name: a, flow: lit.hurl, environment: good}\n"
	    "  - {name: b, flow: var.hurl, environment: good}\n"
	    "  - name: c\n    flow: var.hurl\n    environment: good\n"
	    "    variables: {base_url: http://c.example}\n");
	refuses(".",
	    "m.yaml:5:19: the host 'b.example' is not covered by 'hosts'\n"
	    "m.yaml:7:21: the flow reaches 'evil.example' in its line 3, "
	    "which 'hosts' does not cover\n"
	    "m.yaml:12:5: the host 'c.example' of 'base_url' is not covered "
	    "by 'hosts'\n");
}

static void
a_name_is_a_variable_or_a_secret(void **state)
{
	(void)state;
	put("a.hurl", "GET http://x.example/{{k}}\n");
	put("m.yaml", "service: s\nsecrets: {k: {env: K}}\n"
	    "environments: {e: {k: 1}}\n"
	    "checks: [{name: a, flow: a.hurl, variables: {k: 2}}]\n"
	    "notify: {n: {flow: a.hurl, secrets: {z: {env: Z}}, variables: "
	    "{z: 1}}}\n");
	refuses(".",
	    "m.yaml:3:20: 'k' is a secret also; a name is either a variable "
	    "or a secret\n"
	    "m.yaml:4:46: 'k' is a secret also; a name is either a variable "
	    "or a secret\n"
	    "m.yaml:5:64: 'z' is a secret also; a name is either a variable "
	    "or a secret\n");
}

static void
put_names(struct buf *b, const char *before, int count, const char *format)
{
	int i;

	buf_append_str(b, before);
	for (i = 0; i < count; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		buf_printf(b, format, i);
#pragma GCC diagnostic pop
	}
}

/* Or the probe would refuse what lint had let pass. */
static void
a_check_has_no_more_variables_than_a_definition_takes(void **state)
{
	struct buf b;

	(void)state;
	put("f.hurl", "GET http://a\n");
	buf_init(&b, 1 << 20);
	put_names(&b, "service: s\nhosts: [a]\nenvironments:\n  e:\n", 9999,
	    "    e%d: 1\n");
	put_names(&b, "checks:\n- name: n\n  flow: f.hurl\n  variables:\n", 2,
	    "    v%d: 1\n");
	put("m.yaml", b.data);
	refuses(".", "m.yaml:10006:9: with those of its environment the check "
	    "has more than 10000 variables\n");
	buf_reset(&b);
	put_names(&b, "service: s\nhosts: [a]\nenvironments:\n  e:\n", 10001,
	    "    e%d: 1\n");
	put_names(&b, "secrets:\n", 10001, "  s%d: {env: A}\n");
	buf_append_str(&b, "checks:\n- name: n\n  flow: f.hurl\n");
	put("m.yaml", b.data);
	refuses(".", "m.yaml:5:5: 'e' has 10001 names; a check takes at most "
	    "10000\nm.yaml:10007:3: 'secrets' has 10001 names; a check takes "
	    "at most 10000\n");
	buf_fini(&b);
}

static void
a_secret_is_an_environment_variable_or_a_file(void **state)
{
	(void)state;
	put("m.yaml", "service: s\nsecrets:\n  a: {env: A, file: /a}\n"
	    "  b: {}\n  c: {file: c}\n  d: {env: A=B}\n  e: text\n"
	    "  f: {enw: F}\n  g: {env: G}\n");
	refuses("m.yaml",
	    "m.yaml:3:3: the secret 'a' wants either {env: NAME} or {file: "
	    "/path}\n"
	    "m.yaml:4:3: the secret 'b' wants either {env: NAME} or {file: "
	    "/path}\n"
	    "m.yaml:5:13: the file of a secret wants an absolute path\n"
	    "m.yaml:6:12: 'A=B' is no name of an environment variable\n"
	    "m.yaml:7:6: a secret must be keys with a value each\n"
	    "m.yaml:8:7: unknown key 'enw' in a secret, did you mean "
	    "'env'?\n");
}

static void
a_variable_that_nothing_defines_is_found(void **state)
{
	(void)state;
	put("a.hurl", "GET {{base_url}}/{{api_kye}}\nHTTP 200\n[Captures]\n"
	    "id: jsonpath \"$.id\"\n\nGET {{base_url}}/{{id}}\n");
	put("m.yaml", HEAD "checks: [{name: a, flow: a.hurl}]\n");
	refuses(".", "m.yaml:5:26: the flow reads {{api_kye}} in its line 1, "
	    "which nothing defines, did you mean 'api_key'?\n");
}

static void
what_cannot_be_read_is_told_with_its_path(void **state)
{
	struct cause c;
	struct plan *plan = NULL;

	(void)state;
	cause_init(&c);
	assert_int_equal(plan_load("gone", &c, &plan), ERR_SYNTAX);
	assert_string_equal(c.entries[0].sentence,
	    "cannot be read: No such file or directory");
	cause_fini(&c);
	refuses(".", ".:0:0: there is no manifest (*.yaml, *.yml) here\n");
	put("big.yaml", "");
	assert_int_equal(truncate("big.yaml", 2 << 20), 0);
	assert_int_equal(mkfifo("pipe.yaml", 0600), 0);
	put("bad.yaml", "service: \xff\n");
	refuses(".",
	    "bad.yaml:1:10: the byte 0xff is not valid UTF-8\n"
	    "big.yaml:0:0: cannot read the manifest: it is larger than 1 "
	    "MiB\n"
	    "pipe.yaml:0:0: cannot read the manifest: it is not a regular "
	    "file\n");
}

static char *
hash_of(const char *manifest, const char *flow, const char *file)
{
	struct plan *plan;
	char *hash;

	put("a.hurl", flow);
	put("body.txt", file);
	put("m.yaml", manifest);
	plan = loads("m.yaml");
	assert_non_null(plan);
	hash = xstrdup(plan->checks[0]->hash);
	plan_free(&plan);
	return (hash);
}

static void
a_hash_changes_with_what_a_run_does(void **state)
{
	static const char flow[] = "POST {{base_url}}\nfile,body.txt;\n";
	static const char plain[] = HEAD "checks: [{name: a, flow: a.hurl}]";
	static const char *const same[] = {
		HEAD "owner: x\nchecks: [{name: b, flow: a.hurl}]",
		HEAD "checks: [{name: a, flow: a.hurl, every: 5s, tags: [x],"
		" locations: [eu], slo: {success: 99%}, paused: true}]",
		HEAD "# a comment\nchecks: [{name: a, flow: ./a.hurl, "
		"environment: prod}]"
	};
	static const char *const other[] = {
		HEAD "checks: [{name: a, flow: a.hurl, timeout: 5s}]",
		HEAD "checks: [{name: a, flow: a.hurl, variables: {x: 1}}]",
		HEAD "checks: [{name: a, flow: a.hurl, variables: {x: '1'}}]",
		HEAD "checks: [{name: a, flow: a.hurl, limits: {steps: 5}}]"
	};
	char *first = hash_of(plain, flow, "1"), *h, *seen[NELEMS(other)];
	size_t i, j;

	(void)state;
	assert_int_equal(strlen(first), DEFINITION_HASH_SIZE - 1);
	for (i = 0; i < NELEMS(same); i++) {
		h = hash_of(same[i], flow, "1");
		assert_string_equal(h, first);
		free(h);
	}
	for (i = 0; i < NELEMS(other); i++) {
		seen[i] = hash_of(other[i], flow, "1");
		assert_string_not_equal(seen[i], first);
		for (j = 0; j < i; j++)
			assert_string_not_equal(seen[i], seen[j]);
	}
	for (i = 0; i < NELEMS(other); i++)
		free(seen[i]);
	h = hash_of(plain, flow, "2");
	assert_string_not_equal(h, first);
	free(h);
	h = hash_of(plain, "POST {{base_url}}\n\nfile,body.txt;\n", "1");
	assert_string_not_equal(h, first);
	free(h);
	free(first);
}

static void
a_definition_is_made_for_any_environment(void **state)
{
	static const struct definition_variable over = {"base_url",
	    DEFINITION_STRING, "http://127.0.0.1:1"};
	struct definition *d = NULL;
	char *sentence = NULL;
	struct plan *plan;

	(void)state;
	put("a.hurl", "GET {{base_url}}/{{n}}\n");
	put("m.yaml", "service: s\nenvironments:\n"
	    "  prod: {base_url: https://p.example, n: 1}\n"
	    "  canary: {base_url: https://c.example, n: 2}\n"
	    "checks: [{name: a, flow: a.hurl, environment: prod, "
	    "variables: {n: 3}}]\n");
	plan = loads(".");
	assert_int_equal(plan_make_definition(plan->checks[0], NULL, NULL, 0,
	    &d, &sentence), 0);
	assert_string_equal(d->hash, plan->checks[0]->hash);
	assert_string_equal(d->environment, "prod");
	assert_string_equal(d->variables[0].text, "https://p.example");
	assert_string_equal(d->variables[1].text, "3");
	assert_string_equal(d->flow_path, "a.hurl");
	assert_int_equal(d->flow_root[0], '/');
	definition_free(&d);
	assert_int_equal(plan_make_definition(plan->checks[0], "canary",
	    &over, 1, &d, &sentence), 0);
	assert_string_equal(d->environment, "canary");
	assert_string_equal(d->variables[0].text, "http://127.0.0.1:1");
	assert_string_equal(d->variables[1].text, "3");
	assert_string_not_equal(d->hash, plan->checks[0]->hash);
	definition_free(&d);
	assert_int_equal(plan_make_definition(plan->checks[0], "x", NULL, 0,
	    &d, &sentence), ERR_NOT_FOUND);
	assert_string_equal(sentence, "m.yaml has no environment 'x'; it "
	    "has 'prod', 'canary'");
	free(sentence);
	plan_free(&plan);
}

static void
a_notification_has_a_definition_of_its_own(void **state)
{
	struct definition *d;
	struct plan *plan;

	(void)state;
	put("n.hurl", "POST https://p.example/{{k}}\n");
	put("m.yaml", HEAD "notify:\n  pager:\n    flow: n.hurl\n"
	    "    hosts: [p.example]\n    secrets: {k: {env: PK}}\n"
	    "    variables: {level: high}\n    timeout: 5s\n");
	plan = loads(".");
	d = plan_make_notify_definition(&plan->manifests[0]->notifies[0]);
	assert_string_equal(d->check, "pay/!pager");
	assert_string_equal(d->service, "pay");
	assert_string_equal(d->hosts[0], "p.example");
	assert_string_equal(d->secrets[0].reference, "PK");
	assert_string_equal(d->variables[0].text, "high");
	assert_int_equal(d->timeout, 5 * SPAN_S);
	assert_int_equal(strlen(d->hash), DEFINITION_HASH_SIZE - 1);
	definition_free(&d);
	plan_free(&plan);
}

static void
a_notification_reaches_only_what_its_urls_spell_out(void **state)
{
	const struct plan_notify *n;
	struct plan *plan;

	(void)state;
	put("n.hurl", "POST https://p.example/{{k}}\n\n"
	    "POST http://[::1]:81/\n\nPOST https://p.example/again\n");
	put("o.hurl", "POST {{webhook}}\n");
	put("m.yaml", "service: s\nnotify:\n  n: {flow: n.hurl}\n"
	    "  o: {flow: o.hurl}\n");
	plan = loads(".");
	n = plan->manifests[0]->notifies;
	assert_int_equal(n[0].host_count, 2);
	assert_string_equal(n[0].hosts[0], "p.example:443");
	assert_string_equal(n[0].hosts[1], "[::1]:81");
	assert_int_equal(n[1].host_count, 0);
	plan_free(&plan);
}

static void
a_notifications_secret_has_no_name_that_an_alert_sets(void **state)
{
	(void)state;
	put("n.hurl", "POST https://p.example/\n");
	put("m.yaml", "service: s\nnotify:\n  n: {flow: n.hurl, secrets: "
	    "{key: {env: K}, reason: {env: R}}}\n");
	refuses(".", "m.yaml:3:46: 'reason' is a variable that each alert "
	    "sets; name the secret otherwise\n");
}

static void
the_summary_has_a_row_for_each_check_and_location(void **state)
{
	struct json_doc *doc = NULL;
	const struct json *rows;
	struct plan *plan;
	struct buf b;

	(void)state;
	put("a.hurl", "GET http://x.example/\n");
	put("m.yaml", "service: s\nchecks:\n"
	    "  - {name: b, flow: a.hurl, locations: [y]}\n"
	    "  - {name: far, flow: a.hurl, locations: [x, z]}\n"
	    "  - {name: a, flow: a.hurl, owner: me, locations: [x, y], "
	    "every: 5s, slo: {success: 99%}}\n");
	plan = loads(".");
	buf_init(&b, MESSAGE_MOST_BYTES);
	assert_int_equal(plan_encode_summary(plan, "y", &b), 0);
	assert_int_equal(json_parse(b.data, b.len, &json_limits_default, &doc,
	    NULL), 0);
	assert_string_equal(json_get_str(json_root(doc), "plan", ""),
	    plan->hash);
	rows = json_get(json_root(doc), "checks");
	assert_int_equal(rows->count, 2);
	assert_string_equal(json_get_str(&rows->items[0], "check", ""),
	    "s/a");
	assert_string_equal(json_get_str(&rows->items[0], "location", ""),
	    "y");
	assert_string_equal(json_get_str(&rows->items[0], "owner", ""),
	    "me");
	assert_int_equal(json_get_int(&rows->items[0], "every_us", 0),
	    5 * SPAN_S);
	assert_int_equal(json_get_int(&rows->items[0],
	    "slo_success_permyriad", 0), 9900);
	assert_string_equal(json_get_str(&rows->items[1], "check", ""),
	    "s/b");
	assert_null(json_get(&rows->items[1], "slo_window_us"));
	json_free(&doc);
	buf_fini(&b);
	plan_free(&plan);
}

static void
a_plans_hash_follows_the_schedule_and_the_gate_too(void **state)
{
	static const char *const texts[] = {
		"service: s\nchecks: [{name: a, flow: a.hurl}]\n",
		"service: s\nchecks: [{name: a, flow: a.hurl, every: 5s}]\n",
		"service: s\nchecks: [{name: a, flow: a.hurl, owner: o}]\n",
		"service: s\nchecks: [{name: a, flow: a.hurl, locations: "
		"[x]}]\n",
		"service: s\nchecks: [{name: a, flow: a.hurl, paused: "
		"true}]\n",
		"service: s\nchecks: [{name: a, flow: a.hurl}]\n"
		"notify: {n: {flow: a.hurl}}\n",
		"service: s\nchecks: [{name: a, flow: a.hurl, locations: "
		"[x], tags: [y]}]\n",
		"service: s\nchecks: [{name: a, flow: a.hurl, locations: "
		"[x, y]}]\n",
		"service: s\ngate: {aa: idle}\n"
		"checks: [{name: a, flow: a.hurl}]\n",
		"service: s\nchecks: [{name: a, flow: a.hurl, gate: {aa: "
		"idle}}]\n",
		"service: s\nchecks: [{name: a, flow: a.hurl, gate: "
		"{quarantine: {owner: o, reason: r, until: 2026-12-24}}}]\n",
		"service: s\nchecks: [{name: a, flow: a.hurl, gate: "
		"{quarantine: {owner: o, reason: s, until: 2026-12-24}}}]\n"
	};
	char seen[NELEMS(texts)][DEFINITION_HASH_SIZE];
	struct plan *plan;
	size_t i, j;

	(void)state;
	put("a.hurl", "GET http://x.example/\n");
	for (i = 0; i < NELEMS(texts); i++) {
		put("m.yaml", texts[i]);
		plan = loads(".");
		memcpy(seen[i], plan->hash, sizeof(seen[i]));
		plan_free(&plan);
		for (j = 0; j < i; j++)
			assert_string_not_equal(seen[i], seen[j]);
	}
}

static void
lint_adds_warnings_where_nothing_is_wrong(void **state)
{
	const char *paths[] = {".", "./m.yaml", "a.hurl"};
	struct lint_counts counts;
	struct cause c;
	char *text;

	(void)state;
	put("a.hurl", "GET {{base_url}}/\n[Options]\noutput: x\n");
	put("left.hurl", "GET http://x.example/\n");
	put("m.yaml", "service: s\nenvironments: {e: {base_url: http://x.y}, "
	    "f: {}}\nchecks: [{name: a, flow: a.hurl, environment: e, every: "
	    "5s}]\nnotify: {n: {flow: a.hurl}, o: {flow: b.hurl,\n"
	    "variables: {v: 1}, secrets: {k: {env: K}}}}\n");
	put("b.hurl", "POST http://x.y/{{check}}{{v}}{{k}}{{is_fireing}}\n");
	put("n.yaml", "service: t\nhosts: [x]\n"
	    "checks: [{name: a, flow: a.hurl}]\n");
	cause_init(&c);
	lint_paths(paths, NELEMS(paths), &c, &counts);
	text = mistakes(&c);
	assert_string_equal(text,
	    "left.hurl:0:0: warning: no check uses this flow\n"
	    "m.yaml:2:43: warning: no check uses the environment 'f'\n"
	    "m.yaml:3:1: warning: without 'hosts' these flows may reach any "
	    "host, and take their secrets there\n"
	    "m.yaml:3:26: warning: the flow has the option 'output' in its "
	    "line 3, which probes refuse\n"
	    "m.yaml:3:57: warning: 'every' is shorter than 'timeout': runs "
	    "of this check may overlap\n"
	    "m.yaml:4:10: warning: no check's alert notifies 'n'\n"
	    "m.yaml:4:10: warning: without 'hosts' this notification may "
	    "reach any host: its flow does not spell it out\n"
	    "m.yaml:4:20: warning: the flow reads {{base_url}} in its line "
	    "1, which neither the alert nor the notification sets\n"
	    "m.yaml:4:29: warning: no check's alert notifies 'o'\n"
	    "m.yaml:4:39: warning: the flow reads {{is_fireing}} in its line "
	    "1, which neither the alert nor the notification sets, did you "
	    "mean 'is_firing'?\n"
	    "n.yaml:3:26: warning: the flow has the option 'output' in its "
	    "line 3, which probes refuse\n"
	    "n.yaml:3:26: warning: the flow reads {{base_url}} in its line "
	    "1, which nothing defines\n");
	assert_int_equal(counts.manifests, 2);
	assert_int_equal(counts.checks, 2);
	assert_int_equal(counts.flows, 3);
	assert_int_equal(counts.errors, 0);
	assert_int_equal(counts.warnings, 12);
	free(text);
	cause_fini(&c);
}

static void
lint_of_nothing_is_a_mistake(void **state)
{
	const char *path = ".";
	struct lint_counts counts;
	struct cause c;

	(void)state;
	cause_init(&c);
	lint_paths(&path, 1, &c, &counts);
	assert_int_equal(counts.errors, 1);
	cause_fini(&c);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_tree_of_manifests_becomes_one_plan),
		TEST(a_name_that_two_services_use_is_not_unique),
		TEST(everything_that_is_referred_to_must_be_there),
		TEST(a_check_says_which_of_several_environments),
		TEST(many_environments_are_not_all_named),
		TEST(a_check_stands_once_in_the_whole_tree),
		TEST(a_flow_stays_in_the_manifests_folder),
		TEST(a_flows_mistakes_are_told_once_beside_the_others),
		TEST(files_that_a_flow_names_must_be_below_it),
		TEST(hosts_bound_what_flows_may_reach),
		TEST(a_name_is_a_variable_or_a_secret),
		TEST(a_check_has_no_more_variables_than_a_definition_takes),
		TEST(a_secret_is_an_environment_variable_or_a_file),
		TEST(a_variable_that_nothing_defines_is_found),
		TEST(what_cannot_be_read_is_told_with_its_path),
		TEST(a_hash_changes_with_what_a_run_does),
		TEST(a_definition_is_made_for_any_environment),
		TEST(a_notification_has_a_definition_of_its_own),
		TEST(a_notification_reaches_only_what_its_urls_spell_out),
		TEST(a_notifications_secret_has_no_name_that_an_alert_sets),
		TEST(the_summary_has_a_row_for_each_check_and_location),
		TEST(a_plans_hash_follows_the_schedule_and_the_gate_too),
		TEST(lint_adds_warnings_where_nothing_is_wrong),
		TEST(lint_of_nothing_is_a_mistake)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
