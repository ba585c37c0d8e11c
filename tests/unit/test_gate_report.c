/* SPDX-License-Identifier: ISC */
/* From run events to samples, and from a session to its reports. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "gate/interval.h"
#include "gate/progress.h"
#include "gate/report.h"
#include "gate/sample.h"
#include "gate/session.h"

#define MS ((int64_t)1000000)

static const struct plan_flow flow = {.path = "card & <co>.hurl"};
static const struct plan_check plan = {.id = "payments/card",
    .name = "card", .service = "payments", .flow = &flow,
    .timeout = 2 * SPAN_S};
static char step_one[] = "POST {{base_url}}/v1/a?b=1&c=<2>";
static char step_two[] = "GET {{base_url}}/v1/d|e";
static char step_file[] = "card & <co>.hurl";
static struct suite_step steps[] = {{3, step_one, step_file},
    {9, step_two, step_file}};
/* The second of three entries is skipped. */
static uint32_t step_of_entry[] = {0, SUITE_NO_STEP, 1};
static struct definition arms[ARM_COUNT];
static struct suite_check check = {.plan = &plan, .id = "payments/card",
    .arms = {&arms[0], &arms[1]}, .steps = steps, .step_count = 2,
    .step_of_entry = step_of_entry, .entry_count = 3,
    .history = {0, 0, 1}, .on_inconclusive = -1};
static struct suite suite = {.checks = &check, .count = 1,
    .service = "payments", .target = "payments"};
static const uint8_t run_id[MESSAGE_ID_SIZE] = {0xab, 1};

static struct sample
read(enum outcome outcome, const char *doc)
{
	struct sample s;

	sample_read(&s, &check, outcome, run_id, doc, strlen(doc));
	return (s);
}

static void
a_step_lasts_from_its_first_attempt_to_the_end_of_its_last(void **state)
{
	struct sample s = read(OUTCOME_PASSED,
	    "{\"started_us\":5,\"duration_us\":900,\"steps\":["
	    "{\"entry\":1,\"outcome\":\"failed\",\"start_us\":10,"
	    "\"total_us\":20},"
	    "{\"entry\":1,\"outcome\":\"passed\",\"start_us\":100,"
	    "\"total_us\":30},"
	    "{\"entry\":3,\"outcome\":\"passed\",\"start_us\":200,"
	    "\"total_us\":40}]}");

	(void)state;
	assert_false(s.is_void);
	assert_int_equal(s.latency_ns[0], 120 * 1000);
	assert_int_equal(s.latency_ns[1], 40 * 1000);
	assert_int_equal(s.duration_us, 900);
	sample_fini(&s);
}

static void
a_wrong_answer_has_no_latency_and_a_timeout_has_the_bound(void **state)
{
	struct sample s = read(OUTCOME_FAILED, "{\"reason\":\"no\","
	    "\"place\":{\"file\":\"f.hurl\",\"line\":9,\"column\":1},"
	    "\"steps\":["
	    "{\"entry\":1,\"outcome\":\"passed\",\"start_us\":0,"
	    "\"total_us\":20},"
	    "{\"entry\":3,\"outcome\":\"failed\",\"start_us\":30,"
	    "\"total_us\":10,\"status\":500,\"url\":\"http://h/\","
	    "\"failures\":[{\"line\":12,\"column\":2,\"kind\":\"assert\","
	    "\"message\":\"status\",\"expected\":\"200\","
	    "\"actual\":\"500\"}]}]}");

	(void)state;
	assert_int_equal(s.latency_ns[0], 20 * 1000);
	assert_int_equal(s.latency_ns[1], ENGINE_NOT_REACHED);
	assert_string_equal(s.failure.file, "f.hurl");
	assert_int_equal(s.failure.line, 12);
	assert_string_equal(s.failure.expected, "200");
	assert_string_equal(s.failure.actual, "500");
	assert_int_equal(s.failure.status, 500);
	sample_fini(&s);

	s = read(OUTCOME_UNREACHABLE, "{\"steps\":[{\"entry\":1,\"outcome\":"
	    "\"unreachable\",\"start_us\":0,\"total_us\":1999000}]}");
	assert_int_equal(s.latency_ns[0], 2000 * MS);
	sample_fini(&s);
	/* Refused at once: fast, but no answer. */
	s = read(OUTCOME_UNREACHABLE, "{\"steps\":[{\"entry\":1,\"outcome\":"
	    "\"unreachable\",\"start_us\":0,\"total_us\":150}]}");
	assert_int_equal(s.latency_ns[0], ENGINE_NOT_REACHED);
	assert_false(s.is_void);
	sample_fini(&s);
}

static void
what_the_probe_could_not_measure_is_void(void **state)
{
	static const struct {
		enum outcome outcome;
		const char *doc;
	} table[] = {
	    {OUTCOME_LOST, "{\"reason\":\"gone\"}"},
	    {OUTCOME_SKIPPED, "{}"},
	    {OUTCOME_INVALID, "{\"reason\":\"no secret\"}"},
	    {OUTCOME_PASSED, "{\"lag_us\":900000}"},
	    {OUTCOME_PASSED, "not json"},
	    {OUTCOME_PASSED, ""},
	};
	struct sample s;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		s = read(table[i].outcome, table[i].doc);
		assert_true(s.is_void);
		assert_int_equal(s.is_late, s.lag_us > SAMPLE_LAG_MOST);
		sample_fini(&s);
	}
	/* Steps of an unknown entry, or of none, are passed over: without
	 * any other nothing was seen of the service. */
	s = read(OUTCOME_PASSED, "{\"steps\":[{\"entry\":2},{\"entry\":99},"
	    "{\"entry\":-1},{}]}");
	assert_true(s.is_void);
	assert_string_equal(s.failure.reason, "it sent no request: every "
	    "entry was skipped");
	assert_int_equal(s.latency_ns[0], ENGINE_NOT_REACHED);
	sample_fini(&s);
}

static void
a_run_during_which_the_clock_was_stepped_is_void(void **state)
{
	static const struct {
		span_us step;
		const char *reason;
	} table[] = {
	    {0, NULL},
	    {SAMPLE_STEP_MOST, NULL},
	    {-SAMPLE_STEP_MOST, NULL},
	    {SPAN_H, "the clock was stepped forward by 1h00m meanwhile"},
	    {-2 * SPAN_S, "the clock was stepped back by 2.00s meanwhile"},
	};
	struct sample s;
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(table); i++) {
		s = read(OUTCOME_FAILED, "{\"reason\":\"401\"}");
		sample_note_step(&s, table[i].step);
		assert_int_equal(s.is_void, table[i].reason != NULL);
		assert_int_equal(s.is_late, s.is_void);
		assert_string_equal(s.failure.reason, s.is_void ?
		    table[i].reason : "401");
		sample_fini(&s);
	}
	/* What kept it from measuring before is the reason. */
	s = read(OUTCOME_LOST, "{\"reason\":\"gone\"}");
	sample_note_step(&s, SPAN_H);
	assert_string_equal(s.failure.reason, "gone");
	assert_false(s.is_late);
	sample_fini(&s);
}

/* A session as session_run leaves it, after rounds that come out as given. */
struct told {
	struct settings settings;
	struct session session;
	struct report report;
	struct buf out;
};

static void
add_pair(struct session *s, uint32_t number, bool candidate_failed,
    int64_t candidate_ns)
{
	int64_t cand[2] = {candidate_ns, candidate_ns}, base[2] = {100 * MS,
	    100 * MS};
	struct engine_pair pair = {.candidate = {candidate_failed, cand},
	    .baseline = {false, base}};
	struct ledger_pair kept = {.number = number,
	    .halves = {{.has_run = true}, {.has_run = true}}};
	struct sample samples[ARM_COUNT] = {{.outcome = OUTCOME_PASSED},
	    {.outcome = OUTCOME_PASSED}};

	if (candidate_failed) {
		kept.halves[ARM_CANDIDATE].outcome = OUTCOME_FAILED;
		samples[ARM_CANDIDATE].outcome = OUTCOME_FAILED;
		samples[ARM_CANDIDATE].failure = (struct sample_failure){
		    .reason = xstrdup("it | failed"),
		    .file = xstrdup("card.hurl"), .line = 12, .column = 1,
		    .message = xstrdup("status <is> \"wrong\" & bad"),
		    .expected = xstrdup("200"), .actual = xstrdup("5\00100"),
		    .entry = 1, .request = xstrdup("POST /v1/a\n"),
		    .response = xstrdup("HTTP/1.1 500\n\n{\"a\":1,"
		    "\"b\":\"<i>\"}")};
		cand[0] = cand[1] = ENGINE_NOT_REACHED;
	}
	if (ledger_wanted_entry(&s->ledger, 0) == 1)
		samples[ARM_BASELINE].response = xstrdup("HTTP/1.1 200\n\n"
		    "{\"a\":1,\"b\":\"fine\"}");
	engine_add(s->engine, 0, &pair);
	ledger_add(&s->ledger, &kept, samples);
	sample_fini(&samples[ARM_CANDIDATE]);
	sample_fini(&samples[ARM_BASELINE]);
}

static void
told_init(struct told *t, int rounds, int fail_every, int64_t candidate_ns)
{
	struct engine_config config = engine_config_default;
	struct engine_check ec = {.name = check.id, .step_count = 2,
	    .history = {5000, 0, 1}};
	int i;

	check.limits = (struct engine_limits){config.tolerance,
	    config.margin, config.failure_margin, config.tail_margin, 0, 0};
	memset(t, 0, sizeof(*t));
	t->settings = (struct settings){.alpha = .01, .beta = .05,
	    .rounds = 500, .seed = 42};
	t->session = (struct session){.settings = &t->settings,
	    .suite = &suite, .started = 1, .finished = 2, .spent = 1000000,
	    .rounds_end = ROUNDS_VERDICT};
	t->session.engine = engine_new(&config, &ec, 1);
	ledger_init(&t->session.ledger, 1);
	for (i = 1; i <= rounds && engine_decide(t->session.engine) ==
	    ENGINE_UNDECIDED; i++)
		add_pair(&t->session, (uint32_t)i, fail_every > 0 &&
		    i % fail_every == 0, candidate_ns + i % 7);
	t->session.rounds = (uint32_t)i - 1;
	t->session.verdict = engine_finish(t->session.engine);
	t->session.reason = engine_reason(t->session.engine,
	    &t->session.reason_check);
	report_init(&t->report, &t->session);
	buf_init(&t->out, REPORT_MOST_BYTES);
}

static void
told_fini(struct told *t)
{
	buf_fini(&t->out);
	report_fini(&t->report);
	session_fini(&t->session);
}

static const char *
tell(struct told *t, enum format format)
{
	buf_reset(&t->out);
	report_format(&t->report, format, &t->out);
	return (buf_str(&t->out));
}

static void
assert_says(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("'%s' is not in:\n%s", part, text);
}

static void
a_block_names_the_check_its_size_and_the_first_failing_run(void **state)
{
	struct told t;
	const char *text;

	(void)state;
	told_init(&t, 100, 1, 100 * MS);
	assert_int_equal(t.session.verdict, ENGINE_BLOCK);
	assert_int_equal(t.report.exit_code, EXIT_BAD);
	text = tell(&t, FORMAT_TABLE);
	assert_says(text, "BLOCK  payments: ");
	assert_says(text, "regressions\n  payments/card\n    fails: ");
	assert_says(text, "card.hurl:12:1: status <is>");
	assert_says(text, "expected  200");
	assert_says(text, "seed 42");
	assert_null(strchr(text, '\001'));
	text = tell(&t, FORMAT_MARKDOWN);
	assert_says(text, "## Gate: block");
	assert_says(text, "`card.hurl:12:1`: `status <is> \"wrong\" & "
	    "bad`\n");
	assert_null(strchr(text, '\001'));
	text = tell(&t, FORMAT_JUNIT);
	assert_says(text, "tests=\"2\" failures=\"2\" errors=\"0\"");
	assert_says(text, "status &lt;is&gt; &quot;wrong&quot; &amp; bad");
	told_fini(&t);
}

static void
a_slow_step_is_named_with_its_medians(void **state)
{
	struct told t;
	const char *text;

	(void)state;
	told_init(&t, 100, 0, 300 * MS);
	assert_int_equal(t.session.verdict, ENGINE_BLOCK);
	text = tell(&t, FORMAT_TABLE);
	assert_says(text, "payments/card, step 1 POST {{base_url}}/v1/a?b=1");
	assert_says(text, "slower: median 300");
	assert_says(text, "x3.00");
	text = tell(&t, FORMAT_MARKDOWN);
	assert_says(text, "step 2 GET \\{\\{base\\_url\\}\\}/v1/d\\|e");
	told_fini(&t);
}

static void
the_json_document_has_every_documented_member(void **state)
{
	static const char *const members[] = {"version", "gate", "service",
	    "verdict", "reason", "exit_code", "ended_by", "started_us",
	    "finished_us", "spent_us", "candidate", "baseline", "alpha",
	    "beta", "tolerance", "margins", "guard", "budget", "seed",
	    "evidence", "round_count", "counts", "regressions",
	    "first_failure", "unfinished", "checks", "streams", "rounds",
	    "observe", "on_inconclusive"};
	const struct json *root, *pair;
	struct json_doc *doc;
	struct told t;
	size_t i;

	(void)state;
	told_init(&t, 100, 1, 100 * MS);
	tell(&t, FORMAT_JSON);
	assert_int_equal(json_parse(t.out.data, t.out.len,
	    &json_limits_default, &doc, NULL), 0);
	root = json_root(doc);
	for (i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (json_get(root, members[i]) == NULL)
			fail_msg("no member %s", members[i]);
	assert_string_equal(json_get_str(root, "verdict", ""), "block");
	assert_int_equal(json_get(root, "streams")->count, 7);
	assert_int_equal(json_get(root, "rounds")->count,
	    engine_counts(t.session.engine, 0).pairs);
	pair = &json_get(root, "rounds")->items[0];
	assert_int_equal(json_get(json_get(pair, "candidate"),
	    "latency_ns")->items[0].kind, JSON_NULL);
	assert_int_equal(json_get_int(json_get(root, "first_failure"),
	    "line", 0), 12);
	assert_string_equal(json_get_str(json_get(root, "first_failure"),
	    "expected", ""), "200");
	json_free(&doc);
	told_fini(&t);
}

static struct engine_arm
arm_of(const struct json *half, int64_t latency_ns[static 2])
{
	const struct json *list = json_get(half, "latency_ns");
	size_t i;

	assert_int_equal(list->count, 2);
	for (i = 0; i < 2; i++)
		if (list->items[i].kind == JSON_NULL)
			latency_ns[i] = ENGINE_NOT_REACHED;
		else
			assert_int_equal(json_int(&list->items[i],
			    &latency_ns[i]), 0);
	return ((struct engine_arm){outcome_is_against_service(outcome_parse(
	    json_get_str(half, "outcome", ""))), latency_ns});
}

/* Feed the rounds of a document to a new engine. */
static double
replay(const struct json *root)
{
	const struct json *rounds = json_get(root, "rounds"), *r;
	struct engine_check ec = {.name = check.id, .step_count = 2,
	    .history = {5000, 0, 1}};
	struct engine *e = engine_new(&engine_config_default, &ec, 1);
	int64_t cand[2], base[2];
	double log_e;
	size_t i;

	for (i = 0; i < rounds->count; i++) {
		r = &rounds->items[i];
		engine_add(e, 0, &(struct engine_pair){
		    .kind = ENGINE_PAIR_ROUND,
		    .candidate = arm_of(json_get(r, "candidate"), cand),
		    .baseline = arm_of(json_get(r, "baseline"), base)});
	}
	log_e = engine_log_evidence(e);
	engine_free(&e);
	return (log_e);
}

static void
rounds_of_the_document_replay_to_the_same_evidence(void **state)
{
	const struct json *root;
	struct json_doc *doc;
	struct told t;
	double log_e;

	(void)state;
	told_init(&t, 80, 5, 104 * MS);
	tell(&t, FORMAT_JSON);
	assert_int_equal(json_parse(t.out.data, t.out.len,
	    &json_limits_default, &doc, NULL), 0);
	root = json_root(doc);
	log_e = json_get_double(json_get(root, "evidence"), "log_e", 0);
	assert_true(log_e != 0);
	assert_true(replay(root) == log_e);
	json_free(&doc);
	told_fini(&t);
}

static void
an_inconclusive_gate_tells_what_is_not_ruled_out(void **state)
{
	struct told t;
	const char *text;

	(void)state;
	told_init(&t, 20, 0, 100 * MS);
	assert_int_equal(t.session.verdict, ENGINE_INCONCLUSIVE);
	assert_int_equal(t.report.exit_code, EXIT_INCONCLUSIVE);
	text = tell(&t, FORMAT_TABLE);
	assert_says(text, "INCONCLUSIVE");
	assert_says(text, "not yet ruled out");
	assert_says(text, "failing 5.12 % of the time");
	assert_says(text, "ruled out so far: failing 20 % of the time");
	assert_says(text, "rounds to go");
	text = tell(&t, FORMAT_JUNIT);
	assert_says(text, "errors=\"1\" skipped=\"1\"");
	text = tell(&t, FORMAT_MARKDOWN);
	assert_says(text, "### Not yet ruled out");
	told_fini(&t);
}

static void
only_what_is_undecided_may_be_waved_through(void **state)
{
	struct told t;

	(void)state;
	told_init(&t, 20, 0, 100 * MS);
	t.settings.on_inconclusive = ON_INCONCLUSIVE_PASS;
	assert_int_equal(session_exit_code(&t.session), EXIT_GOOD);
	t.settings.on_inconclusive = ON_INCONCLUSIVE_BLOCK;
	assert_int_equal(session_exit_code(&t.session), EXIT_BAD);
	t.settings.on_inconclusive = ON_INCONCLUSIVE_PASS;
	t.session.end = SESSION_INTERRUPTED;
	assert_int_equal(session_exit_code(&t.session), EXIT_INCONCLUSIVE);
	t.session.end = SESSION_ROUNDS;
	t.session.reason = ENGINE_REASON_BASELINE_FAILING;
	assert_int_equal(session_exit_code(&t.session), EXIT_INCONCLUSIVE);
	t.session.reason = ENGINE_REASON_NO_ROUNDS;
	assert_int_equal(session_exit_code(&t.session), EXIT_UNMEASURED);
	t.session.reason = ENGINE_REASON_INFRASTRUCTURE;
	assert_int_equal(session_exit_code(&t.session), EXIT_UNMEASURED);
	t.settings.is_observing = true;
	assert_int_equal(session_exit_code(&t.session), EXIT_UNMEASURED);
	t.session.reason = ENGINE_REASON_BUDGET;
	assert_int_equal(session_exit_code(&t.session), EXIT_GOOD);
	t.session.verdict = ENGINE_BLOCK;
	assert_int_equal(session_exit_code(&t.session), EXIT_GOOD);
	told_fini(&t);
}

static void
an_interval_of_a_rate_is_wilsons(void **state)
{
	struct interval i = interval_rate(1, 10);

	(void)state;
	assert_true(fabs(i.estimate - .1) < 1e-12);
	assert_true(fabs(i.low - .01787621) < 1e-7);
	assert_true(fabs(i.high - .40415003) < 1e-7);
	i = interval_rate(0, 20);
	assert_true(i.low == 0 && fabs(i.high - .16112516) < 1e-7);
	assert_true(isnan(interval_rate(0, 0).estimate));
}

static void
an_interval_of_a_median_is_from_order_statistics(void **state)
{
	double few[] = {5, 1, 4, 2, 3};
	double ten[] = {10, 9, 8, 7, 6, 5, 4, 3, 2, 1};
	double most[100];
	struct interval i = interval_median(few, 5);
	int n;

	(void)state;
	/* P(all five on one side) = 1/16 is more than 5 %. */
	assert_true(i.estimate == 3 && isnan(i.low) && isnan(i.high));
	i = interval_median(ten, 10);
	assert_true(i.estimate == 5.5 && i.low == 2 && i.high == 9);
	for (n = 0; n < 100; n++)
		most[n] = n + 1;
	i = interval_median(most, 100);
	assert_true(i.estimate == 50.5 && i.low == 40 && i.high == 61);
	assert_true(isnan(interval_median(most, 0).estimate));
}

static void
annotations_stand_at_the_line_and_nothing_can_add_one(void **state)
{
	struct told t;
	const char *text, *word, *end;
	char *closing;

	(void)state;
	told_init(&t, 100, 1, 100 * MS);
	text = tell(&t, FORMAT_GITHUB);
	assert_memory_equal(text, "::stop-commands::", 17);
	word = text + 17;
	closing = xasprintf("\n::%.32s::\n", word);
	end = strstr(text, closing);
	free(closing);
	assert_non_null(end);
	assert_says(end, "::error title=e2e-gate block::payments: ");
	assert_says(end, "::error file=card.hurl,line=12,col=1,title=");
	assert_says(end, "fails: 3 of 3 (100 %25, 95 %25 interval 43.9 to 100)");
	assert_says(end, "%0Aexpected: 200");
	told_fini(&t);
	told_init(&t, 20, 0, 100 * MS);
	assert_says(tell(&t, FORMAT_GITHUB),
	    "::warning title=e2e-gate inconclusive::payments: ");
	told_fini(&t);
}

static void
the_page_shows_both_answers_and_escapes_everything(void **state)
{
	struct told t;
	const char *text;

	(void)state;
	told_init(&t, 100, 1, 100 * MS);
	text = tell(&t, FORMAT_HTML);
	assert_says(text, "<p class=\"verdict\">Block</p>");
	assert_says(text, "status &lt;is&gt; &quot;wrong&quot; &amp; bad");
	assert_says(text, "<mark>HTTP/1.1 500</mark>");
	assert_says(text, "<mark>HTTP/1.1 200</mark>");
	assert_says(text, "  &quot;a&quot;: 1,\n");
	assert_says(text, "<mark>  &quot;b&quot;: &quot;&lt;i&gt;&quot;"
	    "</mark>");
	assert_says(text, "<mark>  &quot;b&quot;: &quot;fine&quot;</mark>");
	assert_says(text, "b=1&amp;c=&lt;2&gt;");
	assert_says(text, "95&nbsp;% interval 43.9 to 100");
	assert_says(text, "block at 100");
	assert_says(text, "pass at 20");
	assert_says(text, "</html>\n");
	assert_null(strstr(text, "<script"));
	assert_null(strchr(text, '\001'));
	assert_null(strstr(text, "nan"));
	told_fini(&t);
}

static void
a_page_of_nothing_is_a_page(void **state)
{
	struct told t;
	const char *text;

	(void)state;
	told_init(&t, 0, 0, 100 * MS);
	text = tell(&t, FORMAT_HTML);
	assert_says(text, "<p class=\"verdict\">Inconclusive</p>");
	assert_says(text, "</html>\n");
	assert_null(strstr(text, "nan"));
	told_fini(&t);
}

static void
what_is_not_judged_is_skipped_with_its_reason(void **state)
{
	static const struct plan_gate quarantine = {.is_quarantined = true,
	    .quarantine_owner = "payments", .quarantine_reason = "<flaky>",
	    .quarantine_until = 1796083200000000};
	struct told t;

	(void)state;
	told_init(&t, 20, 0, 100 * MS);
	check.is_advisory = true;
	assert_says(tell(&t, FORMAT_JUNIT),
	    "<skipped message=\"advisory: 0 of 20 (0 %, ");
	check.quarantine = &quarantine;
	assert_says(tell(&t, FORMAT_JUNIT), "<skipped message=\"in quarantine "
	    "until 2026-12-01 (payments: &lt;flaky&gt;): ");
	assert_says(tell(&t, FORMAT_TABLE), "\n    not judged: in quarantine");
	assert_says(tell(&t, FORMAT_HTML), "<br>not judged: in quarantine "
	    "until 2026-12-01 (payments: &lt;flaky&gt;)");
	check.is_advisory = false;
	check.quarantine = NULL;
	told_fini(&t);
}

static struct progress_work work;

static const char *
progress(struct told *t, size_t width, bool has_colour)
{
	const struct progress p = {.started = 0, .has_colour = has_colour};

	buf_reset(&t->out);
	progress_format(&p, t->session.engine, &work, 12 * SPAN_S, width,
	    &t->out);
	return (buf_str(&t->out));
}

static void
work_of(uint32_t fresh, uint32_t earlier)
{
	work = (struct progress_work){.completed = fresh + earlier,
	    .fresh = fresh, .most = 500, .time = 10 * SPAN_MIN};
}

static void
progress_is_one_line_that_fits(void **state)
{
	struct told t;
	size_t width;

	(void)state;
	told_init(&t, 100, 1, 100 * MS);
	work_of(3, 0);
	work.waits_for = "login";
	work.waits_where = "candidate";
	work.waits = 7 * SPAN_S;
	for (width = 0; width < 200; width++)
		assert_true(strlen(progress(&t, width, false)) <= width);
	assert_string_equal(progress(&t, 200, false), "12s of 10m  round "
	    "3/500  pass 0 % [--------]  block 100 % [########]  ~0s to a "
	    "block  waits 7s for login on the candidate  failed 3, baseline "
	    "0");
	assert_string_equal(progress(&t, 39, false),
	    "12s  pass 0 %  waits 7s for login");
	assert_string_equal(progress(&t, 9, false), "12s");
	/* Colours take no column. */
	assert_string_equal(progress(&t, 80, true), "12s  pass 0 %  block "
	    "100 %  ~0s to a block  \033[33mwaits 7s for login\033[0m "
	    "\033[33mon the candidate\033[0m");
	told_fini(&t);
}

static void
progress_tells_an_end_only_when_it_can(void **state)
{
	struct told t;

	(void)state;
	told_init(&t, 0, 0, 100 * MS);
	work_of(0, 0);
	assert_string_equal(progress(&t, 79, false), "12s  round 0/500  pass "
	    "0 % [--------]  block 0 % [--------]  time to go unknown");
	told_fini(&t);
	told_init(&t, 50, 0, 90 * MS);
	work_of(50, 0);
	assert_says(progress(&t, 160, false), "  round 50/500  pass 77 % "
	    "[######--]  block 0 % [--------]  ~29s to a pass");
	/* What was there before took none of these 12 seconds. */
	work_of(5, 45);
	assert_says(progress(&t, 160, false), "  round 5/500  pass 77 % "
	    "[######--]  block 0 % [--------]  ~4m50s to a pass");
	work.most = 20;
	assert_says(progress(&t, 160, false), "~4m50s to a pass, beyond the "
	    "budget");
	work.most = 500;
	work.time = 4 * SPAN_MIN;
	assert_says(progress(&t, 160, false), "pass, beyond the budget");
	/* A gathering of A/A rounds has no verdict to come to. */
	work.is_exhaustive = true;
	assert_string_equal(progress(&t, 160, false), "12s of 4m  round "
	    "5/500  ~19m48s to the end, beyond the budget");
	told_fini(&t);
}

static void
plain_lines_become_fewer(void **state)
{
	const struct progress log = {.started = 0},
	    terminal = {.is_terminal = true};

	(void)state;
	assert_int_equal(progress_interval(&log, 0), 5 * SPAN_S);
	assert_int_equal(progress_interval(&log, 50 * SPAN_S), 5 * SPAN_S);
	assert_int_equal(progress_interval(&log, 5 * SPAN_MIN), 30 * SPAN_S);
	assert_int_equal(progress_interval(&log, 9 * SPAN_H), SPAN_MIN);
	assert_true(progress_interval(&terminal, 9 * SPAN_H) < SPAN_S);
}

static void
report_files_are_told_by_their_end(void **state)
{
	(void)state;
	assert_int_equal(settings_report_format("a/b.json"), FORMAT_JSON);
	assert_int_equal(settings_report_format("b.xml"), FORMAT_JUNIT);
	assert_int_equal(settings_report_format("b.md"), FORMAT_MARKDOWN);
	assert_int_equal(settings_report_format("b.html"), FORMAT_HTML);
	assert_int_equal(settings_report_format("b.txt"), FORMAT_TABLE);
	assert_int_equal(settings_report_format("b"), FORMAT_AUTO);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		a_step_lasts_from_its_first_attempt_to_the_end_of_its_last),
	    cmocka_unit_test(
		a_wrong_answer_has_no_latency_and_a_timeout_has_the_bound),
	    cmocka_unit_test(what_the_probe_could_not_measure_is_void),
	    cmocka_unit_test(a_run_during_which_the_clock_was_stepped_is_void),
	    cmocka_unit_test(
		a_block_names_the_check_its_size_and_the_first_failing_run),
	    cmocka_unit_test(a_slow_step_is_named_with_its_medians),
	    cmocka_unit_test(the_json_document_has_every_documented_member),
	    cmocka_unit_test(
		rounds_of_the_document_replay_to_the_same_evidence),
	    cmocka_unit_test(an_inconclusive_gate_tells_what_is_not_ruled_out),
	    cmocka_unit_test(only_what_is_undecided_may_be_waved_through),
	    cmocka_unit_test(an_interval_of_a_rate_is_wilsons),
	    cmocka_unit_test(an_interval_of_a_median_is_from_order_statistics),
	    cmocka_unit_test(
		annotations_stand_at_the_line_and_nothing_can_add_one),
	    cmocka_unit_test(
		the_page_shows_both_answers_and_escapes_everything),
	    cmocka_unit_test(a_page_of_nothing_is_a_page),
	    cmocka_unit_test(what_is_not_judged_is_skipped_with_its_reason),
	    cmocka_unit_test(progress_is_one_line_that_fits),
	    cmocka_unit_test(progress_tells_an_end_only_when_it_can),
	    cmocka_unit_test(plain_lines_become_fewer),
	    cmocka_unit_test(report_files_are_told_by_their_end),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
