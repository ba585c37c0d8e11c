# SPDX-License-Identifier: ISC
"""The pipelines of contrib/pipelines, as far as they run without their
systems: their shell steps against real releases, what they make of exit
codes, and the verdict as Argo Rollouts and Spinnaker read it."""
import http.client
import json
import os
import re
import shutil
import sqlite3
import subprocess
import urllib.parse
import xml.etree.ElementTree

import pytest
import yaml

from conftest import PATIENCE_S, TOP

PIPELINES = TOP / "contrib" / "pipelines"
# what the candidate is, and how many rounds there are: verdict, exit code
RELEASES = {
    "pass": ("next", "3000", 0),
    "block": ("bad", "3000", 10),
    "inconclusive": ("next", "10", 20),
}
MANIFEST = """
service: payments
environments:
  local: {base_url: "http://127.0.0.1:1"}
secrets:
  api_key: {env: PAYMENTS_TEST_KEY}
hosts: ["127.0.0.1"]
checks:
  - name: login
    flow: login.hurl
    environment: local
    every: 30s
    timeout: 5s
    locations: [local]
"""


@pytest.fixture(name="urls")
def urls_fixture(paysim):
    return paysim("good=0", "next=0", "bad=0,error_rate=1")


@pytest.fixture(name="shell")
def shell_fixture(build, tmp_path, urls):
    """shell(verdict, script, argv...) -> the finished step, in a checkout."""
    work = tmp_path / "work"
    (work / "checks").mkdir(parents=True)
    (work / "checks" / "payments.yaml").write_text(MANIFEST)
    shutil.copy(TOP / "contrib" / "examples" / "login.hurl", work / "checks")

    def run(verdict, script, argv, **env):
        label, rounds, _ = RELEASES[verdict]
        environment = os.environ | {
            "PATH": f"{build}:{os.environ['PATH']}",
            "PAYMENTS_TEST_KEY": "sk_test_system",
            "CANDIDATE_URL": urls[label], "BASELINE_URL": urls["good"],
            "VERSION": f"sha256:{verdict}", "GIT_COMMIT": verdict,
            "CI_COMMIT_SHA": verdict} | env
        environment["E2E_ROUNDS"] = rounds
        done = subprocess.run([*argv, script], cwd=work, env=environment,
                              capture_output=True, text=True, check=False,
                              timeout=10 * PATIENCE_S)
        print(script, done.stdout, done.stderr, sep="\n")
        return done

    run.work = work
    return run


def read_yaml(name):
    return yaml.safe_load((PIPELINES / name).read_text())


@pytest.mark.parametrize("verdict", RELEASES)
def test_github_actions_step_and_the_jobs_behind_it(shell, verdict):
    """Red only for a block; a rollout by itself only after a pass."""
    jobs = read_yaml("github-actions.yml")["jobs"]
    step = [s for s in jobs["gate"]["steps"] if s.get("id") == "gate"][0]
    assert "${{" not in step["run"]
    output, summary = shell.work / "output", shell.work / "summary"
    done = shell(verdict, step["run"], ["bash", "-ec"],
                 GITHUB_OUTPUT=str(output), GITHUB_STEP_SUMMARY=str(summary))
    assert done.returncode == (10 if verdict == "block" else 0)
    assert output.read_text() == f"verdict={verdict}\n"
    assert summary.read_text().startswith(f"## Gate: {verdict}")
    goes = {name for name, job in jobs.items() if re.fullmatch(
        rf"needs\.gate\.outputs\.verdict == '{verdict}'", job.get("if", ""))}
    assert goes == {"pass": {"rollout"}, "block": set(),
                    "inconclusive": {"rollout-by-hand"}}[verdict]
    annotations = [line for line in done.stdout.splitlines()
                   if re.match("::(error|warning|notice) ", line)]
    if verdict == "block":
        place = re.search(r"^::error file=([^,]+),line=(\d+),", "\n".join(
            annotations), re.M)
        lines = (shell.work / place[1]).read_text().splitlines()
        assert int(place[2]) <= len(lines)
    else:
        assert not any(a.startswith("::error") for a in annotations)
    assert (shell.work / "gate.html").stat().st_size > 1000


@pytest.mark.parametrize("verdict", RELEASES)
def test_gitlab_job_and_the_rollout_behind_it(shell, verdict):
    """A warning for what is undecided; the rollout asks for a pass."""
    ci = read_yaml("gitlab-ci.yml")
    code = RELEASES[verdict][2]
    done = shell(verdict, "\n".join(ci["gate"]["script"]),
                 ["bash", "-eo", "pipefail", "-c"])
    assert done.returncode == code
    may_fail = ci["gate"]["allow_failure"]["exit_codes"]
    assert (code in may_fail) == (verdict == "inconclusive")
    name, value = (shell.work / "gate.env").read_text().strip().split("=")
    assert value == verdict
    rollout = shell(verdict, "\n".join(ci["rollout"]["script"]),
                    ["bash", "-eo", "pipefail", "-c"], **{name: value})
    assert ("here is your rollout" in rollout.stdout) == (verdict == "pass")
    assert ci["rollout-by-hand"]["when"] == "manual"
    for path in (*ci["gate"]["artifacts"]["paths"],
                 *ci["gate"]["artifacts"]["reports"].values()):
        assert (shell.work / path).stat().st_size > 0
    xml.etree.ElementTree.parse(shell.work / "gate.xml")


@pytest.mark.parametrize("verdict", RELEASES)
def test_jenkins_step_and_what_it_does_with_the_code(shell, verdict):
    """The step returns the gate's code; each code has its own branch."""
    text = (PIPELINES / "Jenkinsfile").read_text()
    script = re.search(r"sh\(returnStatus: true, script: '''(.*?)'''\)",
                       text, re.S)[1]
    done = shell(verdict, script, ["sh", "-xec"])
    assert done.returncode == RELEASES[verdict][2]
    branches = dict(re.findall(
        r"(case \d+|default):\s*(.*?)(?=case \d+:|default:|\n {20}\})",
        text, re.S))
    branch = branches[f"case {done.returncode}"]
    assert ("error(" in branch) == (verdict == "block")
    assert ("input(" in branch) == (verdict == "inconclusive")
    assert "error(" in branches["default"]
    assert text.count("{") == text.count("}")


def test_broken_gates_stop_every_pipeline(shell):
    """Without a manifest there is no evidence, and nothing goes on."""
    shutil.rmtree(shell.work / "checks")
    jobs = read_yaml("github-actions.yml")["jobs"]
    step = [s for s in jobs["gate"]["steps"] if s.get("id") == "gate"][0]
    output = shell.work / "output"
    done = shell("pass", step["run"], ["bash", "-ec"],
                 GITHUB_OUTPUT=str(output), GITHUB_STEP_SUMMARY="summary")
    assert done.returncode not in (0, 10, 20)
    assert output.read_text() == "verdict=broken\n"
    done = shell("pass", "\n".join(read_yaml("gitlab-ci.yml")["gate"]
                                   ["script"]),
                 ["bash", "-eo", "pipefail", "-c"])
    assert done.returncode not in (0, 10, 20)
    assert (shell.work / "gate.env").read_text() == "GATE_VERDICT=broken\n"


def container_of(job):
    return job["template"]["spec"]["containers"][0]


def argo_metrics():
    """The one metric of each template, in their order."""
    text = (PIPELINES / "argo-rollouts.yaml").read_text()
    return [metric for template in yaml.safe_load_all(text)
            for metric in template["spec"]["metrics"]]


@pytest.fixture(name="web")
def web_fixture(build, start, tmp_path):
    """web(path of an address) -> status and document, over tmp_path/store."""
    process = start(build / "e2e-web", "--store", tmp_path / "store",
                    "--listen", "127.0.0.1:0")
    netloc = urllib.parse.urlsplit(process.read_line()).netloc

    def get(url, as_json=True):
        parts = urllib.parse.urlsplit(url)
        connection = http.client.HTTPConnection(netloc, timeout=PATIENCE_S)
        connection.request("GET", f"{parts.path}?{parts.query}")
        response = connection.getresponse()
        text = response.read().decode()
        return response.status, json.loads(text) if as_json else text

    return get


def gates_path(document, path):
    """The value at $.gates[0].member..., or IndexError: an error there."""
    value = document
    for name, index in re.findall(r"\.(\w+)|\[(\d+)\]", path):
        value = value[name] if name else value[int(index)]
    return value


def holds(condition, result):
    member, text = re.fullmatch(r'result\.(\w+) == "(\w+)"',
                                condition).groups()
    return result[member] == text


@pytest.mark.parametrize("verdict", RELEASES)
def test_argo_rollouts_job_and_web_metric(shell, web, tmp_path, verdict):
    """Success for pass, failure for block, else neither: a pause."""
    job, metric = argo_metrics()
    container = container_of(job["provider"]["job"]["spec"])
    provider = metric["provider"]["web"]
    version = f"sha256:{verdict}"
    url = provider["url"].replace("{{args.version}}", version)
    assert web(url)[0] == 503  # no store yet: an error, asked again
    done = shell(verdict, container["args"][0],
                 ["sh", container["command"][1]],
                 E2E_STORE=str(tmp_path / "store"))
    assert done.returncode == 0
    assert {"name": "E2E_STORE", "value": "/store"} in container["env"]
    status, document = web(url)
    assert status == 200
    result = gates_path(document, provider["jsonPath"])
    assert result["candidate"]["version"] == version
    assert holds(metric["successCondition"], result) == (verdict == "pass")
    assert holds(metric["failureCondition"], result) == (verdict == "block")
    with pytest.raises(IndexError):
        gates_path(web(url.replace(version, "other"))[1],
                   provider["jsonPath"])
    status, whole = web(f"/api/v1/gates/{result['gate']}")
    assert status == 200 and whole["verdict"] == verdict
    assert len(whole["rounds"]) == whole["counts"]["pairs"]
    assert whole["regressions"] == result["regressions"]
    # What was said of it an hour ago is no answer to this gate.
    with sqlite3.connect(tmp_path / "store" / "main.db") as db:
        db.execute("UPDATE gate SET stored_us = stored_us - 3600000000")
    with pytest.raises(IndexError):
        gates_path(web(url)[1], provider["jsonPath"])


@pytest.mark.parametrize("verdict", RELEASES)
def test_spinnaker_job_and_webhook(shell, web, tmp_path, verdict):
    """Each verdict ends the webhook stage in its own way."""
    run, read = json.loads((PIPELINES / "spinnaker.json").read_text())["stages"]
    assert read["requisiteStageRefIds"] == [run["refId"]]
    # The type is known to its editor; what runs goes by the alias.
    assert (run["type"], run["alias"]) == ("runJobManifest", "runJob")
    container = container_of(run["manifest"]["spec"])
    done = shell(verdict, container["args"][0],
                 ["sh", container["command"][1]],
                 E2E_STORE=str(tmp_path / "store"))
    assert done.returncode == 0
    url = read["url"].replace("${parameters.version}", f"sha256:{verdict}")
    status, document = web(url)
    assert status == 200
    found = gates_path(document, read["statusJsonPath"])
    kinds = {"pass": "successStatuses", "block": "terminalStatuses",
             "inconclusive": "canceledStatuses"}
    assert {kind for kind in kinds.values()
            if found in read[kind].split(",")} == {kinds[verdict]}


def test_gates_of_the_api_are_chosen_and_bounded(shell, web, tmp_path):
    """By service, version, verdict; newest first; mistakes are told."""
    script = container_of(argo_metrics()[0]["provider"]["job"]["spec"])[
        "args"][0]
    for verdict in "block", "inconclusive":
        assert shell(verdict, script, ["sh", "-ec"],
                     E2E_STORE=str(tmp_path / "store")).returncode == 0
    verdicts = [g["verdict"] for g in web("/api/v1/gates")[1]["gates"]]
    assert verdicts == ["inconclusive", "block"]
    only = web("/api/v1/gates?verdict=block")[1]["gates"]
    assert [g["first_failure"]["check"] for g in only] == ["payments/login"]
    assert web("/api/v1/gates?service=other")[1] == {"gates": []}
    assert len(web("/api/v1/gates?limit=1")[1]["gates"]) == 1
    assert web("/api/v1/gates?limit=0")[0] == 400
    status, text = web("/gates", as_json=False)
    assert status == 200
    for gate in web("/api/v1/gates")[1]["gates"]:
        assert f'href="/gates/{gate["gate"]}"' in text
    status, text = web(f"/gates/{only[0]['gate'][:8]}", as_json=False)
    assert status == 200 and "Gate block" in text
    assert "HTTP/1.1 500" in text and "HTTP/1.1 200" in text
    assert "<script" not in text and 'href="/checks/payments/login"' in text
    assert web("/gates/zz", as_json=False)[0] == 404
    assert web("/gates?service=other", as_json=False)[1].count("<td") == 0
    assert web("/api/v1/gates/zz")[0] == 400
    assert web(f"/api/v1/gates/{'0' * 32}")[0] == 404
