# SPDX-License-Identifier: ISC
"""e2e-lint as a program: every mistake of a tree at once, each with its place."""
import json
import os
import subprocess

import pytest

from conftest import TOP

GOOD_FLOW = """\
POST {{base_url}}/v1/payments
Authorization: Bearer {{api_key}}
{"amount": 100}
HTTP 200
[Captures]
id: jsonpath "$.id"
"""

GOOD = """\
service: payments
owner: payments-oncall
environments:
  production: {base_url: "https://api.example.com"}
secrets:
  api_key: {env: PAYMENTS_KEY}
hosts: [api.example.com]
checks:
  - name: card
    flow: card.hurl
    every: 1m
"""

# Each line of the manifest that is wrong says how.
BAD = """\
service: payments
environments:
  production: {base_url: "https://api.example.com", retries: [3]}
secrets:
  api_key: {env: PAYMENTS_KEY}
hosts: [api.example.com]
checks:
  - name: card
    flow: card.hurl
    evry: 30s
    timeout: 20
  - name: card
    flow: card.hurl
  - name: gone
    flow: gone.hurl
    environment: prodution
    slo: {success: 99.999%}
    alert: {after: 3, notify: [pager]}
  - name: broken
    flow: broken.hurl
    every: 1m
    every: 2m
"""
BAD_AT = [
    ("broken.hurl", 2, None),
    ("payments.yaml", 3, "'retries' must be a text, a number, true or false"),
    ("payments.yaml", 10, "unknown key 'evry' in a check, did you mean "
                          "'every'?"),
    ("payments.yaml", 11, "'timeout' wants a duration"),
    ("payments.yaml", 12, "'payments/card' stands already in"),
    ("payments.yaml", 15, "cannot use the flow 'gone.hurl': there is no such "
                          "file"),
    ("payments.yaml", 16, "'prodution' is not defined, did you mean "
                          "'production'?"),
    ("payments.yaml", 17, "'success' wants a percentage"),
    ("payments.yaml", 18, "the notification 'pager' is not defined"),
    ("payments.yaml", 22, "the key 'every' stands already in line 21"),
]


@pytest.fixture(name="lint")
def lint_fixture(build, tmp_path):
    """lint(paths and options...) -> the finished process, run in tmp_path."""

    def run(*arguments):
        done = subprocess.run([build / "e2e-lint", *map(str, arguments)],
                              cwd=tmp_path, capture_output=True, text=True,
                              errors="replace", timeout=60, check=False)
        assert "Sanitizer" not in done.stderr, done.stderr
        return done

    return run


def write_tree(path, manifest=GOOD):
    (path / "payments.yaml").write_text(manifest)
    (path / "card.hurl").write_text(GOOD_FLOW)


def findings(done):
    return json.loads(done.stdout)["findings"]


def test_a_good_tree_is_good(lint, tmp_path):
    """Nothing wrong: one closing line, exit 0."""
    write_tree(tmp_path)
    done = lint(".")
    assert done.stdout == "1 manifest, 1 check, 1 flow: 0 mistakes, 0 " \
                          "warnings\n"
    assert done.returncode == 0


def test_ten_mistakes_are_told_at_once_with_their_places(lint, tmp_path):
    """Ten different mistakes in one tree: ten findings, in order, exit 78."""
    write_tree(tmp_path, BAD)
    (tmp_path / "broken.hurl").write_text("GET http://a.example/\nHTTP 2x\n")
    done = lint("--format=json", ".")
    assert done.returncode == 78
    found = findings(done)
    assert [(f["file"], f["line"]) for f in found] == \
        [(file, line) for file, line, _ in BAD_AT]
    for finding, (_, _, sentence) in zip(found, BAD_AT):
        assert finding["severity"] == "error"
        assert sentence is None or sentence in finding["message"]
        assert finding["column"] <= len(finding["source"]) + 1
    table = lint(".")
    assert table.returncode == 78
    assert table.stdout.endswith(
        "1 manifest, 4 checks, 2 flows: 10 mistakes, 0 warnings\n")
    assert ("payments.yaml:10:5: unknown key 'evry' in a check, did you mean "
            "'every'?\n"
            "   10 |     evry: 30s\n"
            "      |     ^~~~\n") in table.stdout


def test_warnings_fail_only_when_strict(lint, tmp_path):
    """A flow that no check uses is a warning."""
    write_tree(tmp_path)
    (tmp_path / "left.hurl").write_text("GET http://a.example/\n")
    done = lint(".")
    assert done.returncode == 0
    assert "left.hurl: warning: no check uses this flow\n" in done.stdout
    assert lint("--strict", ".").returncode == 78


def test_a_yaml_bomb_is_a_sentence_and_no_memory(lint, tmp_path):
    """Nine levels of aliases are refused one by one, never expanded."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    for i in range(1, 10):
        lines.append(f"a{i}: &a{i} [" + ", ".join([f"*a{i - 1}"] * 9) + "]")
    (tmp_path / "bomb.yaml").write_text("\n".join(lines))
    done = lint("--format=json", "bomb.yaml")
    assert done.returncode == 78
    first = findings(done)[0]
    assert (first["line"], first["column"]) == (1, 1)
    assert any(f["line"] == 10 and "aliases (*a8) are not allowed" in
               f["message"] for f in findings(done))


def test_a_deep_and_a_long_manifest_are_refused(lint, tmp_path):
    """Nesting and the number of parts have bounds."""
    (tmp_path / "deep.yaml").write_text("[" * 500000)
    (tmp_path / "long.yaml").write_text("[" + "1," * 300000 + "]")
    done = lint("--format=json", ".")
    assert done.returncode == 78
    assert {(f["file"], f["message"]) for f in findings(done)} == {
        ("deep.yaml", "nested too deeply"),
        ("long.yaml", "the manifest has too many parts")}


def test_a_flow_of_10_mb_is_refused_at_its_name(lint, tmp_path):
    """The place is where the manifest names the flow."""
    write_tree(tmp_path)
    (tmp_path / "card.hurl").write_text("# comment\n" * 1_000_000)
    done = lint("--format=json", ".")
    assert done.returncode == 78
    assert [(f["file"], f.get("line"), f["message"]) for f in findings(done)
            if f["file"] == "payments.yaml"] == [
        ("payments.yaml", 10, "the flow card.hurl is larger than 8 MiB")]


def test_invalid_utf8_has_a_place(lint, tmp_path):
    """In a manifest and in a flow."""
    write_tree(tmp_path)
    (tmp_path / "card.hurl").write_bytes(b"GET http://a.example/\n# \xff\n")
    (tmp_path / "x.yaml").write_bytes(b"service: x\nowner: \xc3(\n")
    done = lint("--format=json", ".")
    assert done.returncode == 78
    assert [(f["file"], f["line"], f["column"]) for f in findings(done)] == [
        ("card.hurl", 2, 3), ("x.yaml", 2, 8)]
    assert "0xff" in findings(done)[0]["message"].lower()
    assert "UTF-8" in findings(done)[1]["message"]


def test_what_cannot_be_read_is_named(lint, tmp_path):
    """A dangling link, a pipe, a folder in place of a flow, no rights."""
    write_tree(tmp_path, GOOD + "  - {name: dir, flow: folder}\n")
    (tmp_path / "folder").mkdir()
    os.symlink("gone", tmp_path / "link.yaml")
    os.mkfifo(tmp_path / "pipe.yml")
    expected = {("link.yaml", "No such file"), ("pipe.yml", "not a regular"),
                ("payments.yaml", "not a regular file")}
    if os.geteuid() != 0:
        (tmp_path / "shut.yaml").write_text(GOOD)
        (tmp_path / "shut.yaml").chmod(0)
        expected.add(("shut.yaml", "Permission denied"))
    done = lint("--format=json", ".")
    assert done.returncode == 78
    found = findings(done)
    assert len(found) == len(expected)
    for file, sentence in expected:
        assert any(f["file"] == file and sentence in f["message"]
                   for f in found), (file, sentence)
    assert lint("nowhere").returncode == 78


def test_an_empty_folder_is_no_success(lint, tmp_path):
    """Linting the wrong folder must not look like a good one."""
    done = lint(".")
    assert done.returncode == 78
    assert "nothing to look at" in done.stdout


def test_usage(lint):
    """No path and an unknown option are wrong usage, exit 64."""
    assert lint().returncode == 64
    assert lint("--no-such-option", ".").returncode == 64


def test_the_schema_accepts_what_the_program_accepts(lint):
    """The JSON Schema names every key, with the same defaults."""
    schema = json.loads(lint("--schema").stdout)
    check = schema["properties"]["checks"]["items"]
    assert schema["required"] == ["service"]
    assert set(check["required"]) == {"name", "flow"}
    assert check["properties"]["every"]["default"] == "1m"
    assert check["additionalProperties"] is False


def test_editors_see_what_the_program_sees(lint, tmp_path):
    """A validator with the schema accepts the good tree, not the bad one."""
    jsonschema = pytest.importorskip("jsonschema")
    yaml = pytest.importorskip("yaml")
    schema = json.loads(lint("--schema").stdout)
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    example = TOP / "contrib" / "examples" / "payments.yaml"
    for text in (GOOD, example.read_text()):
        assert not list(validator.iter_errors(yaml.safe_load(text)))
    wrong = {tuple(e.path)[:3] for e in
             validator.iter_errors(yaml.safe_load(BAD))}
    assert {("environments", "production", "retries"), ("checks", 0),
            ("checks", 0, "timeout"), ("checks", 2, "slo")} <= wrong


def test_the_manual_pages_are_clean(lint):
    """man(7) text without warnings, where groff is there."""
    for option in ("--man", "--manual"):
        page = lint(option).stdout
        assert page.startswith(".TH E2E\\-")
        try:
            done = subprocess.run(
                ["groff", "-man", "-ww", "-z", "-Tutf8"], input=page,
                capture_output=True, text=True, check=False)
        except FileNotFoundError:
            continue
        assert done.stderr == ""
