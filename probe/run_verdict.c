/* SPDX-License-Identifier: ISC */
/*
 * What becomes of a run that does not pass: its verdict, then the entries
 * that always run, or its end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe/run_priv.h"

void
run_verdict_set(struct run *run, enum outcome outcome, const char *reason,
    struct place place)
{
	struct run_result *result = &run->result;

	if (result->outcome != OUTCOME_PASSED)
		return;
	result->outcome = outcome;
	result->reason = xstrndup(reason, strnlen(reason,
	    RUN_REASON_MOST_BYTES));
	result->is_reason_cut = strlen(reason) > RUN_REASON_MOST_BYTES;
	result->place = place;
	result->file = run_file(run, run->entry);
	run_evidence(run);
}

static bool
has_clean_up(const struct run *run)
{
	uint32_t i;

	for (i = run->entry + 1; i < run->last; i++)
		if (run->script->flow->entries[i].is_always)
			return (true);
	return (false);
}

/* Whether the entries behind one that failed are run nevertheless. */
static bool
goes_on(const struct run *run)
{
	return (run->script->continues && !run->is_cut_off);
}

void
run_give_up(struct run *run, enum outcome outcome, const char *reason,
    struct place place)
{
	const struct definition *d = run->script->definition;

	run_verdict_set(run, outcome, reason, place);
	if (goes_on(run)) {
		run_round_next(run);
		run->state = RUN_STARTING;
		run_arm(run, clock_mono());
		return;
	}
	if (!has_clean_up(run) || (run->is_cleaning &&
	    clock_mono() >= run->deadline)) {
		run_finish(run);
		return;
	}
	if (!run->is_cleaning) {
		run->is_cleaning = true;
		run->bounded_at = clock_mono();
		if (run->bounded_at > run->deadline)
			run->bounded_at = run->deadline;
		run->deadline += run_rules_clean_up(d->timeout);
		run->delayed = 0;
		run->step_most += RUN_CLEAN_UP_STEPS;
		run->work = 0;
	}
	run->state = RUN_STARTING;
	run->rounds = 0;
	run->entry++;
	run_arm(run, clock_mono());
}

/* The first finding says why. */
static void
give_up_with(struct run *run, enum outcome outcome, struct findings *findings)
{
	struct run_step *step;
	struct place place = run_entry(run)->place;
	char *reason;

	if (findings->count > 0)
		place = findings->items[0].place;
	reason = xstrdup(findings->count > 0 ? findings->items[0].message :
	    "a bound was reached");
	/* Nothing else ends a "repeat: -1" of what cannot be sent. */
	if ((int64_t)run->result.step_count >= run->step_most)
		run->is_cut_off = true;
	if (run->is_cleaning || goes_on(run)) {
		step = run_step_add_unsent(run);
		step->outcome = outcome;
		findings_fini(&step->findings);
		step->findings = *findings;
		findings_init(findings);
		run_step_end(run, step);
	}
	run_give_up(run, outcome, reason, place);
	free(reason);
}

void
run_give_up_invalid(struct run *run, struct findings *findings)
{
	give_up_with(run, OUTCOME_INVALID, findings);
}

void
run_give_up_unsent(struct run *run, enum outcome outcome, struct place place,
    const char *sentence)
{
	struct findings findings;

	findings_init(&findings);
	findings_add(&findings, outcome == OUTCOME_INVALID ?
	    FINDING_DEFINITION : FINDING_TRANSPORT, place, NULL, NULL, "%s",
	    sentence);
	give_up_with(run, outcome, &findings);
	findings_fini(&findings);
}

/* Time. */

static void
format_reason(struct buf *out, const char *sentence, const char *why)
{
	buf_printf(out, "%s%s%s", sentence, *sentence != '\0' ? "; " : "",
	    why);
}

/* End the request that is under way. */
static void
cut_request(struct run *run, const char *why, bool is_ours)
{
	struct place place = run_entry(run)->request.url.place;
	struct run_step *step;
	struct buf reason;
	bool was_sent;

	was_sent = http_cancel(&run->transfer);
	run_step_extend(&run->response->timing, clock_mono() - run->sent_at);
	step = run_step_add(run);
	step->outcome = run_rules_transfer(HTTP_NO_ANSWER, was_sent,
	    run->sent.is_repeatable);
	if (is_ours && step->outcome != OUTCOME_UNKNOWN)
		step->outcome = OUTCOME_LOST;
	buf_init(&reason, 2 * RUN_REASON_MOST_BYTES);
	format_reason(&reason, run->response->status > 0 ?
	    "the answer was not complete" : "no answer came", why);
	findings_add(&step->findings, FINDING_TRANSPORT, place, NULL, NULL,
	    "%s", buf_str(&reason));
	run_step_end(run, step);
	run_give_up(run, step->outcome, buf_str(&reason), place);
	buf_fini(&reason);
}

/* What the last attempt came to is what the run comes to. */
static void
cut_pause(struct run *run, const char *why, bool is_ours)
{
	const struct run_step *step =
	    &run->result.steps[run->result.step_count - 1];
	const struct finding *first = &step->findings.items[0];
	struct buf reason;

	must(step->findings.count > 0);
	buf_init(&reason, 2 * RUN_REASON_MOST_BYTES);
	run_reason(run, first, &reason);
	buf_printf(&reason, "; %s", why);
	run_give_up(run, is_ours ? OUTCOME_LOST : step->outcome,
	    buf_str(&reason), first->place);
	buf_fini(&reason);
}

void
run_cut_off(struct run *run, const char *why, bool is_ours)
{
	struct place place = {0};
	struct buf reason;

	run->is_cut_off = true;
	if (run->state == RUN_SENDING) {
		cut_request(run, why, is_ours);
		return;
	}
	if (run->state == RUN_RETRYING) {
		cut_pause(run, why, is_ours);
		return;
	}
	if (run->entry < run->last)
		place = run_entry(run)->place;
	buf_init(&reason, 2 * RUN_REASON_MOST_BYTES);
	format_reason(&reason, run->state == RUN_DELAYED ?
	    "stopped in a delay" : "", why);
	/* Nobody was asked: what is waited for fits into the run's time, so
	 * that only we can have been late. */
	run_give_up(run, OUTCOME_LOST, buf_str(&reason), place);
	buf_fini(&reason);
}

void
run_time_format(const struct run *run, char out[static RUN_TIME_TEXT_SIZE])
{
	char span[CLOCK_SPAN_SIZE];

	clock_format_span(run_time(run), span);
	snprintf(out, RUN_TIME_TEXT_SIZE, "%s of %s", run->is_cleaning ?
	    "time for clean-up" : "run's time", span);
}

void
run_time_out(struct run *run)
{
	char time[RUN_TIME_TEXT_SIZE], why[RUN_TIME_TEXT_SIZE + 20];

	run_time_format(run, time);
	snprintf(why, sizeof(why), "the %s is over", time);
	run_cut_off(run, why, false);
}
