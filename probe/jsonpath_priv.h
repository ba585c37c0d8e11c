/* SPDX-License-Identifier: ISC */
/* The syntax tree of a JSONPath: made by the parser, walked afterwards. */
#ifndef PROBE_JSONPATH_PRIV_H
#define PROBE_JSONPATH_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "base/mem.h"

struct regex;
struct jp_expr;

enum jp_selector_kind {
	JP_NAME, JP_WILDCARD, JP_INDEX, JP_SLICE, JP_FILTER
};

struct jp_selector {
	struct jp_selector *next;
	enum jp_selector_kind kind;
	const char *name;
	size_t name_len;
	int64_t start, end, step; /* JP_INDEX: start */
	bool has_start, has_end;
	struct jp_expr *filter;
};

struct jp_segment {
	struct jp_segment *next;
	bool is_descendant;
	struct jp_selector *selectors;
};

struct jp_query {
	bool is_relative;          /* @, not $ */
	bool is_singular;          /* names and indices alone */
	struct jp_segment *segments;
};

enum jp_function { JP_LENGTH, JP_COUNT, JP_MATCH, JP_SEARCH, JP_VALUE };

enum jp_operand_kind { JP_LITERAL, JP_QUERY, JP_CALL };

struct jp_operand {
	enum jp_operand_kind kind;
	struct json literal;
	struct jp_query query;
	enum jp_function function;
	struct jp_operand *args[2];
	struct regex *regex;       /* of a pattern known when parsed */
	bool has_regex;            /* that was tried; NULL: it is none */
	struct jp_operand *next_call; /* all calls, to free their regexes */
};

enum jp_expr_kind { JP_OR, JP_AND, JP_NOT, JP_TEST, JP_COMPARE };
enum jp_op { JP_EQ, JP_NE, JP_LT, JP_LE, JP_GT, JP_GE };

struct jp_expr {
	enum jp_expr_kind kind;
	struct jp_expr *left, *right;   /* JP_OR, JP_AND; JP_NOT: left */
	enum jp_op op;
	struct jp_operand *a, *b;       /* JP_COMPARE; JP_TEST: a */
};

struct jsonpath {
	struct arena arena;
	struct jp_query query;
	struct jp_operand *calls;
};

struct jp_parser {
	const char *p, *end;
	struct jsonpath *path;
	bool is_lenient;
	unsigned int depth;
	const char *sentence, *bad;
};

/* Note the first mistake at the parser's place; returns false. */
bool jp_fail(struct jp_parser *ps, const char *sentence);

/* Zeroed memory of the tree; NULL, and a mistake noted, past its bound. */
void *jp_new(struct jp_parser *ps, size_t size);

/* Look at the next character, or move past text if it is there. */
bool jp_is_at(const struct jp_parser *ps, char c);
bool jp_is_digit(const struct jp_parser *ps);
bool jp_take(struct jp_parser *ps, const char *text);
void jp_skip_blanks(struct jp_parser *ps);

/* At a quote, at $ or @, at a logical expression. */
bool jp_parse_string(struct jp_parser *ps, const char **text, size_t *len);
bool jp_parse_query(struct jp_parser *ps, struct jp_query *out);
bool jp_parse_or(struct jp_parser *ps, struct jp_expr **out);

/*
 * Compile an I-Regexp (RFC 9485): match must cover the whole string. NULL
 * for what is no I-Regexp, as functions then say false.
 */
struct regex *jsonpath_regex(const char *text, size_t len, bool is_match);

#endif
