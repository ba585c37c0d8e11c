/* SPDX-License-Identifier: ISC */
/* The probes of a fleet: which one takes a run, what they say. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_out.h"
#include "base/log.h"
#include "base/mem.h"
#include "scheduler/child.h"
#include "scheduler/fleet_priv.h"

#define READY_WITHIN (10 * SPAN_S)
#define REASON_SIZE  200

struct fleet_probe *
fleet_probe_pick(struct fleet *fleet)
{
	struct fleet_probe *p, *best = NULL;
	unsigned int i, n = fleet->options.probe_count;

	for (i = 0; i < n; i++) {
		p = &fleet->probes[(fleet->next_probe + i) % n];
		if (child_is_ready(p->child) &&
		    (best == NULL || p->in_flight < best->in_flight))
			best = p;
	}
	/* The lane of the probes had room, so one of them has. */
	must(best != NULL);
	fleet->next_probe = (best->index + 1) % n;
	return (best);
}

void
fleet_probe_send(struct fleet *fleet, const struct fleet_run *run)
{
	struct message m = {.type = MESSAGE_JOB,
	    .cookie = run->definition->number,
	    .extra = (uint64_t)run->generation << 32 | run->index};
	struct json_out o;

	buf_reset(&fleet->job);
	json_out_init(&o, &fleet->job);
	json_out_object(&o);
	json_out_kv_str(&o, "location", fleet->location);
	json_out_kv_int(&o, "due_us", run->due);
	json_out_kv_str(&o, "trigger", trigger_name(run->trigger));
	if (run->evidence_entry > 0)
		json_out_kv_int(&o, "evidence", run->evidence_entry);
	if (run->variables != NULL) {
		json_out_key(&o, "variables");
		json_out_raw(&o, run->variables, run->variables_len);
	}
	json_out_object_end(&o);
	memcpy(m.id, run->id, MESSAGE_ID_SIZE);
	m.doc = fleet->job.data;
	m.doc_len = fleet->job.len;
	child_send(run->probe->child, &m);
}

static void
probe_result(struct fleet_probe *p, const struct message *m)
{
	struct fleet *fleet = p->fleet;
	struct fleet_run *run;

	if (m->code >= OUTCOME_COUNT || m->doc_len == 0) {
		child_replace(p->child, "sent a result without an outcome");
		return;
	}
	p->expired = 0;
	run = fleet_run_find(fleet, p, m);
	if (run != NULL) {
		fleet_run_finish(fleet, run, (enum outcome)m->code, m->doc,
		    m->doc_len);
		return;
	}
	fleet->stats.late++;
	log_warn("fleet.result.late", "probe=%s", child_name(p->child));
}

static void
probe_message_cb(struct child *child, const struct message *m, void *arg)
{
	struct fleet_probe *p = arg;

	must_magic(p->fleet, FLEET_MAGIC);
	if (m->type == MESSAGE_RESULT)
		probe_result(p, m);
	else if (m->type == MESSAGE_LOAD)
		fleet_probe_note_load(p, m);
	else
		child_replace(child, "sent a message that is not a probe's");
}

static void
probe_ready_cb(struct child *child, const struct message *m, void *arg)
{
	struct fleet_probe *p = arg;
	struct fleet *fleet = p->fleet;

	(void)child;
	(void)m;
	must_magic(fleet, FLEET_MAGIC);
	p->expired = 0;
	p->is_busy = false;
	fleet->stats.ready++;
	fleet->room->most += fleet->options.max_per_probe;
	fleet_lane_wake(fleet, fleet->room);
}

static void
probe_down_cb(struct child *child, const char *why, void *arg)
{
	struct fleet_probe *p = arg;
	struct fleet *fleet = p->fleet;
	struct fleet_run *run;
	char reason[REASON_SIZE];

	must_magic(fleet, FLEET_MAGIC);
	fleet->stats.ready--;
	fleet->stats.replaced++;
	fleet->room->most -= fleet->options.max_per_probe;
	snprintf(reason, sizeof(reason), "probe %s %s", child_name(child),
	    why);
	while ((run = TAILQ_FIRST(&p->runs)) != NULL)
		fleet_run_finish_unrun(fleet, run, OUTCOME_LOST, reason);
}

static const struct child_handlers probe_handlers = {
	.ready = probe_ready_cb,
	.message = probe_message_cb,
	.down = probe_down_cb,
};

void
fleet_probe_init(struct fleet *fleet, unsigned int index, const char *program)
{
	struct fleet_probe *p = &fleet->probes[index];
	char *name = xasprintf("%s-%u", fleet->location, index + 1);
	char *most = xasprintf("%u", fleet->options.max_per_probe);
	struct child_spec spec = {.event = "fleet.probe", .name = name,
	    .program = program, .args = {"--child", "--name", name,
	    "--max-in-flight", most},
	    .ready_within = READY_WITHIN,
	    .silent_most = fleet->options.silent_most};

	p->fleet = fleet;
	p->index = index;
	TAILQ_INIT(&p->runs);
	p->child = child_new(fleet->loop, &spec, &probe_handlers, p);
	free(name);
	free(most);
}
