/* SPDX-License-Identifier: ISC */
/* Choosing the checks of a gate and making their definitions. */
#include "gate/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/cause.h"
#include "base/err.h"
#include "base/mem.h"
#include "checks/flow.h"
#include "checks/flow_visit.h"
#include "checks/hosts.h"

#define HOST_SIZE 256
#define CARD_LEAST_BYTES 13

/* The variables that the flows read. */
struct readings {
	char **names;
	size_t count;
};

static bool
is_named(const struct settings *s, const struct plan_check *c)
{
	size_t i;

	for (i = 0; i < s->names.count; i++)
		if (strcmp(s->names.items[i], c->id) == 0 ||
		    strcmp(s->names.items[i], c->name) == 0)
			return (true);
	return (s->names.count == 0);
}

static bool
is_chosen(const struct settings *s, const struct plan_check *c)
{
	if (s->service != NULL && strcmp(s->service, c->service) != 0)
		return (false);
	if (s->is_child && !plan_gathers_aa(c, s->location))
		return (false);
	return (!c->is_paused && is_named(s, c));
}

/* True when the entry has "skip: true". */
static bool
is_skipped(const struct flow_entry *entry)
{
	const struct flow_option *o;
	size_t i;

	for (i = 0; i < entry->request.option_count; i++) {
		o = &entry->request.options[i];
		if (o->kind == FLOW_OPTION_SKIP && !o->is_placeholder)
			return (o->boolean);
	}
	return (false);
}

static bool
has_reading(const struct readings *r, const char *name)
{
	size_t i;

	for (i = 0; i < r->count; i++)
		if (strcmp(r->names[i], name) == 0)
			return (true);
	return (false);
}

static void
note_reading(const struct flow_mention *m, void *arg)
{
	struct readings *r = arg;

	if (has_reading(r, m->name))
		return;
	r->names = xreallocarray(r->names, r->count + 1, sizeof(*r->names));
	r->names[r->count++] = xstrdup(m->name);
}

static void
readings_fini(struct readings *r)
{
	while (r->count > 0)
		free(r->names[--r->count]);
	free(r->names);
}

/*
 * "POST {{base_url}}/v1/refunds": the URL as written, up to its query. A
 * number as long as a card's is masked: names are stored and printed.
 */
static char *
step_name(const struct flow_request *r)
{
	size_t len = strcspn(r->url.source, "?#"), i, digits;
	struct buf name;
	char *out;

	buf_init(&name, 2 * len + strlen(r->method) + 8);
	buf_printf(&name, "%s ", r->method);
	for (i = 0; i < len; i += digits > 0 ? digits : 1) {
		digits = strspn(r->url.source + i, "0123456789-");
		if (digits >= CARD_LEAST_BYTES)
			buf_append_str(&name, "****");
		else
			buf_append(&name, r->url.source + i,
			    digits > 0 ? digits : 1);
	}
	out = xstrdup(buf_str(&name));
	buf_fini(&name);
	return (out);
}

static int
read_steps(struct suite_check *c, struct readings *own,
    struct readings *readings, struct cause *cause)
{
	const struct plan_flow *pf = c->plan->flow;
	const struct flow_entry *entry;
	struct flow *flow;
	size_t i;

	if (plan_flow_parse(pf, cause, &flow) != 0)
		return (ERR_SYNTAX);
	flow_visit_variables(flow, note_reading, own);
	flow_visit_variables(flow, note_reading, readings);
	c->entry_count = flow->entry_count;
	c->steps = xcalloc(c->entry_count, sizeof(*c->steps));
	c->step_of_entry = xcalloc(c->entry_count, sizeof(*c->step_of_entry));
	for (i = 0; i < flow->entry_count; i++) {
		entry = &flow->entries[i];
		c->step_of_entry[i] = SUITE_NO_STEP;
		if (is_skipped(entry))
			continue;
		c->step_of_entry[i] = c->step_count;
		c->steps[c->step_count].file =
		    xstrdup(flow->files[entry->file].path);
		c->steps[c->step_count].line = entry->place.line;
		c->steps[c->step_count++].name = step_name(&entry->request);
	}
	flow_release(&flow);
	return (0);
}

/* An override that leads to a host that the manifest does not allow. */
static void
check_hosts(const struct settings *s, enum arm arm, const struct definition *d,
    struct cause *cause)
{
	const struct definition_variable *v;
	char host[HOST_SIZE];
	size_t i;
	int port;

	for (i = 0; i < s->variable_counts[arm]; i++) {
		v = &s->variables[arm][i];
		if (hosts_parse_url(v->text, host, sizeof(host), &port) == 0 &&
		    !hosts_match(d->hosts, d->host_count, host, port))
			cause_add(cause, "%s: the manifest's hosts do not "
			    "allow the %s's %s=%s", d->check, arm_name(arm),
			    v->name, v->text);
	}
}

static void
make_arm(const struct settings *s, enum arm arm, struct suite_check *c,
    struct cause *cause)
{
	char *sentence = NULL;

	if (plan_make_definition(c->plan, s->environments[arm],
	    s->variables[arm], s->variable_counts[arm], &c->arms[arm],
	    &sentence) == 0) {
		check_hosts(s, arm, c->arms[arm], cause);
		return;
	}
	cause_add(cause, "%s: the %s: %s", c->id, arm_name(arm), sentence);
	free(sentence);
}

static bool
has_same(const struct definition *d, const struct definition_variable *v)
{
	const struct definition_variable *other;

	for (other = d->variables; other < d->variables + d->variable_count;
	    other++)
		if (strcmp(other->name, v->name) == 0)
			return (other->kind == v->kind &&
			    strcmp(other->text, v->text) == 0);
	return (false);
}

/* True when the flow reads a variable of a that is another one in b. */
static bool
reads_other(const struct definition *a, const struct definition *b,
    const struct readings *own)
{
	size_t i;

	for (i = 0; i < a->variable_count; i++)
		if (has_reading(own, a->variables[i].name) &&
		    !has_same(b, &a->variables[i]))
			return (true);
	return (false);
}

static void
choose_one(const struct settings *s, struct suite_check *c,
    struct readings *readings, struct cause *cause)
{
	struct readings own = {0};
	int arm;

	if (read_steps(c, &own, readings, cause) == 0) {
		for (arm = 0; arm < ARM_COUNT; arm++)
			make_arm(s, (enum arm)arm, c, cause);
		c->is_alike = s->command == COMMAND_JUDGE &&
		    !s->is_history_only && c->arms[ARM_CANDIDATE] != NULL &&
		    c->arms[ARM_BASELINE] != NULL &&
		    !reads_other(c->arms[ARM_CANDIDATE],
		    c->arms[ARM_BASELINE], &own) &&
		    !reads_other(c->arms[ARM_BASELINE],
		    c->arms[ARM_CANDIDATE], &own);
	}
	readings_fini(&own);
}

static void
choose(const struct settings *s, struct suite *suite,
    struct readings *readings, struct cause *cause)
{
	const struct plan_check *plan;
	struct suite_check *c;
	size_t i;

	suite->checks = xcalloc(suite->plan->check_count,
	    sizeof(*suite->checks));
	for (i = 0; i < suite->plan->check_count; i++) {
		plan = suite->plan->checks[i];
		if (!is_chosen(s, plan))
			continue;
		c = &suite->checks[suite->count++];
		c->plan = plan;
		c->id = plan->id;
		c->history.dispersion = 1;
		c->on_inconclusive = -1;
		choose_one(s, c, readings, cause);
	}
}

static bool
has_check(const struct suite *suite, const char *name)
{
	const struct suite_check *c;

	for (c = suite->checks; c < suite->checks + suite->count; c++)
		if (strcmp(name, c->id) == 0 ||
		    strcmp(name, c->plan->name) == 0)
			return (true);
	return (false);
}

static void
say_no_reader(enum arm arm, const char *name, const struct readings *r)
{
	const char *near = cause_suggest(name, (const char *const *)r->names,
	    r->count);

	fprintf(stderr, "e2e-gate: no flow of these checks reads '%s', which "
	    "--%s sets%s%s%s\n", name, arm_name(arm),
	    near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
	    near != NULL ? "'?" : "");
}

static void
say_near(const struct plan *plan, const char *name)
{
	const char *near = plan_suggest(plan, name);

	if (near != NULL && strcmp(near, name) != 0)
		fprintf(stderr, ", did you mean '%s'?", near);
}

/*
 * What is set for an arm and read by no flow, and a name that is no check's,
 * are slips that would let a release pass that was never measured. Returns
 * how many there are.
 */
static size_t
refuse_slips(const struct settings *s, const struct suite *suite,
    const struct readings *r)
{
	size_t i, slips = 0;
	int arm;

	for (arm = 0; arm < ARM_COUNT; arm++)
		for (i = 0; i < s->variable_counts[arm]; i++)
			if (!has_reading(r, s->variables[arm][i].name)) {
				say_no_reader((enum arm)arm,
				    s->variables[arm][i].name, r);
				slips++;
			}
	for (i = 0; i < s->names.count; i++)
		if (!has_check(suite, s->names.items[i])) {
			fprintf(stderr, "e2e-gate: --check: there is no "
			    "check '%s' to run", s->names.items[i]);
			say_near(suite->plan, s->names.items[i]);
			fprintf(stderr, "\n");
			slips++;
		}
	return (slips);
}

static void
say_nothing_matches(const struct settings *s, const struct suite *suite)
{
	const struct plan *plan = suite->plan;
	const char *before = NULL;
	size_t i;

	fprintf(stderr, "e2e-gate: no check to run");
	if (s->service != NULL) {
		fprintf(stderr, " for service '%s'", s->service);
		say_near(plan, s->service);
	}
	for (i = 0; i < s->names.count; i++) {
		fprintf(stderr, " under the name '%s'", s->names.items[i]);
		say_near(plan, s->names.items[i]);
	}
	fprintf(stderr, " in %s: nothing was measured, so this is no pass.\n"
	    "The services there are:", s->checks);
	for (i = 0; i < plan->check_count; i++) {
		if (before == NULL ||
		    strcmp(before, plan->checks[i]->service) != 0)
			fprintf(stderr, " %s", plan->checks[i]->service);
		before = plan->checks[i]->service;
	}
	fprintf(stderr, ". Paused checks do not count.\n");
}

/*
 * A pipeline that names one address twice would judge the baseline against
 * itself, and let any candidate through. One check that does so may be meant:
 * it tells an outage of what both share.
 */
static bool
refuse_alike(const struct suite *suite)
{
	size_t i, alike = 0;

	for (i = 0; i < suite->count; i++)
		alike += suite->checks[i].is_alike;
	if (alike < suite->count) {
		for (i = 0; i < suite->count; i++)
			if (suite->checks[i].is_alike)
				fprintf(stderr, "e2e-gate: warning: %s reads "
				    "nothing in which candidate and baseline "
				    "differ: it says nothing of the "
				    "candidate\n", suite->checks[i].id);
		return (false);
	}
	fprintf(stderr, "e2e-gate: candidate and baseline are the same in "
	    "every check, which says nothing of a candidate. 'e2e-gate aa' "
	    "measures the baseline against itself.\n");
	return (true);
}

static const char *
only_service(const struct suite *suite)
{
	const char *service = suite->checks[0].plan->service;
	size_t i;

	for (i = 1; i < suite->count; i++)
		if (strcmp(suite->checks[i].plan->service, service) != 0)
			return (NULL);
	return (service);
}

int
suite_load(const struct settings *s, struct suite *out)
{
	struct readings readings = {0};
	struct cause cause;
	int code = 0;

	*out = (struct suite){.plan = NULL};
	cause_init(&cause);
	if (plan_load(s->checks, &cause, &out->plan) == 0)
		choose(s, out, &readings, &cause);
	if (cause.error_count > 0 || out->plan == NULL)
		code = EXIT_DEFINITION;
	cause_print(&cause, stderr);
	if (code == 0 && out->count == 0) {
		say_nothing_matches(s, out);
		code = EXIT_UNMEASURED;
	}
	if (code == 0 && (refuse_slips(s, out, &readings) > 0 ||
	    refuse_alike(out)))
		code = EXIT_USAGE;
	readings_fini(&readings);
	if (code == 0) {
		out->service = only_service(out);
		out->target = out->service != NULL ? out->service :
		    "all services";
	} else
		suite_fini(out);
	cause_fini(&cause);
	return (code);
}

void
suite_fini(struct suite *suite)
{
	struct suite_check *c;
	size_t i;
	uint32_t j;

	for (i = 0; i < suite->count; i++) {
		c = &suite->checks[i];
		for (j = 0; j < c->step_count; j++) {
			free(c->steps[j].name);
			free(c->steps[j].file);
		}
		free(c->steps);
		free(c->step_of_entry);
		free(c->phi0);
		free(c->aa);
		definition_free(&c->arms[ARM_CANDIDATE]);
		definition_free(&c->arms[ARM_BASELINE]);
	}
	free(suite->checks);
	plan_free(&suite->plan);
	*suite = (struct suite){.plan = NULL};
}

uint32_t
suite_step_of(const struct suite_check *c, int64_t entry)
{
	if (entry < 1 || (uint64_t)entry > c->entry_count)
		return (SUITE_NO_STEP);
	return (c->step_of_entry[entry - 1]);
}
