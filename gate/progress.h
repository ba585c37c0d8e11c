/* SPDX-License-Identifier: ISC */
/*
 * Live progress on stderr: one line that redraws on a terminal; else plain
 * lines, the longer it takes the fewer.
 */
#ifndef GATE_PROGRESS_H
#define GATE_PROGRESS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/clock.h"
#include "gate/engine.h"

struct progress {
	bool is_quiet;
	bool is_terminal;
	bool has_colour;
	bool is_drawn;     /* the line is on the screen */
	mono_us started;
	mono_us next;      /* when to draw again */
};

/* p stays where it is until progress_end. */
void progress_init(struct progress *p, bool is_quiet, mono_us now);

/* How long until the next drawing is due. */
span_us progress_interval(const struct progress *p, mono_us now);

/* How far a gate is, beside its evidence. */
struct progress_work {
	uint32_t completed;    /* rounds of every check, earlier ones too */
	uint32_t fresh;        /* of them, those of this gate */
	uint32_t most;         /* of those */
	span_us time;          /* budget; 0: none */
	bool is_exhaustive;    /* no verdict ends it, its rounds do */
	const char *waits_for; /* what it has waited for longest; NULL */
	const char *waits_where; /* the arm, NULL */
	span_us waits;         /* since when; told when it is long */
};

/* Columns of a line: one as wide as the terminal would wrap, and stay. */
size_t progress_width(const struct progress *p);

/*
 * Show this text, not longer than the width, in place of the line, when it
 * is time.
 */
void progress_say(struct progress *p, const char *text, mono_us now);

/* Draw, when it is time. */
void progress_draw(struct progress *p, const struct engine *e,
    const struct progress_work *work, mono_us now);

/*
 * Append the line, at most width columns of it, the parts that matter most:
 * how far the evidence for a pass and for a block has come on the way to its
 * bound, how long it will take at this pace, what it waits for, what has
 * failed.
 */
void progress_format(const struct progress *p, const struct engine *e,
    const struct progress_work *work, mono_us now, size_t width,
    struct buf *out);

/* Append a time in whole seconds: "7s", "1m07s". */
void progress_time(span_us t, struct buf *out);

/*
 * Wipe the line, so that something else can be printed; lines of the log do
 * so by themselves.
 */
void progress_wipe(struct progress *p);

/* Wipe it for good. */
void progress_end(struct progress *p);

#endif
