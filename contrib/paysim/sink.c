/* SPDX-License-Identifier: ISC */
/* A receiver of webhooks. */
#include "contrib/paysim/sink.h"

#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "base/json.h"
#include "base/mem.h"
#include "contrib/paysim/signature.h"

struct received {
	char *name, *signature, *body;
	size_t len;
	int64_t at_s;
	bool is_refused;
	struct received *prev, *next;
};

struct sink {
	struct received *oldest;
	size_t count;
};

struct sink *
sink_new(void)
{
	return (xcalloc(1, sizeof(struct sink)));
}

static void
drop_oldest(struct sink *s)
{
	struct received *r = s->oldest;

	DL_DELETE(s->oldest, r);
	s->count--;
	free(r->name);
	free(r->signature);
	free(r->body);
	free(r);
}

void
sink_free(struct sink **s)
{
	while ((*s)->oldest != NULL)
		drop_oldest(*s);
	free(*s);
	*s = NULL;
}

static int64_t
count_of(const struct sink *s, const char *name)
{
	const struct received *r;
	int64_t count = 0;

	DL_FOREACH(s->oldest, r)
		count += strcmp(r->name, name) == 0;
	return (count);
}

void
sink_post(struct call *c)
{
	struct sink *s = c->app->sink;
	struct received *r;
	struct json_doc *doc;
	int64_t fail = 0;

	if (!call_int(c, "fail", 0, 1000, &fail))
		return;
	if (json_parse(c->body, c->body_len, &json_limits_default, &doc,
	    NULL) != 0) {
		call_refuse(c, NULL, NULL, "The body is not JSON.");
		return;
	}
	json_free(&doc);
	if (s->count >= SINK_MOST)
		drop_oldest(s);
	r = xcalloc(1, sizeof(*r));
	r->is_refused = fail > 0 && count_of(s, c->id) < fail;
	r->name = xstrdup(c->id);
	r->signature = xstrdup(c->signature != NULL ? c->signature : "");
	r->body = xstrndup(c->body, c->body_len);
	r->len = c->body_len;
	r->at_s = c->now_s;
	DL_APPEND(s->oldest, r);
	s->count++;
	if (r->is_refused)
		call_fail(c, 500, "api_error", NULL, NULL,
		    "Refused, as asked.");
	else
		buf_append_str(&c->out, "{\"received\":true}");
}

static void
write_received(struct json_out *o, const struct received *r,
    const char *secret)
{
	json_out_object(o);
	json_out_kv_int(o, "received_at", r->at_s);
	json_out_kv_bool(o, "refused", r->is_refused);
	json_out_kv_str(o, "signature", r->signature);
	if (secret != NULL)
		json_out_kv_bool(o, "verified", signature_is_good(
		    r->signature, secret, r->body, r->len, r->at_s,
		    SINK_TOLERANCE_S));
	json_out_key(o, "event");
	json_out_raw(o, r->body, r->len);
	json_out_object_end(o);
}

void
sink_get(struct call *c)
{
	const struct received *r;
	struct json_out o;

	json_out_init(&o, &c->out);
	json_out_object(&o);
	json_out_kv_str(&o, "object", "list");
	json_out_key(&o, "data");
	json_out_array(&o);
	DL_FOREACH(c->app->sink->oldest, r)
		if (strcmp(r->name, c->id) == 0)
			write_received(&o, r, call_get(c, "secret"));
	json_out_array_end(&o);
	json_out_object_end(&o);
}
