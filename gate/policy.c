/* SPDX-License-Identifier: ISC */
/* From manifests to settings and checks. */
#include "gate/policy.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/cause.h"
#include "base/err.h"
#include "gate/failures.h"

#define ALPHA_ROUNDING 1e-9

/* Returns false when another manifest has said another thing. */
static bool
take_number(bool *has, bool *is_taken, int64_t *to, int64_t value)
{
	if (value < 0 || *has)
		return (true);
	if (*is_taken)
		return (*to == value);
	*is_taken = true;
	*to = value;
	return (true);
}

static bool
take_share(bool *has, bool *is_taken, double *to, int64_t permyriad)
{
	int64_t value = llround(*to * 10000);
	bool fits = take_number(has, is_taken, &value, permyriad);

	if (*is_taken)
		*to = (double)value / 10000;
	return (fits);
}

/* Returns NULL, or the name of what an earlier manifest wants otherwise. */
static const char *
take_service(struct settings *s, const struct plan_gate *g)
{
	int64_t action = s->on_inconclusive;
	const char *other = NULL;

	if (!take_share(&s->has.alpha, &s->taken.alpha, &s->alpha,
	    g->alpha_permyriad))
		other = "alpha";
	if (!take_share(&s->has.beta, &s->taken.beta, &s->beta,
	    g->beta_permyriad))
		other = "beta";
	if (!take_number(&s->has.rounds, &s->taken.rounds, &s->rounds,
	    g->rounds))
		other = "rounds";
	if (!take_number(&s->has.time, &s->taken.time, &s->time, g->time))
		other = "time";
	if (!take_number(&s->has.on_inconclusive,
	    &s->taken.on_inconclusive, &action, g->on_inconclusive))
		other = "on-inconclusive";
	s->on_inconclusive = (int)action;
	return (other);
}

static void
take_limits(struct engine_limits *l, const struct plan_gate *g)
{
	if (g->tolerance_permyriad >= 0)
		l->tolerance.relative = (double)g->tolerance_permyriad / 1e4;
	if (g->tolerance_at_least >= 0)
		l->tolerance.absolute_ns = (double)g->tolerance_at_least *
		    1e3;
	if (g->margin_permyriad >= 0)
		l->margin.relative = (double)g->margin_permyriad / 1e4;
	if (g->margin_at_least >= 0)
		l->margin.absolute_ns = (double)g->margin_at_least * 1e3;
	if (g->failure_margin_permyriad >= 0)
		l->failure_margin = (double)g->failure_margin_permyriad /
		    1e4;
}

/* What only a check has of its own: the service's is the whole gate's. */
static void
take_own(struct suite_check *c, const struct plan_gate *own)
{
	if (own->alpha_permyriad >= 0)
		c->limits.alpha = (double)own->alpha_permyriad / 1e4;
	if (own->beta_permyriad >= 0)
		c->limits.beta = (double)own->beta_permyriad / 1e4;
	if (own->rounds >= 0)
		c->rounds_most = (uint32_t)own->rounds;
	if (own->time >= 0)
		c->time_most = own->time;
	c->on_inconclusive = own->on_inconclusive;
}

/*
 * A quarantine ends on its day, and not the releases of that night: from then
 * on the check counts as it would without, and everybody is told.
 */
static void
take_quarantine(struct suite_check *c, const struct plan_gate *own,
    wall_us now, struct cause *cause)
{
	char until[CLOCK_TEXT_SIZE];

	if (!own->is_quarantined)
		return;
	if (own->quarantine_until > now) {
		c->quarantine = own;
		return;
	}
	c->expired = own;
	clock_format_wall(own->quarantine_until, until);
	cause_warn_at(cause, c->plan->manifest->file, own->place, NULL, 0,
	    "the quarantine of %s expired on %.10s, so it counts again: mend "
	    "the check (%s), or say until when anew", c->id, until,
	    own->quarantine_owner);
}

static void
take_check(struct suite_check *c, const struct engine_config *config,
    wall_us now, struct cause *cause)
{
	const struct plan_gate *service = c->plan->manifest->gate;
	const struct plan_gate *own = c->plan->gate;

	c->limits = (struct engine_limits){.tolerance = config->tolerance,
	    .margin = config->margin,
	    .failure_margin = config->failure_margin,
	    .tail_margin = config->tail_margin};
	take_limits(&c->limits, service);
	take_limits(&c->limits, own);
	take_own(c, own);
	c->is_advisory = own->policy >= 0 ? own->policy == 1 :
	    service->policy == 1;
	take_quarantine(c, own, now, cause);
}

bool
policy_is_judged(const struct suite_check *c)
{
	return (!c->is_advisory && c->quarantine == NULL);
}

enum on_inconclusive
policy_stricter(enum on_inconclusive a, enum on_inconclusive b)
{
	static const int strictness[] = {
	    [ON_INCONCLUSIVE_PASS] = 0,
	    [ON_INCONCLUSIVE_HOLD] = 1,
	    [ON_INCONCLUSIVE_BLOCK] = 2};

	return (strictness[a] > strictness[b] ? a : b);
}

enum on_inconclusive
policy_on_inconclusive(const struct settings *s, const struct suite_check *c)
{
	return ((enum on_inconclusive)(s->has.on_inconclusive ||
	    c->on_inconclusive < 0 ? s->on_inconclusive :
	    c->on_inconclusive));
}

/* Alphas of their own are parts of the gate's, and leave some to others. */
static void
check_alphas(const struct suite *suite, const struct settings *s,
    struct cause *cause)
{
	const struct suite_check *c, *without = NULL;
	double sum = 0;

	for (c = suite->checks; c < suite->checks + suite->count; c++) {
		if (!policy_is_judged(c))
			continue;
		sum += c->limits.alpha;
		if (c->limits.alpha <= 0)
			without = c;
	}
	if (sum > s->alpha * (1 + ALPHA_ROUNDING))
		cause_add(cause, "the checks' own alpha add up to %g %%, more "
		    "than the gate's %g %%", 100 * sum, 100 * s->alpha);
	else if (without != NULL && sum >= s->alpha * (1 - ALPHA_ROUNDING))
		cause_add(cause, "the checks' own alpha take all of the "
		    "gate's %g %%: none is left for %s", 100 * s->alpha,
		    without->id);
}

/* A budget in which even clean rounds do not clear a check. */
static void
warn_of_budget(const struct suite_check *c, const struct settings *s)
{
	struct failures_pass p;
	uint32_t least;

	if (c->rounds_most == 0 || !policy_is_judged(c) ||
	    s->command != COMMAND_JUDGE)
		return;
	failures_pass_init(&p, c->limits.failure_margin);
	least = failures_pass_rounds_to(&p, log(1 / (c->limits.beta > 0 ?
	    c->limits.beta : s->beta)));
	if (c->rounds_most < least)
		fprintf(stderr, "e2e-gate: warning: %s has %u rounds of its "
		    "own, and a pass wants at least %u without a failure: it "
		    "can block, but no gate can pass with it\n", c->id,
		    c->rounds_most, least);
}

void
policy_warn_of_history(const struct suite *suite)
{
	const struct suite_check *c;

	for (c = suite->checks; c < suite->checks + suite->count; c++)
		if (policy_is_judged(c) &&
		    history_is_flaky(&c->history, HISTORY_LEVEL))
			fprintf(stderr, "e2e-gate: warning: %s has failed so "
			    "often in the past that no gate can pass with "
			    "it: mend it, or put it in quarantine\n", c->id);
}

/*
 * What is not judged passes nothing, and a check that sees no difference says
 * nothing of the candidate: a pass wants one that is neither.
 */
static bool
sees_candidate(const struct suite *suite)
{
	const struct suite_check *c;
	size_t judged = 0;

	for (c = suite->checks; c < suite->checks + suite->count; c++) {
		if (!policy_is_judged(c))
			continue;
		if (!c->is_alike)
			return (true);
		judged++;
	}
	return (judged == 0);
}

int
policy_take(struct suite *suite, struct settings *s)
{
	struct engine_config config = settings_engine(s);
	wall_us now = clock_wall();
	struct suite_check *c;
	struct cause cause;
	const char *other;
	size_t i;
	int code;

	cause_init(&cause);
	for (i = 0; i < suite->count; i++) {
		c = &suite->checks[i];
		take_check(c, &config, now, &cause);
		other = take_service(s, c->plan->manifest->gate);
		if (other != NULL)
			cause_add(&cause, "%s: another manifest of this gate "
			    "wants another %s: say which with --%s",
			    c->plan->manifest->file, other, other);
	}
	check_alphas(suite, s, &cause);
	for (i = 0; i < suite->count && cause.error_count == 0; i++)
		warn_of_budget(&suite->checks[i], s);
	code = cause.error_count > 0 ? EXIT_DEFINITION : 0;
	cause_print(&cause, stderr);
	cause_fini(&cause);
	if (code == 0 && !sees_candidate(suite)) {
		fprintf(stderr, "e2e-gate: candidate and baseline are the "
		    "same in every check that is judged: a pass would say "
		    "nothing of the candidate\n");
		code = EXIT_USAGE;
	}
	return (code);
}
