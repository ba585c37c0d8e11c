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
 * Set by name; the value is held. A name once secret stays secret, and a
 * secret's text joins the list for redaction. Returns 0, or ERR_EXISTS when
 * a public variable would silently replace a secret's name.
 */
int variables_set(struct variables *v, const char *name,
    const struct value *value);
int variables_set_secret(struct variables *v, const char *name,
    const char *text, size_t len);

/* Find by name; NULL when undefined. The value is the table's. */
const struct value *variables_find(const struct variables *v,
    const char *name);

/*
 * Set from text as the command line and environments do: true, false, null,
 * integers, floats and "quoted" are typed, anything else is a string.
 */
int variables_set_text(struct variables *v, const char *name,
    const char *text);

/* Call visit for each variable, or for each secret's text. */
void variables_visit(const struct variables *v,
    void (*visit)(const char *name, const struct value *value, bool is_secret,
    void *arg), void *arg);
void variables_visit_secrets(const struct variables *v,
    void (*visit)(const char *text, size_t len, void *arg), void *arg);

#endif
