//! A person's own consents and readings.

use super::Web;
use super::document::{Export, Sent};
use super::login::field;
use super::page::{Language, private, see_other};
use super::session::Visitor;
use crate::people::{Consent, PeopleError, PersonId, Reading, Role};
use askama::Template;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use snapshot::Snapshot;
use std::collections::HashMap;

#[derive(Template)]
#[template(path = "people/mine.html")]
struct Page<'a> {
    l: Language,
    csrf: &'a str,
    withdrawn: bool,
    in_force: Vec<Shown>,
    ended: Vec<Shown>,
    readings: Vec<Read>,
}

/// A consent in words.
struct Shown {
    id: String,
    application: String,
    organisation: String,
    purpose: String,
    agreement: String,
    /// For whom it was given, or that somebody else gave it.
    whose: Option<String>,
    given: String,
    ends: String,
    withdrawn: Option<String>,
    items: Vec<Line>,
}

struct Line {
    agency: String,
    api: String,
    scope: String,
}

/// A reading in words.
struct Read {
    at: String,
    application: String,
    organisation: String,
    api: String,
    operation: String,
    purpose: String,
    /// About whom, where it is not the visitor; or that somebody acts for them.
    whose: Option<String>,
}

/// What those are called whom the visitor acts for.
struct Others {
    language: Language,
    names: Vec<(PersonId, String)>,
    /// Of each consent that is about somebody else.
    of_consent: HashMap<String, PersonId>,
}

impl Others {
    /// What is to be said of somebody's part in it.
    fn say(&self, role: Role, other: Option<&PersonId>) -> Option<String> {
        let name = other.and_then(|other| self.names.iter().find(|(known, _)| known == other));
        match (role, name) {
            (Role::Own, _) => None,
            (Role::Subject, _) => {
                let said = self.language.say(
                    "Någon som företräder dig gav lovet.",
                    "Somebody who acts for you gave the permission.",
                );
                Some(said.to_owned())
            }
            (Role::Actor, Some((_, name))) => {
                Some(format!("{} {name}.", self.language.say("Det gäller", "It is about")))
            }
            (Role::Actor, None) => {
                let said = self.language.say(
                    "Det gäller någon som du företrädde då.",
                    "It is about somebody you acted for then.",
                );
                Some(said.to_owned())
            }
        }
    }
}

/// See consents and readings
///
/// Alla samtycken, och vem som har läst. Every consent, and who has read.
/// Who is not logged in is sent to the login.
#[utoipa::path(
    get, path = "/consents", operation_id = "listConsents", tag = "people",
    params(("lang" = Option<String>, Query, description = "Sidans språk, sv eller en; annars webbläsarens. The page's language, sv or en; else the browser's.", example = "sv")),
    responses(
        (status = 200, description = "Sidan. The page.", body = String, content_type = "text/html"),
        (status = 303, description = "Vart webbläsaren ska. Where the browser goes.", headers(("Location" = String, description = "Adressen. The address."))),
        (status = 503, description = "En sida som säger att det inte går just nu. A page that says that it cannot be done just now.", body = String, content_type = "text/html"),
    )
)]
pub(super) async fn show(State(web): State<Web>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let query = query.unwrap_or_default();
    let language = Language::of(&headers, &query, web.secure());
    match web.visitor(&headers).await {
        Ok(None) => see_other("/me/login", []),
        Ok(Some(visitor)) => match web.mine(language, &visitor, query.contains("done=withdrawn")).await {
            Ok(response) => response,
            Err(error) => web.failed(language, &error),
        },
        Err(error) => web.failed(language, &error),
    }
}

/// Take a consent back
///
/// Gäller i varje nod inom en sekund.
/// Holds on every node within a second.
#[utoipa::path(
    post, path = "/consents/{consentId}/withdrawals", operation_id = "withdrawConsent", tag = "people",
    params(("consentId" = String, Path, description = "Samtycket. The consent.", example = "0198f2f0-7d5c-7000-8000-0123456789ab")),
    request_body(content = Sent, content_type = "application/x-www-form-urlencoded", description = "Sidans formulär. The page's form.", example = json!({"csrf": "word"})),
    responses(
        (status = 303, description = "Vart webbläsaren ska. Where the browser goes.", headers(("Location" = String, description = "Adressen. The address."))),
        (status = 403, description = "Formuläret kom inte från sidan. The form did not come from the page.", body = String, content_type = "text/html"),
        (status = 503, description = "En sida som säger att det inte går just nu. A page that says that it cannot be done just now.", body = String, content_type = "text/html"),
    )
)]
pub(super) async fn withdraw(
    State(web): State<Web>,
    Path(consent): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let language = Language::of(&headers, "", web.secure());
    let word = field(&body, "csrf");
    if word.is_empty() {
        return web.not_from_here(language);
    }
    let visitor = match web.visitor(&headers).await {
        Ok(Some(visitor)) => visitor,
        Ok(None) => return see_other("/me/login", []),
        Err(error) => return web.failed(language, &error),
    };
    if !visitor.sent(&word) {
        return web.not_from_here(language);
    }
    match web.withdraw_at_once(&visitor, &consent).await {
        Ok(()) => see_other("/me/consents?done=withdrawn", []),
        Err(PeopleError::NoConsent) => see_other("/me/consents", []),
        Err(error) => web.failed(language, &error),
    }
}

/// Take everything along
///
/// Allt om personen som fil. Everything about the person, as a file.
/// Who is not logged in is sent to the login.
#[utoipa::path(
    get, path = "/export", operation_id = "exportOwn", tag = "people",
    responses(
        (status = 200, description = "Filen. The file.", body = Export,
            example = json!({"exportedAt": "2026-11-26T08:00:00Z", "consents": [], "readings": []})),
        (status = 303, description = "Vart webbläsaren ska. Where the browser goes.", headers(("Location" = String, description = "Adressen. The address."))),
        (status = 503, description = "En sida som säger att det inte går just nu. A page that says that it cannot be done just now.", body = String, content_type = "text/html"),
    )
)]
pub(super) async fn export(State(web): State<Web>, headers: HeaderMap) -> Response {
    let language = Language::of(&headers, "", web.secure());
    let exported = match web.visitor(&headers).await {
        Ok(Some(visitor)) => web.0.people.export(&visitor.person).await,
        Ok(None) => return see_other("/me/login", []),
        Err(error) => Err(error),
    };
    match exported {
        Ok(content) => {
            let mut response = Json(content).into_response();
            private(response.headers_mut());
            let file = HeaderValue::from_static("attachment; filename=\"vagvisare.json\"");
            response.headers_mut().insert(header::CONTENT_DISPOSITION, file);
            response
        }
        Err(error) => web.failed(language, &error),
    }
}

impl Web {
    async fn withdraw_at_once(&self, visitor: &Visitor, consent: &str) -> Result<(), PeopleError> {
        for token in self.0.people.withdraw(&visitor.person, consent).await? {
            self.0.revoke.revoke(&token).await?;
        }
        Ok(())
    }

    /// Names of those whom the visitor acts for; asked for only when something is about one of them.
    async fn others(&self, language: Language, visitor: &Visitor, consents: &[Consent]) -> Others {
        let about = |one: &Consent| Some((one.id.clone(), one.acts_for.clone()?));
        let of_consent: HashMap<_, _> = consents.iter().filter_map(about).collect();
        let names = match consents.iter().any(|one| one.role == Role::Actor) {
            true => self.0.people.names_of_others(&visitor.person).await.unwrap_or_default(),
            false => Vec::new(),
        };
        Others {
            language,
            names,
            of_consent,
        }
    }

    async fn mine(&self, language: Language, visitor: &Visitor, withdrawn: bool) -> Result<Response, PeopleError> {
        let snapshot = (self.0.picture)();
        let consents = self.0.people.consents(&visitor.person).await?;
        let readings = self.0.people.readings(&visitor.person, None).await?;
        let others = self.others(language, visitor, &consents).await;
        let purpose = |consent: &Consent| (consent.id.clone(), consent.purpose.clone());
        let purposes: HashMap<String, String> = consents.iter().map(purpose).collect();
        let (in_force, ended): (Vec<_>, Vec<_>) = consents.into_iter().partition(|consent| consent.in_force);
        let show = |all: Vec<Consent>| all.into_iter().map(|one| shown(&snapshot, &others, one)).collect();
        let page = Page {
            l: language,
            csrf: &visitor.csrf,
            withdrawn,
            in_force: show(in_force),
            ended: show(ended),
            readings: readings
                .into_iter()
                .map(|one| read(&snapshot, &purposes, &others, one))
                .collect(),
        };
        Ok(self.page(StatusCode::OK, language, &page))
    }
}

fn shown(snapshot: &Snapshot, others: &Others, consent: Consent) -> Shown {
    let line = |item: crate::people::Item| Line {
        agency: organisation(snapshot, &item.agency),
        api: api(snapshot, &item.api),
        scope: item.scope,
    };
    Shown {
        application: application(snapshot, &consent.application),
        organisation: organisation(snapshot, &consent.organisation),
        purpose: consent.purpose,
        agreement: consent.agreement,
        whose: others.say(consent.role, consent.acts_for.as_ref()),
        given: day(&consent.given_at),
        ends: day(&consent.ends_at),
        withdrawn: consent.withdrawn_at.as_deref().map(day),
        items: consent.items.into_iter().map(line).collect(),
        id: consent.id,
    }
}

fn read(snapshot: &Snapshot, purposes: &HashMap<String, String>, others: &Others, reading: Reading) -> Read {
    Read {
        whose: others.say(reading.role, others.of_consent.get(&reading.consent)),
        purpose: purposes.get(&reading.consent).cloned().unwrap_or_default(),
        operation: reading.operation,
        at: minute(&reading.at),
        application: application(snapshot, &reading.application),
        organisation: organisation(snapshot, &reading.organisation),
        api: api(snapshot, &reading.api),
    }
}

/// Names that the registry has lost are shown as ids.
fn application(snapshot: &Snapshot, id: &str) -> String {
    let name = snapshot
        .find_application(id)
        .map(|index| snapshot.application(index).name.to_string());
    name.unwrap_or_else(|| id.to_owned())
}

fn organisation(snapshot: &Snapshot, id: &str) -> String {
    let known = snapshot.organisations().iter().find(|known| &*known.id == id);
    known.map_or_else(|| id.to_owned(), |known| known.name.to_string())
}

fn api(snapshot: &Snapshot, audience: &str) -> String {
    let title = snapshot
        .find_audience(audience)
        .map(|index| snapshot.api(index).title.to_string());
    title.unwrap_or_else(|| audience.to_owned())
}

/// The day in Sweden.
pub(super) fn day(at: &str) -> String {
    in_sweden(at, "%Y-%m-%d")
}

fn minute(at: &str) -> String {
    in_sweden(at, "%Y-%m-%d %H:%M")
}

fn in_sweden(at: &str, format: &str) -> String {
    let time: jiff::Timestamp = at.parse().unwrap_or_default();
    let zone = jiff::tz::TimeZone::get("Europe/Stockholm").unwrap_or(jiff::tz::TimeZone::UTC);
    time.to_zoned(zone).strftime(format).to_string()
}
