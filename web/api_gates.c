/* SPDX-License-Identifier: ISC */
/* Gates for pipelines and people: their verdicts, and whole documents. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/json_out.h"
#include "store/query.h"
#include "web/api.h"

#define GATES_MOST 200

/* Members of the gate document that the list has, as they are there. */
static const char *const told[] = {"gate", "service", "verdict", "reason",
    "cause", "ended_by", "exit_code", "observe", "overrides", "started_us",
    "finished_us", "round_count", "candidate", "baseline", "evidence",
    "counts", "regressions", "first_failure"};

/* Which gates are asked for, and the answer on its way. */
struct gate_list {
	const char *service, *version, *verdict; /* NULL: any */
	bool has_unfinished;
	size_t left;
	struct json_out out;
};

static bool
is_same(const char *wanted, const char *is)
{
	return (wanted == NULL || (is != NULL && strcmp(wanted, is) == 0));
}

static bool
is_wanted(const struct gate_list *l, const struct query_gate *g,
    const struct json *root)
{
	if (!is_same(l->service, g->service) ||
	    !is_same(l->verdict, g->verdict))
		return (false);
	if (!l->has_unfinished && is_same("unfinished", g->verdict))
		return (false);
	return (is_same(l->version, json_get_str(json_get(root, "candidate"),
	    "version", NULL)));
}

static void
write_gate(struct json_out *o, const struct query_gate *g,
    const struct json *root)
{
	const struct json *member;
	size_t i;

	json_out_object(o);
	for (i = 0; i < NELEMS(told); i++) {
		member = json_get(root, told[i]);
		if (member == NULL)
			continue;
		json_out_key(o, told[i]);
		json_out_raw(o, g->document + member->start,
		    member->end - member->start);
	}
	json_out_kv_int(o, "stored_us", g->stored_us);
	json_out_object_end(o);
}

static bool
gate_cb(const struct query_gate *g, void *arg)
{
	struct gate_list *l = arg;
	struct json_doc *doc;

	if (json_parse(g->document, strlen(g->document),
	    &json_limits_default, &doc, NULL) != 0)
		return (true);
	if (is_wanted(l, g, json_root(doc))) {
		write_gate(&l->out, g, json_root(doc));
		l->left--;
	}
	json_free(&doc);
	return (l->left > 0);
}

void
api_gates(struct answer *a)
{
	struct query_runs filter;
	char *wrong = answer_filter(a, GATES_MOST, &filter);
	struct gate_list l = {
	    .service = answer_param(a, "service"),
	    .version = answer_param(a, "version"),
	    .verdict = answer_param(a, "verdict"),
	    .has_unfinished = answer_param(a, "unfinished") != NULL};

	if (wrong != NULL) {
		answer_fail(a, 400, "%s", wrong);
		free(wrong);
		return;
	}
	l.left = filter.limit;
	json_out_init(&l.out, &a->out);
	json_out_object(&l.out);
	json_out_key(&l.out, "gates");
	json_out_array(&l.out);
	if (query_gates(a->query, filter.since, SIZE_MAX >> 1, gate_cb,
	    &l) != 0) {
		answer_fail(a, 503, "%s", query_reason(a->query));
		return;
	}
	json_out_array_end(&l.out);
	json_out_object_end(&l.out);
	buf_append_char(&a->out, '\n');
}

void
api_gate(struct answer *a)
{
	switch (query_gate_document(a->query, a->rest, &a->out)) {
	case 0:
	case ERR_LIMIT: /* said by who looks at the answer's size */
		return;
	case ERR_SYNTAX:
		answer_fail(a, 400, "a gate's id is 4 to 32 hex digits");
		return;
	case ERR_EXISTS:
		answer_fail(a, 400, "several gates begin with %s", a->rest);
		return;
	case ERR_NOT_FOUND:
		answer_fail(a, 404, "there is no gate %s", a->rest);
		return;
	default:
		answer_fail(a, 503, "%s", query_reason(a->query));
	}
}
