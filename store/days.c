/* SPDX-License-Identifier: ISC */
/* In the order of use: the file of today is nearly always the first. */
#include "store/days.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define OPEN_MOST 4

struct days {
	const char *dir;
	struct day *open[OPEN_MOST]; /* latest used first */
	int count;
};

struct days *
days_new(const char *dir)
{
	struct days *days = xcalloc(1, sizeof(*days));

	days->dir = dir;
	return (days);
}

void
days_free(struct days **daysp)
{
	struct days *days = *daysp;

	if (days == NULL)
		return;
	*daysp = NULL;
	days_close(days);
	free(days);
}

/* Its place; the count when it is not open. */
static int
find(const struct days *days, int64_t day)
{
	int i;

	for (i = 0; i < days->count; i++)
		if (day_number(days->open[i]) == day)
			break;
	return (i);
}

bool
days_get_needs_commit(const struct days *days, int64_t day)
{
	return (days->count == OPEN_MOST && find(days, day) == OPEN_MOST &&
	    day_is_pending(days->open[OPEN_MOST - 1]));
}

static struct day *
move_to_front(struct days *days, int at)
{
	struct day *d = days->open[at];

	memmove(days->open + 1, days->open,
	    (size_t)at * sizeof(*days->open));
	days->open[0] = d;
	return (d);
}

int
days_get(struct days *days, int64_t day, struct day **out, struct cause *c)
{
	int at = find(days, day), rc;

	if (at < days->count) {
		*out = move_to_front(days, at);
		return (0);
	}
	if (at == OPEN_MOST) {
		day_close(&days->open[--at]);
		days->count--;
	}
	rc = day_open(days->dir, day, &days->open[at], c);
	if (rc != 0)
		return (rc);
	days->count++;
	*out = move_to_front(days, at);
	return (0);
}

int
days_commit(struct days *days, wall_us now, struct day **failed)
{
	int i, rc;

	for (i = 0; i < days->count; i++) {
		rc = day_commit(days->open[i], now);
		if (rc != 0) {
			*failed = days->open[i];
			return (rc);
		}
	}
	return (0);
}

void
days_rollback(struct days *days)
{
	int i;

	for (i = 0; i < days->count; i++)
		day_rollback(days->open[i]);
}

bool
days_let_go(struct days *days, int64_t day)
{
	int at = find(days, day);

	if (at == days->count)
		return (true);
	if (day_is_pending(days->open[at]))
		return (false);
	day_close(&days->open[at]);
	days->count--;
	memmove(days->open + at, days->open + at + 1,
	    (size_t)(days->count - at) * sizeof(*days->open));
	return (true);
}

bool
days_have_moved(const struct days *days)
{
	int i;

	for (i = 0; i < days->count; i++)
		if (db_has_moved(day_db(days->open[i])))
			return (true);
	return (false);
}

void
days_close(struct days *days)
{
	while (days->count > 0)
		day_close(&days->open[--days->count]);
}
