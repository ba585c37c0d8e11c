/* SPDX-License-Identifier: ISC */
/*
 * The scheduler's spool after a crash: events are appended, one byte of the
 * file changes, its end is lost. All events before the damage come back as
 * they were, none behind it, and what is done leaves no file. Input: count,
 * where (2 bytes), change, end (2 bytes), then the documents.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"
#include "scheduler/spool.h"

#define HEAD 6
#define MOST_EVENTS 8
#define MOST_BYTES 2000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char dir[] = "/tmp/fuzz-spool.XXXXXX";
static char *path;

struct events {
	struct message items[MOST_EVENTS];
	size_t ends[MOST_EVENTS]; /* in the file */
	size_t count;
};

static void
clean_up(void)
{
	rmdir(dir);
	free(path);
}

static void
prepare(void)
{
	must(mkdtemp(dir) != NULL);
	path = file_join(dir, "events-00000000000000000001.spool");
	log_init("fuzz", LOG_ERROR);
	must(atexit(clean_up) == 0);
}

static void
split(const uint8_t *data, size_t size, struct events *e)
{
	size_t i, len, at = 0;

	e->count = data[0] % MOST_EVENTS + 1;
	for (i = 0; i < e->count; i++) {
		len = i + 1 == e->count ? size - HEAD - at :
		    (size - HEAD) / e->count;
		e->items[i] = (struct message){.type = MESSAGE_RESULT,
		    .code = (uint16_t)((data[0] + i) % OUTCOME_COUNT),
		    .extra = i, .doc = (const char *)data + HEAD + at,
		    .doc_len = len};
		memset(e->items[i].id, (int)i, MESSAGE_ID_SIZE);
		at += len;
		e->ends[i] = at + (i + 1) * MESSAGE_HEAD_SIZE;
	}
}

static void
append(struct events *e)
{
	struct spool *s;
	size_t i;

	must(spool_open(dir, &s) == 0);
	for (i = 0; i < e->count; i++)
		must(spool_append(s, &e->items[i], NULL) == 0);
	must(spool_bytes(s) == e->ends[e->count - 1]);
	spool_close(&s);
}

/* Returns how many bytes at the beginning of the file are as they were. */
static size_t
damage(const uint8_t *data, size_t bytes)
{
	size_t at = (data[1] | (size_t)data[2] << 8) % bytes;
	size_t end = data[4] | (size_t)data[5] << 8;
	uint8_t byte;
	int fd = open(path, O_RDWR | O_CLOEXEC);

	must(fd >= 0 && pread(fd, &byte, 1, (off_t)at) == 1);
	byte ^= data[3];
	must(pwrite(fd, &byte, 1, (off_t)at) == 1);
	if (end < bytes)
		must(ftruncate(fd, (off_t)end) == 0);
	close(fd);
	if (data[3] == 0)
		at = bytes;
	return (at < end ? at : end);
}

static void
must_be_same(const struct message *a, const struct message *b)
{
	must(a->code == b->code && a->doc_len == b->doc_len);
	must(memcmp(a->id, b->id, sizeof(a->id)) == 0);
	must(a->doc_len == 0 || memcmp(a->doc, b->doc, a->doc_len) == 0);
}

static void
read_back(const struct events *e, size_t intact)
{
	uint64_t segments[MOST_EVENTS];
	struct message m;
	struct spool *s;
	struct stat st;
	size_t i, count = 0;

	must(spool_open(dir, &s) == 0);
	while (spool_read(s, &m, &segments[count]) == 0) {
		must(count < e->count && e->ends[count] <= intact);
		must_be_same(&m, &e->items[count++]);
	}
	must(count == e->count || e->ends[count] > intact);
	must(spool_is_read(s));
	for (i = 0; i < count; i++)
		spool_done(s, segments[i]);
	must(spool_bytes(s) == 0);
	spool_close(&s);
	must(stat(path, &st) != 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct events e;

	if (size < HEAD || size > MOST_BYTES)
		return (0);
	if (path == NULL)
		prepare();
	split(data, size, &e);
	append(&e);
	read_back(&e, damage(data, e.ends[e.count - 1]));
	return (0);
}
