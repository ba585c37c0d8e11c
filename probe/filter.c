/* SPDX-License-Identifier: ISC */
/*
 * Filters: a table of what each takes, and the functions that turn one value
 * into the next. Those on text that stand alone are in filter_text.c.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/regex.h"
#include "probe/charset.h"
#include "probe/date.h"
#include "probe/evaluate_priv.h"
#include "probe/filter_text.h"
#include "probe/template.h"
#include "probe/xpath.h"

struct input { /* of one filter */
	struct evaluation *ev;
	const struct flow_filter *filter;
	const struct value *value;
};

static int
fault(const struct input *in, const char *sentence)
{
	return (evaluate_data_fault(in->ev, in->filter->place,
	    "Filter error: invalid filter input: %s", sentence));
}

/* "invalid filter input: string <abc>" */
static int
bad_input(const struct input *in, const char *more)
{
	char *text = evaluate_show(in->ev, in->value);
	int err;

	err = evaluate_data_fault(in->ev, in->filter->place,
	    "Filter error: invalid filter input: %s%s", text, more);
	free(text);
	return (err);
}

/* The most that a filter may make of its input. */
static size_t
most_bytes(const struct input *in)
{
	return (in->ev->scope->max_body_bytes * 4);
}

/* The readers of numbers and dates would end there. */
static bool
has_nul(const struct value *v)
{
	size_t len;
	const char *text = value_text(v, &len);

	return (strlen(text) != len);
}

/* Render an argument of the filter. */
static int
argument(const struct input *in, const struct flow_template *t,
    struct buf *out)
{
	buf_init(out, most_bytes(in));
	return (template_render(t, in->ev->scope, out, in->ev->findings));
}

/* Make the value of what a filter wrote into text, and finish text. */
static int
take_text(const struct input *in, struct buf *text, int err,
    enum value_kind kind, struct value *out)
{
	if (err == ERR_LIMIT || text->is_full)
		err = fault(in, "the result is too long");
	else if (err == 0 && kind == VALUE_BYTES)
		*out = value_bytes(buf_str(text), text->len);
	else if (err == 0)
		*out = value_string(buf_str(text), text->len);
	buf_fini(text);
	return (err);
}

static int
base64_decode(const struct input *in, struct value *out)
{
	bool is_url = in->filter->kind == FLOW_FILTER_BASE64_URL_SAFE_DECODE;
	struct buf text;
	size_t len;
	const char *p = value_text(in->value, &len);
	int err = 0;

	if (is_url && memchr(p, '=', len) != NULL)
		return (fault(in, "base64 string contains padding"));
	if (!is_url && len % 4 != 0)
		return (fault(in, "string is not base64"));
	buf_init(&text, len + 1);
	err = crypto_base64_decode(p, len, is_url, &text);
	if (err == ERR_SYNTAX)
		fault(in, "string is not base64");
	return (take_text(in, &text, err, VALUE_BYTES, out));
}

static int
base64_encode(const struct input *in, struct value *out)
{
	struct buf text;
	size_t len;
	const char *p = value_text(in->value, &len);

	buf_init(&text, len * 2 + 8);
	return (take_text(in, &text, crypto_base64_encode(p, len,
	    in->filter->kind == FLOW_FILTER_BASE64_URL_SAFE_ENCODE, &text),
	    VALUE_STRING, out));
}

static int
charset_of(const struct input *in, const char *label, struct value *out)
{
	const struct charset *charset = charset_find(label, strlen(label));
	struct buf text;
	size_t len;
	const char *p = value_text(in->value, &len);
	int err;

	if (charset == NULL)
		return (evaluate_data_fault(in->ev, in->filter->place,
		    "Filter error: <%s> encoding is not supported", label));
	buf_init(&text, most_bytes(in));
	err = charset_decode(charset, p, len, &text);
	if (err == ERR_CORRUPT || err == ERR_UNSUPPORTED)
		evaluate_data_fault(in->ev, in->filter->place, "Filter error: "
		    "value can not be decoded with <%s> encoding", label);
	return (take_text(in, &text, err, VALUE_STRING, out));
}

static int
decode_charset(const struct input *in, struct value *out)
{
	struct buf label;
	int err;

	err = argument(in, &in->filter->argument, &label);
	if (err == 0)
		err = charset_of(in, buf_str(&label), out);
	buf_fini(&label);
	return (err);
}

/* Unlike charsetDecode "utf-8" it takes what is not UTF-8. */
static int
decode_utf8(const struct input *in, struct value *out)
{
	struct buf text;
	size_t len;
	const char *p = value_text(in->value, &len);

	buf_init(&text, most_bytes(in));
	return (take_text(in, &text, text_append_lossy(p, len, &text),
	    VALUE_STRING, out));
}

static int
encode_utf8(const struct input *in, struct value *out)
{
	size_t len;
	const char *p = value_text(in->value, &len);

	*out = value_bytes(p, len);
	return (0);
}

static int
count(const struct input *in, struct value *out)
{
	size_t n = value_count(in->value);

	in->ev->is_secret = false;
	if (in->value->kind == VALUE_NODESET)
		n = in->value->nodes;
	else if (in->value->kind == VALUE_BYTES)
		value_text(in->value, &n);
	*out = value_integer((int64_t)n);
	return (0);
}

static int
format_date(const struct input *in, struct value *out)
{
	struct buf pattern, text;
	int err;

	buf_init(&text, EVALUATE_MOST_TEXT);
	err = argument(in, &in->filter->argument, &pattern);
	if (err == 0 && (err = date_format(in->value->date,
	    buf_str(&pattern), &text)) == ERR_SYNTAX)
		evaluate_flow_fault(in->ev, in->filter->place, "Filter error: "
		    "date format <%s> is not supported", buf_str(&pattern));
	buf_fini(&pattern);
	return (take_text(in, &text, err, VALUE_STRING, out));
}

static int
days_from_now(const struct input *in, struct value *out)
{
	span_us span = in->value->date - in->ev->scope->now;

	if (in->filter->kind == FLOW_FILTER_DAYS_BEFORE_NOW)
		span = -span;
	*out = value_integer(span / SPAN_DAY);
	return (0);
}

static int
parse_date(const struct input *in, struct value *out)
{
	struct buf pattern;
	const char *text = value_text(in->value, NULL);
	char *shown;
	wall_us date;
	int err;

	err = argument(in, &in->filter->argument, &pattern);
	if (err == 0 && (err = has_nul(in->value) ? ERR_SYNTAX :
	    date_parse(text, buf_str(&pattern), &date)) != 0) {
		shown = evaluate_show_bare(in->ev, in->value);
		evaluate_data_fault(in->ev, in->filter->place, "Filter error: "
		    "value <%s> could not be parsed with <%s> format",
		    shown, buf_str(&pattern));
		free(shown);
	} else if (err == 0)
		*out = value_date(date);
	buf_fini(&pattern);
	return (err);
}

static int
element(const struct input *in, int64_t index, struct value *out)
{
	int64_t n = (int64_t)value_count(in->value);

	if (index < 0)
		index += n;
	if (index < 0 || index >= n)
		return (evaluate_data_fault(in->ev, in->filter->place,
		    "Filter error: invalid filter input: out of bound - size "
		    "is %lld", (long long)n));
	*out = value_hold(&in->value->shared->items[index]);
	return (0);
}

static int
first_or_last(const struct input *in, struct value *out)
{
	if (value_count(in->value) == 0)
		return (fault(in, "list is empty"));
	return (element(in, in->filter->kind == FLOW_FILTER_FIRST ? 0 : -1,
	    out));
}

static int
nth(const struct input *in, struct value *out)
{
	struct value index;
	char *text;
	int err;

	if (!in->filter->is_placeholder)
		return (element(in, in->filter->integer, out));
	err = template_value(&in->filter->argument, in->ev->scope, &index,
	    in->ev->findings);
	if (err != 0)
		return (err);
	if (index.kind == VALUE_INTEGER)
		err = element(in, index.integer, out);
	else {
		text = evaluate_describe(&index);
		err = evaluate_flow_fault(in->ev, in->filter->argument.place,
		    "Invalid expression type: expecting integer, actual value "
		    "is %s", text);
		free(text);
	}
	value_release(&index);
	return (err);
}

static int
jsonpath(const struct input *in, struct value *out)
{
	const struct json_limits limits =
	    response_json_limits(in->ev->response);
	struct json_doc *doc = NULL;
	size_t len;
	const char *text = value_text(in->value, &len);
	int err;

	err = json_parse(text, len, &limits, &doc, NULL);
	if (err != 0)
		return (fault(in, err == ERR_LIMIT ? "the JSON is too big" :
		    "value is not a valid JSON"));
	err = query_jsonpath(in->ev, &in->filter->argument, json_root(doc),
	    out);
	json_free(&doc);
	return (err);
}

/* The HTML parser reads XML well enough. */
static int
xpath(const struct input *in, struct value *out)
{
	struct xpath_doc *doc = NULL;
	size_t len;
	const char *text = value_text(in->value, &len);
	int err;

	if (xpath_doc_parse(text, len, true, &doc) != 0)
		return (evaluate_data_fault(in->ev, in->filter->place,
		    "Invalid XML: value is not a valid XML"));
	err = query_xpath(in->ev, &in->filter->argument, doc, out);
	xpath_doc_free(&doc);
	return (err);
}

static int
location(const struct input *in, struct value *out)
{
	size_t len;
	const char *text = value_text(in->value, &len);

	*out = value_string(text, len);
	return (0);
}

static int
regex(const struct input *in, struct value *out)
{
	struct query_pattern pattern = {in->filter->regex,
	    &in->filter->argument};
	size_t len;
	const char *text = value_text(in->value, &len);

	return (query_regex(in->ev, in->filter->place, &pattern, text, len,
	    out));
}

static int
replace_regex(const struct input *in, struct value *out)
{
	const struct regex *re = in->filter->regex;
	struct regex *compiled = NULL;
	struct buf with, text;
	size_t len;
	const char *p = value_text(in->value, &len);
	int err = 0;

	buf_init(&text, most_bytes(in));
	buf_init(&with, most_bytes(in));
	if (re == NULL) {
		err = query_compile(in->ev, &in->filter->argument, &compiled);
		re = compiled;
	}
	if (err == 0)
		err = template_render(&in->filter->replacement,
		    in->ev->scope, &with, in->ev->findings);
	if (err == 0)
		err = regex_replace_all(re, p, len, buf_str(&with), with.len,
		    &text);
	regex_free(&compiled);
	buf_fini(&with);
	return (take_text(in, &text, err, VALUE_STRING, out));
}

static int
replace(const struct input *in, struct value *out)
{
	struct buf old, with, text;
	size_t len;
	const char *p = value_text(in->value, &len);
	int err;

	buf_init(&text, most_bytes(in));
	buf_init(&with, most_bytes(in));
	err = argument(in, &in->filter->argument, &old);
	if (err == 0)
		err = template_render(&in->filter->replacement,
		    in->ev->scope, &with, in->ev->findings);
	if (err == 0)
		err = text_replace(p, len, &old, &with, &text);
	buf_fini(&old);
	buf_fini(&with);
	return (take_text(in, &text, err, VALUE_STRING, out));
}

static int
split(const struct input *in, struct value *out)
{
	struct buf separator;
	size_t len;
	const char *p = value_text(in->value, &len);
	int err;

	err = argument(in, &in->filter->argument, &separator);
	if (err == 0 && text_split(p, len, &separator, out) != 0)
		err = fault(in, "the result is too long");
	buf_fini(&separator);
	return (err);
}

static int
to_int(const struct input *in, struct value *out)
{
	const struct value *v = in->value;
	const char *text = value_text(v, NULL);
	int64_t n;

	if (v->kind == VALUE_INTEGER) {
		*out = *v;
		return (0);
	}
	if (v->kind == VALUE_FLOAT) { /* saturates, and NaN is 0 */
		*out = value_integer(isnan(v->number) ? 0 :
		    v->number >= 0x1p63 ? INT64_MAX :
		    v->number < -0x1p63 ? INT64_MIN : (int64_t)v->number);
		return (0);
	}
	if (has_nul(v) || !text_integer(text, &n))
		return (bad_input(in, ""));
	*out = value_integer(n);
	return (0);
}

static int
to_float(const struct input *in, struct value *out)
{
	const struct value *v = in->value;
	double d;

	if (v->kind == VALUE_FLOAT)
		*out = value_hold(v);
	else if (v->kind == VALUE_INTEGER)
		*out = value_float((double)v->integer);
	else if (v->kind == VALUE_BIG_INTEGER)
		return (bad_input(in, " is too big to be cast as a float"));
	else if (!has_nul(v) && text_float(value_text(v, NULL), &d))
		*out = value_float(d);
	else
		return (bad_input(in, ""));
	return (0);
}

static int
to_string(const struct input *in, struct value *out)
{
	struct buf text;
	int err;

	buf_init(&text, most_bytes(in));
	err = value_render(in->value, &text);
	if (err == ERR_TYPE)
		bad_input(in, " can not be converted to a string");
	return (take_text(in, &text, err, VALUE_STRING, out));
}

static int
to_hex(const struct input *in, struct value *out)
{
	size_t len;
	const char *p = value_text(in->value, &len);
	char *hex = xmalloc(2 * len + 1);

	crypto_hex(p, len, hex);
	*out = value_string(hex, 2 * len);
	free(hex);
	return (0);
}

/* The filters that only turn text into text. */
static int
plain_text(const struct input *in, struct value *out)
{
	struct buf text;
	size_t len;
	const char *p = value_text(in->value, &len);

	buf_init(&text, most_bytes(in));
	return (take_text(in, &text, text_filter(in->filter->kind, p, len,
	    &text), VALUE_STRING, out));
}

static int
query_param(const struct input *in, struct value *out)
{
	struct buf name, text;
	const char *url = value_text(in->value, NULL), *sentence = NULL;
	char *shown;
	bool is_found = false;
	int err;

	buf_init(&text, most_bytes(in));
	err = argument(in, &in->filter->argument, &name);
	if (err == 0 && (sentence = text_url_mistake(url)) != NULL) {
		shown = evaluate_show_bare(in->ev, in->value);
		err = evaluate_data_fault(in->ev, in->filter->place,
		    "Invalid URL: invalid URL <%s> (%s)", shown, sentence);
		free(shown);
	}
	if (err == 0)
		is_found = text_query_param(url, buf_str(&name), &text);
	buf_fini(&name);
	if (err == 0 && is_found)
		return (take_text(in, &text, 0, VALUE_STRING, out));
	buf_fini(&text);
	return (err);
}

#define KIND(name) (1u << VALUE_##name)
#define NUMBERS (KIND(INTEGER) | KIND(BIG_INTEGER) | KIND(FLOAT))
#define ANY (~0u)

static const struct filter {
	unsigned int kinds;     /* that it takes */
	const char *expected;   /* for people */
	int (*apply)(const struct input *in, struct value *out);
} filters[FLOW_FILTER_KIND_COUNT] = {
	[FLOW_FILTER_BASE64_DECODE] = {KIND(STRING), "base64 string",
	    base64_decode},
	[FLOW_FILTER_BASE64_ENCODE] = {KIND(BYTES), "bytes", base64_encode},
	[FLOW_FILTER_BASE64_URL_SAFE_DECODE] = {KIND(STRING), "string",
	    base64_decode},
	[FLOW_FILTER_BASE64_URL_SAFE_ENCODE] = {KIND(BYTES), "bytes",
	    base64_encode},
	[FLOW_FILTER_CHARSET_DECODE] = {KIND(BYTES), "bytes",
	    decode_charset},
	[FLOW_FILTER_COUNT] = {KIND(LIST) | KIND(BYTES) | KIND(NODESET),
	    "list, bytes or nodeset", count},
	[FLOW_FILTER_DATE_FORMAT] = {KIND(DATE), "date", format_date},
	[FLOW_FILTER_DAYS_AFTER_NOW] = {KIND(DATE), "date", days_from_now},
	[FLOW_FILTER_DAYS_BEFORE_NOW] = {KIND(DATE), "date", days_from_now},
	[FLOW_FILTER_DECODE] = {KIND(BYTES), "bytes", decode_charset},
	[FLOW_FILTER_FIRST] = {KIND(LIST), "list", first_or_last},
	[FLOW_FILTER_FORMAT] = {KIND(DATE), "date", format_date},
	[FLOW_FILTER_HTML_ESCAPE] = {KIND(STRING), "string", plain_text},
	[FLOW_FILTER_HTML_UNESCAPE] = {KIND(STRING), "string", plain_text},
	[FLOW_FILTER_JSONPATH] = {KIND(STRING), "string", jsonpath},
	[FLOW_FILTER_LAST] = {KIND(LIST), "list", first_or_last},
	[FLOW_FILTER_LOCATION] = {KIND(RESPONSE), "http response", location},
	[FLOW_FILTER_NTH] = {KIND(LIST), "list", nth},
	[FLOW_FILTER_REGEX] = {KIND(STRING), "string", regex},
	[FLOW_FILTER_REPLACE_REGEX] = {KIND(STRING), "string",
	    replace_regex},
	[FLOW_FILTER_REPLACE] = {KIND(STRING), "string", replace},
	[FLOW_FILTER_SPLIT] = {KIND(STRING), "string", split},
	[FLOW_FILTER_TO_DATE] = {KIND(STRING), "string", parse_date},
	[FLOW_FILTER_TO_FLOAT] = {NUMBERS | KIND(STRING),
	    "float, integer or string", to_float},
	[FLOW_FILTER_TO_HEX] = {KIND(BYTES), "bytes", to_hex},
	[FLOW_FILTER_TO_INT] = {KIND(INTEGER) | KIND(FLOAT) | KIND(STRING),
	    "float, integer or string", to_int},
	[FLOW_FILTER_TO_STRING] = {ANY, "", to_string},
	[FLOW_FILTER_URL_DECODE] = {KIND(STRING), "string", plain_text},
	[FLOW_FILTER_URL_ENCODE] = {KIND(STRING), "string", plain_text},
	[FLOW_FILTER_URL_QUERY_PARAM] = {KIND(STRING), "string",
	    query_param},
	[FLOW_FILTER_UTF8_DECODE] = {KIND(BYTES), "bytes", decode_utf8},
	[FLOW_FILTER_UTF8_ENCODE] = {KIND(STRING), "string", encode_utf8},
	[FLOW_FILTER_XPATH] = {KIND(STRING), "string", xpath},
};

static int
apply(struct evaluation *ev, const struct flow_filter *f,
    const struct value *v, struct value *out)
{
	const struct filter *row = &filters[f->kind];
	struct input in = {ev, f, v};

	if (v->kind == VALUE_NONE)
		return (evaluate_data_fault(ev, f->place,
		    "Filter error: missing value to apply filter"));
	if ((row->kinds & 1u << v->kind) == 0) {
		findings_add(ev->findings, ev->data_kind, f->place,
		    xstrdup(row->expected), xstrdup(value_kind_name(v)),
		    "Filter error: invalid filter input type");
		return (ERR_TYPE);
	}
	return (row->apply(&in, out));
}

int
filters_apply(struct evaluation *ev, const struct flow_filters *list,
    struct value *v)
{
	struct value next;
	size_t i;
	int err;

	for (i = 0; i < list->count; i++) {
		next = value_none();
		evaluate_note_input(ev, v);
		err = apply(ev, &list->items[i], v, &next);
		evaluate_note_output(ev, v, &next);
		value_release(v);
		*v = next;
		if (err != 0)
			return (err);
	}
	return (0);
}
