# SPDX-License-Identifier: ISC
"""The command line of e2e-run: how options are spelt, what is run, and what
is said when it is wrong."""
import os
import subprocess

import pytest

from run_flows import run, server  # noqa: F401

FLOW = "GET @/{}\nHTTP 200\n"


def names(server):
    """What was asked for, in order."""
    return [path[1:] for _, path, _, _ in server.seen]


@pytest.fixture
def tree(tmp_path, server):
    """Flows in folders; each asks for its own name."""
    for name in ("1", "a/2", "a/b/3", "a/b/x[1]", ".h/4", ".5", "d.hurl/6"):
        path = tmp_path / "g" / (name + ".hurl")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(FLOW.format(path.stem).replace("@", server.url))
    (tmp_path / "g/a/other.txt").write_text("not a flow")
    (tmp_path / "g/a/up").symlink_to("..")
    return tmp_path


@pytest.mark.parametrize("patterns,found", [
    (["g/*.hurl"], "1"), (["g/**/*.hurl"], "1 2 3 x[1] 6"),
    (["g/a/?.hurl", "g/[0-2].hurl"], "2 1"), (["g/a/b/x[[]1].hurl"], "x[1]"),
    (["g/a/b/[!x].hurl"], "3"), (["**/**/3.hurl"], "3"),
    (["./g/**/b/*"], "3 x[1]"), (["g/.*.hurl"], ".5"), (["g/.h/*"], "4"),
    (["g/1.hurl"], "1"), (["g//a//2.hurl"], "2")])
def test_a_pattern_names_files(run, server, tree, patterns, found):  # noqa
    """--glob=PATTERN and --glob PATTERN, each after what is named."""
    first = run({}, f"--glob={patterns[0]}", *(
        word for p in patterns[1:] for word in ("--glob", p)))
    assert first.returncode == 0
    assert names(server) == found.split()
    server.seen.clear()
    run({"named.hurl": FLOW.format("named")}, "--glob", patterns[0])
    assert names(server)[0] == "named"


@pytest.mark.parametrize("pattern,says", [
    ("g/**.hurl", "--glob: ** in 'g/**.hurl' is not between slashes"),
    ("g/none*", "--glob: no file matches 'g/none*'"),
    ("g/a/", "no file matches"), ("", "no file matches")])
def test_a_pattern_that_finds_nothing_is_a_mistake(run, server,  # noqa
                                                   tree, pattern, says):
    """Nothing is run, whatever else is named."""
    done = run({"named.hurl": FLOW.format("named")}, f"--glob={pattern}")
    assert done.returncode == 78 and says in done.stderr
    assert server.seen == []
    done = run({}, f"--glob={pattern}", "--exit-codes=hurl")
    assert done.returncode == 1


@pytest.mark.parametrize("options", [
    ["-Lkv", "-m=10"], ["-kLvm10"], ["-vkL", "-m", "10"],
    ["--location", "--insecure", "--verbose", "--max-time=10"]])
def test_letters_may_stand_together(run, server, options):  # noqa: F811
    """As every spelling of them does."""
    done = run("GET @/redirect\nHTTP 200\n", *options)
    assert done.returncode == 0 and "  > GET /there" in done.stdout
    assert names(server) == ["redirect", "there"]


@pytest.mark.parametrize("set_by", [
    ["--variable", 'v="abc'], ["--variable", 'v="'],
    ["--variables-file", "unclosed.txt"], {"HURL_VARIABLE_v": '"abc'}])
def test_a_value_with_one_quote_is_a_mistake(run, server, tmp_path,  # noqa
                                             set_by):
    """Wherever it is set: no variable is half of what was meant."""
    (tmp_path / "unclosed.txt").write_text('v="abc\n')
    options = set_by if isinstance(set_by, list) else []
    env = set_by if isinstance(set_by, dict) else {}
    done = run("GET @/{{v}}\n", *options, env=env)
    assert done.returncode == 78 and server.seen == []
    assert 'the value of variable v has no " at its end' in done.stderr
    assert run("GET @/\n", *options, "--exit-codes=hurl",
               env=env).returncode == 1


def test_a_secret_may_begin_with_a_quote(run, server):  # noqa: F811
    """It is no text of a type."""
    done = run('GET @/\n[Query]\nv: {{v}}\nHTTP 200\n', "--secret", 'v="a')
    assert done.returncode == 0 and names(server) == ["?v=%22a"]


@pytest.mark.parametrize("options,says", [
    (["--tset"], "unknown option '--tset', did you mean '--test'?"),
    (["--jobs=x"], "--jobs wants a whole number, not 'x'"),
    (["--http3"], "libcurl was built without HTTP/3"),
    (["-qk"], "unknown option '-q'")])
def test_a_wrong_option_has_hurl_s_code_when_that_is_asked_for(
        run, server, options, says):  # noqa: F811
    """64, or 1 with --exit-codes=hurl in any place and spelling."""
    for code, more, env in ((64, [], {}), (1, ["--exit-codes=hurl"], {}),
                            (1, ["--exit-codes", "hurl"], {}),
                            (1, [], {"E2E_EXIT_CODES": "hurl"}),
                            (64, ["--exit-codes=e2e"],
                             {"E2E_EXIT_CODES": "hurl"})):
        done = run("GET @/\n", *options, *more, env=env)
        assert done.returncode == code and says in done.stderr
        assert done.stdout == ""
    assert server.seen == []


def test_a_pipe_or_file_is_run_when_nothing_is_named(build, tmp_path,
                                                     server):  # noqa: F811
    """As Hurl does it; without any, it says what is missing."""
    text = FLOW.format("piped").replace("@", server.url)
    done = subprocess.run([build / "e2e-run", "--test"], input=text,
                          capture_output=True, text=True)
    assert done.returncode == 0 and names(server) == ["piped"]
    (tmp_path / "in.hurl").write_text(text)
    with open(tmp_path / "in.hurl") as file:
        subprocess.run([build / "e2e-run"], stdin=file, check=True,
                       capture_output=True)
    done = subprocess.run([build / "e2e-run"], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True)
    assert done.returncode == 64 and "name a flow" in done.stderr
    parent, child = os.openpty()
    done = subprocess.run([build / "e2e-run"], stdin=child,
                          capture_output=True, text=True)
    os.close(parent)
    os.close(child)
    assert done.returncode == 64 and "name a flow" in done.stderr


def test_a_flow_is_read_whole_or_not_run(build, run, server):  # noqa: F811
    """From the standard input, too, where no size is known before."""
    long = FLOW.format("1") + "# comment\n" * 840000 + FLOW.format("2")
    done = run({}, "-", stdin=long.replace("@", server.url))
    assert done.returncode == 78
    assert "-: a flow has at most 8 MiB" in done.stderr
    folder = os.open("/", os.O_RDONLY)
    done = subprocess.run([build / "e2e-run", "-"], stdin=folder,
                          capture_output=True, text=True)
    os.close(folder)
    assert done.returncode == 78 and "cannot be read" in done.stderr
    assert server.seen == []


def test_it_is_said_when_no_entry_is_run(run):  # noqa: F811
    """A flow that passes since nothing of it was run is told of."""
    done = run("GET @/\n", "--from-entry=3")
    assert done.returncode == 0
    assert done.stderr == "e2e-run: warning: no entry of flow.hurl was run\n"
