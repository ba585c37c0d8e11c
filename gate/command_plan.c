/* SPDX-License-Identifier: ISC */
/*
 * e2e-gate plan: what a gate over these checks can be expected to need, and
 * what it would see, from what the store knows of them.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "gate/archive.h"
#include "gate/command.h"
#include "gate/forecast.h"
#include "gate/past.h"
#include "gate/policy.h"

#define STEP_RUNS_LEAST 20 /* fewer say nothing about a step's spread */

struct planned {
	const struct settings *settings;
	const struct suite *suite;
	struct past_check *past;
	struct forecast_check *checks;
	struct forecast *forecasts;
	size_t unknown;       /* checks without a scheduled run */
	size_t flaky;         /* that have failed too often to gate */
	size_t tight;         /* that need more rounds than they have */
	span_us round;        /* how long a round of all checks takes */
	uint32_t budget;      /* rounds that time and --rounds allow */
	uint32_t rounds;      /* to a pass of all */
};

static struct forecast_step
forecast_step(const struct suite_check *c, const struct past_check *p,
    uint32_t i)
{
	struct forecast_step s = {.phi0 = ENGINE_PHI0_UNKNOWN};

	if (c->aa != NULL && c->aa[i].rounds > 0) {
		s.is_known = true;
		s.median_ns = c->aa[i].median_ns;
		s.spread = c->aa[i].spread;
		s.phi0 = c->aa[i].phi0.scores[LATENCY_SIGNED_RANK];
		s.phi = fmax(s.phi0 - 1 / sqrt(c->aa[i].rounds), 0);
	} else if (p->steps[i].runs >= STEP_RUNS_LEAST) {
		s.is_known = true;
		s.median_ns = p->steps[i].median_ns;
		s.spread = p->steps[i].spread;
	}
	return (s);
}

static void
prepare_check(struct planned *p, size_t at)
{
	const struct suite_check *c = &p->suite->checks[at];
	const struct past_check *past = &p->past[at];
	struct forecast_check *f = &p->checks[at];
	uint32_t i;

	*f = (struct forecast_check){.history = c->history,
	    .limits = c->limits,
	    .is_judged = policy_is_judged(c),
	    .step_count = c->step_count,
	    .tail_phi0 = c->phi0 != NULL ? c->tail_phi0 :
	    ENGINE_PHI0_UNKNOWN};
	if (c->history.runs > 0)
		f->failure_rate = c->history.failures / c->history.runs;
	if (c->aa_rounds > 0)
		f->tail_phi = fmax(f->tail_phi0 - 1 / sqrt(c->aa_rounds), 0);
	f->steps = xcalloc(c->step_count + 1, sizeof(*f->steps));
	for (i = 0; i < c->step_count; i++)
		f->steps[i] = forecast_step(c, past, i);
	p->unknown += past->runs == 0 && f->is_judged;
}

/* Pairs run side by side; the halves of one do not. */
static void
measure_round(struct planned *p)
{
	span_us sum = 0, longest = 0, pair;
	size_t side = (size_t)p->settings->parallel, i;
	int64_t rounds;

	for (i = 0; i < p->suite->count; i++) {
		pair = 2 * p->past[i].duration;
		sum += pair;
		longest = pair > longest ? pair : longest;
	}
	side = side < p->suite->count ? side : p->suite->count;
	p->round = sum / (span_us)side > longest ? sum / (span_us)side :
	    longest;
	rounds = p->round > 0 ? p->settings->time / p->round :
	    p->settings->rounds;
	p->budget = (uint32_t)(rounds < p->settings->rounds ? rounds :
	    p->settings->rounds);
}

/* The rounds that a check has: its own budget may be less. */
static uint32_t
budget_of(const struct planned *p, size_t at)
{
	const struct suite_check *c = &p->suite->checks[at];
	uint32_t budget = p->budget > 0 ? p->budget : 1;

	if (c->rounds_most > 0 && c->rounds_most < budget)
		budget = c->rounds_most;
	if (c->time_most > 0 && p->round > 0 &&
	    c->time_most / p->round < budget)
		budget = (uint32_t)(c->time_most / p->round);
	return (budget > 0 ? budget : 1);
}

static void
forecast_all(struct planned *p)
{
	struct forecast_suite suite = {settings_engine(p->settings),
	    p->checks, p->suite->count};
	size_t i;

	for (i = 0; i < p->suite->count; i++) {
		p->forecasts[i] = forecast_check(&suite, i, budget_of(p, i));
		if (p->past[i].runs == 0 || !p->checks[i].is_judged)
			continue;
		if (p->forecasts[i].rounds > p->rounds)
			p->rounds = p->forecasts[i].rounds;
		if (p->forecasts[i].is_flaky)
			p->flaky++;
		else
			p->tight += p->forecasts[i].rounds > budget_of(p, i);
	}
}

static bool
fits(const struct planned *p)
{
	return (p->tight == 0 && p->flaky == 0 && p->unknown == 0);
}

static void
put_rounds(struct json_out *o, const char *name, uint32_t rounds)
{
	if (rounds != FORECAST_NEVER)
		json_out_kv_int(o, name, rounds);
}

static void
put_check(const struct planned *p, size_t i, struct json_out *o)
{
	const struct forecast *f = &p->forecasts[i];
	const struct suite_check *c = &p->suite->checks[i];

	json_out_object(o);
	json_out_kv_str(o, "check", c->id);
	json_out_kv_bool(o, "judged", p->checks[i].is_judged);
	json_out_kv_bool(o, "flaky", f->is_flaky);
	json_out_kv_int(o, "runs_looked_at", p->past[i].runs);
	json_out_kv_int(o, "aa_rounds", c->aa_rounds);
	json_out_kv_double(o, "history_runs", c->history.runs);
	json_out_kv_double(o, "history_failures", c->history.failures);
	if (p->past[i].runs > 0) {
		json_out_kv_int(o, "duration_us", p->past[i].duration);
		put_rounds(o, "rounds", f->rounds);
		put_rounds(o, "rounds_failures", f->rounds_failures);
		put_rounds(o, "rounds_median", f->rounds_median);
		put_rounds(o, "rounds_tail", f->rounds_tail);
		json_out_kv_double(o, "failure_rate_seen", f->rate_seen);
		if (isfinite(f->effect_seen) && f->effect_seen > 0)
			json_out_kv_double(o, "slowdown_seen",
			    f->effect_seen);
	}
	json_out_object_end(o);
}

static void
print_json(const struct planned *p, struct buf *out)
{
	struct json_out o;
	size_t i;

	json_out_init(&o, out);
	json_out_object(&o);
	json_out_kv_bool(&o, "fits", fits(p));
	put_rounds(&o, "rounds", p->rounds);
	json_out_kv_int(&o, "round_us", p->round);
	json_out_kv_int(&o, "budget_rounds", p->budget);
	json_out_kv_int(&o, "budget_time_us", p->settings->time);
	json_out_key(&o, "checks");
	json_out_array(&o);
	for (i = 0; i < p->suite->count; i++)
		put_check(p, i, &o);
	json_out_array_end(&o);
	json_out_object_end(&o);
	buf_append_char(out, '\n');
}

static const char *
longest_part(const struct forecast *f)
{
	if (f->rounds == f->rounds_failures)
		return ("failures");
	return (f->rounds == f->rounds_tail ? "tail" : "median");
}

static void
print_check(const struct planned *p, size_t i, struct buf *out)
{
	const struct forecast *f = &p->forecasts[i];
	const char *id = p->suite->checks[i].id;
	const char *not_judged = p->checks[i].is_judged ? "" :
	    p->suite->checks[i].is_advisory ? " (not judged: advisory)" :
	    " (not judged: in quarantine)";
	char seen[32] = "      -";

	if (p->past[i].runs == 0) {
		buf_printf(out, "     -                   -         -  %s: "
		    "no scheduled run is known%s\n", id, not_judged);
		return;
	}
	if (isinf(f->effect_seen))
		snprintf(seen, sizeof(seen), "   none");
	else if (f->effect_seen > 0)
		snprintf(seen, sizeof(seen), "+%4.0f %%",
		    100 * f->effect_seen);
	if (f->rounds == FORECAST_NEVER)
		buf_append_str(out, " never");
	else
		buf_printf(out, "%6u", f->rounds);
	buf_printf(out, "  %-8s  %6.1f %%  %7s  %s%s%s", longest_part(f),
	    100 * f->rate_seen, seen, id, not_judged,
	    p->suite->checks[i].aa == NULL ? " (no A/A rounds)" : "");
	if (budget_of(p, i) < p->budget)
		buf_printf(out, " (its own budget: %u)", budget_of(p, i));
	buf_append_char(out, '\n');
}

static void
print_head(const struct planned *p, struct buf *out)
{
	char round[CLOCK_SPAN_SIZE], all[CLOCK_SPAN_SIZE];
	char time[CLOCK_SPAN_SIZE];

	clock_format_span(p->round, round);
	clock_format_span(p->settings->time, time);
	if (p->rounds == FORECAST_NEVER)
		buf_append_str(out, "PLAN  no pass is in sight");
	else {
		clock_format_span(p->round * p->rounds, all);
		buf_printf(out, "PLAN  about %u rounds to a pass: %s",
		    p->rounds, all);
	}
	buf_printf(out, "; %u rounds of %s fit into %s\n", p->budget, round,
	    time);
}

static void
print_table(const struct planned *p, struct buf *out)
{
	size_t i;

	print_head(p, out);
	buf_append_str(out, "\nrounds  longest    failing   slower  check\n"
	    "to pass           seen from these\n");
	for (i = 0; i < p->suite->count; i++)
		print_check(p, i, out);
	if (p->unknown > 0)
		buf_printf(out, "\n%zu of %zu checks have no scheduled run "
		    "against this environment: let the\nscheduler run them "
		    "first.\n", p->unknown, p->suite->count);
	if (p->flaky > 0)
		buf_printf(out, "\nWarning: %zu of %zu checks have failed so "
		    "often in the past that no gate can pass\nwith them: mend "
		    "them, or put them in quarantine.\n", p->flaky,
		    p->suite->count);
	if (p->tight > 0)
		buf_printf(out, "\nWarning: the suite cannot be expected to "
		    "be decided in this budget. Give it more\n--time or "
		    "--rounds, or fewer checks.\n");
}

static int
plan(struct planned *p, struct query *q, struct cause *cause)
{
	struct buf out;
	size_t i;
	int rc;

	for (i = 0; i < p->suite->count; i++) {
		rc = past_read(q, &p->suite->checks[i], &p->past[i]);
		if (rc != 0) {
			cause_add(cause, "%s", query_reason(q));
			return (EXIT_UNMEASURED);
		}
		prepare_check(p, i);
	}
	if (p->unknown == p->suite->count) {
		cause_add(cause, "the store knows no scheduled run of these "
		    "checks against this environment: nothing can be "
		    "forecast");
		return (EXIT_UNMEASURED);
	}
	measure_round(p);
	forecast_all(p);
	buf_init(&out, 16u << 20);
	if (p->settings->format == FORMAT_JSON)
		print_json(p, &out);
	else
		print_table(p, &out);
	rc = command_print(&out, (enum format)p->settings->format);
	buf_fini(&out);
	return (rc != 0 ? rc : fits(p) ? EXIT_GOOD : EXIT_INCONCLUSIVE);
}

static int
plan_suite(const struct settings *s, struct suite *suite)
{
	struct planned p = {.settings = s, .suite = suite};
	struct cause cause;
	struct query *q;
	size_t i;
	int code = EXIT_UNMEASURED;

	archive_read_history(suite, s->store, clock_wall());
	cause_init(&cause);
	p.past = xcalloc(suite->count, sizeof(*p.past));
	p.checks = xcalloc(suite->count, sizeof(*p.checks));
	p.forecasts = xcalloc(suite->count, sizeof(*p.forecasts));
	if (query_open(s->store, &q, &cause) == 0) {
		code = plan(&p, q, &cause);
		query_close(&q);
	}
	cause_print(&cause, stderr);
	cause_fini(&cause);
	for (i = 0; i < suite->count; i++) {
		past_fini(&p.past[i]);
		free(p.checks[i].steps);
	}
	free(p.past);
	free(p.checks);
	free(p.forecasts);
	return (code);
}

int
command_plan(const struct settings *s)
{
	struct settings own = *s;
	struct suite suite;
	int code = suite_load(s, &suite);

	if (code != 0)
		return (code);
	code = policy_take(&suite, &own);
	if (code == 0)
		code = plan_suite(&own, &suite);
	suite_fini(&suite);
	return (code);
}
