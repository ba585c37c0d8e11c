/* SPDX-License-Identifier: ISC */
/* Plans that take each other's place, with the real loader and dispatch. */
#include "tests/unit/unit.h"

#include "scheduler/reload.h"
#include "tests/unit/scheduler_fixture.h"

#define TOP "service: pay\nchecks:\n"
#define CHECK(name)                                                          \
	"  - {name: " name ", flow: a.hurl, every: 1h, timeout: 1s,\n"       \
	"     variables: {base_url: \"http://a\"}}\n"

struct bench {
	struct fixture f;
	struct dispatch *dispatch;
	struct alerts *alerts;
	struct idle *idle;
	struct reload *reload;
};

static void
ready_cb(const struct message *m, void *arg)
{
	(void)m;
	(void)arg;
}

static void
write_checks(const struct bench *b, const char *manifest)
{
	fixture_write(&b->f, "a.hurl", "GET {{base_url}}/\nHTTP 200\n");
	fixture_write(&b->f, "a.yaml", manifest);
}

static void
setup(struct bench *b)
{
	struct reload_options o = {.location = "local"};
	struct idle_options idle = {.location = "local", .share_percent = 0};
	struct loaded first;

	fixture_init(&b->f, ready_cb, NULL);
	b->dispatch = dispatch_new(b->f.loop, b->f.fleet, b->f.outbox,
	    "local", NULL, NULL);
	b->alerts = alerts_new(b->f.loop, b->f.fleet, b->f.outbox,
	    b->f.journal);
	write_checks(b, TOP CHECK("one") CHECK("two"));
	o.checks = b->f.dir;
	o.dispatch = b->dispatch;
	o.alerts = b->alerts;
	o.outbox = b->f.outbox;
	idle.checks = idle.store = b->f.dir;
	o.idle = b->idle = idle_new(b->f.loop, b->dispatch, b->f.fleet,
	    b->f.outbox, &idle);
	loaded_init(&first, b->f.dir, "local");
	assert_non_null(first.plan);
	b->reload = reload_new(b->f.loop, &o, &first);
	loaded_fini(&first);
}

static void
teardown(struct bench *b)
{
	reload_free(&b->reload);
	idle_free(&b->idle);
	dispatch_free(&b->dispatch);
	alerts_free(&b->alerts);
	fixture_fini(&b->f);
}

static size_t
checks(const struct bench *b)
{
	struct dispatch_stats s;

	dispatch_get_stats(b->dispatch, &s);
	return (s.checks);
}

static void
another_plan_takes_the_place_of_the_first(void **state)
{
	struct bench b;

	(void)state;
	setup(&b);
	assert_int_equal(checks(&b), 2);
	write_checks(&b, TOP CHECK("one") CHECK("three") CHECK("four"));
	reload_request(b.reload);
	assert_true(reload_is_busy(b.reload));
	fixture_wait_for(&b.f, !reload_is_busy(b.reload));
	assert_int_equal(checks(&b), 3);
	/* And once more, with nothing new. */
	reload_request(b.reload);
	fixture_wait_for(&b.f, !reload_is_busy(b.reload));
	assert_int_equal(checks(&b), 3);
	teardown(&b);
}

static void
a_tree_with_a_mistake_changes_nothing(void **state)
{
	struct bench b;

	(void)state;
	setup(&b);
	write_checks(&b, TOP CHECK("one") "  - {nmae: two}\n");
	reload_request(b.reload);
	fixture_wait_for(&b.f, !reload_is_busy(b.reload));
	assert_int_equal(checks(&b), 2);
	teardown(&b);
}

static void
what_is_asked_meanwhile_is_done_afterwards(void **state)
{
	struct bench b;

	(void)state;
	setup(&b);
	write_checks(&b, TOP CHECK("one") CHECK("two") CHECK("three"));
	reload_request(b.reload);
	write_checks(&b, TOP CHECK("one"));
	reload_request(b.reload);
	reload_request(b.reload);
	fixture_wait_for(&b.f, !reload_is_busy(b.reload));
	assert_int_equal(checks(&b), 1);
	teardown(&b);
}

static void
a_stop_leaves_the_plan_as_it_is(void **state)
{
	struct bench b;

	(void)state;
	setup(&b);
	write_checks(&b, TOP CHECK("one"));
	reload_request(b.reload);
	reload_stop(b.reload);
	fixture_wait_for(&b.f, !reload_is_busy(b.reload));
	reload_request(b.reload);
	assert_false(reload_is_busy(b.reload));
	assert_int_equal(checks(&b), 2);
	teardown(&b);
}

static void
it_can_be_freed_while_it_loads(void **state)
{
	struct bench b;

	(void)state;
	setup(&b);
	write_checks(&b, TOP CHECK("one"));
	reload_request(b.reload);
	teardown(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(another_plan_takes_the_place_of_the_first),
	    cmocka_unit_test(a_tree_with_a_mistake_changes_nothing),
	    cmocka_unit_test(what_is_asked_meanwhile_is_done_afterwards),
	    cmocka_unit_test(a_stop_leaves_the_plan_as_it_is),
	    cmocka_unit_test(it_can_be_freed_while_it_loads),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
