/* SPDX-License-Identifier: ISC */
/* The loop of e2e-store: batches, acknowledgements, refusals. */
#include "store/server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/channel.h"
#include "base/err.h"
#include "base/json_out.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/socket.h"

#define SERVER_MAGIC 0x53525652u
#define PEER_MAGIC 0x50454552u

#define BATCH_MOST_ROWS 4000
#define BATCH_MOST_SPAN (50 * SPAN_MS)
#define BATCH_IDLE_SPAN SPAN_MS      /* nothing came for so long: commit */
#define FLUSH_SPAN SPAN_S
#define EXPIRE_SPAN SPAN_MIN
#define CLOCK_LEAP_SPAN (14 * SPAN_DAY)
#define CLOCK_DOUBT_SPAN (10 * SPAN_MIN)
#define RETRY_LEAST_SPAN (100 * SPAN_MS)
#define RETRY_MOST_SPAN (5 * SPAN_S)
#define PEERS_MOST 64
#define LAST_FLUSH_SPAN (5 * SPAN_S)

struct peer {
	unsigned int magic;
	struct server *server;
	struct channel *channel;
	bool is_parent;
	bool has_unacked;
	uint64_t cookie;      /* of the latest document taken */
	/* Refused: dropped until something is sent again. */
	bool is_told;
	bool is_draining;
	bool waits_for_run;   /* a plan alone does not end the draining */
	struct peer *next;
};

struct server {
	unsigned int magic;
	struct loop *loop;
	struct store_writer *writer;
	char *dir;
	int listen_fd;
	struct loop_watch *listener;
	struct peer *peers;
	size_t peer_count;
	struct loop_timer *batch_timer, *flush_timer, *retry_timer;
	mono_us batch_due;    /* the batch commits then at the latest */
	mono_us last_message;
	mono_us flush_due;    /* when flush_timer runs out */
	mono_us next_expire;
	mono_us doubt_end;    /* until then the wall clock removes nothing */
	span_us offset;       /* clock_offset when last looked at */
	bool is_refusing;
	span_us retry_span;
	int result;
};

static void
send_text(struct peer *p, enum message_type type, const char *name,
    const char *text)
{
	struct message m = {.type = type};
	struct json_out o;
	struct buf b;

	buf_init(&b, 4096);
	json_out_init(&o, &b);
	json_out_object(&o);
	json_out_kv_str(&o, name, text);
	json_out_object_end(&o);
	m.doc = b.data;
	m.doc_len = b.len;
	channel_send(p->channel, &m);
	buf_fini(&b);
}

static void
send_ready(struct server *s, struct peer *p)
{
	struct message m = {.type = MESSAGE_READY};
	struct buf b;

	buf_init(&b, MESSAGE_MOST_BYTES);
	store_writer_ready(s->writer, &b);
	m.doc = b.data;
	m.doc_len = b.len;
	channel_send(p->channel, &m);
	buf_fini(&b);
}

static void
send_ack(struct peer *p, uint64_t cookie)
{
	struct message m = {.type = MESSAGE_ACK, .cookie = cookie};

	channel_send(p->channel, &m);
}

/* Tell a peer that its documents are not taken; the parent once. */
static void
tell_refused(struct peer *p)
{
	p->has_unacked = false;
	if (p->is_told)
		return;
	p->is_told = p->is_draining = p->is_parent;
	send_text(p, MESSAGE_REFUSED, "reason",
	    store_writer_reason(p->server->writer));
}

/* Nothing can be written: tell all who wait, and try again later. */
static void
refuse(struct server *s, bool has_runs)
{
	const char *reason = store_writer_reason(s->writer);
	struct peer *p;

	log_error("store.write.refused", "reason=%s retry_ms=%lld",
	    log_quote(reason), (long long)(s->retry_span / SPAN_MS));
	for (p = s->peers; p != NULL; p = p->next) {
		if (!p->has_unacked)
			continue;
		p->waits_for_run = p->waits_for_run || has_runs;
		tell_refused(p);
	}
	s->is_refusing = true;
	loop_timer_stop(s->batch_timer);
	loop_timer_at(s->retry_timer, clock_mono() + s->retry_span);
	if ((s->retry_span *= 2) > RETRY_MOST_SPAN)
		s->retry_span = RETRY_MOST_SPAN;
}

static void
flush_at(struct server *s, mono_us due)
{
	s->flush_due = due;
	loop_timer_at(s->flush_timer, due);
}

static int
commit(struct server *s)
{
	size_t rows = store_writer_pending(s->writer);
	struct peer *p;

	loop_timer_stop(s->batch_timer);
	if (store_writer_commit(s->writer) != 0) {
		refuse(s, true);
		return (ERR_IO);
	}
	for (p = s->peers; p != NULL; p = p->next) {
		if (!p->has_unacked)
			continue;
		p->has_unacked = false;
		send_ack(p, p->cookie);
	}
	if (rows > 0)
		s->retry_span = RETRY_LEAST_SPAN;
	/* The timer may be waiting for the next expiry, long after. */
	if (store_writer_needs_flush(s->writer) &&
	    s->flush_due > clock_mono() + FLUSH_SPAN)
		flush_at(s, clock_mono() + FLUSH_SPAN);
	return (0);
}

static void
batch_cb(void *arg)
{
	struct server *s = arg;
	mono_us now = clock_mono(), idle_at;

	must_magic(s, SERVER_MAGIC);
	idle_at = s->last_message + BATCH_IDLE_SPAN;
	if (now >= idle_at || now >= s->batch_due)
		commit(s);
	else
		loop_timer_at(s->batch_timer,
		    idle_at < s->batch_due ? idle_at : s->batch_due);
}

/*
 * Somebody removed files that we write: nothing more is acknowledged, and a
 * new process begins with what is there.
 */
static void
end_moved(struct server *s)
{
	log_error("store.file.gone", "dir=%s", log_quote(s->dir));
	s->is_refusing = true;
	s->result = ERR_IO;
	loop_stop(s->loop);
}

/*
 * A clock that leapt ahead by weeks, or is so far ahead of all that is
 * recorded, may be set right in a moment (at boot, say), and what it calls
 * old is gone for ever: wait a while.
 */
static void
doubt_clock(struct server *s, mono_us now, span_us leap)
{
	if (leap < CLOCK_LEAP_SPAN)
		return;
	log_warn("store.expiry.waits", "ahead_us=%lld", (long long)leap);
	s->doubt_end = now + CLOCK_DOUBT_SPAN;
}

static void
expire(struct server *s, mono_us now)
{
	span_us offset = clock_offset();

	doubt_clock(s, now, offset - s->offset);
	s->offset = offset;
	if (now >= s->doubt_end &&
	    store_writer_expire(s->writer, clock_wall()) != 0)
		log_warn("store.expiry.delayed", "reason=%s",
		    log_quote(store_writer_reason(s->writer)));
}

static void
flush_cb(void *arg)
{
	struct server *s = arg;
	mono_us now = clock_mono();
	int rc;

	must_magic(s, SERVER_MAGIC);
	if (s->is_refusing)
		return;
	if (store_writer_has_moved(s->writer)) {
		end_moved(s);
		return;
	}
	rc = store_writer_flush(s->writer);
	if (rc == ERR_CORRUPT) {
		refuse(s, false);
		return;
	}
	if (rc != 0)
		log_warn("store.rollup.delayed", "reason=%s",
		    log_quote(store_writer_reason(s->writer)));
	if (now >= s->next_expire) {
		s->next_expire = now + EXPIRE_SPAN;
		expire(s, now);
	}
	flush_at(s, store_writer_needs_flush(s->writer) ?
	    clock_mono() + FLUSH_SPAN : s->next_expire);
}

static void
retry_cb(void *arg)
{
	struct server *s = arg;
	struct peer *p;

	must_magic(s, SERVER_MAGIC);
	if (store_writer_revive(s->writer) != 0) {
		log_warn("store.write.still_refused", "reason=%s",
		    log_quote(store_writer_reason(s->writer)));
		loop_timer_at(s->retry_timer, clock_mono() + s->retry_span);
		if ((s->retry_span *= 2) > RETRY_MOST_SPAN)
			s->retry_span = RETRY_MOST_SPAN;
		return;
	}
	log_info("store.write.resumed", "%s", "");
	s->is_refusing = false;
	flush_at(s, clock_mono() + FLUSH_SPAN);
	for (p = s->peers; p != NULL; p = p->next) {
		p->is_told = false;
		if (p->is_parent)
			send_ready(s, p);
	}
}

/* Messages. */

static void
take(struct peer *p, const struct message *m)
{
	struct server *s = p->server;
	mono_us now = clock_mono();

	p->cookie = m->cookie;
	p->has_unacked = true;
	s->last_message = now;
	if (!loop_timer_is_armed(s->batch_timer)) {
		s->batch_due = now + BATCH_MOST_SPAN;
		loop_timer_at(s->batch_timer, now + BATCH_IDLE_SPAN);
	}
}

static void
handle_result(struct peer *p, const struct message *m)
{
	struct server *s = p->server;

	take(p, m);
	if (store_writer_append(s->writer, m->doc, m->doc_len,
	    m->type == MESSAGE_RESULT_AGAIN) != 0) {
		refuse(s, true);
		return;
	}
	if (store_writer_pending(s->writer) >= BATCH_MOST_ROWS)
		commit(s);
}

/* A plan or a gate goes to main.db at once, after the batch before it. */
static void
handle_now(struct peer *p, const struct message *m)
{
	struct server *s = p->server;
	int rc;

	if (commit(s) != 0) {
		tell_refused(p);
		return;
	}
	rc = m->type == MESSAGE_PLAN ?
	    store_writer_plan(s->writer, m->doc, m->doc_len) :
	    store_writer_gate(s->writer, m->id, m->doc, m->doc_len);
	if (rc == ERR_SYNTAX) {
		log_error("store.document.bad", "message=%s reason=%s",
		    message_name(m->type),
		    log_quote(store_writer_reason(s->writer)));
		/* A plan that is none will not be better next time. */
		if (m->type == MESSAGE_GATE) {
			send_text(p, MESSAGE_REFUSED, "reason",
			    store_writer_reason(s->writer));
			return;
		}
	} else if (rc != 0) {
		p->has_unacked = true;
		refuse(s, false);
		return;
	}
	if (!p->is_draining)
		send_ack(p, m->cookie);
}

static void
handle_stop(struct peer *p, const struct message *m)
{
	(void)m;
	if (p->is_parent)
		loop_stop(p->server->loop);
}

typedef void handler(struct peer *p, const struct message *m);

static handler *const handlers[MESSAGE_TYPE_COUNT] = {
	[MESSAGE_RESULT] = handle_result,
	[MESSAGE_RESULT_AGAIN] = handle_result,
	[MESSAGE_PLAN] = handle_now,
	[MESSAGE_GATE] = handle_now,
	[MESSAGE_STOP] = handle_stop,
};

/* True when the message came too early to be taken. */
static bool
is_dropped(struct peer *p, const struct message *m)
{
	if (m->type == MESSAGE_STOP)
		return (false);
	if (p->server->is_refusing) {
		tell_refused(p);
		if (m->type == MESSAGE_RESULT ||
		    m->type == MESSAGE_RESULT_AGAIN)
			p->waits_for_run = true;
		return (true);
	}
	if (p->is_draining && (m->type == MESSAGE_RESULT_AGAIN ||
	    (m->type == MESSAGE_PLAN && !p->waits_for_run)))
		p->is_draining = p->waits_for_run = false;
	/* A plan may always be applied; it is just not acknowledged then. */
	return (p->is_draining && m->type != MESSAGE_PLAN);
}

static void
message_cb(struct channel *ch, const struct message *m, void *arg)
{
	struct peer *p = arg;

	(void)ch;
	must_magic(p, PEER_MAGIC);
	if (handlers[m->type] == NULL) {
		log_warn("store.message.unexpected", "message=%s",
		    message_name(m->type));
		return;
	}
	if (!is_dropped(p, m))
		handlers[m->type](p, m);
}

static void
remove_peer(struct peer *p)
{
	struct server *s = p->server;
	struct peer **at;

	for (at = &s->peers; *at != p; at = &(*at)->next)
		;
	*at = p->next;
	s->peer_count--;
	channel_free(&p->channel);
	p->magic = 0;
	free(p);
}

static void
closed_cb(struct channel *ch, int err, void *arg)
{
	struct peer *p = arg;
	struct server *s;

	(void)ch;
	must_magic(p, PEER_MAGIC);
	s = p->server;
	if (p->is_parent) {
		if (err == ERR_CORRUPT)
			s->result = err;
		log_info("store.parent.gone", "reason=%s",
		    log_quote(err_text(err)));
		loop_stop(s->loop);
	}
	remove_peer(p);
}

static const struct channel_handlers peer_handlers = {
	.message = message_cb,
	.closed = closed_cb,
};

static struct peer *
add_peer(struct server *s, int fd, bool is_parent)
{
	struct peer *p = xcalloc(1, sizeof(*p));

	p->magic = PEER_MAGIC;
	p->server = s;
	p->is_parent = is_parent;
	p->channel = channel_new(s->loop, fd, &peer_handlers, p);
	p->next = s->peers;
	s->peers = p;
	s->peer_count++;
	return (p);
}

static void
accept_cb(int fd, int events, void *arg)
{
	struct server *s = arg;
	int client;

	(void)events;
	must_magic(s, SERVER_MAGIC);
	client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (client < 0)
		return;
	if (s->peer_count >= PEERS_MOST)
		close(client);
	else
		add_peer(s, client, false);
}

int
server_new(struct loop *loop, struct store_writer *writer, const char *dir,
    int parent_fd, struct server **out, struct cause *c)
{
	struct server *s = xcalloc(1, sizeof(*s));
	wall_us newest;

	s->listen_fd = socket_listen(dir);
	if (s->listen_fd < 0) {
		cause_add(c, "%s/writer.sock: %s", dir, strerror(errno));
		free(s);
		return (ERR_IO);
	}
	s->magic = SERVER_MAGIC;
	s->loop = loop;
	s->writer = writer;
	s->dir = xstrdup(dir);
	s->retry_span = RETRY_LEAST_SPAN;
	s->listener = loop_watch_new(loop, s->listen_fd, LOOP_READ,
	    accept_cb, s);
	s->batch_timer = loop_timer_new(loop, batch_cb, s);
	s->flush_timer = loop_timer_new(loop, flush_cb, s);
	s->retry_timer = loop_timer_new(loop, retry_cb, s);
	s->next_expire = clock_mono();
	s->offset = clock_offset();
	newest = store_writer_newest(writer);
	if (newest > 0)
		doubt_clock(s, s->next_expire, clock_wall() - newest);
	flush_at(s, clock_mono());
	if (parent_fd >= 0)
		send_ready(s, add_peer(s, parent_fd, true));
	*out = s;
	return (0);
}

void
server_free(struct server **sp)
{
	struct server *s = *sp;
	struct peer *p;

	if (s == NULL)
		return;
	*sp = NULL;
	if (!s->is_refusing)
		commit(s);
	socket_remove(s->dir);
	loop_watch_free(&s->listener);
	close(s->listen_fd);
	while ((p = s->peers) != NULL) {
		channel_flush(p->channel, LAST_FLUSH_SPAN);
		remove_peer(p);
	}
	loop_timer_free(&s->batch_timer);
	loop_timer_free(&s->flush_timer);
	loop_timer_free(&s->retry_timer);
	s->magic = 0;
	free(s->dir);
	free(s);
}

int
server_result(const struct server *s)
{
	return (s->result);
}
