/* SPDX-License-Identifier: ISC */
/*
 * Live progress on stderr: one line that redraws on a terminal, else a plain
 * line every few seconds.
 */
#ifndef GATE_PROGRESS_H
#define GATE_PROGRESS_H

#include <stdbool.h>

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

/* Draw, when it is time. completed: rounds of every check; of: at most. */
void progress_draw(struct progress *p, const struct engine *e,
    uint32_t completed, uint32_t of, mono_us now);

/* Wipe the line, so that something else can be printed. */
void progress_end(struct progress *p);

#endif
