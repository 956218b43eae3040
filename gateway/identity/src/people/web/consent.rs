//! The page where a person decides: which application of which organisation wants what from which agency, what for, under
//! which agreement, and for how long.

use super::authorize::{self, Asked, Back, Request};
use super::document::Decided;
use super::login::field;
use super::page::{Language, see_other};
use super::session::Visitor;
use super::{Web, cookies, mine};
use crate::people::{Actor, Item, NewConsent, PeopleError, PersonGrant, RelationKind, Represented, WordKind};
use askama::Template;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use snapshot::Snapshot;
use std::sync::Arc;

/// How long a consent holds, in seconds, unless the agreement ends before.
const LONGEST: i64 = 180 * 86_400;

#[derive(Template)]
#[template(path = "people/consent.html")]
struct Page<'a> {
    l: Language,
    csrf: &'a str,
    application: &'a str,
    organisation: &'a str,
    agency: &'a str,
    api: &'a str,
    purpose: &'a str,
    agreement: &'a str,
    ends: String,
    scopes: &'a [String],
    others: Vec<Other>,
    /// Whether it is not known just now for whom the person may act.
    others_unknown: bool,
    /// Whether the form came back without saying whom it is about.
    choose: bool,
}

/// Somebody for whom the person may decide.
struct Other {
    mark: String,
    name: String,
    relation: &'static str,
}

/// Whom a decision is about.
enum About {
    Themselves,
    Other(Represented),
    /// Nobody for whom the person may act.
    Nobody,
}

/// See what is asked
///
/// Frågan, punkt för punkt. The question, item by item.
/// Who is not logged in is sent to the login.
#[utoipa::path(
    get, path = "/consent", operation_id = "getConsentQuestion", tag = "people",
    params(("lang" = Option<String>, Query, description = "Sidans språk, sv eller en; annars webbläsarens. The page's language, sv or en; else the browser's.", example = "sv")),
    responses(
        (status = 200, description = "Frågan. The question.", body = String, content_type = "text/html"),
        (status = 303, description = "Vart webbläsaren ska. Where the browser goes.", headers(("Location" = String, description = "Adressen. The address."))),
        (status = 400, description = "Ingen app väntar på svar. No app waits for an answer.", body = String, content_type = "text/html"),
        (status = 503, description = "En sida som säger att det inte går just nu. A page that says that it cannot be done just now.", body = String, content_type = "text/html"),
    )
)]
pub(super) async fn show(State(web): State<Web>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let language = Language::of(&headers, &query.unwrap_or_default(), web.secure());
    match web.waiting(&headers).await {
        Ok(Waiting::Nothing) => web.nothing_waits(language),
        Ok(Waiting::Login) => see_other("/me/login", []),
        Ok(Waiting::Decision(decision)) => web.ask(language, &decision, false).await,
        Err(error) => web.failed(language, &error),
    }
}

/// Decide
///
/// Ja eller nej; webbläsaren skickas tillbaka till applikationen.
/// Yes or no; the browser is sent back to the application.
#[utoipa::path(
    post, path = "/consent", operation_id = "decideConsent", tag = "people",
    request_body(content = Decided, content_type = "application/x-www-form-urlencoded", description = "Sidans formulär. The page's form.", example = json!({"csrf": "word", "decision": "yes"})),
    responses(
        (status = 303, description = "Vart webbläsaren ska. Where the browser goes.", headers(("Location" = String, description = "Adressen. The address."))),
        (status = 400, description = "Ingen app väntar på svar. No app waits for an answer.", body = String, content_type = "text/html"),
        (status = 403, description = "Formuläret kom inte från sidan. The form did not come from the page.", body = String, content_type = "text/html"),
        (status = 422, description = "Frågan igen: för vem? The question again: for whom?", body = String, content_type = "text/html"),
        (status = 503, description = "En sida som säger att det inte går just nu. A page that says that it cannot be done just now.", body = String, content_type = "text/html"),
    )
)]
pub(super) async fn decide(State(web): State<Web>, headers: HeaderMap, body: Bytes) -> Response {
    let language = Language::of(&headers, "", web.secure());
    let decision = match web.waiting(&headers).await {
        Ok(Waiting::Nothing) => return web.nothing_waits(language),
        Ok(Waiting::Login) => return see_other("/me/login", []),
        Ok(Waiting::Decision(decision)) => decision,
        Err(error) => return web.failed(language, &error),
    };
    if !decision.visitor.sent(&field(&body, "csrf")) {
        return web.not_from_here(language);
    }
    let yes = field(&body, "decision") == "yes";
    let about = match web.about(&decision, &field(&body, "about"), yes).await {
        Ok(About::Nobody) => return web.ask(language, &decision, true).await,
        Ok(about) => about,
        Err(error) => return web.failed(language, &error),
    };
    match web.decided(&decision, about, yes).await {
        Ok(to) => see_other(&to, [cookies::write(cookies::REQUEST, "", 0, web.secure())]),
        Err(error) => web.failed(language, &error),
    }
}

enum Waiting {
    Nothing,
    Login,
    Decision(Box<Decision>),
}

struct Decision {
    word: String,
    request: Request,
    visitor: Visitor,
    snapshot: Arc<Snapshot>,
}

impl Web {
    /// What this browser's person has to decide.
    async fn waiting(&self, headers: &HeaderMap) -> Result<Waiting, PeopleError> {
        let Some(word) = cookies::read(headers, cookies::REQUEST, self.secure()) else {
            return Ok(Waiting::Nothing);
        };
        let Some(request) = self.0.people.look::<Request>(WordKind::Request, word).await? else {
            return Ok(Waiting::Nothing);
        };
        let Some(visitor) = self.visitor(headers).await? else {
            return Ok(Waiting::Login);
        };
        Ok(Waiting::Decision(Box::new(Decision {
            word: word.to_owned(),
            request,
            visitor,
            snapshot: (self.0.picture)(),
        })))
    }

    fn nothing_waits(&self, language: Language) -> Response {
        let title = language.say("Ingen app väntar på svar", "No app waits for an answer");
        let text = language.say(
            "Frågan har gått ut eller är redan besvarad. Gå tillbaka till appen och börja om.",
            "The question has expired or has been answered already. Go back to the app and start again.",
        );
        self.message(StatusCode::BAD_REQUEST, language, (title, text))
    }

    /// Whom the form says that the decision is about. For whom the person may act is asked again: what the page showed may
    /// have ended meanwhile.
    async fn about(&self, decision: &Decision, given: &str, yes: bool) -> Result<About, PeopleError> {
        if !yes || given.is_empty() || given == "self" {
            return Ok(About::Themselves);
        }
        let visitor = &decision.visitor;
        let mut others = self.0.people.represented(&visitor.person).await?.into_iter();
        let chosen = others.find(|one| one.mark(&visitor.csrf) == given);
        Ok(chosen.map_or(About::Nobody, About::Other))
    }

    async fn ask(&self, language: Language, decision: &Decision, choose: bool) -> Response {
        let (snapshot, request) = (&decision.snapshot, &decision.request);
        let Ok(asked) = authorize::asked(snapshot, request) else {
            return self.nothing_waits(language);
        };
        let application = snapshot.application(asked.application);
        let agreement = snapshot.agreement(asked.agreement);
        let api = snapshot.api(asked.api);
        let represented = self.0.people.represented(&decision.visitor.person).await;
        // Without it people still decide for themselves.
        let others_unknown = represented.is_err();
        if let Err(error) = &represented {
            tracing::warn!(%error, "nobody can be asked for whom a person may act");
        }
        let other = |one: Represented| Other {
            mark: one.mark(&decision.visitor.csrf),
            relation: match one.kind {
                RelationKind::Guardian => language.say("du är vårdnadshavare", "you have custody"),
                RelationKind::Representative | RelationKind::Other => {
                    language.say("du är ombud", "you are a representative")
                }
            },
            name: one.name,
        };
        let page = Page {
            l: language,
            csrf: &decision.visitor.csrf,
            application: &application.name,
            organisation: &snapshot.organisation(application.organisation).name,
            agency: &snapshot.organisation(api.organisation).name,
            api: &api.title,
            purpose: &agreement.purpose,
            agreement: &agreement.id,
            ends: mine::day(&crate::people::moment(ends_at(agreement.valid_to))),
            scopes: &request.scopes,
            others: represented.unwrap_or_default().into_iter().map(other).collect(),
            others_unknown,
            choose,
        };
        let status = if choose {
            StatusCode::UNPROCESSABLE_ENTITY
        } else {
            StatusCode::OK
        };
        // A form's answer leads to the application.
        self.page_with_form_to(status, language, &page, &request.redirect_uri)
    }

    /// Keeps the decision and gives the address that the browser goes back to.
    async fn decided(&self, decision: &Decision, about: About, yes: bool) -> Result<String, PeopleError> {
        let taken: Option<Request> = self.0.people.take(WordKind::Request, &decision.word).await?;
        let Some(request) = taken else {
            return Ok("/me/consent".to_owned());
        };
        let back = Back {
            redirect_uri: request.redirect_uri.clone(),
            state: request.state.clone(),
        };
        if !yes {
            let refused = [("error", "access_denied"), ("error_description", "The person said no.")];
            return Ok(self.answer(&back, &refused));
        }
        match authorize::asked(&decision.snapshot, &request) {
            Ok(asked) => {
                let code = self.grant(decision, &request, &asked, about).await?;
                Ok(self.answer(&back, &[("code", &code)]))
            }
            Err((code, why)) => Ok(self.answer(&back, &[("error", code), ("error_description", why)])),
        }
    }

    async fn grant(
        &self,
        decision: &Decision,
        request: &Request,
        asked: &Asked,
        about: About,
    ) -> Result<String, PeopleError> {
        let snapshot = &decision.snapshot;
        let (people, person) = (&self.0.people, &decision.visitor.person);
        let agreement = snapshot.agreement(asked.agreement);
        let application = snapshot.application(asked.application);
        let organisation = &snapshot.organisation(application.organisation).id;
        let agency = &snapshot.organisation(snapshot.api(asked.api).organisation).id;
        let item = |scope: &String| Item {
            api: request.resource.clone(),
            agency: agency.to_string(),
            scope: scope.clone(),
        };
        let items: Vec<Item> = request.scopes.iter().map(item).collect();
        let (other, relation) = match &about {
            About::Other(one) => (Some(people.other(one).await?), Some(one.kind.name())),
            About::Themselves | About::Nobody => (None, None),
        };
        let consent = people
            .consent(&NewConsent {
                person,
                acts_for: other.as_ref(),
                relation,
                application: &application.id,
                organisation,
                agreement: &agreement.id,
                purpose: &agreement.purpose,
                assurance: &decision.visitor.level,
                items: &items,
                ends_at: ends_at(agreement.valid_to),
            })
            .await?;
        let own = people.party_id(person, organisation).await?;
        let (party_id, actor) = match (&other, relation) {
            (Some(other), Some(relation)) => {
                let actor = Actor {
                    party_id: own,
                    relation: relation.to_owned(),
                };
                (people.party_id(other, organisation).await?, Some(actor))
            }
            _ => (own, None),
        };
        let grant = PersonGrant {
            client: request.client.clone(),
            redirect_uri: request.redirect_uri.clone(),
            challenge: request.challenge.clone(),
            resource: request.resource.clone(),
            scopes: request.scopes.clone(),
            consent,
            party_id,
            actor,
            assurance: decision.visitor.level.clone(),
            logged_in_at: decision.visitor.at,
            key: request.key.clone(),
        };
        people.code(&grant).await
    }
}

/// When a consent that is given now ends, Unix microseconds.
fn ends_at(agreement_ends: Option<i64>) -> i64 {
    let longest = jiff::Timestamp::now().as_second() + LONGEST;
    agreement_ends
        .map_or(longest, |end| end.min(longest))
        .saturating_mul(1_000_000)
}
