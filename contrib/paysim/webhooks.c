/* SPDX-License-Identifier: ISC */
/* Webhook endpoints. */
#include "contrib/paysim/webhooks.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "contrib/paysim/delivery.h"
#include "contrib/paysim/render.h"

#define TYPES_MOST 100

bool
event_type_matches(const char *enabled, const char *type)
{
	size_t len = strlen(enabled);

	if (len > 0 && enabled[len - 1] == '*')
		return (strncmp(enabled, type, len - 1) == 0);
	return (strcmp(enabled, type) == 0);
}

static bool
wants(const struct endpoint *we, const char *type)
{
	size_t i;

	for (i = 0; i < we->type_count; i++)
		if (event_type_matches(we->types[i], type))
			return (true);
	return (false);
}

void
webhooks_tell(struct app *app, struct event *e, bool is_lost)
{
	const struct object *o;
	const struct endpoint *we;

	/* Count first: every payload states how many are pending. */
	for (o = objects_newest(&app->objects, OBJECT_ENDPOINT); o != NULL;
	    o = objects_older(&app->objects, o)) {
		we = (const struct endpoint *)o;
		e->pending += !we->is_disabled && wants(we, e->type);
	}
	if (e->pending == 0 || is_lost || app->loop == NULL)
		return;
	for (o = objects_newest(&app->objects, OBJECT_ENDPOINT); o != NULL;
	    o = objects_older(&app->objects, o)) {
		we = (const struct endpoint *)o;
		if (!we->is_disabled && wants(we, e->type))
			delivery_add(app->deliveries, e, we);
	}
}

static bool
take_url(struct call *c, struct endpoint *we)
{
	const char *url = call_get(c, "url");
	struct delivery_target target;

	if (url == NULL && we->url != NULL)
		return (true);
	if (url == NULL)
		return (call_refuse(c, "parameter_missing", "url",
		    "Missing required param: url."));
	if (!delivery_parse_url(url, &target))
		return (call_refuse(c, "url_invalid", "url", "Invalid URL: "
		    "this service delivers to http:// URLs on the loopback "
		    "only."));
	delivery_target_fini(&target);
	object_set(&we->url, url);
	return (true);
}

static bool
take_types(struct call *c, struct endpoint *we)
{
	const struct form_pair *pair;
	const char *inner;
	char **types = xcalloc(TYPES_MOST, sizeof(*types));
	size_t count = 0, pos = 0;
	bool is_good = true;

	while (is_good && count < TYPES_MOST && (pair = form_below(&c->form,
	    "enabled_events", &pos, &inner)) != NULL) {
		is_good = *pair->value != '\0' && strspn(pair->value,
		    "abcdefghijklmnopqrstuvwxyz_.*") == strlen(pair->value);
		types[count++] = xstrdup(pair->value);
	}
	if (!is_good || (count == 0 && we->type_count == 0)) {
		while (count > 0)
			free(types[--count]);
		free(types);
		return (call_refuse(c, is_good ? "parameter_missing" : NULL,
		    "enabled_events", is_good ? "Missing required param: "
		    "enabled_events." : "Invalid enabled_events."));
	}
	if (count == 0) {
		free(types);
		return (true);
	}
	while (we->type_count > 0)
		free(we->types[--we->type_count]);
	free(we->types);
	we->types = types;
	we->type_count = count;
	return (true);
}

static bool
take_fields(struct call *c, struct endpoint *we)
{
	return (take_url(c, we) && take_types(c, we) &&
	    call_text(c, "description", &we->description) &&
	    call_bool(c, "disabled", &we->is_disabled) &&
	    call_metadata(c, &we->o.metadata));
}

void
webhooks_create(struct call *c)
{
	struct objects *all = &c->app->objects;
	struct endpoint *we = objects_add(all, OBJECT_ENDPOINT, c->now_s);
	struct json_out o;

	if (!take_fields(c, we)) {
		objects_remove(all, &we->o);
		return;
	}
	if (all->tables[OBJECT_ENDPOINT].count > WEBHOOKS_MOST)
		objects_remove(all, objects_oldest(all, OBJECT_ENDPOINT));
	memcpy(we->secret, "whsec_", 6);
	random_text(&all->ids, we->secret + 6, 32);
	json_out_init(&o, &c->out);
	/* The secret is told once, here. */
	render_object(&(struct render){.out = &o, .has_secret = true},
	    &we->o);
}

void
webhooks_get(struct call *c)
{
	struct object *o = call_find(c, OBJECT_ENDPOINT, c->id, "id");

	if (o != NULL)
		call_answer(c, o);
}

void
webhooks_update(struct call *c)
{
	struct endpoint *we = call_find(c, OBJECT_ENDPOINT, c->id, "id");

	if (we != NULL && take_fields(c, we))
		call_answer(c, &we->o);
}

void
webhooks_delete(struct call *c)
{
	struct object *o = call_find(c, OBJECT_ENDPOINT, c->id, "id");
	struct json_out out;

	if (o == NULL)
		return;
	json_out_init(&out, &c->out);
	render_deleted(&out, o);
	objects_remove(&c->app->objects, o);
}

void
webhooks_list(struct call *c)
{
	call_list(c, &(struct call_list){.kind = OBJECT_ENDPOINT});
}
