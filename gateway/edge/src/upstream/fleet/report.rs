//! What is said about backends: a log line and a count for every change, and how they are just now.

use super::breaker::Position;
use super::window::Counts;
use super::{Standing, clock};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A change, or a retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    Opened,
    HalfOpened,
    Closed,
    Ejected,
    Returned,
    Unhealthy,
    Healthy,
    Retried,
    RetryRefused,
    Paused,
    Busy,
}

impl Event {
    const ALL: [Self; 11] = [
        Self::Opened,
        Self::HalfOpened,
        Self::Closed,
        Self::Ejected,
        Self::Returned,
        Self::Unhealthy,
        Self::Healthy,
        Self::Retried,
        Self::RetryRefused,
        Self::Paused,
        Self::Busy,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Opened => "breaker_opened",
            Self::HalfOpened => "breaker_half_opened",
            Self::Closed => "breaker_closed",
            Self::Ejected => "address_ejected",
            Self::Returned => "address_returned",
            Self::Unhealthy => "address_unhealthy",
            Self::Healthy => "address_healthy",
            Self::Retried => "retried",
            Self::RetryRefused => "retry_refused",
            Self::Paused => "call_refused_paused",
            Self::Busy => "call_refused_busy",
        }
    }
}

/// How often each event was.
#[derive(Debug, Default)]
pub(super) struct Events([AtomicU64; Event::ALL.len()]);

/// How a backend is.
#[derive(Debug, Clone)]
pub struct Report {
    /// Its id.
    pub backend: Arc<str>,
    /// Its breaker.
    pub breaker: Position,
    /// Calls within the breaker's window that went well, and that failed.
    pub well: u64,
    /// See `well`.
    pub failed: u64,
    /// Calls in flight; counted only where something depends on it.
    pub in_flight: u32,
    /// Calls that wait for a place.
    pub waiting: u32,
    /// Its addresses, in their order.
    pub addresses: Vec<AddressReport>,
    /// How often each kind of event was, by name.
    pub events: Vec<(&'static str, u64)>,
}

/// How an address is.
#[derive(Debug, Clone)]
pub struct AddressReport {
    /// `host:port`.
    pub address: String,
    /// What the health check said last; true where there is none.
    pub healthy: bool,
    /// How long it is still passed over.
    pub ejected_for: Option<Duration>,
    /// Calls in flight; counted only where there are several addresses.
    pub in_flight: u32,
}

impl Standing {
    /// Logs and counts.
    pub(super) fn tell(&self, event: Event, address: Option<usize>) {
        if let Some(count) = self.kept.events.0.get(event as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        let backend = &*self.id;
        let address = address.and_then(|index| self.addresses.get(index));
        let address = address.map_or_else(String::new, |address| {
            format!("{}:{}", address.is.host, address.is.port)
        });
        match event {
            Event::Opened => tracing::warn!(backend, "calls to the backend are paused: too many failed"),
            Event::HalfOpened => tracing::info!(backend, "a few calls to the backend are let through to see how it is"),
            Event::Closed => tracing::info!(backend, "the backend answers again: calls are no longer paused"),
            Event::Ejected => tracing::warn!(backend, address, "the address is passed over: calls to it fail"),
            Event::Returned => tracing::info!(backend, address, "the address is used again"),
            Event::Unhealthy => tracing::warn!(backend, address, "the address is passed over: its health check fails"),
            Event::Healthy => tracing::info!(backend, address, "the address is well again, says its health check"),
            // Many, and each is in the record of its call.
            Event::Retried | Event::RetryRefused | Event::Paused | Event::Busy => {}
        }
    }

    pub(super) fn report(&self, now: u64) -> Report {
        let Counts { well, failed } = self.kept.window.counts(now);
        let address = |address: &Arc<super::address::Address>| AddressReport {
            address: format!("{}:{}", address.is.host, address.is.port),
            healthy: address.is_healthy(),
            ejected_for: address
                .ejected_until(now)
                .map(|until| Duration::from_millis(until - now)),
            in_flight: address.in_flight(),
        };
        Report {
            backend: Arc::clone(&self.id),
            breaker: self.kept.breaker.load().position(),
            well,
            failed,
            in_flight: self.kept.in_flight.load(Ordering::Relaxed),
            waiting: self
                .places
                .as_ref()
                .map_or(0, |places| places.waiting.load(Ordering::Relaxed)),
            addresses: self.addresses.iter().map(address).collect(),
            events: Event::ALL
                .into_iter()
                .zip(&self.kept.events.0)
                .map(|(event, count)| (event.name(), count.load(Ordering::Relaxed)))
                .collect(),
        }
    }

    /// How it is now.
    pub fn report_now(&self) -> Report {
        self.report(clock::now())
    }
}
