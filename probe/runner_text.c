/* SPDX-License-Identifier: ISC */
/* Rows, failures and summaries of e2e-run. */
#include "probe/runner_text.h"

#include <string.h>

#include "base/must.h"
#include "base/utf8.h"
#include "probe/runner_marks.h"
#include "probe/variables.h"

#define RED "31"
#define GREEN "32"
#define YELLOW "33"
#define FAINT "2"
#define BOLD "1"

#define VALUE_MOST_BYTES 4000
#define ACTUAL_MOST_BYTES 200 /* of what is tried again */
#define EVIDENCE_MOST_BYTES 4000 /* on a terminal, of each part */
#define MASKED_MOST_BYTES (4u << 20)

static void
color(const struct runner_text *t, const char *code)
{
	if (t->has_color)
		buf_printf(t->out, "\033[%sm", code);
}

static void
plain(const struct runner_text *t)
{
	if (t->has_color)
		buf_append_str(t->out, "\033[0m");
}

static const char *
outcome_color(enum outcome o)
{
	return (o == OUTCOME_PASSED ? GREEN :
	    outcome_is_ours(o) ? YELLOW : RED);
}

static void
put_outcome(const struct runner_text *t, enum outcome o)
{
	color(t, outcome_color(o));
	buf_append_str(t->out, outcome_name(o));
	plain(t);
}

/* Control characters of a server must not reach a terminal. */
static void
put_clean(struct buf *out, const char *s, size_t len)
{
	size_t n;
	uint32_t c;

	for (; len > 0; s += n, len -= n) {
		n = utf8_decode(s, len, &c);
		if (n == 0) {
			n = 1;
			buf_append_str(out, "\357\277\275");
		} else if (c == '\n' || c == '\t' ||
		    (c >= ' ' && c != 0x7f && (c < 0x80 || c > 0x9f))) {
			buf_append(out, s, n);
		} else if (c != '\r') {
			buf_append_str(out, "\357\277\275");
		}
	}
}

/* is_cut: of what is cut off at its end, a part of a secret, say, is there. */
static void
put_cut(const struct runner_text *t, const struct run *run, const char *s,
    size_t len, bool is_cut)
{
	struct buf masked;

	buf_init(&masked, MASKED_MOST_BYTES);
	run_mask(run, s, len, is_cut, &masked);
	put_clean(t->out, buf_str(&masked), masked.len);
	buf_fini(&masked);
}

static void
put_masked(const struct runner_text *t, const struct run *run, const char *s,
    size_t len)
{
	put_cut(t, run, s, len, false);
}

void
runner_text_head(const struct runner_text *t, const char *path)
{
	color(t, BOLD);
	put_clean(t->out, path, strlen(path));
	plain(t);
	buf_append_char(t->out, '\n');
	color(t, FAINT);
	buf_printf(t->out, "%5s %6s %8s  %8s %8s %8s %8s %8s  %s", "entry",
	    "status", "total", "dns", "connect", "tls", "wait", "transfer",
	    "request");
	plain(t);
	buf_append_char(t->out, '\n');
}

static void
put_span(const struct runner_text *t, span_us span)
{
	char text[CLOCK_SPAN_SIZE];

	if (span < 0) {
		buf_printf(t->out, " %8s", "-");
		return;
	}
	clock_format_span(span, text);
	buf_printf(t->out, " %8s", text);
}

void
runner_text_step(const struct runner_text *t, struct run *run,
    const struct run_step *step)
{
	const struct response_timing *timing = &step->timing;

	buf_printf(t->out, "%5u ", step->entry);
	color(t, outcome_color(step->outcome));
	if (step->status == 0)
		buf_printf(t->out, "%6s", "-");
	else
		buf_printf(t->out, "%6ld", step->status);
	plain(t);
	put_span(t, timing->total);
	buf_append_char(t->out, ' ');
	put_span(t, timing->dns);
	put_span(t, timing->connect);
	put_span(t, timing->tls);
	put_span(t, timing->wait);
	put_span(t, timing->transfer);
	buf_printf(t->out, "  %s%s ", step->is_redirect ? "-> " : "",
	    step->method);
	put_masked(t, run, step->url, strlen(step->url));
	if (step->attempt > 1)
		buf_printf(t->out, " (attempt %u)", step->attempt);
	if (step->outcome != OUTCOME_PASSED) {
		buf_append_str(t->out, "  ");
		put_outcome(t, step->outcome);
		if (step->is_retried)
			buf_append_str(t->out, ", tried again");
	}
	buf_append_char(t->out, '\n');
}

/* Blanks as wide as text, whose tabs stay; returns its columns. */
static size_t
put_blanks(struct buf *out, const struct buf *text)
{
	const char *p = buf_str(text), *end = p + text->len;
	size_t n;

	for (; p < end; p += n) {
		n = utf8_letters(p, (size_t)(end - p), 1);
		if (*p == '\t')
			buf_append_char(out, '\t');
		else
			buf_printf(out, "%*s", (int)utf8_columns(p, n), "");
	}
	return (utf8_columns(buf_str(text), text->len));
}

/* The flow's line with a caret below; what is masked may be shorter. */
static void
put_source(const struct runner_text *t, const struct run *run,
    const struct flow_file *file, struct place place)
{
	struct buf before, until;
	const char *line;
	size_t len, at, n;

	line = flow_line(file, place.line, &len);
	if (line == NULL)
		return;
	buf_printf(t->out, "%5u | ", place.line);
	put_masked(t, run, line, len);
	buf_append_str(t->out, "\n      | ");
	buf_init(&before, 2 * len + 64);
	buf_init(&until, 2 * len + 64);
	at = utf8_letters(line, len, place.column > 0 ? place.column - 1 : 0);
	run_mask(run, line, at, true, &before);
	at += utf8_letters(line + at, len - at, place.width);
	run_mask(run, line, at, true, &until);
	n = put_blanks(t->out, &before);
	color(t, RED);
	buf_append_char(t->out, '^');
	for (n++; n < utf8_columns(buf_str(&until), until.len); n++)
		buf_append_char(t->out, '~');
	plain(t);
	buf_append_char(t->out, '\n');
	buf_fini(&before);
	buf_fini(&until);
}

/* Text behind a label; its further lines stand below its first. */
static void
put_labelled(const struct runner_text *t, const struct run *run,
    const char *label, const char *value)
{
	size_t len = strlen(value), part;
	bool is_cut = len > VALUE_MOST_BYTES;

	if (is_cut)
		for (len = VALUE_MOST_BYTES; len > 0 &&
		    ((unsigned char)value[len] & 0xc0) == 0x80; len--)
			;
	buf_printf(t->out, "        %s ", label);
	for (;;) {
		part = strcspn(value, "\n");
		if (part >= len) {
			put_cut(t, run, value, len, is_cut);
			break;
		}
		put_masked(t, run, value, part);
		buf_printf(t->out, "\n        %*s ", (int)strlen(label), "");
		value += part + 1;
		len -= part + 1;
	}
	buf_append_str(t->out, is_cut ? " ...\n" : "\n");
}

void
runner_text_failure(const struct runner_text *t, const struct run *run,
    uint32_t entry, const struct finding *f)
{
	const struct flow *flow = run_script_flow(run_script_of(run));
	const struct flow_file *file =
	    &flow->files[flow->entries[entry - 1].file];

	color(t, BOLD);
	buf_printf(t->out, "%s:%u:%u: ", file->path, f->place.line,
	    f->place.column);
	plain(t);
	color(t, RED);
	put_masked(t, run, f->message, strlen(f->message));
	plain(t);
	buf_append_char(t->out, '\n');
	put_source(t, run, file, f->place);
	if (f->actual != NULL)
		put_labelled(t, run, "actual:  ", f->actual);
	if (f->expected != NULL)
		put_labelled(t, run, "expected:", f->expected);
}

void
runner_text_failures(const struct runner_text *t, struct run *run,
    const struct run_step *step)
{
	size_t i;

	for (i = 0; i < step->findings.count; i++)
		runner_text_failure(t, run, step->entry,
		    &step->findings.items[i]);
}

/* The first most bytes at least, up to the end of a character. */
static const char *
brief_end(const char *s, const char *end, size_t most)
{
	if ((size_t)(end - s) <= most)
		return (end);
	for (s += most; s < end && ((unsigned char)*s & 0xc0) == 0x80; s++)
		;
	return (s);
}

static void
put_prefixed(const struct runner_text *t, struct run *run,
    const struct buf *text, const char *prefix, bool has_body, size_t most)
{
	const char *s, *line, *end, *head_end;
	struct buf masked;
	size_t more;

	if (text->len == 0)
		return;
	buf_init(&masked, MASKED_MOST_BYTES);
	run_mask(run, text->data, text->len, text->is_full, &masked);
	s = buf_str(&masked);
	end = s + masked.len;
	head_end = has_body ? NULL : strstr(s, "\n\n");
	if (head_end != NULL)
		end = head_end + 1;
	more = (size_t)(end - s);
	end = brief_end(s, end, most);
	more -= (size_t)(end - s);
	for (line = s; line < end; line = s + 1) {
		s = memchr(line, '\n', (size_t)(end - line));
		if (s == NULL)
			s = end;
		color(t, FAINT);
		buf_printf(t->out, "  %s ", prefix);
		plain(t);
		put_clean(t->out, line, (size_t)(s - line));
		buf_append_char(t->out, '\n');
	}
	if (more > 0)
		buf_printf(t->out, "  %s ... %zu more bytes, see "
		    "--very-verbose\n", prefix, more);
	else if (text->is_full)
		buf_printf(t->out, "  %s ... cut here\n", prefix);
	buf_fini(&masked);
}

void
runner_text_exchange(const struct runner_text *t, struct run *run,
    const struct buf *request, const struct buf *response, bool has_bodies)
{
	put_prefixed(t, run, request, ">", has_bodies, SIZE_MAX);
	put_prefixed(t, run, response, "<", has_bodies, SIZE_MAX);
}

static void
put_evidence(const struct runner_text *t, struct run *run,
    const struct run_result *result)
{
	if (!t->has_evidence || result->request.len == 0)
		return;
	buf_append_char(t->out, '\n');
	put_prefixed(t, run, &result->request, ">", true,
	    EVIDENCE_MOST_BYTES);
	put_prefixed(t, run, &result->response, "<", true,
	    EVIDENCE_MOST_BYTES);
	buf_append_char(t->out, '\n');
}

static bool
has_findings(const struct run_result *result)
{
	size_t i;

	for (i = 0; i < result->step_count; i++)
		if (!result->steps[i].is_retried &&
		    result->steps[i].findings.count > 0)
			return (true);
	return (false);
}

void
runner_text_reason(const struct runner_text *t, struct run *run,
    const struct run_result *result)
{
	const struct flow *flow = run_script_flow(run_script_of(run));

	if (result->reason == NULL || has_findings(result))
		return;
	color(t, BOLD);
	if (result->place.line > 0)
		buf_printf(t->out, "%s:%u:%u: ", result->file->path,
		    result->place.line, result->place.column);
	else
		buf_printf(t->out, "%s: ", flow->path);
	plain(t);
	color(t, RED);
	put_cut(t, run, result->reason, strlen(result->reason),
	    result->is_reason_cut);
	plain(t);
	buf_append_char(t->out, '\n');
	if (result->place.line > 0)
		put_source(t, run, result->file, result->place);
}

void
runner_text_errors(const struct runner_text *t, struct run *run,
    const struct run_result *result)
{
	runner_text_reason(t, run, result);
	put_evidence(t, run, result);
}

void
runner_text_end(const struct runner_text *t, struct run *run,
    const struct run_result *result)
{
	char text[CLOCK_SPAN_SIZE];

	runner_text_errors(t, run, result);
	clock_format_span(result->duration, text);
	put_outcome(t, result->outcome);
	buf_printf(t->out, ": %zu request%s in %s, trace %s\n",
	    result->step_count, result->step_count == 1 ? "" : "s", text,
	    result->trace);
}

void
runner_text_brief(const struct runner_text *t, struct run *run,
    const struct run_result *result)
{
	char text[CLOCK_SPAN_SIZE];

	runner_text_errors(t, run, result);
	clock_format_span(result->duration, text);
	color(t, BOLD);
	buf_printf(t->out, "%s",
	    run_script_flow(run_script_of(run))->path);
	plain(t);
	buf_append_str(t->out, ": ");
	put_outcome(t, result->outcome);
	buf_printf(t->out, " (%zu request%s in %s)\n", result->step_count,
	    result->step_count == 1 ? "" : "s", text);
}

static void
put_star(const struct runner_text *t)
{
	color(t, FAINT);
	buf_append_str(t->out, "  * ");
	plain(t);
}

void
runner_text_curl(const struct runner_text *t, struct run *run)
{
	struct buf line;

	buf_init(&line, MASKED_MOST_BYTES);
	run_describe_curl(run, &line);
	put_star(t);
	put_clean(t->out, buf_str(&line), line.len);
	buf_append_char(t->out, '\n');
	buf_fini(&line);
}

static void
put_capture(const struct runner_text *t, struct run *run, const char *name,
    bool is_secret)
{
	const struct value *v = variables_find(run_variables(run), name);
	struct buf text;

	if (v == NULL)
		return;
	buf_init(&text, VALUE_MOST_BYTES);
	value_format_json(v, &text);
	put_star(t);
	buf_printf(t->out, "%s: ", name);
	if (is_secret)
		buf_append_str(t->out, "***");
	else
		put_cut(t, run, buf_str(&text), text.len, text.is_full);
	buf_append_str(t->out, text.is_full ? " ...\n" : "\n");
	buf_fini(&text);
}

void
runner_text_captures(const struct runner_text *t, struct run *run,
    const struct run_step *step)
{
	const struct flow *flow = run_script_flow(run_script_of(run));
	const struct flow_response *r =
	    &flow->entries[step->entry - 1].response;
	const struct flow_capture *c;

	if (!runner_marks_captured(run, step))
		return;
	for (c = r->captures; c < r->captures + r->capture_count; c++)
		put_capture(t, run, c->name.source, c->is_redacted ||
		    variables_is_secret(run_variables(run), c->name.source));
}

static void
put_retried(const struct runner_text *t, struct run *run,
    const struct flow_file *file, const struct finding *f)
{
	const char *s = f->actual, *end, *shown;

	put_star(t);
	buf_printf(t->out, "%s:%u:%u: ", file->path, f->place.line,
	    f->place.column);
	put_masked(t, run, f->message, strcspn(f->message, "\n"));
	if (s != NULL) {
		buf_append_str(t->out, ", actual ");
		end = s + strcspn(s, "\n");
		shown = brief_end(s, end, ACTUAL_MOST_BYTES);
		put_cut(t, run, s, (size_t)(shown - s), shown < end);
	}
	buf_append_char(t->out, '\n');
}

void
runner_text_retried(const struct runner_text *t, struct run *run,
    const struct run_step *step)
{
	const struct flow *flow = run_script_flow(run_script_of(run));
	const struct flow_entry *e = &flow->entries[step->entry - 1];
	size_t i;

	for (i = 0; i < step->findings.count; i++)
		put_retried(t, run, &flow->files[e->file],
		    &step->findings.items[i]);
	put_star(t);
	buf_printf(t->out, "attempt %u: %s, tried again\n", step->attempt,
	    outcome_name(step->outcome));
}

void
runner_text_verdict(const struct runner_text *t, struct run *run,
    const struct run_result *result)
{
	const char *path = result->place.line > 0 ? result->file->path :
	    run_script_flow(run_script_of(run))->path;

	buf_append_str(t->out, "  ");
	put_clean(t->out, path, strlen(path));
	if (result->place.line > 0)
		buf_printf(t->out, ":%u:%u", result->place.line,
		    result->place.column);
	buf_append_str(t->out, ": ");
	put_outcome(t, result->outcome);
	if (result->reason != NULL) {
		buf_append_str(t->out, ": ");
		put_cut(t, run, result->reason, strcspn(result->reason, "\n"),
		    result->is_reason_cut);
	}
	buf_append_char(t->out, '\n');
}

void
runner_text_list(const struct runner_text *t, const struct buf *lines,
    size_t count)
{
	const char *s = buf_str(lines);

	if (count == 0)
		return;
	buf_append_str(t->out, "Did not pass:\n");
	buf_append(t->out, s, lines->len);
	for (; count > 0 && (s = strchr(s, '\n')) != NULL; s++)
		count--;
	if (count > 0)
		buf_printf(t->out, "  and %zu more\n", count);
}

static double
share(size_t part, size_t whole)
{
	return (whole == 0 ? 0 : 100.0 * (double)part / (double)whole);
}

/* "Failed files:", say, and its figure in one column. */
static void
put_label(const struct runner_text *t, const char *verb, const char *noun)
{
	buf_printf(t->out, "%s %s:%*s", verb, noun,
	    (int)(17 - strlen(verb) - strlen(noun)), "");
}

/* What the others came to: "2 failed, 1 unreachable". */
static void
put_outcomes(const struct runner_text *t, const struct runner_counts *c)
{
	const char *sep = "";
	int o;

	if (c->passed == c->runs)
		return;
	buf_printf(t->out, "%-19s", "Outcomes:");
	for (o = 0; o < OUTCOME_COUNT; o++) {
		if (o == OUTCOME_PASSED || c->by_outcome[o] == 0)
			continue;
		buf_printf(t->out, "%s%zu ", sep, c->by_outcome[o]);
		put_outcome(t, (enum outcome)o);
		sep = ", ";
	}
	buf_append_char(t->out, '\n');
}

/* In Hurl's words, which people and scripts know. */
void
runner_text_summary(const struct runner_text *t,
    const struct runner_counts *c)
{
	const char *noun = c->are_checks ? "checks" : "files";
	double seconds = (double)c->elapsed / (double)SPAN_S;
	long long ms = c->elapsed / SPAN_MS;

	buf_append_str(t->out, "----------------------------------------"
	    "----------------------------------------\n");
	put_label(t, "Executed", noun);
	buf_printf(t->out, "%zu\n", c->runs);
	put_label(t, "Executed", "requests");
	buf_printf(t->out, "%zu (%.1f/s)\n", c->steps,
	    seconds > 0 ? (double)c->steps / seconds : 0);
	put_label(t, "Succeeded", noun);
	buf_printf(t->out, "%zu (%.1f%%)\n", c->passed,
	    share(c->passed, c->runs));
	put_label(t, "Failed", noun);
	buf_printf(t->out, "%zu (%.1f%%)\n", c->runs - c->passed,
	    share(c->runs - c->passed, c->runs));
	put_outcomes(t, c);
	buf_printf(t->out, "%-19s%lld ms (%lldh:%lldm:%llds:%lldms)\n",
	    "Duration:", ms, ms / 3600000, ms / 60000 % 60, ms / 1000 % 60,
	    ms % 1000);
}
