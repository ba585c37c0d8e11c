/* SPDX-License-Identifier: ISC */
/* The progress line. */
#include "gate/progress.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
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
format_to_go(const struct engine *e, span_us per_round, char *out,
    size_t size)
{
	uint32_t rounds = engine_rounds_to_pass(e);
	char time[CLOCK_SPAN_SIZE];

	clock_format_span(per_round * rounds, time);
	if (rounds == UINT32_MAX)
		snprintf(out, size, "pass not in sight");
	else
		snprintf(out, size, "~%u to a pass (%s)", rounds, time);
}

/* A line longer than the terminal would wrap and not be wiped. */
static int
terminal_width(void)
{
	struct winsize w;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &w) != 0 || w.ws_col < 20)
		return (80);
	return (w.ws_col);
}

static void
format_line(const struct progress *p, const struct engine *e,
    uint32_t completed, uint32_t of, mono_us now, char *out)
{
	struct engine_counts n = engine_counts_total(e);
	char spent[CLOCK_SPAN_SIZE], to_go[80], voids[32] = "";
	size_t done, all;

	clock_format_span(now - p->started, spent);
	engine_pass_progress(e, &done, &all);
	format_to_go(e, completed > 0 ? (now - p->started) / completed : 0,
	    to_go, sizeof(to_go));
	if (n.voids > 0)
		snprintf(voids, sizeof(voids), "  void %u", n.voids);
	snprintf(out, LINE_SIZE, "%s  round %u/%u, %s  against %.3g/%.3g  "
	    "clear %zu/%zu  failed %u:%u%s", spent, completed, of, to_go,
	    exp(engine_log_evidence(e)), exp(engine_log_bound(e)), done, all,
	    n.candidate_failures, n.baseline_failures, voids);
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
		fprintf(stderr, "\r\033[K%.*s", terminal_width() - 1, line);
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
