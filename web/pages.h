/* SPDX-License-Identifier: ISC */
/* The pages for people: HTML made here, no script. */
#ifndef WEB_PAGES_H
#define WEB_PAGES_H

#include "web/answer.h"

answer_handler page_checks; /* GET / : all checks, recent runs */
answer_handler page_check;  /* GET /checks/SERVICE/NAME */
answer_handler page_runs;   /* GET /runs : runs by filter */
answer_handler page_run;    /* GET /runs/ID : one run, step by step */
answer_handler page_gates;  /* GET /gates : verdicts, newest first */
answer_handler page_gate;   /* GET /gates/ID : one gate */

#endif
