/* SPDX-License-Identifier: ISC */
/* The parts of the gate document that tell of one check. */
#include "gate/report_json.h"

#include <math.h>

#include "base/crypto.h"

void
report_json_hex(struct json_out *o, const char *name,
    const uint8_t id[static MESSAGE_ID_SIZE])
{
	char hex[2 * MESSAGE_ID_SIZE + 1];

	crypto_hex(id, MESSAGE_ID_SIZE, hex);
	json_out_kv_str(o, name, hex);
}

void
report_json_margin(struct json_out *o, const char *name,
    struct latency_margin m)
{
	json_out_key(o, name);
	json_out_object(o);
	json_out_kv_double(o, "relative", m.relative);
	json_out_kv_int(o, "absolute_us", (int64_t)(m.absolute_ns / 1000));
	json_out_object_end(o);
}

void
report_json_counts(struct json_out *o, const struct engine_counts *n)
{
	json_out_kv_int(o, "pairs", n->pairs);
	json_out_kv_int(o, "counted", n->rounds);
	json_out_kv_int(o, "warmups", n->warmups);
	json_out_kv_int(o, "focus", n->focuses);
	json_out_kv_int(o, "void", n->voids);
	json_out_kv_int(o, "candidate_failures", n->candidate_failures);
	json_out_kv_int(o, "baseline_failures", n->baseline_failures);
}

void
report_json_failure(const struct report *r, size_t check,
    const struct ledger_failure *f, struct json_out *o)
{
	json_out_object(o);
	json_out_kv_str(o, "check", r->session->suite->checks[check].id);
	json_out_kv_str(o, "arm", arm_name(f->arm));
	json_out_kv_int(o, "pair", f->number);
	report_json_hex(o, "run", f->run);
	json_out_kv_str(o, "outcome", outcome_name(f->outcome));
	json_out_kv_str(o, "reason", f->what.reason);
	json_out_kv_str(o, "file", f->what.file);
	json_out_kv_int(o, "line", f->what.line);
	json_out_kv_int(o, "column", f->what.column);
	json_out_kv_str(o, "kind", f->what.kind);
	json_out_kv_str(o, "message", f->what.message);
	json_out_kv_str(o, "expected", f->what.expected);
	json_out_kv_str(o, "actual", f->what.actual);
	json_out_kv_str(o, "url", f->what.url);
	if (f->what.status > 0)
		json_out_kv_int(o, "status", f->what.status);
	if (f->what.entry > 0)
		json_out_kv_int(o, "entry", f->what.entry);
	json_out_kv_str(o, "request", f->what.request);
	json_out_kv_str(o, "response", f->what.response);
	if (f->good_response != NULL) {
		report_json_hex(o, "baseline_run", f->good_run);
		json_out_kv_str(o, "baseline_response", f->good_response);
	}
	json_out_object_end(o);
}

static void
put_step(const struct report *r, size_t check, uint32_t step,
    struct json_out *o)
{
	const struct suite_step *s =
	    &r->session->suite->checks[check].steps[step];
	struct engine_step_view v = engine_step_view(r->session->engine,
	    check, step);

	json_out_object(o);
	json_out_kv_int(o, "step", step + 1);
	json_out_kv_str(o, "file", s->file);
	json_out_kv_int(o, "line", s->line);
	json_out_kv_str(o, "name", s->name);
	json_out_kv_int(o, "pairs", v.pairs);
	json_out_kv_int(o, "candidate_reached", v.candidate_reached);
	json_out_kv_int(o, "baseline_reached", v.baseline_reached);
	if (v.pairs > 0) {
		json_out_kv_int(o, "candidate_median_ns",
		    v.candidate_median_ns);
		json_out_kv_int(o, "baseline_median_ns",
		    v.baseline_median_ns);
		json_out_kv_int(o, "candidate_p90_ns", v.candidate_p90_ns);
		json_out_kv_int(o, "baseline_p90_ns", v.baseline_p90_ns);
		json_out_kv_double(o, "median_ratio", v.baseline_median_ns >
		    0 ? (double)v.candidate_median_ns /
		    (double)v.baseline_median_ns : NAN);
	}
	json_out_object_end(o);
}

static void
put_history(const struct report *r, size_t check, struct json_out *o)
{
	struct engine_failure_view v = engine_failure_view(r->session->engine,
	    check);
	const struct history *h = &r->session->suite->checks[check].history;

	json_out_key(o, "history");
	json_out_object(o);
	json_out_kv_bool(o, "used", v.has_history);
	json_out_kv_double(o, "runs", h->runs);
	json_out_kv_double(o, "failures", h->failures);
	json_out_kv_double(o, "dispersion", h->dispersion);
	if (v.has_history)
		json_out_kv_double(o, "rate_bound", v.bound);
	json_out_object_end(o);
}

/* What is known of the scores from the baseline against itself. */
static void
put_phi0(const struct suite_check *c, struct json_out *o)
{
	uint32_t i;
	int j;

	if (c->phi0 == NULL)
		return;
	json_out_key(o, "aa");
	json_out_object(o);
	json_out_key(o, "phi0");
	json_out_array(o);
	for (i = 0; i < c->step_count; i++) {
		json_out_array(o);
		for (j = 0; j < LATENCY_SCORES; j++)
			json_out_double(o, c->phi0[i].scores[j]);
		json_out_array_end(o);
	}
	json_out_array_end(o);
	json_out_kv_double(o, "tail", c->tail_phi0);
	json_out_object_end(o);
}

static void
put_limits(const struct engine_limits *l, struct json_out *o)
{
	json_out_key(o, "limits");
	json_out_object(o);
	report_json_margin(o, "tolerance", l->tolerance);
	report_json_margin(o, "margin", l->margin);
	json_out_kv_double(o, "failure_rate", l->failure_margin);
	json_out_kv_double(o, "tail_share", l->tail_margin);
	if (l->alpha > 0)
		json_out_kv_double(o, "alpha", l->alpha);
	if (l->beta > 0)
		json_out_kv_double(o, "beta", l->beta);
	json_out_object_end(o);
}

/* Budget and wishes of its own. */
static void
put_own(const struct suite_check *c, struct json_out *o)
{
	if (c->rounds_most > 0 || c->time_most > 0) {
		json_out_key(o, "budget");
		json_out_object(o);
		if (c->rounds_most > 0)
			json_out_kv_int(o, "rounds", c->rounds_most);
		if (c->time_most > 0)
			json_out_kv_int(o, "time_us", c->time_most);
		json_out_object_end(o);
	}
	if (c->on_inconclusive >= 0)
		json_out_kv_str(o, "on_inconclusive",
		    on_inconclusive_name(c->on_inconclusive));
}

/* Why a check is not judged, if it is not, or was not. */
static void
put_policy(const struct suite_check *c, struct json_out *o)
{
	const struct plan_gate *q = c->quarantine != NULL ? c->quarantine :
	    c->expired;

	put_own(c, o);
	if (c->is_alike)
		json_out_kv_bool(o, "alike", true);
	json_out_kv_bool(o, "advisory", c->is_advisory);
	if (q == NULL)
		return;
	json_out_key(o, "quarantine");
	json_out_object(o);
	json_out_kv_str(o, "owner", q->quarantine_owner);
	json_out_kv_str(o, "reason", q->quarantine_reason);
	json_out_kv_int(o, "until_us", q->quarantine_until);
	if (c->expired != NULL)
		json_out_kv_bool(o, "expired", true);
	json_out_object_end(o);
}

void
report_json_check(const struct report *r, size_t check, struct json_out *o)
{
	const struct suite_check *c = &r->session->suite->checks[check];
	struct engine_counts n = engine_counts(r->session->engine, check);
	struct engine_limits limits = engine_limits(r->session->engine,
	    check);
	const struct ledger_failure *f;
	uint32_t i;
	int arm;

	json_out_object(o);
	json_out_kv_str(o, "check", c->id);
	json_out_kv_str(o, "flow", c->plan->flow->path);
	json_out_kv_str(o, "candidate_definition",
	    c->arms[ARM_CANDIDATE]->hash);
	json_out_kv_str(o, "baseline_definition", c->arms[ARM_BASELINE]->hash);
	json_out_kv_int(o, "timeout_us", c->plan->timeout);
	report_json_counts(o, &n);
	put_history(r, check, o);
	put_phi0(c, o);
	put_limits(&limits, o);
	put_policy(c, o);
	json_out_key(o, "steps");
	json_out_array(o);
	for (i = 0; i < c->step_count; i++)
		put_step(r, check, i, o);
	json_out_array_end(o);
	json_out_key(o, "first_failures");
	json_out_array(o);
	for (arm = 0; arm < ARM_COUNT; arm++) {
		f = ledger_failure_at(&r->session->ledger, check,
		    (enum arm)arm);
		if (f->is_set)
			report_json_failure(r, check, f, o);
	}
	json_out_array_end(o);
	json_out_object_end(o);
}
