/* SPDX-License-Identifier: ISC */
/* Answers that no HTTP server would give on purpose. */
#include "contrib/paysim/raw.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <utlist.h>

#include "base/mem.h"

#define RAW_MAGIC 0x72617721
#define FILL_BYTES (64u << 10)
#define TICKS_PER_S 20

struct raw {
	uint32_t magic;
	struct raw **list;
	struct evhttp_connection *connection;
	struct bufferevent *bev;
	struct loop_timer *timer; /* of a dripping body */
	char *data;
	size_t len, at;
	double bytes_per_s;
	uint64_t filler_bytes;
	enum raw_end end;
	struct raw *prev, *next;
};

static void
raw_free(struct raw *r)
{
	DL_DELETE(*r->list, r);
	loop_timer_free(&r->timer);
	bufferevent_setcb(r->bev, NULL, NULL, NULL, NULL);
	evhttp_connection_free(r->connection);
	free(r->data);
	free(r);
}

void
raw_stop(struct raw **list)
{
	while (*list != NULL)
		raw_free(*list);
}

static void
finish(struct raw *r)
{
	const struct sockaddr nobody = {.sa_family = AF_UNSPEC};

	if (r->end == RAW_KEEP)
		return;
	/* Disconnecting a connected TCP socket sends a reset. */
	if (r->end == RAW_RESET)
		connect(bufferevent_getfd(r->bev), &nobody, sizeof(nobody));
	raw_free(r);
}

/* Queue up to most bytes of what is left; false when nothing is left. */
static bool
push(struct raw *r, size_t most)
{
	static const char filler[FILL_BYTES];
	size_t n = r->len - r->at;

	if (n > 0) {
		n = n < most ? n : most;
		bufferevent_write(r->bev, r->data + r->at, n);
		r->at += n;
		return (true);
	}
	n = r->filler_bytes < FILL_BYTES ? (size_t)r->filler_bytes :
	    FILL_BYTES;
	n = n < most ? n : most;
	if (n == 0)
		return (false);
	bufferevent_write(r->bev, filler, n);
	r->filler_bytes -= n;
	return (true);
}

static bool
has_more(const struct raw *r)
{
	return (r->at < r->len || r->filler_bytes > 0);
}

/* The queue has drained. */
static void
write_cb(struct bufferevent *bev, void *arg)
{
	struct raw *r = arg;

	(void)bev;
	must_magic(r, RAW_MAGIC);
	if (!has_more(r))
		finish(r);
	else if (r->bytes_per_s == 0)
		push(r, FILL_BYTES);
}

static void
drip_fire(void *arg)
{
	struct raw *r = arg;
	double per_tick = r->bytes_per_s / TICKS_PER_S;
	size_t n = per_tick > 1 ? (size_t)per_tick : 1;

	must_magic(r, RAW_MAGIC);
	if (!push(r, n))
		return;
	loop_timer_at(r->timer, clock_mono() +
	    (span_us)((double)n / r->bytes_per_s * SPAN_S));
}

static void
read_cb(struct bufferevent *bev, void *arg)
{
	(void)arg;
	evbuffer_drain(bufferevent_get_input(bev), SIZE_MAX);
}

static void
event_cb(struct bufferevent *bev, short what, void *arg)
{
	struct raw *r = arg;

	(void)bev;
	must_magic(r, RAW_MAGIC);
	if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
		raw_free(r);
}

void
raw_start(struct raw **list, struct loop *loop, struct evhttp_request *req,
    const struct raw_plan *plan)
{
	struct evhttp_connection *connection =
	    evhttp_request_get_connection(req);
	struct raw *r;

	if (connection == NULL) {
		/* The client has left; sending frees the request. */
		evhttp_send_reply(req, 200, NULL, NULL);
		return;
	}
	r = xcalloc(1, sizeof(*r));
	r->magic = RAW_MAGIC;
	r->list = list;
	r->connection = connection;
	r->bev = evhttp_connection_get_bufferevent(connection);
	r->data = xmemdup(plan->data, plan->len);
	r->len = plan->len;
	r->bytes_per_s = plan->bytes_per_s;
	r->filler_bytes = plan->filler_bytes;
	r->end = plan->end;
	DL_APPEND(*list, r);
	bufferevent_setcb(r->bev, read_cb, write_cb, event_cb, r);
	bufferevent_set_timeouts(r->bev, NULL, NULL);
	bufferevent_enable(r->bev, EV_READ | EV_WRITE);
	if (r->bytes_per_s > 0) {
		r->timer = loop_timer_new(loop, drip_fire, r);
		loop_timer_at(r->timer, clock_mono());
	}
	if (plan->head_len > 0)
		push(r, plan->head_len);
	else if (r->bytes_per_s == 0)
		push(r, FILL_BYTES);
}
