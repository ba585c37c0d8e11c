/* SPDX-License-Identifier: ISC */
/* Two texts side by side, with the lines that only one of them has. */
#ifndef BASE_HTML_DIFF_H
#define BASE_HTML_DIFF_H

#include <stdbool.h>

#include "base/buf.h"

struct html_side {
	const char *title;  /* HTML */
	const char *text;   /* an answer: head, empty line, body; or NULL */
	const char *absent; /* HTML, for a text that is NULL */
};

/*
 * Append a <div class="two"> with two <pre> elements of escaped text; lines
 * that the other side lacks are in <mark>. A body that is JSON is laid out
 * member by member.
 */
void html_diff(struct buf *out, const struct html_side *left,
    const struct html_side *right);

/*
 * Append the same as plain text, a line each: "- " what only from has, "+ "
 * what only to has, and with is_whole "  " what both have;
 * without, what to has comes first. At most lines_most lines, each without
 * control characters; what is left out is counted.
 */
void html_diff_text(struct buf *out, const char *from, const char *to,
    size_t lines_most, bool is_whole);

#endif
