/* SPDX-License-Identifier: ISC */
/*
 * The pages for people: the bank's 3-D Secure page, and a login with a
 * session cookie, a CSRF field and an account page.
 */
#ifndef PAYSIM_PAGES_H
#define PAYSIM_PAGES_H

#include "contrib/paysim/call.h"

#define SESSIONS_MOST 10000

struct sessions *sessions_new(void);
void sessions_free(struct sessions **s);

call_handler page_action_show;   /* GET /3ds/:id */
call_handler page_action_submit; /* POST /3ds/:id */
call_handler page_login_show;
call_handler page_login_submit;
call_handler page_account;
call_handler page_logout;

#endif
