/* SPDX-License-Identifier: ISC */
/* Routes of payment intents and of the charges that they make. */
#ifndef PAYSIM_INTENTS_H
#define PAYSIM_INTENTS_H

#include "contrib/paysim/call.h"

#define AMOUNT_LEAST 50
#define AMOUNT_MOST 99999999

call_handler intents_create;
call_handler intents_get;
call_handler intents_update;
call_handler intents_confirm;
call_handler intents_capture;
call_handler intents_cancel;
call_handler intents_list;

call_handler charges_get;
call_handler charges_list;

#endif
