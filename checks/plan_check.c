/* SPDX-License-Identifier: ISC */
/* Loading one check: its values, and what they refer to. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "checks/hosts.h"
#include "checks/plan_load.h"

static const char *const local[] = {"local"};

/* Say that a name is not defined, and which near one is. */
static void
not_defined(struct load *ld, const struct manifest_node *n, const char *what,
    const char *const *names, size_t count)
{
	const char *near = cause_suggest(n->text, names, count);

	if (near != NULL)
		manifest_wrong(&ld->source, n->place, "the %s '%s' is not "
		    "defined, did you mean '%s'?", what, n->text, near);
	else
		manifest_wrong(&ld->source, n->place, "the %s '%s' is not "
		    "defined in this manifest", what, n->text);
}

static void
one_of_several(struct load *ld, const struct manifest_node *check)
{
	struct buf names;
	size_t i;

	buf_init(&names, 200);
	for (i = 0; i < ld->m->environment_count; i++)
		buf_printf(&names, "%s%s", i > 0 ? ", " : "",
		    ld->m->environments[i].name);
	manifest_wrong(&ld->source, check->place, "a check wants the key "
	    "'environment' when there are several: %s%s", buf_str(&names),
	    names.is_full ? ", ..." : "");
	buf_fini(&names);
}

static void
load_environment(struct load *ld, struct plan_check *c,
    const struct manifest_node *check, const struct manifest_node *n)
{
	const char **names;
	size_t i;

	c->environment_name = "default";
	if (n == NULL) {
		if (ld->m->environment_count > 1)
			one_of_several(ld, check);
		if (ld->m->environment_count != 1)
			return;
		ld->is_environment_used[0] = true;
		c->environment = &ld->m->environments[0];
		c->environment_name = c->environment->name;
		return;
	}
	for (i = 0; i < ld->m->environment_count; i++)
		if (strcmp(ld->m->environments[i].name, n->text) == 0) {
			ld->is_environment_used[i] = true;
			c->environment = &ld->m->environments[i];
			c->environment_name = c->environment->name;
			return;
		}
	names = xcalloc(ld->m->environment_count, sizeof(*names));
	for (i = 0; i < ld->m->environment_count; i++)
		names[i] = ld->m->environments[i].name;
	not_defined(ld, n, "environment", names, i);
	free(names);
}

static const struct plan_notify *
find_notify(struct load *ld, const struct manifest_node *n)
{
	const char **names;
	size_t i;

	for (i = 0; i < ld->m->notify_count; i++)
		if (strcmp(ld->m->notifies[i].name, n->text) == 0) {
			ld->is_notify_used[i] = true;
			return (&ld->m->notifies[i]);
		}
	names = xcalloc(ld->m->notify_count, sizeof(*names));
	for (i = 0; i < ld->m->notify_count; i++)
		names[i] = ld->m->notifies[i].name;
	not_defined(ld, n, "notification", names, i);
	free(names);
	return (NULL);
}

static void
load_alert(struct load *ld, struct plan_check *c,
    const struct manifest_node *node)
{
	const struct plan_notify **all;
	const struct manifest_node *n;
	struct manifest_alert_values v;
	size_t i = 0;

	if (node == NULL)
		return;
	manifest_read(&ld->source, &manifest_table_alert, node, &v);
	c->alert_after = (int)v.after.number;
	if (v.notify.node == NULL)
		return;
	all = arena_calloc(ld->l->arena, v.notify.node->count + 1,
	    sizeof(const struct plan_notify *));
	for (n = v.notify.node->first; n != NULL; n = n->next)
		if (n->kind == MANIFEST_SCALAR &&
		    (all[i] = find_notify(ld, n)) != NULL)
			i++;
	c->notifies = all;
	c->notify_count = i;
}

static void
load_slo(struct load *ld, struct plan_check *c,
    const struct manifest_node *node)
{
	struct manifest_slo_values v;

	if (node == NULL)
		return;
	manifest_read(&ld->source, &manifest_table_slo, node, &v);
	c->slo_success_permyriad = (int)v.success.number;
	c->slo_window = v.window.number;
}

static void
load_limits(struct load *ld, struct plan_check *c,
    const struct manifest_node *node)
{
	struct manifest_limits_values v;

	manifest_read(&ld->source, &manifest_table_limits, node, &v);
	c->limits = (struct definition_limits){
		.body_bytes = v.body_bytes.number,
		.steps = v.steps.number,
		.redirects = v.redirects.number,
		.retries = v.retries.number,
		.headers = v.headers.number,
		.json_depth = v.json_depth.number,
		.work_ms = v.work_ms.number,
		.evidence_bytes = v.evidence_bytes.number
	};
}

static bool
is_secret(const struct plan_manifest *m, const char *name)
{
	size_t i;

	for (i = 0; i < m->secret_count; i++)
		if (strcmp(m->secrets[i].name, name) == 0)
			return (true);
	return (false);
}

static const char *
near_name(const struct definition_variable *v, size_t count,
    const struct plan_manifest *m, const char *name)
{
	const char **names = xcalloc(count + m->secret_count + 1,
	    sizeof(*names)), *near;
	size_t i, n = 0;

	for (i = 0; i < count; i++)
		names[n++] = v[i].name;
	for (i = 0; i < m->secret_count; i++)
		names[n++] = m->secrets[i].name;
	near = cause_suggest(name, names, n);
	free(names);
	return (near);
}

/*
 * A flow that reads what nothing defines can never run. Without environments
 * it is a warning: whoever runs it may bring the variables along.
 */
static void
check_variables(struct load *ld, const struct plan_check *c,
    const struct plan_flow_entry *flow, const struct manifest_node *node)
{
	const struct plan_environment *e = c->environment;
	const struct definition_variable *v;
	const struct plan_mention *m;
	const char *near;
	char *sentence, *where;
	size_t i, count;

	v = definition_merge(ld->source.arena, e != NULL ? e->variables : NULL,
	    e != NULL ? e->variable_count : 0, c->variables,
	    c->variable_count, &count);
	/* More in one of the two was told of already. */
	if (count > DEFINITION_ITEMS_MOST && c->variable_count <=
	    DEFINITION_ITEMS_MOST && (e == NULL ||
	    e->variable_count <= DEFINITION_ITEMS_MOST))
		manifest_wrong(&ld->source, node->place, "with those of its "
		    "environment the check has more than %d variables",
		    DEFINITION_ITEMS_MOST);
	for (i = 0; i < flow->variables.count; i++) {
		m = &flow->variables.items[i];
		if (definition_find_variable(v, count, m->name) != NULL ||
		    is_secret(ld->m, m->name))
			continue;
		near = near_name(v, count, ld->m, m->name);
		where = plan_mention_place(m);
		sentence = xasprintf("the flow reads {{%s}} %s, "
		    "which nothing defines%s%s%s", m->name, where,
		    near != NULL ? ", did you mean '" : "",
		    near != NULL ? near : "", near != NULL ? "'?" : "");
		if (e != NULL)
			manifest_wrong(&ld->source, node->place, "%s",
			    sentence);
		else if (ld->l->wants_warnings)
			manifest_warn(&ld->source, node->place, "%s",
			    sentence);
		free(sentence);
		free(where);
	}
}

/* The URLs that begin with one of the check's own variables. */
static void
check_own_urls(struct load *ld, const struct plan_check *c,
    const struct plan_flow_entry *flow, const struct manifest_node *node)
{
	const struct definition_variable *v;
	char host[256];
	size_t i;
	int port;

	for (i = 0; i < flow->url_variables.count; i++) {
		v = definition_find_variable(c->variables, c->variable_count,
		    flow->url_variables.items[i].name);
		if (v != NULL && hosts_parse_url(v->text, host, sizeof(host),
		    &port) == 0 && !hosts_match(ld->m->hosts,
		    ld->m->host_count, host, port))
			manifest_wrong(&ld->source, node->place, "the host "
			    "'%s' of '%s' is not covered by 'hosts'", host,
			    v->name);
	}
}

static void
warn_of_options(struct load *ld, const struct plan_flow_entry *flow,
    const struct manifest_node *node)
{
	const struct plan_mention *m;
	char *where;
	size_t i;

	for (i = 0; ld->l->wants_warnings && i < flow->refused.count; i++) {
		m = &flow->refused.items[i];
		where = plan_mention_place(m);
		manifest_warn(&ld->source, node->place, "the flow has the "
		    "option '%s' %s, which probes refuse", m->name, where);
		free(where);
	}
}

static void
load_check_flow(struct load *ld, struct plan_check *c,
    const struct manifest_check_values *v)
{
	struct plan_flow_entry *flow;

	if (v->flow.node == NULL)
		return;
	flow = load_flow(ld, v->flow.node);
	if (flow == NULL || flow->flow == NULL)
		return;
	c->flow = flow->flow;
	if (flow->user != ld->m) {
		flow->user = ld->m;
		ld->flows = xreallocarray(ld->flows, ld->flow_count + 1,
		    sizeof(struct plan_flow_entry *));
		ld->flows[ld->flow_count++] = flow;
	}
	load_check_hosts(ld, v->flow.node, flow, ld->m->hosts,
	    ld->m->host_count);
	warn_of_options(ld, flow, v->flow.node);
	check_own_urls(ld, c, flow, v->variables.node != NULL ?
	    v->variables.node->key : v->flow.node);
	if (c->environment != NULL || v->environment.node == NULL)
		check_variables(ld, c, flow, v->flow.node);
}

struct plan_check *
load_check(struct load *ld, const struct manifest_node *node,
    const struct manifest_check_values *v)
{
	struct plan_check *c = arena_calloc(ld->l->arena, 1, sizeof(*c));
	char *id;

	c->manifest = ld->m;
	c->service = ld->m->service;
	c->owner = v->owner.node != NULL ?
	    load_keep(ld, v->owner.node->text) : ld->m->owner;
	c->place = node->place;
	c->every = v->every.number;
	c->timeout = v->timeout.number;
	c->is_paused = v->paused.number != 0;
	c->locations = local;
	c->location_count = 1;
	load_names(ld, v->locations.node, &c->locations, &c->location_count);
	load_names(ld, v->tags.node, &c->tags, &c->tag_count);
	load_variables(ld, v->variables.node, &c->variables,
	    &c->variable_count);
	load_check_clash(ld, v->variables.node, ld->m->secrets,
	    ld->m->secret_count);
	load_environment(ld, c, node, v->environment.node);
	load_slo(ld, c, v->slo.node);
	load_alert(ld, c, v->alert.node);
	load_limits(ld, c, v->limits.node);
	c->gate = load_gate(ld, v->gate.node, &manifest_table_check_gate);
	load_check_flow(ld, c, v);
	if (ld->l->wants_warnings && c->every < c->timeout)
		manifest_warn(&ld->source, v->every.node != NULL ?
		    v->every.node->place : node->place, "'every' is shorter "
		    "than 'timeout': runs of this check may overlap");
	if (v->name.node == NULL || c->service == NULL)
		return (c);
	id = xasprintf("%s/%s", c->service, v->name.node->text);
	c->id = load_keep(ld, id);
	c->name = c->id + strlen(c->service) + 1;
	free(id);
	return (c);
}
