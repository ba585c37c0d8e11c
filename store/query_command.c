/* SPDX-License-Identifier: ISC */
/* On-call's questions as tables. */
#include "store/query_command.h"

#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/table.h"
#include "store/query_notes.h"
#include "store/show.h"

#define ID_SHOWN 12 /* digits of a run id in tables */
#define CHECKS_SPAN SPAN_DAY

struct command {
	struct query *q;
	const struct query_values *v;
	wall_us since, until, now;
	struct cause *c;
	struct table *table;
	int64_t shown;           /* gates */
};

static enum table_colour
outcome_colour(enum outcome o)
{
	return (o == OUTCOME_PASSED ? TABLE_GOOD :
	    outcome_is_against_service(o) ? TABLE_BAD : TABLE_WARN);
}

static void
add_outcome(struct table *t, enum outcome o)
{
	table_text(t, outcome_name(o));
	table_colour(t, outcome_colour(o));
}

static void
add_int(struct table *t, int64_t n)
{
	if (n == QUERY_NONE)
		table_none(t);
	else
		table_int(t, n);
}

static void
print(struct command *cmd)
{
	struct table_style style = table_style_for(stdout);

	table_print(cmd->table, (enum format)cmd->v->format, &style, stdout);
	table_free(&cmd->table);
}

static int
failed(struct command *cmd, int rc)
{
	if (rc == 0)
		return (EXIT_GOOD);
	cause_add(cmd->c, "%s: %s", cmd->v->store,
	    query_reason(cmd->q)[0] != '\0' ? query_reason(cmd->q) :
	    err_text(rc));
	return (EXIT_UNMEASURED);
}

static struct query_which
which_of(const struct query_values *v)
{
	return ((struct query_which){v->check, v->service, v->location,
	    v->environment, v->has_all});
}

/* A duration ago, or a time. */
static int
parse_when(struct command *cmd, const char *option, const char *text,
    wall_us *out)
{
	span_us ago;

	if (text == NULL)
		return (0);
	if (clock_parse_wall(text, out) == 0)
		return (0);
	if (clock_parse_span(text, SPAN_S, &ago) == 0) {
		*out = cmd->now - ago;
		return (0);
	}
	cause_add(cmd->c, "--%s wants a duration such as 90m or 7d, or a "
	    "time such as 2026-11-20T12:00:00Z, not '%s'", option, text);
	return (ERR_SYNTAX);
}

/* runs */

static const struct table_column run_columns[] = {
	{"run", NULL, TABLE_TEXT},
	{"run_short", "run", TABLE_TEXT},
	{"due_us", "due (UTC)", TABLE_TIME},
	{"check", "check", TABLE_TEXT},
	{"location", "location", TABLE_TEXT},
	{"environment", NULL, TABLE_TEXT},
	{"outcome", "outcome", TABLE_TEXT},
	{"trigger", NULL, TABLE_TEXT},
	{"duration_us", "took", TABLE_SPAN},
	{"late_us", NULL, TABLE_SPAN},
	{"probe", NULL, TABLE_TEXT},
	{"definition", NULL, TABLE_TEXT},
	{"trace", NULL, TABLE_TEXT},
	{"place_file", NULL, TABLE_TEXT},
	{"place_line", NULL, TABLE_INT},
	{"place_column", NULL, TABLE_INT},
	{"reason", "reason", TABLE_TEXT},
};

static bool
add_run_cb(const struct query_run *r, void *arg)
{
	struct table *t = arg;
	char shown[ID_SHOWN + 1];

	memcpy(shown, r->id_hex, ID_SHOWN);
	shown[ID_SHOWN] = '\0';
	table_text(t, r->id_hex);
	table_text(t, shown);
	table_int(t, r->due_us);
	table_text(t, r->check);
	table_text(t, r->location);
	table_text(t, r->environment);
	add_outcome(t, r->outcome);
	table_text(t, trigger_name(r->trigger));
	table_int(t, r->duration_us);
	add_int(t, r->late_us);
	table_text(t, r->probe);
	table_text(t, r->definition[0] != '\0' ? r->definition : NULL);
	table_text(t, r->trace_hex[0] != '\0' ? r->trace_hex : NULL);
	table_text(t, r->place_file);
	add_int(t, r->place_line);
	add_int(t, r->place_column);
	table_text(t, r->reason != NULL ? r->reason : "");
	return (true);
}

static int
choose_outcomes(struct command *cmd, unsigned int *out)
{
	static const char *const names[] = {"passed", "failed",
	    "unreachable", "unknown", "invalid", "lost", "skipped"};
	const struct option_list *l = &cmd->v->outcomes;
	const char *meant;
	enum outcome o;
	size_t i;

	for (i = 0; i < l->count; i++) {
		o = outcome_parse(l->items[i]);
		if (o < OUTCOME_COUNT) {
			*out |= 1u << o;
			continue;
		}
		meant = cause_suggest(l->items[i], names, NELEMS(names));
		cause_add(cmd->c, "--outcome: there is no outcome '%s'%s%s%s",
		    l->items[i], meant != NULL ? ", did you mean '" : "",
		    meant != NULL ? meant : "", meant != NULL ? "'?" : "");
		return (ERR_SYNTAX);
	}
	return (0);
}

static int
choose_trigger(struct command *cmd, unsigned int *out)
{
	enum trigger t;

	if (cmd->v->trigger == NULL)
		return (0);
	t = trigger_parse(cmd->v->trigger);
	if (t == TRIGGER_COUNT) {
		cause_add(cmd->c, "--trigger is one of schedule, manual, "
		    "gate, alert, not '%s'", cmd->v->trigger);
		return (ERR_SYNTAX);
	}
	*out = 1u << t;
	return (0);
}

static int
command_runs(struct command *cmd, char **operands)
{
	struct query_runs f = {.which = which_of(cmd->v),
	    .since = cmd->since, .until = cmd->until,
	    .limit = (size_t)cmd->v->limit};
	int rc;

	(void)operands;
	if (choose_outcomes(cmd, &f.outcomes) != 0 ||
	    choose_trigger(cmd, &f.triggers) != 0)
		return (EXIT_USAGE);
	cmd->table = table_new(run_columns, NELEMS(run_columns));
	rc = query_runs(cmd->q, &f, add_run_cb, cmd->table, NULL);
	if (rc == 0)
		print(cmd);
	table_free(&cmd->table);
	return (failed(cmd, rc));
}

/* show */

static int
command_show(struct command *cmd, char **operands)
{
	struct table_style style = table_style_for(stdout);
	int rc = show_run(cmd->q, operands[0], (enum format)cmd->v->format,
	    &style, stdout);

	if (rc == ERR_SYNTAX) {
		cause_add(cmd->c, "'%s' is no run id: at least 4 of its hex "
		    "digits are wanted", operands[0]);
		return (EXIT_USAGE);
	}
	if (rc == ERR_EXISTS)
		cause_add(cmd->c, "several runs begin with '%s': give more "
		    "digits", operands[0]);
	else if (rc == ERR_NOT_FOUND)
		cause_add(cmd->c, "no run begins with '%s'", operands[0]);
	else
		return (failed(cmd, rc));
	return (EXIT_UNMEASURED);
}

/* checks */

static const struct table_column check_columns[] = {
	{"check", "check", TABLE_TEXT},
	{"location", "location", TABLE_TEXT},
	{"environment", NULL, TABLE_TEXT},
	{"state", "state", TABLE_TEXT},
	{"streak_us", "since (UTC)", TABLE_TIME},
	{"measured", "runs", TABLE_INT},
	{"success", "success", TABLE_RATIO},
	{"p50_us", "p50", TABLE_SPAN},
	{"p95_us", "p95", TABLE_SPAN},
	{"p99_us", "p99", TABLE_SPAN},
	{"coverage", "coverage", TABLE_RATIO},
	{"due", NULL, TABLE_INT},
	{"passed", NULL, TABLE_INT},
	{"failed", NULL, TABLE_INT},
	{"unreachable", NULL, TABLE_INT},
	{"unknown", NULL, TABLE_INT},
	{"invalid", NULL, TABLE_INT},
	{"lost", NULL, TABLE_INT},
	{"skipped", NULL, TABLE_INT},
	{"max_us", NULL, TABLE_SPAN},
	{"mean_us", NULL, TABLE_SPAN},
	{"last_due_us", NULL, TABLE_TIME},
	{"owner", NULL, TABLE_TEXT},
};

static void
add_state(struct table *t, const struct query_check *c)
{
	if (!c->has_run) {
		table_text(t, c->is_stale ? "stale" : "new");
		table_colour(t, c->is_stale ? TABLE_WARN : TABLE_DIM);
	} else if (c->is_stale) {
		table_text(t, "stale");
		table_colour(t, TABLE_WARN);
	} else if (query_check_is_failing(c) &&
	    outcome_is_ours(c->last_outcome)) {
		table_text(t, "failing");
		table_colour(t, TABLE_BAD);
	} else
		add_outcome(t, c->last_outcome);
}

/* Against the objective where there is one, else three nines. */
static enum table_colour
success_colour(const struct query_check *c)
{
	double wanted = c->slo_success_permyriad != QUERY_NONE ?
	    (double)c->slo_success_permyriad / 10000 : 0.999;

	return (isnan(c->success) ? TABLE_PLAIN : c->success >= wanted ?
	    TABLE_GOOD : TABLE_BAD);
}

static void
add_check(struct table *t, const struct query_check *c)
{
	int i;

	table_text(t, c->check);
	table_text(t, c->location);
	table_text(t, c->environment);
	add_state(t, c);
	add_int(t, c->has_run ? c->streak_us : QUERY_NONE);
	table_int(t, c->measured);
	table_double(t, c->success);
	table_colour(t, success_colour(c));
	add_int(t, c->p50_us);
	add_int(t, c->p95_us);
	add_int(t, c->p99_us);
	table_double(t, c->coverage);
	table_colour(t, c->coverage < 0.99 ? TABLE_WARN : TABLE_PLAIN);
	table_int(t, c->due);
	for (i = 0; i < OUTCOME_COUNT; i++)
		table_int(t, c->counts[i]);
	add_int(t, c->max_us);
	add_int(t, c->mean_us);
	add_int(t, c->has_run ? c->last_due_us : QUERY_NONE);
	table_text(t, c->owner);
}

static int
command_checks(struct command *cmd, char **operands)
{
	struct query_which which = which_of(cmd->v);
	struct query_check *list;
	size_t i, n;
	int rc;

	(void)operands;
	rc = query_checks(cmd->q, &which, cmd->since != 0 ? cmd->since :
	    cmd->now - CHECKS_SPAN, cmd->until != 0 ? cmd->until : cmd->now,
	    &list, &n);
	if (rc != 0)
		return (failed(cmd, rc));
	cmd->table = table_new(check_columns, NELEMS(check_columns));
	for (i = 0; i < n; i++)
		add_check(cmd->table, &list[i]);
	print(cmd);
	query_notes_health(cmd->q, stderr);
	query_checks_free(&list, n);
	return (EXIT_GOOD);
}

/* failures: what is failing now, and what failed in a window. */

static const struct table_column failure_columns[] = {
	{"check", "check", TABLE_TEXT},
	{"location", "location", TABLE_TEXT},
	{"environment", NULL, TABLE_TEXT},
	{"state", "state", TABLE_TEXT},
	{"outcome", "outcome", TABLE_TEXT},
	{"streak_us", "failing since (UTC)", TABLE_TIME},
	{"streak_runs", "runs", TABLE_INT},
	{"last_passed_us", "last good (UTC)", TABLE_TIME},
	{"last_bad_us", NULL, TABLE_TIME},
	{"owner", NULL, TABLE_TEXT},
	{"run", NULL, TABLE_TEXT},
	{"run_short", "latest", TABLE_TEXT},
	{"place", "where", TABLE_TEXT},
	{"reason", "reason", TABLE_TEXT},
};

struct latest {
	char id[2 * MESSAGE_ID_SIZE + 1];
	enum outcome outcome;
	char *place, *reason; /* NULL: none */
	bool is_there;
};

static bool
latest_cb(const struct query_run *r, void *arg)
{
	struct latest *l = arg;

	memcpy(l->id, r->id_hex, sizeof(l->id));
	l->outcome = r->outcome;
	l->reason = xstrdup(r->reason);
	if (r->place_file != NULL && r->place_line != QUERY_NONE)
		l->place = xasprintf("%s:%lld", r->place_file,
		    (long long)r->place_line);
	l->is_there = true;
	return (false);
}

/* Its latest run that counts against the service says why. */
static int
add_failure(struct command *cmd, const struct query_check *c)
{
	struct query_runs f = {.which = {c->check, NULL, c->location,
	    c->environment, true}, .limit = 1,
	    .outcomes = 1u << OUTCOME_FAILED | 1u << OUTCOME_UNREACHABLE |
	    1u << OUTCOME_UNKNOWN, .triggers = 1u << TRIGGER_SCHEDULE};
	struct latest l = {.outcome = OUTCOME_FAILED};
	bool is_failing = query_check_is_failing(c);
	struct table *t = cmd->table;
	int rc = query_runs(cmd->q, &f, latest_cb, &l, NULL);

	if (rc != 0)
		return (rc);
	table_text(t, c->check);
	table_text(t, c->location);
	table_text(t, c->environment);
	table_text(t, is_failing ? "failing" : "recovered");
	table_colour(t, is_failing ? TABLE_BAD : TABLE_GOOD);
	add_outcome(t, l.outcome);
	add_int(t, is_failing ? c->streak_us : QUERY_NONE);
	add_int(t, is_failing ? c->streak_runs : QUERY_NONE);
	add_int(t, c->last_passed_us);
	add_int(t, c->last_bad_us);
	table_text(t, c->owner);
	table_text(t, l.is_there ? l.id : NULL);
	l.id[ID_SHOWN] = '\0';
	table_text(t, l.is_there ? l.id : NULL);
	table_text(t, l.place);
	table_text(t, l.reason != NULL ? l.reason : "");
	free(l.place);
	free(l.reason);
	return (0);
}

/* Failing now, or, where --since is given, failed since then. */
static bool
is_wanted(const struct command *cmd, const struct query_check *c)
{
	return (query_check_is_failing(c) || (cmd->since != 0 &&
	    c->last_bad_us != QUERY_NONE && c->last_bad_us >= cmd->since));
}

static int
longest_first(const void *a, const void *b)
{
	const struct query_check *x = a, *y = b;

	if (query_check_is_failing(x) != query_check_is_failing(y))
		return (query_check_is_failing(x) ? -1 : 1);
	return ((x->streak_us > y->streak_us) -
	    (x->streak_us < y->streak_us));
}

static int
command_failures(struct command *cmd, char **operands)
{
	struct query_which which = which_of(cmd->v);
	struct query_check *list;
	size_t i, n;
	int rc;

	(void)operands;
	rc = query_checks(cmd->q, &which, cmd->now, cmd->now, &list, &n);
	if (rc != 0)
		return (failed(cmd, rc));
	if (n > 1)
		qsort(list, n, sizeof(*list), longest_first);
	cmd->table = table_new(failure_columns, NELEMS(failure_columns));
	for (i = 0; rc == 0 && i < n; i++)
		if (is_wanted(cmd, &list[i]))
			rc = add_failure(cmd, &list[i]);
	if (rc == 0) {
		print(cmd);
		query_notes_failures(list, n, stderr);
		query_notes_health(cmd->q, stderr);
	}
	table_free(&cmd->table);
	query_checks_free(&list, n);
	return (failed(cmd, rc));
}

/* gates */

static const struct table_column gate_columns[] = {
	{"gate", NULL, TABLE_TEXT},
	{"gate_short", "gate", TABLE_TEXT},
	{"stored_us", "stored (UTC)", TABLE_TIME},
	{"service", "service", TABLE_TEXT},
	{"verdict", "verdict", TABLE_TEXT},
	{"rounds", "rounds", TABLE_INT},
	{"started_us", NULL, TABLE_TIME},
	{"finished_us", NULL, TABLE_TIME},
	{"took_us", "took", TABLE_SPAN},
	{"reason", "reason", TABLE_TEXT},
};

static bool
add_gate_cb(const struct query_gate *g, void *arg)
{
	struct command *cmd = arg;
	struct table *t = cmd->table;
	const char *service = cmd->v->service;
	char shown[ID_SHOWN + 1];
	bool has_span = g->started_us != QUERY_NONE &&
	    g->finished_us != QUERY_NONE;

	if (service != NULL && (g->service == NULL ||
	    fnmatch(service, g->service, 0) != 0))
		return (true);
	memcpy(shown, g->id_hex, ID_SHOWN);
	shown[ID_SHOWN] = '\0';
	table_text(t, g->id_hex);
	table_text(t, shown);
	table_int(t, g->stored_us);
	table_text(t, g->service);
	table_text(t, g->verdict);
	if (g->verdict != NULL)
		table_colour(t, strcmp(g->verdict, "pass") == 0 ?
		    TABLE_GOOD : strcmp(g->verdict, "block") == 0 ?
		    TABLE_BAD : TABLE_WARN);
	table_int(t, g->rounds);
	add_int(t, g->started_us);
	add_int(t, g->finished_us);
	add_int(t, has_span ? g->finished_us - g->started_us : QUERY_NONE);
	table_text(t, g->reason);
	return (++cmd->shown < cmd->v->limit);
}

static int
command_gates(struct command *cmd, char **operands)
{
	int rc;

	(void)operands;
	cmd->table = table_new(gate_columns, NELEMS(gate_columns));
	rc = query_gates(cmd->q, cmd->since, SIZE_MAX >> 1, add_gate_cb, cmd);
	if (rc == 0)
		print(cmd);
	table_free(&cmd->table);
	return (failed(cmd, rc));
}

static int
command_sql(struct command *cmd, char **operands)
{
	return (query_sql(cmd->v->store, operands[0],
	    (enum format)cmd->v->format, cmd->c));
}

static const struct {
	const char *name;
	int operands;
	bool has_names;          /* of checks and services, to choose by */
	int (*run)(struct command *cmd, char **operands);
} commands[] = {
	{"runs", 0, true, command_runs},
	{"show", 1, false, command_show},
	{"checks", 0, true, command_checks},
	{"failures", 0, true, command_failures},
	{"gates", 0, false, command_gates},
	{"sql", 1, false, command_sql},
};

static int
open_and_run(struct command *cmd, size_t i, char **operands)
{
	int rc = 0;

	if (parse_when(cmd, "since", cmd->v->since, &cmd->since) != 0 ||
	    parse_when(cmd, "until", cmd->v->until, &cmd->until) != 0)
		return (EXIT_USAGE);
	if (query_open(cmd->v->store, &cmd->q, cmd->c) != 0)
		return (EXIT_UNMEASURED);
	if (commands[i].has_names)
		rc = query_names_check(cmd->q, cmd->v, cmd->now, cmd->c);
	rc = rc == 0 ? commands[i].run(cmd, operands) :
	    rc == ERR_NOT_FOUND ? EXIT_UNMEASURED : failed(cmd, rc);
	query_close(&cmd->q);
	return (rc);
}

int
query_command_run(const char *name, char **operands, int count,
    const struct query_values *v, struct cause *c)
{
	struct command cmd = {.v = v, .c = c, .now = clock_wall()};
	size_t i;

	for (i = 0; i < NELEMS(commands); i++)
		if (strcmp(name, commands[i].name) == 0)
			break;
	if (i == NELEMS(commands))
		return (ERR_NOT_FOUND);
	if (count != commands[i].operands) {
		cause_add(c, "e2e-query: %s takes %s", name,
		    commands[i].operands == 0 ? "no operand" : "one operand");
		return (EXIT_USAGE);
	}
	return (open_and_run(&cmd, i, operands));
}
