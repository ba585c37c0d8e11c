/* SPDX-License-Identifier: ISC */
/* What the parts of the gate document share. */
#ifndef GATE_REPORT_JSON_H
#define GATE_REPORT_JSON_H

#include "base/json_out.h"
#include "gate/report.h"

/* Members of the object that is open, or its elements. */
void report_json_hex(struct json_out *o, const char *name,
    const uint8_t id[static MESSAGE_ID_SIZE]);
void report_json_margin(struct json_out *o, const char *name,
    struct latency_margin m);
void report_json_counts(struct json_out *o, const struct engine_counts *n);
void report_json_failure(const struct report *r, size_t check,
    const struct ledger_failure *f, struct json_out *o);
void report_json_check(const struct report *r, size_t check,
    struct json_out *o);

#endif
