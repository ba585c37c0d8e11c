/* SPDX-License-Identifier: ISC */
/*
 * Why something could not be done, in sentences for people. Loading
 * definitions collects every mistake here, each with its place, and prints
 * them all at once:
 *
 *	payments.yaml:12:5: unknown key 'evry', did you mean 'every'?
 *	  12 |     evry: 30s
 *	     |     ^~~~
 */
#ifndef BASE_CAUSE_H
#define BASE_CAUSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/must.h"

struct place {
	uint32_t line;   /* from 1; 0 when the whole file is meant */
	uint32_t column; /* from 1, in Unicode code points */
	uint32_t width;  /* code points to underline, at least 1 */
};

struct cause_entry {
	char *file;      /* NULL: no file is at fault */
	struct place place;
	bool is_warning;
	char *sentence;
	char *source;    /* the source line, NULL when unknown */
	uint32_t left_out; /* of a long line, letters before source */
	bool is_cut;     /* and some behind it */
};

struct cause {
	struct cause_entry *entries;
	size_t count;
	size_t cap;
	size_t error_count; /* entries that are not warnings */
	size_t dropped;     /* past CAUSE_MOST, warnings first: only counted */
};

#define CAUSE_MOST 1000

void cause_init(struct cause *c);
void cause_fini(struct cause *c);

/* Add a sentence without a place. */
void cause_add(struct cause *c, const char *fmt, ...) PRINTF_LIKE(2, 3);

/*
 * Add a sentence at a place of a file, once however often it is told. text
 * (may be NULL) is the whole file's content, text_len bytes, from which the
 * source line is copied.
 */
void cause_add_at(struct cause *c, const char *file, struct place place,
    const char *text, size_t text_len, const char *fmt, ...)
    PRINTF_LIKE(6, 7);

/* As cause_add_at, but counted and shown as a warning. */
void cause_warn_at(struct cause *c, const char *file, struct place place,
    const char *text, size_t text_len, const char *fmt, ...)
    PRINTF_LIKE(6, 7);

/* Sort by file, line and column. */
void cause_sort(struct cause *c);

/* Sort, and print every entry with its caret. */
void cause_print(struct cause *c, FILE *fp);

/*
 * Return the candidate nearest to word by edit distance, for "did you mean";
 * NULL when none is near. count candidates.
 */
const char *cause_suggest(const char *word, const char *const *candidates,
    size_t count);

#endif
