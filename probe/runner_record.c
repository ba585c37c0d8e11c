/* SPDX-License-Identifier: ISC */
/* Steps into the forms of reports and files, each only when asked for. */
#include "probe/runner_record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "probe/response.h"
#include "probe/runner_html.h"
#include "probe/runner_json.h"
#include "probe/runner_pretty.h"
#include "probe/runner_text.h"

#define DOCUMENT_MOST_BYTES (256u << 20)

void
runner_record_init(struct runner_record *rec, const struct runner_options *o)
{
	char *store;

	*rec = (struct runner_record){.options = o};
	buf_init(&rec->document, DOCUMENT_MOST_BYTES);
	buf_init(&rec->curl, DOCUMENT_MOST_BYTES);
	buf_init(&rec->row, DOCUMENT_MOST_BYTES);
	if (o->html_dir != NULL)
		rec->html = runner_html_new(o->html_dir);
	buf_init(&rec->answer, DOCUMENT_MOST_BYTES);
	if (o->is_json || o->json_dir != NULL) {
		store = o->json_dir == NULL ? NULL :
		    file_join(o->json_dir, "store");
		rec->json = runner_json_new(store);
		free(store);
	}
}

void
runner_record_fini(struct runner_record *rec)
{
	runner_json_free(&rec->json);
	runner_html_free(&rec->html);
	buf_fini(&rec->row);
	buf_fini(&rec->document);
	buf_fini(&rec->curl);
	buf_fini(&rec->answer);
}

/* Hurl has no reason phrase either. */
static void
keep_answer(struct runner_record *rec, const struct run *run, uint32_t entry,
    struct response *r, bool has_head)
{
	const char *data = buf_str(&r->body);
	size_t i, len = r->body.len;

	buf_reset(&rec->answer);
	rec->mistake = NULL;
	rec->has_answer = true;
	rec->entry = entry;
	if (has_head) {
		buf_printf(&rec->answer, "HTTP/%s %ld\n", r->version,
		    r->status);
		for (i = 0; i < r->header_count; i++)
			buf_printf(&rec->answer, "%s: %s\n",
			    r->headers[i].name, r->headers[i].value);
		buf_append_char(&rec->answer, '\n');
	}
	rec->head_len = rec->answer.len;
	if (!run_decodes_output(run) || response_bytes(r, r->body.max_bytes,
	    &data, &len, &rec->mistake) == 0)
		buf_append(&rec->answer, data, len);
}

void
runner_record_step(struct runner_record *rec, struct run *run,
    const struct run_step *step, struct response *response)
{
	const struct runner_options *o = rec->options;

	if (rec->json != NULL)
		runner_json_step(rec->json, run, step, response);
	if (rec->html != NULL)
		runner_html_step(rec->html, run, step);
	if (o->curl != NULL && !step->is_unsent && !step->is_redirect) {
		run_describe_curl(run, &rec->curl);
		buf_append_char(&rec->curl, '\n');
	}
	if (response != NULL && !step->is_followed && (o->output != NULL ||
	    o->shows_head))
		keep_answer(rec, run, step->entry, response, o->shows_head);
}

void
runner_record_end(struct runner_record *rec, struct run *run,
    const struct run_result *result)
{
	if (rec->json != NULL && runner_json_end(rec->json, run, result,
	    &rec->document) != 0)
		rec->has_failed = true;
	if (rec->html != NULL && runner_html_end(rec->html, run, result,
	    &rec->row) != 0)
		rec->has_failed = true;
}

/* Whether it is JSON. */
static bool
prettify(struct runner_record *rec)
{
	const char *text = buf_str(&rec->answer);
	struct buf pretty;
	bool is_json;

	buf_init(&pretty, DOCUMENT_MOST_BYTES);
	buf_append(&pretty, text, rec->head_len);
	is_json = runner_pretty_indent(text + rec->head_len,
	    rec->answer.len - rec->head_len, &pretty) && !pretty.is_full;
	if (is_json) {
		buf_fini(&rec->answer);
		rec->answer = pretty;
	} else {
		buf_fini(&pretty);
	}
	return (is_json);
}

/* At the request whose answer it is, as Hurl does. */
static void
tell_unwritten(struct runner_record *rec, const struct run *run,
    const char *path, const char *why)
{
	const struct flow *flow = run_script_flow(run_script_of(run));
	struct finding f = {.kind = FINDING_DEFINITION,
	    .place = flow->entries[rec->entry - 1].place};
	struct buf text;
	struct runner_text shown = {.out = &text};

	f.message = xasprintf("the answer%s%s cannot be written: %s",
	    path != NULL ? " " : "", path != NULL ? path : "", why);
	buf_init(&text, DOCUMENT_MOST_BYTES);
	runner_text_failure(&shown, run, rec->entry, &f);
	fwrite(buf_str(&text), 1, text.len, stderr);
	buf_fini(&text);
	free(f.message);
	rec->has_failed = true;
}

static void
show_answer(struct runner_record *rec, const struct run *run,
    struct buf *out)
{
	struct buf masked;
	bool is_json;

	if (rec->mistake != NULL) {
		tell_unwritten(rec, run, NULL, rec->mistake);
		return;
	}
	is_json = rec->options->is_pretty && prettify(rec);
	if (!rec->options->has_color) {
		run_mask(run, buf_str(&rec->answer), rec->answer.len,
		    rec->answer.is_full, out);
		return;
	}
	/* Colours come last: what is masked may have some in its middle. */
	buf_init(&masked, DOCUMENT_MOST_BYTES);
	run_mask(run, buf_str(&rec->answer), rec->answer.len,
	    rec->answer.is_full, &masked);
	runner_pretty_color(&masked, rec->head_len > 0, is_json, out);
	buf_fini(&masked);
}

void
runner_record_shown(struct runner_record *rec, const struct run *run,
    const struct run_step *step, struct response *response, struct buf *out)
{
	if (response == NULL || step->outcome != OUTCOME_PASSED ||
	    step->is_followed || !run_shows_output(run))
		return;
	keep_answer(rec, run, step->entry, response, false);
	show_answer(rec, run, out);
	keep_answer(rec, run, step->entry, response,
	    rec->options->shows_head);
}

void
runner_record_output(struct runner_record *rec, const struct run *run,
    bool is_first, struct buf *out)
{
	const char *path = rec->options->output;
	bool is_written = false;
	FILE *f;

	if (path == NULL || strcmp(path, "-") == 0) {
		show_answer(rec, run, out);
		return;
	}
	if (rec->mistake != NULL) {
		tell_unwritten(rec, run, path, rec->mistake);
		return;
	}
	f = fopen(path, is_first ? "we" : "ae");
	if (f != NULL)
		is_written = fwrite(buf_str(&rec->answer), 1, rec->answer.len,
		    f) == rec->answer.len;
	/* What failed while it was written is forgotten by fclose(). */
	if (f != NULL && fclose(f) == 0 && is_written && !rec->answer.is_full)
		return;
	tell_unwritten(rec, run, path, rec->answer.is_full ?
	    "it is too large" : strerror(errno));
}
