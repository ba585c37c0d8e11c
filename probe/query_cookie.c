/* SPDX-License-Identifier: ISC */
/*
 * Cookies of the answer's Set-Cookie headers, taken apart as Hurl does: by
 * ; and =, with nothing unquoted or trimmed but the attributes' names.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/mem.h"
#include "probe/date.h"
#include "probe/evaluate_priv.h"
#include "probe/template.h"

struct attribute {
	const char *value; /* NULL: the name stands alone */
	size_t len;
};

/* The cookie's value, up to its attributes; NULL when it is another one. */
static const char *
cookie_value(const char *header, const char *name, size_t *len)
{
	const char *equals = strchr(header, '=');
	size_t n = strlen(name);

	if (equals == NULL || (size_t)(equals - header) != n ||
	    memcmp(header, name, n) != 0)
		return (NULL);
	*len = strcspn(equals + 1, ";");
	return (equals + 1);
}

/* Find an attribute in "; a; b=c"; false when it is not there. */
static bool
find_attribute(const char *p, const char *name, struct attribute *out)
{
	size_t part, len;

	while (*p == ';') {
		p++;
		part = strcspn(p, ";");
		len = strcspn(p, "=;");
		out->value = len < part ? p + len + 1 : NULL;
		out->len = out->value != NULL ? strcspn(out->value, "=;") : 0;
		while (len > 0 && (*p == ' ' || *p == '\t'))
			p++, len--, part--;
		while (len > 0 && (p[len - 1] == ' ' || p[len - 1] == '\t'))
			len--;
		if (len == strlen(name) && strncasecmp(p, name, len) == 0)
			return (true);
		p += part;
	}
	return (false);
}

static int
expires(struct evaluation *ev, const struct flow_query *q, const char *text,
    struct value *out)
{
	wall_us date;

	if (date_parse_cookie(text, &date) != 0)
		return (evaluate_data_fault(ev, q->argument.place, "could not "
		    "parse Cookie Expires attribute value <%s>", text));
	*out = value_date(date);
	return (0);
}

/* An integer in all its text, or no value. */
static struct value
max_age(const char *text)
{
	char *end;
	long long n;

	errno = 0;
	n = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || *text == ' ')
		return (value_none());
	return (value_integer(n));
}

static int
attribute_value(struct evaluation *ev, const struct flow_query *q,
    const struct attribute *a, struct value *out)
{
	char *text;
	int err = 0;

	if (q->attribute == FLOW_COOKIE_SECURE ||
	    q->attribute == FLOW_COOKIE_HTTP_ONLY) {
		if (a->value == NULL)
			*out = value_unit();
		return (0);
	}
	if (a->value == NULL)
		return (0);
	text = xstrndup(a->value, a->len);
	if (q->attribute == FLOW_COOKIE_EXPIRES)
		err = expires(ev, q, text, out);
	else if (q->attribute == FLOW_COOKIE_MAX_AGE)
		*out = max_age(text);
	else
		*out = value_string(a->value, a->len);
	free(text);
	return (err);
}

int
query_cookie(struct evaluation *ev, const struct flow_query *q,
    struct value *out)
{
	static const char *const names[] = {
		[FLOW_COOKIE_EXPIRES] = "Expires",
		[FLOW_COOKIE_MAX_AGE] = "Max-Age",
		[FLOW_COOKIE_DOMAIN] = "Domain", [FLOW_COOKIE_PATH] = "Path",
		[FLOW_COOKIE_SECURE] = "Secure",
		[FLOW_COOKIE_HTTP_ONLY] = "HttpOnly",
		[FLOW_COOKIE_SAME_SITE] = "SameSite",
	};
	const char *header, *value = NULL;
	struct attribute attribute;
	struct buf name;
	size_t at = 0, len = 0;
	int err;

	buf_init(&name, EVALUATE_MOST_TEXT);
	err = template_render(&q->argument, ev->scope, &name, ev->findings);
	while (err == 0 && value == NULL && (header = response_next_header(
	    ev->response, "Set-Cookie", &at)) != NULL)
		value = cookie_value(header, buf_str(&name), &len);
	if (value != NULL && q->attribute == FLOW_COOKIE_VALUE)
		*out = value_string(value, len);
	else if (value != NULL && find_attribute(value + len,
	    names[q->attribute], &attribute))
		err = attribute_value(ev, q, &attribute, out);
	buf_fini(&name);
	return (err);
}
