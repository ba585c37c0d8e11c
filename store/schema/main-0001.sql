-- main.db, schema 1: what is kept for years.
--
-- The raw runs lie beside it, one file per UTC day: runs-YYYY-MM-DD.db
-- (runs-0001.sql). Everything here may be read with plain sqlite3 while the
-- store is being written:  sqlite3 -readonly main.db
--
-- Times are integer microseconds since 1970-01-01T00:00:00Z and end in _us,
-- as do durations. In sqlite3:  datetime(due_us / 1000000, 'unixepoch').
-- Outcomes are: passed; failed, unreachable, unknown (they count against the
-- service); invalid, lost, skipped (ours: they count against coverage).

-- Facts about this store: 'created_us', 'written_by'; 'plan_refused' while the
-- manifests have mistakes, so that the plan of before goes on (JSON);
-- 'definitions_from' when definitions below that id have been lost.
CREATE TABLE meta (
	key              TEXT PRIMARY KEY,
	value            TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- A check at one location against one environment: the unit of all counts.
-- A row stays when its check is gone, for its history.
CREATE TABLE checks (
	id               INTEGER PRIMARY KEY,
	check_name       TEXT NOT NULL,    -- 'payments/card-payment'
	service          TEXT NOT NULL,
	location         TEXT NOT NULL,
	environment      TEXT NOT NULL,
	owner            TEXT,
	every_us         INTEGER,          -- NULL: never planned
	timeout_us       INTEGER,
	definition       TEXT,             -- planned now, 64 hex digits
	slo_success_permyriad INTEGER,     -- 9990 is 99.9 %
	slo_window_us    INTEGER,
	is_planned       INTEGER NOT NULL, -- 1: in the plan of the scheduler
	first_seen_us    INTEGER NOT NULL,
	planned_us       INTEGER,          -- since when in the plan
	UNIQUE (check_name, location, environment)
) STRICT;

-- Every definition (flow and settings) that a check ever had. Runs name it
-- by id, so "did the check change or did the service?" is one comparison.
CREATE TABLE definition (
	id               INTEGER PRIMARY KEY,
	check_name       TEXT NOT NULL,
	definition       TEXT NOT NULL,    -- content hash, 64 hex digits
	first_seen_us    INTEGER NOT NULL,
	UNIQUE (check_name, definition)
) STRICT;

-- The newest scheduled run of each check, by due time, and how long the
-- check has been as it is. Derived from the raw runs.
CREATE TABLE check_state (
	check_id         INTEGER PRIMARY KEY REFERENCES checks (id),
	last_due_us      INTEGER NOT NULL,
	last_outcome     INTEGER NOT NULL, -- 0 passed 1 failed 2 unreachable
	                                   -- 3 unknown 4 invalid 5 lost
	                                   -- 6 skipped
	last_duration_us INTEGER NOT NULL,
	last_run         BLOB NOT NULL,    -- run id, 16 bytes
	last_passed_us   INTEGER,          -- due time of the last good run
	last_bad_us      INTEGER,          -- ... of the last against the service
	streak_us        INTEGER NOT NULL, -- due time since which each measured
	                                   -- run passed, or each did not
	streak_runs      INTEGER NOT NULL  -- how many those are
) STRICT;

-- Scheduled runs counted by the minute, hour and day of their due time.
-- Durations are of the runs that passed. durations is a DDSketch (relative
-- error 1 %, coding: store/sketch.h); sketches of any rows can be merged.
-- Derived from the raw runs, at most a second behind them; kept longer.
CREATE TABLE rollup_minute (
	start_us         INTEGER NOT NULL, -- of the minute
	check_id         INTEGER NOT NULL REFERENCES checks (id),
	passed           INTEGER NOT NULL,
	failed           INTEGER NOT NULL,
	unreachable      INTEGER NOT NULL,
	unknown          INTEGER NOT NULL,
	invalid          INTEGER NOT NULL,
	lost             INTEGER NOT NULL,
	skipped          INTEGER NOT NULL,
	duration_sum_us  INTEGER NOT NULL,
	duration_max_us  INTEGER NOT NULL,
	durations        BLOB NOT NULL,
	PRIMARY KEY (start_us, check_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE rollup_hour (
	start_us         INTEGER NOT NULL, -- of the hour
	check_id         INTEGER NOT NULL REFERENCES checks (id),
	passed           INTEGER NOT NULL,
	failed           INTEGER NOT NULL,
	unreachable      INTEGER NOT NULL,
	unknown          INTEGER NOT NULL,
	invalid          INTEGER NOT NULL,
	lost             INTEGER NOT NULL,
	skipped          INTEGER NOT NULL,
	duration_sum_us  INTEGER NOT NULL,
	duration_max_us  INTEGER NOT NULL,
	durations        BLOB NOT NULL,
	PRIMARY KEY (start_us, check_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE rollup_day (
	start_us         INTEGER NOT NULL, -- of the UTC day
	check_id         INTEGER NOT NULL REFERENCES checks (id),
	passed           INTEGER NOT NULL,
	failed           INTEGER NOT NULL,
	unreachable      INTEGER NOT NULL,
	unknown          INTEGER NOT NULL,
	invalid          INTEGER NOT NULL,
	lost             INTEGER NOT NULL,
	skipped          INTEGER NOT NULL,
	duration_sum_us  INTEGER NOT NULL,
	duration_max_us  INTEGER NOT NULL,
	durations        BLOB NOT NULL,
	PRIMARY KEY (start_us, check_id)
) STRICT, WITHOUT ROWID;

-- How far each day's file has been counted into the rollups and check_state:
-- written in the transaction that writes those, so that after a crash the
-- runs past the mark are counted, once.
CREATE TABLE rollup_mark (
	day              TEXT PRIMARY KEY, -- 'YYYY-MM-DD'
	last_number      INTEGER NOT NULL  -- run.number
) STRICT, WITHOUT ROWID;

-- The verdicts of e2e-gate. document is the whole gate document without its
-- rounds (doc/gate-document.md); the columns are taken from it.
CREATE TABLE gate (
	id               BLOB PRIMARY KEY, -- 16 bytes
	service          TEXT,
	verdict          TEXT,             -- pass, block, inconclusive
	reason           TEXT,
	started_us       INTEGER,
	finished_us      INTEGER,
	stored_us        INTEGER NOT NULL,
	document         TEXT NOT NULL     -- JSON
) STRICT, WITHOUT ROWID;
CREATE INDEX gate_by_time ON gate (stored_us);

-- The rounds of a gate in order, each as the gate recorded it.
CREATE TABLE gate_round (
	gate_id          BLOB NOT NULL REFERENCES gate (id),
	sequence         INTEGER NOT NULL, -- from 1
	document         TEXT NOT NULL,    -- JSON
	PRIMARY KEY (gate_id, sequence)
) STRICT, WITHOUT ROWID;

-- Documents that came to the store and are no run events; kept to be seen,
-- the newest 1000.
CREATE TABLE rejected (
	id               INTEGER PRIMARY KEY,
	stored_us        INTEGER NOT NULL,
	reason           TEXT NOT NULL,
	document         TEXT NOT NULL
) STRICT;
