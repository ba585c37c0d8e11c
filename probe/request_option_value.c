/* SPDX-License-Identifier: ISC */
/*
 * The values of [Options]: as they stand in the flow or as a variable has
 * them, and files below the flow's folder.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/file.h"
#include "probe/request_priv.h"
#include "probe/template.h"

int
option_refuse(struct options_maker *om, const char *why)
{
	findings_add(&om->refused, FINDING_DEFINITION, om->option->place,
	    NULL, NULL, "option '%s' %s",
	    flow_option_name(om->option->kind), why);
	return (0);
}

static int
wrong_type(struct options_maker *om, const struct value *v, const char *want)
{
	struct buf actual;

	buf_init(&actual, 4096);
	value_describe(v, &actual);
	findings_add(om->m->findings, FINDING_DEFINITION,
	    om->option->text.parts[0].place, xstrdup(want),
	    buf_take(&actual, NULL),
	    "option '%s' is not %s", flow_option_name(om->option->kind), want);
	return (ERR_TYPE);
}

static int
placeholder(struct options_maker *om, struct value *v)
{
	return (template_value(&om->option->text, om->m->scope, v,
	    om->m->findings));
}

int
option_bool(struct options_maker *om, bool *out)
{
	struct value v;
	int err = 0;

	if (!om->option->is_placeholder) {
		*out = om->option->boolean;
		return (0);
	}
	if ((err = placeholder(om, &v)) != 0)
		return (err);
	if (v.kind == VALUE_BOOL)
		*out = v.boolean;
	else
		err = wrong_type(om, &v, "a boolean");
	value_release(&v);
	return (err);
}

int
option_integer(struct options_maker *om, int64_t least, const char *want,
    int64_t *out)
{
	struct value v;
	int err = 0;

	if (!om->option->is_placeholder) {
		*out = om->option->integer;
		return (0);
	}
	if ((err = placeholder(om, &v)) != 0)
		return (err);
	if (v.kind == VALUE_INTEGER && v.integer >= least)
		*out = v.integer;
	else
		err = wrong_type(om, &v, want);
	value_release(&v);
	return (err);
}

int
option_duration(struct options_maker *om, span_us *out)
{
	int64_t n, unit = om->option->unit_us;
	int err;

	if (!om->option->is_placeholder) {
		*out = om->option->integer;
		return (0);
	}
	if ((err = option_integer(om, 0, "a positive integer", &n)) != 0)
		return (err);
	if (unit <= 0)
		unit = SPAN_MS;
	*out = n > 366 * SPAN_DAY / unit ? 366 * SPAN_DAY : n * unit;
	return (0);
}

int
option_text(struct options_maker *om, const struct flow_template *t,
    const char **out)
{
	struct request_maker *m = om->m;
	int err;

	buf_reset(m->scratch);
	if ((err = template_render(t, m->scope, m->scratch,
	    m->findings)) != 0)
		return (err);
	if (m->scratch->len > 0 &&
	    memchr(m->scratch->data, '\0', m->scratch->len) != NULL)
		(void)option_refuse(om, "holds a NUL");
	*out = arena_strndup(m->arena, buf_str(m->scratch), m->scratch->len);
	return (0);
}

int
option_string(struct options_maker *om, const char **out)
{
	return (option_text(om, &om->option->text, out));
}

static bool
is_regular(const char *path)
{
	struct stat st;

	return (stat(path, &st) == 0 && S_ISREG(st.st_mode));
}

int
option_find_file(struct options_maker *om, const char *name, const char **out)
{
	const struct scope *scope = om->m->scope;
	char *path = NULL;
	int err = file_resolve_below(scope->file_root, name, &path);

	if (err != 0 && scope->may_read_any_file)
		path = realpath(name, NULL);
	else if (path != NULL && !is_regular(path)) {
		/* A pipe would hold up the loop. */
		free(path);
		path = NULL;
	}
	if (path == NULL) {
		findings_add(&om->refused, FINDING_DEFINITION,
		    om->option->value_place, NULL, NULL, err == ERR_LIMIT ?
		    "file '%s' is outside the flow's directory" :
		    "file '%s' cannot be read", name);
		return (0);
	}
	*out = arena_strndup(om->m->arena, path, strlen(path));
	free(path);
	return (0);
}

int
option_file(struct options_maker *om, const char **out)
{
	const char *name;
	int err;

	if ((err = option_string(om, &name)) != 0)
		return (err);
	return (option_find_file(om, name, out));
}
