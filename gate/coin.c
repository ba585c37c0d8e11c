/* SPDX-License-Identifier: ISC */
/* SplitMix64. */
#include "gate/coin.h"

#define GOLDEN 0x9e3779b97f4a7c15u

void
coin_init(struct coin *c, uint64_t seed)
{
	c->state = seed;
}

uint64_t
coin_next(struct coin *c)
{
	uint64_t z = c->state += GOLDEN;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (z ^ (z >> 31));
}

bool
coin_toss(uint64_t seed, uint64_t check, uint64_t pair)
{
	struct coin c;

	coin_init(&c, seed);
	c.state = coin_next(&c) ^ check;
	c.state = coin_next(&c) ^ pair;
	return ((coin_next(&c) >> 63) != 0);
}
