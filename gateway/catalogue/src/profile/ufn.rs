//! URL-format och namngivning.
//!
//! One fault gives one finding: a blank or an underscore is UFN.09's alone, another wrong separator UFN.08's, and UFN.07
//! has the rest.

mod url;

use super::{Report, Rule, Severity};
use crate::spec::Spec;
use url::{Url, fixed_parts};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "UFN.01",
        severity: Severity::Warning,
        text: "A URL has the form {protocol}://{domain}/{api}/{version}",
        text_sv: "En URL bör följa formen {protokoll}://{domännamn}/{api}/{version}/{resurs}.",
        mend: "Give the document one server whose path is the API's name and its version.",
        check: server_form,
    },
    Rule {
        id: "UFN.02",
        severity: Severity::Error,
        text: "APIs are served by HTTPS on port 443",
        text_sv: "Alla API:er ska exponeras via HTTPS på port 443.",
        mend: "Publish the API at an https URL without a port.",
        check: https_443,
    },
    Rule {
        id: "UFN.05",
        severity: Severity::Warning,
        text: "A URL is at most 2048 characters",
        text_sv: "En URL bör inte vara längre än 2048 tecken.",
        mend: "Shorten the path.",
        check: length,
    },
    Rule {
        id: "UFN.07",
        severity: Severity::Error,
        text: "URLs hold a-z, 0-9, hyphen, dot and tilde only",
        text_sv: "URL:n ska använda tecknen a-z, 0-9, \"-\", \".\" samt \"~\".",
        mend: "Write the URL in lower case without other characters.",
        check: characters,
    },
    Rule {
        id: "UFN.08",
        severity: Severity::Error,
        text: "Only hyphens separate words in URLs",
        text_sv: "Endast bindestreck ska användas för att separera ord.",
        mend: "Put single hyphens between the words, none first or last.",
        check: separators,
    },
    Rule {
        id: "UFN.09",
        severity: Severity::Error,
        text: "No blanks and no underscores in URLs outside the query",
        text_sv: "Blanksteg och understreck ska inte användas i URL:er utanför query-delen.",
        mend: "Replace them by hyphens.",
        check: blanks,
    },
];

const MAX_URL_CHARACTERS: usize = 2048;

fn server_form(spec: &Spec<'_>, report: &mut Report) {
    let servers = spec.servers();
    if servers.is_empty() {
        report.add("", "the document names no server");
    }
    for (place, text) in servers {
        let parts = Url::parse(text).map_or(0, |url| url.path_parts().count());
        // The version's own form is VER.05; a URL with only one part lacks either name or version.
        if parts != 2 {
            report.add(
                place,
                format!("{text} is not {{protocol}}://{{domain}}/{{api}}/{{version}}"),
            );
        }
    }
}

fn https_443(spec: &Spec<'_>, report: &mut Report) {
    for (place, text) in spec.servers() {
        let Some(url) = Url::parse(text) else { continue };
        if url.scheme != "https" {
            report.add(place, format!("{text} is not https"));
        } else if url.port.is_some_and(|port| port != "443") {
            report.add(place, format!("{text} names a port other than 443"));
        }
    }
}

fn length(spec: &Spec<'_>, report: &mut Report) {
    let longest = spec
        .servers()
        .iter()
        .map(|(_, text)| text.chars().count())
        .max()
        .unwrap_or(0);
    for (path, item) in &spec.paths {
        let characters = longest + path.chars().count();
        if characters > MAX_URL_CHARACTERS {
            report.add(
                &item.place,
                format!("{characters} characters before any parameter is filled in"),
            );
        }
    }
}

/// `(place, text as shown, part of a path or host)` for all fixed parts of all URLs; templates are left out.
fn parts<'a>(spec: &Spec<'a>) -> Vec<(String, &'a str, bool)> {
    let mut all = Vec::new();
    for (place, text) in spec.servers() {
        let Some(url) = Url::parse(text) else { continue };
        all.push((place.clone(), url.scheme, true));
        all.extend(url.host.split('.').map(|label| (place.clone(), label, true)));
        all.extend(
            url.path_parts()
                .flat_map(fixed_parts)
                .map(|part| (place.clone(), part, false)),
        );
    }
    for (path, item) in &spec.paths {
        all.extend(
            path.split('/')
                .flat_map(fixed_parts)
                .map(|part| (item.place.clone(), part, false)),
        );
    }
    all
}

fn characters(spec: &Spec<'_>, report: &mut Report) {
    for (place, part, _) in parts(spec) {
        let allowed = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '-' | '.' | '~' | ',' | '_' | ' ');
        if !part.replace("%20", " ").chars().all(allowed) {
            report.add(place, format!("{part:?} holds other characters"));
        }
    }
}

fn separators(spec: &Spec<'_>, report: &mut Report) {
    for (place, part, host) in parts(spec) {
        let hyphens = !host && (part.starts_with('-') || part.ends_with('-') || part.contains("--"));
        if hyphens || part.contains(['.', ',', '~']) {
            report.add(
                place,
                format!("{part:?} separates words by something else than one hyphen"),
            );
        }
    }
}

fn blanks(spec: &Spec<'_>, report: &mut Report) {
    for (place, part, _) in parts(spec) {
        if part.contains(['_', ' ']) || part.contains("%20") {
            report.add(place, format!("{part:?} holds a blank or an underscore"));
        }
    }
}
