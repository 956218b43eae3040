//! The table: everything that follows from a kind of error.

use http::StatusCode;
use telemetry::Blame;

/// Every way in which the gateway itself answers. Closed: a new kind means a new row in [`ErrorKind::facts`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each row of the table below says what it means")]
pub enum ErrorKind {
    MalformedRequest,
    ExpectationFailed,
    UriTooLong,
    BodyTooLarge,
    BodyStalled,
    UnknownApi,
    UnknownPath,
    MethodNotAllowed,
    ApiGone,
    CredentialMissing,
    CredentialRefused,
    AgreementMissing,
    AgreementNotInForce,
    ScopeMissing,
    LimitReached,
    QuotaUnavailable,
    Overloaded,
    KeysUnavailable,
    ProofUnavailable,
    UpstreamUnreachable,
    UpstreamBroken,
    UpstreamBusy,
    UpstreamPaused,
    UpstreamTimeout,
    RequestInvalid,
    AnswerInvalid,
    Maintenance,
    IdempotencyKeyRefused,
    IdempotencyInFlight,
    IdempotencyReused,
    IdempotencyUnknown,
    IdempotencyUnavailable,
    NotCached,
    ExampleUnknown,
    Internal,
}

/// What the reader of a problem should do.
#[derive(Debug, Clone, Copy)]
pub struct Advice {
    /// In English.
    pub en: &'static str,
    /// In Swedish.
    pub sv: &'static str,
}

/// What follows from an [`ErrorKind`].
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// HTTP status.
    pub status: StatusCode,
    /// Stable code: in the body, the metric label, the log and the problem page's address.
    pub code: &'static str,
    /// RFC 9457 `title`.
    pub title: &'static str,
    /// Who has to act.
    pub blame: Blame,
    /// Whether the same request may be sent again without doing anything twice.
    pub retry_safe: bool,
    /// RFC 9209 error type for `Proxy-Status`.
    pub proxy_status: &'static str,
    /// What to do about it.
    pub advice: Advice,
}

impl ErrorKind {
    /// Every kind, in the order of the table.
    pub const ALL: [ErrorKind; 35] = [
        Self::MalformedRequest,
        Self::ExpectationFailed,
        Self::UriTooLong,
        Self::BodyTooLarge,
        Self::BodyStalled,
        Self::UnknownApi,
        Self::UnknownPath,
        Self::MethodNotAllowed,
        Self::ApiGone,
        Self::CredentialMissing,
        Self::CredentialRefused,
        Self::AgreementMissing,
        Self::AgreementNotInForce,
        Self::ScopeMissing,
        Self::LimitReached,
        Self::QuotaUnavailable,
        Self::Overloaded,
        Self::KeysUnavailable,
        Self::ProofUnavailable,
        Self::UpstreamUnreachable,
        Self::UpstreamBroken,
        Self::UpstreamBusy,
        Self::UpstreamPaused,
        Self::UpstreamTimeout,
        Self::RequestInvalid,
        Self::AnswerInvalid,
        Self::Maintenance,
        Self::IdempotencyKeyRefused,
        Self::IdempotencyInFlight,
        Self::IdempotencyReused,
        Self::IdempotencyUnknown,
        Self::IdempotencyUnavailable,
        Self::NotCached,
        Self::ExampleUnknown,
        Self::Internal,
    ];

    /// The row of this kind. One `match`, no wildcard: a new kind cannot be half described.
    pub const fn facts(self) -> Facts {
        use Blame::{Client, Gateway, Upstream};
        match self {
            Self::MalformedRequest => row(
                400,
                "malformed-request",
                "Malformed request",
                Client,
                false,
                "http_request_error",
                Advice {
                    en: "The request can be read in more than one way, or not at all. Send plain HTTP: one Host, one length, a path without encoded slashes, dots or control characters.",
                    sv: "Anropet går att läsa på mer än ett sätt, eller inte alls. Skicka vanlig HTTP: en Host, en längd, en sökväg utan kodade snedstreck, punkter eller styrtecken.",
                },
            ),
            Self::ExpectationFailed => row(
                417,
                "expectation-failed",
                "Unknown expectation",
                Client,
                false,
                "http_request_error",
                Advice {
                    en: "Only Expect: 100-continue is understood.",
                    sv: "Bara Expect: 100-continue förstås.",
                },
            ),
            Self::UriTooLong => row(
                414,
                "uri-too-long",
                "Address too long",
                Client,
                false,
                "http_request_error",
                Advice {
                    en: "Path and query together may be at most 8192 characters. Send long content in a body.",
                    sv: "Sökväg och frågedel får tillsammans vara högst 8192 tecken. Skicka långt innehåll i en kropp.",
                },
            ),
            Self::BodyTooLarge => row(
                413,
                "body-too-large",
                "Body too large",
                Client,
                false,
                "http_request_error",
                Advice {
                    en: "Send a smaller body; the API's documentation states its cap.",
                    sv: "Skicka en mindre kropp; API:ets dokumentation anger taket.",
                },
            ),
            Self::BodyStalled => row(
                408,
                "body-stalled",
                "The body stopped arriving",
                Client,
                true,
                "http_request_error",
                Advice {
                    en: "The request's body stopped arriving. Send it again without long pauses.",
                    sv: "Anropets kropp slutade komma. Skicka den igen utan långa uppehåll.",
                },
            ),
            Self::UnknownApi => row(
                404,
                "unknown-api",
                "No such API",
                Client,
                false,
                "destination_not_found",
                Advice {
                    en: "No API is served here. The catalogue at /.well-known/api-catalog lists all of them.",
                    sv: "Inget API finns här. Katalogen på /.well-known/api-catalog räknar upp alla.",
                },
            ),
            Self::UnknownPath => row(
                404,
                "unknown-path",
                "No such path",
                Client,
                false,
                "destination_not_found",
                Advice {
                    en: "The API exists, this path in it does not. Compare with its documentation.",
                    sv: "API:et finns, men inte den här sökvägen. Jämför med dokumentationen.",
                },
            ),
            Self::MethodNotAllowed => row(
                405,
                "method-not-allowed",
                "Method not allowed",
                Client,
                false,
                "http_request_denied",
                Advice {
                    en: "Use a method that the Allow header lists.",
                    sv: "Använd en metod som finns i huvudfältet Allow.",
                },
            ),
            Self::ApiGone => row(
                410,
                "api-gone",
                "Taken out of use",
                Client,
                false,
                "http_request_denied",
                Advice {
                    en: "This version is no longer served. Move to its successor, named in the Link header.",
                    sv: "Den här versionen är tagen ur bruk. Gå över till efterföljaren, som står i huvudfältet Link.",
                },
            ),
            Self::CredentialMissing => row(
                401,
                "credential-missing",
                "Credential missing",
                Client,
                true,
                "http_request_denied",
                Advice {
                    en: "Send an API key in X-Api-Key or an access token in Authorization: Bearer, as the API's documentation says.",
                    sv: "Skicka en API-nyckel i X-Api-Key eller en åtkomsttoken i Authorization: Bearer, som API:ets dokumentation säger.",
                },
            ),
            Self::CredentialRefused => row(
                401,
                "credential-refused",
                "Credential refused",
                Client,
                true,
                "http_request_denied",
                Advice {
                    en: "The key or token is wrong, has ended or is meant for another API. Get a new one.",
                    sv: "Nyckeln eller åtkomsttoken är fel, har gått ut eller gäller ett annat API. Skaffa en ny.",
                },
            ),
            Self::AgreementMissing => row(
                403,
                "agreement-missing",
                "No agreement",
                Client,
                false,
                "http_request_denied",
                Advice {
                    en: "Your organisation has no agreement that covers this API. Ask the agency that owns it.",
                    sv: "Din organisation saknar en överenskommelse eller ett avtal som omfattar API:et. Fråga myndigheten som äger det.",
                },
            ),
            Self::AgreementNotInForce => row(
                403,
                "agreement-not-in-force",
                "Agreement not in force",
                Client,
                false,
                "http_request_denied",
                Advice {
                    en: "The agreement has ended or has not begun. Renew it with the agency.",
                    sv: "Överenskommelsen eller avtalet har löpt ut eller inte börjat gälla. Förnya det med myndigheten.",
                },
            ),
            Self::ScopeMissing => row(
                403,
                "scope-missing",
                "Scope missing",
                Client,
                false,
                "http_request_denied",
                Advice {
                    en: "Ask for a token with the scope named, or extend the agreement.",
                    sv: "Begär en åtkomsttoken med det scope som nämns, eller utöka överenskommelsen.",
                },
            ),
            Self::LimitReached => row(
                429,
                "limit-reached",
                "Too many calls",
                Client,
                true,
                "http_request_denied",
                Advice {
                    en: "Wait as Retry-After says. If the limit is too low for your purpose, ask the agency to raise it in the agreement.",
                    sv: "Vänta så länge som Retry-After säger. Är gränsen för låg för ändamålet, be myndigheten höja den i överenskommelsen.",
                },
            ),
            Self::QuotaUnavailable => row(
                503,
                "quota-unavailable",
                "Quota cannot be counted just now",
                Gateway,
                true,
                "destination_unavailable",
                Advice {
                    en: "What is left of the agreement's quota cannot be known just now, so nothing was done and nothing counted. Try again as Retry-After says.",
                    sv: "Just nu går det inte att veta vad som är kvar av överenskommelsens kvot, så inget har gjorts och inget räknats. Försök igen som Retry-After säger.",
                },
            ),
            Self::Overloaded => row(
                503,
                "overloaded",
                "Overloaded",
                Gateway,
                true,
                "http_request_denied",
                Advice {
                    en: "The gateway has more to do than it can carry. Nothing was done with this request: try again as Retry-After says.",
                    sv: "Växeln har mer att göra än den klarar. Inget har gjorts med anropet: försök igen som Retry-After säger.",
                },
            ),
            Self::KeysUnavailable => row(
                503,
                "keys-unavailable",
                "The token could not be checked",
                Gateway,
                true,
                "destination_unavailable",
                Advice {
                    en: "The token's issuer does not answer. The token may be fine: try again as Retry-After says.",
                    sv: "Utfärdaren av åtkomsttoken svarar inte. Token kan vara riktig: försök igen som Retry-After säger.",
                },
            ),
            Self::ProofUnavailable => row(
                503,
                "proof-unavailable",
                "Proofs of possession cannot be checked just now",
                Gateway,
                true,
                "destination_unavailable",
                Advice {
                    en: "Whether the DPoP proof was used before, on another node, cannot be known just now, so nothing was done. Try again as Retry-After says, with a new proof.",
                    sv: "Just nu går det inte att veta om DPoP-beviset har använts förut, på en annan nod, så inget har gjorts. Försök igen som Retry-After säger, med ett nytt bevis.",
                },
            ),
            Self::UpstreamUnreachable => row(
                502,
                "agency-unreachable",
                "The agency's system cannot be reached",
                Upstream,
                true,
                "destination_unavailable",
                Advice {
                    en: "The agency's system cannot be reached. Nothing was done with this request: try again later, or contact the agency.",
                    sv: "Myndighetens system går inte att nå. Inget har gjorts med anropet: försök igen senare eller kontakta myndigheten.",
                },
            ),
            Self::UpstreamBroken => row(
                502,
                "agency-answer-broken",
                "The agency's system broke its answer",
                Upstream,
                false,
                "http_response_incomplete",
                Advice {
                    en: "The agency's system broke off or answered wrongly. It may have acted on the request: check before you repeat it.",
                    sv: "Myndighetens system avbröt eller svarade fel. Det kan ha utfört anropet: kontrollera innan du upprepar det.",
                },
            ),
            Self::UpstreamBusy => row(
                503,
                "agency-busy",
                "The agency's system is busy",
                Upstream,
                true,
                "connection_limit_reached",
                Advice {
                    en: "All connections to the agency's system are in use. Nothing was done with this request: try again as Retry-After says.",
                    sv: "Alla förbindelser till myndighetens system är upptagna. Inget har gjorts med anropet: försök igen som Retry-After säger.",
                },
            ),
            Self::UpstreamPaused => row(
                503,
                "agency-paused",
                "Calls to the agency's system are paused",
                Upstream,
                true,
                "destination_unavailable",
                Advice {
                    en: "Nothing was done with this request: try again as Retry-After says, or contact the agency if it stays.",
                    sv: "Inget har gjorts med anropet: försök igen som Retry-After säger, eller kontakta myndigheten om det består.",
                },
            ),
            Self::UpstreamTimeout => row(
                504,
                "agency-timeout",
                "The agency's system did not answer in time",
                Upstream,
                false,
                "http_response_timeout",
                Advice {
                    en: "The agency's system did not answer in time. It may still act on the request: check before you repeat it.",
                    sv: "Myndighetens system svarade inte i tid. Det kan ändå utföra anropet: kontrollera innan du upprepar det.",
                },
            ),
            Self::RequestInvalid => row(
                400,
                "request-invalid",
                "The request is not what the API describes",
                Client,
                false,
                "http_request_error",
                Advice {
                    en: "The request breaks rules of the API's OpenAPI document: violations names each place and rule. Mend them and send it again.",
                    sv: "Anropet bryter mot regler i API:ets OpenAPI-dokument: violations anger varje ställe och regel. Rätta dem och skicka igen.",
                },
            ),
            Self::AnswerInvalid => row(
                502,
                "agency-answer-invalid",
                "The answer is not what the API describes",
                Upstream,
                false,
                "http_protocol_error",
                Advice {
                    en: "The agency's answer breaks rules of the API's own OpenAPI document: violations names each place and rule. The agency has to mend its system or its document.",
                    sv: "Myndighetens svar bryter mot regler i API:ets eget OpenAPI-dokument: violations anger varje ställe och regel. Myndigheten behöver rätta sitt system eller sitt dokument.",
                },
            ),
            Self::Maintenance => row(
                503,
                "api-maintenance",
                "Taken aside for work",
                Upstream,
                true,
                "destination_unavailable",
                Advice {
                    en: "The API's owner has taken it aside for work. Nothing was done with this request: try again as Retry-After says.",
                    sv: "API:ets ägare har tagit det ur drift för arbete. Inget har gjorts med anropet: försök igen som Retry-After säger.",
                },
            ),
            Self::IdempotencyKeyRefused => row(
                400,
                "idempotency-key-refused",
                "No usable Idempotency-Key",
                Client,
                false,
                "http_request_denied",
                Advice {
                    en: "Send one Idempotency-Key of 1 to 255 visible ASCII characters, a new one for each call: a UUID will do.",
                    sv: "Skicka en Idempotency-Key med 1 till 255 synliga ASCII-tecken, en ny för varje anrop: ett UUID duger.",
                },
            ),
            Self::IdempotencyInFlight => row(
                409,
                "idempotency-in-flight",
                "The same call is under way",
                Client,
                true,
                "http_request_denied",
                Advice {
                    en: "A call with the same Idempotency-Key is being carried out. Ask again as Retry-After says: the answer is then that of the first call.",
                    sv: "Ett anrop med samma Idempotency-Key håller på att utföras. Fråga igen som Retry-After säger: då får du det första anropets svar.",
                },
            ),
            Self::IdempotencyReused => row(
                422,
                "idempotency-key-reused",
                "The Idempotency-Key belongs to another call",
                Client,
                false,
                "http_request_denied",
                Advice {
                    en: "This Idempotency-Key was used for a call with another method, address or payload. Use a new key for a new call.",
                    sv: "Denna Idempotency-Key har använts för ett anrop med annan metod, adress eller innehåll. Använd en ny nyckel för ett nytt anrop.",
                },
            ),
            Self::IdempotencyUnknown => row(
                409,
                "idempotency-outcome-unknown",
                "The outcome of the first call is not known",
                Client,
                false,
                "http_request_denied",
                Advice {
                    en: "The first call with this Idempotency-Key was sent to the agency, and its answer was lost or too large to be kept. Check what it did before you repeat it with a new key.",
                    sv: "Det första anropet med denna Idempotency-Key skickades till myndigheten, och svaret gick förlorat eller var för stort för att sparas. Kontrollera vad det gjorde innan du upprepar det med en ny nyckel.",
                },
            ),
            Self::IdempotencyUnavailable => row(
                503,
                "idempotency-unavailable",
                "Repetitions cannot be told apart just now",
                Gateway,
                true,
                "destination_unavailable",
                Advice {
                    en: "Whether this call was made before cannot be known just now, so nothing was done. Try again as Retry-After says, with the same key.",
                    sv: "Just nu går det inte att veta om anropet har gjorts förut, så inget har gjorts. Försök igen som Retry-After säger, med samma nyckel.",
                },
            ),
            Self::NotCached => row(
                504,
                "not-cached",
                "Not in the cache",
                Gateway,
                true,
                "http_request_denied",
                Advice {
                    en: "The request asked for a stored answer only (only-if-cached), and there is none. Ask without it.",
                    sv: "Anropet bad bara om ett sparat svar (only-if-cached), och det finns inget. Fråga utan det.",
                },
            ),
            Self::ExampleUnknown => row(
                400,
                "example-unknown",
                "No such example",
                Client,
                false,
                "http_request_denied",
                Advice {
                    en: "The request asked for an example (Prefer: code, example) that the API's document does not have. The detail names those that it has; leave Prefer out to call the API itself.",
                    sv: "Anropet bad om ett exempel (Prefer: code, example) som inte finns i API:ets dokument. Detail räknar upp dem som finns; utelämna Prefer för att anropa själva API:et.",
                },
            ),
            Self::Internal => row(
                500,
                "internal",
                "A fault in the gateway",
                Gateway,
                false,
                "proxy_internal_error",
                Advice {
                    en: "A fault in the gateway itself; it has been logged under the trace id. Report it if it stays.",
                    sv: "Ett fel i själva växeln; det är loggat under traceId. Anmäl det om det består.",
                },
            ),
        }
    }
}

const fn row(
    status: u16,
    code: &'static str,
    title: &'static str,
    blame: Blame,
    retry_safe: bool,
    proxy_status: &'static str,
    advice: Advice,
) -> Facts {
    let status = match StatusCode::from_u16(status) {
        Ok(status) => status,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    Facts {
        status,
        code,
        title,
        blame,
        retry_safe,
        proxy_status,
        advice,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_kind_has_its_own_code_and_advice_in_both_languages() {
        let mut codes = HashSet::new();
        for kind in ErrorKind::ALL {
            let facts = kind.facts();
            assert!(codes.insert(facts.code), "{} is used twice", facts.code);
            assert!(facts.advice.en.ends_with('.') && facts.advice.sv.ends_with('.'));
            let expected = if facts.status.is_client_error() {
                Blame::Client
            } else {
                facts.blame
            };
            assert_eq!(
                facts.blame, expected,
                "{}: a 4xx is the caller's, a 5xx is not",
                facts.code
            );
            assert!(
                facts.status.is_client_error() || facts.blame != Blame::Client,
                "{}",
                facts.code
            );
        }
    }
}
