//! A life event fitted to one person: what applies, what is done, what is next. Nothing of it is kept.

use std::collections::{HashMap, HashSet};

use jiff::civil::Date;
use jiff::{Span, ToSpan};
use model::CaseStatus;
use serde::Serialize;
use utoipa::ToSchema;

use crate::life::{LifeEvent, LifeQuestion, Step};

/// What is known of the person's situation.
#[derive(Clone, Debug, Default)]
pub struct Situation {
    /// The event's day.
    pub day: Option<Date>,
    /// Answers, by question.
    pub answers: HashMap<String, bool>,
    /// Steps that the person says are done.
    pub done: HashSet<String>,
    /// The person's real cases, each with the need that it is about.
    pub cases: Vec<KnownCase>,
}

/// A real case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownCase {
    /// Its id in case status.
    pub id: uuid::Uuid,
    /// The need it is about.
    pub need: String,
    /// How far it has come.
    pub status: CaseStatus,
    /// Whether the person has something to do in it.
    pub requires_action: bool,
}

/// How far a step has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum StepState {
    /// It is done.
    Done,
    /// A case about it is open, and the agency or somebody else has it.
    Underway,
    /// A case about it waits for the person.
    YourTurn,
    /// It can be done now.
    Ready,
    /// It can be done later: its first day has not come.
    Later,
    /// Another step must be done before.
    Waiting,
    /// It happens by itself.
    Automatic,
}

/// A step of a person's plan.
#[derive(Clone, Debug)]
pub struct Planned<'e> {
    /// The step.
    pub step: &'e Step,
    /// How far it has come.
    pub state: StepState,
    /// The first day.
    pub from: Option<Date>,
    /// The last day.
    pub by: Option<Date>,
    /// Whether the last day has passed and it is not done.
    pub late: bool,
    /// The case about it.
    pub case: Option<&'e KnownCase>,
    /// A question that decides whether it applies, not yet answered.
    pub depends_on: Option<&'e str>,
}

/// A plan.
#[derive(Clone, Debug)]
pub struct Plan<'e> {
    /// Steps that apply or may apply, in order.
    pub steps: Vec<Planned<'e>>,
    /// Steps that do not apply.
    pub dropped: Vec<&'e Step>,
    /// Questions that are not answered.
    pub questions: Vec<&'e LifeQuestion>,
    /// What to do first: the step with the earliest last day of those that can be done.
    pub next: Option<&'e str>,
}

fn on(day: Option<Date>, days: Option<i32>) -> Option<Date> {
    let span: Span = i64::from(days?).days();
    day?.checked_add(span).ok()
}

fn of_case(case: &KnownCase) -> StepState {
    match case.status {
        CaseStatus::Decided | CaseStatus::Closed => StepState::Done,
        CaseStatus::WaitingForPerson => StepState::YourTurn,
        _ if case.requires_action => StepState::YourTurn,
        _ => StepState::Underway,
    }
}

/// Fits the event to the situation on the day `today`.
#[must_use]
pub fn plan<'e>(event: &'e LifeEvent, situation: &'e Situation, today: Date) -> Plan<'e> {
    let mut steps: Vec<Planned<'e>> = Vec::new();
    let mut dropped = Vec::new();
    for step in &event.steps {
        let mut depends_on = None;
        if let Some((question, wanted)) = &step.only_if {
            match situation.answers.get(question) {
                Some(answer) if answer != wanted => {
                    dropped.push(step);
                    continue;
                }
                Some(_) => {}
                None => depends_on = Some(question.as_str()),
            }
        }
        // One case is one step's: the first that is about its need and has not got one.
        let case = situation.cases.iter().find(|case| {
            let withdrawn = case.status == CaseStatus::Withdrawn;
            case.need == step.need && !withdrawn && !step.automatic && !steps.iter().any(|one| one.case == Some(case))
        });
        let (from, by) = (on(situation.day, step.from), on(situation.day, step.by));
        // What does not apply holds nothing up, and what happens by itself has happened once its day has come.
        let open = |id: &String| {
            let before = steps.iter().find(|one| one.step.id == *id);
            before.is_some_and(|one| {
                let happened = one.state == StepState::Automatic && one.from.is_none_or(|from| from <= today);
                one.state != StepState::Done && !happened
            })
        };
        let state = if situation.done.contains(&step.id) {
            StepState::Done
        } else if let Some(case) = case {
            of_case(case)
        } else if step.automatic {
            StepState::Automatic
        } else if step.after.iter().any(open) {
            StepState::Waiting
        } else if from.is_some_and(|from| from > today) {
            StepState::Later
        } else {
            StepState::Ready
        };
        let settled = matches!(state, StepState::Done | StepState::Automatic);
        steps.push(Planned {
            step,
            state,
            from,
            by,
            late: !settled && by.is_some_and(|by| by < today),
            case,
            depends_on,
        });
    }
    let mut able: Vec<&Planned<'e>> = steps
        .iter()
        .filter(|one| matches!(one.state, StepState::Ready | StepState::YourTurn) && one.depends_on.is_none())
        .collect();
    // Whoever is waited for goes first, then what ends first; the order of the event decides between equals.
    able.sort_by_key(|one| (one.state != StepState::YourTurn, one.step.by.is_none(), one.step.by));
    let next = able.first().map(|one| one.step.id.as_str());
    let questions = event
        .questions
        .iter()
        .filter(|question| !situation.answers.contains_key(&question.id))
        .collect();
    Plan {
        steps,
        dropped,
        questions,
        next,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::life;

    fn child() -> LifeEvent {
        life::read().unwrap().into_iter().find(|one| one.id == "child").unwrap()
    }

    fn state(plan: &Plan<'_>, id: &str) -> Option<StepState> {
        plan.steps.iter().find(|one| one.step.id == id).map(|one| one.state)
    }

    #[test]
    fn answers_drop_steps_and_the_day_puts_dates_on_the_rest() {
        let event = child();
        let mut situation = Situation {
            day: Some(date(2026, 11, 20)),
            ..Situation::default()
        };
        let today = date(2026, 11, 26);
        let open = plan(&event, &situation, today);
        assert_eq!((open.questions.len(), open.dropped.len()), (4, 0));
        situation.answers = event.questions.iter().map(|one| (one.id.clone(), false)).collect();
        situation.answers.insert("unmarried".to_owned(), true);
        let plan = plan(&event, &situation, today);
        assert_eq!((plan.questions.len(), plan.dropped.len()), (0, 3));
        let parenthood = plan.steps.iter().find(|one| one.step.id == "parenthood").unwrap();
        assert_eq!(
            (parenthood.state, parenthood.by),
            (StepState::Ready, Some(date(2026, 12, 4)))
        );
        assert_eq!(state(&plan, "passport"), Some(StepState::Waiting));
        // Its day has passed: it is late, and first.
        assert_eq!(plan.next, Some("plan-leave"));
        situation.done.insert("plan-leave".to_owned());
        assert_eq!(super::plan(&event, &situation, today).next, Some("parenthood"));
    }

    #[test]
    fn a_real_case_says_how_far_its_step_has_come() {
        let event = child();
        let case = |status| KnownCase {
            id: uuid::Uuid::nil(),
            need: "parental-benefit".to_owned(),
            status,
            requires_action: false,
        };
        for (status, expected) in [
            (CaseStatus::InProgress, StepState::Underway),
            (CaseStatus::WaitingForPerson, StepState::YourTurn),
            (CaseStatus::Decided, StepState::Done),
            (CaseStatus::Withdrawn, StepState::Ready),
        ] {
            let situation = Situation {
                cases: vec![case(status)],
                ..Situation::default()
            };
            let plan = plan(&event, &situation, date(2026, 11, 26));
            assert_eq!(state(&plan, "plan-leave"), Some(expected), "{status:?}");
            assert_ne!(
                state(&plan, "ten-days"),
                Some(StepState::Done),
                "one case is one step's"
            );
        }
    }
}
