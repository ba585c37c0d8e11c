/* SPDX-License-Identifier: ISC */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "probe/run_priv.h"

/* A run that never ran: just what encoding reads. */
struct made {
	struct definition definition;
	struct run_script script;
	struct run run;
	struct run_step step;
	struct run_result result;
	struct buf out;
};

static struct flow *
parse_flow(const char *text)
{
	struct flow *flow = NULL;
	struct cause cause;

	cause_init(&cause);
	assert_int_equal(flow_parse("pay.hurl", text, strlen(text), &cause,
	    &flow), 0);
	cause_fini(&cause);
	return (flow);
}

static void
made_init(struct made *m)
{
	memset(m, 0, sizeof(*m));
	m->definition = (struct definition){.check = "shop/pay",
	    .service = "shop", .environment = "test",
	    .flow_path = "pay.hurl", .hash = "abc"};
	m->script.definition = &m->definition;
	m->script.flow = parse_flow("GET http://h/p\n");
	m->run.script = &m->script;
	m->run.variables = variables_new();
	m->step = (struct run_step){.entry = 1, .line = 3, .attempt = 2,
	    .outcome = OUTCOME_PASSED, .method = "POST",
	    .url = xstrdup("http://h/p"), .status = 201, .version = "1.1",
	    .ip = "127.0.0.1", .sent_bytes = 10,
	    .received_bytes = 20,
	    .timing = {.start = 5, .dns = -1, .connect = 7, .tls = -1,
	    .wait = 8, .transfer = 0, .total = 15}};
	findings_init(&m->step.findings);
	m->result = (struct run_result){.id = {0xab}, .location = "here",
	    .trigger = "gate", .probe = "p-1", .trace = "t", .due = 1000,
	    .started = 1250, .duration = 99, .lag = 4,
	    .outcome = OUTCOME_PASSED, .steps = &m->step, .step_count = 1,
	    .file = &m->script.flow->files[0]};
	buf_init(&m->result.request, 4096);
	buf_init(&m->result.response, 4096);
	buf_init(&m->out, 1 << 20);
}

static void
made_fini(struct made *m)
{
	findings_fini(&m->step.findings);
	free(m->step.url);
	free(m->result.reason);
	buf_fini(&m->result.request);
	buf_fini(&m->result.response);
	buf_fini(&m->out);
	variables_free(&m->run.variables);
	flow_release(&m->script.flow);
}

static const char *
encode(struct made *m)
{
	struct json_doc *doc;

	buf_reset(&m->out);
	run_event_encode(&m->run, &m->result, &m->out);
	assert_int_equal(json_parse(m->out.data, m->out.len,
	    &json_limits_default, &doc, NULL), 0);
	json_free(&doc);
	return (buf_str(&m->out));
}

static void
a_passed_run_is_written_as_documented(void **state)
{
	struct made m;

	(void)state;
	made_init(&m);
	assert_string_equal(encode(&m), "{\"version\":1,"
	    "\"run\":\"ab000000000000000000000000000000\","
	    "\"check\":\"shop/pay\",\"service\":\"shop\","
	    "\"location\":\"here\",\"environment\":\"test\","
	    "\"trigger\":\"gate\",\"definition\":\"abc\",\"probe\":\"p-1\","
	    "\"trace\":\"t\",\"due_us\":1000,\"started_us\":1250,"
	    "\"late_us\":250,\"duration_us\":99,\"lag_us\":4,"
	    "\"outcome\":\"passed\",\"steps\":[{\"entry\":1,\"line\":3,"
	    "\"attempt\":2,\"method\":\"POST\",\"url\":\"http://h/p\","
	    "\"status\":201,\"version\":\"1.1\",\"ip\":\"127.0.0.1\","
	    "\"outcome\":\"passed\",\"start_us\":5,\"connect_us\":7,"
	    "\"wait_us\":8,\"transfer_us\":0,\"total_us\":15,"
	    "\"sent_bytes\":10,\"received_bytes\":20,\"failures\":[]}]}");
	made_fini(&m);
}

/* A failure that holds secret and card number in every text of the event. */
static void
fail_with(struct made *m, const char *text)
{
	m->result.outcome = m->step.outcome = OUTCOME_FAILED;
	m->result.reason = xasprintf("reason %s", text);
	m->result.place = (struct place){.line = 7, .column = 2, .width = 1};
	findings_add(&m->step.findings, FINDING_ASSERT, m->result.place,
	    xasprintf("expected %s", text), xasprintf("actual %s", text),
	    "message %s", text);
	free(m->step.url);
	m->step.url = xasprintf("http://h/%s?q=%s", text, text);
	buf_printf(&m->result.request, "GET /%s", text);
	buf_printf(&m->result.response, "body %s", text);
}

static void
secrets_and_card_numbers_stand_nowhere_in_an_event(void **state)
{
	static const char *const secrets[] = {"hunter2secret",
	    "4242424242424242", "5555-5555-5555-4444",
	    "quote\"back\\slash"};
	struct made m;
	const char *text;
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(secrets); i++) {
		made_init(&m);
		if (i == 0 || i == 3)
			variables_set_secret(m.run.variables, "key",
			    secrets[i], strlen(secrets[i]));
		fail_with(&m, secrets[i]);
		text = encode(&m);
		assert_null(strstr(text, secrets[i]));
		assert_null(strstr(text, "hunter2"));
		assert_null(strstr(text, "quote"));
		assert_non_null(strstr(text, "***"));
		assert_non_null(strstr(text, "\"reason\":\"reason *"));
		assert_non_null(strstr(text, "\"message\":\"message *"));
		assert_non_null(strstr(text, "\"expected\":\"expected *"));
		assert_non_null(strstr(text, "\"actual\":\"actual *"));
		assert_non_null(strstr(text, "\"place\":{\"file\":"
		    "\"pay.hurl\",\"line\":7,\"column\":2}"));
		assert_non_null(strstr(text, "\"request\":\"GET /*"));
		assert_non_null(strstr(text, "\"response\":\"body *"));
		made_fini(&m);
	}
}

static void
a_secret_cut_off_at_the_end_of_evidence_is_masked_too(void **state)
{
	struct made m;
	const char *text;

	(void)state;
	made_init(&m);
	variables_set_secret(m.run.variables, "key", "hunter2secret", 13);
	fail_with(&m, "x");
	buf_reset(&m.result.response);
	buf_append_str(&m.result.response, "body hunter2s");
	m.result.response.is_full = true;
	free(m.result.reason);
	m.result.reason = xstrdup("reason hunter2");
	m.result.is_reason_cut = true;
	text = encode(&m);
	assert_null(strstr(text, "hunter"));
	made_fini(&m);
}

static void
evidence_is_written_when_it_was_kept(void **state)
{
	struct made m;

	(void)state;
	made_init(&m);
	assert_null(strstr(encode(&m), "evidence"));
	buf_append_str(&m.result.request, "GET /");
	assert_non_null(strstr(encode(&m),
	    "\"evidence\":{\"request\":\"GET /\"}"));
	made_fini(&m);
}

static void
a_run_that_never_started_has_neither_start_nor_steps(void **state)
{
	struct run_spec spec = {.id = {1}, .location = "here",
	    .trigger = "schedule", .due = 77};
	struct made m;

	(void)state;
	made_init(&m);
	run_event_encode_unstarted(&m.definition, &spec, "p-1",
	    OUTCOME_SKIPPED, "no room", &m.out);
	assert_string_equal(buf_str(&m.out), "{\"version\":1,"
	    "\"run\":\"01000000000000000000000000000000\","
	    "\"check\":\"shop/pay\",\"service\":\"shop\","
	    "\"location\":\"here\",\"environment\":\"test\","
	    "\"trigger\":\"schedule\",\"definition\":\"abc\","
	    "\"probe\":\"p-1\",\"due_us\":77,\"duration_us\":0,"
	    "\"outcome\":\"skipped\",\"reason\":\"no room\"}");
	made_fini(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_passed_run_is_written_as_documented),
		cmocka_unit_test(
		    secrets_and_card_numbers_stand_nowhere_in_an_event),
		cmocka_unit_test(
		    a_secret_cut_off_at_the_end_of_evidence_is_masked_too),
		cmocka_unit_test(evidence_is_written_when_it_was_kept),
		cmocka_unit_test(
		    a_run_that_never_started_has_neither_start_nor_steps),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
