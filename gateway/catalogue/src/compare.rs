//! What changed between two versions of an API's document, and whether it breaks those who call the older one.
//!
//! Operations are paired by method and by the shape of their path: another name for a path parameter changes nothing for a
//! caller. Schemas are compared by what they let through, each way on its own: a request may not take less than before,
//! an answer may not hold less, or other things, than before. Work is counted and ends: what is too large to compare
//! counts as breaking, never as harmless.

mod kinds;
mod operations;
mod parameters;
mod schema;
mod security;
mod shape;
mod version;

pub use kinds::kinds;
pub use version::{Step, VersionError, check_version, next_version};

use crate::spec::{Node, Spec};
use serde::Serialize;
use serde_json::Value;
use std::collections::HashSet;

/// What a change means for a program written for the older version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Impact {
    /// It may stop working: a new major version is due.
    Breaking,
    /// It may be surprised: tell callers before.
    Careful,
    /// It goes on as before.
    Compatible,
}

/// One kind of change.
#[derive(Debug)]
pub struct Kind {
    /// Stable id, `operation-removed`.
    pub id: &'static str,
    /// What it means for callers.
    pub impact: Impact,
    /// The kind in one line.
    pub text: &'static str,
    /// The kind in one line, in Swedish.
    pub text_sv: &'static str,
    /// What to do about it; empty where nothing needs doing.
    pub mend: &'static str,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// Id of the kind of change.
    pub rule: &'static str,
    /// What it means for callers.
    pub impact: Impact,
    /// JSON pointer: into the newer document, or into the older one when `in_old`.
    pub place: String,
    /// What `place` points at is gone from the newer document.
    pub in_old: bool,
    /// What happened here.
    pub message: String,
    /// The kind of change, in Swedish.
    pub message_sv: &'static str,
    /// What to do about it.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub mend: &'static str,
}

/// All changes, the breaking ones first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    /// The smallest step in the version that these changes allow.
    pub step: Step,
    /// The changes.
    pub changes: Vec<Change>,
}

impl Comparison {
    /// The changes that break callers.
    pub fn breaking(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.impact == Impact::Breaking)
    }
}

/// Compares two documents, `old` being the one that callers know.
///
/// Total: takes any two JSON values, follows references inside them only, and ends.
#[must_use]
pub fn compare(old: &Value, new: &Value) -> Comparison {
    let (before, after) = (Spec::new(old), Spec::new(new));
    let mut walk = Walk::default();
    operations::compare(&before, &after, &mut walk);
    schema::run(&mut walk);
    if walk.cut {
        walk.cut = false;
        walk.left = 1;
        walk.add(&kinds::TOO_LARGE, &after.root, "what is left was not compared");
    }
    let mut changes = walk.changes;
    changes.sort_by_key(|change| change.impact);
    let step = version::step(&changes, old == new);
    Comparison { step, changes }
}

/// Members that are looked at before the comparison ends: some seconds of work in a debug build.
const MAX_WORK: usize = 1_000_000;
/// Changes that are told; documents that differ more than this have nothing in common.
const MAX_CHANGES: usize = 10_000;

/// Which way a body goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Flow {
    Request,
    Response,
}

/// A comparison under way.
struct Walk<'a> {
    changes: Vec<Change>,
    told: HashSet<(&'static str, String, String)>,
    /// Pairs of schemas that have been queued: each pair once, so that cycles end.
    pairs: HashSet<(String, String, Flow)>,
    waiting: Vec<(Node<'a>, Node<'a>, Flow)>,
    left: usize,
    cut: bool,
}

impl Default for Walk<'_> {
    fn default() -> Self {
        Self {
            changes: Vec::new(),
            told: HashSet::new(),
            pairs: HashSet::new(),
            waiting: Vec::new(),
            left: MAX_WORK,
            cut: false,
        }
    }
}

impl<'a> Walk<'a> {
    /// Takes `work` from what is left; `false`: the comparison is over.
    fn spend(&mut self, work: usize) -> bool {
        match self.left.checked_sub(work) {
            Some(left) if !self.cut => {
                self.left = left;
                true
            }
            _ => {
                self.cut = true;
                false
            }
        }
    }

    /// A change seen at a node of the newer document.
    fn add(&mut self, kind: &'static Kind, at: &Node<'_>, message: impl Into<String>) {
        self.push(kind, at, false, message.into());
    }

    /// A change seen at a node of the older document that the newer one lacks.
    fn gone(&mut self, kind: &'static Kind, at: &Node<'_>, message: impl Into<String>) {
        self.push(kind, at, true, message.into());
    }

    fn push(&mut self, kind: &'static Kind, at: &Node<'_>, in_old: bool, message: String) {
        if self.changes.len() >= MAX_CHANGES {
            self.cut = true;
        } else if self.told.insert((kind.id, at.place.clone(), message.clone())) {
            self.changes.push(Change {
                rule: kind.id,
                impact: kind.impact,
                place: at.place.clone(),
                in_old,
                message,
                message_sv: kind.text_sv,
                mend: kind.mend,
            });
        }
    }

    /// Queues two schemas for comparison.
    fn queue(&mut self, old: Node<'a>, new: Node<'a>, flow: Flow) {
        if self.pairs.insert((old.place.clone(), new.place.clone(), flow)) {
            self.waiting.push((old, new, flow));
        }
    }
}
