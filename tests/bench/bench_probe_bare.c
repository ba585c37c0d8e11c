/* SPDX-License-Identifier: ISC */
/*
 * What a program costs that only sends the same requests: the floor that
 * e2e-probe is measured against. It has the probe's remedies (shards, a share
 * for each flow, a certificate store of its own), so that the difference is
 * what the probe does with a request, not what it avoids.
 */
#include <curl/curl.h>
#include <event2/event.h>
#include <openssl/ssl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tests/bench/bench_probe.h"

#define SHARD_FLOWS 128
#define WARM_FLOWS 200

struct shard {
	CURLM *multi;
	struct event *timer;
};

struct flow {
	struct shard *shard;
	CURLSH *share;
	int step;
	char base[64];
	size_t header_bytes, body_bytes;
};

static struct event_base *base;
static const struct bench_load *load;
static int started, ended;
static struct curl_slist *headers;
static X509_STORE *store;

static void flow_next(struct flow *f);

static size_t
header_cb(char *p, size_t one, size_t n, void *arg)
{
	struct flow *f = arg;

	(void)p;
	(void)one;
	f->header_bytes += n;
	return (n);
}

static size_t
body_cb(char *p, size_t one, size_t n, void *arg)
{
	struct flow *f = arg;

	(void)p;
	(void)one;
	f->body_bytes += n;
	return (n);
}

static CURLcode
trust_cb(CURL *easy, void *ctx, void *arg)
{
	(void)easy;
	(void)arg;
	SSL_CTX_set1_cert_store(ctx, store);
	return (CURLE_OK);
}

static void
set_tls(CURL *easy)
{
	curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
	curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, trust_cb);
}

static void
flow_send(struct flow *f)
{
	CURL *easy = curl_easy_init();
	char url[160];

	snprintf(url, sizeof(url), "%s/v1/customers/cus_9s6XKzkNRiz8i3",
	    f->base);
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_SHARE, f->share);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, f);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, header_cb);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, f);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, body_cb);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, f);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	if (f->step == 0)
		curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS,
		    "name=bench&email=a%40example.com");
	if (load->is_tls)
		set_tls(easy);
	curl_multi_add_handle(f->shard->multi, easy);
}

static void
flow_start(struct flow *f)
{
	bench_base_url(load->server, load->is_tls, load->hosts, started,
	    f->base, sizeof(f->base));
	started++;
	f->step = 0;
	f->share = curl_share_init();
	curl_share_setopt(f->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_CONNECT);
	flow_send(f);
}

static void
flow_next(struct flow *f)
{
	if (++f->step < BENCH_STEPS) {
		flow_send(f);
		return;
	}
	curl_share_cleanup(f->share);
	ended++;
	if (started < load->flows)
		flow_start(f);
	else if (ended == load->flows)
		event_base_loopbreak(base);
}

static void
read_facts(CURL *easy)
{
	static const CURLINFO infos[] = {CURLINFO_NAMELOOKUP_TIME_T,
	    CURLINFO_CONNECT_TIME_T, CURLINFO_APPCONNECT_TIME_T,
	    CURLINFO_PRETRANSFER_TIME_T, CURLINFO_STARTTRANSFER_TIME_T,
	    CURLINFO_TOTAL_TIME_T};
	curl_off_t t;
	long status;
	size_t i;

	for (i = 0; i < NELEMS(infos); i++)
		curl_easy_getinfo(easy, infos[i], &t);
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	must(status == 200);
}

static void
reap(struct shard *s)
{
	struct flow *f;
	CURLMsg *msg;
	CURL *easy;
	int left;

	while ((msg = curl_multi_info_read(s->multi, &left)) != NULL) {
		easy = msg->easy_handle;
		must(msg->data.result == CURLE_OK);
		curl_easy_getinfo(easy, CURLINFO_PRIVATE, &f);
		read_facts(easy);
		curl_multi_remove_handle(s->multi, easy);
		curl_easy_cleanup(easy);
		flow_next(f);
	}
}

static void
socket_cb(evutil_socket_t fd, short what, void *arg)
{
	struct shard *s = arg;
	int running;

	curl_multi_socket_action(s->multi, fd,
	    (what & EV_READ ? CURL_CSELECT_IN : 0) |
	    (what & EV_WRITE ? CURL_CSELECT_OUT : 0), &running);
	reap(s);
}

static void
timer_cb(evutil_socket_t fd, short what, void *arg)
{
	struct shard *s = arg;
	int running;

	(void)fd;
	(void)what;
	curl_multi_socket_action(s->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	reap(s);
}

static int
socket_wanted(CURL *easy, curl_socket_t fd, int what, void *arg, void *kept)
{
	struct shard *s = arg;
	struct event *ev = kept;
	short events = EV_PERSIST;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		event_free(ev);
		return (0);
	}
	if (what & CURL_POLL_IN)
		events |= EV_READ;
	if (what & CURL_POLL_OUT)
		events |= EV_WRITE;
	if (ev == NULL) {
		ev = event_new(base, fd, events, socket_cb, s);
		curl_multi_assign(s->multi, fd, ev);
	} else {
		event_del(ev);
		event_assign(ev, base, fd, events, socket_cb, s);
	}
	event_add(ev, NULL);
	return (0);
}

static int
timer_wanted(CURLM *multi, long ms, void *arg)
{
	struct shard *s = arg;
	struct timeval tv = {ms / 1000, ms % 1000 * 1000};

	(void)multi;
	if (ms < 0)
		event_del(s->timer);
	else
		event_add(s->timer, &tv);
	return (0);
}

static void
shard_init(struct shard *s)
{
	s->multi = curl_multi_init();
	s->timer = event_new(base, -1, 0, timer_cb, s);
	curl_multi_setopt(s->multi, CURLMOPT_SOCKETFUNCTION, socket_wanted);
	curl_multi_setopt(s->multi, CURLMOPT_SOCKETDATA, s);
	curl_multi_setopt(s->multi, CURLMOPT_TIMERFUNCTION, timer_wanted);
	curl_multi_setopt(s->multi, CURLMOPT_TIMERDATA, s);
}

static double
run(const struct bench_load *l)
{
	int count = l->in_flight < l->flows ? l->in_flight : l->flows, i;
	struct shard *shards = xcalloc((size_t)count / SHARD_FLOWS + 1,
	    sizeof(*shards));
	struct flow *flows = xcalloc((size_t)count, sizeof(*flows));
	span_us cpu;

	for (i = 0; i <= count / SHARD_FLOWS; i++)
		shard_init(&shards[i]);
	load = l;
	started = ended = 0;
	cpu = clock_cpu();
	for (i = 0; i < count; i++) {
		flows[i].shard = &shards[i / SHARD_FLOWS];
		flow_start(&flows[i]);
	}
	event_base_dispatch(base);
	return ((double)(clock_cpu() - cpu) / l->flows);
}

static double
bare(const struct bench_load *l)
{
	struct event_config *config = event_config_new();
	struct bench_load warm = *l;

	event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER |
	    EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
	base = event_base_new_with_config(config);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	headers = curl_slist_append(headers, "User-Agent: e2e/0.1.0");
	headers = curl_slist_append(headers, "traceparent: 00-0af7651916cd43dd"
	    "8448eb211c80319c-b7ad6b7169203331-01");
	headers = curl_slist_append(headers, "Expect:");
	store = X509_STORE_new();
	must(X509_STORE_load_file(store, l->certificate) == 1);
	warm.flows = WARM_FLOWS;
	warm.in_flight = WARM_FLOWS;
	run(&warm);
	return (run(l));
}

double
bench_bare(const struct bench_load *l, int cpu)
{
	double us = 0;
	cpu_set_t set;
	int pair[2];
	pid_t pid;

	must(pipe(pair) == 0);
	pid = fork();
	must(pid >= 0);
	if (pid == 0) {
		CPU_ZERO(&set);
		CPU_SET(cpu, &set);
		sched_setaffinity(0, sizeof(set), &set);
		us = bare(l);
		_exit(write(pair[1], &us, sizeof(us)) == sizeof(us) ? 0 : 1);
	}
	close(pair[1]);
	must(read(pair[0], &us, sizeof(us)) == sizeof(us));
	close(pair[0]);
	waitpid(pid, NULL, 0);
	return (us);
}
