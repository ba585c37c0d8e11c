-- main.db, schema 3: the fleet's failure rate without reading every check.

-- The counts of rollup_minute of all checks together, kept as long.
CREATE TABLE fleet_minute (
	start_us         INTEGER PRIMARY KEY, -- of the minute
	passed           INTEGER NOT NULL,
	failed           INTEGER NOT NULL,
	unreachable      INTEGER NOT NULL,
	unknown          INTEGER NOT NULL,
	invalid          INTEGER NOT NULL,
	lost             INTEGER NOT NULL,
	skipped          INTEGER NOT NULL
) STRICT;

INSERT INTO fleet_minute
SELECT start_us, sum(passed), sum(failed), sum(unreachable), sum(unknown),
	sum(invalid), sum(lost), sum(skipped)
FROM rollup_minute GROUP BY start_us;
