/* SPDX-License-Identifier: ISC */
/* The table of routes. */
#include "contrib/paysim/router.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/crypto.h"
#include "base/mem.h"
#include "contrib/paysim/admin.h"
#include "contrib/paysim/customers.h"
#include "contrib/paysim/events.h"
#include "contrib/paysim/intents.h"
#include "contrib/paysim/pages.h"
#include "contrib/paysim/refunds.h"
#include "contrib/paysim/sink.h"
#include "contrib/paysim/webhooks.h"

#define LIST " limit starting_after ending_before "
#define CUSTOMER " email name description phone metadata "
#define INTENT                                                              \
	" amount currency customer payment_method payment_method_data "    \
	"payment_method_types automatic_payment_methods capture_method "   \
	"return_url setup_future_usage description receipt_email "         \
	"statement_descriptor metadata "
#define ENDPOINT " url enabled_events description metadata "

#define API(method, pattern, handler, params) \
	{ROUTE_API, method, "/v1/" pattern, handler, params}
#define PAGE(method, pattern, handler) \
	{ROUTE_PAGE, method, pattern, handler, NULL}
#define LOCAL(method, pattern, handler) \
	{ROUTE_LOCAL, method, pattern, handler, NULL}

static const struct route routes[] = {
    API("GET", "customers/:", customers_get, ""),
    API("GET", "payment_intents/:", intents_get, " client_secret "),
    API("POST", "payment_intents", intents_create, INTENT
        "confirm confirmation_method off_session "
        "error_on_requires_action "),
    API("POST", "payment_intents/:", intents_update, INTENT),
    API("POST", "payment_intents/:/confirm", intents_confirm,
        " payment_method payment_method_data payment_method_types "
        "return_url off_session error_on_requires_action receipt_email "
        "setup_future_usage "),
    API("POST", "payment_intents/:/capture", intents_capture,
        " amount_to_capture metadata "),
    API("POST", "payment_intents/:/cancel", intents_cancel,
        " cancellation_reason "),
    API("GET", "payment_intents", intents_list, LIST "customer "),
    API("POST", "customers", customers_create, CUSTOMER),
    API("POST", "customers/:", customers_update, CUSTOMER),
    API("DELETE", "customers/:", customers_delete, ""),
    API("GET", "customers", customers_list, LIST "email "),
    API("GET", "customers/:/payment_methods", customers_methods, LIST
        "type "),
    API("POST", "payment_methods", methods_create,
        " type card us_bank_account billing_details metadata "),
    API("GET", "payment_methods/:", methods_get, ""),
    API("POST", "payment_methods/:", methods_update,
        " billing_details metadata "),
    API("POST", "payment_methods/:/attach", methods_attach, " customer "),
    API("POST", "payment_methods/:/detach", methods_detach, ""),
    API("GET", "payment_methods", methods_list, LIST "customer type "),
    API("GET", "charges/:", charges_get, ""),
    API("GET", "charges", charges_list, LIST "payment_intent "),
    API("POST", "refunds", refunds_create,
        " payment_intent charge amount reason metadata "),
    API("GET", "refunds/:", refunds_get, ""),
    API("POST", "refunds/:", refunds_update, " metadata "),
    API("GET", "refunds", refunds_list, LIST "payment_intent charge "),
    API("GET", "balance", balance_get, ""),
    API("GET", "balance_transactions/:", transactions_get, ""),
    API("GET", "balance_transactions", transactions_list, LIST
        "source type "),
    API("GET", "events/:", events_get, ""),
    API("GET", "events", events_list, LIST "type types "),
    API("POST", "webhook_endpoints", webhooks_create, ENDPOINT),
    API("GET", "webhook_endpoints/:", webhooks_get, ""),
    API("POST", "webhook_endpoints/:", webhooks_update, ENDPOINT
        "disabled "),
    API("DELETE", "webhook_endpoints/:", webhooks_delete, ""),
    API("GET", "webhook_endpoints", webhooks_list, LIST),
    PAGE("GET", "/3ds/:", page_action_show),
    PAGE("POST", "/3ds/:", page_action_submit),
    PAGE("GET", "/login", page_login_show),
    PAGE("POST", "/login", page_login_submit),
    PAGE("GET", "/account", page_account),
    PAGE("POST", "/logout", page_logout),
    LOCAL("GET", "/_admin/faults", admin_faults_get),
    LOCAL("POST", "/_admin/faults", admin_faults_set),
    LOCAL("GET", "/_admin/ledger", admin_ledger),
    LOCAL("GET", "/_admin/health", admin_health),
    LOCAL("POST", "/_sink/:", sink_post),
    LOCAL("GET", "/_sink/:", sink_get),
    {ROUTE_FAULT, "GET", "/_fault/:", NULL, NULL},
    {ROUTE_FAULT, "POST", "/_fault/:", NULL, NULL},
};

/* Match segment by segment; *id and *len are what ":" stood for. */
static bool
matches(const char *pattern, const char *path, const char **id, size_t *len)
{
	while (*pattern != '\0') {
		if (*pattern == ':') {
			*id = path;
			*len = strcspn(path, "/");
			if (*len == 0)
				return (false);
			path += *len;
			pattern++;
		} else if (*pattern++ != *path++)
			return (false);
	}
	return (*path == '\0');
}

const struct route *
router_find(const char *method, const char *path, char **id)
{
	const struct route *route;
	const char *at;
	size_t len;

	*id = NULL;
	/* HEAD is a GET whose body is not sent. */
	if (strcmp(method, "HEAD") == 0)
		method = "GET";
	for (route = routes; route < routes + NELEMS(routes); route++) {
		at = NULL;
		if (strcmp(route->method, method) != 0 ||
		    !matches(route->pattern, path, &at, &len))
			continue;
		if (at != NULL)
			*id = xstrndup(at, len);
		return (route);
	}
	return (NULL);
}

void
router_unknown(struct call *c)
{
	call_fail(c, 404, "invalid_request_error", NULL, NULL,
	    "Unrecognized request URL (%s: %s).", c->method, c->path);
}

/* The key in "Bearer KEY" or in the user name of "Basic ...". */
static bool
key_of(const char *authorization, struct buf *key)
{
	if (strncasecmp(authorization, "Bearer ", 7) == 0)
		return (buf_append_str(key, authorization + 7) == 0);
	if (strncasecmp(authorization, "Basic ", 6) != 0 ||
	    crypto_base64_decode(authorization + 6, strlen(authorization + 6),
	    0, key) != 0 || key->data == NULL)
		return (false);
	key->len = strcspn(key->data, ":");
	key->data[key->len] = '\0';
	return (true);
}

static bool
is_key(const char *key)
{
	static const char prefix[] = "sk_test_";
	size_t len = strlen(key);

	return (strncmp(key, prefix, sizeof(prefix) - 1) == 0 &&
	    len > sizeof(prefix) - 1 && strspn(key, "_0123456789"
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == len);
}

static bool
admit_key(struct call *c, const char *authorization)
{
	struct buf key;
	bool is_good;

	if (authorization == NULL)
		return (call_fail(c, 401, "invalid_request_error", NULL, NULL,
		    "You did not provide an API key. Use Bearer auth "
		    "(Authorization: Bearer YOUR_SECRET_KEY) or HTTP basic "
		    "auth with the key as the user name."));
	buf_init(&key, 300);
	is_good = key_of(authorization, &key) && is_key(buf_str(&key));
	if (!is_good)
		call_fail(c, 401, "invalid_request_error", NULL, NULL,
		    "Invalid API Key provided: %.8s****", buf_str(&key));
	buf_fini(&key);
	return (is_good);
}

static bool
admit_form(struct call *c, const struct route *route,
    const char *content_type, const char *query)
{
	static const char form_type[] = "application/x-www-form-urlencoded";
	const char *why;

	if (query != NULL &&
	    form_parse(&c->form, query, strlen(query), &why) != 0)
		return (call_refuse(c, NULL, NULL, "%s.", why));
	/* A sink takes JSON as it comes. */
	if (c->body_len == 0 || route->handler == sink_post)
		return (true);
	if (content_type != NULL && strncasecmp(content_type, form_type,
	    sizeof(form_type) - 1) != 0)
		return (call_refuse(c, NULL, NULL, "Invalid request: the "
		    "Content-Type must be %s, not %.100s.", form_type,
		    content_type));
	if (form_parse(&c->form, c->body, c->body_len, &why) != 0)
		return (call_refuse(c, NULL, NULL, "%s.", why));
	return (true);
}

/* Is the first name of key a word of names ("" or " a b c ")? */
static bool
is_listed(const char *names, const char *key)
{
	size_t len = form_name_len(key);
	const char *at = names;

	while ((at = strchr(at, ' ')) != NULL) {
		at++;
		if (strncmp(at, key, len) == 0 && at[len] == ' ')
			return (true);
	}
	return (false);
}

static bool
admit_params(struct call *c, const char *names)
{
	size_t i;

	for (i = 0; i < c->form.count; i++) {
		const char *key = c->form.pairs[i].key;

		if (!is_listed(" expand ", key) && !is_listed(names, key))
			return (call_refuse(c, "parameter_unknown", key,
			    "Received unknown parameter: %s", key));
	}
	return (true);
}

bool
router_admit(struct call *c, const struct route *route,
    const char *authorization, const char *content_type, const char *query)
{
	if (route->kind == ROUTE_API && !admit_key(c, authorization))
		return (false);
	if (!admit_form(c, route, content_type, query))
		return (false);
	if (route->kind != ROUTE_API)
		return (true);
	if (strcmp(route->method, "POST") == 0 &&
	    objects_are_full(&c->app->objects))
		return (call_fail(c, 503, "api_error", NULL, NULL,
		    "The demo service is full: start it anew."));
	return (admit_params(c, route->params));
}
