/* SPDX-License-Identifier: ISC */
/* Loop, timers and channels over a real socketpair, without sleeping. */
#include "tests/unit/unit.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/channel.h"
#include "base/err.h"
#include "base/mem.h"

struct seen {
	size_t messages;
	size_t bytes;
	uint64_t last_cookie;
	int closed;
	bool frees_at_second;
	bool pauses_at_first;
	struct channel *ch;
};

static void
seen_message(struct channel *ch, const struct message *m, void *arg)
{
	struct seen *s = arg;

	s->messages++;
	s->bytes += m->doc_len;
	s->last_cookie = m->cookie;
	if (s->pauses_at_first && s->messages == 1)
		channel_pause(ch);
	if (s->frees_at_second && s->messages == 2)
		channel_free(&s->ch);
}

static void
seen_closed(struct channel *ch, int err, void *arg)
{
	struct seen *s = arg;

	(void)ch;
	s->closed = err;
}

static const struct channel_handlers handlers = {
    .message = seen_message, .closed = seen_closed};

static void
pair_open(struct loop *loop, struct channel **a, struct seen *s)
{
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	*a = channel_new(loop, fd[0], &handlers, &(struct seen){0});
	s->ch = channel_new(loop, fd[1], &handlers, s);
}

static void
messages_arrive_whole_and_in_order(void **state)
{
	struct loop *loop = loop_new();
	struct seen s = {0}, other = {0};
	struct channel *a;
	char *big = xcalloc(1, 3000000);
	int fd[2], i;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	a = channel_new(loop, fd[0], &handlers, &other);
	s.ch = channel_new(loop, fd[1], &handlers, &s);
	for (i = 0; i < 100; i++)
		channel_send(a, &(struct message){.type = MESSAGE_JOB,
		    .cookie = (uint64_t)i, .doc = big,
		    .doc_len = i == 50 ? 3000000 : (size_t)i});
	while (s.messages < 100)
		loop_turn(loop, true);
	assert_int_equal(s.last_cookie, 99);
	assert_int_equal(s.bytes, 3000000 + 99 * 100 / 2 - 50);
	assert_int_equal(channel_queued_bytes(a), 0);
	channel_free(&a);
	while (s.closed == 0)
		loop_turn(loop, true);
	assert_int_equal(s.closed, ERR_CLOSED);
	channel_free(&s.ch);
	assert_null(s.ch);
	loop_free(&loop);
	free(big);
}

static void
a_channel_may_be_freed_by_its_own_callback(void **state)
{
	struct loop *loop = loop_new();
	struct seen s = {.frees_at_second = true};
	struct channel *a;
	int i;

	(void)state;
	pair_open(loop, &a, &s);
	for (i = 0; i < 5; i++)
		channel_send(a, &(struct message){.type = MESSAGE_ACK});
	while (s.ch != NULL)
		loop_turn(loop, true);
	assert_int_equal(s.messages, 2);
	channel_free(&a);
	loop_free(&loop);
}

static void
a_paused_channel_goes_on_where_it_stopped(void **state)
{
	struct loop *loop = loop_new();
	struct seen s = {.pauses_at_first = true};
	struct channel *a;
	int i;

	(void)state;
	pair_open(loop, &a, &s);
	for (i = 0; i < 5; i++)
		channel_send(a, &(struct message){.type = MESSAGE_ACK});
	while (s.messages == 0)
		loop_turn(loop, true);
	for (i = 0; i < 10; i++)
		loop_turn(loop, false);
	assert_int_equal(s.messages, 1);
	channel_resume(s.ch);
	while (s.messages < 5)
		loop_turn(loop, true);
	channel_free(&a);
	channel_free(&s.ch);
	loop_free(&loop);
}

static void
nonsense_from_the_peer_closes_with_corrupt(void **state)
{
	struct loop *loop = loop_new();
	struct seen s = {0};
	int fd[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	s.ch = channel_new(loop, fd[1], &handlers, &s);
	assert_int_equal(write(fd[0], "GET / HTTP/1.1\r\nHost: nobody.example\r\n"
	    "\r\n", 41) > 0, 1);
	while (s.closed == 0)
		loop_turn(loop, true);
	assert_int_equal(s.closed, ERR_CORRUPT);
	assert_int_equal(s.messages, 0);
	channel_free(&s.ch);
	close(fd[0]);
	loop_free(&loop);
}

static void
flush_writes_without_the_loop(void **state)
{
	struct loop *loop = loop_new();
	struct seen s = {0};
	struct channel *a;

	(void)state;
	pair_open(loop, &a, &s);
	channel_send(a, &(struct message){.type = MESSAGE_ACK, .cookie = 7});
	assert_int_equal(channel_flush(a, SPAN_S), 0);
	assert_int_equal(channel_queued_bytes(a), 0);
	channel_free(&a);
	while (s.closed == 0)
		loop_turn(loop, true);
	assert_int_equal(s.last_cookie, 7);
	channel_free(&s.ch);
	loop_free(&loop);
}

/* Answering a dead peer fails; its last words must still be heard. */
static void
what_a_dead_peer_sent_is_still_read(void **state)
{
	struct loop *loop = loop_new();
	struct seen s = {0};
	struct channel *a;
	char text[1000] = {0};
	int i;

	(void)state;
	pair_open(loop, &a, &s);
	for (i = 0; i < 100; i++)
		channel_send(a, &(struct message){.type = MESSAGE_RESULT,
		    .cookie = (uint64_t)i, .doc = text,
		    .doc_len = sizeof(text)});
	assert_int_equal(channel_flush(a, SPAN_S), 0);
	channel_free(&a);
	channel_send(s.ch, &(struct message){.type = MESSAGE_ACK});
	while (s.closed == 0)
		loop_turn(loop, true);
	assert_int_equal(s.messages, 100);
	assert_int_equal(channel_flush(s.ch, SPAN_S), ERR_CLOSED);
	channel_free(&s.ch);
	loop_free(&loop);
}

struct mark {
	char **next;
	char letter;
};

static void
note_order(void *arg)
{
	const struct mark *mark = arg;

	*(*mark->next)++ = mark->letter;
}

static void
timers_fire_at_absolute_times_and_stop(void **state)
{
	struct loop *loop = loop_new();
	char marks[8] = {0}, *p = marks;
	mono_us start = clock_mono();
	struct mark s = {&p, 's'}, n = {&p, 'n'}, l = {&p, 'l'};
	struct loop_timer *soon, *never, *late;

	(void)state;
	late = loop_timer_new(loop, note_order, &l);
	soon = loop_timer_new(loop, note_order, &s);
	never = loop_timer_new(loop, note_order, &n);
	loop_timer_at(late, start + 20 * SPAN_MS);
	loop_timer_at(soon, start - SPAN_S);
	loop_timer_at(never, start + 5 * SPAN_MS);
	loop_timer_stop(never);
	assert_false(loop_timer_is_armed(never));
	while (p < marks + 2)
		loop_turn(loop, true);
	assert_string_equal(marks, "sl");
	assert_true(clock_mono() >= start + 20 * SPAN_MS);
	loop_timer_free(&late);
	loop_timer_free(&soon);
	loop_timer_free(&never);
	loop_free(&loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(messages_arrive_whole_and_in_order),
	    cmocka_unit_test(a_channel_may_be_freed_by_its_own_callback),
	    cmocka_unit_test(a_paused_channel_goes_on_where_it_stopped),
	    cmocka_unit_test(nonsense_from_the_peer_closes_with_corrupt),
	    cmocka_unit_test(flush_writes_without_the_loop),
	    cmocka_unit_test(what_a_dead_peer_sent_is_still_read),
	    cmocka_unit_test(timers_fire_at_absolute_times_and_stop),
	};

	signal(SIGPIPE, SIG_IGN); /* as proc_init does */
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
