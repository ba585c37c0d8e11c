/* SPDX-License-Identifier: ISC */
/* Preloaded: a name server that hangs for every name but addresses. */
#include <netdb.h>
#include <string.h>
#include <unistd.h>

int
getaddrinfo(const char *node, const char *service,
    const struct addrinfo *hints, struct addrinfo **out)
{
	(void)node;
	(void)service;
	(void)hints;
	(void)out;
	sleep(30);
	return (EAI_AGAIN);
}
