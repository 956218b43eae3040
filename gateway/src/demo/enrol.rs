//! The demo's organisations come into the registry as any does: through `/registry/v1`, each with a key of its own.
//!
//! The operator lets them in. Then whoever owns APIs registers backends, limits and APIs, uploads documents, publishes and
//! proposes agreements; the parties sign, and make credentials for their applications.

use crate::declared::{self, Server};
use anyhow::{Context, bail};
use registry::import::Imported;
use registry::model::Agreement;
use reqwest::Method;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// Longest wait until the node serves what was registered.
const PATIENCE: Duration = Duration::from_secs(30);
/// In the text of the keys.
const ENVIRONMENT: &str = "demo";

/// Organisations whose members can call the registry.
pub(super) struct Members {
    gateway: String,
    operator: Server,
    /// Each organisation's member and its key.
    agencies: BTreeMap<String, (Server, String)>,
}

impl Members {
    /// The operator registers the organisations, a member of each with a key, and the applications, whose ids callers of the
    /// demo know beforehand: only an operator gives ids that do not begin with the organisation's.
    pub(super) async fn let_in(gateway: &str, operator_key: &str, wanted: &Imported) -> anyhow::Result<Self> {
        let operator = Server::new(gateway, operator_key)?;
        let mut agencies = BTreeMap::new();
        for organisation in &wanted.organisations {
            let id = &organisation.organisation_id;
            post(&operator, "organisations", organisation).await?;
            let member = json!({ "organisationId": id, "name": "Registeransvarig", "roles": ["agencyAdmin"] });
            let (member, _) = post(&operator, "members", &member).await?;
            let member = text(&member, "memberId")?;
            let key = make_key(&operator, &format!("members/{member}")).await?;
            agencies.insert(id.clone(), (operator.with_key(&key), key));
        }
        for application in &wanted.applications {
            post(&operator, "applications", application).await?;
        }
        let members = Self {
            gateway: gateway.to_owned(),
            operator,
            agencies,
        };
        members.wait().await?;
        Ok(members)
    }

    /// Each registers what is its own, and signs what it is party to.
    pub(super) async fn register(&self, wanted: Imported) -> anyhow::Result<()> {
        for mut plan in wanted.limit_plans {
            plan.limit_plan_id = own(&plan.organisation_id, &plan.limit_plan_id);
            post(self.of(&plan.organisation_id)?, "limit-plans", &plan).await?;
        }
        for mut backend in wanted.backends {
            backend.backend_id = own(&backend.organisation_id, &backend.backend_id);
            post(self.of(&backend.organisation_id)?, "backends", &backend).await?;
        }
        for (mut api, document) in wanted.apis {
            let (id, organisation) = (api.api_id.clone(), api.organisation_id.clone());
            for plan in &mut api.limit_plan_ids {
                *plan = own(&organisation, plan);
            }
            api.backend_id = api.backend_id.map(|backend| own(&organisation, &backend));
            let agency = self.of(&organisation)?;
            let (_, mut revision) = post(agency, "apis", &api).await?;
            if let Some(document) = document {
                let path = format!("apis/{id}/openapi");
                (_, revision) = call(agency, Method::PUT, &path, Some(&revision), document.to_string()).await?;
            }
            let path = format!("apis/{id}/publications");
            call(agency, Method::POST, &path, Some(&revision), "{}".to_owned()).await?;
        }
        for terms in wanted.agreements {
            self.agree(terms).await?;
        }
        Ok(())
    }

    async fn agree(&self, mut terms: Agreement) -> anyhow::Result<()> {
        terms.agreement_id = own(&terms.organisation_id, &terms.agreement_id);
        let (_, mut revision) = post(self.of(&terms.organisation_id)?, "agreements", &terms).await?;
        let path = format!("agreements/{}/signatures", terms.agreement_id);
        for party in terms.signatories() {
            let party = self.of(party)?;
            (_, revision) = call(party, Method::POST, &path, Some(&revision), "{}".to_owned()).await?;
        }
        Ok(())
    }

    /// A key for an application, made by its organisation.
    pub(super) async fn application_key(&self, organisation: &str, application: &str) -> anyhow::Result<String> {
        make_key(self.of(organisation)?, &format!("applications/{application}")).await
    }

    /// The organisation uploads the application's public key.
    pub(super) async fn upload_public_key(
        &self,
        organisation: &str,
        application: &str,
        key: &Value,
    ) -> anyhow::Result<()> {
        let credential = json!({ "name": "client-key", "kind": "jwks", "jwks": { "keys": [key] } });
        let path = format!("applications/{application}/credentials");
        post(self.of(organisation)?, &path, &credential).await?;
        Ok(())
    }

    /// Returns when the node serves everything that is registered.
    pub(super) async fn wait(&self) -> anyhow::Result<()> {
        declared::wait(&self.operator, PATIENCE).await?;
        Ok(())
    }

    /// Where the registry is and the members' keys, for scripts.
    pub(super) fn described(&self, operator_key: &str) -> Value {
        let keys: BTreeMap<&String, &String> = self.agencies.iter().map(|(id, (_, key))| (id, key)).collect();
        json!({
            "how": "The demo's organisations have registered themselves here at this start. Call it with a key in X-Api-Key; pages are at /docs below it.",
            "url": format!("{}{}", self.gateway, registry::api::facts().base_path),
            "operatorKey": operator_key,
            "memberKeys": keys,
        })
    }

    fn of(&self, organisation: &str) -> anyhow::Result<&Server> {
        let known = self.agencies.get(organisation);
        known
            .map(|(server, _)| server)
            .with_context(|| format!("the demo's registry has no organisation {organisation}"))
    }
}

/// A member's own ids begin with its organisation's.
fn own(organisation: &str, id: &str) -> String {
    format!("{organisation}.{id}")
}

async fn make_key(server: &Server, holder: &str) -> anyhow::Result<String> {
    let wanted = json!({ "name": "demo", "kind": "apiKey", "environment": ENVIRONMENT });
    let (made, _) = post(server, &format!("{holder}/credentials"), &wanted).await?;
    text(&made, "secret")
}

async fn post(server: &Server, path: &str, body: &impl Serialize) -> anyhow::Result<(Value, String)> {
    call(server, Method::POST, path, None, serde_json::to_string(body)?).await
}

/// What was answered, and the object's revision.
async fn call(
    server: &Server,
    method: Method,
    path: &str,
    revision: Option<&str>,
    body: String,
) -> anyhow::Result<(Value, String)> {
    let answer = server.send(method.clone(), path, revision, Some(body)).await?;
    if !answer.status.is_success() {
        bail!(
            "the demo cannot be registered: {method} {path}: {}\n{}",
            answer.said(),
            answer.text
        );
    }
    Ok((answer.json(), answer.revision.unwrap_or_default()))
}

fn text(body: &Value, field: &str) -> anyhow::Result<String> {
    let found = body[field].as_str().map(str::to_owned);
    found.with_context(|| format!("the registry's answer lacks {field}"))
}
