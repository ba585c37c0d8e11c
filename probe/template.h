/* SPDX-License-Identifier: ISC */
/*
 * Rendering of templates, bodies and file names against the variables. What
 * cannot be rendered adds a FINDING_DEFINITION at the placeholder's place;
 * every function returns 0 or a negative enum err.
 */
#ifndef PROBE_TEMPLATE_H
#define PROBE_TEMPLATE_H

#include "base/buf.h"
#include "checks/flow.h"
#include "probe/findings.h"
#include "probe/scope.h"
#include "probe/value.h"

/*
 * Append the text of a template. Errors: ERR_LIMIT when out is full (with a
 * finding, too), ERR_NOT_FOUND for an undefined variable, ERR_TYPE for what
 * has no text.
 */
int template_render(const struct flow_template *t, struct scope *scope,
    struct buf *out, struct findings *findings);

/* Whether a template is one literal text: that of its part. */
bool template_is_constant(const struct flow_template *t);

/*
 * The value of a template: a single placeholder keeps its type, anything
 * else is a string. *out is the caller's to release.
 */
int template_value(const struct flow_template *t, struct scope *scope,
    struct value *out, struct findings *findings);

/*
 * The value of a predicate or of the option "variable". *out is the caller's
 * to release; a regex is the flow's.
 */
int template_flow_value(const struct flow_value *v, struct scope *scope,
    struct value *out, struct findings *findings);

/*
 * Append the bytes of a body (JSON, XML, multiline, GraphQL, bytes, file
 * below scope->file_root), and name the Content-Type that it implies
 * (static, NULL for none; content_type may be NULL).
 */
int template_body(const struct flow_body *body, struct scope *scope,
    struct buf *out, const char **content_type, struct findings *findings);

/*
 * Read a file below the scope's root, at most what out still holds; name is
 * a template.
 */
int template_file(const struct flow_template *name, struct scope *scope,
    struct buf *out, struct findings *findings);

#endif
