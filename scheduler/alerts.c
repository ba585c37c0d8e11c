/* SPDX-License-Identifier: ISC */
/*
 * Streaks and notifications. A notification that could not be delivered is
 * tried again only where nothing can have been sent (skipped, unreachable):
 * an alert that comes twice is a lesser evil than none, but what the other
 * side may have taken is the flow's own business to repeat.
 */
#include "scheduler/alerts.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <uthash.h>

#include "base/crypto.h"
#include "base/json.h"
#include "base/json_out.h"
#include "base/log.h"
#include "base/mem.h"

#define ALERTS_MAGIC    0x414c4552u
#define TRIES_MOST      6
#define TRY_AGAIN_FIRST (5 * SPAN_S)
#define VARIABLES_MOST_BYTES (64u << 10)
#define REASON_MOST_BYTES 500
#define MEMO_SIZE       4
#define PATIENCE        (30 * SPAN_S)

/* A way to tell people, as the fleet knows it. */
struct target {
	char *key;        /* name of its runs, and the definition's hash */
	char *name;       /* service/!name */
	struct fleet_definition *definition;
	span_us timeout;
	size_t users;
	UT_hash_handle hh;
};

struct streak {
	char *check;
	char *service;
	char *environment;
	char *owner;
	int after;
	struct target **targets;
	size_t target_count;
	uint64_t plan;    /* number of the plan that it was last found in */
	bool is_firing;
	uint64_t count;   /* runs in a row that did not pass */
	wall_us since;    /* due time of the first */
	UT_hash_handle hh;
};

/* One message to one target, until it is delivered or given up. */
struct notice {
	LIST_ENTRY(notice) link;
	struct alerts *alerts;
	struct target *target;
	char *variables;
	size_t variables_len;
	unsigned int tries;
	bool is_in_flight;
	struct loop_timer *timer;
};

LIST_HEAD(notice_list, notice);

/* Neighbours in a plan mostly name the same notifications. */
struct memo {
	const struct plan_notify *notify;
	struct target *target;
};

struct alerts {
	unsigned int magic;
	struct loop *loop;
	struct fleet *fleet;
	struct outbox *outbox;
	struct streak *streaks;
	struct target *targets;
	struct notice_list notices;
	const struct plan *plan;     /* being applied; NULL: none */
	uint64_t plan_number;
	size_t plan_next;            /* the check to apply next */
	struct streak *sweep;        /* then: the streak to look at next */
	struct memo memo[MEMO_SIZE]; /* meanwhile */
	bool is_stopped;
	struct alerts_stats stats;
};

static struct target *
target_take(struct alerts *a, const struct plan_notify *n)
{
	struct definition *d = plan_make_notify_definition(n);
	char *key = xasprintf("%s\n%s", d->check, d->hash);
	struct target *t;

	HASH_FIND_STR(a->targets, key, t);
	if (t == NULL) {
		t = xcalloc(1, sizeof(*t));
		t->key = xstrdup(key);
		t->name = xstrdup(d->check);
		t->timeout = d->timeout;
		t->definition = fleet_define_from(a->fleet, d);
		if (t->definition == NULL)
			log_error("alert.target.define", "target=%s",
			    log_quote(t->name));
		HASH_ADD_KEYPTR(hh, a->targets, t->key, strlen(t->key), t);
	}
	t->users++;
	free(key);
	definition_free(&d);
	return (t);
}

static struct target *
target_take_again(struct alerts *a, const struct plan_notify *n,
    struct memo *memo)
{
	if (memo->notify == n) {
		memo->target->users++;
		return (memo->target);
	}
	memo->notify = n;
	memo->target = target_take(a, n);
	return (memo->target);
}

static void
target_release(struct alerts *a, struct target *t)
{
	if (--t->users > 0)
		return;
	HASH_DEL(a->targets, t);
	fleet_forget(&t->definition);
	free(t->key);
	free(t->name);
	free(t);
}

static void
notice_free(struct notice *n)
{
	LIST_REMOVE(n, link);
	loop_timer_free(&n->timer);
	target_release(n->alerts, n->target);
	free(n->variables);
	free(n);
}

static void notice_try(struct notice *n);

static void
notice_timer_cb(void *arg)
{
	struct notice *n = arg;

	must_magic(n->alerts, ALERTS_MAGIC);
	notice_try(n);
}

static void
notice_again(struct notice *n)
{
	span_us delay = TRY_AGAIN_FIRST << (n->tries - 1);

	if (n->timer == NULL)
		n->timer = loop_timer_new(n->alerts->loop, notice_timer_cb, n);
	loop_timer_at(n->timer, clock_mono() + delay);
}

static void
notice_done_cb(const struct fleet_result *r, void *arg)
{
	struct notice *n = arg;
	struct alerts *a = n->alerts;
	struct message m = {.type = MESSAGE_RESULT,
	    .code = (uint16_t)r->outcome, .doc = r->doc,
	    .doc_len = r->doc_len};

	must_magic(a, ALERTS_MAGIC);
	n->is_in_flight = false;
	memcpy(m.id, r->run, MESSAGE_ID_SIZE);
	outbox_add(a->outbox, &m, false);
	if (r->outcome == OUTCOME_PASSED) {
		a->stats.sent++;
		notice_free(n);
		return;
	}
	log_error("alert.notify.failed", "target=%s outcome=%s try=%u",
	    log_quote(n->target->name), outcome_name(r->outcome), n->tries);
	if (n->tries < TRIES_MOST && !a->is_stopped &&
	    (r->outcome == OUTCOME_SKIPPED ||
	    r->outcome == OUTCOME_UNREACHABLE)) {
		notice_again(n);
		return;
	}
	a->stats.failed++;
	notice_free(n);
}

static void
notice_try(struct notice *n)
{
	struct fleet_job job = {.definition = n->target->definition,
	    .trigger = TRIGGER_ALERT, .due = clock_wall(),
	    .timeout = n->target->timeout, .patience = PATIENCE,
	    .variables = n->variables, .variables_len = n->variables_len};

	crypto_random(job.run, sizeof(job.run));
	n->tries++;
	n->is_in_flight = true;
	fleet_submit(n->alerts->fleet, &job, notice_done_cb, n);
}

/* The reason in a run event; the caller frees it. */
static char *
find_reason(const struct dispatch_event *e)
{
	struct json_doc *doc;
	char *reason;

	if (json_parse(e->doc, e->doc_len, &json_limits_default, &doc, NULL)
	    != 0)
		return (xstrdup(""));
	reason = xasprintf("%.*s", REASON_MOST_BYTES,
	    json_get_str(json_root(doc), "reason", ""));
	json_free(&doc);
	return (reason);
}

static void
format_variables(const struct streak *s, const struct dispatch_event *e,
    struct buf *out)
{
	char run[2 * MESSAGE_ID_SIZE + 1], since[CLOCK_TEXT_SIZE];
	char *reason = find_reason(e);
	struct json_out o;

	crypto_hex(e->run, MESSAGE_ID_SIZE, run);
	clock_format_wall(s->since, since);
	json_out_init(&o, out);
	json_out_object(&o);
	json_out_kv_str(&o, "state", s->is_firing ? "firing" : "resolved");
	json_out_kv_bool(&o, "is_firing", s->is_firing);
	json_out_kv_bool(&o, "is_resolved", !s->is_firing);
	json_out_kv_str(&o, "check", s->check);
	json_out_kv_str(&o, "service", s->service);
	json_out_kv_str(&o, "environment", s->environment);
	json_out_kv_str(&o, "owner", s->owner);
	json_out_kv_str(&o, "outcome", outcome_name(e->outcome));
	json_out_kv_str(&o, "reason", reason);
	json_out_kv_str(&o, "run", run);
	json_out_kv_int(&o, "count", (int64_t)s->count);
	json_out_kv_str(&o, "since", since);
	json_out_object_end(&o);
	free(reason);
}

static void
notify_all(struct alerts *a, const struct streak *s,
    const struct dispatch_event *e)
{
	struct buf variables;
	struct notice *n;
	size_t i;

	log_warn(s->is_firing ? "alert.fire" : "alert.resolve",
	    "check=%s outcome=%s count=%llu targets=%zu", log_quote(s->check),
	    outcome_name(e->outcome), (unsigned long long)s->count,
	    s->target_count);
	buf_init(&variables, VARIABLES_MOST_BYTES);
	format_variables(s, e, &variables);
	for (i = 0; i < s->target_count && !a->is_stopped; i++) {
		if (s->targets[i]->definition == NULL)
			continue;
		n = xcalloc(1, sizeof(*n));
		n->alerts = a;
		n->target = s->targets[i];
		n->target->users++;
		n->variables = xmemdup(variables.data, variables.len);
		n->variables_len = variables.len;
		LIST_INSERT_HEAD(&a->notices, n, link);
		notice_try(n);
	}
	buf_fini(&variables);
}

static void
streak_bad(struct alerts *a, struct streak *s, const struct dispatch_event *e)
{
	if (s->count++ == 0)
		s->since = e->due;
	if (s->is_firing || s->count < (uint64_t)s->after)
		return;
	s->is_firing = true;
	a->stats.firing++;
	notify_all(a, s, e);
}

static void
streak_passed(struct alerts *a, struct streak *s,
    const struct dispatch_event *e)
{
	if (s->is_firing) {
		s->is_firing = false;
		a->stats.firing--;
		notify_all(a, s, e);
	}
	s->count = 0;
}

void
alerts_note(struct alerts *a, const struct dispatch_event *e)
{
	struct streak *s;

	must_magic(a, ALERTS_MAGIC);
	if (e->outcome == OUTCOME_SKIPPED || a->streaks == NULL)
		return;
	HASH_FIND_STR(a->streaks, e->check, s);
	if (s == NULL)
		return;
	if (e->outcome == OUTCOME_PASSED)
		streak_passed(a, s, e);
	else
		streak_bad(a, s, e);
}

static void
streak_clear(struct alerts *a, struct streak *s)
{
	size_t i;

	for (i = 0; i < s->target_count; i++)
		target_release(a, s->targets[i]);
	free(s->targets);
	free(s->service);
	free(s->environment);
	free(s->owner);
	s->targets = NULL;
	s->target_count = 0;
}

static void
streak_free(struct alerts *a, struct streak *s)
{
	HASH_DEL(a->streaks, s);
	a->stats.firing -= s->is_firing;
	streak_clear(a, s);
	free(s->check);
	free(s);
}

/* The new targets are taken before the old ones go: most are the same. */
static void
streak_plan(struct alerts *a, const struct plan_check *pc)
{
	struct target **targets;
	struct streak *s;
	size_t i;

	HASH_FIND_STR(a->streaks, pc->id, s);
	if (s == NULL) {
		s = xcalloc(1, sizeof(*s));
		s->check = xstrdup(pc->id);
		HASH_ADD_KEYPTR(hh, a->streaks, s->check, strlen(s->check),
		    s);
	}
	targets = xcalloc(pc->notify_count + 1, sizeof(struct target *));
	for (i = 0; i < pc->notify_count; i++)
		targets[i] = target_take_again(a, pc->notifies[i],
		    &a->memo[i % MEMO_SIZE]);
	streak_clear(a, s);
	s->targets = targets;
	s->target_count = pc->notify_count;
	s->service = xstrdup(pc->service);
	s->environment = xstrdup(pc->environment_name);
	s->owner = xstrdup(pc->owner != NULL ? pc->owner : "");
	s->after = pc->alert_after;
	s->plan = a->plan_number;
}

/* One check or streak. False when there was none left. */
static bool
plan_step(struct alerts *a)
{
	const struct plan_check *pc;
	struct streak *s = a->sweep;

	if (a->plan_next < a->plan->check_count) {
		pc = a->plan->checks[a->plan_next++];
		if (pc->alert_after > 0)
			streak_plan(a, pc);
		if (a->plan_next == a->plan->check_count)
			a->sweep = a->streaks;
		return (true);
	}
	if (s == NULL)
		return (false);
	a->sweep = s->hh.next;
	if (s->plan != a->plan_number)
		streak_free(a, s);
	return (true);
}

void
alerts_plan_begin(struct alerts *a, const struct plan *plan)
{
	must_magic(a, ALERTS_MAGIC);
	must(a->plan == NULL);
	memset(a->memo, 0, sizeof(a->memo));
	a->plan = plan;
	a->plan_number++;
	a->plan_next = 0;
	a->sweep = plan->check_count == 0 ? a->streaks : NULL;
}

bool
alerts_plan_step(struct alerts *a, mono_us until)
{
	bool has_more;

	must_magic(a, ALERTS_MAGIC);
	must(a->plan != NULL);
	do
		has_more = plan_step(a);
	while (has_more && clock_mono() < until);
	if (!has_more)
		a->plan = NULL;
	return (has_more);
}

void
alerts_set_plan(struct alerts *a, const struct plan *plan)
{
	alerts_plan_begin(a, plan);
	while (alerts_plan_step(a, INT64_MAX))
		continue;
}

struct alerts *
alerts_new(struct loop *loop, struct fleet *fleet, struct outbox *outbox)
{
	struct alerts *a = xcalloc(1, sizeof(*a));

	a->magic = ALERTS_MAGIC;
	a->loop = loop;
	a->fleet = fleet;
	a->outbox = outbox;
	LIST_INIT(&a->notices);
	return (a);
}

void
alerts_stop(struct alerts *a)
{
	struct notice *n, *next;

	must_magic(a, ALERTS_MAGIC);
	a->is_stopped = true;
	for (n = LIST_FIRST(&a->notices); n != NULL; n = next) {
		next = LIST_NEXT(n, link);
		if (n->is_in_flight)
			continue;
		log_error("alert.notify.dropped", "target=%s",
		    log_quote(n->target->name));
		a->stats.failed++;
		notice_free(n);
	}
}

void
alerts_free(struct alerts **ap)
{
	struct alerts *a = *ap;
	struct streak *s, *next;

	if (a == NULL)
		return;
	*ap = NULL;
	must_magic(a, ALERTS_MAGIC);
	while (!LIST_EMPTY(&a->notices))
		notice_free(LIST_FIRST(&a->notices));
	HASH_ITER(hh, a->streaks, s, next)
		streak_free(a, s);
	a->magic = 0;
	free(a);
}

void
alerts_get_stats(const struct alerts *a, struct alerts_stats *out)
{
	*out = a->stats;
}
