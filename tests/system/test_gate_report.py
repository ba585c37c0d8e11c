# SPDX-License-Identifier: ISC
"""What the gate tells: its document against the schema, and nothing secret."""

import pytest

from gate_driver import checks, gate  # noqa: F401 (fixtures)
from gate_driver import SCHEMA, free_port


def test_card_numbers_in_a_flow_stay_out_of_every_report(gate, checks,
                                                         tmp_path):
    """Steps are named by what stands in the flow."""
    flow = checks / "decline.hurl"
    flow.write_text(flow.read_text().replace(
        "{{base_url}}/v1/payment_intents",
        "{{base_url}}/v1/4242424242424242?n=4000056655665556", 1))
    reports = [tmp_path / f"gate.{end}" for end in ("json", "xml", "md", "txt")]
    url = f"http://127.0.0.1:{free_port()}"
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


def test_dead_baseline_is_shown_to_be_dead(gate, paysim):
    """The report says why there is nothing to compare with, and not what
    more rounds would have ruled out."""
    urls = paysim("good=0")
    for options in (), ("--format=markdown",):
        verdict = gate(urls["good"], f"http://127.0.0.1:{free_port()}",
                       *options)
        assert verdict.code == 20
        assert "irst failing run of the baseline" in verdict.out
        assert "cannot connect" in verdict.out
        assert "not yet ruled out" not in verdict.out
