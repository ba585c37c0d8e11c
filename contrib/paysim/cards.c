/* SPDX-License-Identifier: ISC */
/* The table of test cards. */
#include "contrib/paysim/cards.h"

#include <stddef.h>
#include <string.h>

#include "base/must.h"

#define PLAIN(token, number, brand, funding) \
	{token, number, brand, funding, NULL, NULL, NULL, false, false, false}
#define DECLINED(token, number, code, decline, message)                \
	{token, number, "visa", "credit", code, decline, message, false, \
	    false, false}
#define DECLINE_TEXT "Your card was declined."

static const struct card_kind kinds[] = {
    PLAIN("pm_card_visa", "4242424242424242", "visa", "credit"),
    PLAIN("pm_card_visa_debit", "4000056655665556", "visa", "debit"),
    PLAIN("pm_card_mastercard", "5555555555554444", "mastercard", "credit"),
    PLAIN("pm_card_amex", "378282246310005", "amex", "credit"),
    PLAIN("pm_card_discover", "6011111111111117", "discover", "credit"),
    PLAIN("pm_card_threeDSecureOptional", "4000000000003055", "visa",
        "credit"),
    DECLINED("pm_card_visa_chargeDeclined", "4000000000000002",
        "card_declined", "generic_decline", DECLINE_TEXT),
    DECLINED("pm_card_visa_chargeDeclinedInsufficientFunds",
        "4000000000009995", "card_declined", "insufficient_funds",
        "Your card has insufficient funds."),
    DECLINED("pm_card_visa_chargeDeclinedLostCard", "4000000000009987",
        "card_declined", "lost_card", DECLINE_TEXT),
    DECLINED("pm_card_visa_chargeDeclinedStolenCard", "4000000000009979",
        "card_declined", "stolen_card", DECLINE_TEXT),
    DECLINED("pm_card_chargeDeclinedExpiredCard", "4000000000000069",
        "expired_card", NULL, "Your card has expired."),
    DECLINED("pm_card_chargeDeclinedIncorrectCvc", "4000000000000127",
        "incorrect_cvc", NULL, "Your card's security code is incorrect."),
    DECLINED("pm_card_chargeDeclinedProcessingError", "4000000000000119",
        "processing_error", NULL, "An error occurred while processing your "
        "card. Try again in a little bit."),
    {"pm_card_authenticationRequired", "4000002760003184", "visa", "credit",
        NULL, NULL, NULL, true, false, false},
    {"pm_card_threeDSecure2Required", "4000000000003220", "visa", "credit",
        NULL, NULL, NULL, true, false, false},
    {"pm_card_authenticationRequiredOnSetup", "4000002500003155", "visa",
        "credit", NULL, NULL, NULL, true, false, false},
    {"pm_card_threeDSecureRequiredChargeDeclined", "4000008400001629", "visa",
        "credit", "card_declined", "generic_decline", DECLINE_TEXT, true,
        false, false},
    {"pm_card_bypassPending", "4000000000000077", "visa", "credit", NULL,
        NULL, NULL, false, true, false},
    PLAIN("pm_usBankAccount_success", NULL, "us_bank_account", "checking"),
    {"pm_usBankAccount_insufficientFunds", NULL, "us_bank_account",
        "checking", "insufficient_funds", NULL,
        "The bank account has insufficient funds.", false, false, false},
    {"pm_usBankAccount_processing", NULL, "us_bank_account", "checking",
        NULL, NULL, NULL, false, false, true},
};

const struct card_kind *
card_find_token(const char *token)
{
	size_t i;

	for (i = 0; i < NELEMS(kinds); i++)
		if (strcmp(kinds[i].token, token) == 0)
			return (&kinds[i]);
	return (NULL);
}

const struct card_kind *
card_find_number(const char *number)
{
	size_t i;

	for (i = 0; i < NELEMS(kinds); i++)
		if (kinds[i].number != NULL &&
		    strcmp(kinds[i].number, number) == 0)
			return (&kinds[i]);
	return (NULL);
}

bool
card_is_bank(const struct card_kind *kind)
{
	return (kind->number == NULL);
}

bool
card_number_is_valid(const char *number)
{
	size_t i, len = strlen(number);
	int digit, sum = 0;

	if (len < 12 || len > 19 || strspn(number, "0123456789") != len)
		return (false);
	for (i = 0; i < len; i++) {
		digit = number[len - 1 - i] - '0';
		if (i % 2 == 1)
			digit = digit * 2 - (digit > 4 ? 9 : 0);
		sum += digit;
	}
	return (sum % 10 == 0);
}

const char *
card_last4(const struct card_kind *kind)
{
	return (card_is_bank(kind) ? "6789" :
	    kind->number + strlen(kind->number) - 4);
}
