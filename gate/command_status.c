/* SPDX-License-Identifier: ISC */
/*
 * e2e-gate status: what the scheduled runs have shown since a deploy, and
 * runs of our own where they have not shown enough. All of it rests on
 * history: every report says so.
 */
#include <math.h>
#include <stdio.h>

#include "base/err.h"
#include "gate/command.h"
#include "gate/policy.h"
#include "gate/status.h"

static bool
is_fresh(const struct status *st, const struct watched *w)
{
	return (w->newest >= st->now - st->settings->fresh);
}

void
status_watch(struct status *st, struct watched *w)
{
	struct engine_config config = st->config;

	if (w->policy != NULL)
		config.failure_margin = w->policy->limits.failure_margin;
	w->failures = watch_failures(&config, &w->before, w->since.failed,
	    w->since.count);
	w->problem = NULL;
	if (w->failures.runs == 0)
		w->problem = "no run since the deploy";
	else if (!is_fresh(st, w))
		w->problem = "its newest run is too old";
	else if (!w->failures.has_history)
		w->problem = "too few runs before the deploy, or too flaky";
}

bool
status_is_passed(const struct status *st, const struct watched *w)
{
	double beta = st->config.beta;

	if (w->policy != NULL && w->policy->limits.beta > 0)
		beta = w->policy->limits.beta;
	return (w->problem == NULL && w->failures.log_pass >= log(1 / beta));
}

static bool
is_failing(const struct watched *w)
{
	return (w->failures.log_e >= status_log_bound(w));
}

bool
status_wants_runs(const struct status *st, const struct watched *w)
{
	/* Without a history no number of runs says anything. */
	return (w->is_judged && w->failures.has_history &&
	    !status_is_passed(st, w) && !is_failing(w) && !w->is_slower);
}

/* For the report: which check has come nearest to a block. */
static void
note_evidence(struct status *st, const struct watched *w)
{
	double bound = status_log_bound(w);

	if (st->log_bound > 0 && w->failures.log_e - bound <=
	    st->log_e - st->log_bound)
		return;
	st->log_e = w->failures.log_e;
	st->log_bound = bound;
}

/*
 * Each check has its part of alpha: its evidence is its largest so far, and
 * largest ones may not be averaged.
 */
void
status_judge(struct status *st)
{
	bool is_slower = false, is_failed = false, all_pass = true;
	struct watched *w;
	size_t i;

	st->known = 0;
	st->log_e = st->log_bound = 0;
	for (i = 0; i < st->count; i++) {
		w = &st->checks[i];
		w->is_slower = watch_is_slower(&w->latency,
		    exp(-status_log_bound(w)), status_effect(st, w));
		if (!w->is_judged)
			continue;
		note_evidence(st, w);
		st->known += w->problem == NULL;
		all_pass = all_pass && status_is_passed(st, w);
		is_slower = is_slower || w->is_slower;
		is_failed = is_failed || is_failing(w);
	}
	st->verdict = ENGINE_INCONCLUSIVE;
	st->reason = st->judged == 0 ? "every check is advisory or in "
	    "quarantine" : st->known < st->judged ?
	    "some checks cannot be judged" :
	    "there are too few runs since the deploy";
	if (all_pass && st->judged > 0) {
		st->verdict = ENGINE_PASS;
		st->reason = "every failure rate is below its margin";
	}
	if (is_slower || is_failed) {
		st->verdict = ENGINE_BLOCK;
		st->reason = is_slower ? "a check has become slower than it "
		    "ever becomes at this time" :
		    "checks fail more often than before";
	}
}

static int
exit_code(const struct status *st)
{
	enum on_inconclusive wish = status_wish(st);
	bool has_runs = false;
	size_t i;

	for (i = 0; i < st->count; i++)
		has_runs = has_runs || (st->checks[i].is_judged &&
		    st->checks[i].failures.runs > 0);
	if (!has_runs)
		return (EXIT_UNMEASURED);
	if (st->verdict == ENGINE_PASS || st->settings->is_observing)
		return (EXIT_GOOD);
	if (st->verdict == ENGINE_BLOCK)
		return (EXIT_BAD);
	/* What cannot be judged is never waved through. */
	if (wish == ON_INCONCLUSIVE_PASS && st->known == st->judged)
		return (EXIT_GOOD);
	return (wish == ON_INCONCLUSIVE_BLOCK ? EXIT_BAD : EXIT_INCONCLUSIVE);
}

static int
tell(const struct status *st)
{
	int code = exit_code(st), trouble;
	struct buf out;

	buf_init(&out, 16u << 20);
	status_format(st, code, &out);
	trouble = command_print(&out);
	buf_fini(&out);
	return (trouble != 0 ? trouble : code);
}

static void
run_missing(struct status *st)
{
	size_t wanting = 0, i;

	for (i = 0; i < st->count; i++)
		wanting += status_wants_runs(st, &st->checks[i]);
	if (st->verdict != ENGINE_INCONCLUSIVE || wanting == 0 ||
	    st->settings->is_not_running)
		return;
	if (st->suite == NULL) {
		st->hint = "With --checks what is missing would be run now.";
		return;
	}
	status_run(st);
	status_judge(st);
}

static int
read_store(struct status *st)
{
	struct cause cause;
	struct query *q;
	int code = EXIT_UNMEASURED;

	cause_init(&cause);
	if (query_open(st->settings->store, &q, &cause) == 0) {
		code = status_read(st, q, &cause);
		query_close(&q);
	}
	cause_print(&cause, stderr);
	cause_fini(&cause);
	return (code);
}

static int
judge(const struct settings *s, const struct suite *suite)
{
	struct status st = {.settings = s, .config = settings_engine(s),
	    .suite = suite, .now = clock_wall()};
	int code = read_store(&st);
	size_t i;

	if (code == 0) {
		for (i = 0; i < st.count; i++)
			status_watch(&st, &st.checks[i]);
		status_judge(&st);
		run_missing(&st);
		code = tell(&st);
	}
	status_fini(&st);
	return (code);
}

int
command_status(const struct settings *settings)
{
	struct settings own = *settings;
	struct suite suite;
	int code;

	if (own.checks == NULL)
		return (judge(&own, NULL));
	code = suite_load(&own, &suite);
	if (code != 0)
		return (code);
	code = policy_take(&suite, &own);
	if (code == 0)
		code = judge(&own, &suite);
	suite_fini(&suite);
	return (code);
}
