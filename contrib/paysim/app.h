/* SPDX-License-Identifier: ISC */
/* The service: the state that all releases share. */
#ifndef PAYSIM_APP_H
#define PAYSIM_APP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "contrib/paysim/ledger.h"
#include "contrib/paysim/objects.h"

struct loop;

struct app_settings {
	uint64_t seed;
	size_t most_objects;     /* of a kind */
	span_us processing;      /* how long a bank payment takes */
	span_us webhook_retry;   /* before the second attempt */
	bool is_verbose;
};

struct app {
	struct app_settings settings;
	struct loop *loop; /* NULL in tests of plain functions */
	struct objects objects;
	struct ledger ledger;
	struct idempotency *idempotency;
	struct deliveries *deliveries;
	struct processing *processing;
	struct sessions *sessions;
	struct sink *sink;
};

/* Without a loop no webhook leaves and no bank payment ends. */
void app_init(struct app *app, struct loop *loop,
    const struct app_settings *settings);
void app_fini(struct app *app);

#endif
