//! The tables. A step that has been released is never changed; a new one is added after it.

use database::Migrations;

/// The registry's tables.
pub(super) const MIGRATIONS: Migrations = Migrations {
    component: "registry",
    steps: &[STEP_1, STEP_2, STEP_3],
};

const STEP_1: &str = "
CREATE TABLE registry_head (
    one BIGINT PRIMARY KEY, epoch TEXT NOT NULL, sequence BIGINT NOT NULL, hash TEXT NOT NULL
);
CREATE TABLE registry_object (
    kind TEXT NOT NULL, id TEXT NOT NULL, organisation TEXT NOT NULL, parent TEXT NOT NULL, revision BIGINT NOT NULL,
    version BIGINT NOT NULL, removed BIGINT NOT NULL, created_at BIGINT NOT NULL, changed_at BIGINT NOT NULL,
    body TEXT NOT NULL, PRIMARY KEY (kind, id)
);
CREATE INDEX registry_object_version ON registry_object (version);
CREATE INDEX registry_object_organisation ON registry_object (kind, organisation, id);
CREATE INDEX registry_object_parent ON registry_object (kind, parent, id);
CREATE TABLE registry_party (
    kind TEXT NOT NULL, id TEXT NOT NULL, organisation TEXT NOT NULL, PRIMARY KEY (organisation, kind, id)
);
CREATE INDEX registry_party_object ON registry_party (kind, id);
CREATE TABLE registry_document (hash TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE registry_audit (
    sequence BIGINT PRIMARY KEY, at BIGINT NOT NULL, member TEXT NOT NULL, member_organisation TEXT NOT NULL,
    organisation TEXT NOT NULL, action TEXT NOT NULL, kind TEXT NOT NULL, object TEXT NOT NULL,
    before_change TEXT NOT NULL, after_change TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL
);
CREATE INDEX registry_audit_organisation ON registry_audit (organisation, sequence);
CREATE INDEX registry_audit_object ON registry_audit (kind, object, sequence);
CREATE TABLE registry_repeat (
    member TEXT NOT NULL, repeat_key TEXT NOT NULL, fingerprint TEXT NOT NULL, answer TEXT NOT NULL, at BIGINT NOT NULL,
    PRIMARY KEY (member, repeat_key)
);
CREATE INDEX registry_repeat_at ON registry_repeat (at);
CREATE TABLE registry_node (node TEXT PRIMARY KEY, version BIGINT NOT NULL, left_out BIGINT NOT NULL, seen_at BIGINT NOT NULL);
CREATE TABLE registry_credential_use (credential TEXT PRIMARY KEY, last_used_at BIGINT NOT NULL);
";

const STEP_2: &str = "
CREATE TABLE registry_usage (
    hour BIGINT NOT NULL, application TEXT NOT NULL, api TEXT NOT NULL, application_organisation TEXT NOT NULL,
    api_organisation TEXT NOT NULL, calls BIGINT NOT NULL, client_errors BIGINT NOT NULL, limited BIGINT NOT NULL,
    server_errors BIGINT NOT NULL, microseconds BIGINT NOT NULL, within_10 BIGINT NOT NULL, within_50 BIGINT NOT NULL,
    within_100 BIGINT NOT NULL, within_500 BIGINT NOT NULL, within_1000 BIGINT NOT NULL, within_5000 BIGINT NOT NULL,
    PRIMARY KEY (hour, api, application)
);
CREATE INDEX registry_usage_application ON registry_usage (application_organisation, hour);
CREATE INDEX registry_usage_api ON registry_usage (api_organisation, hour);
CREATE INDEX registry_usage_of ON registry_usage (api, application, hour);
";

const STEP_3: &str = "
CREATE TABLE registry_usage_day (
    day BIGINT NOT NULL, application TEXT NOT NULL, api TEXT NOT NULL, application_organisation TEXT NOT NULL,
    api_organisation TEXT NOT NULL, calls BIGINT NOT NULL, client_errors BIGINT NOT NULL, limited BIGINT NOT NULL,
    server_errors BIGINT NOT NULL, microseconds BIGINT NOT NULL, within_10 BIGINT NOT NULL, within_50 BIGINT NOT NULL,
    within_100 BIGINT NOT NULL, within_500 BIGINT NOT NULL, within_1000 BIGINT NOT NULL, within_5000 BIGINT NOT NULL,
    PRIMARY KEY (day, api, application)
);
CREATE INDEX registry_usage_day_application ON registry_usage_day (application_organisation, day);
CREATE INDEX registry_usage_day_api ON registry_usage_day (api_organisation, day);
CREATE INDEX registry_usage_day_of ON registry_usage_day (api, application, day);
INSERT INTO registry_usage_day
    (day, application, api, application_organisation, api_organisation, calls, client_errors, limited, server_errors,
    microseconds, within_10, within_50, within_100, within_500, within_1000, within_5000)
SELECT hour / 24, application, api, application_organisation, api_organisation, CAST(SUM(calls) AS BIGINT),
    CAST(SUM(client_errors) AS BIGINT), CAST(SUM(limited) AS BIGINT), CAST(SUM(server_errors) AS BIGINT),
    CAST(SUM(microseconds) AS BIGINT), CAST(SUM(within_10) AS BIGINT), CAST(SUM(within_50) AS BIGINT),
    CAST(SUM(within_100) AS BIGINT), CAST(SUM(within_500) AS BIGINT), CAST(SUM(within_1000) AS BIGINT),
    CAST(SUM(within_5000) AS BIGINT)
FROM registry_usage GROUP BY hour / 24, application, api, application_organisation, api_organisation;
";

/// Tables that a backup holds, each with its columns; `registry_head` comes last, so that a copy without it is seen to be
/// unfinished. Nodes are not in it: they are who they are now.
pub(super) const BACKED_UP: [(&str, &[(&str, Column)]); 9] = [
    (
        "registry_object",
        &[
            ("kind", Column::Text),
            ("id", Column::Text),
            ("organisation", Column::Text),
            ("parent", Column::Text),
            ("revision", Column::Integer),
            ("version", Column::Integer),
            ("removed", Column::Integer),
            ("created_at", Column::Integer),
            ("changed_at", Column::Integer),
            ("body", Column::Text),
        ],
    ),
    (
        "registry_party",
        &[
            ("kind", Column::Text),
            ("id", Column::Text),
            ("organisation", Column::Text),
        ],
    ),
    ("registry_document", &[("hash", Column::Text), ("body", Column::Text)]),
    (
        "registry_audit",
        &[
            ("sequence", Column::Integer),
            ("at", Column::Integer),
            ("member", Column::Text),
            ("member_organisation", Column::Text),
            ("organisation", Column::Text),
            ("action", Column::Text),
            ("kind", Column::Text),
            ("object", Column::Text),
            ("before_change", Column::Text),
            ("after_change", Column::Text),
            ("previous", Column::Text),
            ("hash", Column::Text),
        ],
    ),
    (
        "registry_repeat",
        &[
            ("member", Column::Text),
            ("repeat_key", Column::Text),
            ("fingerprint", Column::Text),
            ("answer", Column::Text),
            ("at", Column::Integer),
        ],
    ),
    (
        "registry_credential_use",
        &[("credential", Column::Text), ("last_used_at", Column::Integer)],
    ),
    ("registry_usage", &HOURS),
    ("registry_usage_day", &DAYS),
    (
        "registry_head",
        &[
            ("one", Column::Integer),
            ("epoch", Column::Text),
            ("sequence", Column::Integer),
            ("hash", Column::Text),
        ],
    ),
];

const HOURS: [(&str, Column); 16] = usage_by("hour");
const DAYS: [(&str, Column); 16] = usage_by("day");

/// What is counted, by the column that says when.
const fn usage_by(period: &'static str) -> [(&'static str, Column); 16] {
    [
        (period, Column::Integer),
        ("application", Column::Text),
        ("api", Column::Text),
        ("application_organisation", Column::Text),
        ("api_organisation", Column::Text),
        ("calls", Column::Integer),
        ("client_errors", Column::Integer),
        ("limited", Column::Integer),
        ("server_errors", Column::Integer),
        ("microseconds", Column::Integer),
        ("within_10", Column::Integer),
        ("within_50", Column::Integer),
        ("within_100", Column::Integer),
        ("within_500", Column::Integer),
        ("within_1000", Column::Integer),
        ("within_5000", Column::Integer),
    ]
}

/// Type of a column.
#[derive(Debug, Clone, Copy)]
pub(super) enum Column {
    Text,
    Integer,
}
