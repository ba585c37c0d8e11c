/* SPDX-License-Identifier: ISC */
/*
 * The report as a page of its own: one file without a script, for a browser,
 * an artifact store or paper. All text goes through html_escape.
 */
#include "gate/report_html.h"

#include <ctype.h>
#include <string.h>

#include "base/chart.h"
#include "base/crypto.h"
#include "base/html.h"
#include "gate/report_chart.h"

void
report_html_escape(struct buf *out, struct buf *text)
{
	html_escape_n(out, buf_str(text), text->len);
	buf_reset(text);
}

static void
write_head(const struct report *r, struct buf *out)
{
	const char *verdict = engine_verdict_name(r->session->verdict);

	buf_append_str(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
	    "<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
	    "content=\"width=device-width,initial-scale=1\">\n"
	    "<meta http-equiv=\"Content-Security-Policy\" content=\""
	    "default-src 'none'; style-src 'unsafe-inline'\">\n<title>");
	buf_printf(out, "Gate %s &middot; ", verdict);
	html_escape(out, r->session->suite->target);
	buf_append_str(out, "</title>\n<style>");
	buf_append_str(out, chart_style);
	buf_append_str(out, report_html_style);
	buf_append_str(out, "</style>\n</head>\n<body>\n<main>\n");
}

/* "candidate: environment canary, base_url=https://..." */
static void
write_arm(const struct report *r, enum arm arm, struct buf *out)
{
	const struct settings *s = r->session->settings;
	const char *glue = "";
	size_t i;

	if (arm == ARM_BASELINE && s->is_history_only) {
		buf_append_str(out, "<div><dt>Baseline</dt><dd>none: judged "
		    "by the history of the checks alone</dd></div>\n");
		return;
	}
	buf_printf(out, "<div><dt>%s</dt><dd>", arm == ARM_CANDIDATE ?
	    "Candidate" : "Baseline");
	if (s->versions[arm] != NULL) {
		buf_append_str(out, "<strong>");
		html_escape(out, s->versions[arm]);
		buf_append_str(out, "</strong>");
		glue = "<br>";
	}
	if (s->environments[arm] != NULL) {
		buf_printf(out, "%senvironment ", glue);
		html_escape(out, s->environments[arm]);
		glue = "<br>";
	}
	for (i = 0; i < s->overrides[arm].count; i++) {
		buf_printf(out, "%s<span class=\"mono\">", glue);
		html_escape(out, s->overrides[arm].items[i]);
		buf_append_str(out, "</span>");
		glue = "<br>";
	}
	buf_printf(out, "%s</dd></div>\n", *glue == '\0' ?
	    "as the manifests say" : "");
}

static void
write_evidence(const struct report *r, struct buf *out)
{
	const struct engine *e = r->session->engine;
	struct engine_counts n = engine_counts_total(e);
	char spent[CLOCK_SPAN_SIZE];
	size_t done, all;

	buf_append_str(out, "<div><dt>Evidence against it</dt><dd>");
	report_evidence(engine_log_evidence(e), out);
	buf_append_str(out, " <span class=\"dim\">of ");
	report_evidence(engine_log_bound(e), out);
	buf_append_str(out, "</span></dd></div>\n");
	engine_pass_progress(e, &done, &all);
	buf_printf(out, "<div><dt>Cleared for a pass</dt><dd>%zu "
	    "<span class=\"dim\">of %zu</span></dd></div>\n", done, all);
	clock_format_span(r->session->spent, spent);
	buf_printf(out, "<div><dt>Rounds</dt><dd>%u <span class=\"dim\">%s%s"
	    "</span></dd></div>\n", r->session->rounds,
	    r->session->spent > 0 ? "in " : "", r->session->spent > 0 ?
	    spent : "of an earlier gate");
	buf_printf(out, "<div><dt>Pairs of runs</dt><dd>%u <span class=\""
	    "dim\">%u void</span></dd></div>\n", n.pairs, n.voids);
}

/* Whose decision it is that the release goes on all the same. */
static void
write_overrides(const struct report *r, struct buf *out)
{
	struct report_override o;
	size_t i, n = report_override_count(r);

	if (n == 0)
		return;
	buf_printf(out, "<section class=\"overridden\"><h2>Overridden</h2>"
	    "<p>The verdict stays <strong>%s</strong>; the exit code is %d."
	    "</p>\n", engine_verdict_name(r->session->verdict),
	    r->exit_code);
	for (i = 0; i < n; i++) {
		report_override(r, i, &o);
		buf_append_str(out, "<dl class=\"facts\"><dt>Who</dt><dd>"
		    "<strong>");
		html_escape(out, o.who);
		buf_append_str(out, "</strong></dd><dt>Why</dt><dd>");
		html_escape(out, o.why);
		buf_printf(out, "</dd><dt>For</dt><dd>%s</dd><dt>Since</dt>"
		    "<dd>%s</dd><dt>Until</dt><dd>%s</dd></dl>\n", o.scope,
		    o.at, o.until);
	}
	buf_append_str(out, "</section>\n");
}

static void
write_verdict(const struct report *r, struct buf *out)
{
	const struct session *s = r->session;
	const char *verdict = engine_verdict_name(s->verdict);

	buf_printf(out, "<header class=\"%s\"><p class=\"verdict\">%c%s</p>"
	    "<div><h1>", verdict, toupper((unsigned char)verdict[0]),
	    verdict + 1);
	html_escape(out, s->suite->target);
	buf_append_str(out, "</h1><p>");
	buf_printf(out, "%c", toupper((unsigned char)r->why[0]));
	html_escape(out, r->why + (r->why[0] != '\0'));
	buf_append_str(out, ".</p>");
	if (s->settings->is_observing)
		buf_append_str(out, "<p class=\"dim\">Observed only: the "
		    "program's exit code did not say so.</p>");
	buf_append_str(out, "</div></header>\n<dl class=\"tiles wide\">\n");
	write_arm(r, ARM_CANDIDATE, out);
	write_arm(r, ARM_BASELINE, out);
	buf_append_str(out, "</dl>\n<dl class=\"tiles\">\n");
	write_evidence(r, out);
	buf_append_str(out, "</dl>\n");
}

static void
write_charts(const struct report *r, struct buf *out)
{
	const struct settings *s = r->session->settings;
	struct trace t;

	if (r->session->ledger.count == 0)
		return;
	trace_make(r->session, &t);
	buf_printf(out, "<section><h2>Evidence against the candidate</h2>\n"
	    "<p class=\"dim\">The heavy line is all evidence, the others are "
	    "the checks' shares in it. If the candidate is no worse than "
	    "tolerated, it reaches the bound with a chance of at most "
	    "%g&nbsp;%%, however long the gate runs.</p>\n",
	    100 * s->alpha);
	report_chart_evidence(r, &t, true, out);
	buf_printf(out, "</section>\n<section><h2>Evidence for a pass</h2>\n"
	    "<p class=\"dim\">The weakest evidence of each check that its "
	    "failures, medians and tail are within the margins. The release "
	    "passes when every line has reached the bound; when something is "
	    "beyond its margin, they all do so with a chance of at most "
	    "%g&nbsp;%%.</p>\n", 100 * s->beta);
	report_chart_evidence(r, &t, false, out);
	buf_append_str(out, "</section>\n");
	trace_fini(&t);
}

void
report_html(const struct report *r, struct buf *out)
{
	char id[2 * MESSAGE_ID_SIZE + 1];

	write_head(r, out);
	write_verdict(r, out);
	write_overrides(r, out);
	report_html_regressions(r, out);
	report_html_failures(r, out);
	report_html_unfinished(r, out);
	write_charts(r, out);
	report_html_checks(r, out);
	report_html_settings(r, out);
	crypto_hex(r->session->id, MESSAGE_ID_SIZE, id);
	buf_printf(out, "</main>\n<footer>Gate %s. Its verdict can be "
	    "computed again from the recorded rounds: <code>e2e-gate "
	    "replay</code>.</footer>\n</body>\n</html>\n", id);
}
