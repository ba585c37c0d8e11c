/* SPDX-License-Identifier: ISC */
/* The report for a terminal. */
#include "gate/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/mem.h"

static bool
has_colour(void)
{
	return (isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL);
}

static void
print_verdict(const struct report *r, struct buf *out)
{
	static const char *const colours[] = {"", "\033[1;32m", "\033[1;31m",
	    "\033[1;33m"};
	const struct session *s = r->session;
	const char *name = engine_verdict_name(s->verdict);
	const char *c;

	if (has_colour())
		buf_append_str(out, colours[s->verdict]);
	for (c = name; *c != '\0'; c++)
		buf_append_char(out, (char)(*c - 'a' + 'A'));
	if (has_colour())
		buf_append_str(out, "\033[0m");
	buf_printf(out, "  %s: %s\n", s->suite->target, r->why);
	if (s->settings->is_observing)
		buf_append_str(out, "  observing only: the exit code does "
		    "not say so\n");
}

/* Whose decision it is that the release goes on all the same. */
static void
print_overrides(const struct report *r, struct buf *out)
{
	struct report_override o;
	size_t i;

	for (i = 0; i < report_override_count(r); i++) {
		report_override(r, i, &o);
		buf_append_str(out, "  overridden by ");
		report_text(o.who, out);
		buf_printf(out, " at %s until %s, for %s: ", o.at, o.until,
		    o.scope);
		report_text(o.why, out);
		buf_append_str(out, "\n    the verdict stays ");
		buf_printf(out, "%s; the exit code is %d\n",
		    engine_verdict_name(r->session->verdict), r->exit_code);
	}
}

static void
print_arm(const struct report *r, enum arm arm, struct buf *out)
{
	const struct settings *s = r->session->settings;
	size_t i;

	buf_printf(out, "  %-10s", arm_name(arm));
	if (s->environments[arm] != NULL)
		buf_printf(out, " environment %s", s->environments[arm]);
	for (i = 0; i < s->overrides[arm].count; i++)
		buf_printf(out, " %s", s->overrides[arm].items[i]);
	if (s->environments[arm] == NULL && s->overrides[arm].count == 0)
		buf_append_str(out, " as the manifests say");
	buf_append_char(out, '\n');
}

static void
print_head(const struct report *r, struct buf *out)
{
	const struct session *s = r->session;
	struct engine_counts n = engine_counts_total(s->engine);

	print_verdict(r, out);
	print_overrides(r, out);
	print_arm(r, ARM_CANDIDATE, out);
	print_arm(r, ARM_BASELINE, out);
	buf_append_str(out, "  ");
	report_rounds(r, out);
	buf_printf(out, ": %u pairs, %u of them extra after a failure, %u "
	    "void\n", n.pairs, n.focuses, n.voids);
	buf_append_str(out, "  evidence against the candidate ");
	report_evidence(engine_log_evidence(s->engine), out);
	buf_append_str(out, " of ");
	report_evidence(engine_log_bound(s->engine), out);
	buf_append_str(out, "; ");
	report_errors(r, out);
	buf_printf(out, "; seed %lld\n", (long long)s->settings->seed);
}

static void
print_regressions(const struct report *r, struct buf *out)
{
	size_t i;

	if (r->named_count > 0)
		buf_append_str(out, "\nregressions\n");
	for (i = 0; i < r->named_count && i < REPORT_NAMES_MOST; i++) {
		buf_append_str(out, "  ");
		report_subject(r, &r->named[i], out);
		buf_append_str(out, "\n    ");
		report_size(r, &r->named[i], out);
		buf_append_str(out, "; evidence ");
		report_evidence(r->named[i].log_e, out);
		buf_append_char(out, '\n');
	}
	if (r->named_count > REPORT_NAMES_MOST)
		buf_printf(out, "  and %zu more\n",
		    r->named_count - REPORT_NAMES_MOST);
}

static void
print_line(const char *name, const char *text, struct buf *out)
{
	if (text == NULL)
		return;
	buf_printf(out, "    %s", name);
	report_text(text, out);
	buf_append_char(out, '\n');
}

static void
print_first_failure(const struct report *r, struct buf *out)
{
	const struct ledger_failure *f;
	char hex[2 * MESSAGE_ID_SIZE + 1];
	size_t check;

	f = report_shown_failure(r, &check);
	if (f == NULL)
		return;
	crypto_hex(f->run, MESSAGE_ID_SIZE, hex);
	buf_printf(out, "\nfirst failing run of the %s\n  %s, pair %u, "
	    "%s, run %s\n", arm_name(f->arm), r->session->suite->checks[check].id, f->number,
	    outcome_name(f->outcome), hex);
	buf_printf(out, "  %s:%lld:%lld: ", f->what.file,
	    (long long)f->what.line, (long long)f->what.column);
	report_text(report_failure_text(f), out);
	buf_append_char(out, '\n');
	print_line("expected  ", f->what.expected, out);
	print_line("actual    ", f->what.actual, out);
	print_line("url       ", f->what.url, out);
}

static void
print_unfinished(const struct report *r, struct buf *out)
{
	const struct engine_component *list[REPORT_UNFINISHED_MOST];
	size_t i, more, n = report_unfinished(r, list, &more);

	if (n > 0)
		buf_append_str(out, "\nnot yet ruled out\n");
	for (i = 0; i < n; i++) {
		buf_append_str(out, "  ");
		report_subject(r, list[i], out);
		buf_append_str(out, ": ");
		report_margin(r, list[i], list[i]->margin, out);
		buf_append_str(out, "\n    ruled out so far: ");
		report_margin(r, list[i], list[i]->margin_reached, out);
		if (list[i]->rounds_to_go != UINT32_MAX)
			buf_printf(out, "; about %u rounds to go",
			    list[i]->rounds_to_go);
		buf_append_char(out, '\n');
	}
	if (more > 0)
		buf_printf(out, "  and %zu more\n", more);
}

/* The step whose median grew most: "x1.32 +40us"; "-" when none has one. */
static void
print_slowest(const struct report *r, size_t check, struct buf *out)
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
print_note(const char *text, struct buf *out)
{
	buf_printf(out, "\n    %s", text);
}

static void
print_checks(const struct report *r, struct buf *out)
{
	const struct suite *suite = r->session->suite;
	struct engine_counts n;
	size_t i, width = 5;

	for (i = 0; i < suite->count; i++)
		if (strlen(suite->checks[i].id) > width)
			width = strlen(suite->checks[i].id);
	buf_printf(out, "\n  %-*s  pairs  void  failed  baseline  "
	    "slowest step\n", (int)width, "check");
	for (i = 0; i < suite->count; i++) {
		n = engine_counts(r->session->engine, i);
		buf_printf(out, "  %-*s  %5u  %4u  %6u  %8u  ", (int)width,
		    suite->checks[i].id, n.pairs, n.voids,
		    n.candidate_failures, n.baseline_failures);
		print_slowest(r, i, out);
		report_notes(r, i, print_note, out);
		buf_append_char(out, '\n');
	}
}

void
report_table(const struct report *r, struct buf *out)
{
	print_head(r, out);
	print_regressions(r, out);
	print_first_failure(r, out);
	print_unfinished(r, out);
	print_checks(r, out);
}
