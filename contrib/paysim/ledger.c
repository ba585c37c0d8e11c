/* SPDX-License-Identifier: ISC */
/* The money: transactions and the running balance. */
#include "contrib/paysim/ledger.h"

#include <stdio.h>
#include <string.h>

#include "base/must.h"

static const char *const currencies[] = {"aud", "brl", "cad", "chf", "dkk",
    "eur", "gbp", "inr", "jpy", "mxn", "nok", "nzd", "pln", "sek", "sgd",
    "usd"};

void
ledger_init(struct ledger *l)
{
	*l = (struct ledger){.count = NELEMS(currencies)};
	for (size_t i = 0; i < l->count; i++)
		l->sums[i].currency = currencies[i];
}

static struct ledger_sum *
sum_of(struct ledger *l, const char *currency)
{
	size_t i;

	for (i = 0; i < l->count; i++)
		if (strcmp(l->sums[i].currency, currency) == 0)
			return (&l->sums[i]);
	must(!"a currency that ledger_knows has refused");
	return (NULL);
}

bool
ledger_knows(const struct ledger *l, const char *currency)
{
	size_t i;

	for (i = 0; i < l->count; i++)
		if (strcmp(l->sums[i].currency, currency) == 0)
			return (true);
	return (false);
}

int64_t
ledger_fee(int64_t amount)
{
	return ((amount * 29 + 500) / 1000 + 30);
}

struct transaction *
ledger_book(struct ledger *l, struct objects *all, struct object *source,
    int64_t amount, const char *currency, bool is_available, int64_t now_s)
{
	struct transaction *t = objects_add(all, OBJECT_TRANSACTION, now_s);
	struct ledger_sum *sum = sum_of(l, currency);

	object_own(source, &t->o);
	t->source = source;
	t->type = source->kind == OBJECT_CHARGE ? "charge" : "refund";
	t->amount = amount;
	t->fee = amount > 0 ? ledger_fee(amount) : 0;
	t->net = amount - t->fee;
	snprintf(t->currency, sizeof(t->currency), "%s", currency);
	t->available_s = is_available ? now_s : now_s + LEDGER_PENDING_S;
	*(is_available ? &sum->available : &sum->pending) += t->net;
	sum->is_used = true;
	return (t);
}

void
ledger_settle(struct ledger *l, struct objects *all, int64_t now_s)
{
	const struct table *table = &all->tables[OBJECT_TRANSACTION];
	struct transaction *t;
	struct ledger_sum *sum;

	/* Pending ones become due in the order in which they were booked;
	 * the others between them were counted when they were. */
	for (; l->settled < table->next_number; l->settled++) {
		t = (struct transaction *)table->items[l->settled];
		if (t->available_s == t->o.created_s)
			continue;
		if (t->available_s > now_s)
			break;
		sum = sum_of(l, t->currency);
		sum->pending -= t->net;
		sum->available += t->net;
	}
}

bool
ledger_reconciles(const struct ledger *l, const struct objects *all)
{
	const struct table *table = &all->tables[OBJECT_TRANSACTION];
	const struct transaction *t;
	int64_t nets[NELEMS(currencies)] = {0};
	size_t i, k;

	for (i = 0; i < table->count; i++) {
		t = (const struct transaction *)table->items[i];
		if (t->net != t->amount - t->fee)
			return (false);
		for (k = 0; strcmp(currencies[k], t->currency) != 0; k++)
			continue;
		nets[k] += t->net;
	}
	for (k = 0; k < l->count; k++)
		if (l->sums[k].available + l->sums[k].pending != nets[k])
			return (false);
	return (true);
}
