/* SPDX-License-Identifier: ISC */
/* The HTTP listener on evhttp. */
#include "web/server.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "web/route.h"
#include "web/style.h"

#define SERVER_MAGIC 0x77656273
#define ADDRESS_SIZE 46

struct web_server {
	uint32_t magic;
	struct evhttp *http;
	struct source *source;
	char *url;
	const char *const *hosts;
	size_t host_count;
};

static bool
is_loopback(const char *address)
{
	struct in_addr four;
	struct in6_addr six;

	if (inet_pton(AF_INET, address, &four) == 1)
		return (ntohl(four.s_addr) >> 24 == 127);
	return (inet_pton(AF_INET6, address, &six) == 1 &&
	    IN6_IS_ADDR_LOOPBACK(&six));
}

/* Split host and port; the host loses its brackets. *port is "" if none. */
static bool
split_host(const char *text, char host[static 256], const char **port)
{
	const char *end, *colon;
	size_t len;

	if (*text == '[') {
		if ((end = strchr(text++, ']')) == NULL)
			return (false);
		colon = end + 1;
	} else {
		colon = text + strcspn(text, ":");
		end = colon;
	}
	len = (size_t)(end - text);
	if (len >= 256 || (*colon != '\0' && *colon != ':'))
		return (false);
	memcpy(host, text, len);
	host[len] = '\0';
	*port = *colon == ':' ? colon + 1 : colon;
	return (true);
}

int
server_parse_listen(const char *text, char address[static 46],
    uint16_t *port)
{
	char host[256];
	const char *digits;
	struct in_addr four;
	struct in6_addr six;
	unsigned long n;

	if (!split_host(text, host, &digits) || *digits == '\0' ||
	    strspn(digits, "0123456789") != strlen(digits) ||
	    strlen(digits) > 5 || (n = strtoul(digits, NULL, 10)) > 65535)
		return (ERR_SYNTAX);
	if (strcmp(host, "localhost") == 0)
		snprintf(host, sizeof(host), "127.0.0.1");
	if (inet_pton(AF_INET, host, &four) != 1 &&
	    inet_pton(AF_INET6, host, &six) != 1)
		return (ERR_SYNTAX);
	if (!is_loopback(host))
		return (ERR_UNSUPPORTED);
	must(strlen(host) < ADDRESS_SIZE); /* it is an address */
	memcpy(address, host, strlen(host) + 1);
	*port = (uint16_t)n;
	return (0);
}

/*
 * A page elsewhere may point a name of its own at 127.0.0.1 and read us
 * through the visitor's browser: only names that we know are answered.
 */
static bool
host_is_known(const struct web_server *s, const char *header)
{
	char host[256];
	const char *port;
	size_t i;

	if (header == NULL || !split_host(header, host, &port))
		return (false);
	if (strcasecmp(host, "localhost") == 0 || is_loopback(host))
		return (true);
	for (i = 0; i < s->host_count; i++)
		if (strcasecmp(host, s->hosts[i]) == 0)
			return (true);
	return (false);
}

/*
 * False when they are none, or too many: a filter that is not heeded answers
 * another question.
 */
static bool
read_params(struct answer *a, const char *query, struct evkeyvalq *pairs)
{
	const struct evkeyval *pair;

	if (query == NULL || *query == '\0')
		return (true);
	if (evhttp_parse_query_str(query, pairs) != 0)
		return (false);
	for (pair = pairs->tqh_first; pair != NULL &&
	    a->param_count < ANSWER_MOST_PARAMS; pair = pair->next.tqe_next)
		a->params[a->param_count++] =
		    (struct answer_param){pair->key, pair->value};
	return (pair == NULL);
}

static void
send_answer(struct evhttp_request *req, struct answer *a)
{
	static const struct {
		const char *name, *value;
	} fixed[] = {
	    {"Cache-Control", "no-store"},
	    {"X-Content-Type-Options", "nosniff"},
	    {"X-Frame-Options", "DENY"},
	    {"Referrer-Policy", "no-referrer"},
	    {"Cross-Origin-Resource-Policy", "same-origin"},
	};
	struct evkeyvalq *headers = evhttp_request_get_output_headers(req);
	size_t i;

	evhttp_add_header(headers, "Content-Type", a->content_type);
	evhttp_add_header(headers, "Content-Security-Policy",
	    style_policy());
	for (i = 0; i < NELEMS(fixed); i++)
		evhttp_add_header(headers, fixed[i].name, fixed[i].value);
	if (a->status == 405)
		evhttp_add_header(headers, "Allow", "GET, HEAD");
	evbuffer_add(evhttp_request_get_output_buffer(req), buf_str(&a->out),
	    a->out.len);
	evhttp_send_reply(req, a->status, NULL, NULL);
}

/* Refuse what is not ours to answer; true when the request may go on. */
static bool
admit(const struct web_server *s, struct evhttp_request *req,
    struct answer *a)
{
	const char *host = evhttp_find_header(
	    evhttp_request_get_input_headers(req), "Host");
	enum evhttp_cmd_type command = evhttp_request_get_command(req);

	if (command != EVHTTP_REQ_GET && command != EVHTTP_REQ_HEAD)
		answer_fail(a, 405, "this is read-only: GET or HEAD");
	else if (strlen(evhttp_request_get_uri(req)) > SERVER_MOST_URL_BYTES)
		answer_fail(a, 414, "the URL has more than %d bytes",
		    SERVER_MOST_URL_BYTES);
	else if (!host_is_known(s, host))
		answer_fail(a, 403, "this host name is not known here: see "
		    "--host");
	else
		return (true);
	return (false);
}

static void
request_cb(struct evhttp_request *req, void *arg)
{
	struct web_server *s = arg;
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(req);
	const char *query = evhttp_uri_get_query(uri);
	const char *raw_path = evhttp_uri_get_path(uri);
	struct evkeyvalq params = {0};
	struct answer a;
	mono_us begun = clock_mono();
	char *path;

	must_magic(s, SERVER_MAGIC);
	answer_init(&a, clock_wall());
	TAILQ_INIT(&params);
	path = evhttp_uridecode(raw_path != NULL && *raw_path != '\0' ?
	    raw_path : "/", 0, NULL);
	a.path = path != NULL ? path : "/";
	if (admit(s, req, &a)) {
		if (read_params(&a, query, &params))
			route_answer(&a, s->source);
		else
			answer_fail(&a, 400, "parameters are name=value, "
			    "joined by &, %d at most", ANSWER_MOST_PARAMS);
	}
	log_debug("web.request.done", "path=%s status=%d took_us=%lld",
	    log_quote(a.path), a.status, (long long)(clock_mono() - begun));
	send_answer(req, &a);
	evhttp_clear_headers(&params);
	free(path);
	answer_fini(&a);
}

static uint16_t
port_of(struct evhttp_bound_socket *bound)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	must(getsockname(evhttp_bound_socket_get_fd(bound),
	    (struct sockaddr *)&ss, &len) == 0);
	return (ntohs(ss.ss_family == AF_INET6 ?
	    ((struct sockaddr_in6 *)&ss)->sin6_port :
	    ((struct sockaddr_in *)&ss)->sin_port));
}

static void
set_bounds(struct evhttp *http)
{
	evhttp_set_default_content_type(http, NULL);
	evhttp_set_max_headers_size(http, SERVER_MOST_HEADER_BYTES);
	evhttp_set_max_body_size(http, 1024);
	evhttp_set_timeout(http, SERVER_TIMEOUT_S);
	/* All of them, so that it is we who refuse. */
	evhttp_set_allowed_methods(http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD |
	    EVHTTP_REQ_POST | EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE |
	    EVHTTP_REQ_PATCH | EVHTTP_REQ_OPTIONS | EVHTTP_REQ_TRACE);
}

int
server_open(struct loop *loop, const struct server_options *o,
    struct web_server **out)
{
	struct evhttp *http = evhttp_new(loop_base(loop));
	struct evhttp_bound_socket *bound;
	struct web_server *s;

	must(http != NULL);
	set_bounds(http);
	bound = evhttp_bind_socket_with_handle(http, o->address, o->port);
	if (bound == NULL) {
		evhttp_free(http);
		return (ERR_IO);
	}
	s = xcalloc(1, sizeof(*s));
	s->magic = SERVER_MAGIC;
	s->http = http;
	s->source = o->source;
	s->hosts = o->hosts;
	s->host_count = o->host_count;
	s->url = xasprintf(strchr(o->address, ':') != NULL ?
	    "http://[%s]:%u" : "http://%s:%u", o->address,
	    (unsigned int)port_of(bound));
	evhttp_set_gencb(http, request_cb, s);
	*out = s;
	return (0);
}

void
server_close(struct web_server **s)
{
	if (*s == NULL)
		return;
	evhttp_free((*s)->http);
	free((*s)->url);
	free(*s);
	*s = NULL;
}

const char *
server_url(const struct web_server *s)
{
	return (s->url);
}
