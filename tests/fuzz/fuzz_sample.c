/* SPDX-License-Identifier: ISC */
/* Any bytes as a run event: a void sample, or latencies that make sense. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/must.h"
#include "gate/engine.h"
#include "gate/sample.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct plan_flow flow = {.path = "f.hurl"};
	static const struct plan_check plan = {.id = "s/c", .flow = &flow,
	    .timeout = 2 * SPAN_S};
	static struct suite_step steps[2];
	static uint32_t step_of_entry[] = {0, SUITE_NO_STEP, 1};
	static const struct suite_check check = {.plan = &plan, .id = "s/c",
	    .steps = steps, .step_count = 2, .step_of_entry = step_of_entry,
	    .entry_count = 3};
	static const uint8_t run[MESSAGE_ID_SIZE];
	struct sample s;
	int outcome, i;

	for (outcome = 0; outcome < OUTCOME_COUNT; outcome++) {
		sample_read(&s, &check, (enum outcome)outcome, run,
		    (const char *)data, size);
		for (i = 0; i < 2; i++)
			must(s.latency_ns[i] >= 0 ||
			    s.latency_ns[i] == ENGINE_NOT_REACHED);
		must(!outcome_is_ours((enum outcome)outcome) || s.is_void);
		sample_fini(&s);
	}
	return (0);
}
