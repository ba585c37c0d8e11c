# SPDX-License-Identifier: ISC
"""The words that contrib/quickstart takes, and how it is interrupted."""
import os
import shutil
import signal
import subprocess
import time

import pytest

from conftest import TOP

QUICKSTART = TOP / "contrib" / "quickstart"


@pytest.mark.parametrize("words", [
    [], ["tset"], ["test", "demo"], ["build", "--stay"],
    ["demo", "--seconds", "0"], ["demo", "--seconds"], ["demo", "--sty"]])
def test_wrong_words_are_refused_before_anything_is_done(words):
    done = subprocess.run([QUICKSTART, *words], capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 64 and done.stdout == ""
    assert done.stderr.startswith("usage:")


def test_an_interrupt_ends_it_and_is_no_failure(tmp_path):
    """Here while it configures, with a configure that takes its time."""
    (tmp_path / "contrib").mkdir()
    shutil.copy(QUICKSTART, tmp_path / "contrib")
    for name, text in ("configure", "touch started\nexec sleep 60\n"), \
            ("dpkg-query", "echo installed\n"):
        (tmp_path / name).write_text("#!/bin/sh\n" + text)
        (tmp_path / name).chmod(0o755)
    child = subprocess.Popen(
        [tmp_path / "contrib" / "quickstart", "build"], text=True,
        stderr=subprocess.PIPE, start_new_session=True,
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"})
    while not (tmp_path / "build" / "started").exists():
        assert child.poll() is None
        time.sleep(0.01)
    os.killpg(child.pid, signal.SIGINT)
    _, said = child.communicate(timeout=60)
    assert child.returncode == 130
    assert said.splitlines() == ["== configuring build"]
