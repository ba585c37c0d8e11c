/* SPDX-License-Identifier: ISC */
/* The end of a transfer: where its time went, and what became of it. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "probe/http_priv.h"

static span_us
info_time(CURL *easy, CURLINFO info)
{
	curl_off_t t = 0;

	curl_easy_getinfo(easy, info, &t);
	return ((span_us)t);
}

/* The request, or what asks a proxy for a way to the server. */
static bool
has_asked(const struct http_transfer *t)
{
	long bytes = 0;

	curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &bytes);
	return (bytes > 0);
}

/*
 * libcurl tells when TCP was connected only when TLS is, too. It waits for
 * the server's part of that: for nothing else before a request is sent.
 */
void
http_note_wait(struct http_transfer *t)
{
	if (t->connected == 0 && t->sent_times == 0 &&
	    info_time(t->easy, CURLINFO_NAMELOOKUP_TIME_T) > 0)
		t->connected = clock_mono() - t->started;
}

/* The end of a phase, none before that of the phase before; 0: it has none. */
static span_us
end_of(span_us end, span_us before, span_us total)
{
	if (end == 0)
		return (0);
	return (end < before ? before : end > total ? total : end);
}

/*
 * The phases follow one another without a gap, so that they sum to the total;
 * one that was begun and not ended took what time there was. libcurl's
 * "pretransfer" comes only after the request has left, which on a fast
 * network is most of the time: sending belongs to wait here.
 */
static void
read_timing(const struct http_transfer *t, struct response_timing *timing)
{
	CURL *easy = t->easy;
	struct http_target target = {.port = 0};
	span_us dns = info_time(easy, CURLINFO_NAMELOOKUP_TIME_T);
	span_us connect = info_time(easy, CURLINFO_CONNECT_TIME_T);
	span_us tls = info_time(easy, CURLINFO_APPCONNECT_TIME_T);
	span_us ready = info_time(easy, CURLINFO_PRETRANSFER_TIME_T);
	span_us first = info_time(easy, CURLINFO_STARTTRANSFER_TIME_T);
	const span_us total = info_time(easy, CURLINFO_TOTAL_TIME_T);
	span_us begun = 0; /* the phase that comes next */
	long connects = 0;

	/* Those of a kept connection that was closed are added to some. */
	dns = end_of(dns, 0, total);
	connect = end_of(connect, dns, total);
	tls = end_of(tls, connect, total);
	timing->total = total;
	timing->dns = timing->connect = timing->tls = -1;
	timing->wait = timing->transfer = -1;
	curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &connects);
	if (connects > 0 || ready == 0) {
		(void)http_parse_target(t->request->url, &target);
		if (connect == 0 && target.is_https && !has_asked(t) &&
		    t->connected > dns)
			connect = t->connected < total ? t->connected : total;
		if (!target.is_address) {
			timing->dns = dns > 0 ? dns : total;
			begun = timing->dns;
		}
		if (dns > 0) {
			timing->connect = (connect > 0 ? connect : total) -
			    begun;
			begun += timing->connect;
		}
		if (connect > 0 && target.is_https) {
			timing->tls = (tls > 0 ? tls : total) - begun;
			begun += timing->tls;
		}
	}
	/* It is that of a kept connection which was closed instead. */
	if (first < begun)
		first = 0;
	if (ready > 0) {
		timing->wait = (first > 0 ? first : total) - begun;
		if (first > 0)
			timing->transfer = total - first;
	}
}

static int64_t
info_bytes(CURL *easy, CURLINFO head, CURLINFO body)
{
	curl_off_t body_bytes = 0;
	long head_bytes = 0;

	curl_easy_getinfo(easy, head, &head_bytes);
	curl_easy_getinfo(easy, body, &body_bytes);
	return (head_bytes + body_bytes);
}

void
http_read_facts(struct http_transfer *t)
{
	struct response *r = t->response;
	const char *ip = NULL;

	read_timing(t, &r->timing);
	r->sent_bytes = info_bytes(t->easy, CURLINFO_REQUEST_SIZE,
	    CURLINFO_SIZE_UPLOAD_T);
	r->received_bytes = info_bytes(t->easy, CURLINFO_HEADER_SIZE,
	    CURLINFO_SIZE_DOWNLOAD_T);
	curl_easy_getinfo(t->easy, CURLINFO_PRIMARY_IP, &ip);
	if (ip != NULL && *r->ip == '\0')
		memcpy(r->ip, ip, strnlen(ip, sizeof(r->ip) - 1));
	if ((t->request->options.wants_certificate ||
	    t->request->options.notes_certificate) && r->certificate == NULL)
		r->certificate = http_certificate(t->easy);
}

bool
http_was_sent(const struct http_transfer *t)
{
	return (t->sent_times > 0 && has_asked(t));
}

/* What we say for libcurl's codes; its own words follow where they help. */
static const struct {
	CURLcode code;
	bool is_ours;         /* nothing was measured when it comes first */
	bool has_detail;
	const char *sentence;
} code_table[] = {
	{CURLE_COULDNT_RESOLVE_HOST, false, false, "cannot resolve the host"},
	{CURLE_COULDNT_RESOLVE_PROXY, false, false,
	    "cannot resolve the proxy"},
	{CURLE_COULDNT_CONNECT, false, true, "cannot connect"},
	{CURLE_OPERATION_TIMEDOUT, false, true, "no answer in time"},
	{CURLE_GOT_NOTHING, false, false,
	    "the server closed the connection without an answer"},
	{CURLE_PARTIAL_FILE, false, true, "the answer was cut off"},
	{CURLE_RECV_ERROR, false, true, "the connection broke"},
	{CURLE_SEND_ERROR, false, true,
	    "the connection broke while sending"},
	{CURLE_WEIRD_SERVER_REPLY, false, true, "the answer is not HTTP"},
	{CURLE_PEER_FAILED_VERIFICATION, false, true,
	    "the certificate is not trusted"},
	{CURLE_SSL_CONNECT_ERROR, false, true, "no TLS connection"},
	{CURLE_SSL_PINNEDPUBKEYNOTMATCH, false, false,
	    "the server's public key is not the pinned one"},
	{CURLE_BAD_CONTENT_ENCODING, false, true,
	    "the answer cannot be decoded"},
	{CURLE_HTTP2, false, true, "broken HTTP/2"},
	{CURLE_HTTP2_STREAM, false, true, "broken HTTP/2 stream"},
	{CURLE_URL_MALFORMAT, true, true, "malformed URL"},
	{CURLE_UNSUPPORTED_PROTOCOL, true, true, "unsupported protocol"},
	{CURLE_SSL_CERTPROBLEM, true, true,
	    "the client certificate cannot be used"},
	{CURLE_BAD_FUNCTION_ARGUMENT, true, true, "impossible request"},
	{CURLE_SETOPT_OPTION_SYNTAX, true, true, "malformed option"},
	{CURLE_READ_ERROR, true, true, "the body cannot be read"},
};

/*
 * "Failed to connect to host port 1 after 0 ms: Couldn't connect to server"
 * is libcurl's text: the time in it is another in every run, and why is not
 * there.
 */
static bool
explain_connect(const struct http_transfer *t, char *out, size_t size)
{
	static const char start[] = "Failed to connect to ";
	const char *where = t->error + sizeof(start) - 1;
	const char *end = strstr(t->error, " after ");
	long error = 0;

	curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &error);
	if (error == 0 || end == NULL ||
	    strncmp(t->error, start, sizeof(start) - 1) != 0)
		return (false);
	snprintf(out, size, "cannot connect to %.*s: %s",
	    (int)(end - where), where, strerror((int)error));
	return (true);
}

/* One of some 100 kB is what libcurl has no memory for. */
static bool
is_long_line(const struct http_transfer *t, CURLcode code)
{
	return (code == CURLE_OUT_OF_MEMORY && !t->has_head && has_asked(t));
}

enum http_verdict
http_explain(const struct http_transfer *t, CURLcode code, char *out,
    size_t size)
{
	const char *sentence = curl_easy_strerror(code), *detail = t->error;
	bool is_ours = false, has_detail = *detail != '\0';
	size_t i;

	*out = '\0';
	if (t->is_not_http) {
		snprintf(out, size, "the answer is not HTTP");
		return (HTTP_NO_ANSWER);
	}
	if (code == CURLE_OK && t->has_head)
		return (HTTP_ANSWERED);
	if (code == CURLE_OK) {
		/* libcurl is content with less. */
		snprintf(out, size, "the answer was cut off in its headers");
		return (HTTP_NO_ANSWER);
	}
	if (t->is_too_big || is_long_line(t, code)) {
		snprintf(out, size, "%s", t->is_too_big ? t->bound :
		    "the answer's headers are too long");
		return (HTTP_TOO_BIG);
	}
	if (t->is_sent_twice) {
		snprintf(out, size, "the server closed the connection without "
		    "an answer, and the request must not be sent twice");
		return (HTTP_NO_ANSWER);
	}
	/* libcurl has one code for both. */
	if (code == CURLE_UNSUPPORTED_PROTOCOL && has_asked(t))
		code = CURLE_WEIRD_SERVER_REPLY;
	/* libcurl repeats the URL of the proxy, password included. */
	if (strncmp(t->error, "Unsupported proxy", 17) == 0) {
		snprintf(out, size, "the proxy's scheme is not supported");
		return (HTTP_IMPOSSIBLE);
	}
	if (code == CURLE_COULDNT_CONNECT && explain_connect(t, out, size))
		return (HTTP_NO_ANSWER);
	for (i = 0; i < NELEMS(code_table); i++)
		if (code_table[i].code == code) {
			sentence = code_table[i].sentence;
			has_detail = has_detail && code_table[i].has_detail;
			is_ours = code_table[i].is_ours;
			break;
		}
	snprintf(out, size, has_detail ? "%s: %s" : "%s", sentence, detail);
	return (is_ours && !http_was_sent(t) ? HTTP_IMPOSSIBLE :
	    HTTP_NO_ANSWER);
}
