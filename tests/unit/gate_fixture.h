/* SPDX-License-Identifier: ISC */
/* A session as session_run leaves it, after rounds that come out as given. */
#ifndef TESTS_UNIT_GATE_FIXTURE_H
#define TESTS_UNIT_GATE_FIXTURE_H

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "gate/coin.h"
#include "gate/report.h"
#include "gate/session.h"

#define MS ((int64_t)1000000)
#define FIXTURE_STEPS 2

static const struct plan_flow fixture_flow = {.path = "card.hurl"};
static const struct plan_check fixture_plan = {.id = "payments/card",
    .name = "card", .service = "payments", .flow = &fixture_flow,
    .timeout = 2 * SPAN_S};
static char fixture_one[] = "POST {{base_url}}/v1/a";
static char fixture_two[] = "GET {{base_url}}/v1/b";
static char fixture_file[] = "card.hurl";
static struct suite_step fixture_steps[] = {
    {3, fixture_one, fixture_file}, {9, fixture_two, fixture_file}};
static uint32_t fixture_entries[] = {0, 1};
static struct definition fixture_arms[ARM_COUNT];
static struct latency_phi0 fixture_phi0[FIXTURE_STEPS] = {
    {{.1, .15, .05, 0}}, {{.2, .1, 1 / 3., 0}}};
static struct suite_check fixture_check = {.plan = &fixture_plan,
    .id = "payments/card", .arms = {&fixture_arms[0], &fixture_arms[1]},
    .steps = fixture_steps, .step_count = FIXTURE_STEPS,
    .step_of_entry = fixture_entries, .entry_count = 2,
    .history = {5000.125, 3, 1.5}};
static struct suite fixture_suite = {.checks = &fixture_check, .count = 1,
    .service = "payments", .target = "payments"};

struct fixture_gate {
	int rounds;          /* at most */
	double failing;      /* share of the candidate's runs */
	double slower;       /* the candidate's factor */
	int void_every;      /* 0: none is void */
	bool has_phi0;
};

struct fixture {
	struct settings settings;
	struct session session;
	struct coin coin;
};

static inline double
fixture_uniform(struct coin *c)
{
	return ((double)(coin_next(c) >> 11) / 9007199254740992.0);
}

static inline void
fixture_add(struct fixture *f, const struct fixture_gate *g, uint32_t number)
{
	int64_t cand[FIXTURE_STEPS], base[FIXTURE_STEPS];
	bool failed = fixture_uniform(&f->coin) < g->failing;
	bool is_void = g->void_every > 0 && number %
	    (uint32_t)g->void_every == 0;
	enum engine_pair_kind kind = number <= 3 ? ENGINE_PAIR_WARMUP :
	    ENGINE_PAIR_ROUND;
	struct engine_pair pair = {.kind = kind, .is_void = is_void,
	    .candidate = {failed, cand}, .baseline = {false, base}};
	struct ledger_pair kept = {.number = number, .kind = kind,
	    .is_void = is_void, .is_candidate_first = number % 2 == 0,
	    .halves = {{.has_run = true, .outcome = failed ?
	    OUTCOME_FAILED : OUTCOME_PASSED}, {.has_run = true}}};
	struct sample samples[ARM_COUNT] = {{.outcome = OUTCOME_PASSED},
	    {.outcome = OUTCOME_PASSED}};
	int i;

	for (i = 0; i < FIXTURE_STEPS; i++) {
		base[i] = 50 * MS + (int64_t)((double)(100 * MS) *
		    fixture_uniform(&f->coin));
		cand[i] = (int64_t)(g->slower * (double)(50 * MS) +
		    g->slower * (double)(100 * MS) *
		    fixture_uniform(&f->coin));
		if (failed)
			cand[i] = ENGINE_NOT_REACHED;
	}
	engine_add(f->session.engine, 0, &pair);
	ledger_add(&f->session.ledger, &kept, samples);
}

static inline void
fixture_init(struct fixture *f, const struct fixture_gate *g)
{
	struct engine_config config = engine_config_default;
	struct engine_phi0 phi0 = {fixture_phi0, .05};
	struct engine_check ec = {.name = fixture_check.id,
	    .step_count = FIXTURE_STEPS, .history = fixture_check.history,
	    .phi0 = g->has_phi0 ? &phi0 : NULL};
	uint32_t i;

	memset(f, 0, sizeof(*f));
	coin_init(&f->coin, 7);
	fixture_check.phi0 = g->has_phi0 ? fixture_phi0 : NULL;
	fixture_check.tail_phi0 = .05;
	f->settings = (struct settings){.alpha = .01, .beta = .05,
	    .rounds = 500, .seed = 42};
	f->session = (struct session){.settings = &f->settings,
	    .suite = &fixture_suite, .started = 1, .finished = 2,
	    .spent = 1000000, .rounds_end = ROUNDS_VERDICT};
	f->session.engine = engine_new(&config, &ec, 1);
	ledger_init(&f->session.ledger, 1);
	for (i = 1; i <= (uint32_t)g->rounds &&
	    engine_decide(f->session.engine) == ENGINE_UNDECIDED; i++)
		fixture_add(f, g, i);
	f->session.rounds = i - 1;
	f->session.verdict = engine_finish(f->session.engine);
	f->session.reason = engine_reason(f->session.engine,
	    &f->session.reason_check);
}

/* The gate document of the session. */
static inline void
fixture_document(const struct fixture *f, struct buf *out)
{
	struct report report;

	report_init(&report, &f->session);
	report_format(&report, FORMAT_JSON, out);
	report_fini(&report);
}

static inline void
fixture_fini(struct fixture *f)
{
	session_fini(&f->session);
}

#endif
