/* SPDX-License-Identifier: ISC */
/* Customers and their payment methods. */
#ifndef PAYSIM_CUSTOMERS_H
#define PAYSIM_CUSTOMERS_H

#include "contrib/paysim/call.h"

call_handler customers_create;
call_handler customers_get;
call_handler customers_update;
call_handler customers_delete;
call_handler customers_list;
call_handler customers_methods;

call_handler methods_create;
call_handler methods_get;
call_handler methods_update;
call_handler methods_attach;
call_handler methods_detach;
call_handler methods_list;

/*
 * The method that a parameter names: an id, or a test token that makes a new
 * one. NULL when the call has failed.
 */
struct method *method_named(struct call *c, const char *name,
    const char *param);

/*
 * Make a method from parameters below prefix ("" or "payment_method_data"):
 * type, card[number], card[token], billing_details. NULL when the call has
 * failed.
 */
struct method *method_from_form(struct call *c, const char *prefix);

#endif
