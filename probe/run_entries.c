/* SPDX-License-Identifier: ISC */
/*
 * The entries of a run, one after the other, each in its rounds. As in Hurl:
 * an entry's options, then skip, repeat and delay, then its attempts.
 */
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
	if (run->options.delay > 0) {
		run->state = RUN_DELAYED;
		run->due = clock_mono() + run->options.delay;
		run_arm(run, run->due);
	} else
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
