/* SPDX-License-Identifier: ISC */
/* The commands of e2e-query. Part of that program. */
#ifndef STORE_QUERY_COMMAND_H
#define STORE_QUERY_COMMAND_H

#include "base/cause.h"
#include "base/clock.h"
#include "base/options.h"
#include "store/query.h"

struct query_values {
	const char *store;
	const char *check, *service, *location, *environment;
	struct option_list outcomes;
	const char *trigger;
	const char *since, *until;
	int64_t limit;
	bool has_all;
	int format;
	int log_level;
};

/*
 * Run one command with its operands. Returns an exit code; sentences for
 * what cannot be done go to c. An unknown command is ERR_NOT_FOUND.
 */
int query_command_run(const char *name, char **operands, int count,
    const struct query_values *v, struct cause *c);

/*
 * Look whether something in the store has the names of --check and --service,
 * planned or not. Returns 0; ERR_NOT_FOUND, with a sentence in c that says
 * what was meant; or a store error.
 */
int query_names_check(struct query *q, const struct query_values *v,
    wall_us now, struct cause *c);

/*
 * Run one statement that reads, on main.db with the newest days' files: the
 * tables run and check_ref and the views run_text and step span these days.
 */
int query_sql(const char *dir, const char *sql, enum format format,
    struct cause *c);

#endif
