/* SPDX-License-Identifier: ISC */
/*
 * Trust and certificates, on OpenSSL. Reading the system's bundle takes
 * some 20 ms: it is done once, and every TLS context of libcurl's gets a
 * reference to the one store.
 */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/mem.h"
#include "probe/http_priv.h"

#define LOOK_EVERY (10 * SPAN_S)
#define SEND_RECORD_BYTES 2048

struct http_trust {
	struct http_trust *next;
	char *path;
	X509_STORE *store;
	struct timespec changed;
	off_t size;
	mono_us looked_at;
	unsigned int holds; /* the list's own included */
};

struct http_trusts {
	struct http_trust *first;
};

struct http_trusts *
http_trusts_new(void)
{
	return (xcalloc(1, sizeof(struct http_trusts)));
}

struct http_trust *
http_trust_hold(struct http_trust *trust)
{
	trust->holds++;
	return (trust);
}

void
http_trust_release(struct http_trust **tp)
{
	struct http_trust *trust = *tp;

	*tp = NULL;
	if (--trust->holds > 0)
		return;
	X509_STORE_free(trust->store);
	free(trust->path);
	free(trust);
}

void
http_trusts_free(struct http_trusts **trusts)
{
	struct http_trust *t, *next;

	for (t = (*trusts)->first; t != NULL; t = next) {
		next = t->next;
		http_trust_release(&t);
	}
	free(*trusts);
	*trusts = NULL;
}

/* Where the system keeps its bundle: as OpenSSL's tools and curl look. */
static const char *
default_path(void)
{
	static const char *const candidates[] = {
	    "/etc/ssl/certs/ca-certificates.crt",
	    "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"};
	const char *path = getenv("SSL_CERT_FILE");
	struct stat st;
	size_t i;

	if (path != NULL && *path != '\0')
		return (path);
	for (i = 0; i < NELEMS(candidates); i++)
		if (stat(candidates[i], &st) == 0)
			return (candidates[i]);
	return (candidates[0]);
}

static bool
is_current(const struct http_trust *t, const struct stat *st)
{
	return (t->size == st->st_size &&
	    t->changed.tv_sec == st->st_mtim.tv_sec &&
	    t->changed.tv_nsec == st->st_mtim.tv_nsec);
}

static struct http_trust *
trust_read(const char *path, const struct stat *st)
{
	X509_STORE *store = X509_STORE_new();
	struct http_trust *t;

	must(store != NULL);
	if (X509_STORE_load_file(store, path) != 1) {
		ERR_clear_error();
		X509_STORE_free(store);
		return (NULL);
	}
	t = xcalloc(1, sizeof(*t));
	t->path = xstrdup(path);
	t->store = store;
	t->changed = st->st_mtim;
	t->size = st->st_size;
	t->looked_at = clock_mono();
	t->holds = 1;
	return (t);
}

struct http_trust *
http_trust_get(struct http_trusts *trusts, const char *path,
    const char **sentence)
{
	struct http_trust **at, *t;
	mono_us now = clock_mono();
	struct stat st;

	if (path == NULL)
		path = default_path();
	for (at = &trusts->first; *at != NULL; at = &(*at)->next)
		if (strcmp((*at)->path, path) == 0)
			break;
	t = *at;
	if (t != NULL && now - t->looked_at < LOOK_EVERY)
		return (http_trust_hold(t));
	if (stat(path, &st) != 0) {
		*sentence = "the file of CA certificates cannot be read";
		return (NULL);
	}
	if (t != NULL && is_current(t, &st)) {
		t->looked_at = now;
		return (http_trust_hold(t));
	}
	if (t != NULL) {
		*at = t->next;
		http_trust_release(&t);
	}
	t = trust_read(path, &st);
	if (t == NULL) {
		*sentence = "the file of CA certificates holds none";
		return (NULL);
	}
	t->next = trusts->first;
	trusts->first = t;
	return (http_trust_hold(t));
}

CURLcode
http_trust_install(CURL *easy, void *ssl_ctx, void *arg)
{
	struct http_trust *t = arg;

	(void)easy;
	if (t != NULL)
		SSL_CTX_set1_cert_store(ssl_ctx, t->store);
	/*
	 * An idle connection gives its 34 kB of record buffers back, but that
	 * for writing comes again with the session tickets of TLS 1.3 and
	 * stays while the answer is waited for: as large as a request needs.
	 */
	SSL_CTX_set_mode(ssl_ctx, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_max_send_fragment(ssl_ctx, SEND_RECORD_BYTES);
	return (CURLE_OK);
}

void
http_look_into_tls(CURL *easy, bool *is_http2, bool *has_input)
{
	const struct curl_tlssessioninfo *info = NULL;
	const unsigned char *name = NULL;
	unsigned int len = 0;

	*is_http2 = *has_input = false;
	curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &info);
	if (info == NULL || info->internals == NULL)
		return;
	SSL_get0_alpn_selected(info->internals, &name, &len);
	*is_http2 = len == 2 && memcmp(name, "h2", 2) == 0;
	*has_input = SSL_pending(info->internals) > 0;
}

/* Certificates. */

static wall_us
wall_of(const ASN1_TIME *t)
{
	struct tm tm;

	if (t == NULL || ASN1_TIME_to_tm(t, &tm) != 1)
		return (0);
	return ((wall_us)timegm(&tm) * SPAN_S);
}

/* "0a1b2c" or "0a:1b:2c:" as "0a:1b:2c". */
static char *
spell_serial(const char *s)
{
	char *out = xmalloc(strlen(s) * 3 / 2 + 2);
	size_t n = 0, digits = 0;

	for (; *s != '\0'; s++) {
		if (*s == ':')
			continue;
		if (digits > 0 && digits % 2 == 0)
			out[n++] = ':';
		out[n++] = *s;
		digits++;
	}
	out[n] = '\0';
	return (out);
}

static void
read_dates(const char *pem, struct response_certificate *c)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *x509;

	must(bio != NULL);
	x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	if (x509 != NULL) {
		c->start = wall_of(X509_get0_notBefore(x509));
		c->expire = wall_of(X509_get0_notAfter(x509));
	}
	ERR_clear_error();
	X509_free(x509);
	BIO_free(bio);
}

static const char *
field_of(const struct curl_slist *list, const char *name)
{
	size_t len = strlen(name);

	for (; list != NULL; list = list->next)
		if (strncmp(list->data, name, len) == 0 &&
		    list->data[len] == ':')
			return (list->data + len + 1);
	return (NULL);
}

struct response_certificate *
http_certificate(CURL *easy)
{
	struct curl_certinfo *info = NULL;
	struct response_certificate *c;
	const char *subject, *issuer, *serial, *pem;
	size_t len;

	if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &info) != CURLE_OK ||
	    info == NULL || info->num_of_certs == 0)
		return (NULL);
	subject = field_of(info->certinfo[0], "Subject");
	issuer = field_of(info->certinfo[0], "Issuer");
	serial = field_of(info->certinfo[0], "Serial Number");
	pem = field_of(info->certinfo[0], "Cert");
	if (subject == NULL || issuer == NULL || serial == NULL || pem == NULL)
		return (NULL);
	c = xcalloc(1, sizeof(*c));
	c->subject = xstrdup(subject);
	c->issuer = xstrdup(issuer);
	c->serial_number = spell_serial(serial);
	c->subject_alt_name = xstrdup(field_of(info->certinfo[0],
	    "X509v3 Subject Alternative Name"));
	for (len = strlen(pem); len > 0 && pem[len - 1] == '\n'; len--)
		;
	c->pem = xstrndup(pem, len);
	read_dates(pem, c);
	return (c);
}
