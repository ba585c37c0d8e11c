/* SPDX-License-Identifier: ISC */
/* Asserts on one answer, a line of a flow each, with what they must find. */
#ifndef TESTS_EVALUATE_FIXTURE_H
#define TESTS_EVALUATE_FIXTURE_H

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "checks/flow.h"
#include "probe/evaluate.h"

#define EVALUATE_ANY "any"

struct evaluate_case {
	const char *line;
	const char *finding; /* "message | actual | expected"; NULL: holds */
};

struct evaluate_fixture {
	struct response *response;
	struct scope scope;
	struct findings findings;
	struct evaluate_counts counts;
};

/* Headers are "name: value", one a line. */
static inline void
evaluate_fixture_init(struct evaluate_fixture *f, const char *body,
    const char *headers)
{
	const char *colon;
	size_t len;

	memset(f, 0, sizeof(*f));
	f->response = response_new(1000000);
	f->response->status = 200;
	f->response->url = "http://a/b";
	memcpy(f->response->ip, "127.0.0.1", 10);
	f->response->timing.total = 1999;
	buf_append_str(&f->response->body, body);
	while (*headers != '\0') {
		len = strcspn(headers, "\n");
		colon = memchr(headers, ':', len);
		response_add_header(f->response, headers,
		    (size_t)(colon - headers), colon + 2,
		    len - (size_t)(colon - headers) - 2);
		headers += len + (headers[len] == '\n');
	}
	f->scope.variables = variables_new();
	f->scope.max_body_bytes = 1000000;
	f->scope.now = 1767268800 * SPAN_S; /* 2026-01-01T12:00:00Z */
	variables_set_text(f->scope.variables, "d", "\"2026-01-12\"");
	variables_set_text(f->scope.variables, "e", "\"2025-12-31\"");
	findings_init(&f->findings);
}

static inline void
evaluate_fixture_fini(struct evaluate_fixture *f)
{
	response_free(&f->response);
	variables_free(&f->scope.variables);
	findings_fini(&f->findings);
}

/* Evaluate the first entry of a flow; findings are started anew. */
static inline void
evaluate_fixture_run(struct evaluate_fixture *f, const char *source)
{
	struct cause cause;
	struct flow *flow = NULL;

	cause_init(&cause);
	if (flow_parse("t.hurl", source, strlen(source), &cause, &flow) != 0)
		fail_msg("%s: %s", source, cause.entries[0].sentence);
	findings_fini(&f->findings);
	evaluate_entry(&flow->entries[0], f->response, &f->scope,
	    &f->findings, &f->counts);
	flow_release(&flow);
	cause_fini(&cause);
}

/* "message | actual | expected", malloc'ed. */
static inline char *
evaluate_text(const struct finding *f)
{
	return (xasprintf("%s%s%s%s%s", f->message,
	    f->actual != NULL ? " | " : "", f->actual != NULL ? f->actual : "",
	    f->expected != NULL ? " | " : "",
	    f->expected != NULL ? f->expected : ""));
}

static inline void
evaluate_cases(const char *body, const char *headers,
    const struct evaluate_case *rows, size_t count)
{
	struct evaluate_fixture f;
	char *source, *got;
	size_t i;

	evaluate_fixture_init(&f, body, headers);
	for (i = 0; i < count; i++) {
		source = xasprintf("GET http://a/b\nHTTP 200\n[Asserts]\n%s\n",
		    rows[i].line);
		evaluate_fixture_run(&f, source);
		free(source);
		got = f.findings.count > 0 ?
		    evaluate_text(&f.findings.items[0]) : NULL;
		if ((got == NULL) != (rows[i].finding == NULL) ||
		    (got != NULL && strcmp(rows[i].finding, EVALUATE_ANY) != 0
		    && strcmp(got, rows[i].finding) != 0))
			fail_msg("%s\n got: %s\nnot: %s", rows[i].line,
			    got != NULL ? got : "nothing", rows[i].finding !=
			    NULL ? rows[i].finding : "nothing");
		free(got);
	}
	evaluate_fixture_fini(&f);
}

#endif
