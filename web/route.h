/* SPDX-License-Identifier: ISC */
/* Which path shows what. */
#ifndef WEB_ROUTE_H
#define WEB_ROUTE_H

#include "web/answer.h"
#include "web/source.h"

/* Answer a->path from the source. */
void route_answer(struct answer *a, struct source *source);

#endif
