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
	char median[CLOCK_SPAN_SIZE];
	struct aa_check aa;
	uint32_t i;
	int j;

	aa_measure(s->engine, check, &aa, steps);
	for (i = 0; i < c->step_count; i++) {
		double phi = 0;

		for (j = 0; j < LATENCY_SCORES; j++)
			if (steps[i].phi0.scores[j] > phi)
				phi = steps[i].phi0.scores[j];
		if (steps[i].rounds == 0) {
			printf("     0     -            -        -  %s, step "
			    "%u %s\n", c->id, i + 1, c->steps[i].name);
			continue;
		}
		clock_format_span((span_us)(steps[i].median_ns / 1e3),
		    median);
		printf("%6u  %4.2f  %11s  %5.1f %%  %s, step %u %s\n",
		    steps[i].rounds, phi, median, 100 * steps[i].spread,
		    c->id, i + 1, c->steps[i].name);
	}
	free(steps);
}

/* A baseline that fails says nothing of latency. */
static void
print_failures(const struct session *s, size_t check)
{
	struct engine_counts n = engine_counts(s->engine, check);
	uint32_t failures = n.candidate_failures + n.baseline_failures;

	if (failures > 0)
		printf("\n%s failed in %u of its %u runs.\n",
		    s->suite->checks[check].id, failures, 2 * n.rounds);
}

static void
print_table(const struct session *s, uint32_t least)
{
	size_t i;

	printf("A/A  baseline against itself: %s, %u round%s of %zu check%s\n"
	    "\nrounds  phi0       median   spread  step\n",
	    engine_verdict_name(s->verdict), s->rounds, s->rounds == 1 ? "" :
	    "s", s->suite->count, s->suite->count == 1 ? "" : "s");
	for (i = 0; i < s->suite->count; i++)
		print_steps(s, i);
	for (i = 0; i < s->suite->count; i++)
		print_failures(s, i);
	if (s->rounds_end == ROUNDS_HOPELESS)
		printf("\nIt ended early: %s.\n",
		    engine_reason_text(s->reason));
	if (least == 0)
		printf("\nSome check has no step that was reached: of it "
		    "nothing is noted.\n");
	else if (least < AA_ROUNDS_WANTED)
		printf("\nFewer than %d rounds of some step: phi0 has %.2f "
		    "added for chance%s.\n", AA_ROUNDS_WANTED,
		    1 / sqrt(least), least < AA_ROUNDS_LEAST ?
		    ", and with fewer than 100 it is not used" : "");
	if (s->verdict == ENGINE_BLOCK)
		printf("\nThe baseline differs from itself: what tells the "
		    "two halves of a round apart?\n");
}

static int
exit_code(const struct session *s, struct aa_rounds n)
{
	if (s->reason == ENGINE_REASON_NO_ROUNDS || n.most == 0 ||
	    (s->verdict == ENGINE_INCONCLUSIVE &&
	    s->reason == ENGINE_REASON_INFRASTRUCTURE))
		return (EXIT_UNMEASURED);
	if (s->verdict == ENGINE_BLOCK)
		return (EXIT_BAD);
	return (n.least < AA_ROUNDS_WANTED ? EXIT_INCONCLUSIVE : EXIT_GOOD);
}

static int
measure(const struct settings *settings, const struct suite *suite)
{
	struct session_help help = {.is_exhaustive = true};
	struct session s;
	struct buf note;
	struct aa_rounds n;
	int code;

	session_run(&s, settings, suite, &help);
	buf_init(&note, 16u << 20);
	n = aa_note_make(&s, &note);
	code = exit_code(&s, n);
	if (code != EXIT_UNMEASURED &&
	    archive_note(settings->store, s.id, &note) != 0)
		code = EXIT_UNMEASURED;
	if (settings->format != FORMAT_JSON)
		print_table(&s, n.least);
	if ((settings->format == FORMAT_JSON ?
	    command_print(&note, FORMAT_JSON) : command_flush()) != 0)
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
