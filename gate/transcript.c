/* SPDX-License-Identifier: ISC */
/* Reading a gate document strictly: what is missing or odd is a mistake. */
#include "gate/transcript.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/err.h"
#include "base/mem.h"

#define STEPS_MOST 100000
#define LATENCY_MOST_NS ((int64_t)100 * SPAN_DAY * 1000)

/* What is being read, for sentences. */
struct reader {
	struct transcript *t;
	struct cause *cause;
};

static int
wrong(struct reader *r, const char *sentence)
{
	cause_add(r->cause, "the gate document is broken: %s", sentence);
	return (ERR_SYNTAX);
}

/* A finite number in [low, high]. */
static int
get_number(struct reader *r, const struct json *object, const char *name,
    double low, double high, double *out)
{
	double x = json_get_double(object, name, NAN);

	if (!(x >= low && x <= high)) {
		cause_add(r->cause, "the gate document is broken: %s is "
		    "missing or out of range", name);
		return (ERR_SYNTAX);
	}
	*out = x;
	return (0);
}

static int
get_margin(struct reader *r, const struct json *m, struct latency_margin *out)
{
	double us;

	if (get_number(r, m, "relative", 0, 1e6, &out->relative) != 0 ||
	    get_number(r, m, "absolute_us", 0, 1e12, &us) != 0)
		return (ERR_SYNTAX);
	out->absolute_ns = us * 1000;
	return (0);
}

static int
read_config(struct reader *r)
{
	const struct json *root = r->t->root;
	const struct json *margins = json_get(root, "margins");
	const struct json *engine = json_get(root, "engine");
	struct engine_config *c = &r->t->config;
	const struct {
		const struct json *object;
		const char *name;
		double low, high;
		double *out;
	} rows[] = {
	    {root, "alpha", 1e-300, 1 - 1e-9, &c->alpha},
	    {root, "beta", 1e-300, 1 - 1e-9, &c->beta},
	    {root, "guard", 0, 1e12, &c->guard},
	    {margins, "failure_rate", 1e-9, .69, &c->failure_margin},
	    {margins, "tail_share", 1e-9, 1, &c->tail_margin},
	    {engine, "bound_after", 0, .99, &c->bound_after},
	    {engine, "history_level", 1e-12, 1, &c->history_level},
	    {engine, "failure_weight", 0, 1, &c->failure_weight},
	    {engine, "void_most", 0, 1, &c->void_most},
	    {engine, "baseline_failing_most", 0, 1,
		&c->baseline_failing_most},
	};
	size_t i;

	c->is_history_only = json_get_bool(root, "history_only", false);
	for (i = 0; i < NELEMS(rows); i++)
		if (get_number(r, rows[i].object, rows[i].name, rows[i].low,
		    rows[i].high, rows[i].out) != 0)
			return (ERR_SYNTAX);
	/* Gates of before had none. */
	if (json_get(engine, "void_guard") != NULL && get_number(r, engine,
	    "void_guard", 0, 1e12, &c->void_guard) != 0)
		return (ERR_SYNTAX);
	if (get_margin(r, json_get(json_get(root, "tolerance"), "latency"),
	    &c->tolerance) != 0 ||
	    get_margin(r, json_get(margins, "latency"), &c->margin) != 0)
		return (ERR_SYNTAX);
	return (0);
}

/* {"phi0":[[4 numbers], ...],"tail":n}; absent: unknown. */
static int
read_phi0(struct reader *r, const struct json *aa,
    struct transcript_check *c)
{
	const struct json *steps = json_get(aa, "phi0"), *row;
	uint32_t i;
	size_t j;

	if (aa == NULL)
		return (0);
	if (steps == NULL || steps->kind != JSON_ARRAY ||
	    steps->count != c->step_count ||
	    get_number(r, aa, "tail", 0, 2, &c->tail_phi0) != 0)
		return (wrong(r, "aa does not fit the check's steps"));
	c->phi0 = xcalloc(c->step_count, sizeof(*c->phi0));
	for (i = 0; i < c->step_count; i++) {
		row = &steps->items[i];
		if (row->kind != JSON_ARRAY || row->count != LATENCY_SCORES)
			return (wrong(r, "phi0 wants four numbers"));
		for (j = 0; j < LATENCY_SCORES; j++) {
			if (row->items[j].kind != JSON_NUMBER)
				return (wrong(r, "phi0 wants numbers"));
			c->phi0[i].scores[j] = json_double(&row->items[j]);
		}
	}
	return (0);
}

/* Absent: those of the whole gate. */
static int
read_limits(struct reader *r, const struct json *v, struct engine_limits *out)
{
	const struct engine_config *c = &r->t->config;

	*out = (struct engine_limits){.tolerance = c->tolerance,
	    .margin = c->margin, .failure_margin = c->failure_margin,
	    .tail_margin = c->tail_margin};
	if (v == NULL)
		return (0);
	if (get_margin(r, json_get(v, "tolerance"), &out->tolerance) != 0 ||
	    get_margin(r, json_get(v, "margin"), &out->margin) != 0 ||
	    get_number(r, v, "failure_rate", 1e-9, .69,
	    &out->failure_margin) != 0)
		return (ERR_SYNTAX);
	if (get_number(r, v, "tail_share", 1e-9, 1, &out->tail_margin) != 0)
		return (ERR_SYNTAX);
	if (json_get(v, "alpha") != NULL && get_number(r, v, "alpha", 1e-300,
	    1 - 1e-9, &out->alpha) != 0)
		return (ERR_SYNTAX);
	return (json_get(v, "beta") == NULL ? 0 : get_number(r, v, "beta",
	    1e-300, 1 - 1e-9, &out->beta));
}

static int
read_check(struct reader *r, const struct json *v,
    struct transcript_check *c)
{
	const struct json *steps = json_get(v, "steps");
	const struct json *history = json_get(v, "history");
	const struct json *quarantine = json_get(v, "quarantine");

	c->name = json_get_str(v, "check", NULL);
	c->definitions[ARM_CANDIDATE] = json_get_str(v,
	    "candidate_definition", "");
	c->definitions[ARM_BASELINE] = json_get_str(v,
	    "baseline_definition", "");
	c->is_quarantined = json_get_bool(v, "advisory", false) ||
	    (quarantine != NULL && !json_get_bool(quarantine, "expired",
	    false));
	if (c->name == NULL || steps == NULL || steps->kind != JSON_ARRAY ||
	    steps->count > STEPS_MOST)
		return (wrong(r, "a check without a name or steps"));
	c->step_count = (uint32_t)steps->count;
	if (get_number(r, history, "runs", 0, 1e15, &c->history.runs) != 0 ||
	    get_number(r, history, "failures", 0, 1e15,
	    &c->history.failures) != 0 || get_number(r, history,
	    "dispersion", 1, 1e15, &c->history.dispersion) != 0)
		return (ERR_SYNTAX);
	if (c->history.failures > c->history.runs)
		return (wrong(r, "a history with more failures than runs"));
	if (read_limits(r, json_get(v, "limits"), &c->limits) != 0)
		return (ERR_SYNTAX);
	return (read_phi0(r, json_get(v, "aa"), c));
}

static int
read_checks(struct reader *r)
{
	const struct json *list = json_get(r->t->root, "checks");
	size_t i;

	if (list == NULL || list->kind != JSON_ARRAY)
		return (wrong(r, "there is no list of checks"));
	r->t->checks = xcalloc(list->count, sizeof(*r->t->checks));
	for (i = 0; i < list->count; i++) {
		r->t->check_count++;
		if (read_check(r, &list->items[i], &r->t->checks[i]) != 0)
			return (ERR_SYNTAX);
	}
	return (0);
}

static int
read_latencies(struct reader *r, const struct json *half, uint32_t steps,
    int64_t *out)
{
	const struct json *list = json_get(half, "latency_ns");
	uint32_t i;

	if (list == NULL || list->kind != JSON_ARRAY || list->count != steps)
		return (wrong(r, "a run without a latency of each step"));
	for (i = 0; i < steps; i++) {
		out[i] = ENGINE_NOT_REACHED;
		if (list->items[i].kind == JSON_NULL)
			continue;
		if (list->items[i].kind != JSON_NUMBER ||
		    json_int(&list->items[i], &out[i]) != 0 || out[i] < 0 ||
		    out[i] > LATENCY_MOST_NS)
			return (wrong(r, "a latency that is none"));
	}
	return (0);
}

static int
read_half(struct reader *r, const struct json *v, struct transcript_pair *p,
    enum arm arm, int64_t *latencies)
{
	const struct json *half = json_get(v, arm_name(arm));
	struct ledger_half *kept = &p->kept.halves[arm];
	struct engine_arm *out = arm == ARM_CANDIDATE ? &p->pair.candidate :
	    &p->pair.baseline;
	const char *run = json_get_str(half, "run", "");
	uint32_t steps = r->t->checks[p->kept.check].step_count, i;

	out->latency_ns = latencies;
	for (i = 0; i < steps; i++)
		latencies[i] = ENGINE_NOT_REACHED;
	if (half == NULL)
		return (p->kept.is_void || (arm == ARM_BASELINE &&
		    r->t->config.is_history_only) ? 0 :
		    wrong(r, "half a pair"));
	kept->has_run = true;
	kept->outcome = outcome_parse(json_get_str(half, "outcome", ""));
	kept->started_us = json_get_int(half, "started_us", 0);
	kept->duration_us = json_get_int(half, "duration_us", 0);
	if (kept->outcome == OUTCOME_COUNT ||
	    strlen(run) != 2 * MESSAGE_ID_SIZE ||
	    crypto_unhex(run, 2 * MESSAGE_ID_SIZE, kept->run) != 0)
		return (wrong(r, "a run without an id or an outcome"));
	out->is_failed = outcome_is_against_service(kept->outcome);
	return (read_latencies(r, half, steps, latencies));
}

static int
parse_kind(const char *name, enum engine_pair_kind *out)
{
	static const char *const names[] = {"round", "warmup", "focus"};
	size_t i;

	for (i = 0; i < NELEMS(names); i++)
		if (strcmp(name, names[i]) == 0) {
			*out = (enum engine_pair_kind)i;
			return (0);
		}
	return (ERR_SYNTAX);
}

static int
read_pair(struct reader *r, const struct json *v, size_t at)
{
	struct transcript_pair *p = &r->t->pairs[at];
	struct transcript_check *c;
	const char *name = json_get_str(v, "check", "");
	size_t check = transcript_find_check(r->t, name);
	int64_t *latencies;

	if (check == SIZE_MAX)
		return (wrong(r, "a round of a check that is not listed"));
	c = &r->t->checks[check];
	latencies = xcalloc(2 * (size_t)c->step_count + 1,
	    sizeof(*latencies));
	r->t->latencies[at] = latencies;
	p->kept.check = check;
	p->kept.number = ++c->pairs;
	p->kept.is_void = p->pair.is_void = json_get_bool(v, "void", false);
	p->kept.is_candidate_first = strcmp(json_get_str(v, "first", ""),
	    arm_name(ARM_CANDIDATE)) == 0;
	if (parse_kind(json_get_str(v, "kind", ""), &p->kept.kind) != 0 ||
	    json_get_int(v, "pair", 0) != p->kept.number)
		return (wrong(r, "rounds that do not follow each other"));
	p->pair.kind = p->kept.kind;
	if (read_half(r, v, p, ARM_CANDIDATE, latencies) != 0 ||
	    read_half(r, v, p, ARM_BASELINE, latencies + c->step_count) != 0)
		return (ERR_SYNTAX);
	/* The half that made it void was the last one. */
	p->pair.is_candidate_void = p->kept.is_void &&
	    p->kept.halves[ARM_CANDIDATE].has_run &&
	    (!p->kept.halves[ARM_BASELINE].has_run ||
	    !p->kept.is_candidate_first);
	return (0);
}

static int
read_pairs(struct reader *r)
{
	const struct json *list = json_get(r->t->root, "rounds");
	size_t i;

	if (list == NULL || list->kind != JSON_ARRAY)
		return (wrong(r, "there are no rounds"));
	r->t->pairs = xcalloc(list->count, sizeof(*r->t->pairs));
	r->t->latencies = xcalloc(list->count, sizeof(*r->t->latencies));
	for (i = 0; i < list->count; i++) {
		r->t->pair_count++;
		if (read_pair(r, &list->items[i], i) != 0)
			return (ERR_SYNTAX);
	}
	return (0);
}

static int
read_all(struct reader *r)
{
	struct transcript *t = r->t;
	const struct json *evidence = json_get(t->root, "evidence");

	t->id_hex = json_get_str(t->root, "gate", "");
	t->identity = json_get_str(t->root, "identity", NULL);
	t->verdict = json_get_str(t->root, "verdict", NULL);
	t->seed = (uint64_t)json_get_int(t->root, "seed", 0);
	if (json_get_int(t->root, "version", 0) != 1 ||
	    strlen(t->id_hex) != 2 * MESSAGE_ID_SIZE || t->verdict == NULL ||
	    crypto_unhex(t->id_hex, 2 * MESSAGE_ID_SIZE, t->id) != 0)
		return (wrong(r, "it is no gate document of version 1"));
	if (read_config(r) != 0 || read_checks(r) != 0 || read_pairs(r) != 0)
		return (ERR_SYNTAX);
	if (get_number(r, evidence, "log_e", -1e300, 1e300, &t->log_e) != 0)
		return (ERR_SYNTAX);
	return (get_number(r, evidence, "log_bound", 0, 1e300,
	    &t->log_bound));
}

int
transcript_read(const char *text, size_t len, struct transcript *out,
    struct cause *cause)
{
	struct transcript t = {.doc = NULL};
	struct reader r = {&t, cause};
	struct json_error error;
	int rc;

	if (json_parse(text, len, &json_limits_default, &t.doc, &error) !=
	    0) {
		cause_add(cause, "the gate document is no JSON: %s at byte "
		    "%zu", error.sentence, error.offset);
		return (ERR_SYNTAX);
	}
	t.root = json_root(t.doc);
	rc = read_all(&r);
	if (rc == 0)
		*out = t;
	else
		transcript_fini(&t);
	return (rc);
}

void
transcript_fini(struct transcript *t)
{
	size_t i;

	for (i = 0; i < t->check_count; i++)
		free(t->checks[i].phi0);
	for (i = 0; i < t->pair_count; i++)
		free(t->latencies[i]);
	free(t->checks);
	free(t->pairs);
	free(t->latencies);
	json_free(&t->doc);
	*t = (struct transcript){.doc = NULL};
}

static char *
copy_text(const struct json *v, const char *name)
{
	return (xstrdup(json_get_str(v, name, NULL)));
}

static void
give_failure(const struct json *v, struct ledger *l, size_t check,
    bool is_first)
{
	const char *run = json_get_str(v, "run", "");
	struct ledger_failure f = {.is_set = true,
	    .arm = strcmp(json_get_str(v, "arm", ""),
	    arm_name(ARM_BASELINE)) == 0 ? ARM_BASELINE : ARM_CANDIDATE,
	    .number = (uint32_t)json_get_int(v, "pair", 0),
	    .outcome = outcome_parse(json_get_str(v, "outcome", ""))};

	if (f.outcome == OUTCOME_COUNT ||
	    strlen(run) != 2 * MESSAGE_ID_SIZE ||
	    crypto_unhex(run, 2 * MESSAGE_ID_SIZE, f.run) != 0)
		return;
	f.what = (struct sample_failure){
	    .reason = copy_text(v, "reason"),
	    .file = copy_text(v, "file"),
	    .line = json_get_int(v, "line", 0),
	    .column = json_get_int(v, "column", 0),
	    .kind = copy_text(v, "kind"),
	    .message = copy_text(v, "message"),
	    .expected = copy_text(v, "expected"),
	    .actual = copy_text(v, "actual"),
	    .url = copy_text(v, "url"),
	    .status = json_get_int(v, "status", 0),
	    .entry = json_get_int(v, "entry", 0),
	    .request = copy_text(v, "request"),
	    .response = copy_text(v, "response"),
	};
	run = json_get_str(v, "baseline_run", "");
	if (strlen(run) == 2 * MESSAGE_ID_SIZE &&
	    crypto_unhex(run, 2 * MESSAGE_ID_SIZE, f.good_run) == 0)
		f.good_response = copy_text(v, "baseline_response");
	ledger_adopt_failure(l, check, &f, is_first &&
	    f.arm == ARM_CANDIDATE);
}

void
transcript_give_failures(const struct transcript *t, struct ledger *l,
    const size_t *check_of)
{
	const struct json *checks = json_get(t->root, "checks"), *list;
	const char *first = json_get_str(json_get(t->root, "first_failure"),
	    "check", "");
	size_t i, j;

	for (i = 0; i < t->check_count; i++) {
		list = json_get(&checks->items[i], "first_failures");
		if (list == NULL || list->kind != JSON_ARRAY)
			continue;
		for (j = 0; j < list->count; j++)
			give_failure(&list->items[j], l, check_of[i],
			    strcmp(t->checks[i].name, first) == 0);
	}
}

struct engine *
transcript_engine(const struct transcript *t)
{
	struct engine_check *checks = xcalloc(t->check_count,
	    sizeof(*checks));
	struct engine_phi0 *phi0 = xcalloc(t->check_count, sizeof(*phi0));
	const struct transcript_check *c;
	struct engine *e;
	size_t i;

	for (i = 0; i < t->check_count; i++) {
		c = &t->checks[i];
		phi0[i] = (struct engine_phi0){c->phi0, c->tail_phi0};
		checks[i] = (struct engine_check){
		    .name = c->name,
		    .step_count = c->step_count,
		    .history = c->history,
		    .phi0 = c->phi0 != NULL ? &phi0[i] : NULL,
		    .is_quarantined = c->is_quarantined,
		    .limits = &c->limits,
		};
	}
	e = engine_new(&t->config, checks, t->check_count);
	free(checks);
	free(phi0);
	return (e);
}

size_t
transcript_find_check(const struct transcript *t, const char *name)
{
	size_t i;

	for (i = 0; i < t->check_count; i++)
		if (strcmp(t->checks[i].name, name) == 0)
			return (i);
	return (SIZE_MAX);
}
