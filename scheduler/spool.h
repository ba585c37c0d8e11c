/* SPDX-License-Identifier: ISC */
/*
 * Run events on disk while the store cannot take them: append-only segment
 * files, read back in order, each removed when all of it is stored. Writes
 * are not synced: what was appended outlives the process, not the machine. A
 * segment whose end was torn by a crash is read up to there. Segments that
 * an earlier process left are found when the spool is opened.
 */
#ifndef SCHEDULER_SPOOL_H
#define SCHEDULER_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/message.h"

struct spool;

/*
 * Open a directory, made when missing, for this process alone. Returns 0,
 * ERR_BUSY when another process has it, or ERR_IO.
 */
int spool_open(const char *dir, struct spool **out);

/* Close; segments that are not done stay for the next process. */
void spool_close(struct spool **s);

/* True when every event has been read back. */
bool spool_is_read(const struct spool *s);

/*
 * Append an event: code, id and document of m. *segment (may be NULL) tells
 * where. Returns 0, or ERR_IO with errno and nothing appended.
 */
int spool_append(struct spool *s, const struct message *m, uint64_t *segment);

/* Pass over all that was appended so far: the caller has it in memory. */
void spool_skip(struct spool *s);

/*
 * Read the next event into m; m->doc lives until the next call. *segment is
 * for spool_done. Returns 0, ERR_NOT_FOUND when all is read, or ERR_BUSY when
 * there are no descriptors to spare just now. A segment that the disk does
 * not give is passed over and stays for the next process.
 */
int spool_read(struct spool *s, struct message *m, uint64_t *segment);

/*
 * Show cb the events that are not read yet, oldest first, until about
 * most_bytes were seen; they remain unread. Call before the first append.
 */
void spool_scan(struct spool *s, uint64_t most_bytes,
    void (*cb)(const struct message *m, void *arg), void *arg);

/* One event of this segment is stored. */
void spool_done(struct spool *s, uint64_t segment);

/* Bytes on disk. */
uint64_t spool_bytes(const struct spool *s);

#endif
