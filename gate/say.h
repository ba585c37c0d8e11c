/* SPDX-License-Identifier: ISC */
/*
 * What the report as text is made of: sentences, lists and code, written for
 * a terminal or in Markdown.
 */
#ifndef GATE_SAY_H
#define GATE_SAY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/must.h"
#include "gate/report.h"

/*
 * GitHub cuts no comment: it refuses those over 65,536 characters. The checks
 * are wanted more than the fifth failure, and that more than two answers.
 */
#define MARKDOWN_MOST_BYTES 60000
#define MARKDOWN_LISTS_BYTES 45000
#define MARKDOWN_ANSWERS_BYTES 30000

struct text {
	const struct report *r;
	struct buf *out;
	bool is_markdown;
	size_t before;         /* bytes in front of out, of an item */
	/* What the lists are of. */
	size_t *failing;
	size_t failing_count;
	const struct engine_component *unfinished[REPORT_UNFINISHED_MOST];
	int check_width;
};

/* Our own words, and what the manifests say. */
void say(struct text *t, const char *s);
void sayf(struct text *t, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Of outside origin: one line without control characters, bounded, as code. */
void say_outside(struct text *t, const char *s);

/* What a function of gate/report.h tells of a component; evidence. */
typedef void say_part_cb(const struct report *r,
    const struct engine_component *c, struct buf *out);
void say_part(struct text *t, const struct engine_component *c,
    say_part_cb *part);
void say_evidence(struct text *t, double log_e);

/* A heading; the begin of an item, of a detail of it, the end of a line. */
void say_heading(struct text *t, const char *title);
void say_item(struct text *t);
void say_detail(struct text *t, const char *name);
void say_end(struct text *t);

/* A whole detail of outside origin; NULL: none. */
void say_detail_outside(struct text *t, const char *name, const char *text);

/* Items that come one by one, and end with their number or their room. */
struct say_list {
	size_t count, most;
	size_t bytes_most; /* of Markdown, with all before it */
	void (*say)(struct text *t, size_t i);
};
void say_list(struct text *t, const struct say_list *l);

/* How many things are not told here, when there are any. */
void say_left_out(struct text *t, size_t count);

#endif
