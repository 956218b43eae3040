//! Why people make contact: published batches of an agency and channel added up over a span of days.
//!
//! Only what has been published goes in, so nothing is told that the publications do not tell. Shares of batches are whole
//! per cent; a sum is exact to half of one.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::batch::{JourneyStep, Reason, ReasonShare, per_cent};
use crate::store::Publication;

/// Why people made contact with one agency through one channel.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContactReasons {
    /// The agency.
    pub organisation_id: String,
    /// The channel.
    pub channel_kind: String,
    /// The first publication that is counted.
    #[schema(format = Date, example = "2026-11-01")]
    pub first_on: String,
    /// The last publication that is counted.
    #[schema(format = Date, example = "2026-11-26")]
    pub last_on: String,
    /// How many people said why.
    pub answers: usize,
    /// Their reasons.
    pub reasons: Vec<ReasonShare>,
    /// The same for those steps that can be told apart.
    pub steps: Vec<StepReasons>,
}

/// Why people made contact at one step of their matter.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepReasons {
    /// The step.
    pub step: JourneyStep,
    /// How many people said why.
    pub answers: usize,
    /// Their reasons.
    pub reasons: Vec<ReasonShare>,
}

/// Which publications are counted; days as `2026-11-26`, both included.
#[derive(Clone, Copy, Debug, Default)]
pub struct Span<'s> {
    /// One channel only.
    pub channel: Option<&'s str>,
    /// The first day.
    pub from: Option<&'s str>,
    /// The last day.
    pub to: Option<&'s str>,
}

/// A sum of shares: answers, and hundredths of answers by reason.
#[derive(Default)]
struct Sum {
    answers: usize,
    hundredths: BTreeMap<Reason, usize>,
}

impl Sum {
    fn add(&mut self, answers: usize, reasons: &[ReasonShare]) {
        self.answers += answers;
        for one in reasons {
            *self.hundredths.entry(one.reason).or_default() += answers * usize::from(one.per_cent);
        }
    }

    fn shares(&self) -> Vec<ReasonShare> {
        let share = |reason| ReasonShare {
            reason,
            per_cent: per_cent(self.hundredths.get(&reason).copied().unwrap_or(0), 100 * self.answers),
        };
        Reason::ALL.into_iter().map(share).collect()
    }
}

#[derive(Default)]
struct Cell {
    first: String,
    last: String,
    all: Sum,
    steps: BTreeMap<JourneyStep, Sum>,
}

/// Adds up publications that tell reasons; one entry for each agency and channel, in the order of their names.
#[must_use]
pub fn contact_reasons(publications: &[Publication], span: &Span<'_>) -> Vec<ContactReasons> {
    let mut cells: BTreeMap<(&str, &str), Cell> = BTreeMap::new();
    for one in publications {
        let day = one.day.as_str();
        let outside = span.channel.is_some_and(|channel| channel != one.channel)
            || span.from.is_some_and(|from| day < from)
            || span.to.is_some_and(|to| day > to);
        if outside || one.figures.reason_answers == 0 {
            continue;
        }
        let cell = cells.entry((&one.organisation, &one.channel)).or_default();
        if cell.first.is_empty() || day < cell.first.as_str() {
            day.clone_into(&mut cell.first);
        }
        if day > cell.last.as_str() {
            day.clone_into(&mut cell.last);
        }
        cell.all.add(one.figures.reason_answers, &one.figures.reasons);
        for step in one.figures.steps.iter().filter(|step| step.reason_answers > 0) {
            let sum = cell.steps.entry(step.step).or_default();
            sum.add(step.reason_answers, &step.reasons);
        }
    }
    let shown = |((organisation, channel), cell): ((&str, &str), Cell)| ContactReasons {
        organisation_id: organisation.to_owned(),
        channel_kind: channel.to_owned(),
        first_on: cell.first,
        last_on: cell.last,
        answers: cell.all.answers,
        reasons: cell.all.shares(),
        steps: cell
            .steps
            .into_iter()
            .map(|(step, sum)| StepReasons {
                step,
                answers: sum.answers,
                reasons: sum.shares(),
            })
            .collect(),
    };
    cells.into_iter().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::{Answer, figures};

    fn publication(day: &str, channel: &str, status: usize, other: usize) -> Publication {
        let answer = |reason| Answer {
            effort: 2,
            treatment: None,
            clarity: None,
            got_answer: true,
            reason: Some(reason),
            step: Some(JourneyStep::Wait),
        };
        let mut answers = vec![answer(Reason::WantedStatus); status];
        answers.extend(vec![answer(Reason::Other); other]);
        Publication {
            organisation: "skatteverket".to_owned(),
            channel: channel.to_owned(),
            day: day.to_owned(),
            figures: figures(&answers, (0, 0)).unwrap(),
        }
    }

    #[test]
    fn batches_are_weighed_by_their_answers_and_days_are_kept_to() {
        let all = [
            publication("2026-11-24", "phone", 300, 0),
            publication("2026-11-25", "phone", 0, 100),
            publication("2026-11-26", "phone", 0, 100),
            publication("2026-11-25", "chat", 50, 50),
        ];
        let span = Span {
            to: Some("2026-11-25"),
            ..Span::default()
        };
        let found = contact_reasons(&all, &span);
        assert_eq!(found.iter().map(|one| one.answers).collect::<Vec<_>>(), [100, 400]);
        let phone = &found[1];
        let share = |reason| phone.reasons.iter().find(|one| one.reason == reason).unwrap().per_cent;
        assert_eq!((share(Reason::WantedStatus), share(Reason::Other)), (75, 25));
        assert_eq!(
            (phone.first_on.as_str(), phone.last_on.as_str()),
            ("2026-11-24", "2026-11-25")
        );
        assert_eq!((phone.steps[0].step, phone.steps[0].answers), (JourneyStep::Wait, 400));
        let span = Span {
            channel: Some("phone"),
            from: Some("2026-11-26"),
            ..Span::default()
        };
        assert_eq!(contact_reasons(&all, &span)[0].answers, 100);
    }
}
