/* SPDX-License-Identifier: ISC */
/*
 * e2e-web: the read-only page, API and metrics. Its own process, so that a
 * reader can never hold up a probe or the writer.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/channel.h"
#include "base/err.h"
#include "base/json_out.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/options.h"
#include "base/proc.h"
#include "config.h"
#include "web/server.h"

struct values {
	const char *store;
	const char *listen;
	struct option_list hosts;
	bool is_child;
	int log_level;
};

static const struct option_row rows[] = {
    {.name = "store", .letter = 's', .type = OPTION_STR,
        .offset = OPTION_AT(struct values, store), .arg = "DIR",
        .help = "Directory of the store; it may be made later"},
    {.name = "listen", .letter = 'l', .type = OPTION_STR,
        .offset = OPTION_AT(struct values, listen), .arg = "ADDRESS:PORT",
        .env = "E2E_WEB",
        .help = "Where to listen: on the loopback only; port 0 is any free "
            "one (127.0.0.1:8077)"},
    {.name = "host", .type = OPTION_LIST,
        .offset = OPTION_AT(struct values, hosts), .arg = "NAME",
        .env = "E2E_WEB_HOST",
        .help = "Answer requests for this host name too, when a proxy "
            "stands before the page; repeatable"},
    {.name = "child", .type = OPTION_FLAG,
        .offset = OPTION_AT(struct values, is_child), .env = "",
        .help = "Tell the parent on descriptor 3, and end with it"},
    {.name = "log-level", .type = OPTION_CHOICE,
        .offset = OPTION_AT(struct values, log_level), .arg = "LEVEL",
        .choices = log_level_names,
        .help = "error, warn, info or debug (warn)"},
    OPTION_END};

static const struct option_text texts[] = {
    {"DESCRIPTION", "e2e-web shows what a store holds: the page at /, "
        "/runs, /runs/ID, /checks/SERVICE/NAME, /gates and /gates/ID; the "
        "JSON API at /api/v1/checks, /api/v1/runs, /api/v1/runs/ID, "
        "/api/v1/gates and /api/v1/gates/ID; /metrics for Prometheus; "
        "/healthz. Everything is read-only: GET and HEAD.\n\n"
        "It prints its address on standard output when it can be asked. "
        "The store may be missing, in use, or replaced at any time.\n\n"
        "/api/v1/runs takes check, service, location and environment (with "
        "* and ?), outcome (names with commas, or bad: all that count "
        "against the service), since and until (RFC 3339, a date, or a "
        "duration before now), limit, and cursor: what next was in the "
        "answer before. /api/v1/checks takes the same names and window. "
        "api.md in the documentation has the rest."},
    {"SECURITY", "There is no login, so it listens on the loopback only and "
        "refuses any other address: put a proxy that authenticates before "
        "it. A Host that is neither the loopback nor given by --host is "
        "refused, so that no page elsewhere can read this one through a "
        "browser. The page runs no script, and its policy forbids any."},
    {"EXIT STATUS", "0 stopped by a signal or with its parent; 30 cannot "
        "listen; 64 wrong options, or an address that is not of the "
        "loopback."},
    {"SEE ALSO", "e2e-scheduler(8), e2e-query(1)"},
    {NULL, NULL}};

static const struct program program = {.name = "e2e-web", .section = 8,
    .summary = "show the results of an e2e fleet: page, API and metrics",
    .synopsis = "--store DIR [options]", .rows = rows, .texts = texts};

static void
parent_message_cb(struct channel *ch, const struct message *m, void *arg)
{
	(void)ch;
	if (m->type == MESSAGE_STOP)
		loop_stop(arg);
}

static void
parent_gone_cb(struct channel *ch, int err, void *arg)
{
	(void)ch;
	(void)err;
	loop_stop(arg);
}

static const struct channel_handlers parent_handlers = {
    .message = parent_message_cb, .closed = parent_gone_cb};

/* Tell the parent that the page can be asked, and where. */
static struct channel *
tell_parent(struct loop *loop, const char *url)
{
	struct channel *parent = channel_new(loop, PROC_CHILD_FD,
	    &parent_handlers, loop);
	struct message ready = {.type = MESSAGE_READY};
	struct json_out o;
	struct buf doc;

	buf_init(&doc, 1000);
	json_out_init(&o, &doc);
	json_out_object(&o);
	json_out_kv_str(&o, "program", program.name);
	json_out_kv_str(&o, "version", PACKAGE_VERSION);
	json_out_kv_str(&o, "url", url);
	json_out_object_end(&o);
	ready.doc = doc.data;
	ready.doc_len = doc.len;
	channel_send(parent, &ready);
	buf_fini(&doc);
	return (parent);
}

static int
serve(const struct values *v, const struct server_options *o)
{
	struct loop *loop = loop_new();
	struct channel *parent = NULL;
	struct web_server *server = NULL;
	int rc = server_open(loop, o, &server);

	if (rc != 0) {
		fprintf(stderr, "e2e-web: cannot listen on %s: %s\n",
		    v->listen, strerror(errno));
	} else {
		if (v->is_child)
			parent = tell_parent(loop, server_url(server));
		fprintf(v->is_child ? stderr : stdout,
		    v->is_child ? "e2e-web: the page is at %s\n" : "%s\n",
		    server_url(server));
		fflush(stdout);
		proc_sandbox();
		loop_run_until_signal(loop, v->is_child);
	}
	server_close(&server);
	if (parent != NULL)
		channel_free(&parent);
	loop_free(&loop);
	return (rc);
}

static void
read_listen(const struct values *v, char address[static 46], uint16_t *port)
{
	switch (server_parse_listen(v->listen, address, port)) {
	case 0:
		return;
	case ERR_UNSUPPORTED:
		options_fail(&program, "--listen %s: the page has no login "
		    "yet, so it listens on the loopback only (127.0.0.1 or "
		    "[::1]); put a proxy that authenticates before it",
		    v->listen);
	default:
		options_fail(&program, "--listen wants ADDRESS:PORT such as "
		    "127.0.0.1:8077, not '%s'", v->listen);
	}
}

int
main(int argc, char **argv)
{
	struct values v = {.listen = "127.0.0.1:8077", .log_level = LOG_WARN};
	struct server_options o = {0};
	char address[46];
	int rc;

	if (options_parse(&program, argc, argv, &v) < argc)
		options_fail(&program, "takes no operands");
	proc_init(v.is_child);
	if (v.store == NULL)
		options_fail(&program, "where is the store? Give --store, or "
		    "E2E_STORE in the environment");
	log_init("e2e-web", (enum log_level)v.log_level);
	read_listen(&v, address, &o.port);
	o.address = address;
	o.hosts = v.hosts.items;
	o.host_count = v.hosts.count;
	o.source = source_new(v.store);
	rc = serve(&v, &o);
	source_free(&o.source);
	options_fini(&program, &v);
	return (rc == 0 ? EXIT_GOOD : EXIT_UNMEASURED);
}
