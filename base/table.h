/* SPDX-License-Identifier: ISC */
/*
 * Rows of typed cells, printed as a table for people, as JSON or as CSV. A
 * cell holds the exact value (microseconds as an integer, say): the table
 * shows it in human form, JSON and CSV as it is. Text of outside origin is
 * safe to print: control characters never reach a terminal.
 */
#ifndef BASE_TABLE_H
#define BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/options.h"

enum table_kind {
	TABLE_TEXT,
	TABLE_INT,
	TABLE_SPAN,    /* microseconds, shown as 4.2ms */
	TABLE_TIME,    /* microseconds since the epoch, shown as UTC */
	TABLE_RATIO,   /* 0..1, shown as 99.95% */
	TABLE_DOUBLE,
	TABLE_BOOL,
	TABLE_JSON     /* text that is JSON already */
};

struct table_column {
	const char *key;       /* in JSON and CSV: snake_case with its unit */
	const char *title;     /* NULL: not shown in the table */
	enum table_kind kind;
};

enum table_colour {
	TABLE_PLAIN,
	TABLE_GOOD,
	TABLE_BAD,
	TABLE_WARN,
	TABLE_DIM
};

struct table;

/* columns stay the caller's and outlive the table. */
struct table *table_new(const struct table_column *columns, size_t count);
void table_free(struct table **t);

/*
 * Add the next cell, row by row, left to right; a cell after the last column
 * begins a new row. A cell's kind follows from its column: text for TEXT and
 * JSON, int for INT, SPAN, TIME and BOOL, double for RATIO and DOUBLE; none
 * for any. Text is copied; NULL is none.
 */
void table_text(struct table *t, const char *s);
void table_int(struct table *t, int64_t n);
void table_double(struct table *t, double d);
void table_none(struct table *t);

/* Colour the cell added last. */
void table_colour(struct table *t, enum table_colour colour);

/* How to print for people. */
struct table_style {
	bool has_colour;
	size_t width;    /* columns of the terminal; 0: do not cut or break */
};

/* For a stream: colour and width on a terminal, unless NO_COLOR is set. */
struct table_style table_style_for(FILE *fp);

/* Print as format (TABLE, JSON or CSV; AUTO is TABLE). */
void table_print(const struct table *t, enum format format,
    const struct table_style *style, FILE *fp);

/*
 * Print the rows so far as CSV, the heads before the first, and forget them:
 * for what may be too long to be kept.
 */
void table_flush_csv(struct table *t, FILE *fp);

/* A share in percent, two digits after the point, never rounded up. */
double table_percent(double share);

/*
 * Append s for a terminal: control characters and invalid UTF-8 become
 * U+FFFD, tabs and line ends blanks. Returns the columns it takes.
 */
size_t table_safe(struct buf *out, const char *s, size_t len);

/* Print the escape that begins a colour, or the one that ends it. */
const char *table_escape(enum table_colour colour);

#endif
