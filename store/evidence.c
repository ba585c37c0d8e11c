/* SPDX-License-Identifier: ISC */
/* A bucket of time, filled by the due times of the runs themselves. */
#include "store/evidence.h"

#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/mem.h"

#define FILL_MOST (EVIDENCE_FIRST * EVIDENCE_EVERY)

struct evidence_account {
	span_us fill;          /* EVIDENCE_EVERY of it pays for one run */
	wall_us filled;        /* up to this due time */
	bool is_streak;        /* the latest measured run did not pass */
	wall_us kept;          /* the last run that kept its evidence */
	uint8_t kept_run[MESSAGE_ID_SIZE];
	enum outcome kept_outcome;
	uint64_t kept_place;
};

void
evidence_account_free(struct evidence_account **a)
{
	free(*a);
	*a = NULL;
}

/* FNV-1a over file and line. */
static uint64_t
hash_place(const struct run_event *e)
{
	uint64_t h = 0xcbf29ce484222325u;
	size_t i;

	for (i = 0; i < e->place_file.len; i++)
		h = (h ^ (uint8_t)e->place_file.text[i]) * 0x100000001b3u;
	return ((h ^ (uint64_t)e->place_line) * 0x100000001b3u);
}

static void
fill(struct evidence_account *a, wall_us due)
{
	/* The wall clock went back: time goes on from there. */
	if (due < a->filled) {
		a->filled = due;
		a->kept = a->kept < due ? a->kept : due;
	}
	a->fill += due - a->filled < FILL_MOST ? due - a->filled : FILL_MOST;
	if (a->fill > FILL_MOST)
		a->fill = FILL_MOST;
	a->filled = due;
}

static bool
is_news(const struct evidence_account *a, const struct run_event *e)
{
	return (!a->is_streak || e->outcome != a->kept_outcome ||
	    hash_place(e) != a->kept_place);
}

static bool
is_kept(struct evidence_account *a, const struct run_event *e)
{
	/* Handed in again: others may name it already. */
	if (memcmp(e->id, a->kept_run, sizeof(a->kept_run)) == 0)
		return (true);
	if (a->fill >= EVIDENCE_EVERY) {
		a->fill -= EVIDENCE_EVERY;
		return (true);
	}
	return (is_news(a, e) && e->due_us - a->kept >= EVIDENCE_NEWS);
}

static void
keep(struct evidence_account *a, const struct run_event *e)
{
	a->kept = e->due_us;
	memcpy(a->kept_run, e->id, sizeof(a->kept_run));
	a->kept_outcome = e->outcome;
	a->kept_place = hash_place(e);
}

static void
leave_out(const struct evidence_account *a, struct run_event *e,
    struct buf *text)
{
	char hex[2 * MESSAGE_ID_SIZE + 1];

	crypto_hex(a->kept_run, sizeof(a->kept_run), hex);
	buf_reset(text);
	buf_printf(text, "{\"in_run\":\"%s\"}", hex);
	e->evidence.text = text->data;
	e->evidence.len = text->len;
}

void
evidence_thin(struct evidence_account **ap, struct run_event *e,
    struct buf *text)
{
	struct evidence_account *a = *ap;

	if (e->evidence.text != NULL && e->outcome != OUTCOME_PASSED) {
		if (a == NULL) {
			a = *ap = xcalloc(1, sizeof(*a));
			a->fill = FILL_MOST;
			a->filled = e->due_us;
		}
		fill(a, e->due_us);
		if (is_kept(a, e))
			keep(a, e);
		else
			leave_out(a, e, text);
	}
	if (a != NULL && !outcome_is_ours(e->outcome))
		a->is_streak = e->outcome != OUTCOME_PASSED;
}
