-- runs-YYYY-MM-DD.db, schema 1: the raw runs that were due on one UTC day.
--
-- The file stands alone: check_ref repeats the names of main.db's checks, so
-- plain sqlite3 on one file answers most questions. Start with the views
-- run_text and step. Expiry removes whole files.

-- One row per slot or manual run, in the order of arrival.
CREATE TABLE run (
	number           INTEGER PRIMARY KEY, -- order of arrival in this file
	check_id         INTEGER NOT NULL, -- main.db: checks.id
	due_us           INTEGER NOT NULL,
	trigger          INTEGER NOT NULL, -- 0 schedule 1 manual 2 gate 3 alert
	outcome          INTEGER NOT NULL, -- 0 passed 1 failed 2 unreachable
	                                   -- 3 unknown 4 invalid 5 lost
	                                   -- 6 skipped
	duration_us      INTEGER NOT NULL,
	id               BLOB NOT NULL,    -- 16 bytes, the run id
	trace            BLOB,             -- 16 bytes, W3C trace id
	started_us       INTEGER,          -- NULL: never started
	late_us          INTEGER,          -- started - due
	lag_us           INTEGER,          -- of the probe's own loop
	definition_id    INTEGER,          -- main.db: definition.id
	probe            TEXT,
	reason           TEXT,             -- one sentence, NULL when passed
	place_file       TEXT,             -- where in the flow
	place_line       INTEGER,
	place_column     INTEGER,
	steps            TEXT,             -- JSON array, see the view step
	evidence         TEXT              -- JSON object, when not passed; see store.md
) STRICT;

-- The runs and latencies of a check over time, without touching the rows.
CREATE INDEX run_by_check
	ON run (check_id, due_us, trigger, outcome, duration_us);
-- All checks together by time.
CREATE INDEX run_by_time
	ON run (due_us, check_id, outcome, trigger);
-- What did not pass: of one check, and of all.
CREATE INDEX run_not_passed
	ON run (check_id, due_us, outcome, trigger) WHERE outcome <> 0;
CREATE INDEX run_not_passed_by_time
	ON run (due_us, check_id, outcome, trigger) WHERE outcome <> 0;

-- One row per commit. heads: the first 4 bytes of the id of each run from
-- first_number on, in order. Ids are random, so an index of them would cost
-- as much as all the rest; a scan of the heads finds one in milliseconds.
CREATE TABLE batch (
	first_number     INTEGER PRIMARY KEY,
	stored_us        INTEGER NOT NULL,
	heads            BLOB NOT NULL
) STRICT;

-- The checks that ran on this day.
CREATE TABLE check_ref (
	id               INTEGER PRIMARY KEY,
	check_name       TEXT NOT NULL,
	service          TEXT NOT NULL,
	location         TEXT NOT NULL,
	environment      TEXT NOT NULL
) STRICT;

CREATE TABLE outcome (
	code             INTEGER PRIMARY KEY,
	name             TEXT NOT NULL
) STRICT;
INSERT INTO outcome VALUES (0, 'passed'), (1, 'failed'), (2, 'unreachable'),
	(3, 'unknown'), (4, 'invalid'), (5, 'lost'), (6, 'skipped');

-- Runs for people: names instead of numbers, ids in hex, times as text.
CREATE VIEW run_text AS
SELECT r.number, lower(hex(r.id)) AS id, c.check_name, c.service, c.location,
	c.environment, o.name AS outcome,
	strftime('%Y-%m-%dT%H:%M:%fZ', r.due_us / 1e6, 'unixepoch') AS due,
	r.late_us, r.duration_us, r.reason, r.place_file, r.place_line,
	CASE r.trigger WHEN 0 THEN 'schedule' WHEN 1 THEN 'manual'
	WHEN 2 THEN 'gate' WHEN 3 THEN 'alert' END AS trigger,
	r.probe, lower(hex(r.trace)) AS trace, r.steps, r.evidence
FROM run r JOIN check_ref c ON c.id = r.check_id
JOIN outcome o ON o.code = r.outcome;

-- One row per request sent, retries included. A phase that was not reached
-- or not needed is NULL.
CREATE VIEW step AS
SELECT r.number AS run_number, r.check_id, r.due_us, s.key + 1 AS position,
	json_extract(s.value, '$.entry') AS entry,
	json_extract(s.value, '$.line') AS line,
	json_extract(s.value, '$.attempt') AS attempt,
	json_extract(s.value, '$.method') AS method,
	json_extract(s.value, '$.url') AS url,
	json_extract(s.value, '$.status') AS status,
	json_extract(s.value, '$.ip') AS ip,
	json_extract(s.value, '$.outcome') AS outcome,
	json_extract(s.value, '$.start_us') AS start_us,
	json_extract(s.value, '$.dns_us') AS dns_us,
	json_extract(s.value, '$.connect_us') AS connect_us,
	json_extract(s.value, '$.tls_us') AS tls_us,
	json_extract(s.value, '$.wait_us') AS wait_us,
	json_extract(s.value, '$.transfer_us') AS transfer_us,
	json_extract(s.value, '$.total_us') AS total_us,
	json_extract(s.value, '$.sent_bytes') AS sent_bytes,
	json_extract(s.value, '$.received_bytes') AS received_bytes,
	json_extract(s.value, '$.failures') AS failures
FROM run r, json_each(r.steps) s;
