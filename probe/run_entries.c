/* SPDX-License-Identifier: ISC */
/*
 * The entries of a run, one after the other, each in its rounds. As in Hurl:
 * an entry's options, then skip, repeat and delay, then its attempts.
 */
#include <stdio.h>

#include "probe/run_priv.h"

void
run_round_next(struct run *run)
{
	run->rounds++;
	if (!run->options.is_repeated || (run->options.repeat >= 0 &&
	    run->rounds >= run->options.repeat)) {
		run->rounds = 0;
		run->entry++;
	}
	run_attempt_fini(run);
}

/*
 * The run cannot come behind this delay. It is ours when its delays alone
 * are too long, else what was answered before took too long.
 */
static void
refuse_delay(struct run *run)
{
	struct place place = run_option_place(run_entry(run),
	    FLOW_OPTION_DELAY);
	span_us delay = run->options.delay;
	char span[CLOCK_SPAN_SIZE], time[RUN_TIME_TEXT_SIZE], sentence[200];
	bool is_ours = delay >= run_time(run) - run->delayed;

	run_time_format(run, time);
	if (is_ours && run->delayed > 0) {
		clock_format_span(run->delayed + delay, span);
		snprintf(sentence, sizeof(sentence), "the delays up to here, "
		    "%s in all, do not fit into the %s", span, time);
	} else {
		clock_format_span(delay, span);
		snprintf(sentence, sizeof(sentence), is_ours ?
		    "the delay of %s does not fit into the %s" :
		    "no time is left for the delay of %s: the %s ends before",
		    span, time);
	}
	run->options.is_repeated = false;
	run_give_up_unsent(run, is_ours ? OUTCOME_INVALID : OUTCOME_FAILED,
	    place, sentence);
}

static void
start_delay(struct run *run)
{
	mono_us now = clock_mono();

	if (run->options.delay >= run->deadline - now) {
		refuse_delay(run);
		return;
	}
	run->delayed += run->options.delay;
	run->state = RUN_DELAYED;
	run->due = now + run->options.delay;
	run_arm(run, run->due);
}

/* Start a round of the entry at hand. True: it is over, none was needed. */
static bool
start_round(struct run *run)
{
	struct findings findings;
	struct request_maker m;

	run->attempt = 0;
	if (run->is_cleaning && !run_entry(run)->is_always) {
		run->entry++;
		return (true);
	}
	arena_reset(&run->options_arena);
	run->scope.file_root = run_script_folder(run->script,
	    run_entry(run)->file);
	findings_init(&findings);
	m = run_maker(run, &run->options_arena, &findings);
	if (request_options(&m, run_entry(run),
	    &run->script->defaults, &run->options) != 0) {
		run->options.is_repeated = false;
		run_give_up_invalid(run, &findings);
		findings_fini(&findings);
		return (false);
	}
	if (run->options.is_skipped ||
	    (run->options.is_repeated && run->options.repeat == 0)) {
		run->rounds = 0;
		run->entry++;
		return (true);
	}
	if (run->options.delay > 0)
		start_delay(run);
	else
		run_attempt_start(run);
	return (false);
}

void
run_entries_start(struct run *run)
{
	while (run->entry < run->last)
		if (!start_round(run))
			return;
	run_finish(run);
}
