/* SPDX-License-Identifier: ISC */
/*
 * Supervision. The end of a process is seen as the end of its channel; it is
 * reaped without waiting (a child in a stuck disk write must not stop the
 * parent), and its successor starts only when it is gone, because the store's
 * writer lock dies with it.
 */
#include "scheduler/child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/proc.h"

#define CHILD_MAGIC 0x4348494cu
#define WATCH_EVERY (1 * SPAN_S)
#define REAP_AGAIN  (20 * SPAN_MS)
#define END_PATIENCE (2 * SPAN_S) /* from the end of its channel to its own */
#define REASON_SIZE 120

enum child_state {
	CHILD_DOWN,     /* waiting for the next start, or stopped */
	CHILD_STARTING, /* started, not yet READY */
	CHILD_READY
};

struct child {
	unsigned int magic;
	struct loop *loop;
	struct child_spec spec;
	char *argv[CHILD_ARGS_MOST + 2];
	const struct child_handlers *handlers;
	void *arg;
	enum child_state state;
	struct channel *channel;
	struct loop_timer *timer; /* DOWN: next start; else: next look */
	mono_us timer_due;
	pid_t pid;                /* 0: none, or reaped */
	pid_t shown_pid;          /* the same, kept for the log */
	bool is_stopping;
	uint32_t generation;
	span_us delay;
	mono_us since;            /* entered this state */
	mono_us heard;            /* last message */
};

static void __attribute__((format(printf, 4, 5)))
note(const struct child *c, enum log_level level, const char *what,
    const char *fmt, ...)
{
	char event[64], text[300];
	va_list ap;

	snprintf(event, sizeof(event), "%s.%s", c->spec.event, what);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_event(level, event, "name=%s pid=%d %s", c->spec.name,
	    (int)c->shown_pid, text);
}

static void
arm(struct child *c, mono_us due)
{
	c->timer_due = due;
	loop_timer_at(c->timer, due);
}

/* Reap without waiting. True when there is no process any more. */
static bool
reap(struct child *c, int *status)
{
	int st = 0;

	if (c->pid == 0)
		return (true);
	if (waitpid(c->pid, &st, WNOHANG) == 0)
		return (false);
	if (status != NULL)
		*status = st;
	c->pid = 0;
	return (true);
}

static void
format_end(int status, char *out, size_t size)
{
	if (WIFSIGNALED(status))
		snprintf(out, size, "was killed by signal %d",
		    WTERMSIG(status));
	else
		snprintf(out, size, "ended with exit code %d",
		    WEXITSTATUS(status));
}

/* The process is dead or as good as dead: forget it, plan its successor. */
static void
go_down(struct child *c, const char *reason)
{
	mono_us now = clock_mono();
	bool was_ready = c->state == CHILD_READY;

	note(c, c->is_stopping ? LOG_INFO : LOG_WARN, "down", "reason=%s "
	    "up_us=%lld", log_quote(reason), (long long)(now - c->since));
	if (was_ready && now - c->since >= CHILD_HEALTHY)
		c->delay = CHILD_DELAY_FIRST;
	c->state = CHILD_DOWN;
	c->since = now;
	channel_free(&c->channel);
	if (!c->is_stopping) {
		arm(c, now + c->delay);
		c->delay = 2 * c->delay < CHILD_DELAY_MOST ? 2 * c->delay :
		    CHILD_DELAY_MOST;
	} else
		loop_timer_stop(c->timer);
	if (was_ready)
		c->handlers->down(c, reason, c->arg);
}

void
child_replace(struct child *c, const char *why)
{
	must_magic(c, CHILD_MAGIC);
	if (c->state == CHILD_DOWN)
		return;
	if (c->pid != 0)
		kill(c->pid, SIGKILL);
	go_down(c, why);
}

static void
child_message_cb(struct channel *ch, const struct message *m, void *arg)
{
	struct child *c = arg;

	(void)ch;
	must_magic(c, CHILD_MAGIC);
	c->heard = clock_mono();
	if (c->state == CHILD_READY) {
		c->handlers->message(c, m, c->arg);
	} else if (m->type == MESSAGE_READY) {
		c->state = CHILD_READY;
		c->generation++;
		note(c, LOG_INFO, "ready", "start_us=%lld",
		    (long long)(c->heard - c->since));
		c->since = c->heard;
		c->handlers->ready(c, m, c->arg);
	} else
		child_replace(c, "spoke before it was ready");
}

static void
child_closed_cb(struct channel *ch, int err, void *arg)
{
	struct child *c = arg;
	char reason[REASON_SIZE];
	bool is_refused;
	int status = 0, tries = 0;

	(void)ch;
	must_magic(c, CHILD_MAGIC);
	if (err == ERR_CORRUPT) {
		child_replace(c, "sent bytes that are no message");
		return;
	}
	/* The socket closes a moment before the process can be reaped. */
	while (!reap(c, &status) && tries++ < 5)
		poll(NULL, 0, 1);
	if (c->pid != 0)
		snprintf(reason, sizeof(reason), "closed its channel");
	else
		format_end(status, reason, sizeof(reason));
	is_refused = c->handlers->refused != NULL && c->generation == 0 &&
	    !c->is_stopping && c->pid == 0 && WIFEXITED(status) &&
	    WEXITSTATUS(status) == EXIT_USAGE;
	if (is_refused)
		c->is_stopping = true;
	go_down(c, reason);
	if (is_refused)
		c->handlers->refused(c, c->arg);
}

static const struct channel_handlers child_channel = {
	.message = child_message_cb,
	.closed = child_closed_cb,
};

static void
start(struct child *c)
{
	mono_us now = clock_mono();
	int fd;

	if (!reap(c, NULL)) {
		if (now - c->since > END_PATIENCE)
			kill(c->pid, SIGKILL);
		arm(c, now + REAP_AGAIN);
		return;
	}
	c->since = c->heard = now;
	if (proc_start(c->spec.program, c->argv, &c->pid, &fd) != 0) {
		c->pid = c->shown_pid = 0;
		note(c, LOG_ERROR, "start", "program=%s error=%s",
		    log_quote(c->spec.program), log_quote(strerror(errno)));
		arm(c, now + c->delay);
		c->delay = 2 * c->delay < CHILD_DELAY_MOST ? 2 * c->delay :
		    CHILD_DELAY_MOST;
		return;
	}
	c->shown_pid = c->pid;
	c->channel = channel_new(c->loop, fd, &child_channel, c);
	c->state = CHILD_STARTING;
	note(c, LOG_DEBUG, "start", "program=%s", log_quote(c->spec.program));
	arm(c, now + WATCH_EVERY);
}

/* Look after a live child. A late look says that we slept, not that it did. */
static void
watch(struct child *c, mono_us now, bool is_late)
{
	if (is_late)
		c->heard = now;
	if (c->state == CHILD_STARTING && !is_late &&
	    now - c->since > c->spec.ready_within) {
		child_replace(c, "was not ready in time");
		return;
	}
	if (c->state == CHILD_READY && c->spec.silent_most > 0 &&
	    now - c->heard > c->spec.silent_most) {
		child_replace(c, "fell silent");
		return;
	}
	arm(c, now + WATCH_EVERY);
}

static void
child_timer_cb(void *arg)
{
	struct child *c = arg;
	mono_us now = clock_mono();

	must_magic(c, CHILD_MAGIC);
	if (c->state != CHILD_DOWN)
		watch(c, now, now - c->timer_due > WATCH_EVERY);
	else if (!c->is_stopping)
		start(c);
}

struct child *
child_new(struct loop *loop, const struct child_spec *spec,
    const struct child_handlers *handlers, void *arg)
{
	struct child *c = xcalloc(1, sizeof(*c));
	size_t i;

	c->magic = CHILD_MAGIC;
	c->loop = loop;
	c->spec = *spec;
	c->spec.event = xstrdup(spec->event);
	c->spec.name = xstrdup(spec->name);
	c->spec.program = xstrdup(spec->program);
	c->argv[0] = xstrdup(spec->program);
	for (i = 0; i < CHILD_ARGS_MOST && spec->args[i] != NULL; i++)
		c->argv[i + 1] = xstrdup(spec->args[i]);
	c->handlers = handlers;
	c->arg = arg;
	c->delay = CHILD_DELAY_FIRST;
	c->since = clock_mono();
	c->timer = loop_timer_new(loop, child_timer_cb, c);
	arm(c, c->since);
	return (c);
}

void
child_hang_up(struct child *c)
{
	must_magic(c, CHILD_MAGIC);
	c->is_stopping = true;
	c->state = CHILD_DOWN;
	channel_free(&c->channel);
	loop_timer_stop(c->timer);
}

/* Wait for the end of the process, then insist. */
static void
end_process(struct child *c)
{
	int patience_ms = (int)(END_PATIENCE / SPAN_MS), ms;

	for (ms = 0; !reap(c, NULL) && ms < 2 * patience_ms; ms++) {
		if (ms == patience_ms)
			kill(c->pid, SIGKILL);
		poll(NULL, 0, 1);
	}
}

void
child_free(struct child **cp)
{
	struct child *c = *cp;
	size_t i;

	if (c == NULL)
		return;
	*cp = NULL;
	child_hang_up(c);
	end_process(c);
	loop_timer_free(&c->timer);
	for (i = 0; i < NELEMS(c->argv); i++)
		free(c->argv[i]);
	free((void *)(uintptr_t)c->spec.event);
	free((void *)(uintptr_t)c->spec.name);
	free((void *)(uintptr_t)c->spec.program);
	c->magic = 0;
	free(c);
}

void
child_stop(struct child *c, span_us within)
{
	struct message m = {.type = MESSAGE_STOP, .extra = (uint64_t)within};

	must_magic(c, CHILD_MAGIC);
	if (c->is_stopping)
		return;
	c->is_stopping = true;
	if (c->state == CHILD_READY)
		channel_send(c->channel, &m);
	else
		child_hang_up(c);
}

void
child_send(struct child *c, const struct message *m)
{
	if (c->state == CHILD_READY)
		channel_send(c->channel, m);
}

bool
child_is_ready(const struct child *c)
{
	return (c->state == CHILD_READY);
}

bool
child_is_gone(struct child *c)
{
	return (c->state == CHILD_DOWN && c->is_stopping && reap(c, NULL));
}

uint32_t
child_generation(const struct child *c)
{
	return (c->generation);
}

const char *
child_name(const struct child *c)
{
	return (c->spec.name);
}
