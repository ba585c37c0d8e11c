/* SPDX-License-Identifier: ISC */
/*
 * Loading: files of a tree into the structs of a plan. Everything of a
 * manifest that can be looked at is looked at, mistakes or not, so that all
 * are told at once; only what is complete joins the plan.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/file.h"
#include "checks/plan_load.h"

void
plan_loader_init(struct plan_loader *l, struct cause *cause)
{
	*l = (struct plan_loader){.cause = cause};
	l->plan = xcalloc(1, sizeof(*l->plan));
	l->plan->memory = xcalloc(1, sizeof(*l->plan->memory));
	l->arena = &l->plan->memory->arena;
	arena_init(l->arena, 0);
}

static void
known_free(struct plan_known **all)
{
	struct plan_known *k, *next;

	HASH_ITER(hh, *all, k, next) {
		HASH_DEL(*all, k);
		free(k);
	}
}

void
plan_loader_fini(struct plan_loader *l)
{
	struct plan_flow_entry *e, *next;

	HASH_ITER(hh, l->flows, e, next) {
		HASH_DEL(l->flows, e);
		free(e);
	}
	known_free(&l->ids);
	known_free(&l->files);
	known_free(&l->included);
	free(l->manifests);
	free(l->checks);
	plan_free(&l->plan);
}

/*
 * Remember a name and where it stands. Returns what was known of it before,
 * NULL when it is new.
 */
static const struct plan_known *
learn(struct plan_loader *l, struct plan_known **all, const char *name,
    const char *file, uint32_t line)
{
	struct plan_known *k;

	HASH_FIND_STR(*all, name, k);
	if (k != NULL)
		return (k);
	k = xcalloc(1, sizeof(*k));
	k->name = arena_strndup(l->arena, name, strlen(name));
	k->file = file;
	k->line = line;
	HASH_ADD_KEYPTR(hh, *all, k->name, strlen(k->name), k);
	return (NULL);
}

void
plan_include_add(struct plan_loader *l, const char *real)
{
	learn(l, &l->included, real, NULL, 0);
}

bool
plan_is_included(const struct plan_loader *l, const char *real)
{
	const struct plan_known *k;

	HASH_FIND_STR(l->included, real, k);
	return (k != NULL);
}

const char *
load_keep(struct load *ld, const char *s)
{
	return (arena_strndup(ld->l->arena, s, strlen(s)));
}

static void
load_checks(struct load *ld, const struct manifest_node *list)
{
	const struct manifest_node *n;
	const struct plan_known *known;
	struct plan_check *check;

	for (n = list->first; n != NULL; n = n->next) {
		struct manifest_check_values v;

		ld->l->checks_seen++;
		manifest_read(&ld->source, &manifest_table_check, n, &v);
		if (n->kind != MANIFEST_MAP)
			continue;
		check = load_check(ld, n, &v);
		if (check->id == NULL)
			continue;
		known = learn(ld->l, &ld->l->ids, check->id, ld->m->file,
		    v.name.node->place.line);
		if (known != NULL)
			manifest_wrong(&ld->source, v.name.node->place,
			    "the check '%s' stands already in %s:%u",
			    check->id, known->file, known->line);
		ld->l->checks = xreallocarray(ld->l->checks,
		    ld->l->check_count + 1, sizeof(struct plan_check *));
		ld->l->checks[ld->l->check_count++] = check;
	}
}

static void
warn_of_manifest(struct load *ld, const struct manifest_values *v)
{
	const struct plan_manifest *m = ld->m;
	size_t i;

	if (v->hosts.node == NULL && v->checks.node != NULL)
		manifest_warn(&ld->source, v->checks.node->key->place,
		    "without 'hosts' these flows may reach any host, and take "
		    "their secrets there");
	for (i = 0; i < m->environment_count; i++)
		if (!ld->is_environment_used[i])
			manifest_warn(&ld->source, m->environments[i].place,
			    "no check uses the environment '%s'",
			    m->environments[i].name);
	for (i = 0; i < m->notify_count; i++)
		if (!ld->is_notify_used[i])
			manifest_warn(&ld->source, m->notifies[i].place,
			    "no check's alert notifies '%s'",
			    m->notifies[i].name);
}

static void
load_tree(struct load *ld, const struct manifest_node *root)
{
	size_t before = ld->l->cause->error_count;
	struct manifest_values v;

	manifest_read(&ld->source, &manifest_table_top, root, &v);
	if (v.service.node != NULL)
		ld->m->service = load_keep(ld, v.service.node->text);
	if (v.owner.node != NULL)
		ld->m->owner = load_keep(ld, v.owner.node->text);
	load_hosts(ld, v.hosts.node, &ld->m->hosts, &ld->m->host_count);
	load_secrets(ld, v.secrets.node, &ld->m->secrets,
	    &ld->m->secret_count);
	load_environments(ld, v.environments.node);
	load_notifies(ld, v.notify.node);
	ld->m->gate = load_gate(ld, v.gate.node, &manifest_table_gate);
	if (v.checks.node != NULL)
		load_checks(ld, v.checks.node);
	if (ld->m->host_count > 0 && v.environments.node != NULL)
		load_check_urls(ld, v.environments.node);
	/* Next to mistakes these would often be their echo. */
	if (ld->l->wants_warnings && ld->l->cause->error_count == before)
		warn_of_manifest(ld, &v);
}

static const char *
read_problem(int rc)
{
	switch (rc) {
	case ERR_LIMIT:
		return ("it is larger than 1 MiB");
	case ERR_TYPE:
		return ("it is not a regular file");
	default:
		return (strerror(errno));
	}
}

/* Read a file once, however it was named; NULL when it cannot be. */
static char *
read_manifest(struct plan_loader *l, const char *file, size_t *len)
{
	char *real = realpath(file, NULL), *text = NULL;
	int rc;

	if (real != NULL && learn(l, &l->files, real, file, 0) != NULL) {
		free(real);
		return (NULL);
	}
	free(real);
	rc = file_read(file, MANIFEST_MOST_BYTES, &text, len);
	if (rc != 0)
		cause_add_at(l->cause, file, (struct place){0}, NULL, 0,
		    "cannot read the manifest: %s", read_problem(rc));
	return (rc == 0 ? text : NULL);
}

static void
load_manifest(struct plan_loader *l, const char *name)
{
	const char *file = arena_strndup(l->arena, name, strlen(name));
	const struct manifest_node *root;
	struct arena tree;
	struct load ld = {.l = l};
	size_t len;
	char *text;

	if ((text = read_manifest(l, file, &len)) == NULL)
		return;
	arena_init(&tree, 0);
	ld.source = (struct manifest_source){file, text, len, l->cause,
	    &tree};
	ld.m = arena_calloc(l->arena, 1, sizeof(*ld.m));
	ld.m->file = file;
	ld.dir = file_dir(file);
	root = manifest_parse(&ld.source);
	if (root != NULL) {
		load_tree(&ld, root);
		l->manifests = xreallocarray(l->manifests,
		    l->manifest_count + 1, sizeof(struct plan_manifest *));
		l->manifests[l->manifest_count++] = ld.m;
	}
	free(ld.dir);
	free(ld.flows);
	arena_fini(&tree);
	free(text);
}

static bool
has_ending(const char *s, const char *ending)
{
	size_t len = strlen(s), tail = strlen(ending);

	return (len > tail && strcmp(s + len - tail, ending) == 0);
}

static void
visit_cb(const char *file, void *arg)
{
	if (has_ending(file, ".yaml") || has_ending(file, ".yml"))
		load_manifest(arg, file);
}

void
plan_loader_add(struct plan_loader *l, const char *path)
{
	size_t files = HASH_COUNT(l->files), errors = l->cause->error_count;
	struct stat st;

	if (stat(path, &st) != 0) {
		cause_add_at(l->cause, path, (struct place){0}, NULL, 0,
		    "cannot be read: %s", strerror(errno));
		return;
	}
	if (!S_ISDIR(st.st_mode)) {
		load_manifest(l, path);
		return;
	}
	plan_walk(l->cause, path, visit_cb, l);
	if (HASH_COUNT(l->files) == files && !l->wants_warnings &&
	    l->cause->error_count == errors)
		cause_add_at(l->cause, path, (struct place){0}, NULL, 0,
		    "there is no manifest (*.yaml, *.yml) here");
}

static int
by_id(const void *pa, const void *pb)
{
	const struct plan_check *a = *(struct plan_check *const *)pa;
	const struct plan_check *b = *(struct plan_check *const *)pb;

	return (strcmp(a->id, b->id));
}

struct plan *
plan_loader_finish(struct plan_loader *l)
{
	size_t check_bytes = l->check_count * sizeof(struct plan_check *);
	size_t bytes = l->manifest_count * sizeof(struct plan_manifest *);
	struct plan_check **checks = arena_alloc(l->arena, check_bytes + 1);
	struct plan_manifest **all = arena_alloc(l->arena, bytes + 1);
	struct plan *plan = l->plan;
	size_t i;

	if (l->check_count > 0) {
		memcpy(checks, l->checks, check_bytes);
		qsort(checks, l->check_count, sizeof(struct plan_check *),
		    by_id);
	}
	if (l->manifest_count > 0)
		memcpy(all, l->manifests, bytes);
	for (i = 0; i < l->check_count; i++)
		plan_hash_check(checks[i]);
	plan->checks = (const struct plan_check *const *)checks;
	plan->check_count = l->check_count;
	plan->manifests = (const struct plan_manifest *const *)all;
	plan->manifest_count = l->manifest_count;
	plan_hash(plan);
	l->plan = NULL;
	return (plan);
}
