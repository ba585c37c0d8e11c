/* SPDX-License-Identifier: ISC */
/*
 * The forms of secrets: in which ways one may stand in text that somebody
 * else encoded. Escapes need no form of their own, as redact.c matches each
 * byte escaped or not; base64 and hex do.
 */
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/mem.h"
#include "probe/redact.h"
#include "probe/redact_priv.h"

/* Bytes that one byte of a secret takes at most: "&#x0027;". */
#define ESCAPE_MOST 8
#define CORE_LEAST 6  /* characters of base64 that are worth masking */
#define LINE_LEAST 8  /* bytes of a line that are a secret by themselves */
#define HEX_LEAST 16  /* digits that hardly stand across bytes by chance */

static void
begin_with(struct redact *r, const char *bytes)
{
	for (; *bytes != '\0'; bytes++)
		r->begins[(unsigned char)*bytes] = true;
}

struct redact *
redact_new(void)
{
	struct redact *r = xcalloc(1, sizeof(*r));
	size_t i;

	for (i = 0; i < NELEMS(r->first); i++)
		r->first[i] = REDACT_NO_FORM;
	begin_with(r, "0123456789%\\&");
	r->reach_bytes = REDACT_CARD_BYTES;
	return (r);
}

void
redact_free(struct redact **r)
{
	size_t i;

	if (*r == NULL)
		return;
	for (i = 0; i < (*r)->count; i++) {
		explicit_bzero((*r)->forms[i].text, (*r)->forms[i].len);
		free((*r)->forms[i].text);
	}
	free((*r)->forms);
	free(*r);
	*r = NULL;
}

static bool
has_form(const struct redact *r, const char *text, size_t len)
{
	size_t i;

	for (i = r->first[(unsigned char)*text]; i != REDACT_NO_FORM;
	    i = r->forms[i].next)
		if (r->forms[i].len == len &&
		    memcmp(r->forms[i].text, text, len) == 0)
			return (true);
	return (false);
}

static void
add_form(struct redact *r, const char *text, size_t len, bool has_head,
    bool has_tail)
{
	unsigned char c = (unsigned char)*text;

	if (len == 0 || has_form(r, text, len))
		return;
	if (r->count == r->cap) {
		r->cap = r->cap * 2 + 8;
		r->forms = xreallocarray(r->forms, r->cap, sizeof(*r->forms));
	}
	r->forms[r->count] = (struct redact_form){
		.text = xmemdup(text, len),
		.len = len,
		.next = r->first[c],
		.stands_alone = len < REDACT_SHORT_BYTES,
		.has_head = has_head,
		.has_tail = has_tail
	};
	r->first[c] = r->count++;
	r->begins[c] = true;
	if (c == ' ')
		r->begins['+'] = true;
	if (len * ESCAPE_MOST + ESCAPE_MOST > r->reach_bytes)
		r->reach_bytes = len * ESCAPE_MOST + ESCAPE_MOST;
}

/*
 * In base64 three bytes are four characters, so a secret inside longer text
 * looks different by where it begins. Only the characters that are the
 * secret's alone are matched; those at its edges are masked along.
 */
static void
add_core(struct redact *r, const char *text, size_t len, size_t shift,
    int is_url)
{
	static const size_t head_chars[] = {0, 2, 3};
	char *shifted = xcalloc(1, shift + len + 1);
	size_t bits = (shift + len) * 8, from, to;
	struct buf b;

	memcpy(shifted + shift, text, len);
	buf_init(&b, len * 2 + 64);
	crypto_base64_encode(shifted, shift + len, is_url, &b);
	from = head_chars[shift];
	to = bits / 6;
	if (to >= from + CORE_LEAST)
		add_form(r, b.data + from, to - from, shift != 0,
		    bits % 6 != 0);
	explicit_bzero(shifted, shift + len);
	explicit_bzero(b.data, b.len);
	buf_fini(&b);
	free(shifted);
}

static void
add_whole_base64(struct redact *r, const char *text, size_t len, int is_url)
{
	struct buf b;

	buf_init(&b, len * 2 + 64);
	crypto_base64_encode(text, len, is_url, &b);
	add_form(r, b.data, b.len, false, false);
	explicit_bzero(b.data, b.len);
	buf_fini(&b);
}

static void
add_hex_form(struct redact *r, const char *hex, size_t len)
{
	size_t count = r->count;

	add_form(r, hex, len, false, false);
	if (r->count > count)
		r->forms[count].is_aligned = len < HEX_LEAST;
}

/* As a description of bytes has them; lower and upper case. */
static void
add_hex(struct redact *r, const char *text, size_t len)
{
	char *hex = xmalloc(2 * len + 1);
	size_t i;

	crypto_hex(text, len, hex);
	add_hex_form(r, hex, 2 * len);
	for (i = 0; i < 2 * len; i++)
		if (hex[i] >= 'a')
			hex[i] = (char)(hex[i] - 'a' + 'A');
	add_hex_form(r, hex, 2 * len);
	explicit_bzero(hex, 2 * len);
	free(hex);
}

/* What shows text by the line shows a secret so, too. */
static void
add_lines(struct redact *r, const char *text, size_t len)
{
	const char *end = text + len, *line = text, *next;
	size_t n;

	for (; line < end; line = next + 1) {
		next = memchr(line, '\n', (size_t)(end - line));
		if (next == NULL)
			next = end;
		n = (size_t)(next - line);
		n -= n > 0 && line[n - 1] == '\r';
		if (n >= LINE_LEAST)
			redact_add_secret(r, line, n);
	}
}

void
redact_add_secret(struct redact *r, const char *text, size_t len)
{
	size_t shift;
	int is_url;

	if (len == 0 || has_form(r, text, len))
		return;
	if (memchr(text, '\n', len) != NULL)
		add_lines(r, text, len);
	add_form(r, text, len, false, false);
	for (is_url = 0; is_url < 2; is_url++) {
		add_whole_base64(r, text, len, is_url);
		for (shift = 0; shift < 3; shift++)
			add_core(r, text, len, shift, is_url);
	}
	if (len >= REDACT_SHORT_BYTES)
		add_hex(r, text, len);
}
