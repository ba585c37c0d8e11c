/* SPDX-License-Identifier: ISC */
/*
 * paysim: a demo payments service in the shape of the public Stripe API. One
 * process serves several release labels on several ports over one state, so
 * that a baseline and a candidate can be compared.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/err.h"
#include "base/json_out.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/options.h"
#include "base/proc.h"
#include "contrib/paysim/app.h"
#include "contrib/paysim/server.h"

struct values {
	struct option_list releases;
	int64_t seed;
	int64_t most_objects;
	span_us processing;
	span_us webhook_retry;
	bool is_verbose;
};

static const struct option_row rows[] = {
    {.name = "release", .letter = 'r', .type = OPTION_LIST,
        .offset = OPTION_AT(struct values, releases),
        .arg = "LABEL=PORT[,FAULT=VALUE]...", .env = "",
        .help = "Serve a release on a port (0: any free one), repeatable"},
    {.name = "seed", .type = OPTION_INT,
        .offset = OPTION_AT(struct values, seed), .arg = "N", .env = "",
        .min = 1, .max = INT64_MAX,
        .help = "Draw ids and faults from this seed, to see them again"},
    {.name = "processing", .type = OPTION_SPAN,
        .offset = OPTION_AT(struct values, processing), .arg = "TIME",
        .env = "", .help = "How long a bank payment stays processing "
        "(default: 1s)"},
    {.name = "webhook-retry", .type = OPTION_SPAN,
        .offset = OPTION_AT(struct values, webhook_retry), .arg = "TIME",
        .env = "", .help = "Pause before a webhook's second attempt, then "
        "doubled (default: 500ms)"},
    {.name = "most-objects", .type = OPTION_INT,
        .offset = OPTION_AT(struct values, most_objects), .arg = "N",
        .env = "", .min = 1000, .max = 100000000,
        .help = "Keep at most this many of a kind (default: 1000000)"},
    {.name = "verbose", .letter = 'v', .type = OPTION_FLAG,
        .offset = OPTION_AT(struct values, is_verbose), .env = "",
        .help = "Log every request"},
    OPTION_END};

static const struct option_text texts[] = {
    {"FAULTS", "error_rate, reset_rate, wrong_amount_rate and "
        "lost_webhook_rate are shares from 0 to 1. slow_body is in bytes "
        "per second. latency is none, fixed:MS, lognormal:MEDIAN_MS:SIGMA "
        "or bimodal:MS:OTHER_MS:SHARE_OF_OTHER. The same names are taken by "
        "POST /_admin/faults on the release's own port.\n\n"
        "Every release also has the routes /_fault/garbage, hang, "
        "huge_body, close_mid_body, reset, slow_body, redirect_loop, "
        "bad_length and endless_header."},
    {"OUTPUT", "One JSON line per release when it can be used: "
        "{\"release\":\"good\",\"url\":\"http://127.0.0.1:40123\"}."},
    {"EXAMPLES", "paysim --release good=0 --release "
        "slow=0,latency=lognormal:120:0.3 --release bad=0,error_rate=0.2"},
    {NULL, NULL}};

static const struct program program = {.name = "paysim",
    .summary = "a demo payments service",
    .synopsis = "[options]", .rows = rows, .texts = texts};

/* Open the release that LABEL=PORT[,FAULT=VALUE]... describes. */
static struct release *
open_release(struct app *app, const char *spec)
{
	struct faults faults = {0};
	struct release *r;
	const char *equals = strchr(spec, '=');
	char *label, *end, bad[64] = "";
	unsigned long port;

	if (equals == NULL || equals == spec)
		options_fail(&program, "--release wants LABEL=PORT, not '%s'",
		    spec);
	port = strtoul(equals + 1, &end, 10);
	if (end == equals + 1 || port > 65535 ||
	    (*end != '\0' && *end != ','))
		options_fail(&program, "'%s' has no port from 0 to 65535",
		    spec);
	if (*end == ',' && faults_parse(&faults, end + 1, bad) != 0)
		options_fail(&program, "'%s' is no fault switch", bad);
	label = xstrndup(spec, (size_t)(equals - spec));
	if (release_open(app, label, (uint16_t)port, &faults, &r) != 0) {
		fprintf(stderr, "paysim: cannot listen on port %lu: %s\n",
		    port, strerror(errno));
		exit(EXIT_UNMEASURED);
	}
	free(label);
	return (r);
}

static void
print_ready(const struct release *r)
{
	struct json_out o;
	struct buf line;

	buf_init(&line, 4096);
	json_out_init(&o, &line);
	json_out_object(&o);
	json_out_kv_str(&o, "release", release_label(r));
	json_out_kv_str(&o, "url", release_url(r));
	json_out_object_end(&o);
	printf("%s\n", buf_str(&line));
	fflush(stdout);
	buf_fini(&line);
}

static void
stop_cb(int signo, void *arg)
{
	(void)signo;
	loop_stop(arg);
}

static uint64_t
seed_of(const struct values *v)
{
	uint64_t seed = (uint64_t)v->seed;

	if (seed == 0)
		crypto_random(&seed, sizeof(seed));
	return (seed);
}

static void
serve(const struct values *v, struct loop *loop, struct app *app)
{
	static const char *const one[] = {"good=0"};
	const char *const *specs = v->releases.count > 0 ?
	    (const char *const *)v->releases.items : one;
	size_t i, count = v->releases.count > 0 ? v->releases.count : 1;
	struct release **releases = xcalloc(count, sizeof(*releases));

	for (i = 0; i < count; i++)
		releases[i] = open_release(app, specs[i]);
	for (i = 0; i < count; i++)
		print_ready(releases[i]);
	loop_run(loop);
	for (i = 0; i < count; i++)
		release_close(&releases[i]);
	free(releases);
}

int
main(int argc, char **argv)
{
	struct values v = {.most_objects = 1000000, .processing = SPAN_S,
	    .webhook_retry = 500 * SPAN_MS};
	struct loop_signal *term, *interrupt;
	struct loop *loop;
	struct app app;

	proc_init(0);
	if (options_parse(&program, argc, argv, &v) < argc)
		options_fail(&program, "takes no operands");
	log_init("paysim", v.is_verbose ? LOG_INFO : LOG_WARN);
	loop = loop_new();
	term = loop_signal_new(loop, SIGTERM, stop_cb, loop);
	interrupt = loop_signal_new(loop, SIGINT, stop_cb, loop);
	app_init(&app, loop, &(struct app_settings){.seed = seed_of(&v),
	    .most_objects = (size_t)v.most_objects,
	    .processing = v.processing, .webhook_retry = v.webhook_retry,
	    .is_verbose = v.is_verbose});
	serve(&v, loop, &app);
	app_fini(&app);
	loop_signal_free(&term);
	loop_signal_free(&interrupt);
	loop_free(&loop);
	options_fini(&program, &v);
	return (EXIT_GOOD);
}
