/* SPDX-License-Identifier: ISC */
/* [Options]: one row per key says how its value is written. */
#include "checks/flow_priv.h"

#include <string.h>

#include "base/clock.h"
#include "base/must.h"

#define X(upper, name, type) FLOW_OPTION_TYPE_##type,
static const enum flow_option_type types[] = {FLOW_OPTION_TABLE(X)};
#undef X

/* What is not a literal is a placeholder; soft becomes "expected what". */
static enum parse
literal_or_placeholder(struct parser *p, enum parse r, struct cursor start,
    const char *what, struct flow_option *out)
{
	if (r == PARSE_OK)
		return (r);
	p->cur = start;
	out->is_placeholder = true;
	r = placeholder_template(p, &out->text);
	if (r == PARSE_SOFT)
		return (reader_hard(p, start, MISTAKE_EXPECTED, what));
	return (r);
}

static enum parse
option_count(struct parser *p, struct flow_option *out)
{
	struct cursor start = p->cur;
	enum parse r;

	r = operand_integer(p, &out->integer);
	if (r == PARSE_OK && out->integer < -1)
		r = PARSE_SOFT;
	return (literal_or_placeholder(p, r, start,
	    "a number, -1 for endless, or {{variable}}", out));
}

static enum parse
duration_unit(struct parser *p, int64_t *unit_us)
{
	static const struct {
		const char *name;
		int64_t us;
	} units[] = {{"", 1000}, {"ms", 1000}, {"s", 1000000},
	    {"m", 60000000}, {"h", 3600000000}};
	struct cursor start = p->cur;
	size_t i, len;
	uint32_t c;

	while ((c = reader_peek(p)) < 0x80 && reader_is_word(p, c) && c > '9')
		reader_read(p);
	len = p->cur.at - start.at;
	for (i = 0; i < NELEMS(units); i++) {
		if (len == strlen(units[i].name) && memcmp(units[i].name,
		    p->source + start.at, len) == 0) {
			*unit_us = units[i].us;
			return (PARSE_OK);
		}
	}
	return (reader_hard(p, start, MISTAKE_UNIT, NULL));
}

static enum parse
option_duration(struct parser *p, struct flow_option *out)
{
	struct cursor start = p->cur;
	enum parse r;

	out->unit_us = 1000;
	r = operand_natural(p, &out->integer);
	if (r == PARSE_OK)
		r = duration_unit(p, &out->unit_us);
	if (r == PARSE_HARD)
		return (r);
	if (r == PARSE_OK) {
		if (__builtin_mul_overflow(out->integer, out->unit_us,
		    &out->integer))
			out->integer = INT64_MAX;
		return (r);
	}
	return (literal_or_placeholder(p, r, start,
	    "a duration such as 500ms, 2s, 1m or 1h, or {{variable}}", out));
}

static enum parse
option_variable(struct parser *p, struct flow_option *out)
{
	struct cursor start = p->cur;
	enum parse r;
	uint32_t c;

	while ((c = reader_peek(p)) == '_' || c == '-' ||
	    reader_is_word(p, c))
		reader_read(p);
	if (p->cur.at == start.at)
		return (reader_hard(p, start, MISTAKE_EXPECTED,
		    "the name of a variable"));
	out->variable_name = reader_text(p, start, p->cur);
	if (flow_is_function(out->variable_name))
		return (reader_hard(p, start, MISTAKE_SENTENCE,
		    "this is the name of a function; "
		    "name the variable otherwise"));
	reader_skip_spaces(p);
	if ((r = reader_expect(p, "=")) != PARSE_OK)
		return (r);
	reader_skip_spaces(p);
	return (operand_variable(p, &out->variable_value));
}

/* integer: 0 brief, 1 verbose, 2 debug */
static enum parse
option_verbosity(struct parser *p, struct flow_option *out)
{
	static const char *const levels[] = {"brief", "verbose", "debug"};
	struct cursor start = p->cur;
	size_t i;
	uint32_t c;

	while ((c = reader_peek(p)) < 0x80 && reader_is_word(p, c) && c > '9')
		reader_read(p);
	for (i = 0; i < NELEMS(levels); i++) {
		if (p->cur.at - start.at == strlen(levels[i]) &&
		    memcmp(levels[i], p->source + start.at,
		    strlen(levels[i])) == 0) {
			out->integer = (int64_t)i;
			return (PARSE_OK);
		}
	}
	return (reader_hard(p, start, MISTAKE_EXPECTED,
	    "brief, verbose or debug"));
}

static enum parse
option_value(struct parser *p, struct flow_option *out)
{
	struct cursor start = p->cur;

	switch (types[out->kind]) {
	case FLOW_OPTION_TYPE_STRING:
		return (text_value(p, &out->text));
	case FLOW_OPTION_TYPE_FILENAME:
		return (name_file(p, &out->text));
	case FLOW_OPTION_TYPE_FILENAME_PASSWORD:
		return (name_file_password(p, &out->text, &out->password));
	case FLOW_OPTION_TYPE_BOOL:
		return (literal_or_placeholder(p,
		    operand_bool(p, &out->boolean), start,
		    "true, false or {{variable}}", out));
	case FLOW_OPTION_TYPE_LITERAL:
		if (operand_bool(p, &out->boolean) == PARSE_OK)
			return (PARSE_OK);
		return (reader_hard(p, start, MISTAKE_EXPECTED,
		    "true or false"));
	case FLOW_OPTION_TYPE_NATURAL:
		return (literal_or_placeholder(p,
		    operand_natural(p, &out->integer), start,
		    "a natural number or {{variable}}", out));
	case FLOW_OPTION_TYPE_COUNT:
		return (option_count(p, out));
	case FLOW_OPTION_TYPE_DURATION:
		return (option_duration(p, out));
	case FLOW_OPTION_TYPE_VARIABLE:
		return (option_variable(p, out));
	case FLOW_OPTION_TYPE_VERBOSITY:
		return (option_verbosity(p, out));
	}
	return (PARSE_SOFT);
}

static bool
option_find(struct parser *p, struct cursor start, struct cursor end,
    enum flow_option_kind *kind)
{
	size_t i, len = end.at - start.at;

	for (i = 0; i < NELEMS(types); i++) {
		if (strlen(flow_option_names[i]) == len &&
		    memcmp(flow_option_names[i], p->source + start.at,
		    len) == 0) {
			*kind = (enum flow_option_kind)i;
			return (true);
		}
	}
	return (false);
}

enum parse
option_parse(struct parser *p, void *item)
{
	struct flow_option *out = item;
	struct cursor start, end;
	enum parse r;
	uint32_t c;

	reader_blank_lines(p);
	reader_skip_spaces(p);
	start = p->cur;
	while ((c = reader_peek(p)) == '-' || c == '.' || c == '_' ||
	    (c < 0x80 && reader_is_word(p, c)))
		reader_read(p);
	end = p->cur;
	reader_skip_spaces(p);
	if ((r = reader_try(p, ":")) != PARSE_OK)
		return (r);
	reader_skip_spaces(p);
	if (!option_find(p, start, end, &out->kind))
		return (reader_hard(p, start, MISTAKE_OPTION, NULL));
	out->place = reader_place(start, end);
	start = p->cur;
	if ((r = option_value(p, out)) != PARSE_OK)
		return (r);
	out->value_place = reader_place(start, p->cur);
	return (reader_line_end(p));
}
