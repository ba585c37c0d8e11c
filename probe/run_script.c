/* SPDX-License-Identifier: ISC */
/* The engine and its scripts: what all runs share. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/file.h"
#include "probe/run_priv.h"

#define SECRETS_KEEP (10 * SPAN_S)

struct run_engine *
run_engine_new(struct loop *loop, const struct run_engine_options *options)
{
	struct run_engine *engine = xcalloc(1, sizeof(*engine));

	engine->loop = loop;
	engine->http = http_new(loop);
	engine->probe = xstrdup(options->probe);
	engine->rights = options->rights;
	engine->has_caps = options->caps != NULL;
	if (engine->has_caps)
		engine->caps = *options->caps;
	buf_init(&engine->scratch, REQUEST_MOST_BYTES);
	return (engine);
}

size_t
run_engine_in_flight(const struct run_engine *engine)
{
	return (engine->in_flight);
}

void
run_engine_preload(struct run_engine *engine)
{
	http_preload(engine->http);
}

/* Scripts. */

static void
set_variable(struct variables *v, const struct definition_variable *dv)
{
	struct value value;

	switch (dv->kind) {
	case DEFINITION_BOOL:
		value = value_bool(strcmp(dv->text, "true") == 0);
		break;
	case DEFINITION_NUMBER:
		value = value_number(dv->text, strlen(dv->text));
		break;
	default:
		value = value_string(dv->text, strlen(dv->text));
	}
	variables_set(v, dv->name, &value);
	value_release(&value);
}

void
run_script_set(struct variables *v, const struct definition_variable *list,
    size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		set_variable(v, &list[i]);
}

struct run_script *
run_script_from_flow(struct run_engine *engine, struct definition **d,
    struct flow *flow)
{
	struct run_script *script = xcalloc(1, sizeof(*script));

	script->engine = engine;
	script->holds = 1;
	script->definition = *d;
	*d = NULL;
	if (engine->has_caps)
		definition_limits_cap(&script->definition->limits,
		    &engine->caps);
	script->flow = flow_hold(flow);
	script->paths = jsonpath_cache_new();
	script->variables = variables_new();
	run_script_set(script->variables, script->definition->variables,
	    script->definition->variable_count);
	return (script);
}

int
run_script_new(struct run_engine *engine, struct definition **d,
    struct cause *cause, struct run_script **out)
{
	struct flow *flow;
	int err;

	err = definition_parse_flow(*d, cause, &flow);
	if (err != 0) {
		definition_free(d);
		return (err);
	}
	*out = run_script_from_flow(engine, d, flow);
	flow_release(&flow);
	return (0);
}

/* The folder of an included file, which bounds the files that it names. */
static char *
folder_of(const struct run_script *script, const struct flow_file *file)
{
	const char *root = script->definition->flow_root;
	char *dir, *real;

	if (file->folder_len == 0)
		return (xstrdup(root));
	dir = xstrndup(file->name, file->folder_len - 1);
	if (file_resolve_below(root, dir, &real) != 0)
		real = file_join(root, dir);
	free(dir);
	return (real);
}

const char *
run_script_folder(struct run_script *script, uint32_t file)
{
	if (file == 0)
		return (script->definition->flow_root);
	if (script->folders == NULL)
		script->folders = xcalloc(script->flow->file_count,
		    sizeof(char *));
	if (script->folders[file] == NULL)
		script->folders[file] = folder_of(script,
		    &script->flow->files[file]);
	return (script->folders[file]);
}

static void
folders_free(struct run_script *script)
{
	size_t i;

	for (i = 0; script->folders != NULL &&
	    i < script->flow->file_count; i++)
		free(script->folders[i]);
	free(script->folders);
}

struct run_script *
run_script_hold(struct run_script *script)
{
	script->holds++;
	return (script);
}

static char *
copy(const char *s)
{
	return (s != NULL ? xstrdup(s) : NULL);
}

void
run_script_set_defaults(struct run_script *script,
    const struct run_defaults *d)
{
	size_t i;

	script->defaults = (struct request_defaults){
	    .cacert = copy(d->cacert), .cert = copy(d->cert),
	    .cert_password = copy(d->cert_password), .key = copy(d->key),
	    .netrc_file = copy(d->netrc_file),
	    .no_proxy = copy(d->no_proxy),
	    .user_agent = copy(d->user_agent)};
	script->is_untraced = d->is_untraced;
	script->continues = d->continues;
	script->ignores_asserts = d->ignores_asserts;
	script->drops_cookies = d->drops_cookies;
	script->keeps_sent_heads = d->keeps_sent_heads;
	script->notes_certificates = d->notes_certificates;
	script->cookie_count = d->cookie_count;
	script->cookies = xcalloc(d->cookie_count + 1, sizeof(char *));
	for (i = 0; i < d->cookie_count; i++)
		script->cookies[i] = xstrdup(d->cookies[i]);
	if (d->flow == NULL)
		return;
	script->defaults_flow = flow_hold(d->flow);
	script->defaults.options = &d->flow->entries[0].request;
}

/* The paths are constant to everybody but their owner, the script. */
static void
defaults_fini(struct run_script *script)
{
	struct request_defaults *d = &script->defaults;
	size_t i;

	for (i = 0; i < script->cookie_count; i++)
		free(script->cookies[i]);
	free(script->cookies);
	free((char *)(uintptr_t)d->cacert);
	free((char *)(uintptr_t)d->cert);
	free((char *)(uintptr_t)d->cert_password);
	free((char *)(uintptr_t)d->key);
	free((char *)(uintptr_t)d->netrc_file);
	free((char *)(uintptr_t)d->no_proxy);
	free((char *)(uintptr_t)d->user_agent);
	flow_release(&script->defaults_flow);
}

void
run_script_release(struct run_script **sp)
{
	struct run_script *script = *sp;

	*sp = NULL;
	if (script == NULL || --script->holds > 0)
		return;
	variables_free(&script->variables);
	variables_free(&script->complete);
	jsonpath_cache_free(&script->paths);
	folders_free(script);
	flow_release(&script->flow);
	definition_free(&script->definition);
	defaults_fini(script);
	free(script->missing);
	free(script);
}

const struct definition *
run_script_definition(const struct run_script *script)
{
	return (script->definition);
}

const struct flow *
run_script_flow(const struct run_script *script)
{
	return (script->flow);
}

struct variables *
run_script_variables(struct run_script *script)
{
	return (script->variables);
}

/* Secrets. */

static int
add_secret(struct variables *v, const struct definition_secret *s,
    char **sentence)
{
	char *value;
	size_t len;
	int err;

	if ((err = definition_resolve_secret(s, &value, sentence)) != 0)
		return (err);
	len = strlen(value);
	variables_set_secret(v, s->name, value, len);
	explicit_bzero(value, len);
	free(value);
	return (0);
}

const struct variables *
run_script_complete(struct run_script *script, const char **sentence)
{
	const struct definition *d = script->definition;
	mono_us now = clock_mono();
	int err = 0;
	size_t i;

	*sentence = NULL;
	if (d->secret_count == 0)
		return (script->variables);
	if (script->complete != NULL &&
	    now - script->complete_at < SECRETS_KEEP)
		return (script->complete);
	variables_free(&script->complete);
	free(script->missing);
	script->missing = NULL;
	script->complete = variables_copy(script->variables);
	script->complete_at = now;
	for (i = 0; i < d->secret_count && err == 0; i++)
		err = add_secret(script->complete, &d->secrets[i],
		    &script->missing);
	if (err == 0)
		return (script->complete);
	variables_free(&script->complete);
	*sentence = script->missing;
	return (NULL);
}
