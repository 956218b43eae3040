//! Putting the service together.

use std::sync::Arc;
use std::time::Duration;

use service_host::{Api, Outgoing, RequestContext, Service};
use tokio::time::Instant;

use crate::ask::Asker;
use crate::config::{CaseStatusConfig, Producer};
use crate::index::Index;
use crate::last_known::LastKnown;
use crate::register::Register;
use crate::{api, changes, facades, intake};

/// Time kept back to put the answer together and send it, before the caller stops waiting.
const MARGIN: Duration = Duration::from_millis(100);

/// What every request stands on.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) producers: Vec<Producer>,
    pub(crate) asker: Asker,
    pub(crate) index: Arc<Index>,
    pub(crate) last_known: LastKnown,
    deadline: Duration,
}

impl State {
    /// When sources must have answered: the service's own time or the caller's less a margin, whichever ends first.
    pub(crate) fn deadline(&self) -> Instant {
        let callers = RequestContext::current().and_then(|context| context.time_left());
        let time = match callers {
            Some(left) => self.deadline.min(left.saturating_sub(MARGIN)),
            None => self.deadline,
        };
        Instant::now() + time
    }
}

/// The service, ready to be served; opens its database.
///
/// # Errors
/// A configuration that is wrong (every problem is said), or a database that cannot be opened.
pub async fn service(config: CaseStatusConfig) -> anyhow::Result<Service> {
    config.check()?;
    let index = Arc::new(Index::open(&config.database).await?);
    let outgoing = Outgoing::new()?;
    let register = Register::new(outgoing.clone(), &config.party_register, config.party_register_key);
    let state = State {
        asker: Asker::new(outgoing, register, Arc::clone(&index)),
        index,
        last_known: LastKnown::new(),
        producers: config.producers,
        deadline: config.deadline,
    };
    let state = Arc::new(state);
    let cases = Api::new(api::facts(), api::routes().with_state(Arc::clone(&state)));
    let events = Api::new(intake::facts(), intake::routes().with_state(Arc::clone(&state)));
    let [mina_arenden, open311] = facades::apis(&state);
    Ok(Service::new("case-status", env!("CARGO_PKG_VERSION"))
        .api(cases)
        .api(events)
        .api(mina_arenden)
        .api(open311)
        .internal(changes::router(state)))
}
