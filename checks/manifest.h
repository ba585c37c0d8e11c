/* SPDX-License-Identifier: ISC */
/*
 * A manifest's text as a tree with places, and tables of the keys that it
 * may have. The tables are read by the loader, by the JSON Schema for editors
 * and by the manual page, so that the three cannot disagree.
 */
#ifndef CHECKS_MANIFEST_H
#define CHECKS_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/cause.h"
#include "base/mem.h"

#define MANIFEST_MOST_BYTES (1u << 20)
#define MANIFEST_MOST_DEPTH 32
#define MANIFEST_MOST_EVENTS 200000

enum manifest_node_kind {
	MANIFEST_SCALAR,
	MANIFEST_MAP,
	MANIFEST_LIST,
	MANIFEST_BROKEN /* was reported already: say no more of it */
};

struct manifest_node {
	enum manifest_node_kind kind;
	bool is_plain;                 /* a scalar without quotes */
	struct place place;
	const char *text;              /* of a scalar, no NUL inside */
	size_t len;
	const struct manifest_node *key; /* in a map: a scalar */
	struct manifest_node *first, *last, *next;
	size_t count;                  /* of what is inside */
};

/* A file being read: where its mistakes go and where its tree lives. */
struct manifest_source {
	const char *file;
	const char *text;
	size_t len;
	struct cause *cause;
	struct arena *arena;
};

/* Add a mistake, or a warning, at a place of the source. */
void manifest_wrong(const struct manifest_source *s, struct place place,
    const char *fmt, ...) PRINTF_LIKE(3, 4);
void manifest_warn(const struct manifest_source *s, struct place place,
    const char *fmt, ...) PRINTF_LIKE(3, 4);

/*
 * Parse the text as one YAML document without anchors, aliases, tags or
 * repeated keys. Returns the top node, NULL when there is none to look at;
 * every mistake is in the cause.
 */
const struct manifest_node *manifest_parse(const struct manifest_source *s);

/* What a key's value may be. */
enum manifest_type {
	MANIFEST_NAME,      /* letters, digits, '.', '_', '-' */
	MANIFEST_TEXT,
	MANIFEST_PATH,      /* of a file below the manifest's folder */
	MANIFEST_SPAN,      /* number: microseconds */
	MANIFEST_PERCENT,   /* number: permyriad */
	MANIFEST_COUNT,
	MANIFEST_BYTES,
	MANIFEST_BOOL,
	MANIFEST_NAMES,     /* list of names, without repeats */
	MANIFEST_HOSTS,     /* list of host patterns */
	MANIFEST_VARIABLES, /* name: value */
	MANIFEST_ENVIRONMENTS, /* name: variables */
	MANIFEST_TABLE,     /* a map by another table */
	MANIFEST_TABLES,    /* a list of those */
	MANIFEST_TABLES_BY_NAME, /* name: such a map */
	MANIFEST_SECRETS    /* the same, by names that a flow can read */
};

struct manifest_table;

/* One key. Every value lands in a struct manifest_value at offset. */
struct manifest_row {
	const char *name;
	enum manifest_type type;
	size_t offset;
	int64_t min, max;       /* of a number, inclusive */
	int64_t otherwise;      /* its value when the key is absent */
	const char *otherwise_text; /* the same for people, NULL: none */
	bool is_required;
	const struct manifest_table *table;
	const char *help;       /* one sentence, with its final stop */
};

struct manifest_table {
	const char *what;       /* "a check" */
	const struct manifest_row *rows;
	size_t count;
};

struct manifest_value {
	const struct manifest_node *node; /* NULL: absent or wrong */
	int64_t number;
};

/* What the top of a manifest, and each table below it, is read into. */
struct manifest_values {
	struct manifest_value service, owner, environments, secrets, hosts,
	    checks, notify, gate;
};

struct manifest_check_values {
	struct manifest_value name, flow, environment, every, timeout,
	    locations, slo, alert, variables, tags, owner, paused, limits,
	    gate;
};

/* Of a service's gate and of a check's, which alone has a quarantine. */
struct manifest_gate_values {
	struct manifest_value alpha, beta, rounds, time, on_inconclusive,
	    tolerance, tolerance_at_least, margin, margin_at_least,
	    failure_margin, policy, aa, quarantine;
};

struct manifest_quarantine_values {
	struct manifest_value owner, reason, until;
};

struct manifest_slo_values {
	struct manifest_value success, window;
};

struct manifest_alert_values {
	struct manifest_value after, notify;
};

struct manifest_limits_values {
	struct manifest_value body_bytes, steps, redirects, retries, headers,
	    json_depth, work_ms, evidence_bytes;
};

struct manifest_notify_values {
	struct manifest_value flow, variables, secrets, hosts, timeout;
};

struct manifest_secret_values {
	struct manifest_value env, file;
};

extern const struct manifest_table manifest_table_top;
extern const struct manifest_table manifest_table_check;
extern const struct manifest_table manifest_table_slo;
extern const struct manifest_table manifest_table_alert;
extern const struct manifest_table manifest_table_limits;
extern const struct manifest_table manifest_table_gate;
extern const struct manifest_table manifest_table_check_gate;
extern const struct manifest_table manifest_table_quarantine;
extern const struct manifest_table manifest_table_notify;
extern const struct manifest_table manifest_table_secret;

/*
 * Read a map by a table into values (a struct of manifest_value, which is
 * set whole). Unknown keys, missing ones and values of the wrong kind are
 * reported; nested tables are only seen to be maps or lists, and are read by
 * another call. node may be NULL: all keys are absent, none is missed.
 */
void manifest_read(const struct manifest_source *s,
    const struct manifest_table *t, const struct manifest_node *node,
    void *values);

/* Format a bound of a key as it is written in a manifest: 1h, 64KiB, 99.99%. */
void manifest_format_bound(const struct manifest_row *row, int64_t n,
    char *out, size_t size);

/* Print the JSON Schema (draft 7) of a manifest. */
void manifest_print_schema(FILE *fp);

/* Print the manual page e2e-manifest(5) in man(7) format. */
void manifest_print_man(FILE *fp);

#endif
