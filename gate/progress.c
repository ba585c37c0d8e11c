/* SPDX-License-Identifier: ISC */
/* The progress line. */
#include "gate/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define TERMINAL_INTERVAL (200 * SPAN_MS)
#define PLAIN_INTERVAL (5 * SPAN_S)
#define WIDTH_DEFAULT 80
#define PART_SIZE 100

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

/* A line longer than the terminal would wrap and not be wiped. */
static size_t
terminal_width(void)
{
	struct winsize w;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &w) != 0 || w.ws_col < 20)
		return (WIDTH_DEFAULT);
	return (w.ws_col);
}

/* Append a part if the whole of it fits. */
static void __attribute__((format(printf, 3, 4)))
append_part(struct buf *out, size_t width, const char *fmt, ...)
{
	char part[PART_SIZE];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(part, sizeof(part), fmt, ap);
	va_end(ap);
	if (n > 0 && out->len + (size_t)n <= width)
		buf_append_str(out, part);
}

/* How far evidence has come on its way, in percent. */
static int
percent(double share)
{
	return (share <= 0 ? 0 : share >= 1 ? 100 : (int)(100 * share));
}

static void
append_pass(struct buf *out, size_t width, const struct engine *e,
    span_us per_round)
{
	uint32_t rounds = engine_rounds_to_pass(e);
	int done = percent(engine_pass_share(e));
	char time[CLOCK_SPAN_SIZE];

	if (rounds == UINT32_MAX || per_round == 0) {
		append_part(out, width, "  pass %d %%", done);
		return;
	}
	clock_format_span(per_round * rounds, time);
	append_part(out, width, "  pass %d %% (about %s to go)", done, time);
}

void
progress_format(const struct progress *p, const struct engine *e,
    const struct progress_rounds *rounds, mono_us now, size_t width,
    struct buf *out)
{
	struct engine_counts n = engine_counts_total(e);
	char spent[CLOCK_SPAN_SIZE];

	clock_format_span(now - p->started, spent);
	append_part(out, width, "%s  round %u of %u", spent,
	    rounds->completed, rounds->most);
	append_pass(out, width, e, rounds->completed > 0 ?
	    (now - p->started) / rounds->completed : 0);
	append_part(out, width, "  block %d %%", percent(
	    engine_log_evidence(e) / engine_log_bound(e)));
	if (n.candidate_failures + n.baseline_failures > 0)
		append_part(out, width, "  failed %u, baseline %u",
		    n.candidate_failures, n.baseline_failures);
	if (n.voids > 0)
		append_part(out, width, "  void %u", n.voids);
}

void
progress_say(struct progress *p, const char *text, mono_us now)
{
	if (p->is_quiet || now < p->next)
		return;
	p->next = now + progress_interval(p);
	if (p->is_terminal)
		fprintf(stderr, "\r\033[K%.*s", (int)terminal_width() - 1,
		    text);
	else
		fprintf(stderr, "%s\n", text);
	fflush(stderr);
	p->is_drawn = p->is_terminal;
}

void
progress_draw(struct progress *p, const struct engine *e,
    const struct progress_rounds *rounds, mono_us now)
{
	struct buf line;

	if (p->is_quiet || now < p->next)
		return;
	buf_init(&line, PART_SIZE * 8);
	progress_format(p, e, rounds, now, p->is_terminal ?
	    terminal_width() - 1 : WIDTH_DEFAULT - 1, &line);
	progress_say(p, buf_str(&line), now);
	buf_fini(&line);
}

void
progress_end(struct progress *p)
{
	if (p->is_drawn)
		fprintf(stderr, "\r\033[K");
	fflush(stderr);
	p->is_drawn = false;
}
