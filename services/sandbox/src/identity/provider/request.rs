//! The request that a relying party sends a person with, checked.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Inner, NUMBER_SCOPE, RelyingParty};

/// Parameters that are carried from the request through the page.
pub(super) const CARRIED: [&str; 11] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "acr_values",
    "prompt",
    "ui_locales",
];

/// Now, in Unix seconds.
pub(super) fn now() -> i64 {
    Timestamp::now().as_second()
}

/// Parameters, each at most once.
pub(super) type Parameters = BTreeMap<String, String>;

/// Reads parameters; `None` when one occurs twice, or there are too many.
pub(super) fn parameters(text: &[u8]) -> Option<Parameters> {
    let mut all = Parameters::new();
    for (name, value) in form_urlencoded::parse(text) {
        if all.len() >= 40 || value.len() > 2_000 || all.insert(name.into_owned(), value.into_owned()).is_some() {
            return None;
        }
    }
    Some(all)
}

/// Why a request is refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// It is not known who asks: nobody is sent anywhere.
    Here(&'static str),
    /// The relying party is told, with this error.
    There(&'static str, &'static str),
}

/// A request in order.
#[derive(Debug)]
pub(super) struct Request<'a> {
    pub(super) party: &'a RelyingParty,
    pub(super) with_number: bool,
    pub(super) levels: Vec<&'a str>,
}

/// Who sent the person. Nothing goes back to an address before this has been found.
pub(super) fn party<'a>(provider: &'a Inner, parameters: &Parameters) -> Result<&'a RelyingParty, Refused> {
    let get = |name: &str| parameters.get(name).map(String::as_str);
    let known = |party: &&RelyingParty| Some(party.client_id.as_str()) == get("client_id");
    let mut of_client = provider.relying_parties.iter().filter(known).peekable();
    if of_client.peek().is_none() {
        return Err(Refused::Here(
            "The service that sent you here is not registered with the test e-identification.",
        ));
    }
    of_client
        .find(|party| Some(party.redirect_uri.as_str()) == get("redirect_uri"))
        .ok_or(Refused::Here(
            "The address to return to is not the one that the service has registered.",
        ))
}

/// Checks the rest.
pub(super) fn check<'a>(provider: &'a Inner, parameters: &'a Parameters) -> Result<Request<'a>, Refused> {
    let party = party(provider, parameters)?;
    let get = |name: &str| parameters.get(name).map_or("", String::as_str);
    if get("response_type") != "code" {
        return Err(Refused::There(
            "unsupported_response_type",
            "Only response_type=code is known here.",
        ));
    }
    if parameters.contains_key("request") || parameters.contains_key("request_uri") {
        return Err(Refused::There(
            "request_not_supported",
            "Send the parameters themselves.",
        ));
    }
    let challenge = get("code_challenge");
    let word = |sign: u8| sign.is_ascii_alphanumeric() || matches!(sign, b'-' | b'_');
    if get("code_challenge_method") != "S256" || challenge.len() != 43 || !challenge.bytes().all(word) {
        return Err(Refused::There("invalid_request", "PKCE with S256 is required."));
    }
    let scopes: Vec<&str> = get("scope").split(' ').collect();
    if !scopes.contains(&"openid") {
        return Err(Refused::There("invalid_scope", "The scope openid is required."));
    }
    if get("prompt").split(' ').any(|one| one == "none") {
        return Err(Refused::There("login_required", "Nobody stays logged in here."));
    }
    Ok(Request {
        party,
        with_number: scopes.contains(&NUMBER_SCOPE),
        levels: get("acr_values").split(' ').filter(|level| !level.is_empty()).collect(),
    })
}
