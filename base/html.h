/* SPDX-License-Identifier: ISC */
/* Text into HTML. */
#ifndef BASE_HTML_H
#define BASE_HTML_H

#include <stddef.h>

#include "base/buf.h"

/*
 * Append text with & < > " ' escaped, fit for content and for attributes in
 * quotes. Control characters but tab and line ends, and bytes that are not
 * UTF-8, become U+FFFD.
 */
void html_escape_n(struct buf *out, const char *s, size_t len);
void html_escape(struct buf *out, const char *s);

#endif
