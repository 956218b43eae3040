//! The documentation page of one API.

use super::bilingual;
use super::markdown::Markdown;
use super::operations::{OperationView, views};
use super::words::{Words, words};
use super::{rendered, safe_link};
use crate::facts::{ApiFacts, Language, ProblemFacts, state_name};
use crate::publish::calendar_words;
use crate::spec::{Node, Spec};
use askama::Template;
use serde_json::Value;
use snapshot::{Authentication, LimitPer, LimitPolicy};

/// Language versions of the page, for links between them.
pub(super) struct Frame {
    pub(super) lang: &'static str,
    pub(super) other_lang: &'static str,
    pub(super) other_url: String,
    pub(super) home_url: String,
    pub(super) problems_url: String,
}

/// A label with a text, and a link when there is a harmless one.
struct Line {
    label: &'static str,
    text: String,
    link: Option<String>,
}

struct LimitRow {
    name: String,
    quota: u32,
    window: String,
    burst: u32,
    per: &'static str,
}

struct ProblemRow {
    status: u16,
    title: String,
    url: String,
    what_to_do: String,
}

#[derive(Template)]
#[template(path = "docs.html")]
struct DocsPage {
    words: &'static Words,
    frame: Frame,
    title: String,
    state: &'static str,
    lead: String,
    facts: Vec<Line>,
    base_url: String,
    credential: &'static str,
    credential_lines: Vec<Line>,
    limits: Vec<LimitRow>,
    operations: Vec<OperationView>,
    more: bool,
    problems: Vec<ProblemRow>,
}

/// The page: what the API is, its address, the credential and where to get it, limits, every operation with parameters,
/// fields, examples and a `curl` line, and the errors with links to their pages.
///
/// `document` is the published document. Everything in it is escaped; links other than http(s) are dropped.
#[must_use]
pub fn docs_page(document: &Value, facts: &ApiFacts, language: Language) -> String {
    let (spec, words, markdown) = (Spec::new(document), words(language), Markdown::new());
    let info = spec.info();
    let description = info
        .as_ref()
        .and_then(|info| info.text("description"))
        .unwrap_or_default();
    let lead = markdown.html(bilingual::part(description, language));
    let (operations, more) = views(&spec, &facts.base_url(), words, &markdown);
    rendered(&DocsPage {
        words,
        frame: frame(facts, language),
        title: facts.title.clone(),
        state: state_name(facts.state),
        lead,
        facts: fact_lines(info.as_ref(), facts, words, language),
        base_url: facts.base_url(),
        credential: credential_text(facts.authentication, language),
        credential_lines: credential_lines(facts, words),
        limits: facts.limits.iter().map(|limit| limit_row(limit, language)).collect(),
        operations,
        more,
        problems: facts
            .problems
            .iter()
            .map(|problem| problem_row(problem, facts, language))
            .collect(),
    })
}

fn frame(facts: &ApiFacts, language: Language) -> Frame {
    let base = facts.public_base_url.trim_end_matches('/');
    let docs = format!("{}/docs", facts.base_url());
    let problems_url = format!("{base}/problems");
    match language {
        Language::Swedish => Frame {
            lang: "sv",
            other_lang: "en",
            other_url: format!("{docs}/en"),
            home_url: format!("{base}/"),
            problems_url,
        },
        Language::English => Frame {
            lang: "en",
            other_lang: "sv",
            other_url: docs,
            home_url: format!("{base}/en"),
            problems_url,
        },
    }
}

fn fact_lines(info: Option<&Node<'_>>, facts: &ApiFacts, words: &'static Words, language: Language) -> Vec<Line> {
    let mut lines = vec![
        Line {
            label: words.responsible,
            text: facts.organisation.clone(),
            link: None,
        },
        Line {
            label: words.version,
            text: facts.version.clone(),
            link: None,
        },
        Line {
            label: words.published,
            text: facts.released.clone(),
            link: None,
        },
    ];
    if let Some(sunset) = facts.sunset_at.and_then(|at| jiff::Timestamp::from_second(at).ok()) {
        lines.push(Line {
            label: words.sunset,
            text: sunset.to_string(),
            link: None,
        });
    }
    if let Some(successor) = &facts.successor {
        lines.push(Line {
            label: words.successor,
            text: successor.clone(),
            link: safe_link(successor),
        });
    }
    if facts.mock_answers {
        let (label, text) = match language {
            Language::Swedish => (
                "Exempelsvar",
                "Ett anrop med headern Prefer: code=200 (eller en annan statuskod, och example=NAMN) besvaras med ett exempel ur \
                 specifikationen, utan att API:ets system anropas.",
            ),
            Language::English => (
                "Example answers",
                "A call with the header Prefer: code=200 (or another status, and example=NAME) is answered with an example of \
                 the document, without calling the API's system.",
            ),
        };
        lines.push(Line {
            label,
            text: text.to_owned(),
            link: None,
        });
    }
    let Some(info) = info else { return lines };
    if let Some(contact) = info.get("contact") {
        let text = contact
            .text("name")
            .or(contact.text("email"))
            .or(contact.text("url"))
            .unwrap_or_default();
        let email = contact.text("email").filter(|email| is_email(email));
        let link = contact
            .text("url")
            .and_then(safe_link)
            .or_else(|| email.map(|email| format!("mailto:{email}")));
        lines.push(Line {
            label: words.contact,
            text: text.to_owned(),
            link,
        });
    }
    if let Some(terms) = info.text("termsOfService") {
        lines.push(Line {
            label: words.terms,
            text: terms.to_owned(),
            link: safe_link(terms),
        });
    }
    if let Some(license) = info.get("license") {
        let text = license.text("name").unwrap_or_default().to_owned();
        lines.push(Line {
            label: words.license,
            text,
            link: license.text("url").and_then(safe_link),
        });
    }
    for (label, key) in [(words.service_level, "x-sla"), (words.limitations, "x-limitations")] {
        if let Some(value) = info.value.get(key) {
            lines.push(Line {
                label,
                text: bilingual::part(&flat(value), language).to_owned(),
                link: None,
            });
        }
    }
    lines
}

/// An extension's value in one line.
fn flat(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(flat).collect::<Vec<_>>().join("; "),
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| format!("{key}: {}", flat(value)))
            .collect::<Vec<_>>()
            .join("; "),
        other => other.to_string(),
    }
}

fn is_email(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+');
    text.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && host.contains('.') && name.chars().chain(host.chars()).all(allowed)
    })
}

fn credential_text(authentication: Authentication, language: Language) -> &'static str {
    let sv = language == Language::Swedish;
    match authentication {
        Authentication::None if sv => "API:et är öppet: anropen behöver ingen behörighet.",
        Authentication::None => "The API is open: calls need no credential.",
        Authentication::Key if sv => "Skicka din applikations API-nyckel i headern X-Api-Key, aldrig i adressen.",
        Authentication::Key => "Send your application's API key in the header X-Api-Key, never in the URL.",
        Authentication::Token if sv => "Skicka ett åtkomstintyg i headern Authorization: Bearer.",
        Authentication::Token => "Send an access token in the header Authorization: Bearer.",
        Authentication::KeyOrToken if sv => {
            "Skicka din applikations API-nyckel i headern X-Api-Key, eller ett åtkomstintyg i headern Authorization: Bearer."
        }
        Authentication::KeyOrToken => {
            "Send your application's API key in the header X-Api-Key, or an access token in the header Authorization: Bearer."
        }
    }
}

fn credential_lines(facts: &ApiFacts, words: &'static Words) -> Vec<Line> {
    let line = |label, url: &String| Line {
        label,
        text: url.clone(),
        link: safe_link(url),
    };
    let token = matches!(facts.authentication, Authentication::Token | Authentication::KeyOrToken);
    let mut lines = Vec::new();
    if facts.authentication != Authentication::None {
        lines.extend(
            facts
                .credentials_url
                .as_ref()
                .map(|url| line(words.get_credential, url)),
        );
    }
    if token {
        lines.extend(facts.token_url.as_ref().map(|url| line(words.token_url, url)));
        lines.extend(facts.issuer.as_ref().map(|url| Line {
            link: None,
            ..line(words.issuer, url)
        }));
    }
    lines
}

fn limit_row(limit: &LimitPolicy, language: Language) -> LimitRow {
    let sv = language == Language::Swedish;
    let per = match limit.per {
        LimitPer::Application => {
            if sv {
                "applikation"
            } else {
                "application"
            }
        }
        LimitPer::Address => {
            if sv {
                "nätadress"
            } else {
                "network address"
            }
        }
        LimitPer::Person => {
            if sv {
                "person, alla applikationer"
            } else {
                "person, all applications"
            }
        }
        LimitPer::Agreement => {
            if sv {
                "överenskommelse"
            } else {
                "agreement"
            }
        }
        LimitPer::Api => {
            if sv {
                "API, alla anropare"
            } else {
                "API, all callers"
            }
        }
    };
    let window = match limit.calendar.map(calendar_words) {
        Some((sv, _)) if language == Language::Swedish => format!("{sv} (UTC)"),
        Some((_, en)) => format!("{en} (UTC)"),
        None => format!("{} s", limit.window.as_secs_f64()),
    };
    LimitRow {
        name: limit.name.to_string(),
        quota: limit.quota.get(),
        window,
        burst: limit.burst.get(),
        per,
    }
}

fn problem_row(problem: &ProblemFacts, facts: &ApiFacts, language: Language) -> ProblemRow {
    let what_to_do = match language {
        Language::Swedish => problem.what_to_do_sv.clone(),
        Language::English => problem.what_to_do_en.clone(),
    };
    let url = format!(
        "{}/problems/{}",
        facts.public_base_url.trim_end_matches('/'),
        problem.code
    );
    ProblemRow {
        status: problem.status,
        title: problem.title.clone(),
        url,
        what_to_do,
    }
}
