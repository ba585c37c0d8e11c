/* SPDX-License-Identifier: ISC */
/*
 * The money. Every movement is a balance transaction, and the balance is
 * their sum: available + pending == sum of net, per currency, always.
 * Charges are pending for two days; refunds are taken from what is
 * available, at once.
 */
#ifndef PAYSIM_LEDGER_H
#define PAYSIM_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "contrib/paysim/objects.h"

#define LEDGER_PENDING_S (2 * 86400)

struct ledger_sum {
	const char *currency;
	int64_t available, pending;
	bool is_used;
};

struct ledger {
	struct ledger_sum sums[16]; /* sorted by currency */
	size_t count;
	uint64_t settled; /* number of the first transaction still pending */
};

void ledger_init(struct ledger *l);

/* True for a currency that the service takes, in lower case. */
bool ledger_knows(const struct ledger *l, const char *currency);

/* The fee of a charge: 2.9 % rounded half up, and 30. */
int64_t ledger_fee(int64_t amount);

/*
 * Book a movement and return its transaction. amount is negative for a
 * refund. is_available: now, not after LEDGER_PENDING_S.
 */
struct transaction *ledger_book(struct ledger *l, struct objects *all,
    struct object *source, int64_t amount, const char *currency,
    bool is_available, int64_t now_s);

/* Move what is due from pending to available. */
void ledger_settle(struct ledger *l, struct objects *all, int64_t now_s);

/*
 * Add up all transactions anew and compare; true when every currency's sums
 * are what the ledger holds.
 */
bool ledger_reconciles(const struct ledger *l, const struct objects *all);

#endif
