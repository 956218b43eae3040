//! An application asks a person (RFC 6749 section 4.1): checked here, answered on the page of [`super::consent`].
//!
//! Who asks is found first: until the application and its exact address are known, nobody is sent anywhere.

use super::page::{Language, see_other};
use super::{Web, cookies};
use crate::people::{PeopleError, WordKind};
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use snapshot::{Access, AgreementIndex, ApiIndex, ApplicationIndex, Authentication, Snapshot};
use std::collections::BTreeMap;

/// How long a person may think, in seconds.
pub(super) const THINKING: u32 = 900;
/// Longest parameter.
const LONGEST: usize = 2_000;

/// A request that waits for its person.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Request {
    pub(super) client: String,
    pub(super) redirect_uri: String,
    pub(super) state: Option<String>,
    pub(super) challenge: String,
    pub(super) resource: String,
    pub(super) scopes: Vec<String>,
    /// Thumbprint of the key that the code is bound to (`dpop_jkt`).
    #[serde(default)]
    pub(crate) key: Option<String>,
}

/// What an application may be given, as the registry stands now.
pub(super) struct Asked {
    pub(super) application: ApplicationIndex,
    pub(super) api: ApiIndex,
    pub(super) agreement: AgreementIndex,
}

/// Ask a person
///
/// En applikation skickar personens webbläsare hit (RFC 6749, 7636, 8707). An application sends the person's browser here.
/// Answered with the question's page, or back at the application with what is wrong.
#[utoipa::path(
    get, path = "/authorize", operation_id = "authorize", tag = "people",
    params(("client_id" = String, Query, description = "Applikationen. The application.", example = "exempelbanken-app"),
        ("request_uri" = Option<String>, Query, description = "Ett inlämnat anrop (RFC 9126), i stället för resten. A pushed request, instead of the rest.", example = "urn:ietf:params:oauth:request_uri:example"),
        ("response_type" = Option<String>, Query, description = "code.", example = "code"),
        ("redirect_uri" = Option<String>, Query, description = "En av applikationens registrerade adresser. One of the registered addresses of the application.", example = "https://app.example/back"),
        ("code_challenge" = Option<String>, Query, description = "S256-summan av ett ord som applikationen behåller (RFC 7636). The S256 hash of a word that the application keeps.", example = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method" = Option<String>, Query, description = "S256.", example = "S256"),
        ("resource" = Option<String>, Query, description = "API:ets audience. The audience of the API.", example = "https://api.vagvisare.example/case-status/v1"),
        ("scope" = Option<String>, Query, description = "Vad personen tillfrågas om. What the person is asked about.", example = "cases.read"),
        ("state" = Option<String>, Query, description = "Kommer tillbaka med svaret. Comes back with the answer.", example = "s1"),
        ("dpop_jkt" = Option<String>, Query, description = "Avtryck av nyckeln som koden binds till (RFC 9449). Thumbprint of the key that the code is bound to.", example = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I")),
    responses(
        (status = 303, description = "Vart webbläsaren ska. Where the browser goes.", headers(("Location" = String, description = "Adressen. The address."))),
        (status = 400, description = "Det går inte att säga vem som frågar. It cannot be told who asks.", body = String, content_type = "text/html"),
        (status = 503, description = "En sida som säger att det inte går just nu. A page that says that it cannot be done just now.", body = String, content_type = "text/html"),
    )
)]
pub(super) async fn show(State(web): State<Web>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let query = query.unwrap_or_default();
    let language = Language::of(&headers, "", web.secure());
    let read = match parameters(&query) {
        Ok(parameters) => web.read(&parameters).await,
        Err(refused) => Ok(Err(refused)),
    };
    let read = match read {
        Ok(read) => read,
        Err(error) => return web.failed(language, &error),
    };
    let request = match read {
        Ok(request) => request,
        Err(Refused::There(back, code, why)) => {
            return see_other(&web.answer(&back, &[("error", code), ("error_description", why)]), []);
        }
        Err(Refused::Here) => {
            let title = language.say("Appen kan inte skicka dig hit", "The app cannot send you here");
            let text = language.say(
                "Vi känner inte igen appen eller adressen den vill ha dig tillbaka till. Felet är appens, inte ditt.",
                "We do not recognise the app, or the address it wants you back at. The fault is the app's, not yours.",
            );
            return web.message(StatusCode::BAD_REQUEST, language, (title, text));
        }
    };
    match web.0.people.issue(WordKind::Request, &request, THINKING.into()).await {
        Ok(word) => see_other(
            "/me/consent",
            [cookies::write(cookies::REQUEST, &word, THINKING, web.secure())],
        ),
        Err(error) => web.failed(language, &error),
    }
}

/// Where an answer goes.
#[derive(Debug)]
pub(crate) struct Back {
    pub(super) redirect_uri: String,
    pub(super) state: Option<String>,
}

#[derive(Debug)]
pub(crate) enum Refused {
    /// It is not known who asks.
    Here,
    /// The application is told.
    There(Back, &'static str, &'static str),
}

/// How long a pushed request waits for its browser, in seconds.
pub(crate) const PUSHED: i64 = 90;
/// What a pushed request is called before its word (RFC 9126 section 2.2).
pub(crate) const PUSHED_PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// The parameters of a request, and whether one occurs twice.
struct Parameters {
    all: BTreeMap<String, String>,
    twice: bool,
}

fn parameters(query: &str) -> Result<Parameters, Refused> {
    let (mut all, mut twice) = (BTreeMap::new(), false);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if value.len() > LONGEST {
            return Err(Refused::Here);
        }
        twice |= all.insert(name.into_owned(), value.into_owned()).is_some();
    }
    Ok(Parameters { all, twice })
}

impl Web {
    /// The request that a browser brings, or the one that its application has pushed. That one is used up.
    async fn read(&self, given: &Parameters) -> Result<Result<Request, Refused>, PeopleError> {
        let get = |name: &str| given.all.get(name).map(String::as_str);
        let Some(uri) = get("request_uri") else {
            let snapshot = (self.0.picture)();
            return Ok(check(&snapshot, get, given.twice).and_then(|request| {
                if !self.0.people.pushed_requests_only() && !pushes(&snapshot, &request.client) {
                    return Ok(request);
                }
                let Request {
                    redirect_uri, state, ..
                } = request;
                let why = "Push the request to /oauth2/par first, and bring the request_uri (RFC 9126).";
                Err(Refused::There(Back { redirect_uri, state }, "invalid_request", why))
            }));
        };
        let word = uri.strip_prefix(PUSHED_PREFIX).unwrap_or_default();
        let pushed: Option<Request> = self.0.people.take(WordKind::Pushed, word).await?;
        let own = pushed.filter(|pushed| Some(&*pushed.client) == get("client_id") && !given.twice);
        Ok(own.ok_or(Refused::Here))
    }
}

/// Whether the application has said that it pushes whatever it asks: then whoever does not is not it.
fn pushes(snapshot: &Snapshot, client: &str) -> bool {
    let application = snapshot.find_application(client);
    application.is_some_and(|found| snapshot.application(found).credentials.require_par)
}

/// Reads a request, wherever it came from.
pub(crate) fn check<'a>(
    snapshot: &Snapshot,
    get: impl Fn(&str) -> Option<&'a str>,
    twice: bool,
) -> Result<Request, Refused> {
    let state = get("state").map(str::to_owned);
    let get = |name: &str| get(name).unwrap_or_default();
    let application = snapshot.find_application(get("client_id")).ok_or(Refused::Here)?;
    let registered = &snapshot.application(application).credentials.redirect_uris;
    if !registered.iter().any(|known| **known == *get("redirect_uri")) {
        return Err(Refused::Here);
    }
    let refuse = |code, why| {
        let back = Back {
            redirect_uri: get("redirect_uri").to_owned(),
            state: state.clone(),
        };
        Err(Refused::There(back, code, why))
    };
    if twice {
        return refuse("invalid_request", "A parameter occurs twice.");
    }
    if get("response_type") != "code" {
        return refuse("unsupported_response_type", "Only response_type=code is known here.");
    }
    let challenge = get("code_challenge");
    let word = |sign: u8| sign.is_ascii_alphanumeric() || matches!(sign, b'-' | b'_');
    if get("code_challenge_method") != "S256" || challenge.len() != 43 || !challenge.bytes().all(word) {
        return refuse("invalid_request", "PKCE with S256 is required.");
    }
    if get("prompt").split(' ').any(|one| one == "none") {
        return refuse("interaction_required", "A person decides on a page.");
    }
    let mut scopes: Vec<String> = get("scope").split_ascii_whitespace().map(str::to_owned).collect();
    scopes.sort();
    scopes.dedup();
    if scopes.is_empty() || scopes.len() > 20 {
        return refuse(
            "invalid_scope",
            "Name the scopes, at most 20: a person decides on each.",
        );
    }
    let key = Some(get("dpop_jkt")).filter(|key| !key.is_empty());
    if key.is_some_and(|key| key.len() != 43 || !key.bytes().all(word)) {
        return refuse("invalid_request", "dpop_jkt must be a SHA-256 thumbprint in base64url.");
    }
    let request = Request {
        key: key.map(str::to_owned),
        client: get("client_id").to_owned(),
        redirect_uri: get("redirect_uri").to_owned(),
        state: state.clone(),
        challenge: challenge.to_owned(),
        resource: get("resource").to_owned(),
        scopes,
    };
    match asked(snapshot, &request) {
        Ok(_) => Ok(request),
        Err((code, why)) => refuse(code, why),
    }
}

/// Whether the application may be given what it asks for. Asked when it asks and again when the person decides.
pub(super) fn asked(snapshot: &Snapshot, request: &Request) -> Result<Asked, (&'static str, &'static str)> {
    let application = snapshot
        .find_application(&request.client)
        .ok_or(("unauthorized_client", "Not registered."))?;
    let takes_tokens = |api: &ApiIndex| {
        let takes = snapshot.api(*api).authentication;
        matches!(takes, Authentication::Token | Authentication::KeyOrToken)
    };
    let api = snapshot.find_audience(&request.resource).filter(takes_tokens).ok_or((
        "invalid_target",
        "The resource must be the audience of an API that takes tokens.",
    ))?;
    let scopes: Vec<&str> = request.scopes.iter().map(String::as_str).collect();
    let now = jiff::Timestamp::now().as_second();
    let Access::Granted(agreement) = snapshot.access_for_scopes(application, api, &scopes, now) else {
        return Err(("invalid_target", "No agreement in force covers this API."));
    };
    let of_api = snapshot.routes().iter().filter(|route| route.api == Some(api));
    let known: Vec<&str> = of_api
        .flat_map(|route| route.scopes.iter().map(|scope| &**scope))
        .collect();
    let granted = &snapshot.agreement(agreement).scopes;
    let may =
        |scope: &&str| known.contains(scope) && (granted.is_empty() || granted.iter().any(|held| **held == **scope));
    if !scopes.iter().all(may) {
        return Err(("invalid_scope", "The agreement does not grant each of these scopes."));
    }
    Ok(Asked {
        application,
        api,
        agreement,
    })
}

impl Web {
    /// The address that tells the application `answer`, with its state and who we are (RFC 9207).
    pub(super) fn answer(&self, back: &Back, answer: &[(&str, &str)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(answer);
        if let Some(state) = &back.state {
            query.append_pair("state", state);
        }
        query.append_pair("iss", &self.0.base_url);
        let join = if back.redirect_uri.contains('?') { '&' } else { '?' };
        format!("{}{join}{}", back.redirect_uri, query.finish())
    }
}
