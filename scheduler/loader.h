/* SPDX-License-Identifier: ISC */
/*
 * Loads a plan beside the loop. To parse and hash 100,000 checks takes
 * seconds, and slots are due meanwhile, so it happens in a second thread: the
 * only one of this project. The thread shares nothing with the loop's but what
 * it is given, until it has ended; what it leaves is then the loop's.
 */
#ifndef SCHEDULER_LOADER_H
#define SCHEDULER_LOADER_H

#include "base/cause.h"
#include "base/clock.h"
#include "base/loop.h"
#include "checks/plan.h"

/* Owns all; all zero is empty. */
struct loaded {
	struct plan *plan;  /* NULL: there are mistakes */
	char *summary;      /* of the plan; NULL: too large for a message */
	size_t summary_len;
	struct cause cause;
	span_us took;
};

/* Load here and now; the summary is of this location. loaded_fini ends it. */
void loaded_init(struct loaded *l, const char *path, const char *location);
void loaded_fini(struct loaded *l);

struct loader;

/* Called on the loop, once; may take what it wants of l and free the loader. */
typedef void loader_done_cb(struct loaded *l, void *arg);

/* Start to load. NULL, with errno, when no thread can be started. */
struct loader *loader_new(struct loop *loop, const char *path,
    const char *location, loader_done_cb *done, void *arg);

/* Waits for the thread if it still loads; done is not called any more. */
void loader_free(struct loader **l);

#endif
