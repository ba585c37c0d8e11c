/* SPDX-License-Identifier: ISC */
/*
 * AWS Signature Version 4 (docs.aws.amazon.com, "Create a signed AWS API
 * request"), as the option aws-sigv4 wants it. libcurl 7.88 is not asked: it
 * signs a query as it stands, and headers that it then does not send.
 *
 * A request gets the headers Host and X-Amz-Date; what it has is signed but
 * for what may change on its way: its tracing and User-Agent.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/crypto.h"
#include "base/err.h"
#include "probe/request_priv.h"

#define CANONICAL_MOST_BYTES (1u << 20)
#define DATE_SIZE sizeof("20150830T123600Z")
#define DAY_LEN 8
#define MORE_HEADERS 4 /* that signing adds */

struct signing {
	struct request_maker *m;
	struct http_request *out;
	struct http_target target;
	struct http_header *headers; /* all that are sent */
	const char *path, *query;    /* of the URL, each up to its end */
	size_t path_len, query_len;
	/* "aws:amz:eu-central-1:s3" in parts: */
	const char *vendor, *prefix, *region, *service;
	const char *key_id, *key;
	char date[DATE_SIZE];
	char body_hash[2 * SHA256_SIZE + 1];
	struct buf canonical, names; /* request, and names of its headers */
};

static const char *
find_header(const struct http_request *r, const char *name)
{
	size_t i;

	for (i = 0; i < r->header_count; i++)
		if (strcasecmp(r->headers[i].name, name) == 0)
			return (r->headers[i].value);
	return (NULL);
}

static const char *
joined(struct signing *s, const char *first, const char *second, char by)
{
	size_t len = strlen(first), more = strlen(second);
	char *text = arena_alloc(s->m->arena, len + more + 2);

	memcpy(text, first, len);
	text[len] = by;
	memcpy(text + len + (by != '\0'), second, more);
	text[len + (by != '\0') + more] = '\0';
	return (text);
}

/* In upper or lower case. */
static char *
cased(struct signing *s, const char *text, bool is_upper)
{
	char *copy = arena_strndup(s->m->arena, text, strlen(text)), *p;
	char from = is_upper ? 'a' : 'A';

	for (p = copy; *p != '\0'; p++)
		if (*p >= from && *p <= from + 25)
			*p = (char)(*p ^ 0x20);
	return (copy);
}

static void
add_header(struct signing *s, const char *name, const char *value)
{
	s->headers[s->out->header_count].name = name;
	s->headers[s->out->header_count++].value = value;
}

/* The n-th label of the host, as in service.region.example.com. */
static const char *
host_label(struct signing *s, int n)
{
	const char *p = s->target.host, *dot;

	for (; (dot = strchr(p, '.')) != NULL; p = dot + 1)
		if (n-- == 0)
			return (arena_strndup(s->m->arena, p,
			    (size_t)(dot - p)));
	return ("");
}

static const char *
read_scheme(struct signing *s, const char *text)
{
	const char *parts[4] = {"", "", "", ""};
	size_t i, len;

	for (i = 0; i < NELEMS(parts); i++) {
		len = strcspn(text, i < 3 ? ":" : "");
		parts[i] = arena_strndup(s->m->arena, text, len);
		text += len;
		if (*text++ != ':')
			break;
	}
	if (*parts[0] == '\0')
		return ("option 'aws-sigv4' names no provider");
	s->vendor = parts[0];
	s->prefix = *parts[1] != '\0' ? parts[1] : parts[0];
	s->region = parts[2];
	s->service = parts[3];
	if (*s->service == '\0') {
		s->service = host_label(s, 0);
		if (*s->region == '\0')
			s->region = host_label(s, 1);
	}
	if (*s->service == '\0' || *s->region == '\0')
		return ("option 'aws-sigv4' names no region and service, nor "
		    "does the host");
	return (NULL);
}

static const char *
read_url(struct signing *s)
{
	const char *url = s->out->url, *p;

	if (http_parse_target(url, &s->target) != NULL)
		return ("the URL cannot be signed");
	for (p = s->target.host; *p != '\0'; p++)
		if ((unsigned char)*p >= 0x80)
			return ("a host with other than ASCII letters cannot "
			    "be signed");
	p = strstr(url, "://") + 3;
	s->path = p + strcspn(p, "/?#");
	s->path_len = strcspn(s->path, "?#");
	s->query = s->path + s->path_len;
	if (*s->query == '?')
		s->query++;
	s->query_len = strcspn(s->query, "#");
	return (NULL);
}

/* As libcurl would write it, which an international name need not be. */
static void
add_host(struct signing *s)
{
	const struct http_target *t = &s->target;
	bool is_v6 = strchr(t->host, ':') != NULL;
	struct buf text;

	if (find_header(s->out, "Host") != NULL)
		return;
	buf_init(&text, sizeof(t->host) + 16);
	buf_printf(&text, "%s%s%s", is_v6 ? "[" : "", t->host,
	    is_v6 ? "]" : "");
	if (t->port != (t->is_https ? 443 : 80))
		buf_printf(&text, ":%d", t->port);
	add_header(s, "Host", arena_strndup(s->m->arena, buf_str(&text),
	    text.len));
	buf_fini(&text);
}

static bool
is_date(const char *text)
{
	static const char form[] = "00000000T000000Z";
	size_t i;

	for (i = 0; i < DATE_SIZE; i++)
		if (form[i] == '0' ? text[i] < '0' || text[i] > '9' :
		    text[i] != form[i])
			return (false);
	return (true);
}

static const char *
add_date(struct signing *s)
{
	char *name = cased(s, joined(s, joined(s, "X", s->prefix, '-'),
	    "Date", '-'), false);
	const char *given = find_header(s->out, name);
	time_t now = (time_t)(s->m->scope->now / SPAN_S);
	struct tm tm;

	if (given != NULL) {
		if (!is_date(given))
			return ("the header with the date of signing is to "
			    "look like 20150830T123600Z");
		memcpy(s->date, given, DATE_SIZE);
		return (NULL);
	}
	gmtime_r(&now, &tm);
	strftime(s->date, sizeof(s->date), "%Y%m%dT%H%M%SZ", &tm);
	name[0] = 'X';
	if (name[2] >= 'a' && name[2] <= 'z')
		name[2] = (char)(name[2] ^ 0x20);
	name[strlen(name) - 4] = 'D';
	add_header(s, name, arena_strndup(s->m->arena, s->date,
	    DATE_SIZE - 1));
	return (NULL);
}

/* S3 wants the hash in a header, too; one that is there stands for it. */
static void
add_body_hash(struct signing *s)
{
	static const char name[] = "x-amz-content-sha256";
	uint8_t sum[SHA256_SIZE];

	if (find_header(s->out, name) != NULL)
		return;
	crypto_sha256(s->out->body_len > 0 ? s->out->body : "",
	    s->out->body_len, sum);
	crypto_hex(sum, sizeof(sum), s->body_hash);
	if (strcmp(s->service, "s3") == 0 &&
	    strcasecmp(s->prefix, "amz") == 0)
		add_header(s, name, arena_strndup(s->m->arena, s->body_hash,
		    sizeof(s->body_hash) - 1));
}

static bool
is_unreserved(char c)
{
	return ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || (c != '\0' && strchr("-._~", c) != NULL));
}

/* Percent-encoded, a slash perhaps not; what is encoded stays so. */
static void
put_encoded(struct buf *out, const char *p, size_t len, bool keeps_slash)
{
	uint8_t byte;
	size_t i;

	for (i = 0; i < len; i++) {
		byte = (uint8_t)p[i];
		if (p[i] == '%' && len - i > 2 &&
		    crypto_unhex(p + i + 1, 2, &byte) == 0)
			i += 2;
		if (is_unreserved((char)byte) || (keeps_slash && byte == '/'))
			buf_append_char(out, (char)byte);
		else
			buf_printf(out, "%%%02X", byte);
	}
}

static bool
is_segment(const char *p, size_t len, const char *name)
{
	return (len == strlen(name) && memcmp(p, name, len) == 0);
}

/* Without "." and "..", and perhaps without what is empty. */
static void
put_plain_path(const char *p, size_t path_len, bool drops_empty,
    struct buf *out)
{
	const char *end = p + path_len, *next;
	bool is_parent;
	size_t len;

	for (; p < end; p = next) {
		next = memchr(p + 1, '/', (size_t)(end - p - 1));
		if (next == NULL)
			next = end;
		len = (size_t)(next - p);
		is_parent = is_segment(p, len, "/..");
		if (!is_parent && !is_segment(p, len, "/.") &&
		    !(drops_empty && len == 1)) {
			buf_append(out, p, len);
			continue;
		}
		while (is_parent && out->len > 0 &&
		    out->data[--out->len] != '/')
			;
		if (next == end)
			buf_append_char(out, '/');
	}
	if (out->len == 0)
		buf_append_char(out, '/');
}

/* S3 takes a path as it is; for others what is encoded is so once more. */
static void
put_path(struct signing *s)
{
	bool is_s3 = strcmp(s->service, "s3") == 0;
	struct buf sent, path;
	size_t i;

	buf_init(&sent, CANONICAL_MOST_BYTES);
	buf_init(&path, CANONICAL_MOST_BYTES);
	if (s->out->options.keeps_path && s->path_len > 0)
		buf_append(&sent, s->path, s->path_len);
	else
		put_plain_path(s->path, s->path_len, false, &sent);
	if (is_s3)
		put_encoded(&s->canonical, buf_str(&sent), sent.len, true);
	else
		put_plain_path(buf_str(&sent), sent.len, true, &path);
	for (i = 0; i < path.len; i++) {
		if (path.data[i] == '%')
			buf_append_str(&s->canonical, "%25");
		else
			put_encoded(&s->canonical, path.data + i, 1, true);
	}
	s->canonical.is_full |= sent.is_full || path.is_full;
	buf_fini(&sent);
	buf_fini(&path);
}

static int
by_text(const void *a, const void *b)
{
	return (strcmp(*(const char *const *)a, *(const char *const *)b));
}

/* Its parameters sorted; "name\1value" sorts as name and value do. */
static void
put_query(struct signing *s)
{
	const char *p = s->query, *end = p + s->query_len, *next, *sep;
	const char **pairs;
	size_t count = 1, n = 0, i;
	struct buf text;

	for (i = 0; i < s->query_len; i++)
		count += p[i] == '&';
	pairs = arena_calloc(s->m->arena, count, sizeof(*pairs));
	for (; p < end; p = next + 1) {
		next = memchr(p, '&', (size_t)(end - p));
		if (next == NULL)
			next = end;
		if (next == p)
			continue;
		sep = memchr(p, '=', (size_t)(next - p));
		buf_init(&text, CANONICAL_MOST_BYTES);
		put_encoded(&text, p, (size_t)((sep != NULL ? sep : next) -
		    p), false);
		buf_append_char(&text, '\1');
		if (sep != NULL)
			put_encoded(&text, sep + 1, (size_t)(next - sep - 1),
			    false);
		pairs[n++] = arena_strndup(s->m->arena, buf_str(&text),
		    text.len);
		s->canonical.is_full |= text.is_full;
		buf_fini(&text);
	}
	qsort(pairs, n, sizeof(*pairs), by_text);
	for (i = 0; i < n; i++)
		buf_printf(&s->canonical, "%s%.*s=%s", i > 0 ? "&" : "",
		    (int)strcspn(pairs[i], "\1"), pairs[i],
		    strchr(pairs[i], '\1') + 1);
}

static int
by_name(const void *a, const void *b)
{
	const struct http_header *const *x = a, *const *y = b;
	int order = strcasecmp((*x)->name, (*y)->name);

	return (order != 0 ? order : *x < *y ? -1 : *x > *y);
}

/* Trimmed, and each run of blanks as one space. */
static void
put_value(struct buf *out, const char *p)
{
	for (p += strspn(p, " \t"); *p != '\0'; p++) {
		if (*p != ' ' && *p != '\t')
			buf_append_char(out, *p);
		else if (p[1] != ' ' && p[1] != '\t' && p[1] != '\0')
			buf_append_char(out, ' ');
	}
}

static bool
is_signed(const struct http_header *h)
{
	return (h->value != NULL && strcasecmp(h->name, "User-Agent") != 0 &&
	    strcasecmp(h->name, "traceparent") != 0);
}

static void
put_headers(struct signing *s)
{
	const struct http_request *r = s->out;
	const struct http_header **sorted = arena_calloc(s->m->arena,
	    r->header_count, sizeof(*sorted)), *h;
	const char *name;
	size_t i, n = 0;

	for (i = 0; i < r->header_count; i++)
		if (is_signed(&r->headers[i]))
			sorted[n++] = &r->headers[i];
	qsort(sorted, n, sizeof(*sorted), by_name);
	for (i = 0; i < n; i++) {
		h = sorted[i];
		name = cased(s, h->name, false);
		if (i > 0 && strcasecmp(name, sorted[i - 1]->name) == 0)
			buf_append_char(&s->canonical, ',');
		else {
			buf_printf(&s->canonical, "%s%s:", i > 0 ? "\n" : "",
			    name);
			buf_printf(&s->names, "%s%s", i > 0 ? ";" : "", name);
		}
		put_value(&s->canonical, h->value);
	}
}

static void
put_request(struct signing *s)
{
	const char *given = find_header(s->out, "x-amz-content-sha256");

	buf_printf(&s->canonical, "%s\n", s->out->method);
	put_path(s);
	buf_append_char(&s->canonical, '\n');
	put_query(s);
	buf_append_char(&s->canonical, '\n');
	put_headers(s);
	buf_printf(&s->canonical, "\n\n%s\n%s", buf_str(&s->names),
	    given != NULL ? given : s->body_hash);
}

/* The key of a day, region and service, and with it the signature. */
static void
compute(struct signing *s, const char *scope, char *signature)
{
	const char *vendor = cased(s, s->vendor, true);
	const char *key = joined(s, joined(s, vendor, "4", '\0'), s->key,
	    '\0');
	const char *steps[] = {s->region, s->service,
	    joined(s, cased(s, s->vendor, false), "4_request", '\0')};
	uint8_t sum[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];
	struct buf text;
	size_t i;

	crypto_sha256(s->canonical.data, s->canonical.len, sum);
	crypto_hex(sum, sizeof(sum), hex);
	buf_init(&text, CANONICAL_MOST_BYTES);
	buf_printf(&text, "%s4-HMAC-SHA256\n%s\n%s\n%s", vendor, s->date,
	    scope, hex);
	crypto_hmac_sha256(key, strlen(key), s->date, DAY_LEN, sum);
	for (i = 0; i < NELEMS(steps); i++)
		crypto_hmac_sha256(sum, sizeof(sum), steps[i],
		    strlen(steps[i]), sum);
	crypto_hmac_sha256(sum, sizeof(sum), text.data, text.len, sum);
	crypto_hex(sum, sizeof(sum), signature);
	buf_fini(&text);
}

static void
add_authorization(struct signing *s)
{
	char signature[2 * SHA256_SIZE + 1];
	struct buf scope, text;

	buf_init(&scope, CANONICAL_MOST_BYTES);
	buf_init(&text, CANONICAL_MOST_BYTES);
	buf_printf(&scope, "%.*s/%s/%s/%s4_request", DAY_LEN, s->date,
	    s->region, s->service, cased(s, s->vendor, false));
	compute(s, buf_str(&scope), signature);
	buf_printf(&text, "%s4-HMAC-SHA256 Credential=%s/%s, "
	    "SignedHeaders=%s, Signature=%s", cased(s, s->vendor, true),
	    s->key_id, buf_str(&scope), buf_str(&s->names), signature);
	s->canonical.is_full |= scope.is_full || text.is_full;
	add_header(s, "Authorization", arena_strndup(s->m->arena,
	    buf_str(&text), text.len));
	buf_fini(&scope);
	buf_fini(&text);
}

static const char *
sign(struct signing *s, const struct request_options *o)
{
	const char *sentence;

	if ((sentence = read_url(s)) != NULL ||
	    (sentence = read_scheme(s, o->aws_sigv4)) != NULL ||
	    (sentence = add_date(s)) != NULL)
		return (sentence);
	add_host(s);
	add_body_hash(s);
	put_request(s);
	add_authorization(s);
	return (s->canonical.is_full ?
	    "the request is too long to be signed" : NULL);
}

const char *
request_sign(struct request_maker *m, const struct request *r,
    const struct request_options *o, struct http_request *out)
{
	struct signing s = {.m = m, .out = out};
	const char *sentence;
	size_t len;

	if (o->aws_sigv4 == NULL || o->user == NULL || !r->sends_user ||
	    find_header(out, "Authorization") != NULL)
		return (NULL);
	if (out->part_count > 0)
		return ("a [Multipart] body cannot be signed");
	s.headers = arena_calloc(m->arena, out->header_count + MORE_HEADERS,
	    sizeof(*s.headers));
	memcpy(s.headers, out->headers,
	    out->header_count * sizeof(*s.headers));
	out->headers = s.headers;
	len = strcspn(o->user, ":");
	s.key_id = arena_strndup(m->arena, o->user, len);
	s.key = o->user + len + (o->user[len] == ':');
	buf_init(&s.canonical, CANONICAL_MOST_BYTES);
	buf_init(&s.names, CANONICAL_MOST_BYTES);
	sentence = sign(&s, o);
	buf_fini(&s.canonical);
	buf_fini(&s.names);
	return (sentence);
}
