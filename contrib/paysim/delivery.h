/* SPDX-License-Identifier: ISC */
/*
 * Deliveries of events to webhook endpoints. A delivery is a signed POST of
 * the event; anything but a 2xx answer in time is tried again with doubled
 * pauses, DELIVERY_ATTEMPTS times in all. Only the loopback is served: the
 * service never speaks to another machine.
 */
#ifndef PAYSIM_DELIVERY_H
#define PAYSIM_DELIVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "contrib/paysim/app.h"

#define DELIVERIES_MOST 10000 /* waiting or under way; more are dropped */
#define DELIVERIES_AT_ONCE 64
#define DELIVERY_ATTEMPTS 8
#define DELIVERY_TIMEOUT_S 5

struct delivery_target {
	char *host; /* an address */
	uint16_t port;
	char *target; /* path and query */
};

struct deliveries *deliveries_new(struct app *app);
void deliveries_free(struct deliveries **d);

/* Queue the event, as it is now, to the endpoint. */
void delivery_add(struct deliveries *d, const struct event *e,
    const struct endpoint *we);

/* Split an http:// URL on the loopback; false when it is not one. */
bool delivery_parse_url(const char *url, struct delivery_target *out);
void delivery_target_fini(struct delivery_target *target);

#endif
