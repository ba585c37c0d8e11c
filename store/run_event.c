/* SPDX-License-Identifier: ISC */
/* Taking a run event apart: one pass over its members, by a table. */
#include "store/run_event.h"

#include <string.h>

#include "base/crypto.h"
#include "base/err.h"
#include "base/must.h"

/* A due time outside 2000..2100 is a unit mistake, not a time. */
#define DUE_LEAST_US INT64_C(946684800000000)
#define DUE_MOST_US INT64_C(4102444800000000)
#define NAME_MOST_BYTES 512
#define SPAN_MOST_US (INT64_C(366) * 86400 * 1000000)

enum member_kind { MEMBER_TEXT, MEMBER_INT, MEMBER_SLICE, MEMBER_PLACE };

struct member {
	const char *name;
	enum member_kind kind;
	enum json_kind wanted;
	size_t offset;
};

#define TEXT(name, field) \
	{name, MEMBER_TEXT, JSON_STRING, offsetof(struct run_event, field)}
#define INT(name, field) \
	{name, MEMBER_INT, JSON_NUMBER, offsetof(struct run_event, field)}

/* In the order in which a probe writes them. */
static const struct member members[] = {
	INT("version", version),
	TEXT("run", run),
	TEXT("check", check),
	TEXT("service", service),
	TEXT("location", location),
	TEXT("environment", environment),
	TEXT("trigger", trigger_name),
	TEXT("definition", definition),
	TEXT("probe", probe),
	TEXT("trace", trace_hex),
	INT("due_us", due_us),
	INT("started_us", started_us),
	INT("late_us", late_us),
	INT("duration_us", duration_us),
	INT("lag_us", lag_us),
	TEXT("outcome", outcome_name),
	TEXT("reason", reason),
	{"place", MEMBER_PLACE, JSON_OBJECT, 0},
	{"steps", MEMBER_SLICE, JSON_ARRAY, offsetof(struct run_event, steps)},
	{"evidence", MEMBER_SLICE, JSON_OBJECT,
	    offsetof(struct run_event, evidence)},
};

static const char *const trigger_names[] = {
#define X(upper, name) name,
	TRIGGER_TABLE(X)
#undef X
};

const char *
trigger_name(enum trigger t)
{
	return (t < TRIGGER_COUNT ? trigger_names[t] : "unknown");
}

enum trigger
trigger_parse(const char *name)
{
	int i;

	for (i = 0; i < TRIGGER_COUNT; i++)
		if (strcmp(name, trigger_names[i]) == 0)
			break;
	return ((enum trigger)i);
}

static int
take_place(const struct json *v, struct run_event *e)
{
	const struct json *file = json_get(v, "file");

	if (file != NULL && file->kind == JSON_STRING)
		e->place_file = (struct slice){file->text, file->len};
	e->place_line = json_get_int(v, "line", EVENT_ABSENT);
	e->place_column = json_get_int(v, "column", EVENT_ABSENT);
	return (0);
}

static int
take_member(const struct member *m, const struct json *v, const char *doc,
    struct run_event *e)
{
	void *at = (char *)e + m->offset;

	if (v->kind == JSON_NULL)
		return (0);
	if (v->kind != m->wanted)
		return (ERR_TYPE);
	switch (m->kind) {
	case MEMBER_TEXT:
		*(struct slice *)at = (struct slice){v->text, v->len};
		return (0);
	case MEMBER_INT:
		return (json_int(v, at));
	case MEMBER_SLICE:
		*(struct slice *)at = (struct slice){doc + v->start,
		    v->end - v->start};
		return (0);
	case MEMBER_PLACE:
		return (take_place(v, e));
	}
	return (ERR_TYPE);
}

/*
 * Members mostly come in the order of the table: begin looking where the
 * last one was found.
 */
static int
take_members(const struct json *root, const char *doc, struct run_event *e)
{
	size_t i, tried, at = 0;

	for (i = 0; i < root->count; i++) {
		const struct json *v = &root->items[i];

		for (tried = 0; tried < NELEMS(members); tried++, at++) {
			if (at >= NELEMS(members))
				at = 0;
			if (strcmp(members[at].name, v->key) == 0)
				break;
		}
		if (tried == NELEMS(members))
			continue; /* of a newer probe */
		if (take_member(&members[at++], v, doc, e) != 0)
			return (ERR_TYPE);
	}
	return (0);
}

static bool
is_name(const struct slice *s)
{
	return (s->text != NULL && s->len > 0 && s->len <= NAME_MOST_BYTES &&
	    memchr(s->text, '\0', s->len) == NULL);
}

static bool
has_id(struct run_event *e)
{
	e->has_trace = e->trace_hex.len == 2 * sizeof(e->trace) &&
	    crypto_unhex(e->trace_hex.text, e->trace_hex.len, e->trace) == 0;
	return (e->run.text != NULL && e->run.len == 2 * sizeof(e->id) &&
	    crypto_unhex(e->run.text, e->run.len, e->id) == 0);
}

/* What the tables rely on. Returns a sentence, or NULL when all holds. */
static const char *
mistake(struct run_event *e)
{
	if (e->version != EVENT_VERSION)
		return ("it is not a run event of version 1");
	if (!has_id(e))
		return ("'run' is not 32 hex digits");
	if (!is_name(&e->check) || !is_name(&e->location))
		return ("'check' or 'location' is missing or too long");
	if (e->due_us < DUE_LEAST_US || e->due_us >= DUE_MOST_US)
		return ("'due_us' is not a time in microseconds");
	if (e->outcome_name.text == NULL ||
	    (e->outcome = outcome_parse(e->outcome_name.text)) ==
	    OUTCOME_COUNT)
		return ("'outcome' is not one of the outcomes");
	e->trigger = e->trigger_name.text == NULL ? TRIGGER_SCHEDULE :
	    trigger_parse(e->trigger_name.text);
	if (e->trigger == TRIGGER_COUNT)
		return ("'trigger' is not one of the triggers");
	if (e->duration_us < 0 || e->duration_us > SPAN_MOST_US)
		return ("'duration_us' is not a duration");
	return (NULL);
}

static void
complete(struct run_event *e)
{
	const char *slash;

	if (!is_name(&e->environment))
		e->environment = (struct slice){"", 0};
	if (is_name(&e->service))
		return;
	slash = memchr(e->check.text, '/', e->check.len);
	e->service = e->check;
	if (slash != NULL)
		e->service.len = (size_t)(slash - e->check.text);
}

int
run_event_decode(const char *doc, size_t len, struct run_event *e,
    const char **sentence)
{
	struct json_error error;
	int rc;

	*e = (struct run_event){.started_us = EVENT_ABSENT,
	    .late_us = EVENT_ABSENT, .lag_us = EVENT_ABSENT,
	    .place_line = EVENT_ABSENT, .place_column = EVENT_ABSENT};
	rc = json_parse(doc, len, &json_limits_default, &e->json, &error);
	if (rc != 0) {
		*sentence = error.sentence;
		return (rc);
	}
	*sentence = "it is not a JSON object";
	if (json_root(e->json)->kind != JSON_OBJECT)
		rc = ERR_SYNTAX;
	else if (take_members(json_root(e->json), doc, e) != 0) {
		*sentence = "a member has the wrong type";
		rc = ERR_SYNTAX;
	} else if ((*sentence = mistake(e)) != NULL)
		rc = ERR_SYNTAX;
	if (rc != 0) {
		run_event_fini(e);
		return (rc);
	}
	complete(e);
	return (0);
}

void
run_event_fini(struct run_event *e)
{
	json_free(&e->json);
}
