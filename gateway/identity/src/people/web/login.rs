//! Logging in and out.

use super::document::Sent;
use super::page::{Language, see_other};
use super::session::{SECONDS, Session};
use super::{Web, cookies};
use crate::people::openid::{Attempt, LoginError};
use crate::people::{PeopleError, WordKind};
use askama::Template;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How long a login may take, in seconds.
const ON_ITS_WAY: u32 = 600;

#[derive(Template)]
#[template(path = "people/login.html")]
struct Page<'a> {
    l: Language,
    csrf: &'a str,
    provider: &'a str,
}

/// What has to be the same when the browser comes back.
#[derive(Serialize, Deserialize)]
struct OnItsWay {
    nonce: String,
    verifier: String,
}

/// See where to log in
///
/// Sidan som leder till e-legitimationen. The page that leads to the e-identification.
/// It asks nothing itself.
#[utoipa::path(
    get, path = "/login", operation_id = "getLogin", tag = "people",
    params(("lang" = Option<String>, Query, description = "Sidans språk, sv eller en; annars webbläsarens. The page's language, sv or en; else the browser's.", example = "sv")),
    responses(
        (status = 200, description = "Sidan. The page.", body = String, content_type = "text/html"),
        (status = 303, description = "Vart webbläsaren ska. Where the browser goes.", headers(("Location" = String, description = "Adressen. The address."))),
        (status = 503, description = "En sida som säger att det inte går just nu. A page that says that it cannot be done just now.", body = String, content_type = "text/html"),
    )
)]
pub(super) async fn show(State(web): State<Web>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let language = Language::of(&headers, &query.unwrap_or_default(), web.secure());
    let page = Page {
        l: language,
        csrf: "",
        provider: web.0.openid.name(),
    };
    web.page(StatusCode::OK, language, &page)
}

/// Go to the e-identification
///
/// Webbläsaren skickas till e-legitimationen.
/// The browser is sent to the e-identification.
#[utoipa::path(
    post, path = "/login", operation_id = "startLogin", tag = "people",
    responses(
        (status = 303, description = "Vart webbläsaren ska. Where the browser goes.", headers(("Location" = String, description = "Adressen. The address."))),
        (status = 502, description = "E-legitimationen svarar inte. The e-identification does not answer.", body = String, content_type = "text/html"),
        (status = 503, description = "En sida som säger att det inte går just nu. A page that says that it cannot be done just now.", body = String, content_type = "text/html"),
    )
)]
pub(super) async fn start(State(web): State<Web>, headers: HeaderMap) -> Response {
    let language = Language::of(&headers, "", web.secure());
    match web.start(language).await {
        Ok(response) => response,
        Err(failure) => web.refuse(language, &failure),
    }
}

/// Come back from the e-identification
///
/// Hit skickar e-legitimationen webbläsaren tillbaka.
/// The e-identification sends the browser back here.
#[utoipa::path(
    get, path = "/callback", operation_id = "finishLogin", tag = "people",
    params(("state" = Option<String>, Query, description = "Vad inloggningen började med. What the login began with.", example = "word"),
        ("code" = Option<String>, Query, description = "Vad e-legitimationen ger. What the e-identification gives.", example = "word"),
        ("error" = Option<String>, Query, description = "Varför den inte ger något. Why it gives nothing.", example = "access_denied")),
    responses(
        (status = 200, description = "Personen avbröt. The person cancelled.", body = String, content_type = "text/html"),
        (status = 303, description = "Vart webbläsaren ska. Where the browser goes.", headers(("Location" = String, description = "Adressen. The address."))),
        (status = 400, description = "Inloggningen började inte här. The login was not begun here.", body = String, content_type = "text/html"),
        (status = 403, description = "En starkare inloggning krävs. A stronger login is required.", body = String, content_type = "text/html"),
        (status = 502, description = "E-legitimationen svarar inte. The e-identification does not answer.", body = String, content_type = "text/html"),
        (status = 503, description = "En sida som säger att det inte går just nu. A page that says that it cannot be done just now.", body = String, content_type = "text/html"),
    )
)]
pub(super) async fn finish(State(web): State<Web>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let language = Language::of(&headers, "", web.secure());
    match web.finish(&headers, &query.unwrap_or_default()).await {
        Ok(response) => response,
        Err(failure) => web.refuse(language, &failure),
    }
}

/// Log out
///
/// Kakan öppnar ingenting längre.
/// The cookie opens nothing any more.
#[utoipa::path(
    post, path = "/logout", operation_id = "logOut", tag = "people",
    request_body(content = Sent, content_type = "application/x-www-form-urlencoded", description = "Sidans formulär. The page's form.", example = json!({"csrf": "word"})),
    responses(
        (status = 303, description = "Vart webbläsaren ska. Where the browser goes.", headers(("Location" = String, description = "Adressen. The address."))),
        (status = 403, description = "Formuläret kom inte från sidan. The form did not come from the page.", body = String, content_type = "text/html"),
        (status = 503, description = "En sida som säger att det inte går just nu. A page that says that it cannot be done just now.", body = String, content_type = "text/html"),
    )
)]
pub(super) async fn end(State(web): State<Web>, headers: HeaderMap, body: Bytes) -> Response {
    let language = Language::of(&headers, "", web.secure());
    let word = field(&body, "csrf");
    if word.is_empty() {
        return web.not_from_here(language);
    }
    let ended: Result<bool, PeopleError> = async {
        let Some(visitor) = web.visitor(&headers).await? else {
            return Ok(true);
        };
        if !visitor.sent(&word) {
            return Ok(false);
        }
        web.0.people.take::<Session>(WordKind::Session, &visitor.word).await?;
        Ok(true)
    }
    .await;
    match ended {
        Ok(true) => see_other("/me/login", [cookies::write(cookies::SESSION, "", 0, web.secure())]),
        Ok(false) => web.not_from_here(language),
        Err(error) => web.failed(language, &error),
    }
}

/// A field of a form; empty when it is missing or there twice.
pub(super) fn field(body: &[u8], name: &str) -> String {
    let mut found = form_urlencoded::parse(body).filter(|(known, _)| known == name);
    match (found.next(), found.next()) {
        (Some((_, value)), None) => value.into_owned(),
        _ => String::new(),
    }
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Login(#[from] LoginError),
    #[error(transparent)]
    People(#[from] PeopleError),
    #[error("the login was not begun here, or too long ago")]
    Stranger,
    #[error("the person went back")]
    Cancelled,
}

impl Web {
    async fn start(&self, language: Language) -> Result<Response, Failure> {
        let random = || crate::random_word().ok_or(PeopleError::Randomness);
        let on_its_way = OnItsWay {
            nonce: random()?,
            verifier: random()?,
        };
        let state = self
            .0
            .people
            .issue(WordKind::Login, &on_its_way, ON_ITS_WAY.into())
            .await?;
        let redirect_uri = Self::callback_uri(&self.0.base_url);
        let attempt = Attempt {
            state: &state,
            nonce: &on_its_way.nonce,
            verifier: &on_its_way.verifier,
            redirect_uri: &redirect_uri,
        };
        let to = self.0.openid.start(&attempt, language.code()).await?;
        // The cookie ties the login to this browser: nobody can make another finish a login that they began.
        Ok(see_other(
            &to,
            [cookies::write(cookies::LOGIN, &state, ON_ITS_WAY, self.secure())],
        ))
    }

    async fn finish(&self, headers: &HeaderMap, query: &str) -> Result<Response, Failure> {
        let mut answer = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if answer.insert(name, value).is_some() {
                return Err(Failure::Stranger);
            }
        }
        let get = |name: &str| answer.get(name).map(|value| &**value);
        let state = get("state").unwrap_or_default();
        if cookies::read(headers, cookies::LOGIN, self.secure()) != Some(state) {
            return Err(Failure::Stranger);
        }
        let on_its_way: Option<OnItsWay> = self.0.people.take(WordKind::Login, state).await?;
        let on_its_way = on_its_way.ok_or(Failure::Stranger)?;
        self.0.openid.check_issuer(get("iss")).await?;
        let code = match (get("code"), get("error")) {
            (Some(code), None) => code,
            (_, Some("access_denied")) => return Err(Failure::Cancelled),
            _ => return Err(LoginError::Refused.into()),
        };
        let redirect_uri = Self::callback_uri(&self.0.base_url);
        let attempt = Attempt {
            state,
            nonce: &on_its_way.nonce,
            verifier: &on_its_way.verifier,
            redirect_uri: &redirect_uri,
        };
        let login = self.0.openid.finish(code, &attempt).await?;
        let session = Session {
            person: self.0.people.person(&login.number).await?.0,
            level: login.level,
            at: login.at,
        };
        let word = self.0.people.issue(WordKind::Session, &session, SECONDS.into()).await?;
        let secure = self.secure();
        let cookies = [
            cookies::write(cookies::SESSION, &word, SECONDS, secure),
            cookies::write(cookies::LOGIN, "", 0, secure),
        ];
        let waiting = cookies::read(headers, cookies::REQUEST, secure).is_some();
        Ok(see_other(if waiting { "/me/consent" } else { "/me/consents" }, cookies))
    }

    fn refuse(&self, language: Language, failure: &Failure) -> Response {
        let say = |swedish, english| language.say(swedish, english);
        let (status, title, text) = match failure {
            Failure::People(error) => return self.failed(language, error),
            Failure::Cancelled => (
                StatusCode::OK,
                say("Du avbröt inloggningen", "You cancelled the login"),
                say("Inget har ändrats.", "Nothing has changed."),
            ),
            Failure::Stranger => (
                StatusCode::BAD_REQUEST,
                say("Inloggningen har gått ut", "The login has expired"),
                say(
                    "Den påbörjades inte i den här webbläsaren, eller för länge sedan. Börja om.",
                    "It was not begun in this browser, or too long ago. Start again.",
                ),
            ),
            Failure::Login(LoginError::Weak) => (
                StatusCode::FORBIDDEN,
                say("En starkare inloggning krävs", "A stronger login is required"),
                say(
                    "Logga in med en e-legitimation på minst tillitsnivå 3.",
                    "Log in with an e-identification of at least level of assurance 3.",
                ),
            ),
            Failure::Login(error) => {
                tracing::warn!(%error, "somebody could not log in");
                (
                    StatusCode::BAD_GATEWAY,
                    say("Inloggningen svarar inte", "The login service does not answer"),
                    say(
                        "Felet ligger hos e-legitimationen eller hos oss, inte hos dig. Försök igen om en stund.",
                        "The fault is with the e-identification or with us, not with you. Try again in a while.",
                    ),
                )
            }
        };
        self.message(status, language, (title, text))
    }
}
