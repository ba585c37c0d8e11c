/* SPDX-License-Identifier: ISC */
/*
 * A release label and the way of a request: admitted, its faults drawn, held
 * back for the latency, handled, answered. Everything after the first step
 * happens in exchange_finish, so that a request waits without side effects.
 */
#include "contrib/paysim/server.h"

#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <netinet/in.h>

#include <utlist.h>

#include "base/err.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "contrib/paysim/call.h"
#include "contrib/paysim/fault_routes.h"
#include "contrib/paysim/idempotency.h"
#include "contrib/paysim/raw.h"
#include "contrib/paysim/router.h"

#define BACKLOG 4096
#define BODY_MOST_BYTES (1 << 20)
#define HEADERS_MOST_BYTES (32 << 10)
#define IDLE_TIMEOUT_S 300
#define EXCHANGE_MAGIC 0x65786368

struct release {
	struct app *app;
	char *label;
	char *url;
	struct evhttp *http;
	struct faults faults;
	struct random random;
	struct exchange *exchanges; /* held back */
	struct raw *raws;
};

/* One request and its answer; freed when the answer is on its way. */
struct exchange {
	uint32_t magic;
	struct release *release;
	struct evhttp_request *req;
	const struct route *route;
	char *path, *id;
	struct call call;
	struct fault_draw draw;
	bool is_answered;             /* without the handler */
	struct idempotent *idempotent; /* FIRST under its key */
	struct loop_timer *timer;
	struct exchange *prev, *next;
};

static const char *
method_name(struct evhttp_request *req)
{
	switch (evhttp_request_get_command(req)) {
	case EVHTTP_REQ_GET:
		return ("GET");
	case EVHTTP_REQ_POST:
		return ("POST");
	case EVHTTP_REQ_HEAD:
		return ("HEAD");
	case EVHTTP_REQ_DELETE:
		return ("DELETE");
	case EVHTTP_REQ_PUT:
		return ("PUT");
	default:
		return ("OTHER");
	}
}

static void
exchange_free(struct exchange *x)
{
	loop_timer_free(&x->timer);
	call_fini(&x->call);
	free(x->path);
	free(x->id);
	free(x);
}

static void
read_request(struct exchange *x)
{
	struct evhttp_request *req = x->req;
	struct evkeyvalq *headers = evhttp_request_get_input_headers(req);
	struct evbuffer *body = evhttp_request_get_input_buffer(req);
	struct call *c = &x->call;

	c->method = method_name(req);
	c->path = x->path;
	c->id = x->id;
	c->base_url = x->release->url;
	c->faults = &x->release->faults;
	c->now_s = clock_wall() / SPAN_S;
	c->cookie = evhttp_find_header(headers, "Cookie");
	c->signature = evhttp_find_header(headers, "Stripe-Signature");
	c->idempotency_key = evhttp_find_header(headers, "Idempotency-Key");
	c->body_len = evbuffer_get_length(body);
	c->body = c->body_len > 0 ? (const char *)evbuffer_pullup(body, -1) :
	    "";
	memcpy(c->request_id, "req_", 4);
	random_text(&x->release->app->objects.ids, c->request_id + 4, 14);
}

/* Refuse or replay by the Idempotency-Key; true when the handler may run. */
static bool
begin_idempotent(struct exchange *x)
{
	struct call *c = &x->call;
	struct idempotent *entry = NULL;
	uint8_t print[SHA256_SIZE];
	const char *key = c->idempotency_key, *body, *request_id;
	size_t len;

	if (key == NULL || strcmp(c->method, "POST") != 0)
		return (true);
	if (*key == '\0' || strlen(key) > IDEMPOTENCY_MOST_KEY)
		return (call_refuse(c, NULL, NULL, "Idempotency keys have "
		    "from 1 to %d characters.", IDEMPOTENCY_MOST_KEY));
	call_header(c, "Idempotency-Key", "%s", key);
	idempotency_print(c->method, c->path, c->body, c->body_len, print);
	switch (idempotency_begin(x->release->app->idempotency, key, print,
	    c->now_s, &entry)) {
	case IDEMPOTENCY_MISMATCH:
		return (call_fail(c, 400, "idempotency_error", NULL, NULL,
		    "Keys for idempotent requests can only be used with the "
		    "same parameters they were first used with. Try using a "
		    "key other than '%s' if you meant to execute a different "
		    "request.", key));
	case IDEMPOTENCY_BUSY:
		return (call_fail(c, 409, "idempotency_error",
		    "idempotency_key_in_use", NULL, "There is currently "
		    "another in-progress request using this Idempotency Key "
		    "(that probably means you submitted twice, and the other "
		    "request is still going through): %s. Try again later.",
		    key));
	case IDEMPOTENCY_REPLAY:
		c->status = idempotency_answer(entry, &request_id, &body,
		    &len);
		buf_append(&c->out, body, len);
		call_header(c, "Idempotent-Replayed", "true");
		call_header(c, "Original-Request", "%s", request_id);
		return (false);
	case IDEMPOTENCY_FIRST:
		break;
	}
	x->idempotent = entry;
	return (true);
}

static bool
keeps_answer(int status)
{
	return (status < 400 || status == 402);
}

static void
end_idempotent(struct exchange *x)
{
	struct idempotency *all = x->release->app->idempotency;
	const struct call *c = &x->call;

	if (x->idempotent == NULL)
		return;
	if (keeps_answer(c->status))
		idempotency_keep(all, x->idempotent, c->status, c->request_id,
		    &c->out);
	else
		idempotency_forget(all, x->idempotent);
	x->idempotent = NULL;
}

static void
send_whole(struct exchange *x)
{
	struct call *c = &x->call;
	struct evkeyvalq *headers =
	    evhttp_request_get_output_headers(x->req);
	struct evbuffer *body = evhttp_request_get_output_buffer(x->req);
	size_t i;

	evhttp_add_header(headers, "Content-Type", c->content_type);
	evhttp_add_header(headers, "Request-Id", c->request_id);
	for (i = 0; i < c->header_count; i++)
		evhttp_add_header(headers, c->headers[i].name,
		    c->headers[i].value);
	evbuffer_add(body, buf_str(&c->out), c->out.len);
	evhttp_send_reply(x->req, c->status, NULL, NULL);
}

/* Send by hand what evhttp would not: dripping, or cut by a reset. */
static void
send_raw(struct exchange *x)
{
	struct release *r = x->release;
	const struct call *c = &x->call;
	struct raw_plan plan = {.bytes_per_s = r->faults.slow_body,
	    .end = x->draw.is_reset ? RAW_RESET : RAW_CLOSE};
	struct buf all;
	size_t i;

	buf_init(&all, CALL_MOST_BYTES + HEADERS_MOST_BYTES);
	buf_printf(&all, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\n"
	    "Request-Id: %s\r\nContent-Length: %zu\r\nConnection: close\r\n",
	    c->status, c->status < 400 ? "OK" : "Error", c->content_type,
	    c->request_id, c->out.len);
	for (i = 0; i < c->header_count; i++)
		buf_printf(&all, "%s: %s\r\n", c->headers[i].name,
		    c->headers[i].value);
	buf_append_str(&all, "\r\n");
	plan.head_len = all.len;
	buf_append(&all, buf_str(&c->out), x->draw.is_reset ?
	    c->out.len / 2 : c->out.len);
	plan.data = all.data;
	plan.len = all.len;
	raw_start(&r->raws, r->app->loop, x->req, &plan);
	buf_fini(&all);
}

static void
exchange_finish(struct exchange *x)
{
	struct release *r = x->release;
	struct call *c = &x->call;
	bool is_faulty = x->route == NULL || x->route->kind == ROUTE_API ||
	    x->route->kind == ROUTE_PAGE;

	if (!x->is_answered)
		x->route->handler(c);
	end_idempotent(x);
	if (r->app->settings.is_verbose)
		log_info("paysim.request.done", "release=%s method=%s "
		    "path=%s status=%d id=%s", r->label, c->method,
		    log_quote(c->path), c->status, c->request_id);
	if (is_faulty && strcmp(c->method, "HEAD") != 0 &&
	    (x->draw.is_reset || r->faults.slow_body > 0))
		send_raw(x);
	else
		send_whole(x);
	exchange_free(x);
}

static void
latency_fire(void *arg)
{
	struct exchange *x = arg;

	must_magic(x, EXCHANGE_MAGIC);
	DL_DELETE(x->release->exchanges, x);
	exchange_finish(x);
}

/* Admit the request; true when its handler shall run. */
static bool
admit(struct exchange *x, const char *query)
{
	struct evkeyvalq *headers = evhttp_request_get_input_headers(x->req);
	struct call *c = &x->call;

	if (x->draw.is_error)
		return (call_fail(c, 500, "api_error", NULL, NULL,
		    "Sorry, something went wrong on our side."));
	if (x->route == NULL) {
		router_unknown(c);
		return (false);
	}
	return (router_admit(c, x->route,
	    evhttp_find_header(headers, "Authorization"),
	    evhttp_find_header(headers, "Content-Type"), query) &&
	    (x->route->kind != ROUTE_API || begin_idempotent(x)));
}

static void
exchange_start(struct exchange *x, const char *query)
{
	struct release *r = x->release;

	if (x->route == NULL || x->route->kind != ROUTE_LOCAL)
		x->draw = faults_draw(&r->faults, &r->random);
	x->call.is_amount_wrong = x->draw.is_amount_wrong;
	x->call.is_webhook_lost = x->draw.is_webhook_lost;
	x->is_answered = !admit(x, query);
	if (x->draw.latency == 0) {
		exchange_finish(x);
		return;
	}
	DL_APPEND(r->exchanges, x);
	x->timer = loop_timer_new(r->app->loop, latency_fire, x);
	loop_timer_at(x->timer, clock_mono() + x->draw.latency);
}

static void
request_cb(struct evhttp_request *req, void *arg)
{
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(req);
	struct release *r = arg;
	struct exchange *x = xcalloc(1, sizeof(*x));
	const char *path = evhttp_uri_get_path(uri);
	const char *query = evhttp_uri_get_query(uri);

	x->magic = EXCHANGE_MAGIC;
	x->release = r;
	x->req = req;
	x->path = xstrdup(path != NULL && *path != '\0' ? path : "/");
	call_init(&x->call, r->app);
	x->route = router_find(method_name(req), x->path, &x->id);
	read_request(x);
	if (x->route != NULL && x->route->kind == ROUTE_FAULT &&
	    fault_route(&r->raws, r->app->loop, req, x->id, query)) {
		exchange_free(x);
		return;
	}
	if (x->route != NULL && x->route->kind == ROUTE_FAULT)
		x->route = NULL;
	exchange_start(x, query);
}

static uint16_t
port_of(struct evhttp_bound_socket *bound)
{
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);

	must(getsockname(evhttp_bound_socket_get_fd(bound),
	    (struct sockaddr *)&sin, &len) == 0);
	return (ntohs(sin.sin_port));
}

int
release_open(struct app *app, const char *label, uint16_t port,
    const struct faults *faults, struct release **out)
{
	struct evhttp *http = evhttp_new(loop_base(app->loop));
	struct evhttp_bound_socket *bound;
	struct release *r;

	must(http != NULL);
	evhttp_set_default_content_type(http, NULL);
	evhttp_set_max_body_size(http, BODY_MOST_BYTES);
	evhttp_set_max_headers_size(http, HEADERS_MOST_BYTES);
	evhttp_set_timeout(http, IDLE_TIMEOUT_S);
	evhttp_set_allowed_methods(http, EVHTTP_REQ_GET | EVHTTP_REQ_POST |
	    EVHTTP_REQ_HEAD | EVHTTP_REQ_DELETE | EVHTTP_REQ_PUT |
	    EVHTTP_REQ_PATCH | EVHTTP_REQ_OPTIONS);
	bound = evhttp_bind_socket_with_handle(http, "127.0.0.1", port);
	if (bound == NULL) {
		evhttp_free(http);
		return (ERR_IO);
	}
	/* libevent's 128 overflow when a fleet connects in one instant. */
	(void)listen(evhttp_bound_socket_get_fd(bound), BACKLOG);
	r = xcalloc(1, sizeof(*r));
	r->app = app;
	r->label = xstrdup(label);
	r->url = xasprintf("http://127.0.0.1:%u",
	    (unsigned int)port_of(bound));
	r->http = http;
	r->faults = *faults;
	random_init(&r->random, app->settings.seed, label);
	evhttp_set_gencb(http, request_cb, r);
	*out = r;
	return (0);
}

void
release_close(struct release **release)
{
	struct release *r = *release;
	struct exchange *x;

	raw_stop(&r->raws);
	while ((x = r->exchanges) != NULL) {
		DL_DELETE(r->exchanges, x);
		exchange_free(x);
	}
	evhttp_free(r->http);
	free(r->label);
	free(r->url);
	free(r);
	*release = NULL;
}

const char *
release_url(const struct release *r)
{
	return (r->url);
}

const char *
release_label(const struct release *r)
{
	return (r->label);
}
