/* SPDX-License-Identifier: ISC */
/* What manifests say of how a deploy is judged, check by check. */
#include <math.h>

#include "gate/policy.h"
#include "gate/status.h"

#define ALPHA_LEAST 1e-9 /* less is none */

static bool
has_own_alpha(const struct watched *w)
{
	return (w->is_judged && w->policy != NULL &&
	    w->policy->limits.alpha > 0);
}

/* At how many locations a check is judged: they share what is its own. */
static size_t
count_places(const struct status *st, const struct suite_check *policy)
{
	size_t i, n = 0;

	for (i = 0; i < st->count; i++)
		n += st->checks[i].is_judged &&
		    st->checks[i].policy == policy;
	return (n);
}

void
status_share_alpha(struct status *st)
{
	double left = st->config.alpha, own;
	size_t others = 0, i;
	struct watched *w;

	for (i = 0; i < st->count; i++) {
		w = &st->checks[i];
		w->alpha = st->config.alpha / fmax((double)st->judged, 1);
		if (!has_own_alpha(w)) {
			others += w->is_judged;
			continue;
		}
		own = w->policy->limits.alpha /
		    (double)count_places(st, w->policy);
		left -= own;
		w->alpha = own;
	}
	/* The manifests' parts leave some to each of their own checks; but
	 * what only the store plans may find nothing left. */
	for (i = 0; i < st->count; i++) {
		w = &st->checks[i];
		if (w->is_judged && !has_own_alpha(w))
			w->alpha = fmax(left, ALPHA_LEAST) / (double)others;
	}
}

double
status_log_bound(const struct watched *w)
{
	return (log(2 / w->alpha));
}

struct latency_margin
status_effect(const struct status *st, const struct watched *w)
{
	const struct latency_margin *usual = &st->config.tolerance, *own;
	struct latency_margin effect = {2 * usual->relative, 0};

	if (w->policy == NULL)
		return (effect);
	own = &w->policy->limits.tolerance;
	effect.relative = 2 * own->relative;
	if (fabs(own->absolute_ns - usual->absolute_ns) >= 1)
		effect.absolute_ns = own->absolute_ns;
	return (effect);
}

enum on_inconclusive
status_wish(const struct status *st)
{
	const struct settings *s = st->settings;
	enum on_inconclusive wish = ON_INCONCLUSIVE_PASS;
	const struct watched *w;
	bool is_known = false;
	size_t i;

	for (i = 0; i < st->count; i++) {
		w = &st->checks[i];
		if (!w->is_judged || status_is_passed(st, w))
			continue;
		is_known = true;
		wish = policy_stricter(wish, w->policy != NULL ?
		    policy_on_inconclusive(s, w->policy) :
		    (enum on_inconclusive)s->on_inconclusive);
	}
	return (is_known ? wish : (enum on_inconclusive)s->on_inconclusive);
}
