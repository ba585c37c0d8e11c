/* SPDX-License-Identifier: ISC */
/* Shared by the files of the engine: run*.c. */
#ifndef PROBE_RUN_PRIV_H
#define PROBE_RUN_PRIV_H

#include "base/mem.h"
#include "probe/jsonpath_cache.h"
#include "probe/request.h"
#include "probe/run.h"
#include "probe/run_rules.h"

#define RUN_MAGIC 0x52554e21u
#define RUN_TRACEPARENT_SIZE 56
#define RUN_CLEAN_UP_STEPS 100 /* besides the limit */
#define RUN_REASON_MOST_BYTES 400

struct run_engine {
	struct loop *loop;
	struct http *http;
	char *probe;
	struct run_rights rights;
	bool has_caps;
	struct definition_limits caps;
	struct run *runs;          /* in flight */
	size_t in_flight;
	struct buf scratch;
};

struct run_script {
	struct run_engine *engine;
	unsigned int holds;
	struct definition *definition;
	struct flow *flow;
	struct variables *variables; /* secrets not among them */
	struct variables *complete;  /* with secrets; NULL: none read */
	mono_us complete_at;
	char **folders;              /* of included files; made when needed */
	char *missing;               /* a secret that could not be read */
	struct jsonpath_cache *paths;
	struct request_defaults defaults; /* its paths are ours */
	struct flow *defaults_flow;  /* held */
	bool is_untraced, continues, ignores_asserts, drops_cookies;
	bool keeps_sent_heads, notes_certificates;
	char **cookies;
	size_t cookie_count;
};

enum run_state {
	RUN_STARTING,
	RUN_DELAYED,  /* before an entry's first attempt */
	RUN_SENDING,
	RUN_RETRYING, /* between two attempts */
	RUN_DONE
};

struct run {
	unsigned int magic;
	struct run *prev, *next;   /* in engine->runs */
	struct run_engine *engine;
	struct run_script *script; /* held */
	const struct run_hooks *hooks;
	void *arg;
	struct loop_timer *timer;
	mono_us armed_at;          /* what the timer is set to; 0: not set */
	mono_us started, deadline;
	mono_us bounded_at;        /* when the time up to deadline began */
	span_us delayed;           /* by delays, since then */
	mono_us due;               /* end of a delay or a retry's pause */
	enum run_state state;
	char *stop_reason;
	bool is_hopeless;          /* it cannot start: stop_reason */
	bool is_cut_off;           /* its time is over, or it was stopped */
	bool is_cleaning;          /* it failed; what always runs goes on */
	int64_t step_most;
	span_us work;              /* CPU time, looking into answers */

	struct variables *variables;
	struct scope scope;
	struct http_session *session;
	uint8_t trace[16], span[8];

	uint32_t entry, last;      /* from 0; last is exclusive */
	uint32_t evidence_entry;   /* from 1; 0: none */
	int64_t rounds;            /* of the entry, done */
	uint32_t attempt;          /* from 1 */
	struct request_options options;
	struct arena options_arena;

	/* The attempt at hand. */
	struct arena arena;
	struct request request;
	struct http_request sent;
	struct http_transfer *transfer;
	mono_us sent_at;
	struct buf sent_head;      /* kept for run_sent_line */
	struct response *response;
	struct response **before;  /* the answers that redirected us here */
	size_t before_count;
	char traceparent[RUN_TRACEPARENT_SIZE];
	struct buf cookie_names;   /* that earlier answers set, one a line */
	char *location, *trigger;
	struct run_result result;
};

/*
 * The variables of a new run, secrets included, read again when they are
 * old. NULL with *sentence (the script's) when a secret is missing.
 */
const struct variables *run_script_complete(struct run_script *script,
    const char **sentence);

/* The real folder of a file of the flow: what its entries may read. */
const char *run_script_folder(struct run_script *script, uint32_t file);

struct run_script *run_script_hold(struct run_script *script);

/* Set variables of a definition. */
void run_script_set(struct variables *v, const struct definition_variable *list,
    size_t count);

/* The time of the run in all; of its clean-up, once that has begun. */
static inline span_us
run_time(const struct run *run)
{
	return (run->deadline - run->bounded_at);
}

/* The entry at hand. */
static inline const struct flow_entry *
run_entry(const struct run *run)
{
	return (&run->script->flow->entries[run->entry]);
}

/* The file in which an entry (from 0) stands. */
static inline const struct flow_file *
run_file(const struct run *run, uint32_t entry)
{
	const struct flow *flow = run->script->flow;

	return (&flow->files[entry < flow->entry_count ?
	    flow->entries[entry].file : 0]);
}

/* The life of a run: run.c. */

/* Wake the run at a time, at its deadline at the latest. */
void run_arm(struct run *run, mono_us at);

/* The run is done: tell so, and free it. */
void run_finish(struct run *run);

/* The entries: run_entries.c. */

/* Start the entry at hand, or one behind it; finish the run at the end. */
void run_entries_start(struct run *run);

/* Turn to the next round of the entry at hand, or to the next entry. */
void run_round_next(struct run *run);

/* Attempts: run_attempt.c. */

/* Start another attempt of the entry at hand. */
void run_attempt_start(struct run *run);

/* Let go of what the last attempt sent and received. */
void run_attempt_fini(struct run *run);

/*
 * What makes parts of a request in arena; mistakes go to findings. For the
 * moment: the engine's scratch goes with it.
 */
struct request_maker run_maker(struct run *run, struct arena *arena,
    struct findings *findings);

/* A run that does not pass: run_verdict.c. */

/*
 * Set what the run comes to, whatever comes after it: the first verdict
 * stays. reason is copied.
 */
void run_verdict_set(struct run *run, enum outcome outcome,
    const char *reason, struct place place);

/*
 * The entry at hand failed, and with it the run. The entries behind it that
 * always run still do, from the loop: each may fail here again. The run may
 * be freed when this returns.
 */
void run_give_up(struct run *run, enum outcome outcome, const char *reason,
    struct place place);

/* The same for a mistake of the definition: the first finding says which.
 * The findings may move into a step. */
void run_give_up_invalid(struct run *run, struct findings *findings);

/* The same with one finding, before the entry's request is sent: outcome is
 * OUTCOME_INVALID for a mistake of the definition. */
void run_give_up_unsent(struct run *run, enum outcome outcome,
    struct place place, const char *sentence);

/* "run's time of 20s", or that for clean-up: for a sentence. */
#define RUN_TIME_TEXT_SIZE 64
void run_time_format(const struct run *run, char out[static
    RUN_TIME_TEXT_SIZE]);

/* End what is under way: the run's time is over, or someone asked for it. */
void run_cut_off(struct run *run, const char *why, bool is_ours);
void run_time_out(struct run *run);

/* Steps: run_step.c. */

/* Make the next traceparent: 00-<trace>-<span>-01. */
void run_trace_format(struct run *run);

/* Record the request that was sent, with its answer. */
struct run_step *run_step_add(struct run *run);

/* Record an entry whose request could not be sent. */
struct run_step *run_step_add_unsent(struct run *run);

/* Tell of a step that is complete. */
void run_step_end(struct run *run, struct run_step *step);

/* Stretch the times of a request that was cut off after total. */
void run_step_extend(struct response_timing *t, span_us total);

void run_step_fini(struct run_step *step);

/* Where an option of an entry is set last; the entry, if by a default. */
struct place run_option_place(const struct flow_entry *entry,
    enum flow_option_kind kind);

/* Write the answer where the option output says, with a finding if not. */
void run_output(struct run *run, struct run_step *step);

/* Keep the names of the cookies that the attempt's answers have set. */
void run_note_cookies(struct run *run);

/* Whether a header carries credentials by its nature. */
/* Append "a=***; b=***" for the cookies that went along, if kept. */
void run_sent_cookie_names(const struct run *run, struct buf *out);
bool run_is_credential(const char *name);

/* Write the request and its answer as text, for people. */
void run_evidence(struct run *run);

/* Append the sentence that a finding is for people: what did not hold. */
void run_reason(const struct run *run, const struct finding *f,
    struct buf *out);

#endif
