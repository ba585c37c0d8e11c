/* SPDX-License-Identifier: ISC */
/*
 * For local programs that store something now and then (a gate, a manual
 * run): talks to the e2e-store that serves the directory, or starts one for
 * as long as it is needed. Every call blocks, for at most its timeout.
 */
#ifndef STORE_CLIENT_H
#define STORE_CLIENT_H

#include "base/cause.h"
#include "base/clock.h"
#include "base/message.h"

struct store_client;

/*
 * Connect to the store in dir. Returns 0; ERR_BUSY when it did not answer in
 * time; ERR_IO when none can be started; with a sentence in c.
 */
int store_client_open(const char *dir, span_us timeout,
    struct store_client **out, struct cause *c);

/*
 * Hand in one document and wait until it is on disk. m: type RESULT,
 * RESULT_AGAIN, PLAN or GATE, id and document; the cookie is set here.
 * Returns 0; ERR_IO when the store refused it or went away, ERR_BUSY when
 * time ran out (it may still be stored: send it as RESULT_AGAIN, or the GATE
 * again); with a sentence in c.
 */
int store_client_send(struct store_client *sc, const struct message *m,
    span_us timeout, struct cause *c);

/*
 * Hand in a document and go on: store_client_poll says what came of it. Not
 * while an earlier one is under way.
 */
void store_client_post(struct store_client *sc, const struct message *m);

/*
 * Move what is under way along, without waiting. Returns 0 when all is on
 * disk, 1 when something is under way, ERR_IO when the store refused it or
 * went away.
 */
int store_client_poll(struct store_client *sc);

/* Hang up; a store that was started for us ends. */
void store_client_close(struct store_client **sc);

#endif
