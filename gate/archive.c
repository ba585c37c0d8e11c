/* SPDX-License-Identifier: ISC */
/* Asking the store's past, and handing it the gate document. */
#include "gate/archive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cause.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/mem.h"
#include "gate/aa_note.h"
#include "store/client.h"
#include "store/query.h"

#define HISTORY_DAYS 42 /* three half-lives; older days hardly count */
#define AA_DAYS 90
#define OPEN_WITHIN (10 * SPAN_S)
#define FOLLOW_MOST 10000 /* gates that go on from each other */
#define STORE_WITHIN (20 * SPAN_S)

/* What one check did on the days before, newest first. */
struct past {
	struct history_day days[HISTORY_DAYS];
};

static void
add_counts(const struct suite *suite, struct past *past, size_t day,
    const struct query_check *row)
{
	const struct definition *baseline;
	struct history_day *d;
	size_t i;
	int o;

	for (i = 0; i < suite->count; i++) {
		baseline = suite->checks[i].arms[ARM_BASELINE];
		if (strcmp(row->check, suite->checks[i].id) != 0 ||
		    strcmp(row->environment, baseline->environment) != 0)
			continue;
		d = &past[i].days[day];
		for (o = 0; o < OUTCOME_COUNT; o++) {
			if (outcome_is_ours((enum outcome)o))
				continue;
			d->runs += row->counts[o];
			if (outcome_is_against_service((enum outcome)o))
				d->failures += row->counts[o];
		}
	}
}

static int
read_day(struct query *q, const struct suite *suite, struct past *past,
    size_t day, wall_us now)
{
	struct query_which which = {.service = suite->service,
	    .has_unplanned = true};
	wall_us midnight = now - now % SPAN_DAY - (wall_us)day * SPAN_DAY;
	wall_us end = day == 0 ? now : midnight + SPAN_DAY;
	struct query_check *rows;
	size_t i, count;
	int rc;

	rc = query_checks(q, &which, midnight, end, &rows, &count);
	if (rc != 0)
		return (rc);
	for (i = 0; i < suite->count; i++)
		past[i].days[day].age_days = (double)(now - midnight) /
		    (double)SPAN_DAY;
	for (i = 0; i < count; i++)
		add_counts(suite, past, day, &rows[i]);
	query_checks_free(&rows, count);
	return (0);
}

static int
read_days(struct query *q, struct suite *suite, wall_us now,
    struct cause *cause)
{
	struct past *past = xcalloc(suite->count, sizeof(*past));
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < HISTORY_DAYS; i++)
		rc = read_day(q, suite, past, i, now);
	if (rc != 0)
		cause_add(cause, "%s", query_reason(q));
	for (i = 0; rc == 0 && i < suite->count; i++)
		suite->checks[i].history = history_of_days(past[i].days,
		    HISTORY_DAYS);
	free(past);
	return (rc);
}

/* Newest first: the first that fits a check is its own. */
static bool
aa_cb(const struct query_note *note, void *arg)
{
	aa_note_read(arg, note->document, note->document_len, note->at_us);
	return (true);
}

void
archive_read_history(struct suite *suite, const char *dir, wall_us now)
{
	struct query *q;
	struct cause cause;
	int rc;

	cause_init(&cause);
	rc = query_open(dir, &q, &cause);
	if (rc == 0) {
		rc = read_days(q, suite, now, &cause);
		if (rc == 0)
			rc = query_notes(q, "aa", now - AA_DAYS * SPAN_DAY,
			    aa_cb, suite);
		query_close(&q);
	}
	if (rc != 0 && rc != ERR_NOT_FOUND) {
		fprintf(stderr, "e2e-gate: warning: the checks' history "
		    "cannot be read; judging without it\n");
		cause_print(&cause, stderr);
	}
	cause_fini(&cause);
}

int
archive_load(const char *dir, const char *prefix, struct buf *out,
    struct cause *cause)
{
	struct query *q;
	int rc = query_open(dir, &q, cause);

	if (rc != 0)
		return (rc);
	rc = query_gate_document(q, prefix, out);
	if (rc == ERR_NOT_FOUND)
		cause_add(cause, "%s: there is no gate %s", dir, prefix);
	else if (rc == ERR_EXISTS)
		cause_add(cause, "%s: several gates begin with %s", dir,
		    prefix);
	else if (rc == ERR_SYNTAX)
		cause_add(cause, "'%s' is no gate: 4 to 32 hex digits are",
		    prefix);
	else if (rc != 0)
		cause_add(cause, "%s: gate %s: %s", dir, prefix, rc ==
		    ERR_LIMIT ? "it is too long" : query_reason(q));
	query_close(&q);
	return (rc);
}

int
archive_find(const char *dir, const char *identity,
    char id[static 2 * MESSAGE_ID_SIZE + 1], struct cause *cause)
{
	uint8_t bytes[MESSAGE_ID_SIZE];
	struct cause none;
	struct query *q;
	int rc;

	cause_init(&none);
	rc = query_open(dir, &q, &none);
	if (rc != 0 && rc != ERR_NOT_FOUND)
		cause_add(cause, "%s: the store cannot be read: %s", dir,
		    none.count > 0 ? none.entries[0].sentence :
		    err_text(rc));
	cause_fini(&none);
	if (rc != 0)
		return (rc);
	rc = query_gate_of_identity(q, identity, bytes);
	if (rc == 0)
		crypto_hex(bytes, sizeof(bytes), id);
	else if (rc != ERR_NOT_FOUND)
		cause_add(cause, "%s: %s", dir, query_reason(q));
	query_close(&q);
	return (rc);
}

int
archive_follow(const char *dir, char id[static 2 * MESSAGE_ID_SIZE + 1],
    struct cause *cause)
{
	uint8_t bytes[MESSAGE_ID_SIZE];
	struct query *q;
	int rc = query_open(dir, &q, cause), i;

	if (rc != 0)
		return (rc);
	for (i = 0; rc == 0 && i < FOLLOW_MOST; i++) {
		rc = query_gate_after(q, id, bytes);
		if (rc == 0)
			crypto_hex(bytes, sizeof(bytes), id);
	}
	if (rc == 0)
		cause_add(cause, "%s: gates that continue each other", dir);
	else if (rc != ERR_NOT_FOUND)
		cause_add(cause, "%s: %s", dir, query_reason(q));
	query_close(&q);
	return (rc == ERR_NOT_FOUND ? 0 : rc == 0 ? ERR_SYNTAX : rc);
}

int
archive_note(const char *dir, const uint8_t id[static MESSAGE_ID_SIZE],
    const struct buf *note)
{
	struct message m = {.type = MESSAGE_GATE, .doc = note->data,
	    .doc_len = note->len};
	struct store_client *client;
	struct cause cause;
	int rc;

	cause_init(&cause);
	memcpy(m.id, id, MESSAGE_ID_SIZE);
	rc = store_client_open(dir, OPEN_WITHIN, &client, &cause);
	if (rc == 0) {
		rc = store_client_send(client, &m, STORE_WITHIN, &cause);
		store_client_close(&client);
	}
	if (rc != 0)
		fprintf(stderr, "e2e-gate: it is not recorded in the "
		    "store\n");
	cause_print(&cause, stderr);
	cause_fini(&cause);
	return (rc);
}

struct archive {
	struct store_client *client;
	size_t sent;  /* pairs that are on disk or on their way */
};

struct archive *
archive_open(const char *dir)
{
	struct archive *a = xcalloc(1, sizeof(*a));
	struct cause cause;

	cause_init(&cause);
	if (store_client_open(dir, OPEN_WITHIN, &a->client, &cause) != 0) {
		fprintf(stderr, "e2e-gate: warning: rounds are not recorded "
		    "while the gate runs\n");
		cause_print(&cause, stderr);
		archive_close(&a);
	}
	cause_fini(&cause);
	return (a);
}

void
archive_close(struct archive **ap)
{
	struct archive *a = *ap;

	*ap = NULL;
	if (a == NULL)
		return;
	store_client_close(&a->client);
	free(a);
}

void
archive_update(struct archive *a, const struct session *s)
{
	struct message m = {.type = MESSAGE_GATE};
	struct buf doc;

	if (a == NULL || store_client_poll(a->client) != 0 ||
	    a->sent == s->ledger.count)
		return;
	buf_init(&doc, REPORT_MOST_BYTES);
	report_json_unfinished(s, a->sent, &doc);
	if (!doc.is_full) {
		memcpy(m.id, s->id, MESSAGE_ID_SIZE);
		m.doc = doc.data;
		m.doc_len = doc.len;
		store_client_post(a->client, &m);
		a->sent = s->ledger.count;
	}
	buf_fini(&doc);
}

static int
send_document(struct archive *a, const struct report *r, const char *dir,
    struct buf *doc, struct cause *cause)
{
	struct message m = {.type = MESSAGE_GATE};
	struct store_client *fresh = NULL;
	int rc = 0;

	memcpy(m.id, r->session->id, MESSAGE_ID_SIZE);
	m.doc = doc->data;
	m.doc_len = doc->len;
	if (a != NULL && store_client_poll(a->client) >= 0 &&
	    store_client_send(a->client, &m, STORE_WITHIN, cause) == 0)
		return (0);
	/* The store that was there at first may be gone: try another. */
	rc = store_client_open(dir, OPEN_WITHIN, &fresh, cause);
	if (rc == 0)
		rc = store_client_send(fresh, &m, STORE_WITHIN, cause);
	store_client_close(&fresh);
	return (rc);
}

void
archive_store(struct archive *a, const struct report *r, const char *dir)
{
	struct cause cause;
	struct buf doc;
	int rc = ERR_LIMIT;

	cause_init(&cause);
	buf_init(&doc, REPORT_MOST_BYTES);
	report_json(r, &doc);
	if (doc.is_full)
		cause_add(&cause, "its rounds are more than a message holds");
	else
		rc = send_document(a, r, dir, &doc, &cause);
	if (rc != 0) {
		fprintf(stderr, "e2e-gate: warning: the gate is not recorded "
		    "in the store; the verdict stands\n");
		cause_print(&cause, stderr);
	}
	buf_fini(&doc);
	cause_fini(&cause);
}
