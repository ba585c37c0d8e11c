/* SPDX-License-Identifier: ISC */
/* The command line of e2e-run, as rows. */
#ifndef PROBE_RUNNER_OPTIONS_H
#define PROBE_RUNNER_OPTIONS_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/options.h"

#define RUNNER_HURL_USAGE 1 /* Hurl's code for a wrong command line */

enum runner_errors { /* whether the deciding request and answer are shown */
	RUNNER_ERRORS_AUTO, /* unless many runs are */
	RUNNER_ERRORS_SHORT,
	RUNNER_ERRORS_LONG
};

enum runner_verbosity { /* what --verbosity chooses from */
	RUNNER_QUIET,
	RUNNER_BRIEF,
	RUNNER_VERBOSE,
	RUNNER_DEBUG
};

struct runner_options {
	/* What is run, and with what. */
	const char *checks;        /* a tree of manifests; NULL: files */
	const char *environment;
	const char *file_root;
	struct option_list globs;
	struct option_list variables, variables_files;
	struct option_list secrets, secret_files, secrets_files;
	int64_t first_entry, last_entry;
	int64_t repeat;            /* -1: without end */
	bool continues, ignores_asserts;

	/* How it is shown. */
	int format;
	const char *junit, *tap;   /* files to write reports to */
	const char *json_dir, *html_dir; /* folders */
	const char *curl;          /* a file for command lines */
	bool is_json;              /* Hurl's document of each run */
	const char *output;        /* for the last answers; "-" */
	bool shows_head;           /* of those answers */
	bool is_pretty;            /* JSON of those, when printed, indented */
	bool is_silent;            /* nothing on standard output */
	int error_format;          /* enum runner_errors */
	int exit_codes;            /* 0: of this project, 1: of Hurl */
	bool is_test, has_color, is_verbose, is_very_verbose;
	bool is_parallel, has_progress;
	int verbosity;             /* enum runner_verbosity */
	int64_t jobs;
	span_us timeout;
	int64_t body_bytes;
	const char *limits;

	/* Cookies: files in Netscape's format. */
	const char *cookies, *cookie_jar;
	bool drops_cookies;

	/* What is refused with a sentence, or ignored. */
	bool is_http3, is_unused;

	/* Defaults of [Options]. */
	bool is_traced;            /* a traceparent goes along */
	bool is_insecure, follows, trusts, is_compressed, keeps_path;
	bool is_ipv4, is_ipv6, is_http10, is_http11, is_http2;
	const char *cacert, *cert, *key, *pinned_key;
	const char *aws_sigv4, *user, *user_agent, *proxy, *no_proxy;
	const char *unix_socket;
	bool is_digest, is_ntlm, is_negotiate; /* besides basic */
	bool has_netrc, is_netrc_optional;
	const char *netrc_file;
	struct option_list headers, resolves, connects;
	struct option_list config_headers; /* before these, of a file */
	const char *delay, *retry_interval; /* as in a flow: 500, 2s */
	span_us connect_timeout, max_time;
	int64_t max_redirects, retry, rate_bytes;
};

/*
 * The program's rows and texts. Mistakes of the command line exit as the set
 * of codes wants it that is chosen there.
 */
struct program runner_program(int argc, char *const *argv);

/* What holds before the command line is read. */
void runner_options_init(struct runner_options *o);

/* Refuse what cannot be, exiting; and settle what implies another. */
void runner_options_check(const struct program *p, struct runner_options *o);

/*
 * Whether the standard output is for answers and documents; what did not
 * hold then goes to standard error, all other text nowhere.
 */
bool runner_options_has_data(const struct runner_options *o);

/*
 * Append the options that are given as the [Options] of a flow with one
 * entry, for they mean the same there.
 */
void runner_options_flow(const struct runner_options *o, struct buf *out);

#endif
