//! Agencies that do not wait to be asked: they tell of each change in a case as a CloudEvent, and again until it has
//! been taken.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};
use service_host::{Limits, Outgoing};
use tokio::sync::watch;

use crate::agency::Agency;
use crate::faults::Failure;
use crate::switchboard::Switchboard;
use crate::world::World;

/// How often it is looked for something to tell.
const TICK: Duration = Duration::from_millis(250);

/// Where events go.
#[derive(Clone, Debug, Default)]
pub struct PushTo {
    /// The receiver's URL.
    pub url: String,
    /// Headers that show who calls.
    pub headers: Vec<(String, String)>,
}

/// How many stages of each case have been told.
type Told = HashMap<String, usize>;

/// Tells of what happens for as long as it is polled.
pub(crate) fn keep(
    world: Arc<World>,
    switchboard: Arc<Switchboard>,
    mut to: watch::Receiver<Option<PushTo>>,
) -> anyhow::Result<impl Future<Output = ()>> {
    let outgoing = Outgoing::new()?;
    Ok(async move {
        // Nobody is left to ask for it when the sender is gone.
        if to.wait_for(Option::is_some).await.is_err() {
            return;
        }
        let agencies: Vec<_> = Agency::ALL.iter().filter(|agency| agency.pushes).collect();
        let mut told = Told::new();
        // What has happened already is for those who ask.
        for agency in &agencies {
            told.extend(happened(&world, agency).map(|one| (one.reference, one.stages)));
        }
        let mut ticks = tokio::time::interval(TICK);
        loop {
            ticks.tick().await;
            let Some(to) = to.borrow().clone() else { continue };
            for agency in &agencies {
                if switchboard.of(agency).borrow().failure == Failure::None {
                    tell(&world, agency, &outgoing, &to, &mut told).await;
                }
            }
        }
    })
}

/// A case and how far it has come.
struct Happened {
    reference: String,
    identifier: String,
    stages: usize,
    last: jiff::Timestamp,
}

fn happened<'a>(world: &'a World, agency: &'static Agency) -> impl Iterator<Item = Happened> + 'a {
    let now = world.now();
    world.parties().iter().flat_map(move |person| {
        let identifier = world.identifier(agency, person.party_id).unwrap_or_default();
        world.stories(agency, person).into_iter().filter_map(move |story| {
            let so_far = story.so_far(now);
            Some(Happened {
                identifier: identifier.clone(),
                stages: so_far.len(),
                last: so_far.last()?.at,
                reference: story.reference,
            })
        })
    })
}

async fn tell(world: &World, agency: &'static Agency, outgoing: &Outgoing, to: &PushTo, told: &mut Told) {
    let news: Vec<_> = happened(world, agency)
        .filter(|one| told.get(&one.reference).copied().unwrap_or(0) < one.stages)
        .collect();
    for one in news {
        let mut request = outgoing
            .request(Method::POST, &to.url)
            .header("content-type", "application/cloudevents+json")
            .body(event(agency, &one).to_string());
        for (name, value) in &to.headers {
            request = request.header(name, value);
        }
        let limits = Limits {
            time: Duration::from_secs(10),
            body_bytes: 64 * 1024,
        };
        match outgoing.fetch("/events", request, limits).await {
            Ok(answer) if answer.status.is_success() => {
                told.insert(one.reference, one.stages);
            }
            Ok(answer) => tracing::warn!(
                agency = agency.id,
                status = answer.status.as_u16(),
                "an event was refused"
            ),
            Err(error) => tracing::warn!(agency = agency.id, %error, "an event could not be sent"),
        }
    }
}

fn event(agency: &Agency, one: &Happened) -> Value {
    json!({
        "specversion": "1.0",
        "type": "se.vagvisare.case.changed.v1",
        "id": format!("{}-{}", one.reference, one.stages),
        "source": format!("urn:vagvisare:source:{}", agency.id),
        "subject": one.reference,
        "time": one.last,
        "sequence": format!("{:010}", one.stages),
        "datacontenttype": "application/json",
        "data": { "party": one.identifier },
    })
}
