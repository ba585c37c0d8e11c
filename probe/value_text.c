/* SPDX-License-Identifier: ISC */
/* Values as text: for templates, for people, as JSON. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/crypto.h"
#include "base/err.h"
#include "base/json_out.h"
#include "base/regex.h"
#include "probe/date.h"
#include "probe/decimal.h"
#include "probe/redact.h"
#include "probe/value.h"

#define DESCRIBE_MOST_BYTES 4096
#define FLOAT_MOST_BYTES 1200

/*
 * As Hurl spells it if that says the same number as the source, else the
 * source itself: digits that a double cannot hold are not lost.
 */
static int
render_float(const struct value *v, struct buf *out)
{
	struct buf text;
	const char *source;
	size_t len;
	int err;

	source = value_text(v, &len);
	buf_init(&text, FLOAT_MOST_BYTES);
	decimal_format(v->number, &text);
	if (len > 0 && (!isfinite(v->number) || decimal_compare(source, len,
	    buf_str(&text), text.len) != 0))
		err = buf_append(out, source, len);
	else
		err = buf_append(out, text.data, text.len);
	buf_fini(&text);
	return (err);
}

int
value_render(const struct value *v, struct buf *out)
{
	char date[CLOCK_TEXT_SIZE];
	const char *text;
	size_t len;

	switch (v->kind) {
	case VALUE_NULL:
		return (buf_append_str(out, "null"));
	case VALUE_BOOL:
		return (buf_append_str(out, v->boolean ? "true" : "false"));
	case VALUE_INTEGER:
		return (buf_printf(out, "%lld", (long long)v->integer));
	case VALUE_FLOAT:
		return (render_float(v, out));
	case VALUE_BIG_INTEGER:
	case VALUE_STRING:
		text = value_text(v, &len);
		return (buf_append(out, text, len));
	case VALUE_DATE:
		clock_format_wall(v->date, date);
		return (buf_append_str(out, date));
	default:
		return (ERR_TYPE);
	}
}

/* Append at most what is left of the description, on a character's edge. */
static void
append_cut(struct buf *out, const char *text, size_t len)
{
	bool is_cut = len > DESCRIBE_MOST_BYTES;
	size_t i;

	if (is_cut)
		len = DESCRIBE_MOST_BYTES;
	while (is_cut && len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	for (i = 0; i < len; i++)
		if (text[i] != '\0')
			buf_append_char(out, text[i]);
		else /* its symbol: a description is a string of C */
			buf_append_str(out, "\342\220\200");
	if (is_cut)
		buf_append_str(out, "...");
}

static void
describe_bytes(const struct value *v, struct buf *out)
{
	char hex[3];
	size_t i, len, shown;
	const char *p = value_text(v, &len);
	struct buf masked;

	shown = len < DESCRIBE_MOST_BYTES / 2 ? len : DESCRIBE_MOST_BYTES / 2;
	/* Card numbers are found in digits only, not in the hex of them. */
	buf_init(&masked, DESCRIBE_MOST_BYTES);
	redact_text(NULL, p, shown, shown < len, &masked);
	for (i = 0; i < masked.len; i++) {
		crypto_hex(masked.data + i, 1, hex);
		buf_append(out, hex, 2);
	}
	if (shown < len)
		buf_append_str(out, "...");
	buf_fini(&masked);
}

static void
describe_list(const struct value *v, struct buf *out)
{
	size_t i, n = value_count(v), start = out->len;

	buf_append_char(out, '[');
	for (i = 0; i < n; i++) {
		if (i > 0)
			buf_append_char(out, ',');
		if (out->len - start > DESCRIBE_MOST_BYTES || out->is_full) {
			buf_append_str(out, "...");
			break;
		}
		value_describe_bare(&v->shared->items[i], out);
	}
	buf_append_char(out, ']');
}

void
value_describe_bare(const struct value *v, struct buf *out)
{
	const char *text;
	size_t len;

	switch (v->kind) {
	case VALUE_STRING:
	case VALUE_BIG_INTEGER:
		text = value_text(v, &len);
		append_cut(out, text, len);
		break;
	case VALUE_BYTES:
		describe_bytes(v, out);
		break;
	case VALUE_DATE:
		date_describe(v->date, out);
		break;
	case VALUE_LIST:
		describe_list(v, out);
		break;
	case VALUE_OBJECT:
		buf_append_str(out, "Object()");
		break;
	case VALUE_NODESET:
		buf_printf(out, "Nodeset(size=%zu)", v->nodes);
		break;
	case VALUE_RESPONSE:
		buf_printf(out, "Response(location=%s, status=%lld)",
		    value_text(v, NULL), (long long)v->integer);
		break;
	case VALUE_UNIT:
		buf_append_str(out, "Unit");
		break;
	case VALUE_REGEX:
		text = regex_pattern(v->regex, &len);
		buf_append_char(out, '/');
		append_cut(out, text, len);
		buf_append_char(out, '/');
		break;
	default:
		value_render(v, out);
		break;
	}
}

void
value_describe(const struct value *v, struct buf *out)
{
	buf_append_str(out, value_kind_name(v));
	if (v->kind == VALUE_UNIT || v->kind == VALUE_NONE)
		return;
	buf_append_str(out, " <");
	value_describe_bare(v, out);
	buf_append_char(out, '>');
}

static void write_json(const struct value *v, struct json_out *o);

static void
write_elements(const struct value *v, struct json_out *o)
{
	const char *name;
	size_t i, len;

	if (v->kind == VALUE_LIST)
		json_out_array(o);
	else
		json_out_object(o);
	for (i = 0; i < value_count(v); i++) {
		if (v->kind == VALUE_OBJECT) {
			name = value_text(&v->shared->names[i], &len);
			json_out_key_n(o, name, len);
		}
		write_json(&v->shared->items[i], o);
	}
	if (v->kind == VALUE_LIST)
		json_out_array_end(o);
	else
		json_out_object_end(o);
}

/* What JSON has no form for, in those that Hurl gives it. */
static bool
write_special(const struct value *v, struct json_out *o)
{
	if (v->kind != VALUE_NODESET && v->kind != VALUE_UNIT &&
	    v->kind != VALUE_RESPONSE)
		return (false);
	json_out_object(o);
	if (v->kind == VALUE_RESPONSE) {
		json_out_kv_str(o, "location", value_text(v, NULL));
		json_out_kv_int(o, "status", v->integer);
	} else
		json_out_kv_str(o, "type", value_kind_name(v));
	if (v->kind == VALUE_NODESET)
		json_out_kv_int(o, "size", (int64_t)v->nodes);
	json_out_object_end(o);
	return (true);
}

/* What JSON has no word for, as a string. */
static void
write_description(const struct value *v, struct json_out *o)
{
	struct buf text;

	buf_init(&text, 4 * DESCRIBE_MOST_BYTES);
	value_describe_bare(v, &text);
	json_out_str_n(o, buf_str(&text), text.len);
	buf_fini(&text);
}

static void
write_json(const struct value *v, struct json_out *o)
{
	const char *text;
	size_t len;

	text = value_text(v, &len);
	switch (v->kind) {
	case VALUE_NONE:
	case VALUE_NULL:
		json_out_null(o);
		return;
	case VALUE_BOOL:
		json_out_bool(o, v->boolean);
		return;
	case VALUE_INTEGER:
		json_out_int(o, v->integer);
		return;
	case VALUE_STRING:
		json_out_str_n(o, text, len);
		return;
	case VALUE_BIG_INTEGER:
		json_out_raw(o, text, len);
		return;
	case VALUE_LIST:
	case VALUE_OBJECT:
		write_elements(v, o);
		return;
	default:
		break;
	}
	if (v->kind == VALUE_FLOAT && len > 0)
		json_out_raw(o, text, len);
	else if (v->kind == VALUE_FLOAT && isfinite(v->number))
		json_out_double(o, v->number);
	else if (!write_special(v, o))
		write_description(v, o);
}

void
value_format_json(const struct value *v, struct buf *out)
{
	struct json_out o;

	json_out_init(&o, out);
	write_json(v, &o);
}
