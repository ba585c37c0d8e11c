/* SPDX-License-Identifier: ISC */
/*
 * A probe for tests: speaks the frames, runs nothing, and does as the
 * definition document says, which is one word:
 *	answer, slow (after 50 ms), hang, die, freeze, garbage, bare (a result
 *	without a document), twice.
 * A real definition is answered; "unreachable" when that stands in it, after
 * 250 ms when "slow" does.
 * The event of a result is {"defines":N,"job":JOB}.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/channel.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "base/proc.h"

#define SLOW (50 * SPAN_MS)
#define LOAD_EVERY (200 * SPAN_MS)

struct definition {
	uint64_t number;
	char *word;
};

static bool
is_real(const char *word)
{
	return (word[0] == '{');
}

struct fake {
	struct loop *loop;
	struct channel *channel;
	struct loop_timer *load;
	struct definition *definitions;
	size_t count;
	size_t defines;
	struct buf event;
};

struct later {
	struct fake *fake;
	struct loop_timer *timer;
	struct message m;
	char *doc;
};

static void
send_result(struct fake *f, const struct message *job, enum outcome outcome)
{
	struct message m = {.type = MESSAGE_RESULT, .extra = job->extra,
	    .code = (uint16_t)outcome};
	struct json_out o;

	buf_reset(&f->event);
	json_out_init(&o, &f->event);
	json_out_object(&o);
	json_out_kv_int(&o, "defines", (int64_t)f->defines);
	json_out_key(&o, "job");
	json_out_raw(&o, job->doc, job->doc_len);
	json_out_object_end(&o);
	memcpy(m.id, job->id, MESSAGE_ID_SIZE);
	m.doc = f->event.data;
	m.doc_len = f->event.len;
	channel_send(f->channel, &m);
}

static void
later_cb(void *arg)
{
	struct later *l = arg;

	send_result(l->fake, &l->m, OUTCOME_PASSED);
	loop_timer_free(&l->timer);
	free(l->doc);
	free(l);
}

static void
answer_later(struct fake *f, const struct message *m, span_us delay)
{
	struct later *l = xcalloc(1, sizeof(*l));

	l->fake = f;
	l->m = *m;
	l->m.doc = l->doc = xmemdup(m->doc, m->doc_len);
	l->timer = loop_timer_new(f->loop, later_cb, l);
	loop_timer_at(l->timer, clock_mono() + delay);
}

static void
misbehave(struct fake *f, const char *word, const struct message *m)
{
	static const char junk[] = "\xff\xff\xff\xff no frame at all, but "
	    "long enough to be a head";
	struct message bare = {.type = MESSAGE_RESULT, .extra = m->extra};

	if (strcmp(word, "die") == 0)
		_exit(7);
	if (strcmp(word, "freeze") == 0)
		raise(SIGSTOP);
	if (strcmp(word, "garbage") == 0 &&
	    write(PROC_CHILD_FD, junk, sizeof(junk)) < 0)
		_exit(1);
	if (strcmp(word, "bare") == 0) {
		memcpy(bare.id, m->id, MESSAGE_ID_SIZE);
		channel_send(f->channel, &bare);
	}
}

static void
run_job(struct fake *f, const struct message *m)
{
	const char *word = NULL;
	size_t i;

	for (i = 0; i < f->count; i++)
		if (f->definitions[i].number == m->cookie)
			word = f->definitions[i].word;
	if (word == NULL)
		_exit(9); /* a job before its definition */
	if (strcmp(word, "slow") == 0 ||
	    (is_real(word) && strstr(word, "slow") != NULL)) {
		answer_later(f, m, is_real(word) ? 5 * SLOW : SLOW);
		return;
	}
	if (is_real(word))
		send_result(f, m, strstr(word, "unreachable") != NULL ?
		    OUTCOME_UNREACHABLE : OUTCOME_PASSED);
	if (strcmp(word, "answer") == 0 || strcmp(word, "twice") == 0)
		send_result(f, m, OUTCOME_PASSED);
	if (strcmp(word, "twice") == 0)
		send_result(f, m, OUTCOME_PASSED);
	misbehave(f, word, m);
}

static void
message_cb(struct channel *ch, const struct message *m, void *arg)
{
	struct fake *f = arg;

	(void)ch;
	if (m->type == MESSAGE_DEFINE) {
		f->definitions = xreallocarray(f->definitions, f->count + 1,
		    sizeof(*f->definitions));
		f->definitions[f->count].number = m->cookie;
		f->definitions[f->count++].word = xstrndup(m->doc, m->doc_len);
		f->defines++;
	} else if (m->type == MESSAGE_JOB)
		run_job(f, m);
}

static void
closed_cb(struct channel *ch, int err, void *arg)
{
	struct fake *f = arg;

	(void)ch;
	(void)err;
	loop_stop(f->loop);
}

static const struct channel_handlers handlers = {message_cb, closed_cb, NULL};

static void
load_cb(void *arg)
{
	struct fake *f = arg;
	struct message m = {.type = MESSAGE_LOAD};

	channel_send(f->channel, &m);
	loop_timer_at(f->load, clock_mono() + LOAD_EVERY);
}

int
main(void)
{
	struct fake f = {0};
	struct message ready = {.type = MESSAGE_READY, .doc = "{}",
	    .doc_len = 2};
	size_t i;

	proc_init(1);
	f.loop = loop_new();
	buf_init(&f.event, 1 << 20);
	f.channel = channel_new(f.loop, PROC_CHILD_FD, &handlers, &f);
	f.load = loop_timer_new(f.loop, load_cb, &f);
	loop_timer_at(f.load, clock_mono());
	channel_send(f.channel, &ready);
	loop_run(f.loop);
	loop_timer_free(&f.load);
	channel_free(&f.channel);
	loop_free(&f.loop);
	for (i = 0; i < f.count; i++)
		free(f.definitions[i].word);
	free(f.definitions);
	buf_fini(&f.event);
	return (0);
}
