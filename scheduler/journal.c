/* SPDX-License-Identifier: ISC */
/*
 * A line is {"name":"...","value":...}, without a value when the name is
 * gone; the last line of a name counts. A line that is no such thing, torn
 * or foreign, is passed over.
 */
#include "scheduler/journal.h"

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

struct journal {
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
set(struct journal *j, const char *name, const char *value, size_t len)
{
	struct entry *e;

	HASH_FIND_STR(j->entries, name, e);
	if (e != NULL) {
		j->live_bytes -= line_bytes(e);
		free(e->value);
	} else {
		e = xcalloc(1, sizeof(*e));
		e->name = xstrdup(name);
		HASH_ADD_KEYPTR(hh, j->entries, e->name, strlen(e->name), e);
	}
	e->value = xstrndup(value, len);
	j->live_bytes += line_bytes(e);
}

static void
unset(struct journal *j, const char *name)
{
	struct entry *e;

	HASH_FIND_STR(j->entries, name, e);
	if (e == NULL)
		return;
	j->live_bytes -= line_bytes(e);
	HASH_DEL(j->entries, e);
	free(e->name);
	free(e->value);
	free(e);
}

static void
read_line(struct journal *j, const char *line, size_t len)
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
		set(j, name, line + value->start, value->end - value->start);
	else if (name != NULL)
		unset(j, name);
	json_free(&doc);
}

static void
read_file(struct journal *j)
{
	char *data, *line, *end;
	size_t len;
	int rc = file_read(j->path, FILE_MOST_BYTES, &data, &len);

	if (rc == ERR_NOT_FOUND)
		return;
	if (rc != 0) {
		log_error("journal.read", "path=%s error=%s",
		    log_quote(j->path), err_text(rc));
		return;
	}
	for (line = data; (end = memchr(line, '\n',
	    len - (size_t)(line - data))) != NULL; line = end + 1)
		read_line(j, line, (size_t)(end - line));
	free(data);
}

/* Write all that is live to a new file, and go on with that. */
static int
rewrite(struct journal *j)
{
	char *temp = xasprintf("%s.new", j->path);
	int fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct entry *e, *next;
	int rc = ERR_IO;
	struct buf all;

	buf_init(&all, FILE_MOST_BYTES);
	HASH_ITER(hh, j->entries, e, next)
		append_line(&all, e->name, e->value);
	if (fd >= 0 && !all.is_full &&
	    file_write_all(fd, all.data, all.len) == 0 &&
	    rename(temp, j->path) == 0)
		rc = 0;
	if (rc == 0) {
		if (j->fd >= 0)
			close(j->fd);
		j->fd = fd;
		j->file_bytes = all.len;
	} else if (fd >= 0)
		close(fd);
	buf_fini(&all);
	free(temp);
	return (rc);
}

static void
complain(struct journal *j)
{
	mono_us now = clock_mono();

	if (j->complained != 0 && now - j->complained < COMPLAIN_EVERY)
		return;
	j->complained = now;
	log_error("journal.write", "path=%s error=%s", log_quote(j->path),
	    log_quote(strerror(errno)));
}

void
journal_flush(struct journal *j)
{
	int rc;

	if (j->changes.len == 0 && !j->is_behind)
		return;
	if (j->is_behind || j->file_bytes > REWRITE_LEAST_BYTES +
	    REWRITE_FACTOR * j->live_bytes)
		rc = rewrite(j);
	else {
		rc = file_write_all(j->fd, j->changes.data,
		    j->changes.len);
		j->file_bytes += j->changes.len;
	}
	buf_reset(&j->changes);
	j->is_behind = rc != 0;
	if (rc != 0)
		complain(j);
}

struct journal *
journal_open(const char *path)
{
	struct journal *j = xcalloc(1, sizeof(*j));

	j->path = xstrdup(path);
	j->fd = -1;
	buf_init(&j->changes, FILE_MOST_BYTES);
	read_file(j);
	/* From a whole line on, and without what was out of date. */
	j->is_behind = true;
	journal_flush(j);
	return (j);
}

void
journal_close(struct journal **jp)
{
	struct journal *j = *jp;

	if (j == NULL)
		return;
	*jp = NULL;
	journal_flush(j);
	while (j->entries != NULL)
		unset(j, j->entries->name);
	if (j->fd >= 0)
		close(j->fd);
	buf_fini(&j->changes);
	free(j->path);
	free(j);
}

const char *
journal_find(const struct journal *j, const char *name)
{
	struct entry *e;

	HASH_FIND_STR(j->entries, name, e);
	return (e != NULL ? e->value : NULL);
}

void
journal_put(struct journal *j, const char *name, const char *json)
{
	set(j, name, json, strlen(json));
	append_line(&j->changes, name, json);
	j->is_behind |= j->changes.is_full;
}

void
journal_remove(struct journal *j, const char *name)
{
	if (journal_find(j, name) == NULL)
		return;
	/* Before it goes: name may be the entry's own. */
	append_line(&j->changes, name, NULL);
	unset(j, name);
	j->is_behind |= j->changes.is_full;
}

const char *
journal_next(const struct journal *j, const char *name)
{
	struct entry *e = j->entries;

	if (name != NULL) {
		HASH_FIND_STR(j->entries, name, e);
		e = e != NULL ? e->hh.next : NULL;
	}
	return (e != NULL ? e->name : NULL);
}
