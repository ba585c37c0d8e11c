/* SPDX-License-Identifier: ISC */
/*
 * The migrations of the two kinds of database, embedded from store/schema/.
 * Step n takes a database of schema n - 1 to n.
 */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

struct schema_step {
	int version; /* from 1, without gaps; 0 ends the table */
	const char *sql;
};

extern const struct schema_step schema_main[];
extern const struct schema_step schema_runs[];

#endif
