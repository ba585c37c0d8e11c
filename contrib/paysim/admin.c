/* SPDX-License-Identifier: ISC */
/* Routes for whoever runs the service. */
#include "contrib/paysim/admin.h"

#include "base/err.h"
#include "contrib/paysim/faults.h"

void
admin_faults_get(struct call *c)
{
	faults_format(c->faults, &c->out);
}

/* All of them or none: a mistake changes nothing. */
void
admin_faults_set(struct call *c)
{
	struct faults changed = *c->faults;
	const struct form_pair *pair;
	size_t i;
	int rc;

	for (i = 0; i < c->form.count; i++) {
		pair = &c->form.pairs[i];
		rc = faults_set(&changed, pair->key, pair->value);
		if (rc == 0)
			continue;
		call_refuse(c, rc == ERR_NOT_FOUND ? "parameter_unknown" :
		    NULL, pair->key, rc == ERR_NOT_FOUND ?
		    "Unknown fault: %s" : "Invalid value for %s",
		    pair->key);
		return;
	}
	*c->faults = changed;
	faults_format(c->faults, &c->out);
}

void
admin_ledger(struct call *c)
{
	const struct app *app = c->app;
	struct json_out o;

	json_out_init(&o, &c->out);
	json_out_object(&o);
	json_out_kv_int(&o, "transactions",
	    (int64_t)app->objects.tables[OBJECT_TRANSACTION].count);
	json_out_kv_bool(&o, "reconciles",
	    ledger_reconciles(&app->ledger, &app->objects));
	json_out_object_end(&o);
}

void
admin_health(struct call *c)
{
	buf_append_str(&c->out, "{\"status\":\"ok\"}");
}
