/* SPDX-License-Identifier: ISC */
/*
 * A queue of runs in one engine, so many at a time. One at a time is shown
 * as it goes; several are shown one after another, each when it is done.
 */
#include "probe/runner.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <utlist.h>

#include "base/crypto.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/proc.h"
#include "probe/run.h"
#include "probe/runner_load.h"
#include "probe/runner_progress.h"
#include "probe/runner_report.h"
#include "probe/runner_text.h"

#define JOB_MAGIC 0x4a4f4221u
#define OUT_MOST_BYTES (64u << 20)
#define REPORT_MOST_BYTES (1u << 20) /* of what one run has to say */
#define TEST_JOBS 8
#define LIST_MOST 50 /* runs that are named at the end */

enum { HURL_PARSE = 2, HURL_RUNTIME = 3, HURL_ASSERT = 4 };

struct runner {
	const struct runner_options *options;
	struct runner_load load;
	struct loop *loop;
	struct loop_signal *signals[2];
	struct run_engine *engine;
	struct run_script **scripts; /* of load.items */
	struct job *jobs;            /* in flight, the oldest first */
	size_t total, next, in_flight, job_most;
	struct runner_counts counts;
	struct buf list;             /* of runs that did not pass */
	size_t list_count;
	struct runner_report *report; /* NULL: none is asked for */
	size_t runtime_errors, assert_errors; /* runs, as Hurl counts */
	mono_us started;
	bool is_live;                /* shown while it runs */
	bool has_data;               /* text goes to standard error */
	bool has_progress;           /* a line of it on a terminal */
	bool is_stopping;
	int signo, signal_count;     /* the last signal, and how many */
	size_t cut_count;            /* runs that the first one ended */
	bool has_broken_output;
	bool has_answer;             /* an answer was written */
};

struct job {
	unsigned int magic;
	struct job *next_job, *prev_job;
	struct runner *runner;
	struct run *run;
	struct buf out;
	struct buf failures; /* in plain text, for a report */
	struct runner_record record;
	bool has_head;
	bool has_runtime_error, has_assert_error;
};

static void start_more(struct runner *r);

static struct runner_text
text_of(struct job *job)
{
	const struct runner_options *o = job->runner->options;

	return ((struct runner_text){.out = &job->out,
	    .has_color = o->has_color && !job->runner->has_data,
	    .has_evidence = o->verbosity < RUNNER_DEBUG &&
	    (o->error_format == RUNNER_ERRORS_LONG ||
	    (o->error_format == RUNNER_ERRORS_AUTO && !o->is_test))});
}

static void
show_progress(const struct runner *r)
{
	const struct runner_progress p = {.done = r->counts.runs,
	    .passed = r->counts.passed, .total = r->total,
	    .in_flight = r->in_flight, .oldest = r->jobs == NULL ? NULL :
	    run_script_flow(run_script_of(r->jobs->run))->path};

	if (r->has_progress && p.done < p.total && !r->is_stopping)
		runner_progress_show(&p);
}

static void
clear_progress(const struct runner *r)
{
	if (r->has_progress)
		runner_progress_clear();
}

/* When nobody reads any more, nothing more is started. */
static void
print(struct runner *r, struct buf *out, FILE *stream)
{
	if (out->len > 0)
		clear_progress(r);
	if (out->len > 0 && (fwrite(out->data, 1, out->len, stream) !=
	    out->len || fflush(stream) != 0)) {
		r->has_broken_output = true;
		r->is_stopping = true;
	}
	buf_reset(out);
}

static void
flush(struct runner *r, struct buf *out)
{
	print(r, out, r->has_data ? stderr : stdout);
}

/*
 * Hurl tells asserts from all else: what goes wrong below the response line
 * is an assert's, even an undefined variable, but for captures.
 */
static bool
is_assert(const struct flow_entry *entry, const struct finding *f)
{
	const struct flow_response *r = &entry->response;
	size_t i;

	if (f->kind != FINDING_DEFINITION)
		return (f->kind == FINDING_ASSERT);
	for (i = 0; i < r->capture_count; i++)
		if (r->captures[i].place.line == f->place.line)
			return (false);
	return (entry->has_response &&
	    f->place.line >= r->status_place.line);
}

static void
note_findings(struct job *job, const struct run *run,
    const struct run_step *step)
{
	const struct flow *flow = run_script_flow(run_script_of(run));
	size_t i;

	if (step->is_retried)
		return;
	for (i = 0; i < step->findings.count; i++) {
		if (is_assert(&flow->entries[step->entry - 1],
		    &step->findings.items[i]))
			job->has_assert_error = true;
		else
			job->has_runtime_error = true;
	}
}

static void
show_exchange(struct job *job, struct run *run, const struct run_step *step)
{
	struct runner_text text = text_of(job);
	struct buf request, response;
	int verbosity = step->is_unsent ? 0 : run_verbosity(run);

	if (verbosity == RUNNER_QUIET)
		return;
	buf_init(&request, OUT_MOST_BYTES / 16);
	buf_init(&response, OUT_MOST_BYTES / 16);
	run_describe(run, &request, &response);
	if (verbosity >= RUNNER_VERBOSE && !step->is_redirect)
		runner_text_curl(&text, run);
	runner_text_exchange(&text, run, &request, &response,
	    verbosity >= RUNNER_DEBUG);
	if (verbosity >= RUNNER_VERBOSE)
		runner_text_captures(&text, run, step);
	if (verbosity >= RUNNER_VERBOSE && step->is_retried)
		runner_text_retried(&text, run, step);
	buf_fini(&request);
	buf_fini(&response);
}

static void
step_cb(struct run *run, const struct run_step *step,
    struct response *response, void *arg)
{
	struct job *job = arg;
	const struct runner_options *o = job->runner->options;
	struct runner_text text = text_of(job);
	struct runner_text report = {.out = &job->failures};
	bool is_brief = o->is_test || job->runner->has_data;
	struct buf shown;

	must_magic(job, JOB_MAGIC);
	job->runner->counts.steps += !step->is_unsent;
	runner_record_step(&job->record, run, step, response);
	note_findings(job, run, step);
	if (job->runner->report != NULL && !step->is_retried)
		runner_text_failures(&report, run, step);
	if (o->format == FORMAT_JSON)
		return;
	if (!job->has_head && !is_brief)
		runner_text_head(&text,
		    run_script_flow(run_script_of(run))->path);
	job->has_head = true;
	if (!is_brief)
		runner_text_step(&text, run, step);
	show_exchange(job, run, step);
	if (!step->is_retried)
		runner_text_failures(&text, run, step);
	if (job->runner->is_live)
		flush(job->runner, &job->out);
	buf_init(&shown, OUT_MOST_BYTES);
	runner_record_shown(&job->record, run, step, response, &shown);
	print(job->runner, &shown, stdout);
	buf_fini(&shown);
}

static void
count_run(struct runner *r, const struct job *job, enum outcome o)
{
	r->counts.runs++;
	r->counts.by_outcome[o]++;
	if (o == OUTCOME_PASSED)
		r->counts.passed++;
	else if (job->has_runtime_error || !job->has_assert_error)
		r->runtime_errors++;
	else
		r->assert_errors++;
}

static void
job_free(struct job *job)
{
	struct runner *r = job->runner;

	DL_DELETE2(r->jobs, job, prev_job, next_job);
	buf_fini(&job->out);
	buf_fini(&job->failures);
	runner_record_fini(&job->record);
	free(job);
}

/* The document or the answer of a run, on standard output or in a file. */
static void
put_data(struct job *job, struct run *run, const struct run_result *result)
{
	const struct runner_options *o = job->runner->options;
	struct buf data;

	buf_init(&data, OUT_MOST_BYTES);
	if (o->is_json) {
		buf_append(&data, buf_str(&job->record.document),
		    job->record.document.len);
		buf_append_char(&data, '\n');
	}
	if (result->outcome == OUTCOME_PASSED && job->record.has_answer &&
	    (o->output != NULL ||
	    (o->shows_head && !o->is_json && !o->is_silent))) {
		runner_record_output(&job->record, run,
		    !job->runner->has_answer, &data);
		job->runner->has_answer = true;
	}
	print(job->runner, &data, stdout);
	buf_fini(&data);
}

/* For the end, where it is found without looking back. */
static void
list_run(struct runner *r, struct run *run, const struct run_result *result)
{
	struct runner_text text = {.out = &r->list,
	    .has_color = r->options->has_color && !r->has_data};

	if (result->outcome != OUTCOME_PASSED && r->list_count < LIST_MOST) {
		runner_text_verdict(&text, run, result);
		r->list_count++;
	}
}

static void
done_cb(struct run *run, const struct run_result *result, void *arg)
{
	struct job *job = arg;
	struct runner *r = job->runner;
	const struct flow *flow = run_script_flow(run_script_of(run));
	struct runner_text text = text_of(job);
	struct runner_text report = {.out = &job->failures};

	must_magic(job, JOB_MAGIC);
	count_run(r, job, result->outcome);
	list_run(r, run, result);
	if (r->report != NULL)
		runner_text_reason(&report, run, result);
	runner_record_end(&job->record, run, result);
	runner_report_add(r->report, run, result, &job->failures,
	    &job->record);
	if (r->options->format == FORMAT_JSON) {
		run_event_encode(run, result, &job->out);
		buf_append_char(&job->out, '\n');
	} else if (r->has_data && !r->options->is_test) {
		runner_text_errors(&text, run, result);
	} else if (r->options->is_test) {
		runner_text_brief(&text, run, result);
	} else {
		runner_text_end(&text, run, result);
		if (r->total > 1)
			buf_append_char(&job->out, '\n');
	}
	flush(r, &job->out);
	if (result->step_count == 0 && result->outcome == OUTCOME_PASSED &&
	    flow->entry_count > 0)
		fprintf(stderr, "e2e-run: warning: no entry of %s was run\n",
		    flow->path);
	put_data(job, run, result);
	r->has_broken_output |= job->record.has_failed;
	job_free(job);
	r->in_flight--;
	start_more(r);
	show_progress(r);
}

static void
start_one(struct runner *r, size_t number)
{
	struct run_script *script = r->scripts[number % r->load.count];
	static const struct run_hooks hooks = {.step = step_cb,
	    .done = done_cb};
	struct job *job = xcalloc(1, sizeof(*job));
	struct run_spec spec = {.location = "local", .trigger = "manual",
	    .first_entry = (uint32_t)r->options->first_entry,
	    .last_entry = (uint32_t)r->options->last_entry};

	job->magic = JOB_MAGIC;
	job->runner = r;
	buf_init(&job->out, OUT_MOST_BYTES);
	buf_init(&job->failures, REPORT_MOST_BYTES);
	runner_record_init(&job->record, r->options);
	job->record.number = number;
	DL_APPEND2(r->jobs, job, prev_job, next_job);
	crypto_random(spec.id, sizeof(spec.id));
	job->run = run_start(script, &spec, &hooks, job);
	r->in_flight++;
}

static void
start_more(struct runner *r)
{
	while (!r->is_stopping && r->next < r->total &&
	    r->in_flight < r->job_most)
		start_one(r, r->next++);
	if (r->in_flight == 0)
		loop_stop(r->loop);
}

/*
 * The first signal ends the runs with what they have, the second what always
 * runs after them, the third all.
 */
static void
signal_cb(int signo, void *arg)
{
	struct runner *r = arg;
	struct job *job;

	if (++r->signal_count > 2) {
		loop_stop(r->loop);
		return;
	}
	r->signo = signo;
	if (!r->is_stopping)
		r->cut_count = r->in_flight;
	r->is_stopping = true;
	for (job = r->jobs; job != NULL; job = job->next_job)
		run_stop(job->run, "interrupted");
}

/* It costs libcurl some text for each request. */
static bool
keeps_heads(const struct runner_options *o)
{
	return (!o->is_test || o->error_format == RUNNER_ERRORS_LONG ||
	    o->is_json || o->json_dir != NULL || o->html_dir != NULL ||
	    o->curl != NULL);
}

static void
make_scripts(struct runner *r)
{
	struct run_defaults defaults = {.cacert = r->load.cacert,
	    .cert = r->load.cert, .key = r->load.key,
	    .cert_password = r->load.cert_password,
	    .flow = r->load.defaults,
	    .netrc_file = r->load.netrc_file,
	    .no_proxy = r->options->no_proxy,
	    .user_agent = r->options->user_agent,
	    .cookies = (const char *const *)r->load.cookies,
	    .cookie_count = r->load.cookie_count,
	    .is_untraced = !r->options->is_traced,
	    .notes_certificates = r->options->is_json ||
	    r->options->json_dir != NULL,
	    .keeps_sent_heads = keeps_heads(r->options),
	    .continues = r->options->continues,
	    .ignores_asserts = r->options->ignores_asserts,
	    .drops_cookies = r->options->drops_cookies};
	struct runner_item *item;
	size_t i;

	r->scripts = xcalloc(r->load.count, sizeof(*r->scripts));
	for (i = 0; i < r->load.count; i++) {
		item = &r->load.items[i];
		r->scripts[i] = run_script_from_flow(r->engine,
		    &item->definition, item->flow);
		run_script_set_defaults(r->scripts[i], &defaults);
		runner_load_set(&r->load, run_script_variables(
		    r->scripts[i]));
	}
}

static void
show_summary(struct runner *r)
{
	struct runner_text text;
	struct buf out;

	clear_progress(r);
	if (r->options->format == FORMAT_JSON || (!r->options->is_test &&
	    (r->total == 1 || r->has_data)))
		return;
	buf_init(&out, OUT_MOST_BYTES);
	text = (struct runner_text){.out = &out,
	    .has_color = r->options->has_color};
	r->counts.elapsed = clock_mono() - r->started;
	r->counts.are_checks = r->options->checks != NULL;
	if (r->counts.runs > 1)
		runner_text_list(&text, &r->list, r->counts.runs -
		    r->counts.passed);
	runner_text_summary(&text, &r->counts);
	flush(r, &out);
	buf_fini(&out);
}

static void
show_interrupt(const struct runner *r)
{
	size_t left = r->total - r->next;

	if (r->signo == 0)
		return;
	fprintf(stderr, "e2e-run: interrupted: %zu run%s cut off",
	    r->cut_count, r->cut_count == 1 ? " was" : "s were");
	if (left > 0 && r->options->repeat > 0)
		fprintf(stderr, ", %zu %s not begun", left, left == 1 ?
		    "was" : "were");
	fputc('\n', stderr);
}

static int
exit_code_of(const struct runner *r)
{
	const size_t *by = r->counts.by_outcome;

	if (r->options->exit_codes != 0 && r->signo != 0)
		return (128 + r->signo);
	if (r->options->exit_codes != 0)
		return (r->runtime_errors > 0 || r->has_broken_output ||
		    r->counts.runs < r->total ? HURL_RUNTIME :
		    r->assert_errors > 0 ? HURL_ASSERT : EXIT_GOOD);
	if (by[OUTCOME_FAILED] + by[OUTCOME_UNREACHABLE] +
	    by[OUTCOME_UNKNOWN] > 0)
		return (EXIT_BAD);
	if (by[OUTCOME_INVALID] > 0)
		return (EXIT_DEFINITION);
	return (r->counts.passed < r->total || r->has_broken_output ?
	    EXIT_UNMEASURED : EXIT_GOOD);
}

static void
runner_open(struct runner *r)
{
	static const struct run_engine_options engine = {.probe = "e2e-run",
	    .rights = {.reads_environment = true, .writes_files = true,
	    .opens_sockets = true, .reads_any_file = true}};

	buf_init(&r->list, REPORT_MOST_BYTES);
	r->loop = loop_new();
	r->engine = run_engine_new(r->loop, &engine);
	r->signals[0] = loop_signal_new(r->loop, SIGINT, signal_cb, r);
	r->signals[1] = loop_signal_new(r->loop, SIGTERM, signal_cb, r);
	r->report = runner_report_new(r->options);
	r->total = r->options->repeat < 0 ? SIZE_MAX :
	    r->load.count * (size_t)r->options->repeat;
	r->job_most = r->options->jobs > 0 ? (size_t)r->options->jobs :
	    r->options->is_test || r->options->is_parallel ? TEST_JOBS : 1;
	if ((int64_t)r->job_most > proc_connections_most())
		r->job_most = (size_t)proc_connections_most();
	r->is_live = r->job_most == 1;
	r->has_data = runner_options_has_data(r->options);
	r->has_progress = r->options->has_progress ||
	    (r->options->is_test && runner_progress_is_redrawn());
	make_scripts(r);
}

static void
runner_close(struct runner *r)
{
	size_t i;

	while (r->jobs != NULL)
		job_free(r->jobs);
	for (i = 0; i < r->load.count; i++)
		run_script_release(&r->scripts[i]);
	free(r->scripts);
	runner_report_free(&r->report);
	buf_fini(&r->list);
	run_engine_free(&r->engine);
	loop_signal_free(&r->signals[0]);
	loop_signal_free(&r->signals[1]);
	loop_free(&r->loop);
}

static int
run_all(struct runner *r)
{
	int code, unmeasured = r->options->exit_codes != 0 ? HURL_RUNTIME :
	    EXIT_UNMEASURED;

	runner_open(r);
	if (runner_report_open(r->report) != 0) {
		runner_close(r);
		return (unmeasured);
	}
	r->started = clock_mono();
	start_more(r);
	show_progress(r);
	loop_run(r->loop);
	show_summary(r);
	show_interrupt(r);
	code = exit_code_of(r);
	if (runner_report_write(r->report) != 0 && code == EXIT_GOOD)
		code = unmeasured;
	runner_close(r);
	return (code);
}

bool
runner_has_input(void)
{
	struct stat st;

	return (fstat(STDIN_FILENO, &st) == 0 && (S_ISFIFO(st.st_mode) ||
	    S_ISREG(st.st_mode) || S_ISSOCK(st.st_mode)));
}

int
runner_run(const struct runner_options *o, const char *const *operands,
    size_t count)
{
	struct runner r = {.options = o};
	struct cause cause;
	int err, code;

	cause_init(&cause);
	r.load = (struct runner_load){.options = o, .cause = &cause};
	err = runner_load(&r.load, operands, count);
	cause_print(&cause, stderr);
	if (err == ERR_NOT_FOUND)
		fprintf(stderr, "e2e-run: there is nothing to run\n");
	else if (err != 0)
		fprintf(stderr, "e2e-run: %zu mistake%s, nothing was run\n",
		    cause.error_count, cause.error_count == 1 ? "" : "s");
	if (err == 0)
		code = run_all(&r);
	else if (o->exit_codes != 0)
		code = r.load.is_usage ? RUNNER_HURL_USAGE : HURL_PARSE;
	else
		code = err == ERR_NOT_FOUND ? EXIT_UNMEASURED :
		    EXIT_DEFINITION;
	runner_load_fini(&r.load);
	cause_fini(&cause);
	return (code);
}
