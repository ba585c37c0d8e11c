/* SPDX-License-Identifier: ISC */
/* One request on its way: parameters, errors, objects and lists. */
#include "contrib/paysim/call.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "contrib/paysim/render.h"

#define LIST_DEFAULT 10
#define LIST_MOST 100
#define TEXT_MOST 5000

void
call_init(struct call *c, struct app *app)
{
	*c = (struct call){.app = app, .status = 200,
	    .content_type = "application/json"};
	form_init(&c->form);
	buf_init(&c->out, CALL_MOST_BYTES);
}

void
call_fini(struct call *c)
{
	while (c->header_count > 0)
		free(c->headers[--c->header_count].value);
	form_fini(&c->form);
	buf_fini(&c->out);
}

void
call_header(struct call *c, const char *name, const char *fmt, ...)
{
	va_list ap;

	must(c->header_count < CALL_MOST_HEADERS);
	va_start(ap, fmt);
	c->headers[c->header_count++] =
	    (struct call_header){name, xvasprintf(fmt, ap)};
	va_end(ap);
}

bool
call_fail(struct call *c, int status, const char *type, const char *code,
    const char *param, const char *fmt, ...)
{
	struct json_out o;
	va_list ap;
	char *message;

	va_start(ap, fmt);
	message = xvasprintf(fmt, ap);
	va_end(ap);
	buf_reset(&c->out);
	c->status = status;
	c->content_type = "application/json";
	json_out_init(&o, &c->out);
	json_out_object(&o);
	json_out_key(&o, "error");
	json_out_object(&o);
	json_out_kv_str(&o, "type", type);
	json_out_kv_str(&o, "code", code);
	json_out_kv_str(&o, "message", message);
	json_out_kv_str(&o, "param", param);
	json_out_object_end(&o);
	json_out_object_end(&o);
	free(message);
	return (false);
}

bool
call_missing(struct call *c, enum object_kind kind, const char *id,
    const char *param)
{
	return (call_fail(c, 404, "invalid_request_error", "resource_missing",
	    param, "No such %s: '%s'", object_name(kind), id));
}

void *
call_find(struct call *c, enum object_kind kind, const char *id,
    const char *param)
{
	struct object *o = objects_find(&c->app->objects, kind, id);

	if (o == NULL)
		call_missing(c, kind, id, param);
	return (o);
}

const char *
call_get(const struct call *c, const char *name)
{
	return (form_get(&c->form, name));
}

bool
call_int(struct call *c, const char *name, int64_t min, int64_t max,
    int64_t *out)
{
	const char *text = call_get(c, name);
	long long n;
	char *end;

	if (text == NULL)
		return (true);
	n = strtoll(text, &end, 10);
	if (*text == '\0' || *end != '\0' || strlen(text) > 18 ||
	    strspn(text, "-0123456789") != strlen(text))
		return (call_refuse(c, "parameter_invalid_integer", name,
		    "Invalid integer: %s", text));
	if (n < min || n > max)
		return (call_refuse(c, "parameter_invalid_integer", name,
		    "This value must be from %lld to %lld.", (long long)min,
		    (long long)max));
	*out = n;
	return (true);
}

bool
call_bool(struct call *c, const char *name, bool *out)
{
	const char *text = call_get(c, name);

	if (text == NULL)
		return (true);
	if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
		return (call_refuse(c, NULL, name,
		    "Invalid boolean: %s", text));
	*out = text[0] == 't';
	return (true);
}

bool
call_text(struct call *c, const char *name, char **at)
{
	const char *text = call_get(c, name);

	if (text == NULL)
		return (true);
	if (strlen(text) > TEXT_MOST)
		return (call_refuse(c, NULL, name,
		    "Invalid string: at most %d bytes.", TEXT_MOST));
	object_set(at, text);
	return (true);
}

bool
call_metadata(struct call *c, struct metadata *m)
{
	const char *wrong = metadata_update(m, &c->form);

	return (wrong == NULL ||
	    call_refuse(c, NULL, "metadata", "%s", wrong));
}

static struct render
render_of(const struct call *c, struct json_out *o, const char *below)
{
	json_out_init(o, &((struct call *)(uintptr_t)c)->out);
	return ((struct render){.out = o, .expand = &c->form, .below = below,
	    .error = c->is_amount_wrong ? 1 : 0, .now_s = c->now_s});
}

void
call_answer(struct call *c, const struct object *object)
{
	struct json_out o;
	struct render r = render_of(c, &o, "");

	c->status = 200;
	render_object(&r, object);
}

void
call_html(struct call *c, int status)
{
	c->status = status;
	c->content_type = "text/html; charset=utf-8";
}

void
call_redirect(struct call *c, const char *fmt, ...)
{
	va_list ap;

	must(c->header_count < CALL_MOST_HEADERS);
	va_start(ap, fmt);
	c->headers[c->header_count++] =
	    (struct call_header){"Location", xvasprintf(fmt, ap)};
	va_end(ap);
	buf_reset(&c->out);
	call_html(c, 303);
}

/* One step in a list; from NULL: its newest. */
static const struct object *
list_step(const struct call *c, const struct call_list *list,
    const struct object *from, bool is_newer)
{
	const struct objects *all = &c->app->objects;

	if (list->owner == NULL)
		return (from == NULL ? objects_newest(all, list->kind) :
		    is_newer ? objects_newer(all, from) :
		    objects_older(all, from));
	if (from == NULL)
		return (list->owner->newest[list->kind]);
	return (is_newer ? from->newer : from->older);
}

/* Fill found with what follows from, up to most; the count. */
static size_t
list_collect(const struct call *c, const struct call_list *list,
    const struct object *from, bool is_newer, const struct object **found,
    size_t most)
{
	const struct object *o = from;
	size_t count = 0;

	while (count < most &&
	    (o = list_step(c, list, o, is_newer)) != NULL)
		if (list->keeps == NULL || list->keeps(o, list->arg))
			found[count++] = o;
	return (count);
}

static void
list_write(struct call *c, const struct object **found, size_t count,
    bool is_backward, bool has_more)
{
	struct json_out o;
	struct render r = render_of(c, &o, "data.");
	size_t i;

	json_out_object(&o);
	json_out_kv_str(&o, "object", "list");
	json_out_key(&o, "data");
	json_out_array(&o);
	for (i = 0; i < count; i++)
		render_object(&r, found[is_backward ? count - 1 - i : i]);
	json_out_array_end(&o);
	json_out_kv_bool(&o, "has_more", has_more);
	json_out_kv_str(&o, "url", c->path);
	json_out_object_end(&o);
}

void
call_list(struct call *c, const struct call_list *list)
{
	const struct object *found[LIST_MOST + 1], *from = NULL;
	const char *after = call_get(c, "starting_after");
	const char *before = call_get(c, "ending_before");
	const char *cursor = before != NULL ? before : after;
	int64_t limit = LIST_DEFAULT;
	size_t count;

	if (!call_int(c, "limit", 1, LIST_MOST, &limit))
		return;
	if (after != NULL && before != NULL) {
		call_refuse(c, NULL, "ending_before", "You may only specify "
		    "one of these parameters: starting_after, ending_before.");
		return;
	}
	if (cursor != NULL) {
		from = call_find(c, list->kind, cursor,
		    before != NULL ? "ending_before" : "starting_after");
		if (from == NULL)
			return;
		if (list->owner != NULL && from->owner != list->owner) {
			call_missing(c, list->kind, cursor,
			    before != NULL ? "ending_before" :
			    "starting_after");
			return;
		}
	}
	count = list_collect(c, list, from, before != NULL, found,
	    (size_t)limit + 1);
	list_write(c, found, count > (size_t)limit ? (size_t)limit : count,
	    before != NULL, count > (size_t)limit);
}
