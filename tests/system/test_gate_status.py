# SPDX-License-Identifier: ISC
"""e2e-gate status where production probing has not shown enough: it runs what
is missing, and only that."""
import contextlib
import math
import pathlib
import random
import shutil
import signal
import sqlite3
import tempfile

import pytest

from conftest import wait_until
from gate_driver import add_policy, checks, run  # noqa: F401 (fixtures)
from store_channel import ACK, PLAN, READY, RESULT, Store, now_us, run_event

LOGIN, DECLINE = "payments/login", "payments/decline"


def make_store(directory, runs_of):
    store = Store(directory)
    assert store.receive()[0] == READY
    store.send(PLAN, 1, {"plan": "0" * 64, "checks": [
        {"check": check, "service": "payments", "location": "local",
         "environment": "local", "every_us": 30_000_000,
         "timeout_us": 10_000_000, "definition": "1" * 64}
        for check in runs_of]})
    now, cookie = now_us(), 1
    chance = random.Random(5)
    for check, runs in runs_of.items():
        for age_s, outcome in runs:
            cookie += 1
            store.send(RESULT, cookie, run_event(
                check, now - int(age_s * 1e6), outcome,
                int(1e5 * chance.lognormvariate(0, 0.1)),
                environment="local"))
    store.wait_for(ACK, cookie)
    assert store.finish() == 0


KEPT = tempfile.TemporaryDirectory(prefix="e2e-status-")


def fill(directory, runs_of):
    """A plan with these checks, and their scheduled runs: (age_s, outcome).
    What is all in the past is made once, and copied from then on."""
    if runs_of != {LOGIN: HISTORY}:
        make_store(directory, runs_of)
        return
    kept = pathlib.Path(KEPT.name, "store")
    if not kept.exists():
        make_store(kept, runs_of)
    shutil.copytree(kept, directory)


def clean(since_s, until_s=0, every_s=30):
    return [(age, "passed") for age in range(since_s, until_s, -every_s)]


HISTORY = clean(24 * 3600, 2 * 3600)


def gate_runs(store):
    """[(check, outcome, location)] of the runs that status made."""
    found = []
    for path in store.glob("runs-*.db"):
        # One that is just being made counts as empty.
        with contextlib.suppress(sqlite3.OperationalError), \
                contextlib.closing(sqlite3.connect(
                    f"file:{path}?mode=ro", uri=True)) as db:
            found += db.execute(
                "SELECT c.check_name, o.name, c.location FROM run r "
                "JOIN check_ref c ON c.id = r.check_id JOIN outcome o "
                "ON o.code = r.outcome WHERE trigger = 2").fetchall()
    return found


@pytest.fixture
def status(build, checks, paysim, tmp_path):  # noqa: F811
    """status(options...) against a release that answers as told."""

    class Status:
        store = tmp_path / "store"

        def serve(self, release):
            url = paysim(f"r=0,{release}" if release else "r=0")["r"]
            manifest = checks / "payments.yaml"
            manifest.write_text(manifest.read_text().replace(
                "http://127.0.0.1:12111", url))
            self.argv = ["status", "--service", "payments", "--store",
                         self.store, "--checks", checks]

        def __call__(self, *options):
            return run(build, *self.argv, *options)

    return Status()


def test_what_is_missing_is_run_recorded_and_counted_again(status):
    """No run since the deploy: the answer comes from runs made now."""
    status.serve("")
    fill(status.store, {LOGIN: HISTORY})
    left = status("--since=1h", "--no-run")
    assert left.code == 30 and gate_runs(status.store) == []
    first = status("--since=1h", "--format=json")
    assert first.code == 0
    document = first.json
    check = document["checks"][0]
    assert document["verdict"] == "pass"
    assert check["own_runs"] == check["runs"] == document["ran"]
    assert 60 <= document["ran"] <= 75  # 65 clean ones, some in flight
    assert "history only" in document["assumption"]
    assert "plans no payments/decline against local: it is not" in first.err
    assert LOGIN not in first.err
    runs = gate_runs(status.store)
    assert set(runs) == {(LOGIN, "passed", "gate")}
    assert len(runs) == document["ran"]
    # They are evidence for whoever asks next, who need not run anything.
    again = status("--since=1h", "--format=json")
    assert again.code == 0 and again.json["ran"] == 0
    assert again.json["checks"][0]["own_runs"] == document["ran"]
    assert len(gate_runs(status.store)) == document["ran"]


def test_only_what_is_missing_is_run(status):
    """A check that probing has seen enough of is left alone."""
    status.serve("")
    fill(status.store, {LOGIN: HISTORY + clean(3600), DECLINE: HISTORY})
    verdict = status("--since=1h")
    assert verdict.code == 0 and "were missing and made now" in verdict.out
    assert {check for check, *_ in gate_runs(status.store)} == {DECLINE}


def test_stale_evidence_is_made_fresh_by_few_runs(status):
    """Old runs count; what is missing is that they are old."""
    status.serve("")
    fill(status.store, {LOGIN: HISTORY + clean(2 * 3600, 3600)})
    assert "too old" in status("--since=2h", "--no-run").out
    verdict = status("--since=2h", "--format=json")
    assert verdict.code == 0 and 1 <= verdict.json["ran"] <= 3


@pytest.mark.parametrize("options, code", [((), 10), (("--observe",), 0)])
def test_bad_release_is_blocked_by_what_is_run(status, options, code):
    """A deploy that nobody has probed yet, and that is broken."""
    status.serve("error_rate=1")
    fill(status.store, {LOGIN: HISTORY})
    verdict = status("--since=1h", "--format=json", *options)
    assert verdict.code == code and verdict.json["verdict"] == "block"
    assert 1 <= verdict.json["ran"] < 20
    assert {o for _, o, _ in gate_runs(status.store)} == {"failed"}


def test_budget_ends_what_cannot_be_decided(status):
    """Too few runs are no pass; without --checks nothing can be run."""
    status.serve("")
    fill(status.store, {LOGIN: HISTORY})
    with_checks, status.argv = status.argv, status.argv[:-2]
    hint = status("--since=1h")
    assert hint.code == 30 and "With --checks" in hint.out
    status.argv = with_checks
    short = status("--since=1h", "--rounds=5", "--format=json")
    assert short.code == 20 and short.json["ran"] == 5
    # The next one goes on from there.
    more = status("--since=1h", "--format=json")
    assert more.code == 0 and more.json["ran"] < 71


def test_without_a_history_nothing_is_run(status):
    """Runs would say nothing there: the answer stays inconclusive."""
    status.serve("")
    fill(status.store, {LOGIN: clean(2 * 3600, 3600) + clean(600)})
    verdict = status("--since=1h")
    assert verdict.code == 20 and "too few runs before" in verdict.out
    assert gate_runs(status.store) == []


def test_runs_that_measure_nothing_end_soon(status, monkeypatch):
    """A missing secret is ours: five of them are enough."""
    status.serve("")
    monkeypatch.delenv("PAYMENTS_TEST_KEY")
    fill(status.store, {LOGIN: HISTORY})
    verdict = status("--since=1h", "--format=json")
    assert verdict.code == 30
    assert "measure nothing (invalid)" in verdict.err
    assert verdict.json["ran"] == 0
    assert [o for _, o, _ in gate_runs(status.store)] == ["invalid"] * 5


def test_what_is_advisory_is_told_but_not_judged(status, checks):  # noqa: F811
    """With --checks the manifest's word counts here as in a gate."""
    status.serve("")
    failing = [(age, "failed") for age, _ in clean(3600)]
    fill(status.store, {LOGIN: HISTORY + clean(3600),
                        DECLINE: HISTORY + failing})
    assert status("--since=1h").code == 10
    add_policy(checks, "decline", "{policy: advisory}")
    verdict = status("--since=1h")
    assert verdict.code == 0 and "not judged, advisory" in verdict.out
    assert gate_runs(status.store) == []
    # When nothing is left that is judged, nothing was measured.
    add_policy(checks, "login", "{policy: advisory}")
    verdict = status("--since=1h")
    assert verdict.code == 30 and "every check is advisory" in verdict.out


def test_wider_margin_of_the_manifest_needs_fewer_runs(status, checks):  # noqa: F811
    """A check whose owner tolerates 30 % is decided by about ten runs."""
    status.serve("")
    fill(status.store, {LOGIN: HISTORY})
    add_policy(checks, "login", "{failure_margin: 30%}")
    verdict = status("--since=1h", "--format=json")
    assert verdict.code == 0 and 8 <= verdict.json["ran"] <= 15


def test_errors_of_the_manifest_count_as_in_a_gate(status, checks):  # noqa: F811
    """A check's own alpha is its part, and leaves the others less."""
    status.serve("")
    failing = [(age, "failed" if i % 25 == 5 else "passed")
               for i, (age, _) in enumerate(clean(3600))]
    fill(status.store, {LOGIN: HISTORY + failing,
                        DECLINE: HISTORY + clean(3600)})
    options = ("--since=1h", "--no-run", "--format=json")

    def ask():
        verdict = status(*options)
        check = {c["check"].split()[0]: c for c in verdict.json["checks"]}
        for c in check.values():
            assert c["log_bound"] == pytest.approx(math.log(2 / c["alpha"]))
        assert verdict.json["log_e"] == check[LOGIN]["log_e"]
        assert verdict.json["log_bound"] == check[LOGIN]["log_bound"]
        return verdict.code, check[LOGIN]["alpha"], check[DECLINE]["alpha"]

    assert ask() == (10, pytest.approx(.005), pytest.approx(.005))
    add_policy(checks, "login", "{alpha: 0.01%}")
    assert ask() == (20, pytest.approx(.0001), pytest.approx(.0099))
    # Of the others nothing is asked, with or without manifests.
    status.argv = status.argv[:-2]
    only = status(*options, "--check=decline")
    assert only.code == 0 and len(only.json["checks"]) == 1
    all_of_it = status(*options)
    assert all_of_it.code == 10
    assert f"{LOGIN} (local, local) fails more often" in all_of_it.json[
        "reason"]
    slip = status(*options, "--check=declin")
    assert slip.code == 30 and "no check 'declin'" in slip.err


@pytest.mark.parametrize("policy, code", [
    ("{rounds: 4}", 20), ("{rounds: 4, on_inconclusive: block}", 10),
    ("{rounds: 4, on_inconclusive: pass}", 0)])
def test_budget_and_wish_of_a_check_count_as_in_a_gate(status, checks,  # noqa: F811
                                                       policy, code):
    """Its own rounds end its runs; then its owner's word is done."""
    status.serve("")
    fill(status.store, {LOGIN: HISTORY})
    add_policy(checks, "login", policy)
    verdict = status("--since=1h", "--format=json")
    assert verdict.code == code and verdict.json["ran"] == 4
    assert verdict.json["verdict"] == "inconclusive"


@pytest.mark.parametrize("action, code", [("pass", 0), ("block", 10),
                                          ("hold", 20)])
def test_what_stays_undecided_ends_as_the_pipeline_wishes(status, action,
                                                          code):
    """--on-inconclusive, where all was measured and it was not enough."""
    status.serve("")
    fill(status.store, {LOGIN: HISTORY})
    verdict = status("--since=1h", "--rounds=5", "--format=json",
                     f"--on-inconclusive={action}")
    assert verdict.code == code
    assert verdict.json["verdict"] == "inconclusive"


def test_release_after_which_most_runs_are_invalid_is_not_passed(
        build, tmp_path):
    """What they had to say is missing, as in a gate."""
    store = tmp_path / "store"
    since = [(age, "passed" if age % 60 == 0 else "invalid")
             for age in range(4800, 0, -20)]
    fill(store, {LOGIN: HISTORY + since + [(1, "passed")]})
    verdict = run(build, "status", "--service", "payments", "--store", store,
                  "--since=5000s", "--format=json", "--on-inconclusive=pass")
    check = verdict.json["checks"][0]
    assert check["runs"] == 81 and not check["passes"]
    assert check["problem"] == "too many runs since the deploy were invalid"
    assert verdict.code == 20


def test_interrupted_status_tells_and_keeps_what_it_ran(
        status, start, build):
    """SIGINT: an answer from what there is, and nothing of it is lost."""
    status.serve("latency=fixed:50")
    fill(status.store, {LOGIN: HISTORY})
    process = start(build / "e2e-gate", *status.argv, "--since=1h",
                    "--on-inconclusive=pass")
    wait_until(lambda: gate_runs(status.store), "a run in the store")
    process.kill(signal.SIGINT)
    out = process.process.stdout.read().decode()
    assert process.wait() == 20 and out.startswith("INCONCLUSIVE")
    assert len(gate_runs(status.store)) >= 1
