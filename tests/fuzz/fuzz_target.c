/* SPDX-License-Identifier: ISC */
/*
 * Where a request goes: a URL, a Location, a pattern of hosts, a line each.
 * What decides about a host sees the same one as libcurl, in every spelling;
 * a redirect leads to http or https or nowhere.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "checks/hosts.h"
#include "probe/filter_text.h"
#include "probe/http.h"
#include "probe/url_text.h"

#define MOST_BYTES 2000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
is_same(const struct http_target *a, const struct http_target *b)
{
	return (strcasecmp(a->host, b->host) == 0 && a->port == b->port &&
	    a->is_https == b->is_https && a->is_address == b->is_address);
}

/* Capitals are read by libcurl, small letters often without it. */
static void
check_spellings(const char *rest, const char *small, const char *capital)
{
	char *plain = xasprintf("%s%s", small, rest);
	char *other = xasprintf("%s%s", capital, rest);
	struct http_target a, b;
	const char *why = http_parse_target(plain, &a);

	must((http_parse_target(other, &b) == NULL) == (why == NULL));
	must(why != NULL || is_same(&a, &b));
	free(plain);
	free(other);
}

/*
 * The WHATWG standard takes \\ for a slash and passes over line ends, which
 * libcurl does not: it is asked about the URL that was spelt.
 */
static void
check_formatted(const char *url, const struct http_target *target)
{
	struct http_target spelt;
	struct buf once, twice;

	buf_init(&once, 20 * MOST_BYTES);
	buf_init(&twice, 60 * MOST_BYTES);
	must(url_format(url, &once) == 0);
	if (strpbrk(url, "\\\t\r") == NULL &&
	    http_parse_target(buf_str(&once), &spelt) == NULL)
		must(is_same(target, &spelt));
	must(url_format(buf_str(&once), &twice) == 0);
	must(strcmp(buf_str(&once), buf_str(&twice)) == 0);
	buf_fini(&once);
	buf_fini(&twice);
}

static void
check_join(const char *url, const char *location)
{
	struct http_target target;
	char *joined = NULL;

	if (http_join(url, location, &joined) != NULL) {
		must(joined == NULL);
		return;
	}
	must(strncmp(joined, "http://", 7) == 0 ||
	    strncmp(joined, "https://", 8) == 0);
	(void)http_parse_target(joined, &target);
	free(joined);
}

/* A pattern of one host covers it, and with its port no other port. */
static void
check_match(const struct http_target *t, const char *pattern)
{
	const char *const any = "*", *own = t->host;
	int other = t->port == 1 ? 2 : 1;
	char *with_port;

	must(hosts_match(&any, 1, t->host, t->port));
	if (hosts_check_pattern(pattern) == NULL)
		(void)hosts_match(&pattern, 1, t->host, t->port);
	if (hosts_check_pattern(t->host) != NULL || t->port == 0)
		return;
	must(hosts_match(&own, 1, t->host, t->port));
	with_port = xasprintf(strchr(t->host, ':') != NULL ? "[%s]:%d" :
	    "%s:%d", t->host, t->port);
	own = with_port;
	must(hosts_check_pattern(with_port) == NULL);
	must(hosts_match(&own, 1, t->host, t->port));
	must(!hosts_match(&own, 1, t->host, other));
	free(with_port);
}

/* Where lint reads a host in a manifest, the probe goes to that one. */
static void
check_lint(const char *url, const struct http_target *t)
{
	const char *pattern;
	char host[256];
	int port;

	if (strchr(url, '\\') != NULL ||
	    hosts_parse_url(url, host, sizeof(host), &port) != 0 ||
	    hosts_check_pattern(host) != NULL ||
	    host[strlen(host) - 1] == '.') /* there were two */
		return;
	must(port == t->port);
	pattern = host;
	must(hosts_match(&pattern, 1, t->host, t->port) || t->is_address);
}

static void
check_url(const char *url, const char *location, const char *pattern)
{
	const char *rest = strstr(url, "://");
	struct http_target t;
	struct buf out;

	if (rest != NULL) {
		check_spellings(rest + 3, "http://", "HTTP://");
		check_spellings(rest + 3, "https://", "HTTPS://");
	}
	check_join(url, location);
	buf_init(&out, 3 * MOST_BYTES);
	(void)text_url_mistake(url);
	(void)text_query_param(url, location, &out);
	buf_fini(&out);
	if (http_parse_target(url, &t) != NULL)
		return;
	must(t.port >= 0 && t.port < 65536 && t.host[0] != '\0');
	must(strpbrk(t.host, "[]/ \t\r\n") == NULL);
	check_formatted(url, &t);
	check_match(&t, pattern);
	check_lint(url, &t);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *rest, *text, *url, *location, *pattern;

	if (size > MOST_BYTES)
		return (0);
	text = rest = xstrndup((const char *)data, size);
	url = strsep(&rest, "\n");
	location = rest != NULL ? strsep(&rest, "\n") : url + strlen(url);
	pattern = rest != NULL ? rest : url + strlen(url);
	check_url(url, location, pattern);
	free(text);
	return (0);
}
