/* SPDX-License-Identifier: ISC */
/*
 * What a flow costs: CPU of e2e-probe for each flow of four steps (a capture
 * and three asserts each, a fresh connection for each flow, the result
 * encoded and handed over) beside a bare libcurl loop that sends the same
 * requests to the same server; memory of each flow that waits; and whether
 * latency is still measured truly at half load.
 *
 * Rounds are interleaved and the medians shown. The server and this driver
 * run on one CPU, what is measured on another. Without arguments a short slice
 * for "make check": all flows must pass, whatever they cost. With "full" the
 * stated sizes; or one line of the first table: "plain" or "tls", hosts, runs
 * in flight.
 */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/channel.h"
#include "base/err.h"
#include "base/json.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "base/proc.h"
#include "tests/bench/bench_probe.h"

#define CPU_MEASURED 0
#define CPU_OTHERS 1
#define ROUNDS_MOST 9
#define HOSTS_MANY 1000
#define WARM_FLOWS 300
#define CALM (300 * SPAN_MS)

static const char flow_source[] =
    "POST {{base}}/v1/customers\n"
    "[Form]\nname: bench\nemail: a@example.com\n"
    "HTTP 200\n[Captures]\nid: jsonpath \"$.id\"\n[Asserts]\n"
    "jsonpath \"$.status\" == \"active\"\njsonpath \"$.amount\" == 1250\n"
    "header \"Content-Type\" contains \"json\"\n\n"
#define GET_STEP \
    "GET {{base}}/v1/customers/{{id}}\nHTTP 200\n[Captures]\n" \
    "id: jsonpath \"$.id\"\n[Asserts]\n" \
    "jsonpath \"$.status\" == \"active\"\n" \
    "jsonpath \"$.charges[1].amount\" == 250\n" \
    "jsonpath \"$.currency\" matches /^[a-z]{3}$/\n\n"
    GET_STEP GET_STEP GET_STEP;

static const char hang_source[] = "GET {{base}}/hang\nHTTP 200\n";

struct bench {
	struct loop *loop;
	struct channel *channel;
	struct bench_server server;
	char folder[64], certificate[96], key[96];
	pid_t pid;
	clockid_t clock;       /* CPU time of the probe */
	bool is_ready;
	uint64_t definitions;
	/* The load at hand. */
	const struct bench_load *load;
	int started, ended, bad;
	bool is_open;          /* jobs start by the clock, not by results */
	span_us *latencies;
	size_t latency_count, latency_most;
};

static double
median(double *v, int n)
{
	int i, j;
	double t;

	for (i = 1; i < n; i++)
		for (j = i; j > 0 && v[j] < v[j - 1]; j--) {
			t = v[j];
			v[j] = v[j - 1];
			v[j - 1] = t;
		}
	return (n % 2 == 1 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2);
}

static double
probe_cpu_us(const struct bench *b)
{
	struct timespec t;

	must(clock_gettime(b->clock, &t) == 0);
	return ((double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3);
}

static void
pin(pid_t pid, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(pid, sizeof(set), &set);
}

/* The probe. */

static void
define(struct bench *b, const char *source, span_us timeout)
{
	static const char hash[] = "0123456789abcdef0123456789abcdef"
	    "0123456789abcdef0123456789abcdef";
	struct message m = {.type = MESSAGE_DEFINE};
	struct json_out o;
	struct buf doc;

	buf_init(&doc, 1 << 16);
	json_out_init(&o, &doc);
	json_out_object(&o);
	json_out_kv_str(&o, "check", "bench/flow");
	json_out_kv_str(&o, "service", "bench");
	json_out_kv_str(&o, "environment", "bench");
	json_out_kv_str(&o, "definition", hash);
	json_out_key(&o, "flow");
	json_out_object(&o);
	json_out_kv_str(&o, "path", "bench.hurl");
	json_out_kv_str(&o, "root", "/tmp");
	json_out_kv_str(&o, "digest", hash);
	json_out_kv_str(&o, "source", source);
	json_out_object_end(&o);
	json_out_key(&o, "variables");
	json_out_raw(&o, "{}", 2);
	json_out_key(&o, "secrets");
	json_out_raw(&o, "{}", 2);
	json_out_key(&o, "hosts");
	json_out_raw(&o, "[]", 2);
	json_out_kv_int(&o, "timeout_us", timeout);
	json_out_key(&o, "limits");
	json_out_object(&o);
	json_out_kv_int(&o, "body_bytes", 1 << 20);
	json_out_kv_int(&o, "steps", 100);
	json_out_kv_int(&o, "redirects", 10);
	json_out_kv_int(&o, "evidence_bytes", 16384);
	json_out_object_end(&o);
	json_out_object_end(&o);
	m.cookie = ++b->definitions;
	m.doc = doc.data;
	m.doc_len = doc.len;
	channel_send(b->channel, &m);
	buf_fini(&doc);
}

static void
start_one(struct bench *b)
{
	struct message m = {.type = MESSAGE_JOB, .cookie = b->definitions};
	char base[64], doc[256];

	bench_base_url(b->load->server, b->load->is_tls, b->load->hosts,
	    b->started, base, sizeof(base));
	m.doc_len = (size_t)snprintf(doc, sizeof(doc),
	    "{\"location\":\"local\",\"due_us\":%lld,\"trigger\":\"schedule\","
	    "\"variables\":{\"base\":\"%s\"}}", (long long)clock_wall(), base);
	m.doc = doc;
	m.extra = (uint64_t)b->started++;
	memcpy(m.id, &m.extra, sizeof(m.extra));
	channel_send(b->channel, &m);
}

/* Keep what each step's answer took, as the probe measured it. */
static void
note_latencies(struct bench *b, const struct message *m)
{
	const struct json *steps;
	struct json_doc *doc;
	size_t i;

	must(json_parse(m->doc, m->doc_len, &json_limits_default, &doc,
	    NULL) == 0);
	steps = json_get(json_root(doc), "steps");
	/* A run that found no room has none. */
	for (i = 1; steps != NULL && i < steps->count &&
	    b->latency_count < b->latency_most; i++)
		b->latencies[b->latency_count++] =
		    json_get_int(&steps->items[i], "total_us", 0);
	json_free(&doc);
}

static void
result(struct bench *b, const struct message *m)
{
	b->ended++;
	if (m->code != OUTCOME_PASSED && b->bad++ == 0)
		fprintf(stderr, "bench_probe: a flow did not pass: %.*s\n",
		    (int)m->doc_len, m->doc);
	if (b->latencies != NULL)
		note_latencies(b, m);
	if (!b->is_open && b->started < b->load->flows)
		start_one(b);
	if (b->ended == b->load->flows)
		loop_stop(b->loop);
}

static void
message_cb(struct channel *ch, const struct message *m, void *arg)
{
	struct bench *b = arg;

	(void)ch;
	if (m->type == MESSAGE_READY) {
		b->is_ready = true;
		loop_stop(b->loop);
	} else if (m->type == MESSAGE_RESULT && b->load != NULL)
		result(b, m);
}

static void
closed_cb(struct channel *ch, int err, void *arg)
{
	(void)ch;
	(void)arg;
	fprintf(stderr, "bench_probe: the probe is gone: %s\n",
	    err_text(err));
	exit(EXIT_UNMEASURED);
}

static const struct channel_handlers handlers = {
	.message = message_cb, .closed = closed_cb};

static void
probe_start(struct bench *b)
{
	char *program = proc_sibling("../../e2e-probe"), most[] = "6000";
	char *argv[] = {program, (char[]){"--child"},
	    (char[]){"--max-in-flight"}, most, NULL};
	int fd;

	setenv("SSL_CERT_FILE", b->certificate, 1);
	must(proc_start(program, argv, &b->pid, &fd) == 0);
	free(program);
	pin(b->pid, CPU_MEASURED);
	must(clock_getcpuclockid(b->pid, &b->clock) == 0);
	b->channel = channel_new(b->loop, fd, &handlers, b);
	b->is_ready = false;
	b->load = NULL;
	b->definitions = 0;
	while (!b->is_ready)
		loop_run(b->loop);
}

static void
probe_stop(struct bench *b)
{
	channel_free(&b->channel);
	waitpid(b->pid, NULL, 0);
}

/* CPU for each flow. */

static double
run_closed(struct bench *b, const struct bench_load *load)
{
	double cpu = probe_cpu_us(b);
	int i;

	b->load = load;
	b->started = b->ended = 0;
	for (i = 0; i < load->in_flight && i < load->flows; i++)
		start_one(b);
	loop_run(b->loop);
	must(b->ended == load->flows);
	return ((probe_cpu_us(b) - cpu) / load->flows);
}

static double
probe_round(struct bench *b, const struct bench_load *load)
{
	struct bench_load warm = *load;
	double us;

	probe_start(b);
	define(b, flow_source, SPAN_MIN);
	warm.flows = warm.in_flight = WARM_FLOWS;
	run_closed(b, &warm);
	us = run_closed(b, load);
	probe_stop(b);
	return (us);
}

static double
compare(struct bench *b, const struct bench_load *load, int rounds)
{
	double probe[ROUNDS_MOST], bare[ROUNDS_MOST], ratio[ROUNDS_MOST];
	double us;
	int i;

	for (i = 0; i < rounds; i++) {
		if (i % 2 == 0)
			probe[i] = probe_round(b, load);
		bare[i] = bench_bare(load, CPU_MEASURED);
		if (i % 2 == 1)
			probe[i] = probe_round(b, load);
		ratio[i] = probe[i] / bare[i];
	}
	us = median(probe, rounds);
	printf("%-5s %-5d %9d %12.1f %12.1f %9.2f\n",
	    load->is_tls ? "tls" : "plain", load->hosts, load->in_flight, us,
	    median(bare, rounds), median(ratio, rounds));
	fflush(stdout);
	return (us);
}

/* Memory. */

static double
resident_kib(pid_t pid)
{
	char path[64], line[256];
	double kib = 0;
	FILE *fp;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	fp = fopen(path, "r");
	must(fp != NULL);
	while (fgets(line, sizeof(line), fp) != NULL)
		if (sscanf(line, "RssAnon: %lf", &kib) == 1)
			break;
	fclose(fp);
	return (kib);
}

static void
stop_cb(void *arg)
{
	loop_stop(arg);
}

/* Let time pass on the loop. */
static void
pass(struct bench *b, span_us t)
{
	struct loop_timer *timer = loop_timer_new(b->loop, stop_cb, b->loop);

	loop_timer_at(timer, clock_mono() + t);
	loop_run(b->loop);
	loop_timer_free(&timer);
}

/* Wait until the probe has nothing to do. */
static void
settle(struct bench *b)
{
	double before, after = probe_cpu_us(b);

	do {
		before = after;
		pass(b, CALM);
		after = probe_cpu_us(b);
	} while (after - before > (double)CALM / 50);
}

static void
measure_memory(struct bench *b, bool is_tls, int flows)
{
	struct bench_load load = {.server = &b->server, .is_tls = is_tls,
	    .hosts = 1, .flows = flows + 1};
	double before;
	int i;

	probe_start(b);
	define(b, hang_source, 10 * SPAN_MIN);
	settle(b);
	before = resident_kib(b->pid);
	b->load = &load;
	b->started = b->ended = 0;
	for (i = 0; i < flows; i++) {
		start_one(b);
		if (i % 500 == 499)
			settle(b);
	}
	settle(b);
	printf("%-5s %9d %12.1f\n", is_tls ? "tls" : "plain", flows,
	    (resident_kib(b->pid) - before) / flows);
	fflush(stdout);
	b->load = NULL;
	probe_stop(b);
}

/* Honest latency. */

struct pace {
	struct bench *b;
	struct loop_timer *timer;
	mono_us begin;
	double rate; /* flows a second */
};

static void
pace_cb(void *arg)
{
	struct pace *p = arg;
	double due = (double)(clock_mono() - p->begin) / 1e6 * p->rate;

	while (p->b->started < p->b->load->flows && p->b->started < due)
		start_one(p->b);
	if (p->b->started < p->b->load->flows)
		loop_timer_at(p->timer, clock_mono() + SPAN_MS / 4);
}

static int
span_cmp(const void *pa, const void *pb)
{
	const span_us *a = pa, *b = pb;

	return ((*a > *b) - (*a < *b));
}

/*
 * So many flows a second, into b->latencies in order. Returns the share of a
 * CPU that the probe took.
 */
static double
run_paced(struct bench *b, double rate, int flows)
{
	struct bench_load load = {.server = &b->server, .hosts = 1,
	    .in_flight = flows, .flows = flows};
	struct pace pace = {.b = b, .rate = rate};
	double cpu;

	b->latency_most = (size_t)flows * BENCH_STEPS;
	b->latencies = xcalloc(b->latency_most, sizeof(span_us));
	b->latency_count = 0;
	probe_start(b);
	define(b, flow_source, SPAN_MIN);
	b->load = &load;
	b->is_open = true;
	b->started = b->ended = 0;
	pace.timer = loop_timer_new(b->loop, pace_cb, &pace);
	pace.begin = clock_mono();
	cpu = probe_cpu_us(b);
	pace_cb(&pace);
	loop_run(b->loop);
	cpu = (probe_cpu_us(b) - cpu) / (double)(clock_mono() - pace.begin);
	qsort(b->latencies, b->latency_count, sizeof(span_us), span_cmp);
	loop_timer_free(&pace.timer);
	probe_stop(b);
	b->is_open = false;
	return (cpu);
}

static void
forget_latencies(struct bench *b)
{
	free(b->latencies);
	b->latencies = NULL;
}

/* A flow costs more when few are under way, so that the pace is tried. */
static void
measure_latency(struct bench *b, double cpu_us, int flows)
{
	double rate = 0.5e6 / cpu_us, cpu;

	rate *= 0.5 / run_paced(b, rate, flows / 4);
	forget_latencies(b);
	cpu = run_paced(b, rate, flows);
	printf("%11.0f %7.0f %% %9lld %9lld %9lld\n", rate, cpu * 100,
	    (long long)b->latencies[b->latency_count / 2],
	    (long long)b->latencies[b->latency_count * 99 / 100],
	    (long long)b->latencies[b->latency_count * 999 / 1000]);
	forget_latencies(b);
}

static void
make_certificate(struct bench *b)
{
	char command[512];

	snprintf(b->folder, sizeof(b->folder), "/tmp/bench_probe.XXXXXX");
	must(mkdtemp(b->folder) != NULL);
	snprintf(b->certificate, sizeof(b->certificate), "%s/c.pem",
	    b->folder);
	snprintf(b->key, sizeof(b->key), "%s/k.pem", b->folder);
	snprintf(command, sizeof(command), "openssl req -x509 -newkey ec "
	    "-pkeyopt ec_paramgen_curve:P-256 -nodes -keyout %s -out %s "
	    "-days 2 -subj /CN=bench -addext subjectAltName=IP:127.0.0.2 "
	    "2>/dev/null", b->key, b->certificate);
	must(system(command) == 0);
}

static void
remove_certificate(struct bench *b)
{
	unlink(b->certificate);
	unlink(b->key);
	rmdir(b->folder);
}

static double
compare_at(struct bench *b, bool is_tls, int hosts, int in_flight, int flows,
    int rounds)
{
	struct bench_load load = {.server = &b->server, .is_tls = is_tls,
	    .hosts = hosts, .in_flight = in_flight,
	    .flows = flows < 2 * in_flight ? 2 * in_flight : flows,
	    .certificate = b->certificate};

	return (compare(b, &load, rounds));
}

static void
print_head(void)
{
	printf("CPU us for each flow of %d steps, medians\n"
	    "%-5s %-5s %9s %12s %12s %9s\n", BENCH_STEPS, "", "hosts",
	    "in flight", "e2e-probe", "bare loop", "ratio");
}

static void
print_memory_head(void)
{
	printf("\nMemory of each waiting flow, KiB\n%-5s %9s %12s\n", "",
	    "flows", "KiB");
}

static void
print_latency_head(void)
{
	printf("\nLatency as measured at half load, us of a step\n"
	    "%11s %9s %9s %9s %9s\n", "flows/s", "CPU", "p50", "p99", "p99.9");
}

static void
run_slice(struct bench *b)
{
	double us;

	print_head();
	us = compare_at(b, false, 1, 20, 200, 1);
	compare_at(b, false, HOSTS_MANY, 20, 200, 1);
	compare_at(b, true, 1, 20, 100, 1);
	print_memory_head();
	measure_memory(b, false, 50);
	measure_memory(b, true, 50);
	print_latency_head();
	measure_latency(b, us, 200);
}

static void
run_full(struct bench *b)
{
	static const int in_flight[] = {100, 1000, 4000};
	/* A probe takes as many runs as its descriptors allow. */
	static const int sizes[] = {1000, 6000};
	double us = 0, one;
	size_t i, j;

	print_head();
	for (j = 0; j < 3; j++)
		for (i = 0; i < NELEMS(in_flight); i++) {
			one = compare_at(b, j == 2, j == 1 ? HOSTS_MANY : 1,
			    in_flight[i], j == 2 ? 4000 : 16000, 5);
			us = us == 0 ? one : us;
		}
	print_memory_head();
	for (j = 0; j < 2; j++)
		for (i = 0; i < NELEMS(sizes); i++)
			measure_memory(b, j == 1, sizes[i]);
	print_latency_head();
	measure_latency(b, us, 20000);
}

int
main(int argc, char **argv)
{
	struct bench b = {.is_ready = false};

	proc_init(0);
	make_certificate(&b);
	bench_server_start(&b.server, b.certificate, b.key, CPU_OTHERS);
	pin(0, CPU_OTHERS);
	b.loop = loop_new();
	if (argc == 4) {
		print_head();
		compare_at(&b, strcmp(argv[1], "tls") == 0, atoi(argv[2]),
		    atoi(argv[3]), 8000, 3);
	} else if (argc == 2 && strcmp(argv[1], "full") == 0)
		run_full(&b);
	else
		run_slice(&b);
	loop_free(&b.loop);
	bench_server_stop(&b.server);
	remove_certificate(&b);
	if (b.bad > 0)
		fprintf(stderr, "bench_probe: %d flows did not pass\n",
		    b.bad);
	return (b.bad > 0 ? EXIT_BAD : EXIT_GOOD);
}
