/* SPDX-License-Identifier: ISC */
/*
 * A gate document read back (doc/gate-document.md): the settings that the
 * engine had, the checks, and every pair in the order of completion. From it
 * a verdict is computed again (gate/replay.h) or its evidence is continued
 * (gate/session.h).
 */
#ifndef GATE_TRANSCRIPT_H
#define GATE_TRANSCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cause.h"
#include "base/json.h"
#include "gate/engine.h"
#include "gate/ledger.h"

struct transcript_check {
	const char *name;
	const char *definitions[ARM_COUNT]; /* content hashes */
	uint32_t step_count;
	struct history history;
	bool is_quarantined;       /* or advisory: not judged */
	struct engine_limits limits;
	struct latency_phi0 *phi0; /* step_count of them; NULL: unknown */
	double tail_phi0;
	uint32_t pairs;
};

struct transcript_pair {
	struct ledger_pair kept;
	struct engine_pair pair;
};

/* Strings point into the document, which is kept. */
struct transcript {
	struct json_doc *doc;
	const struct json *root;
	uint8_t id[MESSAGE_ID_SIZE];
	const char *id_hex;
	const char *identity;    /* NULL: none */
	const char *verdict;     /* as it was recorded */
	double log_e, log_bound; /* as they were recorded */
	uint64_t seed;
	struct engine_config config;
	struct transcript_check *checks;
	size_t check_count;
	struct transcript_pair *pairs;
	size_t pair_count;
	int64_t **latencies;     /* of each pair: candidate, then baseline */
};

/*
 * Read a document. Returns 0; ERR_SYNTAX when it is no gate document, or
 * contradicts itself, with what is wrong in cause.
 */
int transcript_read(const char *text, size_t len, struct transcript *out,
    struct cause *cause);
void transcript_fini(struct transcript *t);

/* Copy the first failures of the gate's runs into a ledger of its checks. */
void transcript_give_failures(const struct transcript *t, struct ledger *l,
    const size_t *check_of);

/* The engine as it was before the first pair. Names are borrowed. */
struct engine *transcript_engine(const struct transcript *t);

/* The check of that name, or SIZE_MAX. */
size_t transcript_find_check(const struct transcript *t, const char *name);

#endif
