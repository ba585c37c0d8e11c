/* SPDX-License-Identifier: ISC */
/*
 * The daemon. The way out is a chain: no more dispatch, the runs in flight
 * come back, the store acknowledges what it has, the children end.
 */
#include "scheduler/daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cause.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/proc.h"
#include "scheduler/alerts.h"
#include "scheduler/child.h"
#include "scheduler/dispatch.h"
#include "scheduler/fleet.h"
#include "scheduler/idle.h"
#include "scheduler/loader.h"
#include "scheduler/outbox.h"
#include "scheduler/reload.h"

#define DAEMON_MAGIC    0x4441454du
#define READY_LOOK      (20 * SPAN_MS)
#define STATS_EVERY     (60 * SPAN_S)
/* Some tools send the same signal twice, to process and group. */
#define HURRY_AFTER     (500 * SPAN_MS)
#define DRAIN_WITHIN    (10 * SPAN_S)
#define WEB_READY_WITHIN (30 * SPAN_S)

struct daemon {
	unsigned int magic;
	const struct daemon_options *options;
	struct loop *loop;
	struct reload *reload;
	struct fleet *fleet;
	struct outbox *outbox;
	struct dispatch *dispatch;
	struct alerts *alerts;
	struct idle *idle;
	struct child *web;
	char *page;               /* its address, once it listens */
	struct loop_signal *signals[3];
	struct loop_timer *look;
	mono_us since;
	mono_us counted;
	bool is_ready;
	bool is_stopping;
	mono_us stopping_since;
	int exit_code;
};

/* Tell the service manager, when there is one (sd_notify(3)). */
static void
notify_manager(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	size_t len = path != NULL ? strlen(path) : 0;
	int fd;

	if (len < 2 || len >= sizeof(to.sun_path))
		return;
	memcpy(to.sun_path, path, len);
	if (path[0] == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (sendto(fd, state, strlen(state), 0, (struct sockaddr *)&to,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
		log_warn("scheduler.notify", "error=%s",
		    log_quote(strerror(errno)));
	close(fd);
}

static void
daemon_ended_cb(void *arg)
{
	struct daemon *d = arg;

	must_magic(d, DAEMON_MAGIC);
	log_info("scheduler.stop", "up_us=%lld",
	    (long long)(clock_mono() - d->since));
	loop_stop(d->loop);
}

static void
fleet_stopped_cb(void *arg)
{
	struct daemon *d = arg;

	must_magic(d, DAEMON_MAGIC);
	outbox_stop(d->outbox, DRAIN_WITHIN, daemon_ended_cb, d);
}

/* Begin to stop; a second signal does not wait for runs. */
static void
daemon_stop(struct daemon *d, int signo)
{
	struct fleet_stats s;

	fleet_get_stats(d->fleet, &s);
	log_info("scheduler.stopping", "signal=%d in_flight=%zu waiting=%zu",
	    signo, s.in_flight, s.waiting);
	if (d->is_stopping) {
		if (clock_mono() - d->stopping_since > HURRY_AFTER)
			fleet_hurry(d->fleet);
		return;
	}
	d->is_stopping = true;
	d->stopping_since = clock_mono();
	notify_manager("STOPPING=1");
	reload_stop(d->reload);
	dispatch_stop(d->dispatch);
	alerts_stop(d->alerts);
	idle_stop(d->idle);
	if (d->web != NULL)
		child_hang_up(d->web);
	fleet_stop(d->fleet, d->options->stop_timeout, fleet_stopped_cb, d);
}

static void
daemon_signal_cb(int signo, void *arg)
{
	struct daemon *d = arg;

	must_magic(d, DAEMON_MAGIC);
	if (signo == SIGHUP)
		reload_request(d->reload);
	else
		daemon_stop(d, signo);
}

static void
store_ready_cb(const struct message *m, void *arg)
{
	struct daemon *d = arg;

	must_magic(d, DAEMON_MAGIC);
	dispatch_store_ready(d->dispatch, m->doc, m->doc_len);
}

static void
run_ended_cb(const struct dispatch_event *e, void *arg)
{
	struct daemon *d = arg;

	must_magic(d, DAEMON_MAGIC);
	alerts_note(d->alerts, e);
}

/* Say once on stdout that everything works. */
static void
look_for_ready(struct daemon *d)
{
	struct fleet_stats f;
	struct outbox_stats o;
	struct dispatch_stats s;

	fleet_get_stats(d->fleet, &f);
	outbox_get_stats(d->outbox, &o);
	if (f.ready < d->options->probe_count || !o.is_ready ||
	    (d->web != NULL && !child_is_ready(d->web)))
		return;
	dispatch_get_stats(d->dispatch, &s);
	d->is_ready = true;
	log_info("scheduler.ready", "start_us=%lld",
	    (long long)(clock_mono() - d->since));
	printf("ready checks=%zu probes=%u store=%s%s%s\n", s.checks,
	    f.ready, d->options->store, d->page != NULL ? " page=" : "",
	    d->page != NULL ? d->page : "");
	fflush(stdout);
	notify_manager("READY=1");
}

static void
log_stats(struct daemon *d)
{
	struct fleet_stats f;
	struct outbox_stats o;
	struct dispatch_stats s;
	struct alerts_stats a;
	struct idle_stats idle;

	fleet_get_stats(d->fleet, &f);
	outbox_get_stats(d->outbox, &o);
	dispatch_get_stats(d->dispatch, &s);
	alerts_get_stats(d->alerts, &a);
	idle_get_stats(d->idle, &idle);
	log_info("scheduler.stats", "due=%llu unrun=%llu in_flight=%zu "
	    "waiting=%zu probes=%u unacknowledged=%zu spool_bytes=%llu "
	    "late_mean_us=%lld late_most_us=%lld lag_us=%lld firing=%zu "
	    "aa_runs=%llu aa_refused=%llu",
	    (unsigned long long)s.due, (unsigned long long)s.unrun,
	    f.in_flight, f.waiting, f.ready, o.in_memory,
	    (unsigned long long)o.spool_bytes,
	    (long long)(s.due > 0 ? s.lateness_sum / (span_us)s.due : 0),
	    (long long)s.lateness_most, (long long)loop_lag(d->loop), a.firing,
	    (unsigned long long)idle.runs, (unsigned long long)idle.refused);
}

static void
daemon_look_cb(void *arg)
{
	struct daemon *d = arg;
	mono_us now = clock_mono();

	must_magic(d, DAEMON_MAGIC);
	if (!d->is_ready && !d->is_stopping)
		look_for_ready(d);
	if (now - d->counted >= STATS_EVERY) {
		d->counted = now;
		log_stats(d);
	}
	loop_timer_at(d->look, now + (d->is_ready ? STATS_EVERY : READY_LOOK));
}

static void
web_ready_cb(struct child *c, const struct message *m, void *arg)
{
	struct daemon *d = arg;
	struct json_doc *json;

	(void)c;
	must_magic(d, DAEMON_MAGIC);
	if (json_parse(m->doc, m->doc_len, &json_limits_default, &json, NULL)
	    != 0)
		return;
	free(d->page);
	d->page = xstrdup(json_get_str(json_root(json), "url", NULL));
	json_free(&json);
	if (d->page != NULL)
		log_info("scheduler.page", "url=%s", log_quote(d->page));
}

/* It has no more to say. */
static void
web_message_cb(struct child *c, const struct message *m, void *arg)
{
	(void)c;
	(void)m;
	(void)arg;
}

static void
web_down_cb(struct child *c, const char *reason, void *arg)
{
	(void)c;
	(void)reason;
	(void)arg;
}

/* It has said what is wrong with --web: nobody shall wait for the page. */
static void
web_refused_cb(struct child *c, void *arg)
{
	struct daemon *d = arg;

	(void)c;
	must_magic(d, DAEMON_MAGIC);
	d->exit_code = EXIT_USAGE;
	if (!d->is_stopping)
		daemon_stop(d, 0);
}

static const struct child_handlers web_handlers = {
	.ready = web_ready_cb,
	.message = web_message_cb,
	.down = web_down_cb,
	.refused = web_refused_cb,
};

static void
start_web(struct daemon *d)
{
	char *program = proc_sibling("e2e-web");
	struct child_spec spec = {.event = "web", .name = "web",
	    .program = program, .args = {"--child", "--store",
	    d->options->store, "--listen", d->options->web},
	    .ready_within = WEB_READY_WITHIN};

	d->web = child_new(d->loop, &spec, &web_handlers, d);
	free(program);
}

static void
spooled_cb(const struct message *m, void *arg)
{
	struct daemon *d = arg;

	dispatch_note_spooled(d->dispatch, m->doc, m->doc_len);
}

static int
open_parts(struct daemon *d)
{
	const struct daemon_options *o = d->options;
	struct fleet_options fleet = {.location = o->location,
	    .probe_count = (unsigned int)o->probe_count,
	    .max_per_host = (unsigned int)o->max_per_host,
	    .max_per_probe = (unsigned int)o->max_per_probe};
	char *spool = o->spool != NULL ? xstrdup(o->spool) :
	    file_join(o->store, "spool");
	struct outbox_options outbox = {.store = o->store, .spool = spool};
	struct idle_options idle = {.checks = o->checks, .store = o->store,
	    .location = o->location, .share_percent = o->idle_share};
	char *journal;
	int rc;

	rc = outbox_new(d->loop, &outbox, store_ready_cb, d, &d->outbox);
	if (rc != 0)
		fprintf(stderr, "e2e-scheduler: %s: %s\n", spool,
		    rc == ERR_BUSY ? "in use by another scheduler" :
		    strerror(errno));
	/* The spool is ours alone now, and so is what lies in it. */
	journal = file_join(spool, "alerts.journal");
	free(spool);
	if (rc != 0) {
		free(journal);
		return (rc);
	}
	d->fleet = fleet_new(d->loop, &fleet);
	d->alerts = alerts_new(d->loop, d->fleet, d->outbox, journal);
	free(journal);
	d->dispatch = dispatch_new(d->loop, d->fleet, d->outbox, o->location,
	    run_ended_cb, d);
	d->idle = idle_new(d->loop, d->dispatch, d->fleet, d->outbox,
	    &idle);
	if (o->web != NULL)
		start_web(d);
	return (0);
}

static void
start(struct daemon *d, struct loaded *first)
{
	static const int signos[] = {SIGHUP, SIGTERM, SIGINT};
	const struct reload_options reload = {.checks = d->options->checks,
	    .location = d->options->location, .dispatch = d->dispatch,
	    .alerts = d->alerts, .outbox = d->outbox, .idle = d->idle};
	size_t i;

	for (i = 0; i < NELEMS(signos); i++)
		d->signals[i] = loop_signal_new(d->loop, signos[i],
		    daemon_signal_cb, d);
	d->reload = reload_new(d->loop, &reload, first);
	outbox_scan(d->outbox, spooled_cb, d);
	d->look = loop_timer_new(d->loop, daemon_look_cb, d);
	loop_timer_at(d->look, clock_mono());
	log_info("scheduler.start", "probes=%lld store=%s location=%s",
	    (long long)d->options->probe_count, log_quote(d->options->store),
	    log_quote(d->options->location));
}

static void
close_parts(struct daemon *d)
{
	size_t i;

	for (i = 0; i < NELEMS(d->signals); i++)
		loop_signal_free(&d->signals[i]);
	loop_timer_free(&d->look);
	child_free(&d->web);
	free(d->page);
	reload_free(&d->reload);
	idle_free(&d->idle);
	dispatch_free(&d->dispatch);
	alerts_free(&d->alerts);
	fleet_free(&d->fleet);
	outbox_free(&d->outbox);
	loop_free(&d->loop);
}

int
daemon_run(const struct daemon_options *options)
{
	struct daemon d = {.magic = DAEMON_MAGIC, .options = options};
	struct loaded first;
	int rc;

	loaded_init(&first, options->checks, options->location);
	cause_print(&first.cause, stderr);
	if (first.plan == NULL) {
		loaded_fini(&first);
		return (EXIT_DEFINITION);
	}
	d.since = d.counted = clock_mono();
	d.loop = loop_new();
	proc_sandbox();
	rc = open_parts(&d);
	if (rc == 0) {
		start(&d, &first);
		loop_run(d.loop);
	}
	loaded_fini(&first);
	close_parts(&d);
	return (rc == 0 ? d.exit_code : EXIT_UNMEASURED);
}
