/* SPDX-License-Identifier: ISC */
/*
 * Masking. Text is looked at byte by byte, but only bytes that can begin
 * something (a digit, an escape, the first byte of a secret's form) are
 * looked at closely. Each form is matched with every byte of it escaped or
 * not, so that no list of encodings is needed but for base64 and hex
 * (redact_form.c).
 */
#include "probe/redact.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "probe/redact_priv.h"

/* A pass over text: what was masked and what is still to be copied. */
struct pass {
	const struct redact *r;
	struct redact_view v;
	struct buf *out;
	size_t at;       /* looked at up to here */
	size_t copied;   /* written up to here */
	size_t mask_from, mask_end; /* what is masked now; from end: none */
	bool is_secret;  /* in the mask there is more than a card number */
	char last[5];    /* the card's last digits */
};

struct redact_stream {
	const struct redact *r;
	struct buf pending;
	struct pass pass;
};

static const char base64_chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "abcdefghijklmnopqrstuvwxyz0123456789+/-_";

static bool
is_word(char c)
{
	return ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '_');
}

static bool
is_hex(char c)
{
	return ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
	    (c >= 'A' && c <= 'F'));
}

/* Whether i is between two bytes of the word of hex that it is in. */
static bool
is_byte_edge(const struct redact_view *v, size_t i)
{
	size_t n = 0;

	while (n < i && n < REDACT_BACK_BYTES && is_hex(v->p[i - n - 1]))
		n++;
	return (n % 2 == 0);
}

static bool
is_base64(char c)
{
	return (c != '\0' && strchr(base64_chars, c) != NULL);
}

/*
 * Match a form at byte i, each byte of it escaped or plain. Returns the
 * length in the text, 0 when it does not match. Text that ends within the
 * form matches when it was cut off.
 */
static size_t
form_match(const struct redact_view *v, size_t i, const struct redact_form *f,
    unsigned int escapes)
{
	struct redact_unit u;
	size_t at = i, n = 0;

	while (n < f->len) {
		if (at == v->len)
			return (v->is_cut && n >= REDACT_SHORT_BYTES ?
			    at - i : 0);
		redact_unit_at(v, at, escapes, &u);
		if (u.out_len <= f->len - n &&
		    memcmp(u.out, f->text + n, u.out_len) == 0) {
			at += u.len;
			n += u.out_len;
		} else if (v->p[at] == f->text[n] ||
		    (v->p[at] == '+' && f->text[n] == ' ')) {
			at++;
			n++;
		} else
			return (0);
	}
	return (at - i);
}

/*
 * Each kind of escape by itself first: a secret may hold what looks like an
 * escape of another kind. Then mixed.
 */
static size_t
one_match(const struct redact_view *v, size_t i, const struct redact_form *f)
{
	static const unsigned int kinds[] = {0, REDACT_PERCENT, REDACT_JSON,
	    REDACT_HTML, REDACT_ANY};
	size_t k, n, len = 0;

	for (k = 0; k < NELEMS(kinds); k++) {
		n = form_match(v, i, f, kinds[k]);
		if (n > len)
			len = n;
	}
	if (len > 0 && f->is_aligned && !is_byte_edge(v, i))
		return (0);
	if (len > 0 && f->stands_alone &&
	    ((i > 0 && redact_escape_before(v, i) == 0 &&
	    is_word(v->p[i - 1])) ||
	    (i + len < v->len && is_word(v->p[i + len]))))
		return (0);
	if (len > 0 && f->has_tail && i + len < v->len &&
	    is_base64(v->p[i + len]))
		len++;
	return (len);
}

static bool
may_be_escape(char c)
{
	return (c == '%' || c == '\\' || c == '&' || c == '+');
}

/* Most forms that share their first byte with the text differ in the next. */
static bool
is_hopeless(const struct redact_view *v, size_t i, const struct redact_form *f)
{
	return (f->len > 1 && i + 1 < v->len && v->p[i] == f->text[0] &&
	    v->p[i + 1] != f->text[1] && !may_be_escape(v->p[i]) &&
	    !may_be_escape(v->p[i + 1]));
}

/* The longest of the forms that begin with byte c. */
static size_t
longest_match(const struct pass *ps, size_t i, unsigned char c,
    bool *has_head)
{
	const struct redact_form *f;
	size_t k, len, most = 0;

	for (k = ps->r->first[c]; k != REDACT_NO_FORM; k = f->next) {
		f = &ps->r->forms[k];
		if (is_hopeless(&ps->v, i, f))
			continue;
		len = one_match(&ps->v, i, f);
		if (len > most)
			most = len;
		if (len > 0 && f->has_head)
			*has_head = true;
	}
	return (most);
}

static size_t
secret_at(const struct pass *ps, size_t i, bool *has_head)
{
	unsigned char c = (unsigned char)ps->v.p[i];
	struct redact_unit u;
	size_t len = longest_match(ps, i, c, has_head), other;

	if (c == '+') {
		other = longest_match(ps, i, ' ', has_head);
		len = other > len ? other : len;
	}
	if (!may_be_escape((char)c))
		return (len);
	redact_unit_at(&ps->v, i, REDACT_ANY, &u);
	if (u.len > 1 && (unsigned char)u.out[0] != c) {
		other = longest_match(ps, i, (unsigned char)u.out[0],
		    has_head);
		len = other > len ? other : len;
	}
	return (len);
}

/* Append as much as there is room for; what is full stays full. */
static void
put(struct buf *out, const char *p, size_t len)
{
	size_t room = out->max_bytes - out->len;

	if (len > room && !out->is_full) {
		buf_append(out, p, room);
		out->is_full = true;
	} else
		buf_append(out, p, len);
}

static void
mask_write(struct pass *ps)
{
	if (ps->is_secret)
		buf_append_str(ps->out, "***");
	else {
		buf_append_str(ps->out, "****");
		buf_append_str(ps->out, ps->last);
	}
	ps->copied = ps->mask_end;
	ps->mask_from = ps->mask_end = 0;
}

/* Mask [from, end); what it overlaps with becomes one mask with it. */
static void
mask_add(struct pass *ps, size_t from, size_t end, const char *last)
{
	bool is_open = ps->mask_end > ps->mask_from;

	if (!is_open) {
		ps->mask_from = from > ps->copied ? from : ps->copied;
		ps->mask_end = end;
		ps->is_secret = last == NULL;
		memcpy(ps->last, last != NULL ? last : "", last != NULL ?
		    strlen(last) + 1 : 1);
		put(ps->out, ps->v.p + ps->copied,
		    ps->mask_from - ps->copied);
		ps->copied = ps->mask_from;
		return;
	}
	if (last == NULL)
		ps->is_secret = true;
	else if (end > ps->mask_end)
		memcpy(ps->last, last, strlen(last) + 1);
	if (end > ps->mask_end)
		ps->mask_end = end;
}

static void
look_at(struct pass *ps, size_t i)
{
	struct redact_card card;
	bool has_head = false;
	size_t len;

	if (ps->mask_end > ps->mask_from && i >= ps->mask_end)
		mask_write(ps);
	len = secret_at(ps, i, &has_head);
	if (len > 0)
		mask_add(ps, has_head && i > 0 && is_base64(ps->v.p[i - 1]) ?
		    i - 1 : i, i + len, NULL);
	if (redact_card_at(&ps->v, i, &card))
		mask_add(ps, i, i + card.len, card.last);
}

/*
 * Look at every byte before end, and write what is decided. The last byte is
 * held back while more may come: a match may begin with a part of it.
 */
static void
pass_run(struct pass *ps, size_t end, bool is_final)
{
	const bool *begins = ps->r->begins;
	size_t at = ps->at, hold;

	while (at < end) {
		if (begins[(unsigned char)ps->v.p[at]])
			look_at(ps, at);
		at++;
	}
	ps->at = at;
	if (ps->mask_end > ps->mask_from) {
		if (!is_final && ps->mask_end >= at)
			return;
		mask_write(ps);
	}
	hold = is_final ? at : at - (at > 0);
	if (hold > ps->copied) {
		put(ps->out, ps->v.p + ps->copied, hold - ps->copied);
		ps->copied = hold;
	}
}

static const struct redact *
without_secrets(void)
{
	static struct redact *none;

	if (none == NULL)
		none = redact_new();
	return (none);
}

int
redact_text(const struct redact *r, const char *text, size_t len,
    bool is_cut, struct buf *out)
{
	struct pass ps = {.r = r != NULL ? r : without_secrets(),
	    .v = {text, len, is_cut}, .out = out};

	pass_run(&ps, len, true);
	return (out->is_full ? ERR_LIMIT : 0);
}

int
redact_description(const struct redact *r, const char *text, size_t len,
    bool is_cut, struct buf *out)
{
	const char *at, *end, *dots;
	struct buf whole;
	int err = 0;

	if (memmem(text, len, "...", 3) == NULL)
		return (redact_text(r, text, len, is_cut, out));
	/* First as if nothing was cut: dots may belong to a secret. */
	buf_init(&whole, out->max_bytes);
	redact_text(r, text, len, is_cut, &whole);
	end = whole.data + whole.len;
	for (at = whole.data; at < end && err == 0; at = dots + 3) {
		dots = memmem(at, (size_t)(end - at), "...", 3);
		if (dots == NULL) {
			err = redact_text(r, at, (size_t)(end - at), is_cut,
			    out);
			break;
		}
		err = redact_text(r, at, (size_t)(dots - at), true, out);
		if (err == 0)
			err = buf_append(out, "...", 3);
	}
	buf_fini(&whole);
	return (err);
}

struct redact_stream *
redact_stream_new(const struct redact *r, struct buf *out)
{
	struct redact_stream *s = xcalloc(1, sizeof(*s));

	s->r = r != NULL ? r : without_secrets();
	s->pass = (struct pass){.r = s->r, .out = out};
	buf_init(&s->pending, SIZE_MAX / 8);
	return (s);
}

/* Drop what is written, but for what a look back may need. */
static void
stream_drain(struct redact_stream *s)
{
	struct pass *ps = &s->pass;
	size_t done = ps->copied < ps->at ? ps->copied : ps->at;

	if (done < REDACT_BACK_BYTES + 65536 && done * 2 < s->pending.len)
		return;
	if (done <= REDACT_BACK_BYTES)
		return;
	done -= REDACT_BACK_BYTES;
	buf_drain(&s->pending, done);
	ps->at -= done;
	ps->copied -= done;
	if (ps->mask_end > ps->mask_from) {
		ps->mask_from -= done;
		ps->mask_end -= done;
	}
}

int
redact_feed(struct redact_stream *s, const char *text, size_t len)
{
	struct pass *ps = &s->pass;
	size_t reach = s->r->reach_bytes;

	if (len == 0)
		return (ps->out->is_full ? ERR_LIMIT : 0);
	buf_append(&s->pending, text, len);
	ps->v = (struct redact_view){s->pending.data, s->pending.len, false};
	if (s->pending.len > reach && s->pending.len - reach > ps->at)
		pass_run(ps, s->pending.len - reach, false);
	stream_drain(s);
	return (ps->out->is_full ? ERR_LIMIT : 0);
}

int
redact_finish(struct redact_stream *s, bool is_cut)
{
	struct pass *ps = &s->pass;

	ps->v = (struct redact_view){s->pending.data, s->pending.len, is_cut};
	pass_run(ps, s->pending.len, true);
	buf_reset(&s->pending);
	ps->at = ps->copied = 0;
	return (ps->out->is_full ? ERR_LIMIT : 0);
}

void
redact_stream_free(struct redact_stream **s)
{
	if (*s == NULL)
		return;
	if ((*s)->pending.data != NULL)
		explicit_bzero((*s)->pending.data, (*s)->pending.cap);
	buf_fini(&(*s)->pending);
	free(*s);
	*s = NULL;
}
