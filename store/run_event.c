/* SPDX-License-Identifier: ISC */
/*
 * Taking a run event apart: one pass over its members, by a table. What our
 * probes write (compact, plain text, whole numbers) is taken in place and
 * its nested values are only checked; anything else goes the long way
 * through the reader, with the same result.
 */
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
 * The member of that name. Members mostly come in the order of the table:
 * *at is where to begin looking.
 */
static const struct member *
member_find(const char *name, size_t len, size_t *at)
{
	size_t tried;

	for (tried = 0; tried < NELEMS(members); tried++, (*at)++) {
		if (*at >= NELEMS(members))
			*at = 0;
		if (strlen(members[*at].name) == len &&
		    memcmp(members[*at].name, name, len) == 0)
			return (&members[(*at)++]);
	}
	return (NULL);
}

static int
take_members(const struct json *root, const char *doc, struct run_event *e)
{
	const struct member *m;
	size_t i, at = 0;

	for (i = 0; i < root->count; i++) {
		const struct json *v = &root->items[i];

		m = member_find(v->key, v->key_len, &at);
		if (m != NULL && take_member(m, v, doc, e) != 0)
			return (ERR_TYPE);
	}
	return (0);
}

/* In place. */

struct cursor {
	const char *p, *end;
};

/* Plain text up to the closing quote: no escape, no byte above ASCII. */
static bool
take_plain(struct cursor *c, struct slice *out)
{
	const char *first = ++c->p;

	c->p += json_plain(c->p, (size_t)(c->end - c->p));
	if (c->p == c->end || *c->p != '"')
		return (false);
	*out = (struct slice){first, (size_t)(c->p - first)};
	c->p++;
	return (true);
}

static bool
take_whole(struct cursor *c, int64_t *out)
{
	bool is_negative = *c->p == '-';
	const char *first;
	int64_t n = 0;

	c->p += is_negative;
	first = c->p;
	while (c->p < c->end && *c->p >= '0' && *c->p <= '9' &&
	    c->p - first < 18)
		n = n * 10 + (*c->p++ - '0');
	*out = is_negative ? -n : n;
	return (c->p > first && (*first != '0' || c->p - first == 1) &&
	    c->p < c->end && (*c->p == ',' || *c->p == '}'));
}

static bool
take_nested(struct cursor *c, struct slice *out)
{
	size_t n = json_scan(c->p, (size_t)(c->end - c->p),
	    json_limits_default.max_depth - 1);

	*out = (struct slice){c->p, n};
	c->p += n;
	return (n > 0);
}

static bool
take_place_slice(const struct slice *s, struct run_event *e)
{
	int rc = json_parse(s->text, s->len, &json_limits_default, &e->json,
	    NULL);

	return (rc == 0 && take_place(json_root(e->json), e) == 0);
}

static bool
take_value(struct cursor *c, const struct member *m, struct run_event *e)
{
	void *at = (char *)e + (m != NULL ? m->offset : 0);
	struct slice text;
	int64_t n;

	if (c->p == c->end)
		return (false);
	if (*c->p == '"') {
		if (!take_plain(c, &text) ||
		    (m != NULL && m->kind != MEMBER_TEXT))
			return (false);
		if (m != NULL)
			*(struct slice *)at = text;
		return (true);
	}
	if (*c->p == '-' || (*c->p >= '0' && *c->p <= '9')) {
		if (!take_whole(c, &n) ||
		    (m != NULL && m->kind != MEMBER_INT))
			return (false);
		if (m != NULL)
			*(int64_t *)at = n;
		return (true);
	}
	if ((*c->p != '{' && *c->p != '[') ||
	    (m != NULL && (*c->p == '{') != (m->wanted == JSON_OBJECT)) ||
	    !take_nested(c, &text))
		return (false);
	if (m == NULL)
		return (true);
	if (m->kind == MEMBER_PLACE)
		return (e->json == NULL && take_place_slice(&text, e));
	if (m->kind != MEMBER_SLICE)
		return (false);
	*(struct slice *)at = text;
	return (true);
}

/* True when the whole document could be taken so. */
static bool
take_in_place(const char *doc, size_t len, struct run_event *e)
{
	struct cursor c = {doc, doc + len};
	struct slice name;
	size_t at = 0;

	if (len < 2 || *c.p != '{')
		return (false);
	do {
		c.p++;
		if (c.p == c.end || *c.p != '"' || !take_plain(&c, &name) ||
		    c.p == c.end || *c.p++ != ':' ||
		    !take_value(&c, member_find(name.text, name.len, &at),
		    e) || c.p == c.end)
			return (false);
	} while (*c.p == ',');
	return (*c.p == '}' && c.p + 1 == c.end);
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

/* Names in a document are not ended by a NUL. */
static bool
copy_name(const struct slice *s, char out[static 16])
{
	if (s->text == NULL || s->len > 15)
		return (false);
	memcpy(out, s->text, s->len);
	out[s->len] = '\0';
	return (strlen(out) == s->len);
}

static enum outcome
outcome_of(const struct slice *s)
{
	char name[16];

	return (copy_name(s, name) ? outcome_parse(name) : OUTCOME_COUNT);
}

static enum trigger
trigger_of(const struct slice *s)
{
	char name[16];

	return (copy_name(s, name) ? trigger_parse(name) : TRIGGER_COUNT);
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
	if ((e->outcome = outcome_of(&e->outcome_name)) == OUTCOME_COUNT)
		return ("'outcome' is not one of the outcomes");
	e->trigger = e->trigger_name.text == NULL ? TRIGGER_SCHEDULE :
	    trigger_of(&e->trigger_name);
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

static void
clear(struct run_event *e)
{
	*e = (struct run_event){.started_us = EVENT_ABSENT,
	    .late_us = EVENT_ABSENT, .lag_us = EVENT_ABSENT,
	    .place_line = EVENT_ABSENT, .place_column = EVENT_ABSENT};
}

static int
take_by_reader(const char *doc, size_t len, struct run_event *e,
    const char **sentence)
{
	struct json_error error;
	int rc = json_parse(doc, len, &json_limits_default, &e->json, &error);

	if (rc != 0) {
		*sentence = error.sentence;
		return (rc);
	}
	*sentence = "it is not a JSON object";
	if (json_root(e->json)->kind != JSON_OBJECT)
		return (ERR_SYNTAX);
	*sentence = "a member has the wrong type";
	return (take_members(json_root(e->json), doc, e) != 0 ? ERR_SYNTAX :
	    0);
}

static int
finish(int rc, struct run_event *e, const char **sentence)
{
	if (rc == 0 && (*sentence = mistake(e)) != NULL)
		rc = ERR_SYNTAX;
	if (rc != 0)
		run_event_fini(e);
	else
		complete(e);
	return (rc);
}

int
run_event_decode_by_reader(const char *doc, size_t len, struct run_event *e,
    const char **sentence)
{
	clear(e);
	return (finish(take_by_reader(doc, len, e, sentence), e, sentence));
}

int
run_event_decode(const char *doc, size_t len, struct run_event *e,
    const char **sentence)
{
	clear(e);
	if (take_in_place(doc, len, e))
		return (finish(0, e, sentence));
	run_event_fini(e);
	return (run_event_decode_by_reader(doc, len, e, sentence));
}

void
run_event_fini(struct run_event *e)
{
	json_free(&e->json);
}
