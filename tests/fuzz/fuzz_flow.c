/* SPDX-License-Identifier: ISC */
/*
 * Any bytes: the parser either makes a tree, which can be walked, or says
 * why not, at a place inside of the text.
 */
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "base/must.h"
#include "checks/flow.h"
#include "checks/flow_include.h"
#include "checks/flow_visit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
visit_cb(const struct flow_mention *m, void *arg)
{
	size_t len;

	(void)arg;
	must(strlen(m->name) > 0 || m->place.line > 0);
	must(flow_line(m->file, m->place.line, &len) != NULL);
}

/* One file is there, empty but for a request; all others are the flow. */
static int
load(const struct flow_loader *loader, const char *name, char **text,
    size_t *len, const char **sentence)
{
	const struct flow_text *flow = loader->arg;

	*sentence = "there is no such file";
	if (strlen(name) > 64)
		return (-1);
	*len = strlen(name) % 2 == 0 ? 6 : flow->len;
	*text = xstrndup(*len == 6 ? "GET a\n" : flow->source, *len);
	return (0);
}

static void
check_entries(const struct flow *flow)
{
	size_t i;

	for (i = 0; i < flow->entry_count; i++) {
		const struct flow_entry *e = &flow->entries[i];

		must(e->request.method != NULL && e->place.line > 0);
		must(e->place.line <= flow->files[e->file].line_count);
		must(e->request.url.source != NULL);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct flow_text text = {"f.hurl", (const char *)data, size, NULL};
	const struct flow_loader loader = {.load = load, .arg = &text};
	struct flow *flow = NULL;
	struct cause cause;

	text.loader = &loader;
	cause_init(&cause);
	if (flow_parse_text(&text, &cause, &flow) == 0) {
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
