/* SPDX-License-Identifier: ISC */
/*
 * The flow of a definition: its text and those of the files it includes,
 * which travel along, as the probe may have no such folder.
 */
#include <string.h>

#include "base/err.h"
#include "checks/definition_priv.h"
#include "checks/flow.h"
#include "checks/flow_include.h"

const struct definition_include *
definition_keep_includes(struct arena *arena, const struct flow *flow,
    size_t *count)
{
	struct definition_include *all;
	const struct flow_file *file;
	size_t i;

	*count = flow->file_count - 1;
	all = arena_calloc(arena, *count + 1, sizeof(*all));
	for (i = 0; i < *count; i++) {
		file = &flow->files[i + 1];
		all[i].name = arena_strndup(arena, file->name,
		    strlen(file->name));
		all[i].source = arena_strndup(arena, file->source,
		    file->source_len);
		all[i].len = file->source_len;
	}
	return (all);
}

static int
load_carried(const struct flow_loader *loader, const char *name, char **text,
    size_t *len, const char **sentence)
{
	const struct definition_includes *includes = loader->arg;
	const struct definition_include *inc;
	size_t i;

	for (i = 0; i < includes->count; i++) {
		inc = &includes->items[i];
		if (strcmp(inc->name, name) == 0) {
			*text = xstrndup(inc->source, inc->len);
			*len = inc->len;
			return (0);
		}
	}
	*sentence = "it did not come with the definition";
	return (ERR_NOT_FOUND);
}

int
definition_parse_text(const char *path, const char *source, size_t len,
    const struct definition_includes *includes, struct cause *cause,
    struct flow **out)
{
	const struct flow_loader loader = {.load = load_carried,
	    .arg = includes};
	const struct flow_text text = {.path = path, .source = source,
	    .len = len, .loader = &loader};

	return (flow_parse_text(&text, cause, out));
}

int
definition_parse_flow(const struct definition *d, struct cause *cause,
    struct flow **out)
{
	return (definition_parse_text(d->flow_path, d->flow_source,
	    d->flow_len, &d->includes, cause, out));
}
