/* SPDX-License-Identifier: ISC */
/* The pages for people. */
#include "contrib/paysim/pages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>
#include <utlist.h>

#include "base/crypto.h"
#include "base/html.h"
#include "base/mem.h"
#include "contrib/paysim/payments.h"

#define TOKEN_SIZE 33

static const struct user {
	const char *email, *password, *name;
} users[] = {
    {"ada@example.com", "correct-horse", "Ada Lovelace"},
    {"grace@example.com", "battery-staple", "Grace Hopper"},
};

struct session {
	char token[TOKEN_SIZE];
	char csrf[TOKEN_SIZE];
	const struct user *user;
	struct session *prev, *next; /* oldest first */
	UT_hash_handle hh;
};

struct sessions {
	struct session *by_token, *oldest;
	size_t count;
};

struct sessions *
sessions_new(void)
{
	return (xcalloc(1, sizeof(struct sessions)));
}

static void
session_end(struct sessions *all, struct session *s)
{
	HASH_DEL(all->by_token, s);
	DL_DELETE(all->oldest, s);
	all->count--;
	free(s);
}

void
sessions_free(struct sessions **all)
{
	while ((*all)->oldest != NULL)
		session_end(*all, (*all)->oldest);
	free(*all);
	*all = NULL;
}

static void
new_token(char out[static TOKEN_SIZE])
{
	uint8_t bytes[(TOKEN_SIZE - 1) / 2];

	crypto_random(bytes, sizeof(bytes));
	crypto_hex(bytes, sizeof(bytes), out);
}

/* Copy a cookie's value from the request; "" when absent. */
static void
cookie_get(const struct call *c, const char *name, char out[static TOKEN_SIZE])
{
	const char *p = c->cookie;
	size_t len, name_len = strlen(name);

	out[0] = '\0';
	for (; p != NULL && *p != '\0'; p += len, p += *p == ';') {
		p += strspn(p, " ");
		len = strcspn(p, ";");
		if (len > name_len && strncmp(p, name, name_len) == 0 &&
		    p[name_len] == '=' && len - name_len - 1 < TOKEN_SIZE) {
			memcpy(out, p + name_len + 1, len - name_len - 1);
			out[len - name_len - 1] = '\0';
			return;
		}
	}
}

static struct session *
session_of(const struct call *c)
{
	char token[TOKEN_SIZE];
	struct session *s;

	cookie_get(c, "session", token);
	HASH_FIND_STR(c->app->sessions->by_token, token, s);
	return (s);
}

static void
page_begin(struct call *c, int status, const char *title)
{
	call_html(c, status);
	buf_printf(&c->out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
	    "<meta charset=\"utf-8\">\n<title>%s</title>\n</head>\n<body>\n"
	    "<main>\n<h1>%s</h1>\n", title, title);
}

static void
page_end(struct call *c)
{
	buf_append_str(&c->out, "</main>\n</body>\n</html>\n");
}

static void
hidden(struct call *c, const char *name, const char *value)
{
	buf_printf(&c->out, "<input type=\"hidden\" name=\"%s\" value=\"",
	    name);
	html_escape(&c->out, value);
	buf_append_str(&c->out, "\">\n");
}

static void
page_sentence(struct call *c, int status, const char *title,
    const char *sentence)
{
	page_begin(c, status, title);
	buf_printf(&c->out, "<p>%s</p>\n", sentence);
	page_end(c);
}

static struct intent *
intent_waiting(struct call *c)
{
	struct intent *pi = objects_find(&c->app->objects, OBJECT_INTENT,
	    c->id);

	if (pi == NULL || pi->status != INTENT_REQUIRES_ACTION) {
		page_sentence(c, pi == NULL ? 404 : 410, "3-D Secure",
		    "There is nothing to authenticate here.");
		return (NULL);
	}
	return (pi);
}

void
page_action_show(struct call *c)
{
	struct intent *pi = intent_waiting(c);

	if (pi == NULL)
		return;
	page_begin(c, 200, "3-D Secure");
	buf_printf(&c->out, "<p>Your bank asks: do you pay <strong "
	    "id=\"amount\">%lld %s</strong>?</p>\n"
	    "<form method=\"post\" action=\"/3ds/%s\">\n",
	    (long long)pi->amount, pi->currency, pi->o.id);
	hidden(c, "token", pi->token);
	buf_append_str(&c->out, "<button name=\"outcome\" value=\"authorize\">"
	    "Complete</button>\n<button name=\"outcome\" value=\"fail\">"
	    "Fail</button>\n</form>\n");
	page_end(c);
}

void
page_action_submit(struct call *c)
{
	struct intent *pi = intent_waiting(c);
	const char *outcome = call_get(c, "outcome");
	const char *token = call_get(c, "token");
	bool is_passed;

	if (pi == NULL)
		return;
	if (token == NULL || strlen(token) != strlen(pi->token) ||
	    !crypto_equal(token, pi->token, strlen(token))) {
		page_sentence(c, 403, "3-D Secure",
		    "The form is not the one we gave out.");
		return;
	}
	if (outcome == NULL || (strcmp(outcome, "authorize") != 0 &&
	    strcmp(outcome, "fail") != 0)) {
		page_sentence(c, 400, "3-D Secure",
		    "The outcome is authorize or fail.");
		return;
	}
	payment_authenticated(c, pi, strcmp(outcome, "authorize") == 0);
	is_passed = pi->status != INTENT_REQUIRES_PAYMENT_METHOD;
	if (pi->return_url == NULL) {
		page_sentence(c, 200, "3-D Secure", is_passed ?
		    "Done. You may close this page." :
		    "The payment did not work.");
		return;
	}
	call_redirect(c, "%s%spayment_intent=%s&redirect_status=%s",
	    pi->return_url, strchr(pi->return_url, '?') != NULL ? "&" : "?",
	    pi->o.id, is_passed ? "succeeded" : "failed");
}

static void
login_form(struct call *c, int status, const char *sentence)
{
	char csrf[TOKEN_SIZE];

	new_token(csrf);
	call_header(c, "Set-Cookie", "login_csrf=%s; Path=/login; HttpOnly; "
	    "SameSite=Strict", csrf);
	page_begin(c, status, "Log in");
	if (sentence != NULL)
		buf_printf(&c->out, "<p role=\"alert\">%s</p>\n", sentence);
	buf_append_str(&c->out, "<form method=\"post\" action=\"/login\">\n");
	hidden(c, "csrf", csrf);
	buf_append_str(&c->out, "<p><label>E-mail <input type=\"email\" "
	    "name=\"email\" required></label></p>\n"
	    "<p><label>Password <input type=\"password\" name=\"password\" "
	    "required></label></p>\n<p><button>Log in</button></p>\n"
	    "</form>\n");
	page_end(c);
}

void
page_login_show(struct call *c)
{
	login_form(c, 200, NULL);
}

static const struct user *
user_known(const char *email, const char *password)
{
	const struct user *user;

	for (user = users; user < users + NELEMS(users); user++)
		if (email != NULL && password != NULL &&
		    strcmp(user->email, email) == 0 &&
		    strcmp(user->password, password) == 0)
			return (user);
	return (NULL);
}

void
page_login_submit(struct call *c)
{
	struct sessions *all = c->app->sessions;
	const char *given = call_get(c, "csrf");
	const struct user *user;
	char csrf[TOKEN_SIZE];
	struct session *s;

	cookie_get(c, "login_csrf", csrf);
	if (given == NULL || csrf[0] == '\0' || strcmp(given, csrf) != 0) {
		page_sentence(c, 403, "Forbidden",
		    "The form has expired. Open the login page again.");
		return;
	}
	user = user_known(call_get(c, "email"), call_get(c, "password"));
	if (user == NULL) {
		login_form(c, 401, "E-mail or password is wrong.");
		return;
	}
	if (all->count >= SESSIONS_MOST)
		session_end(all, all->oldest);
	s = xcalloc(1, sizeof(*s));
	s->user = user;
	new_token(s->token);
	new_token(s->csrf);
	HASH_ADD_STR(all->by_token, token, s);
	DL_APPEND(all->oldest, s);
	all->count++;
	call_header(c, "Set-Cookie",
	    "session=%s; Path=/; HttpOnly; SameSite=Lax", s->token);
	call_redirect(c, "/account");
}

static int64_t
balance_of(const struct ledger *l, const char *currency)
{
	const struct ledger_sum *sum;

	for (sum = l->sums; sum < l->sums + l->count; sum++)
		if (strcmp(sum->currency, currency) == 0)
			return (sum->available + sum->pending);
	return (0);
}

void
page_account(struct call *c)
{
	const struct session *s = session_of(c);
	int64_t balance = balance_of(&c->app->ledger, "usd");

	if (s == NULL) {
		call_redirect(c, "/login");
		return;
	}
	page_begin(c, 200, "Account");
	buf_append_str(&c->out, "<p>Hello, <span id=\"name\">");
	html_escape(&c->out, s->user->name);
	buf_printf(&c->out, "</span>.</p>\n<p>Balance: <span id=\"balance\">"
	    "%s%lld.%02lld USD</span></p>\n", balance < 0 ? "-" : "",
	    (long long)llabs(balance) / 100, (long long)llabs(balance) % 100);
	buf_append_str(&c->out, "<form method=\"post\" action=\"/logout\">\n");
	hidden(c, "csrf", s->csrf);
	buf_append_str(&c->out, "<button>Log out</button>\n</form>\n");
	page_end(c);
}

void
page_logout(struct call *c)
{
	const char *given = call_get(c, "csrf");
	struct session *s = session_of(c);

	if (s != NULL && (given == NULL || strcmp(given, s->csrf) != 0)) {
		page_sentence(c, 403, "Forbidden",
		    "The form is not the one we gave out.");
		return;
	}
	if (s != NULL)
		session_end(c->app->sessions, s);
	call_header(c, "Set-Cookie",
	    "session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
	call_redirect(c, "/login");
}
