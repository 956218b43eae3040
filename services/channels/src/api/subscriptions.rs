//! Subscriptions: made, looked at, given new secrets, played again, ended.

use std::sync::Arc;

use axum::extract::State as From;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::{Links, Problem, ProblemKind};
use service_host::{Caller, Json, Path, Query, Refusal, page};
use uuid::Uuid;

use super::schema::{
    DeliveryList, DeliveryQuery, NewReplay, NewSecret, NewSubscription, PageQuery, Place, Replay, SubscriptionList,
    SubscriptionView,
};
use super::{NoQuery, owner, unavailable};
use crate::sign::Secret;
use crate::start::Channels;
use crate::store::{State, Subscription};

/// The most subscriptions that an application may have for one person.
const MOST: usize = 10;

/// The most secrets of one subscription.
const MOST_SECRETS: usize = 3;

/// List subscriptions
///
/// Applikationens prenumerationer för personen. The application's subscriptions for the person.
#[utoipa::path(
    get, path = "/subscriptions", operation_id = "listSubscriptions", tag = "subscriptions", params(PageQuery),
    responses((status = 200, description = "Prenumerationerna. The subscriptions.", body = SubscriptionList))
)]
pub(crate) async fn list_subscriptions(
    From(channels): From<Arc<Channels>>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<Json<SubscriptionList>, Refusal> {
    let page = page(query.page, query.limit, 100)?;
    let all = channels
        .store
        .all(owner(&caller)?)
        .await
        .map_err(|error| unavailable(&error))?;
    let (subscriptions, meta) = page.cut(all);
    let links = page.links(&format!("{}/subscriptions", caller.base_url), "", meta.total_records);
    Ok(Json(SubscriptionList {
        subscriptions: subscriptions
            .into_iter()
            .map(|one| SubscriptionView::of(one, &caller.base_url))
            .collect(),
        links,
        meta,
    }))
}

/// Subscribe
///
/// Skapar en prenumeration. Slutpunkten får först en verifiering: den ska svara 2xx med JSON som innehåller samma
/// `challenge`. Hemligheten visas bara i detta svar.
/// Makes a subscription. The endpoint first gets a verification: it must answer 2xx with JSON that holds the same
/// `challenge`. The secret is shown in this answer only.
#[utoipa::path(
    post, path = "/subscriptions", operation_id = "createSubscription", tag = "subscriptions",
    request_body = NewSubscription,
    responses(
        (status = 201, description = "Prenumerationen. The subscription.", body = SubscriptionView,
            headers(("Location" = String, description = "Prenumerationens adress. The subscription's address."))),
        (status = 422, description = "Slutpunkten duger inte. The endpoint will not do.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn create_subscription(
    From(channels): From<Arc<Channels>>,
    caller: Caller,
    Query(NoQuery {}): Query<NoQuery>,
    Json(new): Json<NewSubscription>,
) -> Result<Response, Refusal> {
    let owner = owner(&caller)?;
    if new.url.len() > 2000 {
        return Err(wrong("url", "must be at most 2000 characters"));
    }
    channels.sender.check(&new.url).map_err(|why| wrong("url", why))?;
    let others = channels.store.all(owner).await.map_err(|error| unavailable(&error))?;
    if others.len() >= MOST {
        return Err(wrong(
            "url",
            "is one too many: end another of the person's subscriptions first",
        ));
    }
    let now = channels.config.clock.now();
    let (secret, text) = secret(&channels, now)?;
    let subscription = Subscription {
        id: Uuid::now_v7().to_string(),
        party: owner.party.to_owned(),
        application: owner.application.to_owned(),
        url: new.url,
        state: State::Unverified,
        state_reason: None,
        secrets: vec![secret],
        challenge: Uuid::new_v4().to_string(),
        created_at: now,
        attempts: 0,
    };
    channels
        .store
        .add(&subscription)
        .await
        .map_err(|error| unavailable(&error))?;
    // What the cases are now is what changes are told from. When this fails the first look comes a little later.
    if let Err(error) = channels.feed.look_at(owner.party).await {
        tracing::warn!(%error, "cases cannot be looked at");
    }
    let mut view = SubscriptionView::of(subscription, &caller.base_url);
    view.secret = Some(text);
    let location = format!("{}/subscriptions/{}", caller.base_url, view.subscription_id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(view)).into_response())
}

/// Get one subscription
///
/// En prenumeration och hur den står till. A subscription and how it stands.
#[utoipa::path(
    get, path = "/subscriptions/{subscriptionId}", operation_id = "getSubscription", tag = "subscriptions",
    params(("subscriptionId" = String, Path, description = "Prenumerationens id. The subscription's id.", format = "uuid")),
    responses(
        (status = 200, description = "Prenumerationen. The subscription.", body = SubscriptionView),
        (status = 404, description = "Finns inte. There is none.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_subscription(
    From(channels): From<Arc<Channels>>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Query(NoQuery {}): Query<NoQuery>,
) -> Result<Json<SubscriptionView>, Refusal> {
    let subscription = find(&channels, &caller, id).await?;
    Ok(Json(SubscriptionView::of(subscription, &caller.base_url)))
}

/// End a subscription
///
/// Inget mer levereras. Nothing more is delivered.
#[utoipa::path(
    delete, path = "/subscriptions/{subscriptionId}", operation_id = "deleteSubscription", tag = "subscriptions",
    params(("subscriptionId" = String, Path, description = "Prenumerationens id. The subscription's id.", format = "uuid")),
    responses(
        (status = 204, description = "Den är avslutad. It has ended."),
        (status = 404, description = "Finns inte. There is none.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn delete_subscription(
    From(channels): From<Arc<Channels>>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Query(NoQuery {}): Query<NoQuery>,
) -> Result<StatusCode, Refusal> {
    let removed = channels.store.remove(owner(&caller)?, &id.to_string()).await;
    match removed.map_err(|error| unavailable(&error))? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(none()),
    }
}

/// Add a secret
///
/// En ny hemlighet; webhookar signeras med alla tills en tas bort, så att byte sker utan avbrott. Högst tre.
/// A new secret; webhooks are signed with all until one is removed, so that there is no gap. At most three.
#[utoipa::path(
    post, path = "/subscriptions/{subscriptionId}/secrets", operation_id = "createSecret", tag = "subscriptions",
    params(("subscriptionId" = String, Path, description = "Prenumerationens id. The subscription's id.", format = "uuid")),
    responses(
        (status = 201, description = "Hemligheten. The secret.", body = NewSecret),
        (status = 404, description = "Finns inte. There is none.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Det finns tre redan. There are three already.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn create_secret(
    From(channels): From<Arc<Channels>>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Query(NoQuery {}): Query<NoQuery>,
) -> Result<(StatusCode, Json<NewSecret>), Refusal> {
    let mut subscription = find(&channels, &caller, id).await?;
    if subscription.secrets.len() >= MOST_SECRETS {
        return Err(wrong("subscriptionId", "has three secrets already: remove one first"));
    }
    let (secret, text) = secret(&channels, channels.config.clock.now())?;
    let secret_id = secret.id.clone();
    subscription.secrets.push(secret);
    let written = channels
        .store
        .set_secrets(&subscription.id, &subscription.secrets)
        .await;
    written.map_err(|error| unavailable(&error))?;
    let new = NewSecret {
        secret_id,
        secret: text,
        links: Links::default().and("up", format!("{}/subscriptions/{id}", caller.base_url)),
    };
    Ok((StatusCode::CREATED, Json(new)))
}

/// Remove a secret
///
/// Webhookar signeras inte längre med den. Den sista kan inte tas bort.
/// Webhooks are no longer signed with it. The last one cannot be removed.
#[utoipa::path(
    delete, path = "/subscriptions/{subscriptionId}/secrets/{secretId}", operation_id = "deleteSecret", tag = "subscriptions",
    params(
        ("subscriptionId" = String, Path, description = "Prenumerationens id. The subscription's id.", format = "uuid"),
        ("secretId" = String, Path, description = "Hemlighetens id. The secret's id.", format = "uuid"),
    ),
    responses(
        (status = 204, description = "Den är borttagen. It has been removed."),
        (status = 404, description = "Finns inte. There is none.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Det är den sista. It is the last one.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn delete_secret(
    From(channels): From<Arc<Channels>>,
    caller: Caller,
    Path((id, secret)): Path<(Uuid, Uuid)>,
    Query(NoQuery {}): Query<NoQuery>,
) -> Result<StatusCode, Refusal> {
    let subscription = find(&channels, &caller, id).await?;
    let secret = secret.to_string();
    let (removed, kept): (Vec<_>, Vec<_>) = subscription.secrets.into_iter().partition(|one| one.id == secret);
    if removed.is_empty() {
        return Err(none());
    }
    if kept.is_empty() {
        return Err(wrong("secretId", "is the only one: add another first"));
    }
    let written = channels.store.set_secrets(&subscription.id, &kept).await;
    written.map_err(|error| unavailable(&error))?;
    Ok(StatusCode::NO_CONTENT)
}

/// List deliveries
///
/// Vad som har blivit av händelserna; `state=dead` är de som har lagts åt sidan.
/// What has become of the events; `state=dead` are those that were put aside.
#[utoipa::path(
    get, path = "/subscriptions/{subscriptionId}/deliveries", operation_id = "listDeliveries", tag = "subscriptions",
    params(
        ("subscriptionId" = String, Path, description = "Prenumerationens id. The subscription's id.", format = "uuid"),
        DeliveryQuery,
    ),
    responses(
        (status = 200, description = "Leveranserna. The deliveries.", body = DeliveryList),
        (status = 404, description = "Finns inte. There is none.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list_deliveries(
    From(channels): From<Arc<Channels>>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Query(query): Query<DeliveryQuery>,
) -> Result<Json<DeliveryList>, Refusal> {
    let subscription = find(&channels, &caller, id).await?;
    let limit = page(None, query.limit, 100)?.limit;
    let (after, state) = (
        query.after.unwrap_or_default().0,
        query.state.map(super::schema::DeliveryState::name),
    );
    let read = channels
        .store
        .deliveries(&subscription.id, state, after, limit.cast_signed())
        .await;
    let found = read.map_err(|error| unavailable(&error))?;
    let url = format!("{}/subscriptions/{id}/deliveries", caller.base_url);
    let href = |after: i64| {
        let state = state.map(|state| format!("state={state}&")).unwrap_or_default();
        format!("{url}?{state}after={after}&limit={limit}")
    };
    let mut links = Links::to_self(href(after)).and("up", format!("{}/subscriptions/{id}", caller.base_url));
    if found.len() as u64 == limit
        && let Some(last) = found.last()
    {
        links = links.and("next", href(last.event.sequence));
    }
    Ok(Json(DeliveryList {
        deliveries: found.into_iter().map(Into::into).collect(),
        links,
    }))
}

/// Deliver again
///
/// Levererar händelser efter en plats igen, och låter en pausad prenumeration fortsätta. En som är avstängd verifieras på nytt.
/// Delivers events after a place again, and lets a paused subscription go on. One that was disabled is verified anew.
#[utoipa::path(
    post, path = "/subscriptions/{subscriptionId}/replays", operation_id = "createReplay", tag = "subscriptions",
    params(("subscriptionId" = String, Path, description = "Prenumerationens id. The subscription's id.", format = "uuid")),
    request_body = NewReplay,
    responses(
        (status = 202, description = "De levereras. They are on their way.", body = Replay),
        (status = 404, description = "Finns inte. There is none.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn create_replay(
    From(channels): From<Arc<Channels>>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Query(NoQuery {}): Query<NoQuery>,
    Json(replay): Json<NewReplay>,
) -> Result<(StatusCode, Json<Replay>), Refusal> {
    let subscription = find(&channels, &caller, id).await?;
    let now = channels.config.clock.micros();
    let resumed = channels.store.resume(&subscription.id, now).await;
    resumed.map_err(|error| unavailable(&error))?;
    let event_count = match replay.after {
        None => 0,
        Some(Place(after)) => {
            let played = channels
                .store
                .replay(owner(&caller)?, &subscription.id, after, now)
                .await;
            played.map_err(|error| unavailable(&error))?
        }
    };
    let url = format!("{}/subscriptions/{id}", caller.base_url);
    let links = Links::default()
        .and("up", &url)
        .and("deliveries", format!("{url}/deliveries"));
    Ok((StatusCode::ACCEPTED, Json(Replay { event_count, links })))
}

async fn find(channels: &Channels, caller: &Caller, id: Uuid) -> Result<Subscription, Refusal> {
    let found = channels.store.one(owner(caller)?, &id.to_string()).await;
    found.map_err(|error| unavailable(&error))?.ok_or_else(none)
}

fn none() -> Refusal {
    Refusal::of(
        ProblemKind::NotFound,
        "The application has no such subscription for the person.",
    )
}

fn wrong(field: &str, message: &str) -> Refusal {
    Problem::of(ProblemKind::InvalidBody)
        .detail(format!("The field '{field}' {message}."))
        .field(field, message)
        .into()
}

fn secret(channels: &Channels, now: jiff::Timestamp) -> Result<(Secret, String), Refusal> {
    Secret::make(&channels.config.keys, now).map_err(|error| {
        tracing::error!(%error, "a secret cannot be made");
        Problem::of(ProblemKind::Internal).into()
    })
}
