//! The party register of an installation: from the id that an organisation's services know a person by to what an agency
//! knows them by. The only way by which a person number leaves, and only to services of the one organisation that has the key.
//!
//! Services that act later than the token they were asked with also ask here whether a person still consents.
//!
//! Behind it may stand a register of agencies' own references; it is asked with the person number. Without one every
//! agency knows people by their number. Ids of people who have never been here (of another issuer) are passed on as they are.

use super::{People, PeopleError, PersonNumber};
use crate::api_key::SecretText;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use subtle::ConstantTimeEq;

/// Largest question, in bytes.
const MAX_BODY: usize = 4 * 1024;
/// Largest answer of the register behind, in bytes.
const MOST: usize = 256 * 1024;
/// How long that one may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a register is told.
#[derive(Debug)]
pub struct RegisterSettings {
    /// Whose services ask: people are known to them by this organisation's ids.
    pub organisation: String,
    /// What they show, as `Authorization: Bearer`.
    pub key: SecretText,
    /// Base URL of a register of what agencies know people by; `None`: they know them by their number.
    pub behind: Option<String>,
}

/// The register. Cheap to clone.
#[derive(Clone)]
pub struct Register(Arc<Inner>);

struct Inner {
    people: People,
    settings: RegisterSettings,
    client: reqwest::Client,
}

impl fmt::Debug for Register {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Register(..)")
    }
}

/// Why there is no answer.
enum Failed {
    /// Nobody is known by that.
    Unknown,
    /// People are known by that organisation's ids to its own services only.
    NotYours,
    /// The question cannot be read.
    Malformed,
    /// The database, or the register behind.
    Unavailable,
}

impl From<PeopleError> for Failed {
    fn from(error: PeopleError) -> Self {
        tracing::error!(error = &error as &dyn std::error::Error, "the party register");
        Self::Unavailable
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Unknown => StatusCode::NOT_FOUND,
            Self::NotYours => StatusCode::FORBIDDEN,
            Self::Malformed => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        };
        (status, [(header::CACHE_CONTROL, "no-store")]).into_response()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Lookup {
    party_id: String,
    organisation_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Whose {
    party_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Identification {
    organisation_id: String,
    identifier: String,
}

/// Whose consent, for whom, to what.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ConsentCheck {
    party_id: String,
    organisation_id: String,
    application_id: String,
    scope: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identified {
    #[serde(default)]
    person_number: Option<String>,
}

impl Register {
    /// Over the people of an installation.
    ///
    /// # Errors
    /// When the platform's TLS cannot be set up.
    pub fn new(people: People, settings: RegisterSettings) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(2))
            .timeout(PATIENCE)
            .build()?;
        Ok(Self(Arc::new(Inner {
            people,
            settings,
            client,
        })))
    }

    /// Everything that is served, as `/parties/..` and `/consents/checks`.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/parties/lookups", post(look_up))
            .route("/parties/engagements", post(engagements))
            .route("/parties/identifications", post(identify))
            .route("/consents/checks", post(check_consent))
            .layer(axum::middleware::from_fn_with_state(self.clone(), guard))
            .layer(DefaultBodyLimit::max(MAX_BODY))
            .with_state(self.clone())
    }

    async fn number(&self, party_id: &str) -> Result<Option<PersonNumber>, PeopleError> {
        let people = &self.0.people;
        match people.person_of(party_id, &self.0.settings.organisation).await? {
            Some(person) => people.number(&person).await,
            None => Ok(None),
        }
    }

    /// Asks the register behind about a person; `None`: there is none.
    async fn behind(&self, path: &str, question: &Value) -> Result<Option<(StatusCode, Bytes)>, Failed> {
        let Some(base) = &self.0.settings.behind else {
            return Ok(None);
        };
        let request = self.0.client.post(format!("{base}{path}")).json(question);
        // Neither the address nor the question is said: it holds a person number.
        let mut response = request.send().await.map_err(|_| Failed::Unavailable)?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|_| Failed::Unavailable)? {
            if body.len().saturating_add(chunk.len()) > MOST {
                return Err(Failed::Unavailable);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Some((response.status(), body.into())))
    }

    /// The question about a person, by number if they are ours.
    async fn about(&self, party_id: &str, mut question: Value) -> Result<(Option<PersonNumber>, Value), Failed> {
        let number = self.number(party_id).await?;
        if let Some(members) = question.as_object_mut() {
            match &number {
                Some(number) => members.insert("personNumber".to_owned(), json!(number.expose())),
                None => members.insert("partyId".to_owned(), json!(party_id)),
            };
        }
        Ok((number, question))
    }
}

/// Lets in who shows the key.
async fn guard(
    State(register): State<Register>,
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> Response {
    if shown(request.headers()).is_some_and(|shown| shown.ct_eq(register.0.settings.key.expose().as_bytes()).into()) {
        return next.run(request).await;
    }
    let challenge = [(header::WWW_AUTHENTICATE, "Bearer")];
    (StatusCode::UNAUTHORIZED, challenge).into_response()
}

fn shown(headers: &HeaderMap) -> Option<&[u8]> {
    headers.get(header::AUTHORIZATION)?.as_bytes().strip_prefix(b"Bearer ")
}

fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Failed> {
    serde_json::from_slice(body).map_err(|_| Failed::Malformed)
}

fn relay((status, body): (StatusCode, Bytes)) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (status, headers, body).into_response()
}

async fn look_up(State(register): State<Register>, body: Bytes) -> Result<Response, Failed> {
    let asked: Lookup = read(&body)?;
    let question = json!({ "organisationId": asked.organisation_id });
    let (number, question) = register.about(&asked.party_id, question).await?;
    if let Some(answer) = register.behind("/parties/lookups", &question).await? {
        return Ok(relay(answer));
    }
    let number = number.ok_or(Failed::Unknown)?;
    let known = json!({ "identifier": number.expose(), "kind": "personNumber" });
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(known)).into_response())
}

async fn engagements(State(register): State<Register>, body: Bytes) -> Result<Response, Failed> {
    let asked: Whose = read(&body)?;
    let (_, question) = register.about(&asked.party_id, json!({})).await?;
    // Without a register behind nobody knows who has to do with whom: each agency is asked.
    let answer = register.behind("/parties/engagements", &question).await?;
    answer.map(relay).ok_or(Failed::Unknown)
}

async fn identify(State(register): State<Register>, body: Bytes) -> Result<Response, Failed> {
    let asked: Identification = read(&body)?;
    let question = json!({ "organisationId": asked.organisation_id, "identifier": asked.identifier });
    let number = match register.behind("/parties/identifications", &question).await? {
        Some((StatusCode::OK, body)) => match read::<Identified>(&body)?.person_number {
            Some(number) => PersonNumber::read(&number),
            None => return Ok(relay((StatusCode::OK, body))),
        },
        Some(answer) => return Ok(relay(answer)),
        None => PersonNumber::read(&asked.identifier),
    };
    let number = number.ok_or(Failed::Unknown)?;
    let (people, organisation) = (&register.0.people, &register.0.settings.organisation);
    let person = people.person(&number).await?;
    let party_id = people.party_id(&person, organisation).await?;
    let found = json!({ "partyId": party_id });
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(found)).into_response())
}

/// How a person's consent stands now: `{"status": "inForce" | "ended" | "unknown"}`.
async fn check_consent(State(register): State<Register>, body: Bytes) -> Result<Response, Failed> {
    let asked: ConsentCheck = read(&body)?;
    let (people, organisation) = (&register.0.people, &register.0.settings.organisation);
    if asked.organisation_id != *organisation {
        return Err(Failed::NotYours);
    }
    let standing = people.standing(&asked.party_id, organisation, &asked.application_id, &asked.scope);
    let answer = json!({ "status": standing.await? });
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response())
}
