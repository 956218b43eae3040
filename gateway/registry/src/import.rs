//! A registry document into the registry's objects: to fill an empty store, or to be registered through the API.

use crate::compile;
use crate::intake;
use crate::model::{
    self, Agreement, AgreementLimits, AgreementRecord, Api, ApiRecord, Application, Backend, BackendTarget, Credential,
    CredentialHolder, CredentialKind, HttpMethod, LimitPlan, Moment, Operation, Organisation, Party, PartyRole,
    Publication, Signature,
};
use crate::store::{Actor, Change, Error, Store};
use serde_json::Value;
use snapshot::Draft;
use std::fmt::Write;
use std::sync::Arc;

/// What a document holds, as the registry knows it.
#[derive(Debug, Default)]
#[expect(missing_docs, reason = "plain containers")]
pub struct Imported {
    pub organisations: Vec<Organisation>,
    pub limit_plans: Vec<LimitPlan>,
    pub backends: Vec<Backend>,
    /// Each API with its OpenAPI document.
    pub apis: Vec<(Api, Option<Arc<Value>>)>,
    pub applications: Vec<Application>,
    /// Keys, by the application that they are for.
    pub keys: Vec<Credential>,
    pub agreements: Vec<Agreement>,
}

/// Takes a draft apart. `documents` are the APIs' OpenAPI documents, by the API's position.
pub fn objects(draft: &Draft, documents: &[Option<Arc<Value>>]) -> Imported {
    let mut imported = Imported {
        organisations: draft.organisations.iter().map(organisation).collect(),
        backends: draft.backends.iter().map(backend).collect(),
        applications: draft.applications.iter().map(application).collect(),
        keys: draft.applications.iter().flat_map(keys).collect(),
        agreements: draft
            .agreements
            .iter()
            .map(|one| agreement(one, &draft.limits))
            .collect(),
        ..Imported::default()
    };
    for (position, source) in draft.apis.iter().enumerate() {
        let document = documents.get(position).cloned().flatten();
        let mut api = api(source, document.is_none());
        for id in &mut api.limit_plan_ids {
            *id = plan_of(&mut imported.limit_plans, draft, id, &source.organisation);
        }
        imported.apis.push((api, document));
    }
    imported
}

/// A document's limits belong to nobody; the registry's belong to the organisation whose APIs have them. A limit that two
/// organisations have becomes two.
fn plan_of(plans: &mut Vec<LimitPlan>, draft: &Draft, id: &str, organisation: &str) -> String {
    let own = |plan: &&LimitPlan| {
        plan.organisation_id == organisation
            && (plan.limit_plan_id == id || plan.limit_plan_id == format!("{organisation}.{id}"))
    };
    if let Some(plan) = plans.iter().find(own) {
        return plan.limit_plan_id.clone();
    }
    let taken = plans.iter().any(|plan| plan.limit_plan_id == id);
    let id_here = if taken {
        format!("{organisation}.{id}")
    } else {
        id.to_owned()
    };
    if let Some(limit) = draft.limits.iter().find(|limit| limit.id == id) {
        plans.push(LimitPlan {
            limit_plan_id: id_here.clone(),
            organisation_id: organisation.to_owned(),
            name: limit.name.clone(),
            per: match limit.per {
                snapshot::LimitPer::Application => model::LimitPer::Application,
                snapshot::LimitPer::Address => model::LimitPer::Address,
                snapshot::LimitPer::Api => model::LimitPer::Api,
                snapshot::LimitPer::Person => model::LimitPer::Person,
                snapshot::LimitPer::Agreement => model::LimitPer::Agreement,
            },
            quota: limit.quota,
            window_seconds: limit.window.as_secs(),
            burst: limit.burst,
            shared: limit.shared.is_some(),
            on_store_failure: limit.shared.map(|choice| match choice {
                snapshot::OnStoreFailure::LocalShare => model::OnStoreFailure::LocalShare,
                snapshot::OnStoreFailure::Allow => model::OnStoreFailure::Allow,
                snapshot::OnStoreFailure::Deny => model::OnStoreFailure::Deny,
            }),
            calendar: limit.calendar.map(|period| match period {
                snapshot::Calendar::Day => model::CalendarPeriod::Day,
                snapshot::Calendar::Month => model::CalendarPeriod::Month,
            }),
        });
    }
    id_here
}

fn organisation(draft: &snapshot::OrganisationDraft) -> Organisation {
    Organisation {
        organisation_id: draft.id.clone(),
        name: draft.name.clone(),
        name_en: None,
        kind: match draft.kind {
            snapshot::OrganisationKind::StateAgency => model::OrganisationKind::StateAgency,
            snapshot::OrganisationKind::Municipality => model::OrganisationKind::Municipality,
            snapshot::OrganisationKind::Region => model::OrganisationKind::Region,
            snapshot::OrganisationKind::Court => model::OrganisationKind::Court,
            snapshot::OrganisationKind::ParliamentAgency => model::OrganisationKind::ParliamentAgency,
            snapshot::OrganisationKind::PublicCompany => model::OrganisationKind::PublicCompany,
            snapshot::OrganisationKind::PrivateActor => model::OrganisationKind::PrivateActor,
        },
        organisation_number: None,
        municipality_code: None,
        county_code: None,
        parent_id: None,
        website: None,
        valid_from: None,
        valid_to: None,
        successor_ids: Vec::new(),
        relation_terms: None,
    }
}

fn backend(draft: &snapshot::BackendDraft) -> Backend {
    let mut backend = Backend {
        backend_id: draft.id.clone(),
        organisation_id: draft.organisation.clone(),
        name: draft.id.clone(),
        targets: draft
            .addresses
            .iter()
            .map(|url| BackendTarget {
                url: url.clone(),
                weight: 1,
            })
            .collect(),
        connect_timeout_milliseconds: milliseconds(draft.connect_timeout),
        private_network: draft.allow_private_network,
        trusted_roots_file: draft.ca_file.clone(),
        assertion: match draft.assertion {
            snapshot::Assertion::None => model::Assertion::None,
            snapshot::Assertion::Session => model::Assertion::Session,
            snapshot::Assertion::Call => model::Assertion::Call,
        },
        health_check: None,
        max_concurrent: None,
        max_pending: 0,
        slow_start_milliseconds: 0,
        breaker: None,
        ejection: None,
    };
    compile::put_into_backend(&draft.traffic, &mut backend);
    backend
}

fn application(draft: &snapshot::ApplicationDraft) -> Application {
    Application {
        application_id: draft.id.clone(),
        organisation_id: draft.organisation.clone(),
        name: draft.name.clone(),
        description: None,
        redirect_uris: draft.redirect_uris.clone(),
        require_par: draft.require_par,
        suspended: false,
    }
}

fn keys(draft: &snapshot::ApplicationDraft) -> Vec<Credential> {
    let key = |key: &snapshot::KeyDraft| Credential {
        credential_id: key.id.clone(),
        organisation_id: draft.organisation.clone(),
        holder: CredentialHolder::Application,
        holder_id: draft.id.clone(),
        name: key.id.clone(),
        kind: CredentialKind::ApiKey,
        hash: Some(hexadecimal(&key.hash)),
        jwks: None,
        jwks_url: None,
        certificate_sha256: None,
        expires_at: key.expires_at.map(Moment::from_seconds),
        revoked_at: None,
    };
    draft.keys.iter().map(key).collect()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn api(draft: &snapshot::ApiDraft, with_operations: bool) -> Api {
    let mut api = Api {
        api_id: draft.id.clone(),
        organisation_id: draft.organisation.clone(),
        name: draft.name.clone(),
        title: draft.title.clone(),
        version: draft.version.clone(),
        released: draft.released.parse().ok(),
        state: match draft.state {
            snapshot::LifecycleState::Alpha => model::LifecycleState::Alpha,
            snapshot::LifecycleState::Beta => model::LifecycleState::Beta,
            snapshot::LifecycleState::Active => model::LifecycleState::Active,
            snapshot::LifecycleState::Deprecated => model::LifecycleState::Deprecated,
            snapshot::LifecycleState::Retired => model::LifecycleState::Retired,
            snapshot::LifecycleState::Decommissioned => model::LifecycleState::Decommissioned,
        },
        deprecated_at: draft.deprecated_at.map(Moment::from_seconds),
        sunset_at: draft.sunset_at.map(Moment::from_seconds),
        successor: draft.successor.clone(),
        authentication: authentication(draft.authentication),
        sender_constraint: match draft.sender_constraint {
            snapshot::SenderConstraint::None => model::SenderConstraint::None,
            snapshot::SenderConstraint::Dpop => model::SenderConstraint::Dpop,
            snapshot::SenderConstraint::Mtls => model::SenderConstraint::Mtls,
            snapshot::SenderConstraint::Either => model::SenderConstraint::Either,
        },
        audience: (!draft.audience.is_empty()).then(|| draft.audience.clone()),
        personal_data: draft.personal_data,
        limit_plan_ids: draft.limits.clone(),
        cors: draft.cors.as_ref().map(|cors| model::Cors {
            any_origin: cors.any_origin,
            origins: cors
                .origins
                .iter()
                .filter_map(|origin| origin.to_str().ok().map(str::to_owned))
                .collect(),
        }),
        deadline_milliseconds: milliseconds(draft.deadline),
        idle_timeout_milliseconds: milliseconds(draft.idle_timeout),
        max_body_bytes: draft.max_body_bytes,
        backend_id: draft.backend.clone(),
        retry: None,
        idempotency: None,
        cache: None,
        validation: None,
        canary: None,
        mirror: None,
        mock_answers: None,
        maintenance: None,
        operations: if with_operations {
            draft.routes.iter().map(operation).collect()
        } else {
            Vec::new()
        },
    };
    compile::put_into_api(&draft.traffic, &mut api);
    api
}

fn operation(route: &snapshot::RouteDraft) -> Operation {
    let method = |method: &http::Method| match method.as_str() {
        "GET" => Some(HttpMethod::Get),
        "HEAD" => Some(HttpMethod::Head),
        "POST" => Some(HttpMethod::Post),
        "PUT" => Some(HttpMethod::Put),
        "PATCH" => Some(HttpMethod::Patch),
        "DELETE" => Some(HttpMethod::Delete),
        "OPTIONS" => Some(HttpMethod::Options),
        _ => None,
    };
    Operation {
        method: route.method.as_ref().and_then(method),
        path: route.path.clone(),
        scopes: route.scopes.clone(),
        authentication: route.authentication.map(authentication),
    }
}

fn authentication(authentication: snapshot::Authentication) -> model::Authentication {
    match authentication {
        snapshot::Authentication::None => model::Authentication::None,
        snapshot::Authentication::Key => model::Authentication::Key,
        snapshot::Authentication::Token => model::Authentication::Token,
        snapshot::Authentication::KeyOrToken => model::Authentication::KeyOrToken,
    }
}

fn agreement(draft: &snapshot::AgreementDraft, limits: &[snapshot::LimitDraft]) -> Agreement {
    let with = |ids: &[String], role| {
        ids.iter()
            .map(|id| Party {
                organisation_id: id.clone(),
                role,
            })
            .collect::<Vec<_>>()
    };
    let mut parties = with(&draft.producers, PartyRole::Producer);
    parties.extend(with(&draft.consumers, PartyRole::Consumer));
    parties.extend(with(&draft.suppliers, PartyRole::Supplier));
    Agreement {
        agreement_id: draft.id.clone(),
        organisation_id: draft.producers.first().cloned().unwrap_or_default(),
        kind: match draft.kind {
            snapshot::AgreementKind::Avtal => model::AgreementKind::Avtal,
            snapshot::AgreementKind::Overenskommelse => model::AgreementKind::Overenskommelse,
            snapshot::AgreementKind::Anslutningsavtal => model::AgreementKind::Anslutningsavtal,
            snapshot::AgreementKind::Anvandarvillkor => model::AgreementKind::Anvandarvillkor,
        },
        parties,
        api_ids: draft.apis.clone(),
        scopes: draft.scopes.clone(),
        application_ids: draft.applications.clone(),
        purpose: draft.purpose.clone(),
        legal_basis: None,
        // A document does not say; what an API holds is said by the API.
        personal_data: draft.kind != snapshot::AgreementKind::Anvandarvillkor,
        valid_from: Moment::from_seconds(draft.valid_from),
        valid_to: draft.valid_to.map(Moment::from_seconds),
        limits: admitted(draft, limits),
        sla: None,
        document_sha256: None,
    }
}

/// What an agreement's own policies of a minute, a day and a month admit; others have no place in it.
fn admitted(draft: &snapshot::AgreementDraft, limits: &[snapshot::LimitDraft]) -> Option<AgreementLimits> {
    let own = |seconds: u64| {
        let mut own = limits.iter().filter(|limit| draft.limits.contains(&limit.id));
        own.find(|limit| limit.per == snapshot::LimitPer::Agreement && limit.window.as_secs() == seconds)
            .map(|limit| limit.quota)
    };
    let (per_minute, per_day, per_month) = (own(60), own(86_400), own(31 * 86_400));
    (per_minute.is_some() || per_day.is_some() || per_month.is_some()).then_some(AgreementLimits {
        per_minute,
        per_day,
        per_month,
    })
}

fn milliseconds(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Puts a document's objects into a store that holds no APIs yet, as one change. What a document says is published and
/// signed: its author answers for it.
///
/// # Errors
/// The store's.
pub async fn fill(store: &Store, imported: Imported) -> Result<i64, Error> {
    let actor = Actor {
        member: "import".to_owned(),
        organisation: "import".to_owned(),
    };
    let mut change = store.change(actor).await?;
    for organisation in imported.organisations {
        change.add(organisation).await?;
    }
    for plan in imported.limit_plans {
        change.add(plan).await?;
    }
    for backend in imported.backends {
        change.add(backend).await?;
    }
    for (api, document) in imported.apis {
        add_api(&mut change, api, document).await?;
    }
    for application in imported.applications {
        change.add(application).await?;
    }
    for key in imported.keys {
        change.add(key).await?;
    }
    for terms in imported.agreements {
        let signatures = terms
            .signatories()
            .map(|organisation| Signature {
                organisation_id: organisation.to_owned(),
                member_id: "import".to_owned(),
                signed_at: change.now(),
            })
            .collect();
        let record = AgreementRecord {
            terms,
            signatures,
            suspension: None,
            termination: None,
        };
        change.add(record).await?;
    }
    change.commit().await
}

async fn add_api(change: &mut Change, api: Api, document: Option<Arc<Value>>) -> Result<(), Error> {
    let mut record = ApiRecord {
        draft: api,
        document: None,
        document_url: None,
        published: None,
    };
    if let Some(document) = document {
        let text = document.to_string();
        let hash = intake::hash(&text);
        change.keep_document(&hash, &text).await?;
        record.document = Some(hash);
    }
    record.published = Some(Publication {
        api: record.draft.clone(),
        document: record.document.clone(),
        published_at: change.now(),
        published_by: "import".to_owned(),
    });
    change.add(record).await?;
    Ok(())
}
