/* SPDX-License-Identifier: ISC */
/* What queries, filters and predicates share while an entry is evaluated. */
#ifndef PROBE_EVALUATE_PRIV_H
#define PROBE_EVALUATE_PRIV_H

#include "probe/evaluate.h"
#include "probe/value.h"

#define EVALUATE_MOST_TEXT (64u << 10) /* of a message */

struct json;
struct xpath_doc;

struct evaluation {
	struct response *response;
	struct scope *scope;
	struct findings *findings;
	enum finding_kind data_kind; /* of what is wrong with the answer */
	bool is_secret;              /* the value at hand gives one away */
};

/* Add a finding about the answer, or about the flow; returns ERR_TYPE. */
int evaluate_data_fault(struct evaluation *ev, struct place place,
    const char *fmt, ...) PRINTF_LIKE(3, 4);
int evaluate_flow_fault(struct evaluation *ev, struct place place,
    const char *fmt, ...) PRINTF_LIKE(3, 4);

/* A value as messages have it, malloc'ed. */
char *evaluate_describe(const struct value *v);

/* The same, and bare, of the value at hand: "string <***>" and "***" when it
 * gives a secret away. */
char *evaluate_show(const struct evaluation *ev, const struct value *v);
char *evaluate_show_bare(const struct evaluation *ev, const struct value *v);

/*
 * Keep ev->is_secret, before and after one value is made of another: what is
 * made of a secret gives it away, and so does a piece of one out of text
 * that holds it.
 */
void evaluate_note_input(struct evaluation *ev, const struct value *in);
void evaluate_note_output(struct evaluation *ev, const struct value *in,
    const struct value *out);
void evaluate_note_piece(struct evaluation *ev, const struct value *v,
    const char *whole, size_t len);

/*
 * Evaluate a query. Returns 0 with a value for the caller to release, kind
 * VALUE_NONE when there is none, or an error whose finding has been added.
 */
int query_eval(struct evaluation *ev, const struct flow_query *query,
    struct value *out);

/* The parts of queries that filters have, too. */
int query_jsonpath(struct evaluation *ev, const struct flow_template *path,
    const struct json *root, struct value *out);
int query_xpath(struct evaluation *ev, const struct flow_template *path,
    struct xpath_doc *doc, struct value *out);

struct query_pattern {
	const struct regex *regex;          /* of a /regex/, or NULL */
	const struct flow_template *source; /* of a quoted one */
};

/* Group 1 of the first match, or no value. */
int query_regex(struct evaluation *ev, struct place place,
    const struct query_pattern *pattern, const char *text, size_t len,
    struct value *out);

/*
 * Compile a quoted pattern. Returns 0, or an error whose finding has been
 * added. The regex is the caller's to free.
 */
int query_compile(struct evaluation *ev, const struct flow_template *pattern,
    struct regex **out);

/*
 * Apply filters in order to *v, in place. Returns 0, or an error whose
 * finding has been added; *v is the caller's to release in any case.
 */
int filters_apply(struct evaluation *ev, const struct flow_filters *filters,
    struct value *v);

/* Test a value, which may be VALUE_NONE; what does not hold is a finding. */
void predicate_test(struct evaluation *ev, const struct flow_assert *assert,
    const struct value *actual);

/* Attributes of cookies in Set-Cookie headers. */
int query_cookie(struct evaluation *ev, const struct flow_query *query,
    struct value *out);

#endif
