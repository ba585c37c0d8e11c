/* SPDX-License-Identifier: ISC */
/* Matching hosts against patterns. */
#include "checks/hosts.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"

#define HOST_MOST 255

struct host {
	char name[HOST_MOST + 1]; /* no brackets, no final dot */
	int port;                 /* 0: none given */
	int family;               /* AF_INET, AF_INET6, or 0 for a name */
	uint8_t address[16];
};

static int
parse_port(const char *s, int *port)
{
	int n = 0;

	if (*s == '\0')
		return (ERR_SYNTAX);
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9' || (n = n * 10 + *s - '0') > 65535)
			return (ERR_SYNTAX);
	}
	*port = n;
	return (n > 0 ? 0 : ERR_SYNTAX);
}

static int
set_name(struct host *h, const char *s, size_t len)
{
	/* Not of "*.", which would then be "*". */
	if (len > 1 && s[len - 1] == '.' && s[0] != '*')
		len--;
	if (len == 0 || len > HOST_MOST || memchr(s, '\0', len) != NULL)
		return (ERR_SYNTAX);
	memcpy(h->name, s, len);
	h->name[len] = '\0';
	if (inet_pton(AF_INET, h->name, h->address) == 1)
		h->family = AF_INET;
	else if (inet_pton(AF_INET6, h->name, h->address) == 1)
		h->family = AF_INET6;
	return (0);
}

/* Split "name", "name:port", "[v6]", "[v6]:port" or a bare "v6". */
static int
parse_host(const char *s, struct host *h)
{
	const char *colon = strchr(s, ':'), *end;

	*h = (struct host){0};
	if (*s == '[') {
		if ((end = strchr(s, ']')) == NULL ||
		    set_name(h, s + 1, (size_t)(end - s - 1)) != 0 ||
		    h->family != AF_INET6)
			return (ERR_SYNTAX);
		if (end[1] == '\0')
			return (0);
		return (end[1] == ':' ? parse_port(end + 2, &h->port) :
		    ERR_SYNTAX);
	}
	if (colon != NULL && strchr(colon + 1, ':') == NULL) {
		if (set_name(h, s, (size_t)(colon - s)) != 0)
			return (ERR_SYNTAX);
		return (parse_port(colon + 1, &h->port));
	}
	return (set_name(h, s, strlen(s)));
}

/* True when name has at least one label before suffix (".example.com"). */
static bool
is_below(const char *name, const char *suffix)
{
	size_t len = strlen(name), tail = strlen(suffix);

	return (len > tail && strcasecmp(name + len - tail, suffix) == 0);
}

static bool
pattern_match(const char *pattern, const struct host *host)
{
	struct host p;

	if (parse_host(pattern, &p) != 0)
		return (false);
	if (p.port != 0 && p.port != host->port)
		return (false);
	if (strcmp(p.name, "*") == 0)
		return (true);
	if (p.family != host->family)
		return (false);
	if (p.family != 0)
		return (memcmp(p.address, host->address,
		    p.family == AF_INET ? 4 : 16) == 0);
	if (p.name[0] == '*')
		return (is_below(host->name, p.name + 1));
	return (strcasecmp(p.name, host->name) == 0);
}

bool
hosts_match(const char *const *patterns, size_t count, const char *host,
    int port)
{
	struct host h = {0};
	size_t i, len = strlen(host);

	if (count == 0)
		return (true);
	if (len > 1 && host[0] == '[' && host[len - 1] == ']') {
		host++;
		len -= 2;
	}
	if (set_name(&h, host, len) != 0)
		return (false);
	h.port = port;
	for (i = 0; i < count; i++)
		if (pattern_match(patterns[i], &h))
			return (true);
	return (false);
}

static const char *
check_labels(const char *name)
{
	size_t label = 0;
	bool is_numeric = true;

	for (; *name != '\0'; name++) {
		if (*name == '.') {
			if (label == 0)
				return ("has an empty label");
			label = 0;
			is_numeric = true;
			continue;
		}
		if (!((*name >= 'a' && *name <= 'z') ||
		    (*name >= 'A' && *name <= 'Z') ||
		    (*name >= '0' && *name <= '9') || *name == '-' ||
		    *name == '_'))
			return ("may hold letters, digits, '-', '_' and "
			    "'.', with '*.' only in front (a name outside "
			    "ASCII in its xn-- form)");
		is_numeric = is_numeric && *name >= '0' && *name <= '9';
		if (++label > 63)
			return ("has a label of more than 63 bytes");
	}
	if (label == 0)
		return ("has an empty label");
	if (is_numeric)
		return ("looks like an address but is none");
	return (NULL);
}

const char *
hosts_check_pattern(const char *pattern)
{
	struct host p;

	if (pattern[0] == '\0')
		return ("is empty");
	if (strstr(pattern, "://") != NULL)
		return ("is a URL; write the host alone, such as "
		    "api.example.com or api.example.com:8443");
	if (strchr(pattern, '/') != NULL)
		return ("has a '/'; write the host alone");
	if (parse_host(pattern, &p) != 0)
		return ("is no host, *.host, host:port or [IPv6]:port");
	if (p.family != 0 || strcmp(p.name, "*") == 0)
		return (NULL);
	return (check_labels(strncmp(p.name, "*.", 2) == 0 ? p.name + 2 :
	    p.name));
}

int
hosts_parse_url(const char *url, char *host, size_t host_size, int *port)
{
	char text[HOST_MOST + 10];
	const char *end, *at, *p;
	struct host h;
	size_t len;

	if (strncasecmp(url, "http://", 7) == 0)
		*port = 80, p = url + 7;
	else if (strncasecmp(url, "https://", 8) == 0)
		*port = 443, p = url + 8;
	else
		return (ERR_SYNTAX);
	end = p + strcspn(p, "/?#\\");
	for (at = p; at < end; at++)
		if (*at == '@')
			p = at + 1;
	len = (size_t)(end - p);
	if (len == 0 || len >= sizeof(text))
		return (ERR_SYNTAX);
	memcpy(text, p, len);
	text[len] = '\0';
	if (parse_host(text, &h) != 0 || strlen(h.name) >= host_size)
		return (ERR_SYNTAX);
	if (h.port != 0)
		*port = h.port;
	memcpy(host, h.name, strlen(h.name) + 1);
	return (0);
}
