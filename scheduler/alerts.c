/* SPDX-License-Identifier: ISC */
/*
 * Streaks. What a restart must not forget is in the journal: each streak, and
 * that it fires, written before anybody is told.
 */
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/json.h"
#include "base/json_out.h"
#include "base/log.h"
#include "base/mem.h"
#include "scheduler/alerts_priv.h"

#define VARIABLES_MOST_BYTES (64u << 10)
#define REASON_MOST_BYTES 500
#define STATE_MOST_BYTES 200
#define CHECK_PREFIX "check "
/* The count of a streak that fires is only told: it is not written down at
 * each run. */
#define SAVE_EVERY (1 * SPAN_MIN)

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

static char *
entry_name(const struct streak *s)
{
	return (xasprintf(CHECK_PREFIX "%s", s->check));
}

/* Put down how it stands; nothing when the check is all right. */
static void
streak_save(struct alerts *a, struct streak *s, wall_us due)
{
	char *name = entry_name(s);
	struct json_out o;
	struct buf b;

	s->saved = due;
	if (s->count > 0) {
		buf_init(&b, STATE_MOST_BYTES);
		json_out_init(&o, &b);
		json_out_object(&o);
		json_out_kv_int(&o, "count", (int64_t)s->count);
		json_out_kv_int(&o, "since_us", s->since);
		json_out_kv_bool(&o, "firing", s->is_firing);
		json_out_object_end(&o);
		journal_put(a->journal, name, buf_str(&b));
		buf_fini(&b);
	} else
		journal_remove(a->journal, name);
	free(name);
}

/* As an earlier process left it. */
static void
streak_restore(struct alerts *a, struct streak *s)
{
	char *name = entry_name(s);
	const char *text = journal_find(a->journal, name);
	const struct json *root;
	struct json_doc *doc;

	free(name);
	if (text == NULL || json_parse(text, strlen(text),
	    &json_limits_default, &doc, NULL) != 0)
		return;
	root = json_root(doc);
	s->count = (uint64_t)json_get_int(root, "count", 0);
	s->since = json_get_int(root, "since_us", 0);
	s->is_firing = json_get_bool(root, "firing", false);
	a->stats.firing += s->is_firing;
	json_free(&doc);
}

/* Put down a message to each target; start_new sends them. */
static void
notify_all(struct alerts *a, const struct streak *s,
    const struct dispatch_event *e)
{
	struct buf variables;
	size_t i;

	log_warn(s->is_firing ? "alert.fire" : "alert.resolve",
	    "check=%s outcome=%s count=%llu targets=%zu", log_quote(s->check),
	    outcome_name(e->outcome), (unsigned long long)s->count,
	    s->target_count);
	buf_init(&variables, VARIABLES_MOST_BYTES);
	format_variables(s, e, &variables);
	for (i = 0; i < s->target_count; i++)
		if (s->targets[i]->definition != NULL)
			alerts_notice_new(a, s->targets[i], &variables);
	buf_fini(&variables);
}

static void
start_new(struct alerts *a)
{
	struct notice *n;

	if (a->is_stopped)
		return;
	LIST_FOREACH(n, &a->notices, link) {
		if (n->tries > 0)
			break;
		alerts_notice_start(n);
	}
}

static void
streak_bad(struct alerts *a, struct streak *s, const struct dispatch_event *e)
{
	if (s->count++ == 0)
		s->since = e->due;
	if (s->is_firing) {
		if (e->due - s->saved >= SAVE_EVERY)
			streak_save(a, s, e->due);
		return;
	}
	if (s->count >= (uint64_t)s->after) {
		s->is_firing = true;
		a->stats.firing++;
		notify_all(a, s, e);
	}
	streak_save(a, s, e->due);
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
	if (s->count == 0)
		return;
	s->count = 0;
	streak_save(a, s, e->due);
}

/* What tells of us: nobody was asked, or the answer could not wait. */
static bool
says_nothing(const struct alerts *a, const struct dispatch_event *e)
{
	return (e->outcome == OUTCOME_SKIPPED ||
	    (e->outcome == OUTCOME_LOST && (!e->is_run || a->is_stopped)));
}

void
alerts_note(struct alerts *a, const struct dispatch_event *e)
{
	struct streak *s;

	must_magic(a, ALERTS_MAGIC);
	if (a->streaks == NULL || says_nothing(a, e))
		return;
	HASH_FIND_STR(a->streaks, e->check, s);
	if (s == NULL)
		return;
	if (e->outcome == OUTCOME_PASSED)
		streak_passed(a, s, e);
	else
		streak_bad(a, s, e);
	journal_flush(a->journal);
	start_new(a);
}

static void
streak_clear(struct alerts *a, struct streak *s)
{
	size_t i;

	for (i = 0; i < s->target_count; i++)
		alerts_target_release(a, s->targets[i]);
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
		streak_restore(a, s);
	}
	targets = xcalloc(pc->notify_count + 1, sizeof(struct target *));
	for (i = 0; i < pc->notify_count; i++)
		targets[i] = alerts_target_take(a, pc->notifies[i],
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
	if (s->plan != a->plan_number) {
		s->count = 0;
		streak_save(a, s, 0);
		streak_free(a, s);
	}
	return (true);
}

/* Drop what an earlier process knew of checks that are gone. */
static void
forget_others(struct alerts *a)
{
	const char *name, *next;
	struct streak *s;

	for (name = journal_next(a->journal, NULL); name != NULL; name = next) {
		next = journal_next(a->journal, name);
		if (strncmp(name, CHECK_PREFIX, strlen(CHECK_PREFIX)) != 0)
			continue;
		HASH_FIND_STR(a->streaks, name + strlen(CHECK_PREFIX), s);
		if (s == NULL)
			journal_remove(a->journal, name);
	}
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
	if (has_more)
		return (true);
	a->plan = NULL;
	if (!a->is_resumed) {
		a->is_resumed = true;
		forget_others(a);
		alerts_notice_resume(a);
	}
	journal_flush(a->journal);
	return (false);
}

struct alerts *
alerts_new(struct loop *loop, struct fleet *fleet, struct outbox *outbox,
    const char *path)
{
	struct alerts *a = xcalloc(1, sizeof(*a));

	a->magic = ALERTS_MAGIC;
	a->loop = loop;
	a->fleet = fleet;
	a->outbox = outbox;
	a->journal = journal_open(path);
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
		log_warn("alert.notify.kept", "target=%s",
		    log_quote(n->target->name));
		alerts_notice_free(n);
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
		alerts_notice_free(LIST_FIRST(&a->notices));
	HASH_ITER(hh, a->streaks, s, next)
		streak_free(a, s);
	journal_close(&a->journal);
	a->magic = 0;
	free(a);
}

void
alerts_get_stats(const struct alerts *a, struct alerts_stats *out)
{
	*out = a->stats;
}
