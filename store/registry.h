/* SPDX-License-Identifier: ISC */
/*
 * The checks and definitions that the store knows, in memory, with their ids
 * in main.db. New ones gather in a transaction that is committed before any
 * run that names them. Part of the writer; one per writer.
 */
#ifndef STORE_REGISTRY_H
#define STORE_REGISTRY_H

#include <stdbool.h>
#include <uthash.h>

#include "base/clock.h"
#include "base/json.h"
#include "store/db.h"
#include "store/evidence.h"
#include "store/run_event.h"

/* Row of main.db's check_state; see the schema for the meaning. */
struct check_state {
	bool has_run;       /* false: there is no row yet */
	enum outcome last_outcome;
	wall_us last_due_us;
	span_us last_duration_us;
	uint8_t last_run[MESSAGE_ID_SIZE];
	wall_us last_passed_us, last_bad_us; /* EVENT_ABSENT: none */
	wall_us streak_us;
	int64_t streak_runs;
};

/* Lives as long as the registry. */
struct registry_check {
	int64_t id;
	char *key;          /* name NUL location NUL environment NUL */
	size_t key_len;
	const char *name, *location, *environment; /* inside key */
	char *service;
	int64_t definition_id; /* of the latest run, 0: none yet */
	char definition[2 * 32 + 1];
	struct check_state state;
	wall_us ahead_us;   /* newest record due in the future; 0: none */
	struct evidence_account *evidence; /* the writer's */
	struct rollup *latest[3]; /* the rollups': by level, or NULL */
	bool is_state_dirty;
	struct registry_check *next_dirty; /* the rollups' list */
	struct registry_check *next_new;   /* the registry's */
	UT_hash_handle by_key, by_id;
};

struct registry;

/* What makes a check: its key. */
struct check_key {
	struct slice name, location, environment, service;
};

/* Read what main.db knows. The database outlives the registry. */
int registry_open(sqlite3 *db, struct registry **out);
void registry_close(struct registry **r);

/* Find a check or make it, seen first at now. Returns 0 or a store error. */
int registry_check_get(struct registry *r, const struct check_key *key,
    wall_us now, struct registry_check **out);
struct registry_check *registry_check_find(struct registry *r, int64_t id);

/*
 * Make a check with the id that a runs file has for it, when main.db has
 * been lost. Returns ERR_EXISTS when that id is another check's, or the check
 * has another.
 */
int registry_check_restore(struct registry *r, const struct check_key *key,
    int64_t id, wall_us now);

/*
 * Runs name definitions below this id, which main.db may have lost: new ones
 * get it or a later one, from now on. Returns 0 or a store error.
 */
int registry_definitions_from(struct registry *r, int64_t id);

/* The id of a definition of a check; 0 for an empty text. */
int registry_definition_get(struct registry *r, struct registry_check *check,
    const struct slice *definition, wall_us now, int64_t *out);

/*
 * Make the plan's summary the present plan, in one transaction; or note that
 * the manifests were refused (see PLAN in base/message.h), until there is
 * another plan. Returns 0, ERR_SYNTAX for a document that is neither, or a
 * store error.
 */
int registry_plan(struct registry *r, const struct json *plan, wall_us now);

/*
 * Until when nothing is missing of a check: its newest record, or the plan
 * that brought it (back), whatever is later. 0 when it is in no plan: then
 * nothing was due.
 */
wall_us registry_accounts_end(struct registry *r,
    const struct registry_check *c);

/* Commit what is new; nothing is open on the database after 0. */
int registry_commit(struct registry *r);

/* Forget what is new and not committed; pointers to it are void. */
void registry_rollback(struct registry *r);

/* All checks: begin with NULL; NULL at the end. */
struct registry_check *registry_next(struct registry *r,
    const struct registry_check *at);

#endif
