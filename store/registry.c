/* SPDX-License-Identifier: ISC */
/* Checks and definitions by name and by id, mirrored in main.db. */
#include "store/registry.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

/* One look-up per run: eight bytes at a time instead of uthash's own. */
#undef HASH_FUNCTION
#define HASH_FUNCTION(keyptr, keylen, hashv) \
	((hashv) = hash_bytes(keyptr, keylen))

#define KEY_MOST_BYTES 2048

struct known_definition {
	int64_t id;
	char *key; /* check name NUL definition */
	struct known_definition *next_new;
	UT_hash_handle hh;
};

struct registry {
	sqlite3 *db;
	sqlite3_stmt *add_check, *add_definition, *plan_check, *planned_since;
	struct registry_check *by_key, *by_id;
	struct known_definition *definitions;
	int64_t definitions_from; /* ids of new ones; 0: as they come */
	bool is_pending; /* a transaction with new ones is open: */
	struct registry_check *new_checks;
	struct known_definition *new_definitions;
};

static unsigned int
hash_bytes(const void *key, size_t len)
{
	const char *p = key;
	uint64_t h = len, word;

	for (; len >= sizeof(word); len -= sizeof(word), p += sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		h = (h ^ word) * 0x9e3779b97f4a7c15u;
		h ^= h >> 29;
	}
	word = 0;
	memcpy(&word, p, len);
	h = (h ^ word) * 0xbf58476d1ce4e5b9u;
	return ((unsigned int)(h ^ h >> 32));
}

static size_t
put(char *key, size_t at, const struct slice *s)
{
	if (s->len >= KEY_MOST_BYTES - at)
		return (KEY_MOST_BYTES);
	memcpy(key + at, s->text, s->len);
	key[at + s->len] = '\0';
	return (at + s->len + 1);
}

/* Returns the length, or 0 when it is too long. */
static size_t
make_key(char key[static KEY_MOST_BYTES], const struct check_key *k)
{
	size_t at = put(key, 0, &k->name);

	if (at < KEY_MOST_BYTES)
		at = put(key, at, &k->location);
	if (at < KEY_MOST_BYTES)
		at = put(key, at, &k->environment);
	return (at < KEY_MOST_BYTES ? at : 0);
}

static struct registry_check *
remember_check(struct registry *r, const char *key, size_t key_len,
    const struct slice *service, int64_t id)
{
	struct registry_check *c = xcalloc(1, sizeof(*c));

	c->id = id;
	c->key = xmemdup(key, key_len);
	c->key_len = key_len;
	c->name = c->key;
	c->location = c->name + strlen(c->name) + 1;
	c->environment = c->location + strlen(c->location) + 1;
	c->service = xstrndup(service->text, service->len);
	c->state.last_passed_us = c->state.last_bad_us = EVENT_ABSENT;
	HASH_ADD_KEYPTR(by_key, r->by_key, c->key, c->key_len, c);
	HASH_ADD(by_id, r->by_id, id, sizeof(c->id), c);
	return (c);
}

static struct slice
column_slice(sqlite3_stmt *stmt, int at)
{
	const char *s = db_text(stmt, at);

	return ((struct slice){s, strlen(s)});
}

static void
load_state(sqlite3_stmt *stmt, struct check_state *s)
{
	const void *id = sqlite3_column_blob(stmt, 8);

	if (sqlite3_column_type(stmt, 5) == SQLITE_NULL)
		return;
	s->has_run = true;
	s->last_due_us = sqlite3_column_int64(stmt, 5);
	s->last_outcome = (enum outcome)sqlite3_column_int(stmt, 6);
	s->last_duration_us = sqlite3_column_int64(stmt, 7);
	if (sqlite3_column_bytes(stmt, 8) == sizeof(s->last_run))
		memcpy(s->last_run, id, sizeof(s->last_run));
	if (sqlite3_column_type(stmt, 9) != SQLITE_NULL)
		s->last_passed_us = sqlite3_column_int64(stmt, 9);
	if (sqlite3_column_type(stmt, 10) != SQLITE_NULL)
		s->last_bad_us = sqlite3_column_int64(stmt, 10);
	s->streak_us = sqlite3_column_int64(stmt, 11);
	s->streak_runs = sqlite3_column_int64(stmt, 12);
}

static int
load_checks(struct registry *r)
{
	char key[KEY_MOST_BYTES];
	struct registry_check *c;
	sqlite3_stmt *stmt = NULL;
	size_t len;
	int rc;

	rc = sqlite3_prepare_v2(r->db, "SELECT id, check_name, location, "
	    "environment, service, last_due_us, last_outcome, "
	    "last_duration_us, last_run, last_passed_us, last_bad_us, "
	    "streak_us, streak_runs "
	    "FROM checks LEFT JOIN check_state ON check_id = id", -1, &stmt,
	    NULL);
	while (rc == SQLITE_OK || rc == SQLITE_ROW) {
		if ((rc = sqlite3_step(stmt)) != SQLITE_ROW)
			break;
		struct check_key k = {column_slice(stmt, 1),
		    column_slice(stmt, 2), column_slice(stmt, 3),
		    column_slice(stmt, 4)};
		if ((len = make_key(key, &k)) == 0)
			continue;
		c = remember_check(r, key, len, &k.service,
		    sqlite3_column_int64(stmt, 0));
		load_state(stmt, &c->state);
	}
	sqlite3_finalize(stmt);
	return (db_err(rc));
}

static size_t
definition_key(char key[static KEY_MOST_BYTES], const char *check,
    const struct slice *definition)
{
	struct slice name = {check, strlen(check)};
	size_t at = put(key, 0, &name);

	if (at < KEY_MOST_BYTES)
		at = put(key, at, definition);
	return (at < KEY_MOST_BYTES ? at : 0);
}

static struct known_definition *
remember_definition(struct registry *r, const char *key, size_t len,
    int64_t id)
{
	struct known_definition *d = xcalloc(1, sizeof(*d));

	d->id = id;
	d->key = xmemdup(key, len);
	HASH_ADD_KEYPTR(hh, r->definitions, d->key, len, d);
	return (d);
}

static int
load_definitions(struct registry *r)
{
	char key[KEY_MOST_BYTES];
	sqlite3_stmt *stmt = NULL;
	struct slice text;
	size_t len;
	int rc;

	rc = sqlite3_prepare_v2(r->db,
	    "SELECT id, check_name, definition FROM definition", -1, &stmt,
	    NULL);
	while (rc == SQLITE_OK || rc == SQLITE_ROW) {
		if ((rc = sqlite3_step(stmt)) != SQLITE_ROW)
			break;
		text = column_slice(stmt, 2);
		len = definition_key(key, db_text(stmt, 1), &text);
		if (len > 0)
			remember_definition(r, key, len,
			    sqlite3_column_int64(stmt, 0));
	}
	sqlite3_finalize(stmt);
	return (db_err(rc));
}

int
registry_open(sqlite3 *db, struct registry **out)
{
	struct registry *r = xcalloc(1, sizeof(*r));
	int rc;

	r->db = db;
	r->definitions_from = db_int(db, "SELECT value FROM meta WHERE "
	    "key = 'definitions_from'", 0);
	rc = db_prepare(db, "INSERT INTO checks (id, check_name, service, "
	    "location, environment, is_planned, first_seen_us) "
	    "VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6)", &r->add_check);
	if (rc == 0)
		rc = db_prepare(db, "INSERT INTO definition VALUES (max(?4, "
		    "(SELECT coalesce(max(id), 0) + 1 FROM definition)), "
		    "?1, ?2, ?3)", &r->add_definition);
	if (rc == 0)
		rc = db_prepare(db, "UPDATE checks SET service = ?2, "
		    "owner = ?3, every_us = ?4, timeout_us = ?5, "
		    "definition = ?6, slo_success_permyriad = ?7, "
		    "slo_window_us = ?8, is_planned = 1, planned_us = "
		    "min(coalesce(planned_us, ?9), ?9) WHERE id = ?1",
		    &r->plan_check);
	if (rc == 0)
		rc = db_prepare(db, "SELECT planned_us FROM checks "
		    "WHERE id = ?1 AND is_planned", &r->planned_since);
	if (rc == 0)
		rc = load_checks(r);
	if (rc == 0)
		rc = load_definitions(r);
	if (rc != 0) {
		registry_close(&r);
		return (rc);
	}
	*out = r;
	return (0);
}

static void
forget_check(struct registry *r, struct registry_check *c)
{
	HASH_DELETE(by_key, r->by_key, c);
	HASH_DELETE(by_id, r->by_id, c);
	evidence_account_free(&c->evidence);
	free(c->key);
	free(c->service);
	free(c);
}

static void
forget_definition(struct registry *r, struct known_definition *d)
{
	HASH_DEL(r->definitions, d);
	free(d->key);
	free(d);
}

void
registry_close(struct registry **rp)
{
	struct registry *r = *rp;
	struct registry_check *c, *next;
	struct known_definition *d, *next_d;

	if (r == NULL)
		return;
	*rp = NULL;
	HASH_ITER(by_key, r->by_key, c, next)
		forget_check(r, c);
	HASH_ITER(hh, r->definitions, d, next_d)
		forget_definition(r, d);
	sqlite3_finalize(r->add_check);
	sqlite3_finalize(r->add_definition);
	sqlite3_finalize(r->plan_check);
	sqlite3_finalize(r->planned_since);
	free(r);
}

/* New ones of a batch share one transaction. */
static int
begin(struct registry *r)
{
	int rc = r->is_pending ? 0 : db_exec(r->db, "BEGIN IMMEDIATE");

	if (rc == 0)
		r->is_pending = true;
	return (rc);
}

static int
insert_check(struct registry *r, const struct check_key *key, int64_t id,
    wall_us now)
{
	int rc = begin(r);

	if (rc != 0)
		return (rc);
	db_bind_int_or_null(r->add_check, 1, id, id == 0);
	db_bind_text(r->add_check, 2, key->name.text, key->name.len);
	db_bind_text(r->add_check, 3, key->service.text, key->service.len);
	db_bind_text(r->add_check, 4, key->location.text, key->location.len);
	db_bind_text(r->add_check, 5, key->environment.text,
	    key->environment.len);
	sqlite3_bind_int64(r->add_check, 6, now);
	return (db_run(r->add_check));
}

int
registry_check_get(struct registry *r, const struct check_key *key,
    wall_us now, struct registry_check **out)
{
	char text[KEY_MOST_BYTES];
	size_t len = make_key(text, key);
	int rc;

	if (len == 0)
		return (ERR_LIMIT);
	HASH_FIND(by_key, r->by_key, text, len, *out);
	if (*out != NULL)
		return (0);
	if ((rc = insert_check(r, key, 0, now)) != 0)
		return (rc);
	*out = remember_check(r, text, len, &key->service,
	    sqlite3_last_insert_rowid(r->db));
	(*out)->next_new = r->new_checks;
	r->new_checks = *out;
	return (0);
}

struct registry_check *
registry_check_find(struct registry *r, int64_t id)
{
	struct registry_check *c;

	HASH_FIND(by_id, r->by_id, &id, sizeof(id), c);
	return (c);
}

int
registry_check_restore(struct registry *r, const struct check_key *key,
    int64_t id, wall_us now)
{
	struct registry_check *c = registry_check_find(r, id);
	char text[KEY_MOST_BYTES];
	size_t len = make_key(text, key);
	int rc;

	if (len == 0)
		return (ERR_LIMIT);
	if (c != NULL)
		return (c->key_len == len && memcmp(c->key, text, len) == 0 ?
		    0 : ERR_EXISTS);
	if ((rc = insert_check(r, key, id, now)) != 0)
		return (rc);
	c = remember_check(r, text, len, &key->service, id);
	c->next_new = r->new_checks;
	r->new_checks = c;
	return (0);
}

int
registry_definitions_from(struct registry *r, int64_t id)
{
	char *sql;
	int rc;

	if (id <= r->definitions_from || id <= db_int(r->db,
	    "SELECT coalesce(max(id), 0) + 1 FROM definition", 0))
		return (0);
	r->definitions_from = id;
	sql = sqlite3_mprintf("REPLACE INTO meta VALUES ('definitions_from', "
	    "%lld)", (long long)id);
	rc = db_exec(r->db, sql);
	sqlite3_free(sql);
	return (rc);
}

int
registry_definition_get(struct registry *r, struct registry_check *check,
    const struct slice *definition, wall_us now, int64_t *out)
{
	struct known_definition *d;
	char key[KEY_MOST_BYTES];
	size_t len;
	int rc;

	*out = 0;
	if (definition->len == 0)
		return (0);
	if (definition->len == sizeof(check->definition) - 1 &&
	    memcmp(definition->text, check->definition, definition->len) ==
	    0) {
		*out = check->definition_id;
		return (0);
	}
	if ((len = definition_key(key, check->name, definition)) == 0)
		return (ERR_LIMIT);
	HASH_FIND(hh, r->definitions, key, len, d);
	if (d == NULL) {
		if ((rc = begin(r)) != 0)
			return (rc);
		db_bind_str(r->add_definition, 1, check->name);
		db_bind_text(r->add_definition, 2, definition->text,
		    definition->len);
		sqlite3_bind_int64(r->add_definition, 3, now);
		sqlite3_bind_int64(r->add_definition, 4, r->definitions_from);
		if ((rc = db_run(r->add_definition)) != 0)
			return (rc);
		d = remember_definition(r, key, len,
		    sqlite3_last_insert_rowid(r->db));
		d->next_new = r->new_definitions;
		r->new_definitions = d;
	}
	*out = d->id;
	if (definition->len == sizeof(check->definition) - 1) {
		memcpy(check->definition, definition->text, definition->len);
		check->definition_id = d->id;
	}
	return (0);
}

int
registry_commit(struct registry *r)
{
	int rc = r->is_pending ? db_exec(r->db, "COMMIT") : 0;

	if (rc != 0)
		return (rc);
	r->is_pending = false;
	r->new_checks = NULL;
	r->new_definitions = NULL;
	return (0);
}

void
registry_rollback(struct registry *r)
{
	struct registry_check *c, *next;
	struct known_definition *d, *next_d;

	if (!r->is_pending)
		return;
	db_rollback(r->db);
	for (c = r->new_checks; c != NULL; c = next) {
		next = c->next_new;
		forget_check(r, c);
	}
	for (d = r->new_definitions; d != NULL; d = next_d) {
		next_d = d->next_new;
		forget_definition(r, d);
	}
	/* A check may remember one of those definitions as its latest. */
	for (c = r->by_key; c != NULL; c = c->by_key.next)
		c->definition[0] = '\0';
	r->is_pending = false;
	r->new_checks = NULL;
	r->new_definitions = NULL;
}

static struct slice
member_slice(const struct json *object, const char *name)
{
	const struct json *v = json_get(object, name);

	if (v == NULL || v->kind != JSON_STRING)
		return ((struct slice){"", 0});
	return ((struct slice){v->text, v->len});
}

static void
bind_member_int(sqlite3_stmt *stmt, int at, const struct json *object,
    const char *name)
{
	int64_t n = json_get_int(object, name, EVENT_ABSENT);

	db_bind_int_or_null(stmt, at, n, n == EVENT_ABSENT);
}

static int
plan_one(struct registry *r, const struct json *item, wall_us now)
{
	struct check_key key = {member_slice(item, "check"),
	    member_slice(item, "location"), member_slice(item, "environment"),
	    member_slice(item, "service")};
	struct slice definition = member_slice(item, "definition");
	struct registry_check *c;
	int64_t id;
	int rc;

	if (key.name.len == 0 || key.location.len == 0)
		return (ERR_SYNTAX);
	rc = registry_check_get(r, &key, now, &c);
	if (rc == 0)
		rc = registry_definition_get(r, c, &definition, now, &id);
	if (rc != 0)
		return (rc);
	sqlite3_bind_int64(r->plan_check, 1, c->id);
	db_bind_text(r->plan_check, 2, key.service.text, key.service.len);
	db_bind_str(r->plan_check, 3, json_get_str(item, "owner", NULL));
	bind_member_int(r->plan_check, 4, item, "every_us");
	bind_member_int(r->plan_check, 5, item, "timeout_us");
	db_bind_text(r->plan_check, 6, definition.text, definition.len);
	bind_member_int(r->plan_check, 7, item, "slo_success_permyriad");
	bind_member_int(r->plan_check, 8, item, "slo_window_us");
	sqlite3_bind_int64(r->plan_check, 9, now);
	return (db_run(r->plan_check));
}

static int
plan_all(struct registry *r, const struct json *checks, wall_us now)
{
	size_t i;
	int rc;

	rc = db_exec(r->db, "UPDATE checks SET is_planned = 0 "
	    "WHERE is_planned");
	for (i = 0; rc == 0 && i < checks->count; i++)
		rc = plan_one(r, &checks->items[i], now);
	/* What left the plan and comes back is planned anew. */
	if (rc == 0)
		rc = db_exec(r->db, "UPDATE checks SET planned_us = NULL "
		    "WHERE NOT is_planned AND planned_us IS NOT NULL");
	return (rc);
}

/* The row of meta that query_health reads. */
static int
note_refusal(struct registry *r, const struct json *plan)
{
	sqlite3_stmt *stmt;
	int rc = db_prepare(r->db, "REPLACE INTO meta VALUES ('plan_refused', "
	    "json_object('refused_us', ?1, 'mistakes', ?2, 'mistake', ?3))",
	    &stmt);

	if (rc != 0)
		return (rc);
	sqlite3_bind_int64(stmt, 1, json_get_int(plan, "refused_us", 0));
	sqlite3_bind_int64(stmt, 2, json_get_int(plan, "mistakes", 0));
	db_bind_str(stmt, 3, json_get_str(plan, "mistake", ""));
	rc = db_run(stmt);
	sqlite3_finalize(stmt);
	return (rc);
}

wall_us
registry_accounts_end(struct registry *r, const struct registry_check *c)
{
	wall_us planned = 0;

	sqlite3_bind_int64(r->planned_since, 1, c->id);
	if (sqlite3_step(r->planned_since) == SQLITE_ROW)
		planned = sqlite3_column_int64(r->planned_since, 0);
	sqlite3_reset(r->planned_since);
	return (planned > 0 && c->state.has_run &&
	    c->state.last_due_us > planned ? c->state.last_due_us : planned);
}

static int
forget_refusal(struct registry *r)
{
	return (db_exec(r->db,
	    "DELETE FROM meta WHERE key = 'plan_refused'"));
}

int
registry_plan(struct registry *r, const struct json *plan, wall_us now)
{
	const struct json *checks = json_get(plan, "checks");
	bool is_refusal = json_get(plan, "refused_us") != NULL;
	int rc;

	if (!is_refusal && (checks == NULL || checks->kind != JSON_ARRAY))
		return (ERR_SYNTAX);
	if ((rc = registry_commit(r)) != 0 || (rc = begin(r)) != 0)
		return (rc);
	if (is_refusal)
		rc = note_refusal(r, plan);
	else if ((rc = plan_all(r, checks, json_get_int(plan, "loaded_us",
	    now))) == 0)
		rc = forget_refusal(r);
	if (rc == 0)
		rc = registry_commit(r);
	if (rc != 0)
		registry_rollback(r);
	return (rc);
}

struct registry_check *
registry_next(struct registry *r, const struct registry_check *at)
{
	return (at == NULL ? r->by_key : at->by_key.next);
}
