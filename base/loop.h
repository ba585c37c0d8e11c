/* SPDX-License-Identifier: ISC */
/*
 * The event loop, a thin door to libevent: precise timers (libevent's default
 * clock is up to 4 ms late), merged epoll changes, absolute due times, and a
 * measure of the loop's own lag.
 *
 * Watches and timers belong to whoever made them and are freed before the
 * loop. A callback may free its own watch or timer.
 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include <stdbool.h>

#include "base/clock.h"

struct event_base;
struct loop;
struct loop_timer;
struct loop_watch;
struct loop_signal;

enum { LOOP_READ = 1, LOOP_WRITE = 2 };

typedef void loop_timer_cb(void *arg);
typedef void loop_watch_cb(int fd, int events, void *arg);
typedef void loop_signal_cb(int signo, void *arg);

/* Make a loop; ends the process when the kernel refuses. */
struct loop *loop_new(void);
void loop_free(struct loop **loop);

/* Run until loop_stop. */
void loop_run(struct loop *loop);

/*
 * Run until SIGTERM or SIGINT. A child ignores both, for the terminal sends
 * them to the whole group: its parent tells it when to end, by loop_stop in
 * the end.
 */
void loop_run_until_signal(struct loop *loop, bool is_child);

/* Make loop_run return after the callbacks that are due now. */
void loop_stop(struct loop *loop);

/* Run the events that are ready, waiting for one when wait is true. */
void loop_turn(struct loop *loop, bool wait);

/* libevent's base, for bufferevents and evhttp. */
struct event_base *loop_base(struct loop *loop);

/*
 * How late timers of this loop ran against their due times, largest of the
 * last two seconds. A busy loop measures badly.
 */
span_us loop_lag(struct loop *loop);

/*
 * The same since a time, for results. Between start and stop (they count) the
 * loop has a beat of its own, so that no stall of more than LOOP_BEAT is
 * overlooked, nor one that goes on while this is asked.
 */
#define LOOP_BEAT (50 * SPAN_MS)
span_us loop_lag_since(struct loop *loop, mono_us since);
void loop_beat_start(struct loop *loop);
void loop_beat_stop(struct loop *loop);

/* A one-shot timer, not yet armed. */
struct loop_timer *loop_timer_new(struct loop *loop, loop_timer_cb *cb,
    void *arg);
void loop_timer_free(struct loop_timer **t);

/* Arm for the absolute time due (past: as soon as possible), or re-arm. */
void loop_timer_at(struct loop_timer *t, mono_us due);
void loop_timer_stop(struct loop_timer *t);
bool loop_timer_is_armed(const struct loop_timer *t);

/* Watch fd for LOOP_READ and/or LOOP_WRITE until freed; level-triggered. */
struct loop_watch *loop_watch_new(struct loop *loop, int fd, int events,
    loop_watch_cb *cb, void *arg);
void loop_watch_free(struct loop_watch **w);

/* Change the events of a watch. */
void loop_watch_set(struct loop_watch *w, int events);

/* Call cb, on the loop, for each delivery of signo. */
struct loop_signal *loop_signal_new(struct loop *loop, int signo,
    loop_signal_cb *cb, void *arg);
void loop_signal_free(struct loop_signal **s);

#endif
