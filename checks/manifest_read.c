/* SPDX-License-Identifier: ISC */
/* Reading a map of a manifest by the table of its keys. */
#include "checks/manifest.h"

#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "checks/definition_priv.h"
#include "checks/flow.h"
#include "checks/hosts.h"

#define TEXT_MOST_BYTES 4000

static const struct manifest_row *
find_row(const struct manifest_table *t, const char *name)
{
	size_t i;

	for (i = 0; i < t->count; i++)
		if (strcmp(t->rows[i].name, name) == 0)
			return (&t->rows[i]);
	return (NULL);
}

static void
unknown_key(const struct manifest_source *s, const struct manifest_table *t,
    const struct manifest_node *key)
{
	const char *names[32], *near;
	size_t i;

	must(t->count <= NELEMS(names));
	for (i = 0; i < t->count; i++)
		names[i] = t->rows[i].name;
	near = cause_suggest(key->text, names, t->count);
	if (near != NULL)
		manifest_wrong(s, key->place, "unknown key '%s' in %s, did "
		    "you mean '%s'?", key->text, t->what, near);
	else
		manifest_wrong(s, key->place, "unknown key '%s' in %s",
		    key->text, t->what);
}

static bool
is_nothing(const struct manifest_node *n)
{
	return (n->kind == MANIFEST_SCALAR && n->is_plain && (n->len == 0 ||
	    strcmp(n->text, "~") == 0 || strcmp(n->text, "null") == 0));
}

/* Say what was expected; returns false. */
static bool
expect(const struct manifest_source *s, const char *name,
    const struct manifest_node *n, const char *what)
{
	if (is_nothing(n))
		manifest_wrong(s, n->key != NULL ? n->key->place : n->place,
		    "'%s' has no value; it wants %s", name, what);
	else
		manifest_wrong(s, n->place, "'%s' wants %s", name, what);
	return (false);
}

static bool
is_name(const char *s)
{
	size_t len = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789._-");

	return (len > 0 && len <= DEFINITION_NAME_MOST && s[len] == '\0' &&
	    *s != '.' && *s != '-');
}

static bool
read_name(const struct manifest_source *s, const struct manifest_row *row,
    const struct manifest_node *n)
{
	if (n->kind == MANIFEST_SCALAR && !is_nothing(n) && is_name(n->text))
		return (true);
	return (expect(s, row->name, n, "a name of letters, digits, '.', '_' "
	    "and '-', at most 100"));
}

static bool
read_text(const struct manifest_source *s, const struct manifest_row *row,
    const struct manifest_node *n)
{
	size_t i;

	if (n->kind != MANIFEST_SCALAR || is_nothing(n) || n->len == 0 ||
	    n->len > TEXT_MOST_BYTES)
		return (expect(s, row->name, n, n->len > TEXT_MOST_BYTES ?
		    "a text of at most 4000 bytes" : "a text"));
	for (i = 0; i < n->len; i++)
		if ((unsigned char)n->text[i] < ' ')
			return (expect(s, row->name, n, "a text of one line"));
	return (true);
}

static bool
read_bool(const struct manifest_source *s, const struct manifest_row *row,
    const struct manifest_node *n, int64_t *out)
{
	if (n->kind == MANIFEST_SCALAR && n->is_plain) {
		*out = strcmp(n->text, "true") == 0;
		if (*out || strcmp(n->text, "false") == 0)
			return (true);
	}
	return (expect(s, row->name, n, "true or false"));
}

/* Like clock_format_span, but in the unit and form of a manifest. */
static void
format_span(span_us t, char *out, size_t size)
{
	static const struct {
		span_us us;
		const char *name;
	} units[] = {{SPAN_DAY, "d"}, {SPAN_H, "h"}, {SPAN_MIN, "m"},
	    {SPAN_S, "s"}, {SPAN_MS, "ms"}, {1, "us"}};
	size_t i = 0;

	while (t % units[i].us != 0)
		i++;
	snprintf(out, size, "%lld%s", (long long)(t / units[i].us),
	    units[i].name);
}

static void
format_bytes(int64_t n, char *out, size_t size)
{
	if (n > 0 && n % (1 << 20) == 0)
		snprintf(out, size, "%lldMiB", (long long)n >> 20);
	else if (n > 0 && n % 1024 == 0)
		snprintf(out, size, "%lldKiB", (long long)n >> 10);
	else
		snprintf(out, size, "%lld", (long long)n);
}

void
manifest_format_bound(const struct manifest_row *row, int64_t n, char *out,
    size_t size)
{
	if (row->type == MANIFEST_SPAN)
		format_span(n, out, size);
	else if (row->type == MANIFEST_BYTES)
		format_bytes(n, out, size);
	else if (row->type == MANIFEST_PERCENT && n % 100 == 0)
		snprintf(out, size, "%lld%%", (long long)n / 100);
	else if (row->type == MANIFEST_PERCENT)
		snprintf(out, size, "%lld.%02lld%%", (long long)n / 100,
		    (long long)n % 100);
	else
		snprintf(out, size, "%lld", (long long)n);
}

static bool
out_of_range(const struct manifest_source *s, const struct manifest_row *row,
    const struct manifest_node *n)
{
	char low[32], high[32];

	manifest_format_bound(row, row->min, low, sizeof(low));
	manifest_format_bound(row, row->max, high, sizeof(high));
	manifest_wrong(s, n->place, "'%s' must be from %s to %s", row->name,
	    low, high);
	return (false);
}

static bool
read_span(const struct manifest_source *s, const struct manifest_row *row,
    const struct manifest_node *n, int64_t *out)
{
	int rc = ERR_SYNTAX;

	/* A bare number is refused: nobody should have to guess its unit. */
	if (n->kind == MANIFEST_SCALAR && n->len > 0 &&
	    strspn(n->text, "0123456789") < n->len)
		rc = clock_parse_span(n->text, SPAN_S, out);
	if (rc == ERR_SYNTAX)
		return (expect(s, row->name, n,
		    "a duration such as 500ms, 30s, 5m or 28d"));
	if (rc == 0 && *out >= row->min && *out <= row->max)
		return (true);
	return (out_of_range(s, row, n));
}

/* Digits into a number that stops growing far above every bound. */
static const char *
read_digits(const char *p, int64_t *out)
{
	int64_t n = 0;

	for (; *p >= '0' && *p <= '9'; p++)
		if (n < (int64_t)1 << 50)
			n = n * 10 + *p - '0';
	*out = n;
	return (p);
}

static bool
read_percent(const struct manifest_source *s, const struct manifest_row *row,
    const struct manifest_node *n, int64_t *out)
{
	static const char what[] = "a percentage such as 99.9%, with at most "
	    "two digits after the point";
	int64_t whole, part = 0;
	const char *p, *point;

	if (n->kind != MANIFEST_SCALAR || n->text[0] < '0' ||
	    n->text[0] > '9')
		return (expect(s, row->name, n, what));
	p = read_digits(n->text, &whole);
	if (*p == '.') {
		point = p + 1;
		p = read_digits(point, &part);
		if (p == point || p > point + 2)
			return (expect(s, row->name, n, what));
		if (p == point + 1)
			part *= 10;
	}
	if (strcmp(p, "%") != 0)
		return (expect(s, row->name, n, what));
	*out = whole > 1000 ? 100000 : whole * 100 + part;
	if (*out == 10000 && strcmp(row->name, "success") == 0) {
		manifest_wrong(s, n->place, "'%s' of 100%% leaves no room for "
		    "any failure; write 99.99%% at most", row->name);
		return (false);
	}
	if (*out < row->min || *out > row->max)
		return (out_of_range(s, row, n));
	return (true);
}

static bool
read_count(const struct manifest_source *s, const struct manifest_row *row,
    const struct manifest_node *n, int64_t *out)
{
	if (n->kind != MANIFEST_SCALAR || n->len == 0 || !n->is_plain ||
	    *read_digits(n->text, out) != '\0')
		return (expect(s, row->name, n, "a whole number"));
	if (*out >= row->min && *out <= row->max)
		return (true);
	return (out_of_range(s, row, n));
}

static bool
read_bytes(const struct manifest_source *s, const struct manifest_row *row,
    const struct manifest_node *n, int64_t *out)
{
	static const char what[] = "a size such as 4096, 64KiB or 16MiB";
	const char *unit;

	if (n->kind != MANIFEST_SCALAR || n->text[0] < '0' ||
	    n->text[0] > '9')
		return (expect(s, row->name, n, what));
	unit = read_digits(n->text, out);
	if (*out > (int64_t)1 << 40)
		*out = (int64_t)1 << 40;
	if (strcmp(unit, "KiB") == 0)
		*out *= 1024;
	else if (strcmp(unit, "MiB") == 0)
		*out *= 1 << 20;
	else if (*unit != '\0')
		return (expect(s, row->name, n, what));
	if (*out >= row->min && *out <= row->max)
		return (true);
	return (out_of_range(s, row, n));
}

static void
check_host(const struct manifest_source *s, const struct manifest_row *row,
    const struct manifest_node *n)
{
	const char *wrong;

	if (n->kind == MANIFEST_BROKEN)
		return;
	if (n->kind != MANIFEST_SCALAR || is_nothing(n)) {
		expect(s, row->name, n, "a list of hosts");
		return;
	}
	wrong = hosts_check_pattern(n->text);
	if (wrong != NULL)
		manifest_wrong(s, n->place, "the host '%s' %s", n->text,
		    wrong);
}

static bool
stands_before(const struct manifest_node *list, const struct manifest_node *n)
{
	const struct manifest_node *other;

	for (other = list->first; other != n; other = other->next)
		if (other->kind == MANIFEST_SCALAR &&
		    strcmp(other->text, n->text) == 0)
			return (true);
	return (false);
}

/* Lists of names and hosts; short ones, so repeats are looked for plainly. */
static bool
read_list(const struct manifest_source *s, const struct manifest_row *row,
    const struct manifest_node *list)
{
	const struct manifest_node *n;
	bool is_hosts = row->type == MANIFEST_HOSTS;

	if (list->kind != MANIFEST_LIST)
		return (expect(s, row->name, list, is_hosts ?
		    "a list such as [api.example.com, \"*.example.com\"]" :
		    "a list of names such as [one, two]"));
	if (list->count == 0)
		return (expect(s, row->name, list, "at least one; leave the "
		    "key out when there is none"));
	if (list->count > 1000)
		return (expect(s, row->name, list, "at most 1000"));
	for (n = list->first; n != NULL; n = n->next) {
		if (is_hosts)
			check_host(s, row, n);
		else if (n->kind != MANIFEST_BROKEN)
			read_name(s, row, n);
		if (n->kind == MANIFEST_SCALAR && stands_before(list, n))
			manifest_wrong(s, n->place, "'%s' stands twice",
			    n->text);
	}
	return (true);
}

/* So many fit into a definition. */
static bool
has_too_many(const struct manifest_source *s, const char *name,
    const struct manifest_node *map)
{
	if (map->count <= DEFINITION_ITEMS_MOST)
		return (false);
	manifest_wrong(s, map->place, "'%s' has %zu names; a check takes at "
	    "most %d", name, map->count, DEFINITION_ITEMS_MOST);
	return (true);
}

static void
check_key_name(const struct manifest_source *s, const struct manifest_node *n,
    bool is_variable)
{
	if (is_variable && !definition_is_variable_name(n->key->text))
		manifest_wrong(s, n->key->place, "'%s' is no name for a "
		    "variable: a letter or '_', then letters, digits, '_' "
		    "and '-'", n->key->text);
	else if (is_variable && flow_is_function(n->key->text))
		manifest_wrong(s, n->key->place, "'%s' is the name of a "
		    "function; name the variable otherwise", n->key->text);
	else if (!is_variable && !is_name(n->key->text))
		manifest_wrong(s, n->key->place, "'%s' is no name: letters, "
		    "digits, '.', '_' and '-'", n->key->text);
}

static bool
read_variables(const struct manifest_source *s, const char *name,
    const struct manifest_node *map)
{
	const struct manifest_node *n;

	if (map->kind == MANIFEST_BROKEN)
		return (false);
	if (map->kind != MANIFEST_MAP)
		return (expect(s, name, map, "variables such as {base_url: "
		    "\"https://example.com\"}"));
	if (has_too_many(s, name, map))
		return (false);
	for (n = map->first; n != NULL; n = n->next) {
		check_key_name(s, n, true);
		if (n->kind == MANIFEST_BROKEN)
			continue;
		if (n->kind != MANIFEST_SCALAR)
			manifest_wrong(s, n->place, "the variable '%s' must "
			    "be a text, a number, true or false",
			    n->key->text);
		else if (is_nothing(n))
			manifest_wrong(s, n->key->place, "the variable '%s' "
			    "has no value; write \"\" for an empty text",
			    n->key->text);
	}
	return (true);
}

static bool
read_map(const struct manifest_source *s, const struct manifest_row *row,
    const struct manifest_node *map)
{
	const struct manifest_node *n;

	if (map->kind != MANIFEST_MAP)
		return (expect(s, row->name, map, "names with a value each"));
	if (row->type == MANIFEST_SECRETS && has_too_many(s, row->name, map))
		return (false);
	for (n = map->first; n != NULL; n = n->next) {
		check_key_name(s, n, row->type == MANIFEST_SECRETS);
		if (row->type == MANIFEST_ENVIRONMENTS)
			read_variables(s, n->key->text, n);
	}
	return (true);
}

static bool
read_value(const struct manifest_source *s, const struct manifest_row *row,
    const struct manifest_node *n, int64_t *number)
{
	switch (row->type) {
	case MANIFEST_NAME:
		return (read_name(s, row, n));
	case MANIFEST_TEXT:
	case MANIFEST_PATH:
		return (read_text(s, row, n));
	case MANIFEST_SPAN:
		return (read_span(s, row, n, number));
	case MANIFEST_PERCENT:
		return (read_percent(s, row, n, number));
	case MANIFEST_COUNT:
		return (read_count(s, row, n, number));
	case MANIFEST_BYTES:
		return (read_bytes(s, row, n, number));
	case MANIFEST_BOOL:
		return (read_bool(s, row, n, number));
	case MANIFEST_NAMES:
	case MANIFEST_HOSTS:
		return (read_list(s, row, n));
	case MANIFEST_VARIABLES:
		return (read_variables(s, row->name, n));
	case MANIFEST_ENVIRONMENTS:
	case MANIFEST_SECRETS:
	case MANIFEST_TABLES_BY_NAME:
		return (read_map(s, row, n));
	case MANIFEST_TABLE:
		return (n->kind == MANIFEST_MAP || expect(s, row->name, n,
		    "keys of its own, with a value each"));
	case MANIFEST_TABLES:
		return (n->kind == MANIFEST_LIST || expect(s, row->name, n,
		    "a list, each item with its keys"));
	}
	return (false);
}

static void
read_key(const struct manifest_source *s, const struct manifest_table *t,
    const struct manifest_node *n, void *values)
{
	const struct manifest_row *row;
	struct manifest_value *v;
	int64_t number = 0;

	row = find_row(t, n->key->text);
	if (row == NULL) {
		if (n->key->kind != MANIFEST_BROKEN)
			unknown_key(s, t, n->key);
		return;
	}
	v = (struct manifest_value *)(void *)((char *)values + row->offset);
	if (n->kind == MANIFEST_BROKEN || !read_value(s, row, n, &number))
		return;
	v->node = n;
	v->number = number;
}

static bool
has_key(const struct manifest_node *map, const char *name)
{
	const struct manifest_node *n;

	for (n = map->first; n != NULL; n = n->next)
		if (strcmp(n->key->text, name) == 0)
			return (true);
	return (false);
}

void
manifest_read(const struct manifest_source *s, const struct manifest_table *t,
    const struct manifest_node *node, void *values)
{
	const struct manifest_node *n;
	struct manifest_value *v;
	size_t i;

	for (i = 0; i < t->count; i++) {
		v = (struct manifest_value *)(void *)((char *)values +
		    t->rows[i].offset);
		*v = (struct manifest_value){NULL, t->rows[i].otherwise};
	}
	if (node == NULL || node->kind == MANIFEST_BROKEN)
		return;
	if (node->kind != MANIFEST_MAP) {
		manifest_wrong(s, node->place, "%s must be keys with a value "
		    "each", t->what);
		return;
	}
	for (n = node->first; n != NULL; n = n->next)
		read_key(s, t, n, values);
	for (i = 0; i < t->count; i++)
		if (t->rows[i].is_required && !has_key(node,
		    t->rows[i].name))
			manifest_wrong(s, node->key != NULL ?
			    node->key->place : node->place,
			    "%s wants the key '%s'", t->what,
			    t->rows[i].name);
}
