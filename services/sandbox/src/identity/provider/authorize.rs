//! The page where one chooses who to be, and the way back from it.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::codes::Login;
use super::request::{self, Parameters, Refused};
use super::{Inner, LEVELS, Provider};
use crate::identity::page;

/// How long a code works, in seconds.
const CODE_SECONDS: i64 = 60;

pub(super) async fn show(State(Provider(provider)): State<Provider>, RawQuery(query): RawQuery) -> Response {
    let Some(parameters) = request::parameters(query.unwrap_or_default().as_bytes()) else {
        return malformed();
    };
    match request::check(&provider, &parameters) {
        Ok(request) => {
            let asked = request
                .levels
                .iter()
                .find_map(|asked| LEVELS.iter().find(|known| *known == asked));
            let carried = request::CARRIED
                .iter()
                .filter_map(|name| parameters.get(*name).map(|value| (*name, value.as_str())));
            html(
                StatusCode::OK,
                page::choose(&page::Choice {
                    english: parameters
                        .get("ui_locales")
                        .is_some_and(|wanted| wanted.starts_with("en")),
                    service: &request.party.client_id,
                    people: provider.world.people(),
                    level: asked.copied().unwrap_or(LEVELS[1]),
                    carried: carried.collect(),
                }),
                Some(&request.party.redirect_uri),
            )
        }
        Err(refused) => refuse(&provider, &parameters, &refused),
    }
}

pub(super) async fn choose(State(Provider(provider)): State<Provider>, body: Bytes) -> Response {
    let Some(parameters) = request::parameters(&body) else {
        return malformed();
    };
    let request = match request::check(&provider, &parameters) {
        Ok(request) => request,
        Err(refused) => return refuse(&provider, &parameters, &refused),
    };
    let get = |name: &str| parameters.get(name).map_or("", String::as_str);
    if parameters.contains_key("cancel") {
        let refused = Refused::There("access_denied", "The person went back.");
        return refuse(&provider, &parameters, &refused);
    }
    let level = LEVELS
        .into_iter()
        .find(|level| *level == get("level"))
        .unwrap_or(LEVELS[1]);
    let Some(person) = provider.world.person_by_key(get("person")) else {
        return html(
            StatusCode::BAD_REQUEST,
            page::wrong("Nobody by that name is in the sandbox."),
            None,
        );
    };
    let at = request::now();
    let login = Login {
        person: person.key.clone(),
        client_id: request.party.client_id.clone(),
        redirect_uri: request.party.redirect_uri.clone(),
        challenge: get("code_challenge").to_owned(),
        nonce: parameters.get("nonce").cloned(),
        with_number: request.with_number,
        level,
        at,
    };
    match provider.codes.issue(login, at + CODE_SECONDS) {
        Some(code) => back(&provider, &parameters, &[("code", &code)]),
        None => refuse(
            &provider,
            &parameters,
            &Refused::There("server_error", "No code could be made."),
        ),
    }
}

fn malformed() -> Response {
    html(
        StatusCode::BAD_REQUEST,
        page::wrong("The request cannot be read."),
        None,
    )
}

fn refuse(provider: &Inner, parameters: &Parameters, refused: &Refused) -> Response {
    match refused {
        Refused::Here(why) => html(StatusCode::BAD_REQUEST, page::wrong(why), None),
        Refused::There(code, why) => back(provider, parameters, &[("error", code), ("error_description", why)]),
    }
}

/// Sends the person back, to the registered address only.
fn back(provider: &Inner, parameters: &Parameters, answer: &[(&str, &str)]) -> Response {
    let Ok(party) = request::party(provider, parameters) else {
        return malformed();
    };
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(answer);
    if let Some(state) = parameters.get("state") {
        query.append_pair("state", state);
    }
    query.append_pair("iss", &provider.url);
    let join = if party.redirect_uri.contains('?') { '&' } else { '?' };
    let location = format!("{}{join}{}", party.redirect_uri, query.finish());
    let headers = [
        (header::LOCATION, location),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (StatusCode::SEE_OTHER, headers).into_response()
}

fn html(status: StatusCode, content: String, form_goes_to: Option<&str>) -> Response {
    // A form's answer redirects: browsers hold the redirect against `form-action` too.
    let origin = form_goes_to.map_or("", |url| {
        let end = url.match_indices('/').nth(2).map_or(url.len(), |(at, _)| at);
        url.get(..end).unwrap_or_default()
    });
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self' {origin}; frame-ancestors 'none'; base-uri 'none'"
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    (status, headers, content).into_response()
}
