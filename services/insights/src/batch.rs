//! When answers may be published: in batches of at least [`FLOOR`] that never share an answer.
//!
//! Each answer is in exactly one batch of one agency and channel, and a batch is published whole, once. Whatever published
//! figures are added or subtracted, the result is a sum of whole batches: two publications cannot be differenced into a
//! person. A part of a batch is shown beside the whole only when the part and all that is left beside the shown parts have
//! the floor too (`steps`): the whole less its parts is then no small group either.
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

/// Where in a matter a contact was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum JourneyStep {
    /// Finding out whom to ask and what applies.
    FindOut,
    /// Applying or reporting.
    Apply,
    /// Sending what was missing.
    Supplement,
    /// Waiting for a decision.
    Wait,
    /// Having got a decision.
    Decision,
    /// Paying or being paid.
    Payment,
    /// Appealing.
    Appeal,
}

impl JourneyStep {
    /// Every step, in the order of a matter.
    pub const ALL: [Self; 7] = [
        Self::FindOut,
        Self::Apply,
        Self::Supplement,
        Self::Wait,
        Self::Decision,
        Self::Payment,
        Self::Appeal,
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
    /// Where in the matter it was made.
    #[serde(default)]
    pub step: Option<JourneyStep>,
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
    /// How many said why they made contact; 0 when it is fewer than the floor.
    #[serde(default)]
    pub reason_answers: usize,
    /// Why people made contact; empty when fewer than the floor said why.
    pub reasons: Vec<ReasonShare>,
    /// How many per cent of those who were asked have answered; left out when fewer than the floor were asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_rate_per_cent: Option<u8>,
    /// The steps that can be told apart.
    #[serde(default)]
    pub steps: Vec<StepFigures>,
}

/// What is published of one step in a batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepFigures {
    /// The step.
    pub step: JourneyStep,
    /// Answers about it in the batch.
    pub answers: usize,
    /// Mean effort, from 1 (very easy) to 7 (very hard).
    pub effort_mean: f64,
    /// How many per cent got an answer.
    pub got_answer_per_cent: u8,
    /// How many said why they made contact; 0 when that cannot be told.
    pub reason_answers: usize,
    /// Why people made contact; empty when that cannot be told.
    pub reasons: Vec<ReasonShare>,
}

/// The figures of a batch, or nothing when it is too small to be published. `asked` is how many impressions were accounted
/// for with the batch, and how many of these were answered.
#[must_use]
pub fn figures(answers: &[Answer], asked: (usize, usize)) -> Option<Figures> {
    if answers.len() < FLOOR {
        return None;
    }
    let efforts: Vec<u8> = answers.iter().map(|one| one.effort).collect();
    let given: Vec<Reason> = answers.iter().filter_map(|one| one.reason).collect();
    let (reason_answers, reasons) = if given.len() < FLOOR {
        (0, Vec::new())
    } else {
        (given.len(), shares(&given))
    };
    Some(Figures {
        answers: answers.len(),
        effort_mean: mean(&efforts)?,
        effort_per_cent: (1..=7)
            .map(|step| per_cent(efforts.iter().filter(|one| **one == step).count(), efforts.len()))
            .collect(),
        treatment_mean: floored(answers.iter().filter_map(|one| one.treatment).collect()),
        clarity_mean: floored(answers.iter().filter_map(|one| one.clarity).collect()),
        got_answer_per_cent: per_cent(answers.iter().filter(|one| one.got_answer).count(), answers.len()),
        reason_answers,
        reasons,
        response_rate_per_cent: (asked.0 >= FLOOR).then(|| per_cent(asked.1, asked.0)),
        steps: steps(answers),
    })
}

fn shares(given: &[Reason]) -> Vec<ReasonShare> {
    let share = |reason| ReasonShare {
        reason,
        per_cent: per_cent(given.iter().filter(|one| **one == reason).count(), given.len()),
    };
    Reason::ALL.into_iter().map(share).collect()
}

/// The figures of those steps that can be told apart from the rest of the batch.
fn steps(answers: &[Answer]) -> Vec<StepFigures> {
    let of = |step: JourneyStep| answers.iter().filter(move |one| one.step == Some(step));
    let reasons_of = |step: JourneyStep| of(step).filter_map(|one| one.reason);
    let shown = apart(&JourneyStep::ALL, |step| of(step).count(), answers.len());
    let all_reasons = answers.iter().filter(|one| one.reason.is_some()).count();
    let with_reasons = apart(&shown, |step| reasons_of(step).count(), all_reasons);
    let figures = |step: JourneyStep| {
        let efforts: Vec<u8> = of(step).map(|one| one.effort).collect();
        let given: Vec<Reason> = reasons_of(step).filter(|_| with_reasons.contains(&step)).collect();
        Some(StepFigures {
            step,
            answers: efforts.len(),
            effort_mean: mean(&efforts)?,
            got_answer_per_cent: per_cent(of(step).filter(|one| one.got_answer).count(), efforts.len()),
            reason_answers: given.len(),
            reasons: if given.is_empty() { Vec::new() } else { shares(&given) },
        })
    };
    shown.iter().filter_map(|step| figures(*step)).collect()
}

/// The steps that may be shown: each has the floor, and what is left of `all` beside them is nothing or has it too. The
/// smallest ones are held back until that is so.
fn apart(steps: &[JourneyStep], count: impl Fn(JourneyStep) -> usize, all: usize) -> Vec<JourneyStep> {
    let mut shown: Vec<(JourneyStep, usize)> = steps.iter().map(|step| (*step, count(*step))).collect();
    shown.retain(|(_, count)| *count >= FLOOR);
    loop {
        let left = all.saturating_sub(shown.iter().map(|(_, count)| count).sum());
        if left == 0 || left >= FLOOR || shown.is_empty() {
            return shown.into_iter().map(|(step, _)| step).collect();
        }
        let smallest = (0..shown.len()).min_by_key(|at| shown.get(*at).map_or(0, |(_, count)| *count));
        shown.remove(smallest.unwrap_or_default());
    }
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

pub(crate) fn per_cent(part: usize, all: usize) -> u8 {
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
            step: None,
        }
    }

    #[test]
    fn under_the_floor_nothing_is_said() {
        assert_eq!(figures(&vec![answer(3, None); FLOOR - 1], (0, 0)), None);
        let found = figures(&vec![answer(3, None); FLOOR], (400, 100)).unwrap();
        assert_eq!(
            (found.answers, found.effort_mean, found.got_answer_per_cent),
            (100, 3.0, 100)
        );
        assert_eq!((found.treatment_mean, found.clarity_mean), (Some(4.0), None));
        assert_eq!(found.response_rate_per_cent, Some(25));
    }

    #[test]
    fn reasons_have_the_floor_of_their_own() {
        let mut answers = vec![answer(6, None); 60];
        answers.extend(vec![answer(2, Some(Reason::WantedStatus)); 99]);
        assert!(figures(&answers, (0, 0)).unwrap().reasons.is_empty());
        answers.push(answer(2, Some(Reason::Error)));
        let shares: Vec<u8> = figures(&answers, (0, 0))
            .unwrap()
            .reasons
            .iter()
            .map(|one| one.per_cent)
            .collect();
        assert_eq!(shares, [0, 0, 99, 0, 1, 0]);
    }

    fn at(step: Option<JourneyStep>, count: usize, reasons: usize) -> Vec<Answer> {
        let one = |number: usize| Answer {
            step,
            ..answer(2, (number < reasons).then_some(Reason::WantedStatus))
        };
        (0..count).map(one).collect()
    }

    #[test]
    fn the_whole_less_the_shown_steps_is_never_a_small_group() {
        use JourneyStep::{Apply, Decision, Wait};
        let shown = |parts: &[Vec<Answer>]| -> Vec<(JourneyStep, usize, usize)> {
            let figures = figures(&parts.concat(), (0, 0)).unwrap();
            let step = |one: &StepFigures| (one.step, one.answers, one.reason_answers);
            figures.steps.iter().map(step).collect()
        };
        // A step that is too small is held back, and so is the one that it could be told apart from.
        assert_eq!(shown(&[at(Some(Wait), 150, 0), at(Some(Apply), 99, 0)]), []);
        assert_eq!(
            shown(&[at(Some(Wait), 150, 0), at(Some(Apply), 120, 0), at(None, 1, 0)]),
            [(Wait, 150, 0)]
        );
        assert_eq!(
            shown(&[at(Some(Wait), 150, 100), at(Some(Apply), 120, 100)]),
            [(Apply, 120, 100), (Wait, 150, 100)]
        );
        // The same holds for those who said why: 30 of the decisions would be the rest.
        assert_eq!(
            shown(&[
                at(Some(Wait), 150, 110),
                at(Some(Apply), 120, 105),
                at(Some(Decision), 130, 30)
            ]),
            [(Apply, 120, 0), (Wait, 150, 110), (Decision, 130, 0)]
        );
    }
}
