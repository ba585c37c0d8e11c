/* SPDX-License-Identifier: ISC */
/*
 * Values of the flow language. Numbers keep their text, so that an id or an
 * amount never passes through a double unless it is computed with.
 */
#ifndef PROBE_VALUE_H
#define PROBE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"

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
	VALUE_OBJECT,      /* members, in the order that Hurl has */
	VALUE_NODESET,     /* only its size */
	VALUE_RESPONSE,    /* of redirects: its URL and Location */
	VALUE_UNIT,        /* Secure, HttpOnly */
	VALUE_REGEX
};

struct value;

struct value_shared {       /* counted storage behind a value */
	unsigned int holds;
	size_t len;         /* bytes of text, or elements */
	struct value *items; /* list, object */
	char **names;       /* object: names[i] of items[i] */
	char text[];        /* NUL-terminated */
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

struct value value_string(const char *s, size_t len);
struct value value_bytes(const void *p, size_t len);
struct value value_integer(int64_t n);
struct value value_bool(bool b);

/* Text and length of a string, bytes, big integer or float source text. */
const char *value_text(const struct value *v, size_t *len);

/* Name of the kind as Hurl's messages have it: "integer", "string". */
const char *value_kind_name(const struct value *v);

/*
 * Append as template text. ERR_TYPE for what cannot be rendered (list,
 * object, bytes, node-set).
 */
int value_render(const struct value *v, struct buf *out);

/* Append as people read it in a failure: integer <12>, string <abc>. */
void value_describe(const struct value *v, struct buf *out);

/* Append as JSON. */
void value_format_json(const struct value *v, struct buf *out);

#endif
