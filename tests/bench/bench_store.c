/* SPDX-License-Identifier: ISC */
/*
 * How fast runs are stored, against bare SQLite inserting the same rows into
 * the same tables with the same indexes and settings; and how fast questions
 * are answered. The two take turns, round by round; medians are compared.
 *
 *	bare     prepared INSERTs of values at hand, one commit per batch
 *	library  run events through the writer: decoded, inserted, counted
 *	process  run events through e2e-store: over a socket, acknowledged
 *
 * 1000 checks at 5 locations; rows are in order of time. With --rows, both
 * stores are first filled to so many rows. Without options a short slice for
 * "make check": every row must be found in every store, time does not judge.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/channel.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/file.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/options.h"
#include "base/proc.h"
#include "base/table.h"
#include "store/day.h"
#include "store/query.h"
#include "store/writer.h"

#define CHECKS 1000
#define LOCATIONS 5
#define SLOTS (CHECKS * LOCATIONS)
#define ASKED 21         /* times each question */
#define QUEUE_MOST_BYTES (8u << 20)

struct values {
	int64_t rows, round_rows, rounds, batch, steps;
	const char *dir;
};

static const struct option_row rows[] = {
	{.name = "rows", .type = OPTION_INT,
	    .offset = OPTION_AT(struct values, rows), .arg = "COUNT",
	    .min = 0, .max = 100000000, .env = "",
	    .help = "Rows to be there before the rounds begin (0)"},
	{.name = "round-rows", .type = OPTION_INT,
	    .offset = OPTION_AT(struct values, round_rows), .arg = "COUNT",
	    .min = 1000, .max = 10000000, .env = "",
	    .help = "Rows stored in a round (10000)"},
	{.name = "rounds", .type = OPTION_INT,
	    .offset = OPTION_AT(struct values, rounds), .arg = "COUNT",
	    .min = 1, .max = 99, .env = "", .help = "Rounds (1)"},
	{.name = "batch", .type = OPTION_INT,
	    .offset = OPTION_AT(struct values, batch), .arg = "ROWS",
	    .min = 1, .max = 100000, .env = "",
	    .help = "Rows per commit of bare and library (1000)"},
	{.name = "steps", .type = OPTION_INT,
	    .offset = OPTION_AT(struct values, steps), .arg = "COUNT",
	    .min = 1, .max = 20, .env = "",
	    .help = "Requests per run, 360 bytes of JSON each (4)"},
	{.name = "dir", .type = OPTION_STR,
	    .offset = OPTION_AT(struct values, dir), .arg = "DIR",
	    .env = "", .help = "Where to make the stores (here)"},
	OPTION_END
};

static const struct program program = {
	.name = "bench_store", .section = 1,
	.summary = "measure the store against bare SQLite",
	.synopsis = "[options]", .rows = rows,
};

/* One row, made from its number. */
struct row {
	char check[32], location[16], run[33];
	uint8_t id[16];
	int64_t slot, due_us, duration_us;
	bool has_failed;
};

static wall_us first_due_us; /* today's first second */
static int64_t pace_us;      /* from one row to the next */
static char *steps_text;

static uint64_t
mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return (x ^ x >> 31);
}

static void
make_row(int64_t n, struct row *r)
{
	uint64_t h = mix((uint64_t)n), g = mix(h);

	r->slot = n % SLOTS;
	snprintf(r->check, sizeof(r->check), "service-%02d/check-%03d",
	    (int)(r->slot % CHECKS / 20), (int)(r->slot % CHECKS));
	snprintf(r->location, sizeof(r->location), "location-%d",
	    (int)(r->slot / CHECKS));
	memcpy(r->id, &h, 8);
	memcpy(r->id + 8, &g, 8);
	crypto_hex(r->id, 16, r->run);
	r->due_us = first_due_us + n * pace_us;
	r->duration_us = 80000 + (int64_t)(h >> 40) % 60000;
	r->has_failed = h % 200 == 0;
}

static void
make_steps(int64_t count)
{
	struct buf b;
	int64_t i;

	buf_init(&b, 1 << 20);
	for (i = 0; i < count; i++)
		buf_printf(&b, "%s{\"entry\":%d,\"line\":%d,\"attempt\":1,"
		    "\"method\":\"POST\",\"url\":\"https://api.example.com/"
		    "v1/payment_intents\",\"status\":200,\"version\":\"1.1\","
		    "\"ip\":\"127.0.0.1\",\"outcome\":\"passed\",\"start_us\":"
		    "%d,\"dns_us\":120,\"connect_us\":300,\"tls_us\":2000,"
		    "\"wait_us\":34567,\"transfer_us\":200,\"total_us\":37187,"
		    "\"sent_bytes\":420,\"received_bytes\":900,"
		    "\"failures\":[]}", i > 0 ? "," : "[", (int)i + 1,
		    (int)i * 7 + 3, (int)i * 37200);
	buf_append_char(&b, ']');
	steps_text = buf_take(&b, NULL);
}

static void
make_event(const struct row *r, struct buf *out)
{
	buf_reset(out);
	buf_printf(out, "{\"version\":1,\"run\":\"%s\",\"check\":\"%s\","
	    "\"service\":\"%.10s\",\"location\":\"%s\",\"environment\":"
	    "\"production\",\"trigger\":\"schedule\",\"definition\":"
	    "\"00112233445566778899aabbccddeeff00112233445566778899aabbccdd"
	    "eeff\",\"probe\":\"local-1\",\"trace\":\"0af7651916cd43dd8448eb2"
	    "11c80319c\",\"due_us\":%" PRId64 ",\"started_us\":%" PRId64
	    ",\"late_us\":180,\"duration_us\":%" PRId64 ",\"lag_us\":35,"
	    "\"outcome\":\"%s\",%s\"steps\":%s}", r->run, r->check, r->check,
	    r->location, r->due_us, r->due_us + 180, r->duration_us,
	    r->has_failed ? "failed" : "passed", r->has_failed ?
	    "\"reason\":\"the status was 500\"," : "", steps_text);
	must(!out->is_full);
}

/* Bare SQLite. */

struct bare {
	sqlite3 *db;
	sqlite3_stmt *insert;
	int64_t next;
};

static void
bare_open(struct bare *b, const char *dir)
{
	char *path = file_join(dir, "bare.db");
	struct cause c;

	cause_init(&c);
	if (db_open(path, &db_runs, DB_WRITE, &b->db, &c) != 0) {
		cause_print(&c, stderr);
		exit(EXIT_UNMEASURED);
	}
	must(db_prepare(b->db, "INSERT INTO run VALUES (?1, ?2, ?3, ?4, ?5, "
	    "?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, "
	    "?19)", &b->insert) == 0);
	b->next = 0;
	free(path);
}

static void
bare_insert(struct bare *b, size_t steps_len)
{
	sqlite3_stmt *s = b->insert;
	struct row r;

	make_row(b->next, &r);
	sqlite3_bind_int64(s, 1, b->next + 1);
	sqlite3_bind_int64(s, 2, r.slot + 1);
	sqlite3_bind_int64(s, 3, r.due_us);
	sqlite3_bind_int(s, 4, 0);
	sqlite3_bind_int(s, 5, r.has_failed);
	sqlite3_bind_int64(s, 6, r.duration_us);
	db_bind_blob(s, 7, r.id, 16);
	db_bind_blob(s, 8, r.id, 16);
	sqlite3_bind_int64(s, 9, r.due_us + 180);
	sqlite3_bind_int(s, 10, 180);
	sqlite3_bind_int(s, 11, 35);
	sqlite3_bind_int(s, 12, 1);
	db_bind_text(s, 13, "local-1", 7);
	db_bind_str(s, 14, r.has_failed ? "the status was 500" : NULL);
	db_bind_text(s, 18, steps_text, steps_len);
	must(db_run(s) == 0);
	b->next++;
}

static void
bare_store(struct bare *b, int64_t count, int64_t batch)
{
	size_t steps_len = strlen(steps_text);
	int64_t i;

	for (i = 0; i < count; i++) {
		if (i % batch == 0)
			must(db_exec(b->db, "BEGIN IMMEDIATE") == 0);
		bare_insert(b, steps_len);
		if (i % batch == batch - 1 || i == count - 1)
			must(db_exec(b->db, "COMMIT") == 0);
	}
}

/* The writer, in this process. */

static struct store_writer *
library_open(const char *dir)
{
	struct store_options o = {dir, 14};
	struct store_writer *w;
	struct cause c;

	cause_init(&c);
	if (store_writer_open(&o, &w, &c) != 0) {
		cause_print(&c, stderr);
		exit(EXIT_UNMEASURED);
	}
	return (w);
}

static void
library_store(struct store_writer *w, int64_t *next, int64_t count,
    int64_t batch)
{
	mono_us flush_at = clock_mono() + SPAN_S;
	struct row r;
	struct buf doc;
	int64_t i;

	buf_init(&doc, 1 << 20);
	for (i = 0; i < count; i++) {
		make_row((*next)++, &r);
		make_event(&r, &doc);
		must(store_writer_append(w, doc.data, doc.len, false) == 0);
		if (i % batch != batch - 1 && i != count - 1)
			continue;
		must(store_writer_commit(w) == 0);
		if (clock_mono() >= flush_at) {
			must(store_writer_flush(w) == 0);
			flush_at = clock_mono() + SPAN_S;
		}
	}
	must(store_writer_flush(w) == 0);
	buf_fini(&doc);
}

/* What of both is the making of the rows themselves. */
static span_us
cost_of_rows(int64_t count, bool has_event)
{
	span_us start = clock_cpu();
	struct row r;
	struct buf doc;
	int64_t i;

	buf_init(&doc, 1 << 20);
	for (i = 0; i < count; i++) {
		make_row(i, &r);
		if (has_event)
			make_event(&r, &doc);
	}
	buf_fini(&doc);
	return (clock_cpu() - start);
}

/* The process. */

struct sender {
	struct loop *loop;
	struct channel *channel;
	pid_t pid;
	bool is_ready;
	uint64_t acked;
	int64_t next, end;   /* row numbers */
	char *docs;          /* of a round, made before the clock starts */
	size_t *at;
};

static void
sender_message_cb(struct channel *ch, const struct message *m, void *arg)
{
	struct sender *s = arg;

	(void)ch;
	if (m->type == MESSAGE_READY)
		s->is_ready = true;
	else if (m->type == MESSAGE_ACK)
		s->acked = m->cookie;
	else
		must(m->type != MESSAGE_REFUSED);
}

static void
sender_closed_cb(struct channel *ch, int err, void *arg)
{
	(void)ch;
	(void)err;
	(void)arg;
	must(!"the store stays");
}

static const struct channel_handlers sender_handlers = {
	.message = sender_message_cb,
	.closed = sender_closed_cb,
};

static void
sender_open(struct sender *s, const char *dir)
{
	char *path = proc_sibling("../../e2e-store");
	char *copy = xstrdup(dir);
	char name[] = "e2e-store", child[] = "--child", store[] = "--store";
	char *argv[] = {name, child, store, copy, NULL};
	int fd;

	*s = (struct sender){.loop = loop_new()};
	must(proc_start(path, argv, &s->pid, &fd) == 0);
	s->channel = channel_new(s->loop, fd, &sender_handlers, s);
	while (!s->is_ready)
		loop_turn(s->loop, true);
	free(copy);
	free(path);
}

/* Returns the CPU time that the process used in all. */
static span_us
sender_close(struct sender *s)
{
	struct rusage u;

	channel_free(&s->channel);
	wait4(s->pid, NULL, 0, &u);
	loop_free(&s->loop);
	return ((u.ru_utime.tv_sec + u.ru_stime.tv_sec) * SPAN_S +
	    u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static void
sender_prepare(struct sender *s, int64_t count)
{
	struct buf doc, all;
	struct row r;
	int64_t i;

	buf_init(&doc, 1 << 20);
	buf_init(&all, (size_t)8 << 30);
	s->at = xcalloc((size_t)count + 1, sizeof(*s->at));
	for (i = 0; i < count; i++) {
		make_row(s->next + i, &r);
		make_event(&r, &doc);
		must(buf_append(&all, doc.data, doc.len) == 0);
		s->at[i + 1] = all.len;
	}
	s->docs = buf_take(&all, NULL);
	buf_fini(&doc);
}

static void
sender_store(struct sender *s, int64_t count)
{
	int64_t i;

	for (i = 0; i < count; i++) {
		struct message m = {.type = MESSAGE_RESULT,
		    .cookie = (uint64_t)++s->next,
		    .doc = s->docs + s->at[i],
		    .doc_len = s->at[i + 1] - s->at[i]};

		channel_send(s->channel, &m);
		while (channel_queued_bytes(s->channel) > QUEUE_MOST_BYTES)
			loop_turn(s->loop, true);
	}
	while (s->acked < (uint64_t)s->next)
		loop_turn(s->loop, true);
}

/* Questions. */

static bool
see_run_cb(const struct query_run *r, void *arg)
{
	char *id = arg;

	memcpy(id, r->id_hex, sizeof(r->id_hex));
	return (true);
}

struct asking {
	struct query *q;
	wall_us now;
	char id[2 * MESSAGE_ID_SIZE + 1];
};

static void
ask_failures(struct asking *a)
{
	struct query_runs f = {.which = {.check = "service-07/check-147"},
	    .outcomes = 1u << OUTCOME_FAILED, .limit = 50,
	    .has_steps = true};

	must(query_runs(a->q, &f, see_run_cb, a->id, NULL) == 0);
}

static void
ask_all_failures(struct asking *a)
{
	struct query_runs f = {.outcomes = 1u << OUTCOME_FAILED,
	    .limit = 50, .has_steps = true};

	must(query_runs(a->q, &f, see_run_cb, a->id, NULL) == 0);
}

static void
ask_runs(struct asking *a)
{
	struct query_runs f = {.limit = 50};

	must(query_runs(a->q, &f, see_run_cb, a->id, NULL) == 0);
}

static void
ask_checks(struct asking *a, const struct query_which *which, span_us span)
{
	struct query_check *list;
	size_t n;

	must(query_checks(a->q, which, a->now - span, a->now, &list, &n) ==
	    0);
	must(n > 0);
	query_checks_free(&list, n);
}

static void
ask_p99(struct asking *a)
{
	static const struct query_which which = {
	    .check = "service-07/check-147", .location = "location-2",
	    .has_unplanned = true};

	ask_checks(a, &which, SPAN_DAY);
}

static void
ask_month(struct asking *a)
{
	static const struct query_which which = {
	    .check = "service-07/check-147", .location = "location-2",
	    .has_unplanned = true};

	ask_checks(a, &which, 28 * SPAN_DAY);
}

static void
ask_rate(struct asking *a)
{
	struct query_totals t;

	must(query_totals(a->q, a->now - SPAN_H, a->now, &t) == 0);
}

static void
ask_fleet(struct asking *a)
{
	static const struct query_which which = {.has_unplanned = true};

	ask_checks(a, &which, SPAN_H);
}

static void
ask_run(struct asking *a)
{
	char id[2 * MESSAGE_ID_SIZE + 1], seen[2 * MESSAGE_ID_SIZE + 1];

	memcpy(id, a->id, sizeof(id));
	must(query_run_find(a->q, id, see_run_cb, seen) == 0);
}

static const struct {
	const char *name;
	void (*ask)(struct asking *a);
	span_us target;
} questions[] = {
	{"last 50 failures of a check, with steps", ask_failures, SPAN_MS},
	{"last 50 failures of all", ask_all_failures, 0},
	{"last 50 runs of all", ask_runs, 0},
	{"24 h p50, p95, p99 of a check", ask_p99, 2 * SPAN_MS},
	{"28 d p50, p95, p99 of a check", ask_month, 0},
	{"failure rate of all checks, 1 h", ask_rate, 20 * SPAN_MS},
	{"every check's rates and p99, 1 h", ask_fleet, 0},
	{"a run by its id", ask_run, 0},
};

static int
compare_spans(const void *a, const void *b)
{
	span_us x = *(const span_us *)a, y = *(const span_us *)b;

	return ((x > y) - (x < y));
}

static span_us
median(span_us *spans, size_t n)
{
	qsort(spans, n, sizeof(*spans), compare_spans);
	return (spans[n / 2]);
}

static void
ask_everything(const char *dir, wall_us now)
{
	struct asking a = {.now = now};
	span_us spans[ASKED], m;
	struct cause c;
	size_t i, j;

	cause_init(&c);
	must(query_open(dir, &a.q, &c) == 0);
	printf("\n%-42s %9s %9s\n", "question, warm, median", "us", "target");
	for (i = 0; i < NELEMS(questions); i++) {
		for (j = 0; j < ASKED; j++) {
			mono_us start = clock_mono();

			questions[i].ask(&a);
			spans[j] = clock_mono() - start;
		}
		m = median(spans, ASKED);
		printf("%-42s %9" PRId64, questions[i].name, m);
		if (questions[i].target > 0)
			printf(" %9" PRId64 "%s", questions[i].target,
			    m > questions[i].target ? "  missed" : "");
		putchar('\n');
	}
	query_close(&a.q);
	cause_fini(&c);
}

/* Every row is there, once by itself and once in the counts. */

static bool
count_run_cb(const struct query_run *r, void *arg)
{
	int64_t *n = arg;

	(void)r;
	(*n)++;
	return (true);
}

static void
verify(const char *dir, int64_t expected)
{
	struct query_runs all = {.limit = expected + 1};
	struct query_totals totals;
	int64_t found = 0, counted = 0;
	struct query *q;
	struct cause c;
	int i;

	cause_init(&c);
	must(query_open(dir, &q, &c) == 0);
	must(query_runs(q, &all, count_run_cb, &found, NULL) == 0);
	must(query_totals(q, first_due_us, first_due_us + SPAN_DAY,
	    &totals) == 0);
	for (i = 0; i < OUTCOME_COUNT; i++)
		counted += totals.counts[i];
	query_close(&q);
	cause_fini(&c);
	if (found == expected && counted == expected)
		return;
	fprintf(stderr, "bench_store: %s has %" PRId64 " runs and counted %"
	    PRId64 " of %" PRId64 "\n", dir, found, counted, expected);
	exit(EXIT_BAD);
}

/* Rounds. */

enum way { BARE, LIBRARY, PROCESS, WAYS };

static const char *const way_names[] = {"bare", "library", "process"};

static double
rows_per_second(int64_t count, span_us span)
{
	return ((double)count * 1e6 / (double)(span > 0 ? span : 1));
}

struct contest {
	const struct values *v;
	char *dirs[WAYS];
	struct bare bare;
	struct store_writer *writer;
	int64_t writer_next;
	struct sender sender;
	span_us spans[WAYS][99], cpu[WAYS][99];
};

static void
fill(struct contest *c)
{
	if (c->v->rows == 0)
		return;
	fprintf(stderr, "filling bare ...\n");
	bare_store(&c->bare, c->v->rows, 20000);
	fprintf(stderr, "filling library ...\n");
	library_store(c->writer, &c->writer_next, c->v->rows, 20000);
}

static void
play_process(struct contest *c, size_t round, int64_t n)
{
	mono_us start;

	sender_prepare(&c->sender, n);
	start = clock_mono();
	sender_store(&c->sender, n);
	c->spans[PROCESS][round] = clock_mono() - start;
	free(c->sender.docs);
	free(c->sender.at);
}

static void
play(struct contest *c, size_t round)
{
	int64_t n = c->v->round_rows;
	span_us rows_cost = cost_of_rows(n, false);
	span_us events_cost = cost_of_rows(n, true);
	mono_us start = clock_mono();
	span_us cpu = clock_cpu();

	bare_store(&c->bare, n, c->v->batch);
	c->spans[BARE][round] = clock_mono() - start - rows_cost;
	c->cpu[BARE][round] = clock_cpu() - cpu - rows_cost;
	start = clock_mono();
	cpu = clock_cpu();
	library_store(c->writer, &c->writer_next, n, c->v->batch);
	c->spans[LIBRARY][round] = clock_mono() - start - events_cost;
	c->cpu[LIBRARY][round] = clock_cpu() - cpu - events_cost;
	if (c->v->rows == 0)
		play_process(c, round, n);
}

static void
report(struct contest *c)
{
	int64_t n = c->v->round_rows;
	size_t rounds = (size_t)c->v->rounds;
	span_us bare = median(c->spans[BARE], rounds);
	span_us bare_cpu = median(c->cpu[BARE], rounds), m, cpu;
	int i;

	printf("%-10s %10s %8s %10s %8s\n", "", "rows/s", "of bare",
	    "cpu us/row", "of bare");
	for (i = 0; i < WAYS; i++) {
		m = median(c->spans[i], rounds);
		cpu = median(c->cpu[i], rounds);
		if (m == 0)
			continue;
		printf("%-10s %10.0f %8.2f", way_names[i],
		    rows_per_second(n, m), (double)bare / (double)m);
		if (cpu > 0)
			printf(" %10.2f %8.2f", (double)cpu / (double)n,
			    (double)bare_cpu / (double)cpu);
		putchar('\n');
	}
	printf("aim: 0.60 of bare\n");
}

static void
remove_dir(const char *dir)
{
	char *rm = xstrdup("rm"), *rf = xstrdup("-rf"), *copy = xstrdup(dir);
	char *argv[] = {rm, rf, copy, NULL};
	pid_t pid = vfork();

	if (pid == 0) {
		execvp("rm", argv);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
	free(rm);
	free(rf);
	free(copy);
}

static void
contest_open(struct contest *c, const char *top)
{
	const struct values *v = c->v;
	int i;

	first_due_us = day_of(clock_wall()) * SPAN_DAY;
	pace_us = 86000 * SPAN_S / (v->rows + v->round_rows * v->rounds);
	if (pace_us > SPAN_MIN / SLOTS)
		pace_us = SPAN_MIN / SLOTS;
	for (i = 0; i < WAYS; i++) {
		c->dirs[i] = file_join(top, way_names[i]);
		must(file_make_dirs(c->dirs[i]) == 0);
	}
	bare_open(&c->bare, c->dirs[BARE]);
	c->writer = library_open(c->dirs[LIBRARY]);
	if (v->rows == 0)
		sender_open(&c->sender, c->dirs[PROCESS]);
}

static void
contest_close(struct contest *c)
{
	size_t i;

	sqlite3_finalize(c->bare.insert);
	db_close(&c->bare.db);
	store_writer_close(&c->writer);
	if (c->v->rows > 0)
		return;
	c->cpu[PROCESS][0] = sender_close(&c->sender) / c->v->rounds;
	for (i = 1; i < (size_t)c->v->rounds; i++)
		c->cpu[PROCESS][i] = c->cpu[PROCESS][0];
}

int
main(int argc, char **argv)
{
	struct values v = {.round_rows = 10000, .rounds = 1, .batch = 1000,
	    .steps = 4, .dir = "."};
	struct contest c = {.v = &v};
	char *top;
	size_t i;

	options_parse(&program, argc, argv, &v);
	proc_init(0);
	make_steps(v.steps);
	top = xasprintf("%s/bench-store-XXXXXX", v.dir);
	must(mkdtemp(top) != NULL);
	contest_open(&c, top);
	fill(&c);
	for (i = 0; i < (size_t)v.rounds; i++)
		play(&c, i);
	contest_close(&c);
	if (v.rows == 0) {
		verify(c.dirs[LIBRARY], c.writer_next);
		verify(c.dirs[PROCESS], c.sender.next);
	}
	report(&c);
	ask_everything(c.dirs[LIBRARY], first_due_us + c.writer_next *
	    pace_us);
	remove_dir(top);
	for (i = 0; i < WAYS; i++)
		free(c.dirs[i]);
	free(top);
	free(steps_text);
	return (EXIT_GOOD);
}
