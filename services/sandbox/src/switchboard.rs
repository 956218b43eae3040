//! The switches of every agency's faults, in one place.

use std::collections::BTreeMap;

use tokio::sync::watch;

use crate::agency::Agency;
use crate::faults::Fault;

/// One switch for each agency.
#[derive(Debug)]
pub(crate) struct Switchboard(BTreeMap<&'static str, watch::Sender<Fault>>);

impl Switchboard {
    /// Switches with these agencies down and all others well.
    pub(crate) fn new(down: &[String]) -> Self {
        let switch = |agency: &'static Agency| {
            let fault = if down.iter().any(|id| id == agency.id) {
                Fault::DOWN
            } else {
                Fault::default()
            };
            (agency.id, watch::Sender::new(fault))
        };
        Self(Agency::ALL.iter().map(switch).collect())
    }

    /// The state of one agency, to read and to wait for.
    pub(crate) fn of(&self, agency: &Agency) -> watch::Receiver<Fault> {
        match self.0.get(agency.id) {
            Some(switch) => switch.subscribe(),
            // Every agency has a switch; one without would simply never fail.
            None => watch::Sender::new(Fault::default()).subscribe(),
        }
    }

    /// Switches one agency; false when there is no such agency.
    pub(crate) fn set(&self, id: &str, fault: Fault) -> bool {
        self.0.get(id).map(|switch| switch.send_replace(fault)).is_some()
    }

    /// The state of every agency.
    pub(crate) fn all(&self) -> BTreeMap<&'static str, Fault> {
        self.0.iter().map(|(id, switch)| (*id, *switch.borrow())).collect()
    }
}
