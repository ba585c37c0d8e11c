/* SPDX-License-Identifier: ISC */
/*
 * Values of the flow language. Numbers keep their text, so that an id or an
 * amount never loses a digit: a float is rendered as Hurl does when that is
 * exact, and as it was received when a double cannot hold it.
 */
#ifndef PROBE_VALUE_H
#define PROBE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"

struct json;
struct regex;

enum value_kind {
	VALUE_NONE,        /* no value: an absent header, an empty path */
	VALUE_NULL,
	VALUE_BOOL,
	VALUE_INTEGER,     /* i64 */
	VALUE_BIG_INTEGER, /* digits over i64, as text */
	VALUE_FLOAT,       /* with its source text where there is one */
	VALUE_STRING,      /* UTF-8 */
	VALUE_BYTES,
	VALUE_DATE,        /* UTC, wall_us */
	VALUE_LIST,
	VALUE_OBJECT,      /* members, sorted by name as Hurl has them */
	VALUE_NODESET,     /* only its size */
	VALUE_RESPONSE,    /* of redirects: integer is its status, text the
	                    * absolute URL that it leads to */
	VALUE_UNIT,        /* Secure, HttpOnly */
	VALUE_REGEX        /* the flow's: valid as long as the flow */
};

struct value;

struct value_shared {        /* counted storage behind a value */
	unsigned int holds;
	size_t len;          /* bytes of text, or elements */
	struct value *items; /* list, object */
	struct value *names; /* object: names[i], a string, of items[i] */
	char text[];         /* NUL-terminated */
};

struct value {
	enum value_kind kind;
	union {
		bool boolean;
		int64_t integer;
		double number;
		wall_us date;
		size_t nodes;
		const struct regex *regex;
	};
	struct value_shared *shared; /* text, bytes, elements; may be NULL */
};

/* Share and let go; release leaves VALUE_NONE. */
struct value value_hold(const struct value *v);
void value_release(struct value *v);

struct value value_none(void);
struct value value_null(void);
struct value value_bool(bool b);
struct value value_integer(int64_t n);
struct value value_float(double d);
struct value value_string(const char *s, size_t len);
struct value value_bytes(const void *p, size_t len);
struct value value_date(wall_us t);
struct value value_nodes(size_t count);
struct value value_unit(void);
struct value value_regex(const struct regex *re);
struct value value_response(long status, const char *location);

/*
 * A number from its JSON text: integer, big integer or float. The text must
 * be a JSON number.
 */
struct value value_number(const char *text, size_t len);

/* A list or object that takes over malloc'ed arrays and what is in them. */
struct value value_list(struct value *items, size_t count);
struct value value_object(struct value *names, struct value *items,
    size_t count);

/*
 * A copy of a JSON tree. Members are sorted by name; of a repeated name the
 * last one counts.
 */
struct value value_from_json(const struct json *json);

/* Text and length of a string, bytes, big integer or float source text. */
const char *value_text(const struct value *v, size_t *len);

/* Elements of a list or object; 0 for other kinds. */
size_t value_count(const struct value *v);

/* Name of the kind as Hurl's messages have it: "integer", "string". */
const char *value_kind_name(const struct value *v);

/*
 * Equality as == has it: different kinds are unequal, but numbers compare by
 * their value. NaN equals nothing.
 */
bool value_equal(const struct value *a, const struct value *b);

/*
 * Order two numbers, strings (by bytes) or dates: *order is -1, 0 or 1, or 2
 * when a NaN has no order. Returns 0 or ERR_TYPE.
 */
int value_compare(const struct value *a, const struct value *b, int *order);

/*
 * Append as template text. ERR_TYPE for what cannot be rendered (list,
 * object, bytes, node-set), ERR_LIMIT when out is full.
 */
int value_render(const struct value *v, struct buf *out);

/*
 * Append as people read it in a failure: integer <12>, string <abc>. Long
 * text is cut. value_describe_bare leaves the kind and brackets out.
 */
void value_describe(const struct value *v, struct buf *out);
void value_describe_bare(const struct value *v, struct buf *out);

/* Append as JSON; what JSON cannot say becomes a string. */
void value_format_json(const struct value *v, struct buf *out);

#endif
