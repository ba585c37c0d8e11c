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
#include "checks/hosts.h"
#include "checks/plan_priv.h"

#define NAMED_FILE_MOST_BYTES (64u << 20)
#define MENTIONS_MOST 1000 /* looked through one by one */

static void
mention_add(struct plan_loader *l, struct plan_mentions *m, const char *name,
    int port, uint32_t line)
{
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
		items = arena_alloc(l->arena,
		    (m->count * 2 + 1) * sizeof(*items));
		if (m->count > 0)
			memcpy(items, m->items, m->count * sizeof(*items));
		m->items = items;
	}
	m->items[m->count++] = (struct plan_mention){
	    arena_strndup(l->arena, name, strlen(name)), port, line};
}

struct visit {
	struct plan_loader *l;
	struct plan_flow_entry *e;
	const struct flow *flow;
	const char *shown;
	const char *root;
	struct crypto_hash *hash;
};

static void
visit_variable(const char *name, struct place place, void *arg)
{
	struct visit *v = arg;

	mention_add(v->l, &v->e->variables, name, 0, place.line);
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
visit_file(const char *name, struct place place, void *arg)
{
	struct visit *v = arg;
	char *real, *data;
	size_t len;
	int rc;

	rc = file_resolve_below(v->root, name, &real);
	if (rc == 0) {
		rc = file_read(real, NAMED_FILE_MOST_BYTES, &data, &len);
		free(real);
		if (rc == 0) {
			hash_part(v->hash, name, strlen(name));
			hash_part(v->hash, data, len);
			free(data);
			return;
		}
		if (rc == ERR_LIMIT) {
			cause_add_at(v->l->cause, v->shown, place,
			    v->flow->source, v->flow->source_len,
			    "the file '%s' is larger than 64 MiB", name);
			return;
		}
	}
	cause_add_at(v->l->cause, v->shown, place, v->flow->source,
	    v->flow->source_len, "cannot use the file '%s': %s", name,
	    file_problem(rc));
}

/* The host of a URL that is written out up to its path. */
static bool
note_host(struct plan_loader *l, struct plan_flow_entry *e,
    const struct flow_template *url)
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
		mention_add(l, &e->hosts, host, port, url->place.line);
	free(text);
	return (is_whole);
}

static void
note_url(struct plan_loader *l, struct plan_flow_entry *e,
    const struct flow_template *url)
{
	const struct flow_part *first = url->parts;

	if (url->count > 0 && !first->is_placeholder) {
		if (!note_host(l, e, url))
			e->has_open_url = true;
		return;
	}
	e->has_open_url = true;
	if (url->count > 0 && first->function == FLOW_VARIABLE)
		mention_add(l, &e->url_variables, first->text, 0,
		    url->place.line);
}

/* What only e2e-run lets a flow do, on the machine of who wrote it. */
static void
note_options(struct plan_loader *l, struct plan_flow_entry *e,
    const struct flow_request *r)
{
	const struct flow_option *o;

	for (o = r->options; o < r->options + r->option_count; o++)
		if (o->kind == FLOW_OPTION_OUTPUT ||
		    o->kind == FLOW_OPTION_UNIX_SOCKET ||
		    o->kind == FLOW_OPTION_AWS_SIGV4)
			mention_add(l, &e->refused, flow_option_name(o->kind),
			    0, o->place.line);
}

static void
look_at(struct plan_loader *l, struct plan_flow_entry *e,
    const struct flow *flow, const char *shown)
{
	uint8_t sum[SHA256_SIZE];
	struct visit v = {l, e, flow, shown, e->flow->root, NULL};
	size_t i;

	flow_visit_variables(flow, visit_variable, &v);
	for (i = 0; i < flow->entry_count; i++) {
		note_url(l, e, &flow->entries[i].request.url);
		note_options(l, e, &flow->entries[i].request);
	}
	v.hash = crypto_hash_new();
	hash_part(v.hash, e->flow->source, e->flow->len);
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
	char *root;

	if (flow_parse(shown, text, len, l->cause, &flow) != 0)
		return;
	root = file_dir(e->real);
	pf = arena_calloc(l->arena, 1, sizeof(*pf));
	pf->path = arena_strndup(l->arena, path, strlen(path));
	pf->file = e->real;
	pf->root = arena_strndup(l->arena, root, strlen(root));
	pf->source = arena_strndup(l->arena, text, len);
	pf->len = len;
	free(root);
	e->flow = pf;
	look_at(l, e, flow, shown);
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
