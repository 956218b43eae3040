//! Checks documents as a start would, and says everything that is wrong at once: nothing refuses to start halfway.

use crate::config::{self, Config};
use crate::load::{self, Registry};
use ::document::{Problems, Source};
use ::registry::Loaded;
use snapshot::Authentication;
use std::fmt;
use std::path::Path;

/// Which of the two documents a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A node's configuration.
    Configuration,
    /// A registry document.
    Registry,
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Kind::Configuration => "configuration",
            Kind::Registry => "registry document",
        })
    }
}

/// Checks the file at `path`: a configuration together with the registry document that it names, or a registry document
/// alone.
///
/// # Errors
/// Every problem, each with file, line, column and key path where it has one.
pub fn check_file(path: &Path) -> Result<Kind, Problems> {
    let source = Source::load(path)?;
    match kind(&source) {
        Kind::Registry => load::from_file(path).map(|_| Kind::Registry),
        Kind::Configuration => read(&source).map(|_| Kind::Configuration),
    }
}

/// A configuration and its registry, both right and fitting together.
#[derive(Debug)]
pub struct Checked {
    /// The configuration.
    pub config: Config,
    /// The registry document that it names, if any.
    pub registry: Option<Registry>,
}

/// Reads a configuration and the registry document that it names: what `check` looks at and what a start begins with.
///
/// # Errors
/// Every problem of either, and where the two do not fit.
pub fn read(source: &Source) -> Result<Checked, Problems> {
    let problems = Problems::new();
    let config = config::read(source, &problems);
    // A document that cannot be opened has been reported by the key that names it.
    let document = config.registry.document.as_deref().filter(|path| path.is_file());
    let registry = document.and_then(|path| load::from_file(path).map_err(|others| problems.add_all(others)).ok());
    if let Some(registry) = &registry {
        check_fit(&config, &registry.loaded, source, &problems);
    }
    if config.registry.store.is_some() && config.identity.pepper_file.is_none() {
        problems.add(source.problem(
            "identity.pepper_file",
            "is missing; members call the registry with API keys, which are checked with it",
        ));
    }
    if registry.is_none() && config.registry.store.is_none() {
        return Err(problems);
    }
    problems.or_ok(Checked { config, registry })
}

/// What only shows when both documents are known.
fn check_fit(config: &Config, registry: &Loaded, source: &Source, problems: &Problems) {
    // An empty file is a document without a mistake in it, and what a reload sees while somebody is writing the file.
    if registry.draft.apis.is_empty() {
        let message = "holds none; a node that serves nothing is taken for a file that is not written yet";
        problems.add(registry.source().problem("apis", message));
    }
    for (position, backend) in registry.draft.backends.iter().enumerate() {
        if backend.allow_private_network && !config.allow_private_backends {
            let path = format!("backends[{position}].allow_private_network");
            let message = format!(
                "is refused by {}, where network.allow_private_backends is not true",
                source.name()
            );
            problems.add(registry.source().problem(&path, message));
        }
    }
    for (position, backend) in registry.draft.backends.iter().enumerate() {
        if backend.assertion != snapshot::Assertion::None && config.identity.service.is_none() {
            let path = format!("backends[{position}].assertion");
            let message = "needs a node that signs; configure identity.service, or leave it out";
            problems.add(registry.source().problem(&path, message));
        }
    }
    for (position, limit) in registry.draft.limits.iter().enumerate() {
        if limit.calendar.is_some() && config.quota_ledger.is_none() {
            let path = format!("limits[{position}].calendar");
            let message =
                "needs a node that keeps quotas over restarts; configure limits.ledger, or give a window instead";
            problems.add(registry.source().problem(&path, message));
        }
    }
    let has_keys = registry
        .draft
        .applications
        .iter()
        .any(|application| !application.keys.is_empty());
    if has_keys && config.identity.pepper_file.is_none() {
        problems.add(source.problem(
            "identity.pepper_file",
            "is missing; the registry holds API keys, which are checked with it",
        ));
    }
    let takes_tokens_only = |api: &snapshot::ApiDraft| api.authentication == Authentication::Token;
    let service = &config.identity.service;
    if service.is_some() && config.gateway.public_base_url.is_none() {
        problems.add(source.problem(
            "gateway.public_base_url",
            "is missing; it is the issuer of the tokens that identity.service makes",
        ));
    }
    if let Some(people) = &config.identity.people {
        if service.is_none() {
            problems.add(source.problem(
                "identity.people",
                "needs identity.service, which makes the tokens people grant",
            ));
        }
        let public = config.gateway.public_base_url.as_deref().unwrap_or_default();
        if people.provider.test_provider && (public.starts_with("https://") || config.listen.tls.is_some()) {
            problems.add(source.problem(
                "identity.people.test_provider",
                "is for development on one machine: a gateway that is reached over https serves real people, and a test e-identification proves nothing about them",
            ));
        }
    }
    if config.identity.issuers.is_empty() && service.is_none() {
        for (position, api) in registry
            .draft
            .apis
            .iter()
            .enumerate()
            .filter(|(_, api)| takes_tokens_only(api))
        {
            let message = format!(
                "`{}` takes tokens only, and no issuer's are accepted; name one in identity.issuers",
                api.id
            );
            problems.add(
                registry
                    .source()
                    .problem(&format!("apis[{position}].authentication"), message),
            );
        }
    }
}

/// By its sections; a file of neither kind is read as a configuration, which says what it lacks.
fn kind(source: &Source) -> Kind {
    let count = |sections: &[&str]| sections.iter().filter(|section| source.holds(section)).count();
    if count(&::registry::document::SECTIONS) > count(&config::SECTIONS) {
        Kind::Registry
    } else {
        Kind::Configuration
    }
}

#[cfg(test)]
mod tests;
