/* SPDX-License-Identifier: ISC */
/* JSON written straight into a buffer. */
#include "base/json_out.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_plain.h"
#include "base/utf8.h"

#define INT_MOST_BYTES 20 /* of the least int64_t */

void
json_out_init(struct json_out *o, struct buf *buf)
{
	o->buf = buf;
	o->needs_comma = false;
}

static void
before_value(struct json_out *o)
{
	if (o->needs_comma)
		buf_append_char(o->buf, ',');
	o->needs_comma = true;
}

static void
open_container(struct json_out *o, char c)
{
	before_value(o);
	buf_append_char(o->buf, c);
	o->needs_comma = false;
}

static void
close_container(struct json_out *o, char c)
{
	buf_append_char(o->buf, c);
	o->needs_comma = true;
}

void
json_out_object(struct json_out *o)
{
	open_container(o, '{');
}

void
json_out_object_end(struct json_out *o)
{
	close_container(o, '}');
}

void
json_out_array(struct json_out *o)
{
	open_container(o, '[');
}

void
json_out_array_end(struct json_out *o)
{
	close_container(o, ']');
}

/* Length of the run at s that needs no escape. */
static size_t
plain_run(const char *s, size_t len)
{
	return ((size_t)(json_skip_plain(s, s + len) - s));
}

static size_t
escape_one(struct buf *out, const char *s, size_t len)
{
	static const char letters[] = "\bb\ff\nn\rr\tt\"\"\\\\";
	const char *p;
	uint32_t cp;
	size_t n;

	for (p = letters; *p != '\0'; p += 2) {
		if (*p == *s) {
			char two[2] = {'\\', p[1]};

			buf_append(out, two, 2);
			return (1);
		}
	}
	if ((unsigned char)*s < 0x20 || *s == 0x7f) {
		buf_printf(out, "\\u%04x", (unsigned char)*s);
		return (1);
	}
	if ((n = utf8_decode(s, len, &cp)) == 0) {
		buf_append(out, "\xef\xbf\xbd", 3);
		return (1);
	}
	buf_append(out, s, n);
	return (n);
}

void
json_escape(struct buf *out, const char *s, size_t len)
{
	size_t n;

	while (len > 0) {
		n = plain_run(s, len);
		buf_append(out, s, n);
		s += n;
		len -= n;
		if (len == 0)
			break;
		n = escape_one(out, s, len);
		s += n;
		len -= n;
	}
}

void
json_out_key_n(struct json_out *o, const char *name, size_t len)
{
	before_value(o);
	buf_append_char(o->buf, '"');
	json_escape(o->buf, name, len);
	buf_append(o->buf, "\":", 2);
	o->needs_comma = false;
}

/* Room for n bytes; NULL when the buffer is full. */
static inline char *
room(struct json_out *o, size_t n)
{
	struct buf *b = o->buf;

	if (b->is_full || n > b->max_bytes - b->len || n >= b->cap - b->len)
		(void)buf_reserve(b, n);
	return (b->is_full ? NULL : b->data + b->len);
}

/* What was written from room() on ends at p. */
static void
wrote(struct json_out *o, char *p)
{
	*p = '\0';
	o->buf->len = (size_t)(p - o->buf->data);
}

static char *
put_key(struct json_out *o, char *p, const char *name, size_t len)
{
	if (o->needs_comma)
		*p++ = ',';
	*p++ = '"';
	memcpy(p, name, len);
	p += len;
	*p++ = '"';
	*p++ = ':';
	return (p);
}

void
json_out_key(struct json_out *o, const char *name)
{
	size_t len = strlen(name);
	char *p = room(o, len + 4);

	if (p != NULL)
		wrote(o, put_key(o, p, name, len));
	o->needs_comma = false;
}

void
json_out_str_n(struct json_out *o, const char *s, size_t len)
{
	size_t n = plain_run(s, len);
	char *p;

	if (n < len) {
		before_value(o);
		buf_append_char(o->buf, '"');
		json_escape(o->buf, s, len);
		buf_append_char(o->buf, '"');
		return;
	}
	p = room(o, len + 3);
	if (p != NULL) {
		if (o->needs_comma)
			*p++ = ',';
		*p++ = '"';
		if (len > 0)
			memcpy(p, s, len);
		p += len;
		*p++ = '"';
		wrote(o, p);
	}
	o->needs_comma = true;
}

void
json_out_str(struct json_out *o, const char *s)
{
	json_out_str_n(o, s, strlen(s));
}

static char *
put_int(char *out, int64_t n)
{
	char digits[INT_MOST_BYTES], *p = digits + sizeof(digits);
	uint64_t u = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
	size_t len;

	do
		*--p = (char)('0' + u % 10);
	while ((u /= 10) > 0);
	if (n < 0)
		*--p = '-';
	len = (size_t)(digits + sizeof(digits) - p);
	memcpy(out, p, len);
	return (out + len);
}

void
json_out_int(struct json_out *o, int64_t n)
{
	char *p = room(o, INT_MOST_BYTES + 1);

	if (p != NULL) {
		if (o->needs_comma)
			*p++ = ',';
		wrote(o, put_int(p, n));
	}
	o->needs_comma = true;
}

void
json_out_bool(struct json_out *o, bool b)
{
	before_value(o);
	buf_append_str(o->buf, b ? "true" : "false");
}

void
json_out_null(struct json_out *o)
{
	before_value(o);
	buf_append_str(o->buf, "null");
}

void
json_out_double(struct json_out *o, double d)
{
	char text[40];
	int digits;

	if (!isfinite(d)) {
		json_out_null(o);
		return;
	}
	for (digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, d);
		if (strtod(text, NULL) == d)
			break;
	}
	before_value(o);
	buf_append_str(o->buf, text);
}

void
json_out_raw(struct json_out *o, const char *json, size_t len)
{
	before_value(o);
	buf_append(o->buf, json, len);
}

void
json_out_kv_str(struct json_out *o, const char *name, const char *s)
{
	if (s == NULL)
		return;
	json_out_key(o, name);
	json_out_str(o, s);
}

void
json_out_kv_int(struct json_out *o, const char *name, int64_t n)
{
	size_t len = strlen(name);
	char *p = room(o, len + INT_MOST_BYTES + 4);

	if (p != NULL)
		wrote(o, put_int(put_key(o, p, name, len), n));
	o->needs_comma = true;
}

void
json_out_kv_bool(struct json_out *o, const char *name, bool b)
{
	json_out_key(o, name);
	json_out_bool(o, b);
}

void
json_out_kv_double(struct json_out *o, const char *name, double d)
{
	json_out_key(o, name);
	json_out_double(o, d);
}
