//! The tables of people.

use database::Migrations;

/// The tables of people.
pub const MIGRATIONS: Migrations = Migrations {
    component: "people",
    steps: &[
        "CREATE TABLE people_sealed (
            kind TEXT NOT NULL, id TEXT NOT NULL, lookup TEXT NOT NULL UNIQUE, key_id TEXT NOT NULL, sealed {blob} NOT NULL,
            PRIMARY KEY (kind, id));
        CREATE INDEX people_sealed_key ON people_sealed (key_id);
        CREATE TABLE people_consent (
            id TEXT PRIMARY KEY, person TEXT NOT NULL, acts_for TEXT NOT NULL, relation TEXT NOT NULL,
            application TEXT NOT NULL, organisation TEXT NOT NULL, agreement TEXT NOT NULL, purpose TEXT NOT NULL,
            assurance TEXT NOT NULL, given_at BIGINT NOT NULL, ends_at BIGINT NOT NULL, withdrawn_at BIGINT);
        CREATE INDEX people_consent_person ON people_consent (person, given_at);
        CREATE TABLE people_consent_item (
            consent TEXT NOT NULL, place BIGINT NOT NULL, api TEXT NOT NULL, agency TEXT NOT NULL, scope TEXT NOT NULL,
            PRIMARY KEY (consent, place));
        CREATE TABLE people_token (
            id TEXT PRIMARY KEY, consent TEXT NOT NULL, ends_at BIGINT NOT NULL);
        CREATE INDEX people_token_consent ON people_token (consent);
        CREATE INDEX people_token_ends ON people_token (ends_at);
        CREATE TABLE people_reading (
            id TEXT PRIMARY KEY, person TEXT NOT NULL, at BIGINT NOT NULL, application TEXT NOT NULL,
            organisation TEXT NOT NULL, api TEXT NOT NULL, consent TEXT NOT NULL, trace TEXT NOT NULL);
        CREATE INDEX people_reading_person ON people_reading (person, at);
        CREATE TABLE people_word (
            hash TEXT PRIMARY KEY, kind TEXT NOT NULL, content TEXT NOT NULL, ends_at BIGINT NOT NULL);
        CREATE INDEX people_word_ends ON people_word (ends_at)",
        "ALTER TABLE people_reading ADD COLUMN operation TEXT NOT NULL DEFAULT ''",
        "CREATE TABLE people_refresh (
            hash TEXT PRIMARY KEY, family TEXT NOT NULL, consent TEXT NOT NULL, content TEXT NOT NULL,
            issued_at BIGINT NOT NULL, ends_at BIGINT NOT NULL, used_at BIGINT);
        CREATE INDEX people_refresh_family ON people_refresh (family);
        CREATE INDEX people_refresh_ends ON people_refresh (ends_at);
        ALTER TABLE people_token ADD COLUMN family TEXT NOT NULL DEFAULT '';
        CREATE INDEX people_token_family ON people_token (family)",
        "CREATE INDEX people_consent_acts_for ON people_consent (acts_for, given_at);
        ALTER TABLE people_reading ADD COLUMN subject TEXT NOT NULL DEFAULT '';
        CREATE INDEX people_reading_subject ON people_reading (subject, at)",
    ],
};
