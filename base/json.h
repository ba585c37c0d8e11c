/* SPDX-License-Identifier: ISC */
/*
 * JSON (RFC 8259) read into a tree that keeps what a monitor needs: the
 * exact text of every number, the place of every value in the source, and
 * the order of members. Used for response bodies and our own documents.
 *
 * A document owns its nodes; nodes are constant and live as long as it.
 * Strings are decoded UTF-8 and may contain NUL bytes: use len.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum json_kind {
	JSON_NULL,
	JSON_BOOL,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT
};

struct json {
	enum json_kind kind;
	bool boolean;             /* of a JSON_BOOL */
	uint32_t key_len;
	const char *key;          /* in an object: the member's name, decoded */
	union {
		struct {          /* JSON_STRING decoded, JSON_NUMBER as is */
			const char *text;
			size_t len;
		};
		struct {          /* JSON_ARRAY, JSON_OBJECT */
			const struct json *items;
			size_t count;
		};
	};
	uint32_t start, end;      /* bytes of the source: [start, end) */
};

struct json_doc;

struct json_limits {
	size_t max_bytes;  /* of the source, at most 1 GiB */
	size_t max_nodes;
	size_t max_depth;  /* containers inside one another */
};

/* What suits a document of our own: 64 MiB, 16 M nodes, depth 128. */
extern const struct json_limits json_limits_default;

struct json_error {
	size_t offset;        /* where in the source */
	const char *sentence; /* static */
};

/*
 * Parse len bytes as one JSON value. The document keeps no pointer into the
 * source. A repeated member name is kept; json_get finds the last. Returns 0,
 * ERR_SYNTAX or ERR_LIMIT with *error filled (error may be NULL).
 */
int json_parse(const char *source, size_t len, const struct json_limits *limits,
    struct json_doc **out, struct json_error *error);
void json_free(struct json_doc **doc);

/* The top value. */
const struct json *json_root(const struct json_doc *doc);

/*
 * Length of the JSON value that starts at source (blanks not skipped), so
 * that a value can be found inside other text; 0 when none is there. No
 * tree is made: it costs a tenth of json_parse. max_depth up to 1024.
 */
size_t json_scan(const char *source, size_t len, size_t max_depth);

/*
 * Length of the run at s that stands for itself inside a JSON string: ASCII
 * without control characters, quotes and backslashes.
 */
size_t json_plain(const char *s, size_t len);

/* The member of an object by name; NULL when absent or not an object. */
const struct json *json_get(const struct json *object, const char *name);
const struct json *json_get_n(const struct json *object, const char *name,
    size_t len);

/*
 * Members with a default for what is absent or of another kind. A number
 * that is not an integer in range counts as absent. json_get_str returns
 * NULL-safe text; it holds no NUL only if the document is ours.
 */
const char *json_get_str(const struct json *object, const char *name,
    const char *otherwise);
int64_t json_get_int(const struct json *object, const char *name,
    int64_t otherwise);
double json_get_double(const struct json *object, const char *name,
    double otherwise);
bool json_get_bool(const struct json *object, const char *name,
    bool otherwise);

/* The value of a JSON_NUMBER as int64. Returns 0, ERR_TYPE or ERR_LIMIT. */
int json_int(const struct json *number, int64_t *out);

/* The value of a JSON_NUMBER as the nearest double. */
double json_double(const struct json *number);

#endif
