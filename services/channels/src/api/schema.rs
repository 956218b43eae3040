//! What goes in and out.

use jiff::Timestamp;
use model::{Links, Meta};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::store::{Delivery, Event, State, Subscription};

/// Where webhooks are wanted.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "url": "https://bank.example/hooks/cases" }))]
pub(crate) struct NewSubscription {
    /// The endpoint: https, on the public internet. It is asked to prove that it wants events before any is sent.
    #[schema(format = "uri")]
    pub(crate) url: String,
}

/// A secret for checking signatures, shown once.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({ "secretId": "0197a1c2-7c1e-7000-8000-000000000002", "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" }))]
pub(crate) struct NewSecret {
    /// Its id, to remove it by.
    pub(crate) secret_id: String,
    /// The secret itself, for a library of Standard Webhooks.
    pub(crate) secret: String,
    /// The subscription and its secrets.
    #[serde(rename = "_links", default)]
    pub(crate) links: Links,
}

/// A subscription.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "subscriptionId": "0197a1c2-7c1e-7000-8000-000000000001", "url": "https://bank.example/hooks/cases", "state": "unverified",
    "secretIds": ["0197a1c2-7c1e-7000-8000-000000000002"], "createdAt": "2026-11-26T10:00:00Z",
    "_links": [{"href": "https://api.vagvisare.example/channels/v1/subscriptions/0197a1c2-7c1e-7000-8000-000000000001", "rel": "self", "method": "GET"}]
}))]
pub(crate) struct SubscriptionView {
    /// Its id.
    pub(crate) subscription_id: String,
    /// The endpoint.
    #[schema(format = "uri")]
    pub(crate) url: String,
    /// How it stands.
    pub(crate) state: State,
    /// Why, when it is not active.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) state_reason: Option<String>,
    /// The secrets that sign; several while one is being replaced.
    pub(crate) secret_ids: Vec<String>,
    /// A new subscription's first secret; never shown again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) secret: Option<String>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime, example = "2026-11-26T10:00:00Z")]
    pub(crate) created_at: Timestamp,
    /// The subscription itself and what belongs to it.
    #[serde(rename = "_links")]
    pub(crate) links: Links,
}

impl SubscriptionView {
    pub(crate) fn of(subscription: Subscription, base_url: &str) -> Self {
        let url = format!("{base_url}/subscriptions/{}", subscription.id);
        Self {
            links: Links::to_self(&url)
                .and("collection", format!("{base_url}/subscriptions"))
                .and("deliveries", format!("{url}/deliveries")),
            subscription_id: subscription.id,
            url: subscription.url,
            state: subscription.state,
            state_reason: subscription.state_reason,
            secret_ids: subscription.secrets.into_iter().map(|secret| secret.id).collect(),
            secret: None,
            created_at: subscription.created_at,
        }
    }
}

/// The application's subscriptions for the person.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"subscriptions": [{"subscriptionId": "0197a1c2-7c1e-7000-8000-000000000001", "url": "https://bank.example/hooks/cases", "state": "active", "secretIds": ["0197a1c2-7c1e-7000-8000-000000000002"], "createdAt": "2026-11-26T10:00:00Z", "_links": [{"href": "https://api.vagvisare.example/channels/v1/subscriptions/0197a1c2-7c1e-7000-8000-000000000001", "rel": "self", "method": "GET"}]}], "_links": [{"href": "https://api.vagvisare.example/channels/v1/subscriptions?page=1&limit=20", "rel": "self", "method": "GET"}], "_meta": {"totalRecords": 1, "page": 1, "offset": 0, "limit": 20, "count": 1}}))]
pub(crate) struct SubscriptionList {
    /// The subscriptions of this page, the oldest first.
    pub(crate) subscriptions: Vec<SubscriptionView>,
    /// This page and those around it.
    #[serde(rename = "_links")]
    pub(crate) links: Links,
    /// Which page of how many.
    #[serde(rename = "_meta")]
    pub(crate) meta: Meta,
}

/// Which page of a list.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// Vilken sida; den första är 1. Which page; the first is 1.
    #[param(default = 1, minimum = 1)]
    pub(crate) page: Option<u64>,
    /// Högst så många på en sida. At most so many on a page.
    #[param(default = 20, minimum = 1, maximum = 100)]
    pub(crate) limit: Option<u64>,
}

/// An event: that a case changed.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "eventId": "0197a1c2-7c1e-7000-8000-000000000003", "sequence": 42, "type": "se.vagvisare.case.updated.v1",
    "caseId": "0b7d2b8c-7a8c-5d0e-9a46-0a2c6f6f3b51", "sourceId": "skattekontoret", "changedAt": "2026-11-26T10:00:00Z"
}))]
pub(crate) struct EventView {
    /// Its id, also the `webhook-id` that it is delivered with.
    pub(crate) event_id: String,
    /// Its place among all events: what a replay or a stream goes on after.
    pub(crate) sequence: i64,
    /// `se.vagvisare.case.added.v1` or `se.vagvisare.case.updated.v1`.
    #[serde(rename = "type")]
    pub(crate) type_: String,
    /// The case; read it in Ärendestatus.
    pub(crate) case_id: String,
    /// Which source it is with.
    pub(crate) source_id: String,
    /// When the change was seen.
    #[schema(format = DateTime, example = "2026-11-26T10:00:00Z")]
    pub(crate) changed_at: String,
}

impl From<Event> for EventView {
    fn from(event: Event) -> Self {
        Self {
            type_: format!("se.vagvisare.case.{}.v1", event.kind),
            event_id: event.id,
            sequence: event.sequence,
            case_id: event.case_id,
            source_id: event.source_id,
            changed_at: event.changed_at,
        }
    }
}

/// What has changed in the person's cases.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"events": [{"eventId": "0197a1c2-7c1e-7000-8000-000000000003", "sequence": 42, "type": "se.vagvisare.case.updated.v1", "caseId": "0b7d2b8c-7a8c-5d0e-9a46-0a2c6f6f3b51", "sourceId": "skattekontoret", "changedAt": "2026-11-26T10:00:00Z"}], "_links": [{"href": "https://api.vagvisare.example/channels/v1/events?after=0&limit=20", "rel": "self", "method": "GET"}]}))]
pub(crate) struct EventPage {
    /// The events, oldest first.
    pub(crate) events: Vec<EventView>,
    /// Here and onwards.
    #[serde(rename = "_links")]
    pub(crate) links: Links,
}

/// What became of an event for a subscription.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeliveryView {
    /// The event.
    event: EventView,
    /// How it went.
    state: DeliveryState,
    /// How often it was tried.
    attempts: i64,
    /// What the endpoint last answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_status: Option<i64>,
    /// What went wrong the last time.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<String>,
    /// When it is tried next, while it is pending.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-11-26T10:05:00Z")]
    next_attempt_at: Option<Timestamp>,
}

/// How a delivery went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum DeliveryState {
    /// It is still to be made, or to be tried again.
    Pending,
    /// The endpoint took it.
    Delivered,
    /// It was tried for three days and put aside; a replay takes it up again.
    Dead,
}

impl DeliveryState {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }
}

impl From<Delivery> for DeliveryView {
    fn from(delivery: Delivery) -> Self {
        let state = match delivery.state.as_str() {
            "delivered" => DeliveryState::Delivered,
            "dead" => DeliveryState::Dead,
            _ => DeliveryState::Pending,
        };
        Self {
            event: delivery.event.into(),
            state,
            attempts: delivery.attempts,
            last_status: delivery.last_status,
            last_error: delivery.last_error,
            next_attempt_at: (state == DeliveryState::Pending)
                .then(|| Timestamp::from_microsecond(delivery.next_at).ok())
                .flatten(),
        }
    }
}

/// A subscription's deliveries.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"deliveries": [{"event": {"eventId": "0197a1c2-7c1e-7000-8000-000000000003", "sequence": 42, "type": "se.vagvisare.case.updated.v1", "caseId": "0b7d2b8c-7a8c-5d0e-9a46-0a2c6f6f3b51", "sourceId": "skattekontoret", "changedAt": "2026-11-26T10:00:00Z"}, "state": "delivered", "attempts": 1, "lastStatus": 200}], "_links": [{"href": "https://api.vagvisare.example/channels/v1/subscriptions/0197a1c2-7c1e-7000-8000-000000000001/deliveries?after=0&limit=20", "rel": "self", "method": "GET"}]}))]
pub(crate) struct DeliveryList {
    /// The deliveries, the oldest event first.
    pub(crate) deliveries: Vec<DeliveryView>,
    /// Here and onwards.
    #[serde(rename = "_links")]
    pub(crate) links: Links,
}

/// A place in the order of events, as callers name it; 0 is before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "i64")]
pub(crate) struct Place(pub(crate) i64);

impl TryFrom<i64> for Place {
    type Error = &'static str;

    fn try_from(number: i64) -> Result<Self, Self::Error> {
        match number {
            0.. => Ok(Self(number)),
            // The words after "expected" are what a caller is told.
            _ => Err("a place before the first, expected a whole number from 0"),
        }
    }
}

/// Which deliveries.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeliveryQuery {
    /// Bara de i detta läge; `dead` är de som har lagts åt sidan. Only those in this state; `dead` are those put aside.
    #[param(inline)]
    pub(crate) state: Option<DeliveryState>,
    /// Bara händelser efter denna. Only events after this one.
    #[param(value_type = Option<i64>, default = 0, minimum = 0)]
    pub(crate) after: Option<Place>,
    /// Högst så många. At most so many.
    #[param(default = 20, minimum = 1, maximum = 100)]
    pub(crate) limit: Option<u64>,
}

/// From where on.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventQuery {
    /// Bara händelser efter denna; 0 är från början. Only events after this one; 0 is from the beginning.
    #[param(value_type = Option<i64>, default = 0, minimum = 0)]
    pub(crate) after: Option<Place>,
    /// Högst så många. At most so many.
    #[param(default = 20, minimum = 1, maximum = 100)]
    pub(crate) limit: Option<u64>,
}

/// From where on events are to be delivered again.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "after": 41 }))]
pub(crate) struct NewReplay {
    /// Events after this one are delivered again. Without it none are, and what waits goes on.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 0)]
    pub(crate) after: Option<Place>,
}

/// What came of asking for a replay.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({ "eventCount": 3, "_links": [] }))]
pub(crate) struct Replay {
    /// How many events are delivered again.
    pub(crate) event_count: u64,
    /// What becomes of them.
    #[serde(rename = "_links")]
    pub(crate) links: Links,
}
