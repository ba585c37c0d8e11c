/* SPDX-License-Identifier: ISC */
/* Character references of HTML, and percent-encoding of URLs, as filters. */
#ifndef PROBE_HTML_H
#define PROBE_HTML_H

#include <stddef.h>

#include "base/buf.h"

struct html_entity {
	const char *name; /* behind the &, with its ; if it has one */
	const char *text;
};

extern const struct html_entity html_entities[];
extern const size_t html_entity_count;

/* Append with & < > " ' escaped. Returns 0 or ERR_LIMIT. */
int html_text_escape(const char *text, size_t len, struct buf *out);

/*
 * Append with named and numeric references resolved, by the rules of HTML 5
 * for valid and invalid ones. Returns 0 or ERR_LIMIT.
 */
int html_text_unescape(const char *text, size_t len, struct buf *out);

#endif
