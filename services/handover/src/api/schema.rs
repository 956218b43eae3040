//! The shapes of requests and answers.

use jiff::Timestamp;
use model::{Links, Meta};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use service_host::Caller;
use utoipa::{IntoParams, ToSchema};

use crate::handover::{Handover, Item, Receipt, State};

/// Something to share.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewItem {
    /// What kind it is; the agreement names those that may be shared.
    #[schema(min_length = 1, max_length = 60, pattern = "^[A-Za-z0-9-]+$")]
    pub(crate) kind: String,
    /// What it is called, in words that the person knows.
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) label: String,
    /// Its media type.
    #[schema(min_length = 3, max_length = 100, pattern = "^[a-z]+/[a-z0-9.+-]+$")]
    pub(crate) media_type: String,
    /// Its bytes in base64.
    #[schema(min_length = 4, content_encoding = "base64")]
    pub(crate) content: String,
}

/// A handover to make.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!(example_new()))]
pub(crate) struct NewHandover {
    /// Who is to receive it.
    #[schema(min_length = 1, max_length = 100, pattern = "^[A-Za-z0-9-]+$")]
    pub(crate) to_organisation_id: String,
    /// What it is about, in a line.
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) title: String,
    /// What the recipient needs it for.
    #[schema(min_length = 1, max_length = 500)]
    pub(crate) purpose: String,
    /// By which law, as the agreement writes it.
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) legal_basis: String,
    /// Under which agreement between the two.
    #[schema(min_length = 1, max_length = 100, pattern = "^[A-Za-z0-9-]+$")]
    pub(crate) agreement_id: String,
    /// The sender's case, by an id that is not a person's.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 100, pattern = "^[A-Za-z0-9-]+$")]
    pub(crate) case_id: Option<String>,
    /// Whether it holds what is secret or sensitive, in the sender's judgement.
    pub(crate) confidentiality: bool,
    /// The handover that this one answers; it goes on with its conversation.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 100, pattern = "^[A-Za-z0-9-]+$")]
    pub(crate) ref_to_handover_id: Option<String>,
    /// When it ends by itself; 30 days from now if left out, at most 90.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-12-24T10:00:00Z")]
    pub(crate) expires_at: Option<Timestamp>,
    /// What is shared.
    #[schema(min_items = 1, max_items = 20)]
    pub(crate) items: Vec<NewItem>,
}

/// A handover.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HandoverView {
    /// Its id.
    pub(crate) handover_id: String,
    /// Who sends.
    pub(crate) from_organisation_id: String,
    /// Who receives.
    pub(crate) to_organisation_id: String,
    /// How far it has come.
    pub(crate) state: State,
    /// What it is about, in a line.
    pub(crate) title: String,
    /// What it is for.
    pub(crate) purpose: String,
    /// By which law.
    pub(crate) legal_basis: String,
    /// Under which agreement.
    pub(crate) agreement_id: String,
    /// The sender's case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) case_id: Option<String>,
    /// Whether it holds what is secret or sensitive.
    pub(crate) confidentiality: bool,
    /// Which conversation it belongs to.
    pub(crate) conversation_id: String,
    /// The handover that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ref_to_handover_id: Option<String>,
    /// What is shared, without its bytes.
    pub(crate) items: Vec<Item>,
    /// What has happened, oldest first.
    pub(crate) receipts: Vec<Receipt>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime, example = "2026-11-26T10:00:00Z")]
    pub(crate) created_at: Timestamp,
    /// When it ends by itself.
    #[schema(value_type = String, format = DateTime, example = "2026-12-26T10:00:00Z")]
    pub(crate) expires_at: Timestamp,
    /// Links.
    #[serde(rename = "_links")]
    pub(crate) links: Links,
}

impl HandoverView {
    pub(crate) fn of(handover: Handover, caller: &Caller) -> Self {
        let base = format!("{}/handovers", caller.base_url);
        let details = handover.details;
        Self {
            links: Links::to_self(format!("{base}/{}", handover.id)).and("collection", base),
            handover_id: handover.id,
            from_organisation_id: handover.from,
            to_organisation_id: handover.to,
            state: handover.state,
            title: details.title,
            purpose: details.purpose,
            legal_basis: details.legal_basis,
            agreement_id: details.agreement_id,
            case_id: details.case_id,
            confidentiality: details.confidentiality,
            conversation_id: details.conversation_id,
            ref_to_handover_id: details.ref_to_handover_id,
            items: details.items,
            receipts: handover.receipts,
            created_at: handover.created,
            expires_at: handover.expires,
        }
    }
}

/// Handovers.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HandoverList {
    /// The handovers of this page.
    pub(crate) handovers: Vec<HandoverView>,
    /// This page and those around it.
    #[serde(rename = "_links")]
    pub(crate) links: Links,
    /// Which page of how many.
    #[serde(rename = "_meta")]
    pub(crate) meta: Meta,
}

/// On whose side the caller stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Side {
    /// The person whom the token speaks for.
    #[default]
    Person,
    /// The agency that sends.
    Sender,
    /// The agency that receives.
    Recipient,
}

/// Whose handovers, and which part of the list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct HandoverQuery {
    /// On whose side the caller stands; the person's if left out. På vems sida anroparen står; personens om inget sägs.
    #[param(inline)]
    pub(crate) side: Option<Side>,
    /// Page, from 1. Sida, från 1.
    #[param(minimum = 1, default = 1)]
    pub(crate) page: Option<u64>,
    /// At most how many on a page. Högst så många på en sida.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub(crate) limit: Option<u64>,
}

/// On whose side the caller stands.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct SideQuery {
    /// On whose side the caller stands; the person's if left out. På vems sida anroparen står; personens om inget sägs.
    #[param(inline)]
    pub(crate) side: Option<Side>,
}

/// Something that is shared, with its bytes.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PreviewItem {
    /// What it is.
    #[serde(flatten)]
    pub(crate) item: Item,
    /// Its bytes in base64: those that the recipient gets.
    pub(crate) content: String,
}

/// Exactly what is shared, and what to say yes to.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Preview {
    /// The handover.
    pub(crate) handover: HandoverView,
    /// Everything that is shared.
    pub(crate) items: Vec<PreviewItem>,
    /// All that the person says yes to, in one spelling: who, to whom, what for, and the hash of each item.
    pub(crate) manifest: String,
    /// SHA-256 of the manifest, in hexadecimal: send it to accept.
    pub(crate) sha256: String,
    /// Links.
    #[serde(rename = "_links")]
    pub(crate) links: Links,
}

/// The person's yes.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}))]
pub(crate) struct Acceptance {
    /// The hash of the preview that was shown.
    #[schema(min_length = 64, max_length = 64, pattern = "^[0-9a-f]{64}$")]
    pub(crate) sha256: String,
}

/// What a recipient says of what it got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Acknowledged {
    /// It has it.
    Received,
    /// It does not take it.
    Refused,
}

/// The hash of an item as the recipient has it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct GotItem {
    /// Which item.
    #[schema(min_length = 1, max_length = 100)]
    pub(crate) item_id: String,
    /// SHA-256 of the bytes that arrived, in hexadecimal.
    #[schema(min_length = 64, max_length = 64, pattern = "^[0-9a-f]{64}$")]
    pub(crate) sha256: String,
}

/// The recipient's receipt.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"state": "received", "items": [{"itemId": "1", "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}]}))]
pub(crate) struct NewReceipt {
    /// Whether it takes it.
    pub(crate) state: Acknowledged,
    /// The hash of each item, when it is received.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub(crate) items: Vec<GotItem>,
    /// Why, when it is refused; without personal data.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 300)]
    pub(crate) reason: Option<String>,
}

const URL: &str = "https://api.vagvisare.example/handover/v1/handovers";
const ID: &str = "01930000-0000-7000-8000-000000000001";
const HASH: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

pub(crate) fn example_new() -> Value {
    json!({
        "toOrganisationId": "provkommun", "title": "Studieavbrott och försörjning", "purpose": "Pröva rätt till försörjningsstöd",
        "legalBasis": "offentlighets- och sekretesslagen 12 kap. 2 §", "agreementId": "overlamning-2026-001", "confidentiality": true,
        "items": [{"kind": "decision", "label": "Beslut om studiemedel", "mediaType": "text/plain", "content": "YWJj"}]
    })
}

fn example_item() -> Value {
    json!({"itemId": "1", "kind": "decision", "label": "Beslut om studiemedel", "mediaType": "text/plain", "size": 3, "sha256": HASH})
}

pub(crate) fn example(state: State) -> Value {
    json!({
        "handoverId": ID, "fromOrganisationId": "studiestodsmyndigheten", "toOrganisationId": "provkommun", "state": state.word(),
        "title": "Studieavbrott och försörjning", "purpose": "Pröva rätt till försörjningsstöd",
        "legalBasis": "offentlighets- och sekretesslagen 12 kap. 2 §", "agreementId": "overlamning-2026-001", "confidentiality": true,
        "conversationId": "a8480ada-6a1f-44a3-a960-9acaf4efcdcd", "items": [example_item()],
        "receipts": [{"state": state.word(), "at": "2026-11-26T10:00:00Z", "by": "studiestodsmyndigheten"}],
        "createdAt": "2026-11-26T10:00:00Z", "expiresAt": "2026-12-26T10:00:00Z",
        "_links": [{"href": format!("{URL}/{ID}"), "rel": "self", "method": "GET"}]
    })
}

pub(crate) fn example_list() -> Value {
    json!({
        "handovers": [example(State::Sent)],
        "_links": [{"href": format!("{URL}?side=recipient&page=1&limit=20"), "rel": "self", "method": "GET"}],
        "_meta": {"totalRecords": 1, "page": 1, "offset": 0, "limit": 20, "count": 1}
    })
}

pub(crate) fn example_preview() -> Value {
    let mut item = example_item();
    item["content"] = json!("YWJj");
    json!({
        "handover": example(State::Previewed), "items": [item], "manifest": "[..]", "sha256": HASH,
        "_links": [{"href": format!("{URL}/{ID}"), "rel": "related", "method": "GET"}]
    })
}

pub(crate) fn example_message() -> Value {
    json!({"data": {"type": "messages", "id": ID, "attributes": {"messageStatus": "NEW", "messageId": ID, "label": "Studieavbrott och försörjning"}}})
}
