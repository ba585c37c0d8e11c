/* SPDX-License-Identifier: ISC */
/*
 * The life of a run, from its start to its end. It is a state machine, moved
 * on by its transfer (run_attempt.c) and by one timer, which serves the
 * start, delays, pauses and the bound of the whole run.
 */
#include "probe/run.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/crypto.h"
#include "probe/run_priv.h"

#define SENT_HEAD_MOST_BYTES (256u << 10)
#define COOKIE_NAMES_MOST_BYTES (8u << 10)
#define ARENA_FIRST_BYTES 960 /* enough for most requests */

void
run_arm(struct run *run, mono_us at)
{
	if (at > run->deadline)
		at = run->deadline;
	if (run->armed_at == at)
		return;
	run->armed_at = at;
	loop_timer_at(run->timer, at);
}

/* The end. */

static void
run_free(struct run *run)
{
	size_t i;

	if (run->transfer != NULL)
		http_cancel(&run->transfer);
	run_attempt_fini(run);
	buf_fini(&run->cookie_names);
	http_session_free(&run->session);
	loop_timer_free(&run->timer);
	for (i = 0; i < run->result.step_count; i++)
		run_step_fini(&run->result.steps[i]);
	free(run->result.steps);
	free(run->result.reason);
	buf_fini(&run->result.request);
	buf_fini(&run->result.response);
	buf_fini(&run->sent_head);
	arena_fini(&run->arena);
	arena_fini(&run->options_arena);
	variables_free(&run->variables);
	run_script_release(&run->script);
	free(run->stop_reason);
	free(run->location);
	free(run->trigger);
	DL_DELETE(run->engine->runs, run);
	run->engine->in_flight--;
	loop_beat_stop(run->engine->loop);
	run->magic = 0;
	free(run);
}

void
run_engine_free(struct run_engine **ep)
{
	struct run_engine *engine = *ep;

	if (engine == NULL)
		return;
	*ep = NULL;
	while (engine->runs != NULL)
		run_free(engine->runs);
	http_free(&engine->http);
	buf_fini(&engine->scratch);
	free(engine->probe);
	free(engine);
}

void
run_finish(struct run *run)
{
	struct run_result *result = &run->result;

	run->state = RUN_DONE;
	result->duration = clock_mono() - run->started;
	result->lag = loop_lag_since(run->engine->loop, run->started);
	run->hooks->done(run, result, run->arg);
	run_free(run);
}

/* The way. */

/* Once for the entries, a second time for the clean-up. */
static void
stop(struct run *run)
{
	char *reason = run->stop_reason;

	run->stop_reason = NULL;
	if (run->is_cleaning)
		run->deadline = clock_mono();
	run_cut_off(run, reason, true);
	free(reason);
}

static void
run_wake_cb(void *arg)
{
	struct run *run = arg;

	must_magic(run, RUN_MAGIC);
	run->armed_at = 0;
	if (run->is_hopeless) {
		run_verdict_set(run, OUTCOME_INVALID, run->stop_reason,
		    (struct place){0});
		run_finish(run);
	} else if (run->stop_reason != NULL)
		stop(run);
	else if (clock_mono() >= run->deadline)
		run_time_out(run);
	else if (run->state == RUN_STARTING)
		run_entries_start(run);
	else if (run->state == RUN_SENDING || clock_mono() < run->due)
		run_arm(run, run->state == RUN_SENDING ? run->deadline :
		    run->due);
	else
		run_attempt_start(run);
}

/* The start. */

static void
start_variables(struct run *run, const struct run_spec *spec)
{
	const char *sentence;
	const struct variables *v;

	v = run_script_complete(run->script, &sentence);
	if (v == NULL) {
		run->variables = variables_new();
		run->stop_reason = xstrdup(sentence);
		return;
	}
	run->variables = variables_copy(v);
	run_script_set(run->variables, spec->variables, spec->variable_count);
}

static void
result_init(struct run *run, const struct run_spec *spec)
{
	struct run_result *result = &run->result;
	size_t most = (size_t)run->script->definition->limits.evidence_bytes;
	uint8_t random[24];

	crypto_random(random, sizeof(random));
	memcpy(run->trace, random, 16);
	memcpy(run->span, random + 16, 8);
	crypto_hex(run->trace, sizeof(run->trace), result->trace);
	memcpy(result->id, spec->id, sizeof(result->id));
	result->location = run->location = xstrdup(spec->location);
	result->trigger = run->trigger = xstrdup(spec->trigger);
	result->probe = run->engine->probe;
	result->due = spec->due != 0 ? spec->due : result->started;
	buf_init(&result->request, most > 0 ? most : 1);
	buf_init(&result->response, most > 0 ? most : 1);
}

/* What an operator allows a run in all, its single expressions have, too. */
static unsigned int
work_factor(const struct definition_limits *limits)
{
	int64_t factor = limits->work_ms / definition_limits_default.work_ms;

	return (factor > 1 ? (unsigned int)factor : 1);
}

struct run *
run_start(struct run_script *script, const struct run_spec *spec,
    const struct run_hooks *hooks, void *arg)
{
	struct run *run = xcalloc(1, sizeof(*run));
	size_t entries = script->flow->entry_count;

	run->magic = RUN_MAGIC;
	run->engine = script->engine;
	run->script = run_script_hold(script);
	run->hooks = hooks;
	run->arg = arg;
	/* In this order: start and duration lead to no time after its end. */
	run->result.started = clock_wall();
	run->started = clock_mono();
	run->bounded_at = run->started;
	run->deadline = run->started + script->definition->timeout;
	buf_init(&run->sent_head, SENT_HEAD_MOST_BYTES);
	buf_init(&run->cookie_names, COOKIE_NAMES_MOST_BYTES);
	arena_init(&run->arena, 0);
	arena_init(&run->options_arena, 0);
	run->arena.first_bytes = run->options_arena.first_bytes =
	    ARENA_FIRST_BYTES;
	result_init(run, spec);
	run->last = spec->last_entry > 0 && spec->last_entry < entries ?
	    spec->last_entry : (uint32_t)entries;
	run->evidence_entry = spec->evidence_entry;
	run->entry = spec->first_entry > 0 ? spec->first_entry - 1 : 0;
	start_variables(run, spec);
	run->scope = (struct scope){.variables = run->variables,
	    .file_root = script->definition->flow_root,
	    .max_body_bytes = (size_t)script->definition->limits.body_bytes,
	    .may_read_environment = run->engine->rights.reads_environment,
	    .may_read_any_file = run->engine->rights.reads_any_file,
	    .work_factor = work_factor(&script->definition->limits),
	    .paths = script->paths};
	run->is_hopeless = run->stop_reason != NULL;
	run->result.outcome = OUTCOME_PASSED;
	run->step_most = script->definition->limits.steps;
	DL_APPEND(run->engine->runs, run);
	run->engine->in_flight++;
	loop_beat_start(run->engine->loop);
	run->timer = loop_timer_new(run->engine->loop, run_wake_cb, run);
	run_arm(run, run->started);
	return (run);
}

void
run_stop(struct run *run, const char *reason)
{
	must_magic(run, RUN_MAGIC);
	if (run->state == RUN_DONE || run->stop_reason != NULL)
		return;
	run->stop_reason = xstrdup(reason);
	run->armed_at = 0;
	run_arm(run, clock_mono());
}

/* What hooks ask. */

struct run_script *
run_script_of(const struct run *run)
{
	return (run->script);
}

const struct http_request *
run_request(const struct run *run)
{
	return (&run->sent);
}

char *
run_sent_line(const struct run *run, size_t *at)
{
	const char *head = buf_str(&run->sent_head), *line = head + *at;
	size_t len = strcspn(line, "\r\n");

	if (len == 0)
		return (NULL);
	*at += len + strspn(line + len, "\r");
	*at += head[*at] == '\n';
	return (xstrndup(line, len));
}

char *
run_sent_header(const struct run *run, size_t *at, const char **value)
{
	char *line, *colon;

	if (*at == 0)
		free(run_sent_line(run, at));
	while ((line = run_sent_line(run, at)) != NULL) {
		if ((colon = strchr(line, ':')) != NULL) {
			*colon++ = '\0';
			*value = colon + strspn(colon, " ");
			return (line);
		}
		free(line);
	}
	return (NULL);
}

int
run_verbosity(const struct run *run)
{
	return (run->options.verbosity);
}

bool
run_ignores_asserts(const struct run *run)
{
	return (run->script->ignores_asserts);
}

void
run_cookies(const struct run *run, struct buf *out)
{
	if (run->session != NULL)
		http_session_list_cookies(run->session, out);
}

const struct variables *
run_variables(const struct run *run)
{
	return (run->variables);
}
