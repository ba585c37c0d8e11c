/* SPDX-License-Identifier: ISC */
/* Answers as JSON. Members have the names of doc/run-event.md. */
#include "store/query_json.h"

#include <math.h>
#include <string.h>

#include "base/crypto.h"

static void
text(struct json_out *o, const char *name, const char *s)
{
	json_out_key(o, name);
	if (s != NULL)
		json_out_str(o, s);
	else
		json_out_null(o);
}

static void
number(struct json_out *o, const char *name, int64_t n)
{
	json_out_key(o, name);
	if (n != QUERY_NONE)
		json_out_int(o, n);
	else
		json_out_null(o);
}

static void
json_text(struct json_out *o, const char *name, const char *json)
{
	if (json == NULL)
		return;
	json_out_key(o, name);
	json_out_raw(o, json, strlen(json));
}

static void
state_json(const struct query_check *c, struct json_out *o)
{
	char hex[2 * MESSAGE_ID_SIZE + 1];

	json_out_key(o, "last");
	if (!c->has_run) {
		json_out_null(o);
		return;
	}
	crypto_hex(c->last_run, sizeof(c->last_run), hex);
	json_out_object(o);
	text(o, "run", hex);
	text(o, "outcome", outcome_name(c->last_outcome));
	number(o, "due_us", c->last_due_us);
	number(o, "duration_us", c->last_duration_us);
	json_out_object_end(o);
}

static void
window_json(const struct query_check *c, struct json_out *o)
{
	int i;

	for (i = 0; i < OUTCOME_COUNT; i++)
		number(o, outcome_name((enum outcome)i), c->counts[i]);
	number(o, "measured", c->measured);
	number(o, "due", c->due);
	json_out_kv_double(o, "success", c->success);
	json_out_kv_double(o, "coverage", c->coverage);
	number(o, "p50_us", c->p50_us);
	number(o, "p95_us", c->p95_us);
	number(o, "p99_us", c->p99_us);
	number(o, "max_us", c->max_us);
	number(o, "mean_us", c->mean_us);
	json_out_kv_bool(o, "exact", c->is_exact);
}

void
query_check_json(const struct query_check *c, struct json_out *o)
{
	json_out_object(o);
	text(o, "check", c->check);
	text(o, "service", c->service);
	text(o, "location", c->location);
	text(o, "environment", c->environment);
	text(o, "owner", c->owner);
	text(o, "definition", c->definition);
	json_out_kv_bool(o, "planned", c->is_planned);
	number(o, "every_us", c->every_us);
	number(o, "timeout_us", c->timeout_us);
	number(o, "slo_success_permyriad", c->slo_success_permyriad);
	number(o, "slo_window_us", c->slo_window_us);
	json_out_kv_bool(o, "stale", c->is_stale);
	state_json(c, o);
	number(o, "last_passed_us", c->last_passed_us);
	number(o, "last_bad_us", c->last_bad_us);
	number(o, "streak_us", c->has_run ? c->streak_us : QUERY_NONE);
	number(o, "streak_runs", c->has_run ? c->streak_runs : QUERY_NONE);
	window_json(c, o);
	json_out_object_end(o);
}

static void
place_json(const struct query_run *r, struct json_out *o)
{
	if (r->place_file == NULL)
		return;
	json_out_key(o, "place");
	json_out_object(o);
	text(o, "file", r->place_file);
	number(o, "line", r->place_line);
	number(o, "column", r->place_column);
	json_out_object_end(o);
}

void
query_run_json(const struct query_run *r, struct json_out *o)
{
	json_out_object(o);
	text(o, "run", r->id_hex);
	text(o, "check", r->check);
	text(o, "service", r->service);
	text(o, "location", r->location);
	text(o, "environment", r->environment);
	text(o, "outcome", outcome_name(r->outcome));
	text(o, "trigger", trigger_name(r->trigger));
	number(o, "due_us", r->due_us);
	number(o, "started_us", r->started_us);
	number(o, "late_us", r->late_us);
	number(o, "duration_us", r->duration_us);
	number(o, "lag_us", r->lag_us);
	text(o, "definition", r->definition[0] != '\0' ? r->definition :
	    NULL);
	text(o, "probe", r->probe);
	text(o, "trace", r->trace_hex[0] != '\0' ? r->trace_hex : NULL);
	text(o, "reason", r->reason);
	place_json(r, o);
	json_text(o, "steps", r->steps);
	json_text(o, "evidence", r->evidence);
	json_out_object_end(o);
}

void
query_gate_json(const struct query_gate *g, struct json_out *o)
{
	json_out_object(o);
	text(o, "gate", g->id_hex);
	text(o, "service", g->service);
	text(o, "verdict", g->verdict);
	text(o, "reason", g->reason);
	number(o, "started_us", g->started_us);
	number(o, "finished_us", g->finished_us);
	number(o, "stored_us", g->stored_us);
	number(o, "rounds", g->rounds);
	json_text(o, "document", g->document);
	json_out_object_end(o);
}
