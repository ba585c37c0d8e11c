/* SPDX-License-Identifier: ISC */
/*
 * A release label: its listener, its fault switches, and the way of a
 * request from evhttp to a handler and back. All releases share one app.
 */
#ifndef PAYSIM_SERVER_H
#define PAYSIM_SERVER_H

#include <stdint.h>

#include "contrib/paysim/app.h"
#include "contrib/paysim/faults.h"

struct release;

/*
 * Open a listener on 127.0.0.1:port (0: the kernel chooses) for label.
 * Returns 0, or ERR_IO with errno set.
 */
int release_open(struct app *app, const char *label, uint16_t port,
    const struct faults *faults, struct release **out);
void release_close(struct release **r);

/* http://127.0.0.1:PORT */
const char *release_url(const struct release *r);
const char *release_label(const struct release *r);

#endif
