/* SPDX-License-Identifier: ISC */
/*
 * XPath 1.0 on XML and HTML by libxml2: no network, no entities, no message
 * printed, and bounds on what an expression may cost.
 */
#ifndef PROBE_XPATH_H
#define PROBE_XPATH_H

#include <stdbool.h>
#include <stddef.h>

#include "probe/value.h"

struct xpath_doc;

#define XPATH_MOST_BYTES (64u << 20)

/*
 * Parse UTF-8 text, recovering from mistakes as browsers do. Returns 0,
 * ERR_SYNTAX when there is not even a root element, or ERR_LIMIT for what is
 * too long or would take too much work.
 */
int xpath_doc_parse(const char *text, size_t len, bool is_html,
    struct xpath_doc **out);
void xpath_doc_free(struct xpath_doc **doc);

/*
 * Evaluate an expression. A number becomes a float, a node-set only its
 * size. In XML every prefix of the document may be used, and _ for its first
 * default namespace. factor is how many times the usual work it may cost.
 * Returns 0, ERR_SYNTAX for a wrong expression, or ERR_LIMIT when it costs
 * too much.
 */
int xpath_eval(struct xpath_doc *doc, const char *expression,
    unsigned int factor, struct value *out);

#endif
