/* SPDX-License-Identifier: ISC */
/*
 * The life of a payment intent: confirm, authenticate, charge, capture,
 * cancel. intents.c holds the routes that lead here.
 */
#ifndef PAYSIM_PAYMENTS_H
#define PAYSIM_PAYMENTS_H

#include "contrib/paysim/call.h"

struct processing *processing_new(struct app *app);
void processing_free(struct processing **p);

/* Finish the bank payments that are due at now. */
void processing_run(struct app *app, mono_us now);

/* Confirm with the method that the intent has, and answer. */
void payment_confirm(struct call *c, struct intent *pi);

/* The customer has passed or failed 3-D Secure. */
void payment_authenticated(struct call *c, struct intent *pi, bool is_passed);

/* Take amount of what is capturable; the rest is released. */
void payment_capture(struct call *c, struct intent *pi, int64_t amount);

/* Cancel; reason is static or NULL. */
void payment_cancel(struct call *c, struct intent *pi, const char *reason);

/* Answer 400 payment_intent_unexpected_state: verb cannot be done now. */
bool payment_bad_state(struct call *c, const struct intent *pi,
    const char *verb);

#endif
