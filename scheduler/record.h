/* SPDX-License-Identifier: ISC */
/*
 * The run events that the scheduler itself must write: of runs that never
 * started or never came back (`lost`, `skipped`), so that every due slot
 * leaves exactly one record. doc/run-event.md describes the document.
 */
#ifndef SCHEDULER_RECORD_H
#define SCHEDULER_RECORD_H

#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/message.h"

struct record {
	uint8_t run[MESSAGE_ID_SIZE];
	const char *check;
	const char *service;
	const char *location;
	const char *environment; /* may be NULL */
	const char *definition;  /* content hash, may be NULL */
	const char *probe;       /* NULL: none had it */
	enum trigger trigger;
	wall_us due;
	enum outcome outcome;
	const char *reason;
};

/* Append the run event of a run without steps. */
void record_format(const struct record *r, struct buf *out);

/* The id of a scheduled run: of its slot, so that a slot has one id. */
void record_run_id(const char *check, const char *location, wall_us due,
    uint8_t out[static MESSAGE_ID_SIZE]);

#endif
