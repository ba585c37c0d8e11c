-- main.db, schema 2: gates that go on, and notes.

-- What a gate judged: the hash of candidate, baseline and definitions. A
-- later gate of the same identity continues the evidence of the newest one.
ALTER TABLE gate ADD COLUMN identity TEXT;
CREATE INDEX gate_by_identity ON gate (identity, stored_us);

-- What was noted about services and gates (doc/gate-document.md): deploy
-- markers, overrides of verdicts, rounds of the baseline against itself.
CREATE TABLE note (
	id               BLOB PRIMARY KEY, -- 16 bytes
	kind             TEXT NOT NULL,    -- mark, override, aa
	service          TEXT,             -- NULL: of several
	at_us            INTEGER NOT NULL, -- when it happened
	stored_us        INTEGER NOT NULL,
	document         TEXT NOT NULL     -- JSON
) STRICT, WITHOUT ROWID;
CREATE INDEX note_by_kind ON note (kind, at_us);
