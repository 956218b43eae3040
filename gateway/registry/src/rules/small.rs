//! Organisations, members, applications, credentials.

use super::{Breach, LONGEST_TEXT, check_length, check_name, check_text};
use crate::model::{
    Application, CredentialHolder, CredentialKind, CredentialRequest, Member, Moment, Organisation, OrganisationKind,
    Role,
};
use serde_json::Value;

/// An organisation's own facts.
pub fn check_organisation(organisation: &Organisation) -> Vec<Breach> {
    let mut breaches = super::check_organisation_id(&organisation.organisation_id);
    check_name(&mut breaches, "name", &organisation.name);
    if let Some(name) = &organisation.name_en {
        check_name(&mut breaches, "nameEn", name);
    }
    let digits = |text: &str, length: usize| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    if organisation
        .municipality_code
        .as_deref()
        .is_some_and(|code| !digits(code, 4))
    {
        breaches.push(Breach::new("municipalityCode", "must be four digits (kommunkod)"));
    }
    if organisation.county_code.as_deref().is_some_and(|code| !digits(code, 2)) {
        breaches.push(Breach::new("countyCode", "must be two digits (länskod)"));
    }
    if let Some(number) = &organisation.organisation_number
        && !is_organisation_number(number)
    {
        // A sole trader's number is a person's: it has no place in a registry that others read.
        let message = "must be an organisation number, ten digits with the third at least 2, as 202100-0000";
        breaches.push(Breach::new("organisationNumber", message));
    }
    if organisation.municipality_code.is_some() && organisation.kind != OrganisationKind::Municipality {
        breaches.push(Breach::new("municipalityCode", "is for a municipality only"));
    }
    if let (Some(from), Some(to)) = (organisation.valid_from, organisation.valid_to)
        && to <= from
    {
        breaches.push(Breach::new("validTo", "must be after validFrom"));
    }
    if let Some(website) = &organisation.website
        && !(website.starts_with("https://") || website.starts_with("http://"))
    {
        breaches.push(Breach::new("website", "must be an http or https address"));
    }
    check_length(&mut breaches, "successorIds", &organisation.successor_ids);
    if let Some(terms) = &organisation.relation_terms {
        check_name(&mut breaches, "relationTerms.default.sv", &terms.default.sv);
        check_length(&mut breaches, "relationTerms.perService", &terms.per_service);
    }
    breaches
}

fn is_organisation_number(text: &str) -> bool {
    let digits: String = text.chars().filter(|character| *character != '-').collect();
    let third = digits.chars().nth(2).and_then(|digit| digit.to_digit(10));
    digits.len() == 10
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && (digits.len() == text.len() || text.find('-') == Some(6))
        && third.is_some_and(|digit| digit >= 2)
}

/// A member's facts. `by_operator`: who says so is an operator.
pub fn check_member(member: &Member, by_operator: bool) -> Vec<Breach> {
    let mut breaches = Vec::new();
    check_name(&mut breaches, "name", &member.name);
    check_length(&mut breaches, "roles", &member.roles);
    if member.roles.is_empty() {
        breaches.push(Breach::new("roles", "must name at least one role"));
    }
    if member.roles.contains(&Role::Operator) && !by_operator {
        breaches.push(Breach::new("roles", "operator is given by an operator only"));
    }
    breaches
}

/// An application's facts.
pub fn check_application(application: &Application) -> Vec<Breach> {
    let mut breaches = Vec::new();
    check_name(&mut breaches, "name", &application.name);
    if let Some(text) = &application.description {
        check_text(&mut breaches, "description", text, LONGEST_TEXT);
    }
    check_length(&mut breaches, "redirectUris", &application.redirect_uris);
    for (number, uri) in application.redirect_uris.iter().enumerate() {
        let local = ["http://127.0.0.1", "http://localhost", "http://[::1]"];
        let loopback = local
            .iter()
            .any(|start| uri.strip_prefix(start).is_some_and(|rest| rest.starts_with([':', '/'])));
        let good = (uri.starts_with("https://") || loopback) && !uri.contains(['#', '*', ' ']) && uri.len() <= 2_000;
        if !good {
            let message = "must be a whole https address without `#` and `*`";
            breaches.push(Breach::new(format!("redirectUris[{number}]"), message));
        }
    }
    breaches
}

/// What a credential needs by its kind.
pub fn check_credential(request: &CredentialRequest, holder: CredentialHolder, now: Moment) -> Vec<Breach> {
    let mut breaches = Vec::new();
    check_name(&mut breaches, "name", &request.name);
    if request.expires_at.is_some_and(|end| end <= now) {
        breaches.push(Breach::new("expiresAt", "must be later than now"));
    }
    if let Some(environment) = &request.environment
        && !((2..=8).contains(&environment.len()) && environment.bytes().all(|byte| byte.is_ascii_lowercase()))
    {
        breaches.push(Breach::new("environment", "must be 2 to 8 of a-z"));
    }
    let fields = [
        ("jwks", request.jwks.is_some(), CredentialKind::Jwks),
        ("jwksUrl", request.jwks_url.is_some(), CredentialKind::JwksUrl),
        (
            "certificateSha256",
            request.certificate_sha256.is_some(),
            CredentialKind::TlsCertificate,
        ),
    ];
    for (field, given, kind) in fields {
        match (given, request.kind == kind) {
            (true, false) => breaches.push(Breach::new(field, "does not belong to this kind of credential")),
            (false, true) => breaches.push(Breach::new(field, "is needed for this kind of credential")),
            _ => {}
        }
    }
    if holder == CredentialHolder::Member && request.kind != CredentialKind::ApiKey {
        breaches.push(Breach::new("kind", "must be apiKey: members call with a key"));
    }
    if let Some(jwks) = &request.jwks {
        check_key_set(&mut breaches, jwks);
    }
    if let Some(url) = &request.jwks_url
        && !(url.starts_with("https://") && url.len() <= 2_000 && !url.contains(['@', '#', ' ']))
    {
        breaches.push(Breach::new("jwksUrl", "must be an https address"));
    }
    if let Some(hash) = &request.certificate_sha256
        && !(hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
    {
        breaches.push(Breach::new("certificateSha256", "must be 64 hexadecimal digits"));
    }
    breaches
}

/// A key set that holds a private key has been sent in error: it is refused, and must not be kept.
fn check_key_set(breaches: &mut Vec<Breach>, jwks: &Value) {
    let Some(keys) = jwks.get("keys").and_then(Value::as_array) else {
        breaches.push(Breach::new("jwks.keys", "must be a list of keys"));
        return;
    };
    if keys.is_empty() || keys.len() > 20 {
        breaches.push(Breach::new("jwks.keys", "must have 1 to 20 keys"));
    }
    for (number, key) in keys.iter().enumerate() {
        let secret = ["d", "p", "q", "dp", "dq", "qi", "k"]
            .iter()
            .any(|name| key.get(name).is_some());
        if secret {
            let message = "holds a private key; send public keys only, and replace this one";
            breaches.push(Breach::new(format!("jwks.keys[{number}]"), message));
        } else if !matches!(key.get("kty").and_then(Value::as_str), Some("EC" | "RSA" | "OKP")) {
            breaches.push(Breach::new(
                format!("jwks.keys[{number}].kty"),
                "must be EC, RSA or OKP",
            ));
        } else if key.get("kid").and_then(Value::as_str).is_none_or(str::is_empty) {
            breaches.push(Breach::new(format!("jwks.keys[{number}].kid"), "is needed"));
        }
    }
}
