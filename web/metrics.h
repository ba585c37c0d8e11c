/* SPDX-License-Identifier: ISC */
/* GET /metrics: the Prometheus text format, version 0.0.4. */
#ifndef WEB_METRICS_H
#define WEB_METRICS_H

#include "web/answer.h"

answer_handler metrics_show;

#endif
