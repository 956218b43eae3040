//! Limit plans: how often an API may be called.

use super::{Kind, Object};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One window of a limit: `quota` calls in `windowSeconds`, at most `burst` at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LimitPlan {
    /// Stable id; made by the registry unless given.
    #[serde(default)]
    pub limit_plan_id: String,
    /// The organisation; the caller's own unless given.
    #[serde(default)]
    pub organisation_id: String,
    /// Name that callers see in `RateLimit-Policy`: visible ASCII.
    pub name: String,
    /// What is counted.
    pub per: LimitPer,
    /// Calls in a window.
    #[schema(minimum = 1)]
    pub quota: u32,
    /// Length of the window.
    #[schema(minimum = 1, maximum = 2678400)]
    pub window_seconds: u64,
    /// Calls at once; the quota unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub burst: Option<u32>,
    /// Whether all nodes count together.
    #[serde(default)]
    pub shared: bool,
    /// What becomes of a shared limit while the nodes' store is away; `localShare` unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_store_failure: Option<OnStoreFailure>,
    /// A quota of each day or month of the calendar (UTC) rather than a rate: never more, over all nodes and restarts. Then
    /// `windowSeconds` is 86400 or 2678400, `shared` is true, there is no `burst`, and `onStoreFailure` is `deny` unless it is
    /// `allow`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<CalendarPeriod>,
}

/// A period of the calendar, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum CalendarPeriod {
    /// From midnight to midnight.
    Day,
    /// From the first of a month to the first of the next.
    Month,
}

/// What a limit counts by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum LimitPer {
    /// Each application.
    Application,
    /// Each caller's network address.
    Address,
    /// All calls of the API together.
    Api,
    /// Each person that calls are made for, over all applications.
    Person,
    /// All calls under one agreement.
    Agreement,
}

/// What becomes of a shared limit while its store cannot be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum OnStoreFailure {
    /// Each node admits its share.
    LocalShare,
    /// Every call passes.
    Allow,
    /// No call passes.
    Deny,
}

impl Object for LimitPlan {
    const KIND: Kind = Kind::LimitPlan;

    fn id(&self) -> &str {
        &self.limit_plan_id
    }

    fn organisation(&self) -> &str {
        &self.organisation_id
    }
}
