/* SPDX-License-Identifier: ISC */
/*
 * A receiver of webhooks, so that a flow can see what was delivered without
 * a server of its own: POST /_sink/NAME takes a delivery, GET
 * /_sink/NAME?secret=whsec_... lists them and says whether each signature is
 * good. POST /_sink/NAME?fail=2 refuses the first two, to see retries.
 */
#ifndef PAYSIM_SINK_H
#define PAYSIM_SINK_H

#include "contrib/paysim/call.h"

#define SINK_MOST 10000 /* deliveries kept; the oldest go first */
#define SINK_TOLERANCE_S 300

struct sink *sink_new(void);
void sink_free(struct sink **s);

call_handler sink_post;
call_handler sink_get;

#endif
