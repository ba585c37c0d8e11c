/* SPDX-License-Identifier: ISC */
/* Variables and secrets of e2e-run, from everywhere they may come from. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "probe/runner_load.h"

#define FILE_MOST_BYTES (4u << 20)

extern char **environ;

static void
pairs_add(struct runner_pairs *p, const char *name, size_t name_len,
    const char *text, size_t len)
{
	if (p->count == p->cap) {
		p->cap = p->cap * 2 + 8;
		p->names = xreallocarray(p->names, p->cap, sizeof(char *));
		p->texts = xreallocarray(p->texts, p->cap, sizeof(char *));
	}
	p->names[p->count] = xstrndup(name, name_len);
	p->texts[p->count++] = xstrndup(text, len);
}

static bool
is_name(const char *s, size_t len)
{
	static const char *const reserved[] = {"newUuid", "newDate",
	    "getEnv"};
	size_t i;

	if (len == 0)
		return (false);
	for (i = 0; i < len; i++)
		if (strchr("= \t\r\n{}\"", s[i]) != NULL)
			return (false);
	for (i = 0; i < NELEMS(reserved); i++)
		if (len == strlen(reserved[i]) &&
		    strncmp(s, reserved[i], len) == 0)
			return (false);
	return (true);
}

/* "name=text"; where names the option or the file for the sentence. */
static bool
pair_parse(struct cause *cause, struct runner_pairs *p, const char *s,
    size_t len, const char *where)
{
	const char *equals = memchr(s, '=', len);

	if (equals == NULL || !is_name(s, (size_t)(equals - s))) {
		/* The text is not repeated: it may be a secret. */
		cause_add(cause, equals == NULL ?
		    "%s: expected NAME=VALUE" :
		    "%s: this is not the name of a variable", where);
		return (false);
	}
	pairs_add(p, s, (size_t)(equals - s), equals + 1,
	    len - (size_t)(equals - s) - 1);
	return (true);
}

/* A text that begins with a quote is one in quotes; a secret is any text. */
static void
check_quotes(struct runner_load *l)
{
	const char *text;
	size_t i, len;

	for (i = 0; i < l->variables.count; i++) {
		text = l->variables.texts[i];
		len = strlen(text);
		if (*text == '"' && (len < 2 || text[len - 1] != '"'))
			cause_add(l->cause, "the value of variable %s has no "
			    "\" at its end", l->variables.names[i]);
	}
}

static void
from_environment(struct runner_pairs *p, const char *prefix)
{
	size_t len = strlen(prefix);
	const char *equals;
	char **e;

	for (e = environ; *e != NULL; e++) {
		equals = strchr(*e, '=');
		if (equals != NULL && strncmp(*e, prefix, len) == 0 &&
		    equals > *e + len)
			pairs_add(p, *e + len, (size_t)(equals - *e) - len,
			    equals + 1, strlen(equals + 1));
	}
}

static const char *
read_problem(int err)
{
	return (err == ERR_NOT_FOUND ? "there is no such file" :
	    err == ERR_LIMIT ? "it is too large" :
	    err == ERR_TYPE ? "it is not a regular file" :
	    "it cannot be read");
}

/* Lines of NAME=VALUE; # begins a comment line. */
static void
from_file(struct cause *cause, struct runner_pairs *p, const char *path)
{
	char *data, *line, *rest, *where;
	unsigned int number = 0;
	size_t len;
	int err;

	if ((err = file_read(path, FILE_MOST_BYTES, &data, &len)) != 0) {
		cause_add(cause, "%s: %s", path, read_problem(err));
		return;
	}
	for (rest = data; (line = strsep(&rest, "\n")) != NULL;) {
		number++;
		len = strlen(line);
		while (len > 0 && strchr(" \t\r", line[len - 1]) != NULL)
			len--;
		for (; len > 0 && strchr(" \t", *line) != NULL; len--)
			line++;
		if (len == 0 || *line == '#')
			continue;
		where = xasprintf("%s:%u", path, number);
		pair_parse(cause, p, line, len, where);
		free(where);
	}
	free(data);
}

/* NAME=FILE: the file's content without its last newline. */
static void
secret_from_file(struct runner_load *l, const char *option)
{
	struct runner_pairs named = {0};
	char *data;
	size_t len;
	int err;

	if (!pair_parse(l->cause, &named, option, strlen(option),
	    "--secret-file"))
		return;
	err = file_read(named.texts[0], FILE_MOST_BYTES, &data, &len);
	if (err != 0) {
		cause_add(l->cause, "%s: %s", named.texts[0],
		    read_problem(err));
	} else {
		if (len > 0 && data[len - 1] == '\n')
			len--;
		if (len > 0 && data[len - 1] == '\r')
			len--;
		pairs_add(&l->secrets, named.names[0],
		    strlen(named.names[0]), data, len);
		explicit_bzero(data, len);
		free(data);
	}
	free(named.names[0]);
	free(named.texts[0]);
	free(named.names);
	free(named.texts);
}

static void
from_list(struct cause *cause, struct runner_pairs *p,
    const struct option_list *list, const char *name)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		pair_parse(cause, p, list->items[i], strlen(list->items[i]),
		    name);
}

void
runner_collect(struct runner_load *l)
{
	const struct runner_options *o = l->options;
	size_t i;

	from_environment(&l->variables, "HURL_VARIABLE_");
	from_environment(&l->variables, "E2E_VARIABLE_");
	for (i = 0; i < o->variables_files.count; i++)
		from_file(l->cause, &l->variables,
		    o->variables_files.items[i]);
	from_list(l->cause, &l->variables, &o->variables, "--variable");
	check_quotes(l);
	from_environment(&l->secrets, "HURL_SECRET_");
	from_environment(&l->secrets, "E2E_SECRET_");
	for (i = 0; i < o->secrets_files.count; i++)
		from_file(l->cause, &l->secrets, o->secrets_files.items[i]);
	for (i = 0; i < o->secret_files.count; i++)
		secret_from_file(l, o->secret_files.items[i]);
	from_list(l->cause, &l->secrets, &o->secrets, "--secret");
}

void
runner_load_set(const struct runner_load *l, struct variables *v)
{
	size_t i;

	for (i = 0; i < l->variables.count; i++)
		variables_set_text(v, l->variables.names[i],
		    l->variables.texts[i]);
	for (i = 0; i < l->secrets.count; i++)
		variables_set_secret(v, l->secrets.names[i],
		    l->secrets.texts[i], strlen(l->secrets.texts[i]));
}
