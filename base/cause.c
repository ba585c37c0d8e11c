/* SPDX-License-Identifier: ISC */
/* Sentences for people, with places, source lines and carets. */
#include "base/cause.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

#define SOURCE_MOST_BYTES 400
#define LETTERS_BEFORE 40   /* the place, in a line that is longer */
#define LETTERS_MOST 20000  /* further ones are not counted */
#define SUGGEST_MOST 32

struct source {
	const char *text; /* NULL: unknown */
	size_t len;
};

static void
entry_fini(struct cause_entry *e)
{
	free(e->file);
	free(e->sentence);
	free(e->source);
}

void
cause_init(struct cause *c)
{
	*c = (struct cause){0};
}

void
cause_fini(struct cause *c)
{
	size_t i;

	for (i = 0; i < c->count; i++)
		entry_fini(&c->entries[i]);
	free(c->entries);
	cause_init(c);
}

static char *
source_line(const char *text, size_t len, struct cause_entry *e)
{
	const char *end = text + len, *eol;
	uint32_t line, before = e->place.column > 0 ? e->place.column - 1 : 0;

	for (line = e->place.line; line > 1; line--) {
		text = memchr(text, '\n', (size_t)(end - text));
		if (text == NULL)
			return (NULL);
		text++;
	}
	eol = memchr(text, '\n', (size_t)(end - text));
	if (eol == NULL)
		eol = end;
	if (eol > text && eol[-1] == '\r')
		eol--;
	len = (size_t)(eol - text);
	if (len <= SOURCE_MOST_BYTES)
		return (xstrndup(text, len));
	if (before > LETTERS_MOST)
		return (NULL);
	if (utf8_letters(text, len, before) > SOURCE_MOST_BYTES / 2 &&
	    before > LETTERS_BEFORE) {
		e->left_out = before - LETTERS_BEFORE;
		text += utf8_letters(text, len, e->left_out);
		len = (size_t)(eol - text);
	}
	if (len > SOURCE_MOST_BYTES) {
		e->is_cut = true;
		len = SOURCE_MOST_BYTES;
		while (((unsigned char)text[len] & 0xc0) == 0x80 && len > 0)
			len--;
	}
	return (xstrndup(text, len));
}

/* A file that is read for several others is at fault only once. */
static bool
is_known(const struct cause *c, const struct cause_entry *e)
{
	const struct cause_entry *o;
	size_t i;

	for (i = c->count; e->file != NULL && i > 0; i--) {
		o = &c->entries[i - 1];
		if (o->place.line == e->place.line &&
		    o->place.column == e->place.column &&
		    o->is_warning == e->is_warning && o->file != NULL &&
		    strcmp(o->file, e->file) == 0 &&
		    strcmp(o->sentence, e->sentence) == 0)
			return (true);
	}
	return (false);
}

/* Where to put e; NULL when it is dropped, as no mistake is for a warning. */
static struct cause_entry *
place_for(struct cause *c, const struct cause_entry *e)
{
	size_t i;

	if (c->count < CAUSE_MOST) {
		if (c->count == c->cap) {
			c->cap = c->cap * 2 + 8;
			c->entries = xreallocarray(c->entries, c->cap,
			    sizeof(*c->entries));
		}
		return (&c->entries[c->count++]);
	}
	c->dropped++;
	for (i = c->count; !e->is_warning && i > 0; i--)
		if (c->entries[i - 1].is_warning) {
			entry_fini(&c->entries[i - 1]);
			return (&c->entries[i - 1]);
		}
	return (NULL);
}

/* A source, whose text may be long, is looked into for what is kept alone. */
static void PRINTF_LIKE(4, 0)
cause_vadd(struct cause *c, struct cause_entry e, const struct source *source,
    const char *fmt, va_list ap)
{
	struct cause_entry *place = NULL;

	e.sentence = xvasprintf(fmt, ap);
	if (!is_known(c, &e)) {
		c->error_count += !e.is_warning;
		place = place_for(c, &e);
	}
	if (place == NULL) {
		entry_fini(&e);
		return;
	}
	if (source->text != NULL && e.place.line > 0)
		e.source = source_line(source->text, source->len, &e);
	*place = e;
}

void
cause_add(struct cause *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	cause_vadd(c, (struct cause_entry){0}, &(struct source){0}, fmt, ap);
	va_end(ap);
}

void
cause_add_at(struct cause *c, const char *file, struct place place,
    const char *text, size_t text_len, const char *fmt, ...)
{
	struct cause_entry e = {.file = xstrdup(file), .place = place};
	const struct source source = {text, text_len};
	va_list ap;

	va_start(ap, fmt);
	cause_vadd(c, e, &source, fmt, ap);
	va_end(ap);
}

void
cause_warn_at(struct cause *c, const char *file, struct place place,
    const char *text, size_t text_len, const char *fmt, ...)
{
	struct cause_entry e = {.file = xstrdup(file), .place = place,
	    .is_warning = true};
	const struct source source = {text, text_len};
	va_list ap;

	va_start(ap, fmt);
	cause_vadd(c, e, &source, fmt, ap);
	va_end(ap);
}

static int
entry_cmp(const void *pa, const void *pb)
{
	const struct cause_entry *a = pa, *b = pb;
	int d = strcmp(a->file != NULL ? a->file : "",
	    b->file != NULL ? b->file : "");

	if (d != 0)
		return (d);
	if (a->place.line != b->place.line)
		return (a->place.line < b->place.line ? -1 : 1);
	if (a->place.column != b->place.column)
		return (a->place.column < b->place.column ? -1 : 1);
	return (strcmp(a->sentence, b->sentence));
}

/* Bytes that are no text must not reach a terminal: one U+FFFD for each. */
static void
print_text(const char *p, FILE *fp)
{
	size_t n, len = strlen(p);
	uint32_t cp;

	for (; len > 0; p += n, len -= n) {
		n = utf8_decode(p, len, &cp);
		if (n > 0 && (cp == '\t' || (cp >= ' ' && cp != 0x7f &&
		    (cp < 0x80 || cp > 0x9f)))) {
			fwrite(p, 1, n, fp);
			continue;
		}
		n = n == 0 ? 1 : n;
		fputs("\357\277\275", fp);
	}
}

/* Tabs are kept in the padding so that the caret stands under its column. */
static void
print_source(const struct cause_entry *e, FILE *fp)
{
	const char *p = e->source, *end = p + strlen(p);
	size_t n, columns;
	uint32_t i;

	fprintf(fp, "%5u | %s", e->place.line, e->left_out > 0 ? "... " : "");
	print_text(p, fp);
	fprintf(fp, "%s\n      | %s", e->is_cut ? " ..." : "",
	    e->left_out > 0 ? "    " : "");
	for (i = e->left_out + 1; i < e->place.column && p < end; i++, p += n) {
		n = utf8_letters(p, (size_t)(end - p), 1);
		if (*p == '\t')
			fputc('\t', fp);
		else
			fprintf(fp, "%*s", (int)utf8_columns(p, n), "");
	}
	fputc('^', fp);
	n = utf8_letters(p, (size_t)(end - p), e->place.width);
	for (columns = utf8_columns(p, n); columns > 1; columns--)
		fputc('~', fp);
	fputc('\n', fp);
}

static void
entry_print(const struct cause_entry *e, FILE *fp)
{
	if (e->file != NULL)
		print_text(e->file, fp);
	if (e->file != NULL && e->place.line > 0)
		fprintf(fp, ":%u:%u", e->place.line, e->place.column);
	fprintf(fp, "%s%s", e->file != NULL ? ": " : "",
	    e->is_warning ? "warning: " : "");
	print_text(e->sentence, fp);
	fputc('\n', fp);
	if (e->source != NULL)
		print_source(e, fp);
}

void
cause_sort(struct cause *c)
{
	if (c->count > 0)
		qsort(c->entries, c->count, sizeof(*c->entries), entry_cmp);
}

void
cause_print(struct cause *c, FILE *fp)
{
	size_t i, errors = c->error_count;

	cause_sort(c);
	for (i = 0; i < c->count; i++) {
		entry_print(&c->entries[i], fp);
		errors -= !c->entries[i].is_warning;
	}
	if (errors > 0)
		fprintf(fp, "and %zu more mistakes\n", errors);
	if (c->dropped > errors)
		fprintf(fp, "and %zu more warnings\n", c->dropped - errors);
}

/* Levenshtein distance with one row; words over SUGGEST_MOST never match. */
static size_t
edit_distance(const char *a, const char *b)
{
	size_t row[SUGGEST_MOST + 1], i, j, diagonal, above;
	size_t alen = strlen(a), blen = strlen(b);

	if (alen > SUGGEST_MOST || blen > SUGGEST_MOST)
		return (SIZE_MAX);
	for (j = 0; j <= blen; j++)
		row[j] = j;
	for (i = 1; i <= alen; i++) {
		diagonal = row[0];
		row[0] = i;
		for (j = 1; j <= blen; j++) {
			above = row[j];
			diagonal += (a[i - 1] | 32) != (b[j - 1] | 32);
			if (row[j - 1] + 1 < diagonal)
				diagonal = row[j - 1] + 1;
			row[j] = above + 1 < diagonal ? above + 1 : diagonal;
			diagonal = above;
		}
	}
	return (row[blen]);
}

const char *
cause_suggest(const char *word, const char *const *candidates, size_t count)
{
	size_t i, d, best = strlen(word) / 3 + 1;
	const char *found = NULL;

	for (i = 0; i < count; i++) {
		d = edit_distance(word, candidates[i]);
		if (d < best || (d == best && found == NULL)) {
			best = d;
			found = candidates[i];
		}
	}
	return (found);
}
