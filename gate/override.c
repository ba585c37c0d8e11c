/* SPDX-License-Identifier: ISC */
/* Overrides as notes of the store. */
#include "gate/override.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cause.h"
#include "base/json.h"
#include "base/mem.h"
#include "store/query.h"

struct reading {
	const struct override_wanted *wanted;
	struct override_list *out;
};

const char *
override_scope_name(enum override_scope scope)
{
	return (scope == OVERRIDE_GATE ? "gate" : "candidate");
}

static bool
applies(const struct override_wanted *r, const struct json *v,
    bool is_of_gate)
{
	const char *identity = json_get_str(v, "identity", "");

	if (json_get_int(v, "until_us", 0) <= r->now)
		return (false);
	if (strcmp(json_get_str(v, "gate", ""), r->gate) == 0)
		return (true);
	return (!is_of_gate && identity[0] != '\0' &&
	    strcmp(identity, r->identity) == 0);
}

void
override_take(struct override_list *l, const struct override_wanted *wanted,
    const char *text, size_t len, wall_us at)
{
	const struct json *v;
	struct json_doc *doc;
	struct override *o;
	bool is_of_gate;

	if (json_parse(text, len, &json_limits_default, &doc, NULL) != 0)
		return;
	v = json_root(doc);
	is_of_gate = strcmp(json_get_str(v, "scope", ""), "candidate") != 0;
	if (applies(wanted, v, is_of_gate)) {
		l->items = xreallocarray(l->items, l->count + 1,
		    sizeof(*l->items));
		o = &l->items[l->count++];
		*o = (struct override){.at = at,
		    .until = json_get_int(v, "until_us", 0),
		    .scope = is_of_gate ? OVERRIDE_GATE :
			OVERRIDE_CANDIDATE};
		o->who = xstrdup(json_get_str(v, "who", ""));
		o->why = xstrdup(json_get_str(v, "why", ""));
		snprintf(o->gate, sizeof(o->gate), "%s",
		    json_get_str(v, "gate", ""));
	}
	json_free(&doc);
}

static bool
note_cb(const struct query_note *note, void *arg)
{
	struct reading *r = arg;

	override_take(r->out, r->wanted, note->document, note->document_len,
	    note->at_us);
	return (true);
}

void
override_read(const char *dir, const char *gate, const char *identity,
    wall_us now, struct override_list *out)
{
	struct override_wanted wanted = {gate, identity, now};
	struct reading r = {&wanted, out};
	struct cause cause;
	struct query *q;

	*out = (struct override_list){.count = 0};
	cause_init(&cause);
	if (query_open(dir, &q, &cause) == 0) {
		query_notes(q, "override", 0, note_cb, &r);
		query_close(&q);
	}
	cause_fini(&cause);
}

void
override_fini(struct override_list *l)
{
	size_t i;

	for (i = 0; i < l->count; i++) {
		free(l->items[i].who);
		free(l->items[i].why);
	}
	free(l->items);
	*l = (struct override_list){.count = 0};
}
