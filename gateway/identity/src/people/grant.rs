//! What a person has granted to an application, on its way there: an authorization code, given for a grant once.

use super::{People, PeopleError, WordKind};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

/// How long a code works, in seconds.
const CODE_SECONDS: i64 = 60;

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
    /// The person, as the application's organisation knows them.
    pub party_id: String,
    /// Level of assurance of the login.
    pub assurance: String,
    /// When the person logged in, Unix seconds.
    pub logged_in_at: i64,
}

impl People {
    /// A code for the grant.
    ///
    /// # Errors
    /// The database, or random bytes.
    pub async fn code(&self, grant: &PersonGrant) -> Result<String, PeopleError> {
        self.issue(WordKind::Code, grant, CODE_SECONDS).await
    }

    /// What `code` was given for, when the client that it was given to asks, with the address and the verifier that belong
    /// to it, and the consent is still in force. The code is used up, whoever asked.
    ///
    /// # Errors
    /// The database.
    pub async fn redeem(
        &self,
        code: &str,
        client: &str,
        redirect_uri: &str,
        verifier: &str,
    ) -> Result<Option<PersonGrant>, PeopleError> {
        let Some(grant) = self.take::<PersonGrant>(WordKind::Code, code).await? else {
            return Ok(None);
        };
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes());
        let proved: bool = URL_SAFE_NO_PAD
            .encode(hash)
            .as_bytes()
            .ct_eq(grant.challenge.as_bytes())
            .into();
        if !proved || grant.client != client || grant.redirect_uri != redirect_uri {
            return Ok(None);
        }
        match self.consent_in_force(&grant.consent).await {
            Ok(_) => Ok(Some(grant)),
            Err(PeopleError::NoConsent) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
