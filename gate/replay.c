/* SPDX-License-Identifier: ISC */
/* The recorded rounds through the engine once more. */
#include "gate/replay.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json_out.h"
#include "gate/report.h"

/* A verdict is looked for after each pair, as when they were run. */
static struct engine *
run_rounds(const struct transcript *t)
{
	struct engine *e = transcript_engine(t);
	size_t i;

	for (i = 0; i < t->pair_count; i++) {
		engine_add(e, t->pairs[i].kept.check, &t->pairs[i].pair);
		engine_decide(e);
	}
	engine_finish(e);
	return (e);
}

/* A number is kept to the last bit, and one that is not finite as null. */
static bool
is_same_number(const struct json *kept, const char *name, double x)
{
	const struct json *v = json_get(kept, name);

	if (!isfinite(x))
		return (v != NULL && v->kind == JSON_NULL);
	return (json_get_double(kept, name, NAN) == x);
}

/* The recorded stream is the same as the computed one. */
static bool
is_same(const struct transcript *t, const struct engine_component *c,
    const struct json *kept)
{
	int64_t step = c->step == ENGINE_NO_STEP ? 0 : (int64_t)c->step + 1;

	return (strcmp(json_get_str(kept, "part", ""),
	    engine_part_name(c->part)) == 0 &&
	    strcmp(json_get_str(kept, "check", ""),
	    t->checks[c->check].name) == 0 &&
	    json_get_int(kept, "step", 0) == step &&
	    json_get_int(kept, "n", -1) == c->count &&
	    is_same_number(kept, "log_bound", c->log_bound) &&
	    is_same_number(kept, "log_e", c->log_e));
}

static void
compare_streams(const struct transcript *t, const struct engine *e,
    struct replay *out)
{
	const struct json *kept = json_get(t->root, "streams");
	size_t count = kept != NULL && kept->kind == JSON_ARRAY ?
	    kept->count : 0;
	struct engine_component *all;
	size_t i;

	out->streams = engine_components(e, &all);
	for (i = 0; i < out->streams; i++)
		if (i >= count || !is_same(t, &all[i], &kept->items[i]))
			out->differing++;
	if (count > out->streams)
		out->differing += count - out->streams;
	free(all);
}

void
replay_run(const struct transcript *t, struct replay *out)
{
	struct engine *e = run_rounds(t);

	*out = (struct replay){
	    .verdict = engine_finish(e),
	    .reason = engine_reason(e, NULL),
	    .log_e = engine_log_evidence(e),
	    .log_bound = engine_log_bound(e),
	};
	compare_streams(t, e, out);
	if (strcmp(t->verdict, "unfinished") == 0) {
		out->is_unfinished = true;
		out->differing = 0;
		out->agrees = out->log_e == t->log_e;
		engine_free(&e);
		return;
	}
	out->agrees = out->differing == 0 && out->log_e == t->log_e &&
	    out->log_bound == t->log_bound &&
	    strcmp(engine_verdict_name(out->verdict), t->verdict) == 0;
	engine_free(&e);
}

int
replay_exit_code(const struct replay *r)
{
	if (!r->agrees)
		return (EXIT_UNMEASURED);
	if (r->is_unfinished)
		return (EXIT_INCONCLUSIVE);
	if (r->verdict == ENGINE_PASS)
		return (EXIT_GOOD);
	if (r->verdict == ENGINE_BLOCK)
		return (EXIT_BAD);
	return (r->reason == ENGINE_REASON_NO_ROUNDS ||
	    r->reason == ENGINE_REASON_INFRASTRUCTURE ? EXIT_UNMEASURED :
	    EXIT_INCONCLUSIVE);
}

static void
format_json(const struct replay *r, const struct transcript *t,
    struct buf *out)
{
	struct json_out o;

	json_out_init(&o, out);
	json_out_object(&o);
	json_out_kv_str(&o, "gate", t->id_hex);
	json_out_kv_bool(&o, "agrees", r->agrees);
	json_out_kv_str(&o, "verdict", engine_verdict_name(r->verdict));
	json_out_kv_str(&o, "recorded_verdict", t->verdict);
	json_out_kv_double(&o, "log_e", r->log_e);
	json_out_kv_double(&o, "recorded_log_e", t->log_e);
	json_out_kv_double(&o, "log_bound", r->log_bound);
	json_out_kv_int(&o, "pairs", (int64_t)t->pair_count);
	json_out_kv_int(&o, "streams", (int64_t)r->streams);
	json_out_kv_int(&o, "streams_differing", (int64_t)r->differing);
	json_out_object_end(&o);
	buf_append_char(out, '\n');
}

void
replay_format(const struct replay *r, const struct transcript *t,
    enum format format, struct buf *out)
{
	if (format == FORMAT_JSON) {
		format_json(r, t, out);
		return;
	}
	buf_printf(out, "%s  replay of gate %s: %zu pairs of %zu checks\n\n",
	    r->agrees ? "AGREES" : "DIFFERS", t->id_hex, t->pair_count,
	    t->check_count);
	buf_printf(out, "            computed             recorded\n");
	buf_printf(out, "verdict     %-20s ", engine_verdict_name(r->verdict));
	report_text(t->verdict, out);
	buf_printf(out, "\nevidence    %-20.13g %.13g\n", exp(r->log_e),
	    exp(t->log_e));
	if (r->is_unfinished) {
		buf_printf(out, "\nThe gate was never finished: e2e-gate "
		    "--resume %s continues it.\n", t->id_hex);
		return;
	}
	buf_printf(out, "streams     %zu of %zu are the same to the last "
	    "bit\n", r->streams > r->differing ? r->streams - r->differing :
	    0, r->streams);
}
