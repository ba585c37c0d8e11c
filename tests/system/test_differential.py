# SPDX-License-Identifier: ISC
"""Flows mean here what they mean to the real hurl, whose answers were
recorded by tests/differential/differential.py."""
import re
import sys

import pytest

from conftest import TOP

sys.path.insert(0, str(TOP / "tests" / "differential"))
import differential  # noqa: E402
import matrix  # noqa: E402
import options  # noqa: E402


@pytest.fixture(scope="module")
def answers(build):
    """What comes of each flow of the corpus, run many at a time."""
    return differential.run_all(differential.Ours(build / "e2e-run"),
                                differential.flows())


@pytest.mark.parametrize("name", sorted(differential.flows()))
def test_a_flow_ends_as_with_hurl(answers, name):
    """Accepted or refused, exit code, failing lines, values, captures, files
    and requests as the server saw them are those of the real program."""
    found = differential.differences(
        answers[name], differential.expected()["flows"][name])
    if name in differential.known():
        assert found, "listed in known.json, but there is no difference"
    else:
        assert not found, "\n".join(found)


@pytest.fixture(scope="module")
def facts(build):
    """What comes of each command line."""
    return options.run_all(
        lambda bench, case: options.Ours(bench, case, build / "e2e-run"),
        options.CASES)


@pytest.mark.parametrize("case", options.CASES, ids=lambda case: case.name)
def test_a_command_line_does_what_it_does_with_hurl(facts, case):
    """Exit code, requests, places, answers, documents and files."""
    found = options.differences(case, facts[case.name],
                                options.recorded()["cases"][case.name])
    assert not found, "\n".join(found)


def test_every_option_and_variable_of_hurl_is_compared():
    """Those of its --help, and those that our page names."""
    lines = " ".join(case.argv for case in options.CASES)
    words = lines.replace("=", " ").split()
    missing = [o for o in options.recorded()["options"]
               if f"--{o}" not in words and o not in ("help", "version")]
    assert missing == []
    page = (TOP / "doc" / "hurl-compatibility.md").read_text()
    named = page[page.index("`HURL_*` variables are read"):]
    used = {name for case in options.CASES for name in case.env}
    assert {f"HURL_{n}" for n in re.findall(r"`([A-Z0-9_]+)`", named)} <= used


def test_asserts_hold_as_with_hurl(build):
    """Every kind of value, predicate, operand and filter."""
    assert matrix.differences(build / "e2e-run") == []
