/* SPDX-License-Identifier: ISC */
/* A tree of sums over logarithms. */
#include "gate/log_sum.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/must.h"

void
log_sum_init(struct log_sum *s, size_t count)
{
	size_t i;

	for (s->leaves = 1; s->leaves < count; s->leaves *= 2)
		continue;
	s->nodes = xcalloc(2 * s->leaves, sizeof(*s->nodes));
	for (i = 0; i < 2 * s->leaves; i++)
		s->nodes[i] = -INFINITY;
}

void
log_sum_fini(struct log_sum *s)
{
	free(s->nodes);
	*s = (struct log_sum){.nodes = NULL};
}

static double
add(double a, double b)
{
	double most = fmax(a, b), least = fmin(a, b);

	return (isinf(least) ? most : most + log1p(exp(least - most)));
}

void
log_sum_set(struct log_sum *s, size_t i, double log)
{
	must(i < s->leaves);
	i += s->leaves;
	s->nodes[i] = log;
	for (i /= 2; i > 0; i /= 2)
		s->nodes[i] = add(s->nodes[2 * i], s->nodes[2 * i + 1]);
}

double
log_sum_total(const struct log_sum *s)
{
	return (s->nodes[1]);
}
