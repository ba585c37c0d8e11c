/* SPDX-License-Identifier: ISC */
/* Questions about gates, whole or by their heads, and about notes. */
#include <string.h>

#include "base/crypto.h"
#include "base/err.h"
#include "store/query_priv.h"

static void
read_gate(sqlite3_stmt *stmt, struct query_gate *g)
{
	static const char hex[] = "0123456789abcdef";
	const uint8_t *id = sqlite3_column_blob(stmt, 0);
	int i, n = sqlite3_column_bytes(stmt, 0);

	*g = (struct query_gate){0};
	for (i = 0; i < n && i < MESSAGE_ID_SIZE; i++) {
		g->id_hex[2 * i] = hex[id[i] >> 4];
		g->id_hex[2 * i + 1] = hex[id[i] & 15];
	}
	g->service = (const char *)sqlite3_column_text(stmt, 1);
	g->verdict = (const char *)sqlite3_column_text(stmt, 2);
	g->reason = (const char *)sqlite3_column_text(stmt, 3);
	g->started_us = sqlite3_column_type(stmt, 4) == SQLITE_NULL ?
	    QUERY_NONE : sqlite3_column_int64(stmt, 4);
	g->finished_us = sqlite3_column_type(stmt, 5) == SQLITE_NULL ?
	    QUERY_NONE : sqlite3_column_int64(stmt, 5);
	g->stored_us = sqlite3_column_int64(stmt, 6);
	g->document = db_text(stmt, 7);
	g->rounds = sqlite3_column_int64(stmt, 8);
}

int
query_gates(struct query *q, wall_us since, size_t limit,
    query_gate_cb *cb, void *arg)
{
	struct query_gate g;
	sqlite3_stmt *stmt;
	int rc;

	rc = query_prepare(q, q->db, "SELECT id, service, verdict, reason, "
	    "started_us, finished_us, stored_us, document, (SELECT count(*) "
	    "FROM gate_round WHERE gate_id = gate.id) FROM gate "
	    "WHERE stored_us >= ?1 ORDER BY stored_us DESC LIMIT ?2", &stmt);
	if (rc != 0)
		return (rc);
	sqlite3_bind_int64(stmt, 1, since);
	sqlite3_bind_int64(stmt, 2, (int64_t)limit);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		read_gate(stmt, &g);
		if (!cb(&g, arg))
			break;
	}
	sqlite3_finalize(stmt);
	return (query_fail(q, q->db, rc));
}

static void
take_id(sqlite3_stmt *stmt, uint8_t id[static MESSAGE_ID_SIZE])
{
	if (sqlite3_column_bytes(stmt, 0) == MESSAGE_ID_SIZE)
		memcpy(id, sqlite3_column_blob(stmt, 0), MESSAGE_ID_SIZE);
}

/* The one gate whose id begins with prefix. */
static int
find_gate(struct query *q, const char *prefix,
    uint8_t id[static MESSAGE_ID_SIZE])
{
	char low[] = "00000000000000000000000000000000";
	char high[] = "ffffffffffffffffffffffffffffffff";
	uint8_t from[MESSAGE_ID_SIZE], to[MESSAGE_ID_SIZE];
	size_t len = strlen(prefix);
	sqlite3_stmt *stmt;
	int rc, n = 0;

	if (len < QUERY_PREFIX_LEAST || len > 2 * MESSAGE_ID_SIZE)
		return (ERR_SYNTAX);
	memcpy(low, prefix, len);
	memcpy(high, prefix, len);
	if (crypto_unhex(low, 2 * MESSAGE_ID_SIZE, from) != 0 ||
	    crypto_unhex(high, 2 * MESSAGE_ID_SIZE, to) != 0)
		return (ERR_SYNTAX);
	rc = query_prepare(q, q->db, "SELECT id FROM gate "
	    "WHERE id BETWEEN ?1 AND ?2 LIMIT 2", &stmt);
	if (rc != 0)
		return (rc);
	db_bind_blob(stmt, 1, from, sizeof(from));
	db_bind_blob(stmt, 2, to, sizeof(to));
	for (; (rc = sqlite3_step(stmt)) == SQLITE_ROW; n++)
		take_id(stmt, id);
	sqlite3_finalize(stmt);
	if (rc != SQLITE_DONE)
		return (query_fail(q, q->db, rc));
	return (n == 1 ? 0 : n == 0 ? ERR_NOT_FOUND : ERR_EXISTS);
}

/* Append the rounds of a gate, as an array. */
static int
append_rounds(struct query *q, const uint8_t *id, struct buf *out)
{
	sqlite3_stmt *stmt;
	bool is_first = true;
	int rc;

	rc = query_prepare(q, q->db, "SELECT document FROM gate_round WHERE "
	    "gate_id = ?1 ORDER BY sequence", &stmt);
	if (rc != 0)
		return (rc);
	db_bind_blob(stmt, 1, id, MESSAGE_ID_SIZE);
	buf_append_char(out, '[');
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		buf_append_str(out, is_first ? "\n" : ",\n");
		buf_append_str(out, db_text(stmt, 0));
		is_first = false;
	}
	buf_append_char(out, ']');
	sqlite3_finalize(stmt);
	return (query_fail(q, q->db, rc));
}

/* Append the gate's document, its rounds put back at the end. */
static int
append_document(struct query *q, const uint8_t *id, struct buf *out)
{
	sqlite3_stmt *stmt;
	size_t len;
	int rc;

	rc = query_prepare(q, q->db, "SELECT document FROM gate "
	    "WHERE id = ?1", &stmt);
	if (rc != 0)
		return (rc);
	db_bind_blob(stmt, 1, id, MESSAGE_ID_SIZE);
	rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW) {
		len = (size_t)sqlite3_column_bytes(stmt, 0);
		/* The writer stores objects only: the last byte closes it. */
		buf_append(out, db_text(stmt, 0), len > 0 ? len - 1 : 0);
	}
	sqlite3_finalize(stmt);
	if (rc != SQLITE_ROW)
		return (rc == SQLITE_DONE ? ERR_NOT_FOUND :
		    query_fail(q, q->db, rc));
	buf_append_str(out, ",\"rounds\":");
	rc = append_rounds(q, id, out);
	buf_append_str(out, "}\n");
	return (rc != 0 ? rc : out->is_full ? ERR_LIMIT : 0);
}

int
query_gate_document(struct query *q, const char *prefix, struct buf *out)
{
	uint8_t id[MESSAGE_ID_SIZE] = {0};
	int rc = db_exec(q->db, "BEGIN");

	if (rc != 0)
		return (query_fail(q, q->db, sqlite3_errcode(q->db)));
	rc = find_gate(q, prefix, id);
	if (rc == 0)
		rc = append_document(q, id, out);
	sqlite3_exec(q->db, "COMMIT", NULL, NULL, NULL);
	return (rc);
}

/* The id of the first row that the statement finds for a text. */
static int
first_id(struct query *q, const char *sql, const char *text,
    uint8_t id[static MESSAGE_ID_SIZE])
{
	sqlite3_stmt *stmt;
	int rc;

	rc = query_prepare(q, q->db, sql, &stmt);
	if (rc != 0)
		return (rc);
	db_bind_str(stmt, 1, text);
	rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		take_id(stmt, id);
	sqlite3_finalize(stmt);
	return (rc == SQLITE_ROW ? 0 : rc == SQLITE_DONE ? ERR_NOT_FOUND :
	    query_fail(q, q->db, rc));
}

int
query_gate_after(struct query *q, const char *gate,
    uint8_t id[static MESSAGE_ID_SIZE])
{
	return (first_id(q, "SELECT id FROM gate WHERE "
	    "json_extract(document, '$.continues.gate') = ?1 "
	    "ORDER BY stored_us DESC LIMIT 1", gate, id));
}

int
query_gate_of_identity(struct query *q, const char *identity,
    uint8_t id[static MESSAGE_ID_SIZE])
{
	/* By the clock alone one that another has gone on from might be it,
	 * after the clock went back. */
	return (first_id(q, "SELECT id FROM gate WHERE identity = ?1 AND "
	    "lower(hex(id)) NOT IN (SELECT coalesce(json_extract(document, "
	    "'$.continues.gate'), '') FROM gate WHERE identity = ?1) "
	    "ORDER BY stored_us DESC LIMIT 1", identity, id));
}

int
query_notes(struct query *q, const char *kind, wall_us since,
    query_note_cb *cb, void *arg)
{
	struct query_note note;
	sqlite3_stmt *stmt;
	int rc;

	rc = query_prepare(q, q->db, "SELECT service, at_us, document FROM "
	    "note WHERE kind = ?1 AND at_us >= ?2 ORDER BY at_us DESC",
	    &stmt);
	if (rc != 0)
		return (rc);
	db_bind_str(stmt, 1, kind);
	sqlite3_bind_int64(stmt, 2, since);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		note = (struct query_note){
		    .service = (const char *)sqlite3_column_text(stmt, 0),
		    .at_us = sqlite3_column_int64(stmt, 1),
		    .document = db_text(stmt, 2),
		    .document_len = (size_t)sqlite3_column_bytes(stmt, 2),
		};
		if (!cb(&note, arg))
			break;
	}
	sqlite3_finalize(stmt);
	return (query_fail(q, q->db, rc));
}
