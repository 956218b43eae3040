-- Organisations and needs as JSON documents. They are loaded from the program's data files when those are newer.
CREATE TABLE organisation (
    id TEXT PRIMARY KEY,
    position INTEGER NOT NULL,
    document TEXT NOT NULL
) STRICT;
CREATE TABLE need (
    id TEXT PRIMARY KEY,
    position INTEGER NOT NULL,
    document TEXT NOT NULL
) STRICT;
-- Which version of the data files is loaded; one row.
CREATE TABLE loaded (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    version TEXT NOT NULL
) STRICT;
