/* SPDX-License-Identifier: ISC */
/*
 * [Include]: the entries of other files in the place of the section. Each
 * file is parsed by itself, once, and its entries are copied (not what they
 * point to) into one array, in order: whoever runs a flow sees entries only.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/file.h"
#include "checks/flow_priv.h"

/* A file that is being included, and by whom. */
struct frame {
	const struct frame *by;
	uint32_t file;
};

struct composer {
	const struct flow_text *text;
	struct cause *cause;
	struct flow *whole;
	struct flow **parsed;      /* by file; NULL: it cannot be read */
	struct flow_file *files;
	size_t file_count, bytes, include_count;
	struct flow_entry *entries;
	size_t entry_count, entry_cap;
	int err;
};

/* Where a file's [Include] stands. */
struct spot {
	const struct frame *frame;
	const struct flow_include *include;
};

static void PRINTF_LIKE(3, 4)
refuse(struct composer *c, const struct spot *s, const char *fmt, ...)
{
	const struct flow_file *file = &c->files[s->frame->file];
	char *sentence;
	va_list ap;

	va_start(ap, fmt);
	sentence = xvasprintf(fmt, ap);
	va_end(ap);
	cause_add_at(c->cause, file->path, s->include->place, file->source,
	    file->source_len, "%s", sentence);
	free(sentence);
	c->err = ERR_SYNTAX;
}

/* Without "." and ".." a name is all there is to know of a place. */
static bool
is_plain_name(const char *name)
{
	size_t len;

	for (;; name += len + 1) {
		len = strcspn(name, "/");
		if (len == 0 || (len == 1 && name[0] == '.') ||
		    (len == 2 && name[0] == '.' && name[1] == '.'))
			return (false);
		if (name[len] == '\0')
			return (true);
	}
}

/* A name in a file is meant from the folder of that file. */
static char *
name_below(const struct flow_file *file, const char *name)
{
	return (xasprintf("%.*s%s", (int)file->folder_len, file->name, name));
}

static size_t
folder_len(const char *path)
{
	const char *slash = strrchr(path, '/');

	return (slash == NULL ? 0 : (size_t)(slash + 1 - path));
}

char *
flow_name_below(const struct flow_file *file, const char *name)
{
	return (*name == '/' ? xstrdup(name) : name_below(file, name));
}

static char *
shown_path(const struct composer *c, const char *name)
{
	const struct flow_text *t = c->text;

	if (t->loader->folder != NULL)
		return (file_join(t->loader->folder, name));
	return (xasprintf("%.*s%s", (int)folder_len(t->path), t->path, name));
}

static uint32_t
file_add(struct composer *c, const char *path, const char *name,
    struct flow *flow)
{
	size_t n = c->file_count++;

	c->files = xreallocarray(c->files, n + 1, sizeof(*c->files));
	c->parsed = xreallocarray(c->parsed, n + 1, sizeof(struct flow *));
	c->parsed[n] = flow;
	c->files[n] = (struct flow_file){.path = xstrdup(path),
	    .name = xstrdup(name), .folder_len = folder_len(name)};
	if (flow == NULL)
		return ((uint32_t)n);
	c->files[n].source = flow->source;
	c->files[n].source_len = flow->source_len;
	c->files[n].line_count = flow->line_count;
	c->files[n].line_marks = flow->line_marks;
	c->bytes += flow->source_len;
	return ((uint32_t)n);
}

static struct flow *
load(struct composer *c, const struct spot *s, const char *name,
    const char *path)
{
	const struct flow_loader *loader = c->text->loader;
	const char *why = NULL;
	struct flow *flow = NULL;
	char *text;
	size_t len;

	if (loader->load(loader, name, &text, &len, &why) != 0) {
		refuse(c, s, "cannot include '%s': %s", name, why);
		return (NULL);
	}
	if (len > FLOW_MOST_BYTES - c->bytes)
		refuse(c, s, "with '%s' this flow has more than 8 MiB", name);
	else if (flow_parse_file(path, text, len, c->cause, &flow) != 0)
		c->err = ERR_SYNTAX;
	free(text);
	return (flow);
}

/* Find a file by its name, reading it the first time. */
static uint32_t
file_get(struct composer *c, const struct spot *s, const char *name)
{
	struct flow *flow;
	uint32_t n;
	char *path;

	for (n = 1; n < c->file_count; n++)
		if (strcmp(c->files[n].name, name) == 0)
			return (n);
	path = shown_path(c, name);
	flow = load(c, s, name, path);
	n = file_add(c, path, name, flow);
	free(path);
	return (n);
}

static bool
is_cycle(struct composer *c, const struct spot *s, uint32_t file)
{
	const struct frame *f = s->frame;

	while (f != NULL && f->file != file)
		f = f->by;
	if (f == NULL)
		return (false);
	if (f == s->frame)
		refuse(c, s, "this file includes itself");
	else
		refuse(c, s, "'%s' is what includes this file: "
		    "it would never end", c->files[file].path);
	return (true);
}

static void compose(struct composer *c, const struct frame *frame);

static void
include(struct composer *c, const struct frame *frame,
    const struct flow_include *inc)
{
	const struct spot s = {frame, inc};
	struct frame next = {.by = frame};
	const struct frame *f;
	int depth = 0;
	char *name;

	for (f = frame; f != NULL; f = f->by)
		depth++;
	if (c->text->loader == NULL)
		refuse(c, &s, "files cannot be included here");
	else if (!is_plain_name(inc->name))
		refuse(c, &s, "the name of an included file is relative to "
		    "this file's folder, without '.' and '..'");
	else if (depth > FLOW_MOST_DEPTH)
		refuse(c, &s, "files are included more than %d deep",
		    FLOW_MOST_DEPTH);
	else if (++c->include_count > FLOW_MOST_INCLUDES)
		refuse(c, &s, "this flow includes more than %d files",
		    FLOW_MOST_INCLUDES);
	else {
		name = name_below(&c->files[frame->file], inc->name);
		if (strcmp(name, c->files[0].name) == 0)
			next.file = 0;
		else
			next.file = file_get(c, &s, name);
		free(name);
		if (!is_cycle(c, &s, next.file) &&
		    c->parsed[next.file] != NULL)
			compose(c, &next);
	}
}

static void
entry_add(struct composer *c, const struct flow_entry *entry, uint32_t file)
{
	if (c->entry_count == c->entry_cap) {
		c->entry_cap = c->entry_cap * 2 + 16;
		c->entries = xreallocarray(c->entries, c->entry_cap,
		    sizeof(*c->entries));
	}
	c->entries[c->entry_count] = *entry;
	c->entries[c->entry_count++].file = file;
}

static void
compose(struct composer *c, const struct frame *frame)
{
	const struct flow *flow = c->parsed[frame->file];
	const struct flow_entry *e;
	size_t n, i;

	for (n = 0; n < flow->entry_count; n++) {
		e = &flow->entries[n];
		if (c->include_count > FLOW_MOST_INCLUDES ||
		    c->entry_count > FLOW_MOST_ENTRIES)
			return;
		for (i = 0; i < e->include_count; i++)
			include(c, frame, &e->includes[i]);
		if (e->include_count == 0)
			entry_add(c, e, frame->file);
	}
}

static bool
has_includes(const struct flow *flow)
{
	size_t i;

	for (i = 0; i < flow->entry_count; i++)
		if (flow->entries[i].include_count > 0)
			return (true);
	return (false);
}

/* The name of the flow itself, below its folder, where it can be known. */
static const char *
own_name(const struct flow_text *text)
{
	return (text->loader != NULL && text->loader->folder == NULL ?
	    text->path + folder_len(text->path) : "");
}

int
flow_compose(const struct flow_text *text, struct cause *cause,
    struct flow *flow)
{
	struct composer c = {.text = text, .cause = cause, .whole = flow};
	const struct frame frame = {0};

	file_add(&c, flow->path, own_name(text), flow);
	if (has_includes(flow)) {
		compose(&c, &frame);
		if (c.entry_count > FLOW_MOST_ENTRIES) {
			cause_add_at(cause, flow->path, (struct place){0},
			    NULL, 0, "with what it includes this flow has "
			    "more than %d entries", FLOW_MOST_ENTRIES);
			c.err = ERR_LIMIT;
		}
		flow->composed = c.entries;
		flow->entries = c.entries;
		flow->entry_count = c.entry_count;
	}
	flow->files = c.files;
	flow->file_count = c.file_count;
	flow->parts = c.parsed;
	return (c.err);
}

void
flow_compose_free(struct flow *flow)
{
	size_t i;

	for (i = 0; i < flow->file_count; i++) {
		free((char *)(uintptr_t)flow->files[i].path);
		free((char *)(uintptr_t)flow->files[i].name);
		if (i > 0)
			flow_release(&flow->parts[i]);
	}
	free((void *)(uintptr_t)flow->files);
	free(flow->parts);
	free(flow->composed);
}

/* Loaders. */

static int
load_below(const struct flow_loader *loader, const char *name, char **text,
    size_t *len, const char **sentence)
{
	char *real;
	int err;

	err = file_resolve_below(loader->arg, name, &real);
	if (err == 0) {
		err = file_read(real, FLOW_MOST_BYTES, text, len);
		free(real);
		if (err == ERR_LIMIT) {
			*sentence = "it is larger than 8 MiB";
			return (err);
		}
	}
	*sentence = err == ERR_NOT_FOUND ? "there is no such file" :
	    err == ERR_LIMIT ? "it is not below the flow's folder" :
	    err == ERR_TYPE ? "it is not a regular file" :
	    "it cannot be read";
	return (err);
}

struct flow_loader
flow_loader_below(const char *root, const char *folder)
{
	return ((struct flow_loader){.load = load_below, .arg = root,
	    .folder = folder});
}
