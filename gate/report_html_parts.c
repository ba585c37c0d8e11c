/* SPDX-License-Identifier: ISC */
/* The parts of the HTML report, from regressions to settings. */
#include "gate/report_html.h"

#include <math.h>
#include <string.h>

#include "base/crypto.h"
#include "base/html.h"
#include "base/html_diff.h"
#include "gate/report_chart.h"

/* A span as people read it. */
static void
write_span(struct buf *out, int64_t ns)
{
	char text[CLOCK_SPAN_SIZE];

	clock_format_span(ns / 1000, text);
	buf_append_str(out, text);
}

static void
write_subject(const struct report *r, const struct engine_component *c,
    struct buf *out)
{
	struct buf text;

	buf_init(&text, 1 << 16);
	report_subject(r, c, &text);
	report_html_escape(out, &text);
	buf_fini(&text);
}

/* The next of 1, 2, 4, 6, 8, 10 times a power of ten: half of it is round,
 * too. */
static double
round_up(double x)
{
	static const double factors[] = {1, 2, 4, 6, 8, 10};
	double unit = pow(10, floor(log10(x)));
	size_t i = 0;

	while (i + 1 < NELEMS(factors) && unit * factors[i] < x)
		i++;
	return (unit * factors[i]);
}

/* Without a baseline: against what the history allows. */
static void
write_failing_alone(const struct report *r, const struct engine_component *c,
    struct buf *out)
{
	struct engine_counts n = engine_counts(r->session->engine, c->check);
	double bound = engine_failure_view(r->session->engine,
	    c->check).bound;
	struct report_whisker w[] = {
	    {interval_rate(n.candidate_failures, n.rounds), "cand",
	    "candidate"}, {{bound, NAN, NAN, 0}, "base", "history"}};

	buf_printf(out, "<div><span class=\"big\">fails %.3g&nbsp;%%</span> "
	    "of its runs<p class=\"small\">%u of %u, 95&nbsp;%% interval "
	    "%.3g to %.3g&nbsp;%%<br><span class=\"dim\">its history allows "
	    "%.3g&nbsp;%%</span></p></div>\n", 100 * w[0].interval.estimate,
	    n.candidate_failures, n.rounds, 100 * w[0].interval.low,
	    100 * w[0].interval.high, 100 * bound);
	report_chart_whiskers(w, NELEMS(w), 0, round_up(fmin(1,
	    fmax(w[0].interval.high, bound))), true, out);
}

static void
write_failing(const struct report *r, const struct engine_component *c,
    struct buf *out)
{
	struct engine_counts n = engine_counts(r->session->engine, c->check);
	struct report_whisker w[] = {
	    {interval_rate(n.candidate_failures, n.rounds), "cand",
	    "candidate"},
	    {interval_rate(n.baseline_failures, n.rounds), "base",
	    "baseline"}};
	double high = round_up(fmin(1, fmax(w[0].interval.high,
	    w[1].interval.high)));

	buf_printf(out, "<div><span class=\"big\">fails %.3g&nbsp;%%</span> "
	    "of its runs<p class=\"small\">%u of %u, 95&nbsp;%% interval "
	    "%.3g to %.3g&nbsp;%%<br><span class=\"dim\">baseline %u of %u, "
	    "%.3g to %.3g&nbsp;%%</span></p></div>\n",
	    100 * w[0].interval.estimate, n.candidate_failures, n.rounds,
	    100 * w[0].interval.low, 100 * w[0].interval.high,
	    n.baseline_failures, n.rounds, 100 * w[1].interval.low,
	    100 * w[1].interval.high);
	report_chart_whiskers(w, NELEMS(w), 0, high, true, out);
}

static void
write_slower(const struct report *r, const struct engine_component *c,
    struct buf *out)
{
	const struct engine *e = r->session->engine;
	struct engine_step_view v = engine_step_view(e, c->check, c->step);
	struct interval i = interval_ratio(e, c->check, c->step);
	struct report_whisker w[] = {{i, "cand", "candidate"},
	    {{1, NAN, NAN, 0}, "base", "baseline"}};
	double high = round_up(1.05 * fmax(isnan(i.high) ? 0 : i.high,
	    fmax(i.estimate, 1.2)));
	int digits = report_decimals(i.estimate);

	buf_printf(out, "<div><span class=\"big\">%.*f times</span> as long"
	    "<p class=\"small\">", digits, i.estimate);
	if (!isnan(i.low))
		buf_printf(out, "95&nbsp;%% interval %.*f to %.*f<br>",
		    digits, i.low, digits, i.high);
	buf_append_str(out, "median ");
	write_span(out, v.candidate_median_ns);
	buf_append_str(out, ", 90th percentile ");
	write_span(out, v.candidate_p90_ns);
	buf_append_str(out, "<br><span class=\"dim\">baseline ");
	write_span(out, v.baseline_median_ns);
	buf_append_str(out, " and ");
	write_span(out, v.baseline_p90_ns);
	buf_append_str(out, "</span></p></div>\n");
	report_chart_whiskers(w, NELEMS(w), 0, high, false, out);
}

void
report_html_regressions(const struct report *r, struct buf *out)
{
	const struct engine_component *c;
	size_t i;

	if (r->named_count == 0)
		return;
	buf_append_str(out, "<section><h2>Regressions</h2><p class=\"small "
	    "dim\">Strongest evidence first; of all names at most a tenth is "
	    "expected to be wrong.</p>\n");
	for (i = 0; i < r->named_count && i < REPORT_NAMES_MOST; i++) {
		c = &r->named[i];
		buf_append_str(out, "<article><h3>");
		write_subject(r, c, out);
		buf_append_str(out, " <span class=\"dim small\">evidence ");
		report_evidence(c->log_e, out);
		buf_append_str(out, "</span></h3><div class=\"size\">");
		if (r->session->settings->is_history_only)
			write_failing_alone(r, c, out);
		else if (c->step == ENGINE_NO_STEP)
			write_failing(r, c, out);
		else
			write_slower(r, c, out);
		buf_append_str(out, "</div></article>\n");
	}
	if (r->named_count > REPORT_NAMES_MOST)
		buf_printf(out, "<p class=\"dim\">and %zu more</p>\n",
		    r->named_count - REPORT_NAMES_MOST);
	buf_append_str(out, "</section>\n");
}

static void
write_fact(struct buf *out, const char *name, const char *text)
{
	if (text == NULL)
		return;
	buf_printf(out, "<dt>%s</dt><dd class=\"mono\">", name);
	html_escape(out, text);
	buf_append_str(out, "</dd>");
}

/* Side by side; of a failure of the baseline there is its own alone. */
static void
write_answers(const struct report *r, const struct ledger_failure *f,
    struct buf *out)
{
	struct html_side cand = {"Candidate", f->what.response,
	    "No answer came."};
	struct html_side base = {"Baseline", f->good_response,
	    r->session->settings->is_history_only ? "There is no baseline." :
	    "The gate ended before its answer at this step was kept."};

	if (f->arm == ARM_BASELINE) {
		cand.text = NULL;
		cand.absent = "Its answer is not kept.";
		base.text = f->what.response;
		base.absent = "No answer came.";
	}
	if (cand.text != NULL || base.text != NULL)
		html_diff(out, &cand, &base);
}

static void
write_failure(const struct report *r, size_t check,
    const struct ledger_failure *f, struct buf *out)
{
	char hex[2 * MESSAGE_ID_SIZE + 1];

	crypto_hex(f->run, MESSAGE_ID_SIZE, hex);
	buf_append_str(out, "<article><h3>");
	html_escape(out, r->session->suite->checks[check].id);
	buf_append_str(out, "</h3><p><strong>");
	html_escape(out, report_failure_text(f));
	buf_append_str(out, "</strong> <span class=\"mono dim\">");
	html_escape(out, f->what.file);
	buf_printf(out, ":%lld:%lld</span></p>\n<dl class=\"facts small\">",
	    (long long)f->what.line, (long long)f->what.column);
	write_fact(out, "expected", f->what.expected);
	write_fact(out, "actual", f->what.actual);
	write_fact(out, "request", f->what.url);
	write_fact(out, "outcome", outcome_name(f->outcome));
	buf_printf(out, "<dt>run</dt><dd><span class=\"mono\">%s</span>, pair "
	    "%u</dd></dl>\n", hex, f->number);
	write_answers(r, f, out);
	if (f->what.request != NULL) {
		buf_append_str(out, "<details><summary>The request</summary>"
		    "<pre>");
		html_escape(out, f->what.request);
		buf_append_str(out, "</pre></details>\n");
	}
	buf_append_str(out, "</article>\n");
}

/* The checks that failed, those that are named first. */
static size_t
write_failures(const struct report *r, bool is_named, size_t shown,
    struct buf *out)
{
	const struct ledger_failure *f;
	size_t i;

	for (i = 0; i < r->session->suite->count; i++) {
		f = ledger_failure_at(&r->session->ledger, i, ARM_CANDIDATE);
		if (!f->is_set || report_is_named(r, i) != is_named)
			continue;
		if (shown < REPORT_NAMES_MOST)
			write_failure(r, i, f, out);
		shown++;
	}
	return (shown);
}

/* Why there is nothing to compare with. */
static void
write_baseline_failure(const struct report *r, struct buf *out)
{
	const struct ledger_failure *f;
	size_t check;

	f = report_shown_failure(r, &check);
	if (f == NULL || f->arm != ARM_BASELINE)
		return;
	buf_append_str(out, "<section><h2>First failing run of the baseline"
	    "</h2>\n");
	write_failure(r, check, f, out);
	buf_append_str(out, "</section>\n");
}

void
report_html_failures(const struct report *r, struct buf *out)
{
	size_t shown;

	write_baseline_failure(r, out);
	if (r->session->ledger.first_failing_check == SIZE_MAX)
		return;
	buf_append_str(out, "<section><h2>First failing run of each check"
	    "</h2>\n");
	shown = write_failures(r, true, 0, out);
	shown = write_failures(r, false, shown, out);
	if (shown > REPORT_NAMES_MOST)
		buf_printf(out, "<p class=\"dim\">and %zu more checks</p>\n",
		    shown - REPORT_NAMES_MOST);
	buf_append_str(out, "<p class=\"small dim\">Secrets, cookies and card "
	    "numbers are masked; marked lines are on one side only.</p>"
	    "</section>\n");
}

void
report_html_unfinished(const struct report *r, struct buf *out)
{
	const struct engine_component *list[REPORT_UNFINISHED_MOST];
	size_t i, more, n = report_unfinished(r, list, &more);

	if (n == 0)
		return;
	buf_append_str(out, "<section><h2>Not ruled out yet</h2><div class=\""
	    "scroll\"><table><thead><tr><th>What</th><th>To rule out</th>"
	    "<th>Ruled out so far</th><th class=\"n\">Rounds to go</th></tr>"
	    "</thead><tbody>\n");
	for (i = 0; i < n; i++) {
		buf_append_str(out, "<tr><td>");
		write_subject(r, list[i], out);
		buf_append_str(out, "</td><td>");
		report_margin(r, list[i], list[i]->margin, out);
		buf_append_str(out, "</td><td>");
		report_margin(r, list[i], list[i]->margin_reached, out);
		buf_append_str(out, "</td><td class=\"n\">");
		if (list[i]->rounds_to_go != UINT32_MAX)
			buf_printf(out, "%u", list[i]->rounds_to_go);
		else
			buf_append_str(out, "&ndash;");
		buf_append_str(out, "</td></tr>\n");
	}
	buf_append_str(out, "</tbody></table></div>");
	if (more > 0)
		buf_printf(out, "<p class=\"dim\">and %zu more</p>", more);
	buf_append_str(out, "</section>\n");
}

static void
write_step(const struct report *r, size_t check, uint32_t step,
    struct buf *out)
{
	const struct engine *e = r->session->engine;
	struct engine_step_view v = engine_step_view(e, check, step);
	struct interval i = interval_ratio(e, check, step);
	int digits = report_decimals(i.estimate);

	buf_printf(out, "<tr><td class=\"step\">%u ", step + 1);
	html_escape(out, r->session->suite->checks[check].steps[step].name);
	buf_printf(out, "</td><td class=\"n\">%u</td><td class=\"n\">",
	    v.pairs);
	if (v.pairs == 0) {
		buf_append_str(out, "&ndash;</td><td class=\"n\">&ndash;</td>"
		    "<td class=\"n\">&ndash;</td></tr>\n");
		return;
	}
	write_span(out, v.candidate_median_ns);
	buf_append_str(out, "</td><td class=\"n\">");
	write_span(out, v.baseline_median_ns);
	buf_append_str(out, "</td><td class=\"n\">");
	if (!isnan(i.estimate))
		buf_printf(out, "%.*f", digits, i.estimate);
	if (!isnan(i.low))
		buf_printf(out, " <span class=\"dim\">(%.*f to %.*f)</span>",
		    digits, i.low, digits, i.high);
	buf_append_str(out, "</td></tr>\n");
}

static void
write_note(const char *text, struct buf *out)
{
	buf_append_str(out, "<br>");
	html_escape(out, text);
}

static void
write_check(const struct report *r, size_t check, struct buf *out)
{
	const struct suite_check *c = &r->session->suite->checks[check];
	struct engine_counts n = engine_counts(r->session->engine, check);
	uint32_t i;

	buf_printf(out, "<tr%s><td><strong>",
	    report_is_named(r, check) ? " class=\"named\"" : "");
	html_escape(out, c->id);
	buf_printf(out, "</strong> <span class=\"dim\">%u extra, %u void",
	    n.focuses, n.voids);
	report_notes(r, check, write_note, out);
	buf_printf(out, "</span></td><td class=\"n\">%u</td><td class=\"n\">"
	    "%u failed</td><td class=\"n\">", n.pairs,
	    n.candidate_failures);
	if (r->session->settings->is_history_only)
		buf_append_str(out, "&ndash;");
	else
		buf_printf(out, "%u failed", n.baseline_failures);
	buf_append_str(out, "</td><td></td></tr>\n");
	for (i = 0; i < c->step_count; i++)
		write_step(r, check, i, out);
}

void
report_html_checks(const struct report *r, struct buf *out)
{
	size_t i;

	buf_append_str(out, "<section><h2>Checks and steps</h2><div class=\""
	    "scroll\"><table><thead><tr><th>Check, step</th><th class=\"n\">"
	    "Pairs</th><th class=\"n\">Candidate</th><th class=\"n\">Baseline"
	    "</th><th class=\"n\">Ratio (95&nbsp;%)</th></tr></thead><tbody>"
	    "\n");
	for (i = 0; i < r->session->suite->count; i++)
		write_check(r, i, out);
	buf_append_str(out, "</tbody></table></div>\n<p class=\"small dim\">"
	    "Latencies are medians. The ratio is the median of the ratios "
	    "within pairs; its interval is from order statistics, that of a "
	    "failure rate is Wilson's. Both hold for a number of rounds that "
	    "is fixed before, so they are only about right here; no verdict "
	    "rests on them.</p></section>\n");
}

static void
write_time(struct buf *out, const char *name, wall_us t)
{
	char text[CLOCK_TEXT_SIZE];

	clock_format_wall(t, text);
	buf_printf(out, "<dt>%s</dt><dd>%s</dd>\n", name, text);
}

static void
write_limits(const struct report *r, struct buf *out)
{
	const struct settings *s = r->session->settings;
	struct engine_config c = settings_engine(s);
	char budget[CLOCK_SPAN_SIZE];

	clock_format_span(s->time, budget);
	buf_printf(out, "<dt>Errors</dt><dd>false block at most %g&nbsp;%%, "
	    "false pass at most %g&nbsp;%%</dd>\n", 100 * c.alpha,
	    100 * c.beta);
	buf_printf(out, "<dt>Tolerated</dt><dd>medians slower by %g&nbsp;%% "
	    "or %g&nbsp;ms, whichever is more</dd>\n",
	    100 * c.tolerance.relative, c.tolerance.absolute_ns / 1e6);
	buf_printf(out, "<dt>Ruled out by a pass</dt><dd>failing %g&nbsp;%% "
	    "of the time, medians slower by %g&nbsp;%% and %g&nbsp;ms, "
	    "%g points more requests over the baseline&#39;s 90th "
	    "percentile</dd>\n", 100 * c.failure_margin,
	    100 * c.margin.relative, c.margin.absolute_ns / 1e6,
	    100 * c.tail_margin);
	buf_printf(out, "<dt>Budget</dt><dd>%lld rounds, %s, %lld warm-up "
	    "rounds, %lld probes, %lld pairs at once</dd>\n",
	    (long long)s->rounds, budget, (long long)s->warmup,
	    (long long)s->probes, (long long)s->parallel);
	buf_printf(out, "<dt>Seed of the coins</dt><dd>%lld</dd>\n",
	    (long long)s->seed);
}

void
report_html_settings(const struct report *r, struct buf *out)
{
	const struct session *s = r->session;
	char hex[2 * MESSAGE_ID_SIZE + 1];

	buf_append_str(out, "<section><h2>How it was judged</h2><dl class=\""
	    "facts small\">\n");
	write_time(out, "Started (UTC)", s->started);
	write_time(out, "Finished (UTC)", s->finished);
	write_limits(r, out);
	buf_printf(out, "<dt>Exit code</dt><dd>%d</dd>\n", r->exit_code);
	if (s->ledger.void_reason != NULL) {
		buf_append_str(out, "<dt>Latest void pair</dt><dd>");
		html_escape(out, s->ledger.void_reason);
		buf_append_str(out, "</dd>\n");
	}
	if (s->earlier_pairs > 0) {
		crypto_hex(s->continues, MESSAGE_ID_SIZE, hex);
		buf_printf(out, "<dt>Continues gate</dt><dd class=\"mono\">%s"
		    "</dd>\n", hex);
	}
	buf_append_str(out, "</dl></section>\n");
}
