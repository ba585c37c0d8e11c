/* SPDX-License-Identifier: ISC */
/* What the end of a gate means: its exit code, and one sentence. */
#include "gate/session.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/crypto.h"
#include "base/err.h"
#include "base/mem.h"
#include "gate/override.h"
#include "gate/policy.h"
#include "gate/report.h"

#define WHY_MOST (1u << 20)

/* Has it measured anything itself, beside what it continues? */
static bool
has_measured(const struct session *s)
{
	const struct ledger *l = &s->ledger;
	size_t i;

	for (i = s->earlier_pairs; i < l->count; i++)
		if (!l->pairs[i].is_void)
			return (true);
	return (false);
}

/* Undecided without a measurement: whatever is wished, this is no pass. */
static bool
is_unmeasured(const struct session *s)
{
	return (s->verdict == ENGINE_INCONCLUSIVE && (!has_measured(s) ||
	    s->reason == ENGINE_REASON_NO_ROUNDS ||
	    s->reason == ENGINE_REASON_INFRASTRUCTURE));
}

/*
 * What the undecided checks want to be done: the strictest of them counts.
 */
static enum on_inconclusive
find_wish(const struct session *s)
{
	enum on_inconclusive wish = ON_INCONCLUSIVE_PASS;
	bool is_known = false;
	size_t i;

	for (i = 0; i < s->suite->count; i++) {
		if (engine_check_holds(s->engine, i) && i != s->reason_check)
			continue;
		is_known = true;
		wish = policy_stricter(wish, policy_on_inconclusive(
		    s->settings, &s->suite->checks[i]));
	}
	return (is_known ? wish :
	    (enum on_inconclusive)s->settings->on_inconclusive);
}

static int
own_exit_code(const struct session *s)
{
	enum on_inconclusive wish;

	if (is_unmeasured(s))
		return (s->end == SESSION_INTERRUPTED ? EXIT_INCONCLUSIVE :
		    EXIT_UNMEASURED);
	if (s->settings->is_observing || s->verdict == ENGINE_PASS)
		return (EXIT_GOOD);
	if (s->verdict == ENGINE_BLOCK)
		return (EXIT_BAD);
	if (s->end == SESSION_INTERRUPTED)
		return (EXIT_INCONCLUSIVE);
	wish = find_wish(s);
	/* What is broken is never waved through, only what is undecided. */
	if (wish == ON_INCONCLUSIVE_PASS && s->reason == ENGINE_REASON_BUDGET)
		return (EXIT_GOOD);
	return (wish == ON_INCONCLUSIVE_BLOCK ? EXIT_BAD : EXIT_INCONCLUSIVE);
}

int
session_exit_code(const struct session *s)
{
	int code = own_exit_code(s);

	if (s->overrides != NULL && s->overrides->count > 0 &&
	    !is_unmeasured(s) &&
	    (code == EXIT_BAD || code == EXIT_INCONCLUSIVE))
		return (EXIT_GOOD);
	return (code);
}

static const char *
budget_end(const struct session *s)
{
	if (s->end == SESSION_INTERRUPTED)
		return ("it was interrupted before the evidence was enough");
	if (s->end == SESSION_TIME)
		return ("the time budget ended before the evidence was "
		    "enough");
	if (s->rounds_end == ROUNDS_FUTILE)
		return ("the rest of the budget would not have been enough "
		    "for a verdict");
	return ("the rounds ended before the evidence was enough");
}

static char *
why_baseline(const struct session *s)
{
	struct engine_counts n = engine_counts(s->engine, s->reason_check);

	return (xasprintf("%s: %s: %u of its %u runs, and %u of the "
	    "candidate's", s->suite->checks[s->reason_check].id,
	    engine_reason_text(s->reason), n.baseline_failures, n.rounds,
	    n.candidate_failures));
}

/* The reason of a void pair may be of outside origin. */
static char *
why_void(const struct session *s, const char *check, const char *text)
{
	struct buf reason;
	char *why;

	buf_init(&reason, 1 << 12);
	report_text(s->ledger.void_reason, &reason);
	why = xasprintf("%s: %s (%s)", check, text, buf_str(&reason));
	buf_fini(&reason);
	return (why);
}

static char *
why_inconclusive(const struct session *s)
{
	const char *check = s->reason_check < s->suite->count ?
	    s->suite->checks[s->reason_check].id : NULL;
	const char *text = engine_reason_text(s->reason);

	if (s->end == SESSION_NO_PROBE)
		return (xstrdup("no probe came up, so nothing was measured"));
	if (s->end != SESSION_INTERRUPTED && s->earlier_pairs > 0 &&
	    !has_measured(s))
		return (xstrdup("nothing was measured beside the evidence "
		    "that is continued"));
	if (s->end == SESSION_ROUNDS && s->over != NULL &&
	    s->reason == ENGINE_REASON_BUDGET)
		return (xasprintf("%s: its own budget ended before the "
		    "evidence was enough", s->over->id));
	if (s->end == SESSION_INTERRUPTED || check == NULL)
		return (xstrdup(s->reason == ENGINE_REASON_BUDGET ||
		    s->end == SESSION_INTERRUPTED ? budget_end(s) : text));
	if (s->reason == ENGINE_REASON_BASELINE_FAILING)
		return (why_baseline(s));
	if ((s->reason == ENGINE_REASON_INFRASTRUCTURE ||
	    s->reason == ENGINE_REASON_CANDIDATE_VOID) &&
	    s->ledger.void_reason != NULL)
		return (why_void(s, check, text));
	return (xasprintf("%s: %s", check, text));
}

static char *
why(const struct session *s)
{
	struct engine_counts n = engine_counts_total(s->engine);

	if (s->verdict == ENGINE_BLOCK && n.focuses > 0)
		return (xasprintf("the evidence against the candidate "
		    "reached its bound after %u round%s and %u extra pair%s",
		    s->rounds, s->rounds == 1 ? "" : "s", n.focuses,
		    n.focuses == 1 ? "" : "s"));
	if (s->verdict == ENGINE_BLOCK)
		return (xasprintf("the evidence against the candidate "
		    "reached its bound after %u rounds", s->rounds));
	if (s->verdict == ENGINE_PASS)
		return (xasprintf("every failure rate and every latency is "
		    "below its margin after %u rounds", s->rounds));
	return (why_inconclusive(s));
}

/* What is run and reported, but does not count; or counts again. */
static void
add_policy(const struct session *s, const struct suite_check *c,
    struct buf *out)
{
	char until[CLOCK_TEXT_SIZE];

	if (c->quarantine != NULL) {
		clock_format_wall(c->quarantine->quarantine_until, until);
		buf_printf(out, "; %s is not judged: in quarantine until "
		    "%.10s (%s: %s)%s", c->id, until,
		    c->quarantine->quarantine_owner,
		    c->quarantine->quarantine_reason,
		    c->quarantine->quarantine_until <= s->started ?
		    ", which the evidence began before" : "");
	} else if (c->is_advisory)
		buf_printf(out, "; %s is not judged: advisory", c->id);
	else if (c->expired != NULL) {
		clock_format_wall(c->expired->quarantine_until, until);
		buf_printf(out, "; %s counts again: its quarantine expired "
		    "on %.10s (%s: %s)", c->id, until,
		    c->expired->quarantine_owner,
		    c->expired->quarantine_reason);
	}
}

static void
add_override(const struct override *o, struct buf *out)
{
	char until[CLOCK_TEXT_SIZE];

	clock_format_wall(o->until, until);
	buf_printf(out, "; overridden by %s until %.16sZ: %s", o->who, until,
	    o->why);
}

char *
session_why(const struct session *s)
{
	char id[2 * MESSAGE_ID_SIZE + 1], *first = why(s);
	struct buf text;
	size_t i;

	buf_init(&text, WHY_MOST);
	buf_append_str(&text, first);
	free(first);
	crypto_hex(s->continues, sizeof(s->continues), id);
	if (s->earlier_pairs > 0)
		buf_printf(&text, "; continues gate %.12s with %u pairs", id,
		    s->earlier_pairs);
	if (s->aged != NULL)
		buf_printf(&text, "; begins anew: the evidence of gate %.12s "
		    "is too old", s->aged);
	if (s->settings->is_history_only)
		buf_append_str(&text, "; history only: assumes that the "
		    "environment is as in the last 42 days, and no latency "
		    "is judged");
	for (i = 0; i < s->suite->count; i++)
		add_policy(s, &s->suite->checks[i], &text);
	for (i = 0; s->overrides != NULL && i < s->overrides->count; i++)
		add_override(&s->overrides->items[i], &text);
	return (buf_take(&text, NULL));
}
