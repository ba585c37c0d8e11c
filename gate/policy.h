/* SPDX-License-Identifier: ISC */
/*
 * Policies: what manifests say of how a service and its checks are judged,
 * over the defaults and under the command line. doc/gate.md has the rules.
 */
#ifndef GATE_POLICY_H
#define GATE_POLICY_H

#include "gate/settings.h"
#include "gate/suite.h"

/*
 * Take over what the manifests say to the gate: settings that the command
 * line and the environment leave open, and limits, budgets and policies of
 * the checks. Returns 0, or after sentences on stderr EXIT_DEFINITION, when
 * manifests contradict each other or give away more than all of alpha, or
 * EXIT_USAGE, when no check that is judged sees the candidate. What an expired
 * quarantine held back is judged again, after a warning.
 */
int policy_take(struct suite *suite, struct settings *s);

/* Judged, and not only run and reported. */
bool policy_is_judged(const struct suite_check *c);

/* What an inconclusive gate is to do when this check has no verdict. */
enum on_inconclusive policy_on_inconclusive(const struct settings *s,
    const struct suite_check *c);

/* The stricter of two wishes: block, hold, pass. */
enum on_inconclusive policy_stricter(enum on_inconclusive a,
    enum on_inconclusive b);

/* Say on stderr of which checks the history rules a pass out. */
void policy_warn_of_history(const struct suite *suite);

#endif
