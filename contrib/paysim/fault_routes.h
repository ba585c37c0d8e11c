/* SPDX-License-Identifier: ISC */
/*
 * Routes that misbehave, on every label: /_fault/NAME.
 *
 *	garbage         bytes that are not HTTP, then the end
 *	hang            never an answer
 *	huge_body       1 GB (?bytes=N for another size)
 *	close_mid_body  less than Content-Length promised, then the end
 *	reset           as close_mid_body, but a connection reset
 *	slow_body       1,000 bytes at 100 a second (?bytes=N&rate=N)
 *	redirect_loop   a redirect to itself
 *	bad_length      a Content-Length that is not a number
 *	endless_header  a header that never ends
 */
#ifndef PAYSIM_FAULT_ROUTES_H
#define PAYSIM_FAULT_ROUTES_H

#include <stdbool.h>

#include "contrib/paysim/raw.h"

/* Misbehave as name says; false when there is no such route. */
bool fault_route(struct raw **list, struct loop *loop,
    struct evhttp_request *req, const char *name, const char *query);

#endif
