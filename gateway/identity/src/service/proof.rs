//! What a new token is bound to: the key that the client proves (RFC 9449), or the certificate it shows (RFC 8705).

use super::client::{self, Client};
use super::error::OAuthError;
use super::{Service, store};
use crate::dpop::{self, Expected, ProofError};
use crate::token::Confirmation;
use axum::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use snapshot::{ApiIndex, SenderConstraint};

impl Service {
    /// The binding that the request asks for, or that the API demands. A proof is used once, whatever the node.
    pub(super) async fn binding(
        &self,
        headers: &HeaderMap,
        client: &Client,
        api: ApiIndex,
    ) -> Result<Option<Confirmation>, OAuthError> {
        let constraint = client.snapshot.api(api).sender_constraint;
        if let Some(proved) = self.proof(headers, "/oauth2/token").await? {
            return Ok(Some(proved));
        }
        let shown = client::certificate(headers);
        let registered = &client.snapshot.application(client.application).credentials.certificates;
        let wanted = matches!(constraint, SenderConstraint::Mtls | SenderConstraint::Either);
        if let Some(shown) = shown.filter(|shown| wanted || registered.contains(shown)) {
            let thumbprint = URL_SAFE_NO_PAD.encode(shown);
            return Ok(Some(Confirmation::Certificate(thumbprint.into())));
        }
        match constraint {
            SenderConstraint::None => Ok(None),
            SenderConstraint::Dpop | SenderConstraint::Either => Err(OAuthError::invalid_proof(
                "This API takes tokens that are bound to a key: send a DPoP proof (RFC 9449).",
            )),
            SenderConstraint::Mtls => Err(OAuthError::invalid_request(
                "This API takes tokens that are bound to a certificate: connect with a TLS client certificate (RFC 8705).",
            )),
        }
    }

    /// The key that a request to `path` proves; `None`: it proves none.
    pub(super) async fn proof(&self, headers: &HeaderMap, path: &str) -> Result<Option<Confirmation>, OAuthError> {
        let mut proofs = headers.get_all("dpop").iter();
        let Some(proof) = proofs.next() else { return Ok(None) };
        let proof = proof.to_str().ok().filter(|_| proofs.next().is_none());
        let proof = proof.ok_or_else(|| OAuthError::invalid_proof("Send one DPoP header."))?;
        self.proved(proof, path).await.map(Some)
    }

    async fn proved(&self, proof: &str, path: &str) -> Result<Confirmation, OAuthError> {
        let now = super::now();
        let address = format!("{}{path}", self.inner.settings.issuer);
        let expected = Expected {
            method: "POST",
            address: &address,
            access_token: None,
            thumbprint: None,
            now,
            nonces: self.inner.settings.proof_nonce.then_some(&self.inner.nonces),
        };
        let proof = dpop::check(proof, &expected).map_err(|error| match error {
            ProofError::Nonce => OAuthError::use_nonce(self.inner.nonces.current(now)),
            other => OAuthError::invalid_proof(format!("{other}.")),
        })?;
        let id = format!("d:{}", blake3::Hash::from(proof.id).to_hex());
        if !store::use_once(&self.inner.database, &id, proof.expires_at + 10).await? {
            return Err(OAuthError::invalid_proof(format!("{}.", ProofError::Replay)));
        }
        Ok(Confirmation::Key(proof.thumbprint.into()))
    }
}
