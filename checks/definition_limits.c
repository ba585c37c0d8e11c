/* SPDX-License-Identifier: ISC */
/*
 * The bounds of a run, as rows: the wire, the operator's text and the caps
 * of a probe read the same ones.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "checks/definition_priv.h"

const struct definition_limits definition_limits_default = {
	.body_bytes = 16 << 20,
	.steps = 1000,
	.redirects = 50,
	.retries = 1000,
	.headers = 512,
	.json_depth = 128,
	.work_ms = 10000,
	.evidence_bytes = 64 << 10
};

#define ROW(name, least, most) \
	{#name, offsetof(struct definition_limits, name), least, most}
const struct definition_limit_row definition_limit_rows[] = {
	ROW(body_bytes, 1024, 1 << 30),
	ROW(steps, 1, 100000),
	ROW(redirects, 0, 1000),
	ROW(retries, 0, 100000),
	ROW(headers, 1, 10000),
	ROW(json_depth, 1, 512),
	ROW(work_ms, 1, DEFINITION_WORK_MOST_MS),
	ROW(evidence_bytes, 0, 4 << 20)
};
const size_t definition_limit_count = NELEMS(definition_limit_rows);

int64_t *
definition_limit_at(struct definition_limits *l,
    const struct definition_limit_row *row)
{
	return ((int64_t *)(void *)((char *)l + row->offset));
}

void
definition_limits_cap(struct definition_limits *l,
    const struct definition_limits *caps)
{
	struct definition_limits most = *caps;
	size_t i;

	for (i = 0; i < definition_limit_count; i++) {
		const struct definition_limit_row *row =
		    &definition_limit_rows[i];
		int64_t *at = definition_limit_at(l, row);

		if (*at > *definition_limit_at(&most, row))
			*at = *definition_limit_at(&most, row);
	}
}

static char *
unknown_row(const char *name, size_t len)
{
	const char *names[NELEMS(definition_limit_rows)], *near;
	char *word = xstrndup(name, len), *sentence;
	size_t i;

	for (i = 0; i < definition_limit_count; i++)
		names[i] = definition_limit_rows[i].name;
	near = cause_suggest(word, names, definition_limit_count);
	sentence = xasprintf("there is no limit '%s'%s%s%s", word,
	    near != NULL ? ", did you mean '" : "", near != NULL ? near : "",
	    near != NULL ? "'?" : "");
	free(word);
	return (sentence);
}

/* A count, or bytes with KiB, MiB or GiB; -1: neither. */
static int64_t
parse_number(const char *s, size_t len)
{
	static const char *const units[] = {"", "KiB", "MiB", "GiB"};
	size_t digits = strspn(s, "0123456789"), i;
	int64_t n;

	if (digits == 0 || digits > 10 || digits > len)
		return (-1);
	n = strtoll(s, NULL, 10);
	for (i = 0; i < NELEMS(units) && n <= INT64_MAX / 1024; i++, n *= 1024)
		if (strlen(units[i]) == len - digits &&
		    memcmp(s + digits, units[i], len - digits) == 0)
			return (n);
	return (-1);
}

static int
parse_one(const char *s, size_t len, struct definition_limits *l,
    char **sentence)
{
	const char *equals = memchr(s, '=', len);
	const struct definition_limit_row *row = definition_limit_rows;
	const struct definition_limit_row *end = row + definition_limit_count;
	size_t name_len = equals == NULL ? len : (size_t)(equals - s);
	int64_t n;

	while (row < end && (strlen(row->name) != name_len ||
	    memcmp(row->name, s, name_len) != 0))
		row++;
	if (row == end) {
		*sentence = unknown_row(s, name_len);
		return (ERR_SYNTAX);
	}
	n = equals == NULL ? -1 : parse_number(equals + 1,
	    len - name_len - 1);
	if (n < row->least || n > row->most) {
		*sentence = xasprintf("the limit '%s' is a number from %lld "
		    "to %lld", row->name, (long long)row->least,
		    (long long)row->most);
		return (ERR_LIMIT);
	}
	*definition_limit_at(l, row) = n;
	return (0);
}

int
definition_limits_parse(const char *text, struct definition_limits *limits,
    char **sentence)
{
	struct definition_limits l = *limits;
	size_t len;
	int err = 0;

	for (; *text != '\0' && err == 0; text += len + (text[len] == ',')) {
		len = strcspn(text, ",");
		err = parse_one(text, len, &l, sentence);
	}
	if (err == 0)
		*limits = l;
	return (err);
}
