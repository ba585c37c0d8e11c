/* SPDX-License-Identifier: ISC */
/* e2e-store: the only writer of a store. */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/options.h"
#include "base/proc.h"
#include "store/maintain.h"
#include "store/server.h"

struct values {
	const char *store;
	bool is_child;
	int64_t retain_days;
	int log_level;
};

static const struct option_row rows[] = {
	{.name = "store", .letter = 's', .type = OPTION_STR,
	    .offset = OPTION_AT(struct values, store), .arg = "DIR",
	    .help = "Directory of the store, made when missing"},
	{.name = "retain-days", .type = OPTION_INT,
	    .offset = OPTION_AT(struct values, retain_days), .arg = "DAYS",
	    .min = 1, .max = 36500,
	    .help = "How long raw runs are kept (14); minutes are counted "
		"for 90 days, hours for 5 years, days for 20"},
	{.name = "child", .type = OPTION_FLAG,
	    .offset = OPTION_AT(struct values, is_child), .env = "",
	    .help = "Serve the parent on descriptor 3 and end with it"},
	{.name = "log-level", .type = OPTION_CHOICE,
	    .offset = OPTION_AT(struct values, log_level), .arg = "LEVEL",
	    .choices = log_level_names,
	    .help = "error, warn, info or debug (warn)"},
	OPTION_END
};

static const struct option_command commands[] = {
	{"migrate", "", "Bring every file to the newest schema"},
	{"check", "", "Check every file, and the rollups against the raw "
	    "runs; may run beside the writer"},
	{"compact", "", "Empty the write-ahead logs and give unused space "
	    "back"},
	{NULL, NULL, NULL}
};

static const struct option_text texts[] = {
	{"DESCRIPTION",
	    "e2e-store is the only program that writes to a store. The "
	    "scheduler starts it with --child; started by hand without a "
	    "command it serves local programs, such as e2e-gate, until "
	    "SIGTERM.\n\n"
	    "What it acknowledges is on disk: it outlives a kill and a power "
	    "cut. A full disk is refused with the reason, tried again with "
	    "growing pauses, and nothing acknowledged is lost."},
	{"FILES",
	    "main.db: checks, definitions, rollups by minute, hour and day, "
	    "gates.\n\n"
	    "runs-YYYY-MM-DD.db: the raw runs that were due on one UTC day. "
	    "Expiry removes the whole file. Of a check that fails on and on "
	    "the evidence is kept sparsely: the first five runs, then one in "
	    "ten minutes, and what is news; the others say which run has "
	    "some.\n\n"
	    "writer.lock: held by the one writer. writer.sock: where local "
	    "programs hand in documents.\n\n"
	    "Both kinds of database may be read with sqlite3(1) at any time; "
	    "their schema, commented, is installed with the documentation "
	    "(schema/main-*.sql, schema/runs-*.sql)."},
	{"EXIT STATUS",
	    "0 done; 10 check found something wrong; 30 the store cannot be "
	    "used (another writer has it, a newer program wrote it, the disk "
	    "refuses); 64 wrong options."},
	{"SEE ALSO",
	    "e2e-scheduler(8), e2e-query(1)"},
	{NULL, NULL}
};

static const struct program program = {
	.name = "e2e-store",
	.section = 8,
	.summary = "write the store of an e2e fleet",
	.synopsis = "[options] [migrate|check|compact]",
	.rows = rows,
	.commands = commands,
	.texts = texts,
};

static void
note_stop(const struct store_counts *n)
{
	log_info("store.stop", "runs=%llu again=%llu rejected=%llu "
	    "expired=%llu commits=%llu", (unsigned long long)n->runs,
	    (unsigned long long)n->again, (unsigned long long)n->rejected,
	    (unsigned long long)n->expired, (unsigned long long)n->commits);
}

static int
serve(const struct values *v, struct cause *c)
{
	struct store_options o = {v->store, v->retain_days};
	struct store_writer *writer;
	struct server *server = NULL;
	struct loop *loop;
	int rc;

	if ((rc = store_writer_open(&o, &writer, c)) != 0)
		return (rc);
	loop = loop_new();
	rc = server_new(loop, writer, v->store,
	    v->is_child ? PROC_CHILD_FD : -1, &server, c);
	if (rc == 0) {
		proc_sandbox();
		loop_run_until_signal(loop, v->is_child);
		rc = server_result(server);
		server_free(&server);
		note_stop(store_writer_counts(writer));
	}
	loop_free(&loop);
	store_writer_close(&writer);
	return (rc);
}

static int
run_command(const char *name, const struct values *v, struct cause *c)
{
	if (name == NULL)
		return (serve(v, c));
	if (strcmp(name, "migrate") == 0)
		return (maintain_migrate(v->store, stdout, c));
	if (strcmp(name, "check") == 0)
		return (maintain_check(v->store, stdout, c));
	return (maintain_compact(v->store, stdout, c));
}

int
main(int argc, char **argv)
{
	struct values v = {.retain_days = 14, .log_level = LOG_WARN};
	struct cause c;
	int first, rc;

	first = options_parse(&program, argc, argv, &v);
	proc_init(v.is_child);
	log_init(program.name, (enum log_level)v.log_level);
	if (first < argc)
		options_find_command(&program, argv[first]);
	if (argc - first > 1)
		options_fail(&program, "one command at a time");
	if (v.store == NULL)
		options_fail(&program, "where is the store? Give --store, or "
		    "E2E_STORE in the environment");
	cause_init(&c);
	rc = run_command(argv[first], &v, &c);
	cause_print(&c, stderr);
	if (rc != 0 && c.count == 0 && rc != ERR_CORRUPT)
		fprintf(stderr, "%s: %s\n", program.name, err_text(rc));
	cause_fini(&c);
	if (rc == 0)
		return (EXIT_GOOD);
	return (rc == ERR_CORRUPT && argv[first] != NULL ? EXIT_BAD :
	    EXIT_UNMEASURED);
}
