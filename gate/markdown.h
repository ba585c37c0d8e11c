/* SPDX-License-Identifier: ISC */
/*
 * Text in GitHub's and GitLab's dialect of Markdown, which reads more than
 * Markdown does: mentions, references to issues, names of emoji.
 */
#ifndef GATE_MARKDOWN_H
#define GATE_MARKDOWN_H

#include "base/buf.h"

/*
 * Append text that shows as it is: in a line, in a list or in a cell of a
 * table. Line ends become blanks, mentions and references stay mere text.
 */
void markdown_escape(struct buf *out, const char *s);

/*
 * Append a code span, in which nothing at all is read. Not for a cell of a
 * table. Line ends become blanks.
 */
void markdown_code(struct buf *out, const char *s);

/* Append a block of code that its text cannot end; it ends with a line end. */
void markdown_block(struct buf *out, const char *language, const char *s);

#endif
