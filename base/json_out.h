/* SPDX-License-Identifier: ISC */
/*
 * JSON written straight into a buffer, no tree: begin, key, value, end.
 * Commas are put where they belong. Text that is not UTF-8 gets U+FFFD for
 * each bad byte, so that what we write is always valid. When the buffer is
 * full the output is useless: check buf.is_full once at the end.
 */
#ifndef BASE_JSON_OUT_H
#define BASE_JSON_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct json_out {
	struct buf *buf;
	bool needs_comma;
};

void json_out_init(struct json_out *o, struct buf *buf);
void json_out_object(struct json_out *o);
void json_out_object_end(struct json_out *o);
void json_out_array(struct json_out *o);
void json_out_array_end(struct json_out *o);

/* The name of the next value; name is ASCII without quotes or escapes. */
void json_out_key(struct json_out *o, const char *name);

/* As json_out_key for any text. */
void json_out_key_n(struct json_out *o, const char *name, size_t len);

void json_out_str(struct json_out *o, const char *s);
void json_out_str_n(struct json_out *o, const char *s, size_t len);
void json_out_int(struct json_out *o, int64_t n);
void json_out_bool(struct json_out *o, bool b);
void json_out_null(struct json_out *o);

/* Shortest text that reads back as the same double; null if not finite. */
void json_out_double(struct json_out *o, double d);

/* Bytes that are JSON already: a number's text, a nested document. */
void json_out_raw(struct json_out *o, const char *json, size_t len);

/* key and value at once; a NULL string writes nothing at all. */
void json_out_kv_str(struct json_out *o, const char *name, const char *s);
void json_out_kv_int(struct json_out *o, const char *name, int64_t n);
void json_out_kv_bool(struct json_out *o, const char *name, bool b);
void json_out_kv_double(struct json_out *o, const char *name, double d);

/* Append s escaped as the inside of a JSON string, without quotes. */
void json_escape(struct buf *out, const char *s, size_t len);

#endif
