//! Scoring answers against questions whose right answer is known, as the README beside the golden questions says.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::engine::{Engine, Outcome, Question};
use crate::text::language::Language;

/// The right answer.
#[derive(Clone, Debug, Deserialize)]
pub struct Expected {
    /// organisation, askBack, notPublic or emergency.
    pub outcome: Outcome,
    /// The level, for the report.
    #[serde(default)]
    pub level: Option<String>,
    /// Official name.
    #[serde(default)]
    pub organisation: Option<String>,
}

/// One question with its right answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Golden {
    /// Its id.
    pub id: String,
    /// In the person's words.
    pub question: String,
    /// `sv` or `en`.
    pub language: String,
    /// The municipality that was chosen, by code.
    #[serde(default)]
    pub municipality: Option<String>,
    /// The right answer.
    pub expect: Expected,
    /// Answers that are as defensible.
    #[serde(default)]
    pub accept_also: Vec<String>,
    /// Outcomes that are as defensible.
    #[serde(default)]
    pub accept_outcomes: Vec<Outcome>,
    /// Clear mis-routes.
    #[serde(default)]
    pub must_not: Vec<String>,
    /// What it is about.
    #[serde(default)]
    pub topic: String,
    /// How it is written.
    #[serde(default)]
    pub difficulty: String,
}

/// Counts of one group of questions.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Questions.
    pub count: u32,
    /// Right at rank 1.
    pub at_1: u32,
    /// Right among the first three.
    pub at_3: u32,
    /// Clearly wrong at rank 1.
    pub wrong: u32,
}

impl Tally {
    /// A share in per cent.
    #[must_use]
    pub fn per_cent(self, part: u32) -> f64 {
        100.0 * f64::from(part) / f64::from(self.count.max(1))
    }
}

/// How it went.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// By group; the group `all` holds everything.
    pub groups: BTreeMap<String, Tally>,
    /// Emergencies that were not seen.
    pub missed_emergencies: u32,
    /// Emergencies that were none.
    pub false_alarms: u32,
    /// One line for each question that was not right at rank 1.
    pub misses: Vec<String>,
    /// How long each answer took, shortest first.
    pub times: Vec<Duration>,
}

/// Reads golden questions, one JSON object a line.
///
/// # Errors
/// A line that is not one.
pub fn read(text: &str) -> Result<Vec<Golden>, serde_json::Error> {
    text.lines()
        .filter(|line| !line.trim().is_empty())
        .map(serde_json::from_str)
        .collect()
}

/// Official names that mean the same body.
fn alias(name: &str) -> &str {
    match name {
        "Myndigheten för civilt försvar" => "Myndigheten för samhällsskydd och beredskap",
        "Region Gotland" => "Gotland",
        other => other,
    }
}

/// Asks the engine every question and scores its answers.
#[must_use]
pub fn score(engine: &Engine, golden: &[Golden]) -> Report {
    let mut report = Report::default();
    for one in golden {
        let language = if one.language == "en" {
            Language::English
        } else {
            Language::Swedish
        };
        let question = Question {
            text: &one.question,
            language,
            municipality: one.municipality.as_deref(),
        };
        let started = Instant::now();
        let answer = engine.ask(&question);
        report.times.push(started.elapsed());
        let names: Vec<&str> = answer
            .candidates
            .iter()
            .map(|one| alias(&one.organisation.name))
            .collect();
        let right = |name: &str| {
            let expected = answer.outcome == Outcome::Organisation && one.expect.outcome == Outcome::Organisation;
            one.accept_also.iter().any(|also| alias(also) == name)
                || expected && one.expect.organisation.as_deref().map(alias) == Some(name)
        };
        let same = one.accept_outcomes.contains(&answer.outcome)
            || one.expect.outcome != Outcome::Organisation && answer.outcome == one.expect.outcome;
        let wrong = names
            .first()
            .is_some_and(|name| one.must_not.iter().any(|not| alias(not) == *name));
        let at_1 = !wrong && (same || names.first().is_some_and(|name| right(name)));
        let at_3 = same || names.iter().take(3).any(|name| right(name));
        let keys = [
            "all".to_owned(),
            format!("difficulty {}", one.difficulty),
            format!("outcome {:?}", one.expect.outcome),
            format!("level {}", one.expect.level.as_deref().unwrap_or("none")),
            format!("topic {}", one.topic.split(':').next().unwrap_or_default()),
        ];
        for key in keys {
            let tally = report.groups.entry(key).or_default();
            tally.count += 1;
            tally.at_1 += u32::from(at_1);
            tally.at_3 += u32::from(at_3);
            tally.wrong += u32::from(wrong);
        }
        let alarm = answer.outcome == Outcome::Emergency;
        let emergency = one.expect.outcome == Outcome::Emergency;
        report.missed_emergencies += u32::from(emergency && !alarm);
        let excused = one.accept_outcomes.contains(&Outcome::Emergency);
        report.false_alarms += u32::from(alarm && !emergency && !excused);
        if !at_1 {
            report.misses.push(miss(engine, one, &answer, &names, wrong));
        }
    }
    report.times.sort_unstable();
    report
}

fn miss(engine: &Engine, one: &Golden, answer: &crate::engine::Answer<'_>, names: &[&str], wrong: bool) -> String {
    let mut text = String::new();
    let scores = engine.explain(&one.question, 4);
    let scores: Vec<String> = scores.iter().map(|(id, score)| format!("{id} {score:.1}")).collect();
    let _ = write!(
        text,
        "{}{} [{}] {}\n    expected {:?} {} | got {:?} {} {} | {}",
        if wrong { "MISROUTE " } else { "" },
        one.id,
        one.municipality.as_deref().unwrap_or("-"),
        one.question,
        one.expect.outcome,
        one.expect.organisation.as_deref().unwrap_or("-"),
        answer.outcome,
        answer.emergency.map(|one| one.id.as_str()).unwrap_or_default(),
        names.join(", "),
        scores.join(", "),
    );
    text
}

impl Report {
    /// The tally over everything.
    #[must_use]
    pub fn all(&self) -> Tally {
        self.groups.get("all").copied().unwrap_or_default()
    }

    /// The time that this share of the answers took at most.
    #[must_use]
    pub fn time(&self, share: f64) -> Duration {
        let last = self.times.len().saturating_sub(1);
        self.times
            .get((last as f64 * share) as usize)
            .copied()
            .unwrap_or_default()
    }

    /// The report as text, with or without a line for each miss.
    #[must_use]
    pub fn text(&self, misses: bool) -> String {
        let mut text = String::new();
        for (group, tally) in &self.groups {
            let _ = writeln!(
                text,
                "{group:44} n={:3}  acc@1 {:5.1} %  acc@3 {:5.1} %  mis-route {:4.1} %",
                tally.count,
                tally.per_cent(tally.at_1),
                tally.per_cent(tally.at_3),
                tally.per_cent(tally.wrong),
            );
        }
        let _ = writeln!(
            text,
            "missed emergencies {}  false alarms {}",
            self.missed_emergencies, self.false_alarms
        );
        let total: Duration = self.times.iter().sum();
        let _ = writeln!(
            text,
            "routes/s on one core {:.0}  p50 {:?}  p99 {:?}",
            self.times.len() as f64 / total.as_secs_f64().max(1e-9),
            self.time(0.5),
            self.time(0.99),
        );
        for miss in self.misses.iter().filter(|_| misses) {
            let _ = writeln!(text, "{miss}");
        }
        text
    }
}
