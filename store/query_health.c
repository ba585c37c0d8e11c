/* SPDX-License-Identifier: ISC */
/* Whether what the store holds is of now. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "store/query_priv.h"

static int64_t
size_of(const char *path)
{
	static const char *const tails[] = {"", "-wal", "-shm"};
	struct stat st;
	int64_t bytes = 0;
	char *full;
	size_t i;

	for (i = 0; i < NELEMS(tails); i++) {
		full = xasprintf("%s%s", path, tails[i]);
		if (stat(full, &st) == 0)
			bytes += st.st_size;
		free(full);
	}
	return (bytes);
}

/* The rule of query_check's is_stale, over all checks at once. */
static int
count_stale(struct query *q, struct query_health *out)
{
	sqlite3_stmt *stmt;
	int rc = query_prepare(q, q->db, "SELECT count(*), total(?1 - max("
	    "coalesce(planned_us, last_due_us), coalesce(last_due_us, "
	    "planned_us)) > 2 * every_us + ?2 + coalesce(timeout_us, 0)) "
	    "FROM checks LEFT JOIN check_state ON check_id = id "
	    "WHERE is_planned", &stmt);

	if (rc != 0)
		return (rc);
	sqlite3_bind_int64(stmt, 1, clock_wall());
	sqlite3_bind_int64(stmt, 2, QUERY_STALE_SLACK);
	rc = sqlite3_step(stmt);
	out->planned = sqlite3_column_int64(stmt, 0);
	out->stale = sqlite3_column_int64(stmt, 1);
	sqlite3_finalize(stmt);
	return (query_fail(q, q->db, rc));
}

static int
read_refusal(struct query *q, struct query_health *out)
{
	sqlite3_stmt *stmt;
	int rc = query_prepare(q, q->db, "SELECT value ->> 'refused_us', "
	    "value ->> 'mistakes', value ->> 'mistake' FROM meta "
	    "WHERE key = 'plan_refused'", &stmt);

	if (rc != 0)
		return (rc);
	if ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		out->refused_us = sqlite3_column_int64(stmt, 0);
		out->mistakes = sqlite3_column_int64(stmt, 1);
		snprintf(out->mistake, sizeof(out->mistake), "%s",
		    db_text(stmt, 2));
	}
	sqlite3_finalize(stmt);
	return (query_fail(q, q->db, rc));
}

int
query_health(struct query *q, struct query_health *out)
{
	char *path = file_join(q->dir, "main.db");
	size_t i;
	int rc = query_refresh_days(q);

	*out = (struct query_health){.day_files = (int64_t)q->day_count,
	    .bytes = size_of(path), .refused_us = QUERY_NONE};
	free(path);
	for (i = 0; rc == 0 && i < q->day_count; i++) {
		path = day_path(q->dir, q->days[i].day);
		out->bytes += size_of(path);
		free(path);
	}
	out->newest_due_us = db_int(q->db,
	    "SELECT max(last_due_us) FROM check_state", QUERY_NONE);
	out->rejected = db_int(q->db, "SELECT max(id) FROM rejected", 0);
	if (rc == 0)
		rc = count_stale(q, out);
	return (rc == 0 ? read_refusal(q, out) : rc);
}
