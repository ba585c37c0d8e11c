/* SPDX-License-Identifier: ISC */
/* The JSON API, version 1: read-only, the same names as in the store. */
#ifndef WEB_API_H
#define WEB_API_H

#include "web/answer.h"

#define API_RUNS_MOST 1000

answer_handler api_checks; /* GET /api/v1/checks?window=24h&service=... */
answer_handler api_runs;   /* GET /api/v1/runs?check=...&outcome=bad */
answer_handler api_run;    /* GET /api/v1/runs/ID */
answer_handler api_gates;  /* GET /api/v1/gates?service=...&version=... */
answer_handler api_gate;   /* GET /api/v1/gates/ID */
answer_handler api_health; /* GET /healthz */

#endif
