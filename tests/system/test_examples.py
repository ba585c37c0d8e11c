# SPDX-License-Identifier: ISC
"""The example flows against the demo service: by e2e-run and, where it is
installed, by the reference implementation of their language."""
import pathlib
import re
import shutil
import subprocess

import pytest

from conftest import TOP

EXAMPLES = TOP / "contrib" / "examples"
FLOWS = sorted(p.name for p in EXAMPLES.glob("*.hurl"))
FAILED = {"e2e-run": 10, "hurl": 4}
PLACE = {"e2e-run": r"^(\S+?):(\d+):\d+: ", "hurl": r"--> (\S+?):(\d+):\d+"}


class Runner:
    def __init__(self, name, program):
        self.name, self.program = name, program

    def run(self, url, *arguments):
        return subprocess.run(
            [str(self.program), "--test", "--no-color", "--variable",
             f"base_url={url}", "--variable", "api_key=sk_test_examples",
             *map(str, arguments)],
            capture_output=True, text=True, timeout=120)

    def failures(self, result):
        """The places that it names, as (file, line)."""
        return [(pathlib.Path(name).name, int(line)) for name, line in
                re.findall(PLACE[self.name], result.stderr + result.stdout,
                           re.M)]

    def is_failure(self, result):
        return result.returncode == FAILED[self.name]


@pytest.fixture(params=["e2e-run", "hurl"])
def runner(request, build):
    if request.param == "e2e-run":
        return Runner("e2e-run", build / "e2e-run")
    if shutil.which("hurl") is None:
        pytest.skip("hurl is not installed")
    return Runner("hurl", "hurl")


def line_of(flow, text, nth=1):
    """The number of the nth line that has text."""
    lines = (EXAMPLES / flow).read_text().splitlines()
    return [n for n, line in enumerate(lines, 1) if text in line][nth - 1]


@pytest.mark.parametrize("flow", FLOWS)
def test_a_flow_passes_again_and_again(paysim, runner, flow):
    """On a good release every run passes: each makes what it needs."""
    result = runner.run(paysim()["good"], "--repeat", 5, EXAMPLES / flow)
    assert result.returncode == 0, result.stderr


def test_all_flows_pass_at_once(paysim, runner):
    """Eight at a time, none disturbs another; the books still agree."""
    result = runner.run(paysim()["good"], "--jobs", 8, "--repeat", 10,
                        *(EXAMPLES / f for f in FLOWS))
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("flow, text, nth", [
    ("card-payment.hurl", '"$.amount" == 2000', 1),
    ("capture-and-refund.hurl", '"$.amount_capturable" == 2000', 1),
    ("decline.hurl", '"$.amount_received" == 1500', 1),
    ("three-d-secure.hurl", '"$.amount_received" == 3400', 1)])
def test_a_wrong_amount_fails_on_the_line_that_states_it(paysim, runner,
                                                         flow, text, nth):
    """The first failure is the assert on the amount."""
    url = paysim("wrong=0,wrong_amount_rate=1")["wrong"]
    result = runner.run(url, EXAMPLES / flow)
    assert runner.is_failure(result), result.stderr + result.stdout
    assert runner.failures(result)[0] == (flow, line_of(flow, text, nth))


@pytest.mark.parametrize("flow", FLOWS)
def test_an_error_fails_on_the_first_status_line(paysim, runner, flow):
    """A release that answers 500 to all fails at the first HTTP line."""
    result = runner.run(paysim("bad=0,error_rate=1")["bad"], EXAMPLES / flow)
    assert runner.is_failure(result), result.stderr + result.stdout
    assert runner.failures(result)[0] == (flow, line_of(flow, "HTTP "))


def test_a_lost_webhook_fails_where_it_is_waited_for(paysim, runner,
                                                     tmp_path):
    """The delivery never comes: the polling entry fails in the end."""
    url = paysim("lossy=0,lost_webhook_rate=1")["lossy"]
    text = (EXAMPLES / "webhook.hurl").read_text()
    flow = tmp_path / "webhook.hurl"
    flow.write_text(text.replace("retry: 50", "retry: 2"))
    result = runner.run(url, flow)
    assert result.returncode not in (0, 1, 2), result.stderr
    assert runner.failures(result)[-1][1] == line_of("webhook.hurl", "event: ")


@pytest.mark.parametrize("flow", sorted(
    p.name for p in (TOP / "contrib/notify").glob("*.hurl")))
def test_a_notification_lints_as_its_comment_says(build, tmp_path, flow):
    """Copied with the lines for the manifest, without a warning."""
    text = (TOP / "contrib/notify" / flow).read_text()
    (tmp_path / flow).write_text(text)
    (tmp_path / "check.hurl").write_text("GET http://a.example\n")
    notify = re.findall(r"^#   (.*)$", text, re.M)
    name = re.match(r" +(\w+):", notify[1])[1]
    (tmp_path / "a.yaml").write_text("\n".join([
        "service: a", "hosts: [a.example]", "checks:", "  - name: a",
        "    flow: check.hurl", f"    alert: {{notify: [{name}]}}",
        *notify]) + "\n")
    done = subprocess.run([build / "e2e-lint", "--strict", tmp_path],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout
