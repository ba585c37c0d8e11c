/* SPDX-License-Identifier: ISC */
/* Routes for whoever runs the service: faults, the ledger's proof, health. */
#ifndef PAYSIM_ADMIN_H
#define PAYSIM_ADMIN_H

#include "contrib/paysim/call.h"

call_handler admin_faults_get;
call_handler admin_faults_set;
call_handler admin_ledger;
call_handler admin_health;

#endif
