/* SPDX-License-Identifier: ISC */
/*
 * Simulated services whose truth is known, and gates on them: what the
 * acceptance figures of doc/gate.md are measured with. A gate's rounds come
 * from its truth and its seed alone. Latencies have exact marginals, joined
 * by a Gaussian copula: a correlation within the round (the environment that
 * both arms share) and drift, shared or private to an arm.
 */
#ifndef TESTS_GATE_SIMULATE_H
#define TESTS_GATE_SIMULATE_H

#include "gate/coin.h"
#include "gate/engine.h"

#define SIMULATE_MS 1e6

/* Random numbers; the same from the same seed. */
struct simulate_chance {
	struct coin coin;
	double kept;
	bool has_kept;
};

void simulate_chance_init(struct simulate_chance *c, uint64_t seed);
double simulate_uniform(struct simulate_chance *c);
double simulate_normal(struct simulate_chance *c);
int simulate_binomial(struct simulate_chance *c, int n, double p);

enum simulate_shape {
	SIMULATE_LOGNORMAL, /* median 200 ms */
	SIMULATE_BIMODAL,   /* 200 ms, and a slow share of 800 ms */
	SIMULATE_PARETO     /* median 200 ms, index 1.5: infinite variance */
};

struct simulate_marginal {
	enum simulate_shape shape;
	double scale, sigma, slow_share;
};

extern const struct simulate_marginal simulate_lognormal; /* CV 40 % */
extern const struct simulate_marginal simulate_bimodal;   /* 15 % slow */
extern const struct simulate_marginal simulate_pareto;

/* rho: correlation within a round; drift (AR(1)) of all, or of one arm. */
struct simulate_weather {
	double rho, shared, own;
};

struct simulate_service {
	struct simulate_marginal baseline, candidate;
	struct simulate_weather weather;
	double env, base, cand; /* normal scores */
	bool is_started;
};

/* The latencies of the next round. */
void simulate_draw(struct simulate_service *s, struct simulate_chance *c,
    double *base_ms, double *cand_ms);

/* To the nanosecond, as a probe would measure it. */
int64_t simulate_ns(double ms);

#define SIMULATE_NONE (-1)
#define SIMULATE_ALL (-2)

/* What is so of a gate. */
struct simulate_truth {
	const char *name;
	uint32_t check_count, step_count; /* steps of each check */
	uint32_t round_count;             /* at most */
	uint32_t aa_count;                /* rounds of baseline on baseline */
	struct simulate_marginal baseline, candidate;
	int changed_check, changed_step;  /* which step is the candidate's */
	struct simulate_weather weather;
	int failing_check;                /* with candidate_rate */
	double history_rate, baseline_rate, candidate_rate;
	bool is_latency_only;             /* failures have no weight */
};

struct simulate_gate {
	const struct simulate_truth *truth;
	struct simulate_chance chance;
	struct simulate_service *services;  /* check * step_count + step */
	int64_t *aa_base, *aa_cand;         /* as services, * aa_count */
	struct latency_phi0 *phi0;          /* as services */
	struct engine_phi0 *given;          /* of each check */
	struct engine_check *checks;
	struct engine_config config;
	int64_t *base, *cand;               /* the round's: as services */
	bool *base_failed, *cand_failed;    /* of each check */
};

/* The seed of the n-th gate of a truth. */
uint64_t simulate_seed(const struct simulate_truth *t, int n);

/* A new gate: draws histories and A/A rounds, and takes phi0 from them. */
void simulate_init(struct simulate_gate *g, const struct simulate_truth *t,
    uint64_t seed);
void simulate_fini(struct simulate_gate *g);

/* Its engine, which borrows nothing of it that changes. */
struct engine *simulate_engine(const struct simulate_gate *g);

/* Draw the next round, and give it to an engine. */
void simulate_next(struct simulate_gate *g);
void simulate_add(const struct simulate_gate *g, struct engine *e);

/* What baseline-on-baseline latencies of a check say; phi0 of each step. */
double simulate_phi0(const int64_t *base, const int64_t *cand,
    uint32_t step_count, uint32_t rounds, struct latency_phi0 *out);

#endif
