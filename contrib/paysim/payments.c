/* SPDX-License-Identifier: ISC */
/* The life of a payment intent. */
#include "contrib/paysim/payments.h"

#include <stdlib.h>
#include <string.h>

#include "base/loop.h"
#include "base/mem.h"
#include "contrib/paysim/events.h"
#include "contrib/paysim/render.h"

/* A bank payment under way. All take equally long: a queue is sorted. */
struct waiting {
	struct waiting *next;
	struct intent *intent;
	mono_us due;
};

struct processing {
	struct app *app;
	struct loop_timer *timer;
	struct waiting *first, **last;
};

static void
processing_fire(void *arg)
{
	struct processing *p = arg;

	processing_run(p->app, clock_mono());
	if (p->first != NULL)
		loop_timer_at(p->timer, p->first->due);
}

struct processing *
processing_new(struct app *app)
{
	struct processing *p = xcalloc(1, sizeof(*p));

	p->app = app;
	p->last = &p->first;
	if (app->loop != NULL)
		p->timer = loop_timer_new(app->loop, processing_fire, p);
	return (p);
}

void
processing_free(struct processing **p)
{
	struct waiting *w;

	while ((w = (*p)->first) != NULL) {
		(*p)->first = w->next;
		free(w);
	}
	loop_timer_free(&(*p)->timer);
	free(*p);
	*p = NULL;
}

static void
processing_add(struct app *app, struct intent *pi)
{
	struct processing *p = app->processing;
	struct waiting *w = xcalloc(1, sizeof(*w));

	w->intent = pi;
	w->due = clock_mono() + app->settings.processing;
	if (p->first == NULL && p->timer != NULL)
		loop_timer_at(p->timer, w->due);
	*p->last = w;
	p->last = &w->next;
}

static void
keep_method(struct app *app, const struct call *c, struct intent *pi)
{
	if (pi->setup_future_usage == NULL || pi->customer == NULL ||
	    pi->customer->o.is_deleted || pi->method->o.owner != NULL)
		return;
	object_own(&pi->customer->o, &pi->method->o);
	event_emit(app, c, "payment_method.attached", &pi->method->o);
}

static void
capture(struct app *app, const struct call *c, struct intent *pi,
    int64_t amount)
{
	struct charge *ch = pi->charge;
	bool was_authorised = pi->status == INTENT_REQUIRES_CAPTURE;

	ch->captured = amount;
	ch->is_captured = true;
	ch->transaction = ledger_book(&app->ledger, &app->objects, &ch->o,
	    amount, pi->currency, pi->method->kind->is_available_at_once,
	    clock_wall() / SPAN_S);
	pi->received = amount;
	pi->capturable = 0;
	pi->status = INTENT_SUCCEEDED;
	event_emit(app, c, was_authorised ? "charge.captured" :
	    "charge.succeeded", &ch->o);
	event_emit(app, c, "payment_intent.succeeded", &pi->o);
}

/* The attempt did not work: the intent wants another method. */
static void
payment_failed(struct app *app, const struct call *c, struct intent *pi,
    const struct charge_failure *failure)
{
	pi->failure = *failure;
	pi->status = INTENT_REQUIRES_PAYMENT_METHOD;
	pi->method = NULL;
	event_emit(app, c, "payment_intent.payment_failed", &pi->o);
}

/* Charge the method; false when it is declined. */
static bool
charge_intent(struct app *app, const struct call *c, struct intent *pi)
{
	const struct card_kind *kind = pi->method->kind;
	struct charge *ch = objects_add(&app->objects, OBJECT_CHARGE,
	    clock_wall() / SPAN_S);

	object_own(&pi->o, &ch->o);
	ch->intent = pi;
	ch->method = pi->method;
	ch->amount = pi->amount;
	pi->charge = ch;
	if (kind->code != NULL) {
		ch->failure = (struct charge_failure){"card_error",
		    kind->code, kind->decline_code, kind->message,
		    pi->method};
		event_emit(app, c, "charge.failed", &ch->o);
		payment_failed(app, c, pi, &ch->failure);
		return (false);
	}
	ch->is_paid = true;
	pi->failure = (struct charge_failure){0};
	keep_method(app, c, pi);
	if (!pi->is_manual_capture || card_is_bank(kind)) {
		capture(app, c, pi, pi->amount);
		return (true);
	}
	pi->status = INTENT_REQUIRES_CAPTURE;
	pi->capturable = pi->amount;
	event_emit(app, c, "charge.succeeded", &ch->o);
	event_emit(app, c, "payment_intent.amount_capturable_updated",
	    &pi->o);
	return (true);
}

void
processing_run(struct app *app, mono_us now)
{
	struct processing *p = app->processing;
	struct waiting *w;

	while ((w = p->first) != NULL && w->due <= now) {
		p->first = w->next;
		if (p->first == NULL)
			p->last = &p->first;
		if (w->intent->status == INTENT_PROCESSING)
			charge_intent(app, NULL, w->intent);
		free(w);
	}
}

/* Answer 402 with the failure and the intent in it. */
static void
answer_declined(struct call *c, const struct intent *pi)
{
	struct json_out o;
	const struct render r = {.out = &o, .now_s = c->now_s};

	c->status = 402;
	json_out_init(&o, &c->out);
	json_out_object(&o);
	json_out_key(&o, "error");
	json_out_object(&o);
	render_failure(&r, &pi->failure, pi->charge);
	json_out_key(&o, "payment_intent");
	render_object(&r, &pi->o);
	json_out_object_end(&o);
	json_out_object_end(&o);
}

static void
require_action(struct call *c, struct intent *pi)
{
	bool is_off_session = false, is_error = false;

	if (!call_bool(c, "off_session", &is_off_session) ||
	    !call_bool(c, "error_on_requires_action", &is_error))
		return;
	if (is_off_session || is_error) {
		payment_failed(c->app, c, pi, &(struct charge_failure){
		    "card_error", "authentication_required",
		    is_off_session ? "authentication_required" : NULL,
		    "This payment required an authentication action to "
		    "complete, but nobody was there to do it.",
		    pi->method});
		answer_declined(c, pi);
		return;
	}
	free(pi->action_url);
	pi->action_url = xasprintf("%s/3ds/%s", c->base_url, pi->o.id);
	random_text(&c->app->objects.ids, pi->token, sizeof(pi->token) - 1);
	pi->status = INTENT_REQUIRES_ACTION;
	event_emit(c->app, c, "payment_intent.requires_action", &pi->o);
	call_answer(c, &pi->o);
}

void
payment_confirm(struct call *c, struct intent *pi)
{
	if (pi->method->kind->needs_action) {
		require_action(c, pi);
		return;
	}
	if (card_is_bank(pi->method->kind)) {
		pi->status = INTENT_PROCESSING;
		event_emit(c->app, c, "payment_intent.processing", &pi->o);
		if (!pi->method->kind->is_stuck)
			processing_add(c->app, pi);
		call_answer(c, &pi->o);
		return;
	}
	if (charge_intent(c->app, c, pi))
		call_answer(c, &pi->o);
	else
		answer_declined(c, pi);
}

void
payment_authenticated(struct call *c, struct intent *pi, bool is_passed)
{
	if (is_passed) {
		charge_intent(c->app, c, pi);
		return;
	}
	payment_failed(c->app, c, pi, &(struct charge_failure){"card_error",
	    "payment_intent_authentication_failure", NULL,
	    "The provided PaymentMethod has failed authentication.",
	    pi->method});
}

void
payment_capture(struct call *c, struct intent *pi, int64_t amount)
{
	capture(c->app, c, pi, amount);
	call_answer(c, &pi->o);
}

void
payment_cancel(struct call *c, struct intent *pi, const char *reason)
{
	pi->status = INTENT_CANCELED;
	pi->cancellation_reason = reason;
	pi->canceled_s = c->now_s;
	pi->capturable = 0;
	event_emit(c->app, c, "payment_intent.canceled", &pi->o);
	call_answer(c, &pi->o);
}

bool
payment_bad_state(struct call *c, const struct intent *pi, const char *verb)
{
	return (call_refuse(c, "payment_intent_unexpected_state", NULL,
	    "You cannot %s this PaymentIntent because it has a status of %s.",
	    verb, intent_status_name(pi->status)));
}
