# SPDX-License-Identifier: ISC
"""What the gate tells: its document against the schema, and nothing secret."""

import base64
import hashlib
import http.client
import json
import re
import urllib.parse
import xml.etree.ElementTree

import pytest

from conftest import PATIENCE_S, try_until
from gate_driver import checks, gate  # noqa: F401 (fixtures)
from gate_driver import SCHEMA, assert_schema, closed_port, run


def test_card_numbers_in_a_flow_stay_out_of_every_report(gate, checks,
                                                         tmp_path):
    """Steps are named by what stands in the flow."""
    flow = checks / "decline.hurl"
    flow.write_text(flow.read_text().replace(
        "{{base_url}}/v1/payment_intents",
        "{{base_url}}/v1/4242424242424242?n=4000056655665556", 1))
    reports = [tmp_path / f"gate.{end}" for end in ("json", "xml", "md", "txt")]
    url = f"http://127.0.0.1:{closed_port()}"
    verdict = gate(url, url + "/x", "--store", tmp_path / "store",
                   *(f"--report={path}" for path in reports))
    assert verdict.code == 20
    kept = [verdict.out + verdict.err] + [p.read_text() for p in reports]
    kept += [p.read_bytes().decode("latin-1")
             for p in (tmp_path / "store").glob("*.db*")]
    assert "{{base_url}}/v1/****" in kept[1]
    for text in kept:
        assert "4242424242424242" not in text
        assert "4000056655665556" not in text


def test_reason_of_a_void_pair_controls_no_terminal(gate, checks, paysim,
                                                    tmp_path):
    """An address that a server sent, say: it is told, in one line."""
    (checks / "login.hurl").write_text("""GET {{base_url}}/login
[Options]
variable: next="http://h/\\u{1b}[31m\\n::error::owned \\u{9b}1m"
HTTP *

GET {{next}}
HTTP *
""")
    urls = paysim("good=0", "next=0")
    reports = [tmp_path / f"gate.{end}" for end in ("xml", "md", "txt", "html")]
    verdict = gate(urls["next"], urls["good"], "--rounds=1", "--format=github",
                   *(f"--report={path}" for path in reports), names=["login"])
    assert verdict.code == 30 and "[31m" in verdict.out
    assert not [line for line in verdict.out.splitlines()
                if line.startswith("::error")]
    for text in [verdict.out] + [path.read_text() for path in reports[:3]]:
        assert not {"\x1b", "\x9b"} & set(text)


@pytest.mark.parametrize("damage", [
    lambda d: d.pop("verdict"),
    lambda d: d.update(verdict="perhaps"),
    lambda d: d.update(extra=1),
    lambda d: d["rounds"][0].update(kind="other"),
    lambda d: d["rounds"][0].pop("baseline"),
    lambda d: d["rounds"][0]["candidate"]["latency_ns"].append("1"),
    lambda d: d["streams"][0].pop("weight"),
    lambda d: d.update(regressions=[]),
    lambda d: d["checks"][0].update(candidate_definition="abc"),
])
def test_schema_notices_what_no_gate_says(damage, gate, paysim):
    """A schema that takes anything would prove nothing."""
    urls = paysim("good=0", "bad=0,error_rate=1")
    document = gate(urls["bad"], urls["good"], "--format=json").json
    assert SCHEMA.is_valid(document)
    damage(document)
    assert not SCHEMA.is_valid(document)


def test_dead_baseline_is_shown_to_be_dead(gate, paysim, tmp_path):
    """The report says why there is nothing to compare with, and not what
    more rounds would have ruled out."""
    urls = paysim("good=0")
    page, suite = tmp_path / "gate.html", tmp_path / "gate.xml"
    for options in (f"--report={page}", f"--report={suite}"), (
            "--format=markdown",):
        url = f"http://127.0.0.1:{closed_port()}"
        # A probe that stands still would be the reason, of a few pairs.
        verdict = try_until(lambda v: v.code == 20, lambda: gate(
            urls["good"], url, *options))
        assert verdict.code == 20
        assert "irst failing run of the baseline" in verdict.out
        failed, runs = re.search(
            r"fails too often to compare with: (\d+) of its (\d+) runs, and "
            r"0 of the candidate's", verdict.out).groups()
        assert failed == runs and int(runs) >= 10  # of the plainest check
        assert "cannot connect" in verdict.out
        assert "not yet ruled out" not in verdict.out
    for text in page.read_text(), suite.read_text():
        assert "irst failing run of the baseline" in text
        assert "cannot connect" in text


def plain(text):
    """Text as people read it: without Markdown's and HTML's escapes."""
    text = re.sub(r"</?(?:mark|span|strong)[^>]*>|&#8203;", "", text)
    for entity, char in (("&quot;", '"'), ("&lt;", "<"), ("&gt;", ">"),
                         ("&#39;", "'"), ("&nbsp;", " "), ("&amp;", "&")):
        text = text.replace(entity, char)
    return re.sub(r"\\([\\`*_{}\[\]<>|~$])", r"\1", text)


def test_each_regression_is_told_whole_in_every_format(gate, paysim,
                                                       tmp_path):
    """Size, interval, first failing run, the step, and both answers."""
    urls = paysim("good=0", "bad=0,error_rate=1")
    reports = {end: tmp_path / f"gate.{end}"
               for end in ("json", "xml", "md", "txt", "html")}
    verdict = gate(urls["bad"], urls["good"], "--format=github",
                   *(f"--report={path}" for path in reports.values()))
    assert verdict.code == 10
    document = json.loads(reports["json"].read_text())
    assert_schema(document)
    texts = {end: plain(path.read_text()) for end, path in reports.items()
             if end != "json"}
    assert len(texts["md"]) < 65536
    texts["github"] = verdict.out
    xml.etree.ElementTree.parse(reports["xml"])
    first = {c["check"]: c["first_failures"][0] for c in document["checks"]
             if c["first_failures"]}
    told = 0
    for named in document["regressions"]:
        rate, failure = named["failure_rate"], first[named["check"]]
        assert rate["low"] <= rate["estimate"] <= rate["high"]
        for form, text in texts.items():
            assert named["check"] in text, form
            assert f"{100 * rate['low']:.3g} to" in text, form
            assert failure["run"] in text, form
            assert f"{failure['file']}:{failure['line']}" in text, form
        if "baseline_response" not in failure:
            continue
        told += 1
        for answer in failure["response"], failure["baseline_response"]:
            status = answer.split("\n")[0]
            for form, text in texts.items():
                assert status in text, form
    assert told > 0
    for check in document["checks"]:
        for step in check["steps"]:
            assert step["file"].endswith(".hurl") and step["line"] > 0
    everything = json.dumps(document) + "".join(texts.values())
    assert "sk_test_system" not in everything


def test_step_of_an_included_flow_has_its_file(gate, checks, paysim):
    """A line alone would be a line of another file."""
    (checks / "part.hurl").write_text("GET {{base_url}}/login\nHTTP 200\n")
    flow = checks / "login.hurl"
    flow.write_text("[Include]\nfile,part.hurl;\n\n" + flow.read_text())
    urls = paysim("good=0", "next=0")
    verdict = gate(urls["next"], urls["good"], "--rounds=2", "--format=json",
                   names=["login"])
    files = [s["file"] for s in verdict.json["checks"][0]["steps"]]
    assert files[0] == "part.hurl" and files[1] == "login.hurl"


def test_overrides_are_records_in_every_format(gate, build, paysim,
                                               tmp_path):
    """Who, why, how far, until when; and the verdict as it was."""
    urls = paysim("good=0", "bad=0,error_rate=1")
    store = ("--store", tmp_path / "store", "--candidate-version=v1")
    reports = {end: tmp_path / f"gate.{end}"
               for end in ("json", "xml", "md", "txt", "html")}
    options = [f"--report={path}" for path in reports.values()]
    gate(urls["bad"], urls["good"], *store, *options, names=["login"])
    first = json.loads(reports["json"].read_text())
    assert run(build, "override", first["gate"], *store[:2], "--who=ada <a>",
               "--why=the fix | is *out*", "--until=1h",
               "--scope=candidate").code == 0
    verdict = gate(urls["bad"], urls["good"], *store, *options,
                   "--format=github", names=["login"])
    assert verdict.code == 0
    document = json.loads(reports["json"].read_text())
    assert document["overrides"][0]["who"] == "ada <a>"
    assert document["overrides"][0]["gate"] == first["gate"]
    for end in "xml", "md", "txt", "html":
        text = plain(reports[end].read_text())
        assert "ada <a>" in text and "the fix | is *out*" in text
        assert "every gate of this candidate" in text
        assert re.search(r"(?i)\bblock\b", text)
        assert re.search(r"20\d\d-\d\d-\d\dT\d\d:\d\dZ", text)
    assert "::warning title=e2e-gate is overridden::ada <a>" in verdict.out


def read_page(start, build, store, path):
    process = start(build / "e2e-web", "--store", store, "--listen",
                    "127.0.0.1:0")
    netloc = urllib.parse.urlsplit(process.read_line()).netloc
    connection = http.client.HTTPConnection(netloc, timeout=PATIENCE_S)
    connection.request("GET", path)
    response = connection.getresponse()
    return response.getheader("Content-Security-Policy"), \
        response.read().decode()


def test_page_of_a_gate_draws_its_evidence_and_names_who_overrides_it(
        gate, start, build, paysim, tmp_path):
    """As the HTML report does, from the stored document, without a script."""
    urls = paysim("good=0", "bad=0,error_rate=1")
    store = tmp_path / "store"
    options = ("--store", store, "--candidate-version=v1",
               f"--report={tmp_path / 'gate.html'}", "--format=json")
    first = gate(urls["bad"], urls["good"], *options).json
    assert run(build, "override", first["gate"], "--store", store,
               "--who=ada <a>", "--why=the fix & more", "--until=1h",
               "--scope=candidate").code == 0
    document = gate(urls["bad"], urls["good"], *options).json
    trace = document["trace"]
    assert trace["pairs"][0] == 0
    assert trace["pairs"][-1] == document["counts"]["pairs"]
    assert trace["total"][-1] == pytest.approx(document["evidence"]["log_e"],
                                               abs=0.001)
    assert [c["check"] for c in trace["checks"]] == [
        c["check"] for c in document["checks"]]
    policy, page = read_page(start, build, store,
                             f"/gates/{document['gate']}")
    report = (tmp_path / "gate.html").read_text()
    charts = re.findall(r'<svg class="chart".*?</svg>', page, re.S)
    assert len(charts) == 2
    # The document has three digits of each value, so a tenth may differ.
    drawn, reported = (
        [float(n) for n in re.findall(r"[\d.]+", re.search(
            r'class="total" d="([^"]+)"', text)[1])]
        for text in (charts[0], report))
    assert drawn == pytest.approx(reported, abs=0.3)
    assert "<script" not in page and " style=" not in page
    sheet = re.search(r"<style>(.*?)</style>", page, re.S)[1]
    digest = base64.b64encode(hashlib.sha256(sheet.encode()).digest())
    assert f"'sha256-{digest.decode()}'" in policy
    assert "ada &lt;a&gt;" in page and "the fix &amp; more" in page
    assert "The verdict stays <strong>block</strong>; the exit code is 0" in \
        page
    for check in {r["check"] for r in document["regressions"]}:
        failure, = [f for c in document["checks"] if c["check"] == check
                    for f in c["first_failures"] if f["arm"] == "candidate"]
        assert failure["run"] in page
