/* SPDX-License-Identifier: ISC */
/*
 * Masking: no secret survives, however it is written and wherever the text
 * is cut; pieces give the same as the whole; what is masked by its name is so
 * at once. Input: two secrets, each with its length in front, then a seed for
 * the cuts, then the text.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "probe/redact.h"

#define SECRETS 2
#define SECRET_MOST 40

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const char *p;
	size_t len;
};

static struct input
take(struct input *in, size_t most)
{
	struct input out = {in->p, 0};

	if (in->len == 0)
		return (out);
	out.p = in->p + 1;
	out.len = (uint8_t)in->p[0] % (most + 1);
	if (out.len > in->len - 1)
		out.len = in->len - 1;
	in->p += 1 + out.len;
	in->len -= 1 + out.len;
	return (out);
}

/* What masks are made of may spell a secret; such are left out. */
static bool
is_fair(const struct input *secret)
{
	return (secret->len >= REDACT_SHORT_BYTES &&
	    memchr(secret->p, '*', secret->len) == NULL);
}

static void
percent(const struct input *s, struct buf *out)
{
	size_t i;

	for (i = 0; i < s->len; i++)
		buf_printf(out, "%%%02X", (uint8_t)s->p[i]);
}

/* Escaped as in JSON, which only text can be. */
static void
json(const struct input *s, struct buf *out)
{
	if (utf8_check(s->p, s->len) == s->len)
		json_escape(out, s->p, s->len);
}

/* The text, with each secret in every form behind it. */
static void
write_out(struct buf *all, const struct input *text,
    const struct input *secrets)
{
	size_t i;

	buf_append(all, text->p, text->len);
	for (i = 0; i < SECRETS; i++) {
		buf_append(all, secrets[i].p, secrets[i].len);
		buf_append_char(all, ' ');
		percent(&secrets[i], all);
		buf_append_char(all, ' ');
		json(&secrets[i], all);
		buf_append_char(all, ' ');
		crypto_base64_encode(secrets[i].p, secrets[i].len, 0, all);
		buf_append_char(all, ' ');
		buf_append(all, text->p, text->len);
	}
}

static void
must_hide(const struct buf *out, const struct input *secret)
{
	struct buf b;

	if (!is_fair(secret))
		return;
	must(memmem(out->data, out->len, secret->p, secret->len) == NULL);
	buf_init(&b, 1000);
	percent(secret, &b);
	must(memmem(out->data, out->len, b.data, b.len) == NULL);
	buf_reset(&b);
	json(secret, &b);
	must(b.len == 0 || memmem(out->data, out->len, b.data, b.len) == NULL);
	buf_reset(&b);
	crypto_base64_encode(secret->p, secret->len, 0, &b);
	must(memmem(out->data, out->len, b.data, b.len) == NULL);
	buf_fini(&b);
}

static void
in_pieces(const struct redact *r, const struct buf *text, uint8_t seed,
    struct buf *out)
{
	struct redact_stream *s = redact_stream_new(r, out);
	uint32_t random = seed * 2654435761u + 1;
	size_t at, n;
	char *piece;

	for (at = 0; at < text->len; at += n) {
		random = random * 1664525u + 1013904223u;
		n = random >> 16 & (seed % 2 ? 3 : 511);
		if (n > text->len - at)
			n = text->len - at;
		piece = xmemdup(text->data + at, n);
		redact_feed(s, piece, n);
		free(piece);
	}
	redact_finish(s, false);
	redact_stream_free(&s);
}

/* A mask makes text longer by less than half, and no new names. */
static void
mask_names(const struct input *in)
{
	struct buf once, twice;

	buf_init(&once, 2 * in->len + 1);
	buf_init(&twice, 2 * in->len + 1);
	redact_names(in->p, in->len, &once);
	redact_names(buf_str(&once), once.len, &twice);
	must(!once.is_full && !twice.is_full && once.len == twice.len &&
	    memcmp(buf_str(&once), buf_str(&twice), once.len) == 0);
	buf_fini(&once);
	buf_fini(&twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {(const char *)data, size}, secrets[SECRETS];
	struct redact *r = redact_new();
	struct buf text, out, again;
	uint8_t seed = 0;
	size_t i;

	for (i = 0; i < SECRETS; i++) {
		secrets[i] = take(&in, SECRET_MOST);
		redact_add_secret(r, secrets[i].p, secrets[i].len);
	}
	if (in.len > 0) {
		seed = (uint8_t)in.p[0];
		in.p++;
		in.len--;
	}
	buf_init(&text, 16u << 20);
	buf_init(&out, 64u << 20);
	buf_init(&again, 64u << 20);
	mask_names(&in);
	write_out(&text, &in, secrets);
	redact_text(r, text.data, text.len, seed % 3 == 0, &out);
	buf_append_str(&out, "");
	for (i = 0; i < SECRETS; i++)
		must_hide(&out, &secrets[i]);
	buf_reset(&out);
	redact_text(r, text.data, text.len, false, &out);
	in_pieces(r, &text, seed, &again);
	must(out.len == again.len &&
	    (out.len == 0 || memcmp(out.data, again.data, out.len) == 0));
	buf_fini(&text);
	buf_fini(&out);
	buf_fini(&again);
	redact_free(&r);
	return (0);
}
