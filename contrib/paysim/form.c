/* SPDX-License-Identifier: ISC */
/* Form-encoded parameters, decoded in place inside one copy of the text. */
#include "contrib/paysim/form.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/utf8.h"

void
form_init(struct form *f)
{
	*f = (struct form){0};
}

void
form_fini(struct form *f)
{
	while (f->text_count > 0)
		free(f->texts[--f->text_count]);
	free(f->pairs);
	form_init(f);
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return (c - '0');
	c |= 0x20;
	return (c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1);
}

/* Decode [s, end) in place and end it with a NUL; the length, or -1. */
static long
decode(char *s, char *end)
{
	char *in, *out = s;
	int high, low;

	for (in = s; in < end; in++, out++) {
		*out = *in == '+' ? ' ' : *in;
		if (*in == '%') {
			if (end - in < 3 || (high = hex_digit(in[1])) < 0 ||
			    (low = hex_digit(in[2])) < 0)
				return (-1);
			*out = (char)(high * 16 + low);
			in += 2;
		}
		if (*out == '\0')
			return (-1);
	}
	*out = '\0';
	return (out - s);
}

size_t
form_name_len(const char *key)
{
	return (strcspn(key, "["));
}

/* name ( '[' text-without-brackets ']' )* */
static int
is_key(const char *key)
{
	const char *p = key + strcspn(key, "[]");
	int depth = 0;

	if (p == key)
		return (0);
	while (*p != '\0') {
		if (*p != '[' || ++depth > FORM_MOST_DEPTH)
			return (0);
		p++;
		p += strcspn(p, "[]");
		if (*p++ != ']')
			return (0);
	}
	return (1);
}

static int
add_pair(struct form *f, char *s, char *end, const char **why)
{
	char *equals = memchr(s, '=', (size_t)(end - s));
	char *value = equals != NULL ? equals + 1 : end;
	long key_len, value_len;

	if (f->count == FORM_MOST_PAIRS) {
		*why = "Too many parameters";
		return (ERR_LIMIT);
	}
	/* The value first: decoding the key writes a NUL over the '='. */
	value_len = decode(value, end);
	key_len = decode(s, equals != NULL ? equals : end);
	if (key_len < 0 || value_len < 0 ||
	    utf8_check(s, (size_t)key_len) != (size_t)key_len ||
	    utf8_check(value, (size_t)value_len) != (size_t)value_len) {
		*why = "Invalid encoding of a parameter";
		return (ERR_SYNTAX);
	}
	if (key_len > FORM_MOST_KEY_BYTES ||
	    value_len > FORM_MOST_VALUE_BYTES) {
		*why = "A parameter is too long";
		return (ERR_LIMIT);
	}
	if (!is_key(s)) {
		*why = "Invalid name of a parameter";
		return (ERR_SYNTAX);
	}
	if (f->count == f->cap) {
		f->cap = f->cap > 0 ? f->cap * 2 : 8;
		f->pairs = xreallocarray(f->pairs, f->cap, sizeof(*f->pairs));
	}
	f->pairs[f->count++] = (struct form_pair){s, value};
	return (0);
}

int
form_parse(struct form *f, const char *s, size_t len, const char **why)
{
	char *text, *end, *stop;
	int rc = 0;

	must(f->text_count < FORM_MOST_TEXTS);
	if (len == 0)
		return (0);
	text = f->texts[f->text_count++] = xstrndup(s, len);
	for (end = text + len; text <= end && rc == 0; text = stop + 1) {
		stop = memchr(text, '&', (size_t)(end - text));
		if (stop == NULL)
			stop = end;
		if (stop > text)
			rc = add_pair(f, text, stop, why);
	}
	return (rc);
}

const char *
form_get(const struct form *f, const char *key)
{
	size_t i;

	for (i = f->count; i > 0; i--)
		if (strcmp(f->pairs[i - 1].key, key) == 0)
			return (f->pairs[i - 1].value);
	return (NULL);
}

const struct form_pair *
form_below(const struct form *f, const char *name, size_t *pos,
    const char **inner)
{
	const struct form_pair *pair;
	size_t len = strlen(name);

	while (*pos < f->count) {
		pair = &f->pairs[(*pos)++];
		if (strncmp(pair->key, name, len) == 0 &&
		    pair->key[len] == '[') {
			*inner = pair->key + len + 1;
			return (pair);
		}
	}
	return (NULL);
}
