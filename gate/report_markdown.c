/* SPDX-License-Identifier: ISC */
/* The report for a pull request or a job summary. */
#include "gate/report.h"

#include <math.h>
#include <string.h>

#include "base/crypto.h"
#include "gate/interval.h"

/* Text in a table cell or a list: what Markdown would read is escaped. */
static void
append_text(struct buf *out, const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s == '\n' || *s == '\r') {
			buf_append_char(out, ' ');
			continue;
		}
		if (strchr("\\`*_{}[]<>|#", *s) != NULL)
			buf_append_char(out, '\\');
		buf_append_char(out, *s);
	}
}

typedef void report_part(const struct report *r,
    const struct engine_component *c, struct buf *out);

static void
append_part(const struct report *r, const struct engine_component *c,
    report_part *part, struct buf *out)
{
	struct buf text;

	buf_init(&text, 1 << 16);
	part(r, c, &text);
	append_text(out, buf_str(&text));
	buf_fini(&text);
}

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

/* "12.3 % (7.1 to 20.4)", "x1.52 (1.47 to 1.60)" */
static void
print_interval(const struct interval *i, bool is_rate, struct buf *out)
{
	double unit = is_rate ? 100 : 1;

	if (isnan(i->estimate)) {
		buf_append_str(out, "-");
		return;
	}
	buf_printf(out, is_rate ? "%.3g %%" : "x%.2f", unit * i->estimate);
	if (!isnan(i->low))
		buf_printf(out, is_rate ? " (%.3g to %.3g)" :
		    " (%.2f to %.2f)", unit * i->low, unit * i->high);
}

/* Candidate and baseline of a regression: rates, or medians and ratio. */
static void
print_sides(const struct report *r, const struct engine_component *c,
    struct buf *out)
{
	const struct engine *e = r->session->engine;
	struct engine_counts n = engine_counts(e, c->check);
	struct engine_step_view v;
	struct interval i;
	char cand[CLOCK_SPAN_SIZE], base[CLOCK_SPAN_SIZE];

	if (r->session->settings->is_history_only) {
		buf_printf(out, "%u of %u failed | history allows %.3g %% | ",
		    n.candidate_failures, n.rounds,
		    100 * engine_failure_view(e, c->check).bound);
		i = interval_rate(n.candidate_failures, n.rounds);
		print_interval(&i, true, out);
		return;
	}
	if (c->step == ENGINE_NO_STEP) {
		buf_printf(out, "%u of %u failed | %u of %u | ",
		    n.candidate_failures, n.rounds, n.baseline_failures,
		    n.rounds);
		i = interval_rate(n.candidate_failures, n.rounds);
		print_interval(&i, true, out);
		return;
	}
	v = engine_step_view(e, c->check, c->step);
	clock_format_span(v.candidate_median_ns / 1000, cand);
	clock_format_span(v.baseline_median_ns / 1000, base);
	buf_printf(out, "median %s | %s | ", cand, base);
	i = interval_ratio(e, c->check, c->step);
	print_interval(&i, false, out);
}

static void
print_regressions(const struct report *r, struct buf *out)
{
	size_t i;

	if (r->named_count == 0)
		return;
	buf_append_str(out, "\n| regression | candidate | baseline | "
	    "size (95 %) | evidence |\n|---|---|---|---|--:|\n");
	for (i = 0; i < r->named_count && i < REPORT_NAMES_MOST; i++) {
		buf_append_str(out, "| ");
		append_part(r, &r->named[i], report_subject, out);
		buf_append_str(out, " | ");
		print_sides(r, &r->named[i], out);
		buf_append_str(out, " | ");
		report_evidence(r->named[i].log_e, out);
		buf_append_str(out, " |\n");
	}
	if (r->named_count > REPORT_NAMES_MOST)
		buf_printf(out, "\nand %zu more\n",
		    r->named_count - REPORT_NAMES_MOST);
}

static void
print_item(const char *name, const char *text, struct buf *out)
{
	struct buf safe;

	if (text == NULL)
		return;
	buf_init(&safe, 1 << 16);
	report_text(text, &safe);
	buf_printf(out, "- %s", name);
	append_text(out, buf_str(&safe));
	buf_append_char(out, '\n');
	buf_fini(&safe);
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
	buf_printf(out, "\nFirst failing run of the %s: ", arm_name(f->arm));
	append_text(out, r->session->suite->checks[check].id);
	buf_printf(out, ", run `%s`, `%s:%lld`\n", hex, f->what.file,
	    (long long)f->what.line);
	print_item("", report_failure_text(f), out);
	print_item("expected: ", f->what.expected, out);
	print_item("actual: ", f->what.actual, out);
}

static void
print_unfinished(const struct report *r, struct buf *out)
{
	const struct engine_component *list[REPORT_UNFINISHED_MOST];
	size_t i, more, n = report_unfinished(r, list, &more);

	if (n > 0)
		buf_append_str(out, "\n| not yet ruled out | wanted | so far |"
		    "\n|---|---|---|\n");
	for (i = 0; i < n; i++) {
		buf_append_str(out, "| ");
		append_part(r, list[i], report_subject, out);
		buf_append_str(out, " | ");
		append_part(r, list[i], margin_wanted, out);
		buf_append_str(out, " | ");
		append_part(r, list[i], margin_reached, out);
		buf_append_str(out, " |\n");
	}
	if (more > 0)
		buf_printf(out, "\nand %zu more\n", more);
}

void
report_markdown(const struct report *r, struct buf *out)
{
	const struct session *s = r->session;
	struct engine_counts n = engine_counts_total(s->engine);

	buf_printf(out, "## Gate: %s\n\n**", engine_verdict_name(s->verdict));
	append_text(out, s->suite->target);
	buf_append_str(out, "**: ");
	append_text(out, r->why);
	buf_append_str(out, ".\n\n");
	report_rounds(r, out);
	buf_printf(out, " (%u pairs, %u void). Evidence against the "
	    "candidate ", n.pairs, n.voids);
	report_evidence(engine_log_evidence(s->engine), out);
	buf_append_str(out, " of ");
	report_evidence(engine_log_bound(s->engine), out);
	buf_printf(out, ". A false block has at most %g %%, a false pass "
	    "%g %%. Seed %lld.\n", 100 * s->settings->alpha,
	    100 * s->settings->beta, (long long)s->settings->seed);
	print_regressions(r, out);
	print_first_failure(r, out);
	print_unfinished(r, out);
}
