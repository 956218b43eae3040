//! Finding one case by its id, without asking anyone but the producer that has it.

use service_host::PartyId;
use uuid::Uuid;

use crate::ask::Question;
use crate::gather::one;
use crate::source::SourceReport;
use crate::state::State;
use crate::told::Known;

/// What came of looking for a case.
pub(crate) enum Found {
    /// It is there, now or as it was last known.
    Case(Box<Known>),
    /// It is not there, or not this person's; nobody can tell which.
    Nothing,
    /// The producer that has it does not answer, and nothing is known from before.
    Unreachable(Box<SourceReport>),
}

/// Looks for a case of the party.
///
/// # Errors
/// When the index cannot be read.
pub(crate) async fn find(state: &State, party: &PartyId, case: Uuid) -> Result<Found, sqlx::Error> {
    let Some(place) = state.index.find(party, case).await? else {
        return Ok(Found::Nothing);
    };
    let Some(producer) = state.producers.iter().find(|producer| producer.id == place.source_id) else {
        return Ok(Found::Nothing);
    };
    let question = Question {
        reference: Some(place.reference),
        identifier: None,
    };
    let (known, report) = one(state, producer, party, question, state.deadline()).await;
    let answers = report.answers();
    match known.into_iter().find(|known| known.case.case_id == case) {
        Some(known) => Ok(Found::Case(Box::new(known))),
        None if answers || report.is_whole() => Ok(Found::Nothing),
        None => Ok(Found::Unreachable(Box::new(report))),
    }
}
