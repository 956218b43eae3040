//! `[[agreements]]` and `[[limits]]`: who may call, and how often.

use ::document::Table;
use snapshot::{AgreementDraft, AgreementKind, Calendar, LimitDraft, LimitPer, OnStoreFailure};
use std::time::Duration;

const KINDS: [(&str, AgreementKind); 4] = [
    ("avtal", AgreementKind::Avtal),
    ("overenskommelse", AgreementKind::Overenskommelse),
    ("anslutningsavtal", AgreementKind::Anslutningsavtal),
    ("anvandarvillkor", AgreementKind::Anvandarvillkor),
];

const PER: [(&str, LimitPer); 5] = [
    ("application", LimitPer::Application),
    ("address", LimitPer::Address),
    ("api", LimitPer::Api),
    ("person", LimitPer::Person),
    ("agreement", LimitPer::Agreement),
];

const ON_STORE_FAILURE: [(&str, OnStoreFailure); 3] = [
    ("localShare", OnStoreFailure::LocalShare),
    ("allow", OnStoreFailure::Allow),
    ("deny", OnStoreFailure::Deny),
];

const CALENDAR: [(&str, Calendar); 2] = [("day", Calendar::Day), ("month", Calendar::Month)];

const ON_LEDGER_FAILURE: [(&str, OnStoreFailure); 2] =
    [("allow", OnStoreFailure::Allow), ("deny", OnStoreFailure::Deny)];

/// Reads one agreement.
pub(super) fn agreement(table: &Table<'_>) -> AgreementDraft {
    AgreementDraft {
        id: table.required_string("id"),
        // The kind with the fewest rights stands in for one that cannot be read.
        kind: table
            .required_one_of("kind", &KINDS)
            .unwrap_or(AgreementKind::Anslutningsavtal),
        purpose: table.required_string("purpose"),
        producers: table.required_strings("producers"),
        consumers: table.required_strings("consumers"),
        suppliers: table.strings("suppliers"),
        suspended: false,
        applications: table.strings("applications"),
        apis: table.required_strings("apis"),
        scopes: table.strings("scopes"),
        limits: table.strings("limits"),
        valid_from: table.required_timestamp("valid_from").unwrap_or(i64::MIN),
        valid_to: table.optional_timestamp("valid_to"),
    }
}

/// Reads one limit; its name is its id unless given.
pub(super) fn limit(table: &Table<'_>) -> LimitDraft {
    let id = table.required_string("id");
    let calendar = table.optional_one_of("calendar", &CALENDAR);
    LimitDraft {
        name: table.optional_string("name").unwrap_or_else(|| id.clone()),
        id,
        per: table.required_one_of("per", &PER).unwrap_or(LimitPer::Application),
        // No burst is larger than this, so an unreadable quota gives no second problem.
        quota: table.required_u32("quota").unwrap_or(u32::MAX),
        window: window(table, calendar).unwrap_or(Duration::from_secs(1)),
        burst: table.optional_u32("burst"),
        shared: match calendar {
            Some(_) => Some(on_ledger_failure(table)),
            None => shared(table),
        },
        calendar,
    }
}

/// A rate has a window; a quota by the calendar has its period.
fn window(table: &Table<'_>, calendar: Option<Calendar>) -> Option<Duration> {
    let Some(period) = calendar else {
        return table.required_duration("window");
    };
    if table.has("window") {
        table.report(
            "window",
            "is the calendar's own here; leave it out, or leave calendar out",
        );
    }
    Some(period.longest())
}

/// What becomes of a quota while the ledger cannot be asked.
fn on_ledger_failure(table: &Table<'_>) -> OnStoreFailure {
    if table.has("shared") {
        table.report("shared", "is always so of a calendar quota; leave it out");
    }
    table
        .optional_one_of("on_store_failure", &ON_LEDGER_FAILURE)
        .unwrap_or(OnStoreFailure::Deny)
}

/// `shared` and `on_store_failure`; the second says nothing without the first.
fn shared(table: &Table<'_>) -> Option<OnStoreFailure> {
    let on_failure = table.optional_one_of("on_store_failure", &ON_STORE_FAILURE);
    if table.boolean("shared", false) {
        return Some(on_failure.unwrap_or_default());
    }
    if on_failure.is_some() {
        table.report(
            "on_store_failure",
            "is of use to a shared limit only; set shared = true",
        );
    }
    None
}
