/* SPDX-License-Identifier: ISC */
/* Reading values out of a JSON tree: members, integers, doubles. */
#include "base/json.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"

const struct json *
json_get_n(const struct json *object, const char *name, size_t len)
{
	size_t i;

	if (object == NULL || object->kind != JSON_OBJECT)
		return (NULL);
	for (i = object->count; i-- > 0;)
		if (object->items[i].key_len == len &&
		    memcmp(object->items[i].key, name, len) == 0)
			return (&object->items[i]);
	return (NULL);
}

const struct json *
json_get(const struct json *object, const char *name)
{
	return (json_get_n(object, name, strlen(name)));
}

const char *
json_get_str(const struct json *object, const char *name,
    const char *otherwise)
{
	const struct json *v = json_get(object, name);

	return (v != NULL && v->kind == JSON_STRING ? v->text : otherwise);
}

/* True when the text is [-]digits: no fraction, no exponent. */
static bool
is_integer(const struct json *number)
{
	return (number->kind == JSON_NUMBER &&
	    strcspn(number->text, ".eE") == number->len);
}

int
json_int(const struct json *number, int64_t *out)
{
	const char *p;
	bool is_negative;
	uint64_t v = 0, most;

	if (!is_integer(number))
		return (ERR_TYPE);
	p = number->text;
	is_negative = *p == '-';
	most = (uint64_t)INT64_MAX + is_negative;
	for (p += is_negative; *p != '\0'; p++) {
		uint64_t digit = (uint64_t)(*p - '0');

		if (v > (most - digit) / 10)
			return (ERR_LIMIT);
		v = v * 10 + digit;
	}
	*out = is_negative ? (int64_t)(0 - v) : (int64_t)v;
	return (0);
}

double
json_double(const struct json *number)
{
	return (strtod(number->text, NULL));
}

int64_t
json_get_int(const struct json *object, const char *name, int64_t otherwise)
{
	const struct json *v = json_get(object, name);
	int64_t n;

	return (v != NULL && json_int(v, &n) == 0 ? n : otherwise);
}

double
json_get_double(const struct json *object, const char *name, double otherwise)
{
	const struct json *v = json_get(object, name);

	return (v != NULL && v->kind == JSON_NUMBER ? json_double(v) :
	    otherwise);
}

bool
json_get_bool(const struct json *object, const char *name, bool otherwise)
{
	const struct json *v = json_get(object, name);

	return (v != NULL && v->kind == JSON_BOOL ? v->boolean : otherwise);
}
