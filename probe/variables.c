/* SPDX-License-Identifier: ISC */
/* Variables by name in a hash table, and every secret text ever set. */
#include "probe/variables.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "base/err.h"
#include "base/mem.h"

/* Every run has a table of its own, mostly of few variables. */
#undef HASH_INITIAL_NUM_BUCKETS
#undef HASH_INITIAL_NUM_BUCKETS_LOG2
#define HASH_INITIAL_NUM_BUCKETS 4U
#define HASH_INITIAL_NUM_BUCKETS_LOG2 2U

/* A shorter piece of a secret tells nothing, and stands everywhere. */
#define PIECE_LEAST_BYTES 4
#define RENDERED_MOST_BYTES 4096

struct variable {
	UT_hash_handle hh;
	struct value value;
	bool is_secret;
	char name[];
};

struct secret {
	struct secret *next;
	size_t len;
	char text[];
};

struct variables {
	struct variable *table;
	struct secret *secrets;
};

struct variables *
variables_new(void)
{
	return (xcalloc(1, sizeof(struct variables)));
}

void
variables_free(struct variables **vp)
{
	struct variables *v = *vp;
	struct variable *item, *next;
	struct secret *secret;

	if (v == NULL)
		return;
	HASH_ITER(hh, v->table, item, next) {
		HASH_DEL(v->table, item);
		value_release(&item->value);
		free(item);
	}
	while ((secret = v->secrets) != NULL) {
		v->secrets = secret->next;
		explicit_bzero(secret->text, secret->len);
		free(secret);
	}
	free(v);
	*vp = NULL;
}

static struct variable *
find(const struct variables *v, const char *name)
{
	struct variable *item;

	HASH_FIND_STR(v->table, name, item);
	return (item);
}

static struct variable *
find_or_add(struct variables *v, const char *name)
{
	struct variable *item = find(v, name);
	size_t len;

	if (item != NULL)
		return (item);
	len = strlen(name);
	item = xcalloc(1, sizeof(*item) + len + 1);
	memcpy(item->name, name, len);
	HASH_ADD_STR(v->table, name, item);
	return (item);
}

static void
remember_secret(struct variables *v, const char *text, size_t len)
{
	struct secret *s;

	if (len == 0 || variables_has_secret(v, text, len))
		return;
	s = xmalloc(sizeof(*s) + len);
	s->len = len;
	memcpy(s->text, text, len);
	s->next = v->secrets;
	v->secrets = s;
}

struct variables *
variables_copy(const struct variables *v)
{
	struct variables *copy = variables_new();
	const struct variable *item;
	const struct secret *s;
	struct variable *added;

	for (item = v->table; item != NULL; item = item->hh.next) {
		added = find_or_add(copy, item->name);
		added->value = value_hold(&item->value);
		added->is_secret = item->is_secret;
	}
	for (s = v->secrets; s != NULL; s = s->next)
		remember_secret(copy, s->text, s->len);
	return (copy);
}

void
variables_set(struct variables *v, const char *name, const struct value *value)
{
	struct variable *item = find_or_add(v, name);
	struct value held = value_hold(value);
	const char *text;
	size_t len;

	value_release(&item->value);
	item->value = held;
	if (item->is_secret && held.kind == VALUE_STRING) {
		text = value_text(&held, &len);
		remember_secret(v, text, len);
	}
}

void
variables_set_secret(struct variables *v, const char *name, const char *text,
    size_t len)
{
	struct variable *item = find_or_add(v, name);

	value_release(&item->value);
	item->value = value_string(text, len);
	item->is_secret = true;
	remember_secret(v, text, len);
}

/* All text in a value, as it is written out. */
static void
remember_value(struct variables *v, const struct value *value)
{
	const char *text;
	struct buf rendered;
	size_t i, len;

	if (value->kind == VALUE_STRING || value->kind == VALUE_BYTES) {
		text = value_text(value, &len);
		if (len >= PIECE_LEAST_BYTES)
			remember_secret(v, text, len);
		return;
	}
	for (i = 0; i < value_count(value); i++)
		remember_value(v, &value->shared->items[i]);
	if (value->kind == VALUE_BOOL || value->kind == VALUE_NULL ||
	    value_count(value) > 0)
		return;
	buf_init(&rendered, RENDERED_MOST_BYTES);
	if (value_render(value, &rendered) == 0 &&
	    rendered.len >= PIECE_LEAST_BYTES)
		remember_secret(v, rendered.data, rendered.len);
	buf_fini(&rendered);
}

void
variables_set_derived(struct variables *v, const char *name,
    const struct value *value)
{
	variables_set(v, name, value);
	find(v, name)->is_secret = true;
	remember_value(v, value);
}

bool
variables_has_secret(const struct variables *v, const char *text, size_t len)
{
	const struct secret *s;

	for (s = v->secrets; s != NULL; s = s->next)
		if (s->len == len && memcmp(s->text, text, len) == 0)
			return (true);
	return (false);
}

bool
variables_is_secret_part(const struct variables *v, const char *part,
    size_t part_len, const char *whole, size_t len)
{
	const struct secret *s;

	if (part_len < PIECE_LEAST_BYTES)
		return (false);
	for (s = v->secrets; s != NULL; s = s->next)
		if (part_len < s->len &&
		    memmem(s->text, s->len, part, part_len) != NULL &&
		    memmem(whole, len, s->text, s->len) != NULL)
			return (true);
	return (false);
}

const struct value *
variables_find(const struct variables *v, const char *name)
{
	const struct variable *item = find(v, name);

	return (item != NULL ? &item->value : NULL);
}

bool
variables_is_secret(const struct variables *v, const char *name)
{
	const struct variable *item = find(v, name);

	return (item != NULL && item->is_secret);
}

static bool
all_digits(const char *s)
{
	return (*s != '\0' && s[strspn(s, "0123456789")] == '\0');
}

/* [+-]digits in range of i64: what Hurl takes for an integer. */
static bool
parse_integer(const char *text, int64_t *out)
{
	const char *p = text + (*text == '+' || *text == '-');
	long long n;

	if (!all_digits(p))
		return (false);
	errno = 0;
	n = strtoll(text, NULL, 10);
	if (errno == ERANGE)
		return (false);
	*out = n;
	return (true);
}

static bool
is_word(const char *text, const char *a, const char *b)
{
	return (strcasecmp(text, a) == 0 ||
	    (b != NULL && strcasecmp(text, b) == 0));
}

/* [+-](digits[.digits][e[+-]digits] | inf | infinity | nan), any case. */
static bool
parse_float(const char *text, double *out)
{
	const char *p = text + (*text == '+' || *text == '-');
	size_t whole, fraction = 0;

	if (is_word(p, "inf", "infinity") || is_word(p, "nan", NULL)) {
		*out = strtod(text, NULL);
		return (true);
	}
	whole = strspn(p, "0123456789");
	p += whole;
	if (*p == '.') {
		fraction = strspn(++p, "0123456789");
		p += fraction;
	}
	if (whole + fraction == 0)
		return (false);
	if (*p == 'e' || *p == 'E') {
		p++;
		p += *p == '+' || *p == '-';
		if (!all_digits(p))
			return (false);
	} else if (*p != '\0')
		return (false);
	*out = strtod(text, NULL);
	return (true);
}

static int
value_from_text(const char *text, struct value *out)
{
	size_t len = strlen(text);
	int64_t n;
	double d;

	if (text[0] == '"') {
		if (len < 2 || text[len - 1] != '"')
			return (ERR_SYNTAX);
		*out = value_string(text + 1, len - 2);
	} else if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
		*out = value_bool(text[0] == 't');
	else if (strcmp(text, "null") == 0)
		*out = value_null();
	else if (parse_integer(text, &n))
		*out = value_integer(n);
	else if (all_digits(text))
		*out = value_number(text, len);
	else if (parse_float(text, &d))
		*out = value_float(d);
	else
		*out = value_string(text, len);
	return (0);
}

int
variables_set_text(struct variables *v, const char *name, const char *text)
{
	struct value value;
	int err;

	if ((err = value_from_text(text, &value)) != 0)
		return (err);
	variables_set(v, name, &value);
	value_release(&value);
	return (0);
}

void
variables_visit(const struct variables *v, void (*visit)(const char *name,
    const struct value *value, bool is_secret, void *arg), void *arg)
{
	const struct variable *item;

	for (item = v->table; item != NULL; item = item->hh.next)
		visit(item->name, &item->value, item->is_secret, arg);
}

void
variables_visit_secrets(const struct variables *v,
    void (*visit)(const char *text, size_t len, void *arg), void *arg)
{
	const struct secret *s;

	for (s = v->secrets; s != NULL; s = s->next)
		visit(s->text, s->len, arg);
}
