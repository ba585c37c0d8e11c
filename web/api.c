/* SPDX-License-Identifier: ISC */
/* The JSON API, version 1. */
#include "web/api.h"

#include <stdlib.h>

#include "base/crypto.h"
#include "base/err.h"
#include "base/json_out.h"
#include "store/query_json.h"

#define WINDOW_DEFAULT SPAN_DAY
#define WINDOW_MOST (366 * SPAN_DAY)

static void
kv_int(struct json_out *o, const char *name, int64_t n)
{
	json_out_key(o, name);
	if (n == QUERY_NONE)
		json_out_null(o);
	else
		json_out_int(o, n);
}

static void
kv_share(struct json_out *o, const char *name, double share)
{
	json_out_key(o, name);
	json_out_double(o, share); /* null when nothing was measured */
}

static void
finish(struct answer *a, struct json_out *o)
{
	json_out_object_end(o);
	buf_append_char(&a->out, '\n');
}

static void
write_state(struct json_out *o, const struct query_check *c)
{
	char hex[2 * MESSAGE_ID_SIZE + 1];

	json_out_key(o, "state");
	if (!c->has_run) {
		json_out_null(o);
		return;
	}
	crypto_hex(c->last_run, MESSAGE_ID_SIZE, hex);
	json_out_object(o);
	json_out_kv_str(o, "outcome", outcome_name(c->last_outcome));
	json_out_kv_bool(o, "is_failing", query_check_is_failing(c));
	json_out_kv_str(o, "run", hex);
	json_out_kv_int(o, "due_us", c->last_due_us);
	json_out_kv_int(o, "duration_us", c->last_duration_us);
	kv_int(o, "last_passed_us", c->last_passed_us);
	kv_int(o, "last_bad_us", c->last_bad_us);
	json_out_kv_int(o, "streak_us", c->streak_us);
	json_out_kv_int(o, "streak_runs", c->streak_runs);
	json_out_object_end(o);
}

static void
write_window(struct json_out *o, const struct query_check *c)
{
	enum outcome outcome;

	json_out_key(o, "window");
	json_out_object(o);
	json_out_key(o, "counts");
	json_out_object(o);
	for (outcome = 0; outcome < OUTCOME_COUNT; outcome++)
		json_out_kv_int(o, outcome_name(outcome),
		    c->counts[outcome]);
	json_out_object_end(o);
	json_out_kv_int(o, "due", c->due);
	json_out_kv_int(o, "measured", c->measured);
	kv_share(o, "success", c->success);
	kv_share(o, "coverage", c->coverage);
	kv_int(o, "p50_us", c->p50_us);
	kv_int(o, "p95_us", c->p95_us);
	kv_int(o, "p99_us", c->p99_us);
	kv_int(o, "max_us", c->max_us);
	kv_int(o, "mean_us", c->mean_us);
	json_out_object_end(o);
}

static void
write_check(struct json_out *o, const struct query_check *c)
{
	json_out_object(o);
	json_out_kv_str(o, "check", c->check);
	json_out_kv_str(o, "service", c->service);
	json_out_kv_str(o, "location", c->location);
	json_out_kv_str(o, "environment", c->environment);
	json_out_kv_str(o, "owner", c->owner);
	json_out_kv_str(o, "definition", c->definition);
	json_out_kv_bool(o, "planned", c->is_planned);
	json_out_kv_bool(o, "stale", c->is_stale);
	kv_int(o, "every_us", c->every_us);
	kv_int(o, "timeout_us", c->timeout_us);
	kv_int(o, "slo_success_permyriad", c->slo_success_permyriad);
	kv_int(o, "slo_window_us", c->slo_window_us);
	write_state(o, c);
	write_window(o, c);
	json_out_object_end(o);
}

void
api_checks(struct answer *a)
{
	const struct query_which which = {
	    .check = answer_param(a, "check"),
	    .service = answer_param(a, "service"),
	    .location = answer_param(a, "location"),
	    .environment = answer_param(a, "environment"),
	    .has_unplanned = answer_param(a, "unplanned") != NULL};
	const char *text = answer_param(a, "window");
	span_us window = WINDOW_DEFAULT;
	struct query_check *checks;
	struct json_out o;
	size_t i, count;

	if (text != NULL && (clock_parse_span(text, SPAN_S, &window) != 0 ||
	    window < SPAN_MIN || window > WINDOW_MOST)) {
		answer_fail(a, 400, "window: a duration from 1m to 366d, not "
		    "'%s'", text);
		return;
	}
	if (query_checks(a->query, &which, a->now - window, a->now, &checks,
	    &count) != 0) {
		answer_fail(a, 503, "%s", query_reason(a->query));
		return;
	}
	json_out_init(&o, &a->out);
	json_out_object(&o);
	json_out_kv_int(&o, "since_us", a->now - window);
	json_out_kv_int(&o, "until_us", a->now);
	json_out_key(&o, "checks");
	json_out_array(&o);
	for (i = 0; i < count; i++)
		write_check(&o, &checks[i]);
	json_out_array_end(&o);
	finish(a, &o);
	query_checks_free(&checks, count);
}

static bool
write_run_cb(const struct query_run *r, void *arg)
{
	query_run_json(r, arg);
	return (true);
}

void
api_runs(struct answer *a)
{
	struct query_runs filter;
	struct query_cursor next;
	struct json_out o;
	char cursor[QUERY_CURSOR_SIZE];
	char *wrong = answer_filter(a, API_RUNS_MOST, &filter);

	if (wrong != NULL) {
		answer_fail(a, 400, "%s", wrong);
		free(wrong);
		return;
	}
	json_out_init(&o, &a->out);
	json_out_object(&o);
	json_out_key(&o, "runs");
	json_out_array(&o);
	if (query_runs(a->query, &filter, write_run_cb, &o, &next) != 0) {
		answer_fail(a, 503, "%s", query_reason(a->query));
		return;
	}
	json_out_array_end(&o);
	json_out_key(&o, "next");
	if (next.due_us == 0 && next.number == 0)
		json_out_null(&o);
	else {
		query_cursor_format(&next, cursor);
		json_out_str(&o, cursor);
	}
	finish(a, &o);
}

void
api_run(struct answer *a)
{
	struct json_out o;

	json_out_init(&o, &a->out);
	switch (query_run_find(a->query, a->rest, write_run_cb, &o)) {
	case 0:
		buf_append_char(&a->out, '\n');
		return;
	case ERR_SYNTAX:
		answer_fail(a, 400, "a run id is 4 to 32 hex digits");
		return;
	case ERR_EXISTS:
		answer_fail(a, 400, "several runs begin with %s", a->rest);
		return;
	case ERR_NOT_FOUND:
		answer_fail(a, 404, "there is no run %s", a->rest);
		return;
	default:
		answer_fail(a, 503, "%s", query_reason(a->query));
	}
}

void
api_health(struct answer *a)
{
	struct query_health health;
	struct json_out o;

	if (query_health(a->query, &health) != 0) {
		answer_fail(a, 503, "%s", query_reason(a->query));
		return;
	}
	json_out_init(&o, &a->out);
	json_out_object(&o);
	json_out_kv_str(&o, "status", health.stale > 0 ? "stale" : "ok");
	kv_int(&o, "newest_due_us", health.newest_due_us);
	json_out_kv_int(&o, "now_us", a->now);
	json_out_kv_int(&o, "store_bytes", health.bytes);
	json_out_kv_int(&o, "checks", health.planned);
	json_out_kv_int(&o, "stale", health.stale);
	kv_int(&o, "plan_refused_us", health.refused_us);
	json_out_key(&o, "plan_mistake");
	if (health.refused_us == QUERY_NONE)
		json_out_null(&o);
	else
		json_out_str(&o, health.mistake);
	finish(a, &o);
}
