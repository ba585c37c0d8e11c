/* SPDX-License-Identifier: ISC */
/* Deliveries of events: evhttp's client, one connection for each attempt. */
#include "contrib/paysim/delivery.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "contrib/paysim/render.h"
#include "contrib/paysim/signature.h"

#define PAYLOAD_MOST_BYTES (1u << 20)
#define DELIVERY_MAGIC 0x64656c76

struct delivery {
	uint32_t magic;
	struct deliveries *all;
	char event_id[OBJECT_ID_SIZE];
	struct delivery_target target;
	char secret[40];
	char *payload;
	size_t len;
	int attempts;
	int status;               /* of the last attempt, 0: no answer */
	struct loop_timer *timer; /* to the next attempt, or after one */
	struct evhttp_connection *connection;
	struct delivery *prev, *next;
};

struct deliveries {
	struct app *app;
	struct delivery *waiting, *ready, *sending;
	size_t count, sending_count;
};

static void timer_fire(void *arg);

bool
delivery_parse_url(const char *url, struct delivery_target *out)
{
	struct evhttp_uri *uri = evhttp_uri_parse(url);
	const char *scheme, *host, *path, *query;
	bool is_good;

	if (uri == NULL)
		return (false);
	scheme = evhttp_uri_get_scheme(uri);
	host = evhttp_uri_get_host(uri);
	path = evhttp_uri_get_path(uri);
	query = evhttp_uri_get_query(uri);
	is_good = scheme != NULL && strcmp(scheme, "http") == 0 &&
	    host != NULL && (strcmp(host, "localhost") == 0 ||
	    strcmp(host, "127.0.0.1") == 0) &&
	    evhttp_uri_get_userinfo(uri) == NULL;
	if (is_good) {
		out->host = xstrdup("127.0.0.1");
		out->port = (uint16_t)(evhttp_uri_get_port(uri) > 0 ?
		    evhttp_uri_get_port(uri) : 80);
		out->target = xasprintf("%s%s%s", path != NULL &&
		    *path != '\0' ? path : "/", query != NULL ? "?" : "",
		    query != NULL ? query : "");
	}
	evhttp_uri_free(uri);
	return (is_good);
}

void
delivery_target_fini(struct delivery_target *target)
{
	free(target->host);
	free(target->target);
}

struct deliveries *
deliveries_new(struct app *app)
{
	struct deliveries *all = xcalloc(1, sizeof(*all));

	all->app = app;
	return (all);
}

static void
delivery_free(struct delivery *d)
{
	d->all->count--;
	if (d->connection != NULL)
		evhttp_connection_free(d->connection);
	loop_timer_free(&d->timer);
	delivery_target_fini(&d->target);
	free(d->payload);
	free(d);
}

static void
free_list(struct delivery **list)
{
	struct delivery *d;

	while ((d = *list) != NULL) {
		DL_DELETE(*list, d);
		delivery_free(d);
	}
}

void
deliveries_free(struct deliveries **all)
{
	free_list(&(*all)->waiting);
	free_list(&(*all)->ready);
	free_list(&(*all)->sending);
	free(*all);
	*all = NULL;
}

void
delivery_add(struct deliveries *all, const struct event *e,
    const struct endpoint *we)
{
	struct delivery *d;
	struct json_out out;
	struct buf payload;

	if (all->count >= DELIVERIES_MOST) {
		log_warn("paysim.delivery.dropped", "event=%s", e->o.id);
		return;
	}
	d = xcalloc(1, sizeof(*d));
	d->magic = DELIVERY_MAGIC;
	d->all = all;
	all->count++;
	memcpy(d->event_id, e->o.id, sizeof(d->event_id));
	memcpy(d->secret, we->secret, sizeof(d->secret));
	must(delivery_parse_url(we->url, &d->target));
	buf_init(&payload, PAYLOAD_MOST_BYTES);
	json_out_init(&out, &payload);
	render_event(&out, e);
	d->payload = buf_take(&payload, &d->len);
	d->timer = loop_timer_new(all->app->loop, timer_fire, d);
	/* From the loop, after the request that caused it was answered. */
	DL_APPEND(all->waiting, d);
	loop_timer_at(d->timer, 0);
}

static void
retry_later(struct delivery *d)
{
	span_us pause = d->all->app->settings.webhook_retry;

	pause <<= d->attempts - 1;
	DL_APPEND(d->all->waiting, d);
	loop_timer_at(d->timer, clock_mono() + pause);
}

/* What became of the last attempt? */
static void
finish(struct delivery *d)
{
	struct deliveries *all = d->all;
	struct event *e;

	DL_DELETE(all->sending, d);
	all->sending_count--;
	e = objects_find(&all->app->objects, OBJECT_EVENT, d->event_id);
	if (d->status >= 200 && d->status < 300) {
		if (e != NULL && e->pending > 0)
			e->pending--;
		delivery_free(d);
	} else if (d->attempts < DELIVERY_ATTEMPTS) {
		retry_later(d);
	} else {
		log_warn("paysim.delivery.failed", "event=%s attempts=%d",
		    d->event_id, d->attempts);
		delivery_free(d);
	}
}

/* The connection must not be freed in here: the timer does it. */
static void
answered_cb(struct evhttp_request *req, void *arg)
{
	struct delivery *d = arg;

	must_magic(d, DELIVERY_MAGIC);
	d->status = req != NULL ? evhttp_request_get_response_code(req) : 0;
	loop_timer_at(d->timer, 0);
}

static struct evhttp_request *
request_of(struct delivery *d)
{
	struct evhttp_request *req = evhttp_request_new(answered_cb, d);
	struct evkeyvalq *headers;
	char signature[SIGNATURE_SIZE], host[40];

	must(req != NULL);
	signature_make(d->secret, clock_wall() / SPAN_S, d->payload, d->len,
	    signature);
	snprintf(host, sizeof(host), "%s:%u", d->target.host,
	    (unsigned int)d->target.port);
	headers = evhttp_request_get_output_headers(req);
	evhttp_add_header(headers, "Host", host);
	evhttp_add_header(headers, "Content-Type",
	    "application/json; charset=utf-8");
	evhttp_add_header(headers, "Stripe-Signature", signature);
	evhttp_add_header(headers, "User-Agent", "paysim/1.0");
	evhttp_add_header(headers, "Connection", "close");
	evbuffer_add(evhttp_request_get_output_buffer(req), d->payload,
	    d->len);
	return (req);
}

static void
send_one(struct delivery *d)
{
	struct evhttp_request *req = request_of(d);

	d->attempts++;
	d->status = 0;
	d->connection = evhttp_connection_base_new(
	    loop_base(d->all->app->loop), NULL, d->target.host,
	    d->target.port);
	must(d->connection != NULL);
	evhttp_connection_set_timeout(d->connection, DELIVERY_TIMEOUT_S);
	if (evhttp_make_request(d->connection, req, EVHTTP_REQ_POST,
	    d->target.target) != 0) {
		evhttp_request_free(req);
		loop_timer_at(d->timer, 0);
	}
}

static void
send_ready(struct deliveries *all)
{
	struct delivery *d;

	while ((d = all->ready) != NULL &&
	    all->sending_count < DELIVERIES_AT_ONCE) {
		DL_DELETE(all->ready, d);
		DL_APPEND(all->sending, d);
		all->sending_count++;
		send_one(d);
	}
}

static void
timer_fire(void *arg)
{
	struct delivery *d = arg;
	struct deliveries *all;

	must_magic(d, DELIVERY_MAGIC);
	all = d->all;
	if (d->connection != NULL) {
		evhttp_connection_free(d->connection);
		d->connection = NULL;
		finish(d);
	} else {
		DL_DELETE(all->waiting, d);
		DL_APPEND(all->ready, d);
	}
	send_ready(all);
}
