/* SPDX-License-Identifier: ISC */
/*
 * e2e-gate status: what the scheduled runs have shown since a deploy, and
 * runs of our own where they have not shown enough. All of it rests on
 * history: every report says so.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "gate/command.h"
#include "gate/policy.h"
#include "gate/status.h"

#define BURSTS 2 /* dispersion that takes half of the runs' weight */

static bool
is_fresh(const struct status *st, const struct watched *w)
{
	return (w->newest >= st->now - st->settings->fresh);
}

/* As in a gate: what so many had to say is missing. */
static bool
is_mostly_invalid(const struct status *st, const struct watched *w)
{
	return (w->invalid > st->config.void_most *
	    ((double)w->invalid + w->failures.runs));
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
	/* What no run would mend comes first. */
	if (!history_is_enough(&w->before))
		w->problem = w->before.dispersion > BURSTS ?
		    "its failures before the deploy came in bursts" :
		    "too few runs before the deploy";
	else if (!w->failures.has_history)
		w->problem = "it failed too often before the deploy";
	else if (w->failures.runs == 0)
		w->problem = "no run since the deploy";
	else if (is_mostly_invalid(st, w))
		w->problem = "too many runs since the deploy were invalid";
	else if (!is_fresh(st, w))
		w->problem = "its newest run is too old";
}

bool
status_is_passed(const struct status *st, const struct watched *w)
{
	double beta = st->config.beta;

	if (w->policy != NULL && w->policy->limits.beta > 0)
		beta = w->policy->limits.beta;
	return (w->problem == NULL && w->failures.log_pass >= log(1 / beta));
}

bool
status_is_failing(const struct watched *w)
{
	return (w->failures.log_e >= status_log_bound(w));
}

bool
status_wants_runs(const struct status *st, const struct watched *w)
{
	/* Without a history no number of runs says anything. */
	return (w->is_judged && w->failures.has_history &&
	    !status_is_passed(st, w) && !status_is_failing(w) && !w->is_slower);
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

/* One sentence, which names the worst check; the table has them all. */
static char *
make_reason(const struct status *st, size_t bad, const struct watched *worst)
{
	char more[64] = "";

	if (st->judged == 0)
		return (xstrdup("every check is advisory or in quarantine"));
	if (st->verdict == ENGINE_PASS)
		return (xstrdup("every failure rate is below its margin"));
	if (bad > 1)
		snprintf(more, sizeof(more), "; %zu more %s worse", bad - 1,
		    bad == 2 ? "is" : "are");
	if (st->verdict == ENGINE_BLOCK && status_is_failing(worst))
		return (xasprintf("%s fails more often than before: %u of "
		    "its %u runs, before at most %.2g %%%s", worst->name,
		    worst->failures.failures, worst->failures.runs,
		    100 * worst->failures.bound, more));
	if (st->verdict == ENGINE_BLOCK)
		return (xasprintf("%s has become slower than it ever becomes "
		    "at this time: %.2f times%s", worst->name,
		    worst->latency.ratio, more));
	if (st->known < st->judged)
		return (xasprintf("%zu of %zu checks cannot be judged",
		    st->judged - st->known, st->judged));
	return (xstrdup("there are too few runs since the deploy"));
}

/*
 * Each check has its part of alpha: its evidence is its largest so far, and
 * largest ones may not be averaged.
 */
void
status_judge(struct status *st)
{
	const struct watched *worst = NULL;
	bool all_pass = true;
	struct watched *w;
	size_t i, bad = 0;

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
		if (!w->is_slower && !status_is_failing(w))
			continue;
		bad++;
		if (worst == NULL || w->failures.log_e > worst->failures.log_e)
			worst = w;
	}
	st->verdict = bad > 0 ? ENGINE_BLOCK : all_pass && st->judged > 0 ?
	    ENGINE_PASS : ENGINE_INCONCLUSIVE;
	free(st->reason);
	st->reason = make_reason(st, bad, worst);
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
	if (st->is_interrupted)
		return (EXIT_INCONCLUSIVE);
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
	trouble = command_print(&out, (enum format)st->settings->format);
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
