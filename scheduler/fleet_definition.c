/* SPDX-License-Identifier: ISC */
/* The definitions of a fleet: who was told, which hosts they occupy. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "scheduler/child.h"
#include "scheduler/fleet_priv.h"

static bool
has_lane(const struct fleet_definition *d, const struct lane *lane)
{
	size_t i;

	for (i = 0; i < d->lane_count; i++)
		if (d->lanes[i] == lane)
			return (true);
	return (false);
}

static void
take_lanes(struct fleet_definition *d, const struct fleet_definition_info *info)
{
	struct fleet *fleet = d->fleet;
	size_t most = fleet->options.max_per_host, i;
	struct lane *lane;

	d->lanes[d->lane_count++] = fleet->room;
	for (i = 0; most > 0 && i < info->host_count; i++) {
		lane = lane_take(&fleet->hosts, info->hosts[i], most);
		if (has_lane(d, lane))
			lane_release(&fleet->hosts, &lane);
		else
			d->lanes[d->lane_count++] = lane;
	}
}

static struct fleet_definition *
definition_new(size_t host_count, size_t probe_count)
{
	struct fleet_definition *d;
	size_t lanes_bytes = (host_count + 1) * sizeof(struct lane *);

	d = xcalloc(1, sizeof(*d) + lanes_bytes +
	    probe_count * sizeof(*d->told));
	d->magic = DEFINITION_MAGIC;
	d->lanes = (struct lane **)(void *)(d + 1);
	d->told = (uint32_t *)(void *)((char *)(d + 1) + lanes_bytes);
	return (d);
}

struct fleet_definition *
fleet_define(struct fleet *fleet, const struct fleet_definition_info *info)
{
	struct fleet_definition *d;

	must_magic(fleet, FLEET_MAGIC);
	if (info->doc_len > MESSAGE_MOST_BYTES)
		return (NULL);
	d = definition_new(info->host_count, fleet->options.probe_count);
	d->fleet = fleet;
	d->number = ++fleet->last_number;
	d->doc = xmemdup(info->doc, info->doc_len);
	d->doc_len = info->doc_len;
	d->check = xstrdup(info->check);
	d->service = xstrdup(info->service);
	d->environment = xstrdup(info->environment);
	d->hash = xstrdup(info->hash);
	take_lanes(d, info);
	d->next = fleet->definitions;
	if (d->next != NULL)
		d->next->prev = d;
	fleet->definitions = d;
	return (d);
}

static void
untell(const struct fleet_definition *d)
{
	struct message m = {.type = MESSAGE_FORGET, .cookie = d->number};
	struct fleet *fleet = d->fleet;
	struct child *child;
	unsigned int i;

	for (i = 0; i < fleet->options.probe_count; i++) {
		child = fleet->probes[i].child;
		if (d->told[i] != 0 && d->told[i] == child_generation(child))
			child_send(child, &m);
	}
}

void
fleet_definition_free(struct fleet_definition *d)
{
	struct fleet *fleet = d->fleet;
	size_t i;

	must_magic(d, DEFINITION_MAGIC);
	untell(d);
	for (i = 1; i < d->lane_count; i++)
		lane_release(&fleet->hosts, &d->lanes[i]);
	if (d->prev != NULL)
		d->prev->next = d->next;
	else
		fleet->definitions = d->next;
	if (d->next != NULL)
		d->next->prev = d->prev;
	d->magic = 0;
	free(d->doc);
	free(d->check);
	free(d->service);
	free(d->environment);
	free(d->hash);
	free(d);
}

void
fleet_forget(struct fleet_definition **dp)
{
	struct fleet_definition *d = *dp;

	if (d == NULL)
		return;
	*dp = NULL;
	must_magic(d, DEFINITION_MAGIC);
	d->is_forgotten = true;
	if (d->run_count == 0)
		fleet_definition_free(d);
}

void
fleet_definition_tell(struct fleet_definition *d, const struct fleet_probe *p)
{
	struct message m = {.type = MESSAGE_DEFINE, .cookie = d->number,
	    .doc = d->doc, .doc_len = d->doc_len};
	uint32_t generation = child_generation(p->child);

	if (d->told[p->index] == generation)
		return;
	d->told[p->index] = generation;
	child_send(p->child, &m);
}

char *
fleet_host_key(const char *url)
{
	const char *scheme_end = strstr(url, "://"), *host, *at, *port;
	const char *default_port = "";
	size_t len, i;
	char *key;

	host = scheme_end != NULL ? scheme_end + 3 : url;
	len = strcspn(host, "/?#");
	at = memrchr(host, '@', len);
	if (at != NULL) {
		len -= (size_t)(at + 1 - host);
		host = at + 1;
	}
	/* A colon inside brackets is part of an IPv6 address. */
	port = memrchr(host, ':', len);
	if (port != NULL && memchr(port, ']', len - (size_t)(port - host)))
		port = NULL;
	if (scheme_end != NULL && port == NULL)
		default_port = strncasecmp(url, "https:", 6) == 0 ? ":443" :
		    ":80";
	key = xasprintf("%.*s%s", (int)len, host, default_port);
	for (i = 0; i < len; i++)
		key[i] = (char)tolower((unsigned char)key[i]);
	return (key);
}
