/* SPDX-License-Identifier: ISC */
/* The stalls of a loop that still count: longer ones hide those before. */
#include "base/lag.h"

void
lag_note(struct lag *l, mono_us end, span_us length)
{
	while (l->count > 0 && l->stalls[l->count - 1].length <= length)
		l->count--;
	/* When full the shortest two become one. */
	if (l->count == LAG_STALLS_MOST)
		l->stalls[l->count - 1].end = end;
	else
		l->stalls[l->count++] = (struct lag_stall){end, length};
}

span_us
lag_since(const struct lag *l, mono_us since)
{
	size_t low = 0, high = l->count, mid;

	while (low < high) {
		mid = (low + high) / 2;
		if (l->stalls[mid].end > since)
			high = mid;
		else
			low = mid + 1;
	}
	return (low < l->count ? l->stalls[low].length : 0);
}
