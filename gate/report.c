/* SPDX-License-Identifier: ISC */
/* The view of a session that all formats print. */
#include "gate/report.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/must.h"
#include "base/table.h"
#include "gate/interval.h"

void
report_init(struct report *r, const struct session *s)
{
	size_t most = 0, i;

	*r = (struct report){.session = s};
	r->component_count = engine_components(s->engine, &r->components);
	for (i = 0; i < s->suite->count; i++)
		most += 1 + s->suite->checks[i].step_count;
	r->named = xcalloc(most, sizeof(*r->named));
	if (s->verdict == ENGINE_BLOCK) {
		r->named_count = engine_attribute(s->engine,
		    REPORT_NAMES_SHARE, r->named);
		/* The mean blocked without one that stands out: name the
		 * strongest, engine_attribute sorted them. */
		if (r->named_count == 0)
			r->named_count = 1;
	}
	r->why = session_why(s);
	r->exit_code = session_exit_code(s);
}

void
report_fini(struct report *r)
{
	free(r->components);
	free(r->named);
	free(r->why);
	*r = (struct report){.session = NULL};
}

void
report_format(const struct report *r, enum format format, struct buf *out)
{
	switch (format) {
	case FORMAT_JSON:
		report_json(r, out);
		break;
	case FORMAT_JUNIT:
		report_junit(r, out);
		break;
	case FORMAT_MARKDOWN:
		report_markdown(r, out);
		break;
	case FORMAT_HTML:
		report_html(r, out);
		break;
	case FORMAT_GITHUB:
		report_github(r, out);
		break;
	default:
		report_table(r, out);
	}
}

const struct ledger_failure *
report_first_failure(const struct report *r, size_t *check)
{
	const struct ledger *l = &r->session->ledger;
	const struct ledger_failure *f;
	size_t i;

	for (i = 0; i < r->named_count; i++) {
		f = ledger_failure_at(l, r->named[i].check, ARM_CANDIDATE);
		if (r->named[i].step == ENGINE_NO_STEP && f->is_set) {
			*check = r->named[i].check;
			return (f);
		}
	}
	if (l->first_failing_check == SIZE_MAX)
		return (NULL);
	*check = l->first_failing_check;
	return (ledger_failure_at(l, *check, ARM_CANDIDATE));
}

const struct ledger_failure *
report_shown_failure(const struct report *r, size_t *check)
{
	const struct session *s = r->session;
	const struct ledger_failure *f;

	if (s->verdict == ENGINE_INCONCLUSIVE && s->reason_check != SIZE_MAX &&
	    s->reason == ENGINE_REASON_BASELINE_FAILING) {
		f = ledger_failure_at(&s->ledger, s->reason_check,
		    ARM_BASELINE);
		*check = s->reason_check;
		if (f->is_set)
			return (f);
	}
	return (report_first_failure(r, check));
}

void
report_subject(const struct report *r, const struct engine_component *c,
    struct buf *out)
{
	const struct suite_check *check = &r->session->suite->checks[c->check];
	const struct suite_step *step;

	buf_append_str(out, check->id);
	if (c->step == ENGINE_NO_STEP)
		return;
	step = &check->steps[c->step];
	buf_printf(out, ", step %u %s (%s:%u)", c->step + 1, step->name,
	    step->file, step->line);
}

int
report_decimals(double ratio)
{
	return (ratio < 10 ? 2 : ratio < 100 ? 1 : 0);
}

static void
latency_size(const struct report *r, const struct engine_component *c,
    struct buf *out)
{
	struct engine_step_view v = engine_step_view(r->session->engine,
	    c->check, c->step);
	struct interval i = interval_ratio(r->session->engine, c->check,
	    c->step);
	char base[CLOCK_SPAN_SIZE], cand[CLOCK_SPAN_SIZE];
	int digits = report_decimals(i.estimate);

	clock_format_span(v.baseline_median_ns / 1000, base);
	clock_format_span(v.candidate_median_ns / 1000, cand);
	buf_printf(out, "slower: median %s, baseline %s", cand, base);
	if (!isnan(i.estimate))
		buf_printf(out, ", x%.*f within pairs", digits, i.estimate);
	if (!isnan(i.low))
		buf_printf(out, " (95 %% interval %.*f to %.*f)", digits,
		    i.low, digits, i.high);
}

void
report_rate(uint32_t failures, uint32_t runs, struct buf *out)
{
	struct interval i = interval_rate(failures, runs);

	buf_printf(out, "%u of %u", failures, runs);
	if (runs > 0)
		buf_printf(out, " (%.3g %%, 95 %% interval %.3g to %.3g)",
		    100 * i.estimate, 100 * i.low, 100 * i.high);
}

void
report_size(const struct report *r, const struct engine_component *c,
    struct buf *out)
{
	struct engine_counts n = engine_counts(r->session->engine, c->check);

	if (c->step != ENGINE_NO_STEP) {
		latency_size(r, c, out);
		return;
	}
	buf_append_str(out, "fails: ");
	report_rate(n.candidate_failures, n.rounds, out);
	if (r->session->settings->is_history_only) {
		buf_printf(out, ", in the past at most %.3g %%", 100 *
		    engine_failure_view(r->session->engine, c->check).bound);
		return;
	}
	buf_append_str(out, ", baseline ");
	report_rate(n.baseline_failures, n.rounds, out);
}

bool
report_is_named(const struct report *r, size_t check)
{
	size_t i;

	for (i = 0; i < r->named_count; i++)
		if (r->named[i].check == check)
			return (true);
	return (false);
}

/* The part of path below dir, or NULL. */
static const char *
below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	if (len == 0 || strncmp(path, dir, len) != 0 || path[len] != '/')
		return (NULL);
	return (path + len + 1);
}

char *
report_file(const struct report *r, size_t check,
    const struct ledger_failure *f)
{
	const char *root =
	    r->session->suite->checks[check].arms[ARM_CANDIDATE]->flow_root;
	char here[PATH_MAX], *path;
	const char *relative;

	if (root == NULL || f->what.file[0] == '/')
		return (xstrdup(f->what.file));
	path = xasprintf("%s/%s", root, f->what.file);
	if (getcwd(here, sizeof(here)) != NULL &&
	    (relative = below(path, here)) != NULL)
		memmove(path, relative, strlen(relative) + 1);
	return (path);
}

void
report_text(const char *s, struct buf *out)
{
	size_t len = strlen(s), cut = len;

	if (len > REPORT_TEXT_MOST) {
		/* Not within a character. */
		for (cut = REPORT_TEXT_MOST; cut > 0 &&
		    ((unsigned char)s[cut] & 0xc0) == 0x80; cut--)
			;
	}
	table_safe(out, s, cut);
	if (cut < len)
		buf_append_str(out, "...");
}

const char *
report_failure_text(const struct ledger_failure *f)
{
	if (f->what.message != NULL)
		return (f->what.message);
	return (f->what.reason != NULL ? f->what.reason : "failed");
}

void
report_rounds(const struct report *r, struct buf *out)
{
	const struct session *s = r->session;
	char spent[CLOCK_SPAN_SIZE];

	buf_printf(out, "%u round%s of %zu check%s", s->rounds,
	    s->rounds == 1 ? "" : "s", s->suite->count,
	    s->suite->count == 1 ? "" : "s");
	/* Earlier evidence may have been enough. */
	if (s->spent == 0)
		return;
	clock_format_span(s->spent, spent);
	buf_printf(out, " in %s", spent);
}

bool
report_is_unfinished(const struct engine_component *c)
{
	return (c->part >= ENGINE_PART_PASS_FAILURES && c->is_needed &&
	    !c->is_done);
}

size_t
report_unfinished(const struct report *r,
    const struct engine_component *out[static REPORT_UNFINISHED_MOST],
    size_t *more)
{
	size_t i, n = 0;

	*more = 0;
	if (r->session->verdict != ENGINE_INCONCLUSIVE ||
	    r->session->reason == ENGINE_REASON_BASELINE_FAILING ||
	    r->session->reason == ENGINE_REASON_INFRASTRUCTURE ||
	    r->session->reason == ENGINE_REASON_CANDIDATE_VOID ||
	    r->session->reason == ENGINE_REASON_FLAKY ||
	    engine_counts_total(r->session->engine).rounds == 0)
		return (0);
	for (i = 0; i < r->component_count; i++) {
		if (!report_is_unfinished(&r->components[i]))
			continue;
		if (n < REPORT_UNFINISHED_MOST)
			out[n++] = &r->components[i];
		else
			*more += 1;
	}
	return (n);
}

void
report_margin(const struct report *r, const struct engine_component *c,
    double margin, struct buf *out)
{
	struct engine_limits limits = engine_limits(r->session->engine,
	    c->check);

	must(c->part >= ENGINE_PART_PASS_FAILURES);
	if (isnan(margin)) {
		buf_append_str(out, "nothing yet");
		return;
	}
	switch (c->part) {
	case ENGINE_PART_PASS_FAILURES:
		buf_printf(out, "failing %.3g %% of the time", margin * 100);
		break;
	case ENGINE_PART_PASS_MEDIAN:
		buf_printf(out, "slower by %.3g %% and %.3g ms", margin * 100,
		    limits.margin.absolute_ns * margin / c->margin / 1e6);
		break;
	case ENGINE_PART_PASS_TAIL:
		buf_printf(out, "%.3g points more requests over the "
		    "baseline's p90", margin * 100);
		break;
	default:
		break;
	}
}

void
report_evidence(double log_e, struct buf *out)
{
	double e = exp(log_e);

	if (isinf(e))
		buf_printf(out, "1e+%.0f", floor(log_e / M_LN10));
	else if (e >= 1e4)
		buf_printf(out, "%.1e", e);
	else if (e >= 10)
		buf_printf(out, "%.0f", e);
	else
		buf_printf(out, "%.2g", e);
}
