/* SPDX-License-Identifier: ISC */
/*
 * Drives a fuzzer without libFuzzer: every seed file as it is, then a fixed
 * number of mutations of each from a fixed random seed, so that a run is
 * repeatable and ends. fuzz_x [DIR [mutations per seed]]
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

#define SEED_MOST_BYTES (1u << 20)
#define MUTATIONS 500

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t state = 0x9e3779b97f4a7c15u;

static uint64_t
next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state);
}

/* Flip, insert, delete or repeat a few bytes; the result fits cap. */
static size_t
mutate(uint8_t *p, size_t len, size_t cap)
{
	unsigned int rounds = (unsigned int)(next_random() % 6) + 1;
	size_t at, n;

	for (; rounds > 0; rounds--) {
		at = len > 0 ? next_random() % len : 0;
		switch (next_random() % 4) {
		case 0:
			if (len > 0)
				p[at] = (uint8_t)next_random();
			break;
		case 1:
			if (len + 1 > cap)
				break;
			memmove(p + at + 1, p + at, len - at);
			p[at] = (uint8_t)next_random();
			len++;
			break;
		case 2:
			n = len > 0 ? next_random() % (len - at) : 0;
			memmove(p + at, p + at + n, len - at - n);
			len -= n;
			break;
		default:
			n = len > 0 ? next_random() % (len - at) % 64 : 0;
			if (len + n > cap)
				break;
			memmove(p + at + n, p + at, len - at);
			len += n;
			break;
		}
	}
	return (len);
}

static void
one_seed(const char *path, long mutations)
{
	char *seed;
	uint8_t *p;
	size_t len, cap, n;

	if (file_read(path, SEED_MOST_BYTES, &seed, &len) != 0)
		return;
	LLVMFuzzerTestOneInput((const uint8_t *)seed, len);
	cap = len * 2 + 64;
	for (; mutations > 0; mutations--) {
		p = xmalloc(cap);
		memcpy(p, seed, len);
		n = mutate(p, len, cap);
		/* Exactly n bytes, so that a read past the end is seen. */
		p = xreallocarray(p, n, 1);
		LLVMFuzzerTestOneInput(p, n);
		free(p);
	}
	free(seed);
}

/* fuzz_json reads tests/fuzz/seeds/json unless told otherwise. */
static char *
default_seeds(const char *program)
{
	const char *top = getenv("top_srcdir");
	const char *name = strstr(program, "fuzz_");

	while (name != NULL && strstr(name + 1, "fuzz_") != NULL)
		name = strstr(name + 1, "fuzz_");
	return (xasprintf("%s/tests/fuzz/seeds/%s", top != NULL ? top : ".",
	    name != NULL ? name + strlen("fuzz_") : ""));
}

int
main(int argc, char **argv)
{
	char *dir = argc > 1 ? xstrdup(argv[1]) : default_seeds(argv[0]);
	long mutations = argc > 2 ? strtol(argv[2], NULL, 10) : MUTATIONS;
	struct dirent **names;
	int i, n;
	char *path;

	if ((n = scandir(dir, &names, NULL, alphasort)) < 3) {
		fprintf(stderr, "%s: no seeds in %s\n", argv[0], dir);
		return (64);
	}
	for (i = 0; i < n; i++) {
		path = file_join(dir, names[i]->d_name);
		one_seed(path, mutations);
		free(path);
		free(names[i]);
	}
	free(names);
	free(dir);
	printf("%s: %d seeds, %ld mutations each, no finding\n", argv[0],
	    n - 2, mutations);
	return (0);
}
