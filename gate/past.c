/* SPDX-License-Identifier: ISC */
/* From raw runs of the store, as samples. */
#include "gate/past.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "gate/order.h"
#include "gate/sample.h"

#define IQR_OF_NORMAL 1.349
#define DOCUMENT_MOST (16u << 20)

/* A step while its runs come, newest first. */
struct gathering {
	struct order latencies, ratios;
	int64_t before;
};

struct reading {
	const struct suite_check *check;
	struct past_check *out;
	struct gathering *steps;
	span_us duration;
};

static void
add_step(struct gathering *g, int64_t latency_ns)
{
	if (latency_ns <= 0) {
		g->before = 0;
		return;
	}
	order_add(&g->latencies, (double)latency_ns);
	if (g->before > 0)
		order_add(&g->ratios, log((double)g->before /
		    (double)latency_ns));
	g->before = latency_ns;
}

static void
add_run(struct reading *r, const struct sample *s)
{
	uint32_t i;

	r->out->runs++;
	r->out->failures += (uint32_t)outcome_is_against_service(s->outcome);
	r->duration += s->duration_us;
	for (i = 0; i < r->check->step_count; i++)
		add_step(&r->steps[i], s->latency_ns[i]);
}

static bool
run_cb(const struct query_run *run, void *arg)
{
	struct reading *r = arg;
	struct sample s;
	struct buf doc;

	if (outcome_is_ours(run->outcome) || run->steps == NULL)
		return (true);
	buf_init(&doc, DOCUMENT_MOST);
	buf_printf(&doc, "{\"duration_us\":%lld,\"steps\":%s}",
	    (long long)run->duration_us, run->steps);
	sample_read(&s, r->check, run->outcome, run->id, buf_str(&doc),
	    doc.len);
	if (!s.is_void)
		add_run(r, &s);
	sample_fini(&s);
	buf_fini(&doc);
	return (true);
}

static void
measure(struct gathering *g, struct past_step *out)
{
	out->runs = (uint32_t)g->latencies.count;
	if (out->runs > 0)
		out->median_ns = order_quantile(&g->latencies, .5);
	if (g->ratios.count > 0)
		out->spread = (order_quantile(&g->ratios, .75) -
		    order_quantile(&g->ratios, .25)) / IQR_OF_NORMAL;
}

int
past_read(struct query *q, const struct suite_check *check,
    struct past_check *out)
{
	struct query_runs filter = {.which = {.check = check->id,
	    .environment = check->arms[ARM_BASELINE]->environment,
	    .has_unplanned = true}, .triggers = 1u << TRIGGER_SCHEDULE,
	    .limit = PAST_RUNS_MOST, .has_steps = true};
	struct reading r = {.check = check, .out = out};
	uint32_t i;
	int rc;

	*out = (struct past_check){.runs = 0};
	out->steps = xcalloc(check->step_count + 1, sizeof(*out->steps));
	r.steps = xcalloc(check->step_count + 1, sizeof(*r.steps));
	for (i = 0; i < check->step_count; i++) {
		order_init(&r.steps[i].latencies);
		order_init(&r.steps[i].ratios);
	}
	rc = query_runs(q, &filter, run_cb, &r, NULL);
	if (out->runs > 0)
		out->duration = r.duration / out->runs;
	for (i = 0; i < check->step_count; i++) {
		measure(&r.steps[i], &out->steps[i]);
		order_fini(&r.steps[i].latencies);
		order_fini(&r.steps[i].ratios);
	}
	free(r.steps);
	if (rc != 0)
		past_fini(out);
	return (rc);
}

void
past_fini(struct past_check *p)
{
	free(p->steps);
	*p = (struct past_check){.runs = 0};
}
