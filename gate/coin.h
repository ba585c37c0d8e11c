/* SPDX-License-Identifier: ISC */
/*
 * Fair coins from a seed that is logged, so that the order of every pair can
 * be recomputed: SplitMix64 (Steele, Lea, Flood 2014).
 */
#ifndef GATE_COIN_H
#define GATE_COIN_H

#include <stdbool.h>
#include <stdint.h>

struct coin {
	uint64_t state;
};

void coin_init(struct coin *c, uint64_t seed);

/* The next 64 random bits. */
uint64_t coin_next(struct coin *c);

/*
 * Toss for pair number pair of check number check: true means that the
 * candidate goes first. The same for the same seed, whatever ran before.
 */
bool coin_toss(uint64_t seed, uint64_t check, uint64_t pair);

#endif
