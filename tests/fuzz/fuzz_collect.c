/* SPDX-License-Identifier: ISC */
/*
 * The files that e2e-run reads beside flows: one text as variables, secrets,
 * the secret of a file, cookies and limits. Names come out as names, texts
 * whole and without line ends, and every secret is known to be one.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/must.h"
#include "probe/http.h"
#include "probe/runner_config.h"
#include "probe/runner_load.h"

#define MOST_BYTES 3000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char dir[] = "/tmp/fuzz-collect.XXXXXX";
static char *text_path, *flow_path, *secret_option;
static struct http_session *session; /* one for all: it costs the most */

static void
clean_up(void)
{
	unlink(text_path);
	unlink(flow_path);
	rmdir(dir);
	free(text_path);
	free(flow_path);
	free(secret_option);
}

static void
prepare(void)
{
	session = http_session_new(http_new(loop_new()));
	must(mkdtemp(dir) != NULL);
	text_path = file_join(dir, "text");
	flow_path = file_join(dir, "a.hurl");
	secret_option = xasprintf("file=%s", text_path);
	must(file_replace(flow_path, "GET http://a\n", 13) == 0);
	must(atexit(clean_up) == 0);
}

/* The same file each time: a rename a time would cost most of it. */
static void
write_text(const uint8_t *data, size_t size)
{
	FILE *f = fopen(text_path, "w");

	must(f != NULL && fwrite(data, 1, size, f) == size && fclose(f) == 0);
}

static void
check_pairs(const struct runner_pairs *p)
{
	size_t i;

	for (i = 0; i < p->count; i++) {
		must(p->names[i][0] != '\0');
		must(strpbrk(p->names[i], "= \t\r\n{}\"") == NULL);
	}
}

static void
check_cookies(const struct runner_load *l)
{
	struct buf out;
	size_t i;

	buf_init(&out, 1u << 20);
	for (i = 0; i < l->cookie_count; i++) {
		must(strpbrk(l->cookies[i], "\r\n") == NULL);
		http_session_add_cookie(session, l->cookies[i]);
	}
	http_session_list_cookies(session, &out);
	http_session_cookies(session, "http://a.example.com/b", &out);
	must(strchr(buf_str(&out), '\r') == NULL);
	http_session_clear_cookies(session);
	buf_reset(&out);
	http_session_list_cookies(session, &out);
	must(out.len == 0);
	buf_fini(&out);
}

static void
check_variables(const struct runner_load *l)
{
	struct variables *v = variables_new();
	size_t i;

	runner_load_set(l, v);
	for (i = 0; i < l->secrets.count; i++)
		must(variables_is_secret(v, l->secrets.names[i]));
	variables_free(&v);
}

static void
check_limits(const uint8_t *data, size_t size)
{
	struct definition_limits limits = definition_limits_default;
	char *text = xstrndup((const char *)data, size), *sentence = NULL;
	int err = definition_limits_parse(text, &limits, &sentence);

	must((err != 0) == (sentence != NULL));
	if (err != 0)
		must(memcmp(&limits, &definition_limits_default,
		    sizeof(limits)) == 0);
	free(sentence);
	free(text);
}

/* Hurl's file of defaults: a mistake is told, headers are whole. */
static void
check_config(const uint8_t *data, size_t size)
{
	char *text = xstrndup((const char *)data, size);
	struct runner_options options;
	struct runner_config c;
	size_t i;
	int err;

	runner_options_init(&options);
	arena_init(&c.texts, 0);
	cause_init(&c.cause);
	err = runner_config_parse(&c, "config", text, size, &options);
	must((err == 0) == (c.cause.error_count == 0));
	for (i = 0; i < options.config_headers.count; i++)
		must(strchr(options.config_headers.items[i], ':') != NULL);
	runner_config_fini(&c);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *operand, *files[1], *secrets[1];
	struct runner_options options;
	struct runner_load l = {.options = &options};
	struct cause cause;
	int err;

	if (size > MOST_BYTES)
		return (0);
	if (session == NULL)
		prepare();
	write_text(data, size);
	runner_options_init(&options);
	files[0] = text_path;
	secrets[0] = secret_option;
	options.variables_files = (struct option_list){files, 1};
	options.secrets_files = (struct option_list){files, 1};
	options.secret_files = (struct option_list){secrets, 1};
	options.cookies = text_path;
	cause_init(&cause);
	l.cause = &cause;
	operand = flow_path;
	err = runner_load(&l, &operand, 1);
	must((err == 0) == (cause.error_count == 0));
	check_pairs(&l.variables);
	check_pairs(&l.secrets);
	check_cookies(&l);
	check_variables(&l);
	check_limits(data, size);
	check_config(data, size);
	runner_load_fini(&l);
	cause_fini(&cause);
	return (0);
}
