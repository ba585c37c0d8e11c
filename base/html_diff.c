/* SPDX-License-Identifier: ISC */
/* A line-by-line comparison by the longest common subsequence. */
#include "base/html_diff.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/html.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/table.h"

#define LINES_MOST 400 /* compared; more are shown unmarked */
#define DEPTH_MOST 32
#define PLAIN_MOST 300 /* bytes of a line of plain text */

struct line {
	const char *text;
	size_t len;
	bool is_common;
};

struct side {
	struct buf text;
	struct line *lines;
	size_t count;
};

static void
indent(struct buf *out, size_t depth)
{
	buf_append_char(out, '\n');
	while (depth-- > 0)
		buf_append_str(out, "  ");
}

/* A value as the source has it, one member or element to a line. */
static void
lay_out(const struct json *v, const char *source, size_t depth,
    struct buf *out)
{
	bool is_object = v->kind == JSON_OBJECT;
	size_t i;

	if ((!is_object && v->kind != JSON_ARRAY) || v->count == 0 ||
	    depth >= DEPTH_MOST) {
		buf_append(out, source + v->start, v->end - v->start);
		return;
	}
	buf_append_char(out, is_object ? '{' : '[');
	for (i = 0; i < v->count; i++) {
		indent(out, depth + 1);
		if (is_object)
			buf_printf(out, "\"%.*s\": ",
			    (int)v->items[i].key_len, v->items[i].key);
		lay_out(&v->items[i], source, depth + 1, out);
		if (i + 1 < v->count)
			buf_append_char(out, ',');
	}
	indent(out, depth);
	buf_append_char(out, is_object ? '}' : ']');
}

static void
append_answer(const char *text, struct buf *out)
{
	const char *body = strstr(text, "\n\n");
	struct json_doc *doc;

	if (body == NULL || json_parse(body + 2, strlen(body + 2),
	    &json_limits_default, &doc, NULL) != 0) {
		buf_append_str(out, text);
		return;
	}
	buf_append(out, text, (size_t)(body - text) + 2);
	lay_out(json_root(doc), body + 2, 0, out);
	json_free(&doc);
}

static void
side_init(struct side *s, const char *text)
{
	const char *at, *end;
	size_t cap = 0;

	*s = (struct side){.lines = NULL};
	buf_init(&s->text, 1 << 20);
	append_answer(text, &s->text);
	for (at = buf_str(&s->text); *at != '\0'; at = *end != '\0' ?
	    end + 1 : end) {
		end = at + strcspn(at, "\n");
		if (s->count == cap) {
			cap = cap > 0 ? 2 * cap : 64;
			s->lines = xreallocarray(s->lines, cap,
			    sizeof(*s->lines));
		}
		s->lines[s->count++] = (struct line){.text = at,
		    .len = (size_t)(end - at) -
			(end > at && end[-1] == '\r')};
	}
}

static void
side_fini(struct side *s)
{
	free(s->lines);
	buf_fini(&s->text);
}

static bool
is_same(const struct line *a, const struct line *b)
{
	return (a->len == b->len && memcmp(a->text, b->text, a->len) == 0);
}

/* Mark what both sides have in the same order. */
static void
compare(struct side *a, struct side *b)
{
	size_t n = a->count, m = b->count, i, j;
	uint16_t *longest;

	if (n > LINES_MOST || m > LINES_MOST)
		return;
	/* longest[i][j]: of lines from i and from j on. */
	longest = xcalloc((n + 1) * (m + 1), sizeof(*longest));
#define AT(i, j) longest[(i) * (m + 1) + (j)]
	for (i = n; i-- > 0;)
		for (j = m; j-- > 0;)
			AT(i, j) = is_same(&a->lines[i], &b->lines[j]) ?
			    AT(i + 1, j + 1) + 1 : AT(i + 1, j) >
			    AT(i, j + 1) ? AT(i + 1, j) : AT(i, j + 1);
	for (i = j = 0; i < n && j < m;) {
		if (is_same(&a->lines[i], &b->lines[j]))
			a->lines[i++].is_common = b->lines[j++].is_common =
			    true;
		else if (AT(i + 1, j) >= AT(i, j + 1))
			i++;
		else
			j++;
	}
#undef AT
	free(longest);
}

static void
print_side(const struct side *s, bool is_compared, struct buf *out)
{
	const struct line *line;
	size_t i;

	buf_append_str(out, "<pre tabindex=\"0\">");
	for (i = 0; i < s->count; i++) {
		line = &s->lines[i];
		if (is_compared && !line->is_common)
			buf_append_str(out, "<mark>");
		html_escape_n(out, line->text, line->len);
		if (is_compared && !line->is_common)
			buf_append_str(out, "</mark>");
		buf_append_char(out, '\n');
	}
	buf_append_str(out, "</pre>");
}

static void
print(const struct html_side *h, const struct side *s, bool is_compared,
    struct buf *out)
{
	buf_printf(out, "<div><h4>%s</h4>", h->title);
	if (h->text != NULL)
		print_side(s, is_compared, out);
	else
		buf_printf(out, "<p class=\"dim\">%s</p>", h->absent);
	buf_append_str(out, "</div>");
}

void
html_diff(struct buf *out, const struct html_side *left,
    const struct html_side *right)
{
	struct side a, b;
	bool is_compared;

	side_init(&a, left->text != NULL ? left->text : "");
	side_init(&b, right->text != NULL ? right->text : "");
	is_compared = left->text != NULL && right->text != NULL &&
	    a.count <= LINES_MOST && b.count <= LINES_MOST;
	if (is_compared)
		compare(&a, &b);
	buf_append_str(out, "<div class=\"two\">");
	print(left, &a, is_compared, out);
	print(right, &b, is_compared, out);
	buf_append_str(out, "</div>\n");
	side_fini(&a);
	side_fini(&b);
}

struct plain {
	struct buf *out;
	size_t written, most, left_out;
};

static void
plain_line(struct plain *p, char sign, const struct line *line)
{
	if (p->written == p->most) {
		p->left_out++;
		return;
	}
	p->written++;
	buf_append_char(p->out, sign);
	buf_append_char(p->out, ' ');
	table_safe(p->out, line->text, line->len < PLAIN_MOST ? line->len :
	    PLAIN_MOST);
	buf_append_char(p->out, '\n');
}

void
html_diff_text(struct buf *out, const char *from, const char *to,
    size_t lines_most, bool is_whole)
{
	struct plain p = {out, 0, lines_most, 0};
	struct side a, b;
	size_t i = 0, j = 0;
	bool is_from, is_to;

	side_init(&a, from);
	side_init(&b, to);
	compare(&a, &b);
	while (i < a.count || j < b.count) {
		is_from = i < a.count && !a.lines[i].is_common;
		is_to = j < b.count && !b.lines[j].is_common;
		/* Where room is short, what is new is worth more of it. */
		if (is_to && (!is_whole || !is_from))
			plain_line(&p, '+', &b.lines[j++]);
		else if (is_from)
			plain_line(&p, '-', &a.lines[i++]);
		else {
			if (is_whole)
				plain_line(&p, ' ', &a.lines[i]);
			i++;
			j++;
		}
	}
	if (p.left_out > 0)
		buf_printf(out, "... %zu more lines\n", p.left_out);
	side_fini(&a);
	side_fini(&b);
}
