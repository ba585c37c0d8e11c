/* SPDX-License-Identifier: ISC */
/* The option output: the body of an answer into a file. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/file.h"
#include "probe/run_priv.h"

/* Write below the flow's root: the folder is there already, links resolved. */
static const char *
write_below(struct run *run, const char *name, const char *data, size_t len)
{
	const char *root = run->scope.file_root, *sentence = NULL;
	const char *slash = strrchr(name, '/'), *base = name;
	char *dir = file_dir(name), *real = NULL, *path;
	int err = 0;

	if (slash == NULL)
		real = xstrdup(root);
	else {
		base = slash + 1;
		err = file_resolve_below(root, dir, &real);
	}
	switch (err) {
	case 0:
		path = file_join(real, base);
		if (file_replace(path, data, len) != 0)
			sentence = "it cannot be written";
		free(path);
		break;
	case ERR_LIMIT:
		sentence = "it is outside the flow's directory";
		break;
	default:
		sentence = "its directory is not there";
		break;
	}
	free(real);
	free(dir);
	return (sentence);
}

struct place
run_option_place(const struct flow_entry *entry, enum flow_option_kind kind)
{
	const struct flow_request *r = &entry->request;
	size_t i;

	for (i = r->option_count; i > 0; i--)
		if (r->options[i - 1].kind == kind)
			return (r->options[i - 1].value_place);
	return (entry->place);
}

/* As Hurl has it: decoded only where compression was asked for. */
static int
output_bytes(struct run *run, const char **data, size_t *len,
    const char **sentence)
{
	if (run->options.is_compressed)
		return (response_bytes(run->response,
		    run->scope.max_body_bytes, data, len, sentence));
	*data = buf_str(&run->response->body);
	*len = run->response->body.len;
	return (0);
}

bool
run_shows_output(const struct run *run)
{
	const char *name = run->options.output;

	return (name != NULL && strcmp(name, "-") == 0);
}

bool
run_decodes_output(const struct run *run)
{
	return (run->options.is_compressed);
}

void
run_output(struct run *run, struct run_step *step)
{
	const struct flow_entry *entry;
	const char *name = run->options.output, *data, *sentence = NULL;
	size_t len;

	if (name == NULL || run_shows_output(run))
		return;
	if (output_bytes(run, &data, &len, &sentence) == 0)
		sentence = write_below(run, name, data, len);
	entry = &run->script->flow->entries[run->entry];
	if (sentence != NULL)
		findings_add(&step->findings, FINDING_DEFINITION,
		    run_option_place(entry, FLOW_OPTION_OUTPUT), NULL, NULL,
		    "output '%s': %s", name, sentence);
}
