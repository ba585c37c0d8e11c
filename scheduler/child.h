/* SPDX-License-Identifier: ISC */
/*
 * One supervised child process: started with a channel on its fd 3, expected
 * to say READY, started again with a growing delay when it ends, replaced
 * when it falls silent. Probes, the store and the page are children.
 */
#ifndef SCHEDULER_CHILD_H
#define SCHEDULER_CHILD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/channel.h"
#include "base/clock.h"
#include "base/loop.h"

#define CHILD_DELAY_FIRST (100 * SPAN_MS)
#define CHILD_DELAY_MOST  (10 * SPAN_S)
#define CHILD_HEALTHY     (30 * SPAN_S) /* ready so long: delay starts anew */
#define CHILD_ARGS_MOST   16

struct child;

struct child_spec {
	const char *event;     /* log prefix: "fleet.probe" */
	const char *name;      /* for the log: "local-1" */
	const char *program;   /* path */
	const char *args[CHILD_ARGS_MOST]; /* after argv[0], NULL-terminated */
	span_us ready_within;  /* else it is replaced */
	span_us silent_most;   /* ready, then silent so long: replaced;
				* 0: it may be silent */
};

struct child_handlers {
	/* It can work. m is its READY. */
	void (*ready)(struct child *c, const struct message *m, void *arg);
	/* Any later message. */
	void (*message)(struct child *c, const struct message *m, void *arg);
	/* It was ready and is gone, with all that was sent to it. reason is
	 * a phrase: "was killed by signal 9". It starts again by itself. */
	void (*down)(struct child *c, const char *reason, void *arg);
	/* The first process ended with EXIT_USAGE before it was ready: its
	 * options are wrong, and it is not started again. May be NULL. */
	void (*refused)(struct child *c, void *arg);
};

/* Start a child; spec and its strings are copied. Callbacks come later. */
struct child *child_new(struct loop *loop, const struct child_spec *spec,
    const struct child_handlers *handlers, void *arg);

/*
 * Close the channel, give the process two seconds to end, kill it. No
 * callback follows.
 */
void child_free(struct child **c);

/* Close the channel, so that the process ends by itself; no new start. */
void child_hang_up(struct child *c);

/* Ask it to finish within the bound (STOP) and do not start it again. */
void child_stop(struct child *c, span_us within);

/* Kill it and start another; why goes to the log and to down(). */
void child_replace(struct child *c, const char *why);

/* Queue a message; dropped when the child is not ready. */
void child_send(struct child *c, const struct message *m);

bool child_is_ready(const struct child *c);

/* True when the process of a stopped child is gone. */
bool child_is_gone(struct child *c);

/* How often it became ready: 1 for the first process. */
uint32_t child_generation(const struct child *c);

/* The name it was given. */
const char *child_name(const struct child *c);

#endif
