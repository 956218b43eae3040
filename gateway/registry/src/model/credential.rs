//! Credentials: how an application or a member proves who it is. Several each, named, shown once.

use super::{Kind, Moment, Object};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// What a credential is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum CredentialKind {
    /// A key for `X-Api-Key`; the registry makes it and keeps its hash.
    ApiKey,
    /// A secret for the token service; the registry makes it and keeps its hash.
    ClientSecret,
    /// Public keys, uploaded as a JSON Web Key Set.
    Jwks,
    /// Public keys, at an https address of the application's own.
    JwksUrl,
    /// A client certificate's SHA-256 fingerprint.
    TlsCertificate,
}

/// What it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum CredentialHolder {
    /// An application.
    Application,
    /// A member of the registry.
    Member,
}

/// What is asked for. Which of the fields are needed depends on the kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CredentialRequest {
    /// A name, to tell it from the others.
    pub name: String,
    /// What it is to be.
    pub kind: CredentialKind,
    /// Environment in the text of an API key: 2 to 8 of a-z; `prod` unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// When it ends; without it, when it is revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Moment>,
    /// For `jwks`: a JSON Web Key Set with public keys only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub jwks: Option<Value>,
    /// For `jwksUrl`: an https address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = "uri")]
    pub jwks_url: Option<String>,
    /// For `tlsCertificate`: SHA-256 of the certificate (DER), 64 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_sha256: Option<String>,
}

/// A credential as it is kept. It cannot be made again from what is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Credential {
    /// Stable id; of an API key, the part of its text by which it is found.
    pub credential_id: String,
    /// The holder's organisation.
    pub organisation_id: String,
    /// What it belongs to.
    pub holder: CredentialHolder,
    /// The holder's id.
    pub holder_id: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: CredentialKind,
    /// Keyed hash of a key or secret, hexadecimal. Never leaves the store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// Uploaded keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Value>,
    /// Where the keys are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_url: Option<String>,
    /// Fingerprint of a certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_sha256: Option<String>,
    /// When it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Moment>,
    /// When it was revoked: it admits nothing from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Moment>,
}

impl Credential {
    /// By what nodes say that it was used: an API key by its id, what a client proves itself with at the token service after
    /// the client's.
    pub fn used_as(&self) -> Vec<String> {
        let at_token_service = |name: &str| format!("{}/{name}", self.holder_id);
        match self.kind {
            CredentialKind::ApiKey => vec![self.credential_id.clone()],
            CredentialKind::ClientSecret => vec![at_token_service(&self.credential_id)],
            CredentialKind::Jwks => {
                let keys = self.jwks.iter().filter_map(|set| set["keys"].as_array()).flatten();
                keys.map(|key| at_token_service(key["kid"].as_str().unwrap_or_default()))
                    .collect()
            }
            CredentialKind::JwksUrl => self.jwks_url.iter().map(|url| at_token_service(url)).collect(),
            CredentialKind::TlsCertificate => {
                let hash = self.certificate_sha256.iter();
                hash.map(|hash| at_token_service(hash)).collect()
            }
        }
    }
}

impl Object for Credential {
    const KIND: Kind = Kind::Credential;

    fn id(&self) -> &str {
        &self.credential_id
    }

    fn organisation(&self) -> &str {
        &self.organisation_id
    }

    fn parent(&self) -> Option<&str> {
        Some(&self.holder_id)
    }

    fn audited(&self) -> Value {
        let without = Self {
            hash: None,
            ..self.clone()
        };
        serde_json::to_value(without).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_kind_is_known_by_what_nodes_say_that_was_used() {
        for (kind, more, names) in [
            ("apiKey", json!({}), vec!["id"]),
            ("clientSecret", json!({}), vec!["app/id"]),
            (
                "jwks",
                json!({"jwks": {"keys": [{"kid": "a"}, {"kid": "b"}]}}),
                vec!["app/a", "app/b"],
            ),
            (
                "jwksUrl",
                json!({"jwksUrl": "https://bank.example/jwks"}),
                vec!["app/https://bank.example/jwks"],
            ),
            ("tlsCertificate", json!({"certificateSha256": "a0a1"}), vec!["app/a0a1"]),
        ] {
            let mut credential = json!({"credentialId": "id", "organisationId": "bank", "holder": "application",
                "holderId": "app", "name": "n", "kind": kind});
            for (field, value) in more.as_object().into_iter().flatten() {
                credential[field] = value.clone();
            }
            let credential: Credential = serde_json::from_value(credential).unwrap();
            assert_eq!(credential.used_as(), names, "{kind}");
        }
    }
}
