/* SPDX-License-Identifier: ISC */
/*
 * Hurl's document of a run. An entry there is one attempt, with a call for
 * each request that redirects made of it.
 */
#include "probe/runner_json.h"

#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/err.h"
#include "base/mem.h"
#include "probe/runner_json_priv.h"
#include "probe/runner_marks.h"
#include "probe/runner_text.h"
#include "probe/variables.h"

#define ENTRIES_MOST_BYTES (256u << 20)

struct runner_json *
runner_json_new(const char *store)
{
	struct runner_json *j = xcalloc(1, sizeof(*j));

	buf_init(&j->entries, ENTRIES_MOST_BYTES);
	buf_init(&j->curl, RUNNER_JSON_TEXT_MOST_BYTES);
	json_out_init(&j->out, &j->entries);
	j->store = xstrdup(store);
	return (j);
}

void
runner_json_free(struct runner_json **jp)
{
	struct runner_json *j = *jp;

	*jp = NULL;
	if (j == NULL)
		return;
	buf_fini(&j->entries);
	buf_fini(&j->curl);
	free(j->store);
	free(j);
}

void
runner_json_put_n(struct runner_json *j, const struct run *run,
    const char *key, const char *s, size_t len, bool is_cut)
{
	struct buf masked;

	buf_init(&masked, RUNNER_JSON_TEXT_MOST_BYTES);
	run_mask(run, s, len, is_cut, &masked);
	json_out_key(&j->out, key);
	json_out_str_n(&j->out, buf_str(&masked), masked.len);
	buf_fini(&masked);
}

void
runner_json_put(struct runner_json *j, const struct run *run,
    const char *key, const char *s)
{
	runner_json_put_n(j, run, key, s, strlen(s), false);
}

/* Entries. */

struct marking {
	struct runner_json *json;
	struct run *run;
	uint32_t entry;
};

/* What did not hold, as people read it. */
static void
put_failure(const struct marking *m, const char *key,
    const struct finding *f)
{
	struct runner_json *j = m->json;
	struct buf text;
	struct runner_text t = {.out = &text};

	buf_init(&text, RUNNER_JSON_TEXT_MOST_BYTES);
	runner_text_failure(&t, m->run, m->entry, f);
	if (key != NULL)
		json_out_key(&j->out, key);
	json_out_str_n(&j->out, buf_str(&text), text.len);
	buf_fini(&text);
}

static void
mark_cb(uint32_t line, const struct finding *f, void *arg)
{
	struct marking *m = arg;
	struct json_out *o = &m->json->out;

	json_out_object(o);
	json_out_kv_int(o, "line", line);
	if (f != NULL)
		put_failure(m, "message", f);
	json_out_kv_bool(o, "success", f == NULL);
	json_out_object_end(o);
}

/* As base64: masked before, because nobody finds a secret in it. */
static void
put_bytes(struct runner_json *j, const struct run *run,
    const struct value *v, struct buf *masked, struct buf *text)
{
	const char *bytes;
	size_t len;

	bytes = value_text(v, &len);
	run_mask(run, bytes, len, false, masked);
	crypto_base64_encode(buf_str(masked), masked->len, 0, text);
	json_out_kv_str(&j->out, "value", buf_str(text));
}

/* A masked number is no number any more: it becomes a string. */
static void
put_value(struct runner_json *j, const struct run *run,
    const struct value *v, bool is_secret)
{
	struct buf text, masked;

	if (is_secret) {
		json_out_kv_str(&j->out, "value", RUNNER_JSON_MASK);
		return;
	}
	if (v->kind == VALUE_STRING) {
		size_t len;
		const char *s = value_text(v, &len);

		runner_json_put_n(j, run, "value", s, len, false);
		return;
	}
	buf_init(&text, RUNNER_JSON_TEXT_MOST_BYTES);
	buf_init(&masked, RUNNER_JSON_TEXT_MOST_BYTES);
	if (v->kind == VALUE_BYTES) {
		put_bytes(j, run, v, &masked, &text);
		buf_fini(&masked);
		buf_fini(&text);
		return;
	}
	value_format_json(v, &text);
	run_mask(run, buf_str(&text), text.len, text.is_full, &masked);
	json_out_key(&j->out, "value");
	if (!text.is_full && text.len == masked.len && memcmp(buf_str(&text),
	    buf_str(&masked), text.len) == 0)
		json_out_raw(&j->out, text.data, text.len);
	else
		json_out_str_n(&j->out, buf_str(&masked), masked.len);
	buf_fini(&masked);
	buf_fini(&text);
}

static void
put_captures(struct runner_json *j, const struct run *run,
    const struct run_step *step, const struct flow_response *r)
{
	const struct variables *v = run_variables(run);
	const struct flow_capture *c;
	bool has_all = runner_marks_captured(run, step);
	const struct value *value;
	size_t i;

	json_out_key(&j->out, "captures");
	json_out_array(&j->out);
	for (i = 0; has_all && i < r->capture_count; i++) {
		c = &r->captures[i];
		value = variables_find(v, c->name.source);
		if (value == NULL)
			continue;
		json_out_object(&j->out);
		json_out_kv_str(&j->out, "name", c->name.source);
		put_value(j, run, value, c->is_redacted ||
		    variables_is_secret(v, c->name.source));
		json_out_object_end(&j->out);
	}
	json_out_array_end(&j->out);
}

static void
other_cb(uint32_t line, const struct finding *f, void *arg)
{
	(void)line;
	put_failure(arg, NULL, f);
}

/* Mistakes and broken connections: Hurl has them on its stderr alone. */
static void
put_errors(struct runner_json *j, struct run *run,
    const struct run_step *step)
{
	struct marking m = {j, run, step->entry};

	json_out_key(&j->out, "errors");
	json_out_array(&j->out);
	runner_marks_visit_others(run, step, other_cb, &m);
	json_out_array_end(&j->out);
}

static void
put_place(struct runner_json *j, const struct flow *flow, uint32_t entry,
    uint32_t line)
{
	uint32_t file = flow->entries[entry - 1].file;

	if (file > 0)
		json_out_kv_str(&j->out, "filename", flow->files[file].path);
	json_out_kv_int(&j->out, "index", entry);
	json_out_kv_int(&j->out, "line", line);
}

static void
put_empty(struct runner_json *j, const char *key)
{
	json_out_key(&j->out, key);
	json_out_array(&j->out);
	json_out_array_end(&j->out);
}

static void
open_entry(struct runner_json *j, struct run *run,
    const struct run_step *step)
{
	j->is_open = true;
	j->time = 0;
	buf_reset(&j->curl);
	if (!step->is_unsent)
		run_describe_curl(run, &j->curl);
	json_out_object(&j->out);
	json_out_key(&j->out, "calls");
	json_out_array(&j->out);
}

static void
close_entry(struct runner_json *j, struct run *run,
    const struct run_step *step)
{
	const struct flow *flow = run_script_flow(run_script_of(run));
	struct marking m = {j, run, step->entry};

	j->is_open = false;
	json_out_array_end(&j->out);
	json_out_key(&j->out, "asserts");
	json_out_array(&j->out);
	runner_marks_visit(run, step, mark_cb, &m);
	json_out_array_end(&j->out);
	put_captures(j, run, step, &flow->entries[step->entry - 1].response);
	put_errors(j, run, step);
	json_out_kv_str(&j->out, "curl_cmd", buf_str(&j->curl));
	put_place(j, flow, step->entry, step->line);
	json_out_kv_int(&j->out, "time", j->time / SPAN_MS);
	json_out_object_end(&j->out);
}

void
runner_json_step(struct runner_json *j, struct run *run,
    const struct run_step *step, struct response *response)
{
	if (!j->is_open)
		open_entry(j, run, step);
	/* Readers of Hurl's take it for granted that a call has an answer. */
	if (response != NULL)
		runner_json_call(j, run, step, response);
	j->time += step->timing.total;
	if (!step->is_followed)
		close_entry(j, run, step);
}

/* Cookies that the run ends with, without their values. */
static void
put_cookies(struct runner_json *j, const struct run *run)
{
	struct buf lines;
	char *rest, *line, *fields[7];
	size_t i;

	buf_init(&lines, RUNNER_JSON_TEXT_MOST_BYTES);
	run_cookies(run, &lines);
	json_out_key(&j->out, "cookies");
	json_out_array(&j->out);
	rest = lines.len > 0 ? lines.data : NULL;
	while (rest != NULL && (line = strsep(&rest, "\n")) != NULL) {
		if (strncmp(line, "#HttpOnly_", 10) == 0)
			line += 10;
		for (i = 0; i < NELEMS(fields); i++)
			if ((fields[i] = strsep(&line, "\t")) == NULL)
				break;
		if (i < NELEMS(fields))
			continue;
		json_out_object(&j->out);
		runner_json_put(j, run, "domain", fields[0]);
		json_out_kv_int(&j->out, "expires", strtoll(fields[4], NULL,
		    10));
		json_out_kv_bool(&j->out, "https",
		    strcmp(fields[3], "TRUE") == 0);
		json_out_kv_bool(&j->out, "include_subdomain",
		    strcmp(fields[1], "TRUE") == 0);
		runner_json_put(j, run, "name", fields[5]);
		runner_json_put(j, run, "path", fields[2]);
		json_out_kv_str(&j->out, "value", RUNNER_JSON_MASK);
		json_out_object_end(&j->out);
	}
	json_out_array_end(&j->out);
	buf_fini(&lines);
}

/* The entry in which a run ended before it was sent, from 1; 0: none is. */
static uint32_t
unsent_entry(const struct flow *flow, const struct run_result *result)
{
	const struct run_step *step = result->steps;
	const struct flow_entry *e;
	uint32_t i, found = 0;

	if (result->place.line == 0)
		return (0);
	/* The reason is that of a step, which is there. */
	for (; step < result->steps + result->step_count; step++)
		if (step->outcome == result->outcome &&
		    step->findings.count > 0 &&
		    step->findings.items[0].place.line == result->place.line)
			return (0);
	for (i = 0; i < flow->entry_count; i++) {
		e = &flow->entries[i];
		if (&flow->files[e->file] == result->file &&
		    e->place.line <= result->place.line)
			found = i + 1;
	}
	return (found);
}

/* Hurl has an entry for it, without a call. */
static void
put_unsent(struct runner_json *j, struct run *run,
    const struct run_result *result)
{
	const struct flow *flow = run_script_flow(run_script_of(run));
	uint32_t entry = unsent_entry(flow, result);
	struct buf text;
	struct runner_text t = {.out = &text};

	if (entry == 0)
		return;
	buf_init(&text, RUNNER_JSON_TEXT_MOST_BYTES);
	runner_text_reason(&t, run, result);
	json_out_object(&j->out);
	put_empty(j, "calls");
	put_empty(j, "asserts");
	put_empty(j, "captures");
	json_out_key(&j->out, "errors");
	json_out_array(&j->out);
	json_out_str_n(&j->out, buf_str(&text), text.len);
	json_out_array_end(&j->out);
	json_out_kv_str(&j->out, "curl_cmd", "curl");
	put_place(j, flow, entry, flow->entries[entry - 1].place.line);
	json_out_kv_int(&j->out, "time", 0);
	json_out_object_end(&j->out);
	buf_fini(&text);
}

int
runner_json_end(struct runner_json *j, struct run *run,
    const struct run_result *result, struct buf *out)
{
	const struct flow *flow = run_script_flow(run_script_of(run));

	/* A redirect was followed, and what came after was not sent. */
	if (j->is_open)
		close_entry(j, run, &result->steps[result->step_count - 1]);
	put_unsent(j, run, result);
	buf_append_str(out, "{\"entries\":[");
	buf_append(out, buf_str(&j->entries), j->entries.len);
	buf_append_str(out, "],");
	buf_reset(&j->entries);
	json_out_init(&j->out, &j->entries);
	put_cookies(j, run);
	json_out_kv_str(&j->out, "filename", flow->path);
	json_out_kv_bool(&j->out, "success",
	    result->outcome == OUTCOME_PASSED);
	json_out_kv_str(&j->out, "outcome", outcome_name(result->outcome));
	if (result->reason != NULL)
		runner_json_put_n(j, run, "reason", result->reason,
		    strlen(result->reason), result->is_reason_cut);
	json_out_kv_int(&j->out, "time", result->duration / SPAN_MS);
	buf_append(out, buf_str(&j->entries), j->entries.len);
	buf_append_char(out, '}');
	out->is_full |= j->entries.is_full;
	return (j->has_failed ? ERR_IO : 0);
}
