/* SPDX-License-Identifier: ISC */
/* The states that changed, in a list through the checks themselves. */
#include "store/state.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct states {
	struct registry_check *dirty;
	sqlite3_stmt *put;
};

int
states_open(sqlite3 *db, struct states **out)
{
	struct states *states = xcalloc(1, sizeof(*states));
	int rc = db_prepare(db, "REPLACE INTO check_state VALUES (?1, ?2, "
	    "?3, ?4, ?5, ?6, ?7, ?8, ?9)", &states->put);

	if (rc != 0) {
		states_close(&states);
		return (rc);
	}
	*out = states;
	return (0);
}

void
states_close(struct states **statesp)
{
	struct states *states = *statesp;

	if (states == NULL)
		return;
	*statesp = NULL;
	sqlite3_finalize(states->put);
	free(states);
}

static bool
was_bad(const struct check_state *s)
{
	return (s->last_bad_us != EVENT_ABSENT &&
	    (s->last_passed_us == EVENT_ABSENT ||
	    s->last_bad_us > s->last_passed_us));
}

/*
 * The wall clock went back: what the state tells is of times that are still
 * to come, and would hide what is found until then. It was before this run.
 */
static void
take_back(struct check_state *s, wall_us due)
{
	bool is_bad = was_bad(s);

	if (s->last_passed_us >= due)
		s->last_passed_us = due - 1 - is_bad;
	if (s->last_bad_us >= due)
		s->last_bad_us = due - 1 - !is_bad;
	if (s->streak_us >= due)
		s->streak_us = due - 1;
	s->last_due_us = due - 1;
}

/* A streak is of measured runs; what is ours neither ends nor extends it. */
static void
extend_streak(struct check_state *s, const struct rollup_run *run)
{
	bool is_bad = run->outcome != OUTCOME_PASSED;

	if (s->streak_runs > 0 && is_bad == was_bad(s)) {
		s->streak_runs++;
		return;
	}
	s->streak_us = run->due_us;
	s->streak_runs = 1;
}

void
states_see(struct states *states, const struct rollup_run *run)
{
	struct check_state *s = &run->check->state;
	wall_us *last = run->outcome == OUTCOME_PASSED ? &s->last_passed_us :
	    &s->last_bad_us;

	if (!run->check->is_state_dirty) {
		run->check->is_state_dirty = true;
		run->check->next_dirty = states->dirty;
		states->dirty = run->check;
	}
	if (s->has_run && run->due_us <= s->last_due_us &&
	    s->last_due_us > clock_wall())
		take_back(s, run->due_us);
	if (!s->has_run || run->due_us > s->last_due_us) {
		if (!outcome_is_ours(run->outcome))
			extend_streak(s, run);
		else if (!s->has_run)
			s->streak_us = run->due_us;
		s->has_run = true;
		s->last_due_us = run->due_us;
		s->last_outcome = run->outcome;
		s->last_duration_us = run->duration_us;
		memcpy(s->last_run, run->id, sizeof(s->last_run));
	}
	if (!outcome_is_ours(run->outcome) && run->due_us > *last)
		*last = run->due_us;
}

static int
write_one(struct states *states, const struct registry_check *c)
{
	const struct check_state *s = &c->state;
	sqlite3_stmt *stmt = states->put;

	sqlite3_bind_int64(stmt, 1, c->id);
	sqlite3_bind_int64(stmt, 2, s->last_due_us);
	sqlite3_bind_int(stmt, 3, s->last_outcome);
	sqlite3_bind_int64(stmt, 4, s->last_duration_us);
	db_bind_blob(stmt, 5, s->last_run, sizeof(s->last_run));
	db_bind_int_or_null(stmt, 6, s->last_passed_us,
	    s->last_passed_us == EVENT_ABSENT);
	db_bind_int_or_null(stmt, 7, s->last_bad_us,
	    s->last_bad_us == EVENT_ABSENT);
	sqlite3_bind_int64(stmt, 8, s->streak_us);
	sqlite3_bind_int64(stmt, 9, s->streak_runs);
	return (db_run(stmt));
}

int
states_write(struct states *states)
{
	const struct registry_check *c;
	int rc = 0;

	for (c = states->dirty; rc == 0 && c != NULL; c = c->next_dirty)
		rc = write_one(states, c);
	return (rc);
}

void
states_settle(struct states *states)
{
	struct registry_check *c, *next;

	for (c = states->dirty; c != NULL; c = next) {
		next = c->next_dirty;
		c->is_state_dirty = false;
		c->next_dirty = NULL;
	}
	states->dirty = NULL;
}
