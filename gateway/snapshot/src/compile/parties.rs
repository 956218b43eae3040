//! Organisations, applications and their keys.

use super::names::Names;
use super::{Problem, Report};
use crate::Draft;
use crate::model::{ApiKey, Application, ApplicationIndex, Organisation};
use hashbrown::HashMap;

/// Compiles the organisations.
pub(super) fn organisations(draft: &Draft, problems: &mut Vec<Problem>) -> Vec<Organisation> {
    let compile = |(position, organisation): (usize, &crate::OrganisationDraft)| {
        Report::new(problems, "organisations", position).not_empty("name", &organisation.name);
        let (id, name) = (organisation.id.as_str().into(), organisation.name.as_str().into());
        Organisation {
            id,
            name,
            kind: organisation.kind,
        }
    };
    draft.organisations.iter().enumerate().map(compile).collect()
}

/// Compiled applications, and their keys by public id.
pub(super) struct Applications {
    /// The applications.
    pub(super) applications: Vec<Application>,
    /// The keys.
    pub(super) keys: HashMap<Box<str>, ApiKey>,
}

/// Compiles the applications and their keys.
pub(super) fn applications(draft: &Draft, names: &Names<'_>, problems: &mut Vec<Problem>) -> Applications {
    let mut applications = Vec::with_capacity(draft.applications.len());
    let mut keys = HashMap::new();
    for (position, application) in draft.applications.iter().enumerate() {
        let mut report = Report::new(problems, "applications", position);
        report.not_empty("name", &application.name);
        let organisation = names.organisation(&application.organisation, "organisation", &mut report);
        let index = ApplicationIndex(u32::try_from(position).unwrap_or(u32::MAX));
        for (number, key) in application.keys.iter().enumerate() {
            report.not_empty(&format!("keys[{number}].id"), &key.id);
            let stored = ApiKey {
                application: index,
                hash: key.hash,
                expires_at: key.expires_at,
            };
            if keys.insert(Box::from(key.id.as_str()), stored).is_some() {
                let message = format!(
                    "`{}` is the id of another key; a key's id is unique in the registry",
                    key.id
                );
                report.field(format!("keys[{number}].id"), message);
            }
        }
        let (id, name) = (application.id.as_str().into(), application.name.as_str().into());
        applications.push(Application { id, name, organisation });
    }
    Applications { applications, keys }
}
