/* SPDX-License-Identifier: ISC */
/* Webhook endpoints: who is told of which events. */
#ifndef PAYSIM_WEBHOOKS_H
#define PAYSIM_WEBHOOKS_H

#include "contrib/paysim/call.h"

#define WEBHOOKS_MOST 100 /* endpoints; a new one then ends the oldest */

/* Queue the event to every endpoint that wants it; is_lost: to none. */
void webhooks_tell(struct app *app, struct event *e, bool is_lost);

/* True when an enabled type ("*", "charge.*", "charge.failed") fits. */
bool event_type_matches(const char *enabled, const char *type);

call_handler webhooks_create;
call_handler webhooks_get;
call_handler webhooks_update;
call_handler webhooks_delete;
call_handler webhooks_list;

#endif
