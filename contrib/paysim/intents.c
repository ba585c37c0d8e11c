/* SPDX-License-Identifier: ISC */
/* Routes of payment intents: parameters checked, then payments.c acts. */
#include "contrib/paysim/intents.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contrib/paysim/customers.h"
#include "contrib/paysim/events.h"
#include "contrib/paysim/payments.h"

/* Take a parameter that must be one of two words; *second tells which. */
static bool
one_of(struct call *c, const char *name, const char *first,
    const char *other, bool *second)
{
	const char *value = call_get(c, name);

	if (value == NULL)
		return (true);
	if (strcmp(value, first) != 0 && strcmp(value, other) != 0)
		return (call_refuse(c, NULL, name,
		    "Invalid %s: must be one of %s or %s", name, first,
		    other));
	*second = strcmp(value, other) == 0;
	return (true);
}

static bool
take_amount(struct call *c, struct intent *pi)
{
	int64_t amount = pi->amount;

	if (!call_int(c, "amount", INT64_MIN, INT64_MAX, &amount))
		return (false);
	if (call_get(c, "amount") == NULL && amount == 0)
		return (call_refuse(c, "parameter_missing", "amount",
		    "Missing required param: amount."));
	if (amount < 1)
		return (call_refuse(c, "parameter_invalid_integer", "amount",
		    "This value must be greater than or equal to 1."));
	if (amount < AMOUNT_LEAST)
		return (call_refuse(c, "amount_too_small", "amount",
		    "Amount must be at least %d.", AMOUNT_LEAST));
	if (amount > AMOUNT_MOST)
		return (call_refuse(c, "amount_too_large", "amount",
		    "Amount must be no more than %d.", AMOUNT_MOST));
	pi->amount = amount;
	return (true);
}

static bool
take_currency(struct call *c, struct intent *pi)
{
	const char *value = call_get(c, "currency");
	char lower[4] = "";
	size_t i;

	if (value == NULL && pi->currency[0] != '\0')
		return (true);
	if (value == NULL)
		return (call_refuse(c, "parameter_missing", "currency",
		    "Missing required param: currency."));
	for (i = 0; i < 3 && value[i] != '\0'; i++)
		lower[i] = (char)tolower((unsigned char)value[i]);
	if (strlen(value) != 3 || !ledger_knows(&c->app->ledger, lower))
		return (call_refuse(c, NULL, "currency",
		    "Invalid currency: %s", value));
	memcpy(pi->currency, lower, sizeof(pi->currency));
	return (true);
}

static bool
take_types(struct call *c, struct intent *pi)
{
	const struct form_pair *pair;
	const char *inner;
	size_t pos = 0;
	bool is_automatic = false;

	if (!call_bool(c, "automatic_payment_methods[enabled]",
	    &is_automatic))
		return (false);
	pi->takes_bank |= is_automatic;
	while ((pair = form_below(&c->form, "payment_method_types", &pos,
	    &inner)) != NULL) {
		if (strcmp(pair->value, "us_bank_account") == 0)
			pi->takes_bank = true;
		else if (strcmp(pair->value, "card") != 0)
			return (call_refuse(c, NULL, "payment_method_types",
			    "Invalid payment method type: %s", pair->value));
	}
	return (true);
}

static bool
take_customer(struct call *c, struct intent *pi)
{
	const char *id = call_get(c, "customer");
	struct customer *customer;

	if (id == NULL || *id == '\0')
		return (true);
	if ((customer = call_find(c, OBJECT_CUSTOMER, id, "customer")) ==
	    NULL)
		return (false);
	if (pi->customer != NULL && pi->customer != customer)
		return (call_refuse(c, NULL, "customer", "You cannot modify "
		    "`customer` on a PaymentIntent once it is set."));
	pi->customer = customer;
	return (true);
}

/* payment_method=ID or payment_method_data[...]. */
static bool
take_method(struct call *c, struct intent *pi)
{
	const char *inner, *id = call_get(c, "payment_method");
	struct method *m = NULL;
	size_t pos = 0;

	if (id != NULL && *id != '\0')
		m = method_named(c, id, "payment_method");
	else if (form_below(&c->form, "payment_method_data", &pos, &inner) !=
	    NULL)
		m = method_from_form(c, "payment_method_data");
	else
		return (true);
	if (m == NULL)
		return (false);
	if (m->o.owner != NULL &&
	    (pi->customer == NULL || m->o.owner != &pi->customer->o))
		return (call_refuse(c, NULL, "payment_method", "The "
		    "PaymentMethod belongs to a Customer: provide that "
		    "customer on the PaymentIntent."));
	if (card_is_bank(m->kind) && !pi->takes_bank)
		return (call_refuse(c, NULL, "payment_method", "The "
		    "PaymentMethod provided (us_bank_account) is not allowed "
		    "for this PaymentIntent."));
	pi->method = m;
	if (pi->status == INTENT_REQUIRES_PAYMENT_METHOD ||
	    pi->status == INTENT_REQUIRES_ACTION)
		pi->status = INTENT_REQUIRES_CONFIRMATION;
	return (true);
}

static bool
take_return_url(struct call *c, struct intent *pi)
{
	const char *url = call_get(c, "return_url");

	if (url != NULL && ((strncmp(url, "http://", 7) != 0 &&
	    strncmp(url, "https://", 8) != 0) ||
	    strcspn(url, " \t\r\n\"<>") != strlen(url)))
		return (call_refuse(c, "url_invalid", "return_url",
		    "Not a valid URL"));
	return (call_text(c, "return_url", &pi->return_url));
}

static bool
take_texts(struct call *c, struct intent *pi)
{
	bool ignored;

	return (one_of(c, "setup_future_usage", "on_session", "off_session",
	    &ignored) &&
	    take_return_url(c, pi) &&
	    call_text(c, "setup_future_usage", &pi->setup_future_usage) &&
	    call_text(c, "description", &pi->description) &&
	    call_text(c, "receipt_email", &pi->receipt_email) &&
	    call_text(c, "statement_descriptor",
	    &pi->statement_descriptor) &&
	    call_metadata(c, &pi->o.metadata));
}

static bool
take_all(struct call *c, struct intent *pi)
{
	return (take_amount(c, pi) && take_currency(c, pi) &&
	    one_of(c, "capture_method", strcmp(call_get(c, "capture_method")
	    != NULL ? call_get(c, "capture_method") : "", "automatic_async")
	    == 0 ? "automatic_async" : "automatic", "manual",
	    &pi->is_manual_capture) &&
	    take_types(c, pi) && take_customer(c, pi) &&
	    take_texts(c, pi) && take_method(c, pi));
}

static bool
confirm_now(struct call *c, struct intent *pi)
{
	if (pi->method == NULL)
		return (call_refuse(c, "payment_intent_unexpected_state",
		    "payment_method", "You cannot confirm this PaymentIntent "
		    "because it's missing a payment method. Update it with a "
		    "payment method and then confirm it again."));
	payment_confirm(c, pi);
	return (true);
}

void
intents_create(struct call *c)
{
	struct intent *pi = objects_add(&c->app->objects, OBJECT_INTENT,
	    c->now_s);
	bool is_confirmed = false;

	if (!take_all(c, pi) || !call_bool(c, "confirm", &is_confirmed) ||
	    !one_of(c, "confirmation_method", "automatic", "manual",
	    &pi->is_manual_confirmation)) {
		objects_remove(&c->app->objects, &pi->o);
		return;
	}
	snprintf(pi->client_secret, sizeof(pi->client_secret), "%s_secret_",
	    pi->o.id);
	random_text(&c->app->objects.ids, pi->client_secret +
	    strlen(pi->client_secret), 25);
	if (pi->customer != NULL)
		object_own(&pi->customer->o, &pi->o);
	event_emit(c->app, c, "payment_intent.created", &pi->o);
	if (is_confirmed)
		confirm_now(c, pi);
	else
		call_answer(c, &pi->o);
}

void
intents_get(struct call *c)
{
	struct object *o = call_find(c, OBJECT_INTENT, c->id, "intent");

	if (o != NULL)
		call_answer(c, o);
}

static bool
is_open(const struct intent *pi)
{
	return (pi->status == INTENT_REQUIRES_PAYMENT_METHOD ||
	    pi->status == INTENT_REQUIRES_CONFIRMATION ||
	    pi->status == INTENT_REQUIRES_ACTION);
}

void
intents_update(struct call *c)
{
	struct intent *pi = call_find(c, OBJECT_INTENT, c->id, "intent");
	bool had_customer;

	if (pi == NULL)
		return;
	if (!is_open(pi) && (call_get(c, "amount") != NULL ||
	    call_get(c, "currency") != NULL ||
	    call_get(c, "payment_method") != NULL)) {
		payment_bad_state(c, pi, "update");
		return;
	}
	had_customer = pi->customer != NULL;
	if (!take_all(c, pi))
		return;
	if (!had_customer && pi->customer != NULL)
		object_own(&pi->customer->o, &pi->o);
	call_answer(c, &pi->o);
}

void
intents_confirm(struct call *c)
{
	struct intent *pi = call_find(c, OBJECT_INTENT, c->id, "intent");

	if (pi == NULL)
		return;
	if (!is_open(pi)) {
		payment_bad_state(c, pi, "confirm");
		return;
	}
	if (take_types(c, pi) && take_texts(c, pi) && take_method(c, pi))
		confirm_now(c, pi);
}

void
intents_capture(struct call *c)
{
	struct intent *pi = call_find(c, OBJECT_INTENT, c->id, "intent");
	int64_t amount;

	if (pi == NULL)
		return;
	if (pi->status != INTENT_REQUIRES_CAPTURE) {
		payment_bad_state(c, pi, "capture");
		return;
	}
	amount = pi->capturable;
	if (!call_int(c, "amount_to_capture", 1, INT64_MAX, &amount) ||
	    !call_metadata(c, &pi->o.metadata))
		return;
	if (amount > pi->capturable) {
		call_refuse(c, "amount_too_large", "amount_to_capture",
		    "The payment intent could not be captured because the "
		    "requested capture amount is greater than the authorized "
		    "amount.");
		return;
	}
	payment_capture(c, pi, amount);
}

void
intents_cancel(struct call *c)
{
	static const char *const reasons[] = {"duplicate", "fraudulent",
	    "requested_by_customer", "abandoned"};
	struct intent *pi = call_find(c, OBJECT_INTENT, c->id, "intent");
	const char *given = call_get(c, "cancellation_reason");
	const char *reason = NULL;
	size_t i;

	if (pi == NULL)
		return;
	for (i = 0; given != NULL && i < NELEMS(reasons); i++)
		if (strcmp(reasons[i], given) == 0)
			reason = reasons[i];
	if (given != NULL && reason == NULL)
		call_refuse(c, NULL, "cancellation_reason",
		    "Invalid cancellation_reason: must be one of duplicate, "
		    "fraudulent, requested_by_customer, or abandoned");
	else if (!is_open(pi) && pi->status != INTENT_REQUIRES_CAPTURE)
		payment_bad_state(c, pi, "cancel");
	else
		payment_cancel(c, pi, reason);
}

/* Answer a list narrowed to what an object of kind, named by a parameter,
 * owns. */
static void
list_of(struct call *c, enum object_kind kind, const char *param,
    enum object_kind owner_kind)
{
	const char *id = call_get(c, param);
	struct object *owner = NULL;

	if (id != NULL &&
	    (owner = call_find(c, owner_kind, id, param)) == NULL)
		return;
	call_list(c, &(struct call_list){.kind = kind, .owner = owner});
}

void
intents_list(struct call *c)
{
	list_of(c, OBJECT_INTENT, "customer", OBJECT_CUSTOMER);
}

void
charges_get(struct call *c)
{
	struct object *o = call_find(c, OBJECT_CHARGE, c->id, "id");

	if (o != NULL)
		call_answer(c, o);
}

void
charges_list(struct call *c)
{
	list_of(c, OBJECT_CHARGE, "payment_intent", OBJECT_INTENT);
}
