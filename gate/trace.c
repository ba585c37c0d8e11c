/* SPDX-License-Identifier: ISC */
/* The evidence over the pairs. */
#include "gate/trace.h"

#include <stdlib.h>

#include "base/mem.h"

static void
take_point(struct trace *t, const struct engine *e, uint32_t pairs)
{
	size_t at = t->point_count++, i;

	t->pairs[at] = pairs;
	t->total[at] = engine_log_evidence(e);
	for (i = 0; i < t->check_count; i++) {
		t->shares[at * t->check_count + i] = engine_log_share(e, i);
		/* On the scale of the gate's bound. */
		t->weakest[at * t->check_count + i] =
		    engine_log_weakest(e, i) * t->pass_bound /
		    engine_log_bound_pass_of(e, i);
	}
}

void
trace_make(const struct session *s, struct trace *out)
{
	const struct ledger *l = &s->ledger;
	struct engine *e = session_engine(s->settings, s->suite);
	size_t every = l->count / (TRACE_POINTS_MOST - 2) + 1, i;
	size_t most = TRACE_POINTS_MOST + 1;
	struct engine_pair pair;

	*out = (struct trace){.check_count = s->suite->count,
	    .block_bound = engine_log_bound(e),
	    .pass_bound = engine_log_bound_pass(e)};
	out->pairs = xcalloc(most, sizeof(*out->pairs));
	out->total = xcalloc(most, sizeof(*out->total));
	out->shares = xcalloc(most * s->suite->count, sizeof(double));
	out->weakest = xcalloc(most * s->suite->count, sizeof(double));
	take_point(out, e, 0);
	for (i = 0; i < l->count; i++) {
		engine_pair_at(s->engine, l->pairs[i].check,
		    l->pairs[i].number - 1, &pair);
		engine_add(e, l->pairs[i].check, &pair);
		if ((i + 1) % every == 0 || i + 1 == l->count)
			take_point(out, e, (uint32_t)i + 1);
	}
	engine_free(&e);
}

void
trace_fini(struct trace *t)
{
	free(t->pairs);
	free(t->total);
	free(t->shares);
	free(t->weakest);
	*t = (struct trace){.pairs = NULL};
}
