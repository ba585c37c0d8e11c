/* SPDX-License-Identifier: ISC */
/* Rendering of templates, bodies and file names against the variables. */
#ifndef PROBE_TEMPLATE_H
#define PROBE_TEMPLATE_H

#include "base/buf.h"
#include "checks/flow.h"
#include "probe/evaluate.h"
#include "probe/value.h"

/*
 * Append the text of a template. Returns 0, ERR_LIMIT when out is full, or
 * another error with a FINDING_DEFINITION at the placeholder's place
 * (undefined variable, a list or object in text).
 */
int template_render(const struct flow_template *t, struct scope *scope,
    struct buf *out, struct findings *findings);

/*
 * The value of a template: a single placeholder keeps its type, anything
 * else is a string. *out is the caller's to release.
 */
int template_value(const struct flow_template *t, struct scope *scope,
    struct value *out, struct findings *findings);

/*
 * Append the bytes of a body (JSON, XML, multiline, GraphQL, bytes, file
 * below scope->file_root), and name the Content-Type that it implies
 * (static, NULL for none).
 */
int template_body(const struct flow_body *body, struct scope *scope,
    struct buf *out, const char **content_type, struct findings *findings);

/* Read a file below the scope's root; name is a template. Errors as above. */
int template_file(const struct flow_template *name, struct scope *scope,
    struct buf *out, struct findings *findings);

#endif
