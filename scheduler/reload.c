/* SPDX-License-Identifier: ISC */
/*
 * Reloading. A slice is short against what a slot may be late, and after each
 * one the loop has a while for itself.
 */
#include "scheduler/reload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json_out.h"
#include "base/log.h"
#include "base/mem.h"

#define RELOAD_MAGIC 0x52454c4fu
#define SLICE        (2 * SPAN_MS)
#define PAUSE        (1 * SPAN_MS)
#define REFUSAL_MOST_BYTES (MESSAGE_MISTAKE_BYTES * 6 + 200)

/* Who has the new plan already: each one takes its turns of the loop. */
enum stage { STAGE_NONE, STAGE_DISPATCH, STAGE_ALERTS, STAGE_IDLE,
	STAGE_STORE };

struct reload {
	unsigned int magic;
	struct loop *loop;
	struct reload_options options;
	struct plan *plan;        /* the running one */
	struct loader *loader;    /* NULL: nothing is loading */
	struct loaded next;       /* being applied, when it has a plan */
	enum stage stage;         /* of next */
	bool is_wanted;           /* another reload, after this one */
	bool is_stopped;
	mono_us since;            /* when the slices began */
	struct loop_timer *timer; /* of the next slice */
};

static void start(struct reload *r);

/* Log each mistake of a plan that could not be loaded. */
static void
log_mistakes(const struct cause *cause)
{
	const struct cause_entry *e;
	size_t i;

	for (i = 0; i < cause->count; i++) {
		e = &cause->entries[i];
		log_event(e->is_warning ? LOG_WARN : LOG_ERROR,
		    "scheduler.plan.mistake", "place=%s:%u:%u sentence=%s",
		    e->file != NULL ? e->file : "-", e->place.line,
		    e->place.column, log_quote(e->sentence));
	}
}

/* The first that is no warning, with its place, as e2e-lint has it. */
static char *
first_mistake(const struct cause *cause)
{
	const struct cause_entry *e = cause->entries;

	while (e < cause->entries + cause->count && e->is_warning)
		e++;
	if (e == cause->entries + cause->count)
		return (xstrdup("there is no plan"));
	if (e->file == NULL)
		return (xstrdup(e->sentence));
	if (e->place.line == 0)
		return (xasprintf("%s: %s", e->file, e->sentence));
	return (xasprintf("%s:%u:%u: %s", e->file, e->place.line,
	    e->place.column, e->sentence));
}

/* Whoever asks the store shall hear of it. Takes mistake, the first. */
static void
tell_refusal(struct reload *r, size_t mistakes, char *mistake)
{
	size_t len = strlen(mistake), doc_len;
	struct json_out o;
	struct buf b;
	char *doc;

	if (len > MESSAGE_MISTAKE_BYTES) {
		len = MESSAGE_MISTAKE_BYTES;
		while (len > 0 && ((unsigned char)mistake[len] & 0xc0) == 0x80)
			len--;
	}
	buf_init(&b, REFUSAL_MOST_BYTES);
	json_out_init(&o, &b);
	json_out_object(&o);
	json_out_kv_int(&o, "refused_us", clock_wall());
	json_out_kv_int(&o, "mistakes", (int64_t)mistakes);
	json_out_key(&o, "mistake");
	json_out_str_n(&o, mistake, len);
	json_out_object_end(&o);
	doc = buf_take(&b, &doc_len);
	outbox_take_refusal(r->options.outbox, doc, doc_len);
	buf_fini(&b);
	free(mistake);
}

static void
log_plan(const struct reload *r, span_us load)
{
	struct dispatch_stats s;

	dispatch_get_stats(r->options.dispatch, &s);
	log_info("scheduler.plan.load", "plan=%.12s checks=%zu here=%zu "
	    "load_us=%lld apply_us=%lld", r->plan->hash,
	    r->plan->check_count, s.checks, (long long)load,
	    (long long)(clock_mono() - r->since));
	if (s.checks == 0)
		log_warn("scheduler.plan.idle", "location=%s",
		    log_quote(r->options.location));
}

/* At 100,000 checks these are some 20 MB: they are not copied. */
static void
tell_store(struct reload *r)
{
	struct loaded *l = &r->next;

	if (l->summary != NULL)
		outbox_take_plan(r->options.outbox, l->summary,
		    l->summary_len);
	else
		log_error("scheduler.plan.summary", "bytes_most=%u",
		    MESSAGE_MOST_BYTES);
	l->summary = NULL;
}

/* All have it: drop the old one. */
static void
finish(struct reload *r)
{
	struct loaded *l = &r->next;

	plan_free(&r->plan);
	r->plan = l->plan;
	l->plan = NULL;
	log_plan(r, l->took);
	loaded_fini(l);
	if (r->is_wanted)
		start(r);
}

/* One slice. True when there is more. */
static bool
slice(struct reload *r, mono_us until)
{
	const struct reload_options *o = &r->options;

	switch (r->stage) {
	case STAGE_NONE:
		if (dispatch_plan_step(o->dispatch, until))
			return (true);
		alerts_plan_begin(o->alerts, r->next.plan);
		break;
	case STAGE_DISPATCH:
		if (alerts_plan_step(o->alerts, until))
			return (true);
		break;
	case STAGE_ALERTS:
		idle_set_plan(o->idle, r->next.plan);
		break;
	case STAGE_IDLE:
		tell_store(r);
		break;
	case STAGE_STORE:
		return (false);
	}
	r->stage++;
	return (true);
}

static void
reload_slice_cb(void *arg)
{
	struct reload *r = arg;

	must_magic(r, RELOAD_MAGIC);
	if (slice(r, clock_mono() + SLICE))
		loop_timer_at(r->timer, clock_mono() + PAUSE);
	else
		finish(r);
}

/* Takes what l holds. */
static void
begin(struct reload *r, struct loaded *l)
{
	r->next = *l;
	*l = (struct loaded){0};
	r->since = clock_mono();
	r->stage = STAGE_NONE;
	dispatch_plan_begin(r->options.dispatch, r->next.plan);
}

static void
reload_done_cb(struct loaded *l, void *arg)
{
	struct reload *r = arg;

	must_magic(r, RELOAD_MAGIC);
	loader_free(&r->loader);
	if (r->is_stopped)
		return;
	if (l->plan == NULL) {
		cause_sort(&l->cause);
		log_mistakes(&l->cause);
		log_error("scheduler.plan.refused", "mistakes=%zu "
		    "running_plan=%.12s", l->cause.error_count,
		    r->plan->hash);
		tell_refusal(r, l->cause.error_count,
		    first_mistake(&l->cause));
	} else {
		begin(r, l);
		loop_timer_at(r->timer, clock_mono());
		return;
	}
	if (r->is_wanted)
		start(r);
}

static void
start(struct reload *r)
{
	const char *why;

	r->is_wanted = false;
	r->loader = loader_new(r->loop, r->options.checks,
	    r->options.location, reload_done_cb, r);
	if (r->loader == NULL) {
		why = strerror(errno);
		log_error("scheduler.plan.refused", "error=%s "
		    "running_plan=%.12s", log_quote(why), r->plan->hash);
		tell_refusal(r, 1, xasprintf("they cannot be loaded: %s",
		    why));
	} else
		log_info("scheduler.plan.loading", "running_plan=%.12s",
		    r->plan->hash);
}

void
reload_request(struct reload *r)
{
	must_magic(r, RELOAD_MAGIC);
	if (r->is_stopped)
		return;
	if (reload_is_busy(r))
		r->is_wanted = true;
	else
		start(r);
}

bool
reload_is_busy(const struct reload *r)
{
	return (r->loader != NULL || r->next.plan != NULL);
}

struct reload *
reload_new(struct loop *loop, const struct reload_options *o,
    struct loaded *first)
{
	struct reload *r = xcalloc(1, sizeof(*r));

	r->magic = RELOAD_MAGIC;
	r->loop = loop;
	r->options = *o;
	r->timer = loop_timer_new(loop, reload_slice_cb, r);
	begin(r, first);
	while (slice(r, INT64_MAX))
		continue;
	finish(r);
	return (r);
}

void
reload_stop(struct reload *r)
{
	must_magic(r, RELOAD_MAGIC);
	r->is_stopped = true;
	r->is_wanted = false;
	loop_timer_stop(r->timer);
}

void
reload_free(struct reload **rp)
{
	struct reload *r = *rp;

	if (r == NULL)
		return;
	*rp = NULL;
	must_magic(r, RELOAD_MAGIC);
	loader_free(&r->loader);
	loop_timer_free(&r->timer);
	loaded_fini(&r->next);
	plan_free(&r->plan);
	r->magic = 0;
	free(r);
}
