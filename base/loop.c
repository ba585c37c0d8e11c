/* SPDX-License-Identifier: ISC */
/* The event loop on libevent 2.1; the only file that makes an event_base. */
#include "base/loop.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <signal.h>
#include <stdlib.h>

#include "base/lag.h"
#include "base/log.h"
#include "base/mem.h"

#define LAG_WINDOW (2 * SPAN_S)

struct loop {
	struct event_base *base;
	struct lag lag;
	struct loop_timer *beat;
	unsigned int beats; /* who wants it */
};

struct loop_timer {
	struct loop *loop;
	struct event ev;
	mono_us due;
	loop_timer_cb *cb;
	void *arg;
};

struct loop_watch {
	struct loop *loop;
	struct event ev;
	int events;
	loop_watch_cb *cb;
	void *arg;
};

struct loop_signal {
	struct event ev;
	loop_signal_cb *cb;
	void *arg;
};

static void
beat_cb(void *arg)
{
	struct loop *loop = arg;

	if (loop->beats > 0)
		loop_timer_at(loop->beat, clock_mono() + LOOP_BEAT);
}

struct loop *
loop_new(void)
{
	struct loop *loop = xcalloc(1, sizeof(*loop));
	struct event_config *config = event_config_new();

	must(config != NULL);
	event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER |
	    EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST | EVENT_BASE_FLAG_NOLOCK);
	loop->base = event_base_new_with_config(config);
	must(loop->base != NULL);
	event_config_free(config);
	loop->beat = loop_timer_new(loop, beat_cb, loop);
	return (loop);
}

void
loop_free(struct loop **loop)
{
	if (*loop == NULL)
		return;
	loop_timer_free(&(*loop)->beat);
	event_base_free((*loop)->base);
	free(*loop);
	*loop = NULL;
}

void
loop_run(struct loop *loop)
{
	event_base_loop(loop->base, EVLOOP_NO_EXIT_ON_EMPTY);
}

void
loop_stop(struct loop *loop)
{
	event_base_loopexit(loop->base, NULL);
}

void
loop_turn(struct loop *loop, bool wait)
{
	event_base_loop(loop->base, wait ? EVLOOP_ONCE : EVLOOP_NONBLOCK);
}

struct event_base *
loop_base(struct loop *loop)
{
	return (loop->base);
}

static void
timer_fire(evutil_socket_t fd, short what, void *arg)
{
	struct loop_timer *t = arg;
	mono_us now = clock_mono();

	(void)fd;
	(void)what;
	lag_note(&t->loop->lag, now, now - t->due);
	t->cb(t->arg);
}

struct loop_timer *
loop_timer_new(struct loop *loop, loop_timer_cb *cb, void *arg)
{
	struct loop_timer *t = xcalloc(1, sizeof(*t));

	t->loop = loop;
	t->cb = cb;
	t->arg = arg;
	must(event_assign(&t->ev, loop->base, -1, 0, timer_fire, t) == 0);
	return (t);
}

void
loop_timer_free(struct loop_timer **t)
{
	if (*t == NULL)
		return;
	event_del(&(*t)->ev);
	free(*t);
	*t = NULL;
}

void
loop_timer_at(struct loop_timer *t, mono_us due)
{
	mono_us now = clock_mono();
	span_us wait = due > now ? due - now : 0;
	struct timeval tv = {wait / SPAN_S, wait % SPAN_S};

	t->due = due > now ? due : now;
	must(event_add(&t->ev, &tv) == 0);
}

void
loop_timer_stop(struct loop_timer *t)
{
	event_del(&t->ev);
}

bool
loop_timer_is_armed(const struct loop_timer *t)
{
	return (event_pending(&t->ev, EV_TIMEOUT, NULL) != 0);
}

void
loop_beat_start(struct loop *loop)
{
	loop->beats++;
	if (!loop_timer_is_armed(loop->beat))
		loop_timer_at(loop->beat, clock_mono() + LOOP_BEAT);
}

/* The last beat is not taken back: starting again comes for free. */
void
loop_beat_stop(struct loop *loop)
{
	must(loop->beats > 0);
	loop->beats--;
}

span_us
loop_lag_since(struct loop *loop, mono_us since)
{
	span_us seen = lag_since(&loop->lag, since), now = 0;

	if (loop_timer_is_armed(loop->beat))
		now = clock_mono() - loop->beat->due;
	return (now > seen ? now : seen);
}

span_us
loop_lag(struct loop *loop)
{
	return (loop_lag_since(loop, clock_mono() - LAG_WINDOW));
}

static void
watch_fire(evutil_socket_t fd, short what, void *arg)
{
	struct loop_watch *w = arg;

	w->cb(fd, (what & EV_READ ? LOOP_READ : 0) |
	    (what & EV_WRITE ? LOOP_WRITE : 0), w->arg);
}

static void
watch_arm(struct loop_watch *w, int fd)
{
	short what = EV_PERSIST;

	if (w->events & LOOP_READ)
		what |= EV_READ;
	if (w->events & LOOP_WRITE)
		what |= EV_WRITE;
	must(event_assign(&w->ev, w->loop->base, fd, what, watch_fire, w) ==
	    0);
	if (w->events != 0)
		must(event_add(&w->ev, NULL) == 0);
}

struct loop_watch *
loop_watch_new(struct loop *loop, int fd, int events, loop_watch_cb *cb,
    void *arg)
{
	struct loop_watch *w = xcalloc(1, sizeof(*w));

	w->loop = loop;
	w->events = events;
	w->cb = cb;
	w->arg = arg;
	watch_arm(w, fd);
	return (w);
}

void
loop_watch_free(struct loop_watch **w)
{
	if (*w == NULL)
		return;
	event_del(&(*w)->ev);
	free(*w);
	*w = NULL;
}

void
loop_watch_set(struct loop_watch *w, int events)
{
	if (w->events == events)
		return;
	event_del(&w->ev);
	w->events = events;
	watch_arm(w, event_get_fd(&w->ev));
}

static void
signal_fire(evutil_socket_t signo, short what, void *arg)
{
	struct loop_signal *s = arg;

	(void)what;
	s->cb((int)signo, s->arg);
}

struct loop_signal *
loop_signal_new(struct loop *loop, int signo, loop_signal_cb *cb, void *arg)
{
	struct loop_signal *s = xcalloc(1, sizeof(*s));

	s->cb = cb;
	s->arg = arg;
	must(event_assign(&s->ev, loop->base, signo, EV_SIGNAL | EV_PERSIST,
	    signal_fire, s) == 0);
	must(event_add(&s->ev, NULL) == 0);
	return (s);
}

void
loop_signal_free(struct loop_signal **s)
{
	if (*s == NULL)
		return;
	event_del(&(*s)->ev);
	free(*s);
	*s = NULL;
}

static void
stop_signal_cb(int signo, void *arg)
{
	log_info("loop.signal.stop", "signal=%d", signo);
	loop_stop(arg);
}

void
loop_run_until_signal(struct loop *loop, bool is_child)
{
	struct loop_signal *term = NULL, *interrupt = NULL;

	if (is_child) {
		signal(SIGTERM, SIG_IGN);
		signal(SIGINT, SIG_IGN);
	} else {
		term = loop_signal_new(loop, SIGTERM, stop_signal_cb, loop);
		interrupt = loop_signal_new(loop, SIGINT, stop_signal_cb,
		    loop);
	}
	loop_run(loop);
	loop_signal_free(&term);
	loop_signal_free(&interrupt);
}
