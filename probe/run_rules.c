/* SPDX-License-Identifier: ISC */
/* Outcomes, retries and the hosts that a flow may reach. */
#include "probe/run_rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checks/hosts.h"

#define CLEAN_UP_MOST (10 * SPAN_S)

enum outcome
run_rules_transfer(enum http_verdict verdict, bool was_sent,
    bool is_idempotent)
{
	switch (verdict) {
	case HTTP_ANSWERED:
		return (OUTCOME_PASSED);
	case HTTP_TOO_BIG:
		return (OUTCOME_FAILED);
	case HTTP_IMPOSSIBLE:
		return (OUTCOME_INVALID);
	default:
		return (was_sent && !is_idempotent ? OUTCOME_UNKNOWN :
		    OUTCOME_UNREACHABLE);
	}
}

enum outcome
run_rules_findings(const struct findings *findings)
{
	size_t i;

	for (i = 0; i < findings->count; i++)
		if (findings->items[i].kind != FINDING_DEFINITION)
			return (OUTCOME_FAILED);
	return (findings->count > 0 ? OUTCOME_INVALID : OUTCOME_PASSED);
}

bool
run_rules_retries(enum outcome outcome, uint32_t attempt, int64_t retry)
{
	if (outcome == OUTCOME_PASSED || outcome == OUTCOME_UNKNOWN)
		return (false);
	return (retry < 0 || (int64_t)attempt <= retry);
}

span_us
run_rules_clean_up(span_us timeout)
{
	return (timeout < CLEAN_UP_MOST ? timeout : CLEAN_UP_MOST);
}

struct policy {
	const char *const *patterns;
	size_t count;
	char *out;
	size_t out_size;
};

static bool
is_refused(const struct policy *p, const char *host, size_t len, int port)
{
	char name[256];

	if (len > 0 && *host == '[') {
		host++;
		len -= len > 1 && host[len - 2] == ']' ? 2 : 1;
	}
	if (len < sizeof(name)) {
		memcpy(name, host, len);
		name[len] = '\0';
		if (hosts_match(p->patterns, p->count, name, port))
			return (false);
	}
	snprintf(p->out, p->out_size, "%.*s:%d", (int)len, host, port);
	return (true);
}

/* Length of a host, which may be an address in brackets, up to a colon. */
static size_t
host_span(const char *s)
{
	const char *end = *s == '[' ? strchr(s, ']') : NULL;

	return (end != NULL ? (size_t)(end + 1 - s) : strcspn(s, ":"));
}

/* The port that a text begins with, as libcurl reads it; 0: none. */
static int
leading_port(const char *s)
{
	char *end;
	long n = strtol(s, &end, 10);

	return (end == s || n < 0 || n > UINT16_MAX ? 0 : (int)n);
}

/* resolve: [+]host:port:address[,address...], or -host:port. */
static bool
resolve_refused(const struct policy *p, const char *s)
{
	size_t len;
	int port;

	if (*s == '-')
		return (false);
	s += *s == '+';
	s += host_span(s);
	if (*s != ':')
		return (false);
	port = leading_port(++s);
	s += strcspn(s, ":");
	if (*s != ':')
		return (false);
	for (s++; *s != '\0'; s += len + (s[len] == ',')) {
		len = strcspn(s, ",");
		if (len > 0 && is_refused(p, s, len, port))
			return (true);
	}
	return (false);
}

/* connect-to: host1:port1:host2:port2; an empty part keeps what was. */
static bool
connect_refused(const struct policy *p, const char *s, int url_port)
{
	const char *host;
	size_t len;
	int port;

	s += host_span(s);
	if (*s != ':')
		return (false);
	s++;
	s += strcspn(s, ":");
	if (*s != ':')
		return (false);
	host = s + 1;
	len = host_span(host);
	if (len == 0)
		return (false);
	port = host[len] == ':' && host[len + 1] != '\0' ?
	    leading_port(host + len + 1) : url_port;
	return (is_refused(p, host, len, port));
}

static bool
proxy_refused(const struct policy *p, const char *proxy)
{
	const char *host = strstr(proxy, "://");
	struct http_target target;
	char url[1024];

	if (*proxy == '\0')
		return (false);
	host = host == NULL ? proxy : host + 3;
	if ((size_t)snprintf(url, sizeof(url), "http://%s", host) >=
	    sizeof(url) || http_parse_target(url, &target) != NULL) {
		snprintf(p->out, p->out_size, "the proxy");
		return (true);
	}
	/* Without a port libcurl takes its own default. */
	return (is_refused(p, target.host, strlen(target.host),
	    strrchr(host, ':') == NULL ? 1080 : target.port));
}

const char *
run_rules_refused_host(const char *const *patterns, size_t count,
    const struct http_request *r, char *out, size_t out_size)
{
	struct policy p = {patterns, count, out, out_size};
	struct http_target target;
	size_t i;

	if (count == 0)
		return (NULL);
	if (http_parse_target(r->url, &target) != NULL) {
		snprintf(out, out_size, "%s", r->url);
		return (out);
	}
	if (is_refused(&p, target.host, strlen(target.host), target.port))
		return (out);
	for (i = 0; i < r->options.resolve_count; i++)
		if (resolve_refused(&p, r->options.resolves[i]))
			return (out);
	for (i = 0; i < r->options.connect_count; i++)
		if (connect_refused(&p, r->options.connects[i], target.port))
			return (out);
	if (r->options.proxy != NULL && proxy_refused(&p, r->options.proxy))
		return (out);
	return (NULL);
}
