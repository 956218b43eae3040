//! A case as its caller sees it: whose it is, who acts in it, where it is, and where what is to be sent can be checked first.

use model::{BallHolder, Case, Links, Party, PartyRole};
use serde::{Deserialize, Serialize};
use service_host::Caller;
use utoipa::ToSchema;

use crate::config::Producer;
use crate::state::State;

/// Whose a case is, as seen by the person who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = "own")]
pub(crate) enum Whose {
    /// The person's own.
    Own,
    /// A child's, whom the person is a guardian of.
    Child,
    /// A company's or another person's, whom the person represents.
    Represented,
}

/// A case and whose it is.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ShownCase {
    /// The case.
    #[serde(flatten)]
    pub(crate) case: Case,
    /// Whose it is, as seen by the person who acts. `parties` says whose in particular, and who acts.
    pub(crate) whose: Whose,
}

impl Whose {
    /// Whose the case is: by why somebody acts for the person, and else by the person's own part, which stands first.
    pub(crate) fn of(case: &Case, caller: &Caller) -> Self {
        let role = match &caller.actor {
            Some(actor) => Some(part(&actor.relation)),
            None => case.parties.first().map(|party| party.role),
        };
        match role {
            Some(PartyRole::Guardian) => Self::Child,
            Some(PartyRole::Representative) => Self::Represented,
            Some(PartyRole::Applicant | PartyRole::Affected) | None => Self::Own,
        }
    }
}

/// The part of who acts for another because of this relation.
fn part(relation: &str) -> PartyRole {
    match relation {
        "guardian" => PartyRole::Guardian,
        _ => PartyRole::Representative,
    }
}

/// The case for this caller.
pub(crate) fn show(mut case: Case, state: &State, caller: &Caller) -> ShownCase {
    let whose = Whose::of(&case, caller);
    if let Some(actor) = &caller.actor {
        let role = part(&actor.relation);
        let is_it = |party: &Party| party.party_id == actor.party.as_str() && party.role == role;
        if !case.parties.iter().any(is_it) {
            case.parties.push(Party {
                party_id: actor.party.as_str().to_owned(),
                role,
                relation_term: None,
            });
        }
    }
    let list = format!("{}/cases", caller.base_url);
    case.links = Links::to_self(format!("{list}/{}", case.case_id)).and("collection", list);
    if has_rules(&state.producers, &case) {
        let url = format!("{}/prevalidations", caller.base_url);
        let to_send = |step: &&mut model::NextStep| step.who == BallHolder::Person && step.prevalidation_url.is_none();
        for step in case.next_steps.iter_mut().filter(to_send) {
            step.prevalidation_url = Some(url.clone());
        }
    }
    ShownCase { case, whose }
}

/// Whether what is sent in this case's service can be checked before.
fn has_rules(producers: &[Producer], case: &Case) -> bool {
    let producer = producers.iter().find(|producer| producer.id == case.source.source_id);
    let service = case.service_id.as_ref();
    producer
        .zip(service)
        .is_some_and(|(producer, service)| producer.rules.contains(service))
}
