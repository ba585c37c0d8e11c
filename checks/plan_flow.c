/* SPDX-License-Identifier: ISC */
/*
 * Flows of a plan: each file is read and parsed once, whoever uses it. What
 * stays is the source, its digest and what it mentions; the tree is dropped,
 * as the probe parses for itself.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/err.h"
#include "base/file.h"
#include "checks/flow.h"
#include "checks/flow_include.h"
#include "checks/flow_visit.h"
#include "checks/hosts.h"
#include "checks/definition_priv.h"
#include "checks/plan_priv.h"

#define NAMED_FILE_MOST_BYTES (64u << 20)
#define MENTIONS_MOST 1000 /* looked through one by one */

/* A flow being looked at. */
struct visit {
	struct plan_loader *l;
	struct plan_flow_entry *e;
	const struct flow *flow;
	const struct flow_file *file; /* of what is looked at */
	const char *root;
	struct crypto_hash *hash;
};

static void
mention_add(struct visit *v, struct plan_mentions *m, const char *name,
    int port, uint32_t line)
{
	struct arena *arena = v->l->arena;
	struct plan_mention *items;
	size_t i;

	for (i = 0; i < m->count; i++)
		if (m->items[i].port == port &&
		    strcmp(m->items[i].name, name) == 0)
			return;
	if (m->count == MENTIONS_MOST)
		return;
	/* Doubles at each power of two; what is outgrown stays behind. */
	if ((m->count & (m->count - 1)) == 0) {
		items = arena_alloc(arena,
		    (m->count * 2 + 1) * sizeof(*items));
		if (m->count > 0)
			memcpy(items, m->items, m->count * sizeof(*items));
		m->items = items;
	}
	m->items[m->count++] = (struct plan_mention){
	    arena_strndup(arena, name, strlen(name)), port, line,
	    v->file == v->flow->files ? NULL :
	    arena_strndup(arena, v->file->path, strlen(v->file->path))};
}

char *
plan_mention_place(const struct plan_mention *m)
{
	return (m->file == NULL ? xasprintf("in its line %u", m->line) :
	    xasprintf("in line %u of %s", m->line, m->file));
}

static void
visit_variable(const struct flow_mention *m, void *arg)
{
	struct visit *v = arg;

	v->file = m->file;
	mention_add(v, &v->e->variables, m->name, 0, m->place.line);
}

static void
hash_part(struct crypto_hash *hash, const void *p, size_t len)
{
	uint8_t head[8];
	size_t i;

	for (i = 0; i < sizeof(head); i++)
		head[i] = (uint8_t)((uint64_t)len >> (8 * i));
	crypto_hash_update(hash, head, sizeof(head));
	crypto_hash_update(hash, p, len);
}

static const char *
file_problem(int rc)
{
	switch (rc) {
	case ERR_NOT_FOUND:
		return ("there is no such file");
	case ERR_LIMIT:
		return ("it is not below the flow's folder");
	case ERR_TYPE:
		return ("it is not a regular file");
	default:
		return (strerror(errno));
	}
}

/* A file that the flow names: it must be there, and it is a part of it. */
static void
visit_file(const struct flow_mention *m, void *arg)
{
	struct visit *v = arg;
	char *name = flow_name_below(m->file, m->name), *real, *data;
	const char *why = NULL;
	size_t len;
	int rc;

	rc = file_resolve_below(v->root, name, &real);
	if (rc == 0) {
		rc = file_read(real, NAMED_FILE_MOST_BYTES, &data, &len);
		free(real);
		if (rc == ERR_LIMIT)
			why = "it is larger than 64 MiB";
	}
	if (rc == 0) {
		hash_part(v->hash, name, strlen(name));
		hash_part(v->hash, data, len);
		free(data);
	} else
		cause_add_at(v->l->cause, m->file->path, m->place,
		    m->file->source, m->file->source_len,
		    "cannot use the file '%s': %s", m->name,
		    why != NULL ? why : file_problem(rc));
	free(name);
}

/* What is included is a part of the flow, too. */
static void
look_at_includes(struct visit *v)
{
	const struct flow *flow = v->flow;
	const struct flow_file *file;
	char *real;

	for (file = flow->files + 1;
	    file < flow->files + flow->file_count; file++) {
		hash_part(v->hash, file->name, strlen(file->name));
		hash_part(v->hash, file->source, file->source_len);
		if (file_resolve_below(v->root, file->name, &real) == 0) {
			plan_include_add(v->l, real);
			free(real);
		}
	}
}

/* The host of a URL that is written out up to its path. */
static bool
note_host(struct visit *v, const struct flow_template *url)
{
	const struct flow_part *first = &url->parts[0];
	char *text = xstrndup(first->text, first->len);
	const char *authority = strstr(text, "://");
	char host[256];
	int port;
	bool is_whole = url->count == 1 || (authority != NULL &&
	    strpbrk(authority + 3, "/?#") != NULL);

	is_whole = is_whole &&
	    hosts_parse_url(text, host, sizeof(host), &port) == 0;
	if (is_whole)
		mention_add(v, &v->e->hosts, host, port, url->place.line);
	free(text);
	return (is_whole);
}

static void
note_url(struct visit *v, const struct flow_template *url)
{
	const struct flow_part *first = url->parts;

	if (url->count > 0 && !first->is_placeholder) {
		if (!note_host(v, url))
			v->e->has_open_url = true;
		return;
	}
	v->e->has_open_url = true;
	if (url->count > 0 && first->function == FLOW_VARIABLE)
		mention_add(v, &v->e->url_variables, first->text, 0,
		    url->place.line);
}

/* What only e2e-run lets a flow do, on the machine of who wrote it. */
static void
note_options(struct visit *v, const struct flow_request *r)
{
	const struct flow_option *o;
	size_t i;

	for (i = 0; i < r->option_count; i++) {
		o = &r->options[i];
		if (o->kind == FLOW_OPTION_OUTPUT ||
		    o->kind == FLOW_OPTION_UNIX_SOCKET)
			mention_add(v, &v->e->refused,
			    flow_option_name(o->kind), 0, o->place.line);
	}
}

static void
look_at(struct plan_loader *l, struct plan_flow_entry *e,
    const struct flow *flow)
{
	uint8_t sum[SHA256_SIZE];
	struct visit v = {.l = l, .e = e, .flow = flow,
	    .root = e->flow->root};
	size_t i;

	flow_visit_variables(flow, visit_variable, &v);
	for (i = 0; i < flow->entry_count; i++) {
		v.file = &flow->files[flow->entries[i].file];
		note_url(&v, &flow->entries[i].request.url);
		note_options(&v, &flow->entries[i].request);
	}
	v.hash = crypto_hash_new();
	hash_part(v.hash, e->flow->source, e->flow->len);
	look_at_includes(&v);
	flow_visit_files(flow, visit_file, &v);
	crypto_hash_final(&v.hash, sum);
	crypto_hex(sum, sizeof(sum), e->flow->digest);
}

static void
parse(struct plan_loader *l, struct plan_flow_entry *e, const char *path,
    const char *shown, const char *text, size_t len)
{
	struct plan_flow *pf;
	struct flow *flow;
	char *root = file_dir(e->real);
	const struct flow_loader loader = flow_loader_below(root, NULL);
	const struct flow_text ft = {shown, text, len, &loader};

	if (flow_parse_text(&ft, l->cause, &flow) != 0) {
		free(root);
		return;
	}
	pf = arena_calloc(l->arena, 1, sizeof(*pf));
	pf->path = arena_strndup(l->arena, path, strlen(path));
	pf->file = e->real;
	pf->root = arena_strndup(l->arena, root, strlen(root));
	pf->source = arena_strndup(l->arena, text, len);
	pf->len = len;
	pf->includes.items = definition_keep_includes(l->arena, flow,
	    &pf->includes.count);
	free(root);
	e->flow = pf;
	look_at(l, e, flow);
	flow_release(&flow);
}

static char *
read_sentence(const char *shown, int rc)
{
	if (rc == ERR_LIMIT)
		return (xasprintf("the flow %s is larger than %u MiB", shown,
		    FLOW_MOST_BYTES >> 20));
	return (xasprintf("cannot read the flow %s: %s", shown,
	    file_problem(rc)));
}

struct plan_flow_entry *
plan_flow_get(struct plan_loader *l, const char *real, const char *path,
    const char *shown, char **sentence)
{
	struct plan_flow_entry *e;
	char *text;
	size_t len;
	int rc;

	HASH_FIND_STR(l->flows, real, e);
	if (e != NULL)
		return (e);
	rc = file_read(real, FLOW_MOST_BYTES, &text, &len);
	if (rc != 0) {
		*sentence = read_sentence(shown, rc);
		return (NULL);
	}
	e = xcalloc(1, sizeof(*e));
	e->real = arena_strndup(l->arena, real, strlen(real));
	HASH_ADD_KEYPTR(hh, l->flows, e->real, strlen(e->real), e);
	parse(l, e, path, shown, text, len);
	free(text);
	return (e);
}
