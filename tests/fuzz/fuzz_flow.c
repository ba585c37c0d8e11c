/* SPDX-License-Identifier: ISC */
/*
 * Any bytes: the parser either makes a tree, which can be walked, or says
 * why not, at a place inside of the text.
 */
#include <stdint.h>
#include <string.h>

#include "base/must.h"
#include "checks/flow.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
visit_cb(const char *name, struct place place, void *arg)
{
	const struct flow *flow = arg;
	size_t len;

	must(strlen(name) > 0 || place.line > 0);
	must(flow_line(flow, place.line, &len) != NULL);
}

static void
check_entries(const struct flow *flow)
{
	size_t i;

	for (i = 0; i < flow->entry_count; i++) {
		const struct flow_entry *e = &flow->entries[i];

		must(e->request.method != NULL && e->place.line > 0);
		must(e->place.line <= flow->line_count);
		must(e->request.url.source != NULL);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct flow *flow = NULL;
	struct cause cause;

	cause_init(&cause);
	if (flow_parse("f.hurl", (const char *)data, size, &cause, &flow) ==
	    0) {
		must(cause.error_count == 0);
		check_entries(flow);
		flow_visit_files(flow, visit_cb, flow);
		flow_visit_variables(flow, visit_cb, flow);
	} else {
		must(flow == NULL && cause.error_count >= 1);
		must(cause.entries[cause.count - 1].sentence[0] != '\0');
	}
	flow_release(&flow);
	cause_fini(&cause);
	return (0);
}
