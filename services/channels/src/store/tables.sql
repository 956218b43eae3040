-- How far the changes of case status have been read.
CREATE TABLE channel_feed (
    name     TEXT PRIMARY KEY,
    position BIGINT NOT NULL
);

CREATE TABLE channel_subscription (
    id                   TEXT PRIMARY KEY,
    application          TEXT NOT NULL,
    party                TEXT NOT NULL,
    url                  TEXT NOT NULL,
    state                TEXT NOT NULL,
    state_reason         TEXT,
    secrets              TEXT NOT NULL,
    challenge            TEXT NOT NULL,
    created_at           BIGINT NOT NULL,
    -- Of the verification, while that is what is waited for.
    attempts             BIGINT NOT NULL,
    next_at              BIGINT NOT NULL,
    claimed_until        BIGINT NOT NULL,
    failures_in_a_row    BIGINT NOT NULL
);
CREATE INDEX channel_subscription_party ON channel_subscription (party);

-- That something changed; never what.
CREATE TABLE channel_event (
    sequence   BIGINT PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    party      TEXT NOT NULL,
    case_id    TEXT NOT NULL,
    source_id  TEXT NOT NULL,
    kind       TEXT NOT NULL,
    changed_at TEXT NOT NULL,
    noted_at   BIGINT NOT NULL
);
CREATE INDEX channel_event_party ON channel_event (party, sequence);

CREATE TABLE channel_delivery (
    subscription  TEXT NOT NULL REFERENCES channel_subscription (id) ON DELETE CASCADE,
    event         BIGINT NOT NULL,
    case_id       TEXT NOT NULL,
    state         TEXT NOT NULL,
    attempts      BIGINT NOT NULL,
    next_at       BIGINT NOT NULL,
    claimed_until BIGINT NOT NULL,
    last_status   BIGINT,
    last_error    TEXT,
    ended_at      BIGINT,
    PRIMARY KEY (subscription, event)
);
CREATE INDEX channel_delivery_due ON channel_delivery (state, next_at);

-- People that somebody follows by an event stream, until when.
CREATE TABLE channel_follower (
    party TEXT PRIMARY KEY,
    until BIGINT NOT NULL
);
