/* SPDX-License-Identifier: ISC */
/*
 * [Options]. Each is evaluated in the file's order, as "variable" changes
 * what the next ones read. What a probe does not do is refused here, at its
 * place, so that the rest of the file still parses.
 */
#include <string.h>

#include "base/err.h"
#include "probe/request_priv.h"
#include "probe/template.h"

#define DEFAULT_TIMEOUT (300 * SPAN_S)
#define DEFAULT_REDIRECTS 50

/* A variable may hold file and password; \: is a colon of the file's. */
static const char *
split_password(struct options_maker *om, const char *text,
    const char **password)
{
	char *name = arena_strndup(om->m->arena, text, strlen(text));
	char *to = name;

	for (; *text != '\0' && *text != ':'; text++) {
		if (*text == '\\' && text[1] != '\0')
			text++;
		*to++ = *text;
	}
	if (*text == ':')
		*password = text + 1;
	*to = '\0';
	return (name);
}

static int
option_cert(struct options_maker *om)
{
	const struct flow_template *text = &om->option->text;
	struct http_options *http = &om->out->http;
	const char *name;
	int err;

	if ((err = option_string(om, &name)) != 0)
		return (err);
	if (om->option->password.count > 0)
		err = option_text(om, &om->option->password,
		    &http->cert_password);
	else if (text->count > 1 || text->parts[0].is_placeholder)
		name = split_password(om, name, &http->cert_password);
	if (err != 0)
		return (err);
	return (option_find_file(om, name, &http->cert));
}

static int
option_header(struct options_maker *om)
{
	const char *line, *colon, *value;
	struct http_header *h;
	size_t len;
	int err;

	if ((err = option_string(om, &line)) != 0)
		return (err);
	colon = strchr(line, ':');
	if (colon == NULL || colon == line || strpbrk(line, "\r\n") != NULL) {
		findings_add(om->m->findings, FINDING_DEFINITION,
		    om->option->value_place, NULL, NULL,
		    "invalid header option value <%s>: missing ':'", line);
		return (ERR_SYNTAX);
	}
	if (om->out->headers == NULL)
		om->out->headers = arena_calloc(om->m->arena,
		    om->option_count, sizeof(*h));
	h = &om->out->headers[om->out->header_count++];
	for (len = (size_t)(colon - line); len > 0 &&
	    strchr(" \t", line[len - 1]) != NULL; len--)
		;
	h->name = arena_strndup(om->m->arena, line, len);
	value = colon + 1 + strspn(colon + 1, " \t");
	for (len = strlen(value); len > 0 &&
	    strchr(" \t", value[len - 1]) != NULL; len--)
		;
	h->value = arena_strndup(om->m->arena, value, len);
	return (0);
}

static int
option_append(struct options_maker *om, const char ***list, size_t *count)
{
	if (*list == NULL)
		*list = arena_calloc(om->m->arena, om->option_count,
		    sizeof(**list));
	return (option_string(om, &(*list)[(*count)++]));
}

static int
option_variable(struct options_maker *om)
{
	const struct flow_option *o = om->option;
	struct value v;
	int err;

	err = template_flow_value(&o->variable_value, om->m->scope, &v,
	    om->m->findings);
	if (err != 0)
		return (err);
	variables_set(om->m->scope->variables, o->variable_name, &v);
	value_release(&v);
	return (0);
}

/* http1.1: false asks for the version below, as in Hurl. */
static int
option_version(struct options_maker *om, enum http_version yes,
    enum http_version no)
{
	bool is_on = false;
	int err;

	if ((err = option_bool(om, &is_on)) != 0)
		return (err);
	om->out->http.is_fresh = true;
	if (is_on || no != HTTP_VERSION_DEFAULT)
		om->out->http.version = is_on ? yes : no;
	return (0);
}

static int
option_http3(struct options_maker *om)
{
	bool is_on = false;
	int err;

	if ((err = option_bool(om, &is_on)) != 0)
		return (err);
	if (is_on)
		return (option_refuse(om, "cannot be served: libcurl was built "
		    "without HTTP/3"));
	om->out->http.is_fresh = true;
	om->out->http.version = HTTP_VERSION_2;
	return (0);
}

static int
option_ip(struct options_maker *om, int yes, int no)
{
	bool is_on = false;
	int err;

	if ((err = option_bool(om, &is_on)) == 0)
		om->out->http.ip_family = is_on ? yes : no;
	return (err);
}

/* The later of location and location-trusted counts. */
static int
option_location(struct options_maker *om)
{
	om->out->trusts_redirects = false;
	return (option_bool(om, &om->out->follows));
}

static int
option_trusted(struct options_maker *om)
{
	bool is_on = false;
	int err;

	if ((err = option_bool(om, &is_on)) == 0 && is_on)
		om->out->follows = om->out->trusts_redirects = true;
	return (err);
}

/* Options that are off by default: refused when they are switched on. */
static int
option_off(struct options_maker *om, const char *why)
{
	bool is_on = false;
	int err;

	if ((err = option_bool(om, &is_on)) != 0)
		return (err);
	return (is_on ? option_refuse(om, why) : 0);
}

static int
option_netrc(struct options_maker *om, bool is_optional)
{
	bool is_on = false;
	int err;

	if (!om->m->scope->may_read_environment)
		return (option_off(om, "is not allowed here"));
	if ((err = option_bool(om, &is_on)) != 0)
		return (err);
	if (is_on) {
		om->out->http.reads_netrc = true;
		om->out->http.netrc_is_optional |= is_optional;
	}
	return (0);
}

/* With the tickets of who runs us, which may ask a server of theirs. */
static int
option_negotiate(struct options_maker *om)
{
	if (!om->m->scope->may_read_environment)
		return (option_off(om, "is not allowed here"));
	return (option_bool(om, &om->out->http.may_negotiate));
}

static int
option_netrc_file(struct options_maker *om)
{
	if (!om->m->scope->may_read_environment)
		return (option_refuse(om, "is not allowed here"));
	om->out->http.reads_netrc = true;
	return (option_file(om, &om->out->http.netrc_file));
}

static int
option_output(struct options_maker *om)
{
	if (!om->m->may_write_files)
		return (option_refuse(om, "is not allowed here"));
	return (option_string(om, &om->out->output));
}

static int
option_unix_socket(struct options_maker *om)
{
	if (!om->m->may_open_sockets)
		return (option_refuse(om, "is not allowed here"));
	return (option_string(om, &om->out->http.unix_socket));
}

static int
option_repeat(struct options_maker *om)
{
	om->out->is_repeated = true;
	return (option_integer(om, -1, "an integer of at least -1",
	    &om->out->repeat));
}

static int
option_about_tls(struct options_maker *om)
{
	struct http_options *http = &om->out->http;

	switch (om->option->kind) {
	case FLOW_OPTION_CACERT:
		return (option_file(om, &http->cacert));
	case FLOW_OPTION_CERT:
		return (option_cert(om));
	case FLOW_OPTION_KEY:
		return (option_file(om, &http->key));
	case FLOW_OPTION_INSECURE:
		return (option_bool(om, &http->is_insecure));
	case FLOW_OPTION_PINNEDPUBKEY:
		return (option_string(om, &http->pinned_key));
	case FLOW_OPTION_HTTP10:
		return (option_version(om, HTTP_VERSION_10,
		    HTTP_VERSION_DEFAULT));
	case FLOW_OPTION_HTTP11:
		return (option_version(om, HTTP_VERSION_11, HTTP_VERSION_10));
	case FLOW_OPTION_HTTP2:
		return (option_version(om, HTTP_VERSION_2, HTTP_VERSION_11));
	case FLOW_OPTION_HTTP3:
		return (option_http3(om));
	default:
		return (option_refuse(om, "is not supported"));
	}
}

static int
option_about_connection(struct options_maker *om)
{
	struct http_options *http = &om->out->http;

	switch (om->option->kind) {
	case FLOW_OPTION_CONNECT_TIMEOUT:
		return (option_duration(om, &http->connect_timeout));
	case FLOW_OPTION_MAX_TIME:
		return (option_duration(om, &http->timeout));
	case FLOW_OPTION_CONNECT_TO:
		return (option_append(om, &om->connects,
		    &http->connect_count));
	case FLOW_OPTION_RESOLVE:
		return (option_append(om, &om->resolves,
		    &http->resolve_count));
	case FLOW_OPTION_IPV4:
		return (option_ip(om, 4, 6));
	case FLOW_OPTION_IPV6:
		return (option_ip(om, 6, 4));
	case FLOW_OPTION_LIMIT_RATE:
		return (option_integer(om, 0, "a positive integer",
		    &http->rate_bytes));
	case FLOW_OPTION_PATH_AS_IS:
		return (option_bool(om, &http->keeps_path));
	case FLOW_OPTION_PROXY:
		return (option_string(om, &http->proxy));
	case FLOW_OPTION_UNIX_SOCKET:
		return (option_unix_socket(om));
	default:
		return (option_about_tls(om));
	}
}

/* The last of several wins, and false shows nothing. */
static int
option_verbose(struct options_maker *om, enum request_verbosity verbosity)
{
	bool is_on = false;
	int err;

	if ((err = option_bool(om, &is_on)) == 0)
		om->out->verbosity = is_on ? verbosity : REQUEST_QUIET;
	return (err);
}

static int
option_about_request(struct options_maker *om)
{
	struct request_options *out = om->out;

	switch (om->option->kind) {
	case FLOW_OPTION_AWS_SIGV4:
		return (option_string(om, &out->aws_sigv4));
	case FLOW_OPTION_COMPRESSED:
		return (option_bool(om, &out->is_compressed));
	case FLOW_OPTION_HEADER:
		return (option_header(om));
	case FLOW_OPTION_IDEMPOTENT:
		out->has_idempotent = true;
		return (option_bool(om, &out->is_idempotent));
	case FLOW_OPTION_USER:
		return (option_string(om, &out->user));
	case FLOW_OPTION_LOCATION:
		return (option_location(om));
	case FLOW_OPTION_LOCATION_TRUSTED:
		return (option_trusted(om));
	case FLOW_OPTION_MAX_REDIRS:
		return (option_integer(om, -1, "an integer of at least -1",
		    &out->max_redirects));
	case FLOW_OPTION_OUTPUT:
		return (option_output(om));
	case FLOW_OPTION_NETRC:
		return (option_netrc(om, false));
	case FLOW_OPTION_NETRC_OPTIONAL:
		return (option_netrc(om, true));
	case FLOW_OPTION_NETRC_FILE:
		return (option_netrc_file(om));
	case FLOW_OPTION_DIGEST:
		return (option_bool(om, &out->http.may_digest));
	case FLOW_OPTION_NTLM:
		return (option_bool(om, &out->http.may_ntlm));
	case FLOW_OPTION_NEGOTIATE:
		return (option_negotiate(om));
	default:
		return (option_about_connection(om));
	}
}

static int
option_apply(struct options_maker *om)
{
	struct request_options *out = om->out;

	switch (om->option->kind) {
	case FLOW_OPTION_ALWAYS:
		return (0); /* the parser noted it */
	case FLOW_OPTION_SKIP:
		return (option_bool(om, &out->is_skipped));
	case FLOW_OPTION_DELAY:
		return (option_duration(om, &out->delay));
	case FLOW_OPTION_REPEAT:
		return (option_repeat(om));
	case FLOW_OPTION_RETRY:
		return (option_integer(om, -1, "an integer of at least -1",
		    &out->retry));
	case FLOW_OPTION_RETRY_INTERVAL:
		return (option_duration(om, &out->retry_interval));
	case FLOW_OPTION_VARIABLE:
		return (option_variable(om));
	case FLOW_OPTION_VERBOSE:
		return (option_verbose(om, REQUEST_VERBOSE));
	case FLOW_OPTION_VERY_VERBOSE:
		return (option_verbose(om, REQUEST_DEBUG));
	case FLOW_OPTION_VERBOSITY:
		out->verbosity = REQUEST_BRIEF +
		    (enum request_verbosity)om->option->integer;
		return (0);
	default:
		return (option_about_request(om));
	}
}

static bool
queries_certificate(const struct flow_response *r)
{
	size_t i;

	for (i = 0; i < r->capture_count; i++)
		if (r->captures[i].query.kind == FLOW_QUERY_CERTIFICATE)
			return (true);
	for (i = 0; i < r->assert_count; i++)
		if (r->asserts[i].query.kind == FLOW_QUERY_CERTIFICATE)
			return (true);
	return (false);
}

static int
options_apply(struct options_maker *om, const struct flow_request *r)
{
	size_t i;
	int err = 0;

	for (i = 0; i < r->option_count && err == 0; i++) {
		om->option = &r->options[i];
		err = option_apply(om);
	}
	return (err);
}

/* Tell what was refused, unless the entry is not sent at all. */
static int
tell_refused(struct options_maker *om)
{
	const struct request_options *out = om->out;
	size_t i;

	if (out->is_skipped || (out->is_repeated && out->repeat == 0))
		return (0);
	for (i = 0; i < om->refused.count; i++)
		findings_add(om->m->findings, FINDING_DEFINITION,
		    om->refused.items[i].place, NULL, NULL, "%s",
		    om->refused.items[i].message);
	return (om->refused.count > 0 ? ERR_UNSUPPORTED : 0);
}

int
request_options(struct request_maker *m, const struct flow_entry *entry,
    const struct request_defaults *defaults, struct request_options *out)
{
	const struct flow_request *base = defaults->options;
	struct options_maker om = {.m = m, .out = out,
	    .option_count = entry->request.option_count +
	    (base != NULL ? base->option_count : 0)};
	int err;

	*out = (struct request_options){.retry_interval = SPAN_S,
	    .user_agent = defaults->user_agent,
	    .max_redirects = DEFAULT_REDIRECTS,
	    .http = {.connect_timeout = DEFAULT_TIMEOUT,
	    .timeout = DEFAULT_TIMEOUT, .cacert = defaults->cacert,
	    .cert = defaults->cert, .key = defaults->key,
	    .cert_password = defaults->cert_password,
	    .netrc_file = defaults->netrc_file,
	    .reads_netrc = defaults->netrc_file != NULL,
	    .no_proxy = defaults->no_proxy}};
	findings_init(&om.refused);
	err = base != NULL ? options_apply(&om, base) : 0;
	if (err == 0)
		err = options_apply(&om, &entry->request);
	if (err == 0)
		err = tell_refused(&om);
	findings_fini(&om.refused);
	out->http.resolves = om.resolves;
	out->http.connects = om.connects;
	out->http.wants_certificate = entry->has_response &&
	    queries_certificate(&entry->response);
	return (err);
}
