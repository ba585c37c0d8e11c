/* SPDX-License-Identifier: ISC */
/* GET /metrics. A family's samples stand together, so each is a pass. */
#include "web/metrics.h"

#include <math.h>

#define QUANTILE_WINDOW SPAN_H
#define COVERAGE_WINDOW SPAN_DAY
#define AA_WINDOW (90 * SPAN_DAY) /* gates use no older rounds */

static void
family(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name,
	    type);
}

static void
label(struct buf *out, const char *name, const char *value)
{
	buf_printf(out, "%s=\"", name);
	for (; *value != '\0'; value++) {
		if (*value == '\n')
			buf_append_str(out, "\\n");
		else {
			if (*value == '"' || *value == '\\')
				buf_append_char(out, '\\');
			buf_append_char(out, *value);
		}
	}
	buf_append_char(out, '"');
}

/* name{check="...",service="...",location="...",environment="..." */
static void
sample(struct buf *out, const char *name, const char *check,
    const char *service, const char *location, const char *environment)
{
	buf_printf(out, "%s{", name);
	label(out, "check", check);
	buf_append_char(out, ',');
	label(out, "service", service);
	buf_append_char(out, ',');
	label(out, "location", location);
	buf_append_char(out, ',');
	label(out, "environment", environment);
}

static void
of_counter(struct buf *out, const char *name, const struct query_counter *c)
{
	sample(out, name, c->check, c->service, c->location, c->environment);
}

static void
of_check(struct buf *out, const char *name, const struct query_check *c)
{
	sample(out, name, c->check, c->service, c->location, c->environment);
}

static void
runs_total(const struct query_counter *c, void *arg)
{
	struct buf *out = arg;
	enum outcome o;

	for (o = 0; o < OUTCOME_COUNT; o++) {
		of_counter(out, "e2e_runs_total", c);
		buf_printf(out, ",outcome=\"%s\"} %lld\n", outcome_name(o),
		    (long long)c->counts[o]);
	}
}

static void
duration_sum(const struct query_counter *c, void *arg)
{
	of_counter(arg, "e2e_run_duration_seconds_sum", c);
	buf_printf(arg, "} %.6f\n", (double)c->duration_sum_us / 1e6);
}

static void
duration_count(const struct query_counter *c, void *arg)
{
	of_counter(arg, "e2e_run_duration_seconds_count", c);
	buf_printf(arg, "} %lld\n", (long long)c->counts[OUTCOME_PASSED]);
}

static void
quantile(struct buf *out, const struct query_check *c, const char *q,
    span_us value)
{
	if (value == QUERY_NONE)
		return;
	of_check(out, "e2e_run_duration_seconds", c);
	buf_printf(out, ",quantile=\"%s\"} %.6f\n", q, (double)value / 1e6);
}

static int
write_counters(struct answer *a)
{
	const struct query_which all = {0};
	struct buf *out = &a->out;
	struct query_check *checks;
	size_t i, count;
	int rc;

	family(out, "e2e_runs_total", "counter",
	    "Scheduled runs by outcome, since the store began.");
	if ((rc = query_counters(a->query, runs_total, out)) != 0 ||
	    (rc = query_checks(a->query, &all, a->now - QUANTILE_WINDOW,
	    a->now, &checks, &count)) != 0)
		return (rc);
	family(out, "e2e_run_duration_seconds", "summary",
	    "Duration of passed runs; quantiles of the last hour.");
	for (i = 0; i < count; i++) {
		quantile(out, &checks[i], "0.5", checks[i].p50_us);
		quantile(out, &checks[i], "0.95", checks[i].p95_us);
		quantile(out, &checks[i], "0.99", checks[i].p99_us);
	}
	query_checks_free(&checks, count);
	rc = query_counters(a->query, duration_sum, out);
	return (rc != 0 ? rc : query_counters(a->query, duration_count, out));
}

/* What is said of a check as one number; NaN: nothing. */
struct gauge {
	const char *name, *help;
	double (*value)(const struct query_check *c);
};

static double
check_up(const struct query_check *c)
{
	if (query_check_is_failing(c))
		return (0);
	return (!c->has_run || outcome_is_ours(c->last_outcome) ? NAN : 1);
}

static double
check_stale(const struct query_check *c)
{
	return (c->is_stale);
}

static double
coverage(const struct query_check *c)
{
	return (c->coverage);
}

static double
success(const struct query_check *c)
{
	return (c->success);
}

static double
seconds(wall_us t)
{
	return (t == QUERY_NONE ? NAN : (double)t / 1e6);
}

static double
last_run(const struct query_check *c)
{
	return (c->has_run ? seconds(c->last_due_us) : NAN);
}

static double
last_success(const struct query_check *c)
{
	return (c->has_run ? seconds(c->last_passed_us) : NAN);
}

static double
objective(const struct query_check *c)
{
	return (c->slo_success_permyriad == QUERY_NONE ? NAN :
	    (double)c->slo_success_permyriad / 1e4);
}

static const struct gauge gauges[] = {
    {"e2e_check_up", "1 when the newest run passed, 0 when the newest "
        "that measured the service counted against it; absent else.", check_up},
    {"e2e_check_stale", "1 when two periods went by without a run.",
        check_stale},
    {"e2e_success_ratio", "Passed runs by measured runs, last 24 hours.",
        success},
    {"e2e_coverage_ratio", "Measured runs by due runs, last 24 hours.",
        coverage},
    {"e2e_objective_ratio", "The success that the SLO asks for.", objective},
    {"e2e_last_run_timestamp_seconds", "Due time of the newest run.",
        last_run},
    {"e2e_last_success_timestamp_seconds",
        "Due time of the newest run that passed.", last_success},
};

static int
write_gauges(struct answer *a)
{
	const struct query_which all = {0};
	struct query_check *checks;
	const struct gauge *g;
	size_t i, count;
	double value;
	int rc;

	rc = query_checks(a->query, &all, a->now - COVERAGE_WINDOW, a->now,
	    &checks, &count);
	if (rc != 0)
		return (rc);
	for (g = gauges; g < gauges + NELEMS(gauges); g++) {
		family(&a->out, g->name, "gauge", g->help);
		for (i = 0; i < count; i++) {
			value = g->value(&checks[i]);
			if (isnan(value))
				continue;
			of_check(&a->out, g->name, &checks[i]);
			buf_printf(&a->out, "} %.15g\n", value);
		}
	}
	query_checks_free(&checks, count);
	return (0);
}

static void
of_aa(struct buf *out, const char *name, const struct query_aa *aa)
{
	buf_printf(out, "%s{", name);
	label(out, "check", aa->check);
	buf_append_char(out, ',');
	label(out, "environment", aa->environment);
}

static void
aa_rounds(const struct query_aa *aa, void *arg)
{
	of_aa(arg, "e2e_aa_rounds", aa);
	buf_printf(arg, "} %lld\n", (long long)aa->rounds);
}

static void
aa_timestamp(const struct query_aa *aa, void *arg)
{
	of_aa(arg, "e2e_aa_timestamp_seconds", aa);
	buf_printf(arg, "} %.6f\n", (double)aa->at_us / 1e6);
}

static int
write_aa(struct answer *a)
{
	struct buf *out = &a->out;
	wall_us since = a->now - AA_WINDOW;
	int rc;

	family(out, "e2e_aa_rounds", "gauge", "Rounds of the service against "
	    "itself by which gates judge latencies; wanted are 300.");
	if ((rc = query_aa(a->query, since, aa_rounds, out)) != 0)
		return (rc);
	family(out, "e2e_aa_timestamp_seconds", "gauge",
	    "When these rounds had been gathered.");
	return (query_aa(a->query, since, aa_timestamp, out));
}

static int
write_store(struct answer *a)
{
	struct query_health h;
	struct buf *out = &a->out;
	int rc = query_health(a->query, &h);

	if (rc != 0)
		return (rc);
	family(out, "e2e_store_bytes", "gauge", "Size of the store's files.");
	buf_printf(out, "e2e_store_bytes %lld\n", (long long)h.bytes);
	family(out, "e2e_store_day_files", "gauge",
	    "Days whose raw runs are kept.");
	buf_printf(out, "e2e_store_day_files %lld\n",
	    (long long)h.day_files);
	family(out, "e2e_store_rejected", "gauge",
	    "Documents that were no run events, put aside.");
	buf_printf(out, "e2e_store_rejected %lld\n", (long long)h.rejected);
	family(out, "e2e_plan_refused", "gauge", "1 while the manifests have "
	    "mistakes, so that the plan of before goes on.");
	buf_printf(out, "e2e_plan_refused %d\n", h.refused_us != QUERY_NONE);
	if (h.newest_due_us == QUERY_NONE)
		return (0);
	family(out, "e2e_newest_run_timestamp_seconds", "gauge",
	    "Due time of the newest run of any check.");
	buf_printf(out, "e2e_newest_run_timestamp_seconds %.6f\n",
	    (double)h.newest_due_us / 1e6);
	return (0);
}

void
metrics_show(struct answer *a)
{
	a->content_type = "text/plain; version=0.0.4; charset=utf-8";
	if (write_counters(a) != 0 || write_gauges(a) != 0 ||
	    write_aa(a) != 0 || write_store(a) != 0)
		answer_fail(a, 503, "%s", query_reason(a->query));
}
