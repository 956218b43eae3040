//! Which agreements the law and good sense allow.

use super::{Breach, LONGEST_TEXT, check_length, check_text};
use crate::model::{Agreement, AgreementKind, Api, Application, Organisation, OrganisationKind, PartyRole};
use std::collections::{HashMap, HashSet};

/// What an agreement speaks of, by id; what is not here does not exist for whoever proposes it.
#[derive(Debug, Default)]
#[expect(missing_docs, reason = "plain containers")]
pub struct Surroundings {
    pub organisations: HashMap<String, Organisation>,
    pub apis: HashMap<String, Api>,
    pub applications: HashMap<String, Application>,
}

/// Checks the terms.
pub fn check_agreement(terms: &Agreement, known: &Surroundings) -> Vec<Breach> {
    let mut breaches = Vec::new();
    check_text(&mut breaches, "purpose", &terms.purpose, LONGEST_TEXT);
    check_length(&mut breaches, "parties", &terms.parties);
    check_length(&mut breaches, "apiIds", &terms.api_ids);
    check_length(&mut breaches, "scopes", &terms.scopes);
    check_length(&mut breaches, "applicationIds", &terms.application_ids);
    if terms.valid_to.is_some_and(|end| end <= terms.valid_from) {
        breaches.push(Breach::new("validTo", "must be after validFrom"));
    }
    if let Some(hash) = &terms.document_sha256
        && !(hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
    {
        breaches.push(Breach::new("documentSha256", "must be 64 hexadecimal digits"));
    }
    if let Some(limits) = &terms.limits {
        for (field, value) in [
            ("limits.perMinute", limits.per_minute),
            ("limits.perDay", limits.per_day),
            ("limits.perMonth", limits.per_month),
        ] {
            if value == Some(0) {
                breaches.push(Breach::new(
                    field,
                    "must be at least 1; to refuse every call, suspend the agreement",
                ));
            }
        }
    }
    check_parties(&mut breaches, terms, known);
    check_kind(&mut breaches, terms, known);
    check_apis(&mut breaches, terms, known);
    check_applications(&mut breaches, terms, known);
    check_scopes(&mut breaches, terms);
    breaches
}

fn check_parties(breaches: &mut Vec<Breach>, terms: &Agreement, known: &Surroundings) {
    let mut seen = HashSet::new();
    for (number, party) in terms.parties.iter().enumerate() {
        let field = format!("parties[{number}]");
        if !known.organisations.contains_key(&party.organisation_id) {
            let message = "names no organisation that is registered";
            breaches.push(Breach::new(format!("{field}.organisationId"), message));
        }
        if !seen.insert((&party.organisation_id, party.role)) {
            breaches.push(Breach::new(field, "is there twice"));
        }
    }
    for (role, name) in [(PartyRole::Producer, "producer"), (PartyRole::Consumer, "consumer")] {
        if terms.with_role(role).next().is_none() {
            breaches.push(Breach::new("parties", format!("must hold a {name}")));
        }
    }
    let consumers: HashSet<&str> = terms.with_role(PartyRole::Consumer).collect();
    // One that is not registered has been told above, without repeating what it is called.
    let both = |id: &&str| consumers.contains(id) && known.organisations.contains_key(*id);
    if let Some(both) = terms.with_role(PartyRole::Producer).find(both) {
        let message = format!("`{both}` is producer and consumer: nobody has an agreement with itself");
        breaches.push(Breach::new("parties", message));
    }
}

/// Two state agencies are one legal person, the state, which cannot contract with itself.
fn check_kind(breaches: &mut Vec<Breach>, terms: &Agreement, known: &Surroundings) {
    let kind = |id: &str| known.organisations.get(id).map(|organisation| organisation.kind);
    let state = |id: &&str| kind(id) == Some(OrganisationKind::StateAgency);
    let producers: Vec<&str> = terms.with_role(PartyRole::Producer).filter(state).collect();
    let consumers: Vec<&str> = terms.with_role(PartyRole::Consumer).filter(state).collect();
    if terms.kind == AgreementKind::Avtal
        && let (Some(producer), Some(consumer)) = (producers.first(), consumers.first())
    {
        let message = format!(
            "`{producer}` and `{consumer}` are both state agencies and so the same legal person, the state, which cannot have \
             an avtal with itself; use overenskommelse"
        );
        breaches.push(Breach::new("kind", message));
    }
    let private = |id: &&str| kind(id) == Some(OrganisationKind::PrivateActor);
    if terms.kind == AgreementKind::Overenskommelse
        && let Some(party) = terms.signatories().find(private)
    {
        let message = format!(
            "`{party}` is a private actor, and an overenskommelse is between public parties only: they settle a task of theirs \
             with each other without a contract that a court could enforce; use avtal or anslutningsavtal"
        );
        breaches.push(Breach::new("kind", message));
    }
    if terms.personal_data && terms.kind == AgreementKind::Anvandarvillkor {
        let message = "anvandarvillkor cannot hand out personal data; use another kind of agreement";
        breaches.push(Breach::new("personalData", message));
    }
}

fn check_apis(breaches: &mut Vec<Breach>, terms: &Agreement, known: &Surroundings) {
    if terms.api_ids.is_empty() {
        breaches.push(Breach::new("apiIds", "must name at least one API"));
    }
    let mut seen = HashSet::new();
    for (number, id) in terms.api_ids.iter().enumerate() {
        let field = format!("apiIds[{number}]");
        if !seen.insert(id) {
            breaches.push(Breach::new(field, "is named twice"));
            continue;
        }
        match known.apis.get(id) {
            Some(api)
                if terms
                    .with_role(PartyRole::Producer)
                    .any(|owner| owner == api.organisation_id) =>
            {
                breaches.extend(check_personal_data(terms, api, &field));
            }
            // Another organisation's API that is not published answers as one that does not exist.
            _ => breaches.push(Breach::new(field, "names no API of the producers")),
        }
    }
}

/// Personal data is never handed out under terms of use, nor under an agreement that says that there is none.
pub fn check_personal_data(terms: &Agreement, api: &Api, field: &str) -> Option<Breach> {
    if !api.personal_data {
        return None;
    }
    if terms.kind == AgreementKind::Anvandarvillkor {
        let message = format!(
            "`{}` holds personal data, which anvandarvillkor cannot grant; use another kind of agreement",
            api.api_id
        );
        return Some(Breach::new(field, message));
    }
    (!terms.personal_data).then(|| {
        let message = format!("`{}` holds personal data, and personalData is false", api.api_id);
        Breach::new(field, message)
    })
}

fn check_applications(breaches: &mut Vec<Breach>, terms: &Agreement, known: &Surroundings) {
    let mut seen = HashSet::new();
    for (number, id) in terms.application_ids.iter().enumerate() {
        let field = format!("applicationIds[{number}]");
        let may = |owner: &str| {
            terms
                .with_role(PartyRole::Consumer)
                .chain(terms.with_role(PartyRole::Supplier))
                .any(|party| party == owner)
        };
        let good = known
            .applications
            .get(id)
            .is_some_and(|application| may(&application.organisation_id));
        if !good {
            let message = "names no application of the consumers or suppliers";
            breaches.push(Breach::new(field, message));
        } else if !seen.insert(id) {
            breaches.push(Breach::new(field, "is named twice"));
        }
    }
    if terms.with_role(PartyRole::Supplier).next().is_some() && terms.application_ids.is_empty() {
        let message = "must name the applications, when a supplier runs some of them";
        breaches.push(Breach::new("applicationIds", message));
    }
}

fn check_scopes(breaches: &mut Vec<Breach>, terms: &Agreement) {
    for (number, scope) in terms.scopes.iter().enumerate() {
        let token = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
        if scope.is_empty() || !scope.bytes().all(token) {
            let message = "is not a scope (RFC 6749 section 3.3)";
            breaches.push(Breach::new(format!("scopes[{number}]"), message));
        }
    }
}
