//! How calls are carried: `[backends.breaker]`, `[backends.ejection]`, `[backends.health]`, `[apis.retry]`.
//!
//! A policy that is on by itself is turned off with `enabled = false`; one that is off is turned on by its table.

use ::document::Table;
use snapshot::{
    ApiTraffic, BackendTraffic, Breaker, Cache, Canary, Ejection, HealthCheck, Idempotency, Maintenance, Mirror, Retry,
    RetryMethods, Validate,
};
use std::num::NonZeroU32;
use std::time::Duration;

const RETRY_METHODS: [(&str, RetryMethods); 2] =
    [("safe", RetryMethods::Safe), ("idempotent", RetryMethods::Idempotent)];

/// Reads a backend's.
pub(super) fn backend(table: &Table<'_>) -> BackendTraffic {
    let otherwise = BackendTraffic::default();
    BackendTraffic {
        weights: table.integers("weights", 0, 1000).into_iter().map(small).collect(),
        max_concurrent: table
            .integer("max_concurrent", 1, u32::MAX.into())
            .and_then(|most| NonZeroU32::new(small(most))),
        max_pending: table.optional_u32("max_pending").unwrap_or(otherwise.max_pending),
        slow_start: table.duration("slow_start", otherwise.slow_start),
        breaker: breaker(&table.table("breaker")),
        ejection: ejection(&table.table("ejection")),
        health: health(&table.table("health")),
    }
}

/// Reads an API's.
pub(super) fn api(table: &Table<'_>) -> ApiTraffic {
    ApiTraffic {
        retry: retry(&table.table("retry")),
        idempotency: idempotency(&table.table("idempotency")),
        cache: cache(&table.table("cache")),
        validate: validate(&table.table("validate")),
        maintenance: maintenance(&table.table("maintenance")),
        canary: canary(&table.table("canary")),
        mirror: mirror(&table.table("mirror")),
        mock_answers: table.has("mock_answers").then(|| table.boolean("mock_answers", false)),
    }
}

fn validate(table: &Table<'_>) -> Option<Validate> {
    table.is_present().then(|| Validate {
        requests: table.boolean("requests", true),
        responses: table.boolean("responses", false),
        max_body_bytes: table.optional_u32("max_body_bytes").unwrap_or(1 << 20),
    })
}

fn maintenance(table: &Table<'_>) -> Option<Maintenance> {
    table.is_present().then(|| Maintenance {
        message: table.required_string("message"),
        message_en: table.optional_string("message_en"),
        retry_after: table.duration("retry_after", Duration::from_secs(600)),
    })
}

fn canary(table: &Table<'_>) -> Option<Canary> {
    table.is_present().then(|| Canary {
        backend: table.required_string("backend"),
        percent: table.integer("percent", 0, 100).map_or(0, tiny),
        header: table.optional_string("header"),
        applications: table.strings("applications"),
    })
}

fn mirror(table: &Table<'_>) -> Option<Mirror> {
    table.is_present().then(|| Mirror {
        backend: table.required_string("backend"),
        percent: percent(table, "percent", 100),
    })
}

fn idempotency(table: &Table<'_>) -> Option<Idempotency> {
    let otherwise = Idempotency::default();
    let idempotency = Idempotency {
        keep_for: table.duration("keep_for", otherwise.keep_for),
        required: table.boolean("required", otherwise.required),
        max_body_bytes: table.optional_u32("max_body_bytes").unwrap_or(otherwise.max_body_bytes),
        max_answer_bytes: table
            .optional_u32("max_answer_bytes")
            .unwrap_or(otherwise.max_answer_bytes),
    };
    (table.is_present() && table.boolean("enabled", true)).then_some(idempotency)
}

fn cache(table: &Table<'_>) -> Option<Cache> {
    let otherwise = Cache::default();
    let cache = Cache {
        max_entry_bytes: table
            .optional_u32("max_entry_bytes")
            .unwrap_or(otherwise.max_entry_bytes),
    };
    (table.is_present() && table.boolean("enabled", true)).then_some(cache)
}

fn breaker(table: &Table<'_>) -> Option<Breaker> {
    let otherwise = Breaker::default();
    let breaker = Breaker {
        failure_percent: percent(table, "failure_percent", otherwise.failure_percent),
        window: table.duration("window", otherwise.window),
        min_calls: table.optional_u32("min_calls").unwrap_or(otherwise.min_calls),
        open_for: table.duration("open_for", otherwise.open_for),
        probes: table.integer("probes", 1, 60).map_or(otherwise.probes, tiny),
    };
    (table.is_present() && table.boolean("enabled", true)).then_some(breaker)
}

fn ejection(table: &Table<'_>) -> Option<Ejection> {
    let otherwise = Ejection::default();
    let ejection = Ejection {
        failures: table.optional_u32("failures").unwrap_or(otherwise.failures),
        eject_for: table.duration("eject_for", otherwise.eject_for),
        max_percent: percent(table, "max_percent", otherwise.max_percent),
    };
    table.boolean("enabled", true).then_some(ejection)
}

fn health(table: &Table<'_>) -> Option<HealthCheck> {
    let otherwise = HealthCheck::default();
    let check = HealthCheck {
        path: table.optional_string("path").unwrap_or(otherwise.path),
        interval: table.duration("interval", otherwise.interval),
        timeout: table.duration("timeout", otherwise.timeout),
        unhealthy_after: table
            .optional_u32("unhealthy_after")
            .unwrap_or(otherwise.unhealthy_after),
        healthy_after: table.optional_u32("healthy_after").unwrap_or(otherwise.healthy_after),
    };
    (table.is_present() && table.boolean("enabled", true)).then_some(check)
}

fn retry(table: &Table<'_>) -> Option<Retry> {
    let otherwise = Retry::default();
    let retry = Retry {
        methods: table.one_of("methods", &RETRY_METHODS, otherwise.methods),
        attempts: table.integer("attempts", 1, 5).map_or(otherwise.attempts, tiny),
        statuses: table
            .integers("statuses", 500, 599)
            .into_iter()
            .map(|status| u16::try_from(status).unwrap_or(500))
            .collect(),
        try_timeout: table
            .has("try_timeout")
            .then(|| table.duration("try_timeout", Duration::from_secs(1))),
        budget_percent: percent(table, "budget_percent", otherwise.budget_percent),
        max_replay_bytes: table
            .optional_u32("max_replay_bytes")
            .unwrap_or(otherwise.max_replay_bytes),
    };
    (table.is_present() && table.boolean("enabled", true)).then_some(retry)
}

fn percent(table: &Table<'_>, key: &'static str, otherwise: u8) -> u8 {
    table.integer(key, 1, 100).map_or(otherwise, tiny)
}

fn small(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn tiny(number: u64) -> u8 {
    u8::try_from(number).unwrap_or(u8::MAX)
}
