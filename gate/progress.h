/* SPDX-License-Identifier: ISC */
/*
 * Live progress on stderr: one line that redraws on a terminal, else a plain
 * line every few seconds.
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
	bool is_drawn;     /* the line is on the screen */
	mono_us started;
	mono_us next;      /* when to draw again */
};

void progress_init(struct progress *p, bool is_quiet, mono_us now);

/* How long until the next drawing is due. */
span_us progress_interval(const struct progress *p);

/* Rounds that every check has completed, and how many there are at most. */
struct progress_rounds {
	uint32_t completed, most;
};

/* Show this text in place of the line, when it is time. */
void progress_say(struct progress *p, const char *text, mono_us now);

/* Draw, when it is time. */
void progress_draw(struct progress *p, const struct engine *e,
    const struct progress_rounds *rounds, mono_us now);

/*
 * Append the line, at most width bytes of it, whole parts only: how far the
 * evidence for a pass and for a block has come, and what has failed.
 */
void progress_format(const struct progress *p, const struct engine *e,
    const struct progress_rounds *rounds, mono_us now, size_t width,
    struct buf *out);

/* Wipe the line, so that something else can be printed. */
void progress_end(struct progress *p);

#endif
