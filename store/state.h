/* SPDX-License-Identifier: ISC */
/*
 * What each check's latest runs say: the rows of check_state. The states
 * live in the registry; here they change, and reach main.db together with
 * the rollups. Part of the writer.
 */
#ifndef STORE_STATE_H
#define STORE_STATE_H

#include "store/rollup.h"

struct states;

int states_open(sqlite3 *db, struct states **out);
void states_close(struct states **states);

/* Take a scheduled run into its check's state; runs may come in any order. */
void states_see(struct states *states, const struct rollup_run *run);

/* Write what changed, in the caller's transaction. 0 or a store error. */
int states_write(struct states *states);

/* The transaction is committed: nothing is to be written. */
void states_settle(struct states *states);

#endif
