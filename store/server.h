/* SPDX-License-Identifier: ISC */
/*
 * The process e2e-store: takes documents from its parent's channel and from
 * local clients on writer.sock, commits them in batches and acknowledges
 * each batch after its commit.
 *
 * When the disk refuses, the batch is rolled back and every peer with
 * something unacknowledged gets REFUSED. From then on documents are dropped
 * until a write works again; the parent then gets READY and sends again what
 * was not acknowledged. Since ACK covers everything before it, documents of
 * the parent that were on their way during all this are dropped too, until
 * the first that is sent again.
 */
#ifndef STORE_SERVER_H
#define STORE_SERVER_H

#include "base/loop.h"
#include "store/writer.h"

struct server;

/*
 * Serve writer on loop: parent_fd is a channel to the parent or -1; local
 * clients come to writer.sock in dir. Stops the loop at the parent's end of
 * file or STOP, with everything received committed. Returns 0 or ERR_IO with
 * a sentence in c.
 */
int server_new(struct loop *loop, struct store_writer *writer,
    const char *dir, int parent_fd, struct server **out, struct cause *c);

/* Commit, and end all peers. The writer stays its owner's. */
void server_free(struct server **s);

/* 0, or the error for which the parent was given up. */
int server_result(const struct server *s);

#endif
