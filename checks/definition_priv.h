/* SPDX-License-Identifier: ISC */
/* What the files that make definitions share. */
#ifndef CHECKS_DEFINITION_PRIV_H
#define CHECKS_DEFINITION_PRIV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cause.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "checks/definition.h"

#define DEFINITION_WORK_MOST_MS 600000
#define DEFINITION_NAME_MOST 100 /* bytes of a name of anything */
#define DEFINITION_ITEMS_MOST 10000 /* variables, secrets or hosts */

struct definition_limit_row {
	const char *name;
	size_t offset;
	int64_t least, most;
};

extern const struct definition_limit_row definition_limit_rows[];
extern const size_t definition_limit_count;
int64_t *definition_limit_at(struct definition_limits *l,
    const struct definition_limit_row *row);

struct definition_memory {
	struct arena arena;
};

/* An empty definition, for the setters below, which copy all they take. */
struct definition *definition_new(void);
const char *definition_keep(struct definition *d, const char *s);
void definition_set_variables(struct definition *d,
    const struct definition_variable *v, size_t count);
void definition_set_secrets(struct definition *d,
    const struct definition_secret *s, size_t count);
void definition_set_hosts(struct definition *d, const char *const *hosts,
    size_t count);
void definition_set_flow(struct definition *d, const char *path,
    const char *root, const char *source, size_t len);

void definition_set_includes(struct definition *d,
    const struct definition_includes *includes);

/* Copy what a flow includes into an arena. */
const struct definition_include *definition_keep_includes(struct arena *arena,
    const struct flow *flow, size_t *count);

/* Parse a flow with the files that came along. */
int definition_parse_text(const char *path, const char *source, size_t len,
    const struct definition_includes *includes, struct cause *cause,
    struct flow **out);

/* Fill in the hash once everything else is set. */
void definition_hash(struct definition *d);

/* Write the members that change what a run does, but for the flow. */
void definition_encode_meaning(const struct definition *d,
    struct json_out *o);

/*
 * Lay over on under, by name; of two in over the last wins. The result is
 * sorted and lives in the arena, its texts stay where they were.
 */
struct definition_variable *definition_merge(struct arena *arena,
    const struct definition_variable *under, size_t under_count,
    const struct definition_variable *over, size_t over_count,
    size_t *count);

/* Find in a sorted array. */
const struct definition_variable *definition_find_variable(
    const struct definition_variable *variables, size_t count,
    const char *name);

/* A name that a flow can read: letter or '_', then also digits and '-'. */
bool definition_is_variable_name(const char *s);

/* What unquoted text stands for. */
enum definition_value_kind definition_kind_of(const char *text, size_t len);

#endif
