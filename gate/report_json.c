/* SPDX-License-Identifier: ISC */
/*
 * The gate document (doc/gate-document.md): all that was decided and why,
 * and every pair of runs, so that the verdict can be computed again.
 */
#include "gate/report_json.h"

#include <math.h>
#include <string.h>

#include "base/crypto.h"
#include "base/json_out.h"
#include "gate/interval.h"
#include "gate/override.h"
#include "gate/trace.h"

static const char *const kind_names[] = {"round", "warmup", "focus"};
static const char *const end_names[] = {"rounds", "time", "no-probe",
    "interrupted"};

static void
put_settings(const struct report *r, struct json_out *o)
{
	const struct settings *s = r->session->settings;
	struct engine_config c = settings_engine(s);

	json_out_kv_double(o, "alpha", c.alpha);
	json_out_kv_double(o, "beta", c.beta);
	json_out_key(o, "tolerance");
	json_out_object(o);
	report_json_margin(o, "latency", c.tolerance);
	json_out_object_end(o);
	json_out_key(o, "margins");
	json_out_object(o);
	json_out_kv_double(o, "failure_rate", c.failure_margin);
	report_json_margin(o, "latency", c.margin);
	json_out_kv_double(o, "tail_share", c.tail_margin);
	json_out_object_end(o);
	json_out_kv_double(o, "guard", c.guard);
	json_out_key(o, "engine");
	json_out_object(o);
	json_out_kv_double(o, "bound_after", c.bound_after);
	json_out_kv_double(o, "history_level", c.history_level);
	json_out_kv_double(o, "failure_weight", c.failure_weight);
	json_out_kv_double(o, "void_most", c.void_most);
	json_out_kv_double(o, "void_guard", c.void_guard);
	json_out_kv_double(o, "baseline_failing_most",
	    c.baseline_failing_most);
	json_out_object_end(o);
	json_out_key(o, "budget");
	json_out_object(o);
	json_out_kv_int(o, "rounds", s->rounds);
	json_out_kv_int(o, "time_us", s->time);
	json_out_kv_int(o, "warmup", s->warmup);
	json_out_kv_int(o, "focus_pairs", ROUNDS_FOCUS_PAIRS);
	json_out_kv_int(o, "probes", s->probes);
	json_out_kv_int(o, "parallel", s->parallel);
	json_out_object_end(o);
	json_out_kv_int(o, "seed", s->seed);
}

static void
put_arm(const struct report *r, enum arm arm, struct json_out *o)
{
	const struct settings *s = r->session->settings;
	size_t i;

	json_out_key(o, arm_name(arm));
	json_out_object(o);
	json_out_kv_str(o, "environment", s->environments[arm]);
	json_out_kv_str(o, "version", s->versions[arm]);
	json_out_key(o, "variables");
	json_out_object(o);
	for (i = 0; i < s->variable_counts[arm]; i++) {
		json_out_key_n(o, s->variables[arm][i].name,
		    strlen(s->variables[arm][i].name));
		json_out_str(o, s->variables[arm][i].text);
	}
	json_out_object_end(o);
	json_out_object_end(o);
}

static void
put_component(const struct report *r, const struct engine_component *c,
    struct json_out *o)
{
	bool is_pass = c->part >= ENGINE_PART_PASS_FAILURES;

	json_out_object(o);
	json_out_kv_str(o, "part", engine_part_name(c->part));
	json_out_kv_str(o, "check", r->session->suite->checks[c->check].id);
	if (c->step != ENGINE_NO_STEP)
		json_out_kv_int(o, "step", c->step + 1);
	json_out_kv_double(o, "log_e", c->log_e);
	json_out_kv_double(o, "log_bound", c->log_bound);
	json_out_kv_int(o, "n", c->count);
	json_out_kv_double(o, "phi", c->phi);
	json_out_kv_double(o, "kappa", c->kappa);
	if (!isnan(c->estimate))
		json_out_kv_double(o, "estimate", c->estimate);
	if (is_pass) {
		json_out_kv_bool(o, "needed", c->is_needed);
		json_out_kv_bool(o, "holds", c->is_done);
		json_out_kv_double(o, "margin", c->margin);
		if (!isnan(c->margin_reached))
			json_out_kv_double(o, "margin_reached",
			    c->margin_reached);
		if (c->rounds_to_go != UINT32_MAX)
			json_out_kv_int(o, "rounds_to_go", c->rounds_to_go);
	} else
		json_out_kv_double(o, "weight", c->weight);
	json_out_object_end(o);
}

static void
put_interval(struct json_out *o, const char *name, const struct interval *i)
{
	if (isnan(i->estimate))
		return;
	json_out_key(o, name);
	json_out_object(o);
	json_out_kv_double(o, "estimate", i->estimate);
	if (!isnan(i->low)) {
		json_out_kv_double(o, "low", i->low);
		json_out_kv_double(o, "high", i->high);
	}
	json_out_kv_double(o, "level", INTERVAL_LEVEL);
	json_out_kv_int(o, "n", i->count);
	json_out_object_end(o);
}

/* How large a regression is. */
static void
put_intervals(const struct report *r, const struct engine_component *c,
    struct json_out *o)
{
	const struct engine *e = r->session->engine;
	struct engine_counts n = engine_counts(e, c->check);
	struct interval i;

	if (c->step != ENGINE_NO_STEP) {
		i = interval_ratio(e, c->check, c->step);
		put_interval(o, "latency_ratio", &i);
		return;
	}
	i = interval_rate(n.candidate_failures, n.rounds);
	put_interval(o, "failure_rate", &i);
	if (r->session->settings->is_history_only)
		return;
	i = interval_rate(n.baseline_failures, n.rounds);
	put_interval(o, "baseline_failure_rate", &i);
}

static void
put_regression(const struct report *r, const struct engine_component *c,
    struct json_out *o)
{
	struct buf text;

	buf_init(&text, 1 << 16);
	json_out_object(o);
	json_out_kv_str(o, "part", engine_part_name(c->part));
	json_out_kv_str(o, "check", r->session->suite->checks[c->check].id);
	if (c->step != ENGINE_NO_STEP)
		json_out_kv_int(o, "step", c->step + 1);
	report_subject(r, c, &text);
	json_out_kv_str(o, "subject", buf_str(&text));
	buf_reset(&text);
	report_size(r, c, &text);
	json_out_kv_str(o, "size", buf_str(&text));
	put_intervals(r, c, o);
	json_out_kv_double(o, "log_e", c->log_e);
	json_out_object_end(o);
	buf_fini(&text);
}

static void
put_half(const struct ledger_half *h, const struct engine_arm *arm,
    uint32_t steps, struct json_out *o)
{
	uint32_t i;

	json_out_object(o);
	report_json_hex(o, "run", h->run);
	json_out_kv_str(o, "outcome", outcome_name(h->outcome));
	if (h->started_us > 0)
		json_out_kv_int(o, "started_us", h->started_us);
	json_out_kv_int(o, "duration_us", h->duration_us);
	json_out_key(o, "latency_ns");
	json_out_array(o);
	for (i = 0; i < steps; i++)
		if (arm->latency_ns[i] >= 0)
			json_out_int(o, arm->latency_ns[i]);
		else
			json_out_null(o);
	json_out_array_end(o);
	json_out_object_end(o);
}

static void
put_pair(const struct report *r, const struct ledger_pair *p,
    struct json_out *o)
{
	uint32_t steps = engine_step_count(r->session->engine, p->check);
	struct engine_pair pair;

	engine_pair_at(r->session->engine, p->check, p->number - 1, &pair);
	json_out_object(o);
	json_out_kv_str(o, "check", r->session->suite->checks[p->check].id);
	json_out_kv_int(o, "pair", p->number);
	json_out_kv_str(o, "kind", kind_names[p->kind]);
	json_out_kv_str(o, "first", arm_name(p->is_candidate_first ?
	    ARM_CANDIDATE : ARM_BASELINE));
	json_out_kv_bool(o, "void", p->is_void);
	if (p->halves[ARM_CANDIDATE].has_run) {
		json_out_key(o, "candidate");
		put_half(&p->halves[ARM_CANDIDATE], &pair.candidate, steps,
		    o);
	}
	if (p->halves[ARM_BASELINE].has_run) {
		json_out_key(o, "baseline");
		put_half(&p->halves[ARM_BASELINE], &pair.baseline, steps, o);
	}
	json_out_object_end(o);
}

static void
put_overrides(const struct override_list *l, struct json_out *o)
{
	const struct override *v;
	size_t i;

	if (l == NULL || l->count == 0)
		return;
	json_out_key(o, "overrides");
	json_out_array(o);
	for (i = 0; i < l->count; i++) {
		v = &l->items[i];
		json_out_object(o);
		json_out_kv_str(o, "who", v->who);
		json_out_kv_str(o, "why", v->why);
		json_out_kv_str(o, "scope", override_scope_name(v->scope));
		json_out_kv_str(o, "gate", v->gate);
		json_out_kv_int(o, "at_us", v->at);
		json_out_kv_int(o, "until_us", v->until);
		json_out_object_end(o);
	}
	json_out_array_end(o);
}

static void
put_head(const struct report *r, struct json_out *o)
{
	const struct session *s = r->session;

	json_out_kv_int(o, "version", 1);
	report_json_hex(o, "gate", s->id);
	json_out_kv_str(o, "service", s->suite->service);
	json_out_kv_str(o, "identity", s->identity[0] != '\0' ?
	    s->identity : NULL);
	if (s->earlier_pairs > 0) {
		json_out_key(o, "continues");
		json_out_object(o);
		report_json_hex(o, "gate", s->continues);
		json_out_kv_int(o, "pairs", s->earlier_pairs);
		json_out_object_end(o);
	}
	json_out_kv_str(o, "verdict", s->verdict == ENGINE_UNDECIDED ?
	    "unfinished" : engine_verdict_name(s->verdict));
	json_out_kv_str(o, "reason", r->why);
	if (s->verdict == ENGINE_INCONCLUSIVE)
		json_out_kv_str(o, "cause", s->end == SESSION_INTERRUPTED ?
		    "interrupted" : engine_reason_name(s->reason));
	json_out_kv_str(o, "ended_by", s->end == SESSION_ROUNDS ?
	    rounds_end_name(s->rounds_end) : end_names[s->end]);
	json_out_kv_int(o, "exit_code", r->exit_code);
	if (s->settings->is_history_only)
		json_out_kv_bool(o, "history_only", true);
	put_overrides(s->overrides, o);
	json_out_kv_bool(o, "observe", s->settings->is_observing);
	json_out_kv_str(o, "on_inconclusive",
	    on_inconclusive_name(s->settings->on_inconclusive));
	json_out_kv_int(o, "started_us", s->started);
	json_out_kv_int(o, "finished_us", s->finished);
	json_out_kv_int(o, "spent_us", s->spent);
}

static void
put_result(const struct report *r, struct json_out *o)
{
	const struct session *s = r->session;
	struct engine_counts n = engine_counts_total(s->engine);

	json_out_key(o, "evidence");
	json_out_object(o);
	json_out_kv_double(o, "log_e", engine_log_evidence(s->engine));
	json_out_kv_double(o, "log_bound", engine_log_bound(s->engine));
	json_out_object_end(o);
	json_out_kv_int(o, "round_count", s->rounds);
	json_out_key(o, "counts");
	json_out_object(o);
	report_json_counts(o, &n);
	json_out_object_end(o);
	json_out_kv_str(o, "void_reason", s->ledger.void_reason);
}

static void
put_checks(const struct report *r, struct json_out *o)
{
	size_t i;

	json_out_key(o, "checks");
	json_out_array(o);
	for (i = 0; i < r->session->suite->count; i++)
		report_json_check(r, i, o);
	json_out_array_end(o);
}

static void
put_pairs(const struct report *r, size_t from, struct json_out *o)
{
	const struct ledger *l = &r->session->ledger;
	size_t i;

	json_out_key(o, "rounds");
	json_out_array(o);
	for (i = from; i < l->count; i++)
		put_pair(r, &l->pairs[i], o);
	json_out_array_end(o);
}

/* To be drawn, so three digits do. */
static void
put_series(struct json_out *o, const char *name, const double *values,
    size_t count, size_t stride)
{
	size_t i;

	json_out_key(o, name);
	json_out_array(o);
	for (i = 0; i < count; i++)
		json_out_double(o, round(1000 * values[i * stride]) / 1000);
	json_out_array_end(o);
}

/* How the evidence came about. */
static void
put_trace(const struct report *r, struct json_out *o)
{
	struct trace t;
	size_t i;

	trace_make(r->session, &t);
	json_out_key(o, "trace");
	json_out_object(o);
	json_out_kv_double(o, "block_bound", t.block_bound);
	json_out_kv_double(o, "pass_bound", t.pass_bound);
	json_out_key(o, "pairs");
	json_out_array(o);
	for (i = 0; i < t.point_count; i++)
		json_out_int(o, t.pairs[i]);
	json_out_array_end(o);
	put_series(o, "total", t.total, t.point_count, 1);
	json_out_key(o, "checks");
	json_out_array(o);
	for (i = 0; i < t.check_count; i++) {
		json_out_object(o);
		json_out_kv_str(o, "check", r->session->suite->checks[i].id);
		put_series(o, "share", t.shares + i, t.point_count,
		    t.check_count);
		put_series(o, "weakest", t.weakest + i, t.point_count,
		    t.check_count);
		json_out_object_end(o);
	}
	json_out_array_end(o);
	json_out_object_end(o);
	trace_fini(&t);
}

static void
put_lists(const struct report *r, struct json_out *o)
{
	const struct ledger_failure *f;
	size_t i;

	json_out_key(o, "regressions");
	json_out_array(o);
	for (i = 0; i < r->named_count; i++)
		put_regression(r, &r->named[i], o);
	json_out_array_end(o);
	f = report_first_failure(r, &i);
	if (f != NULL) {
		json_out_key(o, "first_failure");
		report_json_failure(r, i, f, o);
	}
	json_out_key(o, "unfinished");
	json_out_array(o);
	for (i = 0; i < r->component_count; i++)
		if (report_is_unfinished(&r->components[i]))
			put_component(r, &r->components[i], o);
	json_out_array_end(o);
	put_checks(r, o);
	json_out_key(o, "streams");
	json_out_array(o);
	for (i = 0; i < r->component_count; i++)
		put_component(r, &r->components[i], o);
	json_out_array_end(o);
	if (r->session->ledger.count > 0)
		put_trace(r, o);
	put_pairs(r, 0, o);
}

void
report_json(const struct report *r, struct buf *out)
{
	struct json_out o;

	json_out_init(&o, out);
	json_out_object(&o);
	put_head(r, &o);
	put_arm(r, ARM_CANDIDATE, &o);
	put_arm(r, ARM_BASELINE, &o);
	put_settings(r, &o);
	put_result(r, &o);
	put_lists(r, &o);
	json_out_object_end(&o);
	buf_append_char(out, '\n');
}

void
report_json_unfinished(const struct session *s, size_t from, struct buf *out)
{
	static char why[] = "the gate has not been finished";
	struct report r = {.session = s, .why = why};
	struct json_out o;

	json_out_init(&o, out);
	json_out_object(&o);
	put_head(&r, &o);
	put_arm(&r, ARM_CANDIDATE, &o);
	put_arm(&r, ARM_BASELINE, &o);
	put_settings(&r, &o);
	put_result(&r, &o);
	put_checks(&r, &o);
	json_out_kv_int(&o, "rounds_from", (int64_t)from + 1);
	put_pairs(&r, from, &o);
	json_out_object_end(&o);
}
