/* SPDX-License-Identifier: ISC */
/*
 * Credentials that nobody has declared: what stands behind a name that says
 * so. Text is looked at name by name; what follows a name tells how its value
 * ends.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "probe/redact.h"

#define NAME_MOST_BYTES 64

/* A name that was found, and the text it is in. */
struct name {
	const char *start, *end; /* of the text */
	const char *at;
	size_t len;
};

/* A value: [from, to). */
struct value_text {
	const char *from, *to;
};

/* Without '_' and '-', in lower case. Longer names end with these, too. */
static const char *const endings[] = {
	"password", "passwd", "passphrase", "secret", "secretkey",
	"privatekey", "apikey", "accesskey", "accesstoken", "refreshtoken",
	"idtoken", "authtoken", "sessiontoken", "securitytoken", "apitoken",
	"bearertoken", "clientassertion"
};
static const char *const names[] = {
	"token", "jwt", "pwd", "otp", "authorization", "cvc", "cvc2", "cvv",
	"cvv2", "cvn", "securitycode"
};

static bool
ends_with(const char *s, size_t len, const char *ending)
{
	size_t n = strlen(ending);

	return (len >= n && memcmp(s + len - n, ending, n) == 0);
}

bool
redact_is_credential(const char *name, size_t len)
{
	char plain[NAME_MOST_BYTES];
	size_t i, n = 0;

	if (len > sizeof(plain))
		return (false);
	for (i = 0; i < len; i++)
		if (name[i] != '_' && name[i] != '-')
			plain[n++] = (char)tolower((unsigned char)name[i]);
	for (i = 0; i < NELEMS(endings); i++)
		if (ends_with(plain, n, endings[i]))
			return (true);
	for (i = 0; i < NELEMS(names); i++)
		if (n == strlen(names[i]) && memcmp(plain, names[i], n) == 0)
			return (true);
	return (false);
}

/* Whether the text goes on with this; then it is passed over. */
static bool
skip(const char **p, const char *end, const char *what)
{
	size_t len = strlen(what);

	if ((size_t)(end - *p) < len || strncasecmp(*p, what, len) != 0)
		return (false);
	*p += len;
	return (true);
}

/* From p to the first byte that is, or is not, one of these, or to end. */
static const char *
find(const char *p, const char *end, const char *bytes, bool is_one)
{
	while (p < end && (*p != '\0' && strchr(bytes, *p) != NULL) != is_one)
		p++;
	return (p);
}

/* To the quote that ends a string: ", ' or, in a string, \". */
static const char *
string_end(const char *p, const char *end, const char *quote)
{
	size_t len = strlen(quote);

	for (; p < end; p++) {
		if ((size_t)(end - p) >= len && memcmp(p, quote, len) == 0)
			return (p);
		p += *p == '\\' && p + 1 < end;
	}
	return (end);
}

/* A member of JSON; what has names of its own, and words, stay. */
static bool
find_member(const char *p, const char *end, const char *quote,
    struct value_text *v)
{
	p = find(p, end, " \t\r\n", false);
	if (!skip(&p, end, ":"))
		return (false);
	p = find(p, end, " \t\r\n", false);
	if (skip(&p, end, quote)) {
		*v = (struct value_text){p, string_end(p, end, quote)};
		return (true);
	}
	*v = (struct value_text){p, find(p, end, ",]}\\ \t\r\n", true)};
	return (p < end && (isdigit((unsigned char)*p) || *p == '-'));
}

/* A field of a form, a parameter of a URL, an attribute. */
static bool
find_field(const char *p, const char *end, struct value_text *v)
{
	if (skip(&p, end, "\""))
		*v = (struct value_text){p, string_end(p, end, "\"")};
	else if (skip(&p, end, "'"))
		*v = (struct value_text){p, string_end(p, end, "'")};
	else
		*v = (struct value_text){p,
		    find(p, end, "&;, \t\r\n\"'<>", true)};
	return (true);
}

/* A header, or a line of YAML. */
static bool
find_line(const struct name *n, const char *p, struct value_text *v)
{
	const char *before = n->at;

	while (before > n->start && (before[-1] == ' ' || before[-1] == '\t'))
		before--;
	if (before > n->start && before[-1] != '\n')
		return (false);
	if (!skip(&p, n->end, ":"))
		return (false);
	p = find(p, n->end, " \t", false);
	*v = (struct value_text){p, find(p, n->end, "\r\n", true)};
	return (true);
}

static bool
find_value(const struct name *n, struct value_text *v)
{
	const char *p = n->at + n->len;

	if (skip(&p, n->end, "\\\""))
		return (find_member(p, n->end, "\\\"", v));
	if (skip(&p, n->end, "\""))
		return (find_member(p, n->end, "\"", v));
	if (n->at > n->start && n->at[-1] == '<' && skip(&p, n->end, ">")) {
		*v = (struct value_text){p, find(p, n->end, "<", true)};
		return (true);
	}
	if (!skip(&p, n->end, "]"))
		skip(&p, n->end, "%5d");
	if (skip(&p, n->end, "="))
		return (find_field(p, n->end, v));
	return (find_line(n, p, v));
}

static size_t
name_length(const char *p, const char *end)
{
	const char *at = p;

	while (at < end && (isalnum((unsigned char)*at) || *at == '_' ||
	    *at == '-'))
		at++;
	return ((size_t)(at - p));
}

static bool
is_escape(const char *p, const char *end)
{
	return (end - p >= 3 && *p == '%' && isxdigit((unsigned char)p[1]) &&
	    isxdigit((unsigned char)p[2]));
}

void
redact_names(const char *text, size_t len, struct buf *out)
{
	struct name n = {text, text + len, text, 0};
	const char *copied = text;
	struct value_text v;

	while (n.at < n.end) {
		n.len = name_length(n.at, n.end);
		if (n.len > 0 && redact_is_credential(n.at, n.len) &&
		    find_value(&n, &v) && v.to > v.from) {
			buf_append(out, copied, (size_t)(v.from - copied));
			buf_append_str(out, "***");
			copied = n.at = v.to;
		} else if (n.len > 0)
			n.at += n.len;
		else
			n.at += is_escape(n.at, n.end) ? 3 : 1;
	}
	buf_append(out, copied, (size_t)(n.end - copied));
}
