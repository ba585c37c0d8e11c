/* SPDX-License-Identifier: ISC */
/*
 * Walks over a flow's tree in the order of evaluation: which files it names,
 * and which variables must come from outside.
 */
#include "checks/flow_priv.h"

#include <stdlib.h>
#include <string.h>

typedef void visit_fn(const struct flow_mention *m, void *arg);
typedef void template_fn(const struct flow_template *t, void *arg);

static void
walk_pairs(const struct flow_pairs *pairs, template_fn *visit, void *arg)
{
	size_t i;

	for (i = 0; i < pairs->count; i++) {
		visit(&pairs->items[i].key, arg);
		visit(&pairs->items[i].value, arg);
	}
}

static void
walk_query(const struct flow_query *q, const struct flow_filters *f,
    template_fn *visit, void *arg)
{
	size_t i;

	visit(&q->argument, arg);
	for (i = 0; i < f->count; i++) {
		visit(&f->items[i].argument, arg);
		visit(&f->items[i].replacement, arg);
	}
}

static void
walk_request(const struct flow_request *r, template_fn *visit, void *arg)
{
	size_t i;

	visit(&r->url, arg);
	walk_pairs(&r->headers, visit, arg);
	walk_pairs(&r->query, visit, arg);
	walk_pairs(&r->form, visit, arg);
	for (i = 0; i < r->multipart_count; i++) {
		visit(&r->multipart[i].key, arg);
		visit(&r->multipart[i].value, arg);
		visit(&r->multipart[i].content_type, arg);
	}
	walk_pairs(&r->cookies, visit, arg);
	walk_pairs(&r->basic_auth, visit, arg);
	visit(&r->body.template, arg);
	visit(&r->body.variables, arg);
}

static void
walk_asserts(const struct flow_response *r, template_fn *visit, void *arg)
{
	const struct flow_assert *a;
	size_t i;

	walk_pairs(&r->headers, visit, arg);
	visit(&r->body.template, arg);
	visit(&r->body.variables, arg);
	for (i = 0; i < r->assert_count; i++) {
		a = &r->asserts[i];
		walk_query(&a->query, &a->filters, visit, arg);
		visit(&a->predicate.value.template, arg);
		if (a->predicate.value.body != NULL) {
			visit(&a->predicate.value.body->template, arg);
			visit(&a->predicate.value.body->variables, arg);
		}
	}
}

struct files {
	visit_fn *visit;
	void *arg;
	const struct flow_file *file; /* of the entry at hand */
};

/* Names with placeholders are known only when the flow runs. */
static void
visit_name(const struct files *f, const struct flow_template *t)
{
	if (t->count == 1 && !t->parts[0].is_placeholder)
		f->visit(&(struct flow_mention){t->parts[0].text, f->file,
		    t->place}, f->arg);
}

static void
visit_body(const struct files *f, const struct flow_body *body)
{
	if (body->kind == FLOW_BODY_FILE)
		visit_name(f, &body->template);
}

static void
visit_entry_files(const struct files *f, const struct flow_entry *e)
{
	const struct flow_value *v;
	size_t i;

	for (i = 0; i < e->request.option_count; i++)
		if (e->request.options[i].kind == FLOW_OPTION_CACERT ||
		    e->request.options[i].kind == FLOW_OPTION_CERT ||
		    e->request.options[i].kind == FLOW_OPTION_KEY ||
		    e->request.options[i].kind == FLOW_OPTION_NETRC_FILE)
			visit_name(f, &e->request.options[i].text);
	for (i = 0; i < e->request.multipart_count; i++)
		if (e->request.multipart[i].is_file)
			visit_name(f, &e->request.multipart[i].value);
	visit_body(f, &e->request.body);
	visit_body(f, &e->response.body);
	for (i = 0; i < e->response.assert_count; i++) {
		v = &e->response.asserts[i].predicate.value;
		if (v->kind == FLOW_VALUE_FILE)
			visit_name(f, &v->template);
	}
}

void
flow_visit_files(const struct flow *flow,
    void (*visit)(const struct flow_mention *m, void *arg), void *arg)
{
	struct files f = {.visit = visit, .arg = arg};
	size_t i;

	for (i = 0; i < flow->entry_count; i++) {
		f.file = &flow->files[flow->entries[i].file];
		visit_entry_files(&f, &flow->entries[i]);
	}
}

struct set_name {
	const char *name;
	UT_hash_handle hh;
};

struct reads {
	visit_fn *visit;
	void *arg;
	const struct flow_file *file; /* of the entry at hand */
	struct set_name *set; /* names that the flow has set so far */
	bool sets_unknown; /* a capture's name is itself a template */
};

static bool
is_set(const struct reads *r, const char *name)
{
	const struct set_name *item;

	HASH_FIND_STR(r->set, name, item);
	return (item != NULL);
}

static void
set_name(struct reads *r, const char *name)
{
	struct set_name *item;

	if (is_set(r, name))
		return;
	item = xcalloc(1, sizeof(*item));
	item->name = name;
	HASH_ADD_KEYPTR(hh, r->set, name, strlen(name), item);
}

static void
set_free(struct set_name **all)
{
	struct set_name *item, *next;

	HASH_ITER(hh, *all, item, next) {
		HASH_DEL(*all, item);
		free(item);
	}
}

static void
read_name(struct reads *r, const char *name, struct place place)
{
	if (!r->sets_unknown && !is_set(r, name))
		r->visit(&(struct flow_mention){name, r->file, place},
		    r->arg);
}

static void
read_template(const struct flow_template *t, void *arg)
{
	struct reads *r = arg;
	size_t i;

	for (i = 0; i < t->count; i++)
		if (t->parts[i].is_placeholder &&
		    t->parts[i].function == FLOW_VARIABLE)
			read_name(r, t->parts[i].text, t->parts[i].place);
}

static void
read_options(struct reads *r, const struct flow_request *request)
{
	const struct flow_option *o;
	size_t i;

	for (i = 0; i < request->option_count; i++) {
		o = &request->options[i];
		read_template(&o->text, r);
		read_template(&o->password, r);
		read_template(&o->variable_value.template, r);
		if (o->kind == FLOW_OPTION_VARIABLE)
			set_name(r, o->variable_name);
	}
}

static void
read_captures(struct reads *r, const struct flow_response *response)
{
	const struct flow_capture *c;
	size_t i;

	for (i = 0; i < response->capture_count; i++) {
		c = &response->captures[i];
		read_template(&c->name, r);
		walk_query(&c->query, &c->filters, read_template, r);
		if (c->name.count == 1 && !c->name.parts[0].is_placeholder)
			set_name(r, c->name.parts[0].text);
		else
			r->sets_unknown = true;
	}
}

void
flow_visit_variables(const struct flow *flow,
    void (*visit)(const struct flow_mention *m, void *arg), void *arg)
{
	struct reads r = {.visit = visit, .arg = arg};
	const struct flow_entry *e;
	size_t i;

	for (i = 0; i < flow->entry_count; i++) {
		e = &flow->entries[i];
		r.file = &flow->files[e->file];
		read_options(&r, &e->request);
		walk_request(&e->request, read_template, &r);
		read_captures(&r, &e->response);
		walk_asserts(&e->response, read_template, &r);
	}
	set_free(&r.set);
}
