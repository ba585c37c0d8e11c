/* SPDX-License-Identifier: ISC */
/* The JSON reader: no crash, places inside the source, text reads back. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/json_out.h"
#include "base/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
walk(const struct json *v, size_t size, struct json_out *o)
{
	size_t i;

	must(v->start < v->end && v->end <= size);
	switch (v->kind) {
	case JSON_STRING:
		json_out_str_n(o, v->text, v->len);
		return;
	case JSON_NUMBER:
		json_out_raw(o, v->text, v->len);
		return;
	case JSON_BOOL:
		json_out_bool(o, v->boolean);
		return;
	case JSON_NULL:
		json_out_null(o);
		return;
	default:
		break;
	}
	if (v->kind == JSON_ARRAY)
		json_out_array(o);
	else
		json_out_object(o);
	for (i = 0; i < v->count; i++) {
		if (v->kind == JSON_OBJECT)
			json_out_key_n(o, v->items[i].key,
			    v->items[i].key_len);
		walk(&v->items[i], size, o);
	}
	if (v->kind == JSON_ARRAY)
		json_out_array_end(o);
	else
		json_out_object_end(o);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json_doc *doc = NULL, *again = NULL;
	struct json_error error;
	struct json_out o;
	struct buf b;
	size_t n;

	n = json_scan((const char *)data, size, 128);
	must(n <= size);
	/* What it finds is what the reader reads, and all of it. */
	if (n > 0) {
		must(json_parse((const char *)data, n, &json_limits_default,
		    &doc, NULL) == 0);
		must(json_root(doc)->start == 0 && json_root(doc)->end == n);
		json_free(&doc);
	}
	if (json_parse((const char *)data, size, &json_limits_default, &doc,
	    &error) != 0) {
		must(error.offset <= size && error.sentence != NULL);
		return (0);
	}
	must(n == json_root(doc)->end || json_root(doc)->start > 0);
	buf_init(&b, 64u << 20);
	json_out_init(&o, &b);
	walk(json_root(doc), size, &o);
	must(json_parse(b.data, b.len, &json_limits_default, &again, NULL) ==
	    0);
	json_free(&again);
	json_free(&doc);
	buf_fini(&b);
	return (0);
}
