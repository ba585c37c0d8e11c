/* SPDX-License-Identifier: ISC */
/*
 * Runs of flows, thousands at once in one thread: an engine, the scripts that
 * it knows (a definition made ready), and runs, each a state machine driven
 * by its timer and its transfer. Nothing here blocks.
 *
 * An outcome other than passed is data. What is wrong with a definition (an
 * undefined variable, a missing secret, a host that it may not reach) ends
 * its run as OUTCOME_INVALID, with a sentence and a place in the flow.
 */
#ifndef PROBE_RUN_H
#define PROBE_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cause.h"
#include "base/loop.h"
#include "base/message.h"
#include "checks/definition.h"
#include "checks/flow.h"
#include "probe/evaluate.h"
#include "probe/response.h"

#define RUN_TRACE_SIZE 33 /* a W3C trace id as hex digits, and a NUL */

struct http_request;
struct run_engine;
struct run_script;
struct run;

/* What flows may do here besides sending requests; a fleet allows nothing. */
struct run_rights {
	bool reads_environment; /* getEnv, netrc */
	bool writes_files;      /* output, below the flow's root */
	bool opens_sockets;     /* unix-socket */
	bool reads_any_file;    /* cacert, cert, key, netrc-file: not only
	                         * below the flow's root */
};

struct run_engine_options {
	/* What no definition may exceed; NULL: what it says. */
	const struct definition_limits *caps;
	const char *probe;      /* name of this probe in run events */
	struct run_rights rights;
};

/* Make an engine on loop; it lives no longer than the loop. */
struct run_engine *run_engine_new(struct loop *loop,
    const struct run_engine_options *options);

/* Drop every run that is in flight, without a call to its hooks. Not to be
 * called from a hook. */
void run_engine_free(struct run_engine **engine);

/* Runs started and not yet done. */
size_t run_engine_in_flight(const struct run_engine *engine);

/*
 * Read the CA certificates that are trusted by default now, which takes some
 * 20 ms, rather than at the first https request.
 */
void run_engine_preload(struct run_engine *engine);

/*
 * Make a definition ready to run: parse its flow, set its variables. Takes
 * over d, also on failure. Secrets are resolved when a run starts, and again
 * when they are older than some seconds; one that is missing makes the run
 * invalid. Returns 0, or an error with the mistakes in cause.
 */
int run_script_new(struct run_engine *engine, struct definition **d,
    struct cause *cause, struct run_script **out);

/* As run_script_new for a flow that is parsed already; it is held. */
struct run_script *run_script_from_flow(struct run_engine *engine,
    struct definition **d, struct flow *flow);

/* Let go; runs in flight keep what they need. Accepts NULL. */
void run_script_release(struct run_script **script);

const struct definition *run_script_definition(const struct run_script *s);
const struct flow *run_script_flow(const struct run_script *s);

/*
 * The variables that every run of this script starts with, secrets not
 * among them; add to them before the first run.
 */
struct variables *run_script_variables(struct run_script *script);

/* What every entry of a script has unless its [Options] say otherwise. */
struct run_defaults {
	struct flow *flow; /* the [Options] of its first entry; NULL: none */
	const char *cacert, *cert, *cert_password, *key; /* paths, or NULL */
	const char *netrc_file; /* a path, or NULL */
	const char *no_proxy;   /* hosts reached directly, or NULL */
	const char *user_agent; /* unless a header says it; NULL: ours */
	bool is_untraced;  /* no traceparent is added to requests */
	bool continues;    /* the entries behind one that failed run, too; the
	                    * first failure makes the run's outcome */
	bool ignores_asserts; /* captures are all that is evaluated */
	bool drops_cookies;   /* those of answers are not sent again */
	bool notes_certificates; /* in answers, of new connections */
	bool keeps_sent_heads; /* for run_sent_line and what shows requests */
	/* Cookies that runs begin with, as http_session_add_cookie has it. */
	const char *const *cookies;
	size_t cookie_count;
};

/* Set the defaults before the first run; everything is copied or held. */
void run_script_set_defaults(struct run_script *script,
    const struct run_defaults *defaults);

/*
 * One request sent, redirects and retries each being a step of their own; or
 * one that could not be sent, with status 0, where the run goes on after it.
 */
struct run_step {
	uint32_t entry;   /* from 1 */
	uint32_t line;
	uint32_t attempt; /* from 1 */
	bool is_redirect; /* follows the step before */
	bool is_retried;  /* did not pass, and another attempt follows */
	bool is_unsent;   /* a mistake of the flow; its URL is the flow's */
	bool is_followed; /* its answer is a redirect that is followed */
	bool is_clean_up; /* after the step that decided the run's outcome */
	enum outcome outcome;
	const char *method;   /* the flow's, or static */
	char *url;
	long status;          /* 0: no answer */
	const char *version;  /* static; NULL: no answer */
	char ip[RESPONSE_IP_SIZE]; /* "": not connected */
	struct response_timing timing;
	int64_t sent_bytes, received_bytes;
	struct findings findings;
};

/* What came of a run. Texts are not masked yet; encoding masks them. */
struct run_result {
	uint8_t id[MESSAGE_ID_SIZE];
	const char *location, *trigger, *probe;
	char trace[RUN_TRACE_SIZE];
	wall_us due, started;
	span_us duration;
	span_us lag;           /* of the engine's loop */
	enum outcome outcome;
	char *reason;          /* NULL when passed */
	bool is_reason_cut;
	struct place place;    /* line 0: none */
	const struct flow_file *file; /* of the place */
	struct run_step *steps;
	size_t step_count;
	struct buf request;    /* evidence, if any; is_full when cut off */
	struct buf response;   /* at its end */
};

struct run_hooks {
	/*
	 * A step ended. response is NULL without an answer; both live until
	 * the hook returns. May be NULL.
	 */
	void (*step)(struct run *run, const struct run_step *step,
	    struct response *response, void *arg);
	/*
	 * The run is done, called once per run, never from within run_start.
	 * run and its result live until the hook returns, which may start
	 * other runs.
	 */
	void (*done)(struct run *run, const struct run_result *result,
	    void *arg);
};

struct run_spec {
	uint8_t id[MESSAGE_ID_SIZE];
	const char *location;
	const char *trigger; /* "schedule", "manual", "gate", "alert" */
	wall_us due;         /* 0: now */
	/* Variables of this run alone, over the script's; copied. */
	const struct definition_variable *variables;
	size_t variable_count;
	/* Entries to run, from 1; 0, 0: all. */
	uint32_t first_entry, last_entry;
	/* The entry, from 1, whose exchange is kept if all passes; 0: none. */
	uint32_t evidence_entry;
};

/*
 * Start a run. The script is held; location and trigger are copied, hooks is
 * borrowed until the run is done. The first request leaves on the next turn
 * of the loop.
 */
struct run *run_start(struct run_script *script, const struct run_spec *spec,
    const struct run_hooks *hooks, void *arg);

/*
 * Stop a run now with this reason. Its outcome is lost, as nothing is known
 * of the service; but unknown when a request is under way that may have
 * changed something. Its done hook is called on the next turn of the loop, or
 * after the entries that always run; a second call stops those, too.
 */
void run_stop(struct run *run, const char *reason);

struct run_script *run_script_of(const struct run *run);

/*
 * The request of the step at hand, credentials included: mask what is shown
 * of it. For the step hook, when the step was sent.
 */
const struct http_request *run_request(const struct run *run);

/*
 * The lines of the request of the step at hand, the first being
 * "GET / HTTP/1.1", as they went over the wire; none unless they are kept.
 * *at is 0 first. Returns a line, which the caller frees, or NULL. Credentials
 * are among them.
 */
char *run_sent_line(const struct run *run, size_t *at);

/* As run_sent_line for the headers: returns a name, with its value in the
 * same allocation. */
char *run_sent_header(const struct run *run, size_t *at, const char **value);

/*
 * How much the options of the step at hand want to be shown of it: 0 nothing,
 * 1 heads, 2 notes too, 3 bodies too. For the step hook.
 */
int run_verbosity(const struct run *run);

/*
 * Append the request of the step at hand as a command line of curl, masked
 * and without credentials. For the step hook, when the step was sent and is
 * not a redirect.
 */
void run_describe_curl(struct run *run, struct buf *out);

/* Append the cookies that the run has, a line of Netscape's format each. Not
 * masked: they are for a file to which the user wants them written. */
void run_cookies(const struct run *run, struct buf *out);

/* Whether asserts are not evaluated, by the script's defaults. */
bool run_ignores_asserts(const struct run *run);

/* The variables of a run as they stand, for people to look at. */
const struct variables *run_variables(const struct run *run);

/*
 * Append the request at hand and its answer as text; credentials are left
 * out, everything else is not masked yet. For the step hook.
 */
void run_describe(struct run *run, struct buf *request, struct buf *response);

/*
 * What the options of the entry of the step at hand say of its answer: that
 * its body is shown (output: -), and is written decoded (compressed: true).
 */
bool run_shows_output(const struct run *run);
bool run_decodes_output(const struct run *run);

/*
 * Append text with the run's secrets and all card numbers masked. is_cut: it
 * was cut off at its end; "..." in it may stand for what was cut off there.
 */
void run_mask(const struct run *run, const char *text, size_t len,
    bool is_cut, struct buf *out);

/* Append the run event (doc/run-event.md), masked. */
void run_event_encode(const struct run *run, const struct run_result *result,
    struct buf *out);

/*
 * Append the run event of a run that never started, its outcome being
 * OUTCOME_SKIPPED or OUTCOME_INVALID. definition may be NULL when it is not
 * known.
 */
void run_event_encode_unstarted(const struct definition *definition,
    const struct run_spec *spec, const char *probe, enum outcome outcome,
    const char *reason, struct buf *out);

#endif
