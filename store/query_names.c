/* SPDX-License-Identifier: ISC */
/*
 * Names on e2e-query's command line that nothing in the store has. An empty
 * table for a name with a slip in it would read as "nothing fails".
 */
#include <stdlib.h>
#include <string.h>

#include "base/cause.h"
#include "base/err.h"
#include "base/mem.h"
#include "store/query_command.h"

static int
list_checks(struct query *q, const struct query_which *which, wall_us now,
    struct query_check **list, size_t *n)
{
	struct query_which w = *which;

	w.has_unplanned = true;
	return (query_checks(q, &w, now, now, list, n));
}

/* Checks are named with their service; who left it out is told. */
static const char *
find_without_service(const char *name, const char *const *names, size_t n)
{
	const char *slash;
	size_t i;

	for (i = 0; i < n; i++)
		if ((slash = strchr(names[i], '/')) != NULL &&
		    strcmp(slash + 1, name) == 0)
			return (names[i]);
	return (NULL);
}

/* What was meant by a name: that of a check, or of a service. */
static void
say_unknown(const char *option, const char *name,
    const struct query_check *list, size_t n, struct cause *c)
{
	const char **names = xcalloc(n + 1, sizeof(*names)), *near;
	size_t i;

	for (i = 0; i < n; i++)
		names[i] = strcmp(option, "check") == 0 ? list[i].check :
		    list[i].service;
	near = find_without_service(name, names, n);
	if (near == NULL)
		near = cause_suggest(name, names, n);
	cause_add(c, "--%s: nothing in the store has the name '%s'%s%s%s",
	    option, name, near != NULL ? ", did you mean '" : "",
	    near != NULL ? near : "", near != NULL ? "'?" : "");
	free(names);
}

/* Whether the name, for itself, matches something: 0 or ERR_NOT_FOUND. */
static int
look(struct query *q, const char *option, const char *name,
    const struct query_which *which, wall_us now, struct cause *c)
{
	static const struct query_which all;
	struct query_check *list = NULL;
	size_t n = 0;
	int rc;

	if (name == NULL)
		return (0);
	if ((rc = list_checks(q, which, now, &list, &n)) != 0 || n > 0) {
		query_checks_free(&list, n);
		return (rc);
	}
	query_checks_free(&list, n);
	if ((rc = list_checks(q, &all, now, &list, &n)) == 0) {
		say_unknown(option, name, list, n, c);
		query_checks_free(&list, n);
		rc = ERR_NOT_FOUND;
	}
	return (rc);
}

int
query_names_check(struct query *q, const struct query_values *v, wall_us now,
    struct cause *c)
{
	struct query_which check = {.check = v->check};
	struct query_which service = {.service = v->service};
	int rc = look(q, "check", v->check, &check, now, c);

	return (rc != 0 ? rc : look(q, "service", v->service, &service, now,
	    c));
}
