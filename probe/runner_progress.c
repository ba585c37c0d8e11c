/* SPDX-License-Identifier: ISC */
/* The line of progress. A longer one would not go away when it is redrawn. */
#include "probe/runner_progress.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/utf8.h"

#define LINE_MOST_BYTES 4096
#define COLUMNS_DEFAULT 80

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
put_line(const char *s, size_t len)
{
	size_t n, columns = terminal_columns() - 1;
	uint32_t c;

	for (; len > 0 && columns > 0; s += n, len -= n, columns--) {
		n = utf8_decode(s, len, &c);
		if (n == 0 || c < ' ' || (c >= 0x7f && c <= 0x9f)) {
			n = n == 0 ? 1 : n;
			fputc('?', stderr);
		} else {
			fwrite(s, 1, n, stderr);
		}
	}
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
	if (slash != NULL && utf8_count(buf_str(&line), line.len) >=
	    terminal_columns())
		format_line(p, slash + 1, &line);
	if (isatty(STDERR_FILENO)) {
		fputs("\r\033[K", stderr);
		put_line(buf_str(&line), line.len);
	} else {
		fprintf(stderr, "%s\n", buf_str(&line));
	}
	fflush(stderr);
	buf_fini(&line);
}

void
runner_progress_clear(void)
{
	if (!isatty(STDERR_FILENO))
		return;
	fputs("\r\033[K", stderr);
	fflush(stderr);
}
