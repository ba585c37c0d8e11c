/* SPDX-License-Identifier: ISC */
/*
 * Overrides: somebody's decision that a release goes on whatever its gate
 * said. A record with a name, a reason, a scope and an end; the verdict
 * itself stays what it was, in every report.
 */
#ifndef GATE_OVERRIDE_H
#define GATE_OVERRIDE_H

#include <stddef.h>

#include "base/clock.h"
#include "gate/settings.h"

struct override {
	char *who, *why;
	enum override_scope scope;
	char gate[33];       /* that it was given for */
	wall_us at, until;
};

struct override_list {
	struct override *items;
	size_t count;
};

/* What they are looked for by. */
struct override_wanted {
	const char *gate, *identity; /* identity "": not known */
	wall_us now;
};

/* Add the override of a note, made at that time, when it is in force. */
void override_take(struct override_list *l,
    const struct override_wanted *wanted, const char *text, size_t len,
    wall_us at);

/*
 * Read the overrides that are in force now: those for this gate, and those
 * for its candidate (identity, "": not known). A store that cannot be read
 * has none.
 */
void override_read(const char *dir, const char *gate, const char *identity,
    wall_us now, struct override_list *out);
void override_fini(struct override_list *l);

const char *override_scope_name(enum override_scope scope);

#endif
