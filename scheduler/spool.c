/* SPDX-License-Identifier: ISC */
/*
 * Segments are named events-<number>.spool and hold frames in the wire form
 * of message.h, with a checksum in the place of the cookie. The first one is
 * read from, the last one may be written to; a segment is no longer written
 * once the reader has come to its end.
 */
#include "scheduler/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"

#define SEGMENT_MOST_BYTES (16u << 20)
#define NAME_FORMAT "events-%020llu.spool"
#define NAME_SIZE 40
#define WRITER_FLAGS (O_RDWR | O_CREAT | O_EXCL | O_APPEND)

struct segment {
	TAILQ_ENTRY(segment) link;
	uint64_t number;
	uint64_t bytes;     /* written and whole */
	uint64_t read_at;
	uint64_t given;     /* events read, or passed over */
	uint64_t done;      /* of those, stored */
	uint64_t written;   /* events appended by this process */
	int fd;             /* -1: not open */
	bool is_read;       /* to its end */
	bool is_kept;       /* the disk did not give it: for another time */
};

TAILQ_HEAD(segment_list, segment);

struct spool {
	char *dir;
	int lock_fd;             /* of the directory, locked */
	struct segment_list segments;
	struct segment *writer;  /* the last one while it may grow */
	uint64_t last_number;
	struct buf doc;
};

/* Over the head without its cookie, and the document: FNV-1a, 64 bits. */
static uint64_t
checksum(const uint8_t head[static MESSAGE_HEAD_SIZE], const char *doc,
    size_t len)
{
	uint64_t h = 0xcbf29ce484222325u;
	size_t i;

	for (i = 0; i < MESSAGE_HEAD_SIZE; i++)
		if (i < 8 || i >= 16)
			h = (h ^ head[i]) * 0x100000001b3u;
	for (i = 0; i < len; i++)
		h = (h ^ (uint8_t)doc[i]) * 0x100000001b3u;
	return (h);
}

static char *
segment_path(const struct spool *s, uint64_t number)
{
	char name[NAME_SIZE];

	snprintf(name, sizeof(name), NAME_FORMAT, (unsigned long long)number);
	return (file_join(s->dir, name));
}

static struct segment *
segment_new(struct spool *s, uint64_t number)
{
	struct segment *g = xcalloc(1, sizeof(*g)), *at;

	g->number = number;
	g->fd = -1;
	if (number > s->last_number)
		s->last_number = number;
	TAILQ_FOREACH(at, &s->segments, link)
		if (at->number > number)
			break;
	if (at != NULL)
		TAILQ_INSERT_BEFORE(at, g, link);
	else
		TAILQ_INSERT_TAIL(&s->segments, g, link);
	return (g);
}

static void
segment_free(struct spool *s, struct segment *g, bool is_removed)
{
	char *path = segment_path(s, g->number);

	if (g->fd >= 0)
		close(g->fd);
	if (is_removed && unlink(path) != 0)
		log_warn("spool.segment.unlink", "path=%s error=%s",
		    log_quote(path), log_quote(strerror(errno)));
	TAILQ_REMOVE(&s->segments, g, link);
	free(path);
	free(g);
}

/* Returns 0, ERR_BUSY when it may succeed in a moment, or ERR_IO. */
static int
segment_open(struct spool *s, struct segment *g, int flags)
{
	char *path;

	if (g->fd >= 0)
		return (0);
	path = segment_path(s, g->number);
	g->fd = open(path, flags | O_CLOEXEC, 0600);
	free(path);
	if (g->fd >= 0)
		return (0);
	return (errno == EMFILE || errno == ENFILE ? ERR_BUSY : ERR_IO);
}

/* Find what an earlier process left. */
static int
find_segments(struct spool *s)
{
	DIR *d = opendir(s->dir);
	struct dirent *entry;
	struct stat st;
	struct segment *g;
	unsigned long long number;
	int end = 0;

	if (d == NULL)
		return (ERR_IO);
	while ((entry = readdir(d)) != NULL) {
		if (sscanf(entry->d_name, "events-%20llu.spool%n", &number,
		    &end) != 1 || entry->d_name[end] != '\0' ||
		    fstatat(dirfd(d), entry->d_name, &st, 0) != 0)
			continue;
		if (st.st_size == 0) {
			unlinkat(dirfd(d), entry->d_name, 0);
			continue;
		}
		g = segment_new(s, number);
		g->bytes = (uint64_t)st.st_size;
		log_info("spool.segment.found", "name=%s bytes=%llu",
		    entry->d_name, (unsigned long long)g->bytes);
	}
	closedir(d);
	return (0);
}

/* The lock goes with the process, however it ends. */
static int
lock_dir(const char *dir, int *fd)
{
	*fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd < 0)
		return (ERR_IO);
	if (flock(*fd, LOCK_EX | LOCK_NB) == 0)
		return (0);
	close(*fd);
	return (errno == EWOULDBLOCK ? ERR_BUSY : ERR_IO);
}

int
spool_open(const char *dir, struct spool **out)
{
	struct spool *s;
	int fd, rc;

	if (file_make_dirs(dir) != 0)
		return (ERR_IO);
	rc = lock_dir(dir, &fd);
	if (rc != 0)
		return (rc);
	s = xcalloc(1, sizeof(*s));
	s->lock_fd = fd;
	s->dir = xstrdup(dir);
	TAILQ_INIT(&s->segments);
	buf_init(&s->doc, MESSAGE_MOST_BYTES);
	if (find_segments(s) != 0) {
		spool_close(&s);
		return (ERR_IO);
	}
	*out = s;
	return (0);
}

void
spool_close(struct spool **sp)
{
	struct spool *s = *sp;
	struct segment *g;

	if (s == NULL)
		return;
	*sp = NULL;
	while ((g = TAILQ_FIRST(&s->segments)) != NULL)
		segment_free(s, g, false);
	buf_fini(&s->doc);
	close(s->lock_fd);
	free(s->dir);
	free(s);
}

/* The segment to read from, NULL when all is read. */
static struct segment *
reading(const struct spool *s)
{
	struct segment *g;

	TAILQ_FOREACH(g, &s->segments, link)
		if (!g->is_read && g->read_at < g->bytes)
			return (g);
	return (NULL);
}

bool
spool_is_read(const struct spool *s)
{
	return (reading(s) == NULL);
}

static void
segment_settle(struct spool *s, struct segment *g)
{
	if (g->is_read && g->done >= g->given)
		segment_free(s, g, !g->is_kept);
}

/* The reader is through with it: it grows no more. */
static void
segment_end(struct spool *s, struct segment *g)
{
	g->is_read = true;
	if (s->writer == g)
		s->writer = NULL;
	segment_settle(s, g);
}

static int
writer_open(struct spool *s)
{
	struct segment *g = s->writer;

	if (g != NULL && g->bytes < SEGMENT_MOST_BYTES)
		return (0);
	g = segment_new(s, s->last_number + 1);
	/* Whoever removed the store's folder removed ours within it. */
	if (segment_open(s, g, WRITER_FLAGS) != 0 && (errno != ENOENT ||
	    file_make_dirs(s->dir) != 0 ||
	    segment_open(s, g, WRITER_FLAGS) != 0)) {
		segment_free(s, g, false);
		return (ERR_IO);
	}
	s->writer = g;
	return (0);
}

/* Undo a write that went in halfway. */
static void
writer_cut(struct spool *s)
{
	int saved = errno;

	/* When even that fails the reader stops at the torn frame. */
	if (ftruncate(s->writer->fd, (off_t)s->writer->bytes) != 0)
		s->writer = NULL;
	errno = saved;
}

int
spool_append(struct spool *s, const struct message *m, uint64_t *segment)
{
	struct message copy = *m;
	uint8_t head[MESSAGE_HEAD_SIZE];
	struct iovec iov[2];
	ssize_t n, want = (ssize_t)(MESSAGE_HEAD_SIZE + m->doc_len);

	if (writer_open(s) != 0)
		return (ERR_IO);
	copy.type = MESSAGE_RESULT;
	copy.cookie = 0;
	message_encode_head(&copy, head);
	copy.cookie = checksum(head, m->doc, m->doc_len);
	message_encode_head(&copy, head);
	iov[0].iov_base = head;
	iov[0].iov_len = sizeof(head);
	iov[1].iov_base = (void *)(uintptr_t)m->doc;
	iov[1].iov_len = m->doc_len;
	n = writev(s->writer->fd, iov, 2);
	if (n != want) {
		if (n >= 0)
			errno = ENOSPC;
		writer_cut(s);
		return (ERR_IO);
	}
	s->writer->bytes += (uint64_t)want;
	s->writer->written++;
	if (segment != NULL)
		*segment = s->writer->number;
	return (0);
}

void
spool_skip(struct spool *s)
{
	struct segment *g, *next;

	for (g = TAILQ_FIRST(&s->segments); g != NULL; g = next) {
		next = TAILQ_NEXT(g, link);
		if (g->is_read)
			continue;
		g->read_at = g->bytes;
		g->given = g->written;
		segment_end(s, g);
	}
}

static int
read_fully(int fd, void *p, size_t len, uint64_t at)
{
	char *to = p;
	ssize_t n;

	while (len > 0) {
		n = pread(fd, to, len, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return (n < 0 ? ERR_IO : ERR_CORRUPT);
		to += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return (0);
}

static int
read_frame(struct spool *s, struct segment *g, struct message *m)
{
	uint8_t head[MESSAGE_HEAD_SIZE];
	uint64_t left = g->bytes - g->read_at;
	int rc;

	if ((rc = segment_open(s, g, O_RDONLY)) != 0)
		return (rc);
	if (left < MESSAGE_HEAD_SIZE)
		return (ERR_CORRUPT);
	if ((rc = read_fully(g->fd, head, sizeof(head), g->read_at)) != 0)
		return (rc);
	if (message_decode_head(head, m) != 0 || m->code >= OUTCOME_COUNT ||
	    m->doc_len > left - MESSAGE_HEAD_SIZE)
		return (ERR_CORRUPT);
	buf_reset(&s->doc);
	if (buf_reserve(&s->doc, m->doc_len + 1) != 0)
		return (ERR_CORRUPT);
	rc = read_fully(g->fd, s->doc.data, m->doc_len,
	    g->read_at + MESSAGE_HEAD_SIZE);
	if (rc == 0 && m->cookie != checksum(head, s->doc.data, m->doc_len))
		rc = ERR_CORRUPT;
	m->doc = s->doc.data;
	m->cookie = 0;
	return (rc);
}

/* Go on behind a segment of which no more can be read. */
static void
pass_over(struct spool *s, struct segment *g, int why)
{
	const char *error = why == ERR_IO ? strerror(errno) : err_text(why);

	log_warn(why == ERR_IO ? "spool.segment.unreadable" :
	    "spool.segment.torn", "number=%llu at_bytes=%llu bytes=%llu "
	    "error=%s", (unsigned long long)g->number,
	    (unsigned long long)g->read_at, (unsigned long long)g->bytes,
	    log_quote(error));
	g->is_kept = why == ERR_IO;
	segment_end(s, g);
}

int
spool_read(struct spool *s, struct message *m, uint64_t *segment)
{
	struct segment *g;
	int rc;

	while ((g = reading(s)) != NULL) {
		rc = read_frame(s, g, m);
		if (rc == ERR_BUSY)
			return (rc);
		if (rc != 0) {
			pass_over(s, g, rc);
			continue;
		}
		g->read_at += MESSAGE_HEAD_SIZE + m->doc_len;
		g->given++;
		*segment = g->number;
		if (g->read_at == g->bytes)
			segment_end(s, g);
		return (0);
	}
	return (ERR_NOT_FOUND);
}

void
spool_scan(struct spool *s, uint64_t most_bytes,
    void (*cb)(const struct message *m, void *arg), void *arg)
{
	struct segment *g;
	struct message m;
	uint64_t start, seen = 0;

	TAILQ_FOREACH(g, &s->segments, link) {
		start = g->read_at;
		while (seen < most_bytes && g->read_at < g->bytes &&
		    read_frame(s, g, &m) == 0) {
			g->read_at += MESSAGE_HEAD_SIZE + m.doc_len;
			seen += MESSAGE_HEAD_SIZE + m.doc_len;
			cb(&m, arg);
		}
		g->read_at = start;
	}
}

void
spool_done(struct spool *s, uint64_t segment)
{
	struct segment *g;

	TAILQ_FOREACH(g, &s->segments, link) {
		if (g->number == segment) {
			g->done++;
			segment_settle(s, g);
			return;
		}
	}
}

uint64_t
spool_bytes(const struct spool *s)
{
	const struct segment *g;
	uint64_t sum = 0;

	TAILQ_FOREACH(g, &s->segments, link)
		sum += g->bytes;
	return (sum);
}
