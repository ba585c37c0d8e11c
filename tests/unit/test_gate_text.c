/* SPDX-License-Identifier: ISC */
/* Text that means something to who shows it, and more of it than fits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "gate/markdown.h"
#include "gate/report.h"

#define CHECKS 200
#define ROUNDS 12

static const char *
marked(void (*mark)(struct buf *, const char *), const char *s)
{
	static char text[1000];
	struct buf out;

	buf_init(&out, sizeof(text) - 1);
	mark(&out, s);
	snprintf(text, sizeof(text), "%s", buf_str(&out));
	buf_fini(&out);
	return (text);
}

static void
text_in_a_cell_is_text(void **state)
{
	(void)state;
	assert_string_equal(marked(markdown_escape, "a|b `c` <d>\n*e* _f_"),
	    "a\\|b \\`c\\` \\<d\\> \\*e\\* \\_f\\_");
	assert_string_equal(marked(markdown_escape, "[x](y) ~~z~~ \\ $m$"),
	    "\\[x\\](y) \\~\\~z\\~\\~ \\\\ \\$m\\$");
	/* Nobody is called, nothing is referred to, by entities neither. */
	assert_string_equal(marked(markdown_escape, "@all #12 &#64;all"),
	    "@&#8203;all #&#8203;12 &amp;#&#8203;64;all");
}

static void
code_cannot_be_left(void **state)
{
	struct buf out;

	(void)state;
	assert_string_equal(marked(markdown_code, "a < @b"), "`a < @b`");
	assert_string_equal(marked(markdown_code, "a `b` ``c\nd"),
	    "```a `b` ``c d```");
	assert_string_equal(marked(markdown_code, "`a"), "`` `a ``");
	assert_string_equal(marked(markdown_code, " a "), "`  a  `");
	assert_string_equal(marked(markdown_code, " \n"), "");
	buf_init(&out, 1000);
	markdown_block(&out, "diff", "x\n````\n```");
	assert_string_equal(buf_str(&out),
	    "`````diff\nx\n````\n```\n`````\n");
	buf_fini(&out);
}

/* ---- a gate of many checks, all of which fail ---- */

static const char hostile[] = "a | b `tick` ```` <script> @octocat #12 "
    "&lt; %0A::error::x ]]> \xef\xbf\xbe \x01\x1b[31m";
static char long_text[2000], long_answer[30000];

struct many {
	struct settings settings;
	struct session session;
	struct suite suite;
	struct suite_check checks[CHECKS];
	struct plan_check plans[CHECKS];
	char *names[CHECKS];
	struct report report;
	struct buf out;
};

static void
add_pair(struct session *s, size_t check, uint32_t number)
{
	struct engine_pair pair = {.candidate = {.is_failed = true}};
	struct ledger_pair kept = {.check = check, .number = number,
	    .halves = {{.has_run = true, .outcome = OUTCOME_FAILED},
	    {.has_run = true, .outcome = OUTCOME_PASSED}}};
	struct sample samples[ARM_COUNT] = {{.outcome = OUTCOME_FAILED},
	    {.outcome = OUTCOME_PASSED}};

	samples[ARM_CANDIDATE].failure = (struct sample_failure){
	    .message = xstrdup(hostile), .expected = xstrdup(long_text),
	    .actual = xstrdup(hostile), .url = xstrdup(long_text),
	    .entry = 1, .response = xstrdup(long_answer)};
	if (ledger_wanted_entry(&s->ledger, check) == 1)
		samples[ARM_BASELINE].response = xstrdup(hostile);
	engine_add(s->engine, check, &pair);
	ledger_add(&s->ledger, &kept, samples);
	sample_fini(&samples[ARM_CANDIDATE]);
	sample_fini(&samples[ARM_BASELINE]);
}

static void
name_checks(struct many *m, struct engine_check *ec)
{
	static struct definition arm;
	struct suite_check *c;
	size_t i;

	for (i = 0; i < CHECKS; i++) {
		c = &m->checks[i];
		m->names[i] = xasprintf("payments/check-%03zu", i);
		m->plans[i].id = m->names[i];
		m->plans[i].name = m->plans[i].id + strlen("payments/");
		*c = (struct suite_check){.plan = &m->plans[i],
		    .id = m->plans[i].id, .arms = {&arm, &arm},
		    .on_inconclusive = -1, .history = {0, 0, 1},
		    .limits = {.failure_margin = .05}};
		ec[i] = (struct engine_check){.name = c->id,
		    .history = {0, 0, 1}};
	}
}

static void
many_init(struct many *m)
{
	static struct engine_check ec[CHECKS];
	size_t i, round;

	*m = (struct many){.settings = {.alpha = .01, .beta = .05,
	    .rounds = 500}};
	name_checks(m, ec);
	memset(long_text, 'x', sizeof(long_text) - 1);
	memset(long_answer, 'y', sizeof(long_answer) - 1);
	for (i = 250; i < sizeof(long_answer); i += 250)
		long_answer[i] = '\n';
	m->suite = (struct suite){.checks = m->checks, .count = CHECKS,
	    .service = "payments", .target = "payments"};
	m->session = (struct session){.settings = &m->settings,
	    .suite = &m->suite, .rounds_end = ROUNDS_VERDICT};
	m->session.engine = engine_new(&engine_config_default, ec, CHECKS);
	ledger_init(&m->session.ledger, CHECKS);
	for (round = 1; round <= ROUNDS; round++)
		for (i = 0; i < CHECKS; i++)
			add_pair(&m->session, i, (uint32_t)round);
	m->session.verdict = engine_finish(m->session.engine);
	report_init(&m->report, &m->session);
	buf_init(&m->out, REPORT_MOST_BYTES);
}

static void
many_fini(struct many *m)
{
	size_t i;

	buf_fini(&m->out);
	report_fini(&m->report);
	session_fini(&m->session);
	for (i = 0; i < CHECKS; i++)
		free(m->names[i]);
}

static const char *
tell(struct many *m, enum format format)
{
	buf_reset(&m->out);
	report_format(&m->report, format, &m->out);
	assert_false(m->out.is_full);
	return (buf_str(&m->out));
}

static size_t
count(const char *text, const char *part)
{
	size_t n = 0;

	while ((text = strstr(text, part)) != NULL) {
		text += strlen(part);
		n++;
	}
	return (n);
}

static void
a_comment_of_any_gate_fits_and_says_what_is_left_out(void **state)
{
	struct many m;
	const char *text;

	(void)state;
	many_init(&m);
	assert_int_equal(m.session.verdict, ENGINE_BLOCK);
	assert_int_equal(m.report.named_count, CHECKS);
	text = tell(&m, FORMAT_MARKDOWN);
	assert_true(strlen(text) < 65536);
	assert_int_equal(count(text, "- **payments/check-"), 12);
	/* Of the regressions, and of the failures. */
	assert_int_equal(count(text, "\nand 188 more: the JSON document has "
	    "all\n"), 2);
	/* Each check has its row, whatever came before. */
	assert_int_equal(count(text, "\n| payments/check-"), CHECKS);
	assert_int_equal(count(text, "<details"), count(text, "</details>"));
	/* Code, and lines of code. */
	assert_int_equal(count(text, "<script>"), count(text, "`````a | b") +
	    count(text, "\n- a | b"));
	assert_int_equal(count(text, "\n  - the answers are too long to be "
	    "shown here\n"), 12 - count(text, "<summary>The answers"));
	assert_true(count(text, "the answers are too long") > 0);
	text = tell(&m, FORMAT_TABLE);
	assert_int_equal(count(text, ", pair 1, "), 12);
	assert_int_equal(count(text, "\n  and 188 more\n"), 2);
	many_fini(&m);
}

static void
no_more_is_annotated_than_github_shows(void **state)
{
	struct many m;
	const char *text;

	(void)state;
	many_init(&m);
	text = tell(&m, FORMAT_GITHUB);
	assert_int_equal(count(text, "\n::error "), 10);
	assert_non_null(strstr(text, "; 9 of its 200 regressions are "
	    "annotated\n"));
	assert_non_null(strstr(text, "%250A::error::x"));
	many_fini(&m);
}

static void
junit_has_all_checks_and_no_character_that_xml_lacks(void **state)
{
	struct many m;
	const char *text;

	(void)state;
	many_init(&m);
	text = tell(&m, FORMAT_JUNIT);
	assert_int_equal(count(text, "<testcase "), CHECKS + 1);
	assert_int_equal(count(text, "<failure "), CHECKS + 1);
	assert_int_equal(count(text, " tests=\"201\" failures=\"201\" "), 1);
	assert_int_equal(count(text, "]]>"), 0);
	assert_int_equal(count(text, "\xef\xbf\xbe"), 0);
	assert_null(strpbrk(text, "\001\033"));
	many_fini(&m);
}

static void
evidence_beyond_all_doubles_is_told_in_powers_of_ten(void **state)
{
	static const struct {
		double log_e;
		const char *text;
	} rows[] = {{-0.2, "0.82"}, {3.6, "37"}, {11.7, "1.2e+05"},
	    {709, "8.2e+307"}, {800, "1e+347"}};
	struct buf out;
	size_t i;

	(void)state;
	buf_init(&out, 64);
	for (i = 0; i < NELEMS(rows); i++) {
		buf_reset(&out);
		report_evidence(rows[i].log_e, &out);
		assert_string_equal(buf_str(&out), rows[i].text);
	}
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		evidence_beyond_all_doubles_is_told_in_powers_of_ten),
	    cmocka_unit_test(text_in_a_cell_is_text),
	    cmocka_unit_test(code_cannot_be_left),
	    cmocka_unit_test(
		a_comment_of_any_gate_fits_and_says_what_is_left_out),
	    cmocka_unit_test(no_more_is_annotated_than_github_shows),
	    cmocka_unit_test(
		junit_has_all_checks_and_no_character_that_xml_lacks),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
