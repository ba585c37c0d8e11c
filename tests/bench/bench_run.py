#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""e2e-run beside the real hurl: the same 200 flows of 10 entries against the
demo payments API, with the same options and jobs, by turns, the first of a
round changing. What each prints goes to a file, and must tell of as many
files and requests that were executed. Prints wall and CPU time of both;
without hurl on PATH only our own."""
import argparse
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import tempfile
import time

RESERVE = """\
POST {{base_url}}/v1/payment_intents
Authorization: Bearer {{api_key}}
Idempotency-Key: {{newUuid}}
[Form]
amount: %d
currency: usd
payment_method: pm_card_visa
capture_method: manual
confirm: true

HTTP 200
[Captures]
payment: jsonpath "$.id"
[Asserts]
jsonpath "$.status" == "requires_capture"
jsonpath "$.amount_capturable" == %d

"""
LOOK = """\
GET {{base_url}}/v1/payment_intents/{{payment}}
Authorization: Bearer {{api_key}}

HTTP 200
Content-Type: application/json
[Asserts]
jsonpath "$.id" == "{{payment}}"
jsonpath "$.object" matches /^payment_intent$/
jsonpath "$.amount" >= 100
duration < 5000

"""
CANCEL = """\
POST {{base_url}}/v1/payment_intents/{{payment}}/cancel
Authorization: Bearer {{api_key}}

HTTP 200
[Asserts]
jsonpath "$.status" == "canceled"
"""


def write_flows(folder, flows, entries):
    for i in range(flows):
        amount = 1000 + i
        text = RESERVE % (amount, amount) + LOOK * (entries - 2) + CANCEL
        (folder / f"flow-{i:03}.hurl").write_text(text)


def measure(argv, work):
    """(wall, CPU) in seconds of a command that must succeed and have done
    its work."""
    env = {k: v for k, v in os.environ.items()
           if not k.startswith(("HURL_", "E2E_"))}
    with tempfile.TemporaryFile() as log:
        begin = time.monotonic()
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log,
                                   stderr=log, env=env)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        log.seek(0)
        text = log.read().decode(errors="replace")
    done = tuple(int(n) for n in re.findall(r"^Executed \w+: +(\d+)", text,
                                            re.M))
    if process.returncode != 0 or done != work:
        raise SystemExit(f"{argv[0]}: exit {process.returncode}, files and "
                         f"requests {done}, not {work}\n" + text[-2000:])
    return wall, usage.ru_utime + usage.ru_stime


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", default=".", type=pathlib.Path)
    parser.add_argument("--flows", default=200, type=int)
    parser.add_argument("--entries", default=10, type=int)
    parser.add_argument("--rounds", default=7, type=int)
    parser.add_argument("--jobs", default=os.cpu_count(), type=int)
    args = parser.parse_args()
    server = subprocess.Popen([args.bin.resolve() / "paysim", "--release",
                               "good=0"], stdout=subprocess.PIPE, text=True)
    try:
        url = json.loads(server.stdout.readline())["url"]
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            write_flows(folder, args.flows, args.entries)
            common = ["--test", "--jobs", str(args.jobs), "--variable",
                      f"base_url={url}", "--variable", "api_key=sk_test_b",
                      *map(str, sorted(folder.glob("*.hurl")))]
            programs = {"e2e-run": [str(args.bin.resolve() / "e2e-run")]}
            if shutil.which("hurl"):
                programs["hurl"] = ["hurl"]
            else:
                print("hurl is not on PATH: nothing to compare with")
            times = {name: [] for name in programs}
            work = args.flows, args.flows * args.entries
            for turn in range(args.rounds):
                for name in sorted(programs, reverse=turn % 2 == 1):
                    times[name].append(measure(programs[name] + common,
                                               work))
    finally:
        server.terminate()
        server.wait()
    requests = args.flows * args.entries
    print(f"{args.flows} flows x {args.entries} entries, {args.jobs} jobs, "
          f"median of {args.rounds}:")
    middle = {}
    for name, rows in times.items():
        middle[name] = [statistics.median(column) for column in zip(*rows)]
        wall, cpu = middle[name]
        print(f"  {name:8} wall {wall * 1e3:7.0f} ms  cpu {cpu * 1e3:7.0f} ms"
              f"  {cpu / requests * 1e6:6.0f} us of cpu per request")
    if "hurl" in middle:
        wall, cpu = (theirs / ours for theirs, ours in
                     zip(middle["hurl"], middle["e2e-run"]))
        print(f"  hurl takes {wall:.1f} times the wall and {cpu:.1f} times "
              "the CPU time")


if __name__ == "__main__":
    main()
