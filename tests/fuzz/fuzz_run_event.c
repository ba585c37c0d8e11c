/* SPDX-License-Identifier: ISC */
/* A run event taken in place is what the JSON reader makes of it. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/must.h"
#include "store/run_event.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
same(const struct slice *a, const struct slice *b)
{
	must((a->text == NULL) == (b->text == NULL) && a->len == b->len);
	must(a->len == 0 || memcmp(a->text, b->text, a->len) == 0);
}

static void
compare(const struct run_event *a, const struct run_event *b)
{
	must(memcmp(a->id, b->id, sizeof(a->id)) == 0);
	must(a->has_trace == b->has_trace);
	must(memcmp(a->trace, b->trace, sizeof(a->trace)) == 0);
	same(&a->check, &b->check);
	same(&a->service, &b->service);
	same(&a->location, &b->location);
	same(&a->environment, &b->environment);
	same(&a->definition, &b->definition);
	same(&a->probe, &b->probe);
	same(&a->reason, &b->reason);
	same(&a->place_file, &b->place_file);
	same(&a->steps, &b->steps);
	same(&a->evidence, &b->evidence);
	must(a->outcome == b->outcome && a->trigger == b->trigger);
	must(a->due_us == b->due_us && a->started_us == b->started_us);
	must(a->late_us == b->late_us && a->lag_us == b->lag_us);
	must(a->duration_us == b->duration_us);
	must(a->place_line == b->place_line);
	must(a->place_column == b->place_column);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *doc = (const char *)data, *why_a = NULL, *why_b = NULL;
	struct run_event a, b;
	int rc_a = run_event_decode(doc, size, &a, &why_a);
	int rc_b = run_event_decode_by_reader(doc, size, &b, &why_b);

	must((rc_a == 0) == (rc_b == 0));
	if (rc_a != 0) {
		must(why_a != NULL && why_b != NULL);
		return (0);
	}
	compare(&a, &b);
	run_event_fini(&a);
	run_event_fini(&b);
	return (0);
}
