/* SPDX-License-Identifier: ISC */
/* Refunds, the balance and its transactions. */
#ifndef PAYSIM_REFUNDS_H
#define PAYSIM_REFUNDS_H

#include "contrib/paysim/call.h"

call_handler refunds_create;
call_handler refunds_get;
call_handler refunds_update;
call_handler refunds_list;

call_handler balance_get;
call_handler transactions_get;
call_handler transactions_list;

#endif
