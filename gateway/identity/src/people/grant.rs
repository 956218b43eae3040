//! What a person has granted to an application, on its way there: an authorization code, given for a grant once.
//!
//! A code that has been used is remembered as long as it would have lived: who shows it again makes the tokens that came
//! of it end (RFC 6749 section 4.1.2).

use super::{People, PeopleError, WordKind};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

/// How long a code works, in seconds.
const CODE_SECONDS: i64 = 60;

/// Who acts for the person that a token is about (RFC 8693 section 4.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// Who acts, as the application's organisation knows them.
    pub party_id: String,
    /// What lets them: `guardian` or `representative`.
    pub relation: String,
}

/// What a code stands for: everything that a token under it is to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonGrant {
    /// The application.
    pub client: String,
    /// Where the code was sent.
    pub redirect_uri: String,
    /// S256 challenge of PKCE.
    pub challenge: String,
    /// Audience of the API.
    pub resource: String,
    /// What may be done there.
    pub scopes: Vec<String>,
    /// The consent that it rests on; see [`People::note_token`].
    pub consent: String,
    /// The person that it is about, as the application's organisation knows them.
    pub party_id: String,
    /// Who acts for that person, if it is not themselves who logged in.
    #[serde(default)]
    pub actor: Option<Actor>,
    /// Level of assurance of the login.
    pub assurance: String,
    /// When the person logged in, Unix seconds.
    pub logged_in_at: i64,
    /// Thumbprint of the only key whose proof the code is given for (RFC 9449 section 10), if one was named.
    #[serde(default)]
    pub key: Option<String>,
}

impl PersonGrant {
    /// Whether the client that it was given to asks, with the address and the verifier that belong to it.
    #[must_use]
    pub fn fits(&self, client: &str, redirect_uri: &str, verifier: &str) -> bool {
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes());
        let proved: bool = URL_SAFE_NO_PAD
            .encode(hash)
            .as_bytes()
            .ct_eq(self.challenge.as_bytes())
            .into();
        proved && self.client == client && self.redirect_uri == redirect_uri
    }
}

impl People {
    /// A code for the grant.
    ///
    /// # Errors
    /// The database, or random bytes.
    pub async fn code(&self, grant: &PersonGrant) -> Result<String, PeopleError> {
        self.issue(WordKind::Code, grant, CODE_SECONDS).await
    }

    /// What `code` was given for, if it still can be given for that.
    ///
    /// # Errors
    /// The database.
    pub async fn look_at_code(&self, code: &str) -> Result<Option<PersonGrant>, PeopleError> {
        self.look(WordKind::Code, code).await
    }

    /// Uses the code up; of two who come at the same time one does. What comes of it belongs to `family`.
    ///
    /// # Errors
    /// The database.
    pub async fn use_code(&self, code: &str, family: &str) -> Result<bool, PeopleError> {
        if self.take::<PersonGrant>(WordKind::Code, code).await?.is_none() {
            return Ok(false);
        }
        self.remember(WordKind::UsedCode, code, &family, CODE_SECONDS).await?;
        Ok(true)
    }

    /// What came of a code that has been used.
    ///
    /// # Errors
    /// The database.
    pub async fn family_of_used(&self, code: &str) -> Result<Option<String>, PeopleError> {
        self.look(WordKind::UsedCode, code).await
    }
}
