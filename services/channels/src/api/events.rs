//! What has changed, as a list and as a stream.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State as From;
use axum::http::HeaderMap;
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use model::{Links, Problem, ProblemKind};
use service_host::{Caller, Json, Query, Refusal, page};
use tokio::time::Instant;

use super::schema::{EventPage, EventQuery};
use super::{NoQuery, owner, unavailable};
use crate::consent::{Between, Standing};
use crate::start::Channels;
use crate::store::{EVENTS, Event, Follower};

/// A stream ends after this, as the token it was opened with does; the reader comes back with a new one.
const LONGEST: Duration = Duration::from_secs(300);

/// Nothing may be silent for as long as something on the way takes for dead.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// For how long after a stream ended its person's cases are looked at, in microseconds.
const FOLLOWED: i64 = 3600 * 1_000_000;

/// List events
///
/// Vad som har ändrats i personens ärenden under de senaste sju dygnen, äldst först.
/// What has changed in the person's cases in the last seven days, oldest first.
#[utoipa::path(
    get, path = "/events", operation_id = "listEvents", tag = "events", params(EventQuery),
    responses((status = 200, description = "Händelserna. The events.", body = EventPage))
)]
pub(crate) async fn list_events(
    From(channels): From<Arc<Channels>>,
    caller: Caller,
    Query(query): Query<EventQuery>,
) -> Result<Json<EventPage>, Refusal> {
    let party = owner(&caller)?.party;
    let limit = page(None, query.limit, 100)?.limit;
    let after = query.after.unwrap_or_default().0;
    let read = channels.store.events(party, after, limit.cast_signed()).await;
    let found = read.map_err(|error| unavailable(&error))?;
    let href = |after: i64| format!("{}/events?after={after}&limit={limit}", caller.base_url);
    let mut links = Links::to_self(href(after));
    if found.len() as u64 == limit
        && let Some(last) = found.last()
    {
        links = links.and("next", href(last.sequence));
    }
    Ok(Json(EventPage {
        events: found.into_iter().map(Into::into).collect(),
        links,
    }))
}

/// Stream events
///
/// Samma händelser som de sker, som en ström (server-sent events) av CloudEvents. Strömmen tar slut efter fem minuter; kom
/// tillbaka med en ny biljett och `Last-Event-ID`, så missas inget.
/// The same events as they happen, as a stream (server-sent events) of CloudEvents. The stream ends after five minutes;
/// come back with a new token and `Last-Event-ID`, and nothing is missed.
#[utoipa::path(
    get, path = "/events/stream", operation_id = "streamEvents", tag = "events",
    params(("Last-Event-ID" = Option<String>, Header, description = "Den sista händelsens id; utan det börjar strömmen nu. The last event's id; without it the stream begins now.")),
    responses(
        (status = 200, description = "Strömmen. The stream.", body = String, content_type = "text/event-stream"),
    )
)]
pub(crate) async fn stream_events(
    From(channels): From<Arc<Channels>>,
    caller: Caller,
    Query(NoQuery {}): Query<NoQuery>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let owner = owner(&caller)?;
    let follower = Follower {
        party: owner.party.to_owned(),
        application: owner.application.to_owned(),
    };
    let store = channels.store.clone();
    let after = match headers
        .get("last-event-id")
        .map(|value| value.to_str().unwrap_or_default().parse::<i64>())
    {
        None => store.newest().await.map_err(|error| unavailable(&error))?,
        Some(Ok(after)) if after >= 0 => after,
        Some(_) => {
            let message = "must be the id of an event from an earlier stream";
            let problem = Problem::of(ProblemKind::BadRequest).field("Last-Event-ID", message);
            return Err(problem.detail(format!("The header 'Last-Event-ID' {message}.")).into());
        }
    };
    let until = channels.config.clock.micros() + FOLLOWED;
    store
        .follow(&follower, until)
        .await
        .map_err(|error| unavailable(&error))?;
    // The first look is what changes are told from; it need not be waited for.
    let (feed, whose) = (channels.feed.clone(), follower.party.clone());
    let looking = async move {
        if let Err(error) = feed.look_at(&whose).await {
            tracing::warn!(%error, "cases cannot be looked at");
        }
    };
    tokio::spawn(looking);
    let reader = Reader {
        heard: store.database.listen(EVENTS),
        channels,
        follower,
        after,
        waiting: Vec::new(),
        ends: Instant::now() + LONGEST,
    };
    let events = stream::unfold(reader, |mut reader| async move {
        let event = reader.next().await?;
        let sent = Sent::default().id(event.sequence.to_string()).data(event.body(None));
        Some((Ok::<_, Infallible>(sent), reader))
    });
    Ok(Sse::new(events)
        .keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
        .into_response())
}

/// One reader's place.
struct Reader {
    channels: Arc<Channels>,
    heard: database::Listener,
    follower: Follower,
    after: i64,
    /// Read and not yet sent, the last first.
    waiting: Vec<Event>,
    ends: Instant,
}

impl Reader {
    /// The next event, when there is one; none when the stream ends.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.waiting.pop() {
                self.after = event.sequence;
                return Some(event);
            }
            // Each look is preceded by the question whether the person still lets it be made.
            let between = Between {
                party: &self.follower.party,
                application: &self.follower.application,
            };
            match self.channels.consents.check(between).await {
                Standing::InForce => {}
                // The reader comes back, and is refused or not.
                Standing::Unclear => return None,
                Standing::Ended => {
                    if let Err(error) = self.channels.store.withdrawn(between).await {
                        tracing::warn!(%error, "a withdrawal cannot be noted");
                    }
                    return None;
                }
            }
            let read = self.channels.store.events(&self.follower.party, self.after, 100).await;
            match read {
                Ok(mut events) if !events.is_empty() => {
                    events.reverse();
                    self.waiting = events;
                    continue;
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "a stream ends because the database cannot be read");
                    return None;
                }
            }
            tokio::select! {
                () = tokio::time::sleep_until(self.ends) => return None,
                // Word may be lost; the look after it is not.
                _ = tokio::time::timeout(Duration::from_secs(1), self.heard.heard()) => {}
            }
        }
    }
}
