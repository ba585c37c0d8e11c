/* SPDX-License-Identifier: ISC */
/* The only place where a stored run becomes a document again. */
#include "store/query_json.h"

#include <string.h>

static void
number(struct json_out *o, const char *name, int64_t n)
{
	if (n != QUERY_NONE)
		json_out_kv_int(o, name, n);
}

static void
text(struct json_out *o, const char *name, const char *s)
{
	if (s != NULL && *s != '\0')
		json_out_kv_str(o, name, s);
}

/* A text that is JSON already. */
static void
raw(struct json_out *o, const char *name, const char *json)
{
	if (json == NULL || *json == '\0')
		return;
	json_out_key(o, name);
	json_out_raw(o, json, strlen(json));
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
	text(o, "trigger", trigger_name(r->trigger));
	text(o, "outcome", outcome_name(r->outcome));
	text(o, "reason", r->reason);
	place_json(r, o);
	number(o, "due_us", r->due_us);
	number(o, "started_us", r->started_us);
	number(o, "late_us", r->late_us);
	number(o, "duration_us", r->duration_us);
	number(o, "lag_us", r->lag_us);
	text(o, "definition", r->definition);
	text(o, "probe", r->probe);
	text(o, "trace", r->trace_hex);
	raw(o, "steps", r->steps);
	raw(o, "evidence", r->evidence);
	json_out_object_end(o);
}
