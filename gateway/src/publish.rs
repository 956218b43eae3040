//! Puts into a registry's draft what the gateway itself serves: documents and pages of each API, the catalogue, problem pages.

use crate::internal::InternalApi;
use crate::load::Registry;
use catalogue::{ApiFacts, Blame, ProblemFacts};
use document::Problems;
use edge::error::ErrorKind;
use serde_json::{Value, json};
use snapshot::{Api, Document, SenderConstraint, Snapshot};
use std::sync::Arc;

/// What the pages need to know beside the registry.
#[derive(Debug, Clone, Default)]
pub struct Site {
    /// Where callers reach the gateway, without a slash at the end.
    pub public_base_url: String,
    /// Issuer of access tokens, shown to developers.
    pub issuer: Option<String>,
    /// Everybody whose tokens are accepted (RFC 9728 `authorization_servers`).
    pub authorization_servers: Vec<String>,
    /// A page that says how to get a credential.
    pub credentials_url: Option<String>,
    /// Problems that services answer with, beside the gateway's own.
    pub service_problems: Vec<ProblemFacts>,
    /// APIs that the node itself serves, behind its own stack.
    pub internal: Vec<InternalApi>,
}

impl Site {
    /// Whether the API is the node's own and has no OpenAPI document: its form is told elsewhere.
    fn is_undocumented(&self, id: &str) -> bool {
        let mut own = self.internal.iter();
        own.any(|internal| internal.api.id == id && internal.document.is_none())
    }
}

/// Compiles the registry with everything the gateway serves of its own.
///
/// # Errors
/// Every problem, with file, line and key path.
pub fn compile(registry: &mut Registry, site: &Site) -> Result<Snapshot, Problems> {
    for internal in &site.internal {
        internal.put_into(registry);
    }
    registry.loaded.draft.documents.clear();
    for api in &mut registry.loaded.draft.apis {
        api.documents.clear();
    }
    let plain = registry.loaded.compile()?;
    let problems: Arc<[ProblemFacts]> = problems(site).into();
    let facts: Vec<ApiFacts> = plain
        .apis()
        .iter()
        .filter(|api| !site.is_undocumented(&api.id))
        .map(|api| facts(&plain, api, site, &problems))
        .collect();
    let draft = &mut registry.loaded.draft;
    let described = draft.apis.iter_mut().zip(&registry.documents);
    let described = described.filter(|(api, _)| !site.is_undocumented(&api.id));
    for ((api, document), facts) in described.zip(&facts) {
        let bare;
        let source = match document {
            Some(source) => source,
            None => {
                bare = describe(api);
                &bare
            }
        };
        api.documents = catalogue::api_documents(source, facts);
    }
    draft.documents = catalogue::gateway_documents(&facts, &problems, &site.public_base_url);
    let taking_tokens = plain.apis().iter().filter(|api| !api.audience.is_empty());
    draft
        .documents
        .extend(taking_tokens.map(|api| protected_resource(&plain, api, site)));
    registry.loaded.compile()
}

/// RFC 9728: which tokens an API takes, and who gives them. A refusal's `WWW-Authenticate` leads here.
fn protected_resource(snapshot: &Snapshot, api: &Api, site: &Site) -> (String, Arc<Document>) {
    let index = snapshot.find_api(&api.id);
    let scopes: std::collections::BTreeSet<&str> = snapshot
        .routes()
        .iter()
        .filter(|route| route.api.is_some() && route.api == index)
        .flat_map(|route| route.scopes.iter().map(|scope| &**scope))
        .collect();
    let base = &site.public_base_url;
    let body = json!({
        "resource": &*api.audience,
        "resource_name": &*api.title,
        "resource_documentation": format!("{base}{}/docs", api.base_path),
        "authorization_servers": site.authorization_servers,
        "scopes_supported": scopes,
        "bearer_methods_supported": ["header"],
        "dpop_signing_alg_values_supported": ["ES256", "EdDSA", "RS256", "PS256"],
        "dpop_bound_access_tokens_required": api.sender_constraint == SenderConstraint::Dpop,
        "tls_client_certificate_bound_access_tokens": matches!(
            api.sender_constraint,
            SenderConstraint::Mtls | SenderConstraint::Either
        ),
    });
    let document = catalogue::document("application/json", format!("{body:#}\n"));
    let path = format!("/.well-known/oauth-protected-resource{}", api.base_path);
    (path, Arc::new(document))
}

fn facts(snapshot: &Snapshot, api: &Api, site: &Site, problems: &Arc<[ProblemFacts]>) -> ApiFacts {
    ApiFacts {
        name: api.name.to_string(),
        title: api.title.to_string(),
        version: api.version.to_string(),
        base_path: api.base_path.to_string(),
        public_base_url: site.public_base_url.clone(),
        organisation: snapshot.organisation(api.organisation).name.to_string(),
        state: api.state,
        released: api.released.to_string(),
        authentication: api.authentication,
        token_url: None,
        issuer: site.issuer.clone(),
        credentials_url: site.credentials_url.clone(),
        limits: api.limits.clone(),
        docs_url: None,
        sunset_at: api.sunset_at,
        successor: None,
        problems: Arc::clone(problems),
    }
}

/// An API without an OpenAPI document of its own is published as the list of its routes.
fn describe(api: &snapshot::ApiDraft) -> Value {
    let mut paths = serde_json::Map::new();
    for route in &api.routes {
        let path = route.path.replace("{*", "{");
        let method = route
            .method
            .as_ref()
            .map_or("get".to_owned(), |method| method.as_str().to_ascii_lowercase());
        let item = paths.entry(path).or_insert_with(|| json!({}));
        if let Some(item) = item.as_object_mut() {
            item.insert(
                method,
                json!({ "responses": { "default": { "description": "The backend's answer." } } }),
            );
        }
    }
    json!({ "openapi": "3.1.0", "info": { "title": api.title, "version": api.version }, "paths": paths })
}

/// The gateway's problems from the one table of them, then the services'.
fn problems(site: &Site) -> Vec<ProblemFacts> {
    let own = ErrorKind::ALL.into_iter().map(|kind| {
        let row = kind.facts();
        ProblemFacts {
            code: row.code.to_owned(),
            title: row.title.to_owned(),
            status: row.status.as_u16(),
            blame: match row.blame {
                telemetry::Blame::Client => Blame::Caller,
                telemetry::Blame::Upstream => Blame::Agency,
                telemetry::Blame::Gateway => Blame::Gateway,
            },
            what_to_do_en: row.advice.en.to_owned(),
            what_to_do_sv: row.advice.sv.to_owned(),
        }
    });
    let mut all: Vec<ProblemFacts> = own.collect();
    for problem in &site.service_problems {
        // A service may use a code of the gateway's: then the gateway's page stands.
        if all.iter().all(|known| known.code != problem.code) {
            all.push(problem.clone());
        }
    }
    all
}
