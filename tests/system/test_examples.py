# SPDX-License-Identifier: ISC
"""The example flows, run by the reference implementation of their language
against the demo service. (test_run.py runs them by e2e-run.)"""
import pathlib
import re
import shutil
import subprocess

import pytest

from conftest import TOP

EXAMPLES = TOP / "contrib" / "examples"
FLOWS = sorted(p.name for p in EXAMPLES.glob("*.hurl"))

pytestmark = pytest.mark.skipif(shutil.which("hurl") is None,
                                reason="hurl is not installed")


def hurl(url, *arguments):
    return subprocess.run(
        ["hurl", "--test", "--no-color", "--variable", f"base_url={url}",
         "--variable", "api_key=sk_test_examples", *map(str, arguments)],
        capture_output=True, text=True, timeout=120)


def failures(result):
    """The places that hurl names, as (file, line)."""
    return [(pathlib.Path(name).name, int(line)) for name, line in
            re.findall(r"--> (\S+):(\d+):\d+", result.stderr)]


def line_of(flow, text, nth=1):
    """The number of the nth line that has text."""
    lines = (EXAMPLES / flow).read_text().splitlines()
    return [n for n, line in enumerate(lines, 1) if text in line][nth - 1]


@pytest.mark.parametrize("flow", FLOWS)
def test_a_flow_passes_again_and_again(paysim, flow):
    """On a good release every run passes: each makes what it needs."""
    result = hurl(paysim()["good"], "--repeat", 5, EXAMPLES / flow)
    assert result.returncode == 0, result.stderr


def test_all_flows_pass_at_once(paysim):
    """Eight at a time, none disturbs another; the books still agree."""
    result = hurl(paysim()["good"], "--jobs", 8, "--repeat", 10,
                  *(EXAMPLES / f for f in FLOWS))
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("flow, text, nth", [
    ("card-payment.hurl", '"$.amount" == 2000', 1),
    ("capture-and-refund.hurl", '"$.amount_capturable" == 2000', 1),
    ("decline.hurl", '"$.amount_received" == 1500', 1),
    ("three-d-secure.hurl", '"$.amount_received" == 3400', 1)])
def test_a_wrong_amount_fails_on_the_line_that_states_it(paysim, flow, text,
                                                         nth):
    """The first failure is the assert on the amount."""
    url = paysim("wrong=0,wrong_amount_rate=1")["wrong"]
    result = hurl(url, EXAMPLES / flow)
    assert result.returncode == 4, result.stderr
    assert failures(result)[0] == (flow, line_of(flow, text, nth))


@pytest.mark.parametrize("flow", FLOWS)
def test_an_error_fails_on_the_first_status_line(paysim, flow):
    """A release that answers 500 to all fails at the first HTTP line."""
    result = hurl(paysim("bad=0,error_rate=1")["bad"], EXAMPLES / flow)
    assert result.returncode == 4, result.stderr
    assert failures(result)[0] == (flow, line_of(flow, "HTTP "))


def test_a_lost_webhook_fails_where_it_is_waited_for(paysim, tmp_path):
    """The delivery never comes: the polling entry fails in the end."""
    url = paysim("lossy=0,lost_webhook_rate=1")["lossy"]
    text = (EXAMPLES / "webhook.hurl").read_text()
    flow = tmp_path / "webhook.hurl"
    flow.write_text(text.replace("retry: 50", "retry: 2"))
    result = hurl(url, flow)
    assert result.returncode in (3, 4), result.stderr
    assert failures(result)[-1][1] == line_of("webhook.hurl", "event: ")
