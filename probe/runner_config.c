/* SPDX-License-Identifier: ISC */
/*
 * Hurl's file of defaults. Options follow one another, each with its value
 * behind a blank or an equals sign, up to the end of the line or in quotes;
 * # begins a comment where an option could begin.
 */
#include "probe/runner_config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/must.h"
#include "base/utf8.h"

#define CONFIG_MOST_BYTES (1u << 20)
#define BLANKS " \t\r"

struct reader {
	const char *path;
	const char *text, *end; /* NUL-terminated */
	const char *p;
	struct arena *arena;
	struct runner_options *o;
	struct cause *cause;
	size_t header_cap;
};

static int
wrong(struct reader *r, const char *at, const char *sentence)
{
	struct place place = {.line = 1, .width = 1};
	const char *line = r->text, *p;

	for (p = r->text; p < at; p++)
		if (*p == '\n') {
			place.line++;
			line = p + 1;
		}
	place.column = (uint32_t)utf8_count(line, (size_t)(at - line)) + 1;
	cause_add_at(r->cause, r->path, place, r->text,
	    (size_t)(r->end - r->text), "%s", sentence);
	return (ERR_SYNTAX);
}

static void
skip_to_option(struct reader *r)
{
	for (;;) {
		r->p += strspn(r->p, BLANKS "\n");
		if (*r->p != '#')
			return;
		r->p += strcspn(r->p, "\n");
	}
}

static int
read_no_value(struct reader *r)
{
	r->p += strspn(r->p, BLANKS);
	if (*r->p != '\0' && *r->p != '\n' && *r->p != '#')
		return (wrong(r, r->p, "this option has no value"));
	return (0);
}

static int
read_quoted(struct reader *r, const char **out)
{
	const char *from = r->p + 1, *to = strchr(from, '"');

	if (to == NULL)
		return (wrong(r, r->p, "the closing quote is missing"));
	*out = arena_strndup(r->arena, from, (size_t)(to - from));
	r->p = to + 1;
	return (0);
}

/* The value of the option that ends at r->p; *at is where it begins. */
static int
read_value(struct reader *r, const char **at, const char **out)
{
	size_t len = strspn(r->p, " \t");

	if (len == 0 && *r->p != '=')
		return (wrong(r, r->p, "a value is expected, behind a blank "
		    "or '='"));
	r->p += len > 0 ? len : 1;
	*at = r->p;
	if (*r->p == '"')
		return (read_quoted(r, out));
	r->p += strspn(r->p, BLANKS);
	for (len = strcspn(r->p, "\n"); len > 0 &&
	    strchr(BLANKS, r->p[len - 1]) != NULL; len--)
		;
	*out = arena_strndup(r->arena, r->p, len);
	r->p += strcspn(r->p, "\n");
	return (0);
}

static int
take_verbose(struct reader *r)
{
	r->o->verbosity = RUNNER_VERBOSE;
	return (read_no_value(r));
}

static int
take_header(struct reader *r)
{
	struct option_list *list = &r->o->config_headers;
	const char *at, *value, **items;
	int err;

	if ((err = read_value(r, &at, &value)) != 0)
		return (err);
	if (strchr(value, ':') == NULL)
		return (wrong(r, at, "NAME: VALUE is expected"));
	if (list->count == r->header_cap) {
		r->header_cap = r->header_cap * 2 + 8;
		items = arena_calloc(r->arena, r->header_cap, sizeof(*items));
		if (list->count > 0)
			memcpy(items, list->items,
			    list->count * sizeof(*items));
		list->items = items;
	}
	list->items[list->count++] = value;
	return (0);
}

static int
take_max_redirs(struct reader *r)
{
	const char *at, *value;
	long long n;
	char *end;
	int err;

	if ((err = read_value(r, &at, &value)) != 0)
		return (err);
	n = strtoll(value, &end, 10);
	if (end == value || *end != '\0' || n < -1 || n > 1000000)
		return (wrong(r, at, "a number from -1 to 1000000 is "
		    "expected"));
	r->o->max_redirects = n;
	return (0);
}

static int
take_user_agent(struct reader *r)
{
	const char *at;

	return (read_value(r, &at, &r->o->user_agent));
}

static const struct {
	const char *name;
	int (*take)(struct reader *r);
} options[] = {
	{"header", take_header},
	{"max-redirs", take_max_redirs},
	{"user-agent", take_user_agent},
	{"verbose", take_verbose}
};

static int
read_option(struct reader *r)
{
	const char *at = r->p;
	size_t i, len;

	if (strncmp(r->p, "--", 2) != 0)
		return (wrong(r, at, "an option is expected, such as "
		    "--verbose"));
	r->p += 2;
	len = strspn(r->p, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");
	for (i = 0; i < NELEMS(options); i++)
		if (strlen(options[i].name) == len &&
		    strncmp(r->p, options[i].name, len) == 0) {
			r->p += len;
			return (options[i].take(r));
		}
	return (wrong(r, at, "header, max-redirs, user-agent and verbose are "
	    "what this file may set"));
}

int
runner_config_parse(struct runner_config *c, const char *path,
    const char *text, size_t len, struct runner_options *o)
{
	struct reader r = {.path = path, .text = text, .end = text + len,
	    .p = text, .arena = &c->texts, .o = o, .cause = &c->cause};
	size_t bad = utf8_check(text, len);
	int err = 0;

	if (bad < len)
		return (wrong(&r, text + bad, "this is not UTF-8"));
	if (memchr(text, '\0', len) != NULL)
		return (wrong(&r, strchr(text, '\0'), "this is no text"));
	for (skip_to_option(&r); err == 0 && r.p < r.end;
	    skip_to_option(&r))
		err = read_option(&r);
	return (err);
}

static char *
config_path(void)
{
	const char *dir = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	if (dir != NULL && *dir != '\0')
		return (file_join(dir, "hurl/config"));
	if (home != NULL && *home != '\0')
		return (file_join(home, "config/hurl/config"));
	return (NULL);
}

void
runner_config_load(struct runner_config *c, struct runner_options *o)
{
	char *path = config_path(), *text;
	size_t len;

	arena_init(&c->texts, 0);
	cause_init(&c->cause);
	if (path != NULL && access(path, F_OK) == 0) {
		if (file_read(path, CONFIG_MOST_BYTES, &text, &len) == 0) {
			(void)runner_config_parse(c, path, text, len, o);
			free(text);
		} else
			cause_add_at(&c->cause, path, (struct place){0}, NULL,
			    0, "this file of defaults cannot be read");
	}
	free(path);
}

void
runner_config_fini(struct runner_config *c)
{
	arena_fini(&c->texts);
	cause_fini(&c->cause);
}

void
runner_config_check(const struct program *p, struct runner_config *c)
{
	if (c->cause.error_count == 0)
		return;
	cause_print(&c->cause, stderr);
	exit(p->usage_code);
}
