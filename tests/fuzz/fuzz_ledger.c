/* SPDX-License-Identifier: ISC */
/*
 * The scheduler's ledger: any bytes as its file, then changes. What is there
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
#include "scheduler/ledger.h"

#define MOST_BYTES 3000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char dir[] = "/tmp/fuzz-ledger.XXXXXX";
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
	path = file_join(dir, "ledger");
	log_init("fuzz", LOG_ERROR);
	must(atexit(clean_up) == 0);
}

static void
write_file(const uint8_t *data, size_t size)
{
	FILE *f = fopen(path, "w");

	must(f != NULL && fwrite(data, 1, size, f) == size && fclose(f) == 0);
}

/* All that a ledger holds, as text. */
static void
write_out(const struct ledger *l, struct buf *out)
{
	const char *name, *value;

	for (name = ledger_next(l, NULL); name != NULL;
	    name = ledger_next(l, name)) {
		value = ledger_find(l, name);
		must(value != NULL);
		must(json_scan(value, strlen(value), 1024) == strlen(value));
		buf_printf(out, "%s %s\n", name, value);
	}
}

static void
must_be_same_again(struct ledger **l)
{
	struct buf before, after;

	buf_init(&before, 1u << 20);
	buf_init(&after, 1u << 20);
	write_out(*l, &before);
	ledger_close(l);
	*l = ledger_open(path);
	write_out(*l, &after);
	must(strcmp(buf_str(&before), buf_str(&after)) == 0);
	buf_fini(&before);
	buf_fini(&after);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ledger *l;
	const char *name;

	if (size > MOST_BYTES)
		return (0);
	if (path == NULL)
		prepare();
	write_file(data, size);
	l = ledger_open(path);
	must_be_same_again(&l);
	if ((name = ledger_next(l, NULL)) != NULL)
		ledger_put(l, name, "1");
	ledger_put(l, "new \"name\"", "{\"a\":[1.50,null]}");
	must_be_same_again(&l);
	must(strcmp(ledger_find(l, "new \"name\""),
	    "{\"a\":[1.50,null]}") == 0);
	ledger_remove(l, "new \"name\"");
	must(ledger_find(l, "new \"name\"") == NULL);
	must_be_same_again(&l);
	ledger_close(&l);
	return (0);
}
