/* SPDX-License-Identifier: ISC */
/*
 * The web server's readers: a path and query string, a newline, an address
 * to listen on. A filter is in its bounds or one sentence says what is not;
 * what goes into a page stays text.
 */
#include <sys/queue.h>

#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/html.h"
#include "base/mem.h"
#include "base/must.h"
#include "web/answer.h"
#include "web/server.h"
#include "web/text.h"

#define NOW (1800000000 * SPAN_S)
#define LIMIT_MOST 1000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_filter(const struct answer *a)
{
	struct query_runs f;
	char *wrong = answer_filter(a, LIMIT_MOST, &f);

	if (wrong != NULL) {
		must(wrong[0] != '\0');
		free(wrong);
		return;
	}
	must(f.limit >= 1 && f.limit <= LIMIT_MOST);
	must(f.outcomes < 1u << OUTCOME_COUNT);
	must(f.which.check == NULL || f.which.check[0] != '\0');
}

/* Nothing of it ends a page's text or an attribute. */
static void
check_escaped(const char *text)
{
	struct buf out;

	buf_init(&out, 10 * strlen(text) + 1);
	html_escape(&out, text);
	must(strpbrk(buf_str(&out), "<>\"'") == NULL);
	buf_reset(&out);
	text_url(&out, text);
	must(strpbrk(buf_str(&out), "<>\"'&?# ") == NULL);
	buf_fini(&out);
}

/* As server.c reads a request line. */
static void
check_query(const char *text)
{
	struct evhttp_uri *uri = evhttp_uri_parse(text);
	const char *query = uri != NULL ? evhttp_uri_get_query(uri) : NULL;
	struct evkeyvalq params;
	const struct evkeyval *pair;
	struct answer a;

	TAILQ_INIT(&params);
	answer_init(&a, NOW);
	if (query != NULL && evhttp_parse_query_str(query, &params) == 0)
		TAILQ_FOREACH(pair, &params, next) {
			if (a.param_count == ANSWER_MOST_PARAMS)
				break;
			a.params[a.param_count++] = (struct answer_param){
			    pair->key, pair->value};
			check_escaped(pair->value);
		}
	check_filter(&a);
	answer_fail(&a, 400, "%s", text);
	must(a.out.len > 0 && !a.out.is_full);
	answer_fail_page(&a, 404, text, text);
	must(a.out.len > 0 && !a.out.is_full);
	answer_fini(&a);
	evhttp_clear_headers(&params);
	if (uri != NULL)
		evhttp_uri_free(uri);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text, *rest, *first, address[46];
	uint16_t port;

	if (size > 2000)
		return (0);
	text = rest = xstrndup((const char *)data, size);
	first = strsep(&rest, "\n");
	check_query(first);
	check_escaped(first);
	if (rest != NULL && server_parse_listen(rest, address, &port) == 0)
		must(strncmp(address, "127.", 4) == 0 ||
		    strcmp(address, "::1") == 0);
	free(text);
	return (0);
}
