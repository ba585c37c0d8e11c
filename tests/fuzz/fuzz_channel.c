/* SPDX-License-Identifier: ISC */
/*
 * Frames from a peer that is not to be trusted: a byte for the size of the
 * pieces, then the bytes of the stream. Exactly the whole frames before the
 * first broken one arrive, and the end is told once.
 */
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/channel.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/must.h"

#define MOST_BYTES 4000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct peer {
	size_t count, bytes;
	int err;
};

static void
message_cb(struct channel *ch, const struct message *m, void *arg)
{
	struct peer *peer = arg;

	(void)ch;
	must(peer->err == 0 && m->type < MESSAGE_TYPE_COUNT);
	must((m->doc == NULL) == (m->doc_len == 0));
	peer->count++;
	peer->bytes += MESSAGE_HEAD_SIZE + m->doc_len;
}

static void
closed_cb(struct channel *ch, int err, void *arg)
{
	struct peer *peer = arg;

	(void)ch;
	must(peer->err == 0 && err != 0);
	peer->err = err;
}

/* What should arrive of the stream. */
static struct peer
expect(const uint8_t *data, size_t size)
{
	struct peer peer = {0, 0, ERR_CLOSED};
	uint8_t again[MESSAGE_HEAD_SIZE];
	struct message m, same;

	while (size - peer.bytes >= MESSAGE_HEAD_SIZE) {
		if (message_decode_head(data + peer.bytes, &m) != 0) {
			peer.err = ERR_CORRUPT;
			break;
		}
		message_encode_head(&m, again);
		must(message_decode_head(again, &same) == 0);
		must(same.type == m.type && same.doc_len == m.doc_len &&
		    same.cookie == m.cookie && same.extra == m.extra &&
		    same.code == m.code &&
		    memcmp(same.id, m.id, sizeof(m.id)) == 0);
		if (m.doc_len > size - peer.bytes - MESSAGE_HEAD_SIZE)
			break;
		peer.count++;
		peer.bytes += MESSAGE_HEAD_SIZE + m.doc_len;
	}
	return (peer);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct channel_handlers handlers = {
	    .message = message_cb, .closed = closed_cb};
	static struct loop *loop;
	struct peer got = {0}, expected;
	struct channel *ch;
	size_t at, n, piece;
	int fds[2];

	if (size < 1 || size > MOST_BYTES)
		return (0);
	if (loop == NULL)
		loop = loop_new();
	expected = expect(data + 1, size - 1);
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
	ch = channel_new(loop, fds[0], &handlers, &got);
	piece = data[0] < 128 ? MOST_BYTES : (size_t)data[0] - 100;
	for (at = 1; at < size && got.err == 0; at += n) {
		n = size - at < piece ? size - at : piece;
		must(write(fds[1], data + at, n) == (ssize_t)n);
		loop_turn(loop, false);
	}
	close(fds[1]);
	while (got.err == 0)
		loop_turn(loop, true);
	must(got.count == expected.count && got.bytes == expected.bytes);
	must(got.err == expected.err);
	channel_free(&ch);
	return (0);
}
