/* SPDX-License-Identifier: ISC */
/*
 * The document of a job: it is refused with a sentence, or it has all that a
 * run is started with; written as the scheduler writes it, it reads the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json_out.h"
#include "base/must.h"
#include "probe/job_doc.h"

#define MOST_BYTES (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
encode_variables(const struct run_spec *spec, struct json_out *o)
{
	const struct definition_variable *v = spec->variables;

	json_out_key(o, "variables");
	json_out_object(o);
	for (; v < spec->variables + spec->variable_count; v++) {
		json_out_key_n(o, v->name, strlen(v->name));
		if (v->kind == DEFINITION_STRING)
			json_out_str(o, v->text);
		else
			json_out_raw(o, v->text, strlen(v->text));
	}
	json_out_object_end(o);
}

static void
encode(const struct run_spec *spec, struct buf *out)
{
	struct json_out o;

	json_out_init(&o, out);
	json_out_object(&o);
	json_out_kv_str(&o, "location", spec->location);
	json_out_kv_int(&o, "due_us", spec->due);
	json_out_kv_str(&o, "trigger", spec->trigger);
	json_out_kv_int(&o, "evidence", spec->evidence_entry);
	if (spec->variables != NULL)
		encode_variables(spec, &o);
	json_out_object_end(&o);
}

static void
check_same(const struct run_spec *a, const struct run_spec *b)
{
	size_t i;

	must(strcmp(a->location, b->location) == 0);
	must(strcmp(a->trigger, b->trigger) == 0 && a->due == b->due);
	must(a->evidence_entry == b->evidence_entry);
	must(a->variable_count == b->variable_count);
	for (i = 0; i < a->variable_count; i++) {
		must(a->variables[i].kind == b->variables[i].kind);
		must(strcmp(a->variables[i].name, b->variables[i].name) == 0);
		must(strcmp(a->variables[i].text, b->variables[i].text) == 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct job_doc job, again;
	const char *why;
	struct buf out;

	if (size > MOST_BYTES)
		return (0);
	why = job_doc_decode((const char *)data, size, "here", &job);
	if (why != NULL) {
		must(*why != '\0' && job.json == NULL);
		must(job.variables == NULL);
		return (0);
	}
	must(job.spec.due >= 0);
	buf_init(&out, 16 * MOST_BYTES);
	encode(&job.spec, &out);
	must(job_doc_decode(out.data, out.len, "there", &again) == NULL);
	check_same(&job.spec, &again.spec);
	buf_fini(&out);
	job_doc_fini(&again);
	job_doc_fini(&job);
	return (0);
}
