//! Moments: RFC 3339 in UTC on the wire (DOT.01), microseconds since 1970 in the store.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A moment, to the microsecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, format = DateTime, example = "2026-01-31T12:00:00Z")]
pub struct Moment(Timestamp);

impl Moment {
    /// Now.
    pub fn now() -> Self {
        Self::from_microseconds(Timestamp::now().as_microsecond())
    }

    /// From the store's number; one outside of what can be written becomes 1970.
    pub fn from_microseconds(microseconds: i64) -> Self {
        Self(Timestamp::from_microsecond(microseconds).unwrap_or_default())
    }

    /// From whole seconds since 1970.
    pub fn from_seconds(seconds: i64) -> Self {
        Self(Timestamp::from_second(seconds).unwrap_or_default())
    }

    /// Microseconds since 1970.
    pub fn microseconds(self) -> i64 {
        self.0.as_microsecond()
    }

    /// Whole seconds since 1970.
    pub fn seconds(self) -> i64 {
        self.0.as_second()
    }
}

impl std::fmt::Display for Moment {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(formatter)
    }
}
