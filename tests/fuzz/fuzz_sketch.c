/* SPDX-License-Identifier: ISC */
/* Any bytes as a coded sketch: refused, or the same after coding again. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/must.h"
#include "store/sketch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sketch a, b;
	struct buf first, second;

	sketch_init(&a);
	sketch_init(&b);
	buf_init(&first, 1 << 20);
	buf_init(&second, 1 << 20);
	if (sketch_merge_coded(&a, data, size) == 0) {
		must(sketch_quantile(&a, 0.5) <= sketch_quantile(&a, 1));
		sketch_encode(&a, &first);
		must(sketch_merge_coded(&b, first.data, first.len) == 0);
		must(a.count == b.count);
		sketch_encode(&b, &second);
		must(first.len == second.len &&
		    memcmp(first.data, second.data, first.len) == 0);
	} else
		must(a.count == 0 && a.len == 0);
	buf_fini(&first);
	buf_fini(&second);
	sketch_fini(&a);
	sketch_fini(&b);
	return (0);
}
