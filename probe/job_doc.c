/* SPDX-License-Identifier: ISC */
/* The document of a job, read into what a run is started with. */
#include "probe/job_doc.h"

#include <stdlib.h>

#include "base/mem.h"

static bool
read_variable(const struct json *j, struct definition_variable *v)
{
	v->name = j->key;
	if (j->kind == JSON_STRING) {
		v->kind = DEFINITION_STRING;
		v->text = j->text;
	} else if (j->kind == JSON_NUMBER) {
		v->kind = DEFINITION_NUMBER;
		v->text = j->text;
	} else {
		v->kind = DEFINITION_BOOL;
		v->text = j->boolean ? "true" : "false";
	}
	return (j->kind == JSON_STRING || j->kind == JSON_NUMBER ||
	    j->kind == JSON_BOOL);
}

static const char *
read_variables(const struct json *j, struct job_doc *job)
{
	size_t i;

	if (j == NULL || j->kind == JSON_NULL)
		return (NULL);
	if (j->kind != JSON_OBJECT)
		return ("variables are not an object");
	job->variables = xcalloc(j->count + 1, sizeof(*job->variables));
	for (i = 0; i < j->count; i++)
		if (!read_variable(&j->items[i], &job->variables[i]))
			return ("a variable is no string, number or boolean");
	job->spec.variables = job->variables;
	job->spec.variable_count = j->count;
	return (NULL);
}

static const char *
read_job(const struct json *j, const char *location, struct job_doc *job)
{
	int64_t evidence = json_get_int(j, "evidence", 0);

	job->spec.location = json_get_str(j, "location", location);
	job->spec.trigger = json_get_str(j, "trigger", NULL);
	job->spec.due = json_get_int(j, "due_us", -1);
	if (job->spec.trigger == NULL || job->spec.due < 0)
		return ("trigger or due_us is missing");
	if (evidence < 0 || evidence > UINT32_MAX)
		return ("evidence is no entry");
	job->spec.evidence_entry = (uint32_t)evidence;
	return (read_variables(json_get(j, "variables"), job));
}

const char *
job_doc_decode(const char *text, size_t len, const char *location,
    struct job_doc *job)
{
	const char *why;

	*job = (struct job_doc){.json = NULL};
	if (json_parse(text, len, &json_limits_default, &job->json, NULL) != 0)
		return ("the job is no JSON document");
	why = read_job(json_root(job->json), location, job);
	if (why != NULL)
		job_doc_fini(job);
	return (why);
}

void
job_doc_fini(struct job_doc *job)
{
	free(job->variables);
	json_free(&job->json);
	*job = (struct job_doc){.json = NULL};
}
