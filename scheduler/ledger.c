/* SPDX-License-Identifier: ISC */
/*
 * A line is {"name":"...","value":...}, without a value when the name is
 * gone; the last line of a name counts. A line that is no such thing, torn
 * or foreign, is passed over.
 */
#include "scheduler/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uthash.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/json_out.h"
#include "base/log.h"
#include "base/mem.h"

#define FILE_MOST_BYTES  (512u << 20)
#define REWRITE_LEAST_BYTES (256u << 10)
#define REWRITE_FACTOR   4       /* so much larger than what is live */
#define COMPLAIN_EVERY   (10 * SPAN_S)

struct entry {
	char *name;
	char *value;
	UT_hash_handle hh;
};

struct ledger {
	char *path;
	int fd;               /* -1: not open */
	struct entry *entries;
	size_t live_bytes;    /* of the lines of the entries */
	size_t file_bytes;
	struct buf changes;   /* not yet written */
	bool is_behind;       /* the file lacks something: rewrite it */
	mono_us complained;
};

static void
append_line(struct buf *out, const char *name, const char *value)
{
	struct json_out o;

	json_out_init(&o, out);
	json_out_object(&o);
	json_out_kv_str(&o, "name", name);
	if (value != NULL) {
		json_out_key(&o, "value");
		json_out_raw(&o, value, strlen(value));
	}
	json_out_object_end(&o);
	buf_append_char(out, '\n');
}

/* How long its line is, near enough: escapes are not counted. */
static size_t
line_bytes(const struct entry *e)
{
	return (strlen(e->name) + strlen(e->value) + 21);
}

static void
set(struct ledger *l, const char *name, const char *value, size_t len)
{
	struct entry *e;

	HASH_FIND_STR(l->entries, name, e);
	if (e != NULL) {
		l->live_bytes -= line_bytes(e);
		free(e->value);
	} else {
		e = xcalloc(1, sizeof(*e));
		e->name = xstrdup(name);
		HASH_ADD_KEYPTR(hh, l->entries, e->name, strlen(e->name), e);
	}
	e->value = xstrndup(value, len);
	l->live_bytes += line_bytes(e);
}

static void
unset(struct ledger *l, const char *name)
{
	struct entry *e;

	HASH_FIND_STR(l->entries, name, e);
	if (e == NULL)
		return;
	l->live_bytes -= line_bytes(e);
	HASH_DEL(l->entries, e);
	free(e->name);
	free(e->value);
	free(e);
}

static void
read_line(struct ledger *l, const char *line, size_t len)
{
	const struct json *root, *value;
	struct json_doc *doc;
	const char *name;

	if (json_parse(line, len, &json_limits_default, &doc, NULL) != 0)
		return;
	root = json_root(doc);
	name = json_get_str(root, "name", NULL);
	value = json_get(root, "value");
	if (name != NULL && value != NULL)
		set(l, name, line + value->start, value->end - value->start);
	else if (name != NULL)
		unset(l, name);
	json_free(&doc);
}

static void
read_file(struct ledger *l)
{
	char *data, *line, *end;
	size_t len;
	int rc = file_read(l->path, FILE_MOST_BYTES, &data, &len);

	if (rc == ERR_NOT_FOUND)
		return;
	if (rc != 0) {
		log_error("ledger.read", "path=%s error=%s",
		    log_quote(l->path), err_text(rc));
		return;
	}
	for (line = data; (end = memchr(line, '\n',
	    len - (size_t)(line - data))) != NULL; line = end + 1)
		read_line(l, line, (size_t)(end - line));
	free(data);
}

/* Write all that is live to a new file, and go on with that. */
static int
rewrite(struct ledger *l)
{
	char *temp = xasprintf("%s.new", l->path);
	int fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct entry *e, *next;
	int rc = ERR_IO;
	struct buf all;

	buf_init(&all, FILE_MOST_BYTES);
	HASH_ITER(hh, l->entries, e, next)
		append_line(&all, e->name, e->value);
	if (fd >= 0 && !all.is_full && file_write_all(fd, all.data, all.len) == 0 &&
	    rename(temp, l->path) == 0)
		rc = 0;
	if (rc == 0) {
		if (l->fd >= 0)
			close(l->fd);
		l->fd = fd;
		l->file_bytes = all.len;
	} else if (fd >= 0)
		close(fd);
	buf_fini(&all);
	free(temp);
	return (rc);
}

static void
complain(struct ledger *l)
{
	mono_us now = clock_mono();

	if (l->complained != 0 && now - l->complained < COMPLAIN_EVERY)
		return;
	l->complained = now;
	log_error("ledger.write", "path=%s error=%s", log_quote(l->path),
	    log_quote(strerror(errno)));
}

void
ledger_flush(struct ledger *l)
{
	int rc;

	if (l->changes.len == 0 && !l->is_behind)
		return;
	if (l->is_behind || l->file_bytes > REWRITE_LEAST_BYTES +
	    REWRITE_FACTOR * l->live_bytes)
		rc = rewrite(l);
	else {
		rc = file_write_all(l->fd, l->changes.data,
		    l->changes.len);
		l->file_bytes += l->changes.len;
	}
	buf_reset(&l->changes);
	l->is_behind = rc != 0;
	if (rc != 0)
		complain(l);
}

struct ledger *
ledger_open(const char *path)
{
	struct ledger *l = xcalloc(1, sizeof(*l));

	l->path = xstrdup(path);
	l->fd = -1;
	buf_init(&l->changes, FILE_MOST_BYTES);
	read_file(l);
	/* From a whole line on, and without what was out of date. */
	l->is_behind = true;
	ledger_flush(l);
	return (l);
}

void
ledger_close(struct ledger **lp)
{
	struct ledger *l = *lp;

	if (l == NULL)
		return;
	*lp = NULL;
	ledger_flush(l);
	while (l->entries != NULL)
		unset(l, l->entries->name);
	if (l->fd >= 0)
		close(l->fd);
	buf_fini(&l->changes);
	free(l->path);
	free(l);
}

const char *
ledger_find(const struct ledger *l, const char *name)
{
	struct entry *e;

	HASH_FIND_STR(l->entries, name, e);
	return (e != NULL ? e->value : NULL);
}

void
ledger_put(struct ledger *l, const char *name, const char *json)
{
	set(l, name, json, strlen(json));
	append_line(&l->changes, name, json);
	l->is_behind |= l->changes.is_full;
}

void
ledger_remove(struct ledger *l, const char *name)
{
	if (ledger_find(l, name) == NULL)
		return;
	/* Before it goes: name may be the entry's own. */
	append_line(&l->changes, name, NULL);
	unset(l, name);
	l->is_behind |= l->changes.is_full;
}

const char *
ledger_next(const struct ledger *l, const char *name)
{
	struct entry *e = l->entries;

	if (name != NULL) {
		HASH_FIND_STR(l->entries, name, e);
		e = e != NULL ? e->hh.next : NULL;
	}
	return (e != NULL ? e->name : NULL);
}
