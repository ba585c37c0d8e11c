/* SPDX-License-Identifier: ISC */
/*
 * The well-known test cards and what each does when it is charged, by number
 * and by token (pm_card_visa), and test bank accounts.
 */
#ifndef PAYSIM_CARDS_H
#define PAYSIM_CARDS_H

#include <stdbool.h>

struct card_kind {
	const char *token;   /* pm_... */
	const char *number;  /* NULL: a bank account */
	const char *brand;
	const char *funding;
	const char *code;         /* error code when declined, else NULL */
	const char *decline_code; /* or NULL */
	const char *message;
	bool needs_action;        /* 3-D Secure before it is charged */
	bool is_available_at_once; /* its money skips the pending balance */
	bool is_stuck;            /* stays in processing for ever */
};

/* Find by token or by number; NULL when there is none. */
const struct card_kind *card_find_token(const char *token);
const struct card_kind *card_find_number(const char *number);

/* True for a bank account, which is charged later (status processing). */
bool card_is_bank(const struct card_kind *kind);

/* True when number is 12 to 19 digits with a right check digit (Luhn). */
bool card_number_is_valid(const char *number);

/* The last four digits. */
const char *card_last4(const struct card_kind *kind);

#endif
