/* SPDX-License-Identifier: ISC */
/*
 * Regular expressions with the meaning of Rust's regex crate, on PCRE2: what
 * the two spell differently is translated, what Rust refuses (look-around,
 * back-references, recursion) is refused, and every match is bounded, so
 * that no pattern can hang a probe.
 */
#ifndef BASE_REGEX_H
#define BASE_REGEX_H

#include <stddef.h>

#include "base/buf.h"

struct regex;

#define REGEX_MOST_GROUPS 64

struct regex_match {
	size_t count; /* groups, the whole match being group 0 */
	struct {
		size_t start, end; /* (size_t)-1: the group took no part */
	} groups[REGEX_MOST_GROUPS];
};

/*
 * Compile a UTF-8 pattern. Returns 0, or ERR_SYNTAX / ERR_UNSUPPORTED with
 * *sentence (freed by the caller) and *offset, a byte of the pattern.
 */
int regex_compile(const char *pattern, size_t len, struct regex **out,
    char **sentence, size_t *offset);
void regex_free(struct regex **re);

/* The pattern as it was given to regex_compile. */
const char *regex_pattern(const struct regex *re, size_t *len);

/*
 * Search subject (valid UTF-8) from byte start, unanchored. Returns 1 and
 * fills m, 0 for no match, or ERR_LIMIT when the work bound was hit.
 */
int regex_search(const struct regex *re, const char *subject, size_t len,
    size_t start, struct regex_match *m);

/*
 * Append subject with every match replaced; $1, ${name}, $$ are expanded by
 * Rust's rules. Returns 0 or ERR_LIMIT.
 */
int regex_replace_all(const struct regex *re, const char *subject, size_t len,
    const char *replacement, size_t replacement_len, struct buf *out);

#endif
