/* SPDX-License-Identifier: ISC */
/* Customers. */
#include "contrib/paysim/customers.h"

#include <string.h>

#include "contrib/paysim/events.h"

static bool
take_fields(struct call *c, struct customer *customer)
{
	return (call_text(c, "email", &customer->email) &&
	    call_text(c, "name", &customer->name) &&
	    call_text(c, "description", &customer->description) &&
	    call_text(c, "phone", &customer->phone) &&
	    call_metadata(c, &customer->o.metadata));
}

static bool
email_is_good(struct call *c)
{
	const char *email = call_get(c, "email");

	if (email == NULL || *email == '\0' || (strchr(email, '@') != NULL &&
	    strpbrk(email, " \t\r\n") == NULL))
		return (true);
	return (call_refuse(c, "email_invalid", "email",
	    "Invalid email address: %s", email));
}

void
customers_create(struct call *c)
{
	struct customer *customer;

	if (!email_is_good(c))
		return;
	customer = objects_add(&c->app->objects, OBJECT_CUSTOMER, c->now_s);
	if (!take_fields(c, customer)) {
		objects_remove(&c->app->objects, &customer->o);
		return;
	}
	event_emit(c->app, c, "customer.created", &customer->o);
	call_answer(c, &customer->o);
}

void
customers_get(struct call *c)
{
	struct object *o = call_find(c, OBJECT_CUSTOMER, c->id, "id");

	if (o != NULL)
		call_answer(c, o);
}

void
customers_update(struct call *c)
{
	struct customer *customer = call_find(c, OBJECT_CUSTOMER, c->id,
	    "id");

	if (customer == NULL || !email_is_good(c) ||
	    !take_fields(c, customer))
		return;
	event_emit(c->app, c, "customer.updated", &customer->o);
	call_answer(c, &customer->o);
}

void
customers_delete(struct call *c)
{
	struct object *o = call_find(c, OBJECT_CUSTOMER, c->id, "id");

	if (o == NULL)
		return;
	while (o->newest[OBJECT_METHOD] != NULL)
		object_disown(o->newest[OBJECT_METHOD]);
	o->is_deleted = true;
	event_emit(c->app, c, "customer.deleted", o);
	call_answer(c, o);
}

static bool
has_email(const struct object *o, const void *email)
{
	const struct customer *customer = (const struct customer *)o;

	return (email == NULL || (customer->email != NULL &&
	    strcmp(customer->email, email) == 0));
}

void
customers_list(struct call *c)
{
	call_list(c, &(struct call_list){.kind = OBJECT_CUSTOMER,
	    .keeps = has_email, .arg = call_get(c, "email")});
}

void
customers_methods(struct call *c)
{
	struct object *o = call_find(c, OBJECT_CUSTOMER, c->id, "id");

	if (o != NULL)
		call_list(c, &(struct call_list){.kind = OBJECT_METHOD,
		    .owner = o});
}
