/* SPDX-License-Identifier: ISC */
/*
 * Which values give a secret away, so that no message shows them: what is
 * made of a secret by filters, and the pieces of text that holds one. Masking
 * by itself finds secrets that are whole.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "probe/evaluate_priv.h"

/* Whether a value is a secret as it stands. */
static bool
is_secret(const struct evaluation *ev, const struct value *v)
{
	const char *text;
	size_t len;

	if (v->kind != VALUE_STRING && v->kind != VALUE_BYTES)
		return (false);
	text = value_text(v, &len);
	return (variables_has_secret(ev->scope->variables, text, len));
}

void
evaluate_note_piece(struct evaluation *ev, const struct value *v,
    const char *whole, size_t len)
{
	const char *part;
	size_t i, part_len;

	if (v->kind == VALUE_STRING || v->kind == VALUE_BYTES) {
		part = value_text(v, &part_len);
		ev->is_secret = ev->is_secret || variables_is_secret_part(
		    ev->scope->variables, part, part_len, whole, len);
		return;
	}
	for (i = 0; i < value_count(v) && !ev->is_secret; i++)
		evaluate_note_piece(ev, &v->shared->items[i], whole, len);
}

void
evaluate_note_input(struct evaluation *ev, const struct value *in)
{
	ev->is_secret = ev->is_secret || is_secret(ev, in);
}

void
evaluate_note_output(struct evaluation *ev, const struct value *in,
    const struct value *out)
{
	const char *text;
	size_t len;

	if (in->kind != VALUE_STRING && in->kind != VALUE_BYTES)
		return;
	text = value_text(in, &len);
	evaluate_note_piece(ev, out, text, len);
}

char *
evaluate_show(const struct evaluation *ev, const struct value *v)
{
	return (ev->is_secret ? xasprintf("%s <***>", value_kind_name(v)) :
	    evaluate_describe(v));
}

char *
evaluate_show_bare(const struct evaluation *ev, const struct value *v)
{
	struct buf text;

	if (ev->is_secret)
		return (xstrdup("***"));
	buf_init(&text, EVALUATE_MOST_TEXT);
	value_describe_bare(v, &text);
	buf_append_str(&text, "");
	return (buf_take(&text, NULL));
}
