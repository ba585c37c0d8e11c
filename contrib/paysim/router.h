/* SPDX-License-Identifier: ISC */
/* The table of routes, and what an API request must have to reach one. */
#ifndef PAYSIM_ROUTER_H
#define PAYSIM_ROUTER_H

#include "contrib/paysim/call.h"

enum route_kind {
	ROUTE_API,   /* key, form, idempotency, faults */
	ROUTE_PAGE,  /* HTML for people: faults */
	ROUTE_LOCAL, /* admin, sink: never faulty */
	ROUTE_FAULT  /* /_fault/NAME: misbehaves */
};

struct route {
	enum route_kind kind;
	const char *method;
	const char *pattern;   /* segments; ":" matches any */
	call_handler *handler; /* NULL for ROUTE_FAULT */
	const char *params;    /* names that an API route takes */
};

/*
 * Find the route of a path; *id is what ":" matched, allocated, or NULL.
 * NULL when there is none.
 */
const struct route *router_find(const char *method, const char *path,
    char **id);

/* Answer 404 for a path that no route has. */
void router_unknown(struct call *c);

/*
 * Read the key (an Authorization header), the form in query and body, and
 * the names of its parameters. False when the call has failed.
 */
bool router_admit(struct call *c, const struct route *route,
    const char *authorization, const char *content_type, const char *query);

#endif
