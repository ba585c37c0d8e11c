/* SPDX-License-Identifier: ISC */
/*
 * The gate and the store: what is known of the checks from before, and the
 * record of the gate itself. The store is a help, never a condition: without
 * it the verdict stands.
 */
#ifndef GATE_ARCHIVE_H
#define GATE_ARCHIVE_H

#include "gate/report.h"

/*
 * Fill in each check's history of scheduled runs against the baseline's
 * environment, day by day, and what the newest rounds of that baseline
 * against itself have shown. A store that is not there yet has none; one that
 * cannot be read is a warning on stderr.
 */
void archive_read_history(struct suite *suite, const char *dir, wall_us now);

/*
 * Record a note (its document names kind, service and time) under an id.
 * Returns 0, or an enum err after a sentence on stderr.
 */
int archive_note(const char *dir, const uint8_t id[static MESSAGE_ID_SIZE],
    const struct buf *note);

/*
 * Append the document of the gate in the store whose id begins with prefix.
 * Returns 0, or an enum err with a sentence in cause.
 */
int archive_load(const char *dir, const char *prefix, struct buf *out,
    struct cause *cause);

/*
 * The id of the newest gate of this identity. Returns 0; ERR_NOT_FOUND when
 * there is none, or no store; or an enum err with a sentence in cause.
 */
int archive_find(const char *dir, const char *identity,
    char id[static 2 * MESSAGE_ID_SIZE + 1], struct cause *cause);

/*
 * Put in place of a gate's id that of the newest gate that goes on from its
 * evidence: itself when none does. Returns 0, or an enum err with a sentence
 * in cause.
 */
int archive_follow(const char *dir, char id[static 2 * MESSAGE_ID_SIZE + 1],
    struct cause *cause);

/* The record of a gate that is being made. */
struct archive;

/*
 * Reach the store, or start one. Warns on stderr and returns NULL when it
 * cannot be; the functions below then do nothing, or try again.
 */
struct archive *archive_open(const char *dir);
void archive_close(struct archive **a);

/*
 * Hand over the rounds that were completed since the last time, as those of
 * an unfinished gate. Never waits; does nothing while the last ones are not
 * on disk.
 */
void archive_update(struct archive *a, const struct session *s);

/* Record the whole gate in dir; warns on stderr if it cannot. */
void archive_store(struct archive *a, const struct report *r,
    const char *dir);

#endif
