/* SPDX-License-Identifier: ISC */
/* Whose evidence is continued, and whether it may be. */
#include "gate/earlier.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/err.h"
#include "base/mem.h"
#include "gate/archive.h"
#include "gate/policy.h"
#include "gate/report.h"

static void
hash_text(struct crypto_hash *h, const char *text)
{
	crypto_hash_update(h, text, strlen(text) + 1);
}

void
earlier_identity(const struct settings *s, const struct suite *suite,
    char out[static DEFINITION_HASH_SIZE])
{
	struct crypto_hash *h;
	uint8_t digest[SHA256_SIZE];
	const char *version;
	size_t i;
	int arm;

	out[0] = '\0';
	if (s->versions[ARM_CANDIDATE] == NULL)
		return;
	h = crypto_hash_new();
	for (arm = 0; arm < ARM_COUNT; arm++) {
		version = s->versions[arm];
		hash_text(h, version != NULL ? version : "");
	}
	for (i = 0; i < suite->count; i++) {
		hash_text(h, suite->checks[i].id);
		for (arm = 0; arm < ARM_COUNT; arm++)
			hash_text(h, suite->checks[i].arms[arm]->hash);
	}
	crypto_hash_final(&h, digest);
	crypto_hex(digest, sizeof(digest), out);
}

static bool
is_same_margin(struct latency_margin a, struct latency_margin b)
{
	return (a.relative == b.relative && a.absolute_ns == b.absolute_ns);
}

/* The settings that the meaning of the evidence depends on. */
static const char *
find_other_setting(const struct engine_config *a,
    const struct engine_config *b)
{
	if (a->is_history_only != b->is_history_only)
		return (a->is_history_only ? "a baseline" :
		    "history alone");
	if (a->alpha != b->alpha)
		return ("another alpha");
	if (a->beta != b->beta)
		return ("another beta");
	if (!is_same_margin(a->tolerance, b->tolerance))
		return ("another tolerance");
	if (!is_same_margin(a->margin, b->margin) ||
	    a->failure_margin != b->failure_margin ||
	    a->tail_margin != b->tail_margin)
		return ("other margins");
	if (a->guard != b->guard || a->bound_after != b->bound_after ||
	    a->failure_weight != b->failure_weight)
		return ("other weights");
	return (NULL);
}

static bool
is_same_policy(const struct suite_check *c, const struct transcript_check *t)
{
	const struct engine_limits *a = &c->limits, *b = &t->limits;

	return (is_same_margin(a->tolerance, b->tolerance) &&
	    is_same_margin(a->margin, b->margin) &&
	    a->failure_margin == b->failure_margin &&
	    a->tail_margin == b->tail_margin &&
	    a->alpha == b->alpha && a->beta == b->beta &&
	    policy_is_judged(c) == !t->is_quarantined);
}

/*
 * A quarantine that was in force when the evidence began stays so for it:
 * what counts is fixed before the first round.
 */
static void
keep_quarantines(struct suite *suite, const struct transcript *t)
{
	struct suite_check *c;
	size_t i, at;

	for (i = 0; i < suite->count; i++) {
		c = &suite->checks[i];
		at = transcript_find_check(t, c->id);
		if (at == SIZE_MAX || c->expired == NULL || c->is_advisory ||
		    !t->checks[at].is_quarantined)
			continue;
		c->quarantine = c->expired;
		c->expired = NULL;
	}
}

/* The sentence says what differs in the checks; NULL: nothing does. */
static char *
find_other_check(const struct suite *suite, const struct transcript *t)
{
	const struct transcript_check *old;
	const struct suite_check *c;
	size_t i, at;
	int arm;

	if (suite->count != t->check_count)
		return (xasprintf("it judged %zu checks, not these %zu",
		    t->check_count, suite->count));
	for (i = 0; i < suite->count; i++) {
		c = &suite->checks[i];
		at = transcript_find_check(t, c->id);
		if (at == SIZE_MAX)
			return (xasprintf("it did not judge %s", c->id));
		old = &t->checks[at];
		if (old->step_count != c->step_count)
			return (xasprintf("%s has other steps now", c->id));
		if (!is_same_policy(c, old))
			return (xasprintf("%s is judged by another policy "
			    "now", c->id));
		for (arm = 0; arm < ARM_COUNT; arm++)
			if (strcmp(old->definitions[arm],
			    c->arms[arm]->hash) != 0)
				return (xasprintf("the definition of %s for "
				    "the %s is another now", c->id,
				    arm_name((enum arm)arm)));
	}
	return (NULL);
}

/* May the evidence be continued? Returns 0 or the exit code. */
static int
check_fit(const struct settings *s, const struct suite *suite,
    const struct transcript *t)
{
	struct engine_config config = settings_engine(s);
	const char *other = find_other_setting(&config, &t->config);
	char identity[DEFINITION_HASH_SIZE];
	char *sentence;

	earlier_identity(s, suite, identity);
	sentence = find_other_check(suite, t);
	if (sentence == NULL && identity[0] != '\0' && t->identity != NULL &&
	    strcmp(identity, t->identity) != 0)
		sentence = xstrdup("it judged another version");
	if (sentence != NULL) {
		fprintf(stderr, "e2e-gate: gate %s cannot be continued: %s\n",
		    t->id_hex, sentence);
		free(sentence);
		return (EXIT_DEFINITION);
	}
	if (other != NULL) {
		fprintf(stderr, "e2e-gate: gate %s judged this candidate "
		    "with %s: evidence is continued under the same settings, "
		    "or a new --candidate-version begins anew\n", t->id_hex,
		    other);
		return (EXIT_USAGE);
	}
	return (0);
}

static int
read_earlier(const struct settings *s, const char *id, struct transcript *out,
    struct cause *cause)
{
	struct buf text;
	int rc;

	buf_init(&text, REPORT_MOST_BYTES);
	rc = archive_load(s->store, id, &text, cause);
	if (rc == 0)
		rc = transcript_read(text.data, text.len, out, cause);
	buf_fini(&text);
	return (rc);
}

/*
 * The gate to resume; where another one has gone on from it, that one: its
 * rounds count, too, and those that spoke against the candidate above all.
 */
static int
read_resumed(const struct settings *s, struct transcript *out,
    struct cause *cause)
{
	char id[2 * MESSAGE_ID_SIZE + 1];
	int rc = read_earlier(s, s->resume, out, cause);

	if (rc != 0)
		return (rc);
	snprintf(id, sizeof(id), "%s", out->id_hex);
	rc = archive_follow(s->store, id, cause);
	if (rc == 0 && strcmp(id, out->id_hex) == 0)
		return (0);
	if (rc == 0)
		fprintf(stderr, "e2e-gate: gate %s has gone on as gate %s\n",
		    out->id_hex, id);
	transcript_fini(out);
	return (rc == 0 ? read_earlier(s, id, out, cause) : rc);
}

/* The store is a help: without it, and without --resume, the gate begins. */
static int
find_earlier(const struct settings *s, const char *identity,
    struct transcript *out, struct cause *cause)
{
	char id[2 * MESSAGE_ID_SIZE + 1];
	int rc;

	if (s->resume != NULL)
		return (read_resumed(s, out, cause) == 0 ? 0 :
		    EXIT_UNMEASURED);
	if (identity[0] == '\0')
		return (0);
	rc = archive_find(s->store, identity, id, cause);
	if (rc == ERR_NOT_FOUND)
		return (0);
	if (rc != 0) {
		fprintf(stderr, "e2e-gate: warning: earlier gates cannot be "
		    "looked for; beginning anew\n");
		return (0);
	}
	return (read_earlier(s, id, out, cause) == 0 ? 0 : EXIT_UNMEASURED);
}

int
earlier_key(const struct settings *s, const struct suite *suite,
    char out[static DEFINITION_HASH_SIZE])
{
	struct transcript t = {.doc = NULL};
	struct cause cause;
	int rc = 0;

	earlier_identity(s, suite, out);
	if (s->resume == NULL || out[0] != '\0')
		return (0);
	cause_init(&cause);
	rc = read_earlier(s, s->resume, &t, &cause);
	if (rc == 0) {
		snprintf(out, DEFINITION_HASH_SIZE, "%s", t.identity != NULL ?
		    t.identity : t.id_hex);
		transcript_fini(&t);
	}
	cause_print(&cause, stderr);
	cause_fini(&cause);
	return (rc == 0 ? 0 : EXIT_UNMEASURED);
}

/* When the first of its runs began; runs that never did have no time. */
static wall_us
evidence_start(const struct transcript *t)
{
	const struct ledger_half *half;
	wall_us first = INT64_MAX;
	size_t i;

	for (i = 0; i < t->pair_count * ARM_COUNT; i++) {
		half = &t->pairs[i / ARM_COUNT].kept.halves[i % ARM_COUNT];
		if (half->started_us > 0 && half->started_us < first)
			first = half->started_us;
	}
	return (first);
}

/* Returns 0, with aged set when a new gate begins, or the exit code. */
static int
check_age(const struct settings *s, const struct transcript *t, char *aged)
{
	wall_us start = evidence_start(t);
	char at[CLOCK_TEXT_SIZE];

	if (start >= clock_wall() - s->continue_within)
		return (0);
	clock_format_wall(start, at);
	fprintf(stderr, "e2e-gate: the evidence of gate %s began at %.16sZ, "
	    "longer ago than --continue-within: ", t->id_hex, at);
	if (s->resume != NULL) {
		fprintf(stderr, "it is not continued\n");
		return (EXIT_USAGE);
	}
	fprintf(stderr, "beginning anew\n");
	snprintf(aged, 2 * MESSAGE_ID_SIZE + 1, "%s", t->id_hex);
	return (0);
}

int
earlier_load(const struct settings *s, struct suite *suite,
    struct transcript *out, char aged[static 2 * MESSAGE_ID_SIZE + 1])
{
	char identity[DEFINITION_HASH_SIZE];
	struct cause cause;
	int code;

	aged[0] = '\0';
	*out = (struct transcript){.doc = NULL};
	if (s->store == NULL)
		return (0);
	earlier_identity(s, suite, identity);
	cause_init(&cause);
	code = find_earlier(s, identity, out, &cause);
	cause_print(&cause, stderr);
	cause_fini(&cause);
	if (code != 0 || out->doc == NULL)
		return (code);
	code = check_age(s, out, aged);
	if (code == 0 && aged[0] == '\0') {
		keep_quarantines(suite, out);
		code = check_fit(s, suite, out);
	}
	if (code != 0 || aged[0] != '\0') {
		transcript_fini(out);
		return (code);
	}
	fprintf(stderr, "e2e-gate: continues gate %s with %zu pairs\n",
	    out->id_hex, out->pair_count);
	return (0);
}

void
earlier_adopt(const struct transcript *t, struct settings *s,
    struct suite *suite)
{
	const struct transcript_check *old;
	struct suite_check *c;
	size_t i;

	if (!s->has_seed)
		s->seed = (int64_t)t->seed;
	for (i = 0; i < ARM_COUNT; i++)
		if (s->versions[i] == NULL)
			s->versions[i] = json_get_str(json_get(t->root,
			    arm_name((enum arm)i)), "version", NULL);
	for (i = 0; i < suite->count; i++) {
		c = &suite->checks[i];
		old = &t->checks[transcript_find_check(t, c->id)];
		c->history = old->history;
		free(c->phi0);
		c->phi0 = NULL;
		c->tail_phi0 = old->tail_phi0;
		if (old->phi0 == NULL)
			continue;
		c->phi0 = xcalloc(c->step_count, sizeof(*c->phi0));
		memcpy(c->phi0, old->phi0, c->step_count * sizeof(*c->phi0));
	}
}
