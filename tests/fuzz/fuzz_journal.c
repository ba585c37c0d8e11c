/* SPDX-License-Identifier: ISC */
/*
 * The scheduler's journal: any bytes as its file, then changes. What is there
 * after a restart is what was there before it, in the same order, and each
 * value is one line of JSON.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"
#include "scheduler/journal.h"

#define MOST_BYTES 3000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char dir[] = "/tmp/fuzz-journal.XXXXXX";
static char *path;

static void
clean_up(void)
{
	unlink(path);
	rmdir(dir);
	free(path);
}

static void
prepare(void)
{
	must(mkdtemp(dir) != NULL);
	path = file_join(dir, "journal");
	log_init("fuzz", LOG_ERROR);
	must(atexit(clean_up) == 0);
}

static void
write_file(const uint8_t *data, size_t size)
{
	FILE *f = fopen(path, "w");

	must(f != NULL && fwrite(data, 1, size, f) == size && fclose(f) == 0);
}

/* All that a journal holds, as text. */
static void
write_out(const struct journal *j, struct buf *out)
{
	const char *name, *value;

	for (name = journal_next(j, NULL); name != NULL;
	    name = journal_next(j, name)) {
		value = journal_find(j, name);
		must(value != NULL);
		must(json_scan(value, strlen(value), 1024) == strlen(value));
		buf_printf(out, "%s %s\n", name, value);
	}
}

static void
must_be_same_again(struct journal **j)
{
	struct buf before, after;

	buf_init(&before, 1u << 20);
	buf_init(&after, 1u << 20);
	write_out(*j, &before);
	journal_close(j);
	*j = journal_open(path);
	write_out(*j, &after);
	must(strcmp(buf_str(&before), buf_str(&after)) == 0);
	buf_fini(&before);
	buf_fini(&after);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct journal *j;
	const char *name;

	if (size > MOST_BYTES)
		return (0);
	if (path == NULL)
		prepare();
	write_file(data, size);
	j = journal_open(path);
	must_be_same_again(&j);
	if ((name = journal_next(j, NULL)) != NULL)
		journal_put(j, name, "1");
	journal_put(j, "new \"name\"", "{\"a\":[1.50,null]}");
	must_be_same_again(&j);
	must(strcmp(journal_find(j, "new \"name\""),
	    "{\"a\":[1.50,null]}") == 0);
	journal_remove(j, "new \"name\"");
	must(journal_find(j, "new \"name\"") == NULL);
	must_be_same_again(&j);
	journal_close(&j);
	return (0);
}
