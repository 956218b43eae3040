//! `/test-identity/v0`: who there is, the key set, and tokens.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use model::{LocalizedText, Problem, ProblemKind};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use service_host::{Access, Api, ApiFacts, ApiStatus, Json, Refusal};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::agency::Agency;
use crate::identity::Issuer;
use crate::identity::token::LIFETIME_SECONDS;
use crate::world::World;

#[derive(Clone)]
struct Desk {
    world: Arc<World>,
    issuer: Arc<Issuer>,
}

/// The API over a world, with tokens from `issuer`.
pub(crate) fn api(world: Arc<World>, issuer: Arc<Issuer>) -> Api {
    Api::new(facts(), routes().with_state(Desk { world, issuer }))
}

/// The document of `/test-identity/v0`.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    Api::document(&facts(), routes())
}

fn routes() -> OpenApiRouter<Desk> {
    OpenApiRouter::new()
        .routes(routes!(list_people))
        .routes(routes!(get_key_set))
        .routes(routes!(create_token))
}

fn facts() -> ApiFacts {
    ApiFacts {
        base_path: "/test-identity/v0",
        title: "Test-e-legitimation",
        version: "0.1.0",
        released: "2026-11-23",
        status: ApiStatus::Beta,
        description: LocalizedText::new(
            "Ger åtkomstbiljetter för påhittade personer så att en utvecklare kan prova hela vägen utan en riktig \
             e-legitimation.",
            "Gives access tokens for invented people, so that a developer can try the whole way without a real \
             e-identification.",
        ),
        limitations: LocalizedText::new(
            "Bara för sandlådan: ingen behöver visa vem den är. Nycklarna byts vid varje start.",
            "For the sandbox only: nobody has to show who they are. The keys change with each start.",
        ),
        access: Access::Open,
    }
}

/// Someone who can be logged in as.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"person": "alva", "name": "Alva Exempel", "age": 34, "cases": []}))]
struct Listed {
    /// What to write as `person` when asking for a token.
    person: String,
    /// Their name.
    name: String,
    /// How old they are.
    age: u8,
    /// What cases they have.
    cases: Vec<ListedCase>,
}

/// A case of somebody in the list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"organisationId": "exempelby", "title": {"sv": "Bygglov", "en": "Building permit"}}))]
struct ListedCase {
    /// The agency that has it.
    organisation_id: String,
    /// What it is about.
    title: LocalizedText,
}

/// Everyone who can be logged in as.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ListedPeople {
    /// The people.
    people: Vec<Listed>,
}

/// List the people
///
/// Alla påhittade personer som man kan logga in som, och vilka ärenden de har.
/// Everyone invented that one can log in as, and what cases they have.
#[utoipa::path(
    get, path = "/people", operation_id = "listPeople", tag = "people", security(()),
    responses((status = 200, description = "Personerna. The people.", body = ListedPeople,
        examples(("people" = (value = json!({"people": [{
            "person": "alva", "name": "Alva Exempel", "age": 34,
            "cases": [{"organisationId": "exempelby", "title": {"sv": "Bygglov för uteplats med tak", "en": "Building permit for a roofed patio"}}]
        }]}))))))
)]
async fn list_people(State(Desk { world, .. }): State<Desk>) -> Json<ListedPeople> {
    let people = world.people().iter().map(|person| {
        let cases = Agency::ALL.iter().flat_map(|agency| {
            world.stories(agency, person).into_iter().map(|story| ListedCase {
                organisation_id: agency.id.to_owned(),
                title: LocalizedText::new(story.template.title.0, story.template.title.1),
            })
        });
        Listed {
            person: person.key.clone(),
            name: person.name.clone(),
            age: person.age,
            cases: cases.collect(),
        }
    });
    Json(ListedPeople {
        people: people.collect(),
    })
}

/// Get the key set
///
/// De öppna nycklar som biljetterna kan kontrolleras med (RFC 7517).
/// The public keys that tokens can be verified with (RFC 7517).
#[utoipa::path(
    get, path = "/keys", operation_id = "getKeySet", tag = "tokens", security(()),
    responses((status = 200, description = "Nycklarna. The keys.", body = serde_json::Value,
        examples(("keys" = (value = json!({"keys": [{
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "example",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
        }]}))))))
)]
async fn get_key_set(State(Desk { issuer, .. }): State<Desk>) -> Response {
    let mut response = Json(issuer.keys()).into_response();
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
    response
}

/// At most 50 scope tokens, of the characters that RFC 6749 appendix A.4 allows.
fn scopes_schema() -> utoipa::openapi::schema::Array {
    use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};
    let scope = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(200))
        .pattern(Some(r"^[\x21\x23-\x5b\x5d-\x7e]+$"));
    ArrayBuilder::new()
        .description(Some("What it may be used for."))
        .max_items(Some(50))
        .items(scope)
        .build()
}

/// Who should be logged in, through which application, to use what.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "person": "alva", "applicationId": "demo-app", "audience": "https://api.vagvisare.example", "scopes": ["cases.read"]
}))]
pub struct TokenRequest {
    /// The person, as the list of people has them.
    pub person: String,
    /// The application that the person uses; becomes `client_id`.
    #[schema(min_length = 1, max_length = 200)]
    pub application_id: String,
    /// Where the token is to be used; becomes `aud`.
    #[schema(min_length = 1, max_length = 500)]
    pub audience: String,
    /// What it may be used for.
    #[schema(schema_with = scopes_schema)]
    pub scopes: Vec<String>,
}

/// Create a token
///
/// Loggar in en påhittad person i en applikation och ger en åtkomstbiljett enligt RFC 9068, giltig i fem
/// minuter. Med `Accept: text/plain` kommer bara själva biljetten. Svarets fältnamn följer RFC 6749 avsnitt 5.1.
/// Logs an invented person in to an application and gives an access token as in RFC 9068, valid for five
/// minutes. With `Accept: text/plain` only the token itself comes. The answer's names are those of RFC 6749
/// section 5.1.
#[utoipa::path(
    post, path = "/tokens", operation_id = "createToken", tag = "tokens", security(()),
    request_body(content = TokenRequest, description = "Vem, var och till vad. Who, where and what for.",
        examples(("alva" = (value = json!({
            "person": "alva", "applicationId": "demo-app", "audience": "https://api.vagvisare.example", "scopes": ["cases.read"]
        }))))),
    responses((status = 200, description = "Biljetten. The token.", body = serde_json::Value,
        examples(("token" = (value = json!({
            "access_token": "eyJ0eXAiOiJhdCtqd3QifQ.e30.c2ln", "token_type": "Bearer", "expires_in": 300, "scope": "cases.read"
        }))))))
)]
async fn create_token(
    State(Desk { world, issuer }): State<Desk>,
    headers: HeaderMap,
    Json(request): Json<TokenRequest>,
) -> Result<Response, Refusal> {
    check(&request)?;
    let person = world.person_by_key(&request.person).ok_or_else(|| {
        wrong(
            "person",
            "is nobody in the sandbox; GET /test-identity/v0/people lists everyone who is",
        )
    })?;
    let scope = request.scopes.join(" ");
    let token = issuer
        .issue(person.party_id, &request.application_id, &request.audience, &scope)
        .map_err(|error| {
            tracing::error!(%error, "no token could be signed");
            Refusal::from(Problem::of(ProblemKind::Internal))
        })?;
    let mut response = if wants_plain_text(&headers) {
        token.into_response()
    } else {
        let answer: Value = json!({
            "access_token": token, "token_type": "Bearer", "expires_in": LIFETIME_SECONDS, "scope": scope
        });
        Json(answer).into_response()
    };
    // RFC 6749 section 5.1: a token is never kept by a cache.
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn check(request: &TokenRequest) -> Result<(), Refusal> {
    for (field, value, most) in [
        ("applicationId", &request.application_id, 200),
        ("audience", &request.audience, 500),
    ] {
        if value.is_empty() || value.len() > most {
            return Err(wrong(field, &format!("must have 1 to {most} characters")));
        }
    }
    // RFC 6749 appendix A.4: what a scope may be made of.
    let scope = |scope: &String| {
        (1..=200).contains(&scope.len()) && scope.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
    };
    if request.scopes.len() > 50 || !request.scopes.iter().all(scope) {
        return Err(wrong(
            "scopes",
            "must be at most 50 words without spaces, quotes or backslashes",
        ));
    }
    Ok(())
}

fn wrong(field: &str, message: &str) -> Refusal {
    Problem::of(ProblemKind::InvalidBody)
        .detail(format!("The field '{field}' {message}."))
        .field(field, message)
        .into()
}

/// Whether plain text is asked for by name; everything else gets JSON.
fn wants_plain_text(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|one| {
            one.split(';')
                .next()
                .is_some_and(|name| name.trim().eq_ignore_ascii_case("text/plain"))
        })
}
