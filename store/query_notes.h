/* SPDX-License-Identifier: ISC */
/* What on-call must know besides the table that was asked for. */
#ifndef STORE_QUERY_NOTES_H
#define STORE_QUERY_NOTES_H

#include <stdio.h>

#include "store/query.h"

/*
 * Print, a line each, that records are missing or that the manifests were
 * refused. Nothing when all is as it should be.
 */
void query_notes_health(struct query *q, FILE *out);

/* Print what an empty list of failures does not say. */
void query_notes_failures(const struct query_check *checks, size_t count,
    FILE *out);

#endif
