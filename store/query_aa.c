/* SPDX-License-Identifier: ISC */
/* What is known of services run against themselves, check by check. */
#include "store/query_priv.h"

int
query_aa(struct query *q, wall_us since, query_aa_cb *cb, void *arg)
{
	sqlite3_stmt *stmt;
	struct query_aa aa;
	int rc;

	/* The other columns are those of the row that has max(). */
	rc = query_prepare(q, q->db, "SELECT json_extract(c.value, "
	    "'$.check'), json_extract(c.value, '$.environment'), "
	    "json_extract(c.value, '$.rounds'), max(n.at_us) FROM note n, "
	    "json_each(n.document, '$.checks') c WHERE n.kind = 'aa' AND "
	    "n.at_us >= ?1 GROUP BY 1, 2", &stmt);
	if (rc != 0)
		return (rc);
	sqlite3_bind_int64(stmt, 1, since);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		aa = (struct query_aa){
		    .check = (const char *)sqlite3_column_text(stmt, 0),
		    .environment = (const char *)sqlite3_column_text(stmt, 1),
		    .rounds = sqlite3_column_int64(stmt, 2),
		    .at_us = sqlite3_column_int64(stmt, 3)};
		if (aa.check != NULL && aa.environment != NULL)
			cb(&aa, arg);
	}
	sqlite3_finalize(stmt);
	return (query_fail(q, q->db, rc));
}
