-- What each case was the last time, as a digest that says nothing, to tell when it is another.
ALTER TABLE cases ADD COLUMN revision TEXT NOT NULL DEFAULT '';

-- That cases changed, for those who tell others about it. No content.
CREATE TABLE changes (
    sequence   INTEGER PRIMARY KEY AUTOINCREMENT,
    party      TEXT NOT NULL,
    case_id    TEXT NOT NULL,
    source_id  TEXT NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('added', 'updated')),
    revision   TEXT NOT NULL,
    changed_at TEXT NOT NULL
) STRICT;

-- Events that sources have pushed, so that one that comes twice counts once.
CREATE TABLE pushed_events (
    source_id   TEXT NOT NULL,
    event_id    TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (source_id, event_id)
) STRICT, WITHOUT ROWID;

-- How far each case of such a source has come, and the case itself where the source is never asked: its choice, said
-- when it registers. Nothing here names a person but by the opaque id.
CREATE TABLE pushed_cases (
    source_id   TEXT NOT NULL,
    reference   TEXT NOT NULL,
    party       TEXT NOT NULL,
    sequence    TEXT NOT NULL,
    content     TEXT,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (source_id, reference)
) STRICT, WITHOUT ROWID;

CREATE INDEX pushed_cases_of_a_party ON pushed_cases (source_id, party);
