/* SPDX-License-Identifier: ISC */
/*
 * Values of predicates, options and bodies: numbers by their text, bytes in
 * hex and base64, /regex/ compiled here and now.
 */
#include "checks/flow_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define REGEX_MOST 100000

enum parse
operand_bool(struct parser *p, bool *out)
{
	*out = reader_sees(p, "true");
	if (*out || reader_sees(p, "false"))
		return (reader_try(p, *out ? "true" : "false"));
	return (reader_soft(p, p->cur, MISTAKE_EXPECTED, "true or false"));
}

/* Digits without leading zeros; soft unless the first is a digit. */
static enum parse
digits(struct parser *p, const char *what)
{
	struct cursor second;
	uint32_t first = reader_peek(p);
	size_t more;

	if (first < '0' || first > '9')
		return (reader_soft(p, p->cur, MISTAKE_EXPECTED, what));
	reader_read(p);
	second = p->cur;
	more = reader_skip_digits(p);
	if (first == '0' && more > 0)
		return (reader_hard(p, second, MISTAKE_SENTENCE,
		    "a number does not begin with a zero"));
	return (PARSE_OK);
}

enum parse
operand_integer(struct parser *p, int64_t *out)
{
	struct cursor start = p->cur;
	enum parse r;

	reader_try(p, "-");
	if ((r = digits(p, "an integer")) != PARSE_OK)
		return (r);
	errno = 0;
	*out = strtoll(p->source + start.at, NULL, 10);
	if (errno != 0 || *out == INT64_MIN)
		return (reader_hard(p, start, MISTAKE_SENTENCE,
		    "this integer is too large"));
	return (PARSE_OK);
}

/* Past INT64_MAX it stays there: nothing lasts longer or counts higher. */
enum parse
operand_natural(struct parser *p, int64_t *out)
{
	struct cursor start = p->cur;
	unsigned long long n;
	enum parse r;

	if ((r = digits(p, "a natural number")) != PARSE_OK)
		return (r);
	errno = 0;
	n = strtoull(p->source + start.at, NULL, 10);
	if (errno != 0)
		return (reader_hard(p, start, MISTAKE_SENTENCE,
		    "this number is too large"));
	*out = n > INT64_MAX ? INT64_MAX : (int64_t)n;
	return (PARSE_OK);
}

enum parse
operand_number(struct parser *p, struct flow_value *out)
{
	struct cursor start = p->cur, first;
	size_t count;

	reader_try(p, "-");
	first = p->cur;
	count = reader_skip_digits(p);
	if (count == 0)
		return (reader_soft(p, p->cur, MISTAKE_EXPECTED, "a number"));
	if (count > 1 && p->source[first.at] == '0')
		return (reader_hard(p, p->cur, MISTAKE_SENTENCE,
		    "a number does not begin with a zero"));
	errno = 0;
	strtoll(p->source + start.at, NULL, 10);
	out->kind = errno == 0 ? FLOW_VALUE_INTEGER : FLOW_VALUE_BIG_INTEGER;
	if (reader_try(p, ".") == PARSE_OK) {
		out->kind = FLOW_VALUE_FLOAT;
		if (reader_skip_digits(p) == 0)
			return (reader_hard(p, p->cur, MISTAKE_EXPECTED,
			    "decimal digits"));
	}
	out->len = p->cur.at - start.at;
	out->text = reader_text(p, start, p->cur);
	return (PARSE_OK);
}

static int
hex_value(uint32_t c)
{
	if (c >= '0' && c <= '9')
		return ((int)c - '0');
	c |= 32;
	return (c >= 'a' && c <= 'f' ? (int)c - 'a' + 10 : -1);
}

enum parse
operand_hex(struct parser *p, const char **bytes, size_t *len)
{
	struct cursor start;
	size_t i, count;
	enum parse r;
	char *out;

	if ((r = reader_try(p, "hex")) != PARSE_OK)
		return (r);
	if ((r = reader_expect(p, ",")) != PARSE_OK)
		return (r);
	reader_skip_spaces(p);
	start = p->cur;
	while (!reader_is_end(p) && hex_value(reader_peek(p)) >= 0)
		reader_read(p);
	count = p->cur.at - start.at;
	if (count % 2 != 0)
		return (reader_hard(p, p->cur, MISTAKE_EXPECTED,
		    "one more hexadecimal digit: bytes have two each"));
	out = parse_alloc(p, count / 2 + 1, 1);
	for (i = 0; i < count; i += 2)
		out[i / 2] = (char)(
		    hex_value((unsigned char)p->source[start.at + i]) * 16 +
		    hex_value((unsigned char)p->source[start.at + i + 1]));
	*bytes = out;
	*len = count / 2;
	reader_skip_spaces(p);
	return (reader_expect(p, ";"));
}

static int
base64_value(uint32_t c)
{
	if (c >= 'A' && c <= 'Z')
		return ((int)c - 'A');
	if (c >= 'a' && c <= 'z')
		return ((int)c - 'a' + 26);
	if (c >= '0' && c <= '9')
		return ((int)c - '0' + 52);
	return (c == '+' ? 62 : c == '/' ? 63 : -1);
}

/* White space may stand between the digits, padding ends them. */
static size_t
base64_digits(struct parser *p, char *out)
{
	size_t len = 0;
	uint32_t c, group = 0;
	int v, count = 0;

	while ((c = reader_peek(p)) != READER_END && c != '=') {
		v = base64_value(c);
		if (v < 0 && c != ' ' && c != '\n' && c != '\t')
			break;
		reader_read(p);
		if (v < 0)
			continue;
		group = group << 6 | (uint32_t)v;
		if (++count < 4)
			continue;
		out[len++] = (char)(group >> 16);
		out[len++] = (char)(group >> 8);
		out[len++] = (char)group;
		count = 0;
		group = 0;
	}
	if (count == 2)
		out[len++] = (char)(group >> 4);
	if (count == 3) {
		out[len++] = (char)(group >> 10);
		out[len++] = (char)(group >> 2);
	}
	while (reader_peek(p) == '=')
		reader_read(p);
	return (len);
}

enum parse
operand_base64(struct parser *p, const char **bytes, size_t *len)
{
	const char *end;
	enum parse r;
	char *out;

	if ((r = reader_try(p, "base64")) != PARSE_OK)
		return (r);
	if ((r = reader_expect(p, ",")) != PARSE_OK)
		return (r);
	reader_skip_spaces(p);
	end = memchr(p->source + p->cur.at, ';', p->end - p->cur.at);
	out = parse_alloc(p, 1, (end == NULL ? p->end - p->cur.at :
	    (size_t)(end - p->source) - p->cur.at) + 1);
	*len = base64_digits(p, out);
	*bytes = out;
	reader_skip_spaces(p);
	return (reader_expect(p, ";"));
}

enum parse
operand_file(struct parser *p, struct flow_template *name)
{
	enum parse r;

	if ((r = reader_try(p, "file")) != PARSE_OK)
		return (r);
	if ((r = reader_expect(p, ",")) != PARSE_OK)
		return (r);
	reader_skip_spaces(p);
	if ((r = name_file(p, name)) != PARSE_OK)
		return (r);
	reader_skip_spaces(p);
	return (reader_close(p, ";", "';' after the name of the file",
	    p->cur));
}

static enum parse
regex_compile_here(struct parser *p, struct cursor start,
    const struct regex **out)
{
	struct flow_arena *store = p->store;
	struct buf *text = &p->scratch;
	struct flow_regex *item;
	struct regex *re = NULL;
	char *sentence = NULL;
	size_t offset = 0;
	const char *what = "this regular expression cannot be compiled";

	HASH_FIND(hh, store->regexes, buf_str(text), text->len, item);
	if (item != NULL) {
		*out = item->re;
		return (PARSE_OK);
	}
	if (HASH_COUNT(store->regexes) == REGEX_MOST) {
		p->is_over_limit = true;
		return (reader_hard(p, start, MISTAKE_SENTENCE,
		    "this flow has more than 100000 regular expressions"));
	}
	if (regex_compile(buf_str(text), text->len, &re, &sentence,
	    &offset) != 0) {
		if (sentence != NULL)
			what = arena_strndup(&store->arena, sentence,
			    strlen(sentence));
		free(sentence);
		return (reader_hard(p, start, MISTAKE_SENTENCE, what));
	}
	item = parse_alloc(p, 1, sizeof(*item));
	item->re = re;
	item->text = arena_strndup(&store->arena, buf_str(text), text->len);
	HASH_ADD_KEYPTR(hh, store->regexes, item->text, text->len, item);
	*out = re;
	return (PARSE_OK);
}

/* Only \/ is an escape of ours, everything else is the expression's. */
enum parse
operand_regex(struct parser *p, const struct regex **out)
{
	struct cursor start, at;
	enum parse r;
	uint32_t c;

	if ((r = reader_try(p, "/")) != PARSE_OK)
		return (r);
	start = p->cur;
	buf_reset(&p->scratch);
	for (;;) {
		at = p->cur;
		c = reader_read(p);
		if (c == READER_END)
			return (reader_hard(p, p->cur, MISTAKE_SENTENCE,
			    "this /regex/ has no end"));
		if (c == '/')
			break;
		if (c == '\\' && reader_sees(p, "/")) {
			at = p->cur;
			reader_read(p);
		}
		if (buf_append(&p->scratch, p->source + at.at,
		    p->cur.at - at.at) != 0)
			return (reader_hard(p, start, MISTAKE_SENTENCE,
			    "this /regex/ is too long"));
	}
	return (regex_compile_here(p, start, out));
}

static enum parse
value_bytes(struct parser *p, struct flow_value *out)
{
	enum parse r;

	out->kind = FLOW_VALUE_BYTES;
	if ((r = operand_hex(p, &out->text, &out->len)) == PARSE_SOFT)
		r = operand_base64(p, &out->text, &out->len);
	return (r);
}

static enum parse
value_multiline(struct parser *p, struct flow_value *out)
{
	struct flow_body *body;

	out->kind = FLOW_VALUE_MULTILINE;
	if (!reader_sees(p, "```"))
		return (PARSE_SOFT);
	body = parse_alloc(p, 1, sizeof(*body));
	out->body = body;
	return (body_multiline(p, body));
}

static enum parse
value_null(struct parser *p, struct flow_value *out)
{
	out->kind = FLOW_VALUE_NULL;
	return (reader_try(p, "null"));
}

static enum parse
value_boolean(struct parser *p, struct flow_value *out)
{
	out->kind = FLOW_VALUE_BOOL;
	return (operand_bool(p, &out->boolean));
}

static enum parse
value_file_name(struct parser *p, struct flow_value *out)
{
	out->kind = FLOW_VALUE_FILE;
	return (operand_file(p, &out->template));
}

static enum parse
value_placeholder(struct parser *p, struct flow_value *out)
{
	out->kind = FLOW_VALUE_PLACEHOLDER;
	return (placeholder_template(p, &out->template));
}

static enum parse
value_quoted(struct parser *p, struct flow_value *out)
{
	out->kind = FLOW_VALUE_STRING;
	return (text_quoted(p, &out->template));
}

static enum parse
value_backtick(struct parser *p, struct flow_value *out)
{
	out->kind = FLOW_VALUE_STRING;
	return (text_backtick(p, &out->template));
}

static enum parse
value_expression(struct parser *p, struct flow_value *out)
{
	out->kind = FLOW_VALUE_REGEX;
	return (operand_regex(p, &out->regex));
}

static enum parse
value_unquoted(struct parser *p, struct flow_value *out)
{
	out->kind = FLOW_VALUE_STRING;
	return (text_value(p, &out->template));
}

typedef enum parse value_form(struct parser *, struct flow_value *);

/* Try the forms in their order; count of them. */
static enum parse
value_choice(struct parser *p, value_form *const *forms, size_t count,
    struct flow_value *out)
{
	struct cursor start = p->cur;
	enum parse r = PARSE_SOFT;
	size_t i;

	for (i = 0; i < count && r == PARSE_SOFT; i++) {
		*out = (struct flow_value){0};
		p->cur = start;
		r = forms[i](p, out);
	}
	out->place = reader_place(start, p->cur);
	return (r);
}

enum parse
operand_predicate(struct parser *p, const char *what, struct flow_value *out)
{
	static value_form *const forms[] = {value_null, value_boolean,
	    operand_number, value_file_name, value_bytes, value_placeholder,
	    value_quoted, value_multiline, value_backtick, value_expression};
	struct cursor start = p->cur;
	enum parse r;

	r = value_choice(p, forms, sizeof(forms) / sizeof(forms[0]), out);
	if (r == PARSE_SOFT)
		return (reader_hard(p, start, MISTAKE_EXPECTED, what));
	return (r);
}

enum parse
operand_variable(struct parser *p, struct flow_value *out)
{
	static value_form *const forms[] = {value_null, value_boolean,
	    operand_number, value_quoted, value_unquoted};

	return (value_choice(p, forms, sizeof(forms) / sizeof(forms[0]),
	    out));
}
