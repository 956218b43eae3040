//! Säkerhet: transport and credentials.

use super::{Report, Rule, Severity};
use crate::spec::{Node, Spec};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "SAK.01",
        severity: Severity::Error,
        text: "All transport is by HTTPS",
        text_sv: "All transport ska ske över HTTPS med minst TLS 1.2.",
        mend: "Publish the API at an https URL.",
        check: https,
    },
    Rule {
        id: "SAK.09",
        severity: Severity::Error,
        text: "Basic and digest authentication are not used",
        text_sv: "Basic- eller Digest-autentisering ska inte användas.",
        mend: "Use OAuth 2.0 bearer tokens, or an API key in a header.",
        check: basic_digest,
    },
    Rule {
        id: "SAK.10",
        severity: Severity::Error,
        text: "Authorization carries bearer tokens",
        text_sv: "Authorization: Bearer ska användas för autentisering och auktorisation.",
        mend: "Set `scheme: bearer`.",
        check: bearer,
    },
    Rule {
        id: "SAK.11",
        severity: Severity::Error,
        text: "Tokens can be renewed without new credentials",
        text_sv: "En uppdateringstoken ska tillhandahållas för att förlänga giltighetstiden för befintliga token.",
        mend: "Give the OAuth scheme a flow; give authorizationCode and password flows a `refreshUrl`.",
        check: refresh,
    },
    Rule {
        id: "SAK.15",
        severity: Severity::Error,
        text: "API keys are not in the URL",
        text_sv: "API-nycklar ska inte inkluderas i URL eller querysträngen.",
        mend: "Move the key to a header: `in: header`.",
        check: key_in_query,
    },
    Rule {
        id: "SAK.16",
        severity: Severity::Error,
        text: "API keys are in a header",
        text_sv: "API-nycklar ska inkluderas i HTTP-headern.",
        mend: "Move the key to a header: `in: header`.",
        check: key_in_header,
    },
    Rule {
        id: "SAK.18",
        severity: Severity::Warning,
        text: "OAuth 2.0 is used, and safely",
        text_sv: "OAuth version 2.0 eller senare bör användas för auktorisation.",
        mend: "Use https for the URLs of the flow.",
        check: oauth_urls,
    },
];

fn https(spec: &Spec<'_>, report: &mut Report) {
    for (place, url) in spec.servers() {
        if url.contains("://") && !url.starts_with("https://") {
            report.add(place, format!("{url} is not https"));
        }
    }
}

/// The schemes of this type.
fn schemes<'a>(spec: &Spec<'a>, kind: &str) -> Vec<(&'a str, Node<'a>)> {
    let mut all = spec.security_schemes();
    all.retain(|(_, scheme)| scheme.text("type") == Some(kind));
    all
}

fn is_old(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("basic") || scheme.eq_ignore_ascii_case("digest")
}

fn basic_digest(spec: &Spec<'_>, report: &mut Report) {
    for (name, scheme) in schemes(spec, "http") {
        if scheme.text("scheme").is_some_and(is_old) {
            report.add(&scheme.place, format!("{name} sends the password with every call"));
        }
    }
}

/// Basic and digest are SAK.09's.
fn bearer(spec: &Spec<'_>, report: &mut Report) {
    for (name, scheme) in schemes(spec, "http") {
        let kind = scheme.text("scheme").unwrap_or_default();
        if !kind.eq_ignore_ascii_case("bearer") && !is_old(kind) {
            report.add(&scheme.place, format!("{name} is not a bearer scheme"));
        }
    }
}

/// Every flow of every OAuth scheme.
fn flows<'a>(spec: &Spec<'a>) -> Vec<(&'a str, Node<'a>)> {
    let schemes = schemes(spec, "oauth2").into_iter();
    schemes
        .filter_map(|(_, scheme)| scheme.get("flows"))
        .flat_map(|flows| flows.entries())
        .collect()
}

fn refresh(spec: &Spec<'_>, report: &mut Report) {
    for (name, scheme) in schemes(spec, "oauth2") {
        if scheme.get("flows").is_none_or(|flows| flows.entries().is_empty()) {
            report.add(&scheme.place, format!("{name} has no flow"));
        }
    }
    for (name, flow) in flows(spec) {
        if matches!(name, "authorizationCode" | "password") && !flow.has_text("refreshUrl") {
            report.add(&flow.place, format!("the {name} flow has no refreshUrl"));
        }
    }
}

fn key_in_query(spec: &Spec<'_>, report: &mut Report) {
    for (name, scheme) in schemes(spec, "apiKey") {
        if scheme.text("in") == Some("query") {
            report.add(
                &scheme.place,
                format!("{name} is sent in the query, which every log keeps"),
            );
        }
    }
}

/// The query is SAK.15's.
fn key_in_header(spec: &Spec<'_>, report: &mut Report) {
    for (name, scheme) in schemes(spec, "apiKey") {
        if !matches!(scheme.text("in"), Some("header" | "query")) {
            report.add(&scheme.place, format!("{name} is not sent in a header"));
        }
    }
}

fn oauth_urls(spec: &Spec<'_>, report: &mut Report) {
    for (_, flow) in flows(spec) {
        for key in ["authorizationUrl", "tokenUrl", "refreshUrl"] {
            if flow
                .text(key)
                .is_some_and(|url| url.to_ascii_lowercase().starts_with("http:"))
            {
                report.add(format!("{}/{key}", flow.place), "credentials would travel unencrypted");
            }
        }
    }
}
