# SPDX-License-Identifier: ISC
"""The demo payments service, driven as a client would."""
import base64
import concurrent.futures
import http.client
import json
import re
import socket
import time
import urllib.parse

import pytest

from conftest import wait_until

KEY = "sk_test_system"


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.text = status, headers, body.decode()

    @property
    def json(self):
        return json.loads(self.text)

    @property
    def error(self):
        return self.json["error"]


class Api:
    """Form-encoded requests to one release, over one kept connection."""

    def __init__(self, url, key=KEY):
        self.netloc = urllib.parse.urlsplit(url).netloc
        self.key = key
        self.connection = http.client.HTTPConnection(self.netloc, timeout=60)

    def request(self, method, path, body=None, **headers):
        headers = {k.replace("_", "-"): v for k, v in headers.items()}
        if self.key and "Authorization" not in headers:
            headers["Authorization"] = f"Bearer {self.key}"
        if body is not None and not isinstance(body, str):
            body = urllib.parse.urlencode(body)
        if body is not None:
            headers.setdefault("Content-Type",
                               "application/x-www-form-urlencoded")
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        return Answer(response.status, response.headers, response.read())

    def get(self, path, **headers):
        return self.request("GET", path, **headers)

    def post(self, path, body=None, **headers):
        return self.request("POST", path, body or {}, **headers)

    def pay(self, **more):
        return self.post("/v1/payment_intents", {
            "amount": 2000, "currency": "usd", "confirm": "true",
            "payment_method": "pm_card_visa", **more})


@pytest.fixture
def api(paysim):
    return Api(paysim()["good"])


def test_a_payment_with_a_good_card_succeeds(api):
    """Customer, method, intent, confirm: the money arrives, less the fee."""
    customer = api.post("/v1/customers", {
        "email": "ada@example.com", "metadata[order]": "1"}).json
    assert customer["metadata"] == {"order": "1"}
    method = api.post("/v1/payment_methods", {
        "type": "card", "card[number]": "4242424242424242",
        "card[exp_month]": 12, "card[exp_year]": 2040,
        "card[cvc]": "123"}).json
    assert method["card"]["last4"] == "4242"
    attached = api.post(f"/v1/payment_methods/{method['id']}/attach",
                        {"customer": customer["id"]}).json
    assert attached["customer"] == customer["id"]
    intent = api.post("/v1/payment_intents", {
        "amount": 2000, "currency": "usd", "customer": customer["id"]}).json
    assert intent["status"] == "requires_payment_method"
    intent = api.post(f"/v1/payment_intents/{intent['id']}", {
        "payment_method": method["id"]}).json
    assert intent["status"] == "requires_confirmation"
    intent = api.post(f"/v1/payment_intents/{intent['id']}/confirm").json
    assert intent["status"] == "succeeded"
    assert intent["amount_received"] == 2000
    charge = api.get(f"/v1/charges/{intent['latest_charge']}"
                     "?expand[]=balance_transaction").json
    assert charge["balance_transaction"]["fee"] == 88
    assert charge["balance_transaction"]["net"] == 1912


@pytest.mark.parametrize("authorization, status", [
    (f"Bearer {KEY}", 200),
    ("Basic " + base64.b64encode(f"{KEY}:".encode()).decode(), 200),
    ("Bearer sk_live_x", 401), ("Bearer sk_test_", 401),
    ("Basic !!!", 401), ("Digest x", 401)])
def test_keys_are_taken_by_basic_and_bearer(api, authorization, status):
    """Only sk_test_ keys get in."""
    answer = api.get("/v1/balance", Authorization=authorization)
    assert answer.status == status
    assert re.fullmatch(r"req_\w+", answer.headers["Request-Id"])


def test_no_key_is_an_error(paysim):
    """A request without a key is answered 401 and says what is missing."""
    answer = Api(paysim()["good"], key=None).get("/v1/balance")
    assert answer.status == 401
    assert "did not provide an API key" in answer.error["message"]


@pytest.mark.parametrize("number, code, decline_code", [
    ("4000000000000002", "card_declined", "generic_decline"),
    ("4000000000009995", "card_declined", "insufficient_funds"),
    ("4000000000000069", "expired_card", None),
    ("4000000000000127", "incorrect_cvc", None)])
def test_declined_cards_say_why(api, number, code, decline_code):
    """A decline is a 402 that carries code, decline code and the intent."""
    answer = api.post("/v1/payment_intents", {
        "amount": 2000, "currency": "usd", "confirm": "true",
        "payment_method_data[type]": "card",
        "payment_method_data[card][number]": number})
    assert answer.status == 402
    assert answer.error["type"] == "card_error"
    assert answer.error["code"] == code
    assert answer.error.get("decline_code") == decline_code
    intent = answer.error["payment_intent"]
    assert intent["status"] == "requires_payment_method"
    assert intent["last_payment_error"]["code"] == code
    charge = api.get(f"/v1/charges/{answer.error['charge']}").json
    assert charge["status"] == "failed" and not charge["paid"]


@pytest.mark.parametrize("body, status, code, param", [
    ({"currency": "usd"}, 400, "parameter_missing", "amount"),
    ({"amount": 2000}, 400, "parameter_missing", "currency"),
    ({"amount": "x", "currency": "usd"}, 400, "parameter_invalid_integer",
     "amount"),
    ({"amount": 10, "currency": "usd"}, 400, "amount_too_small", "amount"),
    ({"amount": 100000000, "currency": "usd"}, 400, "amount_too_large",
     "amount"),
    ({"amount": 2000, "currency": "xxx"}, 400, None, "currency"),
    ({"amount": 2000, "currency": "usd", "colour": "red"}, 400,
     "parameter_unknown", "colour"),
    ({"amount": 2000, "currency": "usd", "customer": "cus_no"}, 404,
     "resource_missing", "customer"),
    ({"amount": 2000, "currency": "usd", "payment_method_data[type]": "card",
      "payment_method_data[card][number]": "4242424242424241"}, 402,
     "incorrect_number", "payment_method_data[card][number]"),
    ("amount=%zz", 400, None, None),
    ("a[b=1", 400, None, None)])
def test_mistakes_are_named(api, body, status, code, param):
    """An error tells type, code, parameter and a sentence."""
    answer = api.post("/v1/payment_intents", body)
    assert answer.status == status
    assert answer.error.get("code") == code
    assert answer.error.get("param") == param
    assert answer.error["message"]


def secure_intent(api, number="4000002760003184", **more):
    return api.post("/v1/payment_intents", {
        "amount": 3000, "currency": "eur", "confirm": "true",
        "payment_method_data[type]": "card",
        "payment_method_data[card][number]": number, **more}).json


@pytest.mark.parametrize("number, outcome, status", [
    ("4000002760003184", "authorize", "succeeded"),
    ("4000000000003220", "authorize", "succeeded"),
    ("4000002760003184", "fail", "requires_payment_method"),
    ("4000008400001629", "authorize", "requires_payment_method")])
def test_three_d_secure_goes_through_the_banks_page(api, number, outcome,
                                                    status):
    """requires_action leads to a page whose form decides the payment."""
    intent = secure_intent(api, number, return_url="https://shop.example/?a=1")
    assert intent["status"] == "requires_action"
    action = intent["next_action"]
    assert action["type"] == "redirect_to_url"
    path = urllib.parse.urlsplit(action["redirect_to_url"]["url"]).path
    page = api.get(path)
    assert page.status == 200
    token = re.search(r'name="token" value="(\w+)"', page.text).group(1)
    assert api.post(path, {"token": "x", "outcome": outcome}).status == 403
    answer = api.post(path, {"token": token, "outcome": outcome})
    assert answer.status == 303
    word = "succeeded" if status == "succeeded" else "failed"
    assert answer.headers["Location"] == (
        f"https://shop.example/?a=1&payment_intent={intent['id']}"
        f"&redirect_status={word}")
    after = api.get(f"/v1/payment_intents/{intent['id']}").json
    assert after["status"] == status
    assert api.post(path, {"token": token, "outcome": outcome}).status == 410


def test_manual_capture_takes_a_part_and_releases_the_rest(api):
    """requires_capture, a capture of less, never of more."""
    intent = api.pay(capture_method="manual").json
    assert intent["status"] == "requires_capture"
    assert intent["amount_capturable"] == 2000
    path = f"/v1/payment_intents/{intent['id']}"
    assert api.post(f"{path}/capture", {
        "amount_to_capture": 2001}).status == 400
    intent = api.post(f"{path}/capture", {"amount_to_capture": 1500}).json
    assert intent["status"] == "succeeded"
    assert intent["amount_received"] == 1500
    assert intent["amount_capturable"] == 0
    again = api.post(f"{path}/capture")
    assert again.error["code"] == "payment_intent_unexpected_state"


def test_canceled_intents_stay_canceled(api):
    """Cancel with a reason; afterwards nothing more can be done."""
    intent = api.pay(capture_method="manual").json
    path = f"/v1/payment_intents/{intent['id']}"
    canceled = api.post(f"{path}/cancel", {
        "cancellation_reason": "duplicate"}).json
    assert canceled["status"] == "canceled"
    assert canceled["cancellation_reason"] == "duplicate"
    for verb in "confirm", "capture", "cancel":
        assert api.post(f"{path}/{verb}").status == 400


def test_bank_payments_are_processing_before_they_succeed(paysim):
    """A bank account: processing first, then decided by time."""
    api = Api(paysim("good=0", "--processing=50ms")["good"])
    for token, status in [("pm_usBankAccount_success", "succeeded"),
                          ("pm_usBankAccount_insufficientFunds",
                           "requires_payment_method")]:
        intent = api.pay(**{"payment_method": token,
                            "payment_method_types[]": "us_bank_account"}).json
        assert intent["status"] == "processing"
        path = f"/v1/payment_intents/{intent['id']}"
        wait_until(lambda: api.get(path).json["status"] == status, status)


def test_refunds_never_exceed_the_charge(api):
    """Partial, over, the rest, and then nothing is left."""
    intent = api.pay().json["id"]
    one = api.post("/v1/refunds", {"payment_intent": intent, "amount": 500})
    assert one.json["status"] == "succeeded" and one.json["amount"] == 500
    over = api.post("/v1/refunds", {"payment_intent": intent, "amount": 1501})
    assert over.status == 400 and over.error["param"] == "amount"
    rest = api.post("/v1/refunds", {"payment_intent": intent}).json
    assert rest["amount"] == 1500
    none = api.post("/v1/refunds", {"payment_intent": intent})
    assert none.error["code"] == "charge_already_refunded"
    listed = api.get(f"/v1/refunds?payment_intent={intent}").json["data"]
    assert [r["amount"] for r in listed] == [1500, 500]


def all_of(api, path):
    """Every object of a list, by its cursor."""
    found, cursor = [], ""
    while True:
        page = api.get(f"{path}?limit=7{cursor}").json
        found += page["data"]
        if not page["has_more"]:
            return found
        cursor = f"&starting_after={found[-1]['id']}"


def test_the_balance_is_the_sum_of_its_transactions(api):
    """After concurrent payments and refunds no cent is missing."""

    def work(n):
        mine = Api(f"http://{api.netloc}")
        for i in range(10):
            intent = mine.pay(amount=1000 + 7 * i + n).json["id"]
            if i % 3 == 0:
                mine.post("/v1/refunds", {
                    "payment_intent": intent, "amount": 333})

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    transactions = all_of(api, "/v1/balance_transactions")
    assert len(transactions) == 8 * 14
    balance = api.get("/v1/balance").json
    total = sum(part["amount"] for key in ("available", "pending")
                for part in balance[key])
    assert total == sum(t["net"] for t in transactions)
    assert all(t["net"] == t["amount"] - t["fee"] for t in transactions)
    assert api.get("/_admin/ledger").json["reconciles"]


def test_an_idempotency_key_replays_the_first_answer(api):
    """Same key and body: same answer. Other body: an error. No double
    charge."""
    body = {"amount": 2000, "currency": "usd", "confirm": "true",
            "payment_method": "pm_card_visa"}
    first = api.post("/v1/payment_intents", body, Idempotency_Key="k1")
    assert first.headers["Idempotent-Replayed"] is None
    again = api.post("/v1/payment_intents", body, Idempotency_Key="k1")
    assert again.text == first.text
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Original-Request"] == first.headers["Request-Id"]
    other = api.post("/v1/payment_intents", {**body, "amount": 3000},
                     Idempotency_Key="k1")
    assert other.status == 400
    assert other.error["type"] == "idempotency_error"
    assert len(all_of(api, "/v1/payment_intents")) == 1
    declined = {**body, "payment_method": "pm_card_visa_chargeDeclined"}
    for replayed in None, "true":
        answer = api.post("/v1/payment_intents", declined,
                          Idempotency_Key="k2")
        assert answer.status == 402
        assert answer.headers["Idempotent-Replayed"] == replayed


def test_a_key_in_use_is_a_conflict(paysim):
    """While the first request is under way, its key answers 409."""
    urls = paysim("good=0", "slow=0,latency=fixed:500")
    body = {"amount": 2000, "currency": "usd"}

    def create(url, key):
        return Api(url).post("/v1/payment_intents", body, Idempotency_Key=key)

    def is_busy(key):
        # Before the slow one begins, this would be the first: use another
        # body, which is a mismatch only once it has begun.
        answer = Api(urls["good"]).post(
            "/v1/payment_intents", {"amount": ""}, Idempotency_Key=key)
        return answer.error["type"] == "idempotency_error"

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        for i in range(20):  # until we are quick enough ourselves
            key = f"k{i}"
            slow = pool.submit(create, urls["slow"], key)
            wait_until(lambda k=key: is_busy(k), "the slow one under way")
            busy = create(urls["good"], key)
            assert slow.result().status == 200
            if busy.status != 200:
                break
    assert busy.status == 409
    assert busy.error["code"] == "idempotency_key_in_use"
    again = create(urls["good"], key)
    assert again.headers["Idempotent-Replayed"] == "true"


def test_lists_page_both_ways(api):
    """limit, starting_after, ending_before and has_more."""
    customer = api.post("/v1/customers").json["id"]
    made = [api.pay(customer=customer).json["id"] for _ in range(5)]
    api.pay()
    newest_first = made[::-1]
    base = f"/v1/payment_intents?customer={customer}"
    ids = lambda page: [o["id"] for o in page["data"]]
    page = api.get(f"{base}&limit=2").json
    assert ids(page) == newest_first[:2] and page["has_more"]
    page = api.get(f"{base}&limit=3&starting_after={ids(page)[-1]}").json
    assert ids(page) == newest_first[2:] and not page["has_more"]
    page = api.get(f"{base}&limit=2&ending_before={newest_first[3]}").json
    assert ids(page) == newest_first[1:3] and page["has_more"]
    page = api.get(f"{base}&limit=3&ending_before={newest_first[3]}").json
    assert ids(page) == newest_first[:3] and not page["has_more"]
    for wrong in "limit=0", "limit=101", "starting_after=pi_no":
        assert api.get(f"{base}&{wrong}").status in (400, 404)


def make_endpoint(api, types, query=""):
    sink = f"/_sink/{time.monotonic_ns()}"
    endpoint = api.post("/v1/webhook_endpoints", {
        "url": f"http://{api.netloc}{sink}{query}",
        "enabled_events[]": types}).json
    return f"{sink}?secret={endpoint['secret']}", endpoint


def test_webhooks_are_signed_and_retried(paysim):
    """A receiver that fails twice gets the event a third time, signed."""
    api = Api(paysim("good=0", "--webhook-retry=10ms")["good"])
    sink, endpoint = make_endpoint(api, "payment_intent.succeeded", "?fail=2")
    intent = api.pay().json
    wait_until(lambda: len(api.get(sink).json["data"]) == 3, "three tries")
    tries = api.get(sink).json["data"]
    assert [t["refused"] for t in tries] == [True, True, False]
    assert all(t["verified"] for t in tries)
    event = tries[-1]["event"]
    assert event["type"] == "payment_intent.succeeded"
    assert event["data"]["object"]["id"] == intent["id"]
    path = f"/v1/events/{event['id']}"
    wait_until(lambda: api.get(path).json["pending_webhooks"] == 0,
               "the event is delivered")
    assert "secret" not in api.get(
        f"/v1/webhook_endpoints/{endpoint['id']}").json
    gone = api.request("DELETE", f"/v1/webhook_endpoints/{endpoint['id']}")
    assert gone.json["deleted"]


def test_an_endpoint_that_nobody_listens_at_is_survived(paysim):
    """Refused connections are retried and given up; nothing leaks."""
    api = Api(paysim("good=0", "--webhook-retry=1ms")["good"])
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        api.post("/v1/webhook_endpoints", {
            "url": f"http://127.0.0.1:{port}/", "enabled_events[]": "*"})
        api.post("/v1/customers")
        wait_until(lambda: "paysim.delivery.failed" in
                   paysim.process.errors(), "given up")


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "http://10.0.0.1/",
                                 "ftp://127.0.0.1/", "x"])
def test_webhooks_stay_on_the_loopback(api, url):
    """The service never speaks to another machine."""
    answer = api.post("/v1/webhook_endpoints", {
        "url": url, "enabled_events[]": "*"})
    assert answer.status == 400 and answer.error["code"] == "url_invalid"


def test_a_lost_webhook_never_leaves(paysim):
    """lost_webhook_rate=1: the event stays pending, the sink empty."""
    urls = paysim("good=0", "lossy=0,lost_webhook_rate=1")
    lossy, good = Api(urls["lossy"]), Api(urls["good"])
    sink, _ = make_endpoint(good, "customer.created")
    lost = lossy.post("/v1/customers").json["id"]
    kept = good.post("/v1/customers").json["id"]
    wait_until(lambda: good.get(sink).json["data"], "the other event")
    ids = [d["event"]["data"]["object"]["id"]
           for d in good.get(sink).json["data"]]
    assert ids == [kept]
    events = good.get("/v1/events?type=customer.created").json["data"]
    pending = {e["data"]["object"]["id"]: e["pending_webhooks"]
               for e in events}
    assert pending[lost] == 1


def test_login_needs_cookie_and_csrf_field(api):
    """The form's field and cookie must agree; then a session opens."""
    api.key = None
    page = api.get("/login")
    csrf = re.search(r'name="csrf" value="(\w+)"', page.text).group(1)
    cookie = page.headers["Set-Cookie"].split(";")[0]
    form = {"csrf": csrf, "email": "ada@example.com",
            "password": "correct-horse"}
    assert api.post("/login", form).status == 403
    wrong = api.post("/login", {**form, "password": "x"}, Cookie=cookie)
    assert wrong.status == 401
    answer = api.post("/login", form, Cookie=cookie)
    assert answer.status == 303 and answer.headers["Location"] == "/account"
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    session = answer.headers["Set-Cookie"].split(";")[0]
    account = api.get("/account", Cookie=session)
    assert "Ada Lovelace" in account.text
    assert api.get("/account").status == 303
    csrf = re.search(r'name="csrf" value="(\w+)"', account.text).group(1)
    assert api.post("/logout", {"csrf": "x"}, Cookie=session).status == 403
    assert api.post("/logout", {"csrf": csrf}, Cookie=session).status == 303
    assert api.get("/account", Cookie=session).status == 303


def test_releases_share_state_and_not_faults(paysim):
    """What one label made another serves; each has its own switches."""
    urls = paysim("good=0", "bad=0,error_rate=1", "wrong=0")
    good, bad, wrong = (Api(urls[k]) for k in ("good", "bad", "wrong"))
    intent = good.pay().json
    path = f"/v1/payment_intents/{intent['id']}"
    assert bad.get(path).status == 500
    assert bad.get(path).error["type"] == "api_error"
    set_to = wrong.post("/_admin/faults", {"wrong_amount_rate": 1}).json
    assert set_to["wrong_amount_rate"] == 1
    assert wrong.get(path).json["amount_received"] == 2001
    assert good.get(path).json["amount_received"] == 2000
    refused = wrong.post("/_admin/faults", {
        "wrong_amount_rate": 0, "nonsense": 1})
    assert refused.status == 400
    assert wrong.get("/_admin/faults").json["wrong_amount_rate"] == 1
    bad.post("/_admin/faults", {"error_rate": 0})
    assert bad.get(path).status == 200


def test_faults_are_repeated_by_the_seed(paysim):
    """The same seed draws the same errors."""

    def draws():
        api = Api(paysim("bad=0,error_rate=0.5", "--seed=7")["bad"])
        return [api.get("/v1/balance").status for _ in range(40)]

    first = draws()
    assert set(first) == {200, 500}
    assert draws() == first


@pytest.mark.parametrize("latency", ["fixed:80", "lognormal:80:0.01",
                                     "bimodal:0:80:1"])
def test_latency_holds_answers_back(paysim, latency):
    """An answer takes at least what the distribution draws."""
    api = Api(paysim(f"slow=0,latency={latency}")["slow"])
    began = time.monotonic()
    assert api.get("/v1/balance").status == 200
    assert time.monotonic() - began > 0.07


def test_resets_cut_the_answer(paysim):
    """reset_rate=1: the head and half the body come, then a reset."""
    url = urllib.parse.urlsplit(paysim("cut=0,reset_rate=1")["cut"])
    with socket.create_connection((url.hostname, url.port), 60) as s:
        s.sendall(b"GET /v1/balance HTTP/1.1\r\nHost: x\r\n"
                  b"Authorization: Bearer sk_test_x\r\n\r\n")
        received = b""
        with pytest.raises(ConnectionResetError):
            while True:
                more = s.recv(4096)
                assert more, "an orderly end"
                received += more
    head, body = received.split(b"\r\n\r\n", 1)
    length = int(re.search(rb"Content-Length: (\d+)", head).group(1))
    assert 0 < len(body) < length


def test_slow_bodies_drip(paysim):
    """slow_body=N: N bytes in a second, and the answer is whole."""
    api = Api(paysim("slow=0,slow_body=600")["slow"])
    began = time.monotonic()
    customer = api.post("/v1/customers", {"description": "x" * 60})
    assert customer.json["object"] == "customer"
    size = len(customer.text)
    assert time.monotonic() - began > size / 600 * 0.6


def raw(url, name, size=1 << 16):
    """All that a fault route sends, at most size bytes."""
    url = urllib.parse.urlsplit(url)
    with socket.create_connection((url.hostname, url.port), 60) as s:
        s.sendall(f"GET /_fault/{name} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        received = b""
        while len(received) < size:
            more = s.recv(65536)
            if not more:
                break
            received += more
        return received


def test_fault_routes_misbehave_and_the_service_lives_on(paysim):
    """Each one as it says, on every label."""
    url = paysim()["good"]
    assert b"HTTP" in raw(url, "garbage")[:40]
    assert not raw(url, "garbage").startswith(b"HTTP")
    head, body = raw(url, "close_mid_body").split(b"\r\n\r\n", 1)
    length = int(re.search(rb"Content-Length: (\d+)", head).group(1))
    assert len(body) < length
    assert b"Location: /_fault/redirect_loop" in raw(url, "redirect_loop")
    assert b"Content-Length: 1000000000" in raw(url, "huge_body")
    assert len(raw(url, "huge_body?bytes=300000", 1 << 30)) > 300000
    assert len(raw(url, "endless_header", 1 << 20)) >= 1 << 20
    with pytest.raises(ConnectionResetError):
        raw(url, "reset")
    assert Api(url).get("/_fault/nonsense").status == 404
    assert Api(url).get("/v1/balance").status == 200


def test_a_hung_request_disturbs_nobody(paysim):
    """hang never answers, and ends when the client goes."""
    url = paysim()["good"]
    parts = urllib.parse.urlsplit(url)
    hung = [socket.create_connection((parts.hostname, parts.port))
            for _ in range(50)]
    for s in hung:
        s.sendall(b"GET /_fault/hang HTTP/1.1\r\nHost: x\r\n\r\n")
    assert Api(url).get("/v1/balance").status == 200
    hung[0].settimeout(0.1)
    with pytest.raises(TimeoutError):
        hung[0].recv(1)
    for s in hung:
        s.close()
    assert Api(url).get("/v1/balance").status == 200


def test_clients_that_leave_early_do_no_harm(paysim):
    """A client gone before its late answer; the payment is still made."""
    urls = paysim("good=0", "slow=0,latency=fixed:100")
    parts = urllib.parse.urlsplit(urls["slow"])
    body = b"email=gone@example.com"
    with socket.create_connection((parts.hostname, parts.port)) as s:
        s.sendall(b"POST /v1/customers HTTP/1.1\r\nHost: x\r\nAuthorization: "
                  b"Bearer sk_test_x\r\nContent-Length: %d\r\n\r\n%s" %
                  (len(body), body))
    good = Api(urls["good"])
    wait_until(lambda: good.get("/v1/customers?email=gone%40example.com")
               .json["data"], "the customer")


@pytest.mark.parametrize("spec", ["good", "=0", "good=x", "good=70000",
                                  "good=0,error_rate=2", "good=0,colour=red",
                                  "good=0,latency=fixed"])
def test_wrong_options_are_refused(build, start, spec):
    """Exit 64 and a sentence."""
    process = start(build / "paysim", "--release", spec)
    assert process.wait() == 64
    assert "paysim: " in process.errors()


def test_keep_alive_serves_many_requests_on_one_connection(api):
    """A connection stays open; HEAD has no body."""
    for _ in range(100):
        assert api.get("/v1/balance").status == 200
    sock = api.connection.sock
    head = api.request("HEAD", "/v1/balance")
    assert head.status == 200 and head.text == ""
    assert api.get("/v1/balance").status == 200
    assert api.connection.sock is sock


def test_what_waits_at_the_end_is_dropped_cleanly(paysim):
    """Ended with requests held back, hung and dripping: exit code 0."""
    urls = paysim("slow=0,latency=fixed:60000")
    parts = urllib.parse.urlsplit(urls["slow"])
    held = []
    for path in b"/v1/balance", b"/_fault/hang", b"/_fault/slow_body":
        s = socket.create_connection((parts.hostname, parts.port))
        s.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        held.append(s)
    assert held[2].recv(1)
    assert paysim.process.stop() == 0
    for s in held:
        s.close()
