/* SPDX-License-Identifier: ISC */
/* The log on stderr; a whole line in one write, so that processes may share. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

#define LINE_MOST_BYTES 4000
#define QUOTE_MOST_BYTES 200
#define QUOTE_SLOTS 8

const char *const log_level_names[] = {"error", "warn", "info", "debug",
    NULL};
static const char *log_program = "e2e";
static enum log_level log_most = LOG_WARN;
static log_before_cb *log_before_line;
static void *log_before_arg;

void
log_init(const char *program, enum log_level level)
{
	log_program = program;
	log_most = level;
}

void
log_before(log_before_cb *cb, void *arg)
{
	log_before_line = cb;
	log_before_arg = arg;
}

void
log_event(enum log_level level, const char *event, const char *fmt, ...)
{
	char line[LINE_MOST_BYTES], when[CLOCK_TEXT_SIZE];
	va_list ap;
	size_t len;
	int n;

	if (level > log_most)
		return;
	clock_format_wall(clock_wall(), when);
	n = snprintf(line, sizeof(line), "%s %s[%d] %s %s ", when,
	    log_program, (int)getpid(), log_level_names[level], event);
	len = (size_t)n;
	va_start(ap, fmt);
	n = vsnprintf(line + len, sizeof(line) - len, fmt, ap);
	va_end(ap);
	len += (size_t)n;
	if (len > sizeof(line) - 2)
		len = sizeof(line) - 2;
	while (line[len - 1] == ' ')
		len--;
	line[len++] = '\n';
	if (log_before_line != NULL)
		log_before_line(log_before_arg);
	if (write(STDERR_FILENO, line, len) < 0)
		return;
}

const char *
log_quote(const char *text)
{
	static char slots[QUOTE_SLOTS][QUOTE_MOST_BYTES + 16];
	static unsigned int turn;
	char *out = slots[turn++ % QUOTE_SLOTS], *p = out;
	bool is_plain = *text != '\0';
	const char *s;

	for (s = text; *s != '\0'; s++)
		if ((unsigned char)*s <= ' ' || *s == '"' || *s == '=' ||
		    *s == '\\' || *s == 0x7f)
			is_plain = false;
	if (!is_plain)
		*p++ = '"';
	for (s = text; *s != '\0' && p - out < QUOTE_MOST_BYTES; s++) {
		if ((unsigned char)*s < ' ' || *s == 0x7f) {
			p += sprintf(p, "\\x%02x", (unsigned char)*s);
			continue;
		}
		if (*s == '"' || *s == '\\')
			*p++ = '\\';
		*p++ = *s;
	}
	if (*s != '\0')
		p = stpcpy(p, "...");
	if (!is_plain)
		*p++ = '"';
	*p = '\0';
	return (out);
}
