/* SPDX-License-Identifier: ISC */
/* DDSketch with dense bins; see sketch.h for the mapping and the coding. */
#include "store/sketch.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

#define SKETCH_VERSION 1
#define GAMMA (1.01 / 0.99)
/* 1 / ln(GAMMA), exact to double. */
#define PER_LOG 49.99833328888656

void
sketch_init(struct sketch *s)
{
	*s = (struct sketch){0};
}

void
sketch_fini(struct sketch *s)
{
	free(s->bins);
	sketch_init(s);
}

/* Make room so that bins from..to (inclusive) exist. */
static void
cover(struct sketch *s, uint32_t from, uint32_t to)
{
	uint32_t first = from, end = to + 1;
	uint64_t *bins;

	if (s->len > 0) {
		if (from >= s->first && to < s->first + s->len)
			return;
		if (s->first < first)
			first = s->first;
		if (s->first + s->len > end)
			end = s->first + s->len;
	}
	bins = xcalloc(end - first, sizeof(*bins));
	if (s->len > 0)
		memcpy(bins + (s->first - first), s->bins,
		    s->len * sizeof(*bins));
	free(s->bins);
	s->bins = bins;
	s->first = first;
	s->len = end - first;
}

void
sketch_add(struct sketch *s, int64_t value)
{
	uint32_t bin;

	s->count++;
	if (value < 1) {
		s->zero_count++;
		return;
	}
	bin = (uint32_t)ceil(log((double)value) * PER_LOG);
	if (bin - s->first >= s->len)
		cover(s, bin, bin);
	s->bins[bin - s->first]++;
}

int64_t
sketch_quantile(const struct sketch *s, double q)
{
	uint64_t rank, seen = s->zero_count;
	uint32_t i;
	double v;

	if (s->count == 0)
		return (0);
	rank = (uint64_t)(q * (double)(s->count - 1));
	if (rank < seen)
		return (0);
	for (i = 0; i < s->len; i++) {
		seen += s->bins[i];
		if (rank < seen)
			break;
	}
	if (i == s->len)
		i--;
	v = 2 * pow(GAMMA, (double)(s->first + i)) / (GAMMA + 1);
	return (v < 9.2e18 ? (int64_t)llround(v) : INT64_MAX);
}

static void
put_varint(struct buf *out, uint64_t n)
{
	unsigned char bytes[10];
	size_t len = 0;

	while (n >= 0x80) {
		bytes[len++] = (unsigned char)(n | 0x80);
		n >>= 7;
	}
	bytes[len++] = (unsigned char)n;
	buf_append(out, bytes, len);
}

void
sketch_encode(const struct sketch *s, struct buf *out)
{
	uint32_t i, last = 0;
	uint64_t used = 0;

	for (i = 0; i < s->len; i++)
		used += s->bins[i] > 0;
	buf_append_char(out, SKETCH_VERSION);
	put_varint(out, s->zero_count);
	put_varint(out, used);
	for (i = 0; i < s->len; i++) {
		if (s->bins[i] == 0)
			continue;
		put_varint(out, s->first + i - last);
		put_varint(out, s->bins[i]);
		last = s->first + i;
	}
}

struct reader {
	const unsigned char *p, *end;
	bool is_bad;
};

static uint64_t
get_varint(struct reader *r)
{
	uint64_t n = 0;
	int shift;

	for (shift = 0; shift < 63; shift += 7) {
		if (r->p == r->end)
			break;
		n |= (uint64_t)(*r->p & 0x7f) << shift;
		if ((*r->p++ & 0x80) == 0)
			return (n);
	}
	r->is_bad = true;
	return (0);
}

/*
 * One walk over the bins: with s NULL it only checks, and tells the range
 * and the sum; with s it adds.
 */
static int
walk(struct reader *r, struct sketch *s, struct sketch *shape)
{
	uint64_t used, gap, n, bin = 0, i;

	shape->zero_count = get_varint(r);
	shape->count = shape->zero_count;
	used = get_varint(r);
	if (r->is_bad || used > SKETCH_BINS_MOST)
		return (ERR_CORRUPT);
	for (i = 0; i < used; i++) {
		gap = get_varint(r);
		n = get_varint(r);
		if (r->is_bad || gap >= SKETCH_BINS_MOST || n == 0 ||
		    (gap == 0 && i > 0) || (bin += gap) >= SKETCH_BINS_MOST ||
		    n > INT64_MAX - shape->count)
			return (ERR_CORRUPT);
		shape->count += n;
		if (i == 0)
			shape->first = (uint32_t)bin;
		shape->len = (uint32_t)bin - shape->first + 1;
		if (s != NULL)
			s->bins[bin - s->first] += n;
	}
	return (r->p == r->end ? 0 : ERR_CORRUPT);
}

int
sketch_merge_coded(struct sketch *s, const void *blob, size_t len)
{
	const unsigned char *p = blob;
	struct reader r = {p + 1, p + len, false};
	struct sketch shape = {0};
	int rc;

	if (len == 0)
		return (0);
	if (p[0] != SKETCH_VERSION)
		return (ERR_CORRUPT);
	if ((rc = walk(&r, NULL, &shape)) != 0)
		return (rc);
	if (shape.count > INT64_MAX - s->count)
		return (ERR_CORRUPT);
	if (shape.len > 0)
		cover(s, shape.first, shape.first + shape.len - 1);
	s->count += shape.count;
	s->zero_count += shape.zero_count;
	r = (struct reader){p + 1, p + len, false};
	return (walk(&r, s, &(struct sketch){0}));
}
