/* SPDX-License-Identifier: ISC */
/*
 * Sessions and their cookies. A session is a CURLSH: it isolates the
 * connections of one run from all others at no cost, which options on the
 * easy handle do not (FORBID_REUSE still lends them out in between).
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "probe/http_priv.h"

struct http_session *
http_session_new(struct http *http)
{
	struct http_session *s = xcalloc(1, sizeof(*s));

	s->magic = HTTP_SESSION_MAGIC;
	s->shard = http_shard_get(http);
	s->shard->session_count++;
	http->session_count++;
	s->transfer.magic = HTTP_TRANSFER_MAGIC;
	s->transfer.session = s;
	return (s);
}

CURL *
http_session_easy(struct http_session *s)
{
	if (s->easy == NULL)
		s->easy = curl_easy_init();
	must(s->easy != NULL);
	return (s->easy);
}

CURLSH *
http_session_share(struct http_session *s, bool has_tls)
{
	if (s->share != NULL)
		return (s->share);
	s->share = curl_share_init();
	must(s->share != NULL);
	curl_share_setopt(s->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_CONNECT);
	curl_share_setopt(s->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_COOKIE);
	/* What a flow says by "resolve" is not for other flows, each run sees
	 * the name servers as they are, and a cache of few names is walked in
	 * no time, which libcurl does after every request. */
	curl_share_setopt(s->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
	if (has_tls)
		curl_share_setopt(s->share, CURLSHOPT_SHARE,
		    CURL_LOCK_DATA_SSL_SESSION);
	return (s->share);
}

void
http_session_free(struct http_session **sp)
{
	struct http_session *s = *sp;
	struct http_transfer *t;

	if (s == NULL)
		return;
	must_magic(s, HTTP_SESSION_MAGIC);
	*sp = NULL;
	if (s->transfer.easy != NULL) {
		t = &s->transfer;
		http_cancel(&t);
	}
	curl_easy_cleanup(s->easy);
	if (s->share != NULL)
		must(curl_share_cleanup(s->share) == CURLSHE_OK);
	if (s->trust != NULL)
		http_trust_release(&s->trust);
	s->shard->session_count--;
	s->shard->http->session_count--;
	s->magic = 0;
	free(s);
}

/* Cookies of a share can only be reached through an easy handle, here the
 * one that is not at work. */
static CURL *
session_handle(struct http_session *s)
{
	must(s->transfer.easy == NULL);
	curl_easy_setopt(http_session_easy(s), CURLOPT_SHARE,
	    http_session_share(s, true));
	return (s->easy);
}

void
http_session_clear_cookies(struct http_session *s)
{
	curl_easy_setopt(session_handle(s), CURLOPT_COOKIELIST, "ALL");
}

void
http_session_add_cookie(struct http_session *s, const char *line)
{
	curl_easy_setopt(session_handle(s), CURLOPT_COOKIELIST, line);
}

/* Whether host is domain or, for a tail match, lies below it. */
static bool
domain_covers(const char *domain, bool is_tail, const char *host)
{
	size_t d, h = strlen(host);

	domain += *domain == '.';
	d = strlen(domain);
	if (h == d)
		return (strcasecmp(domain, host) == 0);
	return (is_tail && h > d && host[h - d - 1] == '.' &&
	    strcasecmp(domain, host + h - d) == 0);
}

static void
append_cookie(char *line, const struct http_target *target, const char *path,
    struct buf *out)
{
	char *fields[7], *rest = line;
	size_t i;

	if (strncmp(line, "#HttpOnly_", 10) == 0)
		rest = line + 10;
	for (i = 0; i < NELEMS(fields); i++)
		if ((fields[i] = strsep(&rest, "\t")) == NULL)
			return;
	if (!domain_covers(fields[0], strcmp(fields[1], "TRUE") == 0,
	    target->host) || strncmp(path, fields[2], strlen(fields[2])) != 0 ||
	    (strcmp(fields[3], "TRUE") == 0 && !target->is_https))
		return;
	buf_printf(out, "%s%s=%s", out->len > 0 ? "; " : "", fields[5],
	    fields[6]);
}

void
http_session_cookies(struct http_session *s, const char *url, struct buf *out)
{
	struct http_target target;
	struct curl_slist *list = NULL, *c;
	const char *path;

	if (s->share == NULL || http_parse_target(url, &target) != NULL)
		return;
	path = strchr(strstr(url, "://") + 3, '/');
	curl_easy_getinfo(session_handle(s), CURLINFO_COOKIELIST, &list);
	for (c = list; c != NULL; c = c->next)
		append_cookie(c->data, &target, path == NULL ? "/" : path, out);
	curl_slist_free_all(list);
}

void
http_session_list_cookies(struct http_session *s, struct buf *out)
{
	struct curl_slist *list = NULL, *c;

	if (s->share == NULL)
		return;
	curl_easy_getinfo(session_handle(s), CURLINFO_COOKIELIST, &list);
	for (c = list; c != NULL; c = c->next)
		buf_printf(out, "%s\n", c->data);
	curl_slist_free_all(list);
}
