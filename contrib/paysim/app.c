/* SPDX-License-Identifier: ISC */
/* The state that all releases share. */
#include "contrib/paysim/app.h"

#include "contrib/paysim/delivery.h"
#include "contrib/paysim/idempotency.h"
#include "contrib/paysim/pages.h"
#include "contrib/paysim/payments.h"
#include "contrib/paysim/sink.h"

void
app_init(struct app *app, struct loop *loop,
    const struct app_settings *settings)
{
	*app = (struct app){.settings = *settings, .loop = loop};
	objects_init(&app->objects, settings->seed, settings->most_objects);
	ledger_init(&app->ledger);
	app->idempotency = idempotency_new();
	app->deliveries = deliveries_new(app);
	app->processing = processing_new(app);
	app->sessions = sessions_new();
	app->sink = sink_new();
}

void
app_fini(struct app *app)
{
	deliveries_free(&app->deliveries);
	processing_free(&app->processing);
	idempotency_free(&app->idempotency);
	sessions_free(&app->sessions);
	sink_free(&app->sink);
	objects_fini(&app->objects);
}
