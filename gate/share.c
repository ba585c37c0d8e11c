/* SPDX-License-Identifier: ISC */
/* Weights of e-processes. */
#include "gate/share.h"

#include <math.h>

void
share_init(struct share *s, double alpha, double failure_weight)
{
	*s = (struct share){.alpha = alpha, .failure_weight = failure_weight};
}

void
share_add(struct share *s, const struct share_check *c)
{
	if (c->own_alpha > 0)
		s->own += c->own_alpha;
	else {
		s->checks++;
		s->steps += c->step_count;
	}
}

/* More than all of alpha cannot be given away. */
static double
own_scale(const struct share *s)
{
	return (1 / fmax(s->alpha, s->own));
}

/* What is left for checks without an alpha of their own. */
static double
left(const struct share *s)
{
	return (s->own > 0 ? fmax(1 - s->own * own_scale(s), 0) : 1);
}

double
share_failures(const struct share *s, const struct share_check *c)
{
	if (c->own_alpha > 0)
		return (c->own_alpha * own_scale(s) *
		    (c->step_count > 0 ? s->failure_weight : 1));
	return (left(s) * (s->steps > 0 ? s->failure_weight : 1) /
	    (double)s->checks);
}

double
share_step(const struct share *s, const struct share_check *c)
{
	if (c->own_alpha > 0)
		return (c->own_alpha * own_scale(s) *
		    (1 - s->failure_weight) / (double)c->step_count);
	return (left(s) * (1 - s->failure_weight) / (double)s->steps);
}

double
share_rest(const struct share *s)
{
	return (s->checks > 0 ? 0 : left(s));
}
