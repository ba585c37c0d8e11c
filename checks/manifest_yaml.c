/* SPDX-License-Identifier: ISC */
/*
 * YAML into a tree, by libyaml's events: what a manifest has no use for
 * (anchors, aliases, tags, several documents) is refused, so that a small
 * file cannot grow in memory.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/utf8.h"
#include "checks/manifest.h"

/* A place of the text, in bytes and as libyaml counts: in characters. */
struct spot {
	size_t at, index;
	uint32_t line, column;
};

struct reader {
	const struct manifest_source *s;
	yaml_parser_t parser;
	struct manifest_node *open[MANIFEST_MOST_DEPTH];
	const struct manifest_node *key[MANIFEST_MOST_DEPTH]; /* waiting */
	size_t depth;
	size_t bom;                 /* bytes of it */
	struct manifest_node *root;
	size_t events;
	size_t documents;
	bool is_given_up;
	bool has_odd_ends;          /* U+0085, U+2028 or U+2029 in the text */
	struct spot spot;
};

void
manifest_wrong(const struct manifest_source *s, struct place place,
    const char *fmt, ...)
{
	va_list ap;
	char *sentence;

	va_start(ap, fmt);
	sentence = xvasprintf(fmt, ap);
	va_end(ap);
	cause_add_at(s->cause, s->file, place, s->text, s->len, "%s",
	    sentence);
	free(sentence);
}

void
manifest_warn(const struct manifest_source *s, struct place place,
    const char *fmt, ...)
{
	va_list ap;
	char *sentence;

	va_start(ap, fmt);
	sentence = xvasprintf(fmt, ap);
	va_end(ap);
	cause_warn_at(s->cause, s->file, place, s->text, s->len, "%s",
	    sentence);
	free(sentence);
}

static void
spot_advance(struct spot *spot, const struct manifest_source *s)
{
	const char *p = s->text + spot->at;
	uint32_t c;

	spot->at += utf8_decode(p, s->len - spot->at, &c);
	spot->index++;
	spot->column++;
	if (c == '\n' || (c == '\r' && (spot->at == s->len ||
	    p[1] != '\n'))) {
		spot->line++;
		spot->column = 1;
	}
}

/*
 * To libyaml three more characters end a line, which do so to nobody who
 * looks for a line by its number.
 */
static void
seek(struct reader *r, size_t index)
{
	if (r->spot.line == 0 || r->spot.index > index)
		r->spot = (struct spot){.at = r->bom, .line = 1, .column = 1};
	while (r->spot.index < index && r->spot.at < r->s->len)
		spot_advance(&r->spot, r->s);
}

static struct place
place_of(struct reader *r, const yaml_mark_t *start, const yaml_mark_t *end)
{
	struct place p = {(uint32_t)start->line + 1,
	    (uint32_t)start->column + 1, 1};

	if (start->line == end->line && end->column > start->column)
		p.width = (uint32_t)(end->column - start->column);
	if (r->has_odd_ends) {
		seek(r, start->index);
		p.line = r->spot.line;
		p.column = r->spot.column;
	}
	return (p);
}

static struct place
place_of_byte(const struct manifest_source *s, size_t at)
{
	struct place place = {1, 1, 1};
	size_t i, start = 0;

	for (i = 0; i < at; i++)
		if (s->text[i] == '\n') {
			place.line++;
			start = i + 1;
		}
	place.column = (uint32_t)utf8_count(s->text + start, at - start) + 1;
	return (place);
}

static void
give_up(struct reader *r, struct place place, const char *sentence)
{
	if (!r->is_given_up)
		manifest_wrong(r->s, place, "%s", sentence);
	r->is_given_up = true;
}

static struct manifest_node *
node_new(struct reader *r, enum manifest_node_kind kind,
    const yaml_event_t *e)
{
	struct manifest_node *n = arena_calloc(r->s->arena, 1, sizeof(*n));

	n->kind = kind;
	n->place = place_of(r, &e->start_mark, &e->end_mark);
	return (n);
}

/* Put a node where it belongs: the top, a list, a map's key or value. */
static void
attach(struct reader *r, struct manifest_node *n)
{
	struct manifest_node *parent;

	if (r->depth == 0) {
		if (r->root == NULL)
			r->root = n;
		return;
	}
	parent = r->open[r->depth - 1];
	if (parent->kind == MANIFEST_MAP) {
		if (r->key[r->depth - 1] == NULL) {
			r->key[r->depth - 1] = n;
			return;
		}
		n->key = r->key[r->depth - 1];
		r->key[r->depth - 1] = NULL;
	}
	if (parent->last == NULL)
		parent->first = n;
	else
		parent->last->next = n;
	parent->last = n;
	parent->count++;
}

static bool
is_waiting_for_key(const struct reader *r)
{
	return (r->depth > 0 && r->open[r->depth - 1]->kind == MANIFEST_MAP &&
	    r->key[r->depth - 1] == NULL);
}

static void
open_node(struct reader *r, enum manifest_node_kind kind,
    const yaml_event_t *e)
{
	struct manifest_node *n = node_new(r, kind, e);

	n->place.width = 1;
	if (is_waiting_for_key(r)) {
		give_up(r, n->place, "a key must be a plain text");
		return;
	}
	if (r->depth == MANIFEST_MOST_DEPTH) {
		give_up(r, n->place, "nested too deeply");
		return;
	}
	attach(r, n);
	r->key[r->depth] = NULL;
	r->open[r->depth++] = n;
}

static int
by_key(const void *pa, const void *pb)
{
	const struct manifest_node *a = *(struct manifest_node *const *)pa;
	const struct manifest_node *b = *(struct manifest_node *const *)pb;
	int d = strcmp(a->key->text, b->key->text);

	if (d == 0)
		d = a->key->place.line < b->key->place.line ? -1 :
		    a->key->place.line > b->key->place.line;
	if (d == 0)
		d = a->key->place.column < b->key->place.column ? -1 : 1;
	return (d);
}

/* Report keys that stand twice; sorted, as a map may be large. */
static void
check_repeats(struct reader *r, struct manifest_node *map)
{
	struct manifest_node **all, *n;
	size_t i = 0;

	if (map->count < 2)
		return;
	all = xcalloc(map->count, sizeof(struct manifest_node *));
	for (n = map->first; n != NULL; n = n->next)
		all[i++] = n;
	qsort(all, map->count, sizeof(struct manifest_node *), by_key);
	for (i = 1; i < map->count; i++)
		if (strcmp(all[i - 1]->key->text, all[i]->key->text) == 0) {
			manifest_wrong(r->s, all[i]->key->place,
			    "the key '%s' stands already in line %u",
			    all[i]->key->text, all[i - 1]->key->place.line);
			all[i]->kind = MANIFEST_BROKEN;
		}
	free(all);
}

static void
close_node(struct reader *r)
{
	struct manifest_node *n = r->open[--r->depth];

	if (n->kind == MANIFEST_MAP)
		check_repeats(r, n);
}

static void
scalar(struct reader *r, const yaml_event_t *e)
{
	struct manifest_node *n = node_new(r, MANIFEST_SCALAR, e);
	const char *text = (const char *)e->data.scalar.value;

	n->len = e->data.scalar.length;
	n->is_plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	n->text = arena_strndup(r->s->arena, text, n->len);
	if (strlen(n->text) != n->len) {
		manifest_wrong(r->s, n->place, "a NUL byte cannot stand in "
		    "a text");
		if (!is_waiting_for_key(r))
			n->kind = MANIFEST_BROKEN;
	}
	attach(r, n);
}

static void
refuse_extras(struct reader *r, const yaml_event_t *e, const void *anchor,
    const void *tag)
{
	struct place place = place_of(r, &e->start_mark, &e->end_mark);

	place.width = 1;
	if (anchor != NULL)
		manifest_wrong(r->s, place, "anchors (&%s) are not allowed "
		    "in a manifest", (const char *)anchor);
	if (tag != NULL)
		manifest_wrong(r->s, place, "tags (%s) are not allowed in a "
		    "manifest", (const char *)tag);
}

static void
alias(struct reader *r, const yaml_event_t *e)
{
	struct manifest_node *n = node_new(r, MANIFEST_BROKEN, e);

	manifest_wrong(r->s, n->place, "aliases (*%s) are not allowed in a "
	    "manifest", (const char *)e->data.alias.anchor);
	n->text = "";
	attach(r, n);
}

static void
take_event(struct reader *r, const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (++r->documents == 2)
			give_up(r, place_of(r, &e->start_mark, &e->end_mark),
			    "a second document begins here; a manifest is "
			    "one document");
		break;
	case YAML_SCALAR_EVENT:
		refuse_extras(r, e, e->data.scalar.anchor,
		    e->data.scalar.tag);
		scalar(r, e);
		break;
	case YAML_SEQUENCE_START_EVENT:
		refuse_extras(r, e, e->data.sequence_start.anchor,
		    e->data.sequence_start.tag);
		open_node(r, MANIFEST_LIST, e);
		break;
	case YAML_MAPPING_START_EVENT:
		refuse_extras(r, e, e->data.mapping_start.anchor,
		    e->data.mapping_start.tag);
		open_node(r, MANIFEST_MAP, e);
		break;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		close_node(r);
		break;
	case YAML_ALIAS_EVENT:
		alias(r, e);
		break;
	default:
		break;
	}
}

/* libyaml's complaint; its marks count code points, lines from 0. */
static void
report_problem(struct reader *r)
{
	const yaml_parser_t *p = &r->parser;
	struct place place = place_of(r, &p->problem_mark, &p->problem_mark);
	struct place since = place_of(r, &p->context_mark, &p->context_mark);
	const char *problem = p->problem != NULL ? p->problem : "no memory";

	if (p->error == YAML_READER_ERROR)
		place = place_of_byte(r->s, r->bom + p->problem_offset);
	if (p->context != NULL && since.line < place.line)
		manifest_wrong(r->s, place, "this is not YAML: %s (%s that "
		    "began in line %u)", problem, p->context, since.line);
	else
		manifest_wrong(r->s, place, "this is not YAML: %s%s%s%s",
		    problem, p->context != NULL ? " (" : "",
		    p->context != NULL ? p->context : "",
		    p->context != NULL ? ")" : "");
	r->is_given_up = true;
}

static void
read_events(struct reader *r)
{
	bool is_end = false;
	yaml_event_t e;

	while (!is_end && !r->is_given_up) {
		if (!yaml_parser_parse(&r->parser, &e)) {
			report_problem(r);
			return;
		}
		if (++r->events > MANIFEST_MOST_EVENTS)
			give_up(r, place_of(r, &e.start_mark, &e.start_mark),
			    "the manifest has too many parts");
		else
			take_event(r, &e);
		is_end = e.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&e);
	}
}

static bool
check_text(const struct manifest_source *s)
{
	size_t bad = utf8_check(s->text, s->len);

	if (bad == s->len)
		return (true);
	manifest_wrong(s, place_of_byte(s, bad), "the byte 0x%02x is not "
	    "valid UTF-8", (unsigned char)s->text[bad]);
	return (false);
}

const struct manifest_node *
manifest_parse(const struct manifest_source *s)
{
	struct reader r = {.s = s};

	r.bom = s->len >= 3 && memcmp(s->text, "\xef\xbb\xbf", 3) == 0 ?
	    3 : 0;
	r.has_odd_ends =
	    memmem(s->text, s->len, "\xc2\x85", 2) != NULL ||
	    memmem(s->text, s->len, "\xe2\x80\xa8", 3) != NULL ||
	    memmem(s->text, s->len, "\xe2\x80\xa9", 3) != NULL;

	if (!check_text(s))
		return (NULL);
	if (!yaml_parser_initialize(&r.parser)) {
		cause_add(s->cause, "%s: no memory for the YAML parser",
		    s->file);
		return (NULL);
	}
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser,
	    (const unsigned char *)s->text + r.bom, s->len - r.bom);
	read_events(&r);
	yaml_parser_delete(&r.parser);
	if (r.is_given_up)
		return (NULL);
	if (r.root == NULL)
		manifest_wrong(s, (struct place){0}, "the manifest is empty");
	return (r.root);
}
