/* SPDX-License-Identifier: ISC */
/*
 * What the language does with an answer: the implicit and explicit asserts
 * and the captures of an entry, in Hurl's order. Pure: no network, no loop;
 * wall time comes in with the scope.
 */
#ifndef PROBE_EVALUATE_H
#define PROBE_EVALUATE_H

#include "checks/flow.h"
#include "probe/findings.h"
#include "probe/response.h"
#include "probe/scope.h"

struct evaluate_counts {
	size_t asserts;  /* evaluated, implicit ones included */
	size_t captures;
};

/*
 * Evaluate the response part of an entry: version and status (stop when they
 * fail), captures in order into scope->variables (stop at the first that
 * fails), then headers, body and explicit asserts, all of them. Findings are
 * appended in order. Without a response part nothing is checked.
 */
void evaluate_entry(const struct flow_entry *entry, struct response *response,
    struct scope *scope, struct findings *findings,
    struct evaluate_counts *counts);

#endif
