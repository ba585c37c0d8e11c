/* SPDX-License-Identifier: ISC */
/*
 * The hosts that a manifest's flows may reach. A pattern is a host name, an
 * IP address, "*.name" for every name below (not name itself), or "*" for
 * any; each may end in ":port", and without it any port is meant. IPv6
 * addresses that are followed by a port stand in brackets.
 */
#ifndef CHECKS_HOSTS_H
#define CHECKS_HOSTS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Return whether host (a name or an address, with or without brackets) and
 * port are covered by one of the patterns. Names compare without case, a
 * final dot does not matter, addresses compare as numbers and are never
 * covered by "*.name". No patterns at all cover every host.
 */
bool hosts_match(const char *const *patterns, size_t count, const char *host,
    int port);

/* Return NULL when the pattern is well formed, else what is wrong with it. */
const char *hosts_check_pattern(const char *pattern);

/*
 * Find host and port of an http or https URL, as in a variable's value; host
 * gets the name without brackets. Returns 0, or ERR_SYNTAX when url is no
 * such URL or its host is longer than host_size - 1 bytes.
 */
int hosts_parse_url(const char *url, char *host, size_t host_size, int *port);

#endif
