/* SPDX-License-Identifier: ISC */
/*
 * e2e-gate aa: the baseline against itself. What it shows of the scores'
 * autocorrelation is noted in the store, for the gates that follow.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "gate/aa.h"
#include "gate/aa_note.h"
#include "gate/archive.h"
#include "gate/command.h"
#include "gate/gather.h"
#include "gate/policy.h"
#include "gate/session.h"

static void
print_steps(const struct session *s, size_t check)
{
	const struct suite_check *c = &s->suite->checks[check];
	struct aa_step *steps = xcalloc(c->step_count + 1, sizeof(*steps));
	struct aa_check aa;
	uint32_t i;
	int j;

	aa_measure(s->engine, check, &aa, steps);
	for (i = 0; i < c->step_count; i++) {
		double phi = 0;

		for (j = 0; j < LATENCY_SCORES; j++)
			if (steps[i].phi0.scores[j] > phi)
				phi = steps[i].phi0.scores[j];
		printf("%6u  %4.2f  %8.1f ms  %5.1f %%  %s, step %u %s\n",
		    steps[i].rounds, phi, steps[i].median_ns / 1e6,
		    100 * steps[i].spread, c->id, i + 1, c->steps[i].name);
	}
	free(steps);
}

static void
print_table(const struct session *s, uint32_t least)
{
	size_t i;

	printf("A/A  baseline against itself: %s, %u rounds of %zu checks\n\n"
	    "rounds  phi0       median   spread  step\n",
	    engine_verdict_name(s->verdict), s->rounds, s->suite->count);
	for (i = 0; i < s->suite->count; i++)
		print_steps(s, i);
	if (least < AA_ROUNDS_WANTED)
		printf("\nFewer than %d rounds of some step: phi0 has %.2f "
		    "added for chance%s.\n", AA_ROUNDS_WANTED,
		    least > 0 ? 1 / sqrt(least) : 1, least < AA_ROUNDS_LEAST ?
		    ", and with fewer than 100 it is not used" : "");
	if (s->verdict == ENGINE_BLOCK)
		printf("\nThe baseline differs from itself: what tells the "
		    "two halves of a round apart?\n");
}

static int
exit_code(const struct session *s, uint32_t least)
{
	if (s->reason == ENGINE_REASON_NO_ROUNDS || least == 0 ||
	    (s->verdict == ENGINE_INCONCLUSIVE &&
	    s->reason == ENGINE_REASON_INFRASTRUCTURE))
		return (EXIT_UNMEASURED);
	if (s->verdict == ENGINE_BLOCK)
		return (EXIT_BAD);
	return (least < AA_ROUNDS_WANTED ? EXIT_INCONCLUSIVE : EXIT_GOOD);
}

static int
measure(const struct settings *settings, const struct suite *suite)
{
	struct session_help help = {.is_exhaustive = true};
	struct session s;
	struct buf note;
	uint32_t least;
	int code;

	session_run(&s, settings, suite, &help);
	buf_init(&note, 16u << 20);
	least = aa_note_make(&s, &note);
	code = exit_code(&s, least);
	if (code != EXIT_UNMEASURED &&
	    archive_note(settings->store, s.id, &note) != 0)
		code = EXIT_UNMEASURED;
	if (settings->format != FORMAT_JSON)
		print_table(&s, least);
	if ((settings->format == FORMAT_JSON ? command_print(&note) :
	    command_flush()) != 0)
		code = EXIT_UNMEASURED;
	buf_fini(&note);
	session_fini(&s);
	return (code);
}

int
command_aa(const struct settings *settings)
{
	struct settings own = *settings;
	struct suite suite;
	int code;

	if (settings->is_child)
		return (gather_run(settings));
	code = suite_load(settings, &suite);
	if (code != 0)
		return (code);
	/* Its rounds and time are not those of a gate. */
	own.has.rounds = own.has.time = true;
	code = policy_take(&suite, &own);
	if (code == 0)
		code = measure(&own, &suite);
	suite_fini(&suite);
	return (code);
}
