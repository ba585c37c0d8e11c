/* SPDX-License-Identifier: ISC */
/*
 * Seeded randomness (xoshiro256**). The same seed and the same calls give
 * the same numbers, so that a fault seen once can be seen again. Each release
 * and the ids have a stream of their own and do not disturb one another.
 */
#ifndef PAYSIM_RANDOM_H
#define PAYSIM_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct random {
	uint64_t s[4];
};

/* Start a stream; name tells streams of one seed apart. */
void random_init(struct random *r, uint64_t seed, const char *name);

/* The next 64 random bits. */
uint64_t random_next(struct random *r);

/* Normal with mean 0 and deviation 1. */
double random_normal(struct random *r);

/* True with probability rate; draws nothing when rate is 0. */
bool random_is(struct random *r, double rate);

/* Write count characters of [0-9A-Za-z] and a NUL. */
void random_text(struct random *r, char *out, size_t count);

#endif
