/* SPDX-License-Identifier: ISC */
/* The page's style sheet, and the head and foot of every page. */
#ifndef WEB_STYLE_H
#define WEB_STYLE_H

#include <stdbool.h>

#include "base/buf.h"

/* Begin a page; title is plain text. refresh_s: reload after, 0: never. */
void style_begin(struct buf *out, const char *title, int refresh_s);
void style_end(struct buf *out);

/*
 * The Content-Security-Policy: no script, nothing from elsewhere, and no
 * style but this sheet (by its hash). Static.
 */
const char *style_policy(void);

#endif
