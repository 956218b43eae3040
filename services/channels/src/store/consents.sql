-- Who follows by an event stream, on whose behalf: only while the person lets them.
DROP TABLE channel_follower;
CREATE TABLE channel_follower (
    party       TEXT NOT NULL,
    application TEXT NOT NULL,
    until       BIGINT NOT NULL,
    PRIMARY KEY (party, application)
);
