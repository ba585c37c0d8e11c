/* SPDX-License-Identifier: ISC */
/* The parts of bench_probe: a server, and the bare loop to compare with. */
#ifndef TESTS_BENCH_PROBE_H
#define TESTS_BENCH_PROBE_H

#include <stdbool.h>
#include <sys/types.h>

#define BENCH_STEPS 4

/* A server process that answers at once, but never for paths /hang. */
struct bench_server {
	pid_t pid;
	int port;
	int tls_port;
};

/* certificate and key are PEM files. Runs on CPU cpu. */
void bench_server_start(struct bench_server *s, const char *certificate,
    const char *key, int cpu);
void bench_server_stop(struct bench_server *s);

/* Text of URL number i of many hosts: 127.0.x.y. */
void bench_base_url(const struct bench_server *s, bool is_tls, int hosts,
    int i, char *out, size_t size);

struct bench_load {
	const struct bench_server *server;
	bool is_tls;
	int hosts;
	int in_flight;
	int flows;
	const char *certificate;
};

/*
 * The bare loop: libcurl's multi_socket on libevent, as lean as it goes with
 * the same requests, connections of each flow its own, 128 flows in a multi
 * handle. Runs in a process of its own on CPU cpu; returns CPU microseconds
 * for each flow.
 */
double bench_bare(const struct bench_load *load, int cpu);

#endif
