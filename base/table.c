/* SPDX-License-Identifier: ISC */
/* Tables for people and for programs. */
#include "base/table.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "base/clock.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/utf8.h"

#define OUTPUT_MOST_BYTES (1u << 30)
#define GAP 2            /* blanks between columns */
#define LAST_LEAST 20    /* the last column is not cut below this */
#define INDENT 4         /* of the lines that a long row goes on in */

struct cell {
	bool is_none;
	enum table_colour colour;
	int64_t n;
	double d;
	char *text;
};

struct table {
	const struct table_column *columns;
	size_t column_count;
	struct cell *cells;
	size_t count, cap;
	bool has_heads; /* printed */
};

struct table *
table_new(const struct table_column *columns, size_t count)
{
	struct table *t = xcalloc(1, sizeof(*t));

	must(count > 0);
	t->columns = columns;
	t->column_count = count;
	return (t);
}

static void
forget_rows(struct table *t)
{
	while (t->count > 0)
		free(t->cells[--t->count].text);
}

void
table_free(struct table **tp)
{
	struct table *t = *tp;

	if (t == NULL)
		return;
	*tp = NULL;
	forget_rows(t);
	free(t->cells);
	free(t);
}

static struct cell *
add(struct table *t, enum table_kind *kind)
{
	if (t->count == t->cap) {
		t->cap = t->cap * 2 + 256;
		t->cells = xreallocarray(t->cells, t->cap, sizeof(*t->cells));
	}
	*kind = t->columns[t->count % t->column_count].kind;
	t->cells[t->count] = (struct cell){0};
	return (&t->cells[t->count++]);
}

void
table_text(struct table *t, const char *s)
{
	enum table_kind kind;
	struct cell *c = add(t, &kind);

	must(kind == TABLE_TEXT || kind == TABLE_JSON);
	c->is_none = s == NULL;
	c->text = xstrdup(s);
}

void
table_int(struct table *t, int64_t n)
{
	enum table_kind kind;
	struct cell *c = add(t, &kind);

	must(kind == TABLE_INT || kind == TABLE_SPAN || kind == TABLE_TIME ||
	    kind == TABLE_BOOL);
	c->n = n;
}

void
table_double(struct table *t, double d)
{
	enum table_kind kind;
	struct cell *c = add(t, &kind);

	must(kind == TABLE_RATIO || kind == TABLE_DOUBLE);
	c->d = d;
	c->is_none = !isfinite(d);
}

void
table_none(struct table *t)
{
	enum table_kind kind;

	add(t, &kind)->is_none = true;
}

void
table_colour(struct table *t, enum table_colour colour)
{
	must(t->count > 0);
	t->cells[t->count - 1].colour = colour;
}

struct table_style
table_style_for(FILE *fp)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
	struct table_style s = {false, 0};
	struct winsize size;

	if (!isatty(fileno(fp)))
		return (s);
	s.has_colour = (no == NULL || *no == '\0') &&
	    (term == NULL || strcmp(term, "dumb") != 0);
	if (ioctl(fileno(fp), TIOCGWINSZ, &size) == 0)
		s.width = size.ws_col;
	return (s);
}

const char *
table_escape(enum table_colour colour)
{
	static const char *const escapes[] = {"\033[0m", "\033[32m",
	    "\033[31m", "\033[33m", "\033[2m"};

	return (escapes[colour]);
}

/* One code point for a terminal; returns its columns. */
static size_t
put_safe(struct buf *out, const char *p, size_t n, uint32_t cp)
{
	int width;

	if (n == 1 && (*p == '\t' || *p == '\n' || *p == '\r')) {
		buf_append_char(out, ' ');
		return (1);
	}
	width = n > 0 ? wcwidth((wchar_t)cp) : -1;
	/* Also the controls of writing direction, which reorder a line. */
	if (width < 0 || (cp >= 0x202a && cp <= 0x202e) ||
	    (cp >= 0x2066 && cp <= 0x2069)) {
		buf_append_str(out, "\xef\xbf\xbd");
		return (1);
	}
	buf_append(out, p, n);
	return ((size_t)width);
}

size_t
table_safe(struct buf *out, const char *s, size_t len)
{
	size_t at, n, columns = 0;
	uint32_t cp = 0;

	for (at = 0; at < len; at += n > 0 ? n : 1) {
		n = utf8_decode(s + at, len - at, &cp);
		columns += put_safe(out, s + at, n, cp);
	}
	return (columns);
}

/* For people. */

static size_t
put_human(struct buf *out, enum table_kind kind, const struct cell *c,
    bool is_narrow)
{
	char text[CLOCK_TEXT_SIZE], *dot;

	if (c->is_none)
		return (table_safe(out, "-", 1));
	switch (kind) {
	case TABLE_TEXT:
	case TABLE_JSON:
		return (table_safe(out, c->text, strlen(c->text)));
	case TABLE_INT:
		snprintf(text, sizeof(text), "%" PRId64, c->n);
		break;
	case TABLE_SPAN:
		clock_format_span(c->n, text);
		break;
	case TABLE_TIME:
		clock_format_wall(c->n, text);
		text[10] = ' ';
		if ((dot = strchr(text, '.')) != NULL)
			*dot = '\0';
		if (is_narrow) /* without the year */
			return (table_safe(out, text + 5, strlen(text + 5)));
		break;
	case TABLE_RATIO:
		snprintf(text, sizeof(text), "%.2f%%", c->d >= 1 ? 100.0 :
		    table_percent(c->d));
		break;
	case TABLE_DOUBLE:
		snprintf(text, sizeof(text), "%.3g", c->d);
		break;
	case TABLE_BOOL:
		snprintf(text, sizeof(text), "%s", c->n ? "yes" : "no");
		break;
	}
	return (table_safe(out, text, strlen(text)));
}

static bool
is_right(enum table_kind kind)
{
	return (kind != TABLE_TEXT && kind != TABLE_JSON &&
	    kind != TABLE_TIME && kind != TABLE_BOOL);
}

static size_t
last_shown(const struct table *t)
{
	size_t i = t->column_count;

	while (i > 0 && t->columns[i - 1].title == NULL)
		i--;
	must(i > 0);
	return (i - 1);
}

/* How a column stands in the lines of a row. */
struct layout {
	size_t width;
	bool begins; /* a line of its own, but for the first column */
	bool ends;   /* its line: nothing is padded after it */
};

static void
measure(const struct table *t, bool is_narrow, struct layout *columns)
{
	size_t i, n, column;
	struct buf b;

	buf_init(&b, OUTPUT_MOST_BYTES);
	for (i = 0; i < t->column_count; i++)
		columns[i].width = t->columns[i].title == NULL ? 0 :
		    table_safe(&b, t->columns[i].title,
		    strlen(t->columns[i].title));
	for (i = 0; i < t->count; i++) {
		column = i % t->column_count;
		buf_reset(&b);
		n = put_human(&b, t->columns[column].kind, &t->cells[i],
		    is_narrow);
		if (n > columns[column].width)
			columns[column].width = n;
	}
	buf_fini(&b);
}

/*
 * Break rows into lines that fit into width; 0: one line. Only the last
 * column is cut, and any that is wider than a whole line.
 */
static void
lay_out(const struct table *t, size_t width, size_t last,
    struct layout *columns)
{
	size_t i, at = 0, before = 0, least;

	for (i = 0; i <= last; i++) {
		if (t->columns[i].title == NULL)
			continue;
		least = columns[i].width;
		if (i == last && least > LAST_LEAST)
			least = LAST_LEAST;
		if (width > 0 && at > INDENT && at + least > width) {
			columns[i].begins = columns[before].ends = true;
			at = INDENT;
		}
		if (width > 0 && at + columns[i].width > width)
			columns[i].width = width > at + LAST_LEAST ?
			    width - at : LAST_LEAST;
		at += columns[i].width + GAP;
		before = i;
	}
	columns[last].ends = true;
}

/* Cut b to a number of columns, with an ellipsis in the last one. */
static size_t
cut(struct buf *b, size_t columns, size_t width)
{
	size_t at = 0, used = 0, n, w;
	uint32_t cp;

	if (columns <= width)
		return (columns);
	while (at < b->len) {
		n = utf8_decode(b->data + at, b->len - at, &cp);
		w = (size_t)wcwidth((wchar_t)cp);
		if (used + w > width - 1)
			break;
		at += n;
		used += w;
	}
	b->len = at;
	buf_append_str(b, "\xe2\x80\xa6");
	return (used + 1);
}

static void
pad(FILE *fp, size_t n)
{
	while (n-- > 0)
		fputc(' ', fp);
}

struct printing {
	const struct table *t;
	const struct table_style *style;
	const struct layout *columns;
	size_t last;
	bool is_narrow;
	FILE *fp;
};

/* Print a cell that is in b, columns wide. */
static void
print_cell(const struct printing *p, size_t column, struct buf *b,
    size_t columns, enum table_colour colour)
{
	const struct layout *l = &p->columns[column];
	size_t left;
	bool is_coloured = p->style->has_colour && colour != TABLE_PLAIN;

	columns = cut(b, columns, l->width);
	left = l->width - columns;
	if (l->begins)
		pad(p->fp, INDENT);
	if (is_right(p->t->columns[column].kind))
		pad(p->fp, left);
	if (is_coloured)
		fputs(table_escape(colour), p->fp);
	fwrite(buf_str(b), 1, b->len, p->fp);
	if (is_coloured)
		fputs(table_escape(TABLE_PLAIN), p->fp);
	if (l->ends) {
		fputc('\n', p->fp);
		return;
	}
	if (!is_right(p->t->columns[column].kind))
		pad(p->fp, left);
	pad(p->fp, GAP);
}

static void
print_rows(const struct printing *p)
{
	const struct table *t = p->t;
	size_t i, n, column;
	struct buf b;

	buf_init(&b, OUTPUT_MOST_BYTES);
	for (i = 0; i < t->column_count; i++) {
		if (t->columns[i].title == NULL)
			continue;
		buf_reset(&b);
		n = table_safe(&b, t->columns[i].title,
		    strlen(t->columns[i].title));
		print_cell(p, i, &b, n, TABLE_DIM);
	}
	for (i = 0; i < t->count; i++) {
		column = i % t->column_count;
		if (t->columns[column].title == NULL)
			continue;
		buf_reset(&b);
		n = put_human(&b, t->columns[column].kind, &t->cells[i],
		    p->is_narrow);
		print_cell(p, column, &b, n, t->cells[i].colour);
	}
	buf_fini(&b);
}

static size_t
row_width(const struct table *t, const struct layout *columns)
{
	size_t i, sum = 0;

	for (i = 0; i < t->column_count; i++)
		if (t->columns[i].title != NULL)
			sum += columns[i].width + GAP;
	return (sum - GAP);
}

static void
print_human(const struct table *t, const struct table_style *style, FILE *fp)
{
	struct layout *columns = xcalloc(t->column_count, sizeof(*columns));
	struct printing p = {t, style, columns, last_shown(t), false, fp};
	size_t last = p.last, least;

	measure(t, false, columns);
	/* A last column that is cut is no reason to break the rows. */
	least = row_width(t, columns);
	if (columns[last].width > LAST_LEAST)
		least -= columns[last].width - LAST_LEAST;
	p.is_narrow = style->width > 0 && least > style->width;
	if (p.is_narrow)
		measure(t, true, columns);
	lay_out(t, style->width, last, columns);
	print_rows(&p);
	free(columns);
}

/* For programs. */

static void
cell_json(struct json_out *o, enum table_kind kind, const struct cell *c)
{
	if (c->is_none)
		json_out_null(o);
	else if (kind == TABLE_TEXT)
		json_out_str(o, c->text);
	else if (kind == TABLE_JSON)
		json_out_raw(o, c->text, strlen(c->text));
	else if (kind == TABLE_BOOL)
		json_out_bool(o, c->n != 0);
	else if (kind == TABLE_RATIO || kind == TABLE_DOUBLE)
		json_out_double(o, c->d);
	else
		json_out_int(o, c->n);
}

static void
write_rows(const struct table *t, struct json_out *o)
{
	size_t i, column;

	json_out_array(o);
	for (i = 0; i < t->count; i++) {
		column = i % t->column_count;
		if (column == 0)
			json_out_object(o);
		json_out_key_n(o, t->columns[column].key,
		    strlen(t->columns[column].key));
		cell_json(o, t->columns[column].kind, &t->cells[i]);
		if (column + 1 == t->column_count)
			json_out_object_end(o);
	}
	json_out_array_end(o);
}

static void
print_json(const struct table *t, FILE *fp)
{
	struct json_out o;
	struct buf b;

	buf_init(&b, OUTPUT_MOST_BYTES);
	json_out_init(&o, &b);
	write_rows(t, &o);
	fwrite(buf_str(&b), 1, b.len, fp);
	fputc('\n', fp);
	buf_fini(&b);
}

/* RFC 4180: quoted where it must be, a quote doubled. */
static void
csv_text(const char *s, FILE *fp)
{
	if (strpbrk(s, ",\"\r\n") == NULL) {
		fputs(s, fp);
		return;
	}
	fputc('"', fp);
	for (; *s != '\0'; s++) {
		if (*s == '"')
			fputc('"', fp);
		fputc(*s, fp);
	}
	fputc('"', fp);
}

static void
csv_cell(enum table_kind kind, const struct cell *c, FILE *fp)
{
	struct json_out o;
	struct buf b;

	if (c->is_none)
		return;
	if (kind == TABLE_TEXT || kind == TABLE_JSON) {
		csv_text(c->text, fp);
		return;
	}
	buf_init(&b, 100);
	json_out_init(&o, &b);
	cell_json(&o, kind, c);
	fputs(buf_str(&b), fp);
	buf_fini(&b);
}

static void
csv_heads(const struct table *t, FILE *fp)
{
	size_t i;

	for (i = 0; i < t->column_count; i++) {
		csv_text(t->columns[i].key, fp);
		fputs(i + 1 < t->column_count ? "," : "\r\n", fp);
	}
}

static void
print_csv(const struct table *t, FILE *fp)
{
	size_t i, column;

	if (!t->has_heads)
		csv_heads(t, fp);
	for (i = 0; i < t->count; i++) {
		column = i % t->column_count;
		csv_cell(t->columns[column].kind, &t->cells[i], fp);
		fputs(column + 1 < t->column_count ? "," : "\r\n", fp);
	}
}

void
table_print(const struct table *t, enum format format,
    const struct table_style *style, FILE *fp)
{
	must(t->count % t->column_count == 0);
	if (format == FORMAT_JSON)
		print_json(t, fp);
	else if (format == FORMAT_CSV)
		print_csv(t, fp);
	else
		print_human(t, style, fp);
}

double
table_percent(double share)
{
	/* 57 % is 57 % though no binary fraction is. */
	return (floor(share * 10000 + 1e-9) / 100);
}

void
table_flush_csv(struct table *t, FILE *fp)
{
	must(t->count % t->column_count == 0);
	print_csv(t, fp);
	t->has_heads = true;
	forget_rows(t);
}
