/* SPDX-License-Identifier: ISC */
/*
 * URLs as libcurl reads them: what decides whether a host may be reached
 * must see the same host as what connects to it.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "probe/http_priv.h"
#include "probe/url_text.h"

static bool
is_address(const char *host)
{
	unsigned char out[sizeof(struct in6_addr)];

	return (inet_pton(AF_INET, host, out) == 1 ||
	    inet_pton(AF_INET6, host, out) == 1);
}

static const char *
read_target(CURLU *u, struct http_target *out)
{
	char *scheme = NULL, *host = NULL, *port = NULL;
	const char *sentence = NULL, *h;
	size_t len;

	memset(out, 0, sizeof(*out));
	if (curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0))
		sentence = "only http:// and https:// are supported";
	else if (curl_url_get(u, CURLUPART_HOST, &host, CURLU_URLDECODE) !=
	    CURLUE_OK)
		sentence = "the URL has no host";
	else if (curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) !=
	    CURLUE_OK)
		sentence = "the URL has no port";
	if (sentence == NULL) {
		h = host + (*host == '[');
		len = strcspn(h, *host == '[' ? "]" : "");
		if (len >= sizeof(out->host))
			sentence = "the URL's host is too long";
		else
			memcpy(out->host, h, len);
		out->port = (int)strtol(port, NULL, 10);
		out->is_https = strcmp(scheme, "https") == 0;
		out->is_address = is_address(out->host);
	}
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	return (sentence);
}

/*
 * The common case without libcurl, whose parser takes some 20 allocations: a
 * name that can be no number in disguise or a plain address, a port, and
 * nothing else that libcurl might read in its own way. False: ask libcurl.
 */
static bool
parse_plain(const char *url, struct http_target *out)
{
	const char *host, *p;
	size_t len, i;
	long port = 0;
	bool is_name = false; /* it has a letter that no number has */

	memset(out, 0, sizeof(*out));
	out->is_https = strncmp(url, "https://", 8) == 0;
	if (!out->is_https && strncmp(url, "http://", 7) != 0)
		return (false);
	host = url + (out->is_https ? 8 : 7);
	for (p = host; (*p >= 'a' && *p <= 'z') || (*p >= '0' &&
	    *p <= '9') || *p == '.' || *p == '-'; p++)
		is_name = is_name || (*p > 'f' && *p != 'x');
	len = (size_t)(p - host);
	if (len == 0 || len >= sizeof(out->host))
		return (false);
	memcpy(out->host, host, len);
	out->is_address = !is_name && is_address(out->host);
	if (!out->is_address && !is_name)
		return (false);
	if (*p == ':') {
		for (i = 1; i <= 5 && p[i] >= '0' && p[i] <= '9'; i++)
			port = port * 10 + (p[i] - '0');
		p += i;
		if (port < 1 || port > 65535)
			return (false);
	}
	if (*p != '\0' && *p != '/' && *p != '?')
		return (false);
	for (; *p != '\0'; p++)
		if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f)
			return (false);
	out->port = port > 0 ? (int)port : out->is_https ? 443 : 80;
	return (true);
}

const char *
http_parse_target(const char *url, struct http_target *out)
{
	const char *sentence;
	CURLU *u;

	if (parse_plain(url, out))
		return (NULL);
	if (strstr(url, "://") == NULL)
		return ("missing scheme <http://> or <https://>");
	u = curl_url();
	must(u != NULL);
	if (curl_url_set(u, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) !=
	    CURLUE_OK)
		sentence = "malformed URL";
	else
		sentence = read_target(u, out);
	curl_url_cleanup(u);
	return (sentence);
}

/* Encode what may not stand in a URL; libcurl would make a space a plus. */
static char *
encode_location(const char *s)
{
	char *out = xmalloc(strlen(s) * 3 + 1), *p = out;

	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if (c <= ' ' || c >= 0x7f)
			p += snprintf(p, 4, "%%%02X", c);
		else
			*p++ = (char)c;
	}
	*p = '\0';
	return (out);
}

/* As the WHATWG standard spells it, which is what Hurl requests then. */
static char *
spelt(const char *url)
{
	struct buf text;

	buf_init(&text, strlen(url) * 3 + 64);
	(void)url_format(url, &text);
	return (buf_take(&text, NULL));
}

const char *
http_join(const char *url, const char *location, char **out)
{
	const char *sentence = NULL;
	struct http_target target;
	char *joined = NULL, *encoded = encode_location(location);
	CURLU *u = curl_url();

	must(u != NULL);
	/* An empty reference is the same document (RFC 3986 5.2.2), which
	 * libcurl 7.88 takes for its folder. */
	if (*location == '\0') {
		free(encoded);
		encoded = xstrdup(url);
	}
	if (curl_url_set(u, CURLUPART_URL, url, 0) != CURLUE_OK ||
	    curl_url_set(u, CURLUPART_URL, encoded,
	    CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
		sentence = "the redirect's location is malformed";
	else
		sentence = read_target(u, &target);
	if (sentence == NULL &&
	    curl_url_get(u, CURLUPART_URL, &joined, 0) != CURLUE_OK)
		sentence = "the redirect's location is malformed";
	if (sentence == NULL)
		*out = spelt(joined);
	curl_free(joined);
	free(encoded);
	curl_url_cleanup(u);
	return (sentence);
}

int
http_escape(const char *text, size_t len, struct buf *out)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t i;

	for (i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || (c != 0 &&
		    strchr("-._~", c) != NULL)) {
			buf_append_char(out, (char)c);
			continue;
		}
		buf_append_char(out, '%');
		buf_append_char(out, digits[c >> 4]);
		buf_append_char(out, digits[c & 15]);
	}
	return (out->is_full ? ERR_LIMIT : 0);
}
