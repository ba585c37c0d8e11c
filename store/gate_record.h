/* SPDX-License-Identifier: ISC */
/* The tables gate, gate_round and note of main.db. Part of the writer. */
#ifndef STORE_GATE_RECORD_H
#define STORE_GATE_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "base/message.h"
#include "store/db.h"

struct gate_record;

int gate_record_open(sqlite3 *db, struct gate_record **out);
void gate_record_close(struct gate_record **g);

/*
 * Store a gate document (doc/gate-document.md) in one transaction; a gate of
 * the same id is replaced, its rounds from the member rounds_from on. A
 * document with the member kind is a note. Returns 0, ERR_SYNTAX when the
 * document is not a JSON object, or a store error.
 */
int gate_record_put(struct gate_record *g,
    const uint8_t id[static MESSAGE_ID_SIZE], const char *doc, size_t len);

#endif
