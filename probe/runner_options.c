/* SPDX-License-Identifier: ISC */
/*
 * The rows of e2e-run's command line. Names and meanings are Hurl's wherever
 * it has one, and HURL_* variables are read where no E2E_* one is set.
 */
#include "probe/runner_options.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/table.h"
#include "checks/definition.h"

#define NONE INT64_MIN
#define TIMEOUT_DEFAULT SPAN_H
#define BODY_DEFAULT (64 << 20)

#define AT(member) .offset = OPTION_AT(struct runner_options, member)

static const char *const formats[] = {"", "table", "json", NULL};
static const char *const error_formats[] = {"", "short", "long", NULL};
static const char *const verbosities[] = {"", "brief", "verbose", "debug",
    NULL};
static const char *const exit_codes[] = {"e2e", "hurl", NULL};

static const struct option_row rows[] = {
	{.group = "What is run",
	    .name = "checks", .type = OPTION_STR, .arg = "DIR",
	    AT(checks),
	    .help = "Run the named checks of the manifests in DIR; all of "
	    "them when none is named"},
	{.name = "environment", .letter = 'e', .type = OPTION_STR,
	    .arg = "NAME", AT(environment),
	    .help = "Run against this environment of the manifest"},
	{.name = "glob", .type = OPTION_LIST, .arg = "PATTERN", AT(globs),
	    .help = "Run the files that match a pattern such as "
	    "'flows/**/*.hurl', after those that are named", .env = ""},
	{.name = "from-entry", .type = OPTION_INT, .arg = "N", .min = 1,
	    .max = 1000000, AT(first_entry),
	    .help = "Begin at entry N", .env = ""},
	{.name = "to-entry", .type = OPTION_INT, .arg = "N", .min = 1,
	    .max = 1000000, AT(last_entry), .help = "End after entry N",
	    .env = ""},
	{.name = "repeat", .type = OPTION_INT, .arg = "N", .min = -1,
	    .max = 1000000, AT(repeat), .help = "Run everything N times; -1 "
	    "is without end", .env = ""},
	{.name = "jobs", .letter = 'j', .type = OPTION_INT, .arg = "N",
	    .min = 1, .max = 10000, AT(jobs),
	    .help = "Run N flows at a time", .env2 = "HURL_JOBS"},
	{.name = "parallel", .type = OPTION_FLAG, AT(is_parallel),
	    .help = "Run 8 flows at a time", .env = ""},
	{.name = "continue-on-error", .type = OPTION_FLAG, AT(continues),
	    .help = "Run the entries behind one that failed, too",
	    .env2 = "HURL_CONTINUE_ON_ERROR"},
	{.name = "no-assert", .type = OPTION_FLAG, AT(ignores_asserts),
	    .help = "Evaluate captures only, no asserts",
	    .env2 = "HURL_NO_ASSERT"},
	{.name = "ignore-asserts", .type = OPTION_FLAG, AT(ignores_asserts),
	    .help = "The same, by its old name", .env = ""},
	{.name = "file-root", .type = OPTION_STR, .arg = "DIR",
	    AT(file_root), .help = "Let flows read files below DIR, not "
	    "below their own folder"},
	{.group = "Variables and secrets",
	    .name = "variable", .type = OPTION_LIST, .arg = "NAME=VALUE",
	    AT(variables), .help = "Set a variable", .env = ""},
	{.name = "variables-file", .type = OPTION_LIST, .arg = "FILE",
	    AT(variables_files), .help = "Set variables from lines of "
	    "NAME=VALUE"},
	{.name = "secret", .type = OPTION_LIST, .arg = "NAME=VALUE",
	    AT(secrets), .help = "Set a secret; other users of this machine "
	    "can read it in the list of processes", .env = ""},
	{.name = "secret-file", .type = OPTION_LIST, .arg = "NAME=FILE",
	    AT(secret_files), .help = "Set a secret to the content of a "
	    "file", .env = ""},
	{.name = "secrets-file", .type = OPTION_LIST, .arg = "FILE",
	    AT(secrets_files), .help = "Set secrets from lines of "
	    "NAME=VALUE"},
	{.group = "What is shown",
	    .name = "test", .type = OPTION_FLAG,
	    AT(is_test),
	    .help = "One line per flow and a summary; 8 at a time",
	    .env2 = "HURL_TEST"},
	{.name = "format", .type = OPTION_CHOICE, .arg = "FORMAT",
	    AT(format), .choices = formats,
	    .help = "Print a table, or json: one run event per line"},
	{.name = "verbose", .letter = 'v', .type = OPTION_FLAG,
	    AT(is_verbose), .help = "Show the heads of requests and "
	    "answers, the request for curl and what is captured",
	    .env2 = "HURL_VERBOSE"},
	{.name = "very-verbose", .type = OPTION_FLAG, AT(is_very_verbose),
	    .help = "Show the bodies too; -vv is the same",
	    .env2 = "HURL_VERY_VERBOSE"},
	{.name = "verbosity", .type = OPTION_CHOICE, .arg = "LEVEL",
	    AT(verbosity), .choices = verbosities, .help = "brief is "
	    "heads only, verbose is --verbose, debug is --very-verbose",
	    .env2 = "HURL_VERBOSITY"},
	{.name = "error-format", .type = OPTION_CHOICE, .arg = "FORMAT",
	    AT(error_format), .choices = error_formats,
	    .help = "long shows the request and the answer that decided a "
	    "run, short does not; long by default but with --test",
	    .env2 = "HURL_ERROR_FORMAT"},
	{.name = "json", .type = OPTION_FLAG, AT(is_json),
	    .help = "Print Hurl's JSON document of each run, and what did "
	    "not hold on standard error", .env = ""},
	{.name = "output", .letter = 'o', .type = OPTION_STR, .arg = "FILE",
	    AT(output), .help = "Write the last answer of each run that "
	    "passed to FILE; - is standard output", .env = ""},
	{.name = "include", .letter = 'i', .type = OPTION_FLAG,
	    AT(shows_head), .help = "With its head; standard output unless "
	    "--output is given", .env = ""},
	{.name = "pretty", .type = OPTION_FLAG, AT(is_pretty),
	    .help = "Indent JSON that --output=- or --include print",
	    .env2 = "HURL_PRETTY"},
	{.name = "no-output", .type = OPTION_FLAG, AT(is_silent),
	    .help = "Print only what did not hold, on standard error",
	    .env2 = "HURL_NO_OUTPUT"},
	{.name = "color", .type = OPTION_FLAG, AT(has_color),
	    .help = "Colour the output; the default on a terminal unless "
	    "NO_COLOR is set", .env2 = "HURL_COLOR"},
	{.name = "progress-bar", .type = OPTION_FLAG, AT(has_progress),
	    .help = "Show progress on standard error; the default with "
	    "--test on a terminal"},
	{.name = "exit-codes", .type = OPTION_CHOICE, .arg = "SET",
	    AT(exit_codes), .choices = exit_codes,
	    .help = "Exit as e2e, or as hurl: 2 for a wrong flow, 3 when it "
	    "could not be run, 4 for an assert"},
	{.group = "Reports",
	    .name = "report-junit", .type = OPTION_STR, .arg = "FILE",
	    AT(junit), .help = "Write a report in JUnit's format"},
	{.name = "report-tap", .type = OPTION_STR, .arg = "FILE",
	    AT(tap), .help = "Write a report in TAP"},
	{.name = "report-json", .type = OPTION_STR, .arg = "DIR",
	    AT(json_dir), .help = "Write Hurl's JSON report to a folder"},
	{.name = "report-html", .type = OPTION_STR, .arg = "DIR",
	    AT(html_dir), .help = "Write pages to a folder: index.html and "
	    "one for each run"},
	{.name = "curl", .type = OPTION_STR, .arg = "FILE", AT(curl),
	    .help = "Write the requests as command lines of curl",
	    .env = ""},
	{.group = "Requests",
	    .name = "header", .letter = 'H', .type = OPTION_LIST,
	    .arg = "HEADER", AT(headers), .help = "Send this header with "
	    "every request", .env = ""},
	{.name = "user", .letter = 'u', .type = OPTION_STR,
	    .arg = "USER:PASSWORD", AT(user), .help = "Send basic "
	    "authorization", .env2 = "HURL_USER"},
	{.name = "user-agent", .letter = 'A', .type = OPTION_STR,
	    .arg = "NAME", AT(user_agent), .help = "Send this User-Agent",
	    .env2 = "HURL_USER_AGENT"},
	{.name = "digest", .type = OPTION_FLAG, AT(is_digest),
	    .help = "Let --user authenticate by Digest, when the "
	    "server asks for it"},
	{.name = "ntlm", .type = OPTION_FLAG, AT(is_ntlm),
	    .help = "The same by NTLM"},
	{.name = "negotiate", .type = OPTION_FLAG, AT(is_negotiate),
	    .help = "The same by Negotiate (SPNEGO)"},
	{.name = "netrc", .letter = 'n', .type = OPTION_FLAG, AT(has_netrc),
	    .help = "Take credentials from ~/.netrc, which must be there"},
	{.name = "netrc-optional", .type = OPTION_FLAG,
	    AT(is_netrc_optional), .help = "Take credentials from the URL, "
	    "or else from ~/.netrc"},
	{.name = "netrc-file", .type = OPTION_STR, .arg = "FILE",
	    AT(netrc_file), .help = "Take credentials from FILE"},
	{.name = "location", .letter = 'L', .type = OPTION_FLAG, AT(follows),
	    .help = "Follow redirects", .env = "HURL_LOCATION"},
	{.name = "location-trusted", .type = OPTION_FLAG, AT(trusts),
	    .help = "Follow redirects and send credentials to other hosts",
	    .env2 = "HURL_LOCATION_TRUSTED"},
	{.name = "max-redirs", .type = OPTION_INT, .arg = "N", .min = -1,
	    .max = 1000000, AT(max_redirects),
	    .help = "Follow at most N redirects, 50 by default",
	    .env2 = "HURL_MAX_REDIRS"},
	{.name = "compressed", .type = OPTION_FLAG, AT(is_compressed),
	    .help = "Ask for a compressed answer",
	    .env2 = "HURL_COMPRESSED"},
	{.name = "path-as-is", .type = OPTION_FLAG, AT(keeps_path),
	    .help = "Leave /../ and /./ in URLs",
	    .env2 = "HURL_PATH_AS_IS"},
	{.name = "http1.0", .letter = '0', .type = OPTION_FLAG,
	    AT(is_http10), .help = "Speak HTTP/1.0", .env2 = "HURL_HTTP10"},
	{.name = "http1.1", .type = OPTION_FLAG, AT(is_http11),
	    .help = "Speak HTTP/1.1", .env2 = "HURL_HTTP11"},
	{.name = "http2", .type = OPTION_FLAG, AT(is_http2),
	    .help = "Speak HTTP/2", .env2 = "HURL_HTTP2"},
	{.name = "http3", .type = OPTION_FLAG, AT(is_http3),
	    .help = "Not supported, and said so", .env2 = "HURL_HTTP3"},
	{.name = "aws-sigv4", .type = OPTION_STR,
	    .arg = "PROVIDER[:PREFIX[:REGION[:SERVICE]]]", AT(aws_sigv4),
	    .help = "Sign requests with --user, as in "
	    "aws:amz:eu-central-1:s3"},
	{.name = "trace", .type = OPTION_FLAG, AT(is_traced),
	    .help = "Send a W3C traceparent with every request; the default",
	    .env = ""},
	{.group = "Cookies",
	    .name = "cookie", .letter = 'b', .type = OPTION_STR, .arg = "FILE",
	    AT(cookies), .help = "Begin every run with the cookies of FILE, "
	    "in Netscape's format", .env = ""},
	{.name = "cookie-jar", .letter = 'c', .type = OPTION_STR,
	    .arg = "FILE", AT(cookie_jar), .help = "Write the cookies that "
	    "runs end with to FILE", .env = ""},
	{.name = "no-cookie-store", .type = OPTION_FLAG, AT(drops_cookies),
	    .help = "Send no cookies of earlier answers",
	    .env2 = "HURL_NO_COOKIE_STORE"},
	{.group = "Connections",
	    .name = "proxy", .letter = 'x', .type = OPTION_STR, .arg = "URL",
	    AT(proxy), .help = "Go through a proxy"},
	{.name = "no-proxy", .type = OPTION_STR, .arg = "HOSTS",
	    AT(no_proxy), .help = "Go to these hosts directly, separated by "
	    "commas; * is all"},
	{.name = "noproxy", .type = OPTION_STR, .arg = "HOSTS",
	    AT(no_proxy), .help = "The same, as curl spells it", .env = ""},
	{.name = "resolve", .type = OPTION_LIST, .arg = "HOST:PORT:ADDR",
	    AT(resolves), .help = "Use this address for a host"},
	{.name = "connect-to", .type = OPTION_LIST,
	    .arg = "HOST1:PORT1:HOST2:PORT2", AT(connects),
	    .help = "Connect elsewhere for a host"},
	{.name = "unix-socket", .type = OPTION_STR, .arg = "PATH",
	    AT(unix_socket), .help = "Connect to a Unix socket",
	    .env2 = "HURL_UNIX_SOCKET"},
	{.name = "ipv4", .letter = '4', .type = OPTION_FLAG, AT(is_ipv4),
	    .help = "Use IPv4 only", .env2 = "HURL_IPV4"},
	{.name = "ipv6", .letter = '6', .type = OPTION_FLAG, AT(is_ipv6),
	    .help = "Use IPv6 only", .env2 = "HURL_IPV6"},
	{.name = "insecure", .letter = 'k', .type = OPTION_FLAG,
	    AT(is_insecure), .help = "Accept any certificate",
	    .env2 = "HURL_INSECURE"},
	{.name = "cacert", .type = OPTION_STR, .arg = "FILE", AT(cacert),
	    .help = "Trust the certificates of FILE",
	    .env2 = "HURL_CACERT"},
	{.name = "cert", .letter = 'E', .type = OPTION_STR,
	    .arg = "FILE", AT(cert), .help = "Show this client certificate",
	    .env2 = "HURL_CERT"},
	{.name = "key", .type = OPTION_STR, .arg = "FILE", AT(key),
	    .help = "The client certificate's key", .env2 = "HURL_KEY"},
	{.name = "pinnedpubkey", .type = OPTION_STR, .arg = "HASHES",
	    AT(pinned_key), .help = "Demand this public key",
	    .env2 = "HURL_PINNED_PUB_KEY"},
	{.name = "ssl-no-revoke", .type = OPTION_FLAG, AT(is_unused),
	    .help = "For Windows; without effect here", .env = ""},
	{.group = "Time and size",
	    .name = "timeout", .type = OPTION_SPAN, .arg = "TIME",
	    AT(timeout),
	    .help = "End a run after this time", .env = "E2E_TIMEOUT"},
	{.name = "max-time", .letter = 'm', .type = OPTION_SPAN,
	    .arg = "TIME", AT(max_time), .help = "End a request after this "
	    "time, 300s by default", .env2 = "HURL_MAX_TIME"},
	{.name = "connect-timeout", .type = OPTION_SPAN, .arg = "TIME",
	    AT(connect_timeout), .help = "Give up connecting after this "
	    "time", .env2 = "HURL_CONNECT_TIMEOUT"},
	{.name = "delay", .type = OPTION_STR, .arg = "TIME", AT(delay),
	    .help = "Wait before every request; milliseconds without a unit",
	    .env2 = "HURL_DELAY"},
	{.name = "retry", .type = OPTION_INT, .arg = "N", .min = -1,
	    .max = 1000000, AT(retry), .help = "Try every request up to N "
	    "times more", .env2 = "HURL_RETRY"},
	{.name = "retry-interval", .type = OPTION_STR, .arg = "TIME",
	    AT(retry_interval), .help = "Wait between two attempts; "
	    "milliseconds without a unit", .env2 = "HURL_RETRY_INTERVAL"},
	{.name = "limit-rate", .type = OPTION_INT, .arg = "BYTES", .min = 1,
	    .max = INT64_MAX, AT(rate_bytes), .help = "Send and receive at "
	    "most so many bytes a second", .env2 = "HURL_LIMIT_RATE"},
	{.name = "max-filesize", .type = OPTION_INT, .arg = "BYTES",
	    .min = 1, .max = 1 << 30, AT(body_bytes),
	    .help = "Bound the body of a response, 64 MiB by default",
	    .env2 = "HURL_MAX_FILESIZE"},
	{.name = "limits", .type = OPTION_STR, .arg = "NAME=N,...",
	    AT(limits), .help = "Set bounds of a run, named as in "
	    "e2e-manifest(5): steps=5000,json_depth=64"},
	OPTION_END
};

static const struct option_text texts[] = {
	{"DESCRIPTION", "Run flows (Hurl files) once, here and now: each "
	    "step is printed with its\nstatus and its times by phase as it "
	    "ends; what did not hold with the line of\nthe flow, a caret, "
	    "what was expected and what came; and for a run that did not\n"
	    "pass the request and the answer that decided it. Secrets and "
	    "card numbers are\nmasked in all that is printed.\n"
	    "\n"
	    "An operand is a flow, a directory of flows, or - for the "
	    "standard input, which is\nread, too, when nothing is named and "
	    "it is a pipe or a file. With --checks it is\nthe name of a "
	    "check, service/name, or a service.\n"
	    "\n"
	    "Everything is parsed before anything is sent: a wrong flow is "
	    "reported with all\nother mistakes, and nothing runs."},
	{"VARIABLES", "Variables come, the later over the earlier, from "
	    "HURL_VARIABLE_name and\nE2E_VARIABLE_name in the environment, "
	    "from --variables-file, from --variable, and\nfrom the flow "
	    "itself. true, false, null and numbers are typed, \"quoted\" "
	    "text is a\nstring. Secrets come from HURL_SECRET_name and "
	    "E2E_SECRET_name, --secrets-file,\n--secret-file and "
	    "--secret."},
	{"FILES", "$XDG_CONFIG_HOME/hurl/config ($HOME/config/hurl/config when "
	    "that variable is not\nset): Hurl's file of defaults, below the "
	    "environment and the command line. It may\nhave --header, "
	    "--max-redirs, --user-agent and --verbose, each on a line, with "
	    "its\nvalue behind a blank or =; # begins a comment."},
	{"EXIT STATUS", "0 when every run passed; 10 when one failed, was "
	    "unreachable or is unknown; 30\nwhen one could not be "
	    "measured; 64 for wrong options; 78 when a flow or a\n"
	    "definition is wrong. With --exit-codes=hurl: 0; 1 for wrong "
	    "options and when\na file is not there; 2 when one is wrong; 3 "
	    "when a request could not be made,\nanswered or captured from; "
	    "4 when an assert did not hold; 130 and 143\nwhen interrupted."},
	{"SIGNALS", "SIGINT and SIGTERM cut off what is under way: such a "
	    "run is lost (unknown when a\nrequest was sent that may have "
	    "changed something), nothing more is begun, entries\nthat "
	    "always run still do, and reports and cookies are written for "
	    "all that was\nrun. A second signal ends those entries, too."},
	{"EXAMPLES", "\te2e-run --variable base_url=http://127.0.0.1:8080 "
	    "card-payment.hurl\n"
	    "\te2e-run --test --jobs 20 flows/\n"
	    "\te2e-run --checks checks/ --environment canary "
	    "payments/card-payment\n"
	    "\te2e-run --format=json flow.hurl | jq .outcome"},
	{"SEE ALSO", "e2e-lint(1), e2e-gate(1), e2e-probe(8)"},
	{NULL, NULL}
};

/* Before it can be parsed: what is wrong in it has a code, too. */
static bool
wants_hurl_codes(int argc, char *const *argv)
{
	const char *set = getenv("E2E_EXIT_CODES");
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strncmp(argv[i], "--exit-codes=", 13) == 0)
			set = argv[i] + 13;
		else if (strcmp(argv[i], "--exit-codes") == 0 && i + 1 < argc)
			set = argv[i + 1];
	}
	return (set != NULL && strcmp(set, "hurl") == 0);
}

struct program
runner_program(int argc, char *const *argv)
{
	return ((struct program){
	    .name = "e2e-run",
	    .section = 1,
	    .summary = "run flows or named checks once, here, now",
	    .synopsis = "[options] FILE... | --checks DIR [NAME...]",
	    .rows = rows,
	    .texts = texts,
	    .usage_code = wants_hurl_codes(argc, argv) ? RUNNER_HURL_USAGE :
	    EXIT_USAGE});
}

void
runner_options_init(struct runner_options *o)
{
	*o = (struct runner_options){.repeat = 1, .max_redirects = NONE,
	    .retry = NONE, .timeout = TIMEOUT_DEFAULT,
	    .connect_timeout = NONE, .max_time = NONE, .is_traced = true,
	    .body_bytes = BODY_DEFAULT, .rate_bytes = NONE,
	    .has_color = table_style_for(stdout).has_colour &&
	    getenv("HURL_NO_COLOR") == NULL};
}

static void
check_headers(const struct program *p, const struct runner_options *o)
{
	const char *env = getenv("HURL_HEADER");
	size_t i, len;

	for (i = 0; i < o->headers.count; i++)
		if (strchr(o->headers.items[i], ':') == NULL)
			options_fail(p, "--header wants NAME: VALUE, not "
			    "'%s'", o->headers.items[i]);
	for (; env != NULL && *env != '\0'; env += len + (env[len] == '|')) {
		len = strcspn(env, "|");
		if (len > 0 && memchr(env, ':', len) == NULL)
			options_fail(p, "HURL_HEADER wants NAME: VALUE, not "
			    "'%.*s'", (int)len, env);
	}
}

void
runner_options_check(const struct program *p, struct runner_options *o)
{
	struct definition_limits limits = definition_limits_default;
	char *sentence;

	if (o->limits != NULL && definition_limits_parse(o->limits, &limits,
	    &sentence) != 0)
		options_fail(p, "--limits: %s", sentence);
	if (o->is_http3)
		options_fail(p, "--http3 cannot be served: "
		    "libcurl was built without HTTP/3");
	if (o->last_entry > 0 && o->first_entry > o->last_entry)
		options_fail(p, "--from-entry is behind "
		    "--to-entry");
	if (o->drops_cookies && o->cookies != NULL)
		options_fail(p, "--no-cookie-store is against "
		    "--cookie");
	if (o->format == FORMAT_JSON && runner_options_has_data(o))
		options_fail(p, "--format=json is against "
		    "--json, --include, --no-output and --output=-");
	if (o->repeat == 0)
		options_fail(p, "--repeat wants a number from "
		    "1, or -1");
	check_headers(p, o);
	if (o->is_very_verbose)
		o->verbosity = RUNNER_DEBUG;
	else if (o->is_verbose)
		o->verbosity = RUNNER_VERBOSE;
}

bool
runner_options_has_data(const struct runner_options *o)
{
	return (o->is_json || o->is_silent || (o->shows_head &&
	    o->output == NULL) || (o->output != NULL &&
	    strcmp(o->output, "-") == 0));
}

/* A value as a flow writes it: what has a meaning there is escaped. */
static void
put_text(struct buf *out, const char *name, const char *value)
{
	if (value == NULL)
		return;
	buf_printf(out, "%s: ", name);
	for (; *value != '\0'; value++) {
		if (strchr("#\\{ \t\r\n", *value) != NULL)
			buf_printf(out, "\\u{%x}", (unsigned int)*value);
		else
			buf_append_char(out, *value);
	}
	buf_append_char(out, '\n');
}

static void
put_list(struct buf *out, const char *name, const struct option_list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		put_text(out, name, list->items[i]);
}

/* HURL_HEADER holds several, with | between them. */
static void
put_headers(struct buf *out, const struct runner_options *o)
{
	const char *env = getenv("HURL_HEADER");
	char *copy, *rest, *header;

	put_list(out, "header", &o->config_headers);
	rest = copy = xstrdup(env != NULL ? env : "");
	while ((header = strsep(&rest, "|")) != NULL)
		if (*header != '\0')
			put_text(out, "header", header);
	free(copy);
	put_list(out, "header", &o->headers);
}

static void
put_flag(struct buf *out, const char *name, bool is_on)
{
	if (is_on)
		buf_printf(out, "%s: true\n", name);
}

static void
put_integer(struct buf *out, const char *name, int64_t n)
{
	if (n != NONE)
		buf_printf(out, "%s: %lld\n", name, (long long)n);
}

static void
put_span(struct buf *out, const char *name, span_us span)
{
	if (span != NONE)
		buf_printf(out, "%s: %lldms\n", name,
		    (long long)(span / SPAN_MS));
}

void
runner_options_flow(const struct runner_options *o, struct buf *out)
{
	buf_append_str(out, "GET http://defaults\n[Options]\n");
	if (o->verbosity != RUNNER_QUIET)
		put_text(out, "verbosity", verbosities[o->verbosity]);
	put_flag(out, "insecure", o->is_insecure);
	put_text(out, "pinnedpubkey", o->pinned_key);
	put_flag(out, "location", o->follows);
	put_flag(out, "location-trusted", o->trusts);
	put_integer(out, "max-redirs", o->max_redirects);
	put_integer(out, "retry", o->retry);
	put_integer(out, "limit-rate", o->rate_bytes);
	put_text(out, "retry-interval", o->retry_interval);
	put_text(out, "delay", o->delay);
	put_span(out, "max-time", o->max_time);
	put_span(out, "connect-timeout", o->connect_timeout);
	put_headers(out, o);
	put_text(out, "user", o->user);
	put_text(out, "aws-sigv4", o->aws_sigv4);
	put_flag(out, "digest", o->is_digest);
	put_flag(out, "ntlm", o->is_ntlm);
	put_flag(out, "negotiate", o->is_negotiate);
	put_flag(out, "netrc", o->has_netrc);
	put_flag(out, "netrc-optional", o->is_netrc_optional);
	put_text(out, "proxy", o->proxy);
	put_list(out, "resolve", &o->resolves);
	put_list(out, "connect-to", &o->connects);
	put_text(out, "unix-socket", o->unix_socket);
	put_flag(out, "compressed", o->is_compressed);
	put_flag(out, "path-as-is", o->keeps_path);
	put_flag(out, "http1.0", o->is_http10);
	put_flag(out, "http1.1", o->is_http11);
	put_flag(out, "http2", o->is_http2);
	put_flag(out, "ipv4", o->is_ipv4);
	put_flag(out, "ipv6", o->is_ipv6);
}
