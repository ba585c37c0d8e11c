/* SPDX-License-Identifier: ISC */
/* Which path shows what. */
#include "web/route.h"

#include <string.h>

#include "base/err.h"
#include "web/api.h"
#include "web/metrics.h"
#include "web/pages.h"

static const struct route {
	const char *path;       /* ends with "/": a prefix */
	answer_handler *handler;
	bool is_page;           /* for people: errors are pages too */
} routes[] = {
    {"/", page_checks, true},
    {"/checks/", page_check, true},
    {"/runs", page_runs, true},
    {"/runs/", page_run, true},
    {"/gates", page_gates, true},
    {"/gates/", page_gate, true},
    {"/api/v1/checks", api_checks, false},
    {"/api/v1/runs", api_runs, false},
    {"/api/v1/runs/", api_run, false},
    {"/api/v1/gates", api_gates, false},
    {"/api/v1/gates/", api_gate, false},
    {"/healthz", api_health, false},
    {"/metrics", metrics_show, false},
};

static const struct route *
route_find(const char *path, const char **rest)
{
	const struct route *r;
	size_t len;

	for (r = routes; r < routes + NELEMS(routes); r++) {
		len = strlen(r->path);
		*rest = path + len;
		if (strcmp(r->path, path) == 0 && (len == 1 ||
		    path[len - 1] != '/'))
			return (r);
		if (len > 1 && r->path[len - 1] == '/' &&
		    strncmp(r->path, path, len) == 0 && path[len] != '\0')
			return (r);
	}
	return (NULL);
}

void
route_answer(struct answer *a, struct source *source)
{
	const struct route *r = route_find(a->path, &a->rest);
	struct cause cause;
	const char *why;
	int err;

	if (r == NULL && strncmp(a->path, "/api/", 5) == 0) {
		answer_fail(a, 404, "there is nothing at %s", a->path);
		return;
	}
	if (r == NULL) {
		answer_fail_page(a, 404, "Not found",
		    "There is nothing at this address.");
		return;
	}
	cause_init(&cause);
	a->query = source_get(source, &err, &cause);
	why = cause.count > 0 ? cause.entries[0].sentence : err_text(err);
	if (a->query != NULL)
		r->handler(a);
	else if (r->is_page)
		answer_fail_page(a, 503, err == ERR_NOT_FOUND ?
		    "No runs yet" : "The store cannot be read", why);
	else
		answer_fail(a, 503, "%s", why);
	cause_fini(&cause);
	/* A page that does not fit would be cut in the middle. */
	if (a->out.is_full)
		answer_fail(a, 500, "the answer is too large: ask for less");
}
