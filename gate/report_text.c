/* SPDX-License-Identifier: ISC */
/*
 * The report as text: for a terminal, and as Markdown for a pull request or a
 * job summary. One walk; what it says is written in either dialect. All text
 * of outside origin goes through say.
 */
#include "gate/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/html_diff.h"
#include "base/mem.h"
#include "base/table.h"

/* GitHub cuts no comment: it refuses those over 65,536 characters. */
#define MARKDOWN_MOST_BYTES 60000
#define WHY_MOST_BYTES 4000
#define LINE_MOST (1u << 16)
#define ANSWER_LINES_SHORT 16  /* on a terminal: what differs */
#define ANSWER_LINES_LONG 80

struct text {
	const struct report *r;
	struct buf *out;
	bool is_markdown;
};

/* Text in a table cell or a list: what Markdown would read is escaped. */
static void
append_markdown(struct buf *out, const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s == '\n' || *s == '\r') {
			buf_append_char(out, ' ');
			continue;
		}
		if (strchr("\\`*_{}[]<>|#~", *s) != NULL)
			buf_append_char(out, '\\');
		buf_append_char(out, *s);
	}
}

static void
say(struct text *t, const char *s)
{
	if (t->is_markdown)
		append_markdown(t->out, s);
	else
		buf_append_str(t->out, s);
}

/* Of outside origin: one line without control characters, bounded. */
static void
say_outside(struct text *t, const char *s)
{
	struct buf safe;

	buf_init(&safe, LINE_MOST);
	report_text(s, &safe);
	say(t, buf_str(&safe));
	buf_fini(&safe);
}

static void __attribute__((format(printf, 2, 3)))
sayf(struct text *t, const char *fmt, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	say(t, line);
}

typedef void report_part(const struct report *r,
    const struct engine_component *c, struct buf *out);

static void
say_part(struct text *t, const struct engine_component *c, report_part *part)
{
	struct buf text;

	buf_init(&text, LINE_MOST);
	part(t->r, c, &text);
	say(t, buf_str(&text));
	buf_fini(&text);
}

static void
say_evidence(struct text *t, double log_e)
{
	struct buf text;

	buf_init(&text, 64);
	report_evidence(log_e, &text);
	say(t, buf_str(&text));
	buf_fini(&text);
}

static void
heading(struct text *t, const char *title)
{
	buf_printf(t->out, t->is_markdown ? "\n### %c%s\n\n" : "\n%c%s\n",
	    t->is_markdown ? title[0] - 'a' + 'A' : title[0], title + 1);
}

static void
item(struct text *t)
{
	buf_append_str(t->out, t->is_markdown ? "- " : "  ");
}

static void
detail(struct text *t, const char *name)
{
	if (name[0] == '\0')
		buf_append_str(t->out, t->is_markdown ? "  - " : "    ");
	else
		buf_printf(t->out, t->is_markdown ? "  - %s: " :
		    "    %-9s ", name);
}

static void
end(struct text *t)
{
	buf_append_char(t->out, '\n');
}

static void
detail_outside(struct text *t, const char *name, const char *text)
{
	if (text == NULL)
		return;
	detail(t, name);
	say_outside(t, text);
	end(t);
}

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
say_verdict(struct text *t)
{
	const struct session *s = t->r->session;
	const char *name = engine_verdict_name(s->verdict);

	if (t->is_markdown) {
		buf_printf(t->out, "## Gate: %s\n\n**", name);
		say(t, s->suite->target);
		buf_append_str(t->out, "**: ");
		if (strlen(t->r->why) > WHY_MOST_BYTES)
			sayf(t, "%.300s...", t->r->why);
		else
			say(t, t->r->why);
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

	for (i = 0; i < report_override_count(t->r); i++) {
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
	for (i = 0; i < s->overrides[arm].count; i++) {
		buf_append_char(t->out, ' ');
		say_outside(t, s->overrides[arm].items[i]);
	}
	if (s->environments[arm] == NULL && s->overrides[arm].count == 0 &&
	    s->versions[arm] == NULL)
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
		end(t);
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

/* ---- failures ---- */

/* One more backtick than the text has in a row, so that it cannot end it. */
static void
append_fence(const char *text, struct buf *out, const char *language)
{
	size_t most = 3, run = 0;

	for (; *text != '\0'; text++) {
		run = *text == '`' ? run + 1 : 0;
		most = run + 1 > most ? run + 1 : most;
	}
	while (most-- > 0)
		buf_append_char(out, '`');
	buf_printf(out, "%s\n", language);
}

static void
append_answers(struct text *t, const char *diff)
{
	struct buf block;

	buf_init(&block, REPORT_MOST_BYTES);
	buf_append_str(&block, "\n<details><summary>The answers: - baseline, "
	    "+ candidate</summary>\n\n");
	append_fence(diff, &block, "diff");
	buf_append_str(&block, diff);
	append_fence(diff, &block, "");
	buf_append_str(&block, "\n</details>\n\n");
	if (t->out->len + block.len <= MARKDOWN_MOST_BYTES)
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
		detail(t, "answers");
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
say_failure(struct text *t, size_t check, const struct ledger_failure *f)
{
	char hex[2 * MESSAGE_ID_SIZE + 1];

	crypto_hex(f->run, MESSAGE_ID_SIZE, hex);
	item(t);
	say(t, t->r->session->suite->checks[check].id);
	buf_printf(t->out, t->is_markdown ? ", pair %u, %s, run `%s`\n" :
	    ", pair %u, %s, run %s\n", f->number, outcome_name(f->outcome),
	    hex);
	detail(t, "");
	say_outside(t, f->what.file != NULL ? f->what.file : "-");
	sayf(t, ":%lld:%lld: ", (long long)f->what.line,
	    (long long)f->what.column);
	say_outside(t, report_failure_text(f));
	end(t);
	detail_outside(t, "expected", f->what.expected);
	detail_outside(t, "actual", f->what.actual);
	detail_outside(t, "url", f->what.url);
	say_answers(t, f);
}

static void
say_regressions(struct text *t)
{
	const struct report *r = t->r;
	size_t i;

	if (r->named_count == 0)
		return;
	heading(t, "regressions");
	for (i = 0; i < r->named_count && i < REPORT_NAMES_MOST; i++) {
		item(t);
		buf_append_str(t->out, t->is_markdown ? "**" : "");
		say_part(t, &r->named[i], report_subject);
		buf_append_str(t->out, t->is_markdown ? "**\n" : "\n");
		detail(t, "");
		say_part(t, &r->named[i], report_size);
		buf_append_str(t->out, "; evidence ");
		say_evidence(t, r->named[i].log_e);
		end(t);
	}
	if (r->named_count > REPORT_NAMES_MOST)
		buf_printf(t->out, "%sand %zu more\n", t->is_markdown ?
		    "\n" : "  ", r->named_count - REPORT_NAMES_MOST);
}

/* The first failing run of what is shown first, then of all that is named. */
static void
say_failures(struct text *t)
{
	const struct report *r = t->r;
	const struct ledger_failure *f, *first;
	size_t check, i;

	first = report_shown_failure(r, &check);
	if (first == NULL)
		return;
	heading(t, first->arm == ARM_BASELINE ?
	    "first failing run of the baseline" :
	    "first failing run of the candidate");
	say_failure(t, check, first);
	for (i = 0; i < r->session->suite->count; i++) {
		f = ledger_failure_at(&r->session->ledger, i, ARM_CANDIDATE);
		if (f != first && f->is_set && report_is_named(r, i))
			say_failure(t, i, f);
	}
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
say_unfinished(struct text *t)
{
	const struct engine_component *list[REPORT_UNFINISHED_MOST];
	size_t i, more, n = report_unfinished(t->r, list, &more);

	if (n > 0)
		heading(t, "not yet ruled out");
	for (i = 0; i < n; i++) {
		item(t);
		say_part(t, list[i], report_subject);
		buf_append_str(t->out, ": ");
		say_part(t, list[i], margin_wanted);
		end(t);
		detail(t, "");
		buf_append_str(t->out, "ruled out so far: ");
		say_part(t, list[i], margin_reached);
		if (list[i]->rounds_to_go != UINT32_MAX)
			buf_printf(t->out, "; about %u rounds to go",
			    list[i]->rounds_to_go);
		end(t);
	}
	if (more > 0)
		buf_printf(t->out, "%sand %zu more\n", t->is_markdown ?
		    "\n" : "  ", more);
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
	buf_printf(out, "x%.2f %c%s", most, more < 0 ? '-' : '+', text);
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
	append_markdown(out, text);
}

static void
append_check(struct text *t, size_t i, int width, struct buf *out)
{
	const char *id = t->r->session->suite->checks[i].id;
	struct engine_counts n = engine_counts(t->r->session->engine, i);

	if (t->is_markdown) {
		buf_append_str(out, "| ");
		append_markdown(out, id);
		report_notes(t->r, i, note_of_cell, out);
		buf_printf(out, " | %u | %u | %u | %u | ", n.pairs, n.voids,
		    n.candidate_failures, n.baseline_failures);
		append_slowest(t->r, i, out);
		buf_append_str(out, " |\n");
		return;
	}
	buf_printf(out, "  %-*s  %5u  %4u  %6u  %8u  ", width, id, n.pairs,
	    n.voids, n.candidate_failures, n.baseline_failures);
	append_slowest(t->r, i, out);
	report_notes(t->r, i, note_of_table, out);
	buf_append_char(out, '\n');
}

static void
say_checks(struct text *t)
{
	const struct suite *suite = t->r->session->suite;
	size_t i, width = 5;
	struct buf row;

	for (i = 0; i < suite->count; i++)
		if (strlen(suite->checks[i].id) > width)
			width = strlen(suite->checks[i].id);
	if (t->is_markdown)
		buf_printf(t->out, "\n<details%s><summary>Checks</summary>\n\n"
		    "| check | pairs | void | failed | baseline failed | "
		    "slowest step |\n|---|--:|--:|--:|--:|---|\n",
		    suite->count <= REPORT_NAMES_MOST ? " open" : "");
	else
		buf_printf(t->out, "\n  %-*s  pairs  void  failed  baseline  "
		    "slowest step\n", (int)width, "check");
	buf_init(&row, LINE_MOST);
	for (i = 0; i < suite->count; i++) {
		buf_reset(&row);
		append_check(t, i, (int)width, &row);
		if (t->is_markdown && t->out->len + row.len >
		    MARKDOWN_MOST_BYTES)
			break;
		buf_append(t->out, buf_str(&row), row.len);
	}
	buf_fini(&row);
	if (i < suite->count)
		buf_printf(t->out, "\nand %zu more\n", suite->count - i);
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
