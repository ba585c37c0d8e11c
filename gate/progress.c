/* SPDX-License-Identifier: ISC */
/* The progress line. */
#include "gate/progress.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/must.h"
#include "base/table.h"

#define TERMINAL_INTERVAL (200 * SPAN_MS)
#define PLAIN_INTERVAL_LEAST (5 * SPAN_S)
#define PLAIN_INTERVAL_MOST (60 * SPAN_S)
#define PLAIN_SHARE 10   /* of the time so far, between plain lines */
#define WIDTH_DEFAULT 80
#define WIDTH_LEAST 20
#define WIDTH_PLAIN 160
#define WAIT_TOLD (5 * SPAN_S)
#define BLOCK_TOLD 0.2   /* of the way, from which its end can be told */
#define BAR_SIZE 8
#define PART_SIZE 100
#define PARTS_MOST 16
#define TIME_MOST (9999 * SPAN_H)

/* What matters most comes first, and has a place before the others. */
enum rank {
	RANK_SPENT,
	RANK_WAIT,
	RANK_PASS,
	RANK_BLOCK,
	RANK_TO_GO,
	RANK_FAILED,
	RANK_VOID,
	RANK_WAIT_WHERE,
	RANK_BEYOND,
	RANK_BAR,
	RANK_ROUNDS,
	RANK_BUDGET,
	RANK_COUNT
};

struct part {
	enum rank rank;
	const char *glue;
	enum table_colour colour;
	char text[PART_SIZE];
};

struct line {
	struct part parts[PARTS_MOST];
	size_t count;
};

void
progress_wipe(struct progress *p)
{
	if (p->is_drawn)
		fprintf(stderr, "\r\033[K");
	fflush(stderr);
	p->is_drawn = false;
}

static void
wipe_cb(void *arg)
{
	progress_wipe(arg);
}

void
progress_init(struct progress *p, bool is_quiet, mono_us now)
{
	const char *term = getenv("TERM");

	*p = (struct progress){.is_quiet = is_quiet, .started = now,
	    .is_terminal = isatty(STDERR_FILENO) && term != NULL &&
	    strcmp(term, "dumb") != 0,
	    .has_colour = table_style_for(stderr).has_colour};
	p->next = now + progress_interval(p, now);
	if (p->is_terminal)
		log_before(wipe_cb, p);
}

span_us
progress_interval(const struct progress *p, mono_us now)
{
	span_us share = (now - p->started) / PLAIN_SHARE;

	if (p->is_terminal)
		return (TERMINAL_INTERVAL);
	return (share < PLAIN_INTERVAL_LEAST ? PLAIN_INTERVAL_LEAST :
	    share > PLAIN_INTERVAL_MOST ? PLAIN_INTERVAL_MOST : share);
}

size_t
progress_width(const struct progress *p)
{
	size_t columns;

	if (!p->is_terminal)
		return (WIDTH_PLAIN);
	columns = table_style_for(stderr).width;
	return ((columns < WIDTH_LEAST ? WIDTH_DEFAULT : columns) - 1);
}

static struct part * __attribute__((format(printf, 4, 5)))
add_part(struct line *l, enum rank rank, const char *glue,
    const char *fmt, ...)
{
	struct part *part = &l->parts[l->count];
	va_list ap;

	must(l->count < PARTS_MOST);
	*part = (struct part){.rank = rank, .glue = l->count > 0 ? glue : "",
	    .colour = TABLE_PLAIN};
	va_start(ap, fmt);
	vsnprintf(part->text, sizeof(part->text), fmt, ap);
	va_end(ap);
	l->count++;
	return (part);
}

static size_t
columns_of(const struct line *l, enum rank rank)
{
	size_t i, columns = 0;

	for (i = 0; i < l->count; i++)
		if (l->parts[i].rank == rank)
			columns += strlen(l->parts[i].glue) +
			    strlen(l->parts[i].text);
	return (columns);
}

/* One bit for each rank that has a place. */
static unsigned int
pick_ranks(const struct line *l, size_t width)
{
	unsigned int picked = 0;
	size_t used = 0, columns;
	int rank;

	for (rank = 0; rank < RANK_COUNT; rank++) {
		columns = columns_of(l, (enum rank)rank);
		if (used + columns > width ||
		    (rank == RANK_WAIT_WHERE && !(picked & 1u << RANK_WAIT)) ||
		    (rank == RANK_BEYOND && !(picked & 1u << RANK_TO_GO)))
			continue;
		picked |= 1u << rank;
		used += columns;
	}
	return (picked);
}

static void
print_line(const struct line *l, bool has_colour, size_t width,
    struct buf *out)
{
	unsigned int picked = pick_ranks(l, width);
	const struct part *part;

	for (part = l->parts; part < l->parts + l->count; part++) {
		if (!(picked & 1u << part->rank))
			continue;
		buf_append_str(out, part->glue);
		if (has_colour && part->colour != TABLE_PLAIN)
			buf_printf(out, "%s%s%s", table_escape(part->colour),
			    part->text, table_escape(TABLE_PLAIN));
		else
			buf_append_str(out, part->text);
	}
}

void
progress_time(span_us t, struct buf *out)
{
	char text[CLOCK_SPAN_SIZE];

	if (t < SPAN_MIN) {
		buf_printf(out, "%ds", (int)(t / SPAN_S));
		return;
	}
	if (t < SPAN_H && t % SPAN_MIN == 0) {
		buf_printf(out, "%dm", (int)(t / SPAN_MIN));
		return;
	}
	clock_format_span(t, text);
	buf_append_str(out, text);
}

/* A share of the way, in percent and drawn. */
static void
add_share(struct line *l, enum rank rank, const char *name, double share,
    enum table_colour colour)
{
	static const char full[] = "########", empty[] = "--------";
	double within = share > 0 ? fmin(share, 1) : 0;
	int done = (int)(BAR_SIZE * within);

	add_part(l, rank, "  ", "%s %d %%", name, (int)(100 * within));
	add_part(l, RANK_BAR, " ", "[%.*s%.*s]", done, full, BAR_SIZE - done,
	    empty)->colour = done > 0 ? colour : TABLE_PLAIN;
}

/*
 * Rounds to the verdict that is nearest if things go on as they did. Evidence
 * against the candidate that has come some way grows evenly; less of it may
 * be chance, and says nothing of an end.
 */
static double
rounds_to_go(const struct engine *e, const struct progress_work *w,
    const char **verdict)
{
	double share = engine_log_evidence(e) / engine_log_bound(e);
	uint32_t to_pass = engine_rounds_to_pass(e);
	double to_block = share >= BLOCK_TOLD ?
	    w->completed * fmax(1 - share, 0) / share : INFINITY;

	if (w->is_exhaustive) {
		*verdict = "the end";
		return (w->most > w->fresh ? w->most - w->fresh : 0);
	}
	*verdict = to_block < to_pass ? "a block" : "a pass";
	if (to_block < to_pass)
		return (to_block);
	return (to_pass < UINT32_MAX ? to_pass : INFINITY);
}

static void
add_to_go(struct line *l, const struct engine *e,
    const struct progress_work *w, span_us spent)
{
	const char *verdict;
	double rounds = rounds_to_go(e, w, &verdict), time;
	struct buf text;

	if (w->fresh == 0 || isinf(rounds)) {
		add_part(l, RANK_TO_GO, "  ", "time to go unknown");
		return;
	}
	time = rounds * (double)spent / w->fresh;
	buf_init(&text, PART_SIZE);
	progress_time(time < (double)TIME_MOST ? (span_us)time : TIME_MOST,
	    &text);
	add_part(l, RANK_TO_GO, "  ", "~%s to %s", buf_str(&text), verdict);
	if (rounds > w->most - w->fresh ||
	    (w->time > 0 && time > (double)(w->time - spent)))
		add_part(l, RANK_BEYOND, "", ", beyond the budget");
	buf_fini(&text);
}

static void
add_times(struct line *l, const struct progress_work *w, span_us spent)
{
	struct buf text;

	buf_init(&text, PART_SIZE);
	progress_time(spent, &text);
	add_part(l, RANK_SPENT, "", "%s", buf_str(&text));
	if (w->time > 0) {
		buf_reset(&text);
		progress_time(w->time, &text);
		add_part(l, RANK_BUDGET, " ", "of %s", buf_str(&text));
	}
	add_part(l, RANK_ROUNDS, "  ", "round %u/%u", w->fresh, w->most);
	buf_fini(&text);
}

static void
add_wait(struct line *l, const struct progress_work *w)
{
	struct buf text;

	if (w->waits_for == NULL || w->waits < WAIT_TOLD)
		return;
	buf_init(&text, PART_SIZE);
	progress_time(w->waits, &text);
	add_part(l, RANK_WAIT, "  ", "waits %s for %s", buf_str(&text),
	    w->waits_for)->colour = TABLE_WARN;
	if (w->waits_where != NULL)
		add_part(l, RANK_WAIT_WHERE, " ", "on the %s",
		    w->waits_where)->colour = TABLE_WARN;
	buf_fini(&text);
}

void
progress_format(const struct progress *p, const struct engine *e,
    const struct progress_work *work, mono_us now, size_t width,
    struct buf *out)
{
	struct engine_counts n = engine_counts_total(e);
	struct line line = {.count = 0};

	add_times(&line, work, now - p->started);
	if (!work->is_exhaustive) {
		add_share(&line, RANK_PASS, "pass", engine_pass_share(e),
		    TABLE_GOOD);
		add_share(&line, RANK_BLOCK, "block", engine_log_evidence(e) /
		    engine_log_bound(e), TABLE_BAD);
	}
	add_to_go(&line, e, work, now - p->started);
	add_wait(&line, work);
	if (n.candidate_failures + n.baseline_failures > 0)
		add_part(&line, RANK_FAILED, "  ", "failed %u, baseline %u",
		    n.candidate_failures, n.baseline_failures);
	if (n.voids > 0)
		add_part(&line, RANK_VOID, "  ", "void %u", n.voids);
	print_line(&line, p->has_colour, width, out);
}

void
progress_say(struct progress *p, const char *text, mono_us now)
{
	if (p->is_quiet || now < p->next)
		return;
	p->next = now + progress_interval(p, now);
	if (p->is_terminal)
		fprintf(stderr, "\r\033[K%s", text);
	else
		fprintf(stderr, "%s\n", text);
	fflush(stderr);
	p->is_drawn = p->is_terminal;
}

void
progress_draw(struct progress *p, const struct engine *e,
    const struct progress_work *work, mono_us now)
{
	struct buf line;

	if (p->is_quiet || now < p->next)
		return;
	buf_init(&line, PART_SIZE * PARTS_MOST);
	progress_format(p, e, work, now, progress_width(p), &line);
	progress_say(p, buf_str(&line), now);
	buf_fini(&line);
}

void
progress_end(struct progress *p)
{
	progress_wipe(p);
	if (p->is_terminal)
		log_before(NULL, NULL);
}
