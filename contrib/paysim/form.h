/* SPDX-License-Identifier: ISC */
/*
 * Form-encoded parameters with nested keys: metadata[order]=1, items[]=a,
 * payment_method_data[card][number]=... The pairs stay a flat list in the
 * order they came; a nested value is found by its whole key. All text is
 * valid UTF-8 without NUL, so that it is a C string.
 */
#ifndef PAYSIM_FORM_H
#define PAYSIM_FORM_H

#include <stddef.h>

#define FORM_MOST_PAIRS 1000
#define FORM_MOST_KEY_BYTES 500
#define FORM_MOST_VALUE_BYTES 65536
#define FORM_MOST_DEPTH 6
#define FORM_MOST_TEXTS 2

struct form_pair {
	const char *key; /* decoded, brackets and all */
	const char *value;
};

struct form {
	struct form_pair *pairs;
	size_t count, cap;
	char *texts[FORM_MOST_TEXTS]; /* what the pairs point into */
	size_t text_count;
};

void form_init(struct form *f);
void form_fini(struct form *f);

/*
 * Add the pairs of s, len bytes: a query string or a body; at most
 * FORM_MOST_TEXTS calls. Returns 0, or ERR_SYNTAX or ERR_LIMIT with *why a
 * static sentence; the form then holds what came before the mistake.
 */
int form_parse(struct form *f, const char *s, size_t len, const char **why);

/* The last value of exactly this key, or NULL. */
const char *form_get(const struct form *f, const char *key);

/*
 * The next pair at or after *pos below name: name[...]. *pos starts at 0
 * and is moved on; *inner is the rest of the key after "name[", with its
 * bracket. NULL at the end.
 */
const struct form_pair *form_below(const struct form *f, const char *name,
    size_t *pos, const char **inner);

/* Length of the key's first name: what stands before the first bracket. */
size_t form_name_len(const char *key);

#endif
