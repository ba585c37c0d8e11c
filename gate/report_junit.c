/* SPDX-License-Identifier: ISC */
/*
 * The report as JUnit XML: one test case per check. A named regression is a
 * failure; what is not judged, or undecided in the end, is skipped; and the
 * first case, "gate", carries the verdict itself, so that no CI reads an
 * inconclusive gate as green.
 */
#include "gate/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/html_diff.h"
#include "base/mem.h"

#define ANSWER_LINES_MOST 200
#define HOST_SIZE 256

/* U+FFFE and U+FFFF. */
static bool
is_no_character(const char *s)
{
	return (strncmp(s, "\xef\xbf\xbe", 3) == 0 ||
	    strncmp(s, "\xef\xbf\xbf", 3) == 0);
}

/* XML 1.0 has no way to write those, nor most control characters. */
static void
append_xml_of(struct buf *out, const char *s, size_t len)
{
	const char *end = s + len;

	for (; s < end; s++) {
		if (*s == '<')
			buf_append_str(out, "&lt;");
		else if (*s == '>')
			buf_append_str(out, "&gt;");
		else if (*s == '&')
			buf_append_str(out, "&amp;");
		else if (*s == '"')
			buf_append_str(out, "&quot;");
		else if ((unsigned char)*s < 0x20 || *s == 0x7f)
			buf_append_char(out, ' ');
		else if (is_no_character(s)) {
			buf_append_str(out, "\xef\xbf\xbd");
			s += 2;
		} else
			buf_append_char(out, *s);
	}
}

static void
append_xml(struct buf *out, const char *s)
{
	append_xml_of(out, s, strlen(s));
}

/* The same, where line ends stay. */
static void
append_lines(struct buf *out, const char *s)
{
	size_t len;

	for (; *s != '\0'; s += len + (s[len] == '\n')) {
		len = strcspn(s, "\n");
		append_xml_of(out, s, len);
		buf_append_char(out, '\n');
	}
}

static void
open_case(const struct report *r, const char *name, span_us time,
    struct buf *out)
{
	buf_append_str(out, "  <testcase classname=\"");
	append_xml(out, r->session->suite->target);
	buf_append_str(out, "\" name=\"");
	append_xml(out, name);
	buf_printf(out, "\" time=\"%.3f\"", (double)time / 1e6);
}

/* Whose decision it is that the release goes on all the same. */
static void
print_overrides(const struct report *r, struct buf *out)
{
	struct report_override o;
	size_t i;

	for (i = 0; i < report_override_count(r); i++) {
		report_override(r, i, &o);
		buf_append_str(out, "\noverridden by ");
		append_xml(out, o.who);
		buf_printf(out, " at %s until %s, for %s: ", o.at, o.until,
		    o.scope);
		append_xml(out, o.why);
	}
}

/* Why there is nothing to compare with. */
static void
print_baseline_failure(const struct report *r, struct buf *out)
{
	const struct ledger_failure *f;
	size_t check;

	f = report_shown_failure(r, &check);
	if (f == NULL || f->arm != ARM_BASELINE)
		return;
	buf_append_str(out, "\nFirst failing run of the baseline: ");
	append_xml(out, r->session->suite->checks[check].id);
	buf_append_str(out, ": ");
	append_xml(out, report_failure_text(f));
}

static void
print_gate_case(const struct report *r, struct buf *out)
{
	const struct session *s = r->session;
	/* An error for what is not decided: neither green nor a finding. */
	const char *kind = s->verdict == ENGINE_BLOCK ? "failure" : "error";

	open_case(r, "gate", s->spent, out);
	if (s->verdict == ENGINE_PASS) {
		buf_append_str(out, "/>\n");
		return;
	}
	buf_printf(out, ">\n    <%s type=\"%s\" message=\"", kind,
	    engine_verdict_name(s->verdict));
	append_xml(out, r->why);
	buf_append_str(out, "\">");
	append_xml(out, r->why);
	print_baseline_failure(r, out);
	print_overrides(r, out);
	buf_printf(out, "</%s>\n  </testcase>\n", kind);
}

static bool
is_unfinished(const struct report *r, size_t check)
{
	size_t i;

	for (i = 0; i < r->component_count; i++)
		if (r->components[i].check == check &&
		    report_is_unfinished(&r->components[i]))
			return (true);
	return (false);
}

/* What was expected and what came, under the message. */
static void
print_answers(const struct ledger_failure *f, struct buf *out)
{
	char hex[2 * MESSAGE_ID_SIZE + 1];
	struct buf diff;

	if (!f->is_set)
		return;
	crypto_hex(f->run, MESSAGE_ID_SIZE, hex);
	buf_printf(out, "run: %s\n", hex);
	if (f->what.url != NULL) {
		buf_append_str(out, "url: ");
		append_xml(out, f->what.url);
	}
	if (f->what.expected != NULL) {
		buf_append_str(out, "\nexpected: ");
		append_xml(out, f->what.expected);
	}
	if (f->what.actual != NULL) {
		buf_append_str(out, "\nactual: ");
		append_xml(out, f->what.actual);
	}
	if (f->what.response == NULL || f->good_response == NULL)
		return;
	buf_append_str(out, "\nanswers: - baseline, + candidate\n");
	buf_init(&diff, 1 << 18);
	html_diff_text(&diff, f->good_response, f->what.response,
	    ANSWER_LINES_MOST, true);
	append_lines(out, buf_str(&diff));
	buf_fini(&diff);
}

static void
print_failure(const struct report *r, size_t check, struct buf *out)
{
	const struct ledger_failure *f = ledger_failure_at(
	    &r->session->ledger, check, ARM_CANDIDATE);
	struct buf text;
	size_t i;

	buf_init(&text, 1 << 20);
	for (i = 0; i < r->named_count; i++) {
		if (r->named[i].check != check)
			continue;
		report_subject(r, &r->named[i], &text);
		buf_append_str(&text, ": ");
		report_size(r, &r->named[i], &text);
		buf_append_str(&text, ". ");
	}
	if (f->is_set)
		buf_printf(&text, "First failing run: %s:%lld: %s",
		    f->what.file != NULL ? f->what.file : "-",
		    (long long)f->what.line, report_failure_text(f));
	buf_append_str(out, ">\n    <failure type=\"regression\" message=\"");
	append_xml(out, buf_str(&text));
	buf_append_str(out, "\">");
	print_answers(f, out);
	buf_append_str(out, "</failure>\n  </testcase>\n");
	buf_fini(&text);
}

/* Why a case is skipped: not judged, or not decided. False: it is not. */
static bool
is_skipped(const struct report *r, size_t check, struct buf *why)
{
	struct engine_counts n = engine_counts(r->session->engine, check);

	if (report_not_judged(r, check, why)) {
		buf_append_str(why, ": ");
		report_rate(n.candidate_failures, n.rounds, why);
		buf_append_str(why, " failed");
		return (true);
	}
	if (r->session->verdict == ENGINE_PASS || !is_unfinished(r, check))
		return (false);
	buf_append_str(why, "not decided");
	return (true);
}

/* Returns 1 for a failure, 2 for a skipped case, else 0. */
static int
print_check_case(const struct report *r, size_t check, span_us time,
    struct buf *out)
{
	struct buf why;
	int kind = 0;

	open_case(r, r->session->suite->checks[check].id, time, out);
	buf_init(&why, 1 << 16);
	if (report_is_named(r, check)) {
		print_failure(r, check, out);
		kind = 1;
	} else if (is_skipped(r, check, &why)) {
		buf_append_str(out, ">\n    <skipped message=\"");
		append_xml(out, buf_str(&why));
		buf_append_str(out, "\"/>\n  </testcase>\n");
		kind = 2;
	} else
		buf_append_str(out, "/>\n");
	buf_fini(&why);
	return (kind);
}

/* How long the runs of each check have taken; to free. */
static span_us *
sum_times(const struct session *s)
{
	span_us *times = xcalloc(s->suite->count, sizeof(*times));
	const struct ledger_pair *p;

	for (p = s->ledger.pairs; p < s->ledger.pairs + s->ledger.count; p++)
		times[p->check] += p->halves[ARM_CANDIDATE].duration_us +
		    p->halves[ARM_BASELINE].duration_us;
	return (times);
}

static void
print_property(const char *name, const char *value, struct buf *out)
{
	if (value == NULL)
		return;
	buf_printf(out, "    <property name=\"%s\" value=\"", name);
	append_xml(out, value);
	buf_append_str(out, "\"/>\n");
}

static void
print_properties(const struct session *s, struct buf *out)
{
	char text[2 * MESSAGE_ID_SIZE + 1];

	buf_append_str(out, "  <properties>\n");
	crypto_hex(s->id, MESSAGE_ID_SIZE, text);
	print_property("gate", text, out);
	print_property("verdict", engine_verdict_name(s->verdict), out);
	print_property("candidate", s->settings->versions[ARM_CANDIDATE], out);
	print_property("baseline", s->settings->versions[ARM_BASELINE], out);
	snprintf(text, sizeof(text), "%g", s->settings->alpha);
	print_property("alpha", text, out);
	snprintf(text, sizeof(text), "%g", s->settings->beta);
	print_property("beta", text, out);
	snprintf(text, sizeof(text), "%lld", (long long)s->settings->seed);
	print_property("seed", text, out);
	buf_append_str(out, "  </properties>\n");
}

static void
print_suite(const struct session *s, const size_t counts[static 3],
    struct buf *out)
{
	char host[HOST_SIZE] = "", when[CLOCK_TEXT_SIZE];

	if (gethostname(host, sizeof(host) - 1) != 0 || host[0] == '\0')
		snprintf(host, sizeof(host), "localhost");
	clock_format_wall(s->started, when);
	buf_append_str(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	buf_append_str(out, "<testsuite name=\"e2e-gate ");
	append_xml(out, s->suite->target);
	buf_append_str(out, "\" hostname=\"");
	append_xml(out, host);
	/* Schemas want no fraction and no zone: it is UTC. */
	buf_printf(out, "\" timestamp=\"%.19s\" tests=\"%zu\" failures=\"%zu\" "
	    "errors=\"%d\" skipped=\"%zu\" time=\"%.3f\">\n", when,
	    s->suite->count + 1, counts[1],
	    s->verdict == ENGINE_INCONCLUSIVE, counts[2],
	    (double)s->spent / 1e6);
}

void
report_junit(const struct report *r, struct buf *out)
{
	const struct session *s = r->session;
	size_t i, counts[3] = {0, s->verdict == ENGINE_BLOCK, 0};
	span_us *times = sum_times(s);
	struct buf cases;

	buf_init(&cases, REPORT_MOST_BYTES);
	for (i = 0; i < s->suite->count; i++)
		counts[print_check_case(r, i, times[i], &cases)]++;
	free(times);
	print_suite(s, counts, out);
	print_properties(s, out);
	print_gate_case(r, out);
	buf_append(out, buf_str(&cases), cases.len);
	buf_fini(&cases);
	buf_append_str(out, "  <system-out>");
	append_xml(out, r->why);
	print_overrides(r, out);
	buf_append_str(out, "</system-out>\n  <system-err></system-err>\n"
	    "</testsuite>\n");
}
