/* SPDX-License-Identifier: ISC */
/* Plain records of what the gate ran. */
#include "gate/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void
ledger_init(struct ledger *l, size_t check_count)
{
	*l = (struct ledger){.check_count = check_count,
	    .first_failing_check = SIZE_MAX, .void_check = SIZE_MAX};
	l->failures = xcalloc(check_count * ARM_COUNT, sizeof(*l->failures));
}

void
ledger_fini(struct ledger *l)
{
	size_t i;

	for (i = 0; i < l->check_count * ARM_COUNT; i++) {
		sample_failure_fini(&l->failures[i].what);
		free(l->failures[i].good_response);
	}
	free(l->failures);
	free(l->pairs);
	free(l->void_reason);
	*l = (struct ledger){.pairs = NULL};
}

static void
keep_failure(struct ledger *l, const struct ledger_pair *pair, enum arm arm,
    struct sample *s)
{
	struct ledger_failure *f = &l->failures[pair->check * ARM_COUNT + arm];

	if (f->is_set || !outcome_is_against_service(s->outcome))
		return;
	*f = (struct ledger_failure){.is_set = true, .arm = arm,
	    .number = pair->number, .outcome = s->outcome};
	memcpy(f->run, s->run, sizeof(f->run));
	f->what = sample_take_failure(s);
	if (arm == ARM_CANDIDATE && l->first_failing_check == SIZE_MAX)
		l->first_failing_check = pair->check;
}

/* The baseline's good answer beside the candidate's first failure. */
static void
keep_good_response(struct ledger *l, const struct ledger_pair *pair,
    struct sample *baseline)
{
	struct ledger_failure *f =
	    &l->failures[pair->check * ARM_COUNT + ARM_CANDIDATE];

	if (baseline->response == NULL ||
	    ledger_wanted_entry(l, pair->check) == 0)
		return;
	f->good_response = baseline->response;
	baseline->response = NULL;
	memcpy(f->good_run, baseline->run, sizeof(f->good_run));
}

static void
keep_void_reason(struct ledger *l, const struct ledger_pair *pair,
    const struct sample *s)
{
	const char *reason = s->failure.reason;

	if (!s->is_void)
		return;
	free(l->void_reason);
	l->void_reason = xstrdup(reason != NULL ? reason :
	    outcome_name(s->outcome));
	l->void_check = pair->check;
}

void
ledger_add(struct ledger *l, const struct ledger_pair *pair,
    struct sample samples[static ARM_COUNT])
{
	int arm;

	if (l->count == l->cap) {
		l->cap = l->cap > 0 ? 2 * l->cap : 256;
		l->pairs = xreallocarray(l->pairs, l->cap, sizeof(*l->pairs));
	}
	l->pairs[l->count++] = *pair;
	for (arm = 0; arm < ARM_COUNT; arm++) {
		if (!pair->halves[arm].has_run)
			continue;
		if (pair->is_void)
			keep_void_reason(l, pair, &samples[arm]);
		else
			keep_failure(l, pair, (enum arm)arm, &samples[arm]);
	}
	if (pair->halves[ARM_BASELINE].has_run && !pair->is_void)
		keep_good_response(l, pair, &samples[ARM_BASELINE]);
}

void
ledger_adopt_failure(struct ledger *l, size_t check,
    struct ledger_failure *f, bool is_first)
{
	struct ledger_failure *to = &l->failures[check * ARM_COUNT + f->arm];

	if (to->is_set) {
		sample_failure_fini(&f->what);
		free(f->good_response);
		return;
	}
	*to = *f;
	if (is_first)
		l->first_failing_check = check;
}

uint32_t
ledger_wanted_entry(const struct ledger *l, size_t check)
{
	const struct ledger_failure *f = ledger_failure_at(l, check,
	    ARM_CANDIDATE);

	if (!f->is_set || f->good_response != NULL || f->what.entry <= 0 ||
	    f->what.entry > UINT32_MAX)
		return (0);
	return ((uint32_t)f->what.entry);
}

const struct ledger_failure *
ledger_failure_at(const struct ledger *l, size_t check, enum arm arm)
{
	return (&l->failures[check * ARM_COUNT + arm]);
}
