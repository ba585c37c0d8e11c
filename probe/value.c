/* SPDX-License-Identifier: ISC */
/*
 * Making, sharing and dropping values. A value is small and copied by
 * assignment of value_hold(); what is big sits once, counted, behind it.
 */
#include "probe/value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"

static struct value_shared *
shared_new(const void *text, size_t len)
{
	struct value_shared *s;

	s = xmalloc(sizeof(*s) + len + 1);
	s->holds = 1;
	s->len = len;
	s->items = NULL;
	s->names = NULL;
	if (len > 0)
		memcpy(s->text, text, len);
	s->text[len] = '\0';
	return (s);
}

static void
release_array(struct value *items, size_t count)
{
	size_t i;

	if (items == NULL)
		return;
	for (i = 0; i < count; i++)
		value_release(&items[i]);
	free(items);
}

struct value
value_hold(const struct value *v)
{
	if (v->shared != NULL)
		v->shared->holds++;
	return (*v);
}

void
value_release(struct value *v)
{
	struct value_shared *s = v->shared;

	if (s != NULL && --s->holds == 0) {
		release_array(s->items, s->len);
		release_array(s->names, s->len);
		free(s);
	}
	*v = value_none();
}

struct value
value_none(void)
{
	return ((struct value){.kind = VALUE_NONE});
}

struct value
value_null(void)
{
	return ((struct value){.kind = VALUE_NULL});
}

struct value
value_bool(bool b)
{
	return ((struct value){.kind = VALUE_BOOL, .boolean = b});
}

struct value
value_integer(int64_t n)
{
	return ((struct value){.kind = VALUE_INTEGER, .integer = n});
}

struct value
value_float(double d)
{
	return ((struct value){.kind = VALUE_FLOAT, .number = d});
}

struct value
value_string(const char *s, size_t len)
{
	return ((struct value){.kind = VALUE_STRING,
	    .shared = shared_new(s, len)});
}

struct value
value_bytes(const void *p, size_t len)
{
	return ((struct value){.kind = VALUE_BYTES,
	    .shared = shared_new(p, len)});
}

struct value
value_date(wall_us t)
{
	return ((struct value){.kind = VALUE_DATE, .date = t});
}

struct value
value_nodes(size_t count)
{
	return ((struct value){.kind = VALUE_NODESET, .nodes = count});
}

struct value
value_unit(void)
{
	return ((struct value){.kind = VALUE_UNIT});
}

struct value
value_regex(const struct regex *re)
{
	return ((struct value){.kind = VALUE_REGEX, .regex = re});
}

struct value
value_response(long status, const char *location)
{
	return ((struct value){.kind = VALUE_RESPONSE, .integer = status,
	    .shared = shared_new(location, strlen(location))});
}

/* Most numbers are these. */
static bool
read_short_integer(const char *text, size_t len, int64_t *out)
{
	bool is_negative = len > 0 && *text == '-';
	size_t i = is_negative;
	int64_t n = 0;

	if (i == len || len > 18)
		return (false);
	for (; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return (false);
		n = n * 10 + (text[i] - '0');
	}
	*out = is_negative ? -n : n;
	return (true);
}

struct value
value_number(const char *text, size_t len)
{
	struct value v = value_none();
	int64_t integer;
	char *end;
	long long n;

	if (read_short_integer(text, len, &integer))
		return (value_integer(integer));
	v.shared = shared_new(text, len);
	if (strpbrk(v.shared->text, ".eE") != NULL) {
		v.kind = VALUE_FLOAT;
		v.number = strtod(v.shared->text, NULL);
		return (v);
	}
	errno = 0;
	n = strtoll(v.shared->text, &end, 10);
	if (errno == ERANGE) {
		v.kind = VALUE_BIG_INTEGER;
		return (v);
	}
	value_release(&v);
	return (value_integer(n));
}

struct value
value_list(struct value *items, size_t count)
{
	struct value v = {.kind = VALUE_LIST, .shared = shared_new(NULL, 0)};

	v.shared->items = items;
	v.shared->len = count;
	return (v);
}

struct value
value_object(struct value *names, struct value *items, size_t count)
{
	struct value v = {.kind = VALUE_OBJECT, .shared = shared_new(NULL, 0)};

	v.shared->names = names;
	v.shared->items = items;
	v.shared->len = count;
	return (v);
}

static int
compare_names(const struct json *a, const struct json *b)
{
	size_t n = a->key_len < b->key_len ? a->key_len : b->key_len;
	int c = memcmp(a->key, b->key, n);

	if (c != 0)
		return (c);
	return (a->key_len < b->key_len ? -1 : a->key_len > b->key_len);
}

/* By name, and by place for the same name, so that the last one is last. */
static int
compare_members(const void *pa, const void *pb)
{
	const struct json *const *a = pa, *const *b = pb;
	int c = compare_names(*a, *b);

	if (c != 0)
		return (c);
	return (*a < *b ? -1 : *a > *b);
}

static struct value
object_from_json(const struct json *json)
{
	const struct json **members;
	struct value *names, *items;
	size_t i, n = 0;

	members = xcalloc(json->count + 1, sizeof(*members));
	names = xcalloc(json->count + 1, sizeof(*names));
	items = xcalloc(json->count + 1, sizeof(*items));
	for (i = 0; i < json->count; i++)
		members[i] = &json->items[i];
	qsort(members, json->count, sizeof(*members), compare_members);
	for (i = 0; i < json->count; i++) {
		if (i + 1 < json->count &&
		    compare_names(members[i], members[i + 1]) == 0)
			continue;
		names[n] = value_string(members[i]->key, members[i]->key_len);
		items[n++] = value_from_json(members[i]);
	}
	free(members);
	return (value_object(names, items, n));
}

static struct value
list_from_json(const struct json *json)
{
	struct value *items = xcalloc(json->count + 1, sizeof(*items));
	size_t i;

	for (i = 0; i < json->count; i++)
		items[i] = value_from_json(&json->items[i]);
	return (value_list(items, json->count));
}

struct value
value_from_json(const struct json *json)
{
	switch (json->kind) {
	case JSON_BOOL:
		return (value_bool(json->boolean));
	case JSON_NUMBER:
		return (value_number(json->text, json->len));
	case JSON_STRING:
		return (value_string(json->text, json->len));
	case JSON_ARRAY:
		return (list_from_json(json));
	case JSON_OBJECT:
		return (object_from_json(json));
	case JSON_NULL:
		break;
	}
	return (value_null());
}

const char *
value_text(const struct value *v, size_t *len)
{
	if (v->shared == NULL || v->shared->items != NULL) {
		if (len != NULL)
			*len = 0;
		return ("");
	}
	if (len != NULL)
		*len = v->shared->len;
	return (v->shared->text);
}

size_t
value_count(const struct value *v)
{
	if (v->kind != VALUE_LIST && v->kind != VALUE_OBJECT)
		return (0);
	return (v->shared->len);
}

const char *
value_kind_name(const struct value *v)
{
	static const char *const names[] = {
		[VALUE_NONE] = "none", [VALUE_NULL] = "null",
		[VALUE_BOOL] = "boolean", [VALUE_INTEGER] = "integer",
		[VALUE_BIG_INTEGER] = "integer", [VALUE_FLOAT] = "float",
		[VALUE_STRING] = "string", [VALUE_BYTES] = "bytes",
		[VALUE_DATE] = "date", [VALUE_LIST] = "list",
		[VALUE_OBJECT] = "object", [VALUE_NODESET] = "nodeset",
		[VALUE_RESPONSE] = "http response", [VALUE_UNIT] = "unit",
		[VALUE_REGEX] = "regex",
	};

	return (names[v->kind]);
}
