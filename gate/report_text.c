/* SPDX-License-Identifier: ISC */
/*
 * The report as text: for a terminal, and as Markdown for a pull request or a
 * job summary. One walk; what it says is written in either dialect. All text
 * of outside origin goes through gate/say.h.
 */
#include "gate/report.h"

#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/html_diff.h"
#include "base/mem.h"
#include "base/table.h"
#include "gate/markdown.h"
#include "gate/say.h"

#define WHY_MOST_BYTES 2000
#define LINE_MOST (1u << 16)
#define ANSWER_LINES_SHORT 16  /* on a terminal: what differs */
#define ANSWER_LINES_LONG 80
#define VALUES_MOST 10         /* overrides, variables of an arm */

/* ---- head ---- */

static void
append_verdict(struct text *t, const char *name)
{
	static const enum table_colour colours[] = {TABLE_PLAIN, TABLE_GOOD,
	    TABLE_BAD, TABLE_WARN};

	if (t->r->has_colour)
		buf_append_str(t->out, table_escape(
		    colours[t->r->session->verdict]));
	for (; *name != '\0'; name++)
		buf_append_char(t->out, (char)(*name - 'a' + 'A'));
	if (t->r->has_colour)
		buf_append_str(t->out, table_escape(TABLE_PLAIN));
}

static void
say_why(struct text *t)
{
	char *why = xstrdup(t->r->why);
	size_t cut = WHY_MOST_BYTES;

	if (strlen(why) > cut) {
		/* Not within a character. */
		while (((unsigned char)why[cut] & 0xc0) == 0x80)
			cut--;
		why[cut] = '\0';
	}
	say(t, why);
	buf_append_str(t->out, strlen(t->r->why) > cut ? "..." : "");
	free(why);
}

static void
say_verdict(struct text *t)
{
	const struct session *s = t->r->session;
	const char *name = engine_verdict_name(s->verdict);

	if (t->is_markdown) {
		buf_printf(t->out, "## Gate: %s\n\n**", name);
		say(t, s->suite->target);
		buf_append_str(t->out, "**: ");
		say_why(t);
		buf_append_str(t->out, ".\n");
	} else {
		append_verdict(t, name);
		buf_printf(t->out, "  %s: %s\n", s->suite->target,
		    t->r->why);
	}
	if (s->settings->is_observing)
		buf_printf(t->out, "%sobserving only: the exit code does not "
		    "say so\n", t->is_markdown ? "\n> " : "  ");
}

/* Whose decision it is that the release goes on all the same. */
static void
say_overrides(struct text *t)
{
	struct report_override o;
	size_t i;

	for (i = 0; i < report_override_count(t->r) && i < VALUES_MOST; i++) {
		report_override(t->r, i, &o);
		buf_append_str(t->out, t->is_markdown ?
		    "\n> **Overridden** by " : "  overridden by ");
		say_outside(t, o.who);
		sayf(t, " at %s until %s, for %s: ", o.at, o.until, o.scope);
		say_outside(t, o.why);
		buf_printf(t->out, "%s the verdict stays %s, the exit code is "
		    "%d\n", t->is_markdown ? ";" : "\n   ",
		    engine_verdict_name(t->r->session->verdict),
		    t->r->exit_code);
	}
	say_left_out(t, report_override_count(t->r) - i);
}

static void
say_arm(struct text *t, enum arm arm)
{
	const struct settings *s = t->r->session->settings;
	size_t i;

	if (t->is_markdown)
		buf_printf(t->out, "%c%s:", arm_name(arm)[0] - 'a' + 'A',
		    arm_name(arm) + 1);
	else
		buf_printf(t->out, "  %-10s", arm_name(arm));
	if (arm == ARM_BASELINE && s->is_history_only)
		buf_append_str(t->out, " none, the history alone");
	if (s->versions[arm] != NULL) {
		buf_append_char(t->out, ' ');
		say_outside(t, s->versions[arm]);
	}
	if (s->environments[arm] != NULL) {
		buf_append_str(t->out, " environment ");
		say_outside(t, s->environments[arm]);
	}
	for (i = 0; i < s->overrides[arm].count && i < VALUES_MOST; i++) {
		buf_append_char(t->out, ' ');
		say_outside(t, s->overrides[arm].items[i]);
	}
	if (i < s->overrides[arm].count)
		buf_printf(t->out, " and %zu more",
		    s->overrides[arm].count - i);
	if (s->environments[arm] == NULL && s->overrides[arm].count == 0 &&
	    s->versions[arm] == NULL &&
	    !(arm == ARM_BASELINE && s->is_history_only))
		buf_append_str(t->out, " as the manifests say");
	buf_append_str(t->out, t->is_markdown && arm == ARM_CANDIDATE ?
	    "  \n" : "\n");
}

static void
say_head(struct text *t)
{
	const struct session *s = t->r->session;
	struct engine_counts n = engine_counts_total(s->engine);
	const char *margin = t->is_markdown ? "" : "  ";
	struct buf text;

	say_verdict(t);
	say_overrides(t);
	if (t->is_markdown)
		say_end(t);
	say_arm(t, ARM_CANDIDATE);
	say_arm(t, ARM_BASELINE);
	buf_init(&text, LINE_MOST);
	report_rounds(t->r, &text);
	buf_printf(t->out, "%s%s%s: %u pairs, %u of them extra after a "
	    "failure, %u void%s\n", t->is_markdown ? "\n" : "", margin,
	    buf_str(&text), n.pairs, n.focuses, n.voids,
	    t->is_markdown ? "." : "");
	buf_printf(t->out, "%s%cvidence against the candidate ", margin,
	    t->is_markdown ? 'E' : 'e');
	say_evidence(t, engine_log_evidence(s->engine));
	buf_append_str(t->out, " of ");
	say_evidence(t, engine_log_bound(s->engine));
	buf_append_str(t->out, "; ");
	buf_reset(&text);
	report_errors(t->r, &text);
	say(t, buf_str(&text));
	buf_printf(t->out, "; seed %lld%s\n", (long long)s->settings->seed,
	    t->is_markdown ? "." : "");
	buf_fini(&text);
}

/* ---- what regressed, and how it failed ---- */

static void
say_regression(struct text *t, size_t i)
{
	const struct engine_component *c = &t->r->named[i];

	say_item(t);
	buf_append_str(t->out, t->is_markdown ? "**" : "");
	say_part(t, c, report_subject);
	buf_append_str(t->out, t->is_markdown ? "**\n" : "\n");
	say_detail(t, "");
	say_part(t, c, report_size);
	buf_append_str(t->out, "; evidence ");
	say_evidence(t, c->log_e);
	say_end(t);
}

static void
say_regressions(struct text *t)
{
	if (t->r->named_count == 0)
		return;
	say_heading(t, "regressions");
	say_list(t, &(struct say_list){t->r->named_count, REPORT_NAMES_MOST,
	    MARKDOWN_LISTS_BYTES, say_regression});
}

static void
append_answers(struct text *t, const char *diff)
{
	struct buf block;

	buf_init(&block, REPORT_MOST_BYTES);
	buf_append_str(&block, "\n<details><summary>The answers: - baseline, "
	    "+ candidate</summary>\n\n");
	markdown_block(&block, "diff", diff);
	buf_append_str(&block, "\n</details>\n\n");
	if (t->before + t->out->len + block.len <= MARKDOWN_ANSWERS_BYTES)
		buf_append(t->out, buf_str(&block), block.len);
	else
		buf_append_str(t->out, "  - the answers are too long to be "
		    "shown here\n");
	buf_fini(&block);
}

/* The two answers at the step that differs: - baseline, + candidate. */
static void
say_answers(struct text *t, const struct ledger_failure *f)
{
	const char *line, *end_of;
	struct buf diff;

	if (f->what.response == NULL || f->good_response == NULL)
		return;
	buf_init(&diff, 1 << 18);
	html_diff_text(&diff, f->good_response, f->what.response,
	    t->is_markdown ? ANSWER_LINES_LONG : ANSWER_LINES_SHORT,
	    t->is_markdown);
	if (t->is_markdown)
		append_answers(t, buf_str(&diff));
	else {
		say_detail(t, "answers");
		buf_append_str(t->out, "- baseline, + candidate\n");
		for (line = buf_str(&diff); *line != '\0'; line = end_of + 1) {
			end_of = strchr(line, '\n');
			buf_printf(t->out, "      %.*s\n",
			    (int)(end_of - line), line);
		}
	}
	buf_fini(&diff);
}

static void
say_place(struct text *t, const struct ledger_failure *f)
{
	char *place = xasprintf("%s:%lld:%lld", f->what.file != NULL ?
	    f->what.file : "-", (long long)f->what.line,
	    (long long)f->what.column);

	say_outside(t, place);
	free(place);
}

static void
say_failure(struct text *t, size_t check, const struct ledger_failure *f)
{
	char hex[2 * MESSAGE_ID_SIZE + 1];

	crypto_hex(f->run, MESSAGE_ID_SIZE, hex);
	say_item(t);
	say(t, t->r->session->suite->checks[check].id);
	buf_printf(t->out, t->is_markdown ? ", pair %u, %s, run `%s`\n" :
	    ", pair %u, %s, run %s\n", f->number, outcome_name(f->outcome),
	    hex);
	say_detail(t, "");
	say_place(t, f);
	buf_append_str(t->out, ": ");
	say_outside(t, report_failure_text(f));
	say_end(t);
	say_detail_outside(t, "expected", f->what.expected);
	say_detail_outside(t, "actual", f->what.actual);
	say_detail_outside(t, "url", f->what.url);
	say_answers(t, f);
}

static void
say_failing(struct text *t, size_t i)
{
	say_failure(t, t->failing[i], ledger_failure_at(
	    &t->r->session->ledger, t->failing[i], ARM_CANDIDATE));
}

/* The checks that are named, the strongest evidence first. */
static void
find_failing(struct text *t, const struct ledger_failure *first)
{
	const struct report *r = t->r;
	size_t checks = r->session->suite->count, check, i;
	bool *is_seen = xcalloc(checks, sizeof(*is_seen));
	const struct ledger_failure *f;

	t->failing = xcalloc(checks, sizeof(*t->failing));
	t->failing_count = 0;
	for (i = 0; i < r->named_count; i++) {
		check = r->named[i].check;
		f = ledger_failure_at(&r->session->ledger, check,
		    ARM_CANDIDATE);
		if (f != first && f->is_set && !is_seen[check])
			t->failing[t->failing_count++] = check;
		is_seen[check] = true;
	}
	free(is_seen);
}

/* The first failing run of what is shown first, then of all that is named. */
static void
say_failures(struct text *t)
{
	const struct report *r = t->r;
	const struct ledger_failure *first;
	size_t check;

	first = report_shown_failure(r, &check);
	if (first == NULL)
		return;
	say_heading(t, first->arm == ARM_BASELINE ?
	    "first failing run of the baseline" :
	    "first failing run of the candidate");
	say_failure(t, check, first);
	find_failing(t, first);
	say_list(t, &(struct say_list){t->failing_count, REPORT_NAMES_MOST - 1,
	    MARKDOWN_LISTS_BYTES, say_failing});
	free(t->failing);
}

/* ---- what is left ---- */

static void
margin_wanted(const struct report *r, const struct engine_component *c,
    struct buf *out)
{
	report_margin(r, c, c->margin, out);
}

static void
margin_reached(const struct report *r, const struct engine_component *c,
    struct buf *out)
{
	report_margin(r, c, c->margin_reached, out);
}

static void
say_unfinished_part(struct text *t, size_t i)
{
	const struct engine_component *c = t->unfinished[i];

	say_item(t);
	say_part(t, c, report_subject);
	buf_append_str(t->out, ": ");
	say_part(t, c, margin_wanted);
	say_end(t);
	say_detail(t, "");
	buf_append_str(t->out, "ruled out so far: ");
	say_part(t, c, margin_reached);
	if (c->rounds_to_go != UINT32_MAX)
		buf_printf(t->out, "; about %u rounds to go",
		    c->rounds_to_go);
	say_end(t);
}

static void
say_unfinished(struct text *t)
{
	size_t more, n = report_unfinished(t->r, t->unfinished, &more);

	if (n == 0)
		return;
	say_heading(t, "not yet ruled out");
	say_list(t, &(struct say_list){n + more, n, MARKDOWN_LISTS_BYTES,
	    say_unfinished_part});
}

/* The step whose median grew most: "x1.32 +40us"; "-" when none has one. */
static void
append_slowest(const struct report *r, size_t check, struct buf *out)
{
	struct engine_step_view v, worst = {.pairs = 0};
	span_us more;
	char text[CLOCK_SPAN_SIZE];
	double most = 0, ratio;
	uint32_t i;

	for (i = 0; i < engine_step_count(r->session->engine, check); i++) {
		v = engine_step_view(r->session->engine, check, i);
		if (v.baseline_median_ns <= 0)
			continue;
		ratio = (double)v.candidate_median_ns /
		    (double)v.baseline_median_ns;
		if (ratio > most) {
			most = ratio;
			worst = v;
		}
	}
	if (most <= 0) {
		buf_append_char(out, '-');
		return;
	}
	more = (worst.candidate_median_ns - worst.baseline_median_ns) / 1000;
	clock_format_span(more < 0 ? -more : more, text);
	buf_printf(out, "x%.*f %c%s", report_decimals(most), most,
	    more < 0 ? '-' : '+', text);
}

static void
note_of_table(const char *text, struct buf *out)
{
	buf_printf(out, "\n    %s", text);
}

static void
note_of_cell(const char *text, struct buf *out)
{
	buf_append_str(out, "<br>");
	markdown_escape(out, text);
}

static void
say_check(struct text *t, size_t i)
{
	const char *id = t->r->session->suite->checks[i].id;
	struct engine_counts n = engine_counts(t->r->session->engine, i);

	if (t->is_markdown) {
		buf_append_str(t->out, "| ");
		say(t, id);
		report_notes(t->r, i, note_of_cell, t->out);
		buf_printf(t->out, " | %u | %u | %u | %u | ", n.pairs,
		    n.voids, n.candidate_failures, n.baseline_failures);
		append_slowest(t->r, i, t->out);
		buf_append_str(t->out, " |\n");
		return;
	}
	buf_printf(t->out, "  %-*s  %5u  %4u  %6u  %8u  ", t->check_width, id,
	    n.pairs, n.voids, n.candidate_failures, n.baseline_failures);
	append_slowest(t->r, i, t->out);
	report_notes(t->r, i, note_of_table, t->out);
	say_end(t);
}

static void
say_checks(struct text *t)
{
	const struct suite *suite = t->r->session->suite;
	size_t i, width = 5;

	for (i = 0; i < suite->count; i++)
		if (strlen(suite->checks[i].id) > width)
			width = strlen(suite->checks[i].id);
	t->check_width = (int)width;
	if (t->is_markdown)
		buf_printf(t->out, "\n<details%s><summary>Checks</summary>\n\n"
		    "| check | pairs | void | failed | baseline failed | "
		    "slowest step |\n|---|--:|--:|--:|--:|---|\n",
		    suite->count <= REPORT_NAMES_MOST ? " open" : "");
	else
		buf_printf(t->out, "\n  %-*s  pairs  void  failed  baseline  "
		    "slowest step\n", t->check_width, "check");
	say_list(t, &(struct say_list){suite->count, SIZE_MAX,
	    MARKDOWN_MOST_BYTES, say_check});
	if (t->is_markdown)
		buf_append_str(t->out, "\n</details>\n");
}

static void
tell(const struct report *r, bool is_markdown, struct buf *out)
{
	struct text t = {.r = r, .out = out, .is_markdown = is_markdown};

	say_head(&t);
	say_regressions(&t);
	say_failures(&t);
	say_unfinished(&t);
	say_checks(&t);
}

void
report_table(const struct report *r, struct buf *out)
{
	tell(r, false, out);
}

void
report_markdown(const struct report *r, struct buf *out)
{
	tell(r, true, out);
}
