# SPDX-License-Identifier: ISC
"""Flows mean here what they mean to the real hurl, whose answers were
recorded by tests/differential/run.py."""
import sys

import pytest

from conftest import TOP

sys.path.insert(0, str(TOP / "tests" / "differential"))
import matrix  # noqa: E402
import run as differential  # noqa: E402


@pytest.fixture(scope="module")
def bench(build):
    return differential.e2e_run(build / "e2e-run")


@pytest.mark.parametrize("name", [p.stem for p in differential.flows()])
def test_a_flow_ends_as_with_hurl(bench, name):
    """The same exit code, failing lines and requests as the server saw."""
    found = differential.differences(
        bench.run(name),
        differential.expected()["flows"][name])
    if name in differential.known():
        assert found, "listed in known.json, but there is no difference"
    else:
        assert not found, "\n".join(found)


def test_asserts_hold_as_with_hurl(build):
    """Every kind of value, predicate, operand and filter."""
    assert matrix.differences(build / "e2e-run") == []
