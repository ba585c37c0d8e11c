/* SPDX-License-Identifier: ISC */
/* Parts of a gate's page, from its document. */
#ifndef WEB_GATE_PARTS_H
#define WEB_GATE_PARTS_H

#include "base/buf.h"
#include "base/json.h"

/* The evidence over the pairs; nothing when the document has no trace. */
void gate_parts_charts(struct buf *out, const struct json *root);

/* Who lets the release go on all the same, if anybody. */
void gate_parts_overrides(struct buf *out, const struct json *root);

#endif
