/* SPDX-License-Identifier: ISC */
/*
 * The evidence of an earlier gate over the same candidate, baseline and
 * definitions: it counts in this one. Evidence is an e-process, which may be
 * continued at any time and never begins anew: re-running a gate until it is
 * green is no way to a pass.
 */
#ifndef GATE_EARLIER_H
#define GATE_EARLIER_H

#include "gate/settings.h"
#include "gate/suite.h"
#include "gate/transcript.h"

/*
 * What is judged: a hash over the versions of both arms and every check's
 * two definitions. "" when the candidate has no version: nothing tells then
 * that the next gate's candidate is the same.
 */
void earlier_identity(const struct settings *s, const struct suite *suite,
    char out[static DEFINITION_HASH_SIZE]);

/*
 * What only one gate at a time may judge: the identity, that of the gate to
 * resume, or its id; "" when nothing is shared with another gate. Returns 0,
 * or the exit code after a sentence on stderr.
 */
int earlier_key(const struct settings *s, const struct suite *suite,
    char out[static DEFINITION_HASH_SIZE]);

/*
 * Find the earlier gate in the store: the one to resume, or the newest of
 * the same identity. *out->doc stays NULL when there is none, or when its
 * evidence is too old; aged then names it, else it is "". Returns 0, or the
 * exit code, with a sentence on stderr, when there is one that this gate
 * cannot continue.
 */
int earlier_load(const struct settings *s, struct suite *suite,
    struct transcript *out, char aged[static 2 * MESSAGE_ID_SIZE + 1]);

/*
 * Take over what the earlier gate judged with: its coins, the candidate's
 * version, the checks' histories. Continuing is the same judgement.
 */
void earlier_adopt(const struct transcript *t, struct settings *s,
    struct suite *suite);

#endif
