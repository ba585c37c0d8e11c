/* SPDX-License-Identifier: ISC */
/*
 * Simulated gates as JSON, one in a line, and what the engine says of them:
 * the other side of tests/gate/crosscheck.py.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "tests/bench/bench_gate.h"

#define LINE_MOST_BYTES (64u << 20)
#define FILE_MOST_BYTES (1u << 30)

/* ---- truths ---- */

static void
put_marginal(struct json_out *o, const char *name,
    const struct simulate_marginal *m)
{
	static const char *const shapes[] = {"lognormal", "bimodal",
	    "pareto"};

	json_out_key(o, name);
	json_out_object(o);
	json_out_kv_str(o, "shape", shapes[m->shape]);
	json_out_kv_double(o, "scale", m->scale);
	json_out_kv_double(o, "sigma", m->sigma);
	json_out_kv_double(o, "slow_share", m->slow_share);
	json_out_object_end(o);
}

static void
put_figure(struct json_out *o, const struct figure *f)
{
	const struct simulate_truth *t = &f->truth;

	json_out_object(o);
	json_out_kv_str(o, "name", t->name);
	json_out_kv_int(o, "figure", f->number);
	json_out_kv_bool(o, "boundary", f->is_boundary);
	json_out_kv_int(o, "checks", t->check_count);
	json_out_kv_int(o, "steps", t->step_count);
	json_out_kv_int(o, "rounds", t->round_count);
	json_out_kv_int(o, "aa_rounds", t->aa_count);
	put_marginal(o, "baseline", &t->baseline);
	put_marginal(o, "candidate", &t->candidate);
	json_out_kv_int(o, "changed_check", t->changed_check);
	json_out_kv_int(o, "changed_step", t->changed_step);
	json_out_kv_double(o, "rho", t->weather.rho);
	json_out_kv_double(o, "shared", t->weather.shared);
	json_out_kv_double(o, "own", t->weather.own);
	json_out_kv_int(o, "failing_check", t->failing_check);
	json_out_kv_double(o, "history_rate", t->history_rate);
	json_out_kv_double(o, "baseline_rate", t->baseline_rate);
	json_out_kv_double(o, "candidate_rate", t->candidate_rate);
	json_out_kv_bool(o, "latency_only", t->is_latency_only);
	json_out_object_end(o);
}

static void
print_line(struct buf *line)
{
	puts(buf_str(line));
	buf_reset(line);
}

void
rounds_print_figures(void)
{
	static struct figure figures[FIGURE_COUNT];
	size_t n = figures_make(figures), i;
	struct json_out o;
	struct buf line;

	buf_init(&line, LINE_MOST_BYTES);
	for (i = 0; i < n; i++) {
		json_out_init(&o, &line);
		put_figure(&o, &figures[i]);
		print_line(&line);
	}
	buf_fini(&line);
}

void
rounds_print_rates(int runs)
{
	static struct figure figures[FIGURE_COUNT];
	size_t n = figures_make(figures), i;
	struct json_out o;
	struct tally t;
	struct buf line;

	buf_init(&line, LINE_MOST_BYTES);
	for (i = 0; i < n; i++) {
		t = tally_gates(&figures[i], figures[i].truth.check_count > 1 ?
		    (runs + 9) / 10 : runs);
		json_out_init(&o, &line);
		json_out_object(&o);
		json_out_kv_str(&o, "name", figures[i].truth.name);
		json_out_kv_int(&o, "runs", t.runs);
		json_out_kv_int(&o, "blocks", t.blocks);
		json_out_kv_int(&o, "passes", t.passes);
		json_out_kv_double(&o, "rounds", t.rounds);
		json_out_kv_double(&o, "rounds_squared", t.rounds_squared);
		json_out_object_end(&o);
		print_line(&line);
	}
	buf_fini(&line);
}

/* ---- gates with their rounds ---- */

/* All rounds of a gate: latencies at service * rounds + round. */
struct recorded {
	struct simulate_gate gate;
	int64_t *base, *cand;
	bool *base_failed, *cand_failed; /* check * rounds + round */
};

static void
recorded_alloc(struct recorded *r)
{
	const struct simulate_truth *t = r->gate.truth;
	size_t cells = (size_t)t->check_count * t->round_count;

	r->base = xcalloc(cells * t->step_count, sizeof(int64_t));
	r->cand = xcalloc(cells * t->step_count, sizeof(int64_t));
	r->base_failed = xcalloc(cells, sizeof(bool));
	r->cand_failed = xcalloc(cells, sizeof(bool));
}

static void
recorded_fini(struct recorded *r)
{
	simulate_fini(&r->gate);
	free(r->base);
	free(r->cand);
	free(r->base_failed);
	free(r->cand_failed);
}

static void
recorded_draw(struct recorded *r, const struct simulate_truth *t,
    uint64_t seed)
{
	struct simulate_gate *g = &r->gate;
	size_t services = (size_t)t->check_count * t->step_count, i, j;

	simulate_init(g, t, seed);
	recorded_alloc(r);
	for (i = 0; i < t->round_count; i++) {
		simulate_next(g);
		for (j = 0; j < services; j++) {
			r->base[j * t->round_count + i] = g->base[j];
			r->cand[j * t->round_count + i] = g->cand[j];
		}
		for (j = 0; j < t->check_count; j++) {
			r->base_failed[j * t->round_count + i] =
			    g->base_failed[j];
			r->cand_failed[j * t->round_count + i] =
			    g->cand_failed[j];
		}
	}
}

static void
put_rows(struct json_out *o, const char *name, const int64_t *rows,
    uint32_t count, uint32_t rounds)
{
	uint32_t i, j;

	json_out_key(o, name);
	json_out_array(o);
	for (i = 0; i < count; i++) {
		json_out_array(o);
		for (j = 0; j < rounds; j++)
			json_out_int(o, rows[(size_t)i * rounds + j]);
		json_out_array_end(o);
	}
	json_out_array_end(o);
}

static void
put_flags(struct json_out *o, const char *name, const bool *flags,
    uint32_t rounds)
{
	uint32_t j;

	json_out_key(o, name);
	json_out_array(o);
	for (j = 0; j < rounds; j++)
		json_out_int(o, flags[j]);
	json_out_array_end(o);
}

static void
put_check(struct json_out *o, const struct recorded *r, uint32_t check)
{
	const struct simulate_truth *t = r->gate.truth;
	size_t first = (size_t)check * t->step_count;
	size_t at = (size_t)check * t->round_count;

	json_out_object(o);
	json_out_kv_double(o, "runs", r->gate.checks[check].history.runs);
	json_out_kv_double(o, "failures",
	    r->gate.checks[check].history.failures);
	put_rows(o, "aa_baseline", r->gate.aa_base + first * t->aa_count,
	    t->step_count, t->aa_count);
	put_rows(o, "aa_candidate", r->gate.aa_cand + first * t->aa_count,
	    t->step_count, t->aa_count);
	put_rows(o, "baseline", r->base + first * t->round_count,
	    t->step_count, t->round_count);
	put_rows(o, "candidate", r->cand + first * t->round_count,
	    t->step_count, t->round_count);
	put_flags(o, "baseline_failed", r->base_failed + at, t->round_count);
	put_flags(o, "candidate_failed", r->cand_failed + at,
	    t->round_count);
	json_out_object_end(o);
}

void
rounds_print_gates(const char *name, int first, int count)
{
	static struct figure figures[FIGURE_COUNT];
	size_t n = figures_make(figures), i;
	struct recorded r;
	struct json_out o;
	struct buf line;
	uint32_t k;
	int at;

	buf_init(&line, LINE_MOST_BYTES);
	for (i = 0; i < n; i++)
		for (at = first; at < first + count &&
		    strcmp(figures[i].truth.name, name) == 0; at++) {
			recorded_draw(&r, &figures[i].truth,
			    simulate_seed(&figures[i].truth, at));
			json_out_init(&o, &line);
			json_out_object(&o);
			json_out_kv_str(&o, "name", name);
			json_out_key(&o, "checks");
			json_out_array(&o);
			for (k = 0; k < figures[i].truth.check_count; k++)
				put_check(&o, &r, k);
			json_out_array_end(&o);
			json_out_object_end(&o);
			print_line(&line);
			recorded_fini(&r);
		}
	buf_fini(&line);
}

/* ---- judging ---- */

static int
take_rows(const struct json *check, const char *name, uint32_t count,
    uint32_t rounds, int64_t *out)
{
	const struct json *rows = json_get(check, name), *row;
	uint32_t i, j;

	if (rows == NULL || rows->kind != JSON_ARRAY || rows->count != count)
		return (ERR_SYNTAX);
	for (i = 0; i < count; i++) {
		row = &rows->items[i];
		if (row->kind != JSON_ARRAY || row->count != rounds)
			return (ERR_SYNTAX);
		for (j = 0; j < rounds; j++)
			if (json_int(&row->items[j], &out[(size_t)i * rounds +
			    j]) != 0)
				return (ERR_SYNTAX);
	}
	return (0);
}

static int
take_flags(const struct json *check, const char *name, uint32_t rounds,
    bool *out)
{
	const struct json *row = json_get(check, name);
	int64_t value;
	uint32_t j;

	if (row == NULL || row->kind != JSON_ARRAY || row->count != rounds)
		return (ERR_SYNTAX);
	for (j = 0; j < rounds; j++) {
		if (json_int(&row->items[j], &value) != 0)
			return (ERR_SYNTAX);
		out[j] = value != 0;
	}
	return (0);
}

static int
take_check(const struct json *check, struct recorded *r, uint32_t k)
{
	const struct simulate_truth *t = r->gate.truth;
	size_t first = (size_t)k * t->step_count;
	size_t aa = first * t->aa_count, at = (size_t)k * t->round_count;
	int rc = 0;

	r->gate.checks[k].history.runs = json_get_double(check, "runs", 0);
	r->gate.checks[k].history.failures = json_get_double(check,
	    "failures", 0);
	rc |= take_rows(check, "aa_baseline", t->step_count, t->aa_count,
	    r->gate.aa_base + aa);
	rc |= take_rows(check, "aa_candidate", t->step_count, t->aa_count,
	    r->gate.aa_cand + aa);
	rc |= take_rows(check, "baseline", t->step_count, t->round_count,
	    r->base + first * t->round_count);
	rc |= take_rows(check, "candidate", t->step_count, t->round_count,
	    r->cand + first * t->round_count);
	rc |= take_flags(check, "baseline_failed", t->round_count,
	    r->base_failed + at);
	rc |= take_flags(check, "candidate_failed", t->round_count,
	    r->cand_failed + at);
	if (rc == 0 && t->aa_count > 0)
		r->gate.given[k].tail = simulate_phi0(r->gate.aa_base + aa,
		    r->gate.aa_cand + aa, t->step_count, t->aa_count,
		    &r->gate.phi0[first]);
	return (rc);
}

/* A gate of a figure's truth whose rounds come from a line. */
static int
recorded_read(struct recorded *r, const struct json *line,
    const struct figure *figures, size_t count)
{
	const char *name = json_get_str(line, "name", "");
	const struct json *checks = json_get(line, "checks");
	uint32_t k;
	size_t i;

	for (i = 0; i < count; i++)
		if (strcmp(figures[i].truth.name, name) == 0)
			break;
	if (i == count || checks == NULL || checks->kind != JSON_ARRAY ||
	    checks->count != figures[i].truth.check_count)
		return (ERR_SYNTAX);
	simulate_init(&r->gate, &figures[i].truth, 0);
	recorded_alloc(r);
	for (k = 0; k < checks->count; k++)
		if (take_check(&checks->items[k], r, k) != 0) {
			recorded_fini(r);
			return (ERR_SYNTAX);
		}
	return (0);
}

/* Make round i the gate's present one. */
static void
recorded_round(struct recorded *r, uint32_t i)
{
	const struct simulate_truth *t = r->gate.truth;
	size_t services = (size_t)t->check_count * t->step_count, j;

	for (j = 0; j < services; j++) {
		r->gate.base[j] = r->base[j * t->round_count + i];
		r->gate.cand[j] = r->cand[j * t->round_count + i];
	}
	for (j = 0; j < t->check_count; j++) {
		r->gate.base_failed[j] = r->base_failed[j * t->round_count +
		    i];
		r->gate.cand_failed[j] = r->cand_failed[j * t->round_count +
		    i];
	}
}

static void
put_names(struct json_out *o, const struct engine_component *named, size_t n)
{
	size_t i;

	json_out_key(o, "named");
	json_out_array(o);
	for (i = 0; i < n; i++) {
		json_out_array(o);
		json_out_int(o, (int64_t)named[i].check);
		json_out_int(o, named[i].step == ENGINE_NO_STEP ? -1 :
		    (int64_t)named[i].step);
		json_out_array_end(o);
	}
	json_out_array_end(o);
}

static void
put_streams(struct json_out *o, const struct engine *e)
{
	struct engine_component *parts;
	size_t n = engine_components(e, &parts), i;

	json_out_key(o, "streams");
	json_out_array(o);
	for (i = 0; i < n; i++) {
		json_out_object(o);
		json_out_kv_str(o, "part", engine_part_name(parts[i].part));
		json_out_kv_int(o, "check", (int64_t)parts[i].check);
		if (parts[i].step != ENGINE_NO_STEP)
			json_out_kv_int(o, "step", parts[i].step);
		json_out_kv_double(o, "log_e", parts[i].log_e);
		json_out_object_end(o);
	}
	json_out_array_end(o);
	free(parts);
}

/* All rounds go in; the verdict, and the names, are of the first one. */
static void
put_judgement(struct json_out *o, struct recorded *r)
{
	struct engine *e = simulate_engine(&r->gate);
	uint32_t rounds = r->gate.truth->round_count, i, decided = 0;
	struct engine_component *named = xcalloc(engine_hypothesis_count(e),
	    sizeof(*named));
	size_t names = 0;

	json_out_object(o);
	json_out_kv_str(o, "name", r->gate.truth->name);
	json_out_key(o, "evidence");
	json_out_array(o);
	for (i = 0; i < rounds; i++) {
		recorded_round(r, i);
		simulate_add(&r->gate, e);
		json_out_double(o, engine_log_evidence(e));
		if (decided > 0 || engine_decide(e) == ENGINE_UNDECIDED)
			continue;
		decided = i + 1;
		if (engine_decide(e) == ENGINE_BLOCK)
			names = engine_attribute(e, .1, named);
	}
	json_out_array_end(o);
	json_out_kv_str(o, "verdict", engine_verdict_name(engine_finish(e)));
	json_out_kv_int(o, "round", decided > 0 ? decided : rounds);
	put_names(o, named, names);
	put_streams(o, e);
	json_out_object_end(o);
	free(named);
	engine_free(&e);
}

static int
judge_line(const char *text, size_t len, const struct figure *figures,
    size_t count, struct buf *out)
{
	struct json_doc *doc;
	struct recorded r;
	struct json_out o;
	int rc;

	if (json_parse(text, len, &json_limits_default, &doc, NULL) != 0)
		return (ERR_SYNTAX);
	rc = recorded_read(&r, json_root(doc), figures, count);
	json_free(&doc);
	if (rc != 0)
		return (rc);
	json_out_init(&o, out);
	put_judgement(&o, &r);
	print_line(out);
	recorded_fini(&r);
	return (0);
}

int
rounds_judge(const char *path)
{
	static struct figure figures[FIGURE_COUNT];
	size_t n = figures_make(figures), len;
	char *text, *rest, *line;
	struct buf out;
	int rc = 0;

	if (file_read(path, FILE_MOST_BYTES, &text, &len) != 0) {
		fprintf(stderr, "bench_gate: cannot read %s\n", path);
		return (EXIT_UNMEASURED);
	}
	buf_init(&out, LINE_MOST_BYTES);
	rest = text;
	while (rc == 0 && (line = strsep(&rest, "\n")) != NULL)
		if (*line != '\0')
			rc = judge_line(line, strlen(line), figures, n, &out);
	if (rc != 0)
		fprintf(stderr, "bench_gate: %s holds no gates\n", path);
	buf_fini(&out);
	free(text);
	return (rc == 0 ? EXIT_GOOD : EXIT_DEFINITION);
}
