/* SPDX-License-Identifier: ISC */
/*
 * A definition is all that a run needs: the flow's source, its variables,
 * where its secrets are, the hosts it may reach, its bounds. The scheduler
 * and the gate make one from a plan (checks/plan.h) and send it to a probe as
 * a JSON document; the probe reads it back into the same struct.
 *
 * Its hash is the identity of what was measured: two runs with one hash ran
 * the same thing. It covers everything that changes what a run does, and
 * nothing else (not the owner, the alert or the interval).
 */
#ifndef CHECKS_DEFINITION_H
#define CHECKS_DEFINITION_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"

#define DEFINITION_HASH_SIZE 65 /* SHA-256 as hex digits, and a NUL */
#define DEFINITION_SECRET_MOST_BYTES 65536

enum definition_value_kind {
	DEFINITION_STRING,
	DEFINITION_NUMBER, /* text is a JSON number, exactly as written */
	DEFINITION_BOOL    /* text is "true" or "false" */
};

struct definition_variable {
	const char *name;
	enum definition_value_kind kind;
	const char *text;
};

enum definition_secret_source { DEFINITION_SECRET_ENV, DEFINITION_SECRET_FILE };

/* Where a secret's value is to be found; the value itself is never here. */
struct definition_secret {
	const char *name;
	enum definition_secret_source source;
	const char *reference; /* a variable's name, or an absolute path */
};

/* Bounds of one run; a run that reaches one is stopped with the reason. */
struct definition_limits {
	int64_t body_bytes;     /* of one response body, and decoded */
	int64_t steps;          /* requests, with retries and redirects */
	int64_t redirects;      /* followed by one request */
	int64_t retries;        /* of one entry */
	int64_t headers;        /* of one answer */
	int64_t json_depth;     /* of a body */
	int64_t work_ms;        /* of CPU, to look into all answers of a run */
	int64_t evidence_bytes; /* kept of a run that did not pass */
};

extern const struct definition_limits definition_limits_default;

/* Lower every limit to that of caps. */
void definition_limits_cap(struct definition_limits *limits,
    const struct definition_limits *caps);

/*
 * Read "body_bytes=64MiB,steps=5000" over limits, which stay untouched on a
 * mistake: then *sentence (freed by the caller) says what is wrong. Returns
 * 0, ERR_SYNTAX or ERR_LIMIT.
 */
int definition_limits_parse(const char *text,
    struct definition_limits *limits, char **sentence);

struct cause;
struct flow;

/* A file that the flow includes, by its name below the flow's folder. */
struct definition_include {
	const char *name;
	const char *source;
	size_t len;
};

struct definition_includes {
	const struct definition_include *items;
	size_t count;
};

/*
 * Everything is owned by the definition and freed with it. The arrays of
 * variables and secrets are sorted by name; no name is in both.
 */
struct definition {
	const char *check;       /* service/name */
	const char *service;
	const char *environment;
	char hash[DEFINITION_HASH_SIZE];
	const char *flow_path;   /* as people know it, for messages */
	const char *flow_root;   /* real directory that bounds its files */
	const char *flow_source; /* valid UTF-8, NUL-terminated */
	size_t flow_len;
	struct definition_includes includes;
	char flow_digest[DEFINITION_HASH_SIZE]; /* source, files it names */
	const struct definition_variable *variables;
	size_t variable_count;
	const struct definition_secret *secrets;
	size_t secret_count;
	const char *const *hosts; /* patterns of checks/hosts.h */
	size_t host_count;
	span_us timeout;          /* of the whole run */
	struct definition_limits limits;
	struct definition_memory *memory;
};

/* Free a definition. */
void definition_free(struct definition **d);

/*
 * Copy d with other variables: each override replaces the variable of its
 * name or is added, and the hash is computed anew. An override may not have
 * the name of a secret. Returns 0, or ERR_EXISTS with *sentence (freed by
 * the caller) when one does.
 */
int definition_override(const struct definition *d,
    const struct definition_variable *overrides, size_t count,
    struct definition **out, char **sentence);

/*
 * Read "name=value" as a variable, typed as in a manifest: true and false,
 * a JSON number, else a string; quotes make a string. The caller frees name
 * and text, which are const only to fit the struct. 0 or ERR_SYNTAX.
 */
int definition_parse_variable(const char *text,
    struct definition_variable *out);
void definition_variable_fini(struct definition_variable *v);

/* A flow that is run by itself, without a manifest. */
struct definition_alone {
	const char *path;         /* as people know it */
	const char *root;         /* real directory that bounds its files */
	const char *environment;  /* NULL: "local" */
	const struct flow *flow;
	const struct definition_variable *variables;
	size_t variable_count;
	span_us timeout;
	int64_t body_bytes;       /* 0: the default */
};

/*
 * Make its definition: check "flow/<name of the file>", any host. Files that
 * the flow names and that can be read are part of its digest.
 */
struct definition *definition_make_alone(const struct definition_alone *a);

/*
 * Parse the flow of a definition, with the files that it includes: those that
 * came along. As flow_parse.
 */
int definition_parse_flow(const struct definition *d, struct cause *cause,
    struct flow **out);

/* Append the definition as the JSON document of a DEFINE message. */
int definition_encode(const struct definition *d, struct buf *out);

/*
 * Read such a document, strictly: every member present and of its kind (but
 * for a flow's includes, where there are none, and for limits that are the
 * default), no other members, everything within bounds. Returns 0, or
 * ERR_SYNTAX or ERR_LIMIT with *sentence (freed by the caller) saying what is
 * wrong.
 */
int definition_decode(const char *doc, size_t len, struct definition **out,
    char **sentence);

/*
 * Read the value of a secret: *value is NUL-terminated, not empty, freed by
 * the caller. One final newline of a file is dropped. On failure *sentence
 * (freed by the caller) names the reference, never a value; returns
 * ERR_NOT_FOUND, ERR_IO, ERR_LIMIT or ERR_SYNTAX (a NUL inside).
 */
int definition_resolve_secret(const struct definition_secret *s, char **value,
    char **sentence);

#endif
