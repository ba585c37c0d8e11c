/* SPDX-License-Identifier: ISC */
/* Objects as JSON. */
#include "contrib/paysim/render.h"

#include <stdio.h>
#include <string.h>

#include "base/must.h"

#define PATH_SIZE 200

static void
str_or_null(struct json_out *o, const char *name, const char *s)
{
	json_out_key(o, name);
	if (s != NULL)
		json_out_str(o, s);
	else
		json_out_null(o);
}

/* True when some expand[] is path itself or begins with "path.". */
static bool
is_expanded(const struct render *r, const char *path)
{
	const struct form_pair *pair;
	const char *inner;
	size_t pos = 0, len = strlen(path);

	while ((pair = form_below(r->expand, "expand", &pos, &inner)) != NULL)
		if (strncmp(pair->value, path, len) == 0 &&
		    (pair->value[len] == '\0' || pair->value[len] == '.'))
			return (true);
	return (false);
}

/* A reference: the id, or the object itself where expand[] asks for it. */
static void
ref(const struct render *r, const char *name, const struct object *o)
{
	struct render inner = *r;
	char path[PATH_SIZE], below[PATH_SIZE + 1];

	json_out_key(r->out, name);
	if (o == NULL) {
		json_out_null(r->out);
		return;
	}
	if (r->expand == NULL) {
		json_out_str(r->out, o->id);
		return;
	}
	/* Paths end: an expand[] value is longer than what it names. */
	snprintf(path, sizeof(path), "%s%s", r->below, name);
	if (strlen(path) == sizeof(path) - 1 || !is_expanded(r, path)) {
		json_out_str(r->out, o->id);
		return;
	}
	snprintf(below, sizeof(below), "%s.", path);
	inner.below = below;
	render_object(&inner, o);
}

static void
head(struct json_out *o, const struct object *object)
{
	json_out_object(o);
	json_out_kv_str(o, "id", object->id);
	json_out_kv_str(o, "object", object_name(object->kind));
}

static void
foot(struct json_out *o, const struct object *object)
{
	const struct metadata *m = &object->metadata;
	size_t i;

	json_out_kv_int(o, "created", object->created_s);
	json_out_kv_bool(o, "livemode", false);
	json_out_key(o, "metadata");
	json_out_object(o);
	for (i = 0; i < m->count; i++) {
		json_out_key_n(o, m->items[i].key, strlen(m->items[i].key));
		json_out_str(o, m->items[i].value);
	}
	json_out_object_end(o);
	json_out_object_end(o);
}

static void
render_customer(const struct render *r, const struct customer *c)
{
	head(r->out, &c->o);
	str_or_null(r->out, "email", c->email);
	str_or_null(r->out, "name", c->name);
	str_or_null(r->out, "description", c->description);
	str_or_null(r->out, "phone", c->phone);
	json_out_kv_int(r->out, "balance", 0);
	json_out_kv_bool(r->out, "delinquent", false);
	foot(r->out, &c->o);
}

static void
card_details(struct json_out *o, const struct method *m)
{
	json_out_key(o, "card");
	json_out_object(o);
	json_out_kv_str(o, "brand", m->kind->brand);
	json_out_kv_str(o, "country", "US");
	json_out_kv_int(o, "exp_month", m->exp_month);
	json_out_kv_int(o, "exp_year", m->exp_year);
	json_out_kv_str(o, "funding", m->kind->funding);
	json_out_kv_str(o, "last4", card_last4(m->kind));
	json_out_key(o, "three_d_secure_usage");
	json_out_object(o);
	json_out_kv_bool(o, "supported", true);
	json_out_object_end(o);
	json_out_object_end(o);
}

static const char *
method_type(const struct method *m)
{
	return (card_is_bank(m->kind) ? "us_bank_account" : "card");
}

static void
method_details(struct json_out *o, const struct method *m)
{
	json_out_kv_str(o, "type", method_type(m));
	if (!card_is_bank(m->kind)) {
		card_details(o, m);
		return;
	}
	json_out_key(o, "us_bank_account");
	json_out_object(o);
	json_out_kv_str(o, "account_type", m->kind->funding);
	json_out_kv_str(o, "bank_name", "STRIPE TEST BANK");
	json_out_kv_str(o, "last4", card_last4(m->kind));
	json_out_object_end(o);
}

static void
render_method(const struct render *r, const struct method *m)
{
	head(r->out, &m->o);
	json_out_key(r->out, "billing_details");
	json_out_object(r->out);
	str_or_null(r->out, "email", m->email);
	str_or_null(r->out, "name", m->name);
	json_out_object_end(r->out);
	method_details(r->out, m);
	ref(r, "customer", m->o.owner);
	foot(r->out, &m->o);
}

void
render_failure(const struct render *r, const struct charge_failure *f,
    const struct charge *charge)
{
	json_out_kv_str(r->out, "type", f->type);
	json_out_kv_str(r->out, "code", f->code);
	json_out_kv_str(r->out, "decline_code", f->decline_code);
	json_out_kv_str(r->out, "message", f->message);
	if (charge != NULL)
		json_out_kv_str(r->out, "charge", charge->o.id);
	if (f->method != NULL) {
		json_out_key(r->out, "payment_method");
		render_method(r, f->method);
	}
}

static void
next_action(struct json_out *o, const struct intent *pi)
{
	json_out_key(o, "next_action");
	if (pi->status != INTENT_REQUIRES_ACTION) {
		json_out_null(o);
		return;
	}
	json_out_object(o);
	json_out_kv_str(o, "type", "redirect_to_url");
	json_out_key(o, "redirect_to_url");
	json_out_object(o);
	str_or_null(o, "return_url", pi->return_url);
	json_out_kv_str(o, "url", pi->action_url);
	json_out_object_end(o);
	json_out_object_end(o);
}

static void
intent_method(const struct render *r, const struct intent *pi)
{
	struct json_out *o = r->out;

	ref(r, "customer", pi->customer != NULL ? &pi->customer->o : NULL);
	ref(r, "payment_method", pi->method != NULL ? &pi->method->o : NULL);
	json_out_key(o, "payment_method_types");
	json_out_array(o);
	json_out_str(o, "card");
	if (pi->takes_bank)
		json_out_str(o, "us_bank_account");
	json_out_array_end(o);
	json_out_key(o, "last_payment_error");
	if (pi->failure.code == NULL) {
		json_out_null(o);
		return;
	}
	json_out_object(o);
	render_failure(&(struct render){.out = o}, &pi->failure, pi->charge);
	json_out_object_end(o);
}

static void
render_intent(const struct render *r, const struct intent *pi)
{
	struct json_out *o = r->out;
	int64_t error = r->error;

	head(o, &pi->o);
	json_out_kv_int(o, "amount", pi->amount + error);
	json_out_kv_int(o, "amount_capturable",
	    pi->capturable > 0 ? pi->capturable + error : 0);
	json_out_kv_int(o, "amount_received",
	    pi->received > 0 ? pi->received + error : 0);
	json_out_kv_str(o, "capture_method",
	    pi->is_manual_capture ? "manual" : "automatic");
	json_out_kv_str(o, "confirmation_method",
	    pi->is_manual_confirmation ? "manual" : "automatic");
	json_out_kv_str(o, "client_secret", pi->client_secret);
	json_out_kv_str(o, "currency", pi->currency);
	json_out_kv_str(o, "status", intent_status_name(pi->status));
	json_out_key(o, "canceled_at");
	if (pi->status == INTENT_CANCELED)
		json_out_int(o, pi->canceled_s);
	else
		json_out_null(o);
	str_or_null(o, "cancellation_reason", pi->cancellation_reason);
	str_or_null(o, "description", pi->description);
	str_or_null(o, "receipt_email", pi->receipt_email);
	str_or_null(o, "setup_future_usage", pi->setup_future_usage);
	str_or_null(o, "statement_descriptor", pi->statement_descriptor);
	next_action(o, pi);
	intent_method(r, pi);
	ref(r, "latest_charge", pi->charge != NULL ? &pi->charge->o : NULL);
	foot(o, &pi->o);
}

static const char *
charge_status(const struct charge *ch)
{
	return (ch->failure.code != NULL ? "failed" : "succeeded");
}

static void
render_charge(const struct render *r, const struct charge *ch)
{
	struct json_out *o = r->out;

	head(o, &ch->o);
	json_out_kv_int(o, "amount", ch->amount + r->error);
	json_out_kv_int(o, "amount_captured",
	    ch->captured > 0 ? ch->captured + r->error : 0);
	json_out_kv_int(o, "amount_refunded", ch->refunded);
	ref(r, "balance_transaction",
	    ch->transaction != NULL ? &ch->transaction->o : NULL);
	json_out_kv_bool(o, "captured", ch->is_captured);
	json_out_kv_str(o, "currency", ch->intent->currency);
	ref(r, "customer", ch->intent->customer != NULL ?
	    &ch->intent->customer->o : NULL);
	str_or_null(o, "description", ch->intent->description);
	str_or_null(o, "failure_code", ch->failure.code);
	str_or_null(o, "failure_message", ch->failure.message);
	json_out_kv_bool(o, "paid", ch->is_paid);
	ref(r, "payment_intent", &ch->intent->o);
	json_out_kv_str(o, "payment_method", ch->method->o.id);
	json_out_key(o, "payment_method_details");
	json_out_object(o);
	method_details(o, ch->method);
	json_out_object_end(o);
	json_out_kv_bool(o, "refunded",
	    ch->captured > 0 && ch->refunded == ch->captured);
	json_out_kv_str(o, "status", charge_status(ch));
	foot(o, &ch->o);
}

static void
render_refund(const struct render *r, const struct refund *re)
{
	struct json_out *o = r->out;

	head(o, &re->o);
	json_out_kv_int(o, "amount", re->amount + r->error);
	ref(r, "balance_transaction",
	    re->transaction != NULL ? &re->transaction->o : NULL);
	ref(r, "charge", &re->charge->o);
	json_out_kv_str(o, "currency", re->charge->intent->currency);
	ref(r, "payment_intent", &re->charge->intent->o);
	str_or_null(o, "reason", re->reason);
	json_out_kv_str(o, "status", "succeeded");
	foot(o, &re->o);
}

static void
render_transaction(const struct render *r, const struct transaction *t)
{
	struct json_out *o = r->out;

	head(o, &t->o);
	json_out_kv_int(o, "amount", t->amount);
	json_out_kv_int(o, "available_on", t->available_s);
	json_out_kv_int(o, "created", t->o.created_s);
	json_out_kv_str(o, "currency", t->currency);
	json_out_kv_int(o, "fee", t->fee);
	json_out_key(o, "fee_details");
	json_out_array(o);
	if (t->fee > 0) {
		json_out_object(o);
		json_out_kv_int(o, "amount", t->fee);
		json_out_kv_str(o, "currency", t->currency);
		json_out_kv_str(o, "type", "stripe_fee");
		json_out_object_end(o);
	}
	json_out_array_end(o);
	json_out_kv_int(o, "net", t->net);
	json_out_kv_str(o, "reporting_category", t->type);
	ref(r, "source", t->source);
	json_out_kv_str(o, "status", t->available_s > r->now_s ?
	    "pending" : "available");
	json_out_kv_str(o, "type", t->type);
	json_out_object_end(o);
}

void
render_event(struct json_out *o, const struct event *e)
{
	head(o, &e->o);
	json_out_kv_str(o, "api_version", "2024-06-20");
	json_out_kv_int(o, "created", e->o.created_s);
	json_out_key(o, "data");
	json_out_object(o);
	json_out_key(o, "object");
	json_out_raw(o, e->data, strlen(e->data));
	json_out_object_end(o);
	json_out_kv_bool(o, "livemode", false);
	json_out_kv_int(o, "pending_webhooks", e->pending);
	json_out_key(o, "request");
	json_out_object(o);
	str_or_null(o, "id", e->request_id[0] != '\0' ? e->request_id : NULL);
	str_or_null(o, "idempotency_key", e->idempotency_key);
	json_out_object_end(o);
	json_out_kv_str(o, "type", e->type);
	json_out_object_end(o);
}

static void
render_endpoint(const struct render *r, const struct endpoint *we)
{
	size_t i;

	head(r->out, &we->o);
	str_or_null(r->out, "description", we->description);
	json_out_key(r->out, "enabled_events");
	json_out_array(r->out);
	for (i = 0; i < we->type_count; i++)
		json_out_str(r->out, we->types[i]);
	json_out_array_end(r->out);
	if (r->has_secret)
		json_out_kv_str(r->out, "secret", we->secret);
	json_out_kv_str(r->out, "status",
	    we->is_disabled ? "disabled" : "enabled");
	json_out_kv_str(r->out, "url", we->url);
	foot(r->out, &we->o);
}

void
render_deleted(struct json_out *out, const struct object *o)
{
	head(out, o);
	json_out_kv_bool(out, "deleted", true);
	json_out_object_end(out);
}

void
render_object(const struct render *r, const struct object *o)
{
	if (o->is_deleted) {
		render_deleted(r->out, o);
		return;
	}
	switch (o->kind) {
	case OBJECT_CUSTOMER:
		render_customer(r, (const struct customer *)o);
		return;
	case OBJECT_METHOD:
		render_method(r, (const struct method *)o);
		return;
	case OBJECT_INTENT:
		render_intent(r, (const struct intent *)o);
		return;
	case OBJECT_CHARGE:
		render_charge(r, (const struct charge *)o);
		return;
	case OBJECT_REFUND:
		render_refund(r, (const struct refund *)o);
		return;
	case OBJECT_TRANSACTION:
		render_transaction(r, (const struct transaction *)o);
		return;
	case OBJECT_EVENT:
		render_event(r->out, (const struct event *)o);
		return;
	case OBJECT_ENDPOINT:
		render_endpoint(r, (const struct endpoint *)o);
		return;
	case OBJECT_KIND_COUNT:
		break;
	}
	must(!"an object of no kind");
}
