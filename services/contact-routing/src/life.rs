//! Life events: ordered steps over agencies, as data that is checked when it is read.
//!
//! A step depends only on steps before it, so there can be no cycle; its need says whose step it is, in every municipality.
//! [`plan`] fits an event to one person, [`draw`] draws it.

pub mod draw;
pub mod plan;

use std::collections::HashSet;

use model::LocalizedText;
use serde::Deserialize;

use crate::data::files::DataError;
use crate::engine::Engine;

const FILES: [(&str, &str); 3] = [
    ("family", include_str!("../data/life-events/family.toml")),
    ("home", include_str!("../data/life-events/home.toml")),
    ("work", include_str!("../data/life-events/work.toml")),
];

/// Something that happens in a life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LifeEvent {
    /// Stable id.
    pub id: String,
    /// A short Swedish name that also finds it.
    pub alias: String,
    /// What it is called.
    pub name: LocalizedText,
    /// Which day the steps are counted from, as a question.
    pub day: LocalizedText,
    /// What to ask to know which steps apply.
    pub questions: Vec<LifeQuestion>,
    /// The steps, in an order that can be followed.
    pub steps: Vec<Step>,
}

/// A question that is answered with yes or no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LifeQuestion {
    /// Unique within the event.
    pub id: String,
    /// The question.
    pub text: LocalizedText,
}

/// One thing to do, or that happens by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Unique within the event.
    pub id: String,
    /// The need it meets: says whose step it is.
    pub need: String,
    /// What to do.
    pub what: LocalizedText,
    /// It applies only when this question has this answer.
    pub only_if: Option<(String, bool)>,
    /// Steps that must be done before.
    pub after: Vec<String>,
    /// The first day it can be done, counted from the event's day.
    pub from: Option<i32>,
    /// The last day.
    pub by: Option<i32>,
    /// The law that sets the last day.
    pub law: Option<String>,
    /// Whether that law, and what it says of days, was not found in a source.
    pub unconfirmed: bool,
    /// Whether it happens by itself.
    pub automatic: bool,
}

impl Step {
    /// Whether it can be done before the event.
    #[must_use]
    pub fn in_advance(&self) -> bool {
        self.from.is_some_and(|day| day < 0)
    }

    /// When, in words.
    #[must_use]
    pub fn when(&self) -> LocalizedText {
        let (from, by) = (self.from.map(days), self.by.map(days));
        let (sv, en) = match (from, by) {
            (Some(from), Some(by)) if from == by => from,
            (Some(from), Some(by)) => (
                format!("{}, senast {}", from.0, by.0),
                format!("from {}, at the latest {}", from.1, by.1),
            ),
            (Some(from), None) => (format!("från {}", from.0), format!("from {}", from.1)),
            (None, Some(by)) => (format!("senast {}", by.0), format!("at the latest {}", by.1)),
            (None, None) => ("när du vill".to_owned(), "whenever you like".to_owned()),
        };
        LocalizedText::new(sv, en)
    }
}

/// A number of days from the event, in words.
fn days(days: i32) -> (String, String) {
    let count = days.unsigned_abs();
    let (count, sv, en) = match count {
        0 => return ("samma dag".to_owned(), "the same day".to_owned()),
        count if count >= 60 && count.is_multiple_of(30) => (count / 30, "månader", "months"),
        count if count >= 14 && count.is_multiple_of(7) => (count / 7, "veckor", "weeks"),
        1 => (1, "dag", "day"),
        count => (count, "dagar", "days"),
    };
    let (sv_side, en_side) = if days < 0 {
        ("före", "before")
    } else {
        ("efter", "after")
    };
    (format!("{count} {sv} {sv_side}"), format!("{count} {en} {en_side}"))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    event: Vec<WrittenEvent>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenEvent {
    id: String,
    alias: String,
    sv: String,
    en: String,
    day: String,
    day_en: String,
    question: Vec<WrittenQuestion>,
    step: Vec<WrittenStep>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenQuestion {
    id: String,
    sv: String,
    en: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenStep {
    id: String,
    need: String,
    sv: String,
    en: String,
    #[serde(rename = "if")]
    only_if: Option<String>,
    #[serde(default)]
    after: Vec<String>,
    from: Option<i32>,
    by: Option<i32>,
    law: Option<String>,
    #[serde(default)]
    unconfirmed: bool,
    #[serde(default)]
    auto: bool,
}

/// The life events of the data files.
///
/// # Errors
/// A file that is not in its form.
pub fn read() -> Result<Vec<LifeEvent>, DataError> {
    let mut all = Vec::new();
    for (name, text) in FILES {
        let file: File = toml::from_str(text).map_err(|error| DataError::Form {
            file: format!("life-events/{name}.toml"),
            message: error.to_string(),
        })?;
        all.extend(file.event.into_iter().map(event));
    }
    Ok(all)
}

fn event(written: WrittenEvent) -> LifeEvent {
    LifeEvent {
        id: written.id,
        alias: written.alias,
        name: LocalizedText::new(written.sv, written.en),
        day: LocalizedText::new(written.day, written.day_en),
        questions: written
            .question
            .into_iter()
            .map(|one| LifeQuestion {
                id: one.id,
                text: LocalizedText::new(one.sv, one.en),
            })
            .collect(),
        steps: written.step.into_iter().map(step).collect(),
    }
}

fn step(written: WrittenStep) -> Step {
    let only_if = written.only_if.map(|text| match text.strip_prefix('!') {
        Some(question) => (question.to_owned(), false),
        None => (text, true),
    });
    Step {
        id: written.id,
        need: written.need,
        what: LocalizedText::new(written.sv, written.en),
        only_if,
        after: written.after,
        from: written.from,
        by: written.by,
        law: written.law,
        unconfirmed: written.unconfirmed,
        automatic: written.auto,
    }
}

/// Everything that is wrong with these events; nothing for those of the data files, which a test holds.
#[must_use]
pub fn check(events: &[LifeEvent], engine: &Engine) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut names = HashSet::new();
    for event in events {
        if !names.insert(&event.id) || !names.insert(&event.alias) && event.alias != event.id {
            wrong.push(format!("{}: its id or alias is taken", event.id));
        }
        let questions: HashSet<&str> = event.questions.iter().map(|one| one.id.as_str()).collect();
        let mut before: Vec<&Step> = Vec::new();
        for step in &event.steps {
            let mut say = |what: String| wrong.push(format!("{}/{}: {what}", event.id, step.id));
            if engine.need(&step.need).is_none() {
                say(format!("there is no need '{}'", step.need));
            }
            if before.iter().any(|one| one.id == step.id) {
                say("its id is taken".to_owned());
            }
            if let Some((question, _)) = &step.only_if
                && !questions.contains(question.as_str())
            {
                say(format!("nobody asks '{question}'"));
            }
            if step.unconfirmed && step.law.is_none() {
                say("it has no law to confirm".to_owned());
            }
            if step.from.zip(step.by).is_some_and(|(from, by)| from > by) {
                say("it ends before it begins".to_owned());
            }
            for after in &step.after {
                match before.iter().find(|one| one.id == *after) {
                    None => say(format!("'{after}' does not come before it: a cycle, or nothing at all")),
                    Some(one) if one.from.zip(step.by).is_some_and(|(from, by)| from > by) => {
                        say(format!("it must be done before '{after}' can be"));
                    }
                    Some(_) => {}
                }
            }
            before.push(step);
        }
        for question in &questions {
            let used = |step: &Step| step.only_if.as_ref().is_some_and(|(id, _)| id == question);
            if !event.steps.iter().any(used) {
                wrong.push(format!("{}: nothing depends on '{question}'", event.id));
            }
        }
    }
    wrong
}
