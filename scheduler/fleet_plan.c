/* SPDX-License-Identifier: ISC */
/* Definitions of checks/ made known to a fleet. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "checks/definition.h"
#include "checks/hosts.h"
#include "scheduler/fleet.h"

#define HOST_SIZE 256

struct keys {
	char **items;
	size_t count;
};

static void
keys_add(struct keys *k, char *key)
{
	k->items = xreallocarray(k->items, k->count + 1, sizeof(*k->items));
	k->items[k->count++] = key;
}

static void
keys_fini(struct keys *k)
{
	size_t i;

	for (i = 0; i < k->count; i++)
		free(k->items[i]);
	free(k->items);
}

static void
collect_keys(const struct definition *d, struct keys *keys)
{
	char host[HOST_SIZE];
	size_t i;
	int port;

	for (i = 0; i < d->variable_count; i++)
		if (d->variables[i].kind == DEFINITION_STRING &&
		    hosts_parse_url(d->variables[i].text, host, sizeof(host),
		    &port) == 0)
			keys_add(keys, fleet_host_key(d->variables[i].text));
	for (i = 0; keys->count == 0 && i < d->host_count; i++)
		if (strchr(d->hosts[i], '*') == NULL)
			keys_add(keys, fleet_host_key(d->hosts[i]));
}

struct fleet_definition *
fleet_define_from(struct fleet *fleet, const struct definition *d)
{
	struct fleet_definition_info info = {.check = d->check,
	    .service = d->service, .environment = d->environment,
	    .hash = d->hash};
	struct fleet_definition *out = NULL;
	struct keys keys = {0};
	struct buf doc;

	buf_init(&doc, MESSAGE_MOST_BYTES);
	if (definition_encode(d, &doc) == 0) {
		collect_keys(d, &keys);
		info.doc = doc.data;
		info.doc_len = doc.len;
		info.hosts = (const char *const *)keys.items;
		info.host_count = keys.count;
		out = fleet_define(fleet, &info);
	}
	keys_fini(&keys);
	buf_fini(&doc);
	return (out);
}
