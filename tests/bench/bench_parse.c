/* SPDX-License-Identifier: ISC */
/*
 * How long a flow takes to parse: 10,000 entries of what people write
 * (headers, options, a JSON body, captures, asserts with regexes and filters),
 * the best and the median of several rounds in CPU time. With "full" exits
 * with 10 when the median is over the figure that we hold; without, a short
 * slice for "make check" that time does not judge.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/must.h"
#include "checks/flow.h"

#define ENTRIES 10000
#define ENTRIES_SLICE 200
#define ROUNDS 11
#define MOST (100 * SPAN_MS)

static const char entry[] =
    "# Pay, and look at what was paid.\n"
    "POST {{base_url}}/v1/payments/{{customer}}\n"
    "Authorization: Bearer {{api_key}}\n"
    "Idempotency-Key: {{newUuid}}\n"
    "[Options]\n"
    "retry: 2\n"
    "{\"amount\": %zu, \"currency\": \"eur\", \"note\": \"{{note}}\"}\n"
    "HTTP 200\n"
    "Content-Type: application/json\n"
    "[Captures]\n"
    "payment: jsonpath \"$.id\"\n"
    "[Asserts]\n"
    "jsonpath \"$.status\" == \"succeeded\"\n"
    "jsonpath \"$.lines[*].amount\" count == 3\n"
    "header \"X-Request-Id\" matches /^req_[a-z0-9]+$/\n"
    "duration < 800\n"
    "\n";

static int
by_time(const void *pa, const void *pb)
{
	const span_us *a = pa, *b = pb;

	return (*a < *b ? -1 : *a > *b);
}

int
main(int argc, char **argv)
{
	bool is_full = argc == 2 && strcmp(argv[1], "full") == 0;
	size_t entries = is_full ? ENTRIES : ENTRIES_SLICE;
	span_us spans[ROUNDS];
	struct flow *flow;
	struct cause cause;
	struct buf text;
	size_t i;

	buf_init(&text, FLOW_MOST_BYTES);
	for (i = 0; i < entries; i++)
		buf_printf(&text, entry, i);
	for (i = 0; i < ROUNDS; i++) {
		span_us begin = clock_cpu();

		flow = NULL;
		cause_init(&cause);
		must(flow_parse("bench.hurl", buf_str(&text), text.len,
		    &cause, &flow) == 0);
		spans[i] = clock_cpu() - begin;
		must(flow->entry_count == entries);
		flow_release(&flow);
		cause_fini(&cause);
	}
	qsort(spans, ROUNDS, sizeof(spans[0]), by_time);
	printf("%zu entries, %.1f MB: best %.1f ms, median %.1f ms "
	    "(of %d at most %.0f)\n", entries, (double)text.len / 1e6,
	    (double)spans[0] / 1e3, (double)spans[ROUNDS / 2] / 1e3,
	    ENTRIES, (double)MOST / 1e3);
	buf_fini(&text);
	return (is_full && spans[ROUNDS / 2] > MOST ? EXIT_BAD : EXIT_GOOD);
}
