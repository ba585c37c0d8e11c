/* SPDX-License-Identifier: ISC */
/* Operands to definitions and flows. */
#include "probe/runner_load.h"

#include <fts.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "checks/flow_include.h"
#include "checks/plan.h"
#include "probe/runner_glob.h"

#define COOKIES_MOST_BYTES (4u << 20)

static void
add_item(struct runner_load *l, struct definition *d, struct flow *flow,
    bool is_check)
{
	char *sentence;

	if (l->count == l->cap) {
		l->cap = l->cap * 2 + 8;
		l->items = xreallocarray(l->items, l->cap,
		    sizeof(*l->items));
	}
	if (l->options->limits != NULL)
		must(definition_limits_parse(l->options->limits, &d->limits,
		    &sentence) == 0); /* runner_options_check has read it */
	l->items[l->count++] = (struct runner_item){d, flow, is_check};
}

/* The variables given, typed, for the definition and its hash. */
static struct definition_variable *
make_overrides(const struct runner_load *l)
{
	struct definition_variable *v;
	size_t i;
	char *text;

	v = xcalloc(l->variables.count + 1, sizeof(*v));
	for (i = 0; i < l->variables.count; i++) {
		text = xasprintf("%s=%s", l->variables.names[i],
		    l->variables.texts[i]);
		if (definition_parse_variable(text, &v[i]) != 0)
			v[i] = (struct definition_variable){
			    xstrdup(l->variables.names[i]),
			    DEFINITION_STRING,
			    xstrdup(l->variables.texts[i])};
		free(text);
	}
	return (v);
}

static void
free_overrides(const struct runner_load *l, struct definition_variable *v)
{
	size_t i;

	for (i = 0; i < l->variables.count; i++)
		definition_variable_fini(&v[i]);
	free(v);
}

/* Files. */

static void
add_flow(struct runner_load *l, const char *path, const char *source,
    size_t len)
{
	struct definition_alone a = {.path = path,
	    .environment = l->options->environment,
	    .timeout = l->options->timeout,
	    .body_bytes = l->options->body_bytes};
	struct flow_text text = {.path = path, .source = source, .len = len};
	struct definition_variable *overrides;
	struct flow_loader loader;
	char *dir, *root;
	struct flow *flow;
	int err;

	dir = l->options->file_root != NULL ?
	    xstrdup(l->options->file_root) : file_dir(path);
	root = realpath(dir, NULL);
	if (root == NULL) {
		cause_add(l->cause, "%s: there is no such folder", dir);
		free(dir);
		return;
	}
	loader = flow_loader_below(root, l->options->file_root);
	text.loader = &loader;
	err = flow_parse_text(&text, l->cause, &flow);
	free(dir);
	if (err != 0) {
		free(root);
		return;
	}
	overrides = make_overrides(l);
	a.root = root;
	a.flow = flow;
	a.variables = overrides;
	a.variable_count = l->variables.count;
	add_item(l, definition_make_alone(&a), flow, false);
	free_overrides(l, overrides);
	free(root);
}

/* All of it, or one byte more than a flow may have. */
static void
load_stdin(struct runner_load *l)
{
	char *text = xmalloc(FLOW_MOST_BYTES + 2);
	size_t len = fread(text, 1, FLOW_MOST_BYTES + 1, stdin);

	text[len] = '\0';
	if (ferror(stdin)) {
		l->is_usage = true;
		cause_add(l->cause, "-: the standard input cannot be read");
	} else {
		add_flow(l, "-", text, len);
	}
	free(text);
}

static void
load_file(struct runner_load *l, const char *path)
{
	char *source;
	size_t len;
	int err;

	err = file_read(path, FLOW_MOST_BYTES + 1, &source, &len);
	if (err != 0) {
		l->is_usage |= err == ERR_NOT_FOUND;
		cause_add_at(l->cause, path, (struct place){0}, NULL, 0,
		    "%s", err == ERR_NOT_FOUND ? "there is no such file" :
		    err == ERR_LIMIT ? "a flow has at most 8 MiB" :
		    err == ERR_TYPE ? "this is not a regular file" :
		    "this file cannot be read");
		return;
	}
	add_flow(l, path, source, len);
	free(source);
}

static int
by_name(const FTSENT **a, const FTSENT **b)
{
	return (strcmp((*a)->fts_name, (*b)->fts_name));
}

static void
load_directory(struct runner_load *l, const char *path)
{
	char *dir = xstrdup(path), *const dirs[] = {dir, NULL};
	FTS *fts = fts_open(dirs, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	const char *dot;
	FTSENT *e;

	while (fts != NULL && (e = fts_read(fts)) != NULL) {
		if (e->fts_level > 0 && e->fts_name[0] == '.') {
			fts_set(fts, e, FTS_SKIP);
			continue;
		}
		dot = strrchr(e->fts_name, '.');
		if (e->fts_info == FTS_F && dot != NULL &&
		    strcmp(dot, ".hurl") == 0)
			load_file(l, e->fts_path);
	}
	if (fts != NULL)
		fts_close(fts);
	free(dir);
}

static void
load_path(struct runner_load *l, const char *path)
{
	struct stat st;

	if (strcmp(path, "-") == 0 || strcmp(path, "/dev/stdin") == 0)
		load_stdin(l);
	else if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		load_directory(l, path);
	else
		load_file(l, path);
}

static void
load_glob(struct runner_load *l, const char *pattern)
{
	struct runner_paths found;
	size_t i;
	int err = runner_glob(pattern, &found);

	if (err != 0) {
		l->is_usage = true;
		cause_add(l->cause, err == ERR_SYNTAX ? "--glob: ** in '%s' "
		    "is not between slashes" : "--glob: no file matches '%s'",
		    pattern);
	}
	for (i = 0; i < found.count; i++)
		load_file(l, found.items[i]);
	runner_paths_fini(&found);
}

static void
load_files(struct runner_load *l, const char *const *operands, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		load_path(l, operands[i]);
	for (i = 0; i < l->options->globs.count; i++)
		load_glob(l, l->options->globs.items[i]);
	if (count == 0 && l->options->globs.count == 0)
		load_stdin(l);
}

/* Checks. */

static void
add_check(struct runner_load *l, const struct plan_check *check)
{
	struct definition_variable *overrides = make_overrides(l);
	struct definition *d;
	struct flow *flow;
	char *sentence = NULL;

	if (plan_make_definition(check, l->options->environment, overrides,
	    l->variables.count, &d, &sentence) != 0) {
		cause_add(l->cause, "%s: %s", check->id, sentence);
		free(sentence);
	} else if (definition_parse_flow(d, l->cause, &flow) != 0) {
		definition_free(&d);
	} else {
		add_item(l, d, flow, true);
	}
	free_overrides(l, overrides);
}

static void
add_checks_named(struct runner_load *l, const struct plan *plan,
    const char *name)
{
	const struct plan_check *check = plan_find_check(plan, name);
	const char *near;
	size_t i;

	if (check != NULL) {
		add_check(l, check);
		return;
	}
	if (!plan_has_service(plan, name)) {
		near = plan_suggest(plan, name);
		cause_add(l->cause, "no check and no service has the name "
		    "'%s'%s%s%s", name, near != NULL ? ", did you mean '" :
		    "", near != NULL ? near : "", near != NULL ? "'?" : "");
		return;
	}
	for (i = 0; i < plan->check_count; i++)
		if (strcmp(plan->checks[i]->service, name) == 0)
			add_check(l, plan->checks[i]);
}

static void
load_checks(struct runner_load *l, const char *const *names, size_t count)
{
	struct plan *plan = NULL;
	size_t i;

	if (plan_load(l->options->checks, l->cause, &plan) != 0)
		return;
	for (i = 0; i < count; i++)
		add_checks_named(l, plan, names[i]);
	for (i = 0; count == 0 && i < plan->check_count; i++)
		add_check(l, plan->checks[i]);
	plan_free(&plan);
}

/* Files of the command line are not below a flow's folder. */
static char *
real_file(struct runner_load *l, const char *path)
{
	char *real;

	if (path == NULL)
		return (NULL);
	if ((real = realpath(path, NULL)) == NULL)
		cause_add(l->cause, "%s: there is no such file", path);
	return (real);
}

/* FILE or FILE:PASSWORD. */
static void
load_cert(struct runner_load *l)
{
	const char *option = l->options->cert, *colon;
	char *path;

	if (option == NULL)
		return;
	colon = access(option, F_OK) == 0 ? NULL : strchr(option, ':');
	path = colon == NULL ? xstrdup(option) :
	    xstrndup(option, (size_t)(colon - option));
	if (colon != NULL)
		l->cert_password = xstrdup(colon + 1);
	l->cert = real_file(l, path);
	free(path);
}

/* Lines as curl reads them: Netscape's seven fields, or a header. */
static void
load_cookies(struct runner_load *l)
{
	char *data, *rest, *line;
	size_t len;

	if (l->options->cookies == NULL)
		return;
	if (file_read(l->options->cookies, COOKIES_MOST_BYTES, &data,
	    &len) != 0) {
		cause_add(l->cause, "%s: this file of cookies cannot be read",
		    l->options->cookies);
		return;
	}
	for (rest = data; (line = strsep(&rest, "\n")) != NULL;) {
		line[strcspn(line, "\r")] = '\0';
		if (*line == '\0' || (*line == '#' &&
		    strncmp(line, "#HttpOnly_", 10) != 0))
			continue;
		l->cookies = xreallocarray(l->cookies, l->cookie_count + 1,
		    sizeof(char *));
		l->cookies[l->cookie_count++] = xstrdup(line);
	}
	free(data);
}

static void
load_defaults(struct runner_load *l)
{
	struct buf text;

	buf_init(&text, FLOW_MOST_BYTES);
	runner_options_flow(l->options, &text);
	flow_parse("command line", buf_str(&text), text.len, l->cause,
	    &l->defaults);
	buf_fini(&text);
	l->cacert = real_file(l, l->options->cacert);
	load_cert(l);
	l->key = real_file(l, l->options->key);
	l->netrc_file = real_file(l, l->options->netrc_file);
	load_cookies(l);
}

int
runner_load(struct runner_load *l, const char *const *operands, size_t count)
{
	runner_collect(l);
	load_defaults(l);
	l->is_usage = l->cause->error_count > 0;
	if (l->options->checks != NULL)
		load_checks(l, operands, count);
	else
		load_files(l, operands, count);
	if (l->cause->error_count > 0)
		return (ERR_SYNTAX);
	return (l->count > 0 ? 0 : ERR_NOT_FOUND);
}

static void
pairs_fini(struct runner_pairs *p)
{
	size_t i;

	for (i = 0; i < p->count; i++) {
		explicit_bzero(p->texts[i], strlen(p->texts[i]));
		free(p->names[i]);
		free(p->texts[i]);
	}
	free(p->names);
	free(p->texts);
}

void
runner_load_fini(struct runner_load *l)
{
	size_t i;

	for (i = 0; i < l->count; i++) {
		definition_free(&l->items[i].definition);
		flow_release(&l->items[i].flow);
	}
	free(l->items);
	pairs_fini(&l->variables);
	pairs_fini(&l->secrets);
	flow_release(&l->defaults);
	free(l->cacert);
	free(l->cert);
	free(l->cert_password);
	free(l->key);
	free(l->netrc_file);
	for (i = 0; i < l->cookie_count; i++)
		free(l->cookies[i]);
	free(l->cookies);
}
