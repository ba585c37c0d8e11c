/* SPDX-License-Identifier: ISC */
/*
 * DDSketch: quantiles of durations with 1 % relative error, in a few hundred
 * bytes, and sketches of any two sets can be added up (Masson, Rim, Lee,
 * "DDSketch", VLDB 2019, logarithmic mapping, no collapsing: int64 values
 * need at most SKETCH_BINS_MOST bins).
 *
 * A value v >= 1 falls into bin ceil(log(v) / log(g)), g = 1.01 / 0.99;
 * values below 1 are counted apart as zero.
 *
 * Coded form: a byte 1 (version); then varints (LEB128, 7 bits a byte, low
 * first): count of zeros, number of bins that are not empty, and for each,
 * ascending: distance from the bin before (the first: from 0), its count.
 */
#ifndef STORE_SKETCH_H
#define STORE_SKETCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define SKETCH_BINS_MOST 2200

struct sketch {
	uint64_t count;      /* of all values */
	uint64_t zero_count;
	uint64_t *bins;      /* bins first .. first + len - 1 */
	uint32_t first;
	uint32_t len;
};

/* An empty sketch is all zeros; init makes one, fini frees and empties. */
void sketch_init(struct sketch *s);
void sketch_fini(struct sketch *s);

/* Count one value. */
void sketch_add(struct sketch *s, int64_t value);

/*
 * The value at quantile q in [0, 1], within 1 % of the true one; 0 when
 * nothing was counted.
 */
int64_t sketch_quantile(const struct sketch *s, double q);

/* Append the coded form. */
void sketch_encode(const struct sketch *s, struct buf *out);

/*
 * Add a coded sketch to s. Returns 0, or ERR_CORRUPT with s as it was.
 * An empty blob (len 0) is an empty sketch.
 */
int sketch_merge_coded(struct sketch *s, const void *blob, size_t len);

#endif
