/* SPDX-License-Identifier: ISC */
/* Every object of every kind: tables, ids, owners' lists, metadata. */
#include "contrib/paysim/objects.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define ID_RANDOM 24

static const struct {
	const char *prefix, *name;
	size_t size;
} kinds[OBJECT_KIND_COUNT] = {
    [OBJECT_CUSTOMER] = {"cus_", "customer", sizeof(struct customer)},
    [OBJECT_METHOD] = {"pm_", "payment_method", sizeof(struct method)},
    [OBJECT_INTENT] = {"pi_", "payment_intent", sizeof(struct intent)},
    [OBJECT_CHARGE] = {"ch_", "charge", sizeof(struct charge)},
    [OBJECT_REFUND] = {"re_", "refund", sizeof(struct refund)},
    [OBJECT_TRANSACTION] = {"txn_", "balance_transaction",
        sizeof(struct transaction)},
    [OBJECT_EVENT] = {"evt_", "event", sizeof(struct event)},
    [OBJECT_ENDPOINT] = {"we_", "webhook_endpoint", sizeof(struct endpoint)},
};

void
objects_init(struct objects *all, uint64_t seed, size_t most)
{
	*all = (struct objects){.most = most};
	random_init(&all->ids, seed, "ids");
}

static void
free_strings(struct object *o)
{
	struct customer *customer = (struct customer *)o;
	struct method *method = (struct method *)o;
	struct intent *intent = (struct intent *)o;
	struct event *event = (struct event *)o;
	struct endpoint *endpoint = (struct endpoint *)o;

	switch (o->kind) {
	case OBJECT_CUSTOMER:
		free(customer->email);
		free(customer->name);
		free(customer->description);
		free(customer->phone);
		break;
	case OBJECT_METHOD:
		free(method->name);
		free(method->email);
		break;
	case OBJECT_INTENT:
		free(intent->description);
		free(intent->receipt_email);
		free(intent->return_url);
		free(intent->statement_descriptor);
		free(intent->setup_future_usage);
		free(intent->action_url);
		break;
	case OBJECT_EVENT:
		free(event->data);
		free(event->idempotency_key);
		break;
	case OBJECT_ENDPOINT:
		while (endpoint->type_count > 0)
			free(endpoint->types[--endpoint->type_count]);
		free(endpoint->types);
		free(endpoint->url);
		free(endpoint->description);
		break;
	default:
		break;
	}
}

static void
metadata_clear(struct metadata *m)
{
	while (m->count > 0) {
		m->count--;
		free(m->items[m->count].key);
		free(m->items[m->count].value);
	}
	free(m->items);
	m->items = NULL;
}

static void
object_free(struct object *o)
{
	free_strings(o);
	metadata_clear(&o->metadata);
	free(o);
}

void
objects_fini(struct objects *all)
{
	struct table *t;
	size_t i;

	for (t = all->tables; t < all->tables + OBJECT_KIND_COUNT; t++) {
		HASH_CLEAR(hh, t->by_id);
		for (i = 0; i < t->count; i++)
			if (t->items[(t->first + i) % t->cap] != NULL)
				object_free(
				    t->items[(t->first + i) % t->cap]);
		free(t->items);
	}
}

bool
objects_are_full(const struct objects *all)
{
	enum object_kind kind;

	/* Events push out the oldest, so they are never in the way. */
	for (kind = 0; kind < OBJECT_KIND_COUNT; kind++)
		if (kind != OBJECT_EVENT &&
		    all->tables[kind].count >= all->most)
			return (true);
	return (false);
}

static void
table_grow(struct table *t)
{
	size_t i, cap = t->cap > 0 ? t->cap * 2 : 64;
	struct object **items = xcalloc(cap, sizeof(struct object *));

	for (i = 0; i < t->count; i++)
		items[i] = t->items[(t->first + i) % t->cap];
	free(t->items);
	t->items = items;
	t->cap = cap;
	t->first = 0;
}

void *
objects_add(struct objects *all, enum object_kind kind, int64_t now_s)
{
	struct table *t = &all->tables[kind];
	struct object *o = xcalloc(1, kinds[kind].size);
	size_t prefix_len = strlen(kinds[kind].prefix);

	o->kind = kind;
	o->created_s = now_s;
	memcpy(o->id, kinds[kind].prefix, prefix_len);
	random_text(&all->ids, o->id + prefix_len, ID_RANDOM);
	if (t->count == t->cap)
		table_grow(t);
	t->items[(t->first + t->count++) % t->cap] = o;
	o->number = t->next_number++;
	HASH_ADD_KEYPTR(hh, t->by_id, o->id, prefix_len + ID_RANDOM, o);
	return (o);
}

void *
objects_find(struct objects *all, enum object_kind kind, const char *id)
{
	struct object *o;

	HASH_FIND_STR(all->tables[kind].by_id, id, o);
	return (o == NULL || o->is_deleted ? NULL : o);
}

/* The item with a number, NULL when it is gone; *at is its slot. */
static struct object **
slot_of(const struct table *t, uint64_t number)
{
	uint64_t first = t->next_number - t->count;

	if (number < first || number >= t->next_number)
		return (NULL);
	return (&t->items[(t->first + (number - first)) % t->cap]);
}

void
objects_remove(struct objects *all, struct object *o)
{
	struct table *t = &all->tables[o->kind];

	HASH_DEL(t->by_id, o);
	*slot_of(t, o->number) = NULL;
	object_free(o);
	while (t->count > 0 && t->items[t->first] == NULL) {
		t->first = (t->first + 1) % t->cap;
		t->count--;
	}
}

/* The nearest that is there and not deleted, from number in a direction. */
static struct object *
nearest(const struct objects *all, enum object_kind kind, uint64_t number,
    int direction)
{
	const struct table *t = &all->tables[kind];
	struct object **at;

	while ((at = slot_of(t, number)) != NULL) {
		if (*at != NULL && !(*at)->is_deleted)
			return (*at);
		number += (uint64_t)direction;
	}
	return (NULL);
}

struct object *
objects_oldest(const struct objects *all, enum object_kind kind)
{
	const struct table *t = &all->tables[kind];

	return (nearest(all, kind, t->next_number - t->count, 1));
}

struct object *
objects_newest(const struct objects *all, enum object_kind kind)
{
	return (nearest(all, kind, all->tables[kind].next_number - 1, -1));
}

struct object *
objects_older(const struct objects *all, const struct object *o)
{
	return (nearest(all, o->kind, o->number - 1, -1));
}

struct object *
objects_newer(const struct objects *all, const struct object *o)
{
	return (nearest(all, o->kind, o->number + 1, 1));
}

void
object_own(struct object *owner, struct object *o)
{
	struct object **newest = &owner->newest[o->kind];

	o->owner = owner;
	o->newer = NULL;
	o->older = *newest;
	if (*newest != NULL)
		(*newest)->newer = o;
	*newest = o;
}

void
object_disown(struct object *o)
{
	if (o->owner == NULL)
		return;
	if (o->newer != NULL)
		o->newer->older = o->older;
	else
		o->owner->newest[o->kind] = o->older;
	if (o->older != NULL)
		o->older->newer = o->newer;
	o->owner = o->older = o->newer = NULL;
}

const char *
object_name(enum object_kind kind)
{
	return (kinds[kind].name);
}

const char *
intent_status_name(enum intent_status status)
{
	static const char *const names[] = {
	    [INTENT_REQUIRES_PAYMENT_METHOD] = "requires_payment_method",
	    [INTENT_REQUIRES_CONFIRMATION] = "requires_confirmation",
	    [INTENT_REQUIRES_ACTION] = "requires_action",
	    [INTENT_PROCESSING] = "processing",
	    [INTENT_REQUIRES_CAPTURE] = "requires_capture",
	    [INTENT_CANCELED] = "canceled",
	    [INTENT_SUCCEEDED] = "succeeded",
	};

	return (names[status]);
}

void
object_set(char **at, const char *value)
{
	free(*at);
	*at = *value != '\0' ? xstrdup(value) : NULL;
}

static const char *
metadata_set(struct metadata *m, const char *key, size_t key_len,
    const char *value)
{
	size_t i;

	for (i = 0; i < m->count; i++)
		if (strlen(m->items[i].key) == key_len &&
		    memcmp(m->items[i].key, key, key_len) == 0)
			break;
	if (i < m->count && *value == '\0') {
		free(m->items[i].key);
		free(m->items[i].value);
		m->items[i] = m->items[--m->count];
		return (NULL);
	}
	if (*value == '\0')
		return (NULL);
	if (i == m->count) {
		if (m->count == METADATA_MOST)
			return ("Metadata can have at most 50 keys.");
		m->items = xreallocarray(m->items, m->count + 1,
		    sizeof(*m->items));
		m->items[m->count].key = xstrndup(key, key_len);
		m->items[m->count++].value = NULL;
	}
	free(m->items[i].value);
	m->items[i].value = xstrdup(value);
	return (NULL);
}

const char *
metadata_update(struct metadata *m, const struct form *f)
{
	const struct form_pair *pair;
	const char *inner, *wrong = form_get(f, "metadata");
	size_t len, pos = 0;

	if (wrong != NULL && *wrong != '\0')
		return ("Metadata must be a map of keys and values.");
	if (wrong != NULL)
		metadata_clear(m);
	wrong = NULL;
	while (wrong == NULL &&
	    (pair = form_below(f, "metadata", &pos, &inner)) != NULL) {
		len = strcspn(inner, "]");
		if (len == 0 || inner[len + 1] != '\0')
			return ("Metadata must be a map of keys and values.");
		if (len > METADATA_MOST_KEY)
			return ("Metadata keys have at most 40 characters.");
		if (strlen(pair->value) > METADATA_MOST_VALUE)
			return ("Metadata values have at most 500 characters.");
		wrong = metadata_set(m, inner, len, pair->value);
	}
	return (wrong);
}
