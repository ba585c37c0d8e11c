# SPDX-License-Identifier: ISC
"""The accounts of a soak: what a store must hold after any faults.

Nothing here asks the programs under test: slots are computed anew from the
checks' names and intervals, rollups from the raw runs, by plain SQL."""
import bisect
import collections
import contextlib
import re
import sqlite3

S_US = 1_000_000
MINUTE_US, HOUR_US, DAY_US = 60 * S_US, 3600 * S_US, 86400 * S_US
OUTCOMES = ("passed", "failed", "unreachable", "unknown", "invalid", "lost",
            "skipped")
MASK = 2**64 - 1
# Why a run measured nothing, when it was not the service.
REASONS = re.compile(
    r"skipped: (the previous run was still in flight|the scheduler was late|"
    r"no capacity: \S+ stayed at \d+ runs for \S+|"
    r"no capacity: no probe was ready for \S+|the probes are stopping)|"
    r"lost: (the scheduler was not running|"
    r"probe \S+ (was killed by signal 9|closed its channel|fell silent|"
    r"did not finish it in its lease of \S+))")
# Of the databases together: a start, and what a run takes with its evidence.
# A log that is still to be put into its database is bounded by store/db.c.
BYTES_START, BYTES_RUN, BYTES_LOG = 8 << 20, 4096, 128 << 20
Run = collections.namedtuple("Run", "due outcome reason id")


def connect(path):
    return contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro",
                                              uri=True))


def phase_us(check, location, every_us):
    """When in its interval a check is due: scheduler/timetable.h's promise,
    FNV-1a over both names and a mixing step."""
    h = 0xcbf29ce484222325
    for byte in f"{check}\n{location}".encode():
        h = (h ^ byte) * 0x100000001b3 & MASK
    h = (h ^ h >> 30) * 0xbf58476d1ce4e5b9 & MASK
    h = (h ^ h >> 27) * 0x94d049bb133111eb & MASK
    return (h ^ h >> 31) % every_us


class Books:
    """A store's files, read once, and what is wrong with them."""

    def __init__(self, store):
        self.store = store
        self.wrong = []
        self.runs = collections.defaultdict(list)
        self.outcomes = collections.Counter()
        self.reasons = collections.Counter()
        self.files = sorted(store.rglob("*"))  # before a reader adds some
        self.days = sorted(store.glob("runs-*.db"))
        logs = {p for p in self.files if p.name.endswith("-wal")}
        self.log_bytes = [p.stat().st_size for p in logs]
        self.bytes = sum(p.stat().st_size for p in set(self.files) - logs)
        self.other_alerts = 0
        for path in self.days:
            self.read_day(path)

    def read_day(self, path):
        with connect(path) as db:
            for check, *row in db.execute(
                    "SELECT c.check_name, r.due_us, o.name, "
                    "coalesce(r.reason, ''), hex(r.id) FROM run r "
                    "JOIN check_ref c ON c.id = r.check_id "
                    "JOIN outcome o ON o.code = r.outcome "
                    "WHERE r.trigger = 0"):
                run = Run(*row)
                self.runs[check].append(run)
                self.outcomes[run.outcome] += 1
                if run.outcome in ("lost", "skipped", "invalid"):
                    self.explain(f"{run.outcome}: {run.reason}")
            self.other_alerts += db.execute(
                "SELECT count(*) FROM run WHERE trigger = 3 AND outcome <> 0"
            ).fetchone()[0]

    def explain(self, reason):
        self.reasons[re.sub(r"[\d.]+:\d+|local-\d", "...", reason)] += 1
        if not REASONS.fullmatch(reason):
            self.wrong.append(f"what is this: {reason}")

    def check_slots(self, every_us, away):
        """Every slot of every check has one record. every_us: by check name;
        away: {check: [(from, to), ...]}, when it was in no plan."""
        for check in sorted(every_us.keys() ^ self.runs.keys()):
            self.wrong.append(f"{check}: its runs or its plan are missing")
        ids = collections.Counter(r.id for rs in self.runs.values()
                                  for r in rs)
        for run_id, n in ids.items():
            if n > 1:
                self.wrong.append(f"run {run_id} has {n} records")
        for check, runs in self.runs.items():
            runs.sort()
            if check in every_us:
                self.check_one(check, runs, every_us[check],
                               away.get(check, ()))

    def check_one(self, check, runs, every, away):
        phase = phase_us(check, "local", every)
        begins = [a for a, _ in away]
        for run in runs:
            if run.due % every != phase:
                self.wrong.append(f"{check}: {run.due} is no slot of its")
        for a, b in zip(runs, runs[1:]):
            if a.due == b.due:
                self.wrong.append(f"{check}: slot {a.due} has two records")
            for due in range(a.due + every, b.due, every):
                i = bisect.bisect(begins, due) - 1
                if i < 0 or due > away[i][1]:
                    self.wrong.append(f"{check}: slot {due} has no record")

    def check_absence(self, schedulers):
        """What is told as "the scheduler was not running" lies in a time
        without one; schedulers: [(ready, dead), ...] in order, us."""
        gaps = [(a[1], b[0]) for a, b in zip(schedulers, schedulers[1:])]
        begins = [g[0] for g in gaps]
        slack = 10 * S_US  # runs in flight at its death; its start
        for check, runs in self.runs.items():
            for run in runs:
                if run.reason != "the scheduler was not running":
                    continue
                i = bisect.bisect(begins, run.due + slack) - 1
                if i < 0 or run.due > gaps[i][1] + slack:
                    self.wrong.append(f"{check}: {run.due} is lost, but a "
                                      "scheduler ran")

    def check_rollups(self):
        """The counts are those of the raw runs, bucket by bucket."""
        raw = collections.Counter()
        for path in self.days:
            with connect(path) as db:
                for check, due, outcome in db.execute(
                        "SELECT check_id, due_us, o.name FROM run "
                        "JOIN outcome o ON o.code = outcome "
                        "WHERE trigger = 0"):
                    for name, width in (("minute", MINUTE_US),
                                        ("hour", HOUR_US), ("day", DAY_US)):
                        raw[name, due - due % width, check, outcome] += 1
        stored = collections.Counter()
        with connect(self.store / "main.db") as db:
            for name in ("minute", "hour", "day"):
                for start, check, *counts in db.execute(
                        f"SELECT start_us, check_id, {', '.join(OUTCOMES)} "
                        f"FROM rollup_{name}"):
                    for outcome, n in zip(OUTCOMES, counts):
                        if n:
                            stored[name, start, check, outcome] = n
        for key in raw.keys() | stored.keys():
            if raw[key] != stored[key]:
                self.wrong.append(f"rollup {key}: {stored[key]} stored, the "
                                  f"raw runs are {raw[key]}")

    def check_files(self):
        """Every database is sound, nothing else lies about, and together
        they are as large as so many runs make them."""
        runs = sum(self.outcomes.values())
        if self.bytes > BYTES_START + BYTES_RUN * runs:
            self.wrong.append(f"{self.bytes} bytes for {runs} runs")
        if max(self.log_bytes, default=0) > BYTES_LOG:
            self.wrong.append(f"a log of {max(self.log_bytes)} bytes")
        for path in [self.store / "main.db", *self.days]:
            with connect(path) as db:
                answer = db.execute("PRAGMA integrity_check").fetchall()
            if answer != [("ok",)]:
                self.wrong.append(f"{path.name}: {answer[:3]}")
        known = {"main.db", "writer.lock", "spool", "spool/alerts.journal",
                 "gates.lock",
                 *(path.name for path in self.days)}
        for path in self.files:
            name = str(path.relative_to(self.store))
            # A reader that outlives the writer leaves these.
            for tail in ("-wal", "-shm"):
                name = name.removesuffix(tail)
            if name not in known:
                self.wrong.append(f"{name} was left behind")

    def check_alerts(self, told, kills):
        """Of each check the pager heard firing and resolved in turns; once
        more only for a notification whose run did not end well, or that was
        under way when a scheduler was killed. Nothing that was told goes on
        when the check passes again."""
        twice = 0
        for check, states in told.items():
            twice += sum(a == b for a, b in zip(states, states[1:]))
            if states[0] != "firing":
                self.wrong.append(f"{check}: resolved, but never fired")
            if states[-1] != "resolved" and \
                    self.runs[check][-1].outcome == "passed":
                self.wrong.append(f"{check}: passes, that is not told")
        if twice > kills + self.other_alerts:
            self.wrong.append(f"{twice} alerts came twice")
        return twice

    def check_gates(self, replay):
        """Each gate that came to a verdict comes to it again by its record.
        Returns how many there are, and how many went on from another."""
        with connect(self.store / "main.db") as db:
            gates = db.execute(
                "SELECT lower(hex(id)), verdict, document ->> '$.exit_code', "
                "document ->> '$.continues' IS NOT NULL FROM gate").fetchall()
        for gate, verdict, code, _ in gates:
            again = replay(gate)
            if verdict != "unfinished" and code != again:
                self.wrong.append(f"gate {gate}: {code}, replays as {again}")
        return len(gates), sum(gate[-1] for gate in gates)
