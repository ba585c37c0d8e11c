/* SPDX-License-Identifier: ISC */
/* The variables of one run: names to values, some of them secret. */
#ifndef PROBE_VARIABLES_H
#define PROBE_VARIABLES_H

#include "probe/value.h"

struct variables;

struct variables *variables_new(void);
void variables_free(struct variables **v);

/* A copy that later changes do not reach. */
struct variables *variables_copy(const struct variables *v);

/*
 * Set by name; the value is held. A name once secret stays secret: text set
 * to it later joins the list for redaction, and what was secret before stays
 * there.
 */
void variables_set(struct variables *v, const char *name,
    const struct value *value);
void variables_set_secret(struct variables *v, const char *name,
    const char *text, size_t len);

/*
 * Set a value that was made of a secret: it, and what text it holds, is
 * secret as well, but for pieces too short to tell anything.
 */
void variables_set_derived(struct variables *v, const char *name,
    const struct value *value);

/* Whether a text is one of the secrets. */
bool variables_has_secret(const struct variables *v, const char *text,
    size_t len);

/* Whether part is a piece of a secret, not all of it, that stands in whole. */
bool variables_is_secret_part(const struct variables *v, const char *part,
    size_t part_len, const char *whole, size_t len);

/* Find by name; NULL when undefined. The value is the table's. */
const struct value *variables_find(const struct variables *v,
    const char *name);

bool variables_is_secret(const struct variables *v, const char *name);

/*
 * Set from text as the command line and environments do: true, false, null,
 * integers, floats and "quoted" are typed, anything else is a string.
 * Returns 0, or ERR_SYNTAX for a quote that does not end.
 */
int variables_set_text(struct variables *v, const char *name,
    const char *text);

/* Call visit for each variable, in the order of their first setting. */
void variables_visit(const struct variables *v,
    void (*visit)(const char *name, const struct value *value, bool is_secret,
    void *arg), void *arg);

/* Call visit for each secret's text; none is empty. */
void variables_visit_secrets(const struct variables *v,
    void (*visit)(const char *text, size_t len, void *arg), void *arg);

#endif
