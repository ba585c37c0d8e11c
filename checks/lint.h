/* SPDX-License-Identifier: ISC */
/* Every mistake of flows and manifests at once, without a network. */
#ifndef CHECKS_LINT_H
#define CHECKS_LINT_H

#include <stddef.h>
#include <stdio.h>

#include "base/cause.h"

struct lint_counts {
	size_t manifests;
	size_t checks;
	size_t flows;
	size_t errors;
	size_t warnings;
};

/*
 * Look at paths: directories with all below them, manifests (*.yaml, *.yml)
 * and flows (*.hurl). Mistakes and warnings go to the cause.
 */
void lint_paths(const char *const *paths, size_t count, struct cause *cause,
    struct lint_counts *counts);

/* Print what was found, sorted, with carets, and the counts in a last line. */
void lint_print_table(struct cause *cause, const struct lint_counts *counts,
    FILE *fp);

/* The same as one JSON object: "findings" and the counts. */
void lint_print_json(struct cause *cause, const struct lint_counts *counts,
    FILE *fp);

#endif
