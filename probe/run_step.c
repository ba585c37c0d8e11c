/* SPDX-License-Identifier: ISC */
/*
 * The steps of a run: one for each request sent, and one for each clean-up
 * that could not even be sent.
 */
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/must.h"
#include "probe/run_priv.h"

/* 00-<trace>-<span>-01, with the next span. */
void
run_trace_format(struct run *run)
{
	char *p = run->traceparent;
	size_t i;

	for (i = sizeof(run->span); i > 0 && ++run->span[i - 1] == 0; i--)
		;
	memcpy(p, "00-", 3);
	crypto_hex(run->trace, sizeof(run->trace), p + 3);
	p[35] = '-';
	crypto_hex(run->span, sizeof(run->span), p + 36);
	memcpy(p + 52, "-01", 4);
}

/* Room for 4, 8, 16, ... */
static struct run_step *
step_new(struct run *run)
{
	struct run_result *result = &run->result;
	struct run_step *step;
	size_t n = result->step_count;

	if (n == 0 || (n >= 4 && (n & (n - 1)) == 0))
		result->steps = xreallocarray(result->steps,
		    n == 0 ? 4 : n * 2, sizeof(*step));
	step = &result->steps[result->step_count++];
	*step = (struct run_step){.entry = run->entry + 1,
	    .line = run_entry(run)->place.line, .attempt = run->attempt,
	    .is_clean_up = run->is_cleaning};
	findings_init(&step->findings);
	return (step);
}

struct run_step *
run_step_add(struct run *run)
{
	struct response *r = run->response;
	struct run_step *step = step_new(run);

	step->is_redirect = run->before_count > 0;
	step->status = r->status;
	step->version = r->status > 0 ? r->version : NULL;
	step->sent_bytes = r->sent_bytes;
	step->received_bytes = r->received_bytes;
	step->method = run->sent.method;
	step->url = request_shown_url(run->sent.url);
	memcpy(step->ip, r->ip, sizeof(step->ip));
	r->timing.start = run->sent_at - run->started;
	step->timing = r->timing;
	return (step);
}

struct run_step *
run_step_add_unsent(struct run *run)
{
	struct run_step *step = step_new(run);

	step->is_unsent = true;
	step->method = run_entry(run)->request.method;
	step->url = request_shown_url(run_entry(run)->request.url.source);
	step->timing = (struct response_timing){
	    .start = clock_mono() - run->started, .dns = -1, .connect = -1,
	    .tls = -1, .wait = -1, .transfer = -1};
	return (step);
}

void
run_step_end(struct run *run, struct run_step *step)
{
	if (run->hooks->step != NULL)
		run->hooks->step(run, step, step->status > 0 ?
		    run->response : NULL, run->arg);
}

/*
 * libcurl's clocks stand still between its events: the phase that went on
 * until the request was cut off took the rest of the time.
 */
void
run_step_extend(struct response_timing *t, span_us total)
{
	span_us *phases[] = {&t->transfer, &t->wait, &t->tls, &t->connect,
	    &t->dns};
	size_t i = 0;

	if (total <= t->total)
		return;
	while (i < NELEMS(phases) && *phases[i] < 0)
		i++;
	if (i < NELEMS(phases))
		*phases[i] += total - t->total;
	t->total = total;
}

void
run_step_fini(struct run_step *step)
{
	free(step->url);
	findings_fini(&step->findings);
}
