/* SPDX-License-Identifier: ISC */
/* writer.lock: that a store directory has one writer. */
#ifndef STORE_LOCK_H
#define STORE_LOCK_H

#include <stdbool.h>

#include "base/cause.h"

/*
 * Take the lock of a store directory; it is held until the caller closes
 * *out. Returns 0; ERR_BUSY when another process has it, ERR_IO; with a
 * sentence in c.
 */
int lock_take(const char *dir, int *out, struct cause *c);

/* True while some process has the lock. Who takes it just now may fail. */
bool lock_is_held(const char *dir);

#endif
