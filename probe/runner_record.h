/* SPDX-License-Identifier: ISC */
/* What is kept of a run besides what is shown: for reports and files. */
#ifndef PROBE_RUNNER_RECORD_H
#define PROBE_RUNNER_RECORD_H

#include "base/buf.h"
#include "probe/run.h"
#include "probe/runner_options.h"

struct runner_html;
struct runner_json;

struct runner_record {
	const struct runner_options *options;
	size_t number;             /* of the run, as they are begun */
	struct runner_json *json;  /* NULL: not asked for */
	struct runner_html *html;  /* NULL: not asked for */
	struct buf row;            /* of the index of its report */
	struct buf document;       /* of Hurl's JSON, when the run is done */
	struct buf curl;           /* a line for each request */
	struct buf answer;         /* the last one; not masked */
	size_t head_len;           /* of it */
	uint32_t entry;            /* whose it is */
	const char *mistake;       /* why it cannot be written; NULL */
	bool has_answer;           /* there was one */
	bool has_failed;           /* to write a file */
};

/* o is borrowed. */
void runner_record_init(struct runner_record *rec,
    const struct runner_options *o);
void runner_record_fini(struct runner_record *rec);

/* Add a step, from its hook. */
void runner_record_step(struct runner_record *rec, struct run *run,
    const struct run_step *step, struct response *response);

/*
 * Append the body of a step's answer, masked, to out when its entry says
 * output: -.
 */
void runner_record_shown(struct runner_record *rec, const struct run *run,
    const struct run_step *step, struct response *response, struct buf *out);

/* Complete it, from the done hook. */
void runner_record_end(struct runner_record *rec, struct run *run,
    const struct run_result *result);

/*
 * Write the last answer where --output says, or append it, masked, to out
 * when that is the standard output. is_first: the file is begun anew.
 */
void runner_record_output(struct runner_record *rec, const struct run *run,
    bool is_first, struct buf *out);

#endif
