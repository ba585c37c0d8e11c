/* SPDX-License-Identifier: ISC */
/*
 * The keys of a manifest. To add one: a member in manifest.h, a row here,
 * and its use in plan_load.c; the schema and the manual follow.
 */
#include "base/clock.h"
#include "checks/manifest.h"

#define AT(s, member) offsetof(struct manifest_##s, member)
#define ROWS(a) a, sizeof(a) / sizeof((a)[0])
#define NO_NUMBER 0, 0, 0, NULL

static const struct manifest_row secret_rows[] = {
	{"env", MANIFEST_TEXT, AT(secret_values, env), NO_NUMBER, false, NULL,
	    "The environment variable of the probe that holds the secret."},
	{"file", MANIFEST_TEXT, AT(secret_values, file), NO_NUMBER, false,
	    NULL, "The absolute path of the file that holds the secret; one "
	    "final newline is dropped."}
};
const struct manifest_table manifest_table_secret = {
	"a secret", ROWS(secret_rows)
};

static const struct manifest_row slo_rows[] = {
	{"success", MANIFEST_PERCENT, AT(slo_values, success), 1, 9999, 0,
	    NULL, true, NULL, "The share of runs that must pass, such as "
	    "99.9%, with at most two digits after the point."},
	{"window", MANIFEST_SPAN, AT(slo_values, window), SPAN_H,
	    366 * SPAN_DAY, 28 * SPAN_DAY, "28d", false, NULL,
	    "The time over which it is counted."}
};
const struct manifest_table manifest_table_slo = {
	"an objective", ROWS(slo_rows)
};

static const struct manifest_row alert_rows[] = {
	{"after", MANIFEST_COUNT, AT(alert_values, after), 1, 1000, 3, "3",
	    false, NULL, "How many runs in a row must fail first."},
	{"notify", MANIFEST_NAMES, AT(alert_values, notify), NO_NUMBER, true,
	    NULL, "Who is told: names under the manifest's notify."}
};
const struct manifest_table manifest_table_alert = {
	"an alert", ROWS(alert_rows)
};

static const struct manifest_row limits_rows[] = {
	{"body_bytes", MANIFEST_BYTES, AT(limits_values, body_bytes), 1024,
	    1 << 30, 16 << 20, "16MiB", false, NULL,
	    "The largest response body that is read."},
	{"steps", MANIFEST_COUNT, AT(limits_values, steps), 1, 100000, 1000,
	    "1000", false, NULL, "The most requests of one run, with retries, "
	    "repeats and redirects."},
	{"redirects", MANIFEST_COUNT, AT(limits_values, redirects), 0, 1000,
	    50, "50", false, NULL, "The most redirects that one request "
	    "follows."},
	{"retries", MANIFEST_COUNT, AT(limits_values, retries), 0, 100000,
	    1000, "1000", false, NULL, "The most further attempts of one "
	    "entry, whatever its option retry says."},
	{"headers", MANIFEST_COUNT, AT(limits_values, headers), 1, 10000, 512,
	    "512", false, NULL, "The most headers of one answer."},
	{"json_depth", MANIFEST_COUNT, AT(limits_values, json_depth), 1, 512,
	    128, "128", false, NULL, "How deep the JSON of an answer may be "
	    "nested."},
	{"work_ms", MANIFEST_COUNT, AT(limits_values, work_ms), 1, 600000,
	    10000, "10000", false, NULL, "The most CPU time, in "
	    "milliseconds, that regexes, XPath, JSONPath and all else may "
	    "take on the answers of one run."},
	{"evidence_bytes", MANIFEST_BYTES, AT(limits_values, evidence_bytes),
	    0, 4 << 20, 64 << 10, "64KiB", false, NULL, "How much of request "
	    "and response is kept of a run that did not pass."}
};
const struct manifest_table manifest_table_limits = {
	"the limits", ROWS(limits_rows)
};

static const struct manifest_row quarantine_rows[] = {
	{"owner", MANIFEST_TEXT, AT(quarantine_values, owner), NO_NUMBER,
	    true, NULL, "Who will mend it."},
	{"reason", MANIFEST_TEXT, AT(quarantine_values, reason), NO_NUMBER,
	    true, NULL, "Why it may not be judged now."},
	{"until", MANIFEST_TEXT, AT(quarantine_values, until), NO_NUMBER,
	    true, NULL, "The day on which it ends, such as 2026-12-24, in "
	    "UTC. From then on the check counts again, and gates say so."}
};
const struct manifest_table manifest_table_quarantine = {
	"a quarantine", ROWS(quarantine_rows)
};

#define ABSENT -1, NULL, false, NULL

/* What both a service and a check may say; a check wins. */
#define GATE_ROWS                                                            \
	{"tolerance", MANIFEST_PERCENT, AT(gate_values, tolerance), 1, 9999, \
	    ABSENT, "A step that is slower by this is no regression. 5% when " \
	    "left out."},                                                    \
	{"tolerance_at_least", MANIFEST_SPAN, AT(gate_values,                \
	    tolerance_at_least), 1, SPAN_H, ABSENT, "Nor is one that is "    \
	    "slower by this. 10ms when left out."},                          \
	{"margin", MANIFEST_PERCENT, AT(gate_values, margin), 1, 9999,       \
	    ABSENT, "A pass rules out that a step's median is slower by "    \
	    "this. 20% when left out."},                                     \
	{"margin_at_least", MANIFEST_SPAN, AT(gate_values, margin_at_least), \
	    1, SPAN_H, ABSENT, "It need not be less than this. 40ms when "   \
	    "left out."},                                                    \
	{"failure_margin", MANIFEST_PERCENT, AT(gate_values,                 \
	    failure_margin), 1, 6900, ABSENT, "A pass rules out that the "   \
	    "check fails so often. 5% when left out."},                      \
	{"policy", MANIFEST_NAME, AT(gate_values, policy), NO_NUMBER, false, \
	    NULL, "required, or advisory: run and reported, but not judged."}, \
	{"aa", MANIFEST_NAME, AT(gate_values, aa), NO_NUMBER, false, NULL,   \
	    "none, or idle: the scheduler runs it in pairs beside its "      \
	    "schedule, about 640 runs a month, so that gates know how "      \
	    "neighbouring runs resemble each other. None when left out."}

static const struct manifest_row check_gate_rows[] = {
	GATE_ROWS,
	{"alpha", MANIFEST_PERCENT, AT(gate_values, alpha), 1, 9999, ABSENT,
	    "Its own part of the gate's alpha: the error of a block by its "
	    "evidence alone. When left out, an equal part of what others "
	    "leave."},
	{"beta", MANIFEST_PERCENT, AT(gate_values, beta), 1, 9999, ABSENT,
	    "The error of a pass although this check regressed. The gate's "
	    "when left out."},
	{"rounds", MANIFEST_COUNT, AT(gate_values, rounds), 1, 1000000,
	    ABSENT, "The most rounds of this check, when less than the "
	    "gate's."},
	{"time", MANIFEST_SPAN, AT(gate_values, time), SPAN_S, SPAN_DAY,
	    ABSENT, "How long after the gate's start its rounds begin, when "
	    "less than the gate's time."},
	{"on_inconclusive", MANIFEST_NAME, AT(gate_values, on_inconclusive),
	    NO_NUMBER, false, NULL, "What the exit code says when the budget "
	    "ends with this check undecided: hold, pass or block. Of several "
	    "undecided checks the strictest counts."},
	{"quarantine", MANIFEST_TABLE, AT(gate_values, quarantine),
	    NO_NUMBER, false, &manifest_table_quarantine, "It is known to be "
	    "bad: run and reported, but not judged until a day."}
};
const struct manifest_table manifest_table_check_gate = {
	"a check's gate", ROWS(check_gate_rows)
};

static const struct manifest_row gate_rows[] = {
	GATE_ROWS,
	{"alpha", MANIFEST_PERCENT, AT(gate_values, alpha), 1, 9999, ABSENT,
	    "The error of a false block. 1% when left out."},
	{"beta", MANIFEST_PERCENT, AT(gate_values, beta), 1, 9999, ABSENT,
	    "The error of a false pass. 5% when left out."},
	{"rounds", MANIFEST_COUNT, AT(gate_values, rounds), 1, 1000000,
	    ABSENT, "The most rounds of a gate. 500 when left out."},
	{"time", MANIFEST_SPAN, AT(gate_values, time), SPAN_S, SPAN_DAY,
	    ABSENT, "The most time of a gate. 10m when left out."},
	{"on_inconclusive", MANIFEST_NAME, AT(gate_values, on_inconclusive),
	    NO_NUMBER, false, NULL, "What the exit code says when the budget "
	    "ends undecided: hold, pass or block."}
};
const struct manifest_table manifest_table_gate = {
	"the gate", ROWS(gate_rows)
};

static const struct manifest_row check_rows[] = {
	{"name", MANIFEST_NAME, AT(check_values, name), NO_NUMBER, true, NULL,
	    "The check's name, unique in its service."},
	{"flow", MANIFEST_PATH, AT(check_values, flow), NO_NUMBER, true, NULL,
	    "The Hurl file to run, in the manifest's folder or below."},
	{"environment", MANIFEST_NAME, AT(check_values, environment),
	    NO_NUMBER, false, NULL, "Against what it runs: a name under "
	    "environments. May be left out when there is only one."},
	{"every", MANIFEST_SPAN, AT(check_values, every), 100 * SPAN_MS,
	    31 * SPAN_DAY, SPAN_MIN, "1m", false, NULL,
	    "The time from one run to the next."},
	{"timeout", MANIFEST_SPAN, AT(check_values, timeout), 10 * SPAN_MS,
	    SPAN_DAY, 30 * SPAN_S, "30s", false, NULL,
	    "The longest that a whole run may take."},
	{"locations", MANIFEST_NAMES, AT(check_values, locations), 0, 0, 0,
	    "[local]", false, NULL, "From where it runs, each on its own."},
	{"slo", MANIFEST_TABLE, AT(check_values, slo), NO_NUMBER, false,
	    &manifest_table_slo, "The objective that it is held to."},
	{"alert", MANIFEST_TABLE, AT(check_values, alert), NO_NUMBER, false,
	    &manifest_table_alert, "When somebody is told, and who."},
	{"variables", MANIFEST_VARIABLES, AT(check_values, variables),
	    NO_NUMBER, false, NULL, "Variables of the flow; they win over "
	    "those of the environment."},
	{"tags", MANIFEST_NAMES, AT(check_values, tags), NO_NUMBER, false,
	    NULL, "Words by which checks are chosen and grouped."},
	{"owner", MANIFEST_TEXT, AT(check_values, owner), NO_NUMBER, false,
	    NULL, "Who answers for this check, when not the manifest's "
	    "owner."},
	{"paused", MANIFEST_BOOL, AT(check_values, paused), 0, 1, 0, "false",
	    false, NULL, "Whether its runs are skipped, which is recorded."},
	{"limits", MANIFEST_TABLE, AT(check_values, limits), NO_NUMBER, false,
	    &manifest_table_limits, "Bounds of one run. What is above "
	    "the default also wants the word of who runs the probes: "
	    "E2E_LIMITS, see e2e-probe(8)."},
	{"gate", MANIFEST_TABLE, AT(check_values, gate), NO_NUMBER, false,
	    &manifest_table_check_gate, "How e2e-gate judges it; wins over "
	    "the manifest's gate."}
};
const struct manifest_table manifest_table_check = {
	"a check", ROWS(check_rows)
};

static const struct manifest_row notify_rows[] = {
	{"flow", MANIFEST_PATH, AT(notify_values, flow), NO_NUMBER, true,
	    NULL, "The Hurl file that tells them, in the manifest's folder or "
	    "below."},
	{"variables", MANIFEST_VARIABLES, AT(notify_values, variables),
	    NO_NUMBER, false, NULL, "Variables of that flow, besides those "
	    "of the alert."},
	{"secrets", MANIFEST_SECRETS, AT(notify_values, secrets), NO_NUMBER,
	    false, &manifest_table_secret, "Secrets of that flow."},
	{"hosts", MANIFEST_HOSTS, AT(notify_values, hosts), NO_NUMBER, false,
	    NULL, "The only hosts that it may reach. Those that its URLs "
	    "spell out, when left out."},
	{"timeout", MANIFEST_SPAN, AT(notify_values, timeout), 10 * SPAN_MS,
	    SPAN_H, 30 * SPAN_S, "30s", false, NULL,
	    "The longest that it may take."}
};
const struct manifest_table manifest_table_notify = {
	"a notification", ROWS(notify_rows)
};

static const struct manifest_row top_rows[] = {
	{"service", MANIFEST_NAME, AT(values, service), NO_NUMBER, true, NULL,
	    "The service that is checked: what a gate, an alert and the page "
	    "name. Several manifests may have the same."},
	{"owner", MANIFEST_TEXT, AT(values, owner), NO_NUMBER, false, NULL,
	    "Who answers for the checks."},
	{"environments", MANIFEST_ENVIRONMENTS, AT(values, environments),
	    NO_NUMBER, false, NULL, "What the checks can run against: for "
	    "each name the variables of the flows."},
	{"secrets", MANIFEST_SECRETS, AT(values, secrets), NO_NUMBER, false,
	    &manifest_table_secret, "Variables whose values are secret, and "
	    "where the probe finds them."},
	{"hosts", MANIFEST_HOSTS, AT(values, hosts), NO_NUMBER, false, NULL,
	    "The only hosts that the flows may reach: a name, an address, "
	    "*.name for all below, each with an optional :port. Any host, and "
	    "a warning, when left out."},
	{"checks", MANIFEST_TABLES, AT(values, checks), NO_NUMBER, false,
	    &manifest_table_check, "The checks."},
	{"notify", MANIFEST_TABLES_BY_NAME, AT(values, notify), NO_NUMBER,
	    false, &manifest_table_notify, "Ways to tell people, by name: "
	    "flows that post to a pager, a chat or any webhook."},
	{"gate", MANIFEST_TABLE, AT(values, gate), NO_NUMBER, false,
	    &manifest_table_gate, "How e2e-gate judges the checks. What its "
	    "command line says wins."}
};
const struct manifest_table manifest_table_top = {
	"a manifest", ROWS(top_rows)
};
