/* SPDX-License-Identifier: ISC */
/*
 * How late, and at what cost, does the scheduler hand out what is due?
 * 100,000 checks, 10,000 due in a second, through the real plan, timetable,
 * dispatch, fleet and outbox; the probe and the store are this program again
 * as a child, which answers at once. Lateness is measured where it counts:
 * in the probe, when the job has arrived. The transport's own cost (the same
 * frames at the same pace without a scheduler) is measured before and after,
 * in the same run, and taken off. Then all of the checks change, and the plan
 * is reloaded under the same load.
 *
 * usage: bench_schedule [full [SECONDS]]
 * Without "full" a short slice of 2,000 checks for "make check": jobs must
 * arrive, however late.
 */
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cause.h"
#include "base/channel.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/proc.h"
#include "scheduler/daemon.h"
#include "scheduler/dispatch.h"
#include "scheduler/reload.h"

#define CHECKS_FULL  100000
#define CHECKS_SLICE 2000
#define EVERY_S      10
#define WARM_UP      (3 * SPAN_S)
#define ACK_EVERY    (10 * SPAN_MS)
#define LATE_MOST_US 100000 /* of the histogram, by microsecond */
#define SHARED_FD    100
#define SHARED_ENV   "E2E_BENCH_SHARED"

#define TARGET_P50_US 600
#define TARGET_P99_US 1500
#define TARGET_CPU_US 5.0
#define TARGET_RELOAD_US 20000

static int checks = CHECKS_SLICE;

/* Shared with the probe: it counts, we read. */
struct shared {
	uint32_t late[LATE_MOST_US + 1];
	uint64_t jobs;
};

/* ---- the child: a probe or a store that answers at once ---- */

struct child_state {
	struct loop *loop;
	struct channel *channel;
	struct loop_timer *timer;
	struct shared *shared;
	uint64_t cookie, acked;
};

static const char event[] = "{\"version\":1,\"run\":"
    "\"00112233445566778899aabbccddeeff\",\"check\":\"bench/check\","
    "\"service\":\"bench\",\"location\":\"local\",\"environment\":"
    "\"default\",\"trigger\":\"schedule\",\"due_us\":1700000000000000,"
    "\"started_us\":1700000000000400,\"late_us\":400,\"duration_us\":9000,"
    "\"outcome\":\"passed\",\"steps\":[{\"entry\":1,\"line\":1,\"attempt\":1,"
    "\"method\":\"GET\",\"url\":\"https://api.example.com/v1/customers\","
    "\"status\":200,\"version\":\"1.1\",\"ip\":\"127.0.0.1\",\"outcome\":"
    "\"passed\",\"start_us\":0,\"connect_us\":300,\"wait_us\":8000,"
    "\"transfer_us\":400,\"total_us\":8700,\"sent_bytes\":200,"
    "\"received_bytes\":700}]}";

static void
note_job(struct child_state *c, const struct message *m)
{
	const char *due = memmem(m->doc, m->doc_len, "\"due_us\":", 9);
	int64_t late;

	if (due == NULL || c->shared == NULL)
		return;
	late = clock_wall() - strtoll(due + 9, NULL, 10);
	late = late < 0 ? 0 : late > LATE_MOST_US ? LATE_MOST_US : late;
	c->shared->late[late]++;
	c->shared->jobs++;
}

static void
child_message_cb(struct channel *ch, const struct message *m, void *arg)
{
	struct child_state *c = arg;
	struct message answer = {.type = MESSAGE_RESULT, .extra = m->extra,
	    .doc = event, .doc_len = sizeof(event) - 1};

	if (m->type == MESSAGE_JOB) {
		note_job(c, m);
		memcpy(answer.id, m->id, MESSAGE_ID_SIZE);
		channel_send(ch, &answer);
	} else if (m->cookie > c->cookie)
		c->cookie = m->cookie;
}

static void
child_closed_cb(struct channel *ch, int err, void *arg)
{
	(void)ch;
	(void)err;
	(void)arg;
	_exit(0);
}

static void
child_timer_cb(void *arg)
{
	struct child_state *c = arg;
	struct message ack = {.type = MESSAGE_ACK, .cookie = c->cookie};

	loop_timer_at(c->timer, clock_mono() + ACK_EVERY);
	if (c->cookie == c->acked)
		return;
	c->acked = c->cookie;
	channel_send(c->channel, &ack);
}

static const struct channel_handlers child_handlers = {
	child_message_cb, child_closed_cb, NULL
};

static int
child_main(bool is_store)
{
	struct child_state c = {0};
	struct message ready = {.type = MESSAGE_READY,
	    .doc = "{\"checks\":[]}", .doc_len = 13};
	const char *fd = getenv(SHARED_ENV);
	void *p;

	if (fd != NULL && !is_store) {
		p = mmap(NULL, sizeof(*c.shared), PROT_READ | PROT_WRITE,
		    MAP_SHARED, atoi(fd), 0);
		c.shared = p == MAP_FAILED ? NULL : p;
	}
	c.loop = loop_new();
	c.channel = channel_new(c.loop, PROC_CHILD_FD, &child_handlers, &c);
	c.timer = loop_timer_new(c.loop, child_timer_cb, &c);
	if (is_store)
		loop_timer_at(c.timer, clock_mono() + ACK_EVERY);
	channel_send(c.channel, &ready);
	loop_run(c.loop);
	return (0);
}

/* ---- the transport alone ---- */

struct bare {
	struct loop *loop;
	struct loop_timer *timer;
	struct channel *probe, *store;
	uint64_t sent, done, cookie;
	mono_us start, end;
	span_us cpu;
};

static void
bare_message_cb(struct channel *ch, const struct message *m, void *arg)
{
	struct bare *b = arg;
	struct message copy = *m;

	if (ch != b->probe || m->type != MESSAGE_RESULT)
		return;
	copy.cookie = ++b->cookie;
	channel_send(b->store, &copy);
	b->done++;
}

static void
bare_closed_cb(struct channel *ch, int err, void *arg)
{
	(void)ch;
	(void)arg;
	fprintf(stderr, "bench_schedule: a child ended: %s\n", err_text(err));
	exit(EXIT_UNMEASURED);
}

static const struct channel_handlers bare_handlers = {
	bare_message_cb, bare_closed_cb, NULL
};

static const char bare_job[] = "{\"location\":\"local\","
    "\"due_us\":1700000000000000,\"trigger\":\"schedule\"}";

static void
bare_timer_cb(void *arg)
{
	struct bare *b = arg;
	mono_us now = clock_mono();
	struct message job = {.type = MESSAGE_JOB, .cookie = 1,
	    .doc = bare_job, .doc_len = sizeof(bare_job) - 1};
	uint64_t due = (uint64_t)((now - b->start) * checks /
	    (EVERY_S * SPAN_S));

	for (; b->sent < due; b->sent++)
		channel_send(b->probe, &job);
	loop_timer_at(b->timer, now + SPAN_MS);
	if (now >= b->end)
		loop_stop(b->loop);
}

static struct channel *
bare_start(struct bare *b, const char *self, const char *role, pid_t *pid)
{
	char *argv[] = {(char *)(uintptr_t)self, (char *)(uintptr_t)"--child",
	    (char *)(uintptr_t)role, NULL};
	int fd;

	if (proc_start(self, argv, pid, &fd) != 0) {
		perror("bench_schedule: start");
		exit(EXIT_UNMEASURED);
	}
	return (channel_new(b->loop, fd, &bare_handlers, b));
}

/* CPU in us for one job out, one result in and out, its share of an ACK. */
static double
measure_transport(const char *self, span_us span)
{
	struct bare b = {.loop = loop_new()};
	pid_t probe, store;
	double cost;

	b.probe = bare_start(&b, self, "--name", &probe);
	b.store = bare_start(&b, self, "--store", &store);
	b.timer = loop_timer_new(b.loop, bare_timer_cb, &b);
	b.start = clock_mono();
	b.end = b.start + span;
	b.cpu = clock_cpu();
	loop_timer_at(b.timer, b.start);
	loop_run(b.loop);
	cost = (double)(clock_cpu() - b.cpu) / (double)b.done;
	channel_free(&b.probe);
	channel_free(&b.store);
	loop_timer_free(&b.timer);
	loop_free(&b.loop);
	waitpid(probe, NULL, 0);
	waitpid(store, NULL, 0);
	return (cost);
}

/* ---- the scheduler ---- */

struct bench {
	struct loop *loop;
	struct loop_timer *timer;
	struct dispatch *dispatch;
	struct fleet *fleet;
	struct outbox *outbox;
	struct alerts *alerts;
	struct idle *idle;
	struct reload *reload;
	const char *dir;
	struct shared *shared;
	struct shared *steady; /* as it was without the reload */
	span_us span;
	span_us reload_took;
	int phase;
	mono_us since;
	struct dispatch_stats before, after;
	span_us cpu;
};

static void
write_file(const char *dir, const char *name, const char *text, size_t len)
{
	char *path = xasprintf("%s/%s", dir, name);
	FILE *fp = fopen(path, "w");

	if (fp == NULL || fwrite(text, 1, len, fp) != len || fclose(fp) != 0) {
		perror(path);
		exit(EXIT_UNMEASURED);
	}
	free(path);
}

/* The flow of all checks. */
static void
write_flow(const char *dir, const char *path)
{
	char *flow = xasprintf("GET {{base_url}}%s\nHTTP 200\n", path);

	write_file(dir, "bench.hurl", flow, strlen(flow));
	free(flow);
}

/* A tree of manifests, 1,000 checks in each. */
static void
write_checks(const char *dir)
{
	struct buf yaml;
	char name[32];
	int i;

	write_flow(dir, "/v1/customers");
	buf_init(&yaml, 64 << 20);
	for (i = 0; i < checks; i++) {
		if (i % 1000 == 0)
			buf_printf(&yaml, "service: bench%d\nenvironments:\n"
			    "  e: {base_url: \"https://api%d.example.com\"}\n"
			    "hosts: [\"*.example.com\"]\nchecks:\n", i / 1000,
			    i / 1000);
		buf_printf(&yaml, "  - {name: check-%d, flow: bench.hurl, "
		    "environment: e, every: %ds, timeout: 5s}\n", i, EVERY_S);
		if (i % 1000 == 999) {
			snprintf(name, sizeof(name), "bench%d.yaml", i / 1000);
			write_file(dir, name, yaml.data, yaml.len);
			buf_reset(&yaml);
		}
	}
	buf_fini(&yaml);
}

static void
store_ready_cb(const struct message *m, void *arg)
{
	(void)m;
	(void)arg;
}

/* What has been seen so far is the steady part; now the plan changes. */
static void
begin_reload(struct bench *b)
{
	b->steady = xmemdup(b->shared, sizeof(*b->shared));
	write_flow(b->dir, "/v1/payments");
	memset(b->shared, 0, sizeof(*b->shared));
	reload_request(b->reload);
}

static void
bench_timer_cb(void *arg)
{
	struct bench *b = arg;
	struct fleet_stats f;
	mono_us now = clock_mono();

	fleet_get_stats(b->fleet, &f);
	if (b->phase == 0 && f.ready > 0) {
		b->phase = 1;
		b->since = now;
	} else if (b->phase == 1 && now - b->since >= WARM_UP) {
		b->phase = 2;
		b->since = now;
		memset(b->shared, 0, sizeof(*b->shared));
		dispatch_get_stats(b->dispatch, &b->before);
		b->cpu = clock_cpu();
	} else if (b->phase == 2 && now - b->since >= b->span) {
		b->cpu = clock_cpu() - b->cpu;
		dispatch_get_stats(b->dispatch, &b->after);
		b->phase = 3;
		b->since = now;
		begin_reload(b);
	} else if (b->phase == 3 && !reload_is_busy(b->reload)) {
		b->reload_took = now - b->since;
		loop_stop(b->loop);
	}
	loop_timer_at(b->timer, now + 10 * SPAN_MS);
}

static void
measure_scheduler(struct bench *b, const char *self, const char *dir)
{
	struct fleet_options fleet = {.probe_count = 1, .location = "local",
	    .program = self, .max_per_host = 100000,
	    .max_per_probe = 100000, .silent_most = SPAN_H};
	char *spool = xasprintf("%s/spool", dir);
	struct outbox_options outbox = {.store = dir, .spool = spool,
	    .program = self};
	struct idle_options idle = {.checks = dir, .store = dir,
	    .location = "local", .share_percent = 0};
	struct reload_options reload = {.checks = dir, .location = "local"};
	char *journal = xasprintf("%s/alerts.journal", dir);
	struct loaded first;
	mono_us start;

	loaded_init(&first, dir, "local");
	if (first.plan == NULL) {
		cause_print(&first.cause, stderr);
		exit(EXIT_UNMEASURED);
	}
	printf("plan of %d checks loaded in %.2f s\n", checks,
	    (double)first.took / SPAN_S);
	b->loop = loop_new();
	outbox_new(b->loop, &outbox, store_ready_cb, b, &b->outbox);
	b->fleet = fleet_new(b->loop, &fleet);
	b->dispatch = dispatch_new(b->loop, b->fleet, b->outbox, "local",
	    NULL, NULL);
	b->alerts = alerts_new(b->loop, b->fleet, b->outbox, journal);
	b->idle = idle_new(b->loop, b->dispatch, b->fleet, b->outbox, &idle);
	reload.dispatch = b->dispatch;
	reload.alerts = b->alerts;
	reload.outbox = b->outbox;
	reload.idle = b->idle;
	start = clock_mono();
	b->reload = reload_new(b->loop, &reload, &first);
	printf("plan applied in %.2f s\n",
	    (double)(clock_mono() - start) / SPAN_S);
	loaded_fini(&first);
	free(journal);
	b->timer = loop_timer_new(b->loop, bench_timer_cb, b);
	loop_timer_at(b->timer, clock_mono());
	loop_run(b->loop);
	loop_timer_free(&b->timer);
	reload_free(&b->reload);
	idle_free(&b->idle);
	dispatch_free(&b->dispatch);
	alerts_free(&b->alerts);
	fleet_free(&b->fleet);
	outbox_free(&b->outbox);
	loop_free(&b->loop);
	free(spool);
}

static int
percentile(const struct shared *s, double q)
{
	uint64_t want = (uint64_t)ceil((double)s->jobs * q), sum = 0;
	int i;

	for (i = 0; i < LATE_MOST_US; i++)
		if ((sum += s->late[i]) >= want)
			break;
	return (i);
}

static void
print_figure(const char *what, double value, double target, const char *unit)
{
	printf("%-38s %9.2f %-3s target %7.2f  %s\n", what, value, unit,
	    target, value <= target ? "met" : "MISSED");
}

static void
report(const struct bench *b, double transport)
{
	uint64_t due = b->after.due - b->before.due;
	double cpu = (double)b->cpu / (double)due;

	printf("%d checks, %.0f due/s handed out, %llu slots not run, "
	    "%llu jobs seen by the probe\n",
	    checks, (double)due * SPAN_S / (double)b->span,
	    (unsigned long long)(b->after.unrun - b->before.unrun),
	    (unsigned long long)b->steady->jobs);
	if (checks != CHECKS_FULL)
		return;
	print_figure("lateness at the probe, p50",
	    percentile(b->steady, 0.5) / 1e3, TARGET_P50_US / 1e3, "ms");
	print_figure("lateness at the probe, p99",
	    percentile(b->steady, 0.99) / 1e3, TARGET_P99_US / 1e3, "ms");
	printf("%-38s %9.2f ms\n", "lateness at the probe, p99.9",
	    percentile(b->steady, 0.999) / 1e3);
	printf("%-38s %9.2f us\n", "CPU per dispatch, all in", cpu);
	printf("%-38s %9.2f us\n", "  of which the transport alone",
	    transport);
	print_figure("CPU per dispatch outside the transport",
	    cpu - transport, TARGET_CPU_US, "us");
	printf("all checks changed and reloaded in %.2f s, %llu jobs seen "
	    "meanwhile\n", (double)b->reload_took / SPAN_S,
	    (unsigned long long)b->shared->jobs);
	printf("%-38s %9.2f ms\n", "lateness meanwhile, p50",
	    percentile(b->shared, 0.5) / 1e3);
	print_figure("lateness meanwhile, p99",
	    percentile(b->shared, 0.99) / 1e3, TARGET_RELOAD_US / 1e3, "ms");
}

static void
remove_tree(const char *dir)
{
	char *argv[] = {(char *)(uintptr_t)"rm", (char *)(uintptr_t)"-rf",
	    (char *)(uintptr_t)dir, NULL};
	pid_t pid = fork();

	if (pid == 0) {
		execvp("rm", argv);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
}

int
main(int argc, char **argv)
{
	struct bench b = {.span = SPAN_S};
	char self[4096], dir[] = "/tmp/bench-schedule-XXXXXX", fd_text[16];
	double transport;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	int fd;

	signal(SIGPIPE, SIG_IGN);
	if (argc > 2 && strcmp(argv[1], "--child") == 0)
		return (child_main(strcmp(argv[2], "--store") == 0));
	if (argc > 1 && strcmp(argv[1], "full") == 0) {
		checks = CHECKS_FULL;
		b.span = (argc > 2 ? atoi(argv[2]) : 10) * SPAN_S;
	}
	self[n > 0 ? n : 0] = '\0';
	/* Away from the descriptor of a child's channel. */
	fd = fcntl(memfd_create("bench", MFD_CLOEXEC), F_DUPFD, SHARED_FD);
	if (fd < 0 || ftruncate(fd, sizeof(struct shared)) != 0 ||
	    mkdtemp(dir) == NULL)
		return (EXIT_UNMEASURED);
	b.shared = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);
	if (b.shared == MAP_FAILED)
		return (EXIT_UNMEASURED);
	transport = measure_transport(self, b.span / 2);
	snprintf(fd_text, sizeof(fd_text), "%d", fd);
	setenv(SHARED_ENV, fd_text, 1);
	write_checks(dir);
	b.dir = dir;
	measure_scheduler(&b, self, dir);
	remove_tree(dir);
	if (b.steady->jobs == 0)
		return (EXIT_UNMEASURED);
	unsetenv(SHARED_ENV);
	transport = (transport + measure_transport(self, b.span / 2)) / 2;
	report(&b, transport);
	free(b.steady);
	return (EXIT_GOOD);
}
