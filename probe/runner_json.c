/* SPDX-License-Identifier: ISC */
/*
 * Hurl's document of a run. An entry there is one attempt, with a call for
 * each request that redirects made of it.
 */
#include "probe/runner_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/crypto.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "probe/http.h"
#include "probe/runner_marks.h"
#include "probe/runner_text.h"
#include "probe/variables.h"

#define ENTRIES_MOST_BYTES (256u << 20)
#define TEXT_MOST_BYTES (4u << 20)
#define MASK "***"

struct runner_json {
	struct buf entries;   /* elements of the array */
	struct json_out out;
	char *store;
	struct buf curl;      /* of the entry at hand */
	bool is_open;         /* its calls are being written */
	span_us time;
	bool has_failed;      /* to write a body */
};

struct runner_json *
runner_json_new(const char *store)
{
	struct runner_json *j = xcalloc(1, sizeof(*j));

	buf_init(&j->entries, ENTRIES_MOST_BYTES);
	buf_init(&j->curl, TEXT_MOST_BYTES);
	json_out_init(&j->out, &j->entries);
	j->store = xstrdup(store);
	return (j);
}

void
runner_json_free(struct runner_json **jp)
{
	struct runner_json *j = *jp;

	*jp = NULL;
	if (j == NULL)
		return;
	buf_fini(&j->entries);
	buf_fini(&j->curl);
	free(j->store);
	free(j);
}

/* A key and its text, masked. */
static void
put_n(struct runner_json *j, const struct run *run, const char *key,
    const char *s, size_t len)
{
	struct buf masked;

	buf_init(&masked, TEXT_MOST_BYTES);
	run_mask(run, s, len, false, &masked);
	json_out_key(&j->out, key);
	json_out_str_n(&j->out, buf_str(&masked), masked.len);
	buf_fini(&masked);
}

static void
put(struct runner_json *j, const struct run *run, const char *key,
    const char *s)
{
	put_n(j, run, key, s, strlen(s));
}

static void
put_pair(struct runner_json *j, const struct run *run, const char *name,
    const char *value)
{
	json_out_object(&j->out);
	put(j, run, "name", name);
	put(j, run, "value", value);
	json_out_object_end(&j->out);
}

static bool
is_credential(const char *name)
{
	return (strcasecmp(name, "Authorization") == 0 ||
	    strcasecmp(name, "Proxy-Authorization") == 0 ||
	    strcasecmp(name, "Cookie") == 0 ||
	    strcasecmp(name, "Set-Cookie") == 0);
}

static void
put_header(struct runner_json *j, const struct run *run, const char *name,
    const char *value)
{
	put_pair(j, run, name, is_credential(name) ? MASK : value);
}

/* Requests. */

static void
put_sent_cookies(struct runner_json *j, const struct run *run)
{
	char *copy, *rest, *pair;

	json_out_key(&j->out, "cookies");
	json_out_array(&j->out);
	rest = copy = xstrdup(run_sent_cookies(run));
	while ((pair = strsep(&rest, ";")) != NULL) {
		pair += *pair == ' ';
		pair[strcspn(pair, "=")] = '\0';
		if (*pair != '\0')
			put_pair(j, run, pair, MASK);
	}
	json_out_array_end(&j->out);
	free(copy);
}

static void
put_sent_headers(struct runner_json *j, const struct run *run)
{
	const struct http_request *r = run_request(run);
	struct http_target target;
	char *host;
	size_t i;

	json_out_key(&j->out, "headers");
	json_out_array(&j->out);
	if (http_parse_target(r->url, &target) == NULL) {
		host = xasprintf("%s:%d", target.host, target.port);
		put_header(j, run, "Host", host);
		free(host);
	}
	if (*run_sent_cookies(run) != '\0')
		put_header(j, run, "Cookie", MASK);
	for (i = 0; i < r->header_count; i++)
		if (r->headers[i].value != NULL)
			put_header(j, run, r->headers[i].name,
			    r->headers[i].value);
	json_out_array_end(&j->out);
}

static int
hex_value(char c)
{
	return (c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ?
	    c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1);
}

/* Undo percent-encoding and + in place. */
static char *
unescape(char *s)
{
	char *in, *out = s;

	for (in = s; *in != '\0'; in++)
		if (*in == '%' && hex_value(in[1]) >= 0 &&
		    hex_value(in[2]) >= 0) {
			*out++ = (char)(hex_value(in[1]) << 4 |
			    hex_value(in[2]));
			in += 2;
		} else {
			*out++ = *in == '+' ? ' ' : *in;
		}
	*out = '\0';
	return (s);
}

static void
put_query(struct runner_json *j, const struct run *run, const char *url)
{
	const char *at = strchr(url, '?');
	char *copy, *rest, *name, *value;

	json_out_key(&j->out, "query_string");
	json_out_array(&j->out);
	rest = copy = at == NULL ? NULL : xstrndup(at + 1, strcspn(at + 1,
	    "#"));
	while (rest != NULL && (name = strsep(&rest, "&")) != NULL) {
		if (*name == '\0')
			continue;
		value = name + strcspn(name, "=");
		if (*value == '=')
			*value++ = '\0';
		put_pair(j, run, unescape(name), unescape(value));
	}
	json_out_array_end(&j->out);
	free(copy);
}

static void
put_request(struct runner_json *j, const struct run *run,
    const struct run_step *step)
{
	json_out_key(&j->out, "request");
	json_out_object(&j->out);
	put_sent_cookies(j, run);
	put_sent_headers(j, run);
	json_out_kv_str(&j->out, "method", step->method);
	put_query(j, run, step->url);
	put(j, run, "url", step->url);
	json_out_object_end(&j->out);
}

/* Answers. */

/* One attribute of a Set-Cookie, "Name" or "Name=value". */
static void
put_attribute(struct runner_json *j, const struct run *run, char *part)
{
	static const struct { const char *name, *key; } rows[] = {
		{"Domain", "domain"}, {"Path", "path"},
		{"Expires", "expires"}, {"Max-Age", "max_age"},
		{"SameSite", "samesite"}
	};
	char *value = part + strcspn(part, "=");
	size_t i;

	if (strcasecmp(part, "HttpOnly") == 0)
		json_out_kv_bool(&j->out, "httponly", true);
	if (strcasecmp(part, "Secure") == 0)
		json_out_kv_bool(&j->out, "https", true);
	if (*value != '=')
		return;
	*value++ = '\0';
	for (i = 0; i < NELEMS(rows); i++)
		if (strcasecmp(part, rows[i].name) == 0)
			put(j, run, rows[i].key, value);
}

static void
put_set_cookies(struct runner_json *j, const struct run *run,
    const struct response *r)
{
	const char *header;
	char *copy, *rest, *part;
	size_t at = 0;

	json_out_key(&j->out, "cookies");
	json_out_array(&j->out);
	while ((header = response_next_header(r, "Set-Cookie", &at)) !=
	    NULL) {
		rest = copy = xstrdup(header);
		part = strsep(&rest, ";");
		part[strcspn(part, "=")] = '\0';
		json_out_object(&j->out);
		put(j, run, "name", part);
		json_out_kv_str(&j->out, "value", MASK);
		while ((part = strsep(&rest, ";")) != NULL)
			put_attribute(j, run, part + strspn(part, " \t"));
		json_out_object_end(&j->out);
		free(copy);
	}
	json_out_array_end(&j->out);
}

static const char *
extension_of(const struct response *r)
{
	static const struct { const char *type, *extension; } rows[] = {
		{"json", "json"}, {"html", "html"}, {"xml", "xml"},
		{"text/", "txt"}
	};
	const char *type = response_header(r, "Content-Type");
	size_t i;

	for (i = 0; type != NULL && i < NELEMS(rows); i++)
		if (strcasestr(type, rows[i].type) != NULL)
			return (rows[i].extension);
	return ("bin");
}

/* The body into a file of the report, named by what comes next to none. */
static void
put_body(struct runner_json *j, const struct run *run, struct response *r)
{
	const char *data, *sentence;
	char id[2 * MESSAGE_ID_SIZE + 1], *name, *path;
	uint8_t random[MESSAGE_ID_SIZE];
	struct buf masked;
	size_t len;

	if (j->store == NULL || r->is_truncated || response_text(r,
	    r->body.max_bytes, &data, &len, &sentence) != 0)
		return;
	crypto_random(random, sizeof(random));
	crypto_hex(random, sizeof(random), id);
	name = xasprintf("%s_response.%s", id, extension_of(r));
	path = file_join(j->store, name);
	buf_init(&masked, r->body.max_bytes);
	run_mask(run, data, len, false, &masked);
	if (file_replace(path, buf_str(&masked), masked.len) == 0) {
		free(path);
		path = file_join("store", name);
		json_out_kv_str(&j->out, "body", path);
	} else {
		j->has_failed = true;
	}
	buf_fini(&masked);
	free(path);
	free(name);
}

static void
put_certificate(struct runner_json *j,
    const struct response_certificate *c)
{
	char time[CLOCK_TEXT_SIZE];

	json_out_key(&j->out, "certificate");
	json_out_object(&j->out);
	json_out_kv_str(&j->out, "subject", c->subject);
	json_out_kv_str(&j->out, "issuer", c->issuer);
	clock_format_wall(c->start, time);
	json_out_kv_str(&j->out, "start_date", time);
	clock_format_wall(c->expire, time);
	json_out_kv_str(&j->out, "expire_date", time);
	json_out_kv_str(&j->out, "serial_number", c->serial_number);
	json_out_object_end(&j->out);
}

static void
put_response(struct runner_json *j, const struct run *run,
    struct response *r)
{
	char version[16];
	size_t i;

	json_out_key(&j->out, "response");
	json_out_object(&j->out);
	put_body(j, run, r);
	if (r->certificate != NULL)
		put_certificate(j, r->certificate);
	put_set_cookies(j, run, r);
	json_out_key(&j->out, "headers");
	json_out_array(&j->out);
	for (i = 0; i < r->header_count; i++)
		put_header(j, run, r->headers[i].name, r->headers[i].value);
	json_out_array_end(&j->out);
	snprintf(version, sizeof(version), "HTTP/%s", r->version);
	json_out_kv_str(&j->out, "http_version", version);
	json_out_kv_int(&j->out, "status", r->status);
	json_out_object_end(&j->out);
}

static span_us
or_zero(span_us t)
{
	return (t > 0 ? t : 0);
}

/* libcurl's times, each from the beginning of the call. */
static void
put_timings(struct runner_json *j, const struct run_step *step)
{
	const struct response_timing *t = &step->timing;
	span_us connect = or_zero(t->dns) + or_zero(t->connect);
	span_us tls = connect + or_zero(t->tls);
	wall_us end = clock_wall();
	char time[CLOCK_TEXT_SIZE];

	json_out_key(&j->out, "timings");
	json_out_object(&j->out);
	json_out_kv_int(&j->out, "app_connect", t->tls >= 0 ? tls : 0);
	clock_format_wall(end - t->total, time);
	json_out_kv_str(&j->out, "begin_call", time);
	json_out_kv_int(&j->out, "connect", connect);
	clock_format_wall(end, time);
	json_out_kv_str(&j->out, "end_call", time);
	json_out_kv_int(&j->out, "name_lookup", or_zero(t->dns));
	json_out_kv_int(&j->out, "pre_transfer", tls);
	json_out_kv_int(&j->out, "start_transfer", tls + or_zero(t->wait));
	json_out_kv_int(&j->out, "total", t->total);
	json_out_object_end(&j->out);
}

/* Entries. */

struct marking {
	struct runner_json *json;
	struct run *run;
	uint32_t entry;
};

/* What did not hold, as people read it. */
static void
put_failure(const struct marking *m, const char *key,
    const struct finding *f)
{
	struct runner_json *j = m->json;
	struct buf text;
	struct runner_text t = {.out = &text};

	buf_init(&text, TEXT_MOST_BYTES);
	runner_text_failure(&t, m->run, m->entry, f);
	if (key != NULL)
		json_out_key(&j->out, key);
	json_out_str_n(&j->out, buf_str(&text), text.len);
	buf_fini(&text);
}

static void
mark_cb(uint32_t line, const struct finding *f, void *arg)
{
	struct marking *m = arg;
	struct json_out *o = &m->json->out;

	json_out_object(o);
	json_out_kv_int(o, "line", line);
	if (f != NULL)
		put_failure(m, "message", f);
	json_out_kv_bool(o, "success", f == NULL);
	json_out_object_end(o);
}

/* A masked number is no number any more: it becomes a string. */
static void
put_value(struct runner_json *j, const struct run *run,
    const struct value *v, bool is_secret)
{
	struct buf text, masked;

	if (is_secret) {
		json_out_kv_str(&j->out, "value", MASK);
		return;
	}
	if (v->kind == VALUE_STRING) {
		size_t len;
		const char *s = value_text(v, &len);

		put_n(j, run, "value", s, len);
		return;
	}
	buf_init(&text, TEXT_MOST_BYTES);
	buf_init(&masked, TEXT_MOST_BYTES);
	value_format_json(v, &text);
	run_mask(run, buf_str(&text), text.len, false, &masked);
	json_out_key(&j->out, "value");
	if (!text.is_full && text.len == masked.len && memcmp(buf_str(&text),
	    buf_str(&masked), text.len) == 0)
		json_out_raw(&j->out, text.data, text.len);
	else
		json_out_str_n(&j->out, buf_str(&masked), masked.len);
	buf_fini(&masked);
	buf_fini(&text);
}

static void
put_captures(struct runner_json *j, const struct run *run,
    const struct run_step *step, const struct flow_response *r)
{
	const struct variables *v = run_variables(run);
	const struct flow_capture *c;
	bool has_all = runner_marks_captured(run, step);
	const struct value *value;
	size_t i;

	json_out_key(&j->out, "captures");
	json_out_array(&j->out);
	for (i = 0; has_all && i < r->capture_count; i++) {
		c = &r->captures[i];
		value = variables_find(v, c->name.source);
		if (value == NULL)
			continue;
		json_out_object(&j->out);
		json_out_kv_str(&j->out, "name", c->name.source);
		put_value(j, run, value, c->is_redacted ||
		    variables_is_secret(v, c->name.source));
		json_out_object_end(&j->out);
	}
	json_out_array_end(&j->out);
}

/* Mistakes and broken connections: Hurl has them on its stderr alone. */
static void
put_errors(struct runner_json *j, struct run *run,
    const struct run_step *step)
{
	struct marking m = {j, run, step->entry};
	size_t i;

	json_out_key(&j->out, "errors");
	json_out_array(&j->out);
	for (i = 0; i < step->findings.count; i++)
		if (!runner_marks_has(run, step, &step->findings.items[i]))
			put_failure(&m, NULL, &step->findings.items[i]);
	json_out_array_end(&j->out);
}

static void
open_entry(struct runner_json *j, struct run *run,
    const struct run_step *step)
{
	j->is_open = true;
	j->time = 0;
	buf_reset(&j->curl);
	if (!step->is_unsent)
		run_describe_curl(run, &j->curl);
	json_out_object(&j->out);
	json_out_key(&j->out, "calls");
	json_out_array(&j->out);
}

static void
close_entry(struct runner_json *j, struct run *run,
    const struct run_step *step)
{
	const struct flow *flow = run_script_flow(run_script_of(run));
	struct marking m = {j, run, step->entry};

	j->is_open = false;
	json_out_array_end(&j->out);
	json_out_key(&j->out, "asserts");
	json_out_array(&j->out);
	runner_marks_visit(run, step, mark_cb, &m);
	json_out_array_end(&j->out);
	put_captures(j, run, step, &flow->entries[step->entry - 1].response);
	put_errors(j, run, step);
	json_out_kv_str(&j->out, "curl_cmd", buf_str(&j->curl));
	if (flow->entries[step->entry - 1].file > 0)
		json_out_kv_str(&j->out, "filename",
		    flow->files[flow->entries[step->entry - 1].file].path);
	json_out_kv_int(&j->out, "index", step->entry);
	json_out_kv_int(&j->out, "line", step->line);
	json_out_kv_int(&j->out, "time", j->time / SPAN_MS);
	json_out_object_end(&j->out);
}

void
runner_json_step(struct runner_json *j, struct run *run,
    const struct run_step *step, struct response *response)
{
	if (!j->is_open)
		open_entry(j, run, step);
	/* Readers of Hurl's take it for granted that a call has an answer. */
	if (response != NULL) {
		json_out_object(&j->out);
		put_request(j, run, step);
		put_response(j, run, response);
		put_timings(j, step);
		json_out_object_end(&j->out);
	}
	j->time += step->timing.total;
	if (!step->is_followed)
		close_entry(j, run, step);
}

/* Cookies that the run ends with, without their values. */
static void
put_cookies(struct runner_json *j, const struct run *run)
{
	struct buf lines;
	char *rest, *line, *fields[7];
	size_t i;

	buf_init(&lines, TEXT_MOST_BYTES);
	run_cookies(run, &lines);
	json_out_key(&j->out, "cookies");
	json_out_array(&j->out);
	rest = lines.len > 0 ? lines.data : NULL;
	while (rest != NULL && (line = strsep(&rest, "\n")) != NULL) {
		if (strncmp(line, "#HttpOnly_", 10) == 0)
			line += 10;
		for (i = 0; i < NELEMS(fields); i++)
			if ((fields[i] = strsep(&line, "\t")) == NULL)
				break;
		if (i < NELEMS(fields))
			continue;
		json_out_object(&j->out);
		put(j, run, "domain", fields[0]);
		json_out_kv_int(&j->out, "expires", strtoll(fields[4], NULL,
		    10));
		json_out_kv_bool(&j->out, "https",
		    strcmp(fields[3], "TRUE") == 0);
		json_out_kv_bool(&j->out, "include_subdomain",
		    strcmp(fields[1], "TRUE") == 0);
		put(j, run, "name", fields[5]);
		put(j, run, "path", fields[2]);
		json_out_kv_str(&j->out, "value", MASK);
		json_out_object_end(&j->out);
	}
	json_out_array_end(&j->out);
	buf_fini(&lines);
}

int
runner_json_end(struct runner_json *j, struct run *run,
    const struct run_result *result, struct buf *out)
{
	const struct flow *flow = run_script_flow(run_script_of(run));

	/* A redirect was followed, and what came after was not sent. */
	if (j->is_open)
		close_entry(j, run, &result->steps[result->step_count - 1]);
	buf_append_str(out, "{\"entries\":[");
	buf_append(out, buf_str(&j->entries), j->entries.len);
	buf_append_str(out, "],");
	buf_reset(&j->entries);
	json_out_init(&j->out, &j->entries);
	put_cookies(j, run);
	json_out_kv_str(&j->out, "filename", flow->path);
	json_out_kv_bool(&j->out, "success",
	    result->outcome == OUTCOME_PASSED);
	json_out_kv_str(&j->out, "outcome", outcome_name(result->outcome));
	if (result->reason != NULL)
		put(j, run, "reason", result->reason);
	json_out_kv_int(&j->out, "time", result->duration / SPAN_MS);
	buf_append(out, buf_str(&j->entries), j->entries.len);
	buf_append_char(out, '}');
	out->is_full |= j->entries.is_full;
	return (j->has_failed ? ERR_IO : 0);
}
