/* SPDX-License-Identifier: ISC */
/*
 * Notifications. One that could not be delivered is tried again only where
 * nothing can have been sent (skipped, unreachable): an alert that comes
 * twice is a lesser evil than none, but what the other side may have taken is
 * the flow's own business to repeat. Until its end it stands in the journal,
 * so a scheduler that was killed meanwhile sends it once more.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/json.h"
#include "base/json_out.h"
#include "base/log.h"
#include "base/mem.h"
#include "scheduler/alerts_priv.h"

#define TRIES_MOST      6
#define TRY_AGAIN_FIRST (5 * SPAN_S)
#define PATIENCE        (30 * SPAN_S)
#define NOTICE_PREFIX   "notice "
#define LINE_MOST_BYTES (128u << 10)

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

struct target *
alerts_target_take(struct alerts *a, const struct plan_notify *n,
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

void
alerts_target_release(struct alerts *a, struct target *t)
{
	if (--t->users > 0)
		return;
	HASH_DEL(a->targets, t);
	fleet_forget(&t->definition);
	free(t->key);
	free(t->name);
	free(t);
}

void
alerts_notice_free(struct notice *n)
{
	LIST_REMOVE(n, link);
	loop_timer_free(&n->timer);
	alerts_target_release(n->alerts, n->target);
	free(n->variables);
	free(n);
}

/* Delivered or given up: nobody shall send it again. */
static void
notice_end(struct notice *n)
{
	journal_remove(n->alerts->journal, n->name);
	journal_flush(n->alerts->journal);
	alerts_notice_free(n);
}

static void
notice_timer_cb(void *arg)
{
	struct notice *n = arg;

	must_magic(n->alerts, ALERTS_MAGIC);
	alerts_notice_start(n);
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
	bool is_unsent = r->outcome == OUTCOME_SKIPPED ||
	    r->outcome == OUTCOME_UNREACHABLE;

	must_magic(a, ALERTS_MAGIC);
	n->is_in_flight = false;
	memcpy(m.id, r->run, MESSAGE_ID_SIZE);
	outbox_add(a->outbox, &m, false);
	if (r->outcome == OUTCOME_PASSED) {
		a->stats.sent++;
		notice_end(n);
		return;
	}
	log_error("alert.notify.failed", "target=%s outcome=%s try=%u",
	    log_quote(n->target->name), outcome_name(r->outcome), n->tries);
	if (is_unsent && a->is_stopped)
		alerts_notice_free(n);
	else if (is_unsent && n->tries < TRIES_MOST)
		notice_again(n);
	else {
		a->stats.failed++;
		notice_end(n);
	}
}

void
alerts_notice_start(struct notice *n)
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

static struct notice *
notice_make(struct alerts *a, struct target *t, const char *variables,
    size_t len)
{
	struct notice *n = xcalloc(1, sizeof(*n));

	n->alerts = a;
	n->target = t;
	t->users++;
	n->variables = xmemdup(variables, len);
	n->variables_len = len;
	LIST_INSERT_HEAD(&a->notices, n, link);
	return (n);
}

void
alerts_notice_new(struct alerts *a, struct target *t,
    const struct buf *variables)
{
	struct notice *n = notice_make(a, t, variables->data, variables->len);
	uint8_t id[MESSAGE_ID_SIZE];
	char hex[2 * MESSAGE_ID_SIZE + 1];
	struct json_out o;
	struct buf b;

	crypto_random(id, sizeof(id));
	crypto_hex(id, sizeof(id), hex);
	snprintf(n->name, sizeof(n->name), NOTICE_PREFIX "%s", hex);
	buf_init(&b, LINE_MOST_BYTES);
	json_out_init(&o, &b);
	json_out_object(&o);
	json_out_kv_str(&o, "target", t->name);
	json_out_key(&o, "variables");
	json_out_raw(&o, variables->data, variables->len);
	json_out_object_end(&o);
	journal_put(a->journal, n->name, buf_str(&b));
	buf_fini(&b);
}

static struct target *
find_target(struct alerts *a, const char *name)
{
	struct target *t, *next;

	HASH_ITER(hh, a->targets, t, next)
		if (strcmp(t->name, name) == 0 && t->definition != NULL)
			return (t);
	return (NULL);
}

static void
resume(struct alerts *a, const char *name, const char *text)
{
	const struct json *root, *variables;
	struct json_doc *doc;
	struct target *t;
	struct notice *n;

	if (json_parse(text, strlen(text), &json_limits_default, &doc, NULL)
	    != 0)
		return;
	root = json_root(doc);
	t = find_target(a, json_get_str(root, "target", ""));
	variables = json_get(root, "variables");
	if (t == NULL || variables == NULL || variables->kind != JSON_OBJECT) {
		log_error("alert.notify.dropped", "target=%s",
		    log_quote(json_get_str(root, "target", "")));
		journal_remove(a->journal, name);
	} else {
		log_info("alert.notify.resume", "target=%s",
		    log_quote(t->name));
		n = notice_make(a, t, text + variables->start,
		    variables->end - variables->start);
		snprintf(n->name, sizeof(n->name), "%s", name);
		alerts_notice_start(n);
	}
	json_free(&doc);
}

void
alerts_notice_resume(struct alerts *a)
{
	const char *name, *next;

	for (name = journal_next(a->journal, NULL); name != NULL; name = next) {
		next = journal_next(a->journal, name);
		if (strncmp(name, NOTICE_PREFIX, strlen(NOTICE_PREFIX)) == 0)
			resume(a, name, journal_find(a->journal, name));
	}
	journal_flush(a->journal);
}
