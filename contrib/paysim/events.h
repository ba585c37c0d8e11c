/* SPDX-License-Identifier: ISC */
/* Events: what happened, told to the webhook endpoints that asked for it. */
#ifndef PAYSIM_EVENTS_H
#define PAYSIM_EVENTS_H

#include "contrib/paysim/app.h"
#include "contrib/paysim/call.h"

#define EVENTS_MOST 20000 /* kept; the oldest go first */

/*
 * Record that type (a static string) happened to o and queue its webhooks.
 * c is the request that caused it, NULL for what time brought about.
 */
void event_emit(struct app *app, const struct call *c, const char *type,
    const struct object *o);

call_handler events_get;
call_handler events_list;

#endif
