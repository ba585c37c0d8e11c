/* SPDX-License-Identifier: ISC */
/*
 * Templates are rendered part by part. Inside a JSON body a placeholder is
 * escaped as a string's content, or has to be a JSON scalar by itself; the
 * literal parts keep the file's spelling, as comparisons are by text.
 */
#include "probe/template.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/json_out.h"
#include "base/mem.h"

#define DESCRIPTION_MOST_BYTES (64u << 10)

static struct value
new_uuid(void)
{
	unsigned char b[16];
	char hex[33], text[37];

	crypto_random(b, sizeof(b));
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40); /* RFC 9562: version */
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80); /* and variant */
	crypto_hex(b, sizeof(b), hex);
	snprintf(text, sizeof(text), "%.8s-%.4s-%.4s-%.4s-%.12s", hex,
	    hex + 8, hex + 12, hex + 16, hex + 20);
	return (value_string(text, 36));
}

static int
get_env(const struct flow_part *part, struct scope *scope, struct value *out,
    struct findings *findings)
{
	const char *text;

	if (!scope->may_read_environment) {
		findings_add(findings, FINDING_DEFINITION, part->place, NULL,
		    NULL, "getEnv may not be used here");
		return (ERR_UNSUPPORTED);
	}
	text = getenv(part->text);
	if (text == NULL) {
		findings_add(findings, FINDING_DEFINITION, part->place, NULL,
		    NULL, "the environment has no %s", part->text);
		return (ERR_NOT_FOUND);
	}
	*out = value_string(text, strlen(text));
	return (0);
}

/* The value of one placeholder. */
static int
part_value(const struct flow_part *part, struct scope *scope,
    struct value *out, struct findings *findings)
{
	const struct value *v;

	switch (part->function) {
	case FLOW_NEW_UUID:
		*out = new_uuid();
		return (0);
	case FLOW_NEW_DATE:
		*out = value_date(scope->now);
		return (0);
	case FLOW_GET_ENV:
		return (get_env(part, scope, out, findings));
	case FLOW_VARIABLE:
		break;
	}
	v = variables_find(scope->variables, part->text);
	if (v == NULL) {
		findings_add(findings, FINDING_DEFINITION, part->place, NULL,
		    NULL, "Undefined variable: you must set the variable %s",
		    part->text);
		return (ERR_NOT_FOUND);
	}
	*out = value_hold(v);
	return (0);
}

static char *
describe(const struct value *v)
{
	struct buf text;

	buf_init(&text, DESCRIPTION_MOST_BYTES);
	value_describe(v, &text);
	return (buf_take(&text, NULL));
}

static int
full(struct place place, struct findings *findings)
{
	findings_add(findings, FINDING_DEFINITION, place, NULL, NULL,
	    "the rendered text is too long");
	return (ERR_LIMIT);
}

/*
 * A number, true, false or null: what may stand in JSON without quotes. As
 * Hurl has it, a text that begins so is enough.
 */
static bool
is_json_scalar(const char *text, size_t len)
{
	if (len == 0 || strchr("{[\" \t\r\n", text[0]) != NULL)
		return (false);
	return (json_scan(text, len, 1) > 0);
}

static int
append_in_context(const struct flow_part *part, const struct buf *text,
    struct buf *out, struct findings *findings)
{
	if (part->context == FLOW_JSON_STRING) {
		json_escape(out, buf_str(text), text->len);
		return (out->is_full ? ERR_LIMIT : 0);
	}
	if (part->context == FLOW_JSON_VALUE &&
	    !is_json_scalar(buf_str(text), text->len)) {
		findings_add(findings, FINDING_DEFINITION, part->place,
		    xstrdup("a number, boolean or null"),
		    xstrndup(buf_str(text), text->len < 200 ? text->len : 200),
		    "Invalid JSON: {{%s}} is no JSON value", part->text);
		return (ERR_TYPE);
	}
	return (buf_append(out, buf_str(text), text->len));
}

static int
append_placeholder(const struct flow_part *part, struct scope *scope,
    struct buf *out, struct findings *findings)
{
	struct value v;
	struct buf text;
	int err;

	if ((err = part_value(part, scope, &v, findings)) != 0)
		return (err);
	buf_init(&text, out->max_bytes);
	err = value_render(&v, part->context == FLOW_PLAIN ? out : &text);
	if (err == ERR_TYPE)
		findings_add(findings, FINDING_DEFINITION, part->place, NULL,
		    describe(&v), "Unrenderable expression");
	else if (err == 0 && part->context != FLOW_PLAIN)
		err = append_in_context(part, &text, out, findings);
	if (err == ERR_LIMIT)
		err = full(part->place, findings);
	buf_fini(&text);
	value_release(&v);
	return (err);
}

bool
template_is_constant(const struct flow_template *t)
{
	return (t->count == 1 && !t->parts[0].is_placeholder);
}

int
template_render(const struct flow_template *t, struct scope *scope,
    struct buf *out, struct findings *findings)
{
	const struct flow_part *part;
	size_t i;
	int err;

	for (i = 0; i < t->count; i++) {
		part = &t->parts[i];
		if (part->is_placeholder)
			err = append_placeholder(part, scope, out, findings);
		else if ((err = buf_append(out, part->text, part->len)) != 0)
			err = full(t->place, findings);
		if (err != 0)
			return (err);
	}
	return (0);
}

/* A template as a string, whatever its parts are. */
static int
string_value(const struct flow_template *t, struct scope *scope,
    struct value *out, struct findings *findings)
{
	struct buf text;
	int err;

	if (template_is_constant(t) &&
	    t->parts[0].len <= scope->max_body_bytes) {
		*out = value_string(t->parts[0].text, t->parts[0].len);
		return (0);
	}
	buf_init(&text, scope->max_body_bytes);
	err = template_render(t, scope, &text, findings);
	if (err == 0)
		*out = value_string(buf_str(&text), text.len);
	buf_fini(&text);
	return (err);
}

int
template_value(const struct flow_template *t, struct scope *scope,
    struct value *out, struct findings *findings)
{
	if (t->count == 1 && t->parts[0].is_placeholder)
		return (part_value(&t->parts[0], scope, out, findings));
	return (string_value(t, scope, out, findings));
}

static int
file_value(const struct flow_template *name, struct scope *scope,
    struct value *out, struct findings *findings)
{
	struct buf bytes;
	int err;

	buf_init(&bytes, scope->max_body_bytes);
	err = template_file(name, scope, &bytes, findings);
	if (err == 0)
		*out = value_bytes(buf_str(&bytes), bytes.len);
	buf_fini(&bytes);
	return (err);
}

/* The text that such a body would send. */
static int
body_value(const struct flow_body *body, struct scope *scope,
    struct value *out, struct findings *findings)
{
	struct buf text;
	int err;

	buf_init(&text, scope->max_body_bytes);
	err = template_body(body, scope, &text, NULL, findings);
	if (err == 0)
		*out = value_string(buf_str(&text), text.len);
	buf_fini(&text);
	return (err);
}

int
template_flow_value(const struct flow_value *v, struct scope *scope,
    struct value *out, struct findings *findings)
{
	switch (v->kind) {
	case FLOW_VALUE_NULL:
		*out = value_null();
		return (0);
	case FLOW_VALUE_BOOL:
		*out = value_bool(v->boolean);
		return (0);
	case FLOW_VALUE_INTEGER:
	case FLOW_VALUE_BIG_INTEGER:
	case FLOW_VALUE_FLOAT:
		*out = value_number(v->text, v->len);
		return (0);
	case FLOW_VALUE_STRING:
		return (string_value(&v->template, scope, out, findings));
	case FLOW_VALUE_MULTILINE:
		return (body_value(v->body, scope, out, findings));
	case FLOW_VALUE_PLACEHOLDER:
		return (template_value(&v->template, scope, out, findings));
	case FLOW_VALUE_FILE:
		return (file_value(&v->template, scope, out, findings));
	case FLOW_VALUE_BYTES:
		*out = value_bytes(v->text, v->len);
		return (0);
	case FLOW_VALUE_REGEX:
		*out = value_regex(v->regex);
		return (0);
	case FLOW_VALUE_NONE:
		break;
	}
	*out = value_none();
	return (0);
}

/* Read path into out, with a finding when that fails. */
static int
read_file(const char *path, const char *name, struct place place,
    struct buf *out, struct findings *findings)
{
	char *data;
	size_t len;
	int err;

	err = file_read(path, out->max_bytes - out->len, &data, &len);
	if (err == ERR_LIMIT)
		findings_add(findings, FINDING_DEFINITION, place, NULL, NULL,
		    "File read access: file %s is too big", name);
	else if (err != 0)
		findings_add(findings, FINDING_DEFINITION, place, NULL, NULL,
		    "File read access: file %s can not be read", name);
	if (err != 0)
		return (err);
	err = buf_append(out, data, len);
	free(data);
	return (err);
}

int
template_file(const struct flow_template *name, struct scope *scope,
    struct buf *out, struct findings *findings)
{
	struct buf text;
	char *path = NULL;
	int err;

	buf_init(&text, 4096);
	err = template_render(name, scope, &text, findings);
	if (err != 0)
		goto out;
	err = file_resolve_below(scope->file_root, buf_str(&text), &path);
	if (err == ERR_LIMIT)
		findings_add(findings, FINDING_DEFINITION, name->place, NULL,
		    NULL, "Unauthorized file access: %s is not below the "
		    "folder of the flow", buf_str(&text));
	else if (err != 0)
		findings_add(findings, FINDING_DEFINITION, name->place, NULL,
		    NULL, "File read access: file %s can not be read",
		    buf_str(&text));
	else
		err = read_file(path, buf_str(&text), name->place, out,
		    findings);
out:
	free(path);
	buf_fini(&text);
	return (err);
}

/* Strip blanks around the text in place. */
static void
trim(const char **text, size_t *len)
{
	while (*len > 0 && strchr(" \t\r\n\v\f", **text) != NULL)
		(*text)++, (*len)--;
	while (*len > 0 && strchr(" \t\r\n\v\f", (*text)[*len - 1]) != NULL)
		(*len)--;
}

/* Append JSON without the blanks outside of its strings. */
static void
append_compact(struct buf *out, const struct buf *json)
{
	bool is_string = false;
	size_t i;

	for (i = 0; i < json->len; i++) {
		if (!is_string && strchr(" \t\r\n", json->data[i]) != NULL)
			continue;
		buf_append_char(out, json->data[i]);
		if (json->data[i] == '"')
			is_string = !is_string;
		else if (is_string && json->data[i] == '\\' &&
		    i + 1 < json->len)
			buf_append_char(out, json->data[++i]);
	}
}

static int
graphql_variables(const struct flow_template *t, struct scope *scope,
    struct buf *out, struct findings *findings)
{
	struct buf json;
	int err;

	buf_init(&json, out->max_bytes);
	err = template_render(t, scope, &json, findings);
	buf_append_str(out, ",\"variables\":");
	append_compact(out, &json);
	buf_fini(&json);
	return (err);
}

/* {"query":...} with the query trimmed, and the variables beside it. */
static int
graphql_body(const struct flow_body *body, struct scope *scope,
    struct buf *out, struct findings *findings)
{
	struct buf query;
	const char *text;
	size_t len;
	int err;

	buf_init(&query, out->max_bytes);
	err = template_render(&body->template, scope, &query, findings);
	if (err == 0) {
		text = buf_str(&query);
		len = query.len;
		trim(&text, &len);
		buf_append_str(out, "{\"query\":\"");
		json_escape(out, text, len);
		buf_append_char(out, '"');
		if (body->has_variables)
			err = graphql_variables(&body->variables, scope, out,
			    findings);
		if (buf_append_char(out, '}') != 0 && err == 0)
			err = full(body->place, findings);
	}
	buf_fini(&query);
	return (err);
}

static const char *
implied_type(const struct flow_body *body)
{
	switch (body->kind) {
	case FLOW_BODY_JSON:
	case FLOW_BODY_GRAPHQL:
		return ("application/json");
	case FLOW_BODY_XML:
		return ("application/xml");
	case FLOW_BODY_MULTILINE:
		if (body->language == FLOW_LANGUAGE_JSON)
			return ("application/json");
		if (body->language == FLOW_LANGUAGE_XML)
			return ("application/xml");
		return (NULL);
	default:
		return (NULL);
	}
}

int
template_body(const struct flow_body *body, struct scope *scope,
    struct buf *out, const char **content_type, struct findings *findings)
{
	if (content_type != NULL)
		*content_type = implied_type(body);
	switch (body->kind) {
	case FLOW_BODY_JSON:
	case FLOW_BODY_XML:
	case FLOW_BODY_MULTILINE:
	case FLOW_BODY_ONELINE:
		return (template_render(&body->template, scope, out,
		    findings));
	case FLOW_BODY_GRAPHQL:
		return (graphql_body(body, scope, out, findings));
	case FLOW_BODY_BYTES:
		if (buf_append(out, body->bytes, body->bytes_len) != 0)
			return (full(body->place, findings));
		return (0);
	case FLOW_BODY_FILE:
		return (template_file(&body->template, scope, out, findings));
	case FLOW_BODY_NONE:
		break;
	}
	return (0);
}
