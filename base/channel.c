/* SPDX-License-Identifier: ISC */
/*
 * Messages over a stream socket, on bufferevents. Documents are handed to
 * the owner in place (evbuffer_pullup), so a frame is copied once.
 */
#include "base/channel.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/util.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/mem.h"

#define CHANNEL_MAGIC 0x4348414eu
#define READ_MOST_BYTES (256u << 10)
#define READ_PIECE_BYTES (64u << 10)
#define READ_PIECES_MOST 4 /* then others get their turn */

struct channel {
	unsigned int magic;
	struct bufferevent *bev;
	const struct channel_handlers *handlers;
	void *arg;
	bool has_head;
	struct message head; /* of the frame being read */
	bool is_busy;        /* inside a callback: free is put off */
	bool is_freed;
	bool is_closed;
	bool is_mute;        /* writing failed: only reads on */
	bool is_paused;
};

static void
channel_destroy(struct channel *ch)
{
	/* libevent closes the socket in a later turn of the loop, which may
	 * never come: let the peer see the end now. */
	shutdown(bufferevent_getfd(ch->bev), SHUT_RDWR);
	bufferevent_free(ch->bev);
	ch->magic = 0;
	free(ch);
}

static void
report_closed(struct channel *ch, int err)
{
	if (ch->is_closed)
		return;
	ch->is_closed = true;
	bufferevent_disable(ch->bev, EV_READ | EV_WRITE);
	ch->handlers->closed(ch, err, ch->arg);
}

/* Take one frame out of in. False when it is not whole yet or must stop. */
static bool
take_frame(struct channel *ch, struct evbuffer *in)
{
	uint8_t bytes[MESSAGE_HEAD_SIZE];

	if (!ch->has_head) {
		if (evbuffer_get_length(in) < MESSAGE_HEAD_SIZE)
			return (false);
		evbuffer_remove(in, bytes, MESSAGE_HEAD_SIZE);
		if (message_decode_head(bytes, &ch->head) != 0) {
			report_closed(ch, ERR_CORRUPT);
			return (false);
		}
		ch->has_head = true;
	}
	if (evbuffer_get_length(in) < ch->head.doc_len)
		return (false);
	ch->has_head = false;
	if (ch->head.doc_len > 0)
		ch->head.doc = (const char *)evbuffer_pullup(in,
		    (ev_ssize_t)ch->head.doc_len);
	ch->handlers->message(ch, &ch->head, ch->arg);
	evbuffer_drain(in, ch->head.doc_len);
	return (true);
}

/*
 * libevent 2.1 reads at most 4 KiB at a time, whatever is asked of it; a
 * busy channel would turn the loop for every second frame. Read on here, in
 * large pieces. The end and errors are left for libevent to find.
 */
static bool
read_more(struct channel *ch, struct evbuffer *in)
{
	struct evbuffer_iovec v;
	ssize_t n = -1;

	evbuffer_unfreeze(in, 0);
	if (evbuffer_reserve_space(in, READ_PIECE_BYTES, &v, 1) == 1) {
		n = recv(bufferevent_getfd(ch->bev), v.iov_base, v.iov_len,
		    MSG_DONTWAIT);
		v.iov_len = n > 0 ? (size_t)n : 0;
		evbuffer_commit_space(in, &v, 1);
	}
	evbuffer_freeze(in, 0);
	return (n > 0);
}

static void
take_frames(struct channel *ch, struct evbuffer *in)
{
	while (!ch->is_freed && !ch->is_closed && !ch->is_paused)
		if (!take_frame(ch, in))
			break;
}

static void
channel_read_cb(struct bufferevent *bev, void *arg)
{
	struct channel *ch = arg;
	struct evbuffer *in = bufferevent_get_input(bev);
	int piece;

	must_magic(ch, CHANNEL_MAGIC);
	ch->is_busy = true;
	take_frames(ch, in);
	for (piece = 0; piece < READ_PIECES_MOST; piece++) {
		if (ch->is_freed || ch->is_closed || ch->is_paused ||
		    !read_more(ch, in))
			break;
		take_frames(ch, in);
	}
	ch->is_busy = false;
	if (ch->is_freed)
		channel_destroy(ch);
}

static void
channel_write_cb(struct bufferevent *bev, void *arg)
{
	struct channel *ch = arg;

	(void)bev;
	must_magic(ch, CHANNEL_MAGIC);
	if (ch->handlers->drained == NULL)
		return;
	ch->is_busy = true;
	ch->handlers->drained(ch, ch->arg);
	ch->is_busy = false;
	if (ch->is_freed)
		channel_destroy(ch);
}

static void
drop_output(struct channel *ch)
{
	struct evbuffer *out = bufferevent_get_output(ch->bev);

	evbuffer_unfreeze(out, 1);
	evbuffer_drain(out, evbuffer_get_length(out));
	evbuffer_freeze(out, 1);
}

static void
channel_event_cb(struct bufferevent *bev, short what, void *arg)
{
	struct channel *ch = arg;

	(void)bev;
	must_magic(ch, CHANNEL_MAGIC);
	if ((what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) == 0)
		return;
	if ((what & BEV_EVENT_WRITING) != 0) {
		/* The peer is gone, but what it sent before still waits to
		 * be read; the end of that reports the closing. */
		ch->is_mute = true;
		drop_output(ch);
		return;
	}
	ch->is_busy = true;
	report_closed(ch, what & BEV_EVENT_EOF ? ERR_CLOSED : ERR_IO);
	ch->is_busy = false;
	if (ch->is_freed)
		channel_destroy(ch);
}

struct channel *
channel_new(struct loop *loop, int fd,
    const struct channel_handlers *handlers, void *arg)
{
	struct channel *ch = xcalloc(1, sizeof(*ch));

	ch->magic = CHANNEL_MAGIC;
	ch->handlers = handlers;
	ch->arg = arg;
	evutil_make_socket_nonblocking(fd);
	evutil_make_socket_closeonexec(fd);
	ch->bev = bufferevent_socket_new(loop_base(loop), fd,
	    BEV_OPT_CLOSE_ON_FREE);
	must(ch->bev != NULL);
	bufferevent_setcb(ch->bev, channel_read_cb, channel_write_cb,
	    channel_event_cb, ch);
	bufferevent_set_max_single_read(ch->bev, READ_MOST_BYTES);
	bufferevent_set_max_single_write(ch->bev, READ_MOST_BYTES);
	bufferevent_enable(ch->bev, EV_READ | EV_WRITE);
	return (ch);
}

void
channel_free(struct channel **chp)
{
	struct channel *ch = *chp;

	if (ch == NULL)
		return;
	*chp = NULL;
	must_magic(ch, CHANNEL_MAGIC);
	if (ch->is_busy)
		ch->is_freed = true;
	else
		channel_destroy(ch);
}

void
channel_send(struct channel *ch, const struct message *m)
{
	struct evbuffer *out = bufferevent_get_output(ch->bev);
	uint8_t head[MESSAGE_HEAD_SIZE];

	if (ch->is_closed || ch->is_mute)
		return;
	message_encode_head(m, head);
	must(evbuffer_add(out, head, sizeof(head)) == 0);
	if (m->doc_len > 0)
		must(evbuffer_add(out, m->doc, m->doc_len) == 0);
}

size_t
channel_queued_bytes(const struct channel *ch)
{
	return (evbuffer_get_length(bufferevent_get_output(ch->bev)));
}

void
channel_pause(struct channel *ch)
{
	ch->is_paused = true;
	bufferevent_disable(ch->bev, EV_READ);
}

void
channel_resume(struct channel *ch)
{
	if (!ch->is_paused || ch->is_closed)
		return;
	ch->is_paused = false;
	bufferevent_enable(ch->bev, EV_READ);
	/* Frames that came before the pause still wait in the buffer. */
	bufferevent_trigger(ch->bev, EV_READ,
	    BEV_TRIG_IGNORE_WATERMARKS | BEV_TRIG_DEFER_CALLBACKS);
}

int
channel_flush(struct channel *ch, span_us timeout)
{
	struct evbuffer *out = bufferevent_get_output(ch->bev);
	mono_us end = clock_mono() + timeout;
	struct pollfd p = {.fd = bufferevent_getfd(ch->bev),
	    .events = POLLOUT};
	span_us left;

	/* A bufferevent freezes the front of its output outside its own
	 * write callback. */
	evbuffer_unfreeze(out, 1);
	while (!ch->is_closed && evbuffer_get_length(out) > 0) {
		if ((left = end - clock_mono()) <= 0)
			return (ERR_BUSY);
		if (poll(&p, 1, (int)(left / SPAN_MS) + 1) > 0 &&
		    evbuffer_write(out, p.fd) < 0)
			return (ERR_CLOSED);
	}
	evbuffer_freeze(out, 1);
	return (ch->is_closed || ch->is_mute ? ERR_CLOSED : 0);
}
