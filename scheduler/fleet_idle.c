/* SPDX-License-Identifier: ISC */
/* What is left of a fleet beside the runs that are due. */
#include "base/json.h"
#include "scheduler/child.h"
#include "scheduler/fleet_priv.h"

#define LAG_MOST (20 * SPAN_MS)
#define CPU_MOST_PERMILLE 500

void
fleet_probe_note_load(struct fleet_probe *p, const struct message *m)
{
	struct json_doc *doc;
	int64_t cpu = 0;

	if (json_parse(m->doc, m->doc_len, &json_limits_default, &doc,
	    NULL) == 0) {
		cpu = json_get_int(json_root(doc), "cpu_permille", 0);
		json_free(&doc);
	}
	p->is_busy = m->extra > (uint64_t)LAG_MOST || cpu > CPU_MOST_PERMILLE;
}

bool
fleet_has_room_to_spare(const struct fleet_definition *d)
{
	const struct lane *lane;
	size_t i;

	must_magic(d, DEFINITION_MAGIC);
	for (i = 0; i < d->lane_count; i++) {
		lane = d->lanes[i];
		if (lane->waiting > 0 || lane->in_flight + 1 > lane->most / 2)
			return (false);
	}
	return (!d->fleet->is_stopping);
}

bool
fleet_is_calm(const struct fleet *fleet)
{
	unsigned int i;

	must_magic(fleet, FLEET_MAGIC);
	for (i = 0; i < fleet->options.probe_count; i++)
		if (child_is_ready(fleet->probes[i].child) &&
		    fleet->probes[i].is_busy)
			return (false);
	return (true);
}
