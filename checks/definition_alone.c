/* SPDX-License-Identifier: ISC */
/* Definitions of flows that no manifest names: what e2e-run is given. */
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/file.h"
#include "checks/definition_priv.h"
#include "checks/flow.h"
#include "checks/flow_include.h"
#include "checks/flow_visit.h"

#define NAMED_FILE_MOST_BYTES (64u << 20)

struct digest {
	struct crypto_hash *hash;
	const char *root;
};

static void
digest_part(struct crypto_hash *hash, const void *p, size_t len)
{
	uint8_t head[8];
	size_t i;

	for (i = 0; i < sizeof(head); i++)
		head[i] = (uint8_t)((uint64_t)len >> (8 * i));
	crypto_hash_update(hash, head, sizeof(head));
	crypto_hash_update(hash, p, len);
}

/* One that cannot be read fails when the flow needs it, not before. */
static void
digest_file_cb(const struct flow_mention *m, void *arg)
{
	struct digest *d = arg;
	char *name = flow_name_below(m->file, m->name), *path, *data;
	size_t len;

	if (file_resolve_below(d->root, name, &path) != 0) {
		free(name);
		return;
	}
	if (file_read(path, NAMED_FILE_MOST_BYTES, &data, &len) == 0) {
		digest_part(d->hash, name, strlen(name));
		digest_part(d->hash, data, len);
		free(data);
	}
	free(path);
	free(name);
}

static void
digest_includes(struct crypto_hash *hash, const struct flow *flow)
{
	const struct flow_file *file = flow->files + 1;

	for (; file < flow->files + flow->file_count; file++) {
		digest_part(hash, file->name, strlen(file->name));
		digest_part(hash, file->source, file->source_len);
	}
}

static void
digest_flow(const struct definition_alone *a, char *out)
{
	struct digest d = {.root = a->root};
	uint8_t sum[SHA256_SIZE];

	d.hash = crypto_hash_new();
	digest_part(d.hash, a->flow->source, a->flow->source_len);
	digest_includes(d.hash, a->flow);
	flow_visit_files(a->flow, digest_file_cb, &d);
	crypto_hash_final(&d.hash, sum);
	crypto_hex(sum, sizeof(sum), out);
}

/* "flow/" and the file's name without its folders and .hurl. */
static const char *
name_of(struct definition *d, const char *path)
{
	const char *base = strrchr(path, '/'), *dot;
	char *name;

	base = base == NULL ? path : base + 1;
	dot = strrchr(base, '.');
	if (dot == NULL || dot == base)
		dot = base + strlen(base);
	name = xasprintf("flow/%.*s", (int)(dot - base), base);
	base = definition_keep(d, name);
	free(name);
	return (base);
}

struct definition *
definition_make_alone(const struct definition_alone *a)
{
	static const char *const any_host[] = {"*"};
	struct definition_variable *variables;
	struct definition *d = definition_new();
	size_t count;

	d->check = name_of(d, a->path);
	d->service = definition_keep(d, "flow");
	d->environment = definition_keep(d,
	    a->environment != NULL ? a->environment : "local");
	definition_set_flow(d, a->path, a->root, a->flow->source,
	    a->flow->source_len);
	d->includes.items = definition_keep_includes(&d->memory->arena,
	    a->flow, &d->includes.count);
	digest_flow(a, d->flow_digest);
	variables = definition_merge(&d->memory->arena, NULL, 0,
	    a->variables, a->variable_count, &count);
	definition_set_variables(d, variables, count);
	definition_set_hosts(d, any_host, 1);
	d->timeout = a->timeout;
	if (a->body_bytes > 0)
		d->limits.body_bytes = a->body_bytes;
	/* Whoever runs it can see that it takes long. */
	d->limits.work_ms = DEFINITION_WORK_MOST_MS;
	/* What max-redirs asks for, until the steps run out. */
	d->limits.redirects = d->limits.steps;
	definition_hash(d);
	return (d);
}
