/* SPDX-License-Identifier: ISC */
/*
 * e2e-gate status: what the scheduled runs have shown since a deploy. All of
 * it rests on history: every report says so.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "gate/command.h"
#include "gate/watch.h"
#include "store/query.h"

#define HISTORY_DAYS 42
#define RUNS_MOST 40000

struct watched {
	char *name;          /* check, and where it runs */
	const char *problem; /* why it is not judged, NULL */
	span_us age;         /* of its newest run */
	struct watch_failures failures;
	struct watch_latency latency;
	double log_e;        /* of its failures */
	bool is_slower;      /* named */
};

struct status {
	const struct settings *settings;
	struct engine_config config;
	wall_us since, now;
	char *label;         /* of the marker, NULL */
	struct watched *checks;
	size_t count, judged;
	double log_e;        /* the most of a check */
	enum engine_verdict verdict;
	const char *reason;
};

/* ---- since when ---- */

struct marker {
	const struct settings *settings;
	wall_us at;
	char *label;
};

static bool
mark_cb(const struct query_note *note, void *arg)
{
	struct marker *m = arg;
	const char *wanted = m->settings->since, *label;
	struct json_doc *doc;
	bool fits;

	if (note->service == NULL ||
	    strcmp(note->service, m->settings->service) != 0 ||
	    json_parse(note->document, note->document_len,
	    &json_limits_default, &doc, NULL) != 0)
		return (true);
	label = json_get_str(json_root(doc), "label", "");
	fits = strcasecmp(wanted, "deploy") == 0 ||
	    strcmp(wanted, label) == 0;
	if (fits) {
		m->at = note->at_us;
		m->label = xstrdup(label);
	}
	json_free(&doc);
	return (!fits);
}

/* A marker's label, "deploy" for the newest, a time, or a span ago. */
static int
find_since(struct status *st, struct query *q, struct cause *cause)
{
	const char *text = st->settings->since;
	struct marker m = {.settings = st->settings};
	span_us ago;

	if (query_notes(q, "mark", 0, mark_cb, &m) != 0) {
		cause_add(cause, "%s", query_reason(q));
		return (EXIT_UNMEASURED);
	}
	st->label = m.label;
	st->since = m.at;
	if (m.label != NULL || clock_parse_wall(text, &st->since) == 0)
		return (0);
	if (clock_parse_span(text, SPAN_S, &ago) == 0 && ago > 0) {
		st->since = st->now - ago;
		return (0);
	}
	cause_add(cause, "--since %s: there is no such deploy of %s, and it "
	    "is neither a time nor a span: note deploys with e2e-gate mark",
	    text, st->settings->service);
	return (EXIT_UNMEASURED);
}

/* ---- the runs of one check ---- */

struct runs {
	bool *failed;
	double *durations;   /* of runs that passed */
	size_t count, passed;
};

static bool
run_cb(const struct query_run *run, void *arg)
{
	struct runs *r = arg;

	if (outcome_is_ours(run->outcome))
		return (true);
	r->failed[r->count++] = outcome_is_against_service(run->outcome);
	if (run->outcome == OUTCOME_PASSED)
		r->durations[r->passed++] = (double)run->duration_us;
	return (true);
}

/* They come newest first. */
static void
turn_around(struct runs *r)
{
	bool failed;
	double duration;
	size_t i;

	for (i = 0; i < r->count / 2; i++) {
		failed = r->failed[i];
		r->failed[i] = r->failed[r->count - 1 - i];
		r->failed[r->count - 1 - i] = failed;
	}
	for (i = 0; i < r->passed / 2; i++) {
		duration = r->durations[i];
		r->durations[i] = r->durations[r->passed - 1 - i];
		r->durations[r->passed - 1 - i] = duration;
	}
}

static int
read_runs(struct query *q, const struct query_check *c, wall_us since,
    wall_us until, struct runs *out)
{
	struct query_runs filter = {.which = {.check = c->check,
	    .location = c->location, .environment = c->environment,
	    .has_unplanned = true}, .triggers = 1u << TRIGGER_SCHEDULE,
	    .since = since, .until = until, .limit = RUNS_MOST};
	int rc;

	*out = (struct runs){.count = 0};
	out->failed = xcalloc(RUNS_MOST, sizeof(*out->failed));
	out->durations = xcalloc(RUNS_MOST, sizeof(*out->durations));
	rc = query_runs(q, &filter, run_cb, out, NULL);
	turn_around(out);
	return (rc);
}

static void
runs_fini(struct runs *r)
{
	free(r->failed);
	free(r->durations);
}

/* The days before the deploy; the deploy's own day ends with it. */
static int
read_history(struct query *q, const struct query_check *c, wall_us since,
    struct history *out)
{
	struct query_which which = {.check = c->check,
	    .location = c->location, .environment = c->environment,
	    .has_unplanned = true};
	struct history_day days[HISTORY_DAYS] = {{0, 0, 0}};
	wall_us midnight = since - since % SPAN_DAY, from;
	struct query_check *rows;
	size_t i, j, count;
	int o, rc = 0;

	for (i = 0; rc == 0 && i < HISTORY_DAYS; i++) {
		from = midnight - (wall_us)i * SPAN_DAY;
		days[i].age_days = (double)(since - from) / (double)SPAN_DAY;
		rc = query_checks(q, &which, from, i == 0 ?
		    since - since % SPAN_MIN : from + SPAN_DAY, &rows, &count);
		if (rc != 0)
			break;
		for (j = 0; j < count; j++) {
			days[i].runs += rows[j].measured;
			for (o = 0; o < OUTCOME_COUNT; o++)
				if (outcome_is_against_service(
				    (enum outcome)o))
					days[i].failures += rows[j].counts[o];
		}
		query_checks_free(&rows, count);
	}
	*out = history_of_days(days, HISTORY_DAYS);
	return (rc);
}

/* ---- judging ---- */

/* The error of either kind that one check may make. */
static double
share_of_alpha(const struct status *st)
{
	return (st->config.alpha / 2 / (double)st->count);
}

static int
watch_check(struct status *st, struct query *q, const struct query_check *c,
    struct watched *w)
{
	struct runs before, since;
	struct history history;
	int rc;

	w->name = xasprintf("%s (%s, %s)", c->check, c->environment,
	    c->location);
	w->age = c->has_run ? st->now - c->last_due_us : INT64_MAX;
	if ((rc = read_history(q, c, st->since, &history)) != 0)
		return (rc);
	rc = read_runs(q, c, 0, st->since, &before);
	if (rc == 0) {
		rc = read_runs(q, c, st->since, st->now + 1, &since);
		w->failures = watch_failures(&st->config, &history,
		    since.failed, since.count);
		w->latency = watch_latency(before.durations, before.passed,
		    since.durations, since.passed, share_of_alpha(st));
		runs_fini(&since);
	}
	runs_fini(&before);
	w->log_e = w->failures.log_e;
	if (w->failures.runs == 0)
		w->problem = "no run since the deploy";
	else if (w->age > st->settings->fresh)
		w->problem = "its newest run is too old";
	else if (!w->failures.has_history)
		w->problem = "too few runs before the deploy, or too flaky";
	return (rc);
}

/*
 * Half of alpha for failures, half for latency, each shared by the checks:
 * the evidence of a check is its largest so far, and largest ones may not be
 * averaged.
 */
static void
judge(struct status *st)
{
	bool is_slower = false, all_pass = true;
	struct watched *w;
	size_t i;

	for (i = 0; i < st->count; i++) {
		w = &st->checks[i];
		st->log_e = fmax(st->log_e, w->log_e);
		st->judged += w->problem == NULL;
		all_pass = all_pass && w->problem == NULL &&
		    w->failures.log_pass >= log(1 / st->config.beta);
		w->is_slower = w->latency.is_judged && w->latency.p <=
		    share_of_alpha(st) &&
		    w->latency.ratio >= 1 + WATCH_EFFECT_LEAST;
		is_slower = is_slower || w->is_slower;
	}
	st->verdict = ENGINE_INCONCLUSIVE;
	st->reason = st->judged < st->count ? "some checks cannot be judged" :
	    "there are too few runs since the deploy";
	if (all_pass) {
		st->verdict = ENGINE_PASS;
		st->reason = "every failure rate is below its margin";
	}
	if (is_slower || st->log_e >= log(1 / share_of_alpha(st))) {
		st->verdict = ENGINE_BLOCK;
		st->reason = is_slower ? "a check has become slower than it "
		    "ever becomes" : "checks fail more often than before";
	}
}

/* ---- telling ---- */

static const char assumption[] = "history only: assumes the environment is "
    "as in the last 42 days; latency is never passed";

static void
put_check(const struct watched *w, struct json_out *o)
{
	json_out_object(o);
	json_out_kv_str(o, "check", w->name);
	json_out_kv_str(o, "problem", w->problem);
	json_out_kv_int(o, "runs", w->failures.runs);
	json_out_kv_int(o, "failures", w->failures.failures);
	json_out_kv_double(o, "rate_bound", w->failures.bound);
	json_out_kv_double(o, "margin", w->failures.margin);
	json_out_kv_double(o, "log_e", w->log_e);
	json_out_kv_double(o, "log_pass", w->failures.log_pass);
	if (w->age != INT64_MAX)
		json_out_kv_int(o, "age_us", w->age);
	json_out_kv_bool(o, "latency_judged", w->latency.is_judged);
	json_out_kv_int(o, "latency_windows", (int64_t)w->latency.windows);
	if (!isnan(w->latency.ratio)) {
		json_out_kv_double(o, "latency_ratio", w->latency.ratio);
		json_out_kv_double(o, "latency_p", w->latency.p);
	}
	json_out_kv_bool(o, "slower", w->is_slower);
	json_out_object_end(o);
}

static void
print_json(const struct status *st, int code, struct buf *out)
{
	struct json_out o;
	size_t i;

	json_out_init(&o, out);
	json_out_object(&o);
	json_out_kv_str(&o, "verdict", engine_verdict_name(st->verdict));
	json_out_kv_str(&o, "reason", st->reason);
	json_out_kv_str(&o, "assumption", assumption);
	json_out_kv_int(&o, "exit_code", code);
	json_out_kv_str(&o, "service", st->settings->service);
	json_out_kv_str(&o, "deploy", st->label);
	json_out_kv_int(&o, "since_us", st->since);
	json_out_kv_double(&o, "log_e", st->log_e);
	json_out_kv_double(&o, "log_bound",
	    log(1 / share_of_alpha(st)));
	json_out_key(&o, "checks");
	json_out_array(&o);
	for (i = 0; i < st->count; i++)
		put_check(&st->checks[i], &o);
	json_out_array_end(&o);
	json_out_object_end(&o);
	buf_append_char(out, '\n');
}

static void
print_check(const struct watched *w, struct buf *out)
{
	buf_printf(out, "%6u %7u  ", w->failures.runs, w->failures.failures);
	if (w->failures.has_history)
		buf_printf(out, "%5.1f %%  %8.2g  ", 100 * w->failures.bound,
		    exp(w->log_e));
	else
		buf_append_str(out, "      -         -  ");
	if (isnan(w->latency.ratio))
		buf_append_str(out, "    -      -");
	else
		buf_printf(out, "%5.2f  %5.3f", w->latency.ratio,
		    w->latency.p);
	buf_printf(out, "  %s%s%s%s%s\n", w->name, w->problem != NULL ?
	    ": " : "", w->problem != NULL ? w->problem : "", w->is_slower ?
	    ": slower" : "", w->problem == NULL && !w->latency.is_judged ?
	    ": latency is not judged" : "");
}

static void
print_table(const struct status *st, struct buf *out)
{
	static const char *const words[] = {"UNDECIDED", "PASS", "BLOCK",
	    "INCONCLUSIVE"};
	char since[CLOCK_TEXT_SIZE];
	size_t i;

	clock_format_wall(st->since, since);
	buf_printf(out, "%s  %s: %s\n%s\nsince %s%s%s\n\n"
	    "  runs  failed  before  evidence  ratio      p  check\n",
	    words[st->verdict], st->settings->service, st->reason,
	    assumption, since, st->label != NULL ? ", deploy " : "",
	    st->label != NULL ? st->label : "");
	for (i = 0; i < st->count; i++)
		print_check(&st->checks[i], out);
}

static int
exit_code(const struct status *st)
{
	bool has_runs = false;
	size_t i;

	for (i = 0; i < st->count; i++)
		has_runs = has_runs || st->checks[i].failures.runs > 0;
	if (!has_runs)
		return (EXIT_UNMEASURED);
	if (st->verdict == ENGINE_PASS || st->settings->is_observing)
		return (EXIT_GOOD);
	return (st->verdict == ENGINE_BLOCK ? EXIT_BAD : EXIT_INCONCLUSIVE);
}

static int
tell(const struct status *st)
{
	int code = exit_code(st);
	struct buf out;

	buf_init(&out, 16u << 20);
	if (st->settings->format == FORMAT_JSON)
		print_json(st, code, &out);
	else
		print_table(st, &out);
	fputs(buf_str(&out), stdout);
	buf_fini(&out);
	return (fflush(stdout) == 0 ? code : EXIT_UNMEASURED);
}

static int
ask(struct status *st, struct query *q, struct cause *cause)
{
	struct query_which which = {.service = st->settings->service,
	    .environment = st->settings->environments[ARM_CANDIDATE]};
	struct query_check *rows;
	size_t i, count;
	int rc;

	rc = find_since(st, q, cause);
	if (rc != 0)
		return (rc);
	rc = query_checks(q, &which, st->since, st->now, &rows, &count);
	st->checks = xcalloc(count + 1, sizeof(*st->checks));
	st->count = count;
	for (i = 0; rc == 0 && i < count; i++)
		rc = watch_check(st, q, &rows[i], &st->checks[i]);
	if (rc != 0)
		cause_add(cause, "%s", query_reason(q));
	else if (count == 0)
		cause_add(cause, "the store plans no check of %s: nothing "
		    "was measured, so this is no pass",
		    st->settings->service);
	query_checks_free(&rows, count);
	if (rc != 0 || count == 0)
		return (EXIT_UNMEASURED);
	judge(st);
	return (tell(st));
}

int
command_status(const struct settings *s)
{
	struct status st = {.settings = s, .config = settings_engine(s),
	    .now = clock_wall()};
	struct cause cause;
	struct query *q;
	size_t i;
	int code = EXIT_UNMEASURED;

	cause_init(&cause);
	if (query_open(s->store, &q, &cause) == 0) {
		code = ask(&st, q, &cause);
		query_close(&q);
	}
	cause_print(&cause, stderr);
	cause_fini(&cause);
	for (i = 0; i < st.count; i++)
		free(st.checks[i].name);
	free(st.checks);
	free(st.label);
	return (code);
}
