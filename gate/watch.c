/* SPDX-License-Identifier: ISC */
/* History-only evidence; sections 2.2 and 2.7 of doc/gate.md's source. */
#include "gate/watch.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "gate/failures.h"

struct watch_failures
watch_failures(const struct engine_config *config,
    const struct history *before, const bool *failed, size_t count)
{
	struct watch_failures w = {.runs = (uint32_t)count,
	    .margin = config->failure_margin, .bound = 1};
	struct failures_config fc = {.mode = FAILURES_HISTORY,
	    .bound_after = config->bound_after, .guard = config->guard};
	struct failures_pass pass;
	struct failures f;
	size_t i;

	for (i = 0; i < count; i++)
		w.failures += failed[i];
	if (!history_is_enough(before))
		return (w);
	w.bound = history_bound(before, config->history_level);
	if (history_is_flaky(before, config->history_level))
		return (w);
	w.has_history = true;
	w.margin = fmax(w.margin, w.bound + config->failure_margin);
	fc.bound = w.bound;
	failures_init(&f, &fc);
	failures_pass_init(&pass, w.margin);
	for (i = 0; i < count; i++) {
		failures_add(&f, failed[i], false);
		failures_pass_add(&pass, failed[i]);
		/* The most evidence so far: the deploy stays judged. */
		w.log_e = fmax(w.log_e, f.log_e);
	}
	w.log_pass = pass.log_most;
	return (w);
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return ((x > y) - (x < y));
}

static double
log_median(const struct watch_run *runs)
{
	double sorted[WATCH_WINDOW_RUNS];
	size_t half = WATCH_WINDOW_RUNS / 2, i;

	for (i = 0; i < WATCH_WINDOW_RUNS; i++)
		sorted[i] = runs[i].duration;
	qsort(sorted, WATCH_WINDOW_RUNS, sizeof(*sorted), compare);
	return (log(fmax((sorted[half - 1] + sorted[half]) / 2, 1)));
}

/* From one window to the next. */
struct change {
	span_us apart;   /* from the deploy's time of the day */
	double size;     /* ln of the ratio of medians */
};

static struct change *
list_changes(const struct watch_run *runs, size_t windows, wall_us deploy)
{
	struct change *changes = xcalloc(windows, sizeof(*changes));
	double before = log_median(runs), now;
	span_us apart;
	size_t i;

	for (i = 1; i < windows; i++) {
		runs += WATCH_WINDOW_RUNS;
		apart = llabs(runs->at - deploy) % SPAN_DAY;
		now = log_median(runs);
		changes[i - 1] = (struct change){apart < SPAN_DAY - apart ?
		    apart : SPAN_DAY - apart, now - before};
		before = now;
	}
	return (changes);
}

/* How many changes are within so many hours, and are as large as size. */
static size_t
count_changes(const struct change *changes, size_t count, int hours,
    double size, size_t *larger)
{
	size_t i, n = 0;

	*larger = 0;
	for (i = 0; i < count; i++) {
		if (changes[i].apart > hours * SPAN_H)
			continue;
		n++;
		*larger += changes[i].size >= size;
	}
	return (n);
}

/* The largest change at about this time of the day. */
static double
find_usual(const struct change *changes, size_t count)
{
	double usual = 0;
	size_t i;

	for (i = 0; i < count; i++)
		if (changes[i].apart <= SPAN_H / 2)
			usual = fmax(usual, changes[i].size);
	return (exp(usual));
}

static bool
is_enough(size_t changes, double level)
{
	return (changes >= WATCH_WINDOWS_LEAST &&
	    ((double)changes + 1) * level >= 1);
}

struct watch_latency
watch_latency(const struct watch_run *before, size_t before_count,
    const struct watch_run *since, size_t since_count, double level)
{
	static const int hours[] = {1, 2, 3, 4, 6, 12};
	struct watch_latency w = {.p = 1, .ratio = NAN, .usual = 1,
	    .hours = 12};
	size_t windows = before_count / WATCH_WINDOW_RUNS, larger = 0, i;
	struct change *changes;
	double size, was, is;

	if (windows < 1 || since_count < WATCH_WINDOW_RUNS)
		return (w);
	/* The newest whole windows, the last one ending at the deploy. */
	is = log_median(since);
	was = log_median(before + before_count - WATCH_WINDOW_RUNS);
	size = is - was;
	w.ratio = exp(size);
	w.more = exp(is) - exp(was);
	changes = list_changes(before + before_count % WATCH_WINDOW_RUNS,
	    windows, since->at);
	/* How many there are decides, never how large they are. */
	for (i = 0; i < NELEMS(hours) && !is_enough(w.windows, level); i++) {
		w.hours = hours[i];
		w.windows = count_changes(changes, windows - 1, hours[i],
		    size, &larger);
	}
	w.usual = find_usual(changes, windows - 1);
	free(changes);
	w.p = (1 + (double)larger) / ((double)w.windows + 1);
	w.is_judged = is_enough(w.windows, level);
	return (w);
}

bool
watch_is_slower(const struct watch_latency *w, double level,
    struct latency_margin least)
{
	return (w->is_judged && w->p <= level &&
	    w->ratio >= (1 + least.relative) * w->usual &&
	    1e3 * w->more >= least.absolute_ns);
}
