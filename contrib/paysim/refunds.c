/* SPDX-License-Identifier: ISC */
/* Refunds, the balance and its transactions. */
#include "contrib/paysim/refunds.h"

#include <string.h>

#include "contrib/paysim/events.h"

/* The charge that payment_intent= or charge= names; NULL: call failed. */
static struct charge *
charge_named(struct call *c)
{
	const char *intent_id = call_get(c, "payment_intent");
	const char *charge_id = call_get(c, "charge");
	struct intent *pi;

	if ((intent_id != NULL) == (charge_id != NULL)) {
		call_refuse(c, "parameter_missing", "payment_intent",
		    "One of the following params should be provided for this "
		    "request: payment_intent or charge.");
		return (NULL);
	}
	if (charge_id != NULL)
		return (call_find(c, OBJECT_CHARGE, charge_id, "charge"));
	pi = call_find(c, OBJECT_INTENT, intent_id, "payment_intent");
	if (pi == NULL)
		return (NULL);
	if (pi->charge == NULL || !pi->charge->is_captured) {
		call_refuse(c, NULL, "payment_intent", "This PaymentIntent "
		    "(%s) does not have a successful charge to refund.",
		    pi->o.id);
		return (NULL);
	}
	return (pi->charge);
}

static bool
take_reason(struct call *c, const char **reason)
{
	static const char *const reasons[] = {"duplicate", "fraudulent",
	    "requested_by_customer"};
	const char *given = call_get(c, "reason");
	size_t i;

	if (given == NULL)
		return (true);
	for (i = 0; i < NELEMS(reasons); i++)
		if (strcmp(reasons[i], given) == 0)
			*reason = reasons[i];
	return (*reason != NULL || call_refuse(c, NULL, "reason",
	    "Invalid reason: must be one of duplicate, fraudulent, or "
	    "requested_by_customer"));
}

static bool
take_amount(struct call *c, const struct charge *ch, int64_t *amount)
{
	int64_t left = ch->captured - ch->refunded;

	if (!ch->is_captured)
		return (call_refuse(c, NULL, "charge",
		    "Charge %s has not been captured.", ch->o.id));
	if (left == 0)
		return (call_refuse(c, "charge_already_refunded", NULL,
		    "Charge %s has already been refunded.", ch->o.id));
	*amount = left;
	if (!call_int(c, "amount", 1, INT64_MAX, amount))
		return (false);
	if (*amount > left)
		return (call_refuse(c, "amount_too_large", "amount",
		    "Refund amount (%lld) is greater than unrefunded amount "
		    "on charge (%lld)", (long long)*amount, (long long)left));
	return (true);
}

void
refunds_create(struct call *c)
{
	struct app *app = c->app;
	struct charge *ch = charge_named(c);
	struct refund *re;
	const char *reason = NULL;
	int64_t amount;

	if (ch == NULL || !take_reason(c, &reason) ||
	    !take_amount(c, ch, &amount))
		return;
	re = objects_add(&app->objects, OBJECT_REFUND, c->now_s);
	if (!call_metadata(c, &re->o.metadata)) {
		objects_remove(&app->objects, &re->o);
		return;
	}
	object_own(&ch->intent->o, &re->o);
	re->charge = ch;
	re->amount = amount;
	re->reason = reason;
	re->transaction = ledger_book(&app->ledger, &app->objects, &re->o,
	    -amount, ch->intent->currency, true, c->now_s);
	ch->refunded += amount;
	event_emit(app, c, "refund.created", &re->o);
	event_emit(app, c, "charge.refunded", &ch->o);
	call_answer(c, &re->o);
}

void
refunds_get(struct call *c)
{
	struct object *o = call_find(c, OBJECT_REFUND, c->id, "id");

	if (o != NULL)
		call_answer(c, o);
}

void
refunds_update(struct call *c)
{
	struct object *o = call_find(c, OBJECT_REFUND, c->id, "id");

	if (o != NULL && call_metadata(c, &o->metadata))
		call_answer(c, o);
}

static bool
is_of_charge(const struct object *o, const void *charge)
{
	return (charge == NULL ||
	    &((const struct refund *)o)->charge->o == charge);
}

void
refunds_list(struct call *c)
{
	const char *intent_id = call_get(c, "payment_intent");
	const char *charge_id = call_get(c, "charge");
	struct intent *pi = NULL;
	struct charge *ch = NULL;

	if (intent_id != NULL && (pi = call_find(c, OBJECT_INTENT, intent_id,
	    "payment_intent")) == NULL)
		return;
	if (charge_id != NULL && (ch = call_find(c, OBJECT_CHARGE, charge_id,
	    "charge")) == NULL)
		return;
	if (ch != NULL && pi == NULL)
		pi = ch->intent;
	call_list(c, &(struct call_list){.kind = OBJECT_REFUND,
	    .owner = pi != NULL ? &pi->o : NULL, .keeps = is_of_charge,
	    .arg = ch});
}

static void
write_sums(struct json_out *o, const struct ledger *l, const char *name,
    bool is_pending)
{
	const struct ledger_sum *sum;

	json_out_key(o, name);
	json_out_array(o);
	for (sum = l->sums; sum < l->sums + l->count; sum++) {
		if (!sum->is_used)
			continue;
		json_out_object(o);
		json_out_kv_int(o, "amount", is_pending ? sum->pending :
		    sum->available);
		json_out_kv_str(o, "currency", sum->currency);
		json_out_object_end(o);
	}
	json_out_array_end(o);
}

void
balance_get(struct call *c)
{
	struct json_out o;

	ledger_settle(&c->app->ledger, &c->app->objects, c->now_s);
	json_out_init(&o, &c->out);
	json_out_object(&o);
	json_out_kv_str(&o, "object", "balance");
	write_sums(&o, &c->app->ledger, "available", false);
	json_out_kv_bool(&o, "livemode", false);
	write_sums(&o, &c->app->ledger, "pending", true);
	json_out_object_end(&o);
}

void
transactions_get(struct call *c)
{
	struct object *o = call_find(c, OBJECT_TRANSACTION, c->id, "id");

	if (o != NULL)
		call_answer(c, o);
}

static bool
is_of_type(const struct object *o, const void *type)
{
	return (type == NULL ||
	    strcmp(((const struct transaction *)o)->type, type) == 0);
}

void
transactions_list(struct call *c)
{
	const char *id = call_get(c, "source");
	struct objects *all = &c->app->objects;
	struct object *source = NULL;

	if (id != NULL &&
	    (source = objects_find(all, OBJECT_CHARGE, id)) == NULL &&
	    (source = objects_find(all, OBJECT_REFUND, id)) == NULL) {
		call_missing(c, OBJECT_CHARGE, id, "source");
		return;
	}
	call_list(c, &(struct call_list){.kind = OBJECT_TRANSACTION,
	    .owner = source, .keeps = is_of_type,
	    .arg = call_get(c, "type")});
}
