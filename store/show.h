/* SPDX-License-Identifier: ISC */
/* One run for a person: what happened, and what differs from the last good
 * one. Part of e2e-query. */
#ifndef STORE_SHOW_H
#define STORE_SHOW_H

#include <stdio.h>

#include "base/table.h"
#include "store/query.h"

/*
 * Print the run whose id begins with prefix: as text, or with format JSON as
 * {"run", "last_good", "differences"}. Returns what query_run_find returns.
 */
int show_run(struct query *q, const char *prefix, enum format format,
    const struct table_style *style, FILE *fp);

#endif
