/* SPDX-License-Identifier: ISC */
/*
 * One run at a time at most, however many checks want rounds. A pair's second
 * half goes right after the first; then comes a pause in proportion to what
 * the pair took, so that the share of time is kept whatever a run lasts.
 */
#include "scheduler/idle.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/json_out.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/proc.h"
#include "scheduler/child.h"

#define IDLE_MAGIC    0x49444c45u
#define READY_WITHIN  (60 * SPAN_S) /* it reads the plan and the store */
#define LOOK_FIRST    (50 * SPAN_MS)
#define LOOK_SECOND   (5 * SPAN_MS)
#define SECOND_WITHIN (1 * SPAN_S)  /* else the halves are far apart */
#define PAIR_LEAST    (200 * SPAN_MS) /* from one to the next */
#define REAP_AGAIN    (50 * SPAN_MS)
#define REFUSE_AFTER  (1 * SPAN_S)  /* so that nobody asks in a circle */
#define ANSWER_BYTES  4096

/* The check that is run beside its schedule now; one at a time. */
struct lent {
	char *id;
	char hash[DEFINITION_HASH_SIZE];
	span_us timeout;
	span_us every;
	span_us half_most;   /* how long a half took, or may take at first */
	bool is_known;       /* it has run */
	struct fleet_definition *definition;
};

/* What the child has asked for; it asks for one at a time. */
struct wish {
	bool is_open;
	bool is_refused;       /* at its end */
	uint8_t run[MESSAGE_ID_SIZE];
	bool is_second;
	mono_us end;           /* refused then; INT64_MAX: never */
};

struct idle {
	unsigned int magic;
	struct loop *loop;
	const struct dispatch *dispatch;
	struct fleet *fleet;
	struct outbox *outbox;
	struct idle_options options;
	char *program;
	const struct plan *plan;     /* until the next one; NULL: none yet */
	uint64_t wanted;             /* what that plan lets us run; 0: none */
	struct lent lent;            /* definition NULL: none */
	struct child *child;   /* NULL: never wanted yet */
	bool is_hung_up;       /* it ends: no check wants it any more */
	struct wish wish;
	struct loop_timer *timer;
	bool is_running;       /* a run is in flight */
	bool is_of_lent;       /* it is one of the check that is lent */
	mono_us half_started;
	uint32_t asker;        /* the child's generation that waits for it */
	mono_us pair_started;
	mono_us not_before;    /* of the next pair */
	bool is_stopped;
	struct idle_stats stats;
};

static void
answer(struct idle *i, const uint8_t run[static MESSAGE_ID_SIZE],
    enum outcome outcome, const char *doc, size_t len)
{
	struct message m = {.type = MESSAGE_RESULT,
	    .code = (uint16_t)outcome, .doc = doc, .doc_len = len};

	memcpy(m.id, run, MESSAGE_ID_SIZE);
	if (i->child != NULL)
		child_send(i->child, &m);
}

static void
refuse(struct idle *i, const char *reason)
{
	struct json_out o;
	struct buf doc;

	i->wish.is_open = false;
	i->stats.refused++;
	buf_init(&doc, ANSWER_BYTES);
	json_out_init(&o, &doc);
	json_out_object(&o);
	json_out_kv_str(&o, "reason", reason);
	json_out_object_end(&o);
	answer(i, i->wish.run, OUTCOME_SKIPPED, doc.data, doc.len);
	buf_fini(&doc);
}

static void
pause_after_pair(struct idle *i)
{
	mono_us now = clock_mono();
	span_us took = now - i->pair_started;

	i->not_before = now + took * (100 - i->options.share_percent) /
	    i->options.share_percent;
	if (i->options.share_percent < 100 &&
	    i->not_before < i->pair_started + PAIR_LEAST)
		i->not_before = i->pair_started + PAIR_LEAST;
}

/* Learn how much time the next ones want before the check's own slot. */
static void
note_half(struct idle *i)
{
	struct lent *lent = &i->lent;
	span_us took = clock_mono() - i->half_started;

	if (!i->is_of_lent)
		return;
	if (!lent->is_known || took > lent->half_most)
		lent->half_most = took;
	lent->is_known = true;
}

static void
done_cb(const struct fleet_result *r, void *arg)
{
	struct idle *i = arg;
	struct message m = {.type = MESSAGE_RESULT,
	    .code = (uint16_t)r->outcome, .doc = r->doc,
	    .doc_len = r->doc_len};

	must_magic(i, IDLE_MAGIC);
	memcpy(m.id, r->run, MESSAGE_ID_SIZE);
	i->is_running = false;
	note_half(i);
	outbox_add(i->outbox, &m, false);
	pause_after_pair(i);
	if (i->wish.is_open)
		loop_timer_at(i->timer, clock_mono());
	if (i->child != NULL && child_generation(i->child) == i->asker)
		answer(i, r->run, r->outcome, r->doc, r->doc_len);
}

static void
run_wish(struct idle *i, mono_us now)
{
	struct wish *w = &i->wish;
	struct fleet_job job = {.definition = i->lent.definition,
	    .trigger = TRIGGER_GATE, .due = clock_wall(),
	    .timeout = i->lent.timeout};

	memcpy(job.run, w->run, MESSAGE_ID_SIZE);
	w->is_open = false;
	if (!w->is_second)
		i->pair_started = now;
	i->is_running = i->is_of_lent = true;
	i->half_started = now;
	i->asker = child_generation(i->child);
	i->stats.runs++;
	fleet_submit(i->fleet, &job, done_cb, i);
}

/*
 * Is there room, and time before the check's own slot? What takes longer than
 * its interval cannot keep clear of it.
 */
static bool
may_run(const struct idle *i, const struct wish *w)
{
	const struct lent *lent = &i->lent;
	span_us time = w->is_second ? lent->half_most : 2 * lent->half_most;

	if (time > lent->every / 2)
		time = lent->every / 2;
	return (dispatch_is_clear(i->dispatch, lent->id, time) &&
	    fleet_has_room_to_spare(lent->definition) &&
	    (w->is_second || fleet_is_calm(i->fleet)));
}

/* Grant the wish, refuse it, or return when to look at it again. */
static mono_us
look(struct idle *i, mono_us now)
{
	const struct wish *w = &i->wish;
	mono_us next = now + (w->is_second ? LOOK_SECOND : LOOK_FIRST);

	if (!w->is_open || i->is_running)
		return (INT64_MAX);
	if (w->is_refused) {
		if (now < w->end)
			return (w->end);
		refuse(i, "the scheduler runs no such check in idle time");
		return (INT64_MAX);
	}
	if (!w->is_second && now < i->not_before)
		return (i->not_before);
	if (may_run(i, w)) {
		run_wish(i, now);
		return (INT64_MAX);
	}
	if (now < w->end)
		return (next);
	refuse(i, "no idle capacity for the second half of the pair");
	return (INT64_MAX);
}

/* A child that was hung up ends in its own time. */
static mono_us
reap(struct idle *i, mono_us now)
{
	if (!child_is_gone(i->child))
		return (now + REAP_AGAIN);
	child_free(&i->child);
	i->is_hung_up = false;
	return (INT64_MAX);
}

static void
timer_cb(void *arg)
{
	struct idle *i = arg;
	mono_us next;

	must_magic(i, IDLE_MAGIC);
	next = i->is_hung_up ? reap(i, clock_mono()) : look(i, clock_mono());
	if (next != INT64_MAX)
		loop_timer_at(i->timer, next);
}

static void
forget_lent(struct idle *i)
{
	fleet_forget(&i->lent.definition);
	free(i->lent.id);
	i->lent = (struct lent){.id = NULL};
	i->is_of_lent = false;
}

/* Lend to another check. False when its definition cannot be made. */
static bool
lend(struct idle *i, const struct plan_check *pc)
{
	struct definition *definition = NULL;
	char *sentence = NULL;

	forget_lent(i);
	if (plan_make_definition(pc, NULL, NULL, 0, &definition, &sentence)
	    == 0)
		i->lent.definition = fleet_define_from(i->fleet, definition);
	definition_free(&definition);
	free(sentence);
	if (i->lent.definition == NULL)
		return (false);
	i->lent.id = xstrdup(pc->id);
	i->lent.timeout = i->lent.half_most = pc->timeout;
	i->lent.every = pc->every;
	memcpy(i->lent.hash, pc->hash, sizeof(i->lent.hash));
	return (true);
}

/* Is it a check of our plan that may be run so, as the child knows it? */
static bool
may_lend(struct idle *i, const struct json *job)
{
	const char *id = json_get_str(job, "check", "");
	const char *hash = json_get_str(job, "definition", "");
	const struct plan_check *pc;

	if (i->lent.id != NULL && strcmp(i->lent.id, id) == 0)
		return (strcmp(i->lent.hash, hash) == 0);
	pc = i->plan != NULL ? plan_find_check(i->plan, id) : NULL;
	/* The child may have read the files anew before we did. */
	return (pc != NULL && strcmp(pc->id, id) == 0 &&
	    strcmp(pc->hash, hash) == 0 &&
	    plan_gathers_aa(pc, i->options.location) && lend(i, pc));
}

static bool
read_job(struct idle *i, const struct message *m)
{
	struct json_doc *doc;
	bool is_fit;

	if (json_parse(m->doc, m->doc_len, &json_limits_default, &doc,
	    NULL) != 0)
		return (false);
	is_fit = may_lend(i, json_root(doc));
	json_free(&doc);
	return (is_fit);
}

static void
message_cb(struct child *c, const struct message *m, void *arg)
{
	struct idle *i = arg;
	mono_us now = clock_mono();

	must_magic(i, IDLE_MAGIC);
	if (m->type != MESSAGE_JOB) {
		child_replace(c, "sent a message that is not its own");
		return;
	}
	/* A wish that is still open is given up for the new one. */
	i->wish = (struct wish){.is_open = true,
	    .is_refused = !read_job(i, m), .is_second = m->code == 1,
	    .end = INT64_MAX};
	memcpy(i->wish.run, m->id, MESSAGE_ID_SIZE);
	if (i->wish.is_refused)
		i->wish.end = now + REFUSE_AFTER;
	else if (i->wish.is_second)
		i->wish.end = now + SECOND_WITHIN;
	timer_cb(i);
}

static void
ready_cb(struct child *c, const struct message *m, void *arg)
{
	(void)c;
	(void)m;
	(void)arg;
}

static void
down_cb(struct child *c, const char *reason, void *arg)
{
	struct idle *i = arg;

	(void)c;
	(void)reason;
	must_magic(i, IDLE_MAGIC);
	i->wish.is_open = false;
}

static const struct child_handlers handlers = {
	.ready = ready_cb,
	.message = message_cb,
	.down = down_cb,
};

static void
start_child(struct idle *i)
{
	const struct idle_options *o = &i->options;
	struct child_spec spec = {.event = "idle.aa", .name = "aa",
	    .program = i->program, .args = {"aa", "--child", "--checks",
	    o->checks, "--store", o->store, "--location", o->location},
	    .ready_within = READY_WITHIN};

	i->child = child_new(i->loop, &spec, &handlers, i);
}

/* Without a wait: the slots that are due go on. */
static void
begin_anew(struct idle *i)
{
	if (i->wanted == 0) {
		child_hang_up(i->child);
		i->is_hung_up = true;
		loop_timer_at(i->timer, clock_mono());
		return;
	}
	if (i->is_hung_up)
		child_free(&i->child);
	i->is_hung_up = false;
	if (i->child == NULL)
		start_child(i);
	else
		child_replace(i->child, "the checks have changed");
}

static uint64_t
mix(uint64_t h, const char *text)
{
	for (; *text != '\0'; text++)
		h = (h ^ (unsigned char)*text) * 0x100000001b3u; /* FNV-1a */
	return (h);
}

/*
 * What a plan lets us run, as one number: a reload that changes nothing of it
 * costs no rounds. Of 100,000 checks it is made within some milliseconds.
 */
static uint64_t
sum_up(const struct plan *plan, const char *location, unsigned int *count)
{
	uint64_t h = 0xcbf29ce484222325u;
	size_t j;

	*count = 0;
	for (j = 0; j < plan->check_count; j++) {
		if (!plan_gathers_aa(plan->checks[j], location))
			continue;
		h = mix(mix(h, plan->checks[j]->id), plan->checks[j]->hash);
		++*count;
	}
	return (*count > 0 ? h | 1 : 0);
}

void
idle_set_plan(struct idle *i, const struct plan *plan)
{
	unsigned int count;
	uint64_t wanted;

	must_magic(i, IDLE_MAGIC);
	if (i->options.share_percent == 0 || i->is_stopped)
		return;
	i->plan = plan;
	wanted = sum_up(plan, i->options.location, &count);
	if (wanted == i->wanted)
		return;
	i->wanted = wanted;
	i->wish.is_open = false;
	forget_lent(i);
	log_info("idle.aa.plan", "checks=%u share_percent=%lld", count,
	    (long long)i->options.share_percent);
	begin_anew(i);
}

struct idle *
idle_new(struct loop *loop, const struct dispatch *dispatch,
    struct fleet *fleet, struct outbox *outbox, const struct idle_options *o)
{
	struct idle *i = xcalloc(1, sizeof(*i));

	must(o->share_percent >= 0 && o->share_percent <= 100);
	i->magic = IDLE_MAGIC;
	i->loop = loop;
	i->dispatch = dispatch;
	i->fleet = fleet;
	i->outbox = outbox;
	i->options = *o;
	i->program = o->program != NULL ? xstrdup(o->program) :
	    proc_sibling("e2e-gate");
	i->timer = loop_timer_new(loop, timer_cb, i);
	return (i);
}

void
idle_stop(struct idle *i)
{
	must_magic(i, IDLE_MAGIC);
	i->is_stopped = true;
	i->wish.is_open = false;
	loop_timer_stop(i->timer);
	if (i->child != NULL)
		child_hang_up(i->child);
}

void
idle_free(struct idle **ip)
{
	struct idle *i = *ip;

	if (i == NULL)
		return;
	*ip = NULL;
	must_magic(i, IDLE_MAGIC);
	child_free(&i->child);
	forget_lent(i);
	loop_timer_free(&i->timer);
	free(i->program);
	i->magic = 0;
	free(i);
}

void
idle_get_stats(const struct idle *i, struct idle_stats *out)
{
	*out = i->stats;
}
