//! One object each: what the registry calls it, and what the snapshot does.

use crate::model::{
    self, Application, Backend, BackendTarget, Credential, CredentialKind, LimitPlan, Member, Organisation,
};
use serde_json::{Value, json};
use snapshot::{ApplicationDraft, BackendDraft, KeyDraft, LimitDraft, OrganisationDraft};
use std::time::Duration;

pub(crate) fn organisation(organisation: &Organisation) -> OrganisationDraft {
    OrganisationDraft {
        id: organisation.organisation_id.clone(),
        name: organisation.name.clone(),
        kind: organisation_kind(organisation.kind),
    }
}

pub(crate) fn limit_plan(plan: &LimitPlan) -> LimitDraft {
    LimitDraft {
        id: plan.limit_plan_id.clone(),
        name: plan.name.clone(),
        per: match plan.per {
            model::LimitPer::Application => snapshot::LimitPer::Application,
            model::LimitPer::Address => snapshot::LimitPer::Address,
            model::LimitPer::Api => snapshot::LimitPer::Api,
            model::LimitPer::Person => snapshot::LimitPer::Person,
            model::LimitPer::Agreement => snapshot::LimitPer::Agreement,
        },
        quota: plan.quota,
        window: Duration::from_secs(plan.window_seconds),
        burst: plan.burst,
        shared: plan.shared.then_some(match plan.on_store_failure {
            None | Some(model::OnStoreFailure::LocalShare) => snapshot::OnStoreFailure::LocalShare,
            Some(model::OnStoreFailure::Allow) => snapshot::OnStoreFailure::Allow,
            Some(model::OnStoreFailure::Deny) => snapshot::OnStoreFailure::Deny,
        }),
        calendar: plan.calendar.map(|period| match period {
            model::CalendarPeriod::Day => snapshot::Calendar::Day,
            model::CalendarPeriod::Month => snapshot::Calendar::Month,
        }),
    }
}

pub(crate) fn backend(backend: &Backend) -> BackendDraft {
    BackendDraft {
        id: backend.backend_id.clone(),
        organisation: backend.organisation_id.clone(),
        addresses: backend.targets.iter().map(|target| target.url.clone()).collect(),
        connect_timeout: Duration::from_millis(backend.connect_timeout_milliseconds),
        allow_private_network: backend.private_network,
        ca_file: backend.trusted_roots_file.clone(),
        assertion: match backend.assertion {
            model::Assertion::None => snapshot::Assertion::None,
            model::Assertion::Session => snapshot::Assertion::Session,
            model::Assertion::Call => snapshot::Assertion::Call,
        },
        traffic: super::policies::backend(backend),
    }
}

/// Shares are named only where they differ.
pub(super) fn weights(targets: &[BackendTarget]) -> Vec<u32> {
    let mut weights: Vec<u32> = targets.iter().map(|target| target.weight).collect();
    if weights.iter().all(|weight| Some(weight) == weights.first()) {
        weights.clear();
    }
    weights
}

/// An application with what it `held` to prove itself.
pub(crate) fn application(application: &Application, held: ApplicationDraft) -> ApplicationDraft {
    ApplicationDraft {
        id: application.application_id.clone(),
        name: application.name.clone(),
        organisation: application.organisation_id.clone(),
        redirect_uris: application.redirect_uris.clone(),
        require_par: application.require_par,
        ..held
    }
}

/// A member calls the registry's API as an application calls any other. What its organisation's programs may call, it may
/// not.
pub(crate) fn member(member: &Member, held: ApplicationDraft) -> ApplicationDraft {
    ApplicationDraft {
        id: member.member_id.clone(),
        name: member.name.clone(),
        organisation: member.organisation_id.clone(),
        own_agreements_only: true,
        ..held
    }
}

/// Adds a credential to what its holder has. Of uploaded keys and an address of keys, the uploaded ones hold.
pub(crate) fn credential(credential: &Credential, held: &mut ApplicationDraft) {
    let kept = || {
        Some(KeyDraft {
            id: credential.credential_id.clone(),
            hash: hash(credential.hash.as_deref()?)?,
            expires_at: credential.expires_at.map(crate::model::Moment::seconds),
        })
    };
    match credential.kind {
        CredentialKind::ApiKey => held.keys.extend(kept()),
        CredentialKind::ClientSecret => held.secrets.extend(kept()),
        CredentialKind::Jwks => {
            let known = held
                .jwks
                .as_deref()
                .and_then(|text| serde_json::from_str::<Value>(text).ok());
            let sets = [known.as_ref(), credential.jwks.as_ref()].into_iter().flatten();
            let keys: Vec<&Value> = sets.filter_map(|set| set["keys"].as_array()).flatten().collect();
            held.jwks = Some(json!({ "keys": keys }).to_string());
            held.jwks_url = None;
        }
        CredentialKind::JwksUrl if held.jwks.is_none() => held.jwks_url.clone_from(&credential.jwks_url),
        CredentialKind::JwksUrl => {}
        CredentialKind::TlsCertificate => held
            .certificates
            .extend(credential.certificate_sha256.as_deref().and_then(hash)),
    }
}

pub(crate) fn organisation_kind(kind: model::OrganisationKind) -> snapshot::OrganisationKind {
    match kind {
        model::OrganisationKind::StateAgency => snapshot::OrganisationKind::StateAgency,
        model::OrganisationKind::Municipality => snapshot::OrganisationKind::Municipality,
        model::OrganisationKind::Region => snapshot::OrganisationKind::Region,
        model::OrganisationKind::Court => snapshot::OrganisationKind::Court,
        model::OrganisationKind::ParliamentAgency => snapshot::OrganisationKind::ParliamentAgency,
        model::OrganisationKind::PublicCompany => snapshot::OrganisationKind::PublicCompany,
        model::OrganisationKind::PrivateActor => snapshot::OrganisationKind::PrivateActor,
    }
}

pub(crate) fn agreement_kind(kind: model::AgreementKind) -> snapshot::AgreementKind {
    match kind {
        model::AgreementKind::Avtal => snapshot::AgreementKind::Avtal,
        model::AgreementKind::Overenskommelse => snapshot::AgreementKind::Overenskommelse,
        model::AgreementKind::Anslutningsavtal => snapshot::AgreementKind::Anslutningsavtal,
        model::AgreementKind::Anvandarvillkor => snapshot::AgreementKind::Anvandarvillkor,
    }
}

pub(crate) fn lifecycle(state: model::LifecycleState) -> snapshot::LifecycleState {
    match state {
        model::LifecycleState::Alpha => snapshot::LifecycleState::Alpha,
        model::LifecycleState::Beta => snapshot::LifecycleState::Beta,
        model::LifecycleState::Active => snapshot::LifecycleState::Active,
        model::LifecycleState::Deprecated => snapshot::LifecycleState::Deprecated,
        model::LifecycleState::Retired => snapshot::LifecycleState::Retired,
        model::LifecycleState::Decommissioned => snapshot::LifecycleState::Decommissioned,
    }
}

pub(crate) fn authentication(authentication: model::Authentication) -> snapshot::Authentication {
    match authentication {
        model::Authentication::None => snapshot::Authentication::None,
        model::Authentication::Key => snapshot::Authentication::Key,
        model::Authentication::Token => snapshot::Authentication::Token,
        model::Authentication::KeyOrToken => snapshot::Authentication::KeyOrToken,
    }
}

pub(crate) fn sender_constraint(constraint: model::SenderConstraint) -> snapshot::SenderConstraint {
    match constraint {
        model::SenderConstraint::None => snapshot::SenderConstraint::None,
        model::SenderConstraint::Dpop => snapshot::SenderConstraint::Dpop,
        model::SenderConstraint::Mtls => snapshot::SenderConstraint::Mtls,
        model::SenderConstraint::Either => snapshot::SenderConstraint::Either,
    }
}

/// 64 hexadecimal digits.
pub(crate) fn hash(text: &str) -> Option<[u8; 32]> {
    blake3::Hash::from_hex(text).ok().map(|hash| *hash.as_bytes())
}
