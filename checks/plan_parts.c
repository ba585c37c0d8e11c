/* SPDX-License-Identifier: ISC */
/* Parts of a manifest: hosts, secrets, variables, environments, notify. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/file.h"
#include "checks/hosts.h"
#include "checks/plan_load.h"

static size_t
scalar_count(const struct manifest_node *node)
{
	const struct manifest_node *n;
	size_t count = 0;

	for (n = node->first; n != NULL; n = n->next)
		count += n->kind == MANIFEST_SCALAR;
	return (count);
}

void
load_names(struct load *ld, const struct manifest_node *node,
    const char *const **names, size_t *count)
{
	const struct manifest_node *n;
	const char **all;
	size_t i = 0;

	if (node == NULL)
		return;
	all = arena_calloc(ld->l->arena, scalar_count(node) + 1,
	    sizeof(*all));
	for (n = node->first; n != NULL; n = n->next)
		if (n->kind == MANIFEST_SCALAR)
			all[i++] = load_keep(ld, n->text);
	*names = all;
	*count = i;
}

void
load_hosts(struct load *ld, const struct manifest_node *node,
    const char *const **hosts, size_t *count)
{
	load_names(ld, node, hosts, count);
}

static int
secret_cmp(const void *pa, const void *pb)
{
	const struct definition_secret *a = pa, *b = pb;

	return (strcmp(a->name, b->name));
}

static bool
load_secret(struct load *ld, const struct manifest_node *n,
    struct definition_secret *s)
{
	struct manifest_secret_values v;
	const struct manifest_node *reference;

	manifest_read(&ld->source, &manifest_table_secret, n, &v);
	reference = v.env.node != NULL ? v.env.node : v.file.node;
	if (reference == NULL && (n->kind != MANIFEST_MAP || n->count > 0))
		return (false);
	if (reference == NULL || (v.env.node != NULL && v.file.node != NULL)) {
		manifest_wrong(&ld->source, n->key->place, "the secret '%s' "
		    "wants either {env: NAME} or {file: /path}",
		    n->key->text);
		return (false);
	}
	if (v.file.node != NULL && reference->text[0] != '/') {
		manifest_wrong(&ld->source, reference->place, "the file of a "
		    "secret wants an absolute path");
		return (false);
	}
	if (v.env.node != NULL && strchr(reference->text, '=') != NULL) {
		manifest_wrong(&ld->source, reference->place, "'%s' is no "
		    "name of an environment variable", reference->text);
		return (false);
	}
	*s = (struct definition_secret){load_keep(ld, n->key->text),
	    v.env.node != NULL ? DEFINITION_SECRET_ENV :
	    DEFINITION_SECRET_FILE, load_keep(ld, reference->text)};
	return (true);
}

void
load_secrets(struct load *ld, const struct manifest_node *node,
    const struct definition_secret **secrets, size_t *count)
{
	const struct manifest_node *n;
	struct definition_secret *all;
	size_t i = 0;

	if (node == NULL)
		return;
	all = arena_calloc(ld->l->arena, node->count + 1, sizeof(*all));
	for (n = node->first; n != NULL; n = n->next)
		i += n->kind != MANIFEST_BROKEN &&
		    load_secret(ld, n, &all[i]);
	qsort(all, i, sizeof(*all), secret_cmp);
	*secrets = all;
	*count = i;
}

void
load_variables(struct load *ld, const struct manifest_node *node,
    const struct definition_variable **variables, size_t *count)
{
	struct definition_variable *all, *sorted;
	const struct manifest_node *n;
	size_t i = 0;

	if (node == NULL || node->kind != MANIFEST_MAP)
		return;
	all = arena_calloc(ld->source.arena, scalar_count(node) + 1,
	    sizeof(*all));
	for (n = node->first; n != NULL; n = n->next)
		if (n->kind == MANIFEST_SCALAR)
			all[i++] = (struct definition_variable){
			    load_keep(ld, n->key->text), n->is_plain ?
			    definition_kind_of(n->text, n->len) :
			    DEFINITION_STRING, load_keep(ld, n->text)};
	sorted = definition_merge(ld->l->arena, all, i, NULL, 0, count);
	*variables = sorted;
}

void
load_check_clash(struct load *ld, const struct manifest_node *node,
    const struct definition_secret *secrets, size_t count)
{
	const struct manifest_node *n;
	size_t i;

	if (node == NULL || node->kind != MANIFEST_MAP)
		return;
	for (i = 0; i < count; i++)
		for (n = node->first; n != NULL; n = n->next)
			if (strcmp(n->key->text, secrets[i].name) == 0)
				manifest_wrong(&ld->source, n->key->place,
				    "'%s' is a secret also; a name is either "
				    "a variable or a secret", n->key->text);
}

void
load_environments(struct load *ld, const struct manifest_node *node)
{
	const struct manifest_node *n;
	struct plan_environment *e;
	size_t i = 0;

	if (node == NULL)
		return;
	e = arena_calloc(ld->l->arena, node->count + 1, sizeof(*e));
	ld->is_environment_used = arena_calloc(ld->source.arena,
	    node->count + 1, sizeof(bool));
	for (n = node->first; n != NULL; n = n->next) {
		if (n->kind == MANIFEST_BROKEN)
			continue;
		e[i].name = load_keep(ld, n->key->text);
		e[i].place = n->key->place;
		load_variables(ld, n, &e[i].variables,
		    &e[i].variable_count);
		i++;
		load_check_clash(ld, n, ld->m->secrets, ld->m->secret_count);
	}
	ld->m->environments = e;
	ld->m->environment_count = i;
}

/*
 * Without hosts of its own a notification may reach those that its URLs
 * spell out; it is bound by nothing only when one does not.
 */
static void
bound_notify(struct load *ld, struct plan_notify *notify,
    const struct plan_flow_entry *flow)
{
	const struct plan_mention *m;
	const char **hosts;
	char *text;
	size_t i;

	if (flow->has_open_url) {
		if (ld->l->wants_warnings)
			manifest_warn(&ld->source, notify->place, "without "
			    "'hosts' this notification may reach any host: "
			    "its flow does not spell it out");
		return;
	}
	hosts = arena_calloc(ld->l->arena, flow->hosts.count + 1,
	    sizeof(*hosts));
	for (i = 0; i < flow->hosts.count; i++) {
		m = &flow->hosts.items[i];
		text = xasprintf(strchr(m->name, ':') != NULL ? "[%s]:%d" :
		    "%s:%d", m->name, m->port);
		hosts[i] = load_keep(ld, text);
		free(text);
	}
	notify->hosts = hosts;
	notify->host_count = i;
}

const char *const plan_alert_variables[] = {"state", "is_firing",
    "is_resolved", "check", "service", "environment", "owner", "outcome",
    "reason", "run", "count", "since", NULL};

static bool
is_of_alert(const char *name)
{
	const char *const *known = plan_alert_variables;

	while (*known != NULL && strcmp(*known, name) != 0)
		known++;
	return (*known != NULL);
}

/* What an alert sets can be no secret: the probe would refuse it. */
static void
check_notify_secrets(struct load *ld, const struct manifest_node *node)
{
	const struct manifest_node *n;

	for (n = node != NULL ? node->first : NULL; n != NULL; n = n->next)
		if (is_of_alert(n->key->text))
			manifest_wrong(&ld->source, n->key->place, "'%s' is a "
			    "variable that each alert sets; name the secret "
			    "otherwise", n->key->text);
}

static bool
has_notify_name(const struct plan_notify *notify, const char *name)
{
	size_t i;

	for (i = 0; i < notify->secret_count; i++)
		if (strcmp(notify->secrets[i].name, name) == 0)
			return (true);
	return (is_of_alert(name) || definition_find_variable(
	    notify->variables, notify->variable_count, name) != NULL);
}

/* It would be seen when somebody waits to be told. */
static void
warn_of_notify(struct load *ld, const struct plan_notify *notify,
    const struct plan_flow_entry *flow, const struct manifest_node *node)
{
	size_t known = 0, i;
	const struct plan_mention *m;
	const char *near;
	char *where;

	while (plan_alert_variables[known] != NULL)
		known++;
	for (i = 0; ld->l->wants_warnings && i < flow->variables.count; i++) {
		m = &flow->variables.items[i];
		if (has_notify_name(notify, m->name))
			continue;
		near = cause_suggest(m->name, plan_alert_variables, known);
		where = plan_mention_place(m);
		manifest_warn(&ld->source, node->place, "the flow reads "
		    "{{%s}} %s, which neither the alert nor the notification "
		    "sets%s%s%s", m->name, where,
		    near != NULL ? ", did you mean '" : "",
		    near != NULL ? near : "", near != NULL ? "'?" : "");
		free(where);
	}
}

static void
load_notify(struct load *ld, const struct manifest_node *n,
    struct plan_notify *notify)
{
	struct manifest_notify_values v;
	struct plan_flow_entry *flow;

	manifest_read(&ld->source, &manifest_table_notify, n, &v);
	notify->name = load_keep(ld, n->key->text);
	notify->manifest = ld->m;
	notify->place = n->key->place;
	notify->timeout = v.timeout.number;
	load_variables(ld, v.variables.node, &notify->variables,
	    &notify->variable_count);
	load_secrets(ld, v.secrets.node, &notify->secrets,
	    &notify->secret_count);
	load_check_clash(ld, v.variables.node, notify->secrets,
	    notify->secret_count);
	check_notify_secrets(ld, v.secrets.node);
	load_hosts(ld, v.hosts.node, &notify->hosts, &notify->host_count);
	if (v.flow.node == NULL)
		return;
	flow = load_flow(ld, v.flow.node);
	if (flow == NULL)
		return;
	notify->flow = flow->flow;
	if (v.hosts.node == NULL && flow->flow != NULL)
		bound_notify(ld, notify, flow);
	load_check_hosts(ld, v.flow.node, flow, notify->hosts,
	    notify->host_count);
	warn_of_notify(ld, notify, flow, v.flow.node);
}

void
load_notifies(struct load *ld, const struct manifest_node *node)
{
	const struct manifest_node *n;
	struct plan_notify *all;
	size_t i = 0;

	if (node == NULL)
		return;
	all = arena_calloc(ld->l->arena, node->count + 1, sizeof(*all));
	ld->is_notify_used = arena_calloc(ld->source.arena, node->count + 1,
	    sizeof(bool));
	for (n = node->first; n != NULL; n = n->next)
		if (n->kind != MANIFEST_BROKEN)
			load_notify(ld, n, &all[i++]);
	ld->m->notifies = all;
	ld->m->notify_count = i;
}

static const char *
resolve_problem(int rc)
{
	switch (rc) {
	case ERR_NOT_FOUND:
		return ("there is no such file");
	case ERR_LIMIT:
		return ("it is not in the manifest's folder or below");
	default:
		return (strerror(errno));
	}
}

struct plan_flow_entry *
load_flow(struct load *ld, const struct manifest_node *node)
{
	struct plan_flow_entry *e = NULL;
	char *real, *shown, *sentence = NULL;
	int rc;

	rc = file_resolve_below(ld->dir, node->text, &real);
	if (rc != 0) {
		manifest_wrong(&ld->source, node->place, "cannot use the "
		    "flow '%s': %s", node->text, resolve_problem(rc));
		return (NULL);
	}
	shown = strcmp(ld->dir, ".") == 0 ? xstrdup(node->text) :
	    file_join(ld->dir, node->text);
	e = plan_flow_get(ld->l, real, node->text, shown, &sentence);
	if (e == NULL)
		manifest_wrong(&ld->source, node->place, "%s", sentence);
	free(sentence);
	free(shown);
	free(real);
	return (e);
}

void
load_check_hosts(struct load *ld, const struct manifest_node *node,
    const struct plan_flow_entry *flow, const char *const *hosts,
    size_t count)
{
	const struct plan_mention *m;
	char *where;
	size_t i;

	for (i = 0; i < flow->hosts.count; i++) {
		m = &flow->hosts.items[i];
		if (hosts_match(hosts, count, m->name, m->port))
			continue;
		where = plan_mention_place(m);
		manifest_wrong(&ld->source, node->place, "the flow reaches "
		    "'%s' %s, which 'hosts' does not cover", m->name, where);
		free(where);
	}
}

static bool
begins_a_url(const struct load *ld, const char *name)
{
	const struct plan_mentions *m;
	size_t i, j;

	for (i = 0; i < ld->flow_count; i++) {
		m = &ld->flows[i]->url_variables;
		for (j = 0; j < m->count; j++)
			if (strcmp(m->items[j].name, name) == 0)
				return (true);
	}
	return (false);
}

/* One variable of an environment or a check, where a URL begins with it. */
static void
check_url(struct load *ld, const struct manifest_node *n)
{
	char host[256];
	int port;

	if (n->kind != MANIFEST_SCALAR || !begins_a_url(ld, n->key->text))
		return;
	if (hosts_parse_url(n->text, host, sizeof(host), &port) != 0)
		return;
	if (!hosts_match(ld->m->hosts, ld->m->host_count, host, port))
		manifest_wrong(&ld->source, n->place, "the host '%s' is not "
		    "covered by 'hosts'", host);
}

void
load_check_urls(struct load *ld, const struct manifest_node *node)
{
	const struct manifest_node *e, *n;

	for (e = node->first; e != NULL; e = e->next)
		if (e->kind == MANIFEST_MAP)
			for (n = e->first; n != NULL; n = n->next)
				check_url(ld, n);
}
