/* SPDX-License-Identifier: ISC */
/*
 * Reports of e2e-run. Each format is written as runs end, into a buffer: the
 * order is that in which they ended.
 */
#include "probe/runner_report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/utf8.h"

#define REPORT_MOST_BYTES (256u << 20)

struct runner_report {
	const char *junit_path, *tap_path;
	struct buf junit, tap; /* the cases */
	size_t count, failures, errors;
	span_us duration;
};

struct runner_report *
runner_report_new(const char *junit, const char *tap)
{
	struct runner_report *r;

	if (junit == NULL && tap == NULL)
		return (NULL);
	r = xcalloc(1, sizeof(*r));
	r->junit_path = junit;
	r->tap_path = tap;
	buf_init(&r->junit, REPORT_MOST_BYTES);
	buf_init(&r->tap, REPORT_MOST_BYTES);
	return (r);
}

void
runner_report_free(struct runner_report **report)
{
	if (*report == NULL)
		return;
	buf_fini(&(*report)->junit);
	buf_fini(&(*report)->tap);
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
	struct buf *out = &r->junit;
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
	struct buf *out = &r->tap;
	const char *s = buf_str(failures);
	size_t len;

	buf_printf(out, "%sok %zu - ", result->outcome == OUTCOME_PASSED ?
	    "" : "not ", r->count);
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

void
runner_report_add(struct runner_report *r, const struct run *run,
    const struct run_result *result, const struct buf *failures)
{
	const char *path = run_script_flow(run_script_of(run))->path;

	if (r == NULL)
		return;
	r->count++;
	r->duration += result->duration;
	if (result->outcome == OUTCOME_FAILED)
		r->failures++;
	else if (result->outcome != OUTCOME_PASSED &&
	    result->outcome != OUTCOME_SKIPPED)
		r->errors++;
	if (r->junit_path != NULL)
		add_junit(r, path, result, failures);
	if (r->tap_path != NULL)
		add_tap(r, path, result, failures);
}

static int
write_one(const char *path, const struct buf *text)
{
	if (!text->is_full && file_replace(path, buf_str(text),
	    text->len) == 0)
		return (0);
	fprintf(stderr, "e2e-run: the report %s cannot be written: %s\n",
	    path, text->is_full ? "it is too large" : strerror(errno));
	return (ERR_IO);
}

int
runner_report_write(const struct runner_report *r)
{
	struct buf text;
	int err = 0;

	if (r == NULL)
		return (0);
	buf_init(&text, REPORT_MOST_BYTES + 4096);
	if (r->junit_path != NULL) {
		buf_printf(&text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
		    "\n<testsuites>\n  <testsuite name=\"e2e-run\" "
		    "tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" "
		    "time=\"%.3f\">\n", r->count, r->failures, r->errors,
		    (double)r->duration / 1e6);
		buf_append(&text, buf_str(&r->junit), r->junit.len);
		buf_append_str(&text, "  </testsuite>\n</testsuites>\n");
		text.is_full |= r->junit.is_full;
		err = write_one(r->junit_path, &text);
	}
	if (r->tap_path != NULL) {
		buf_reset(&text);
		buf_printf(&text, "TAP version 13\n1..%zu\n", r->count);
		buf_append(&text, buf_str(&r->tap), r->tap.len);
		text.is_full |= r->tap.is_full;
		if (write_one(r->tap_path, &text) != 0)
			err = ERR_IO;
	}
	buf_fini(&text);
	return (err);
}
