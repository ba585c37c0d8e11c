/* SPDX-License-Identifier: ISC */
/* Handing the gate document to the store's writer. */
#include "gate/archive.h"

#include <stdio.h>
#include <string.h>

#include "base/cause.h"
#include "base/err.h"
#include "store/client.h"

#define OPEN_WITHIN (10 * SPAN_S)
#define STORE_WITHIN (20 * SPAN_S)

static int
send_document(const struct report *r, const char *dir, struct buf *doc,
    struct cause *cause)
{
	struct message m = {.type = MESSAGE_GATE};
	struct store_client *client;
	int rc;

	rc = store_client_open(dir, OPEN_WITHIN, &client, cause);
	if (rc != 0)
		return (rc);
	memcpy(m.id, r->session->id, MESSAGE_ID_SIZE);
	m.doc = doc->data;
	m.doc_len = doc->len;
	rc = store_client_send(client, &m, STORE_WITHIN, cause);
	store_client_close(&client);
	return (rc);
}

void
archive_store(const struct report *r, const char *dir)
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
		rc = send_document(r, dir, &doc, &cause);
	if (rc != 0) {
		fprintf(stderr, "e2e-gate: warning: the gate is not recorded "
		    "in the store; the verdict stands\n");
		cause_print(&cause, stderr);
	}
	buf_fini(&doc);
	cause_fini(&cause);
}
