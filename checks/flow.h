/* SPDX-License-Identifier: ISC */
/*
 * A flow: the full syntax tree of a Hurl 8.0 file, and of those it includes
 * (which Hurl does not know). The parser makes it, the probe walks it. A flow
 * is constant once parsed, owned by whoever parsed or holds it (flow_hold,
 * flow_release), and everything below it lives in its arena; runs may share it.
 */
#ifndef CHECKS_FLOW_H
#define CHECKS_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cause.h"
#include "checks/flow_tables.h"

struct regex;

#define FLOW_MOST_BYTES (8u << 20)
#define FLOW_MOST_ENTRIES 100000
#define FLOW_MOST_INCLUDES 1000 /* in all, repeats counted */
#define FLOW_MOST_DEPTH 8       /* of files that include files */

/*
 * Text with {{placeholders}}, already unescaped; but of a JSON body and of
 * its strings the text as written. Columns count code points without
 * combining marks.
 */
enum flow_context {
	FLOW_PLAIN,       /* rendered as text */
	FLOW_JSON_STRING, /* inside a JSON string: rendered JSON-escaped */
	FLOW_JSON_VALUE   /* a JSON value: number, bool, null, or JSON text */
};

enum flow_function { /* of a placeholder */
	FLOW_VARIABLE, /* no function: a variable's name */
	FLOW_NEW_UUID,
	FLOW_NEW_DATE,
	FLOW_GET_ENV /* known to no release yet: getEnv is a reserved name */
};

struct flow_part {
	bool is_placeholder;
	const char *text;    /* literal text, or the variable's name, or
	                      * getEnv's argument */
	size_t len;
	enum flow_function function;
	enum flow_context context;
	struct place place;  /* of a placeholder: its name */
};

struct flow_template {
	const struct flow_part *parts;
	size_t count;
	const char *source;  /* as written, without quotes, NUL-terminated */
	size_t source_len;
	struct place place;
};

struct flow_pair { /* header, parameter, form field, cookie */
	struct flow_template key;
	struct flow_template value;
	struct place place;
};

struct flow_pairs {
	const struct flow_pair *items;
	size_t count;
};

struct flow_part_file { /* one field of [Multipart] */
	struct flow_template key;
	bool is_file;
	struct flow_template value;        /* text, or the file's name */
	struct flow_template content_type; /* of a file; count 0: guessed */
	struct place place;
};

/* Values in predicates and bodies. */
enum flow_value_kind {
	FLOW_VALUE_NONE,
	FLOW_VALUE_NULL,
	FLOW_VALUE_BOOL,
	FLOW_VALUE_INTEGER,     /* text is an i64 */
	FLOW_VALUE_BIG_INTEGER, /* text: digits over i64 */
	FLOW_VALUE_FLOAT,       /* text */
	FLOW_VALUE_STRING,      /* quoted, or backtick: template */
	FLOW_VALUE_MULTILINE,   /* body: multiline or GraphQL, as text */
	FLOW_VALUE_PLACEHOLDER, /* template of one part: keeps its type */
	FLOW_VALUE_FILE,        /* template: the file's name */
	FLOW_VALUE_BYTES,       /* hex, or base64, decoded */
	FLOW_VALUE_REGEX
};

struct flow_body;

struct flow_value {
	enum flow_value_kind kind;
	bool boolean;
	const char *text;    /* number's text or bytes */
	size_t len;
	struct flow_template template;
	const struct regex *regex;
	const struct flow_body *body;
	struct place place;
};

/* Bodies. */
enum flow_body_kind {
	FLOW_BODY_NONE,
	FLOW_BODY_JSON,      /* template with JSON contexts, source spacing */
	FLOW_BODY_XML,       /* one literal: XML is not templated */
	FLOW_BODY_MULTILINE, /* template, by language below */
	FLOW_BODY_GRAPHQL,   /* template: the query; variables: JSON without
	                      * white space, or empty */
	FLOW_BODY_ONELINE,   /* template: `text` */
	FLOW_BODY_BYTES,     /* hex, or base64, decoded into bytes */
	FLOW_BODY_FILE       /* template: the file's name */
};

enum flow_language {
	FLOW_LANGUAGE_TEXT,
	FLOW_LANGUAGE_JSON,
	FLOW_LANGUAGE_XML,
	FLOW_LANGUAGE_RAW /* no templating */
};

struct flow_body {
	enum flow_body_kind kind;
	enum flow_language language;
	struct flow_template template;
	struct flow_template variables;
	bool has_variables;
	const char *bytes;
	size_t bytes_len;
	struct place place;
};

/* Queries, filters, predicates: rows are name, argument kind. */
enum flow_argument {
	FLOW_ARG_NONE,
	FLOW_ARG_STRING,     /* quoted string: template */
	FLOW_ARG_REGEX,      /* quoted string, or /regex/ */
	FLOW_ARG_INTEGER,    /* i64 or placeholder */
	FLOW_ARG_TWO_STRINGS,
	FLOW_ARG_REGEX_STRING,
	FLOW_ARG_COOKIE,     /* quoted: name or name[attribute] */
	FLOW_ARG_FIELD,      /* quoted: a certificate's field */
	FLOW_ARG_VALUE,      /* any predicate value */
	FLOW_ARG_ORDERED,    /* number, quoted string, placeholder */
	FLOW_ARG_PREFIX      /* string, hex, base64 */
};

#define X(upper, name, arg) FLOW_QUERY_##upper,
enum flow_query_kind { FLOW_QUERY_TABLE(X) FLOW_QUERY_KIND_COUNT };
#undef X
#define X(upper, name, arg) FLOW_FILTER_##upper,
enum flow_filter_kind { FLOW_FILTER_TABLE(X) FLOW_FILTER_KIND_COUNT };
#undef X
#define X(upper, name, arg) FLOW_PREDICATE_##upper,
enum flow_predicate_kind { FLOW_PREDICATE_TABLE(X) FLOW_PREDICATE_KIND_COUNT };
#undef X

enum flow_cookie_attribute {
	FLOW_COOKIE_VALUE,
	FLOW_COOKIE_EXPIRES,
	FLOW_COOKIE_MAX_AGE,
	FLOW_COOKIE_DOMAIN,
	FLOW_COOKIE_PATH,
	FLOW_COOKIE_SECURE,
	FLOW_COOKIE_HTTP_ONLY,
	FLOW_COOKIE_SAME_SITE
};

enum flow_certificate_field {
	FLOW_CERTIFICATE_SUBJECT,
	FLOW_CERTIFICATE_ISSUER,
	FLOW_CERTIFICATE_START_DATE,
	FLOW_CERTIFICATE_EXPIRE_DATE,
	FLOW_CERTIFICATE_SERIAL_NUMBER,
	FLOW_CERTIFICATE_SUBJECT_ALT_NAME,
	FLOW_CERTIFICATE_VALUE
};

struct flow_query {
	enum flow_query_kind kind;
	struct flow_template argument;     /* string, regex as string, cookie
	                                    * name */
	const struct regex *regex;         /* of a /regex/ */
	enum flow_cookie_attribute attribute;
	enum flow_certificate_field field;
	struct place place;
};

struct flow_filter {
	enum flow_filter_kind kind;
	struct flow_template argument;
	struct flow_template replacement;  /* second of two */
	const struct regex *regex;
	int64_t integer;
	bool is_placeholder;               /* nth {{v}}: argument has it */
	struct place place;
};

struct flow_filters {
	const struct flow_filter *items;
	size_t count;
};

struct flow_predicate {
	enum flow_predicate_kind kind;
	bool is_negated;
	struct flow_value value;
	struct place place;       /* of the predicate, with its not */
	struct place value_place;
};

struct flow_capture {
	struct flow_template name;
	struct flow_query query;
	struct flow_filters filters;
	bool is_redacted;
	struct place place;
};

struct flow_assert {
	struct flow_query query;
	struct flow_filters filters;
	struct flow_predicate predicate;
	struct place place; /* of the query: where a failure points */
};

enum flow_option_type {
	FLOW_OPTION_TYPE_STRING,
	FLOW_OPTION_TYPE_FILENAME,
	FLOW_OPTION_TYPE_FILENAME_PASSWORD,
	FLOW_OPTION_TYPE_BOOL,
	FLOW_OPTION_TYPE_LITERAL,  /* true or false, known without a run */
	FLOW_OPTION_TYPE_NATURAL,
	FLOW_OPTION_TYPE_COUNT,    /* -1: endless */
	FLOW_OPTION_TYPE_DURATION, /* integer in microseconds */
	FLOW_OPTION_TYPE_VARIABLE,
	FLOW_OPTION_TYPE_VERBOSITY
};

#define X(upper, name, type) FLOW_OPTION_##upper,
enum flow_option_kind { FLOW_OPTION_TABLE(X) FLOW_OPTION_KIND_COUNT };
#undef X

struct flow_option {
	enum flow_option_kind kind;
	bool is_placeholder;          /* bool, number, duration as {{v}}: the
	                               * placeholder is in text */
	bool boolean;
	int64_t integer;              /* natural; count, -1 endless; duration
	                               * in microseconds; verbosity: 0 brief,
	                               * 1 verbose, 2 debug */
	int64_t unit_us;              /* of a placeholder duration: 1000 */
	struct flow_template text;    /* string, file name, placeholder */
	struct flow_template password; /* of cert; count 0: none */
	const char *variable_name;    /* of variable */
	struct flow_value variable_value;
	struct place place;           /* of the key */
	struct place value_place;
};

/* Status line of an expected response. */
enum flow_version {
	FLOW_VERSION_ANY, /* HTTP, without a number */
	FLOW_VERSION_10,
	FLOW_VERSION_11,
	FLOW_VERSION_2,
	FLOW_VERSION_3
};

struct flow_request {
	const char *method;
	struct place method_place;
	struct flow_template url;
	struct flow_pairs headers;
	struct flow_pairs query;      /* [Query], [QueryStringParams] */
	bool has_form;                /* [Form] stands there, even empty */
	struct flow_pairs form;
	bool has_multipart;
	const struct flow_part_file *multipart;
	size_t multipart_count;
	struct flow_pairs cookies;
	struct flow_pairs basic_auth; /* at most one */
	const struct flow_option *options;
	size_t option_count;
	struct flow_body body;
};

struct flow_response {
	enum flow_version version;
	struct place version_place;
	bool is_any_status;           /* * */
	int64_t status;
	struct place status_place;
	struct flow_pairs headers;    /* implicit asserts */
	const struct flow_capture *captures;
	size_t capture_count;
	const struct flow_assert *asserts;
	size_t assert_count;
	struct flow_body body;        /* implicit assert */
};

struct flow_include {
	const char *name;
	struct place place;
};

struct flow_entry {
	struct place place;           /* of the request's method */
	uint32_t file;                /* where it stands: flow.files[] */
	bool is_always;               /* runs after a failure, too */
	struct flow_request request;
	bool has_response;
	struct flow_response response;
	bool clears_cookies;          /* # @cookie_storage_clear */
	const char *const *set_cookies; /* # @cookie_storage_set: Netscape
	                                 * lines, with tabs; done before the
	                                 * clearing */
	size_t set_cookie_count;
	/* Of an [Include], which only the parser sees as an entry. */
	const struct flow_include *includes;
	size_t include_count;
};

/* A text that entries stand in: the flow itself, then what it includes. */
struct flow_file {
	const char *path;             /* as people know it */
	const char *name;             /* below the flow's folder */
	size_t folder_len;            /* of name, with the final slash */
	const char *source;
	size_t source_len;
	uint32_t line_count;
	const uint32_t *line_marks;   /* see struct flow */
};

struct flow {
	char *path;                   /* as given to flow_parse */
	char *source;                 /* source_len bytes, NUL-terminated */
	size_t source_len;
	const struct flow_entry *entries;
	size_t entry_count;
	uint32_t line_count;
	const uint32_t *line_marks;   /* where each 64th line begins */
	const struct flow_file *files; /* at least one */
	size_t file_count;
	struct flow **parts;          /* held, by file */
	struct flow_entry *composed;  /* entries, when files are included */
	unsigned int holds;           /* by flow_hold */
	struct flow_arena *arena;     /* everything above, and regexes */
};

/*
 * Parse a flow's text; path names it in messages. Mistakes go to *cause with
 * their place and caret: the first one of a request, as there is no way to go
 * on after it but with the next; warnings may come besides. Returns 0 and a
 * flow held once, ERR_SYNTAX, or ERR_LIMIT.
 */
int flow_parse(const char *path, const char *source, size_t len,
    struct cause *cause, struct flow **out);

/* Share and let go; the last release frees it. release accepts NULL. */
struct flow *flow_hold(struct flow *flow);
void flow_release(struct flow **flow);

/*
 * Return line number line (from 1) of a file, without its end, for messages;
 * *len its length. NULL past the end.
 */
const char *flow_line(const struct flow_file *file, uint32_t line,
    size_t *len);

/* Whether {{name}} is a function, so that no variable can have the name. */
bool flow_is_function(const char *name);

/* Names as written in a file. */
const char *flow_query_name(enum flow_query_kind kind);
const char *flow_filter_name(enum flow_filter_kind kind);
const char *flow_predicate_name(enum flow_predicate_kind kind);
const char *flow_option_name(enum flow_option_kind kind);

#endif
