/* SPDX-License-Identifier: ISC */
/*
 * The report in the log of a GitHub workflow: the table, then workflow
 * commands that put each regression at the line of its first failing run.
 * The table holds text of outside origin, so commands are off while it is
 * printed; nobody outside knows the word that turns them on again.
 */
#include "gate/report.h"

#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"

/* GitHub shows no more of one step, of errors and of warnings each. */
#define ANNOTATIONS_MOST 10

/* Text of a command; a property's ends at a colon or comma, too. */
static void
append_escaped(struct buf *out, const char *s, bool is_property)
{
	for (; *s != '\0'; s++) {
		if (*s == '%' || *s == '\r' || *s == '\n' ||
		    (is_property && (*s == ':' || *s == ',')))
			buf_printf(out, "%%%02X", (unsigned char)*s);
		else
			buf_append_char(out, *s);
	}
}

static void
print_place(const struct report *r, size_t check,
    const struct ledger_failure *f, struct buf *out)
{
	char *file;

	if (!f->is_set || f->what.file == NULL)
		return;
	file = report_file(r, check, f);
	buf_append_str(out, "file=");
	append_escaped(out, file, true);
	free(file);
	if (f->what.line > 0)
		buf_printf(out, ",line=%lld,col=%lld",
		    (long long)f->what.line, (long long)f->what.column);
	buf_append_char(out, ',');
}

static void
print_regression(const struct report *r, const struct engine_component *c,
    struct buf *out)
{
	const struct ledger_failure *f = ledger_failure_at(
	    &r->session->ledger, c->check, ARM_CANDIDATE);
	struct buf text;

	buf_init(&text, 1 << 16);
	report_subject(r, c, &text);
	buf_append_str(&text, " ");
	report_size(r, c, &text);
	if (f->is_set && c->step == ENGINE_NO_STEP) {
		buf_append_str(&text, "\nFirst failing run: ");
		report_text(report_failure_text(f), &text);
		if (f->what.expected != NULL) {
			buf_append_str(&text, "\nexpected: ");
			report_text(f->what.expected, &text);
		}
		if (f->what.actual != NULL) {
			buf_append_str(&text, "\nactual: ");
			report_text(f->what.actual, &text);
		}
	}
	buf_append_str(out, "::error ");
	print_place(r, c->check, f, out);
	buf_append_str(out, "title=e2e-gate blocks ");
	append_escaped(out, r->session->suite->checks[c->check].id, true);
	buf_append_str(out, "::");
	append_escaped(out, buf_str(&text), false);
	buf_append_char(out, '\n');
	buf_fini(&text);
}

static void
print_verdict(const struct report *r, struct buf *out)
{
	static const char *const commands[] = {"warning", "notice", "error",
	    "warning"};
	const struct session *s = r->session;

	buf_printf(out, "::%s title=e2e-gate %s::", commands[s->verdict],
	    engine_verdict_name(s->verdict));
	append_escaped(out, s->suite->target, false);
	buf_append_str(out, ": ");
	append_escaped(out, r->why, false);
	if (r->named_count > ANNOTATIONS_MOST - 1)
		buf_printf(out, "; %zu of its %zu regressions are annotated",
		    (size_t)ANNOTATIONS_MOST - 1, r->named_count);
	buf_append_char(out, '\n');
}

/* Of a check's notes what everybody should know: the table has the rest. */
static void
pick_note(const char *text, struct buf *out)
{
	if (strncmp(text, "counts again", strlen("counts again")) == 0)
		buf_append_str(out, text);
}

/* Returns whether there was one. */
static bool
print_note(const struct report *r, size_t check, struct buf *out)
{
	bool is_any;
	struct buf note;

	buf_init(&note, 1 << 16);
	report_notes(r, check, pick_note, &note);
	is_any = note.len > 0;
	if (is_any) {
		buf_append_str(out, "::warning title=e2e-gate::");
		append_escaped(out, r->session->suite->checks[check].id,
		    false);
		buf_append_char(out, ' ');
		append_escaped(out, buf_str(&note), false);
		buf_append_char(out, '\n');
	}
	buf_fini(&note);
	return (is_any);
}

/* What everybody should know: overrides, quarantines that have expired. */
static void
print_warnings(const struct report *r, struct buf *out)
{
	/* One may be the verdict. */
	size_t most = ANNOTATIONS_MOST - 1, told = 0, i;
	struct report_override o;

	for (i = 0; i < report_override_count(r) && told < most; i++) {
		told++;
		report_override(r, i, &o);
		buf_append_str(out, "::warning title=e2e-gate is overridden::");
		append_escaped(out, o.who, false);
		buf_printf(out, " until %s, for %s: ", o.until, o.scope);
		append_escaped(out, o.why, false);
		buf_append_char(out, '\n');
	}
	for (i = 0; i < r->session->suite->count && told < most; i++)
		told += print_note(r, i, out);
}

void
report_github(const struct report *r, struct buf *out)
{
	uint8_t word[MESSAGE_ID_SIZE];
	char hex[2 * sizeof(word) + 1];
	size_t i;

	crypto_random(word, sizeof(word));
	crypto_hex(word, sizeof(word), hex);
	buf_printf(out, "::stop-commands::%s\n", hex);
	report_table(r, out);
	buf_printf(out, "::%s::\n", hex);
	print_verdict(r, out);
	print_warnings(r, out);
	/* One error is the verdict. */
	for (i = 0; i < r->named_count && i < ANNOTATIONS_MOST - 1; i++)
		print_regression(r, &r->named[i], out);
}
