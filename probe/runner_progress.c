/* SPDX-License-Identifier: ISC */
/* The line of progress. A longer one would not go away when it is redrawn. */
#include "probe/runner_progress.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/table.h"
#include "base/utf8.h"

#define LINE_MOST_BYTES 4096
#define COLUMNS_DEFAULT 80

bool
runner_progress_is_redrawn(void)
{
	const char *term = getenv("TERM");

	return (isatty(STDERR_FILENO) != 0 &&
	    (term == NULL || strcmp(term, "dumb") != 0));
}

static size_t
terminal_columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return (size.ws_col);
	return (COLUMNS_DEFAULT);
}

/* As much as fits, without what would move the cursor. */
static void
put_line(const struct buf *line)
{
	size_t at, n, width, columns = terminal_columns() - 1;
	uint32_t c;
	struct buf safe;

	buf_init(&safe, LINE_MOST_BYTES);
	for (at = 0; at < line->len; at += n) {
		n = utf8_decode(line->data + at, line->len - at, &c);
		n = n == 0 ? 1 : n;
		buf_reset(&safe);
		width = table_safe(&safe, line->data + at, n);
		if (width > columns)
			break;
		columns -= width;
		fwrite(safe.data, 1, safe.len, stderr);
	}
	buf_fini(&safe);
}

static size_t
columns_of(const struct buf *line)
{
	struct buf safe;
	size_t columns;

	buf_init(&safe, 4 * LINE_MOST_BYTES);
	columns = table_safe(&safe, line->data, line->len);
	buf_fini(&safe);
	return (columns);
}

static void
format_line(const struct runner_progress *p, const char *running,
    struct buf *out)
{
	buf_reset(out);
	if (p->total == SIZE_MAX)
		buf_printf(out, "%zu runs", p->done);
	else
		buf_printf(out, "%zu of %zu runs", p->done, p->total);
	if (p->done > p->passed)
		buf_printf(out, ", %zu did not pass", p->done - p->passed);
	if (running == NULL)
		return;
	buf_printf(out, ", running %s", running);
	if (p->in_flight > 1)
		buf_printf(out, " and %zu more", p->in_flight - 1);
}

void
runner_progress_show(const struct runner_progress *p)
{
	const char *slash = p->oldest == NULL ? NULL :
	    strrchr(p->oldest, '/');
	struct buf line;

	buf_init(&line, LINE_MOST_BYTES);
	format_line(p, p->oldest, &line);
	if (slash != NULL && columns_of(&line) >= terminal_columns())
		format_line(p, slash + 1, &line);
	if (runner_progress_is_redrawn()) {
		fputs("\r\033[K", stderr);
		put_line(&line);
	} else {
		fprintf(stderr, "%s\n", buf_str(&line));
	}
	fflush(stderr);
	buf_fini(&line);
}

void
runner_progress_clear(void)
{
	if (!runner_progress_is_redrawn())
		return;
	fputs("\r\033[K", stderr);
	fflush(stderr);
}
