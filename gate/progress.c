/* SPDX-License-Identifier: ISC */
/* The progress line. */
#include "gate/progress.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TERMINAL_INTERVAL (200 * SPAN_MS)
#define PLAIN_INTERVAL (5 * SPAN_S)
#define LINE_SIZE 240

void
progress_init(struct progress *p, bool is_quiet, mono_us now)
{
	const char *term = getenv("TERM");

	*p = (struct progress){.is_quiet = is_quiet, .started = now,
	    .is_terminal = isatty(STDERR_FILENO) && term != NULL &&
	    strcmp(term, "dumb") != 0};
	p->next = now + progress_interval(p);
}

span_us
progress_interval(const struct progress *p)
{
	return (p->is_terminal ? TERMINAL_INTERVAL : PLAIN_INTERVAL);
}

static void
format_to_go(const struct engine *e, char *out, size_t size)
{
	uint32_t rounds = engine_rounds_to_pass(e);

	if (rounds == UINT32_MAX)
		snprintf(out, size, "more rounds needed");
	else if (rounds == 0)
		snprintf(out, size, "evidence complete");
	else
		snprintf(out, size, "about %u rounds to a pass", rounds);
}

static int
format_line(const struct progress *p, const struct engine *e,
    uint32_t completed, uint32_t of, mono_us now, char *out)
{
	struct engine_counts n = engine_counts_total(e);
	char spent[CLOCK_SPAN_SIZE], to_go[64];
	size_t done, all;

	clock_format_span(now - p->started, spent);
	engine_pass_progress(e, &done, &all);
	format_to_go(e, to_go, sizeof(to_go));
	return (snprintf(out, LINE_SIZE, "round %u of %u  against %.3g of "
	    "%.3g  clear %zu of %zu  failures %u/%u  void %u  %s  %s",
	    completed, of, exp(engine_log_evidence(e)),
	    exp(engine_log_bound(e)), done, all, n.candidate_failures,
	    n.baseline_failures, n.voids, to_go, spent));
}

void
progress_draw(struct progress *p, const struct engine *e, uint32_t completed,
    uint32_t of, mono_us now)
{
	char line[LINE_SIZE];

	if (p->is_quiet || now < p->next)
		return;
	p->next = now + progress_interval(p);
	format_line(p, e, completed, of, now, line);
	if (p->is_terminal)
		fprintf(stderr, "\r\033[K%s", line);
	else
		fprintf(stderr, "%s\n", line);
	fflush(stderr);
	p->is_drawn = p->is_terminal;
}

void
progress_end(struct progress *p)
{
	if (p->is_drawn)
		fprintf(stderr, "\r\033[K");
	fflush(stderr);
	p->is_drawn = false;
}
