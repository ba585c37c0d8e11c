/* SPDX-License-Identifier: ISC */
/*
 * Reports of e2e-run. Each format is written as runs end, into a buffer, and
 * put in the order of the command line at last: a report that changes from
 * one time to the next has no other reason than its runs.
 */
#include "probe/runner_report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "probe/runner_html.h"

#define REPORT_MOST_BYTES (256u << 20)

enum text {
	JUNIT, /* cases */
	TAP,   /* cases, without a number */
	JAR,
	JSON,  /* documents, with a comma behind each */
	CURL,
	HTML,  /* rows of the index */
	TEXT_COUNT
};

/* Where in the texts what a run added begins. */
struct part {
	size_t number; /* of the run */
	size_t at[TEXT_COUNT], len[TEXT_COUNT];
};

struct runner_report {
	const struct runner_options *options;
	struct buf texts[TEXT_COUNT];
	struct part *parts; /* as the runs ended */
	size_t count, cap, failures, errors;
	span_us duration;
};

struct runner_report *
runner_report_new(const struct runner_options *o)
{
	struct runner_report *r;
	size_t i;

	if (o->junit == NULL && o->tap == NULL && o->cookie_jar == NULL &&
	    o->json_dir == NULL && o->html_dir == NULL && o->curl == NULL)
		return (NULL);
	r = xcalloc(1, sizeof(*r));
	r->options = o;
	for (i = 0; i < TEXT_COUNT; i++)
		buf_init(&r->texts[i], REPORT_MOST_BYTES);
	return (r);
}

void
runner_report_free(struct runner_report **report)
{
	size_t i;

	if (*report == NULL)
		return;
	for (i = 0; i < TEXT_COUNT; i++)
		buf_fini(&(*report)->texts[i]);
	free((*report)->parts);
	free(*report);
	*report = NULL;
}

/* XML 1.0 has no control characters but tab and newline. */
static void
put_xml(struct buf *out, const char *s, size_t len)
{
	size_t n;
	uint32_t c;

	for (; len > 0; s += n, len -= n) {
		n = utf8_decode(s, len, &c);
		if (n == 0 || (c < ' ' && c != '\n' && c != '\t') ||
		    c == 0xfffe || c == 0xffff) {
			n = n == 0 ? 1 : n;
			buf_append_str(out, "\357\277\275");
		} else if (strchr("<>&\"'", (int)c) != NULL) {
			buf_printf(out, "&#%u;", c);
		} else {
			buf_append(out, s, n);
		}
	}
}

static void
add_junit(struct runner_report *r, const char *path,
    const struct run_result *result, const struct buf *failures)
{
	struct buf *out = &r->texts[JUNIT];
	const char *kind = result->outcome == OUTCOME_FAILED ? "failure" :
	    "error";

	buf_append_str(out, "    <testcase id=\"");
	put_xml(out, path, strlen(path));
	buf_append_str(out, "\" name=\"");
	put_xml(out, path, strlen(path));
	buf_printf(out, "\" time=\"%.3f\">", (double)result->duration / 1e6);
	if (result->outcome == OUTCOME_SKIPPED)
		buf_append_str(out, "<skipped/>");
	else if (result->outcome != OUTCOME_PASSED) {
		buf_printf(out, "<%s type=\"%s\" message=\"", kind,
		    outcome_name(result->outcome));
		put_xml(out, buf_str(failures), strcspn(buf_str(failures),
		    "\n"));
		buf_append_str(out, "\">");
		put_xml(out, buf_str(failures), failures->len);
		buf_printf(out, "</%s>", kind);
	}
	buf_append_str(out, "</testcase>\n");
}

/* A # would begin a directive; lines of a comment have their own. */
static void
add_tap(struct runner_report *r, const char *path,
    const struct run_result *result, const struct buf *failures)
{
	struct buf *out = &r->texts[TAP];
	const char *s = buf_str(failures);
	size_t len;

	buf_append_str(out, result->outcome == OUTCOME_PASSED ? "ok - " :
	    "not ok - ");
	for (; *path != '\0'; path++)
		buf_printf(out, *path == '#' ? "\\%c" : "%c", *path);
	buf_append_char(out, '\n');
	if (result->outcome == OUTCOME_PASSED)
		return;
	buf_printf(out, "# %s\n", outcome_name(result->outcome));
	for (; *s != '\0'; s += len + (s[len] == '\n')) {
		len = strcspn(s, "\n");
		buf_printf(out, "# %.*s\n", (int)len, s);
	}
}

/* Note where in each text the next run's part begins. */
static struct part *
part_add(struct runner_report *r, size_t number)
{
	struct part *part;
	size_t i;

	if (r->count == r->cap) {
		r->cap = r->cap * 2 + 16;
		r->parts = xreallocarray(r->parts, r->cap, sizeof(*r->parts));
	}
	part = &r->parts[r->count++];
	part->number = number;
	for (i = 0; i < TEXT_COUNT; i++)
		part->at[i] = r->texts[i].len;
	return (part);
}

void
runner_report_add(struct runner_report *r, const struct run *run,
    const struct run_result *result, const struct buf *failures,
    const struct runner_record *record)
{
	const char *path = run_script_flow(run_script_of(run))->path;
	struct part *part;
	size_t i;

	if (r == NULL)
		return;
	part = part_add(r, record->number);
	r->duration += result->duration;
	if (result->outcome == OUTCOME_FAILED)
		r->failures++;
	else if (result->outcome != OUTCOME_PASSED &&
	    result->outcome != OUTCOME_SKIPPED)
		r->errors++;
	if (r->options->junit != NULL)
		add_junit(r, path, result, failures);
	if (r->options->tap != NULL)
		add_tap(r, path, result, failures);
	if (r->options->cookie_jar != NULL) {
		buf_printf(&r->texts[JAR], "\n# Cookies of %s\n", path);
		run_cookies(run, &r->texts[JAR]);
	}
	if (r->options->json_dir != NULL)
		buf_printf(&r->texts[JSON], "%s,\n",
		    buf_str(&record->document));
	buf_append(&r->texts[HTML], buf_str(&record->row), record->row.len);
	buf_append(&r->texts[CURL], buf_str(&record->curl), record->curl.len);
	for (i = 0; i < TEXT_COUNT; i++)
		part->len[i] = r->texts[i].len - part->at[i];
}

static int
compare_parts(const void *a, const void *b)
{
	size_t x = ((const struct part *)a)->number;
	size_t y = ((const struct part *)b)->number;

	return ((x > y) - (x < y));
}

/* Put what was added in the order in which the runs began. */
static void
sort_parts(struct runner_report *r)
{
	struct buf sorted;
	size_t i, n;

	qsort(r->parts, r->count, sizeof(*r->parts), compare_parts);
	for (i = 0; i < TEXT_COUNT; i++) {
		buf_init(&sorted, REPORT_MOST_BYTES);
		for (n = 0; n < r->count; n++)
			buf_append(&sorted, buf_str(&r->texts[i]) +
			    r->parts[n].at[i], r->parts[n].len[i]);
		sorted.is_full |= r->texts[i].is_full;
		buf_fini(&r->texts[i]);
		r->texts[i] = sorted;
	}
}

/* /dev/stdout and its like are written to; they are not replaced. */
static bool
is_special(const char *path)
{
	struct stat st;

	return (strncmp(path, "/dev/", 5) == 0 ||
	    (stat(path, &st) == 0 && !S_ISREG(st.st_mode)));
}

static int
write_through(const char *path, const struct buf *text)
{
	FILE *f = fopen(path, "ae");
	bool is_written;

	if (f == NULL)
		return (ERR_IO);
	is_written = fwrite(buf_str(text), 1, text->len, f) == text->len;
	return (fclose(f) == 0 && is_written ? 0 : ERR_IO);
}

/* Where a link leads to, so that it stays a link. */
static int
replace(const char *path, const struct buf *text)
{
	char *real = realpath(path, NULL);
	int err;

	err = file_replace(real != NULL ? real : path, buf_str(text),
	    text->len);
	free(real);
	return (err);
}

static int
write_one(const char *path, const struct buf *text)
{
	if (!text->is_full && (is_special(path) ? write_through(path, text) :
	    replace(path, text)) == 0)
		return (0);
	fprintf(stderr, "e2e-run: the report %s cannot be written: %s\n",
	    path, text->is_full ? "it is too large" : strerror(errno));
	return (ERR_IO);
}

/*
 * The report that is there, to be extended: *text is empty when there is
 * none. mark is what such a report holds; the caller frees *text.
 */
static int
read_one(const char *path, const char *mark, char **text)
{
	size_t len;
	int err = is_special(path) ? ERR_NOT_FOUND : file_read(path,
	    REPORT_MOST_BYTES, text, &len);

	if (err == ERR_NOT_FOUND) {
		*text = xstrdup("");
		return (0);
	}
	if (err == 0 && (len == 0 || strstr(*text, mark) != NULL))
		return (0);
	if (err == 0)
		free(*text);
	fprintf(stderr, "e2e-run: the report %s cannot be extended: %s\n",
	    path, err == 0 ? "it has another format" : "it cannot be read");
	return (ERR_IO);
}

/* Hurl has one suite per call in a file, and so have we. */
static int
write_junit(const struct runner_report *r)
{
	static const char end[] = "</testsuites>";
	struct buf text;
	char *before, *at;
	int err;

	if ((err = read_one(r->options->junit, end, &before)) != 0)
		return (err);
	if ((at = strstr(before, end)) != NULL)
		*at = '\0';
	buf_init(&text, 2 * REPORT_MOST_BYTES);
	buf_append_str(&text, *before != '\0' ? before : "<?xml "
	    "version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
	buf_printf(&text, "  <testsuite name=\"e2e-run\" tests=\"%zu\" "
	    "failures=\"%zu\" errors=\"%zu\" time=\"%.3f\">\n", r->count,
	    r->failures, r->errors, (double)r->duration / 1e6);
	buf_append(&text, buf_str(&r->texts[JUNIT]), r->texts[JUNIT].len);
	buf_printf(&text, "  </testsuite>\n%s\n", end);
	text.is_full |= r->texts[JUNIT].is_full;
	err = write_one(r->options->junit, &text);
	buf_fini(&text);
	free(before);
	return (err);
}

/* The lines after the plan of a TAP report, and how many tests they hold. */
static const char *
tap_body(const char *text, size_t *count)
{
	const char *plan = strstr(text, "1.."), *line;

	*count = 0;
	if (plan == NULL)
		return ("");
	plan += strcspn(plan, "\n");
	plan += *plan == '\n';
	for (line = plan; *line != '\0'; line += *line == '\n') {
		*count += strncmp(line, "ok ", 3) == 0 ||
		    strncmp(line, "not ok ", 7) == 0;
		line += strcspn(line, "\n");
	}
	return (plan);
}

/* Tests are numbered here: they go on where the file ends. */
static int
write_tap(const struct runner_report *r)
{
	const char *body, *line, *number;
	struct buf text;
	size_t count, len;
	char *before;
	int err;

	if ((err = read_one(r->options->tap, "TAP version", &before)) != 0)
		return (err);
	body = tap_body(before, &count);
	buf_init(&text, 2 * REPORT_MOST_BYTES);
	buf_printf(&text, "TAP version 13\n1..%zu\n%s", count + r->count,
	    body);
	for (line = buf_str(&r->texts[TAP]); *line != '\0'; line += len) {
		len = strcspn(line, "\n") + 1;
		number = strstr(line, "ok - ");
		if (*line == '#' || number == NULL)
			buf_append(&text, line, len);
		else
			buf_printf(&text, "%.*sok %zu%.*s",
			    (int)(number - line), line, ++count,
			    (int)(len - (size_t)(number + 2 - line)),
			    number + 2);
	}
	text.is_full |= r->texts[TAP].is_full;
	err = write_one(r->options->tap, &text);
	buf_fini(&text);
	free(before);
	return (err);
}

/* Cookies are credentials: the file is its owner's alone. */
static int
write_jar(const struct runner_report *r)
{
	const char *path = r->options->cookie_jar;
	const struct buf *jar = &r->texts[JAR];
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
	bool is_written = f != NULL && fprintf(f, "# Netscape HTTP Cookie "
	    "File\n# This file was made by e2e-run\n%s", buf_str(jar)) > 0;

	if (f != NULL && fclose(f) == 0 && is_written && !jar->is_full)
		return (0);
	fprintf(stderr, "e2e-run: the cookies %s cannot be written: %s\n",
	    path, jar->is_full ? "there are too many" : strerror(errno));
	return (ERR_IO);
}

/* Hurl has one array of all runs. */
static int
write_json(const struct runner_report *r)
{
	char *path = file_join(r->options->json_dir, "report.json");
	const struct buf *docs = &r->texts[JSON];
	size_t len = docs->len < 2 ? 0 : docs->len - 2;
	struct buf text;
	char *before, *end;
	int err;

	if ((err = read_one(path, "[", &before)) != 0) {
		free(path);
		return (err);
	}
	buf_init(&text, 2 * REPORT_MOST_BYTES);
	end = strrchr(before, ']');
	if (end != NULL) {
		*end = '\0';
		buf_append_str(&text, before);
	}
	buf_append_str(&text, end == NULL ? "[" :
	    strchr(before, '{') != NULL && len > 0 ? ",\n" : "");
	buf_append(&text, buf_str(docs), len);
	buf_append_str(&text, "]\n");
	text.is_full |= docs->is_full;
	err = write_one(path, &text);
	buf_fini(&text);
	free(before);
	free(path);
	return (err);
}

static int
write_html(const struct runner_report *r)
{
	char *path = file_join(r->options->html_dir, "index.html"), *before;
	struct buf text;
	int err;

	if ((err = read_one(path, RUNNER_HTML_MARK, &before)) == 0) {
		buf_init(&text, 2 * REPORT_MOST_BYTES);
		runner_html_index(before, &r->texts[HTML], &text);
		err = write_one(path, &text);
		buf_fini(&text);
		free(before);
	}
	free(path);
	return (err);
}

/* Make the folder of a file, and see that it can be written there. */
static int
open_file(const char *path)
{
	char *dir, *inside;
	struct stat st;
	int err;

	if (path == NULL)
		return (0);
	dir = file_dir(path);
	inside = file_join(dir, ".");
	err = file_make_dirs(dir);
	if (err == 0 && stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		err = ERR_IO;
		errno = EISDIR;
	} else if (err == 0 && is_special(path))
		err = access(path, W_OK);
	else if (err == 0)
		err = access(inside, W_OK | X_OK);
	if (err != 0)
		fprintf(stderr, "e2e-run: %s cannot be written: %s\n", path,
		    strerror(errno));
	free(inside);
	free(dir);
	return (err == 0 ? 0 : ERR_IO);
}

int
runner_report_open(const struct runner_report *r)
{
	const char *dirs[] = {r == NULL ? NULL : r->options->json_dir,
	    r == NULL ? NULL : r->options->html_dir};
	char *store;
	size_t i;
	int err = 0;

	for (i = 0; i < NELEMS(dirs) && err == 0; i++) {
		if (dirs[i] == NULL)
			continue;
		store = file_join(dirs[i], "store");
		err = file_make_dirs(store);
		if (err != 0)
			fprintf(stderr, "e2e-run: the folder %s cannot be "
			    "made: %s\n", store, strerror(errno));
		free(store);
	}
	if (err == 0 && r != NULL)
		err = open_file(r->options->junit) | open_file(
		    r->options->tap) | open_file(r->options->curl) |
		    open_file(r->options->cookie_jar);
	return (err == 0 ? 0 : ERR_IO);
}

int
runner_report_write(struct runner_report *r)
{
	int err = 0;

	if (r == NULL)
		return (0);
	sort_parts(r);
	if (r->options->junit != NULL)
		err |= write_junit(r);
	if (r->options->tap != NULL)
		err |= write_tap(r);
	if (r->options->cookie_jar != NULL)
		err |= write_jar(r);
	if (r->options->json_dir != NULL)
		err |= write_json(r);
	if (r->options->html_dir != NULL)
		err |= write_html(r);
	if (r->options->curl != NULL)
		err |= write_one(r->options->curl, &r->texts[CURL]);
	return (err != 0 ? ERR_IO : 0);
}
