/* SPDX-License-Identifier: ISC */
/* The option table of e2e-gate. */
#include "gate/settings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/utf8.h"

#define LABEL_MOST 1000
#define PROBES_MOST 64
#define SEED_MOST 1000000000
#define ROUNDS_DEFAULT 500
#define ROUNDS_OF_AA 310
#define TIME_ABSENT INT64_MIN
#define TIME_DEFAULT (10 * SPAN_MIN)

/* By the order of enum format; unnamed ones are not offered. */
static const char *const formats[] = {"", "table", "json", "", "junit", "",
    "markdown", "github", NULL};
static const char *const inconclusive_names[] = {"hold", "pass", "block",
    NULL};

static const char *const scope_names[] = {"gate", "candidate", NULL};

#define AT(member) OPTION_AT(struct settings, member)

static const struct option_row rows[] = {
	{.name = "checks", .type = OPTION_STR, .offset = AT(checks),
	    .arg = "PATH", .help = "Directory of manifests and flows"},
	{.name = "service", .type = OPTION_STR, .offset = AT(service),
	    .arg = "NAME", .help = "Judge by the checks of this service only"},
	{.name = "check", .type = OPTION_LIST, .offset = AT(names),
	    .arg = "NAME", .help = "Use this check only (repeatable)"},
	{.name = "candidate", .type = OPTION_LIST,
	    .offset = AT(overrides[ARM_CANDIDATE]), .arg = "NAME=VALUE",
	    .help = "Variable for runs against the candidate (repeatable)"},
	{.name = "baseline", .type = OPTION_LIST,
	    .offset = AT(overrides[ARM_BASELINE]), .arg = "NAME=VALUE",
	    .help = "Variable for runs against the baseline (repeatable)"},
	{.name = "candidate-environment", .type = OPTION_STR,
	    .offset = AT(environments[ARM_CANDIDATE]), .arg = "NAME",
	    .help = "Environment of the manifest to take for the candidate"},
	{.name = "baseline-environment", .type = OPTION_STR,
	    .offset = AT(environments[ARM_BASELINE]), .arg = "NAME",
	    .help = "Environment of the manifest to take for the baseline"},
	{.name = "candidate-version", .type = OPTION_STR,
	    .offset = AT(versions[ARM_CANDIDATE]), .arg = "LABEL",
	    .help = "What the candidate is (an image digest, say): a later "
	    "gate of the same continues the evidence"},
	{.name = "baseline-version", .type = OPTION_STR,
	    .offset = AT(versions[ARM_BASELINE]), .arg = "LABEL",
	    .help = "What the baseline is"},
	{.name = "resume", .type = OPTION_STR, .offset = AT(resume),
	    .arg = "GATE", .help = "Continue the evidence of this gate of "
	    "the store"},
	{.name = "continue-within", .type = OPTION_SPAN,
	    .offset = AT(continue_within), .arg = "SPAN", .help = "Begin "
	    "anew when the evidence began longer ago (default 7d)"},
	{.name = "who", .type = OPTION_STR, .offset = AT(who), .arg = "NAME",
	    .help = "override: who decides it", .env = ""},
	{.name = "why", .type = OPTION_STR, .offset = AT(why), .arg = "TEXT",
	    .help = "override: the reason", .env = ""},
	{.name = "until", .type = OPTION_STR, .offset = AT(until),
	    .arg = "WHEN", .help = "override: its end, a time or a span",
	    .env = ""},
	{.name = "scope", .type = OPTION_CHOICE, .offset = AT(scope),
	    .arg = "SCOPE", .choices = scope_names, .help = "override: this "
	    "gate (the default), or each gate of the candidate", .env = ""},
	{.name = "since", .type = OPTION_STR, .offset = AT(since),
	    .arg = "DEPLOY", .help = "status: since this marker's label, "
	    "'deploy' for the newest, a time, or so long ago"},
	{.name = "fresh", .type = OPTION_SPAN, .offset = AT(fresh),
	    .arg = "SPAN", .help = "status: each check's newest run is at "
	    "most so old (default 10m)"},
	{.name = "no-run", .type = OPTION_FLAG, .offset = AT(is_not_running),
	    .env = "", .help = "status: run nothing that is missing"},
	{.name = "store", .type = OPTION_STR, .offset = AT(store),
	    .arg = "DIR", .help = "Record the gate in this store, and read "
	    "the checks' history there"},
	{.name = "rounds", .type = OPTION_INT, .offset = AT(rounds),
	    .arg = "N", .min = 1, .max = 1000000,
	    .help = "End after N rounds of every check (default 500; aa 310)"},
	{.name = "time", .type = OPTION_SPAN, .offset = AT(time),
	    .arg = "SPAN", .help = "End after this time (default 10m)"},
	{.name = "warmup", .type = OPTION_INT, .offset = AT(warmup),
	    .arg = "N", .min = 0, .max = 1000,
	    .help = "First rounds whose latency does not count (default 3)"},
	{.name = "alpha", .type = OPTION_DOUBLE, .offset = AT(alpha),
	    .arg = "P", .help = "Error of a false block (default 0.01)"},
	{.name = "beta", .type = OPTION_DOUBLE, .offset = AT(beta),
	    .arg = "P", .help = "Error of a false pass (default 0.05)"},
	{.name = "seed", .type = OPTION_INT, .offset = AT(seed),
	    .arg = "N", .min = 0, .max = INT64_MAX,
	    .help = "Seed of the coins that order each pair"},
	{.name = "probes", .type = OPTION_INT, .offset = AT(probes),
	    .arg = "N", .min = 1, .max = PROBES_MOST,
	    .help = "Local probes to start (default 2)"},
	{.name = "parallel", .type = OPTION_INT, .offset = AT(parallel),
	    .arg = "N", .min = 1, .max = 1000,
	    .help = "Checks to run at the same time (default 8)"},
	{.name = "per-host", .type = OPTION_INT, .offset = AT(per_host),
	    .arg = "N", .min = 0, .max = 100000,
	    .help = "Runs at one host at the same time (default: no bound)"},
	{.name = "format", .type = OPTION_CHOICE, .offset = AT(format),
	    .arg = "FORMAT", .choices = formats,
	    .help = "Print table, json, junit, markdown or github"},
	{.name = "report", .type = OPTION_LIST, .offset = AT(reports),
	    .arg = "FILE", .help = "Also write FILE, by its end: .json .xml "
	    ".md .html .txt (repeatable)"},
	{.name = "on-inconclusive", .type = OPTION_CHOICE,
	    .offset = AT(on_inconclusive), .arg = "ACTION",
	    .choices = inconclusive_names, .help = "Exit code when the "
	    "budget ends undecided: hold 20, pass 0, block 10"},
	{.name = "history-only", .type = OPTION_FLAG,
	    .offset = AT(is_history_only), .help = "Run the candidate alone "
	    "and judge its failures by the checks' history in --store"},
	{.name = "observe", .type = OPTION_FLAG, .offset = AT(is_observing),
	    .help = "Judge and record, but exit 0 whatever the verdict"},
	{.name = "child", .type = OPTION_FLAG, .offset = AT(is_child),
	    .env = "", .help = "aa: gather in the idle time of the scheduler "
	    "at the other end of descriptor 3, which starts this"},
	{.name = "location", .type = OPTION_STR, .offset = AT(location),
	    .arg = "NAME", .env = "", .help = "aa --child: of the scheduler"},
	{.name = "quiet", .letter = 'q', .type = OPTION_FLAG,
	    .offset = AT(is_quiet), .help = "Show no progress"},
	OPTION_END
};

/* In the order of enum command, without COMMAND_JUDGE. */
static const struct option_command commands[] = {
	{"replay", "FILE|GATE", "Compute the verdict again from the recorded "
	    "rounds of a report, or of a gate in the store"},
	{"aa", "", "Run the baseline against itself, and note in the store "
	    "how its rounds resemble each other"},
	{"plan", "", "Say how many rounds and minutes a gate would need, and "
	    "the smallest regression it would see"},
	{"mark", "LABEL", "Note in the store that this version of --service "
	    "was deployed now"},
	{"status", "", "Judge what the scheduled runs have shown since a "
	    "deploy, and run what is missing: history only"},
	{"override", "GATE", "Note in the store that this gate's verdict is "
	    "not to stop the release: --who, --why, --until"},
	{NULL, NULL, NULL}
};

static const struct option_text texts[] = {
	{"DESCRIPTION", "Judge a release before it goes on. Every check runs "
	    "against the candidate and\nagainst the baseline, back to back, "
	    "in an order drawn by a coin, round after\nround. Each round adds "
	    "evidence, and the gate stops as soon as it may say\n"
	    "\n"
	    "\tblock   some check fails more often or some request is "
	    "slower than\n"
	    "\t        tolerated; wrong at most alpha of the time\n"
	    "\tpass    every check fails less often, and every request is "
	    "slower by\n"
	    "\t        less, than the margins; wrong at most beta of the "
	    "time\n"
	    "\n"
	    "or inconclusive, when the budget ends before the evidence is "
	    "enough. No evidence\nnever passes.\n"
	    "\n"
	    "Tolerances: 5 % and 10 ms. Margins: failures 5 % of the runs "
	    "(or 5 points over\nwhat the history allows), medians 20 % and "
	    "40 ms, at most 10 points more\nrequests over the baseline's "
	    "90th percentile. About 65 clean rounds are needed\nfor a pass, "
	    "more for the latencies.\n"
	    "\n"
	    "After a failure of the candidate the check runs up to 8 extra "
	    "pairs at once. A\npair in which the probe itself could not "
	    "measure is void; more than a fifth of\nthem void makes the "
	    "verdict inconclusive. Nothing is retried."},
	{"STORE", "With --store the gate is recorded there, with every pair "
	    "of runs, and what the\nstore knows of the checks' failures "
	    "against the baseline's environment speeds up\na block; it "
	    "cannot cause one alone. Without the store the verdict stands, "
	    "after a\nwarning. An e2e-store is started when none serves the "
	    "directory."},
	{"POLICIES", "The manifest's key \"gate\" gives alpha, beta, rounds, "
	    "time and on_inconclusive for a\nservice, and tolerances, margins, "
	    "\"policy: advisory\" for a service or a check; options\nwin. A "
	    "check may have its own part of alpha, its own beta, rounds, time "
	    "and\non_inconclusive, and \"quarantine: {owner, reason, until}\". "
	    "What is advisory or in\nquarantine is run and reported, but not "
	    "judged. When a quarantine has expired the check\ncounts again, "
	    "and every report says so."},
	{"CONTINUING", "With --store every round reaches the store within "
	    "seconds. A gate whose candidate\nhas a --candidate-version "
	    "continues the evidence of the newest gate over the same\n"
	    "version, baseline and definitions: its rounds count, its verdict "
	    "stands, and the\nbudget is for the rounds that are added. "
	    "Running a gate again can thus not turn a\nblock into a pass. "
	    "Without the label nothing tells that a candidate is the same; "
	    "\nthen only --resume GATE continues, after a killed pipeline, "
	    "say. Evidence is\ncontinued under the same alpha, beta, "
	    "tolerances and margins, and for 7 days\n(--continue-within): a "
	    "later gate begins anew, and says so.\n\nOf two gates over the "
	    "same evidence at the same time the second waits for the\nfirst, "
	    "for at most --time, and goes on from where that ended; else it "
	    "exits 30."},
	{"A/A", "\"aa\" runs the baseline against itself for 300 rounds "
	    "(or what --rounds and\n--time allow) without ending at a "
	    "verdict, and notes in --store how much\nneighbouring rounds "
	    "resemble each other, for each check and step. Later gates\n"
	    "against the same environment use it instead of a guess that is "
	    "careful, but not\nalways careful enough. Fewer rounds are noted "
	    "with a surcharge for chance, and\nunder 100 not used. It exits "
	    "0, or 20 when there were fewer than 300, 10 when the\nbaseline "
	    "differs from itself, 30 when nothing was measured or noted.\nA "
	    "scheduler gathers the same in its idle time where the manifest "
	    "says gate: {aa: idle}."},
	{"PLAN", "\"plan\" forecasts from what --store knows of the checks "
	    "against the baseline's\nenvironment: failures by day, the newest "
	    "400 scheduled runs, A/A rounds. For each\ncheck it says how many "
	    "rounds a pass takes and which part of it the longest, and\nthe "
	    "smallest failure rate and slowdown that are blocked within "
	    "--time and\n--rounds with a chance of about 80 %. It exits 0 "
	    "when the pass fits into the\nbudget, 20 when it does not, 30 "
	    "when the store knows nothing of the checks."},
	{"STATUS", "\"mark LABEL\" notes in --store that a version of "
	    "--service was deployed now.\n\"status --since deploy\" judges "
	    "what the scheduler's runs have shown since the newest\nmarker "
	    "(or a marker's label, a time such as 2026-11-20T12:00:00Z, or a "
	    "span such as\n2h). No baseline runs beside it: the verdict is "
	    "history only, assumes that the\nenvironment is as in the last "
	    "42 days, and says so. It blocks when checks fail more\noften "
	    "than before, or when the median of the first 20 runs is higher "
	    "by 10 % and by\nmore than neighbouring windows of 20 at that time "
	    "of the day; it passes when every\nfailure rate is below its "
	    "margin. It never passes a latency.\n\nWhere that leaves a check "
	    "undecided (no run since, none within --fresh, too few), it is\n"
	    "run here, as its manifest in --checks says, until it is decided "
	    "or --rounds of a\ncheck or --time end; the runs are recorded "
	    "under the trigger gate. With --no-run, or\nwithout --checks, "
	    "nothing is run: a check without a fresh run makes it "
	    "inconclusive.\nNo run at all exits 30."},
	{"WITHOUT A BASELINE", "With --history-only the candidate runs alone. "
	    "Its failures are judged by what --store\nknows of each check "
	    "against the baseline's environment: at least 200 runs; with "
	    "fewer\nonly failing more often than not blocks, and nothing "
	    "passes. No latency is judged.\nThe verdict assumes that the "
	    "environment is as in the last 42 days, and says so: an\n"
	    "incident there blocks every candidate."},
	{"OVERRIDES", "\"override GATE --who NAME --why TEXT --until WHEN\" "
	    "notes in --store that a\nrelease is to go on whatever its gate "
	    "said. A gate that continues GATE (or with\n--scope candidate, "
	    "any gate of the same --candidate-version, baseline and "
	    "definitions)\nthen exits 0 instead of 10 or 20, until that "
	    "time. The verdict stays as it is: every\nreport shows it, and "
	    "who overrides it and why. What was not measured (30) cannot be\n"
	    "overridden."},
	{"REPLAY", "\"replay FILE\" reads a JSON report, \"replay GATE\" a "
	    "gate of --store by its id or\nthe beginning of it. The recorded "
	    "rounds go through the engine once more; the exit\ncode is the "
	    "verdict's, or 30 when verdict, evidence or any stream is not the "
	    "same\nto the last bit, or when the document is broken."},
	{"REPORTS", "--format and the end of a --report file's name choose: a "
	    "table (.txt), the gate\ndocument (.json), JUnit (.xml), Markdown "
	    "for a pull request (.md), a page with the\nevidence drawn, sizes "
	    "with 95 % intervals and both answers side by side (.html).\n"
	    "--format github prints annotations for a workflow's log."},
	{"EXIT STATUS", "0 pass; 10 block; 20 inconclusive; 30 nothing could "
	    "be measured (no check\nmatched, no probe, void rounds); 64 wrong "
	    "options; 78 a manifest or flow is\nwrong. --on-inconclusive "
	    "changes 20 only where the budget ended undecided; the\nreport "
	    "keeps the true verdict."},
	{"EXAMPLES", "\te2e-gate --checks checks/ --service payments \\\n"
	    "\t    --candidate base_url=https://canary.example.com \\\n"
	    "\t    --baseline base_url=https://api.example.com\n"
	    "\te2e-gate --checks checks/ --service payments \\\n"
	    "\t    --candidate-environment canary --time 5m \\\n"
	    "\t    --report gate.json --report junit.xml"},
	{"SEE ALSO", "e2e-run(1), e2e-lint(1), e2e-probe(8), e2e-store(8)"},
	{NULL, NULL}
};

static const struct program program = {
	.name = "e2e-gate",
	.section = 1,
	.summary = "judge a release by its checks, with stated error rates",
	.synopsis = "[options] [COMMAND]",
	.rows = rows,
	.commands = commands,
	.texts = texts
};

const char *
arm_name(enum arm arm)
{
	return (arm == ARM_CANDIDATE ? "candidate" : "baseline");
}

const char *
on_inconclusive_name(int value)
{
	return (inconclusive_names[value]);
}

enum format
settings_report_format(const char *file)
{
	const char *dot = strrchr(file, '.');

	if (dot == NULL)
		return (FORMAT_AUTO);
	if (strcmp(dot, ".json") == 0)
		return (FORMAT_JSON);
	if (strcmp(dot, ".xml") == 0)
		return (FORMAT_JUNIT);
	if (strcmp(dot, ".md") == 0)
		return (FORMAT_MARKDOWN);
	if (strcmp(dot, ".html") == 0)
		return (FORMAT_HTML);
	return (strcmp(dot, ".txt") == 0 ? FORMAT_TABLE : FORMAT_AUTO);
}

/* Everyone on the machine can read argv, and reports show what was given. */
static bool
has_credentials(const char *url)
{
	const char *authority = strstr(url, "://"), *at;

	if (authority == NULL)
		return (false);
	authority += strlen("://");
	at = strchr(authority, '@');
	return (at != NULL && at < authority + strcspn(authority, "/?#"));
}

static void
read_overrides(struct settings *s, enum arm arm, enum arm from)
{
	const struct option_list *l = &s->overrides[from];
	size_t i;

	s->variables[arm] = xcalloc(l->count, sizeof(**s->variables));
	for (i = 0; i < l->count; i++, s->variable_counts[arm]++) {
		if (has_credentials(l->items[i]))
			options_fail(&program, "--%s has a URL with a user or "
			    "password in it; let the flow send them from a "
			    "secret of the manifest", arm_name(arm));
		if (definition_parse_variable(l->items[i],
		    &s->variables[arm][i]) != 0)
			options_fail(&program, "--%s wants NAME=VALUE, not "
			    "'%s'", arm_name(arm), l->items[i]);
	}
}

static void
read_command(struct settings *s, int count, char **operands)
{
	size_t i;
	bool wants;

	if (count == 0)
		return;
	i = options_find_command(&program, operands[0]);
	s->command = (enum command)(COMMAND_JUDGE + 1 + i);
	wants = commands[i].args[0] != '\0';
	if (wants && count < 2)
		options_fail(&program, "%s wants %s", commands[i].name,
		    commands[i].args);
	if (count > (wants ? 2 : 1))
		options_fail(&program, "unexpected '%s'",
		    operands[wants ? 2 : 1]);
	s->operand = wants ? operands[1] : NULL;
}

static void
check_judge(const struct settings *s)
{
	if (s->checks == NULL)
		options_fail(&program, "--checks is missing: where are the "
		    "manifests?");
	if (s->overrides[ARM_CANDIDATE].count == 0 &&
	    s->environments[ARM_CANDIDATE] == NULL)
		options_fail(&program, "what is the candidate? Give "
		    "--candidate NAME=VALUE or --candidate-environment");
	if (s->is_history_only && s->store == NULL)
		options_fail(&program, "--history-only wants the --store that "
		    "has the history");
	if (s->resume != NULL && s->store == NULL)
		options_fail(&program, "--resume wants the --store that has "
		    "the gate");
}

/* Both arms are the baseline. */
static bool
is_alone(const struct settings *s)
{
	return (s->command == COMMAND_AA || s->command == COMMAND_PLAN);
}

static void
check_alone(const struct settings *s)
{
	if (s->checks == NULL)
		options_fail(&program, "--checks is missing: where are the "
		    "manifests?");
	if (s->store == NULL)
		options_fail(&program, "--store is missing: where is it to "
		    "be noted, or is the history?");
	if (s->is_child && (s->command != COMMAND_AA || s->location == NULL))
		options_fail(&program, "--child is for aa, with --location: "
		    "e2e-scheduler starts it");
	if (s->overrides[ARM_CANDIDATE].count > 0 ||
	    s->environments[ARM_CANDIDATE] != NULL)
		options_fail(&program, "%s has no candidate: it is about the "
		    "baseline alone", s->command == COMMAND_AA ? "aa" :
		    "plan");
}

static void
check_watch(const struct settings *s)
{
	if (s->service == NULL)
		options_fail(&program, "--service is missing: which one was "
		    "deployed?");
	if (s->store == NULL)
		options_fail(&program, "--store is missing: where are the "
		    "runs?");
	if (s->command == COMMAND_STATUS && s->since == NULL)
		options_fail(&program, "--since is missing: 'deploy', a "
		    "label, a time or a span");
	if (s->overrides[ARM_CANDIDATE].count > 0)
		options_fail(&program, "status and mark are about what the "
		    "manifest's environment has: they take no --candidate");
	if (s->fresh <= 0)
		options_fail(&program, "--fresh wants more than nothing");
}

static void
check_override(const struct settings *s)
{
	if (s->store == NULL)
		options_fail(&program, "--store is missing: where is the "
		    "gate?");
	if (s->who == NULL || s->why == NULL || s->until == NULL)
		options_fail(&program, "override wants --who, --why and "
		    "--until");
}

/*
 * What stands in every report, and what evidence goes by: an empty one, of a
 * variable that is not set, would make every candidate the same.
 */
static void
check_label(const char *name, const char *value)
{
	size_t len = value != NULL ? strlen(value) : 0;
	const char *c;

	if (value == NULL)
		return;
	if (value[strspn(value, " \t\r\n")] == '\0')
		options_fail(&program, "%s is empty", name);
	if (len > LABEL_MOST || utf8_check(value, len) < len)
		options_fail(&program, "%s wants UTF-8, at most %d bytes",
		    name, LABEL_MOST);
	for (c = value; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			options_fail(&program, "%s wants one line, without "
			    "control characters", name);
}

static void
check_labels(const struct settings *s)
{
	check_label("--candidate-version", s->versions[ARM_CANDIDATE]);
	check_label("--baseline-version", s->versions[ARM_BASELINE]);
	check_label("--who", s->who);
	check_label("--why", s->why);
	if (s->command == COMMAND_MARK)
		check_label("the label", s->operand);
}

/* What a command would pass over in silence was meant. */
static void
check_formats(const struct settings *s)
{
	if (s->command == COMMAND_JUDGE || s->command == COMMAND_MARK ||
	    s->command == COMMAND_OVERRIDE)
		return;
	if (s->reports.count > 0)
		options_fail(&program, "--report is of a gate: other commands "
		    "write none");
	if (s->format != FORMAT_AUTO && s->format != FORMAT_TABLE &&
	    s->format != FORMAT_JSON)
		options_fail(&program, "--format: of the other commands only "
		    "table or json");
}

static void
check_values(const struct settings *s)
{
	size_t i;

	check_formats(s);
	check_labels(s);
	if (s->command == COMMAND_JUDGE)
		check_judge(s);
	if (is_alone(s))
		check_alone(s);
	if (s->command == COMMAND_OVERRIDE)
		check_override(s);
	if (s->command == COMMAND_MARK || s->command == COMMAND_STATUS)
		check_watch(s);
	if (s->has.alpha && !(s->alpha > 0 && s->alpha < 1))
		options_fail(&program, "--alpha wants a number between 0 and "
		    "1");
	if (s->has.beta && !(s->beta > 0 && s->beta < 1))
		options_fail(&program, "--beta wants a number between 0 and "
		    "1");
	if (s->continue_within <= 0)
		options_fail(&program, "--continue-within wants more than "
		    "nothing");
	if (s->has.time && s->time <= 0)
		options_fail(&program, "--time wants more than nothing");
	for (i = 0; i < s->reports.count; i++)
		if (settings_report_format(s->reports.items[i]) == FORMAT_AUTO)
			options_fail(&program, "--report wants a name that "
			    "ends in .json, .xml, .md, .html or .txt, not '%s'",
			    s->reports.items[i]);
}

static void
fill_defaults(struct settings *s)
{
	if (!s->has.alpha)
		s->alpha = engine_config_default.alpha;
	if (!s->has.beta)
		s->beta = engine_config_default.beta;
	if (!s->has.rounds)
		s->rounds = s->command == COMMAND_AA ? ROUNDS_OF_AA :
		    ROUNDS_DEFAULT;
	if (!s->has.time)
		s->time = TIME_DEFAULT;
	if (!s->has.on_inconclusive)
		s->on_inconclusive = ON_INCONCLUSIVE_HOLD;
}

void
settings_read(struct settings *s, int argc, char **argv)
{
	int at;

	*s = (struct settings){
	    .seed = -1,
	    .probes = 2,
	    .parallel = 8,
	    .warmup = 3,
	    .fresh = 10 * SPAN_MIN,
	    .continue_within = 7 * SPAN_DAY,
	    .time = TIME_ABSENT,
	    .alpha = NAN,
	    .beta = NAN,
	    .on_inconclusive = -1,
	};
	at = options_parse(&program, argc, argv, s);
	read_command(s, argc - at, argv + at);
	s->has.alpha = !isnan(s->alpha);
	s->has.beta = !isnan(s->beta);
	s->has.rounds = s->rounds != 0;
	s->has.time = s->time != TIME_ABSENT;
	s->has.on_inconclusive = s->on_inconclusive >= 0;
	check_values(s);
	fill_defaults(s);
	s->has_seed = s->seed >= 0;
	if (!s->has_seed) {
		/* Short enough to be typed again. */
		crypto_random(&s->seed, sizeof(s->seed));
		s->seed = (s->seed & INT64_MAX) % SEED_MOST;
	}
	if (is_alone(s))
		s->environments[ARM_CANDIDATE] =
		    s->environments[ARM_BASELINE];
	read_overrides(s, ARM_CANDIDATE, is_alone(s) ?
	    ARM_BASELINE : ARM_CANDIDATE);
	read_overrides(s, ARM_BASELINE, ARM_BASELINE);
	if (s->format == FORMAT_AUTO)
		s->format = FORMAT_TABLE;
}

void
settings_fini(struct settings *s)
{
	int arm;
	size_t i;

	for (arm = 0; arm < ARM_COUNT; arm++) {
		for (i = 0; i < s->variable_counts[arm]; i++)
			definition_variable_fini(&s->variables[arm][i]);
		free(s->variables[arm]);
	}
	options_fini(&program, s);
}

struct engine_config
settings_engine(const struct settings *s)
{
	struct engine_config c = engine_config_default;

	c.is_history_only = s->is_history_only;
	c.alpha = s->alpha;
	c.beta = s->beta;
	return (c);
}
