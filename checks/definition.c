/* SPDX-License-Identifier: ISC */
/* Definitions: their hash, overrides, and the values of secrets. */
#include "checks/definition.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/json_out.h"
#include "base/message.h"
#include "checks/definition_priv.h"

struct definition *
definition_new(void)
{
	struct definition *d = xcalloc(1, sizeof(*d));

	d->memory = xcalloc(1, sizeof(*d->memory));
	arena_init(&d->memory->arena, 0);
	d->limits = definition_limits_default;
	return (d);
}

void
definition_free(struct definition **d)
{
	if (*d == NULL)
		return;
	arena_fini(&(*d)->memory->arena);
	free((*d)->memory);
	free(*d);
	*d = NULL;
}

const char *
definition_keep(struct definition *d, const char *s)
{
	return (arena_strndup(&d->memory->arena, s, strlen(s)));
}

static int
variable_cmp(const void *pa, const void *pb)
{
	const struct definition_variable *a = pa, *b = pb;

	return (strcmp(a->name, b->name));
}

const struct definition_variable *
definition_find_variable(const struct definition_variable *variables,
    size_t count, const char *name)
{
	struct definition_variable key = {.name = name};

	if (count == 0)
		return (NULL);
	return (bsearch(&key, variables, count, sizeof(key), variable_cmp));
}

static bool
has_name(const struct definition_variable *v, size_t count, const char *name)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (strcmp(v[i].name, name) == 0)
			return (true);
	return (false);
}

struct definition_variable *
definition_merge(struct arena *arena, const struct definition_variable *under,
    size_t under_count, const struct definition_variable *over,
    size_t over_count, size_t *count)
{
	struct definition_variable *all = arena_alloc(arena,
	    (under_count + over_count + 1) * sizeof(*all));
	size_t i, n = 0;

	for (i = 0; i < under_count; i++)
		if (!has_name(over, over_count, under[i].name))
			all[n++] = under[i];
	for (i = 0; i < over_count; i++)
		if (!has_name(over + i + 1, over_count - i - 1, over[i].name))
			all[n++] = over[i];
	qsort(all, n, sizeof(*all), variable_cmp);
	*count = n;
	return (all);
}

void
definition_set_variables(struct definition *d,
    const struct definition_variable *v, size_t count)
{
	struct definition_variable *copy = arena_alloc(&d->memory->arena,
	    (count + 1) * sizeof(*copy));
	size_t i;

	for (i = 0; i < count; i++)
		copy[i] = (struct definition_variable){
		    definition_keep(d, v[i].name), v[i].kind,
		    definition_keep(d, v[i].text)};
	d->variables = copy;
	d->variable_count = count;
}

void
definition_set_secrets(struct definition *d, const struct definition_secret *s,
    size_t count)
{
	struct definition_secret *copy = arena_alloc(&d->memory->arena,
	    (count + 1) * sizeof(*copy));
	size_t i;

	for (i = 0; i < count; i++)
		copy[i] = (struct definition_secret){
		    definition_keep(d, s[i].name), s[i].source,
		    definition_keep(d, s[i].reference)};
	d->secrets = copy;
	d->secret_count = count;
}

void
definition_set_hosts(struct definition *d, const char *const *hosts,
    size_t count)
{
	const char **copy = arena_alloc(&d->memory->arena,
	    (count + 1) * sizeof(*copy));
	size_t i;

	for (i = 0; i < count; i++)
		copy[i] = definition_keep(d, hosts[i]);
	d->hosts = copy;
	d->host_count = count;
}

void
definition_set_flow(struct definition *d, const char *path, const char *root,
    const char *source, size_t len)
{
	d->flow_path = definition_keep(d, path);
	d->flow_root = definition_keep(d, root);
	d->flow_source = arena_strndup(&d->memory->arena, source, len);
	d->flow_len = len;
}

void
definition_set_includes(struct definition *d,
    const struct definition_includes *includes)
{
	struct definition_include *copy = arena_alloc(&d->memory->arena,
	    (includes->count + 1) * sizeof(*copy));
	size_t i;

	for (i = 0; i < includes->count; i++)
		copy[i] = (struct definition_include){
		    definition_keep(d, includes->items[i].name),
		    arena_strndup(&d->memory->arena,
		    includes->items[i].source, includes->items[i].len),
		    includes->items[i].len};
	d->includes = (struct definition_includes){copy, includes->count};
}

void
definition_hash(struct definition *d)
{
	uint8_t sum[SHA256_SIZE];
	struct json_out o;
	struct buf b;

	buf_init(&b, MESSAGE_MOST_BYTES);
	json_out_init(&o, &b);
	json_out_object(&o);
	json_out_kv_str(&o, "flow", d->flow_digest);
	definition_encode_meaning(d, &o);
	json_out_object_end(&o);
	crypto_sha256(buf_str(&b), b.len, sum);
	crypto_hex(sum, sizeof(sum), d->hash);
	buf_fini(&b);
}

static struct definition *
copy_without_variables(const struct definition *d)
{
	struct definition *n = definition_new();

	n->check = definition_keep(n, d->check);
	n->service = definition_keep(n, d->service);
	n->environment = definition_keep(n, d->environment);
	memcpy(n->flow_digest, d->flow_digest, sizeof(n->flow_digest));
	definition_set_flow(n, d->flow_path, d->flow_root, d->flow_source,
	    d->flow_len);
	definition_set_includes(n, &d->includes);
	definition_set_secrets(n, d->secrets, d->secret_count);
	definition_set_hosts(n, d->hosts, d->host_count);
	n->timeout = d->timeout;
	n->limits = d->limits;
	return (n);
}

int
definition_override(const struct definition *d,
    const struct definition_variable *overrides, size_t count,
    struct definition **out, char **sentence)
{
	struct definition_variable *all;
	struct definition *n;
	size_t i, all_count;

	for (i = 0; i < d->secret_count; i++)
		if (has_name(overrides, count, d->secrets[i].name)) {
			*sentence = xasprintf("'%s' is a secret of %s and "
			    "cannot be given as a variable",
			    d->secrets[i].name, d->check);
			return (ERR_EXISTS);
		}
	n = copy_without_variables(d);
	all = definition_merge(&n->memory->arena, d->variables,
	    d->variable_count, overrides, count, &all_count);
	definition_set_variables(n, all, all_count);
	definition_hash(n);
	*out = n;
	return (0);
}

bool
definition_is_variable_name(const char *s)
{
	size_t len = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789_-");

	return (len > 0 && len <= DEFINITION_NAME_MOST && s[len] == '\0' &&
	    strchr("0123456789-", *s) == NULL);
}

enum definition_value_kind
definition_kind_of(const char *text, size_t len)
{
	if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
		return (DEFINITION_BOOL);
	if ((*text == '-' || (*text >= '0' && *text <= '9')) &&
	    json_scan(text, len, 1) == len)
		return (DEFINITION_NUMBER);
	return (DEFINITION_STRING);
}

int
definition_parse_variable(const char *text, struct definition_variable *out)
{
	const char *equals = strchr(text, '='), *value;
	size_t len;
	char *name;

	if (equals == NULL)
		return (ERR_SYNTAX);
	name = xstrndup(text, (size_t)(equals - text));
	value = equals + 1;
	len = strlen(value);
	if (!definition_is_variable_name(name) ||
	    utf8_check(value, len) != len) {
		free(name);
		return (ERR_SYNTAX);
	}
	out->name = name;
	out->kind = definition_kind_of(value, len);
	if (len >= 2 && value[0] == '"' && value[len - 1] == '"')
		out->text = xstrndup(value + 1, len - 2);
	else
		out->text = xstrdup(value);
	return (0);
}

void
definition_variable_fini(struct definition_variable *v)
{
	free((void *)(uintptr_t)v->name);
	free((void *)(uintptr_t)v->text);
	*v = (struct definition_variable){0};
}

static int
resolve_env(const struct definition_secret *s, char **value, char **sentence)
{
	const char *text = getenv(s->reference);

	if (text == NULL || *text == '\0') {
		*sentence = xasprintf("secret '%s': the environment variable "
		    "%s is %s", s->name, s->reference,
		    text == NULL ? "not set" : "empty");
		return (ERR_NOT_FOUND);
	}
	if (strlen(text) > DEFINITION_SECRET_MOST_BYTES) {
		*sentence = xasprintf("secret '%s': the environment variable "
		    "%s holds more than %d bytes", s->name, s->reference,
		    DEFINITION_SECRET_MOST_BYTES);
		return (ERR_LIMIT);
	}
	*value = xstrdup(text);
	return (0);
}

static char *
file_sentence(const struct definition_secret *s, int rc)
{
	const char *why = rc == ERR_LIMIT ? "is too large for a secret" :
	    rc == ERR_TYPE ? "is not a regular file" : NULL;

	if (why == NULL)
		return (xasprintf("secret '%s': cannot read %s: %s", s->name,
		    s->reference, strerror(errno)));
	return (xasprintf("secret '%s': %s %s", s->name, s->reference, why));
}

static int
resolve_file(const struct definition_secret *s, char **value, char **sentence)
{
	char *text;
	size_t len;
	int rc = file_read(s->reference, DEFINITION_SECRET_MOST_BYTES, &text,
	    &len);

	if (rc != 0) {
		*sentence = file_sentence(s, rc);
		return (rc == ERR_TYPE ? ERR_IO : rc);
	}
	if (len > 0 && text[len - 1] == '\n')
		text[--len] = '\0';
	if (len > 0 && text[len - 1] == '\r')
		text[--len] = '\0';
	if (len > 0 && strlen(text) == len) {
		*value = text;
		return (0);
	}
	*sentence = xasprintf("secret '%s': %s %s", s->name, s->reference,
	    len == 0 ? "is empty" : "holds a NUL byte");
	explicit_bzero(text, len);
	free(text);
	return (len == 0 ? ERR_NOT_FOUND : ERR_SYNTAX);
}

int
definition_resolve_secret(const struct definition_secret *s, char **value,
    char **sentence)
{
	return (s->source == DEFINITION_SECRET_ENV ?
	    resolve_env(s, value, sentence) :
	    resolve_file(s, value, sentence));
}
