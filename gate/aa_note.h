/* SPDX-License-Identifier: ISC */
/* The note of kind "aa": what rounds of a baseline against itself showed. */
#ifndef GATE_AA_NOTE_H
#define GATE_AA_NOTE_H

#include "base/buf.h"
#include "gate/session.h"

/* Rounds of a check's steps that were reached, of all checks. */
struct aa_rounds {
	uint32_t least, most;
};

/*
 * Append the note of all checks of s, of which suite, engine, finished,
 * verdict and rounds are read.
 */
struct aa_rounds aa_note_make(const struct session *s, struct buf *out);

/*
 * Take from a note, made at that time, what fits the checks that have none
 * yet; anything else is passed over.
 */
void aa_note_read(struct suite *suite, const char *text, size_t len,
    wall_us at);

#endif
