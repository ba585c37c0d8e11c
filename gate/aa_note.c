/* SPDX-License-Identifier: ISC */
/* Writing and reading it; gate/archive.c has it from the store. */
#include "gate/aa_note.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "gate/aa.h"

static void
put_step(const struct suite_step *s, uint32_t number,
    const struct aa_step *aa, struct json_out *o)
{
	int j;

	json_out_object(o);
	json_out_kv_int(o, "step", number);
	json_out_kv_str(o, "name", s->name);
	json_out_kv_int(o, "rounds", aa->rounds);
	json_out_key(o, "phi0");
	json_out_array(o);
	for (j = 0; j < LATENCY_SCORES; j++)
		json_out_double(o, aa->phi0.scores[j]);
	json_out_array_end(o);
	json_out_kv_double(o, "spread", aa->spread);
	json_out_kv_double(o, "median_ns", aa->median_ns);
	json_out_object_end(o);
}

/* Returns the fewest rounds of a step that was reached. */
static uint32_t
put_check(const struct session *s, size_t check, struct json_out *o)
{
	const struct suite_check *c = &s->suite->checks[check];
	struct aa_step *steps = xcalloc(c->step_count + 1, sizeof(*steps));
	struct aa_check aa;
	uint32_t i, least;

	aa_measure(s->engine, check, &aa, steps);
	least = aa.rounds;
	json_out_object(o);
	json_out_kv_str(o, "check", c->id);
	json_out_kv_str(o, "environment", c->arms[ARM_BASELINE]->environment);
	json_out_kv_str(o, "definition", c->arms[ARM_BASELINE]->hash);
	json_out_kv_int(o, "rounds", aa.rounds);
	json_out_kv_double(o, "tail", aa.tail_phi0);
	json_out_key(o, "steps");
	json_out_array(o);
	for (i = 0; i < c->step_count; i++) {
		put_step(&c->steps[i], i + 1, &steps[i], o);
		if (steps[i].rounds > 0 && steps[i].rounds < least)
			least = steps[i].rounds;
	}
	json_out_array_end(o);
	json_out_object_end(o);
	free(steps);
	return (least);
}

struct aa_rounds
aa_note_make(const struct session *s, struct buf *out)
{
	struct aa_rounds all = {UINT32_MAX, 0};
	struct json_out o;
	uint32_t n;
	size_t i;

	json_out_init(&o, out);
	json_out_object(&o);
	json_out_kv_int(&o, "version", 1);
	json_out_kv_str(&o, "kind", "aa");
	json_out_kv_str(&o, "service", s->suite->service);
	json_out_kv_int(&o, "at_us", s->finished);
	json_out_kv_str(&o, "verdict", engine_verdict_name(s->verdict));
	json_out_kv_int(&o, "rounds", s->rounds);
	json_out_key(&o, "checks");
	json_out_array(&o);
	for (i = 0; i < s->suite->count; i++) {
		n = put_check(s, i, &o);
		all.least = n < all.least ? n : all.least;
		all.most = n > all.most ? n : all.most;
	}
	json_out_array_end(&o);
	json_out_object_end(&o);
	buf_append_char(out, '\n');
	return (all);
}

/* The step's measurement when it is of this step and says enough. */
static bool
read_aa_step(const struct json *v, const struct suite_step *step,
    struct aa_step *out)
{
	const struct json *phi0 = json_get(v, "phi0");
	int j;

	if (strcmp(json_get_str(v, "name", ""), step->name) != 0 ||
	    phi0 == NULL || phi0->kind != JSON_ARRAY ||
	    phi0->count != LATENCY_SCORES)
		return (false);
	out->rounds = (uint32_t)json_get_int(v, "rounds", 0);
	out->spread = json_get_double(v, "spread", 0);
	out->median_ns = json_get_double(v, "median_ns", 0);
	for (j = 0; j < LATENCY_SCORES; j++)
		out->phi0.scores[j] = phi0->items[j].kind == JSON_NUMBER ?
		    json_double(&phi0->items[j]) : ENGINE_PHI0_UNKNOWN;
	return (out->rounds >= AA_ROUNDS_LEAST);
}

/* Steps that the rounds did not reach often enough stay unknown. */
static void
take_aa(struct suite_check *c, const struct json *v)
{
	const struct json *steps = json_get(v, "steps");
	uint32_t i;
	int j;

	c->aa = xcalloc(c->step_count + 1, sizeof(*c->aa));
	c->phi0 = xcalloc(c->step_count + 1, sizeof(*c->phi0));
	c->aa_rounds = (uint32_t)json_get_int(v, "rounds", 0);
	c->tail_phi0 = json_get_double(v, "tail", ENGINE_PHI0_UNKNOWN);
	for (i = 0; i < c->step_count; i++) {
		if (read_aa_step(&steps->items[i], &c->steps[i], &c->aa[i])) {
			c->phi0[i] = c->aa[i].phi0;
			continue;
		}
		c->aa[i].rounds = 0;
		for (j = 0; j < LATENCY_SCORES; j++)
			c->phi0[i].scores[j] = ENGINE_PHI0_UNKNOWN;
	}
}

static void
match_aa(struct suite *suite, const struct json *v, wall_us at)
{
	const struct json *steps = json_get(v, "steps");
	struct suite_check *c;
	size_t i;

	for (i = 0; i < suite->count; i++) {
		c = &suite->checks[i];
		if (c->aa == NULL &&
		    strcmp(json_get_str(v, "check", ""), c->id) == 0 &&
		    strcmp(json_get_str(v, "environment", ""),
		    c->arms[ARM_BASELINE]->environment) == 0 &&
		    json_get_int(v, "rounds", 0) >= AA_ROUNDS_LEAST &&
		    steps != NULL && steps->kind == JSON_ARRAY &&
		    steps->count == c->step_count) {
			take_aa(c, v);
			c->aa_at = at;
		}
	}
}

void
aa_note_read(struct suite *suite, const char *text, size_t len, wall_us at)
{
	const struct json *checks;
	struct json_doc *doc;
	size_t i;

	if (json_parse(text, len, &json_limits_default, &doc, NULL) != 0)
		return;
	checks = json_get(json_root(doc), "checks");
	for (i = 0; checks != NULL && checks->kind == JSON_ARRAY &&
	    i < checks->count; i++)
		match_aa(suite, &checks->items[i], at);
	json_free(&doc);
}
