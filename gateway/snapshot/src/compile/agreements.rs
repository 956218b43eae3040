//! Agreements: who they bind, what they grant, and whether they may exist at all.

use super::limits::named;
use super::names::Names;
use super::{Problem, Report};
use crate::access;
use crate::model::{
    Agreement, AgreementIndex, AgreementKind, ApiIndex, LimitPolicy, OrganisationIndex, OrganisationKind,
};
use crate::{AgreementDraft, Draft};
use http::HeaderValue;
use std::sync::Arc;

/// Compiled agreements, and who they cover.
pub(super) struct Agreements {
    /// The agreements.
    pub(super) agreements: Vec<Agreement>,
    /// The look-up over them.
    pub(super) access: access::Table,
}

/// Compiles the agreements.
pub(super) fn compile(
    draft: &Draft,
    names: &Names<'_>,
    limits: &[Arc<LimitPolicy>],
    problems: &mut Vec<Problem>,
) -> Agreements {
    let mut compiled = Agreements {
        agreements: Vec::new(),
        access: access::Table::default(),
    };
    for (position, agreement) in draft.agreements.iter().enumerate() {
        let mut report = Report::new(problems, "agreements", position);
        check_validity(agreement, &mut report);
        check_kind(agreement, draft, names, &mut report);
        let apis = covered_apis(agreement, draft, names, &mut report);
        let index = AgreementIndex(u32::try_from(position).unwrap_or(u32::MAX));
        let (consumers, suppliers) = cover(agreement, index, &apis, draft, names, &mut compiled.access, &mut report);
        compiled.agreements.push(Agreement {
            id: agreement.id.as_str().into(),
            id_value: HeaderValue::from_str(&agreement.id).ok(),
            kind: agreement.kind,
            purpose: agreement.purpose.as_str().into(),
            valid_from: agreement.valid_from,
            valid_to: agreement.valid_to,
            suspended: agreement.suspended,
            scopes: agreement.scopes.iter().map(|scope| Arc::from(scope.as_str())).collect(),
            limits: named(&agreement.limits, names, limits, &mut report),
            consumers,
            suppliers,
        });
    }
    compiled
}

fn check_validity(agreement: &AgreementDraft, report: &mut Report<'_>) {
    report.not_empty("purpose", &agreement.purpose);
    if agreement.valid_to.is_some_and(|end| end <= agreement.valid_from) {
        report.field(
            "valid_to",
            "is not after valid_from; the agreement would never be in force",
        );
    }
    for (field, list) in [
        ("producers", &agreement.producers),
        ("consumers", &agreement.consumers),
        ("apis", &agreement.apis),
    ] {
        if list.is_empty() {
            report.field(field, "must name at least one");
        }
    }
}

/// Two state agencies are one legal person, the state, which cannot contract with itself; an overenskommelse binds only
/// those who are public.
fn check_kind(agreement: &AgreementDraft, draft: &Draft, names: &Names<'_>, report: &mut Report<'_>) {
    let one_of = |side: &[String], kind: OrganisationKind| {
        let find = |id: &String| draft.organisations.get(names.known_organisation(id)?);
        side.iter()
            .filter_map(find)
            .find(|organisation| organisation.kind == kind)
    };
    let (producers, consumers) = (&agreement.producers, &agreement.consumers);
    match agreement.kind {
        AgreementKind::Avtal => {
            let state = |side| one_of(side, OrganisationKind::StateAgency);
            if let (Some(producer), Some(consumer)) = (state(producers), state(consumers)) {
                let message = format!(
                    "`{}` and `{}` are both state agencies, which cannot have an avtal with each other; use overenskommelse",
                    producer.id, consumer.id
                );
                report.field("kind", message);
            }
        }
        AgreementKind::Overenskommelse => {
            let private = |side| one_of(side, OrganisationKind::PrivateActor);
            if let Some(party) = private(producers).or_else(|| private(consumers)) {
                let message = format!(
                    "`{}` is a private actor, and an overenskommelse is between public parties only; use avtal",
                    party.id
                );
                report.field("kind", message);
            }
        }
        AgreementKind::Anslutningsavtal | AgreementKind::Anvandarvillkor => {}
    }
}

/// The agreement's APIs: each owned by a producing side, and none with personal data under terms of use.
fn covered_apis(
    agreement: &AgreementDraft,
    draft: &Draft,
    names: &Names<'_>,
    report: &mut Report<'_>,
) -> Vec<ApiIndex> {
    let mut covered = Vec::with_capacity(agreement.apis.len());
    for (number, id) in agreement.apis.iter().enumerate() {
        let field = format!("apis[{number}]");
        let index = names.api(id, &field, report);
        let Some(api) = draft.apis.get(index.position()).filter(|api| api.id == *id) else {
            continue;
        };
        if !agreement.producers.contains(&api.organisation) {
            let message = format!(
                "`{id}` belongs to `{}`, which is not one of the producers",
                api.organisation
            );
            report.field(field.clone(), message);
        }
        if api.personal_data && agreement.kind == AgreementKind::Anvandarvillkor {
            let message = format!(
                "`{id}` holds personal data, which anvandarvillkor cannot grant; use another kind of agreement"
            );
            report.field(field, message);
        }
        covered.push(index);
    }
    covered
}

/// Enters the agreement for whoever may use it; gives the consumers and the suppliers.
fn cover(
    agreement: &AgreementDraft,
    index: AgreementIndex,
    apis: &[ApiIndex],
    draft: &Draft,
    names: &Names<'_>,
    access: &mut access::Table,
    report: &mut Report<'_>,
) -> (Vec<OrganisationIndex>, Vec<OrganisationIndex>) {
    for (number, id) in agreement.producers.iter().enumerate() {
        names.organisation(id, &format!("producers[{number}]"), report);
    }
    let mut side = |field: &str, ids: &[String]| -> Vec<OrganisationIndex> {
        let party = |(number, id): (usize, &String)| names.organisation(id, &format!("{field}[{number}]"), report);
        ids.iter().enumerate().map(party).collect()
    };
    let suppliers = side("suppliers", &agreement.suppliers);
    let consumers = side("consumers", &agreement.consumers);
    for (number, id) in agreement.applications.iter().enumerate() {
        let field = format!("applications[{number}]");
        let application = names.application(id, &field, report);
        let Some(owner) = draft.applications.get(application.position()).filter(|it| it.id == *id) else {
            continue;
        };
        if !agreement.consumers.contains(&owner.organisation) && !agreement.suppliers.contains(&owner.organisation) {
            let message = format!(
                "`{id}` belongs to `{}`, which is not one of the consumers",
                owner.organisation
            );
            report.field(field, message);
        }
        apis.iter()
            .for_each(|api| access.cover_application(application, *api, index));
    }
    if agreement.applications.is_empty() {
        for consumer in &consumers {
            apis.iter()
                .for_each(|api| access.cover_organisation(*consumer, *api, index));
        }
    }
    (consumers, suppliers)
}
