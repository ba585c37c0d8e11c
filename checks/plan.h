/* SPDX-License-Identifier: ISC */
/*
 * The plan: every check of a tree of manifests, complete and validated. It
 * is loaded whole or not at all; mistakes are collected with their places,
 * all of them. A plan is constant after loading and owns all it points to;
 * pointers into it are valid until plan_free. Used by the scheduler, the
 * gate, e2e-run and e2e-lint.
 */
#ifndef CHECKS_PLAN_H
#define CHECKS_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/cause.h"
#include "base/clock.h"
#include "checks/definition.h"

/* A flow file; one for all checks that use it. */
struct plan_flow {
	const char *path;   /* as written in the manifest */
	const char *file;   /* real path */
	const char *root;   /* real directory of file */
	const char *source;
	size_t len;
	struct definition_includes includes;
	char digest[DEFINITION_HASH_SIZE]; /* of source and files it names */
};

struct plan_environment {
	const char *name;
	const struct definition_variable *variables; /* sorted by name */
	size_t variable_count;
	struct place place;
};

/* A way to tell people: a flow that posts to a pager or a chat. */
struct plan_notify {
	const char *name;
	const struct plan_manifest *manifest;
	const struct plan_flow *flow;
	const struct definition_variable *variables;
	size_t variable_count;
	const struct definition_secret *secrets;
	size_t secret_count;
	const char *const *hosts;
	size_t host_count;
	span_us timeout;
	struct place place;
};

/*
 * What a manifest says to the gate, for a service or for one check; of a
 * number -1: nothing. A check's alpha is a part of the service's.
 */
struct plan_gate {
	int64_t alpha_permyriad, beta_permyriad, rounds;
	span_us time;
	int64_t tolerance_permyriad, margin_permyriad;
	span_us tolerance_at_least, margin_at_least;
	int64_t failure_margin_permyriad;
	int on_inconclusive;        /* 0 hold, 1 pass, 2 block, -1 */
	int policy;                 /* 0 required, 1 advisory, -1 */
	int aa;                     /* 0 none, 1 idle, -1 */
	bool is_quarantined;
	const char *quarantine_owner, *quarantine_reason;
	wall_us quarantine_until;
	struct place place;         /* of quarantine_until */
};

/* One YAML file. What it defines is for its own checks. */
struct plan_manifest {
	const char *file;    /* as found */
	const char *service;
	const char *owner;   /* NULL when absent */
	const struct plan_environment *environments;
	size_t environment_count;
	const struct definition_secret *secrets;
	size_t secret_count;
	const char *const *hosts;
	size_t host_count;
	const struct plan_notify *notifies;
	size_t notify_count;
	const struct plan_gate *gate;
};

struct plan_check {
	const char *id;          /* service/name, unique in the plan */
	const char *name;
	const char *service;
	const char *owner;       /* NULL when absent */
	const struct plan_manifest *manifest;
	const struct plan_flow *flow;
	const struct plan_environment *environment; /* NULL: none defined */
	const char *environment_name; /* "default" when none is defined */
	span_us every;
	span_us timeout;
	const char *const *locations; /* at least one, without repeats */
	size_t location_count;
	int slo_success_permyriad; /* 9990 is 99.9 %; 0: no objective */
	span_us slo_window;
	int alert_after;           /* consecutive bad runs; 0: no alert */
	const struct plan_notify *const *notifies;
	size_t notify_count;
	const struct definition_variable *variables; /* over environment's */
	size_t variable_count;
	const char *const *tags;
	size_t tag_count;
	bool is_paused;
	struct definition_limits limits;
	const struct plan_gate *gate; /* its own: the manifest's is apart */
	char hash[DEFINITION_HASH_SIZE]; /* of its definition */
	struct place place;
};

struct plan {
	const struct plan_manifest *const *manifests;
	size_t manifest_count;
	const struct plan_check *const *checks; /* sorted by id */
	size_t check_count;
	char hash[DEFINITION_HASH_SIZE]; /* of everything that is planned */
	struct plan_memory *memory;
};

/* What an alert sets in the flow of its notification; ends with NULL. */
extern const char *const plan_alert_variables[];

/*
 * Load a manifest, or every *.yaml and *.yml below a directory (names that
 * begin with a dot are passed over, links to directories not followed), and
 * the flows that they name. Returns 0, with at most warnings in cause; or,
 * with all mistakes there and *out untouched, ERR_SYNTAX. An empty tree is a
 * mistake.
 */
int plan_load(const char *path, struct cause *cause, struct plan **out);
void plan_free(struct plan **plan);

/* Parse a flow of the plan again, with what it includes; as flow_parse. */
int plan_flow_parse(const struct plan_flow *pf, struct cause *cause,
    struct flow **out);

/* Find a check by "service/name", or by name alone when that is unique. */
const struct plan_check *plan_find_check(const struct plan *plan,
    const char *id);

/*
 * True when the manifest lets a scheduler at this location run the check
 * against itself in its idle time (gate: {aa: idle}).
 */
bool plan_gathers_aa(const struct plan_check *check, const char *location);

/*
 * Return what of the plan's checks (with and without their service) and
 * services is nearest to a name that is none of them; NULL when none is near.
 */
const char *plan_suggest(const struct plan *plan, const char *name);

/* True when the plan has a check of this service. */
bool plan_has_service(const struct plan *plan, const char *service);

/*
 * Make the definition of a check in an environment of its manifest (NULL:
 * its own), with count overrides on top of its variables (a gate's base_url,
 * say). Returns 0; ERR_NOT_FOUND for an unknown environment or ERR_EXISTS
 * for an override with a secret's name, with *sentence freed by the caller.
 */
int plan_make_definition(const struct plan_check *check,
    const char *environment, const struct definition_variable *overrides,
    size_t count, struct definition **out, char **sentence);

/* Make the definition of a notification; its check is "service/!name". */
struct definition *plan_make_notify_definition(const struct plan_notify *n);

/*
 * Append the document of a PLAN message: the plan's summary, of what is run at
 * this location.
 */
int plan_encode_summary(const struct plan *plan, const char *location,
    struct buf *out);

/* True when the check is run at this location. */
bool plan_check_is_at(const struct plan_check *c, const char *location);

#endif
