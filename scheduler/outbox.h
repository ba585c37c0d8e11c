/* SPDX-License-Identifier: ISC */
/*
 * The way to the store: owns the store's process, keeps every run event
 * until the store has acknowledged its commit, sends again what a dead store
 * had not, and puts events on disk (scheduler/spool.h) while the store is
 * away or too slow. Events reach the store in the order they were added.
 */
#ifndef SCHEDULER_OUTBOX_H
#define SCHEDULER_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"
#include "base/message.h"

struct outbox;

struct outbox_options {
	const char *store;     /* the store's directory */
	const char *spool;     /* directory of the spool */
	const char *program;   /* NULL: e2e-store beside us */
	size_t memory_most;    /* bytes of events in memory; 0: 32 MiB */
	span_us away_most;     /* store away or still so long: on disk; 0:
				* 1 s */
	span_us stuck_after;   /* nothing acknowledged so long: the store is
				* replaced; 0: 60 s */
};

/* The store is ready, for the first time or again. m is its READY. */
typedef void outbox_ready_cb(const struct message *m, void *arg);

/*
 * Open the spool and start the store. Returns 0; ERR_BUSY when another
 * process has the spool, or ERR_IO with errno.
 */
int outbox_new(struct loop *loop, const struct outbox_options *o,
    outbox_ready_cb *ready, void *arg, struct outbox **out);

/* Put what is not acknowledged on disk, end the store, free. */
void outbox_free(struct outbox **o);

/*
 * Show cb the events that an earlier process left in the spool, the oldest 64
 * MiB of them. Call before the loop runs.
 */
void outbox_scan(struct outbox *o,
    void (*cb)(const struct message *m, void *arg), void *arg);

/*
 * Add a run event: code, id and document of m. is_again: it may be stored
 * already, so that the store must look.
 */
void outbox_add(struct outbox *o, const struct message *m, bool is_again);

/*
 * Add an event of before everything else; only from within outbox_ready_cb.
 * What is older must never be stored after what is newer, or a crash in
 * between would hide that it is missing. Where the spool is in use it stands
 * at its end, which no crash of ours can lose.
 */
void outbox_add_first(struct outbox *o, const struct message *m);

/* Tell the store the plan, now and whenever it is ready. Takes doc. */
void outbox_take_plan(struct outbox *o, char *doc, size_t len);

/*
 * The manifests were refused: tell the store, as above, until there is
 * another plan. Takes doc.
 */
void outbox_take_refusal(struct outbox *o, char *doc, size_t len);

/*
 * Wait until everything is acknowledged, at most so long, then have the
 * store end; done is called once it is gone, or within a few seconds more.
 */
void outbox_stop(struct outbox *o, span_us within, void (*done)(void *arg),
    void *arg);

struct outbox_stats {
	bool is_ready;       /* the store */
	size_t in_memory;    /* events not acknowledged */
	size_t memory_bytes;
	uint64_t spool_bytes;
	uint64_t added;      /* ever */
	uint64_t acked;
	uint64_t dropped;    /* disk and memory were full */
};

void outbox_get_stats(const struct outbox *o, struct outbox_stats *out);

#endif
