/* SPDX-License-Identifier: ISC */
/* One request and its answer: parameters and errors. */
#include "web/answer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/html.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "web/style.h"

#define LIMIT_DEFAULT 50

void
answer_init(struct answer *a, wall_us now)
{
	*a = (struct answer){.now = now, .status = 200,
	    .content_type = "application/json"};
	buf_init(&a->out, ANSWER_MOST_BYTES);
}

void
answer_fini(struct answer *a)
{
	buf_fini(&a->out);
}

const char *
answer_param(const struct answer *a, const char *name)
{
	size_t i;

	for (i = 0; i < a->param_count; i++)
		if (strcmp(a->params[i].name, name) == 0 &&
		    a->params[i].value[0] != '\0')
			return (a->params[i].value);
	return (NULL);
}

void
answer_fail(struct answer *a, int status, const char *fmt, ...)
{
	struct json_out o;
	va_list ap;
	char *sentence;

	va_start(ap, fmt);
	sentence = xvasprintf(fmt, ap);
	va_end(ap);
	buf_reset(&a->out);
	a->status = status;
	a->content_type = "application/json";
	json_out_init(&o, &a->out);
	json_out_object(&o);
	json_out_kv_str(&o, "error", sentence);
	json_out_object_end(&o);
	buf_append_char(&a->out, '\n');
	free(sentence);
}

void
answer_fail_page(struct answer *a, int status, const char *title,
    const char *sentence)
{
	buf_reset(&a->out);
	a->status = status;
	a->content_type = "text/html; charset=utf-8";
	/* What is not there yet may be there soon. */
	style_begin(&a->out, title, status == 503 ? 5 : 0);
	buf_append_str(&a->out, "<h1>");
	html_escape(&a->out, title);
	buf_append_str(&a->out, "</h1>\n<p class=\"dim\">");
	html_escape(&a->out, sentence);
	buf_append_str(&a->out, "</p>\n");
	style_end(&a->out);
}

/* "failed", "failed,unknown", or "bad" for all that count against it. */
static bool
read_outcomes(const char *text, unsigned int *out)
{
	char word[20];
	enum outcome o;
	size_t len;

	for (; *text != '\0'; text += len, text += *text == ',') {
		len = strcspn(text, ",");
		snprintf(word, sizeof(word), "%.*s",
		    (int)(len < sizeof(word) ? len : sizeof(word) - 1), text);
		if (strcmp(word, "bad") == 0) {
			for (o = 0; o < OUTCOME_COUNT; o++)
				if (outcome_is_against_service(o))
					*out |= 1u << o;
			continue;
		}
		if ((o = outcome_parse(word)) == OUTCOME_COUNT)
			return (false);
		*out |= 1u << o;
	}
	return (true);
}

/* RFC 3339, a date, or a duration before now: 90m. */
static bool
read_time(const char *text, wall_us now, wall_us *out)
{
	span_us ago;

	if (clock_parse_wall(text, out) == 0)
		return (true);
	if (clock_parse_span(text, SPAN_S, &ago) != 0)
		return (false);
	*out = now - ago;
	return (true);
}

static bool
read_limit(const char *text, size_t most, size_t *out)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (*end != '\0' || n < 1 || (unsigned long)n > most)
		return (false);
	*out = (size_t)n;
	return (true);
}

char *
answer_filter(const struct answer *a, size_t limit_most,
    struct query_runs *f)
{
	const char *outcome = answer_param(a, "outcome");
	const char *since = answer_param(a, "since");
	const char *until = answer_param(a, "until");
	const char *limit = answer_param(a, "limit");
	const char *cursor = answer_param(a, "cursor");

	*f = (struct query_runs){.limit = LIMIT_DEFAULT,
	    .which = {.check = answer_param(a, "check"),
	    .service = answer_param(a, "service"),
	    .location = answer_param(a, "location"),
	    .environment = answer_param(a, "environment"),
	    .has_unplanned = true}};
	if (outcome != NULL && !read_outcomes(outcome, &f->outcomes))
		return (xasprintf("outcome: there is none called '%s'",
		    outcome));
	if (since != NULL && !read_time(since, a->now, &f->since))
		return (xasprintf("since: '%s' is neither a time (RFC 3339) "
		    "nor a duration", since));
	if (until != NULL && !read_time(until, a->now, &f->until))
		return (xasprintf("until: '%s' is neither a time (RFC 3339) "
		    "nor a duration", until));
	if (limit != NULL && !read_limit(limit, limit_most, &f->limit))
		return (xasprintf("limit: a number from 1 to %zu, not '%s'",
		    limit_most, limit));
	if (cursor != NULL && query_cursor_parse(cursor, &f->after) != 0)
		return (xasprintf("cursor: '%s' is none of ours", cursor));
	return (NULL);
}
