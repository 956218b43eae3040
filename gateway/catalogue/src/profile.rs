//! The national REST profile (REST API-profil 1.2.0, and what is known of 2.0.0), as a checker.
//!
//! One file per chapter of the profile, one small function per rule, one table row that says what the rule is. A rule sees
//! the whole document as a `Spec` and reports places; the row adds severity, the requirement and how to mend it. Where
//! the national validator and the wording of the profile differ, the row's function says which one it follows.
//!
//! To add a rule: a function and a row in its chapter's file, and a case in `tests/it/profile_rules.rs` (a test fails
//! until the case is there).

mod ame;
mod arq;
mod dok;
mod dot;
mod fel;
mod fns;
mod for_rules;
mod mog;
mod names;
mod res;
mod sak;
mod spa;
mod ufn;
mod ver;

use crate::spec::Spec;
use serde::Serialize;
use serde_json::Value;
use std::collections::HashSet;

/// Most findings of one rule that are told each; a document that breaks a rule in more places has one cause for them.
const MAX_PER_RULE: usize = 2_000;

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// The profile says SKALL or SKALL INTE.
    Error,
    /// The profile says BÖR or BÖR INTE.
    Warning,
}

/// One requirement of the profile and how it is checked.
pub struct Rule {
    /// The profile's own id, `SAK.01`.
    pub id: &'static str,
    /// The weight of its findings; a rule may report lesser ones as warnings.
    pub severity: Severity,
    /// The requirement in one line.
    pub text: &'static str,
    /// The requirement in one line, in Swedish.
    pub text_sv: &'static str,
    /// What to do about a finding.
    pub mend: &'static str,
    check: fn(&Spec<'_>, &mut Report),
}

/// One breach of one rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Id of the rule.
    pub rule: &'static str,
    /// Its weight.
    pub severity: Severity,
    /// JSON pointer to what breaks the rule, where it really stands (references followed). Empty: the document.
    pub place: String,
    /// What is wrong here.
    pub message: String,
    /// The requirement in Swedish.
    pub message_sv: &'static str,
    /// What to do about it.
    pub mend: &'static str,
}

/// The chapters, in the profile's order.
static CHAPTERS: &[&[Rule]] = &[
    dok::RULES,
    dot::RULES,
    res::RULES,
    ufn::RULES,
    mog::RULES,
    sak::RULES,
    spa::RULES,
    ame::RULES,
    arq::RULES,
    fel::RULES,
    ver::RULES,
    fns::RULES,
    for_rules::RULES,
];

/// Every rule, chapter by chapter.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    CHAPTERS.iter().flat_map(|chapter| chapter.iter())
}

/// Checks a document against every rule; all findings at once, in the order of the rules, each place once per rule.
///
/// Total: takes any JSON value, follows references inside it only, and ends on reference cycles.
#[must_use]
pub fn check(document: &Value) -> Vec<Finding> {
    let spec = Spec::new(document);
    let mut report = Report::default();
    for rule in rules() {
        report.rule = Some(rule);
        report.seen.clear();
        report.untold = 0;
        (rule.check)(&spec, &mut report);
        report.close(rule);
    }
    report.findings
}

/// Collects what the rules find.
#[derive(Default)]
struct Report {
    rule: Option<&'static Rule>,
    seen: HashSet<(String, String)>,
    untold: usize,
    findings: Vec<Finding>,
}

impl Report {
    /// A finding of the rule's own severity.
    fn add(&mut self, place: impl Into<String>, message: impl Into<String>) {
        if let Some(rule) = self.rule {
            self.push(rule, rule.severity, place.into(), message.into());
        }
    }

    /// A lesser finding of a rule that is otherwise an error.
    fn warn(&mut self, place: impl Into<String>, message: impl Into<String>) {
        if let Some(rule) = self.rule {
            self.push(rule, Severity::Warning, place.into(), message.into());
        }
    }

    /// Says how many findings of the rule were not told.
    fn close(&mut self, rule: &'static Rule) {
        if self.untold > 0 {
            self.findings.push(Finding {
                rule: rule.id,
                severity: rule.severity,
                place: String::new(),
                message: format!("and {} more places", self.untold),
                message_sv: rule.text_sv,
                mend: rule.mend,
            });
        }
    }

    fn push(&mut self, rule: &'static Rule, severity: Severity, place: String, message: String) {
        if self.seen.len() >= MAX_PER_RULE {
            self.untold += 1;
        } else if self.seen.insert((place.clone(), message.clone())) {
            let (message_sv, mend) = (rule.text_sv, rule.mend);
            self.findings.push(Finding {
                rule: rule.id,
                severity,
                place,
                message,
                message_sv,
                mend,
            });
        }
    }
}
