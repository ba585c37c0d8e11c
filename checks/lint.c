/* SPDX-License-Identifier: ISC */
/*
 * Linting: manifests are loaded as for a plan, with warnings, and then every
 * flow that no check uses is read for itself.
 */
#include "checks/lint.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/json_out.h"
#include "checks/plan_priv.h"

#define JSON_MOST_BYTES (64u << 20)

struct lint {
	struct plan_loader loader;
	bool is_in_plan; /* whole manifests are there: flows should be used */
};

static bool
has_ending(const char *s, const char *ending)
{
	size_t len = strlen(s), tail = strlen(ending);

	return (len > tail && strcmp(s + len - tail, ending) == 0);
}

static void
lint_flow(struct lint *lt, const char *file)
{
	struct plan_loader *l = &lt->loader;
	struct plan_flow_entry *e;
	char *real = realpath(file, NULL), *sentence = NULL;

	if (real == NULL) {
		cause_add_at(l->cause, file, (struct place){0}, NULL, 0,
		    "cannot be read: %s", strerror(errno));
		return;
	}
	HASH_FIND_STR(l->flows, real, e);
	if (e == NULL) {
		e = plan_flow_get(l, real, file, file, &sentence);
		if (e == NULL)
			cause_add_at(l->cause, file, (struct place){0}, NULL,
			    0, "%s", sentence);
		else if (lt->is_in_plan && e->flow != NULL &&
		    !plan_is_included(l, real))
			cause_warn_at(l->cause, file, (struct place){0},
			    NULL, 0, "no check uses this flow");
	}
	free(sentence);
	free(real);
}

static void
flow_cb(const char *file, void *arg)
{
	if (has_ending(file, ".hurl"))
		lint_flow(arg, file);
}

static bool
is_directory(const char *path)
{
	struct stat st;

	return (stat(path, &st) == 0 && S_ISDIR(st.st_mode));
}

void
lint_paths(const char *const *paths, size_t count, struct cause *cause,
    struct lint_counts *counts)
{
	struct lint lt = {.is_in_plan = false};
	size_t i;

	plan_loader_init(&lt.loader, cause);
	lt.loader.wants_warnings = true;
	for (i = 0; i < count; i++)
		if (is_directory(paths[i]) || !has_ending(paths[i], ".hurl"))
			plan_loader_add(&lt.loader, paths[i]);
	for (i = 0; i < count; i++) {
		lt.is_in_plan = lt.loader.manifest_count > 0 &&
		    is_directory(paths[i]) && cause->error_count == 0;
		if (is_directory(paths[i]))
			plan_walk(cause, paths[i], flow_cb, &lt);
		else if (has_ending(paths[i], ".hurl"))
			lint_flow(&lt, paths[i]);
	}
	*counts = (struct lint_counts){
		.manifests = HASH_COUNT(lt.loader.files),
		.checks = lt.loader.checks_seen,
		.flows = HASH_COUNT(lt.loader.flows),
		.errors = cause->error_count,
		.warnings = cause->count + cause->dropped -
		    cause->error_count
	};
	plan_loader_fini(&lt.loader);
	if (counts->manifests == 0 && counts->flows == 0 &&
	    counts->errors == 0) {
		cause_add(cause, "there is nothing to look at: no manifest "
		    "(*.yaml, *.yml) and no flow (*.hurl)");
		counts->errors++;
	}
}

static void
put_count(FILE *fp, size_t n, const char *what, const char *end)
{
	fprintf(fp, "%zu %s%s%s", n, what, n == 1 ? "" : "s", end);
}

void
lint_print_table(struct cause *cause, const struct lint_counts *counts,
    FILE *fp)
{
	cause_print(cause, fp);
	put_count(fp, counts->manifests, "manifest", ", ");
	put_count(fp, counts->checks, "check", ", ");
	put_count(fp, counts->flows, "flow", ": ");
	put_count(fp, counts->errors, "mistake", ", ");
	put_count(fp, counts->warnings, "warning", "\n");
}

static void
put_entry(const struct cause_entry *e, struct json_out *o)
{
	json_out_object(o);
	json_out_kv_str(o, "severity", e->is_warning ? "warning" : "error");
	json_out_kv_str(o, "file", e->file);
	if (e->place.line > 0) {
		json_out_kv_int(o, "line", e->place.line);
		json_out_kv_int(o, "column", e->place.column);
		json_out_kv_int(o, "width", e->place.width);
	}
	json_out_kv_str(o, "message", e->sentence);
	json_out_kv_str(o, "source", e->source);
	json_out_object_end(o);
}

void
lint_print_json(struct cause *cause, const struct lint_counts *counts,
    FILE *fp)
{
	struct json_out o;
	struct buf b;
	size_t i;

	cause_sort(cause);
	buf_init(&b, JSON_MOST_BYTES);
	json_out_init(&o, &b);
	json_out_object(&o);
	json_out_key(&o, "findings");
	json_out_array(&o);
	for (i = 0; i < cause->count; i++)
		put_entry(&cause->entries[i], &o);
	json_out_array_end(&o);
	json_out_kv_int(&o, "manifests", (int64_t)counts->manifests);
	json_out_kv_int(&o, "checks", (int64_t)counts->checks);
	json_out_kv_int(&o, "flows", (int64_t)counts->flows);
	json_out_kv_int(&o, "errors", (int64_t)counts->errors);
	json_out_kv_int(&o, "warnings", (int64_t)counts->warnings);
	json_out_object_end(&o);
	fprintf(fp, "%s\n", buf_str(&b));
	buf_fini(&b);
}
