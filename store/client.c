/* SPDX-License-Identifier: ISC */
/* A blocking client of e2e-store, on a small loop of its own. */
#include "store/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/channel.h"
#include "base/err.h"
#include "base/json.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/proc.h"
#include "store/lock.h"
#include "store/socket.h"

#define CLIENT_MAGIC 0x434c4e54u
#define RETRY_SPAN (50 * SPAN_MS) /* doubled up to RETRY_MOST */
#define RETRY_MOST SPAN_S
#define FAILURES_MOST 3 /* of stores that nobody was in the way of */

struct store_client {
	unsigned int magic;
	struct loop *loop;
	struct loop_timer *timer, *pause;
	struct channel *channel;
	pid_t child;        /* 0: the store was there */
	uint64_t cookie;    /* of the latest document */
	uint64_t acked;
	bool is_ready, is_closed, is_late, is_rested;
	char *refusal;
};

static void
message_cb(struct channel *ch, const struct message *m, void *arg)
{
	struct store_client *sc = arg;
	struct json_doc *doc;

	(void)ch;
	must_magic(sc, CLIENT_MAGIC);
	if (m->type == MESSAGE_READY)
		sc->is_ready = true;
	else if (m->type == MESSAGE_ACK)
		sc->acked = m->cookie;
	else if (m->type == MESSAGE_REFUSED &&
	    json_parse(m->doc, m->doc_len, &json_limits_default, &doc,
	    NULL) == 0) {
		free(sc->refusal);
		sc->refusal = xstrdup(json_get_str(json_root(doc), "reason",
		    "no reason was given"));
		json_free(&doc);
	}
}

static void
closed_cb(struct channel *ch, int err, void *arg)
{
	struct store_client *sc = arg;

	(void)ch;
	(void)err;
	must_magic(sc, CLIENT_MAGIC);
	sc->is_closed = true;
}

static const struct channel_handlers handlers = {
	.message = message_cb,
	.closed = closed_cb,
};

static void
late_cb(void *arg)
{
	struct store_client *sc = arg;

	must_magic(sc, CLIENT_MAGIC);
	sc->is_late = true;
}

static void
rested_cb(void *arg)
{
	struct store_client *sc = arg;

	must_magic(sc, CLIENT_MAGIC);
	sc->is_rested = true;
}

static int
start_store(struct store_client *sc, const char *dir, int *fd,
    struct cause *c)
{
	char *path = proc_sibling("e2e-store");
	char *copy = xstrdup(dir);
	char name[] = "e2e-store", child[] = "--child", store[] = "--store";
	char *argv[] = {name, child, store, copy, NULL};
	int rc = proc_start(path, argv, &sc->child, fd);

	if (rc != 0) {
		sc->child = 0;
		cause_add(c, "%s: %s", path, strerror(errno));
	}
	free(copy);
	free(path);
	return (rc);
}

static void
attach(struct store_client *sc, int fd)
{
	sc->is_closed = false;
	sc->channel = channel_new(sc->loop, fd, &handlers, sc);
}

static void
detach(struct store_client *sc)
{
	channel_free(&sc->channel);
	if (sc->child > 0) {
		while (waitpid(sc->child, NULL, 0) < 0 && errno == EINTR)
			;
		sc->child = 0;
	}
}

/* Start a store and wait for its READY. */
static int
start_and_wait(struct store_client *sc, const char *dir, struct cause *c)
{
	int fd, rc = start_store(sc, dir, &fd, c);

	if (rc != 0)
		return (rc);
	attach(sc, fd);
	while (!sc->is_ready && !sc->is_closed && !sc->is_late)
		loop_turn(sc->loop, true);
	if (sc->is_ready)
		return (0);
	detach(sc);
	return (ERR_BUSY);
}

/*
 * The store may be starting or ending just now: connect, or start one, until
 * one of them works.
 */
static int
reach(struct store_client *sc, const char *dir, struct cause *c)
{
	span_us pause = RETRY_SPAN;
	int fd, rc, failures = 0;

	while (!sc->is_late) {
		fd = socket_connect(dir);
		if (fd >= 0) {
			attach(sc, fd);
			return (0);
		}
		rc = start_and_wait(sc, dir, c);
		if (rc != ERR_BUSY)
			return (rc);
		if (access(dir, W_OK) != 0 ||
		    (!lock_is_held(dir) && ++failures == FAILURES_MOST))
			break; /* the store has said why */
		sc->is_rested = false;
		loop_timer_at(sc->pause, clock_mono() + pause);
		pause = pause * 2 < RETRY_MOST ? pause * 2 : RETRY_MOST;
		while (!sc->is_rested)
			loop_turn(sc->loop, true);
	}
	cause_add(c, "%s: no e2e-store answers, and none can be started "
	    "there", dir);
	return (ERR_BUSY);
}

int
store_client_open(const char *dir, span_us timeout,
    struct store_client **out, struct cause *c)
{
	struct store_client *sc = xcalloc(1, sizeof(*sc));
	int rc;

	sc->magic = CLIENT_MAGIC;
	sc->loop = loop_new();
	sc->timer = loop_timer_new(sc->loop, late_cb, sc);
	sc->pause = loop_timer_new(sc->loop, rested_cb, sc);
	loop_timer_at(sc->timer, clock_mono() + timeout);
	rc = reach(sc, dir, c);
	loop_timer_stop(sc->timer);
	if (rc != 0) {
		store_client_close(&sc);
		return (rc);
	}
	*out = sc;
	return (0);
}

int
store_client_send(struct store_client *sc, const struct message *m,
    span_us timeout, struct cause *c)
{
	struct message copy = *m;

	free(sc->refusal);
	sc->refusal = NULL;
	sc->is_late = false;
	copy.cookie = ++sc->cookie;
	channel_send(sc->channel, &copy);
	loop_timer_at(sc->timer, clock_mono() + timeout);
	while (sc->acked != sc->cookie && sc->refusal == NULL &&
	    !sc->is_closed && !sc->is_late)
		loop_turn(sc->loop, true);
	loop_timer_stop(sc->timer);
	if (sc->acked == sc->cookie)
		return (0);
	if (sc->refusal != NULL)
		cause_add(c, "the store refused it: %s", sc->refusal);
	else
		cause_add(c, sc->is_closed ? "the store went away" :
		    "the store did not answer in time");
	return (sc->is_late && !sc->is_closed && sc->refusal == NULL ?
	    ERR_BUSY : ERR_IO);
}

void
store_client_post(struct store_client *sc, const struct message *m)
{
	struct message copy = *m;

	must(sc->acked == sc->cookie);
	copy.cookie = ++sc->cookie;
	channel_send(sc->channel, &copy);
	loop_turn(sc->loop, false);
}

int
store_client_poll(struct store_client *sc)
{
	if (sc->acked != sc->cookie || sc->is_closed)
		loop_turn(sc->loop, false);
	if (sc->is_closed || sc->refusal != NULL)
		return (ERR_IO);
	return (sc->acked == sc->cookie ? 0 : 1);
}

void
store_client_close(struct store_client **scp)
{
	struct store_client *sc = *scp;

	if (sc == NULL)
		return;
	*scp = NULL;
	detach(sc);
	loop_timer_free(&sc->timer);
	loop_timer_free(&sc->pause);
	loop_free(&sc->loop);
	free(sc->refusal);
	sc->magic = 0;
	free(sc);
}
