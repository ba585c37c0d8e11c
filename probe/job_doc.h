/* SPDX-License-Identifier: ISC */
/*
 * The document of a job: what is asked for besides the definition (where from,
 * why, due when, with which variables). Made by the scheduler and the gate.
 */
#ifndef PROBE_JOB_DOC_H
#define PROBE_JOB_DOC_H

#include "base/json.h"
#include "probe/run.h"

struct job_doc {
	struct json_doc *json;                 /* has the texts of spec */
	struct definition_variable *variables;
	struct run_spec spec;                  /* its id is none of it */
};

/*
 * Read len bytes. Returns NULL, or why they are no job; then there is nothing
 * to be freed. location is that of a document without one; borrowed.
 */
const char *job_doc_decode(const char *text, size_t len, const char *location,
    struct job_doc *job);
void job_doc_fini(struct job_doc *job);

#endif
