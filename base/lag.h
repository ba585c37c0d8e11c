/* SPDX-License-Identifier: ISC */
/*
 * How late a loop was, and when: the stalls of a process, so that what was
 * measured through one is told apart from what came after it.
 */
#ifndef BASE_LAG_H
#define BASE_LAG_H

#include <stddef.h>

#include "base/clock.h"

#define LAG_STALLS_MOST 32

/* Each ended later than the one before it, and was shorter. */
struct lag {
	struct lag_stall {
		mono_us end;
		span_us length;
	} stalls[LAG_STALLS_MOST];
	size_t count;
};

/* Note that something was run at end, length late; end never goes back. */
void lag_note(struct lag *l, mono_us end, span_us length);

/* The longest stall that ended after since; 0: none. */
span_us lag_since(const struct lag *l, mono_us since);

#endif
