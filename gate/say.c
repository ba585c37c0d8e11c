/* SPDX-License-Identifier: ISC */
/* Two dialects of text. */
#include "gate/say.h"

#include <stdarg.h>
#include <stdio.h>

#include "gate/markdown.h"

#define LINE_MOST (1u << 16)

void
say(struct text *t, const char *s)
{
	if (t->is_markdown)
		markdown_escape(t->out, s);
	else
		buf_append_str(t->out, s);
}

void
say_outside(struct text *t, const char *s)
{
	struct buf safe;

	buf_init(&safe, LINE_MOST);
	report_text(s, &safe);
	if (t->is_markdown)
		markdown_code(t->out, buf_str(&safe));
	else
		buf_append_str(t->out, buf_str(&safe));
	buf_fini(&safe);
}

void
sayf(struct text *t, const char *fmt, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	say(t, line);
}

void
say_part(struct text *t, const struct engine_component *c, say_part_cb *part)
{
	struct buf text;

	buf_init(&text, LINE_MOST);
	part(t->r, c, &text);
	say(t, buf_str(&text));
	buf_fini(&text);
}

void
say_evidence(struct text *t, double log_e)
{
	struct buf text;

	buf_init(&text, 64);
	report_evidence(log_e, &text);
	say(t, buf_str(&text));
	buf_fini(&text);
}

void
say_heading(struct text *t, const char *title)
{
	buf_printf(t->out, t->is_markdown ? "\n### %c%s\n\n" : "\n%c%s\n",
	    t->is_markdown ? title[0] - 'a' + 'A' : title[0], title + 1);
}

void
say_item(struct text *t)
{
	buf_append_str(t->out, t->is_markdown ? "- " : "  ");
}

void
say_detail(struct text *t, const char *name)
{
	if (name[0] == '\0')
		buf_append_str(t->out, t->is_markdown ? "  - " : "    ");
	else
		buf_printf(t->out, t->is_markdown ? "  - %s: " :
		    "    %-9s ", name);
}

void
say_end(struct text *t)
{
	buf_append_char(t->out, '\n');
}

void
say_detail_outside(struct text *t, const char *name, const char *text)
{
	if (text == NULL)
		return;
	say_detail(t, name);
	say_outside(t, text);
	say_end(t);
}

void
say_left_out(struct text *t, size_t count)
{
	if (count > 0)
		buf_printf(t->out, t->is_markdown ? "\nand %zu more: the "
		    "JSON document has all\n" : "  and %zu more\n", count);
}

void
say_list(struct text *t, const struct say_list *l)
{
	struct buf *whole = t->out, item;
	size_t i;

	buf_init(&item, REPORT_MOST_BYTES);
	t->out = &item;
	for (i = 0; i < l->count && i < l->most; i++) {
		t->before = whole->len;
		l->say(t, i);
		if (t->is_markdown && whole->len + item.len > l->bytes_most)
			break;
		buf_append(whole, buf_str(&item), item.len);
		buf_reset(&item);
	}
	t->out = whole;
	t->before = 0;
	buf_fini(&item);
	say_left_out(t, l->count - i);
}
