/* SPDX-License-Identifier: ISC */
/* The demo payments service's plain parts: form, idempotency, ledger,
 * signature, faults, cards, objects. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "contrib/paysim/app.h"
#include "contrib/paysim/call.h"
#include "contrib/paysim/cards.h"
#include "contrib/paysim/customers.h"
#include "contrib/paysim/faults.h"
#include "contrib/paysim/form.h"
#include "contrib/paysim/idempotency.h"
#include "contrib/paysim/intents.h"
#include "contrib/paysim/payments.h"
#include "contrib/paysim/refunds.h"
#include "contrib/paysim/signature.h"
#include "contrib/paysim/webhooks.h"

#define NOW 1800000000

static int
parse(struct form *f, const char *text)
{
	const char *why = NULL;
	int rc = form_parse(f, text, strlen(text), &why);

	assert_true((rc == 0) == (why == NULL));
	return (rc);
}

static void
a_form_is_decoded_with_its_nested_keys(void **state)
{
	struct form f;
	const char *inner;
	size_t pos = 0;

	(void)state;
	form_init(&f);
	assert_int_equal(parse(&f, "a=1&&b=x+y%26z&metadata[order]=7&"
	    "metadata%5Bkey%20two%5D=%C3%A9&flag&items[]=p&items[]=q&a=2&e="),
	    0);
	assert_string_equal(form_get(&f, "a"), "2");
	assert_string_equal(form_get(&f, "b"), "x y&z");
	assert_string_equal(form_get(&f, "metadata[order]"), "7");
	assert_string_equal(form_get(&f, "metadata[key two]"), "\xc3\xa9");
	assert_string_equal(form_get(&f, "flag"), "");
	assert_string_equal(form_get(&f, "e"), "");
	assert_null(form_get(&f, "metadata"));
	assert_string_equal(form_below(&f, "items", &pos, &inner)->value,
	    "p");
	assert_string_equal(form_below(&f, "items", &pos, &inner)->value,
	    "q");
	assert_string_equal(inner, "]");
	assert_null(form_below(&f, "items", &pos, &inner));
	form_fini(&f);
}

static void
query_and_body_are_one_form(void **state)
{
	struct form f;

	(void)state;
	form_init(&f);
	assert_int_equal(parse(&f, "a=1"), 0);
	assert_int_equal(parse(&f, "b=2&a=3"), 0);
	assert_string_equal(form_get(&f, "a"), "3");
	assert_string_equal(form_get(&f, "b"), "2");
	form_fini(&f);
}

static void
a_broken_form_is_refused(void **state)
{
	static const char *const broken[] = {"a=%", "a=%4", "a=%zz", "%=1",
	    "a=%00", "a=%ff", "=1", "[a]=1", "a[b=1", "a]b=1", "a[b]c=1",
	    "a[[b]]=1", "a[1][2][3][4][5][6][7]=1"};
	struct form f;
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(broken); i++) {
		form_init(&f);
		if (parse(&f, broken[i]) != ERR_SYNTAX)
			fail_msg("taken: %s", broken[i]);
		form_fini(&f);
	}
}

static void
a_form_has_bounds(void **state)
{
	struct form f;
	struct buf text;
	int i;

	(void)state;
	buf_init(&text, 1 << 20);
	for (i = 0; i <= FORM_MOST_PAIRS; i++)
		buf_append_str(&text, "a=1&");
	form_init(&f);
	assert_int_equal(parse(&f, text.data), ERR_LIMIT);
	assert_int_equal(f.count, FORM_MOST_PAIRS);
	form_fini(&f);
	buf_reset(&text);
	for (i = 0; i <= FORM_MOST_KEY_BYTES; i++)
		buf_append_str(&text, "k");
	form_init(&f);
	assert_int_equal(parse(&f, text.data), ERR_LIMIT);
	form_fini(&f);
	buf_fini(&text);
}

static const uint8_t print_a[SHA256_SIZE] = {1};
static const uint8_t print_b[SHA256_SIZE] = {2};

static void
keep(struct idempotency *all, struct idempotent *entry, const char *text)
{
	struct buf body;

	buf_init(&body, 1000);
	buf_append_str(&body, text);
	idempotency_keep(all, entry, 200, "req_1", &body);
	buf_fini(&body);
}

static void
a_key_is_first_then_busy_then_replayed(void **state)
{
	struct idempotency *all = idempotency_new();
	struct idempotent *first = NULL, *again = NULL;
	const char *request_id, *body;
	size_t len;

	(void)state;
	assert_int_equal(idempotency_begin(all, "k", print_a, NOW, &first),
	    IDEMPOTENCY_FIRST);
	assert_int_equal(idempotency_begin(all, "k", print_a, NOW, &again),
	    IDEMPOTENCY_BUSY);
	assert_int_equal(idempotency_begin(all, "k", print_b, NOW, &again),
	    IDEMPOTENCY_MISMATCH);
	keep(all, first, "answer");
	assert_int_equal(idempotency_begin(all, "k", print_a, NOW, &again),
	    IDEMPOTENCY_REPLAY);
	assert_int_equal(idempotency_answer(again, &request_id, &body, &len),
	    200);
	assert_string_equal(request_id, "req_1");
	assert_int_equal(len, 6);
	assert_memory_equal(body, "answer", 6);
	assert_int_equal(idempotency_begin(all, "k", print_b, NOW, &again),
	    IDEMPOTENCY_MISMATCH);
	idempotency_free(&all);
}

static void
a_forgotten_key_and_one_a_day_old_are_first_again(void **state)
{
	struct idempotency *all = idempotency_new();
	struct idempotent *e = NULL;

	(void)state;
	idempotency_begin(all, "k", print_a, NOW, &e);
	idempotency_forget(all, e);
	assert_int_equal(idempotency_begin(all, "k", print_b, NOW, &e),
	    IDEMPOTENCY_FIRST);
	keep(all, e, "x");
	assert_int_equal(idempotency_begin(all, "k", print_b,
	    NOW + IDEMPOTENCY_LIFE_S - 1, &e), IDEMPOTENCY_REPLAY);
	assert_int_equal(idempotency_begin(all, "k", print_a,
	    NOW + IDEMPOTENCY_LIFE_S, &e), IDEMPOTENCY_FIRST);
	idempotency_free(&all);
}

static void
the_oldest_keys_go_first_but_never_one_under_way(void **state)
{
	struct idempotency *all = idempotency_new();
	struct idempotent *busy = NULL, *e = NULL;
	char key[20];
	int i;

	(void)state;
	idempotency_begin(all, "busy", print_a, NOW, &busy);
	for (i = 0; i < IDEMPOTENCY_MOST + 10; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		idempotency_begin(all, key, print_a, NOW, &e);
		keep(all, e, "x");
	}
	assert_int_equal(idempotency_begin(all, "busy", print_a, NOW, &e),
	    IDEMPOTENCY_BUSY);
	assert_int_equal(idempotency_begin(all, "k0", print_a, NOW, &e),
	    IDEMPOTENCY_FIRST);
	snprintf(key, sizeof(key), "k%d", IDEMPOTENCY_MOST + 9);
	assert_int_equal(idempotency_begin(all, key, print_a, NOW, &e),
	    IDEMPOTENCY_REPLAY);
	idempotency_free(&all);
}

static void
a_request_is_the_same_by_method_path_and_body(void **state)
{
	uint8_t a[SHA256_SIZE], b[SHA256_SIZE];

	(void)state;
	idempotency_print("POST", "/v1/a", "x=1", 3, a);
	idempotency_print("POST", "/v1/a", "x=1", 3, b);
	assert_memory_equal(a, b, SHA256_SIZE);
	idempotency_print("POST", "/v1/a", "x=2", 3, b);
	assert_memory_not_equal(a, b, SHA256_SIZE);
	idempotency_print("POST", "/v1/ax", "=1", 2, b);
	assert_memory_not_equal(a, b, SHA256_SIZE);
}

/* HMAC-SHA256("whsec_test", "1700000000.{}"), by another implementation. */
#define SIGNED "t=1700000000,v1=" \
	"35495024f4ef3f94e5a93e22221544c4b75e9a42300cd965ab81cb85cd994e91"

static void
a_signature_is_made_and_checked(void **state)
{
	char out[SIGNATURE_SIZE];

	(void)state;
	signature_make("whsec_test", 1700000000, "{}", 2, out);
	assert_string_equal(out, SIGNED);
	assert_true(signature_is_good(out, "whsec_test", "{}", 2, 1700000300,
	    300));
	assert_false(signature_is_good(out, "whsec_test", "{}", 2, 1700000301,
	    300));
	assert_false(signature_is_good(out, "whsec_other", "{}", 2,
	    1700000000, 300));
	assert_false(signature_is_good(out, "whsec_test", "{ }", 3,
	    1700000000, 300));
	out[20] ^= 1;
	assert_false(signature_is_good(out, "whsec_test", "{}", 2, 1700000000,
	    300));
	assert_false(signature_is_good("t=,v1=", "whsec_test", "{}", 2,
	    1700000000, 300));
	assert_false(signature_is_good("", "whsec_test", "{}", 2, 0, 300));
}

static void
fault_switches_are_parsed_and_written_back(void **state)
{
	struct faults f = {0};
	char bad[64];
	struct buf out;

	(void)state;
	assert_int_equal(faults_parse(&f, "error_rate=0.25,latency="
	    "bimodal:10:200:0.1,slow_body=2000", bad), 0);
	assert_true(f.error_rate == 0.25 && f.slow_body == 2000);
	assert_int_equal(f.shape, LATENCY_BIMODAL);
	buf_init(&out, 1000);
	faults_format(&f, &out);
	assert_string_equal(out.data, "{\"error_rate\":0.25,\"reset_rate\":0,"
	    "\"wrong_amount_rate\":0,\"lost_webhook_rate\":0,"
	    "\"slow_body\":2000,\"latency\":\"bimodal:10:200:0.1\"}");
	buf_fini(&out);
	assert_int_equal(faults_parse(&f, "latency=none", bad), 0);
	assert_int_equal(f.shape, LATENCY_NONE);
}

static void
a_wrong_fault_switch_is_named(void **state)
{
	static const struct {
		const char *text;
		int rc;
	} wrong[] = {{"colour=1", ERR_NOT_FOUND}, {"error_rate=1.1",
	    ERR_SYNTAX}, {"error_rate=", ERR_SYNTAX}, {"error_rate=nan",
	    ERR_SYNTAX}, {"latency=fixed", ERR_SYNTAX}, {"latency=fixed:1:2",
	    ERR_SYNTAX}, {"latency=warp:1", ERR_SYNTAX}, {"error_rate",
	    ERR_SYNTAX}, {"reset_rate=-1", ERR_SYNTAX}};
	struct faults f = {0};
	char bad[64];
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(wrong); i++) {
		assert_int_equal(faults_parse(&f, wrong[i].text, bad),
		    wrong[i].rc);
		assert_string_equal(bad, wrong[i].text);
	}
}

static void
latency_follows_its_distribution(void **state)
{
	struct faults f = {.shape = LATENCY_LOGNORMAL, .latency = {100, 0.5}};
	struct random r;
	int i, below = 0, slow = 0;

	(void)state;
	random_init(&r, 1, "test");
	for (i = 0; i < 10000; i++)
		below += faults_draw(&f, &r).latency < 100 * SPAN_MS;
	assert_in_range(below, 4800, 5200);
	f = (struct faults){.shape = LATENCY_BIMODAL,
	    .latency = {10, 200, 0.2}};
	for (i = 0; i < 10000; i++)
		slow += faults_draw(&f, &r).latency == 200 * SPAN_MS;
	assert_in_range(slow, 1850, 2150);
}

static void
card_numbers_are_checked_by_luhn(void **state)
{
	(void)state;
	assert_true(card_number_is_valid("4242424242424242"));
	assert_true(card_number_is_valid("378282246310005"));
	assert_false(card_number_is_valid("4242424242424241"));
	assert_false(card_number_is_valid("42424242"));
	assert_false(card_number_is_valid("4242x24242424242"));
	assert_non_null(card_find_number("4000002760003184"));
	assert_true(card_find_token("pm_card_threeDSecure2Required")->
	    needs_action);
	assert_null(card_find_token("pm_1"));
}

static void
every_test_card_has_a_valid_number_of_its_own(void **state)
{
	static const char *const numbers[] = {"4242424242424242",
	    "4000056655665556", "5555555555554444", "378282246310005",
	    "6011111111111117", "4000000000003055", "4000000000000002",
	    "4000000000009995", "4000000000009987", "4000000000009979",
	    "4000000000000069", "4000000000000127", "4000000000000119",
	    "4000002760003184", "4000000000003220", "4000002500003155",
	    "4000008400001629", "4000000000000077"};
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(numbers); i++) {
		assert_non_null(card_find_number(numbers[i]));
		assert_true(card_number_is_valid(numbers[i]));
	}
}

static void
fees_are_rounded_half_up(void **state)
{
	(void)state;
	assert_int_equal(ledger_fee(2000), 88);
	assert_int_equal(ledger_fee(50), 31);   /* 1.45 + 30 */
	assert_int_equal(ledger_fee(500), 45);  /* 14.5 + 30 */
	assert_int_equal(ledger_fee(99999999), 2900030);
}

static const struct app_settings settings = {.seed = 1,
    .most_objects = 100000};

/* Run a handler on a form; returns the status and copies the body. */
static int
run(struct app *app, call_handler *handler, const char *id,
    const char *form, char body[static 4096])
{
	struct call c;
	int status;

	call_init(&c, app);
	c.method = "POST";
	c.path = "/v1/test";
	c.base_url = "http://127.0.0.1:1";
	c.id = id;
	c.now_s = NOW;
	assert_int_equal(parse(&c.form, form), 0);
	handler(&c);
	status = c.status;
	snprintf(body, 4096, "%s", buf_str(&c.out));
	call_fini(&c);
	return (status);
}

/* The id of the object in a body that starts with {"id":"...". */
static const char *
id_in(const char *body, char id[static OBJECT_ID_SIZE])
{
	assert_int_equal(sscanf(body, "{\"id\":\"%39[^\"]\"", id), 1);
	return (id);
}

static void
the_ledger_reconciles_after_any_mix_of_payments(void **state)
{
	struct app app;
	struct random r;
	char body[4096], form[200], id[OBJECT_ID_SIZE];
	int i, refunds = 0;

	(void)state;
	app_init(&app, NULL, &settings);
	random_init(&r, 2, "mix");
	for (i = 0; i < 2000; i++) {
		snprintf(form, sizeof(form), "amount=%d&currency=%s&"
		    "confirm=true&payment_method=%s",
		    50 + (int)(random_next(&r) % 100000),
		    random_is(&r, 0.5) ? "usd" : "JPY",
		    random_is(&r, 0.2) ? "pm_card_visa_chargeDeclined" :
		    random_is(&r, 0.2) ? "pm_card_bypassPending" :
		    "pm_card_visa");
		if (run(&app, intents_create, NULL, form, body) != 200)
			continue;
		snprintf(form, sizeof(form), "payment_intent=%s&amount=%d",
		    id_in(body, id), (int)(random_next(&r) % 60000));
		refunds += run(&app, refunds_create, NULL, form, body) == 200;
		assert_true(ledger_reconciles(&app.ledger, &app.objects));
	}
	assert_in_range(refunds, 500, 1600);
	ledger_settle(&app.ledger, &app.objects, NOW + 2 * LEDGER_PENDING_S +
	    (int64_t)4e9);
	assert_true(ledger_reconciles(&app.ledger, &app.objects));
	for (size_t k = 0; k < app.ledger.count; k++)
		assert_int_equal(app.ledger.sums[k].pending, 0);
	app.ledger.sums[0].available++;
	assert_false(ledger_reconciles(&app.ledger, &app.objects));
	app_fini(&app);
}

static void
pending_money_becomes_available_when_it_is_due(void **state)
{
	struct app app;
	struct object source = {.kind = OBJECT_CHARGE};
	const struct ledger_sum *usd = NULL;
	size_t i;

	(void)state;
	app_init(&app, NULL, &settings);
	for (i = 0; i < app.ledger.count; i++)
		if (strcmp(app.ledger.sums[i].currency, "usd") == 0)
			usd = &app.ledger.sums[i];
	ledger_book(&app.ledger, &app.objects, &source, 1000, "usd", false,
	    NOW);
	ledger_book(&app.ledger, &app.objects, &source, 2000, "usd", true,
	    NOW);
	assert_int_equal(usd->pending, 1000 - 59);
	assert_int_equal(usd->available, 2000 - 88);
	ledger_settle(&app.ledger, &app.objects, NOW + LEDGER_PENDING_S - 1);
	assert_int_equal(usd->pending, 1000 - 59);
	ledger_settle(&app.ledger, &app.objects, NOW + LEDGER_PENDING_S);
	assert_int_equal(usd->pending, 0);
	assert_int_equal(usd->available, 3000 - 59 - 88);
	app_fini(&app);
}

static void
a_bank_payment_ends_when_its_time_comes(void **state)
{
	struct app_settings slow = settings;
	struct app app;
	struct intent *pi;
	char body[4096], id[OBJECT_ID_SIZE];
	mono_us begun = clock_mono();

	(void)state;
	slow.processing = SPAN_H;
	app_init(&app, NULL, &slow);
	assert_int_equal(run(&app, intents_create, NULL, "amount=900&"
	    "currency=usd&confirm=true&payment_method="
	    "pm_usBankAccount_success&payment_method_types[]=us_bank_account",
	    body), 200);
	pi = objects_find(&app.objects, OBJECT_INTENT, id_in(body, id));
	assert_int_equal(pi->status, INTENT_PROCESSING);
	processing_run(&app, begun + SPAN_H - 1);
	assert_int_equal(pi->status, INTENT_PROCESSING);
	processing_run(&app, clock_mono() + SPAN_H);
	assert_int_equal(pi->status, INTENT_SUCCEEDED);
	assert_int_equal(pi->received, 900);
	app_fini(&app);
}

static void
a_refused_intent_leaves_nothing_behind(void **state)
{
	struct app app;
	char body[4096];

	(void)state;
	app_init(&app, NULL, &settings);
	assert_int_equal(run(&app, intents_create, NULL,
	    "amount=1&currency=usd", body), 400);
	assert_int_equal(app.objects.tables[OBJECT_INTENT].count, 0);
	assert_int_equal(app.objects.tables[OBJECT_EVENT].count, 0);
	app_fini(&app);
}

static void
metadata_is_merged_removed_and_bounded(void **state)
{
	struct app app;
	char body[4096], id[OBJECT_ID_SIZE], form[4096] = "";
	int i;

	(void)state;
	app_init(&app, NULL, &settings);
	run(&app, customers_create, NULL, "metadata[a]=1&metadata[b]=2",
	    body);
	id_in(body, id);
	run(&app, customers_update, id, "metadata[a]=&metadata[c]=3", body);
	assert_non_null(strstr(body, "\"metadata\":{\"b\":\"2\",\"c\":\"3\"}"));
	run(&app, customers_update, id, "metadata=", body);
	assert_non_null(strstr(body, "\"metadata\":{}"));
	for (i = 0; i <= METADATA_MOST; i++)
		snprintf(form + strlen(form), sizeof(form) - strlen(form),
		    "metadata[k%d]=v&", i);
	assert_int_equal(run(&app, customers_create, NULL, form, body), 400);
	assert_int_equal(run(&app, customers_create, NULL, "metadata[a][b]=1",
	    body), 400);
	app_fini(&app);
}

static void
the_oldest_objects_of_a_table_go_first(void **state)
{
	struct objects all;
	struct object *o[200];
	int i;

	(void)state;
	objects_init(&all, 1, 1000);
	for (i = 0; i < 200; i++) {
		o[i] = objects_add(&all, OBJECT_EVENT, NOW);
		if (i >= 50)
			objects_remove(&all, objects_oldest(&all,
			    OBJECT_EVENT));
	}
	assert_ptr_equal(objects_oldest(&all, OBJECT_EVENT), o[150]);
	assert_ptr_equal(objects_newest(&all, OBJECT_EVENT), o[199]);
	objects_remove(&all, o[170]);
	assert_ptr_equal(objects_older(&all, o[171]), o[169]);
	assert_ptr_equal(objects_newer(&all, o[169]), o[171]);
	assert_null(objects_older(&all, o[150]));
	objects_fini(&all);
}

static void
an_enabled_event_may_be_a_pattern(void **state)
{
	(void)state;
	assert_true(event_type_matches("*", "charge.failed"));
	assert_true(event_type_matches("charge.*", "charge.failed"));
	assert_true(event_type_matches("charge.failed", "charge.failed"));
	assert_false(event_type_matches("charge.*", "customer.created"));
	assert_false(event_type_matches("charge", "charge.failed"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_form_is_decoded_with_its_nested_keys),
	    cmocka_unit_test(query_and_body_are_one_form),
	    cmocka_unit_test(a_broken_form_is_refused),
	    cmocka_unit_test(a_form_has_bounds),
	    cmocka_unit_test(a_key_is_first_then_busy_then_replayed),
	    cmocka_unit_test(
	        a_forgotten_key_and_one_a_day_old_are_first_again),
	    cmocka_unit_test(
	        the_oldest_keys_go_first_but_never_one_under_way),
	    cmocka_unit_test(a_request_is_the_same_by_method_path_and_body),
	    cmocka_unit_test(a_signature_is_made_and_checked),
	    cmocka_unit_test(fault_switches_are_parsed_and_written_back),
	    cmocka_unit_test(a_wrong_fault_switch_is_named),
	    cmocka_unit_test(latency_follows_its_distribution),
	    cmocka_unit_test(card_numbers_are_checked_by_luhn),
	    cmocka_unit_test(every_test_card_has_a_valid_number_of_its_own),
	    cmocka_unit_test(fees_are_rounded_half_up),
	    cmocka_unit_test(the_ledger_reconciles_after_any_mix_of_payments),
	    cmocka_unit_test(pending_money_becomes_available_when_it_is_due),
	    cmocka_unit_test(a_bank_payment_ends_when_its_time_comes),
	    cmocka_unit_test(a_refused_intent_leaves_nothing_behind),
	    cmocka_unit_test(metadata_is_merged_removed_and_bounded),
	    cmocka_unit_test(the_oldest_objects_of_a_table_go_first),
	    cmocka_unit_test(an_enabled_event_may_be_a_pattern)};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
