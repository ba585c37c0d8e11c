/* SPDX-License-Identifier: ISC */
/* A call of Hurl's document: a request, its answer and its times. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/crypto.h"
#include "base/file.h"
#include "base/mem.h"
#include "probe/runner_json_priv.h"

static void
put_pair(struct runner_json *j, const struct run *run, const char *name,
    const char *value)
{
	json_out_object(&j->out);
	runner_json_put(j, run, "name", name);
	runner_json_put(j, run, "value", value);
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
	put_pair(j, run, name, is_credential(name) ? RUNNER_JSON_MASK : value);
}

/* Requests. */

static void
put_sent_cookies(struct runner_json *j, const struct run *run)
{
	const char *value;
	char *name, *cookie;
	size_t at = 0;

	json_out_key(&j->out, "cookies");
	json_out_array(&j->out);
	while ((name = run_sent_header(run, &at, &value)) != NULL) {
		while (strcasecmp(name, "Cookie") == 0 && *value != '\0') {
			cookie = xstrndup(value, strcspn(value, "=;"));
			put_pair(j, run, cookie, RUNNER_JSON_MASK);
			free(cookie);
			value += strcspn(value, ";");
			value += strspn(value, "; ");
		}
		free(name);
	}
	json_out_array_end(&j->out);
}

static void
put_sent_headers(struct runner_json *j, const struct run *run)
{
	const char *value;
	size_t at = 0;
	char *name;

	json_out_key(&j->out, "headers");
	json_out_array(&j->out);
	while ((name = run_sent_header(run, &at, &value)) != NULL) {
		put_header(j, run, name, value);
		free(name);
	}
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
	runner_json_put(j, run, "url", step->url);
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
		{"SameSite", "same_site"}
	};
	char *value = part + strcspn(part, "=");
	size_t i;

	if (strcasecmp(part, "HttpOnly") == 0)
		json_out_kv_bool(&j->out, "httponly", true);
	if (strcasecmp(part, "Secure") == 0)
		json_out_kv_bool(&j->out, "secure", true);
	if (*value != '=')
		return;
	*value++ = '\0';
	for (i = 0; i < NELEMS(rows); i++)
		if (strcasecmp(part, rows[i].name) == 0)
			runner_json_put(j, run, rows[i].key, value);
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
		runner_json_put(j, run, "name", part);
		json_out_kv_str(&j->out, "value", RUNNER_JSON_MASK);
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
	run_mask(run, data, len, r->is_partial, &masked);
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

/* "2120-01-02 03:04:05 UTC" */
static void
put_date(struct runner_json *j, const char *key, wall_us time)
{
	time_t seconds = (time_t)(time / SPAN_S);
	char text[40];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &tm);
	json_out_kv_str(&j->out, key, text);
}

static void
put_certificate(struct runner_json *j,
    const struct response_certificate *c)
{
	json_out_key(&j->out, "certificate");
	json_out_object(&j->out);
	json_out_kv_str(&j->out, "subject", c->subject);
	json_out_kv_str(&j->out, "issuer", c->issuer);
	put_date(j, "start_date", c->start);
	put_date(j, "expire_date", c->expire);
	json_out_kv_str(&j->out, "serial_number", c->serial_number);
	if (c->subject_alt_name != NULL)
		json_out_kv_str(&j->out, "subject_alt_name",
		    c->subject_alt_name);
	json_out_kv_str(&j->out, "value", c->pem);
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

void
runner_json_call(struct runner_json *j, const struct run *run,
    const struct run_step *step, struct response *response)
{
	json_out_object(&j->out);
	put_request(j, run, step);
	put_response(j, run, response);
	put_timings(j, step);
	json_out_object_end(&j->out);
}
