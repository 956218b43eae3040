//! The ids of a draft: each once per table, and what a reference to one of them points at.

use super::{Problem, Report};
use crate::Draft;
use crate::model::{ApiIndex, ApplicationIndex, BackendIndex, OrganisationIndex};
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

/// Longest id: it is sent in headers and used as a metric label.
const LONGEST_ID: usize = 128;

/// Positions by id, one map per table.
pub(super) struct Names<'a> {
    organisations: HashMap<&'a str, u32>,
    limits: HashMap<&'a str, u32>,
    backends: HashMap<&'a str, u32>,
    apis: HashMap<&'a str, u32>,
    applications: HashMap<&'a str, u32>,
}

impl<'a> Names<'a> {
    /// Collects all ids; malformed and repeated ones are problems.
    pub(super) fn collect(draft: &'a Draft, problems: &mut Vec<Problem>) -> Self {
        let agreements = draft.agreements.iter().map(|agreement| agreement.id.as_str());
        positions("agreements", agreements, problems);
        Names {
            organisations: positions(
                "organisations",
                draft.organisations.iter().map(|it| it.id.as_str()),
                problems,
            ),
            limits: positions("limits", draft.limits.iter().map(|it| it.id.as_str()), problems),
            backends: positions("backends", draft.backends.iter().map(|it| it.id.as_str()), problems),
            apis: positions("apis", draft.apis.iter().map(|it| it.id.as_str()), problems),
            applications: positions(
                "applications",
                draft.applications.iter().map(|it| it.id.as_str()),
                problems,
            ),
        }
    }

    /// The organisation `id`, named in `field` of the reported object.
    pub(super) fn organisation(&self, id: &str, field: &str, report: &mut Report<'_>) -> OrganisationIndex {
        OrganisationIndex(refer(&self.organisations, "organisation", id, field, report))
    }

    /// The position of the organisation `id`, if there is one; an unknown one is reported where it is referred to.
    pub(super) fn known_organisation(&self, id: &str) -> Option<usize> {
        self.organisations.get(id).map(|position| *position as usize)
    }

    /// The limit `id`: its position.
    pub(super) fn limit(&self, id: &str, field: &str, report: &mut Report<'_>) -> usize {
        refer(&self.limits, "limit", id, field, report) as usize
    }

    /// The backend `id`.
    pub(super) fn backend(&self, id: &str, field: &str, report: &mut Report<'_>) -> BackendIndex {
        BackendIndex(refer(&self.backends, "backend", id, field, report))
    }

    /// The API `id`.
    pub(super) fn api(&self, id: &str, field: &str, report: &mut Report<'_>) -> ApiIndex {
        ApiIndex(refer(&self.apis, "API", id, field, report))
    }

    /// The application `id`.
    pub(super) fn application(&self, id: &str, field: &str, report: &mut Report<'_>) -> ApplicationIndex {
        ApplicationIndex(refer(&self.applications, "application", id, field, report))
    }

    /// The applications' own map, for the snapshot.
    pub(super) fn applications(&self) -> HashMap<Box<str>, ApplicationIndex> {
        self.applications
            .iter()
            .map(|(id, position)| (Box::from(*id), ApplicationIndex(*position)))
            .collect()
    }

    /// The APIs' own map, for the snapshot.
    pub(super) fn apis(&self) -> HashMap<Box<str>, ApiIndex> {
        self.apis
            .iter()
            .map(|(id, position)| (Box::from(*id), ApiIndex(*position)))
            .collect()
    }
}

/// Looks a reference up; an unknown one becomes a problem and the table's first place.
fn refer(names: &HashMap<&str, u32>, kind: &str, id: &str, field: &str, report: &mut Report<'_>) -> u32 {
    names.get(id).copied().unwrap_or_else(|| {
        report.field(field, format!("there is no {kind} `{id}`"));
        0
    })
}

fn positions<'a>(
    table: &'static str,
    ids: impl Iterator<Item = &'a str>,
    problems: &mut Vec<Problem>,
) -> HashMap<&'a str, u32> {
    let mut known = HashMap::new();
    for (position, id) in ids.enumerate() {
        let mut report = Report::new(problems, table, position);
        if !is_id(id) {
            let message = format!("`{id}` is not an id; use 1 to {LONGEST_ID} letters, digits and `-`, `_`, `.`, `:`");
            report.field("id", message);
        }
        let Ok(index) = u32::try_from(position) else {
            report.field("", "is one object more than can be counted");
            continue;
        };
        match known.entry(id) {
            Entry::Vacant(free) => {
                free.insert(index);
            }
            Entry::Occupied(taken) => report.field("id", format!("`{id}` is already {table}[{}]", taken.get())),
        }
    }
    known
}

/// Ids go into headers, metric labels and URLs unescaped.
fn is_id(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    !id.is_empty() && id.len() <= LONGEST_ID && id.bytes().all(plain)
}
