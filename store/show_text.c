/* SPDX-License-Identifier: ISC */
/* A run as text: head, steps as a waterfall, failures, evidence. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/show_priv.h"

#define WATERFALL_COLUMNS 32
#define REQUEST_COLUMNS 44
#define EVIDENCE_MOST_LINES 40
#define TEXT_MOST_BYTES (1u << 20)

struct page {
	FILE *fp;
	const struct table_style *style;
	struct buf b; /* scratch */
};

static void
colour(struct page *p, enum table_colour c)
{
	if (p->style->has_colour)
		fputs(table_escape(c), p->fp);
}

/* Text of outside origin, made safe. Returns its columns. */
static size_t
put(struct page *p, const char *s, size_t len)
{
	size_t columns;

	buf_reset(&p->b);
	columns = table_safe(&p->b, s, len);
	fputs(buf_str(&p->b), p->fp);
	return (columns);
}

static size_t
put_str(struct page *p, const char *s)
{
	return (put(p, s, strlen(s)));
}

static void
put_span(struct page *p, span_us t)
{
	char text[CLOCK_SPAN_SIZE];

	clock_format_span(t, text);
	fputs(text, p->fp);
}

static void
put_time(struct page *p, wall_us t)
{
	char text[CLOCK_TEXT_SIZE];

	clock_format_wall(t, text);
	fprintf(p->fp, "%.10s %.12sZ", text, text + 11);
}

static void
put_label(struct page *p, const char *label)
{
	colour(p, TABLE_DIM);
	fprintf(p->fp, "  %-12s", label);
	colour(p, TABLE_PLAIN);
}

static enum table_colour
outcome_colour(enum outcome o)
{
	return (o == OUTCOME_PASSED ? TABLE_GOOD :
	    outcome_is_against_service(o) ? TABLE_BAD : TABLE_WARN);
}

static void
print_title(struct page *p, const struct query_run *r)
{
	put_str(p, r->check);
	fputs("  ", p->fp);
	colour(p, outcome_colour(r->outcome));
	fputs(outcome_name(r->outcome), p->fp);
	colour(p, TABLE_PLAIN);
	fputs("  ", p->fp);
	put_time(p, r->due_us);
	fputc('\n', p->fp);
	if (r->reason == NULL && r->place_file == NULL)
		return;
	fputs("  ", p->fp);
	if (r->place_file != NULL) {
		put_str(p, r->place_file);
		if (r->place_line != QUERY_NONE)
			fprintf(p->fp, ":%lld", (long long)r->place_line);
		if (r->place_column != QUERY_NONE)
			fprintf(p->fp, ":%lld", (long long)r->place_column);
		fputs(": ", p->fp);
	}
	put_str(p, r->reason != NULL ? r->reason : "");
	fputc('\n', p->fp);
}

static void
print_facts(struct page *p, const struct query_run *r)
{
	fputc('\n', p->fp);
	put_label(p, "run");
	fprintf(p->fp, "%s\n", r->id_hex);
	put_label(p, "where");
	put_str(p, r->location);
	fputs(", ", p->fp);
	put_str(p, r->environment);
	if (r->probe != NULL) {
		fputs(", probe ", p->fp);
		put_str(p, r->probe);
	}
	fprintf(p->fp, " (%s)\n", trigger_name(r->trigger));
	put_label(p, "took");
	put_span(p, r->duration_us);
	if (r->late_us != QUERY_NONE) {
		fputs(", started ", p->fp);
		put_span(p, r->late_us);
		fputs(" after it was due", p->fp);
	}
	if (r->lag_us != QUERY_NONE && r->lag_us > 10 * SPAN_MS) {
		fputs("; the probe lagged ", p->fp);
		put_span(p, r->lag_us);
	}
	fputc('\n', p->fp);
	if (r->definition[0] != '\0') {
		put_label(p, "definition");
		put(p, r->definition, strnlen(r->definition, 12));
		if (r->definition_seen_us != QUERY_NONE) {
			fputs(", first seen ", p->fp);
			put_time(p, r->definition_seen_us);
		}
		fputc('\n', p->fp);
	}
	if (r->trace_hex[0] != '\0') {
		put_label(p, "trace");
		fprintf(p->fp, "%s\n", r->trace_hex);
	}
}

/* Steps. */

static const struct {
	const char *key, *glyph, *name;
} phases[] = {
	{"dns_us", "\xe2\x96\x91", "dns"},           /* light shade */
	{"connect_us", "\xe2\x96\x92", "connect"},   /* medium shade */
	{"tls_us", "\xe2\x96\x93", "tls"},           /* dark shade */
	{"wait_us", "\xe2\x94\x80", "wait"},         /* line */
	{"transfer_us", "\xe2\x96\x88", "transfer"}, /* full block */
};

static int64_t
step_end(const struct json *step)
{
	return (json_get_int(step, "start_us", 0) +
	    json_get_int(step, "total_us", 0));
}

/* Which phase runs at a time after the step's start. */
static const char *
glyph_at(const struct json *step, int64_t t)
{
	int64_t end = 0;
	size_t i;

	for (i = 0; i < NELEMS(phases); i++) {
		end += json_get_int(step, phases[i].key, 0);
		if (t < end)
			return (phases[i].glyph);
	}
	return ("\xe2\x94\x80");
}

static void
print_bar(struct page *p, const struct json *step, int64_t whole)
{
	int64_t start = json_get_int(step, "start_us", 0), t;
	int64_t end = step_end(step);
	int i, first;

	if (whole <= 0)
		return;
	first = (int)(start * WATERFALL_COLUMNS / whole);
	for (i = 0; i < WATERFALL_COLUMNS; i++) {
		t = (2 * i + 1) * whole / (2 * WATERFALL_COLUMNS);
		if (t >= start && t < end)
			fputs(glyph_at(step, t - start), p->fp);
		else if (i == first)
			fputs("\xe2\x96\x8f", p->fp); /* too short: a tick */
		else if (t < start)
			fputc(' ', p->fp);
	}
}

static void
print_failure(struct page *p, const struct json *f)
{
	static const char *const keys[] = {"expected", "actual"};
	const char *text;
	size_t i;

	fputs("       ", p->fp);
	colour(p, TABLE_BAD);
	fprintf(p->fp, "line %lld", (long long)json_get_int(f, "line", 0));
	colour(p, TABLE_PLAIN);
	fputs(": ", p->fp);
	put_str(p, json_get_str(f, "message", ""));
	fputc('\n', p->fp);
	for (i = 0; i < NELEMS(keys); i++) {
		if ((text = json_get_str(f, keys[i], NULL)) == NULL)
			continue;
		fprintf(p->fp, "         %-9s ", keys[i]);
		put_str(p, text);
		fputc('\n', p->fp);
	}
}

static void
print_failures(struct page *p, const struct json *step)
{
	const struct json *failures = json_get(step, "failures");
	size_t i;

	if (failures == NULL || failures->kind != JSON_ARRAY)
		return;
	for (i = 0; i < failures->count; i++)
		print_failure(p, &failures->items[i]);
}

static bool
is_ascii(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || (unsigned char)*s > 0x7e)
			return (false);
	return (true);
}

/* The end of a URL says more than its beginning. */
static void
print_request(struct page *p, const struct json *step)
{
	const char *method = json_get_str(step, "method", "");
	const char *url = json_get_str(step, "url", "");
	size_t m = strlen(method), u = strlen(url), columns;
	char *text;

	if (m + 1 + u > REQUEST_COLUMNS && m + 2 < REQUEST_COLUMNS / 2 &&
	    is_ascii(url))
		text = xasprintf("%s \xe2\x80\xa6%s", method,
		    url + u - (REQUEST_COLUMNS - m - 2));
	else
		text = xasprintf("%s %s", method, url);
	columns = put_str(p, text);
	while (columns++ < REQUEST_COLUMNS)
		fputc(' ', p->fp);
	free(text);
}

static void
print_step(struct page *p, const struct json *step, int64_t whole)
{
	enum outcome o = outcome_parse(json_get_str(step, "outcome", ""));
	int64_t status = json_get_int(step, "status", -1);
	int64_t attempt = json_get_int(step, "attempt", 1);
	char took[CLOCK_SPAN_SIZE];

	fprintf(p->fp, "  %2lld ", (long long)json_get_int(step, "entry",
	    0));
	print_request(p, step);
	colour(p, o == OUTCOME_COUNT ? TABLE_PLAIN : outcome_colour(o));
	if (status >= 0)
		fprintf(p->fp, " %4lld", (long long)status);
	else
		fputs("    -", p->fp);
	colour(p, TABLE_PLAIN);
	clock_format_span(json_get_int(step, "total_us", 0), took);
	fprintf(p->fp, " %8s ", took);
	print_bar(p, step, whole);
	if (attempt > 1)
		fprintf(p->fp, "  attempt %lld", (long long)attempt);
	fputc('\n', p->fp);
	print_failures(p, step);
}

static void
print_steps(struct page *p, const struct shown_run *r)
{
	size_t i, n = shown_step_count(r);
	int64_t whole = 0;

	if (n == 0)
		return;
	for (i = 0; i < n; i++)
		if (step_end(shown_step(r, i)) > whole)
			whole = step_end(shown_step(r, i));
	fputc('\n', p->fp);
	colour(p, TABLE_DIM);
	fprintf(p->fp, "   # %-*s stat     time ", REQUEST_COLUMNS,
	    "request");
	for (i = 0; i < NELEMS(phases); i++)
		fprintf(p->fp, "%s%s %s", i > 0 ? "  " : "",
		    phases[i].glyph, phases[i].name);
	colour(p, TABLE_PLAIN);
	fputc('\n', p->fp);
	for (i = 0; i < n; i++)
		print_step(p, shown_step(r, i), whole);
}

/* Evidence and comparison. */

static void
print_lines(struct page *p, const char *title, const char *text)
{
	size_t len, lines = 0;

	if (text == NULL)
		return;
	fputc('\n', p->fp);
	colour(p, TABLE_DIM);
	fprintf(p->fp, "  %s\n", title);
	colour(p, TABLE_PLAIN);
	while (*text != '\0' && lines++ < EVIDENCE_MOST_LINES) {
		len = strcspn(text, "\n");
		fputs("  | ", p->fp);
		put(p, text, len > 0 && text[len - 1] == '\r' ? len - 1 :
		    len);
		fputc('\n', p->fp);
		text += len + (text[len] == '\n');
	}
	if (*text != '\0')
		fputs("  | ... (--format=json has it all)\n", p->fp);
}

static void
print_evidence(struct page *p, const struct shown_run *r)
{
	const struct json *root;
	const char *in_run;

	if (r->evidence == NULL)
		return;
	root = json_root(r->evidence);
	in_run = json_get_str(root, "in_run", NULL);
	if (in_run != NULL) {
		fputc('\n', p->fp);
		put_label(p, "evidence");
		fprintf(p->fp, "left out after many like it; run %.12s of "
		    "this check has its own\n", in_run);
	}
	print_lines(p, "request", json_get_str(root, "request", NULL));
	print_lines(p, "response", json_get_str(root, "response", NULL));
}

static void
print_comparison(struct page *p, const struct shown *s)
{
	const struct query_run *good = &s->good.run, *bad = &s->bad.run;
	enum shown_definitions definitions;
	size_t i;

	if (bad->outcome == OUTCOME_PASSED)
		return;
	fputc('\n', p->fp);
	if (!s->good.is_there) {
		fputs("  No good run of this check before is kept.\n",
		    p->fp);
		return;
	}
	put_label(p, "last good");
	fprintf(p->fp, "%.12s  ", good->id_hex);
	put_time(p, good->due_us);
	fputs(", ", p->fp);
	put_span(p, bad->due_us - good->due_us);
	fputs(" before; took ", p->fp);
	put_span(p, good->duration_us);
	fputc('\n', p->fp);
	if (s->has_first && s->first_bad_us != bad->due_us) {
		put_label(p, "bad since");
		put_time(p, s->first_bad_us);
		fputc('\n', p->fp);
	}
	definitions = shown_definitions(s);
	put_label(p, "differs");
	if (definitions != SHOWN_CHANGED)
		fputs(definitions == SHOWN_SAME ? "the check is the same\n" :
		    "what the check was is not known any more\n", p->fp);
	for (i = 0; i < s->difference_count; i++) {
		if (i > 0 || definitions != SHOWN_CHANGED)
			fprintf(p->fp, "%14s", "");
		put_str(p, s->differences[i]);
		fputc('\n', p->fp);
	}
}

void
shown_print(const struct shown *s, const struct table_style *style, FILE *fp)
{
	struct page p = {.fp = fp, .style = style};

	buf_init(&p.b, TEXT_MOST_BYTES);
	print_title(&p, &s->bad.run);
	print_facts(&p, &s->bad.run);
	print_steps(&p, &s->bad);
	print_comparison(&p, s);
	print_evidence(&p, &s->bad);
	buf_fini(&p.b);
}
