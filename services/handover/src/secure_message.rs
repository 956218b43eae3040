//! A handover in the form of the national API for secure messages between agencies (SDK API 1.0.0, `messageDef`).
//!
//! MAPPING.md says which field becomes which; a test holds it against this module. Contents are in it only when they are
//! given, as in the API itself, whose lists leave them out.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::agreement::Addresses;
use crate::handover::{Handover, State};

/// What identifies a functional address in the network.
const FUNCTION: &str = "urn:riv:infrastructure:messaging:functionalAddress";
/// What identifies a reference of ours.
const REFERENCE: &str = "urn:vagvisare:handover";
/// The longest heading that the API takes, in characters.
const LABEL: usize = 256;

/// `messageStatus` as the recipient sees it; nothing where there is no message for it.
#[must_use]
pub const fn status(state: State) -> Option<&'static str> {
    match state {
        State::Sent => Some("NEW"),
        State::Retrieved => Some("RETRIEVED"),
        State::Received => Some("ACCEPTED"),
        State::Refused => Some("REJECTED"),
        State::Draft | State::Previewed | State::Withdrawn | State::Expired => None,
    }
}

fn function(address: &str, organisation: &str, references: &Value) -> Value {
    json!({
        "subOrganization": {"root": FUNCTION, "extension": address, "label": organisation},
        "referenceId": references,
    })
}

fn reference(extension: &str, label: &str) -> Value {
    json!({"root": REFERENCE, "extension": extension, "label": label})
}

/// The message; `None` before it has left and after it was taken back. `contents` holds the bytes of the items, in order.
#[must_use]
pub fn message(handover: &Handover, addresses: &Addresses, contents: Option<&[Vec<u8>]>) -> Option<Value> {
    let details = &handover.details;
    let mut references = vec![
        reference(&details.agreement_id, "agreementId"),
        reference(&details.legal_basis, "legalBasis"),
        reference(&details.purpose, "purpose"),
    ];
    references.extend(details.case_id.as_ref().map(|case| reference(case, "caseId")));
    let documents: Vec<Value> = details
        .items
        .iter()
        .enumerate()
        .map(|(at, item)| {
            let mut document = Map::new();
            document.insert("documentName".to_owned(), json!(item.label));
            document.insert("documentId".to_owned(), json!(item.item_id));
            document.insert("index".to_owned(), json!((at + 1).to_string()));
            if let Some(bytes) = contents.and_then(|all| all.get(at)) {
                let file = json!({
                    "fileName": format!("{}-{}", item.kind, item.sha256),
                    "contentType": item.media_type,
                    "content": STANDARD.encode(bytes),
                });
                document.insert("contentFiles".to_owned(), json!([file]));
            }
            Value::Object(document)
        })
        .collect();
    let mut attributes = json!({
        "messageStatus": status(handover.state)?,
        "creationDateTime": handover.created.to_string(),
        "messageId": handover.id,
        "conversationId": details.conversation_id,
        "confidentiality": details.confidentiality,
        "generatingSystem": {"root": "urn:vagvisare", "extension": "handover", "label": "Vägvisare"},
        "recipientAttention": function(&addresses.recipient_function, &handover.to, &json!(references)),
        "senderAttention": function(&addresses.sender_function, &handover.from, &json!([])),
        "sender": addresses.sender,
        "recipient": addresses.recipient,
        "label": details.title.chars().take(LABEL).collect::<String>(),
        "digitalDocument": documents,
    });
    if let Some(answered) = &details.ref_to_handover_id {
        attributes["refToMessageId"] = json!(answered);
    }
    Some(json!({"data": {"type": "messages", "id": handover.id, "attributes": attributes}}))
}
