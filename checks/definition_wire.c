/* SPDX-License-Identifier: ISC */
/*
 * The definition document: written for a probe and read back by it. Reading
 * is strict, because a probe runs whatever it is told: a member that is
 * missing, unknown or of another kind refuses the document.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/message.h"
#include "checks/definition_priv.h"
#include "checks/flow.h"
#include "checks/hosts.h"

static void
encode_variable(const struct definition_variable *v, struct json_out *o)
{
	json_out_key_n(o, v->name, strlen(v->name));
	if (v->kind == DEFINITION_STRING)
		json_out_str(o, v->text);
	else
		json_out_raw(o, v->text, strlen(v->text));
}

static void
encode_secret(const struct definition_secret *s, struct json_out *o)
{
	json_out_key_n(o, s->name, strlen(s->name));
	json_out_object(o);
	json_out_kv_str(o, s->source == DEFINITION_SECRET_ENV ? "env" :
	    "file", s->reference);
	json_out_object_end(o);
}

void
definition_encode_meaning(const struct definition *d, struct json_out *o)
{
	struct definition_limits limits = d->limits;
	size_t i;

	json_out_key(o, "variables");
	json_out_object(o);
	for (i = 0; i < d->variable_count; i++)
		encode_variable(&d->variables[i], o);
	json_out_object_end(o);
	json_out_key(o, "secrets");
	json_out_object(o);
	for (i = 0; i < d->secret_count; i++)
		encode_secret(&d->secrets[i], o);
	json_out_object_end(o);
	json_out_key(o, "hosts");
	json_out_array(o);
	for (i = 0; i < d->host_count; i++)
		json_out_str(o, d->hosts[i]);
	json_out_array_end(o);
	json_out_kv_int(o, "timeout_us", d->timeout);
	json_out_key(o, "limits");
	json_out_object(o);
	for (i = 0; i < definition_limit_count; i++)
		json_out_kv_int(o, definition_limit_rows[i].name,
		    *definition_limit_at(&limits, &definition_limit_rows[i]));
	json_out_object_end(o);
}

static void
encode_includes(const struct definition *d, struct json_out *o)
{
	const struct definition_include *inc;
	size_t i;

	json_out_key(o, "includes");
	json_out_object(o);
	for (i = 0; i < d->includes.count; i++) {
		inc = &d->includes.items[i];
		json_out_key_n(o, inc->name, strlen(inc->name));
		json_out_str_n(o, inc->source, inc->len);
	}
	json_out_object_end(o);
}

int
definition_encode(const struct definition *d, struct buf *out)
{
	struct json_out o;

	json_out_init(&o, out);
	json_out_object(&o);
	json_out_kv_str(&o, "check", d->check);
	json_out_kv_str(&o, "service", d->service);
	json_out_kv_str(&o, "environment", d->environment);
	json_out_kv_str(&o, "definition", d->hash);
	json_out_key(&o, "flow");
	json_out_object(&o);
	json_out_kv_str(&o, "path", d->flow_path);
	json_out_kv_str(&o, "root", d->flow_root);
	json_out_kv_str(&o, "digest", d->flow_digest);
	json_out_key(&o, "source");
	json_out_str_n(&o, d->flow_source, d->flow_len);
	if (d->includes.count > 0)
		encode_includes(d, &o);
	json_out_object_end(&o);
	definition_encode_meaning(d, &o);
	json_out_object_end(&o);
	return (out->is_full ? ERR_LIMIT : 0);
}

struct decoder {
	struct definition *d;
	char **sentence;
};

/* Record what is wrong; returns ERR_SYNTAX. */
static int
wrong(struct decoder *dc, const char *name, const char *what)
{
	*dc->sentence = xasprintf("the definition's '%s' %s", name, what);
	return (ERR_SYNTAX);
}

/* Every member is one of names, once, and all are there. */
static int
check_members(struct decoder *dc, const char *what, const struct json *object,
    const char *const *names, size_t count)
{
	size_t i;

	if (object == NULL || object->kind != JSON_OBJECT)
		return (wrong(dc, what, "is not an object"));
	for (i = 0; i < count; i++)
		if (json_get(object, names[i]) == NULL)
			return (wrong(dc, names[i], "is missing"));
	if (object->count != count)
		return (wrong(dc, what, "has members that are not known"));
	return (0);
}

static int
get_text(struct decoder *dc, const struct json *object, const char *name,
    const char **out)
{
	const struct json *v = json_get(object, name);

	if (v->kind != JSON_STRING || v->len == 0 ||
	    memchr(v->text, '\0', v->len) != NULL)
		return (wrong(dc, name, "is not a plain text"));
	*out = definition_keep(dc->d, v->text);
	return (0);
}

static int
get_hash(struct decoder *dc, const struct json *object, const char *name,
    char out[static DEFINITION_HASH_SIZE])
{
	const struct json *v = json_get(object, name);

	if (v->kind != JSON_STRING || v->len != DEFINITION_HASH_SIZE - 1 ||
	    strspn(v->text, "0123456789abcdef") != v->len)
		return (wrong(dc, name, "is not 64 hexadecimal digits"));
	memcpy(out, v->text, DEFINITION_HASH_SIZE);
	return (0);
}

static int
get_count(struct decoder *dc, const struct json *object, const char *name,
    int64_t *out)
{
	const struct json *v = json_get(object, name);

	if (json_int(v, out) != 0 || *out < 0)
		return (wrong(dc, name, "is not a count"));
	return (0);
}

static int
decode_includes(struct decoder *dc, const struct json *object)
{
	struct arena *arena = &dc->d->memory->arena;
	struct definition_include *all;
	const struct json *item;
	size_t i;

	if (object == NULL)
		return (0);
	if (object->kind != JSON_OBJECT || object->count == 0 ||
	    object->count > FLOW_MOST_INCLUDES)
		return (wrong(dc, "includes", "is not an object of bearable "
		    "size"));
	all = arena_calloc(arena, object->count, sizeof(*all));
	for (i = 0; i < object->count; i++) {
		item = &object->items[i];
		if (item->kind != JSON_STRING || item->key_len == 0 ||
		    strlen(item->key) != item->key_len)
			return (wrong(dc, "includes", "holds what is no "
			    "text of a file"));
		all[i].name = definition_keep(dc->d, item->key);
		all[i].source = arena_strndup(arena, item->text, item->len);
		all[i].len = item->len;
	}
	dc->d->includes = (struct definition_includes){all, object->count};
	return (0);
}

static int
decode_flow(struct decoder *dc, const struct json *flow)
{
	static const char *const names[] = {"path", "root", "digest",
	    "source", "includes"};
	bool has_includes = flow != NULL && flow->kind == JSON_OBJECT &&
	    json_get(flow, "includes") != NULL;
	const struct json *source;
	int rc;

	if ((rc = check_members(dc, "flow", flow, names,
	    has_includes ? 5 : 4)) != 0 ||
	    (rc = get_text(dc, flow, "path", &dc->d->flow_path)) != 0 ||
	    (rc = get_text(dc, flow, "root", &dc->d->flow_root)) != 0 ||
	    (rc = get_hash(dc, flow, "digest", dc->d->flow_digest)) != 0)
		return (rc);
	source = json_get(flow, "source");
	if (source->kind != JSON_STRING)
		return (wrong(dc, "source", "is not a text"));
	if (dc->d->flow_root[0] != '/')
		return (wrong(dc, "root", "is not an absolute path"));
	dc->d->flow_source = arena_strndup(&dc->d->memory->arena,
	    source->text, source->len);
	dc->d->flow_len = source->len;
	return (decode_includes(dc, json_get(flow, "includes")));
}

/* The members are sorted by name, without repeats, as we write them. */
static int
check_names(struct decoder *dc, const char *what, const struct json *object)
{
	size_t i;

	if (object->kind != JSON_OBJECT ||
	    object->count > DEFINITION_ITEMS_MOST)
		return (wrong(dc, what, "is not an object of bearable size"));
	for (i = 0; i < object->count; i++)
		if (object->items[i].key_len == 0 ||
		    strlen(object->items[i].key) != object->items[i].key_len ||
		    !definition_is_variable_name(object->items[i].key) ||
		    (i > 0 && strcmp(object->items[i - 1].key,
		    object->items[i].key) >= 0))
			return (wrong(dc, what, "has a name that is not "
			    "usable or not in order"));
	return (0);
}

static int
decode_variables(struct decoder *dc, const struct json *object)
{
	struct definition_variable *v;
	size_t i;
	int rc;

	if ((rc = check_names(dc, "variables", object)) != 0)
		return (rc);
	v = arena_calloc(&dc->d->memory->arena, object->count + 1,
	    sizeof(*v));
	for (i = 0; i < object->count; i++) {
		const struct json *j = &object->items[i];

		v[i].name = definition_keep(dc->d, j->key);
		if (j->kind == JSON_STRING && strlen(j->text) == j->len) {
			v[i].kind = DEFINITION_STRING;
			v[i].text = definition_keep(dc->d, j->text);
		} else if (j->kind == JSON_NUMBER) {
			v[i].kind = DEFINITION_NUMBER;
			v[i].text = definition_keep(dc->d, j->text);
		} else if (j->kind == JSON_BOOL) {
			v[i].kind = DEFINITION_BOOL;
			v[i].text = j->boolean ? "true" : "false";
		} else
			return (wrong(dc, v[i].name, "is neither text, "
			    "number nor true or false"));
	}
	dc->d->variables = v;
	dc->d->variable_count = object->count;
	return (0);
}

static int
decode_secret(struct decoder *dc, const struct json *j,
    struct definition_secret *s)
{
	static const char *const env[] = {"env"}, *const file[] = {"file"};
	int rc;

	s->name = definition_keep(dc->d, j->key);
	s->source = json_get(j, "env") != NULL ? DEFINITION_SECRET_ENV :
	    DEFINITION_SECRET_FILE;
	rc = check_members(dc, s->name, j,
	    s->source == DEFINITION_SECRET_ENV ? env : file, 1);
	if (rc == 0)
		rc = get_text(dc, j, s->source == DEFINITION_SECRET_ENV ?
		    "env" : "file", &s->reference);
	if (rc == 0 && definition_find_variable(dc->d->variables,
	    dc->d->variable_count, s->name) != NULL)
		rc = wrong(dc, s->name, "is a variable and a secret");
	return (rc);
}

static int
decode_secrets(struct decoder *dc, const struct json *object)
{
	struct definition_secret *s;
	size_t i;
	int rc;

	if ((rc = check_names(dc, "secrets", object)) != 0)
		return (rc);
	s = arena_calloc(&dc->d->memory->arena, object->count + 1,
	    sizeof(*s));
	for (i = 0; rc == 0 && i < object->count; i++)
		rc = decode_secret(dc, &object->items[i], &s[i]);
	dc->d->secrets = s;
	dc->d->secret_count = object->count;
	return (rc);
}

static int
decode_hosts(struct decoder *dc, const struct json *array)
{
	const char **hosts;
	size_t i;

	if (array->kind != JSON_ARRAY || array->count > DEFINITION_ITEMS_MOST)
		return (wrong(dc, "hosts", "is not a list of bearable size"));
	hosts = arena_calloc(&dc->d->memory->arena, array->count + 1,
	    sizeof(*hosts));
	for (i = 0; i < array->count; i++) {
		const struct json *j = &array->items[i];

		if (j->kind != JSON_STRING || strlen(j->text) != j->len ||
		    hosts_check_pattern(j->text) != NULL)
			return (wrong(dc, "hosts", "holds what is no host"));
		hosts[i] = definition_keep(dc->d, j->text);
	}
	dc->d->hosts = hosts;
	dc->d->host_count = array->count;
	return (0);
}

static int
decode_limits(struct decoder *dc, const struct json *limits)
{
	const struct definition_limit_row *row = definition_limit_rows;
	const struct definition_limit_row *end = row + definition_limit_count;
	size_t known = 0;
	int rc;

	if (limits->kind != JSON_OBJECT)
		return (wrong(dc, "limits", "is not an object"));
	for (; row < end; row++) {
		if (json_get(limits, row->name) == NULL)
			continue;
		known++;
		rc = get_count(dc, limits, row->name,
		    definition_limit_at(&dc->d->limits, row));
		if (rc != 0)
			return (rc);
	}
	if (known != limits->count)
		return (wrong(dc, "limits", "has members that are not known"));
	return (0);
}

static int
decode_root(struct decoder *dc, const struct json *root)
{
	static const char *const names[] = {"check", "service", "environment",
	    "definition", "flow", "variables", "secrets", "hosts",
	    "timeout_us", "limits"};
	struct definition *d = dc->d;
	int rc;

	if ((rc = check_members(dc, "document", root, names,
	    NELEMS(names))) != 0 ||
	    (rc = get_text(dc, root, "check", &d->check)) != 0 ||
	    (rc = get_text(dc, root, "service", &d->service)) != 0 ||
	    (rc = get_text(dc, root, "environment", &d->environment)) != 0 ||
	    (rc = get_hash(dc, root, "definition", d->hash)) != 0 ||
	    (rc = decode_flow(dc, json_get(root, "flow"))) != 0 ||
	    (rc = decode_variables(dc, json_get(root, "variables"))) != 0 ||
	    (rc = decode_secrets(dc, json_get(root, "secrets"))) != 0 ||
	    (rc = decode_hosts(dc, json_get(root, "hosts"))) != 0 ||
	    (rc = get_count(dc, root, "timeout_us", &d->timeout)) != 0)
		return (rc);
	return (decode_limits(dc, json_get(root, "limits")));
}

int
definition_decode(const char *doc, size_t len, struct definition **out,
    char **sentence)
{
	struct decoder dc = {.sentence = sentence};
	struct json_error error;
	struct json_doc *json;
	int rc;

	rc = json_parse(doc, len, &json_limits_default, &json, &error);
	if (rc != 0) {
		*sentence = xasprintf("the definition is not JSON: %s at byte "
		    "%zu", error.sentence, error.offset);
		return (rc);
	}
	dc.d = definition_new();
	rc = decode_root(&dc, json_root(json));
	json_free(&json);
	if (rc == 0)
		*out = dc.d;
	else
		definition_free(&dc.d);
	return (rc);
}
