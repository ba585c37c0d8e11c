/* SPDX-License-Identifier: ISC */
/*
 * The one writer of a store directory. Documents are appended to a batch;
 * store_writer_commit makes the batch durable (WAL, synchronous FULL: it
 * outlives a kill -9 and a power cut), and only then may it be acknowledged.
 * Rollups follow within a second and are made good after a crash.
 *
 * When a call fails with ERR_IO, ERR_BUSY or ERR_CORRUPT the whole batch has
 * been rolled back: what was not committed must be given again. The writer
 * stays usable; store_writer_revive says when it works again.
 */
#ifndef STORE_WRITER_H
#define STORE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cause.h"
#include "base/clock.h"
#include "base/message.h"

struct store_writer;

struct store_options {
	const char *dir;    /* made when missing */
	int64_t retain_days; /* raw runs; 0: for ever */
};

struct store_counts {
	uint64_t runs;      /* stored */
	uint64_t again;     /* given again and there already */
	uint64_t rejected;  /* no run events */
	uint64_t expired;   /* older than what is retained */
	uint64_t commits;   /* of batches */
};

/*
 * Open the store for writing: takes the lock, migrates, counts what a crash
 * left uncounted. Returns 0; ERR_BUSY when another writer has it,
 * ERR_VERSION, ERR_IO, ERR_CORRUPT with a sentence in c.
 */
int store_writer_open(const struct store_options *options,
    struct store_writer **out, struct cause *c);

/* Commit, write the rollups, close. */
void store_writer_close(struct store_writer **w);

/*
 * Add one run event to the batch. is_again: it may be stored already, and is
 * not stored twice. A document that is no run event is put aside in the
 * table rejected and counts as taken. Returns 0 or a store error (above).
 */
int store_writer_append(struct store_writer *w, const char *doc, size_t len,
    bool is_again);

/* Make the plan's summary (message PLAN) the plan. ERR_SYNTAX: it is none. */
int store_writer_plan(struct store_writer *w, const char *doc, size_t len);

/*
 * Store a gate document (doc/gate-document.md) under its id; what was there
 * is replaced. ERR_SYNTAX: it is none.
 */
int store_writer_gate(struct store_writer *w,
    const uint8_t id[static MESSAGE_ID_SIZE], const char *doc, size_t len);

/* Make the batch durable. Returns 0 or a store error. */
int store_writer_commit(struct store_writer *w);

/* Rows in the batch. */
size_t store_writer_pending(const struct store_writer *w);

/* Write the rollups now; they are due once a second. */
int store_writer_flush(struct store_writer *w);
bool store_writer_needs_flush(const struct store_writer *w);

/*
 * True when a file that is being written was removed or replaced: what is
 * stored goes nowhere. The store must be opened anew.
 */
bool store_writer_has_moved(const struct store_writer *w);

/* Remove runs files and rollups past their time. */
int store_writer_expire(struct store_writer *w, wall_us now);

/* The due time of the newest scheduled run; 0: there is none. */
wall_us store_writer_newest(const struct store_writer *w);

/* After an error: open anew and try a write. Returns 0 when it works. */
int store_writer_revive(struct store_writer *w);

/* Why the last call failed, a sentence; lives until the next call. */
const char *store_writer_reason(const struct store_writer *w);

/* What it did since it was opened; lives as long as the writer. */
const struct store_counts *store_writer_counts(const struct store_writer *w);

/* Append the document of READY: each check's last due time. */
void store_writer_ready(struct store_writer *w, struct buf *out);

#endif
