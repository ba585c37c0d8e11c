/* SPDX-License-Identifier: ISC */
/*
 * What the service knows: every object of every kind, found by id and
 * listed newest first. Objects live as long as the store, but for deleted
 * webhook endpoints and the oldest events; pointers between the others stay
 * good. Strings belong to their object.
 */
#ifndef PAYSIM_OBJECTS_H
#define PAYSIM_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uthash.h>

#include "contrib/paysim/cards.h"
#include "contrib/paysim/form.h"
#include "contrib/paysim/random.h"

#define OBJECT_ID_SIZE 40
#define METADATA_MOST 50
#define METADATA_MOST_KEY 40
#define METADATA_MOST_VALUE 500

enum object_kind {
	OBJECT_CUSTOMER,
	OBJECT_METHOD,
	OBJECT_INTENT,
	OBJECT_CHARGE,
	OBJECT_REFUND,
	OBJECT_TRANSACTION,
	OBJECT_EVENT,
	OBJECT_ENDPOINT,
	OBJECT_KIND_COUNT
};

struct metadata {
	struct {
		char *key, *value;
	} *items;
	size_t count;
};

/* The head of every object. */
struct object {
	enum object_kind kind;
	bool is_deleted;
	char id[OBJECT_ID_SIZE];
	int64_t created_s;
	uint64_t number; /* in its table, from 0 */
	struct metadata metadata;
	struct object *owner;         /* whose list it is in, or NULL */
	struct object *older, *newer; /* in the owner's list of its kind */
	struct object *newest[OBJECT_KIND_COUNT]; /* of what it owns */
	UT_hash_handle hh;
};

struct customer {
	struct object o;
	char *email, *name, *description, *phone;
};

struct method { /* owner: the customer it is attached to */
	struct object o;
	const struct card_kind *kind;
	int exp_month, exp_year;
	char *name, *email; /* of the billing details */
};

enum intent_status {
	INTENT_REQUIRES_PAYMENT_METHOD,
	INTENT_REQUIRES_CONFIRMATION,
	INTENT_REQUIRES_ACTION,
	INTENT_PROCESSING,
	INTENT_REQUIRES_CAPTURE,
	INTENT_CANCELED,
	INTENT_SUCCEEDED
};

/* Why the last attempt to charge did not work. */
struct charge_failure {
	const char *type, *code, *decline_code, *message; /* static */
	struct method *method;
};

struct intent { /* owner: the customer, or none */
	struct object o;
	enum intent_status status;
	int64_t amount, capturable, received;
	char currency[4];
	bool is_manual_capture;
	bool is_manual_confirmation;
	bool takes_bank;
	struct method *method;
	struct customer *customer;
	struct charge *charge; /* the latest */
	struct charge_failure failure; /* code NULL: none */
	char client_secret[80];
	char *description, *receipt_email, *return_url, *statement_descriptor;
	char *setup_future_usage;
	char *action_url;
	const char *cancellation_reason;
	int64_t canceled_s;
	char token[33]; /* of the 3-D Secure page's form */
};

struct charge { /* owner: its intent */
	struct object o;
	struct intent *intent;
	struct method *method;
	int64_t amount, captured, refunded;
	bool is_paid, is_captured;
	struct charge_failure failure;
	struct transaction *transaction;
};

struct refund { /* owner: its intent */
	struct object o;
	struct charge *charge;
	int64_t amount;
	const char *reason;
	struct transaction *transaction;
};

struct transaction { /* owner: its source */
	struct object o;
	struct object *source;
	const char *type; /* "charge" or "refund" */
	int64_t amount, fee, net;
	char currency[4];
	int64_t available_s;
};

struct event {
	struct object o;
	const char *type;
	char *data; /* JSON of the object as it was */
	char request_id[24];
	char *idempotency_key;
	uint32_t pending; /* deliveries that have not succeeded */
};

struct endpoint {
	struct object o;
	char *url;
	char secret[40];
	char **types; /* enabled events; "*" for all */
	size_t type_count;
	char *description;
	bool is_disabled;
};

struct table {
	struct object **items; /* a ring when oldest are dropped */
	size_t count, cap, first;
	uint64_t next_number; /* that of the newest is one less */
	struct object *by_id;
};

struct objects {
	struct table tables[OBJECT_KIND_COUNT];
	struct random ids;
	size_t most; /* of a kind */
};

void objects_init(struct objects *all, uint64_t seed, size_t most);
void objects_fini(struct objects *all);

/* True when some kind has reached its most: create nothing more. */
bool objects_are_full(const struct objects *all);

/* Make an object of a kind (zeroed, size bytes) with a new id. */
void *objects_add(struct objects *all, enum object_kind kind, int64_t now_s);

/* Find by id; NULL when there is none or it is deleted. */
void *objects_find(struct objects *all, enum object_kind kind,
    const char *id);

/* Remove and free; only for kinds that nothing points to. */
void objects_remove(struct objects *all, struct object *o);

/* The oldest of a kind, or NULL. */
struct object *objects_oldest(const struct objects *all,
    enum object_kind kind);

/* The newest and its neighbours in a table; NULL at the end. */
struct object *objects_newest(const struct objects *all,
    enum object_kind kind);
struct object *objects_older(const struct objects *all,
    const struct object *o);
struct object *objects_newer(const struct objects *all,
    const struct object *o);

/* Put o into its owner's list, newest; take it out again. */
void object_own(struct object *owner, struct object *o);
void object_disown(struct object *o);

/* The name a kind has in JSON: "customer", "payment_intent", ... */
const char *object_name(enum object_kind kind);

/* The status as in JSON. */
const char *intent_status_name(enum intent_status status);

/* Replace an owned string; "" gives NULL. */
void object_set(char **at, const char *value);

/*
 * Take metadata[key]=value pairs: an empty value removes the key, an empty
 * metadata= removes all. Returns NULL or a static sentence.
 */
const char *metadata_update(struct metadata *m, const struct form *f);

#endif
