/* SPDX-License-Identifier: ISC */
/*
 * Which runs keep their evidence. A check that fails for a day, each ten
 * seconds, with up to 80 KiB each time, would fill disks with the same answer.
 * Of one check the first EVIDENCE_FIRST runs in a row that have evidence keep
 * it, and then one in EVIDENCE_EVERY; what is not used gathers up to
 * EVIDENCE_FIRST again. News keep theirs whatever was before, at most one in
 * EVIDENCE_NEWS: the first run of a streak, one that fails elsewhere or in
 * another way than the last that kept it. Part of the writer; in memory, so
 * a new process begins anew.
 */
#ifndef STORE_EVIDENCE_H
#define STORE_EVIDENCE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/clock.h"
#include "store/run_event.h"

#define EVIDENCE_FIRST 5
#define EVIDENCE_EVERY (10 * SPAN_MIN)
#define EVIDENCE_NEWS  (1 * SPAN_MIN)

/* Of one check; NULL as long as none of its runs had evidence. */
struct evidence_account;

void evidence_account_free(struct evidence_account **a);

/*
 * Account for a scheduled run, in the order of storing. When its evidence
 * shall not be kept, e->evidence becomes {"in_run":"<32 hex digits>"}, the
 * run that has some; written to text, which must live as long as the event.
 */
void evidence_thin(struct evidence_account **a, struct run_event *e,
    struct buf *text);

#endif
