/* SPDX-License-Identifier: ISC */
/* Events: recording and listing. */
#include "contrib/paysim/events.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "contrib/paysim/render.h"
#include "contrib/paysim/webhooks.h"

void
event_emit(struct app *app, const struct call *c, const char *type,
    const struct object *o)
{
	struct event *e;
	struct buf data;
	struct json_out out;

	if (app->objects.tables[OBJECT_EVENT].count >= EVENTS_MOST)
		objects_remove(&app->objects,
		    objects_oldest(&app->objects, OBJECT_EVENT));
	buf_init(&data, CALL_MOST_BYTES);
	json_out_init(&out, &data);
	render_object(&(struct render){.out = &out}, o);
	e = objects_add(&app->objects, OBJECT_EVENT,
	    clock_wall() / SPAN_S);
	e->type = type;
	e->data = buf_take(&data, NULL);
	if (c != NULL) {
		snprintf(e->request_id, sizeof(e->request_id), "%s",
		    c->request_id);
		e->idempotency_key = xstrdup(c->idempotency_key);
	}
	webhooks_tell(app, e, c != NULL && c->is_webhook_lost);
}

void
events_get(struct call *c)
{
	struct object *o = call_find(c, OBJECT_EVENT, c->id, "id");

	if (o != NULL)
		call_answer(c, o);
}

static bool
is_wanted(const struct object *o, const void *arg)
{
	const struct event *e = (const struct event *)o;
	const struct form *f = arg;
	const struct form_pair *pair;
	const char *inner, *type = form_get(f, "type");
	size_t pos = 0;
	bool has_types = false;

	if (type != NULL)
		return (event_type_matches(type, e->type));
	while ((pair = form_below(f, "types", &pos, &inner)) != NULL) {
		has_types = true;
		if (event_type_matches(pair->value, e->type))
			return (true);
	}
	return (!has_types);
}

void
events_list(struct call *c)
{
	call_list(c, &(struct call_list){.kind = OBJECT_EVENT,
	    .keeps = is_wanted, .arg = &c->form});
}
