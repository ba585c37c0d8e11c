/* SPDX-License-Identifier: ISC */
/*
 * A channel carries messages over a stream socket (a socketpair to a child,
 * a Unix socket). Sending never blocks: frames queue in memory, and the
 * sender looks at channel_queued_bytes to hold back. The owner frees the
 * channel, also from within its callbacks.
 */
#ifndef BASE_CHANNEL_H
#define BASE_CHANNEL_H

#include "base/loop.h"
#include "base/message.h"

struct channel;

/* A message came; m and its document live until the callback returns. */
typedef void channel_message_cb(struct channel *ch, const struct message *m,
    void *arg);

/* The peer is gone or broke the protocol; err is ERR_CLOSED, ERR_CORRUPT or
 * ERR_IO. Nothing more arrives; the owner frees the channel. */
typedef void channel_closed_cb(struct channel *ch, int err, void *arg);

/* Called when the queue has become empty. May be NULL. */
typedef void channel_drained_cb(struct channel *ch, void *arg);

struct channel_handlers {
	channel_message_cb *message;
	channel_closed_cb *closed;
	channel_drained_cb *drained;
};

/* Take over fd (non-blocking is set here) and start reading. */
struct channel *channel_new(struct loop *loop, int fd,
    const struct channel_handlers *handlers, void *arg);

/* Close the socket; what is still queued is dropped. Safe in a callback. */
void channel_free(struct channel **ch);

/* Queue one message; the document is copied. */
void channel_send(struct channel *ch, const struct message *m);

/* Bytes queued and not yet taken by the kernel. */
size_t channel_queued_bytes(const struct channel *ch);

/* Stop or go on reading, to push back on the peer. */
void channel_pause(struct channel *ch);
void channel_resume(struct channel *ch);

/*
 * Write what is queued, blocking, for at most timeout. Used before exit.
 * Returns 0, ERR_BUSY when time ran out, ERR_CLOSED.
 */
int channel_flush(struct channel *ch, span_us timeout);

#endif
