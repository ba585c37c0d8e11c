/* SPDX-License-Identifier: ISC */
/*
 * What e2e-gate is asked to do: its option table, and the settings read from
 * it. A setting points into argv or the environment.
 */
#ifndef GATE_SETTINGS_H
#define GATE_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/options.h"
#include "checks/definition.h"
#include "checks/plan.h"
#include "gate/engine.h"

enum arm { ARM_CANDIDATE, ARM_BASELINE, ARM_COUNT };

enum command {
	COMMAND_JUDGE,       /* none given */
	COMMAND_REPLAY,
	COMMAND_AA,
	COMMAND_PLAN,
	COMMAND_MARK,
	COMMAND_STATUS,
	COMMAND_OVERRIDE,
	COMMAND_COUNT
};

enum on_inconclusive {
	ON_INCONCLUSIVE_HOLD,
	ON_INCONCLUSIVE_PASS,
	ON_INCONCLUSIVE_BLOCK
};

enum override_scope {
	OVERRIDE_GATE,      /* this gate, and what continues it at once */
	OVERRIDE_CANDIDATE  /* every gate of the same identity */
};

struct settings {
	enum command command;
	const char *operand;     /* of the command, NULL: none */
	const char *checks;      /* directory or manifest */
	const char *service;     /* NULL: all */
	struct option_list names; /* checks to run; none: all of the service */
	struct option_list overrides[ARM_COUNT]; /* NAME=VALUE */
	const char *environments[ARM_COUNT];     /* NULL: the check's own */
	const char *versions[ARM_COUNT]; /* labels: image digests, say */
	const char *since;       /* of status: deploy, label, time, span */
	span_us fresh;           /* of status: newest run at most so old */
	const char *who, *why, *until; /* of override */
	int scope;               /* enum override_scope */
	const char *resume;      /* gate id or its beginning, NULL: none */
	span_us continue_within; /* older evidence is not continued */
	const char *store;       /* directory, NULL: none */
	int64_t probes;
	int64_t parallel;        /* pairs at once */
	int64_t per_host;        /* runs at one host at once, 0: no bound */
	int64_t rounds;
	int64_t warmup;
	span_us time;
	int64_t seed;            /* of the coins */
	bool has_seed;           /* given, not drawn */
	struct {                 /* given: a manifest does not change it */
		bool alpha, beta, rounds, time, on_inconclusive;
	} has, taken;            /* taken: from a manifest */
	double alpha, beta;
	int format;              /* enum format */
	struct option_list reports; /* files */
	int on_inconclusive;
	bool is_observing;
	bool is_not_running;     /* status: judge what is there */
	bool is_history_only;    /* no baseline is run */
	bool is_quiet;
	bool is_child;           /* of a scheduler: aa in its idle time */
	const char *location;    /* of that scheduler */
	struct definition_variable *variables[ARM_COUNT];
	size_t variable_counts[ARM_COUNT];
};

/*
 * Fill from defaults, environment and argv; a mistake exits 64. What only
 * some commands need is looked at for these only.
 */
void settings_read(struct settings *s, int argc, char **argv);
void settings_fini(struct settings *s);

/* The engine's configuration for these settings. */
struct engine_config settings_engine(const struct settings *s);

/* The format of a report file by its name's end; FORMAT_AUTO: none known. */
enum format settings_report_format(const char *file);

const char *arm_name(enum arm arm);
const char *on_inconclusive_name(int value);

#endif
