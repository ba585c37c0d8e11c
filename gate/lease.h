/* SPDX-License-Identifier: ISC */
/*
 * One gate at a time for one candidate: two that ran beside each other would
 * both continue the same evidence, and each would have a chance of its own.
 * A lock on one byte of a file in the store's directory; it ends with the
 * process, however that ends.
 */
#ifndef GATE_LEASE_H
#define GATE_LEASE_H

#include "base/clock.h"

struct lease {
	int fd; /* -1: none is held */
};

/*
 * Take the lease of key (hex digits; "": nothing to take), and wait for it
 * for at most within while another gate has it. Returns 0, also where the
 * directory takes no locks (a warning says so), or EXIT_UNMEASURED when the
 * other gate goes on for longer.
 */
int lease_take(struct lease *lease, const char *dir, const char *key,
    span_us within);
void lease_release(struct lease *lease);

#endif
