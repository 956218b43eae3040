//! Documents that an agency names by their address: fetched under the network policy, once, when they are uploaded.

use crate::api::{LARGEST_BODY, refuse};
use crate::rules::Breach;
use axum::body::Bytes;
use axum::http::{Method, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use service_host::{Fetched, Limits, Outgoing, OutgoingError, Refusal, Strangers, read_json};
use std::time::Duration;
use utoipa::ToSchema;

/// How long it may take, the whole document included.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where a document is, in the place of the document.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DocumentAddress {
    /// Address on the public internet that answers with the document, without a redirect.
    #[schema(format = "uri", example = "https://arenden.exempelmyndigheten.example/openapi.json")]
    pub document_url: String,
}

/// Fetches documents from where agencies say that they are.
#[derive(Debug, Clone)]
pub struct Elsewhere {
    strangers: Strangers,
    client: Outgoing,
}

impl Elsewhere {
    /// Goes to loopback and private networks only where the node's configuration allows backends there.
    ///
    /// # Errors
    /// The platform's TLS cannot be set up.
    pub fn new(allow_private_network: bool) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let strangers = Strangers { allow_private_network };
        Ok(Self {
            strangers,
            client: Outgoing::to(strangers)?,
        })
    }

    /// The document's bytes, and whether they are YAML.
    pub(super) async fn fetch(&self, address: &DocumentAddress) -> Result<(Bytes, bool), Refusal> {
        let url = self.strangers.check(&address.document_url).map_err(wrong)?;
        let request = self
            .client
            .request(Method::GET, url.as_str())
            .header(header::ACCEPT, "application/json, application/yaml;q=0.9, */*;q=0.1");
        let limits = Limits {
            time: PATIENCE,
            body_bytes: LARGEST_BODY,
        };
        let fetched = self.client.fetch("/{document}", request, limits).await;
        let Fetched { status, headers, body } = fetched.map_err(|error| wrong(why(&error)))?;
        if status != StatusCode::OK {
            let followed = if status.is_redirection() {
                "; redirects are not followed, so name where it leads"
            } else {
                ""
            };
            return Err(wrong(format!(
                "was answered with the status {}{followed}",
                status.as_u16()
            )));
        }
        let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let yaml = media_type.is_some_and(is_yaml) || url.path().ends_with(".yaml") || url.path().ends_with(".yml");
        Ok((body, yaml))
    }
}

/// Whether a media type is YAML's.
pub(super) fn is_yaml(media_type: &str) -> bool {
    media_type.to_ascii_lowercase().contains("yaml")
}

/// Whether what was sent is an address in the place of a document.
///
/// # Errors
/// It is, and has other fields.
pub(super) fn named(body: &Bytes, sent: &Value) -> Result<Option<DocumentAddress>, Refusal> {
    is_address(sent).then(|| read_json(body)).transpose()
}

/// Whether this stands in the place of a document and says where it is.
pub(in crate::api) fn is_address(sent: &Value) -> bool {
    sent.get("documentUrl").is_some() && sent.get("openapi").is_none()
}

fn wrong(message: impl AsRef<str>) -> Refusal {
    refuse::breaches(vec![Breach::new("documentUrl", message.as_ref())])
}

fn why(error: &OutgoingError) -> String {
    match error {
        OutgoingError::Forbidden => "does not lead to the public internet".to_owned(),
        OutgoingError::Timeout => format!("did not answer with the whole document within {} s", PATIENCE.as_secs()),
        OutgoingError::TooLarge => format!("answered with more than {} MiB", LARGEST_BODY / 1024 / 1024),
        OutgoingError::Connection(_) | OutgoingError::Request(_) => "cannot be reached".to_owned(),
    }
}
