-- Which case is whose, and where to ask for it. No content of any case is ever stored here.
CREATE TABLE cases (
    case_id   TEXT NOT NULL,
    party     TEXT NOT NULL,
    source_id TEXT NOT NULL,
    reference TEXT NOT NULL,
    PRIMARY KEY (case_id, party)
) STRICT, WITHOUT ROWID;

-- Which source has anything to do with whom, so that only those are asked.
CREATE TABLE engagements (
    party      TEXT NOT NULL,
    source_id  TEXT NOT NULL,
    engaged    INTEGER NOT NULL CHECK (engaged IN (0, 1)),
    checked_at INTEGER NOT NULL,
    PRIMARY KEY (party, source_id)
) STRICT, WITHOUT ROWID;
