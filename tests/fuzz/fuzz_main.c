/* SPDX-License-Identifier: ISC */
/*
 * Drives a fuzzer without libFuzzer: every seed file as it is, then a fixed
 * number of mutations in all, shared by the seeds, so that a run is
 * repeatable and ends. Each mutation has a random seed of its own: where a
 * slow machine runs out of time, what it leaves out changes nothing of what
 * it did. fuzz_x [DIR [mutations]]: with mutations, there is no time limit.
 */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"

#define SEED_MOST_BYTES (1u << 20)
#define MUTATIONS 5000
#define MUTATIONS_TIME (SPAN_S + SPAN_S / 2)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t state;

static void
seed_random(uint64_t seed, uint64_t round)
{
	state = (seed * 1000003 + round + 1) * 0x9e3779b97f4a7c15u;
}

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

struct seed {
	char *text;
	size_t len;
};

static void
run_mutation(const struct seed *seed)
{
	size_t cap = seed->len * 2 + 64, n;
	uint8_t *p = xmalloc(cap);

	memcpy(p, seed->text, seed->len);
	n = mutate(p, seed->len, cap);
	/* Exactly n bytes, so that a read past the end is seen. */
	p = xreallocarray(p, n, 1);
	LLVMFuzzerTestOneInput(p, n);
	free(p);
}

/* The seeds in turn, until there are enough. Returns how many it made. */
static long
run_mutations(const struct seed *seeds, size_t count, long most,
    mono_us until)
{
	long done;

	for (done = 0; done < most && clock_mono() < until; done++) {
		seed_random((uint64_t)done % count, (uint64_t)done / count);
		run_mutation(&seeds[(size_t)done % count]);
	}
	return (done);
}

static size_t
read_seeds(const char *dir, struct dirent **names, size_t n,
    struct seed *seeds)
{
	size_t i, count = 0;
	char *path;

	for (i = 0; i < n; i++) {
		path = file_join(dir, names[i]->d_name);
		if (file_read(path, SEED_MOST_BYTES, &seeds[count].text,
		    &seeds[count].len) == 0)
			count++;
		free(path);
		free(names[i]);
	}
	return (count);
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
	bool is_asked = argc > 2;
	long most = is_asked ? strtol(argv[2], NULL, 10) : MUTATIONS, done;
	struct dirent **names = NULL;
	struct seed *seeds;
	size_t i, count = 0;
	int n;

	n = scandir(dir, &names, NULL, alphasort);
	seeds = xcalloc(n > 0 ? (size_t)n : 1, sizeof(*seeds));
	if (n > 0)
		count = read_seeds(dir, names, (size_t)n, seeds);
	free(names);
	if (count == 0) {
		fprintf(stderr, "%s: no seeds in %s\n", argv[0], dir);
		return (64);
	}
	for (i = 0; i < count; i++)
		LLVMFuzzerTestOneInput((const uint8_t *)seeds[i].text,
		    seeds[i].len);
	done = run_mutations(seeds, count, most,
	    is_asked ? INT64_MAX : clock_mono() + MUTATIONS_TIME);
	printf("%s: %zu seeds, %ld mutations, no finding\n", argv[0], count,
	    done);
	for (i = 0; i < count; i++)
		free(seeds[i].text);
	free(seeds);
	free(dir);
	return (0);
}
