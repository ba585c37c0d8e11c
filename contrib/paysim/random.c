/* SPDX-License-Identifier: ISC */
/* Seeded randomness: xoshiro256**, seeded by splitmix64. */
#include "contrib/paysim/random.h"

#include <math.h>

static uint64_t
splitmix(uint64_t *x)
{
	uint64_t z = *x += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (z ^ (z >> 31));
}

static uint64_t
rotate(uint64_t x, int k)
{
	return (x << k | x >> (64 - k));
}

void
random_init(struct random *r, uint64_t seed, const char *name)
{
	uint64_t x = 0xcbf29ce484222325u; /* FNV-1a of the name */
	int i;

	for (; *name != '\0'; name++)
		x = (x ^ (unsigned char)*name) * 0x100000001b3u;
	x ^= splitmix(&seed);
	for (i = 0; i < 4; i++)
		r->s[i] = splitmix(&x);
}

uint64_t
random_next(struct random *r)
{
	uint64_t *s = r->s;
	uint64_t result = rotate(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate(s[3], 45);
	return (result);
}

/* Uniform in [0, 1). */
static double
unit(struct random *r)
{
	return ((double)(random_next(r) >> 11) * 0x1.0p-53);
}

double
random_normal(struct random *r)
{
	double u = 1 - unit(r), v = unit(r);

	return (sqrt(-2 * log(u)) * cos(2 * acos(-1) * v));
}

bool
random_is(struct random *r, double rate)
{
	return (rate > 0 && unit(r) < rate);
}

void
random_text(struct random *r, char *out, size_t count)
{
	static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz";
	uint64_t x = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		if (i % 10 == 0)
			x = random_next(r);
		out[i] = letters[x % 62];
		x /= 62;
	}
	out[count] = '\0';
}
