//! Checks a [`Draft`] whole and builds the look-up tables.
//!
//! Every table is read even when an earlier one is wrong: a wrong reference becomes a problem and the first place of its
//! table, which is harmless because a draft with a problem gives no snapshot.

mod agreements;
mod apis;
mod backends;
mod limits;
mod names;
mod parties;
mod routes;
mod traffic;

use crate::table::Table;
use crate::{Draft, Snapshot};
use names::Names;

/// One thing wrong in a draft. All of them are reported at once.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{table}[{position}]{}{field}: {message}", if field.is_empty() { "" } else { "." })]
pub struct Problem {
    /// Which table: `apis`, `backends`, ...
    pub table: &'static str,
    /// The object's position in that table.
    pub position: usize,
    /// The field inside the object, dotted; empty: the object itself.
    pub field: String,
    /// What is wrong and what to do about it.
    pub message: String,
}

/// Writes down what is wrong with one object.
pub(crate) struct Report<'a> {
    problems: &'a mut Vec<Problem>,
    table: &'static str,
    position: usize,
}

impl<'a> Report<'a> {
    /// A report on the object at `position` of `table`.
    pub(crate) fn new(problems: &'a mut Vec<Problem>, table: &'static str, position: usize) -> Self {
        Report {
            problems,
            table,
            position,
        }
    }

    /// One field is wrong.
    pub(crate) fn field(&mut self, field: impl Into<String>, message: impl Into<String>) {
        let problem = Problem {
            table: self.table,
            position: self.position,
            field: field.into(),
            message: message.into(),
        };
        self.problems.push(problem);
    }

    /// A text that people or headers show must hold something.
    pub(crate) fn not_empty(&mut self, field: &str, text: &str) {
        if text.trim().is_empty() {
            self.field(field, "must not be empty");
        }
    }
}

impl Snapshot {
    /// Compiles `draft`.
    ///
    /// # Errors
    /// Every problem found: unknown references, duplicate ids, colliding routes, malformed URLs and templates,
    /// an `avtal` between two state agencies, personal data under terms of use alone.
    pub fn compile(draft: &Draft) -> Result<Snapshot, Vec<Problem>> {
        let mut problems = Vec::new();
        let names = Names::collect(draft, &mut problems);
        let organisations = parties::organisations(draft, &mut problems);
        let limits = limits::compile(draft, &mut problems);
        let backends = backends::compile(draft, &names, &mut problems);
        let apis = apis::compile(draft, &names, &limits, &mut problems);
        let routed = routes::compile(draft, &names, &apis, &mut problems);
        let parties::Applications { applications, keys } = parties::applications(draft, &names, &mut problems);
        let agreements::Agreements { agreements, access } = agreements::compile(draft, &names, &limits, &mut problems);
        if !problems.is_empty() {
            return Err(problems);
        }
        let audiences = apis::audiences(&apis);
        Ok(Snapshot {
            version: draft.version,
            organisations: Table::new(organisations),
            apis: Table::new(apis),
            backends: Table::new(backends),
            routes: Table::new(routed.routes),
            applications: Table::new(applications),
            agreements: Table::new(agreements),
            limits,
            router: routed.router,
            keys,
            clients: names.applications(),
            api_ids: names.apis(),
            audiences,
            access,
        })
    }
}
