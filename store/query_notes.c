/* SPDX-License-Identifier: ISC */
/* An empty list must not be taken for good news. */
#include "store/query_notes.h"

#include "base/log.h"

/* 2026-11-20 21:55:41 UTC (3m20s ago) */
static void
print_time(wall_us t, FILE *out)
{
	char when[CLOCK_TEXT_SIZE], ago[CLOCK_SPAN_SIZE];

	clock_format_wall(t, when);
	clock_format_span(clock_wall() - t, ago);
	fprintf(out, "%.10s %.8s UTC (%s ago)", when, when + 11, ago);
}

void
query_notes_health(struct query *q, FILE *out)
{
	struct query_health h;

	if (query_health(q, &h) != 0)
		return;
	if (h.stale > 0) {
		fprintf(out, "%lld of %lld checks are stale: ",
		    (long long)h.stale, (long long)h.planned);
		if (h.newest_due_us == QUERY_NONE)
			fputs("nothing is recorded yet", out);
		else {
			fputs("the newest record is of ", out);
			print_time(h.newest_due_us, out);
		}
		fputs("; does e2e-scheduler run, and can it store?\n", out);
	}
	if (h.refused_us != QUERY_NONE) {
		fputs("the manifests were refused at ", out);
		print_time(h.refused_us, out);
		fprintf(out, "; the plan of before goes on: %s%s\n",
		    log_quote(h.mistake), h.mistakes > 1 ? " and more" : "");
	}
}

void
query_notes_failures(const struct query_check *checks, size_t count,
    FILE *out)
{
	size_t i, failing = 0, ours = 0;

	for (i = 0; i < count; i++) {
		if (query_check_is_failing(&checks[i]))
			failing++;
		else if (checks[i].has_run &&
		    outcome_is_ours(checks[i].last_outcome))
			ours++;
	}
	if (failing == 0)
		fprintf(out, "none of %zu checks is failing\n", count);
	if (ours > 0)
		fprintf(out, "of %zu the latest run is invalid, lost or "
		    "skipped: see e2e-query checks\n", ours);
}
