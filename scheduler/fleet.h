/* SPDX-License-Identifier: ISC */
/*
 * A fleet of local probes: starts them, keeps them alive, tells each one the
 * definitions it needs and hands runs to the least loaded. Every run that is
 * submitted comes back exactly once, with a run event: the probe's own, or
 * one made here when the probe died (`lost`) or no room was found in time
 * (`skipped`). Used by the scheduler and by the gate.
 */
#ifndef SCHEDULER_FLEET_H
#define SCHEDULER_FLEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/message.h"
#include "scheduler/record.h"

#define FLEET_PROBES_MOST 64

struct fleet;

struct fleet_options {
	unsigned int probe_count;   /* 1 to FLEET_PROBES_MOST */
	const char *location;       /* probes are named "<location>-1", ... */
	const char *program;        /* NULL: e2e-probe beside us */
	unsigned int max_per_probe; /* runs in flight; 0: 4,000 */
	unsigned int max_per_host;  /* runs in flight; 0: no bound */
	unsigned int max_waiting;   /* for one host, or for a probe; 0:
				     * 10,000 */
	span_us lease_grace;        /* past a run's timeout; 0: 15 s */
	span_us silent_most;        /* a probe says something each second;
				     * silent so long: replaced. 0: 10 s */
};

/* Start the probes; returns at once. */
struct fleet *fleet_new(struct loop *loop, const struct fleet_options *o);

/*
 * Let the probes end and free everything. Runs that have not come back never
 * will: call fleet_stop before. Not from within a callback of the fleet.
 */
void fleet_free(struct fleet **fleet);

/* What the fleet must know of a definition. All strings are copied. */
struct fleet_definition_info {
	const char *doc;          /* the definition document for the probe */
	size_t doc_len;
	const char *check;
	const char *service;
	const char *environment;  /* may be NULL */
	const char *hash;         /* content hash, 64 digits; may be NULL */
	const char *const *hosts; /* keys that runs occupy: see
				   * fleet_host_key */
	size_t host_count;
};

struct fleet_definition;

/*
 * Make a definition known. Probes are told when they first need it. NULL
 * when the document is larger than a message may be.
 */
struct fleet_definition *fleet_define(struct fleet *fleet,
    const struct fleet_definition_info *info);

/*
 * The same for a definition of checks/definition.h. Its runs occupy the hosts
 * of the URLs among its variables (base_url, say); without any, the hosts it
 * names one by one. NULL when its document is too large.
 */
struct definition;
struct fleet_definition *fleet_define_from(struct fleet *fleet,
    const struct definition *definition);

/* The caller needs it no more; runs of it that are under way still finish. */
void fleet_forget(struct fleet_definition **d);

/*
 * The host key of a URL: "host:port" in lower case, the scheme's port filled
 * in; of a host pattern: itself in lower case. The caller frees it.
 */
char *fleet_host_key(const char *url);

struct fleet_job {
	struct fleet_definition *definition;
	uint8_t run[MESSAGE_ID_SIZE];
	enum trigger trigger;
	wall_us due;
	span_us timeout;       /* of the run; the lease is longer by a grace */
	span_us patience;      /* how long it may wait for room; 0: 10 s */
	const char *variables; /* a JSON object, or NULL */
	size_t variables_len;
	uint32_t evidence_entry; /* from 1: keep its exchange; 0: none */
};

/* What came of a run; the pointers live until the callback returns. */
struct fleet_result {
	enum outcome outcome;
	const uint8_t *run; /* MESSAGE_ID_SIZE bytes */
	const char *doc;    /* the run event */
	size_t doc_len;
};

typedef void fleet_done_cb(const struct fleet_result *result, void *arg);

/*
 * Run it as soon as there is room. done is called exactly once, never from
 * within this call; it may submit more.
 */
void fleet_submit(struct fleet *fleet, const struct fleet_job *job,
    fleet_done_cb *done, void *arg);

/*
 * True when nothing waits for the hosts of d or for a probe, and with a run
 * of it at most half of their places would be taken.
 */
bool fleet_has_room_to_spare(const struct fleet_definition *d);

/*
 * True when in the last second no probe was late by more than 20 ms or used
 * half of a processor.
 */
bool fleet_is_calm(const struct fleet *fleet);

/*
 * Take no more: what waits is skipped at once, what is in flight may end
 * within the bound, the rest is lost. stopped is called once, when the last
 * run has come back. New runs are skipped.
 */
void fleet_stop(struct fleet *fleet, span_us within,
    void (*stopped)(void *arg), void *arg);

/* After fleet_stop: wait no longer for the runs in flight. */
void fleet_hurry(struct fleet *fleet);

struct fleet_stats {
	unsigned int ready;   /* probes */
	size_t in_flight;     /* runs at the probes */
	size_t waiting;       /* runs without a probe yet */
	uint64_t dispatched;  /* runs handed to probes, ever */
	uint64_t replaced;    /* times that a ready probe went down */
	uint64_t late;        /* results that came after their lease */
};

void fleet_get_stats(const struct fleet *fleet, struct fleet_stats *out);

#endif
