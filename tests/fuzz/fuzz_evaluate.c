/* SPDX-License-Identifier: ISC */
/*
 * Asserts on an answer, end to end: a flow, a line with ====, a body. The
 * flow's first entry is evaluated, with its body templates, twice, and finds
 * the same both times.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "checks/flow.h"
#include "probe/evaluate.h"
#include "probe/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t
evaluate(const struct flow_entry *entry, const char *body, size_t len)
{
	struct response *r = response_new(1u << 16);
	struct scope scope = {.variables = variables_new(),
	    .max_body_bytes = 1u << 16};
	struct findings findings;
	struct evaluate_counts counts;
	struct buf out;
	size_t count;

	findings_init(&findings);
	buf_init(&out, 1u << 16);
	r->status = 200;
	r->url = "http://a/";
	buf_append(&r->body, body, len);
	response_add_header(r, "Set-Cookie", 10, "a=b; Path=/; Secure", 19);
	variables_set_text(scope.variables, "v", "5");
	(void)template_body(&entry->request.body, &scope, &out, NULL,
	    &findings);
	evaluate_entry(entry, r, &scope, &findings, &counts);
	count = findings.count;
	buf_fini(&out);
	findings_fini(&findings);
	variables_free(&scope.variables);
	response_free(&r);
	return (count);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *body;
	struct cause cause;
	struct flow *flow = NULL;
	size_t len;

	if (size > 5000)
		return (0);
	body = memmem(text, size, "====\n", 5);
	len = body != NULL ? (size_t)(body - text) : size;
	body = body != NULL ? body + 5 : text + size;
	cause_init(&cause);
	if (flow_parse("f.hurl", text, len, &cause, &flow) == 0 &&
	    flow->entry_count > 0)
		must(evaluate(&flow->entries[0], body,
		    (size_t)(text + size - body)) ==
		    evaluate(&flow->entries[0], body,
		    (size_t)(text + size - body)));
	flow_release(&flow);
	cause_fini(&cause);
	return (0);
}
