//! When answers may be published: in batches of at least [`FLOOR`] that never share an answer.
//!
//! Each answer is in exactly one batch of one agency and channel, and a batch is published whole, once. Whatever published
//! figures are added or subtracted, the result is a sum of whole batches: two publications cannot be differenced into a
//! person. Figures of different cuts of the same answers (a total beside its parts) are not published for the same reason.
//! Shares are whole per cent, so that a batch does not tell that exactly one person gave a reason.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The fewest answers that a publication holds; the floor of SKR's own comparisons.
pub const FLOOR: usize = 100;

/// Why a person made contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Reason {
    /// Could not find it.
    CouldNotFind,
    /// Did not understand it.
    DidNotUnderstand,
    /// Wanted to know how far the case had come.
    WantedStatus,
    /// Wanted a person to talk to.
    WantedPerson,
    /// Something was wrong.
    Error,
    /// Something else.
    Other,
}

impl Reason {
    /// Every reason, in the order of charts.
    pub const ALL: [Self; 6] = [
        Self::CouldNotFind,
        Self::DidNotUnderstand,
        Self::WantedStatus,
        Self::WantedPerson,
        Self::Error,
        Self::Other,
    ];
}

/// One person's answer about one contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// From 1, very easy, to 7, very hard.
    pub effort: u8,
    /// From 1 to 5.
    pub treatment: Option<u8>,
    /// From 1 to 5.
    pub clarity: Option<u8>,
    /// Whether the person got an answer.
    pub got_answer: bool,
    /// Why contact was made.
    pub reason: Option<Reason>,
}

/// A reason with its share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReasonShare {
    /// The reason.
    pub reason: Reason,
    /// Share of those who gave a reason, in whole per cent.
    pub per_cent: u8,
}

/// What is published of one batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// Answers in the batch.
    pub answers: usize,
    /// Mean effort, from 1 (very easy) to 7 (very hard).
    pub effort_mean: f64,
    /// How many per cent answered 1, 2, .. 7.
    pub effort_per_cent: Vec<u8>,
    /// Mean treatment from 1 to 5; left out when fewer than the floor answered it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub treatment_mean: Option<f64>,
    /// Mean clarity from 1 to 5; left out when fewer than the floor answered it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clarity_mean: Option<f64>,
    /// How many per cent got an answer.
    pub got_answer_per_cent: u8,
    /// Why people made contact; empty when fewer than the floor said why.
    pub reasons: Vec<ReasonShare>,
}

/// The figures of a batch, or nothing when it is too small to be published.
#[must_use]
pub fn figures(answers: &[Answer]) -> Option<Figures> {
    if answers.len() < FLOOR {
        return None;
    }
    let efforts: Vec<u8> = answers.iter().map(|one| one.effort).collect();
    let given: Vec<Reason> = answers.iter().filter_map(|one| one.reason).collect();
    let enough_reasons = given.len() >= FLOOR;
    Some(Figures {
        answers: answers.len(),
        effort_mean: mean(&efforts)?,
        effort_per_cent: (1..=7)
            .map(|step| per_cent(efforts.iter().filter(|one| **one == step).count(), efforts.len()))
            .collect(),
        treatment_mean: floored(answers.iter().filter_map(|one| one.treatment).collect()),
        clarity_mean: floored(answers.iter().filter_map(|one| one.clarity).collect()),
        got_answer_per_cent: per_cent(answers.iter().filter(|one| one.got_answer).count(), answers.len()),
        reasons: Reason::ALL
            .into_iter()
            .filter(|_| enough_reasons)
            .map(|reason| ReasonShare {
                reason,
                per_cent: per_cent(given.iter().filter(|one| **one == reason).count(), given.len()),
            })
            .collect(),
    })
}

fn floored(values: Vec<u8>) -> Option<f64> {
    if values.len() < FLOOR { None } else { mean(&values) }
}

/// The mean with one decimal.
fn mean(values: &[u8]) -> Option<f64> {
    let sum: u32 = values.iter().map(|one| u32::from(*one)).sum();
    let count = u32::try_from(values.len()).ok().filter(|count| *count > 0)?;
    Some((f64::from(sum) / f64::from(count) * 10.0).round() / 10.0)
}

fn per_cent(part: usize, all: usize) -> u8 {
    let share = (200 * part + all).checked_div(2 * all).unwrap_or(0);
    u8::try_from(share).unwrap_or(100)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(effort: u8, reason: Option<Reason>) -> Answer {
        Answer {
            effort,
            treatment: Some(4),
            clarity: None,
            got_answer: effort < 5,
            reason,
        }
    }

    #[test]
    fn under_the_floor_nothing_is_said() {
        assert_eq!(figures(&vec![answer(3, None); FLOOR - 1]), None);
        let found = figures(&vec![answer(3, None); FLOOR]).unwrap();
        assert_eq!(
            (found.answers, found.effort_mean, found.got_answer_per_cent),
            (100, 3.0, 100)
        );
        assert_eq!((found.treatment_mean, found.clarity_mean), (Some(4.0), None));
    }

    #[test]
    fn reasons_have_the_floor_of_their_own() {
        let mut answers = vec![answer(6, None); 60];
        answers.extend(vec![answer(2, Some(Reason::WantedStatus)); 99]);
        assert!(figures(&answers).unwrap().reasons.is_empty());
        answers.push(answer(2, Some(Reason::Error)));
        let shares: Vec<u8> = figures(&answers)
            .unwrap()
            .reasons
            .iter()
            .map(|one| one.per_cent)
            .collect();
        assert_eq!(shares, [0, 0, 99, 0, 1, 0]);
    }
}
