/* SPDX-License-Identifier: ISC */
/* Writing what gate/archive.c reads back. */
#include "gate/aa_note.h"

#include <stdlib.h>

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

uint32_t
aa_note_make(const struct session *s, struct buf *out)
{
	struct json_out o;
	uint32_t least = UINT32_MAX, n;
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
		least = n < least ? n : least;
	}
	json_out_array_end(&o);
	json_out_object_end(&o);
	buf_append_char(out, '\n');
	return (least);
}
