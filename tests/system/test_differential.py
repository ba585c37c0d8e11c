# SPDX-License-Identifier: ISC
"""Flows mean here what they mean to the real hurl, whose answers were
recorded by tests/differential/differential.py."""
import sys

import pytest

from conftest import TOP

sys.path.insert(0, str(TOP / "tests" / "differential"))
import differential  # noqa: E402
import matrix  # noqa: E402


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


def test_asserts_hold_as_with_hurl(build):
    """Every kind of value, predicate, operand and filter."""
    assert matrix.differences(build / "e2e-run") == []
