/* SPDX-License-Identifier: ISC */
/* What a loaded plan can be asked for. */
#include "checks/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/err.h"
#include "base/message.h"
#include "checks/definition_priv.h"
#include "checks/plan_priv.h"

int
plan_load(const char *path, struct cause *cause, struct plan **out)
{
	size_t before = cause->error_count;
	struct plan_loader l;
	int rc = 0;

	plan_loader_init(&l, cause);
	plan_loader_add(&l, path);
	if (cause->error_count != before)
		rc = ERR_SYNTAX;
	else
		*out = plan_loader_finish(&l);
	plan_loader_fini(&l);
	return (rc);
}

void
plan_free(struct plan **plan)
{
	if (*plan == NULL)
		return;
	arena_fini(&(*plan)->memory->arena);
	free((*plan)->memory);
	free(*plan);
	*plan = NULL;
}

int
plan_flow_parse(const struct plan_flow *pf, struct cause *cause,
    struct flow **out)
{
	return (definition_parse_text(pf->path, pf->source, pf->len,
	    &pf->includes, cause, out));
}

static int
id_cmp(const void *key, const void *item)
{
	const struct plan_check *const *check = item;

	return (strcmp(key, (*check)->id));
}

static const struct plan_check *
find_by_name(const struct plan *plan, const char *name)
{
	const struct plan_check *found = NULL;
	size_t i;

	for (i = 0; i < plan->check_count; i++)
		if (strcmp(plan->checks[i]->name, name) == 0) {
			if (found != NULL)
				return (NULL);
			found = plan->checks[i];
		}
	return (found);
}

const struct plan_check *
plan_find_check(const struct plan *plan, const char *id)
{
	const struct plan_check *const *found;

	if (strchr(id, '/') == NULL)
		return (find_by_name(plan, id));
	found = bsearch(id, plan->checks, plan->check_count,
	    sizeof(const struct plan_check *), id_cmp);
	return (found != NULL ? *found : NULL);
}

bool
plan_has_service(const struct plan *plan, const char *service)
{
	size_t i;

	for (i = 0; i < plan->check_count; i++)
		if (strcmp(plan->checks[i]->service, service) == 0)
			return (true);
	return (false);
}

const char *
plan_suggest(const struct plan *plan, const char *name)
{
	const char **names = xcalloc(3 * plan->check_count + 1,
	    sizeof(*names));
	const char *near;
	size_t i, n = 0;

	for (i = 0; i < plan->check_count; i++) {
		names[n++] = plan->checks[i]->id;
		names[n++] = plan->checks[i]->name;
		names[n++] = plan->checks[i]->service;
	}
	near = cause_suggest(name, names, n);
	free(names);
	return (near);
}

/* The definition of a check, borrowing everything; variables are merged. */
static struct definition
borrow(const struct plan_check *check, const struct plan_environment *e,
    struct arena *arena)
{
	struct definition d = {
		.check = check->id,
		.service = check->service,
		.environment = e != NULL ? e->name : check->environment_name,
		.flow_path = check->flow->path,
		.flow_root = check->flow->root,
		.flow_source = check->flow->source,
		.flow_len = check->flow->len,
		.includes = check->flow->includes,
		.secrets = check->manifest->secrets,
		.secret_count = check->manifest->secret_count,
		.hosts = check->manifest->hosts,
		.host_count = check->manifest->host_count,
		.timeout = check->timeout,
		.limits = check->limits
	};

	memcpy(d.flow_digest, check->flow->digest, sizeof(d.flow_digest));
	d.variables = definition_merge(arena,
	    e != NULL ? e->variables : NULL, e != NULL ? e->variable_count : 0,
	    check->variables, check->variable_count, &d.variable_count);
	return (d);
}

void
plan_hash_check(struct plan_check *check)
{
	struct definition d;
	struct arena arena;

	arena_init(&arena, 0);
	d = borrow(check, check->environment, &arena);
	definition_hash(&d);
	memcpy(check->hash, d.hash, sizeof(check->hash));
	arena_fini(&arena);
}

static const struct plan_environment *
find_environment(const struct plan_manifest *m, const char *name)
{
	size_t i;

	for (i = 0; i < m->environment_count; i++)
		if (strcmp(m->environments[i].name, name) == 0)
			return (&m->environments[i]);
	return (NULL);
}

/* That one is missing, and which there are. */
static char *
say_environments(const struct plan_manifest *m, const char *missing)
{
	struct buf b;
	char *s;
	size_t i;

	buf_init(&b, 4096);
	buf_printf(&b, "%s has no environment '%s'", m->file, missing);
	for (i = 0; i < m->environment_count; i++)
		buf_printf(&b, "%s '%s'", i == 0 ? "; it has" : ",",
		    m->environments[i].name);
	s = xstrdup(buf_str(&b));
	buf_fini(&b);
	return (s);
}

int
plan_make_definition(const struct plan_check *check, const char *environment,
    const struct definition_variable *overrides, size_t count,
    struct definition **out, char **sentence)
{
	const struct plan_environment *e = check->environment;
	struct definition d;
	struct arena arena;
	int rc;

	if (environment != NULL &&
	    strcmp(environment, check->environment_name) != 0) {
		e = find_environment(check->manifest, environment);
		if (e == NULL) {
			*sentence = say_environments(check->manifest,
			    environment);
			return (ERR_NOT_FOUND);
		}
	}
	arena_init(&arena, 0);
	d = borrow(check, e, &arena);
	rc = definition_override(&d, overrides, count, out, sentence);
	arena_fini(&arena);
	return (rc);
}

struct definition *
plan_make_notify_definition(const struct plan_notify *n)
{
	struct definition *d = definition_new();
	char *check = xasprintf("%s/!%s", n->manifest->service, n->name);

	d->check = definition_keep(d, check);
	free(check);
	d->service = definition_keep(d, n->manifest->service);
	d->environment = "default";
	memcpy(d->flow_digest, n->flow->digest, sizeof(d->flow_digest));
	definition_set_flow(d, n->flow->path, n->flow->root, n->flow->source,
	    n->flow->len);
	definition_set_includes(d, &n->flow->includes);
	definition_set_variables(d, n->variables, n->variable_count);
	definition_set_secrets(d, n->secrets, n->secret_count);
	definition_set_hosts(d, n->hosts, n->host_count);
	d->timeout = n->timeout;
	definition_hash(d);
	return (d);
}

static void
put_row(const struct plan_check *c, const char *location, struct json_out *o)
{
	json_out_object(o);
	json_out_kv_str(o, "check", c->id);
	json_out_kv_str(o, "service", c->service);
	json_out_kv_str(o, "location", location);
	json_out_kv_str(o, "environment", c->environment_name);
	json_out_kv_str(o, "owner", c->owner != NULL ? c->owner : "");
	json_out_kv_int(o, "every_us", c->every);
	json_out_kv_int(o, "timeout_us", c->timeout);
	json_out_kv_str(o, "definition", c->hash);
	if (c->slo_success_permyriad != 0) {
		json_out_kv_int(o, "slo_success_permyriad",
		    c->slo_success_permyriad);
		json_out_kv_int(o, "slo_window_us", c->slo_window);
	}
	json_out_object_end(o);
}

bool
plan_check_is_at(const struct plan_check *c, const char *location)
{
	size_t i;

	for (i = 0; i < c->location_count; i++)
		if (strcmp(c->locations[i], location) == 0)
			return (true);
	return (false);
}

int
plan_encode_summary(const struct plan *plan, const char *location,
    struct buf *out)
{
	struct json_out o;
	size_t i;

	json_out_init(&o, out);
	json_out_object(&o);
	json_out_kv_str(&o, "plan", plan->hash);
	json_out_kv_int(&o, "loaded_us", clock_wall());
	json_out_key(&o, "checks");
	json_out_array(&o);
	for (i = 0; i < plan->check_count; i++)
		if (plan_check_is_at(plan->checks[i], location))
			put_row(plan->checks[i], location, &o);
	json_out_array_end(&o);
	json_out_object_end(&o);
	return (out->is_full ? ERR_LIMIT : 0);
}

/* No name is empty, so that an empty one ends the list. */
static void
hash_names(struct crypto_hash *hash, const char *const *names, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		crypto_hash_update(hash, names[i], strlen(names[i]) + 1);
	crypto_hash_update(hash, "", 1);
}

static void
hash_gate(struct crypto_hash *hash, const struct plan_gate *g)
{
	const int64_t numbers[] = {g->alpha_permyriad, g->beta_permyriad,
	    g->rounds, g->time, g->tolerance_permyriad, g->margin_permyriad,
	    g->tolerance_at_least, g->margin_at_least,
	    g->failure_margin_permyriad, g->on_inconclusive, g->policy,
	    g->aa, g->is_quarantined, g->quarantine_until};
	const char *texts[] = {g->quarantine_owner, g->quarantine_reason};
	char text[32];
	size_t i;

	for (i = 0; i < NELEMS(numbers); i++) {
		snprintf(text, sizeof(text), "%lld ", (long long)numbers[i]);
		crypto_hash_update(hash, text, strlen(text));
	}
	hash_names(hash, texts, g->is_quarantined ? NELEMS(texts) : 0);
}

static void
hash_check(struct crypto_hash *hash, const struct plan_check *c)
{
	char *text;
	size_t i;

	text = xasprintf("check %s %s %s %s %lld %d %lld %d %d\n", c->id,
	    c->hash, c->environment_name, c->owner != NULL ? c->owner : "",
	    (long long)c->every, c->slo_success_permyriad,
	    (long long)c->slo_window, c->alert_after, c->is_paused);
	crypto_hash_update(hash, text, strlen(text));
	free(text);
	hash_names(hash, c->locations, c->location_count);
	for (i = 0; i < c->notify_count; i++)
		hash_names(hash, &c->notifies[i]->name, 1);
	hash_names(hash, c->tags, c->tag_count);
	hash_gate(hash, c->gate);
}

static void
hash_notifies(struct crypto_hash *hash, const struct plan_manifest *m)
{
	struct definition *d;
	size_t i;

	for (i = 0; i < m->notify_count; i++) {
		d = plan_make_notify_definition(&m->notifies[i]);
		crypto_hash_update(hash, d->check, strlen(d->check) + 1);
		crypto_hash_update(hash, d->hash, strlen(d->hash) + 1);
		definition_free(&d);
	}
}

void
plan_hash(struct plan *plan)
{
	struct crypto_hash *hash = crypto_hash_new();
	uint8_t sum[SHA256_SIZE];
	size_t i;

	for (i = 0; i < plan->check_count; i++)
		hash_check(hash, plan->checks[i]);
	for (i = 0; i < plan->manifest_count; i++) {
		hash_notifies(hash, plan->manifests[i]);
		hash_gate(hash, plan->manifests[i]->gate);
	}
	crypto_hash_final(&hash, sum);
	crypto_hex(sum, sizeof(sum), plan->hash);
}
