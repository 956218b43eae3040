//! Who calls, as the gateway says it in its own headers. Only the gateway may set them: a service
//! must not be reachable from anywhere else.

use std::convert::Infallible;
use std::fmt;

use axum::extract::{FromRequestParts, MatchedPath};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use model::ProblemKind;

use crate::Refusal;
use crate::forwarded;
use crate::trust::{ASSERTION, Believed};

/// A person, by an opaque id that means nothing elsewhere. It is kept out of `Debug` so that it cannot
/// slip into a log.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PartyId(String);

impl PartyId {
    /// Takes an id of 1 to 128 letters, digits, `-`, `_`, `.` or `:`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = !text.is_empty() && text.len() <= 128;
        let safe = text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':'));
        (fits && safe).then(|| Self(text.to_owned()))
    }

    /// The id itself, to look up and to compare; not to log.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PartyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PartyId(..)")
    }
}

/// Who acts for the person, and because of what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Who acts.
    pub party: PartyId,
    /// What lets them: `guardian` or `representative`.
    pub relation: String,
}

/// Who calls, and where they see us. As an extractor it never refuses; what is missing is `None`.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The application (`Vagvisare-Application`).
    pub application: Option<String>,
    /// The application's organisation (`Vagvisare-Organisation`).
    pub organisation: Option<String>,
    /// The agreement that admits it (`Vagvisare-Agreement`).
    pub agreement: Option<String>,
    /// The person it speaks for (`Vagvisare-Subject`).
    pub subject: Option<PartyId>,
    /// Who acts for that person, when somebody else does (`Vagvisare-Actor`, `Vagvisare-Relation`).
    pub actor: Option<Actor>,
    /// What it may do (`Vagvisare-Scopes`).
    pub scopes: Vec<String>,
    /// Absolute URL of the API as the caller sees it, without a slash at the end (HYP.08-10).
    pub base_url: String,
    /// Whether the call came through a gateway that said where the caller sees us.
    pub through_gateway: bool,
    /// The gateway's signed word for all of it, where the service asks for that. Marked sensitive: `Debug` does not show it.
    word: Option<HeaderValue>,
}

impl Caller {
    /// Names the caller in a request to another service of the same organisation, as a part of answering them: what the
    /// gateway said, and its signed word for it. It is for no other: whoever gets it can speak for the caller there for a
    /// minute.
    pub fn speak_for(&self, mut request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        let scopes = (!self.scopes.is_empty()).then(|| self.scopes.join(" "));
        let said = [
            ("vagvisare-application", self.application.as_deref()),
            ("vagvisare-organisation", self.organisation.as_deref()),
            ("vagvisare-agreement", self.agreement.as_deref()),
            ("vagvisare-subject", self.subject.as_ref().map(PartyId::as_str)),
            ("vagvisare-actor", self.actor.as_ref().map(|actor| actor.party.as_str())),
            (
                "vagvisare-relation",
                self.actor.as_ref().map(|actor| actor.relation.as_str()),
            ),
            ("vagvisare-scopes", scopes.as_deref()),
        ];
        for (name, value) in said {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        match &self.word {
            Some(word) => request.header(ASSERTION, word),
            None => request,
        }
    }

    /// The person it speaks for.
    ///
    /// # Errors
    /// A 403 problem that says that a person's token is needed.
    pub fn person(&self) -> Result<&PartyId, Refusal> {
        self.subject.as_ref().ok_or_else(|| {
            let detail = "This operation answers for one person. Call with an access token that was issued for that \
                          person; an application's own key or token is not enough.";
            Refusal::of(ProblemKind::PersonNeeded, detail)
        })
    }
}

/// Where the API is mounted in this service.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BasePath(pub(crate) &'static str);

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let headers = &parts.headers;
        let own_path = parts.extensions.get::<BasePath>().map_or("", |base| base.0);
        let (base_url, through_gateway) = base_url(headers, own_path);
        Ok(Self {
            application: text(headers, "vagvisare-application").map(str::to_owned),
            organisation: text(headers, "vagvisare-organisation").map(str::to_owned),
            agreement: text(headers, "vagvisare-agreement").map(str::to_owned),
            subject: text(headers, "vagvisare-subject").and_then(PartyId::parse),
            actor: actor(headers),
            scopes: text(headers, "vagvisare-scopes")
                .map(|scopes| scopes.split_ascii_whitespace().map(str::to_owned).collect())
                .unwrap_or_default(),
            base_url,
            through_gateway,
            word: parts.extensions.get::<Believed>().map(|word| word.0.clone()),
        })
    }
}

/// Who acts: only with what lets them.
fn actor(headers: &HeaderMap) -> Option<Actor> {
    Some(Actor {
        party: text(headers, "vagvisare-actor").and_then(PartyId::parse)?,
        relation: text(headers, "vagvisare-relation")?.to_owned(),
    })
}

/// A header's value when it is there exactly once and is text: two of a kind are nobody's word.
pub(crate) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?.trim();
    (values.next().is_none() && !value.is_empty()).then_some(value)
}

fn base_url(headers: &HeaderMap, own_path: &str) -> (String, bool) {
    if let Some((scheme, host)) = text(headers, "forwarded").and_then(forwarded::scheme_and_host) {
        let prefix = text(headers, "vagvisare-forwarded-prefix")
            .filter(|path| is_path(path))
            .unwrap_or(own_path);
        return (format!("{scheme}://{host}{}", prefix.trim_end_matches('/')), true);
    }
    let host = text(headers, "host")
        .filter(|host| forwarded::is_host(host))
        .unwrap_or("localhost");
    (format!("http://{host}{own_path}"), false)
}

fn is_path(path: &str) -> bool {
    path.starts_with('/')
        && path
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'.' | b'~'))
}

/// The route that matched, with its base path, for the span's name.
pub(crate) fn route(parts: &axum::http::Extensions) -> Option<&str> {
    parts.get::<MatchedPath>().map(MatchedPath::as_str)
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    async fn caller(headers: &[(&str, &str)]) -> Caller {
        let mut request = Request::builder().uri("/case-status/v1/cases");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        parts.extensions.insert(BasePath("/case-status/v1"));
        Caller::from_request_parts(&mut parts, &()).await.unwrap()
    }

    #[tokio::test]
    async fn the_base_url_is_the_gateways_and_else_its_own() {
        let behind = caller(&[
            ("forwarded", "proto=https;host=api.example"),
            ("vagvisare-forwarded-prefix", "/x/v1"),
        ]);
        assert_eq!(behind.await.base_url, "https://api.example/x/v1");
        let alone = caller(&[("host", "127.0.0.1:9")]).await;
        assert_eq!(
            (alone.base_url.as_str(), alone.through_gateway),
            ("http://127.0.0.1:9/case-status/v1", false)
        );
        assert_eq!(
            caller(&[("host", "a/b")]).await.base_url,
            "http://localhost/case-status/v1"
        );
    }

    #[tokio::test]
    async fn a_subject_given_twice_is_no_subject() {
        assert!(
            caller(&[("vagvisare-subject", "a"), ("vagvisare-subject", "b")])
                .await
                .subject
                .is_none()
        );
        assert!(caller(&[("vagvisare-subject", "a b")]).await.subject.is_none());
        assert!(caller(&[("vagvisare-subject", "a")]).await.person().is_ok());
        assert!(
            caller(&[("vagvisare-actor", "b")]).await.actor.is_none(),
            "because of nothing"
        );
    }

    #[tokio::test]
    async fn a_party_never_shows_in_debug_output() {
        let caller = caller(&[("vagvisare-subject", "6a0e1c7e"), ("vagvisare-scopes", "cases.read x")]).await;
        assert!(!format!("{caller:?}").contains("6a0e1c7e"));
        assert_eq!(caller.scopes, ["cases.read", "x"]);
    }
}
