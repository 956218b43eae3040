//! Why a token is refused, and why a verifier cannot be made.

use super::fetch::FetchError;
use std::time::Duration;

/// Why a token is refused. The text is safe to show to the caller: it names no key, no other caller and no setting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Longer than [`super::MAX_LENGTH`].
    #[error("the access token is too long")]
    Oversize,
    /// Not three base64url parts, or header or claims are not one JSON object with unique names.
    #[error("the access token is not a well-formed signed JWT")]
    Malformed,
    /// The header has a member that would let the token choose how it is checked.
    #[error("the access token's header must not have '{0}'")]
    ForbiddenHeader(&'static str),
    /// `typ` is not `at+jwt` (RFC 9068, section 2.1).
    #[error("the token's header must have the type at+jwt")]
    Type,
    /// `alg` is not one of EdDSA, ES256, RS256 and PS256, or not the one that the key is for.
    #[error("the access token's algorithm is not accepted")]
    Algorithm,
    /// A claim that must be there is not.
    #[error("the access token lacks the claim '{0}'")]
    MissingClaim(&'static str),
    /// A claim has a value of another kind than it must have.
    #[error("the access token's claim '{0}' has a value of the wrong kind")]
    WrongClaimType(&'static str),
    /// `iss` is none of the configured issuers.
    #[error("the access token's issuer is not accepted here")]
    UnknownIssuer,
    /// `aud` does not name what is called.
    #[error("the access token is not meant for this API")]
    WrongAudience,
    /// `exp` has passed.
    #[error("the access token has expired")]
    Expired,
    /// `nbf` or `iat` is yet to come.
    #[error("the access token is not valid yet")]
    NotYetValid,
    /// It lives longer than is accepted, or ends before it begins.
    #[error("the access token's lifetime is not accepted")]
    Lifetime,
    /// The issuer has no key of that `kid`, or the token names none.
    #[error("the access token's signing key is not known")]
    UnknownKey,
    /// The signature is not that key's.
    #[error("the access token's signature is wrong")]
    BadSignature,
    /// The token, its client, its agreement or what the client proved itself with has been revoked.
    #[error("the access token has been revoked")]
    Revoked,
    /// The issuer's keys cannot be had just now: nothing is known about the token.
    #[error("the issuer's keys cannot be had just now")]
    KeysUnavailable {
        /// When the next attempt makes sense.
        retry_after: Duration,
    },
}

impl TokenError {
    /// A stable name for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Oversize => "token-too-large",
            Self::Malformed => "token-malformed",
            Self::ForbiddenHeader(_) => "token-header-forbidden",
            Self::Type => "token-type",
            Self::Algorithm => "token-algorithm",
            Self::MissingClaim(_) => "token-claim-missing",
            Self::WrongClaimType(_) => "token-claim-type",
            Self::UnknownIssuer => "token-issuer",
            Self::WrongAudience => "token-audience",
            Self::Expired => "token-expired",
            Self::NotYetValid => "token-not-yet-valid",
            Self::Lifetime => "token-lifetime",
            Self::UnknownKey => "token-key-unknown",
            Self::BadSignature => "token-signature",
            Self::Revoked => "token-revoked",
            Self::KeysUnavailable { .. } => "token-keys-unavailable",
        }
    }

    /// The sentence for the caller.
    pub fn description(&self) -> String {
        self.to_string()
    }
}

/// Why a verifier cannot be made. For the operator, before the gateway starts.
#[derive(Debug, thiserror::Error)]
pub enum VerifierError {
    /// An issuer without a name would match tokens without one.
    #[error("an issuer has an empty name")]
    EmptyIssuer,
    /// Two entries have one name.
    #[error("the issuer {0} is configured twice")]
    DuplicateIssuer(String),
    /// The address is not `https`, or `http` on loopback where that is allowed, or carries a password.
    #[error("the key set address {0} must be https, without user name and password")]
    Url(String),
    /// No client for key set addresses could be made.
    #[error("cannot prepare to fetch key sets")]
    Client(#[source] reqwest::Error),
    /// A key file cannot be used.
    #[error("the keys of issuer {issuer} cannot be used")]
    Keys {
        /// The issuer.
        issuer: String,
        /// What is wrong.
        #[source]
        source: FetchError,
    },
}
