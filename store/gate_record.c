/* SPDX-License-Identifier: ISC */
/*
 * Gates in main.db: the document's head, and its rounds one by one; and the
 * notes, which are documents that name their kind.
 */
#include "store/gate_record.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/json_out.h"
#include "base/mem.h"

#define ABSENT INT64_MIN

struct gate_record {
	sqlite3 *db;
	sqlite3_stmt *put, *drop_rounds, *put_round, *put_note;
};

int
gate_record_open(sqlite3 *db, struct gate_record **out)
{
	struct gate_record *g = xcalloc(1, sizeof(*g));
	int rc;

	g->db = db;
	rc = db_prepare(db, "REPLACE INTO gate VALUES (?1, ?2, ?3, ?4, ?5, "
	    "?6, ?7, ?8, ?9)", &g->put);
	if (rc == 0)
		rc = db_prepare(db, "DELETE FROM gate_round "
		    "WHERE gate_id = ?1 AND sequence >= ?2",
		    &g->drop_rounds);
	if (rc == 0)
		rc = db_prepare(db, "INSERT INTO gate_round VALUES (?1, ?2, "
		    "?3)", &g->put_round);
	if (rc == 0)
		rc = db_prepare(db, "REPLACE INTO note VALUES (?1, ?2, ?3, "
		    "?4, ?5, ?6)", &g->put_note);
	if (rc != 0) {
		gate_record_close(&g);
		return (rc);
	}
	*out = g;
	return (0);
}

void
gate_record_close(struct gate_record **gp)
{
	struct gate_record *g = *gp;

	if (g == NULL)
		return;
	*gp = NULL;
	sqlite3_finalize(g->put);
	sqlite3_finalize(g->drop_rounds);
	sqlite3_finalize(g->put_round);
	sqlite3_finalize(g->put_note);
	free(g);
}

/* The document without its rounds: those have rows of their own. */
static void
gate_head(const struct json *root, const char *doc, struct buf *out)
{
	struct json_out o;
	size_t i;

	json_out_init(&o, out);
	json_out_object(&o);
	for (i = 0; i < root->count; i++) {
		const struct json *v = &root->items[i];

		if (strcmp(v->key, "rounds") == 0 ||
		    strcmp(v->key, "rounds_from") == 0)
			continue;
		json_out_key_n(&o, v->key, v->key_len);
		json_out_raw(&o, doc + v->start, v->end - v->start);
	}
	json_out_object_end(&o);
}

/*
 * What stands from rounds_from on is replaced; what stands before it came in
 * earlier documents of the same gate.
 */
static int
write_rounds(struct gate_record *g, const uint8_t *id,
    const struct json *root, const char *doc)
{
	const struct json *rounds = json_get(root, "rounds"), *v;
	int64_t from = json_get_int(root, "rounds_from", 1);
	size_t i;
	int rc;

	db_bind_blob(g->drop_rounds, 1, id, MESSAGE_ID_SIZE);
	sqlite3_bind_int64(g->drop_rounds, 2, from);
	rc = db_run(g->drop_rounds);
	for (i = 0; rc == 0 && rounds != NULL &&
	    rounds->kind == JSON_ARRAY && i < rounds->count; i++) {
		v = &rounds->items[i];
		db_bind_blob(g->put_round, 1, id, MESSAGE_ID_SIZE);
		sqlite3_bind_int64(g->put_round, 2, from + (int64_t)i);
		db_bind_text(g->put_round, 3, doc + v->start,
		    v->end - v->start);
		rc = db_run(g->put_round);
	}
	return (rc);
}

static int
write_gate(struct gate_record *g, const uint8_t *id,
    const struct json *root, const char *doc, struct buf *head)
{
	int64_t started = json_get_int(root, "started_us", ABSENT);
	int64_t finished = json_get_int(root, "finished_us", ABSENT);
	sqlite3_stmt *s = g->put;
	int rc;

	db_bind_blob(s, 1, id, MESSAGE_ID_SIZE);
	db_bind_str(s, 2, json_get_str(root, "service", NULL));
	db_bind_str(s, 3, json_get_str(root, "verdict", NULL));
	db_bind_str(s, 4, json_get_str(root, "reason", NULL));
	db_bind_int_or_null(s, 5, started, started == ABSENT);
	db_bind_int_or_null(s, 6, finished, finished == ABSENT);
	sqlite3_bind_int64(s, 7, clock_wall());
	db_bind_text(s, 8, head->data, head->len);
	db_bind_str(s, 9, json_get_str(root, "identity", NULL));
	rc = db_run(s);
	return (rc == 0 ? write_rounds(g, id, root, doc) : rc);
}

static int
write_note(struct gate_record *g, const uint8_t *id,
    const struct json *root, const char *doc, size_t len)
{
	sqlite3_stmt *s = g->put_note;
	wall_us now = clock_wall();

	db_bind_blob(s, 1, id, MESSAGE_ID_SIZE);
	db_bind_str(s, 2, json_get_str(root, "kind", NULL));
	db_bind_str(s, 3, json_get_str(root, "service", NULL));
	sqlite3_bind_int64(s, 4, json_get_int(root, "at_us", now));
	sqlite3_bind_int64(s, 5, now);
	db_bind_text(s, 6, doc, len);
	return (db_run(s));
}

static int
put(struct gate_record *g, const uint8_t *id, const struct json *root,
    const char *doc)
{
	struct buf head;
	int rc;

	if ((rc = db_exec(g->db, "BEGIN IMMEDIATE")) != 0)
		return (rc);
	buf_init(&head, MESSAGE_MOST_BYTES);
	gate_head(root, doc, &head);
	rc = head.is_full ? ERR_SYNTAX : write_gate(g, id, root, doc, &head);
	buf_fini(&head);
	if (rc == 0)
		rc = db_exec(g->db, "COMMIT");
	if (rc != 0)
		db_rollback(g->db);
	return (rc);
}

int
gate_record_put(struct gate_record *g,
    const uint8_t id[static MESSAGE_ID_SIZE], const char *doc, size_t len)
{
	struct json_doc *json;
	int rc;

	if (json_parse(doc, len, &json_limits_default, &json, NULL) != 0)
		return (ERR_SYNTAX);
	if (json_root(json)->kind != JSON_OBJECT)
		rc = ERR_SYNTAX;
	else if (json_get_str(json_root(json), "kind", NULL) != NULL)
		rc = write_note(g, id, json_root(json), doc, len);
	else
		rc = put(g, id, json_root(json), doc);
	json_free(&json);
	return (rc);
}
