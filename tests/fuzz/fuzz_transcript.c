/* SPDX-License-Identifier: ISC */
/* Any bytes as a gate document: refused with a sentence, or replayed. */
#include <stddef.h>
#include <stdint.h>

#include "base/must.h"
#include "gate/replay.h"

#define SIZE_MOST 20000 /* more rounds only take longer */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct transcript t;
	struct replay replay;
	struct cause cause;
	int rc;

	if (size > SIZE_MOST)
		return (0);
	cause_init(&cause);
	rc = transcript_read((const char *)data, size, &t, &cause);
	must((rc == 0) == (cause.error_count == 0));
	cause_fini(&cause);
	if (rc != 0)
		return (0);
	replay_run(&t, &replay);
	must(replay.verdict != ENGINE_UNDECIDED);
	must(t.pair_count > 0 || replay.verdict == ENGINE_INCONCLUSIVE);
	transcript_fini(&t);
	return (0);
}
