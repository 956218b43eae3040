//! What a request asks of the cache, and what may be kept: pure decisions around those of the policy crate.

use crate::body::ResponseBody;
use crate::call::Call;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header, request, response};
use http_cache_semantics::CachePolicy;
use snapshot::Authentication;
use std::time::{Duration, SystemTime};

/// Conditions of the caller's own: they are judged here, on the answer that is kept.
const CONDITIONS: [HeaderName; 5] = [
    header::IF_NONE_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_MATCH,
    header::IF_UNMODIFIED_SINCE,
    header::IF_RANGE,
];

/// A call for which nothing is looked up and nothing kept.
pub(super) fn goes_past(call: &Call) -> bool {
    let headers = &call.head.headers;
    let open = call
        .facts
        .route()
        .is_ok_and(|route| route.authentication == Authentication::None);
    // On an open route a credential is the backend's own affair: whose answer it is cannot be known here.
    let foreign_credential = open
        && (headers.contains_key(header::AUTHORIZATION)
            || headers.contains_key(crate::middleware::authenticate::API_KEY));
    !matches!(call.head.method, Method::GET | Method::HEAD)
        || foreign_credential
        || [
            header::COOKIE,
            header::RANGE,
            header::IF_MATCH,
            header::IF_UNMODIFIED_SINCE,
            header::UPGRADE,
        ]
        .iter()
        .any(|name| headers.contains_key(name))
        || directive(headers, "no-store").is_some()
        || !call.body_is_empty()
}

/// A request as the policy sees it.
#[derive(Debug, Clone)]
pub(super) struct Question {
    /// Without the credential itself and without conditions.
    pub(super) view: request::Parts,
    pub(super) is_head: bool,
    /// The caller wants the backend to be asked.
    pub(super) insists: bool,
    pub(super) only_if_cached: bool,
    if_none_match: Option<HeaderValue>,
    if_modified_since: Option<HeaderValue>,
}

impl Question {
    pub(super) fn of(call: &Call) -> Self {
        let headers = &call.head.headers;
        let mut view = http::Request::new(()).into_parts().0;
        view.uri = call.head.uri.clone();
        view.headers = headers.clone();
        for name in CONDITIONS {
            view.headers.remove(name);
        }
        view.headers.remove(header::HOST);
        view.headers.remove(header::AUTHORIZATION);
        view.headers.remove(crate::middleware::authenticate::API_KEY);
        if call.facts.consumer.is_some() {
            // That there was one is what the rules ask for.
            view.headers
                .insert(header::AUTHORIZATION, HeaderValue::from_static("present"));
        }
        let max_age = directive(headers, "max-age").and_then(|age| age);
        Self {
            view,
            is_head: call.head.method == Method::HEAD,
            insists: directive(headers, "no-cache").is_some()
                || headers.contains_key(header::PRAGMA)
                || max_age.is_some_and(|age| age.is_zero()),
            only_if_cached: directive(headers, "only-if-cached").is_some(),
            if_none_match: headers.get(header::IF_NONE_MATCH).cloned(),
            if_modified_since: headers.get(header::IF_MODIFIED_SINCE).cloned(),
        }
    }

    /// How the answer may be kept; `None`: it may not, or would be of no use.
    pub(super) fn policy(&self, response: &Response<ResponseBody>) -> Option<CachePolicy> {
        let headers = response.headers();
        let useless = headers.contains_key(header::SET_COOKIE)
            || headers.contains_key(header::CONTENT_RANGE)
            || response.status() == StatusCode::PARTIAL_CONTENT
            || headers
                .get_all(header::VARY)
                .iter()
                .any(|value| value.as_bytes().contains(&b'*'));
        let policy = super::policy_of(&self.view, response);
        let fresh = !policy.time_to_live(SystemTime::now()).is_zero();
        let renewable = headers.contains_key(header::ETAG) || headers.contains_key(header::LAST_MODIFIED);
        (!useless && policy.is_storable() && (fresh || renewable)).then_some(policy)
    }

    /// Whether the caller's condition says that it has this answer (RFC 9110 section 13.1).
    pub(super) fn has_it_already(&self, answer: &HeaderMap) -> bool {
        if let Some(known) = &self.if_none_match {
            let weak = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
            let tag = answer.get(header::ETAG).and_then(|tag| tag.to_str().ok()).map(weak);
            return known
                .to_str()
                .is_ok_and(|known| known.trim() == "*" || known.split(',').any(|one| Some(weak(one)) == tag));
        }
        // A date is compared as it was given: a backend that changes something changes the date.
        self.if_modified_since.is_some() && self.if_modified_since.as_ref() == answer.get(header::LAST_MODIFIED)
    }
}

/// Puts the cache's own conditions into the request, and the caller's out.
pub(super) fn set_conditions(headers: &mut HeaderMap, conditions: Option<&request::Parts>) {
    for name in CONDITIONS {
        headers.remove(&name);
        if let Some(value) = conditions.and_then(|conditions| conditions.headers.get(&name)) {
            headers.insert(name, value.clone());
        }
    }
}

/// The request that an answer to `conditions` is filed under: the caller's own.
pub(super) fn answered(conditions: &request::Parts, view: &request::Parts) -> request::Parts {
    let mut filed = conditions.clone();
    filed.headers = view.headers.clone();
    filed
}

/// 304 with what RFC 9110 section 15.4.5 asks for.
pub(super) fn not_modified(mut head: response::Parts) -> Response<ResponseBody> {
    head.status = StatusCode::NOT_MODIFIED;
    for name in [header::CONTENT_LENGTH, header::CONTENT_TYPE, header::CONTENT_ENCODING] {
        head.headers.remove(name);
    }
    Response::from_parts(head, ResponseBody::Empty)
}

/// A directive of `Cache-Control`: `Some(None)` without a number.
#[expect(clippy::option_option, reason = "there or not, with a number or not")]
pub(super) fn directive(headers: &HeaderMap, name: &str) -> Option<Option<Duration>> {
    headers
        .get_all(header::CACHE_CONTROL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .find_map(|part| {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            key.trim().eq_ignore_ascii_case(name).then(|| {
                let seconds = value.trim().trim_matches('"').parse().ok()?;
                Some(Duration::from_secs(seconds))
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_are_found_with_their_numbers() {
        let mut headers = HeaderMap::new();
        headers.append(header::CACHE_CONTROL, HeaderValue::from_static("Public, max-age=60"));
        headers.append(
            header::CACHE_CONTROL,
            HeaderValue::from_static("stale-if-error=\"30\", x=y"),
        );
        assert_eq!(directive(&headers, "public"), Some(None));
        assert_eq!(directive(&headers, "max-age"), Some(Some(Duration::from_secs(60))));
        assert_eq!(
            directive(&headers, "stale-if-error"),
            Some(Some(Duration::from_secs(30)))
        );
        assert_eq!(directive(&headers, "x"), Some(None));
        assert_eq!(directive(&headers, "age"), None);
    }
}
