/* SPDX-License-Identifier: ISC */
/* e2e-gate replay: from a report file, or from the store. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "gate/archive.h"
#include "gate/command.h"
#include "gate/replay.h"
#include "gate/report.h"

#define HEX "0123456789abcdefABCDEF"

static int
load_file(const char *path, struct buf *out, struct cause *cause)
{
	char *data;
	size_t len;
	int rc = file_read(path, REPORT_MOST_BYTES, &data, &len);

	if (rc != 0) {
		cause_add(cause, "%s: %s", path, rc == ERR_IO ?
		    strerror(errno) : err_text(rc));
		return (rc);
	}
	buf_append(out, data, len);
	free(data);
	return (0);
}

/* A name that is a file is one; else it is a gate of the store. */
static int
load(const struct settings *s, struct buf *out, struct cause *cause)
{
	if (access(s->operand, F_OK) == 0)
		return (load_file(s->operand, out, cause));
	if (s->store != NULL && s->operand[strspn(s->operand, HEX)] == '\0')
		return (archive_load(s->store, s->operand, out, cause));
	cause_add(cause, "%s: there is no such file; a gate of a store is 4 to "
	    "32 hex digits, and wants --store", s->operand);
	return (ERR_NOT_FOUND);
}

static int
tell(const struct settings *s, const struct transcript *t)
{
	struct replay replay;
	struct buf out;
	int code;

	replay_run(t, &replay);
	buf_init(&out, REPORT_MOST_BYTES);
	replay_format(&replay, t, (enum format)s->format, &out);
	code = command_print(&out, (enum format)s->format);
	buf_fini(&out);
	return (code != 0 ? code : replay_exit_code(&replay));
}

int
command_replay(const struct settings *s)
{
	struct transcript t;
	struct cause cause;
	struct buf text;
	int code = EXIT_UNMEASURED;

	cause_init(&cause);
	buf_init(&text, REPORT_MOST_BYTES);
	if (load(s, &text, &cause) == 0 &&
	    transcript_read(buf_str(&text), text.len, &t, &cause) == 0) {
		code = tell(s, &t);
		transcript_fini(&t);
	}
	cause_print(&cause, stderr);
	cause_fini(&cause);
	buf_fini(&text);
	return (code);
}
