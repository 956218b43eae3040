//! How every service says no: problem details (RFC 9457) from one closed table of kinds.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The media type of a problem (RFC 9457 section 3).
pub const PROBLEM_JSON: &str = "application/problem+json";

/// A refusal or fault, as RFC 9457 describes it, with a stable code and the trace it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "type": "/problems/not-found", "title": "Nothing is found at this address", "status": 404,
    "detail": "There is no case with this id for the person.", "instance": "/case-status/v1/cases/0196",
    "code": "not-found", "traceId": "4bf92f3577b34da6a3ce929d0e0e4736"
}))]
pub struct Problem {
    /// A page that explains this kind of problem.
    #[serde(rename = "type")]
    #[schema(format = "uri-reference")]
    pub type_: Cow<'static, str>,
    /// What kind of problem it is; the same for each occurrence.
    pub title: Cow<'static, str>,
    /// The HTTP status code.
    pub status: u16,
    /// What happened this time and what to do about it. Never technical details, never a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The path that was asked for, without its query.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "uri-reference")]
    pub instance: Option<String>,
    /// The kind as a stable, machine-readable word.
    pub code: Cow<'static, str>,
    /// The W3C trace id of the request: what to quote when asking for help.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// When to try again, in seconds; also said in the `Retry-After` header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<u32>,
    /// Which fields or parameters were wrong, when the request was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<InvalidField>,
}

/// One thing that is wrong in a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"field": "limit", "message": "must be a whole number from 1 to 100"}))]
pub struct InvalidField {
    /// The query parameter, header, or dotted path in the body.
    pub field: String,
    /// What is wrong with it. Never repeats the value: it may be about a person.
    pub message: String,
}

impl Problem {
    /// A problem of a known kind.
    #[must_use]
    pub fn of(kind: ProblemKind) -> Self {
        let facts = kind.facts();
        Self {
            type_: Cow::Owned(format!("/problems/{}", facts.code)),
            title: Cow::Borrowed(facts.title),
            status: facts.status,
            detail: None,
            instance: None,
            code: Cow::Borrowed(facts.code),
            trace_id: None,
            retry_after_seconds: None,
            errors: Vec::new(),
        }
    }

    /// Says what happened this time.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Says when to try again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }

    /// Names a field that is wrong; may be called once for each.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>, message: impl Into<String>) -> Self {
        self.errors.push(InvalidField {
            field: field.into(),
            message: message.into(),
        });
        self
    }
}

macro_rules! problem_kinds {
    ($($(#[$doc:meta])* $kind:ident = $status:literal, $code:literal, $title:literal, $sv:literal, $en:literal;)+) => {
        /// Every kind of problem that a service answers with. Closed: a new kind is a new row.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ProblemKind { $($(#[$doc])* $kind,)+ }

        impl ProblemKind {
            /// Every kind, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)+];

            /// Everything that follows from the kind.
            #[must_use]
            pub const fn facts(self) -> ProblemFacts {
                match self {
                    $(Self::$kind => ProblemFacts {
                        status: $status, code: $code, title: $title, advice_sv: $sv, advice_en: $en,
                    },)+
                }
            }
        }
    };
}

/// What follows from a [`ProblemKind`]: enough to answer with and to write its page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProblemFacts {
    /// The HTTP status code.
    pub status: u16,
    /// The stable code; the last part of `type`.
    pub code: &'static str,
    /// The title.
    pub title: &'static str,
    /// What a caller should do, in Swedish.
    pub advice_sv: &'static str,
    /// What a caller should do, in English.
    pub advice_en: &'static str,
}

problem_kinds! {
    /// The request cannot be read at all.
    BadRequest = 400, "bad-request", "The request cannot be read",
        "Rätta anropet enligt det fält som pekas ut. Samma anrop ger samma svar.",
        "Correct the request where the problem points. Sending it again unchanged gives the same answer.";
    /// A query parameter that the operation does not have.
    UnknownParameter = 400, "unknown-parameter", "The request has a parameter that does not exist",
        "Ta bort parametern eller rätta dess namn; API:ets specifikation räknar upp dem som finns.",
        "Remove the parameter or correct its name; the API's specification lists those that exist.";
    /// A query parameter with a value that is not allowed.
    InvalidParameter = 400, "invalid-parameter", "A parameter has a value that is not allowed",
        "Ge parametern ett värde som specifikationen tillåter.",
        "Give the parameter a value that the specification allows.";
    /// A body that is not JSON.
    MalformedBody = 400, "malformed-body", "The body is not valid JSON",
        "Skicka giltig JSON i UTF-8.",
        "Send valid JSON in UTF-8.";
    /// What is said of the caller is not signed by the gateway.
    UntrustedCaller = 401, "untrusted-caller", "What is said of the caller is not signed by the gateway",
        "Anropa genom gatewayen. Den som driver tjänsten: bakänden ska ha assertion = \"session\" eller \"call\" i registret.",
        "Call through the gateway. Whoever runs the service: the backend needs assertion = \"session\" or \"call\" in the registry.";
    /// The operation needs a person and the token speaks for none.
    PersonNeeded = 403, "person-needed", "A person's token is needed",
        "Be personen logga in och anropa med den åtkomstbiljett som utfärdas för personen.",
        "Have the person log in and call with the access token that is issued for the person.";
    /// The caller tells of something that belongs to another organisation.
    NotYours = 403, "not-yours", "This belongs to another organisation",
        "Skicka bara det som gäller den egna organisationen, med en nyckel som är utfärdad för den.",
        "Send only what is about your own organisation, with a credential that was issued for it.";
    /// The caller is known, and may not do this.
    NotAllowed = 403, "not-allowed", "The caller may not do this",
        "Be den som förvaltar organisationens medlemmar om rätten, eller anropa med en annan medlems nyckel.",
        "Ask whoever administers the organisation's members for the right, or call with another member's key.";
    /// Nothing there, or nothing that this caller may know of.
    NotFound = 404, "not-found", "Nothing is found at this address",
        "Kontrollera adressen. Något som anroparen inte får se svarar likadant.",
        "Check the address. Something that the caller may not see answers in the same way.";
    /// The resource is there, the method is not.
    MethodNotAllowed = 405, "method-not-allowed", "The method is not allowed here",
        "Använd en av de metoder som räknas upp i svarshuvudet Allow.",
        "Use one of the methods that the Allow header lists.";
    /// Something else was first.
    Conflict = 409, "conflict", "It is done already, or somebody else was first",
        "Hämta det senaste läget och försök igen om det behövs.",
        "Fetch the latest state and try again if needed.";
    /// No representation that the caller accepts.
    NotAcceptable = 406, "not-acceptable", "No acceptable representation exists",
        "Ange application/json i Accept.",
        "Ask for application/json in Accept.";
    /// The object has been changed since the caller read it.
    StaleRevision = 412, "stale-revision", "The object has been changed since it was read",
        "Läs objektet på nytt och gör om ändringen med dess nya ETag i If-Match.",
        "Read the object again and make the change anew with its new ETag in If-Match.";
    /// The body is larger than the operation takes.
    BodyTooLarge = 413, "body-too-large", "The body is too large",
        "Skicka en mindre meddelandekropp.",
        "Send a smaller body.";
    /// The body has another media type than JSON.
    UnsupportedMediaType = 415, "unsupported-media-type", "The media type is not supported",
        "Skicka JSON och ange Content-Type: application/json.",
        "Send JSON and say Content-Type: application/json.";
    /// JSON, but not what the operation asks for.
    InvalidBody = 422, "invalid-body", "The body does not have the right content",
        "Rätta de fält som räknas upp i errors.",
        "Correct the fields listed in errors.";
    /// A change that does not say which revision it was made from.
    RevisionNeeded = 428, "revision-needed", "The change must say which revision it was made from",
        "Skicka den ETag som lästes i If-Match.",
        "Send the ETag that was read in If-Match.";
    /// A fault of the service itself.
    Internal = 500, "internal-error", "The service failed",
        "Försök igen senare. Uppge traceId om felet består.",
        "Try again later. Quote traceId if the fault remains.";
    /// Everything that the service would have asked is out of reach.
    SourcesUnavailable = 503, "sources-unavailable", "No source could answer",
        "Försök igen efter den tid som Retry-After anger.",
        "Try again after the time that Retry-After gives.";
    /// The service cannot take the request now.
    Unavailable = 503, "service-unavailable", "The service cannot answer now",
        "Försök igen efter en stund.",
        "Try again after a while.";
    /// The caller's deadline passed before there was an answer.
    DeadlineExceeded = 504, "deadline-exceeded", "The deadline passed before there was an answer",
        "Försök igen, gärna med en längre tidsgräns.",
        "Try again, if possible with a longer deadline.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_fit_in_a_url() {
        let mut codes: Vec<_> = ProblemKind::ALL.iter().map(|kind| kind.facts().code).collect();
        assert!(
            codes
                .iter()
                .all(|code| code.chars().all(|c| c.is_ascii_lowercase() || c == '-'))
        );
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), ProblemKind::ALL.len());
    }

    #[test]
    fn a_problem_has_the_members_that_the_profile_asks_for() {
        let problem = Problem::of(ProblemKind::InvalidParameter)
            .detail("limit is wrong")
            .field("limit", "must be at least 1");
        let json = serde_json::to_value(&problem).unwrap();
        assert_eq!(json["type"], "/problems/invalid-parameter");
        assert_eq!(json["status"], 400);
        assert_eq!(json["code"], "invalid-parameter");
        assert_eq!(json["errors"][0]["field"], "limit");
    }
}
