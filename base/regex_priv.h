/* SPDX-License-Identifier: ISC */
/* The translator from Rust's syntax to PCRE2's, used by regex.c alone. */
#ifndef BASE_REGEX_PRIV_H
#define BASE_REGEX_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define REGEX_MOST_PATTERN (64u << 10)
#define REGEX_MOST_NESTING 100

struct regex_name {
	char *name;
	size_t group;
};

struct regex_flags {
	bool is_caseless, is_multiline, is_dotall, is_verbose, is_crlf;
	bool is_ascii; /* (?-u) */
};

struct regex_group { /* an open parenthesis */
	size_t start;               /* of its text in out */
	size_t at;                  /* in the pattern */
	struct regex_flags flags;   /* to go back to */
};

struct regex_translator {
	const char *pattern, *p, *end;
	struct buf *out;
	struct regex_flags flags;
	struct regex_group groups[REGEX_MOST_NESTING];
	size_t depth, capture_count;
	size_t atom;                /* start of the last atom in out */
	bool has_atom;              /* something that can be repeated */
	bool needs_group;           /* it has to be wrapped for that */
	struct regex_name *names;
	size_t name_count;
	char *sentence;
	size_t offset;
};

/*
 * Translate t->pattern into t->out. Returns 0, or ERR_SYNTAX /
 * ERR_UNSUPPORTED with t->sentence (malloc'ed) and t->offset. The names are
 * the caller's to free in any case.
 */
int regex_translate(struct regex_translator *t);

/* Set the mistake found at a place of the pattern; returns err. */
int regex_fail(struct regex_translator *t, int err, const char *at,
    const char *sentence);

/* At a '[': append a matcher of one character, and move past the ']'. */
int regex_class(struct regex_translator *t);

/* At a ( or a ): open or close a group, or set flags. */
int regex_group(struct regex_translator *t);
int regex_close_group(struct regex_translator *t);

/* At the letter of \p or \P: append it as a class of its own. */
int regex_property(struct regex_translator *t, struct buf *items,
    bool *is_negated);

/*
 * At the letter of \d \D \s \S \w \W: append its characters as items of a
 * class. *is_negated for the capital ones, whose complement is meant; they
 * are refused without Unicode.
 */
int regex_perl_class(struct regex_translator *t, struct buf *items,
    bool *is_negated);

/*
 * Behind a backslash: read an escape that stands for one character. Returns
 * 0, or ERR_SYNTAX with the mistake set.
 */
int regex_escaped_char(struct regex_translator *t, uint32_t *out);

/* Append a character so that PCRE2 takes it literally, even in a class. */
void regex_append_char(struct buf *out, uint32_t c);

/* Decode the character at t->p and move past it. */
uint32_t regex_next_char(struct regex_translator *t);

/* In verbose mode, skip blanks and comments. */
void regex_skip_blanks(struct regex_translator *t);

#endif
