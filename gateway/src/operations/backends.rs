//! What the operations listener says of backends: breakers, addresses, and how often anything changed.

use edge::upstream::fleet::Report;
use serde_json::{Value, json};
use telemetry::prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use telemetry::prometheus_client::metrics::MetricType;
use telemetry::prometheus_client::metrics::counter::ConstCounter;
use telemetry::prometheus_client::metrics::gauge::ConstGauge;

/// For `/status`.
pub(super) fn status(reports: &[Report]) -> Value {
    reports.iter().map(backend).collect()
}

fn backend(report: &Report) -> Value {
    let changes: serde_json::Map<String, Value> = report
        .events
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| ((*name).to_owned(), json!(count)))
        .collect();
    json!({
        "id": &*report.backend,
        "breaker": report.breaker.name(),
        "callsInWindow": { "well": report.well, "failed": report.failed },
        "inFlight": report.in_flight,
        "waiting": report.waiting,
        "addresses": report.addresses.iter().map(|address| json!({
            "address": address.address,
            "healthy": address.healthy,
            "ejectedForSeconds": address.ejected_for.map(|left| left.as_secs_f32()),
            "inFlight": address.in_flight,
        })).collect::<Vec<_>>(),
        "events": changes,
    })
}

/// For Prometheus.
pub(super) fn encode(encoder: &mut DescriptorEncoder<'_>, reports: &[Report]) -> Result<(), std::fmt::Error> {
    let mut family = encoder.encode_descriptor(
        "backend_breaker_open",
        "1 while calls to the backend are paused, and while a few are let through to see how it is",
        None,
        MetricType::Gauge,
    )?;
    for report in reports {
        let open = i64::from(report.breaker != edge::upstream::fleet::Position::Closed);
        ConstGauge::new(open).encode(family.encode_family(&[("backend", &*report.backend)])?)?;
    }
    let mut family = encoder.encode_descriptor(
        "backend_addresses_available",
        "Addresses of the backend that are neither ejected nor unhealthy",
        None,
        MetricType::Gauge,
    )?;
    for report in reports {
        let available = report
            .addresses
            .iter()
            .filter(|address| address.healthy && address.ejected_for.is_none())
            .count();
        let available = i64::try_from(available).unwrap_or(i64::MAX);
        ConstGauge::new(available).encode(family.encode_family(&[("backend", &*report.backend)])?)?;
    }
    let mut family = encoder.encode_descriptor(
        "backend_events",
        "Changes of a backend's breaker and addresses, calls sent again, calls refused",
        None,
        MetricType::Counter,
    )?;
    for report in reports {
        for (event, count) in report.events.iter().filter(|(_, count)| *count > 0) {
            let labels = [("backend", &*report.backend), ("event", *event)];
            ConstCounter::new(*count).encode(family.encode_family(&labels)?)?;
        }
    }
    Ok(())
}
