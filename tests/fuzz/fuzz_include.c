/* SPDX-License-Identifier: ISC */
/*
 * A flow and the files that it includes: the text's parts between NULs are
 * the flow, b.hurl, c.hurl and so on, in folders, too. What comes out can be
 * walked, every place is inside of its own file, and so is every mistake's;
 * files that nothing changed parse the same again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/must.h"
#include "checks/flow.h"
#include "checks/flow_include.h"
#include "checks/flow_visit.h"

#define FILES_MOST 8
#define MOST_BYTES 20000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct part {
	const char *text;
	size_t len;
};

struct parts {
	struct part items[FILES_MOST];
	size_t count;
};

static const char *const names[FILES_MOST] = {"a.hurl", "b.hurl", "c.hurl",
    "d/e.hurl", "d/f.hurl", "d/g/h.hurl", "i.hurl", "d/i.hurl"};

static void
split(const uint8_t *data, size_t size, struct parts *parts)
{
	const char *p = (const char *)data, *end = p + size, *next;

	parts->count = 0;
	for (; parts->count < FILES_MOST && p <= end; p = next + 1) {
		next = p < end ? memchr(p, '\0', (size_t)(end - p)) : NULL;
		if (next == NULL)
			next = end;
		parts->items[parts->count++] = (struct part){p,
		    (size_t)(next - p)};
	}
}

static const struct part *
find_part(const struct parts *parts, const char *name)
{
	size_t i;

	for (i = 0; i < parts->count; i++)
		if (strcmp(names[i], name) == 0)
			return (&parts->items[i]);
	return (NULL);
}

static int
load(const struct flow_loader *loader, const char *name, char **text,
    size_t *len, const char **sentence)
{
	const struct part *part = find_part(loader->arg, name);

	/* What is asked for is plain: below the folder, without detours. */
	must(*name != '/' && strncmp(name, "../", 3) != 0);
	must(strstr(name, "/../") == NULL && strstr(name, "//") == NULL);
	*sentence = "there is no such file";
	if (part == NULL)
		return (-1);
	*text = xstrndup(part->text, part->len);
	*len = part->len;
	return (0);
}

static uint32_t
lines_of(const struct part *part)
{
	uint32_t lines = 1;
	size_t i;

	for (i = 0; i < part->len; i++)
		lines += part->text[i] == '\n';
	return (lines);
}

static void
visit_cb(const struct flow_mention *m, void *arg)
{
	const struct flow *flow = arg;
	size_t len;

	must(m->file >= flow->files &&
	    m->file < flow->files + flow->file_count);
	must(flow_line(m->file, m->place.line, &len) != NULL);
}

static void
check_flow(const struct flow *flow, const struct parts *parts)
{
	const struct flow_entry *e;
	size_t i;

	must(flow->file_count >= 1 && flow->file_count <= parts->count);
	for (i = 0; i < flow->file_count; i++)
		must(find_part(parts, flow->files[i].path) != NULL);
	for (i = 0; i < flow->entry_count; i++) {
		e = &flow->entries[i];
		must(e->file < flow->file_count && e->place.line > 0);
		must(e->place.line <= lines_of(find_part(parts,
		    flow->files[e->file].path)));
	}
	flow_visit_files(flow, visit_cb, (void *)(uintptr_t)flow);
	flow_visit_variables(flow, visit_cb, (void *)(uintptr_t)flow);
}

/* Every mistake stands in a file that there is, and on a line of it. */
static void
check_mistakes(const struct cause *cause, const struct parts *parts)
{
	const struct cause_entry *e;
	const struct part *part;
	size_t i;

	for (i = 0; i < cause->count; i++) {
		e = &cause->entries[i];
		must(e->file != NULL && e->sentence[0] != '\0');
		part = find_part(parts, e->file);
		must(part != NULL && e->place.line <= lines_of(part) + 1);
	}
}

static int
parse(const struct parts *parts, struct cause *cause, struct flow **flow)
{
	const struct flow_loader loader = {.load = load, .arg = parts};
	const struct flow_text text = {"a.hurl", parts->items[0].text,
	    parts->items[0].len, &loader};

	cause_init(cause);
	return (flow_parse_text(&text, cause, flow));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct flow *flow = NULL, *again = NULL;
	struct cause cause, same;
	struct parts parts;
	int err;

	if (size > MOST_BYTES)
		return (0);
	split(data, size, &parts);
	err = parse(&parts, &cause, &flow);
	must((err == 0) == (cause.error_count == 0));
	must((err == 0) == (flow != NULL));
	check_mistakes(&cause, &parts);
	must(parse(&parts, &same, &again) == err);
	must(same.count == cause.count);
	if (err == 0) {
		check_flow(flow, &parts);
		must(again->entry_count == flow->entry_count);
		must(again->file_count == flow->file_count);
	}
	flow_release(&flow);
	flow_release(&again);
	cause_fini(&cause);
	cause_fini(&same);
	return (0);
}
