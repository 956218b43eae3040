//! MAPPING.md names every field of a handover, and what a secure message has; nothing else.

use std::collections::BTreeSet;
use std::path::Path;

use handover::agreement::Addresses;
use handover::handover::{Details, Handover, Item, State, sha256};
use handover::secure_message::{message, status};
use jiff::Timestamp;
use serde_json::Value;

fn handover(state: State) -> Handover {
    let item = |id: &str, bytes: &[u8]| Item {
        item_id: id.to_owned(),
        kind: "decision".to_owned(),
        label: "Beslut".to_owned(),
        media_type: "text/plain".to_owned(),
        size: bytes.len(),
        sha256: sha256(bytes),
    };
    Handover {
        id: "01930000-0000-7000-8000-000000000001".to_owned(),
        from: "studiestodsmyndigheten".to_owned(),
        to: "provkommun".to_owned(),
        state,
        created: Timestamp::UNIX_EPOCH,
        expires: Timestamp::UNIX_EPOCH,
        details: Details {
            title: "t".repeat(300),
            purpose: "Pröva".to_owned(),
            legal_basis: "lag".to_owned(),
            agreement_id: "a-1".to_owned(),
            case_id: Some("c-1".to_owned()),
            confidentiality: true,
            conversation_id: "a8480ada-6a1f-44a3-a960-9acaf4efcdcd".to_owned(),
            ref_to_handover_id: Some("h-0".to_owned()),
            items: vec![item("1", b"abc"), item("2", b"def")],
        },
        receipts: Vec::new(),
    }
}

fn addresses() -> Addresses {
    Addresses {
        sender: "0203:studiestod.example".to_owned(),
        sender_function: "sdk:utkorg:0203:studiestod.example".to_owned(),
        recipient: "0203:provkommun.example".to_owned(),
        recipient_function: "sdk:inkorg:0203:provkommun.example".to_owned(),
    }
}

/// What stands in backticks in a column.
fn named(text: &str) -> BTreeSet<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_table_names_every_field_and_what_a_message_has() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("MAPPING.md")).unwrap();
    let rows: Vec<Vec<&str>> = text
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.trim_matches('|').split('|').collect())
        .collect();
    let column = |at: usize| rows.iter().flat_map(|row| named(row[at])).collect::<BTreeSet<_>>();
    let document = serde_json::to_value(handover::openapi()).unwrap();
    let fields = document["components"]["schemas"]["HandoverView"]["properties"]
        .as_object()
        .unwrap();
    assert_eq!(column(0), fields.keys().cloned().collect());

    let message = message(&handover(State::Sent), &addresses(), None).unwrap();
    let mut answered: BTreeSet<String> = message["data"].as_object().unwrap().keys().cloned().collect();
    answered.remove("attributes");
    answered.extend(message["data"]["attributes"].as_object().unwrap().keys().cloned());
    let beside = named(text.split("What a message has beside").nth(1).unwrap());
    let mut known = column(1);
    known.extend(beside.into_iter().filter(|word| word != "messages"));
    assert_eq!(known, answered);
    // Each state that has left has its word, which the table says.
    for state in State::ALL {
        let row = rows.iter().find(|row| row[0].trim() == "`state`").unwrap()[1];
        match status(state) {
            Some(word) => assert!(
                row.contains(&format!("{} is {word}", state.word()))
                    || row.contains(&format!("{} {word}", state.word())),
                "{word}"
            ),
            None => assert!(!state.has_left(), "{state:?}"),
        }
    }
}

#[test]
fn a_message_fits_the_form_of_the_national_api() {
    let contents = [b"abc".to_vec(), b"def".to_vec()];
    let message = message(&handover(State::Retrieved), &addresses(), Some(&contents)).unwrap();
    let attributes = &message["data"]["attributes"];
    // `required` of messageAttributesDef.
    for required in [
        "messageStatus",
        "creationDateTime",
        "messageId",
        "conversationId",
        "confidentiality",
        "label",
        "sender",
        "recipient",
    ] {
        assert!(!attributes[required].is_null(), "{required}");
    }
    assert_eq!(
        attributes["label"].as_str().unwrap().len(),
        256,
        "labelDef: maxLength 256"
    );
    assert_eq!(
        attributes["recipientAttention"]["subOrganization"]["extension"],
        "sdk:inkorg:0203:provkommun.example"
    );
    assert!(attributes["creationDateTime"].as_str().unwrap().ends_with('Z'));
    let documents = attributes["digitalDocument"].as_array().unwrap();
    assert_eq!(documents.len(), 2);
    // Contents are the bytes themselves in base64.
    assert_eq!(documents[0]["contentFiles"][0]["content"], Value::from("YWJj"));
    assert_eq!(message_without_contents(), 0);
}

fn message_without_contents() -> usize {
    let message = message(&handover(State::Sent), &addresses(), None).unwrap();
    message.to_string().matches("contentFiles").count()
}
