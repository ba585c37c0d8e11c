/* SPDX-License-Identifier: ISC */
/* Payment methods: test cards and test bank accounts. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "contrib/paysim/customers.h"
#include "contrib/paysim/events.h"

#define KEY_SIZE 100

/* The name of a parameter: "card[number]" or "prefix[card][number]". */
static const char *
key_of(const char *prefix, const char *outer, const char *inner,
    char key[static KEY_SIZE])
{
	if (*prefix == '\0')
		snprintf(key, KEY_SIZE, *inner != '\0' ? "%s[%s]" : "%s%s",
		    outer, inner);
	else
		snprintf(key, KEY_SIZE, *inner != '\0' ? "%s[%s][%s]" :
		    "%s[%s]%s", prefix, outer, inner);
	return (key);
}

static int
this_year(int64_t now_s)
{
	time_t t = (time_t)now_s;
	struct tm tm;

	gmtime_r(&t, &tm);
	return (tm.tm_year + 1900);
}

static struct method *
method_new(struct call *c, const struct card_kind *kind)
{
	struct method *m = objects_add(&c->app->objects, OBJECT_METHOD,
	    c->now_s);

	m->kind = kind;
	m->exp_month = 12;
	m->exp_year = this_year(c->now_s) + 3;
	return (m);
}

static bool
card_error(struct call *c, const char *code, const char *param,
    const char *message)
{
	return (call_fail(c, 402, "card_error", code, param, "%s", message));
}

static bool
expiry(struct call *c, const char *prefix, int64_t *month, int64_t *year)
{
	char key[KEY_SIZE];
	int now = this_year(c->now_s);

	if (!call_int(c, key_of(prefix, "card", "exp_month", key), -999999,
	    999999, month))
		return (false);
	if (*month < 1 || *month > 12)
		return (card_error(c, "invalid_expiry_month",
		    key_of(prefix, "card", "exp_month", key),
		    "Your card's expiration month is invalid."));
	if (!call_int(c, key_of(prefix, "card", "exp_year", key), -999999,
	    999999, year))
		return (false);
	if (*year >= 0 && *year < 100)
		*year += 2000;
	if (*year < now || *year > now + 50)
		return (card_error(c, "invalid_expiry_year",
		    key_of(prefix, "card", "exp_year", key),
		    "Your card's expiration year is invalid."));
	return (true);
}

static const struct card_kind *
card_numbered(struct call *c, const char *prefix)
{
	char key[KEY_SIZE];
	const char *number, *cvc, *param;
	const struct card_kind *kind;

	cvc = call_get(c, key_of(prefix, "card", "cvc", key));
	if (cvc != NULL && (strlen(cvc) < 3 || strlen(cvc) > 4 ||
	    strspn(cvc, "0123456789") != strlen(cvc))) {
		card_error(c, "invalid_cvc", key,
		    "Your card's security code is invalid.");
		return (NULL);
	}
	param = key_of(prefix, "card", "number", key);
	number = call_get(c, param);
	if (number == NULL) {
		call_refuse(c, "parameter_missing", param,
		    "Missing required param: %s.", param);
		return (NULL);
	}
	if (!card_number_is_valid(number)) {
		card_error(c, "incorrect_number", param,
		    "Your card number is incorrect.");
		return (NULL);
	}
	if ((kind = card_find_number(number)) == NULL)
		card_error(c, "card_declined", param, "Your card was "
		    "declined. Your request was in test mode, but used a "
		    "card number that is not a test card.");
	return (kind);
}

static struct method *
card_from_form(struct call *c, const char *prefix)
{
	char key[KEY_SIZE];
	const char *token = call_get(c, key_of(prefix, "card", "token", key));
	const struct card_kind *kind;
	int64_t month = 12, year = this_year(c->now_s) + 3;
	struct method *m;

	if (token != NULL && strncmp(token, "tok_", 4) == 0) {
		char as_method[KEY_SIZE];

		/* tok_visa is the older spelling of pm_card_visa. */
		snprintf(as_method, sizeof(as_method), "pm_card_%.80s",
		    token + 4);
		if ((kind = card_find_token(as_method)) == NULL) {
			call_refuse(c, "resource_missing", key,
			    "No such token: '%s'", token);
			return (NULL);
		}
	} else if ((kind = card_numbered(c, prefix)) == NULL ||
	    !expiry(c, prefix, &month, &year))
		return (NULL);
	m = method_new(c, kind);
	m->exp_month = (int)month;
	m->exp_year = (int)year;
	return (m);
}

struct method *
method_from_form(struct call *c, const char *prefix)
{
	char key[KEY_SIZE];
	const char *type = call_get(c, key_of(prefix, "type", "", key));
	struct method *m;

	if (type == NULL) {
		call_refuse(c, "parameter_missing", key,
		    "Missing required param: %s.", key);
		return (NULL);
	}
	if (strcmp(type, "card") == 0)
		m = card_from_form(c, prefix);
	else if (strcmp(type, "us_bank_account") == 0)
		m = method_new(c, card_find_token("pm_usBankAccount_success"));
	else {
		call_refuse(c, NULL, key, "Invalid type: must be one of "
		    "card or us_bank_account");
		return (NULL);
	}
	if (m == NULL ||
	    !call_text(c, key_of(prefix, "billing_details", "name", key),
	    &m->name) ||
	    !call_text(c, key_of(prefix, "billing_details", "email", key),
	    &m->email))
		return (NULL);
	return (m);
}

struct method *
method_named(struct call *c, const char *name, const char *param)
{
	const struct card_kind *kind = card_find_token(name);

	if (kind != NULL)
		return (method_new(c, kind));
	return (call_find(c, OBJECT_METHOD, name, param));
}

void
methods_create(struct call *c)
{
	struct method *m = method_from_form(c, "");

	if (m == NULL || !call_metadata(c, &m->o.metadata))
		return;
	call_answer(c, &m->o);
}

void
methods_get(struct call *c)
{
	struct method *m = method_named(c, c->id, "id");

	if (m != NULL)
		call_answer(c, &m->o);
}

void
methods_update(struct call *c)
{
	struct method *m = call_find(c, OBJECT_METHOD, c->id, "id");

	if (m == NULL || !call_metadata(c, &m->o.metadata) ||
	    !call_text(c, "billing_details[name]", &m->name) ||
	    !call_text(c, "billing_details[email]", &m->email))
		return;
	event_emit(c->app, c, "payment_method.updated", &m->o);
	call_answer(c, &m->o);
}

void
methods_attach(struct call *c)
{
	const char *id = call_get(c, "customer");
	struct customer *customer;
	struct method *m;

	if (id == NULL) {
		call_refuse(c, "parameter_missing", "customer",
		    "Missing required param: customer.");
		return;
	}
	if ((customer = call_find(c, OBJECT_CUSTOMER, id, "customer")) ==
	    NULL || (m = method_named(c, c->id, "id")) == NULL)
		return;
	if (m->o.owner != NULL && m->o.owner != &customer->o) {
		call_refuse(c, "payment_method_unexpected_state", NULL,
		    "The payment method you provided has already been "
		    "attached to a customer.");
		return;
	}
	if (m->kind->code != NULL && !card_is_bank(m->kind) &&
	    !m->kind->needs_action) {
		card_error(c, m->kind->code, NULL, m->kind->message);
		return;
	}
	if (m->o.owner == NULL) {
		object_own(&customer->o, &m->o);
		event_emit(c->app, c, "payment_method.attached", &m->o);
	}
	call_answer(c, &m->o);
}

void
methods_detach(struct call *c)
{
	struct method *m = call_find(c, OBJECT_METHOD, c->id, "id");

	if (m == NULL)
		return;
	if (m->o.owner == NULL) {
		call_refuse(c, NULL, NULL, "The payment method you provided "
		    "is not attached to a customer so detachment is "
		    "impossible.");
		return;
	}
	object_disown(&m->o);
	event_emit(c->app, c, "payment_method.detached", &m->o);
	call_answer(c, &m->o);
}

void
methods_list(struct call *c)
{
	const char *id = call_get(c, "customer");
	struct object *customer = NULL;

	if (id != NULL &&
	    (customer = call_find(c, OBJECT_CUSTOMER, id, "customer")) == NULL)
		return;
	call_list(c, &(struct call_list){.kind = OBJECT_METHOD,
	    .owner = customer});
}
