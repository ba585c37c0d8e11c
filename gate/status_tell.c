/* SPDX-License-Identifier: ISC */
/* What status says, for people and for programs. */
#include <math.h>
#include <stdlib.h>

#include "base/json_out.h"
#include "gate/report.h"
#include "gate/status.h"

static const char assumption[] = "history only: assumes the environment is "
    "as in the last 42 days; latency is never passed";

static void
put_check(const struct status *st, const struct watched *w,
    struct json_out *o)
{
	json_out_object(o);
	json_out_kv_str(o, "check", w->name);
	json_out_kv_bool(o, "judged", w->is_judged);
	json_out_kv_str(o, "problem", w->problem);
	json_out_kv_int(o, "runs", w->failures.runs);
	json_out_kv_int(o, "own_runs", w->own);
	json_out_kv_int(o, "failures", w->failures.failures);
	json_out_kv_double(o, "rate_bound", w->failures.bound);
	json_out_kv_double(o, "margin", w->failures.margin);
	json_out_kv_double(o, "alpha", w->alpha);
	json_out_kv_double(o, "log_e", w->failures.log_e);
	json_out_kv_double(o, "log_bound", status_log_bound(w));
	json_out_kv_double(o, "log_pass", w->failures.log_pass);
	if (w->newest > 0)
		json_out_kv_int(o, "newest_us", w->newest);
	json_out_kv_bool(o, "latency_judged", w->latency.is_judged);
	json_out_kv_int(o, "latency_windows", (int64_t)w->latency.windows);
	json_out_kv_int(o, "latency_hours", w->latency.hours);
	if (!isnan(w->latency.ratio)) {
		json_out_kv_double(o, "latency_ratio", w->latency.ratio);
		json_out_kv_double(o, "latency_p", w->latency.p);
		json_out_kv_double(o, "latency_usual", w->latency.usual);
	}
	json_out_kv_bool(o, "passes", status_is_passed(st, w));
	json_out_kv_bool(o, "failing", status_is_failing(w));
	json_out_kv_bool(o, "slower", w->is_slower);
	json_out_object_end(o);
}

static void
print_json(const struct status *st, int code, struct buf *out)
{
	struct json_out o;
	size_t i;

	json_out_init(&o, out);
	json_out_object(&o);
	json_out_kv_str(&o, "verdict", engine_verdict_name(st->verdict));
	json_out_kv_str(&o, "reason", st->reason);
	json_out_kv_str(&o, "assumption", assumption);
	json_out_kv_int(&o, "exit_code", code);
	json_out_kv_str(&o, "service", st->settings->service);
	json_out_kv_str(&o, "deploy", st->label);
	json_out_kv_int(&o, "since_us", st->since);
	json_out_kv_double(&o, "log_e", st->log_e);
	json_out_kv_double(&o, "log_bound", st->log_bound);
	json_out_kv_int(&o, "ran", st->ran);
	json_out_kv_int(&o, "spent_us", st->spent);
	json_out_kv_str(&o, "hint", st->hint);
	json_out_key(&o, "checks");
	json_out_array(&o);
	for (i = 0; i < st->count; i++)
		put_check(st, &st->checks[i], &o);
	json_out_array_end(&o);
	json_out_object_end(&o);
	buf_append_char(out, '\n');
}

static void
print_check(const struct status *st, const struct watched *w,
    struct buf *out)
{
	struct buf evidence;

	buf_printf(out, "%6u %5u %7u  ", w->failures.runs, w->own,
	    w->failures.failures);
	if (w->failures.has_history) {
		buf_init(&evidence, 64);
		report_evidence(w->failures.log_e, &evidence);
		buf_printf(out, "%5.2g %%  %8s of %-6.3g  ",
		    100 * w->failures.bound, buf_str(&evidence),
		    exp(status_log_bound(w)));
		buf_fini(&evidence);
	} else
		buf_append_str(out, "      -         -            ");
	if (isnan(w->latency.ratio))
		buf_append_str(out, "    -      -");
	else
		buf_printf(out, "%5.2f  %5.3f", w->latency.ratio,
		    w->latency.p);
	buf_printf(out, "  %s", w->name);
	if (!w->is_judged)
		buf_printf(out, ": not judged, %s",
		    w->policy->is_advisory ? "advisory" : "in quarantine");
	if (w->problem != NULL)
		buf_printf(out, ": %s", w->problem);
	if (status_is_failing(w))
		buf_append_str(out, ": fails more often");
	if (w->is_slower)
		buf_append_str(out, ": slower");
	if (w->is_judged && status_is_passed(st, w))
		buf_append_str(out, ": passes");
	if (w->problem == NULL && !w->latency.is_judged)
		buf_append_str(out, ": latency is not judged");
	buf_append_char(out, '\n');
}

static void
print_table(const struct status *st, struct buf *out)
{
	static const char *const words[] = {"UNDECIDED", "PASS", "BLOCK",
	    "INCONCLUSIVE"};
	char since[CLOCK_TEXT_SIZE], spent[CLOCK_SPAN_SIZE];
	size_t i;

	clock_format_wall(st->since, since);
	clock_format_span(st->spent, spent);
	buf_printf(out, "%s  %s: %s\n%s\nsince %s%s%s\n",
	    words[st->verdict], st->settings->service, st->reason,
	    assumption, since, st->label != NULL ? ", deploy " : "",
	    st->label != NULL ? st->label : "");
	if (st->ran > 0)
		buf_printf(out, "%u runs were missing and made now, in %s\n",
		    st->ran, spent);
	buf_append_str(out, "\n  runs   own  failed  before  evidence       "
	    "     ratio      p  check\n");
	for (i = 0; i < st->count; i++)
		print_check(st, &st->checks[i], out);
	if (st->hint != NULL)
		buf_printf(out, "\n%s\n", st->hint);
}

void
status_format(const struct status *st, int exit_code, struct buf *out)
{
	if (st->settings->format == FORMAT_JSON)
		print_json(st, exit_code, out);
	else
		print_table(st, out);
}
