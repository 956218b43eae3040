//! Organisations, applications and their keys.

use super::names::Names;
use super::{Problem, Report};
use crate::Draft;
use crate::model::{ApiKey, Application, ApplicationIndex, ClientCredentials, ClientSecret, Organisation};
use hashbrown::HashMap;
use http::HeaderValue;
use std::sync::Arc;

/// Compiles the organisations.
pub(super) fn organisations(draft: &Draft, problems: &mut Vec<Problem>) -> Vec<Organisation> {
    let compile = |(position, organisation): (usize, &crate::OrganisationDraft)| {
        Report::new(problems, "organisations", position).not_empty("name", &organisation.name);
        let (id, name) = (organisation.id.as_str().into(), organisation.name.as_str().into());
        Organisation {
            id,
            id_value: HeaderValue::from_str(&organisation.id).ok(),
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
        let credentials = credentials(application, &mut report);
        applications.push(Application {
            id,
            id_value: HeaderValue::from_str(&application.id).ok(),
            name,
            organisation,
            credentials: Arc::new(credentials),
            own_agreements_only: application.own_agreements_only,
        });
    }
    Applications { applications, keys }
}

/// What the application proves itself with at the token service. Key sets are read there.
fn credentials(application: &crate::ApplicationDraft, report: &mut Report<'_>) -> ClientCredentials {
    if application.jwks.is_some() && application.jwks_url.is_some() {
        report.field("jwks_url", "stands beside jwks; the keys come from one or the other");
    }
    for (number, secret) in application.secrets.iter().enumerate() {
        report.not_empty(&format!("secrets[{number}].id"), &secret.id);
    }
    for (number, address) in application.redirect_uris.iter().enumerate() {
        if let Err(message) = check_redirect(address) {
            report.field(format!("redirect_uris[{number}]"), format!("`{address}` {message}"));
        }
    }
    let secret = |secret: &crate::KeyDraft| ClientSecret {
        id: secret.id.as_str().into(),
        hash: secret.hash,
        expires_at: secret.expires_at,
    };
    ClientCredentials {
        jwks: application.jwks.as_deref().map(Arc::from),
        jwks_url: application.jwks_url.as_deref().map(Arc::from),
        secrets: application.secrets.iter().map(secret).collect(),
        certificates: application.certificates.clone(),
        redirect_uris: application
            .redirect_uris
            .iter()
            .map(|uri| uri.as_str().into())
            .collect(),
        require_par: application.require_par,
        not_before: application.not_before,
    }
}

/// RFC 9700 section 2.1: exact addresses, over https or to the person's own machine, without a fragment.
fn check_redirect(address: &str) -> Result<(), &'static str> {
    let uri: http::Uri = address.parse().map_err(|_| "is not an address")?;
    let host = uri.host().unwrap_or_default();
    let own_machine = matches!(host, "127.0.0.1" | "[::1]" | "localhost");
    match uri.scheme_str() {
        Some("https") if !host.is_empty() => {}
        Some("http") if own_machine => {}
        _ => return Err("must be https, or http on the person's own machine"),
    }
    if address.contains('#') {
        return Err("must not have a fragment");
    }
    Ok(())
}
